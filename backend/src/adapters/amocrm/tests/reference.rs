//! What the reference of amoCRM's API says of the account as it really is, clause by clause.

use super::*;

fn effect_of(error: &CallError) -> &'static str {
    match error {
        CallError::Retry { .. } => "again",
        CallError::Unknown { .. } => "look",
        CallError::Refused { .. } => "never",
    }
}

#[tokio::test]
async fn reference_15_every_status_of_the_table_for_reads_and_writes() {
    for (status, read, write) in [
        (200, "fine", "fine"),
        (201, "fine", "fine"),
        (204, "nothing", "fine"),
        (400, "never", "never"),
        (401, "never", "never"),
        (402, "never", "never"),
        (403, "never", "never"),
        (404, "nothing", "never"),
        (405, "never", "never"),
        (422, "never", "never"),
        (429, "again", "again"),
        (500, "again", "look"),
        (502, "again", "look"),
        (504, "again", "look"),
    ] {
        for body in [
            json!({"status": status, "detail": "x"}).to_string(),
            "<html>x</html>".to_owned(),
        ] {
            let is_page = body.starts_with('<');
            let (_fake, amo, _) = ready(move |seen| match seen.method.as_str() {
                _ if status == 204 => empty(),
                "GET" if status < 300 && !is_page => {
                    Reaction::Json(status, contact(7001, PHONE, &[]))
                }
                _ => Reaction::Body(status, Vec::new(), body.clone()),
            })
            .await;
            let said = match amo.contact(7001).await {
                Ok(Some(_)) => "fine",
                Ok(None) => "nothing",
                Err(error) => effect_of(&error),
            };
            let read = if is_page && status < 204 {
                "again"
            } else {
                read
            };
            assert_eq!(said, read, "read, {status}, page: {is_page}");
            let assign = CrmWrite::AssignTask {
                task: TaskId(81),
                to: UserId(9001),
            };
            let said = match amo.write(&assign).await {
                Ok(_) => "fine",
                Err(error) => effect_of(&error),
            };
            let write = if is_page && status < 204 {
                "look"
            } else {
                write
            };
            assert_eq!(said, write, "write, {status}, page: {is_page}");
        }
    }
}

#[tokio::test]
async fn reference_4_a_foreign_number_is_searched_whole_and_then_by_ten_digits() {
    for (phone, stored, queries) in [
        ("79000000001", "8 900 000-00-01", vec!["9000000001"]),
        (
            "380000000001",
            "+380 00 000 00 01",
            vec!["380000000001", "0000000001"],
        ),
        ("3725550001", "+372 555 0001", vec!["3725550001"]),
    ] {
        let (fake, amo, before) = ready(move |seen| {
            // Only the last ten digits are found.
            if seen
                .target
                .contains(&format!("query={}&", &phone[phone.len() - 10..]))
            {
                return page("contacts", json!([contact(7001, stored, &[])]));
            }
            empty()
        })
        .await;
        let asked = GuestLookup {
            phone: phone.to_owned(),
            ..lookup(None)
        };
        let found = amo.read(&asked).await.unwrap();
        assert_eq!(
            found.contact.map(|contact| contact.id),
            Some(ContactId(7001)),
            "{phone}"
        );
        let log = fake.log()[before..].join("\n");
        let searched: Vec<_> = log.match_indices("query=").collect();
        assert_eq!(searched.len(), queries.len(), "{log}");
        for query in queries {
            assert!(log.contains(&format!("query={query}&")), "{log}");
        }
    }
}

#[tokio::test]
async fn reference_4_a_contact_that_the_index_does_not_know_yet_is_known_by_its_webhook() {
    let is_other = Arc::new(std::sync::atomic::AtomicBool::new(false));
    let other = Arc::clone(&is_other);
    let (_fake, amo, _) = ready(move |seen| {
        if seen.target.starts_with("/api/v4/contacts/7009") {
            let phone = if other.load(Ordering::SeqCst) {
                "+79000000099"
            } else {
                "+7 900 000-00-01"
            };
            return Reaction::Json(200, contact(7009, phone, &[]));
        }
        empty()
    })
    .await;
    assert_eq!(amo.read(&lookup(None)).await.unwrap().contact, None);
    let reader = WebhookReader::new(vec![amo.map()]);
    let hook = |account: i64, kind: &str| {
        format!(
            "contacts[add][0][id]=7009&contacts[add][0][type]={kind}&contacts[add][0][custom_fields][0][code]=PHONE\
             &contacts[add][0][custom_fields][0][values][0][value]=8 900 000 00 01&account[id]={account}"
        )
    };
    for (account, kind) in [(32, "contact"), (31, "company")] {
        reader
            .amocrm_envelopes(hook(account, kind).as_bytes())
            .unwrap();
        assert_eq!(
            amo.read(&lookup(None)).await.unwrap().contact,
            None,
            "{account} {kind}"
        );
    }
    reader
        .amocrm_envelopes(hook(31, "contact").as_bytes())
        .unwrap();
    let found = amo.read(&lookup(None)).await.unwrap();
    assert_eq!(
        found.contact.map(|contact| contact.id),
        Some(ContactId(7009))
    );
    is_other.store(true, Ordering::SeqCst);
    assert_eq!(
        amo.read(&lookup(None)).await.unwrap().contact,
        None,
        "the contact itself has the last word"
    );
}

#[tokio::test]
async fn reference_4_patronymic_and_notes_may_have_fields_of_their_own() {
    let (_fake, amo, _) = ready(|seen| match seen.target.as_str() {
        t if t.starts_with("/api/v4/contacts/7001/notes") => empty(),
        _ => {
            let mut row = contact(7001, PHONE, &[]);
            row["name"] = json!("Анна Петрова");
            let fields = row["custom_fields_values"].as_array_mut().unwrap();
            fields.push(json!({"field_id": 2, "field_name": "Отчество", "values": [{"value": " Ильинична "}]}));
            fields.push(json!({"field_id": 3, "field_code": "GUEST_NOTES", "values": [{"value": "я".repeat(600)}]}));
            Reaction::Json(200, row)
        }
    })
    .await;
    for with_notes in [true, false] {
        let asked = GuestLookup {
            with_notes,
            ..lookup(Some(7001))
        };
        let known = amo.read(&asked).await.unwrap().contact.unwrap();
        assert_eq!(known.patronymic.as_deref(), Some("Ильинична"));
        let lengths: Vec<_> = known
            .notes
            .iter()
            .map(|note| note.chars().count())
            .collect();
        assert_eq!(lengths, if with_notes { vec![500] } else { vec![] });
    }
}

#[tokio::test]
async fn reference_7_a_task_type_goes_by_name_or_number_and_else_it_is_the_one_that_all_have() {
    for (named, id) in [
        ("WhatsApp", 24),
        (" whatsapp ", 24),
        ("24", 24),
        ("Звонок", 1),
        ("99", 1),
    ] {
        let (fake, amo, _) = ready(|_| made("tasks", 81)).await;
        let names = amo.map.with(|map| map.names().clone());
        amo.rename(Names {
            task_types: TaskTypes {
                whatsapp: named.to_owned(),
                contact: "Связаться".to_owned(),
            },
            ..names
        });
        amo.write(&task_write()).await.unwrap();
        assert_eq!(
            fake.seen().last().unwrap().body[0]["task_type_id"],
            id,
            "{named}"
        );
    }
}

#[tokio::test]
async fn reference_5_no_write_ever_replaces_the_tags_or_leaves_out_the_pipeline() {
    let (fake, amo, before) = ready(|seen| match (seen.method.as_str(), seen.target.as_str()) {
        ("POST", "/api/v4/tasks") => made("tasks", 81),
        ("POST", "/api/v4/leads/501/notes") => made("notes", 91),
        ("POST", "/api/v4/contacts") => made("contacts", 7005),
        ("POST", "/api/v4/leads") => made("leads", 505),
        ("GET", _) => Reaction::Json(200, lead(501, 51)),
        _ => Reaction::Json(200, json!({"id": 501})),
    })
    .await;
    let field = CrmWrite::SetOwnerField {
        deal: DealId(501),
        value: FieldValue::Bot,
    };
    for write in [
        task_write(),
        note_write(),
        move_write(),
        contact_write(),
        deal_write(),
        field,
    ] {
        amo.write(&write).await.unwrap();
    }
    let seen = fake.seen();
    let writes = seen[before..].iter().filter(|seen| seen.method != "GET");
    for seen in writes {
        let items = seen
            .body
            .as_array()
            .cloned()
            .unwrap_or_else(|| vec![seen.body.clone()]);
        for item in items {
            assert!(item["_embedded"]["tags"].is_null(), "{item}");
            assert_eq!(
                item["status_id"].is_null(),
                item["pipeline_id"].is_null(),
                "{item}"
            );
        }
    }
}

#[tokio::test]
async fn reference_6_a_stage_that_was_renamed_is_known_after_the_next_preparation() {
    let is_renamed = Arc::new(std::sync::atomic::AtomicBool::new(false));
    let renamed = Arc::clone(&is_renamed);
    let fake = Fake::new(move |seen| {
        let path = seen.target.split('?').next().unwrap_or_default();
        if path == "/api/v4/leads/pipelines" && renamed.load(Ordering::SeqCst) {
            let statuses = json!([status(51, "Входящие"), status(52, "Новая заявка")]);
            return page(
                "pipelines",
                json!([{"id": 5, "is_main": true, "_embedded": {"statuses": statuses}}]),
            );
        }
        account(seen).unwrap_or_else(|| Reaction::Json(201, json!({})))
    })
    .await;
    let (amo, _) = amo(&fake.url);
    amo.prepare(HOOK).await.unwrap();
    let place = || amo.map.with(|map| map.place(&key("new")));
    assert_eq!(place(), Some((5, 51)));
    is_renamed.store(true, Ordering::SeqCst);
    assert_eq!(place(), Some((5, 51)), "kept");
    amo.prepare(HOOK).await.unwrap();
    assert_eq!(place(), Some((5, 52)));
}

// --- «Неразобранное» --------------------------------------------------------------------------------------------------

/// A chat that waits, made this many seconds ago.
fn waiting(uid: &str, pipeline: i64, contact: i64, lead: i64, called: &str, ago_s: i64) -> Value {
    json!({"uid": uid, "category": "chats", "pipeline_id": pipeline, "created_at": NOW_S - ago_s,
        "metadata": {"client": {"name": called}}, "_embedded": {"contacts": [{"id": contact}], "leads": [{"id": lead}]}})
}

/// An account with «Неразобранное», its waiting chats, and contacts that can be read by id.
async fn with_chats(
    chats: Value,
    readable: Value,
    more: impl Fn(&Seen) -> Option<Reaction> + Send + Sync + 'static,
) -> (Fake, AmoCrm, usize) {
    let fake = Fake::new(move |seen| {
        let path = seen.target.split('?').next().unwrap_or_default();
        if let Some(reaction) = more(seen) {
            return reaction;
        }
        if path == "/api/v4/account" {
            return Reaction::Json(200, json!({"id": 31, "is_unsorted_on": true}));
        }
        if path == "/api/v4/leads/pipelines" {
            let mut unsorted = status(50, "Неразобранное");
            unsorted["type"] = json!(1);
            let statuses = json!([
                unsorted,
                status(51, "Новая заявка"),
                status(52, "Проведена консультация"),
                status(143, "x")
            ]);
            return page(
                "pipelines",
                json!([{"id": 5, "is_main": true, "_embedded": {"statuses": statuses}}]),
            );
        }
        if path == "/api/v4/leads/unsorted" {
            return page("unsorted", chats.clone());
        }
        let mut known = readable.as_array().unwrap().iter();
        if let Some(row) = known.find(|row| path == format!("/api/v4/contacts/{}", row["id"])) {
            return Reaction::Json(200, row.clone());
        }
        account(seen).unwrap_or_else(|| match seen.method.as_str() {
            "GET" => empty(),
            _ if path.starts_with("/api/v4/leads/unsorted/") => Reaction::Json(200, json!({})),
            _ if path == "/api/v4/contacts" => made("contacts", 7777),
            _ if path == "/api/v4/leads" => made("leads", 777),
            _ => Reaction::Json(201, json!({})),
        })
    })
    .await;
    let (amo, _) = amo(&fake.url);
    amo.prepare(HOOK).await.unwrap();
    let before = fake.seen().len();
    (fake, amo, before)
}

/// Writes since then, as `METHOD path body`.
fn writes(fake: &Fake, before: usize) -> Vec<String> {
    let seen = fake.seen();
    let writes = seen[before..].iter().filter(|seen| seen.method != "GET");
    writes
        .map(|seen| format!("{} {} {}", seen.method, seen.target, seen.body))
        .collect()
}

#[tokio::test]
async fn reference_10_a_guest_who_waits_unsorted_is_accepted_and_not_made_anew() {
    let accept = r#"POST /api/v4/leads/unsorted/ours/accept {"status_id":51}"#;
    let by_contact = json!([
        contact(7001, "8 900 000-00-01", &[501]),
        contact(7002, "+79000000099", &[])
    ]);
    for (readable, called) in [(by_contact, "Анна"), (json!([]), "+7 900 000-00-01")] {
        let chats = json!([
            waiting("other", 5, 7002, 502, "79000000099", 10),
            waiting("ours", 5, 7001, 501, called, 30),
        ]);
        let (fake, amo, before) = with_chats(chats, readable, |_| None).await;
        let done = amo.write(&contact_write()).await;
        let contact = ContactId(7001);
        assert_eq!(done, Ok(Done::ContactCreated { contact }), "{called}");
        assert_eq!(writes(&fake, before), [accept]);
        let (fake, done) = (fake, amo.write(&deal_write()).await);
        assert_eq!(done, Ok(Done::DealCreated { deal: DealId(501) }));
        assert_eq!(writes(&fake, before), [accept, accept], "{called}");
    }
}

#[tokio::test]
async fn reference_10_who_is_another_or_of_another_pipeline_or_of_yesterday_is_left_alone() {
    for chat in [
        waiting("x", 5, 7001, 501, "79000000099", 30),
        waiting("x", 5, 7001, 501, "Анна", 30),
        waiting("x", 4, 7001, 501, "79000000001", 30),
        waiting("x", 5, 7001, 501, "79000000001", 90_000),
    ] {
        let (fake, amo, before) = with_chats(json!([chat]), json!([]), |_| None).await;
        let contact = ContactId(7777);
        assert_eq!(
            amo.write(&contact_write()).await,
            Ok(Done::ContactCreated { contact }),
            "{chat}"
        );
        let writes = writes(&fake, before);
        assert_eq!(writes.len(), 1, "{writes:?}");
        assert!(
            writes[0].starts_with("POST /api/v4/contacts "),
            "{writes:?}"
        );
    }
}

#[tokio::test]
async fn reference_10_somebody_may_accept_faster_and_an_outcome_may_be_unknown() {
    let chats = || json!([waiting("ours", 5, 7001, 501, "79000000001", 30)]);
    let answers = |status: u16| {
        move |seen: &Seen| {
            let is_accept = seen.target.ends_with("/accept");
            is_accept.then(|| Reaction::Json(status, json!({"status": status})))
        }
    };
    let (_fake, amo, _) = with_chats(chats(), json!([]), answers(404)).await;
    let contact = ContactId(7001);
    assert_eq!(
        amo.write(&contact_write()).await,
        Ok(Done::ContactCreated { contact })
    );
    let (fake, amo, before) = with_chats(chats(), json!([]), answers(500)).await;
    let lost = amo.write(&contact_write()).await;
    assert!(matches!(lost, Err(CallError::Unknown { .. })), "{lost:?}");
    assert_eq!(writes(&fake, before).len(), 1, "nothing else is made");
}

#[tokio::test]
async fn reference_10_a_lead_that_nobody_accepted_is_no_deal_yet() {
    let leads = |seen: &Seen| {
        let is_list = seen.target.starts_with("/api/v4/leads?");
        is_list.then(|| page("leads", json!([lead(501, 50), lead(502, 52)])))
    };
    let known = json!([contact(7001, PHONE, &[501, 502])]);
    let (_fake, amo, _) = with_chats(json!([]), known, leads).await;
    let found = amo.read(&lookup(Some(7001))).await.unwrap();
    let ids: Vec<_> = found.deals.iter().map(|deal| deal.id).collect();
    assert_eq!(ids, [DealId(502)]);
}

#[tokio::test]
async fn reference_10_a_chat_that_comes_late_is_linked_to_the_guests_own_open_deal() {
    let leads = |seen: &Seen| {
        let is_list = seen.target.starts_with("/api/v4/leads?");
        is_list.then(|| page("leads", json!([lead(501, 51)])))
    };
    let known = json!([
        contact(7001, PHONE, &[501]),
        contact(7005, "8 900 000-00-01", &[]),
        contact(7006, "79000000099", &[])
    ]);
    let chats = json!([
        waiting("late", 5, 7005, 505, "Анна", 5),
        waiting("other", 5, 7006, 506, "Борис", 6),
    ]);
    let (fake, amo, before) = with_chats(chats, known.clone(), leads).await;
    assert_eq!(amo.link_late(&[DealId(501)]).await, Ok(1));
    let expected = r#"POST /api/v4/leads/unsorted/late/link {"link":{"entity_id":501,"entity_type":"leads","metadata":{"contact_id":7001}}}"#;
    assert_eq!(writes(&fake, before), [expected]);
    let closed = |seen: &Seen| {
        let is_list = seen.target.starts_with("/api/v4/leads?");
        is_list.then(|| page("leads", json!([lead(501, 143)])))
    };
    let chats = json!([waiting("late", 5, 7005, 505, "Анна", 5)]);
    let (fake, amo, before) = with_chats(chats, known, closed).await;
    assert_eq!(
        amo.link_late(&[DealId(501)]).await,
        Ok(0),
        "a closed deal takes nobody in"
    );
    assert_eq!(writes(&fake, before), Vec::<String>::new());
}

#[tokio::test]
async fn reference_10_an_account_without_unsorted_is_never_asked_for_it() {
    let (fake, amo, before) = ready(|_| made("contacts", 7005)).await;
    amo.write(&contact_write()).await.unwrap();
    assert_eq!(amo.link_late(&[DealId(501)]).await, Ok(0));
    let log = fake.log()[before..].join("\n");
    assert!(!log.contains("unsorted"), "{log}");
}
