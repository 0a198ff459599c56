use super::*;
use crate::adapters::fake::{Fake, Reaction, Seen};
use crate::adapters::hooks::WebhookReader;
use crate::clock::SetClock;
use crate::ports::{CrmHook, Envelope, HookFound, Hooks as _, Watch as _};
use serde_json::{Value, json};
use std::sync::atomic::{AtomicU32, Ordering};
use widget_core::action::TaskKind;
use widget_core::event::{Booking, DealFacts, FieldValue};
use widget_core::ids::{ContactId, TaskId};

mod reference;

const NOW_MS: i64 = 1_795_161_605_000;
const NOW_S: i64 = 1_795_161_605;
const PHONE: &str = "79000000001";
const HOOK: &str = "https://us.example.org/hooks/amocrm/very-secret";

fn key(text: &str) -> StageKey {
    StageKey::from(text)
}

fn amo(url: &str) -> (AmoCrm, SetClock) {
    let clock = SetClock::new(NOW_MS);
    let config = AmoConfig {
        endpoint: url.to_owned(),
        account: 31,
        access: Access::Token(SecretString::from("secret-token")),
        pipeline: None,
        limited: false,
        names: Names {
            stages: vec![
                (key("new"), "Новая заявка".to_owned()),
                (key("consulted"), "проведена консультация ".to_owned()),
                (key("refused"), "Отказ".to_owned()),
            ],
            first_stage: key("new"),
            field_name: "Ведёт диалог".to_owned(),
            field_values: FieldNames {
                bot: "Бот".to_owned(),
                waiting: "Ждёт менеджера".to_owned(),
                manager: "Менеджер".to_owned(),
            },
            task_types: TaskTypes {
                whatsapp: "WhatsApp".to_owned(),
                contact: "Связаться".to_owned(),
            },
        },
    };
    (AmoCrm::new(config, Arc::new(clock.clone())).unwrap(), clock)
}

fn empty() -> Reaction {
    Reaction::Body(204, Vec::new(), String::new())
}

fn page(name: &str, rows: impl Into<Value>) -> Reaction {
    Reaction::Json(200, json!({"_links": {}, "_embedded": {name: rows.into()}}))
}

fn contact(id: i64, phone: &str, leads: &[i64]) -> Value {
    let leads: Vec<Value> = leads.iter().map(|id| json!({"id": id})).collect();
    json!({"id": id, "name": "Анна Ивановна Петрова", "first_name": "Анна", "is_deleted": false,
        "created_at": NOW_S, "updated_at": 1000 + id, "custom_fields_values": [
            {"field_id": 1, "field_code": "PHONE", "values": [{"value": phone, "enum_code": "MOB"}]}],
        "_embedded": {"leads": leads}})
}

fn lead(id: i64, status: i64) -> Value {
    json!({"id": id, "pipeline_id": 5, "status_id": status, "price": 18000, "responsible_user_id": 9001,
        "created_at": NOW_S + id, "is_deleted": false, "custom_fields_values": [
            {"field_id": 3301, "field_code": "DIALOG_OWNER", "field_name": "Ведёт диалог",
             "values": [{"value": "Ждёт менеджера", "enum_id": 4402, "enum_code": "waiting"}]}],
        "_embedded": {"contacts": [{"id": 7001}]}})
}

fn status(id: i64, name: &str) -> Value {
    json!({"id": id, "name": name, "pipeline_id": 5, "type": 0})
}

/// The account's dictionaries; everything else is the test's.
fn account(seen: &Seen) -> Option<Reaction> {
    let path = seen.target.split('?').next().unwrap_or_default();
    let enums = json!([{"id": 4401, "value": "Бот", "code": "bot", "sort": 1},
        {"id": 4402, "value": "Ждёт менеджера", "code": "waiting", "sort": 2},
        {"id": 4403, "value": "Менеджер", "code": "manager", "sort": 3}]);
    Some(match (seen.method.as_str(), path) {
        ("GET", "/api/v4/account") => Reaction::Json(
            200,
            json!({"id": 31, "_embedded": {"task_types": [{"id": 1, "name": "Связаться"}, {"id": 24, "name": "WhatsApp"}]}}),
        ),
        ("GET", "/api/v4/leads/pipelines") => page(
            "pipelines",
            json!([
                {"id": 4, "name": "Прочее", "is_main": false, "_embedded": {"statuses": [status(40, "Новая заявка")]}},
                {"id": 5, "name": "Бронирования", "is_main": true, "_embedded": {"statuses": [
                    status(50, "Неразобранное"), status(51, "Новая заявка"), status(52, "Проведена консультация"),
                    status(142, "Успешно реализовано"), status(143, "Закрыто и не реализовано")]}},
            ]),
        ),
        ("GET", "/api/v4/users") => page(
            "users",
            json!([{"id": 9001, "name": "Ольга", "rights": {"is_active": true, "is_admin": true}},
                {"id": 9002, "name": "Анна", "rights": {"is_active": false, "is_admin": false}}]),
        ),
        ("GET", "/api/v4/leads/custom_fields") => page(
            "custom_fields",
            json!([{"id": 3301, "name": "Кто ведёт", "code": "DIALOG_OWNER", "enums": enums}]),
        ),
        _ => return None,
    })
}

async fn crm_with(
    script: impl Fn(&Seen) -> Reaction + Send + Sync + 'static,
) -> (Fake, AmoCrm, SetClock) {
    let fake = Fake::new(move |seen| account(seen).unwrap_or_else(|| script(seen))).await;
    let (amo, clock) = amo(&fake.url);
    (fake, amo, clock)
}

/// A prepared account, with what was asked since.
async fn ready(
    script: impl Fn(&Seen) -> Reaction + Send + Sync + 'static,
) -> (Fake, AmoCrm, usize) {
    let (fake, amo, _) = crm_with(move |seen| {
        if seen.is("GET", "/api/v4/webhooks") {
            return empty();
        }
        if seen.is("POST", "/api/v4/webhooks") {
            return Reaction::Json(201, json!({}));
        }
        script(seen)
    })
    .await;
    amo.prepare(HOOK).await.unwrap();
    let before = fake.seen().len();
    (fake, amo, before)
}

fn lookup(contact: Option<i64>) -> GuestLookup {
    GuestLookup {
        phone: PHONE.to_owned(),
        contact: contact.map(ContactId),
        with_notes: false,
        fields: Vec::new(),
        tags: Vec::new(),
    }
}

// --- reading ----------------------------------------------------------------------------------------------------------

#[tokio::test]
async fn a_known_contact_costs_two_requests() {
    let (fake, amo, before) = ready(|seen| match seen.target.as_str() {
        t if t.starts_with("/api/v4/contacts/7001?") => {
            Reaction::Json(200, contact(7001, "8 (900) 000-00-01", &[501, 502, 503]))
        }
        t if t.starts_with("/api/v4/leads?") => {
            let mut gone = lead(503, 51);
            gone["is_deleted"] = json!(true);
            page(
                "leads",
                json!([lead(501, 143), lead(502, 52), gone, lead(999, 51)]),
            )
        }
        _ => Reaction::Json(500, json!({})),
    })
    .await;
    let found = amo.read(&lookup(Some(7001))).await.unwrap();
    let asked = fake.log()[before..].to_vec();
    assert_eq!(asked.len(), 2, "{asked:?}");
    assert_eq!(asked[0], "GET /api/v4/contacts/7001?with=leads");
    assert!(
        asked[1].contains("filter[id][]=503&filter[id][]=502&filter[id][]=501"),
        "{asked:?}"
    );
    let known = found.contact.unwrap();
    assert_eq!(known.name.as_deref(), Some("Анна"));
    assert_eq!(known.patronymic.as_deref(), Some("Ивановна"));
    assert_eq!(
        found.deals[0],
        DealFacts {
            id: DealId(502),
            stage: Some(key("consulted")),
            stage_name: "Проведена консультация".to_owned(),
            closed: false,
            responsible: Some(UserId(9001)),
            responsible_active: true,
            field: FieldValue::Waiting,
            created_at: (NOW_S + 502) * 1000,
            amount: Some(18000),
            booking: Booking::default(),
            has_task: false,
        }
    );
    let ids: Vec<i64> = found.deals.iter().map(|deal| deal.id.0).collect();
    assert_eq!(
        ids,
        [502, 501],
        "newest first, without deleted and foreign ones"
    );
    assert_eq!(found.deals[1].stage, Some(key("refused")));
    assert!(found.deals[1].closed);
    assert_eq!(
        fake.seen()[0].header("authorization"),
        Some("Bearer secret-token")
    );
}

#[tokio::test]
async fn a_search_believes_only_the_same_phone() {
    let (fake, amo, before) = ready(|seen| match seen.target.as_str() {
        t if t.starts_with("/api/v4/contacts?") => page(
            "contacts",
            json!([
                contact(7001, "+1 900 000 00 01", &[501]),
                contact(7002, "+7 900 000-00-99, 8 900 000 00 01", &[502]),
                contact(7003, "+7 900 000-00-01-5", &[503]),
            ]),
        ),
        t if t.starts_with("/api/v4/leads?") => {
            let mut row = lead(502, 51);
            row["_embedded"]["contacts"] = json!([{"id": 7002}]);
            page("leads", json!([row]))
        }
        _ => empty(),
    })
    .await;
    let found = amo.read(&lookup(None)).await.unwrap();
    let asked = fake.log()[before].clone();
    assert!(asked.contains("query=9000000001"), "{asked}");
    assert_eq!(found.contact.unwrap().id, ContactId(7002));
}

#[tokio::test]
async fn of_two_contacts_the_one_with_an_open_deal_is_meant() {
    for (status_of_older, expected) in [(52, 7001), (143, 7002)] {
        let (_fake, amo, _) = ready(move |seen| match seen.target.as_str() {
            t if t.starts_with("/api/v4/contacts?") => page(
                "contacts",
                json!([contact(7001, PHONE, &[501]), contact(7002, PHONE, &[])]),
            ),
            t if t.starts_with("/api/v4/leads?") => {
                page("leads", json!([lead(501, status_of_older)]))
            }
            _ => empty(),
        })
        .await;
        let found = amo.read(&lookup(None)).await.unwrap();
        assert_eq!(found.contact.unwrap().id, ContactId(expected));
        assert_eq!(found.deals.len(), usize::from(expected == 7001));
    }
}

#[tokio::test]
async fn a_contact_that_is_gone_is_looked_for_by_phone() {
    let deleted = {
        let mut row = contact(7001, PHONE, &[501]);
        row["is_deleted"] = json!(true);
        row
    };
    for gone in [
        empty(),
        Reaction::Json(404, json!({})),
        Reaction::Json(200, deleted),
    ] {
        let (_fake, amo, _) = ready(move |seen| match seen.target.as_str() {
            t if t.starts_with("/api/v4/contacts/7001") => gone.clone(),
            t if t.starts_with("/api/v4/contacts?") => {
                page("contacts", json!([contact(7002, PHONE, &[])]))
            }
            _ => empty(),
        })
        .await;
        let found = amo.read(&lookup(Some(7001))).await.unwrap();
        assert_eq!(found.contact.unwrap().id, ContactId(7002));
    }
}

#[tokio::test]
async fn a_guest_that_nobody_knows_is_nobody() {
    let (_fake, amo, _) = ready(|_| empty()).await;
    assert_eq!(amo.read(&lookup(None)).await.unwrap(), CrmFound::default());
}

#[tokio::test]
async fn an_account_that_refuses_filters_is_read_lead_by_lead() {
    let (_fake, amo, _) = ready(|seen| match seen.target.as_str() {
        t if t.starts_with("/api/v4/contacts/7001") => {
            Reaction::Json(200, contact(7001, PHONE, &[501, 502]))
        }
        t if t.starts_with("/api/v4/leads?") => {
            Reaction::Json(400, json!({"detail": "Invalid filter for current account"}))
        }
        t if t.starts_with("/api/v4/leads/501") => Reaction::Json(200, lead(501, 51)),
        _ => empty(),
    })
    .await;
    let found = amo.read(&lookup(Some(7001))).await.unwrap();
    assert_eq!(found.deals.len(), 1);
}

#[tokio::test]
async fn notes_are_the_newest_five_of_people_cut_to_500_characters() {
    let (_fake, amo, _) = ready(|seen| match seen.target.as_str() {
        t if t.starts_with("/api/v4/contacts/7001/notes") => {
            let note = |id: i64, kind: &str, text: String| {
                json!({"id": id, "note_type": kind, "created_at": NOW_S + id, "params": {"text": text}})
            };
            let mut rows: Vec<Value> = (1..=7).map(|id| note(id, "common", format!("№{id} {}", "я".repeat(600)))).collect();
            rows.push(note(8, "service_message", "робот".to_owned()));
            page("notes", json!(rows))
        }
        t if t.starts_with("/api/v4/contacts/7001") => Reaction::Json(200, contact(7001, PHONE, &[])),
        _ => empty(),
    })
    .await;
    let asked = GuestLookup {
        with_notes: true,
        ..lookup(Some(7001))
    };
    let notes = amo.read(&asked).await.unwrap().contact.unwrap().notes;
    assert_eq!(notes.len(), 5);
    assert!(notes[0].starts_with("№7 "));
    assert!(notes.iter().all(|note| note.chars().count() == 500));
}

#[tokio::test]
async fn an_unknown_status_makes_the_pipelines_be_read_once_more_and_stays_unmapped() {
    let (fake, amo, before) = ready(|seen| match seen.target.as_str() {
        t if t.starts_with("/api/v4/contacts/7001") => {
            Reaction::Json(200, contact(7001, PHONE, &[501]))
        }
        _ => page("leads", json!([lead(501, 77)])),
    })
    .await;
    for _ in 0..3 {
        let found = amo.read(&lookup(Some(7001))).await.unwrap();
        assert_eq!(found.deals[0].stage, None);
    }
    let asked = fake.log()[before..].to_vec();
    let again = asked
        .iter()
        .filter(|call| call.contains("pipelines"))
        .count();
    assert_eq!(again, 0, "they were read within this minute");
    let (fake, amo, clock) = crm_with(|seen| match seen.target.as_str() {
        t if t.starts_with("/api/v4/contacts/7001") => {
            Reaction::Json(200, contact(7001, PHONE, &[501]))
        }
        _ => page("leads", json!([lead(501, 77)])),
    })
    .await;
    for _ in 0..3 {
        amo.read(&lookup(Some(7001))).await.unwrap();
        clock.set(NOW_MS + 70_000);
    }
    let again = fake
        .log()
        .iter()
        .filter(|call| call.contains("pipelines"))
        .count();
    assert_eq!(again, 2, "once at first, once a minute later");
}

#[tokio::test]
async fn a_read_that_fails_may_be_repeated() {
    for (reaction, after) in [
        (Reaction::HangUp, None),
        (Reaction::Json(500, json!({})), None),
        (Reaction::Body(200, Vec::new(), "<html>".to_owned()), None),
        (
            Reaction::Body(429, Vec::new(), "<html>".to_owned()),
            Some(1000),
        ),
        (
            Reaction::Body(429, vec![("retry-after", "7".to_owned())], String::new()),
            Some(7000),
        ),
    ] {
        let (_fake, amo, _) = ready({
            let reaction = reaction.clone();
            move |_| reaction.clone()
        })
        .await;
        let error = amo.read(&lookup(Some(7001))).await.unwrap_err();
        assert!(
            matches!(&error, CallError::Retry { after_ms, .. } if *after_ms == after),
            "{reaction:?}: {error:?}"
        );
        for hidden in ["7900", "9000000001", "secret", "127.0.0.1"] {
            assert!(!error.to_string().contains(hidden), "{error}");
        }
    }
}

#[tokio::test]
async fn a_refused_read_is_final() {
    for code in [400, 401, 402, 403, 422] {
        let (_fake, amo, _) = ready(move |_| Reaction::Json(code, json!({"detail": "x"}))).await;
        let error = amo.read(&lookup(Some(7001))).await.unwrap_err();
        assert!(
            matches!(error, CallError::Refused { status, .. } if status == code),
            "{error:?}"
        );
    }
}

// --- writing ----------------------------------------------------------------------------------------------------------

fn task_write() -> CrmWrite {
    CrmWrite::CreateTask {
        deal: DealId(501),
        kind: TaskKind::Whatsapp,
        text: "WhatsApp: гость ждёт".to_owned(),
        marker: "#e-12345678".to_owned(),
        due_at: NOW_MS + 1_800_000,
        assignee: Some(UserId(9001)),
    }
}

fn note_write() -> CrmWrite {
    CrmWrite::AddNote {
        deal: DealId(501),
        text: "Передано".to_owned(),
        marker: "#e-12345678".to_owned(),
    }
}

fn move_write() -> CrmWrite {
    CrmWrite::MoveDeal {
        deal: DealId(501),
        from: key("new"),
        to: key("consulted"),
        loss_reason: None,
    }
}

fn contact_write() -> CrmWrite {
    CrmWrite::CreateContact {
        phone: PHONE.to_owned(),
        name: Some("79000000001".to_owned()),
    }
}

fn deal_write() -> CrmWrite {
    CrmWrite::CreateDeal {
        contact: ContactId(7001),
        name: "WhatsApp: Анна".to_owned(),
    }
}

fn made(name: &str, id: i64) -> Reaction {
    page(name, json!([{"id": id, "request_id": "0"}]))
}

#[tokio::test]
async fn what_is_written_and_what_it_answers() {
    let (fake, amo, before) = ready(|seen| match (seen.method.as_str(), seen.target.as_str()) {
        ("POST", "/api/v4/tasks") => made("tasks", 81),
        ("POST", "/api/v4/leads/501/notes") => made("notes", 91),
        ("POST", "/api/v4/contacts") => made("contacts", 7005),
        ("POST", "/api/v4/leads") => made("leads", 505),
        ("GET", _) => Reaction::Json(200, lead(501, 51)),
        _ => Reaction::Json(200, json!({"id": 501, "updated_at": NOW_S})),
    })
    .await;
    let set_field = |value| CrmWrite::SetOwnerField {
        deal: DealId(501),
        value,
    };
    let task = TaskId(81);
    for (write, done, last) in [
        (
            task_write(),
            Done::TaskCreated { task },
            json!([{"task_type_id": 24, "entity_type": "leads",
            "text": "WhatsApp: гость ждёт\n#e-12345678", "complete_till": NOW_S + 1800, "entity_id": 501,
            "responsible_user_id": 9001}]),
        ),
        (
            CrmWrite::SetTaskText {
                task,
                text: "Ещё ждёт".to_owned(),
                marker: "#e-1".to_owned(),
            },
            Done::Plain,
            json!({"text": "Ещё ждёт\n#e-1"}),
        ),
        (
            CrmWrite::CompleteTask {
                task,
                result: "Диалог у бота".to_owned(),
            },
            Done::Plain,
            json!({"is_completed": true, "result": {"text": "Диалог у бота"}}),
        ),
        (
            CrmWrite::AssignTask {
                task,
                to: UserId(9001),
            },
            Done::Plain,
            json!({"responsible_user_id": 9001}),
        ),
        (
            move_write(),
            Done::DealMoved {
                deal: DealId(501),
                to: key("consulted"),
            },
            json!({"pipeline_id": 5, "status_id": 52}),
        ),
        (
            contact_write(),
            Done::ContactCreated {
                contact: ContactId(7005),
            },
            json!([{"name": "Гость +79000000001",
            "custom_fields_values": [{"field_code": "PHONE", "values": [{"value": "+79000000001", "enum_code": "MOB"}]}]}]),
        ),
        (
            deal_write(),
            Done::DealCreated { deal: DealId(505) },
            json!([{"name": "WhatsApp: Анна", "pipeline_id": 5,
            "status_id": 51, "_embedded": {"contacts": [{"id": 7001, "is_main": true}]}}]),
        ),
        (
            set_field(FieldValue::Manager),
            Done::FieldSet {
                deal: DealId(501),
                value: FieldValue::Manager,
            },
            json!({"custom_fields_values": [{"field_id": 3301, "values": [{"enum_id": 4403}]}]}),
        ),
        (
            set_field(FieldValue::Empty),
            Done::FieldSet {
                deal: DealId(501),
                value: FieldValue::Empty,
            },
            json!({"custom_fields_values": [{"field_id": 3301, "values": null}]}),
        ),
        (
            note_write(),
            Done::Plain,
            json!([{"note_type": "extended_service_message",
            "params": {"service": "Эстафета", "text": "Передано\n#e-12345678"},
            "is_need_to_trigger_digital_pipeline": false}]),
        ),
    ] {
        assert_eq!(amo.write(&write).await, Ok(done), "{write:?}");
        assert_eq!(fake.seen().last().unwrap().body, last, "{write:?}");
    }
    assert!(fake.seen().len() > before);
}

#[tokio::test]
async fn promise_3_nothing_twice_every_lost_write_is_unknown_and_sent_once() {
    let creates = [
        task_write(),
        note_write(),
        contact_write(),
        deal_write(),
        move_write(),
    ];
    for lost in [
        Reaction::HangUp,
        Reaction::Json(500, json!({})),
        Reaction::Body(504, Vec::new(), "<html>".to_owned()),
        Reaction::Body(200, Vec::new(), "<html>".to_owned()),
    ] {
        for write in &creates {
            let reaction = lost.clone();
            let (fake, amo, before) = ready(move |seen| match seen.method.as_str() {
                "GET" => Reaction::Json(200, lead(501, 51)),
                _ => reaction.clone(),
            })
            .await;
            let result = amo.write(write).await;
            assert!(
                matches!(result, Err(CallError::Unknown { .. })),
                "{write:?} {lost:?}: {result:?}"
            );
            let writes = fake.seen()[before..]
                .iter()
                .filter(|seen| seen.method != "GET")
                .count();
            assert_eq!(writes, 1, "{write:?}");
        }
    }
}

#[tokio::test]
async fn promise_3_nothing_twice_a_write_that_was_not_taken_may_be_repeated() {
    let (_fake, amo, _) = ready(|seen| match seen.method.as_str() {
        "GET" => Reaction::HangUp,
        _ => Reaction::Body(429, Vec::new(), String::new()),
    })
    .await;
    let task = amo.write(&task_write()).await;
    assert!(
        matches!(
            task,
            Err(CallError::Retry {
                after_ms: Some(1000),
                ..
            })
        ),
        "{task:?}"
    );
    let moved = amo.write(&move_write()).await;
    assert!(
        matches!(moved, Err(CallError::Retry { .. })),
        "the look before the move: {moved:?}"
    );
}

#[tokio::test]
async fn a_success_without_an_id_is_unknown() {
    let (_fake, amo, _) = ready(|_| Reaction::Json(200, json!({"_embedded": {"tasks": []}}))).await;
    let result = amo.write(&task_write()).await;
    assert!(
        matches!(result, Err(CallError::Unknown { .. })),
        "{result:?}"
    );
}

#[tokio::test]
async fn a_deal_moves_only_from_the_expected_stage() {
    for (status, now) in [(142, None), (143, Some(key("refused"))), (50, None)] {
        let (fake, amo, before) = ready(move |_| Reaction::Json(200, lead(501, status))).await;
        let done = amo.write(&move_write()).await.unwrap();
        assert_eq!(
            done,
            Done::MoveStale {
                deal: DealId(501),
                now
            }
        );
        assert!(
            fake.seen()[before..]
                .iter()
                .all(|seen| seen.method == "GET")
        );
    }
    let (_fake, amo, _) = ready(|_| empty()).await;
    let gone = amo.write(&move_write()).await;
    assert!(
        matches!(gone, Err(CallError::Refused { status: 404, .. })),
        "{gone:?}"
    );
}

#[tokio::test]
async fn design_5_4_a_deal_moves_within_a_second_of_the_look_or_is_looked_at_again() {
    for (slow, asked) in [
        (0, vec!["GET", "PATCH"]),
        (2, vec!["GET", "GET", "GET", "PATCH"]),
        (9, vec!["GET", "GET", "GET"]),
    ] {
        let hands = Arc::new(std::sync::OnceLock::<SetClock>::new());
        let (clock, looks) = (Arc::clone(&hands), AtomicU32::new(0));
        let (fake, amo, set) = crm_with(move |seen| {
            if seen.method == "GET" && looks.fetch_add(1, Ordering::Relaxed) < slow {
                let clock = clock.get().expect("it goes");
                clock.set(clock.now_ms() + 1_000);
            }
            Reaction::Json(200, lead(501, 51))
        })
        .await;
        assert!(hands.set(set).is_ok());
        let done = amo.write(&move_write()).await;
        let of_the_deal = fake.seen().into_iter();
        let of_the_deal = of_the_deal.filter(|seen| seen.target.contains("leads/501"));
        let methods: Vec<_> = of_the_deal.map(|seen| seen.method).collect();
        assert_eq!(methods, asked);
        match slow {
            9 => assert!(matches!(done, Err(CallError::Retry { .. })), "{done:?}"),
            _ => assert!(matches!(done, Ok(Done::DealMoved { .. })), "{done:?}"),
        }
    }
}

#[tokio::test]
async fn promise_3_nothing_twice_a_move_that_took_effect_before_is_done() {
    let (fake, amo, before) = ready(|_| Reaction::Json(200, lead(501, 52))).await;
    let done = Done::DealMoved {
        deal: DealId(501),
        to: key("consulted"),
    };
    assert_eq!(amo.write(&move_write()).await, Ok(done));
    assert!(
        fake.seen()[before..]
            .iter()
            .all(|seen| seen.method == "GET")
    );
}

#[tokio::test]
async fn a_task_whose_assignee_is_refused_is_created_without() {
    let (fake, amo, before) = ready(|seen| {
        if seen.body[0]["responsible_user_id"].is_null() {
            made("tasks", 81)
        } else {
            Reaction::Json(400, json!({}))
        }
    })
    .await;
    let done = Done::TaskCreated { task: TaskId(81) };
    assert_eq!(amo.write(&task_write()).await, Ok(done));
    let texts: Vec<Value> = fake.seen()[before..]
        .iter()
        .map(|seen| seen.body[0]["text"].clone())
        .collect();
    assert_eq!(texts.len(), 2);
    assert_eq!(texts[0], texts[1]);
}

#[tokio::test]
async fn a_task_that_is_refused_without_an_assignee_is_refused() {
    for (assignee, tries) in [(Some(UserId(9001)), 2), (None, 1)] {
        let (fake, amo, before) = ready(|_| Reaction::Json(400, json!({}))).await;
        let mut write = task_write();
        if let CrmWrite::CreateTask { assignee: own, .. } = &mut write {
            *own = assignee;
        }
        let refused = amo.write(&write).await;
        assert!(
            matches!(refused, Err(CallError::Refused { status: 400, .. })),
            "{refused:?}"
        );
        assert_eq!(fake.seen().len() - before, tries);
    }
}

#[tokio::test]
async fn a_closed_task_is_closed_and_a_missing_one_is_not() {
    for (row, is_fine) in [
        (
            Reaction::Json(200, json!({"id": 81, "is_completed": true})),
            true,
        ),
        (
            Reaction::Json(200, json!({"id": 81, "is_completed": false})),
            false,
        ),
        (empty(), false),
    ] {
        let (_fake, amo, _) = ready(move |seen| match seen.method.as_str() {
            "GET" => row.clone(),
            _ => Reaction::Json(400, json!({})),
        })
        .await;
        let write = CrmWrite::CompleteTask {
            task: TaskId(81),
            result: "x".to_owned(),
        };
        assert_eq!(amo.write(&write).await.is_ok(), is_fine);
    }
}

#[tokio::test]
async fn a_note_that_is_refused_folded_is_written_plainly() {
    let (fake, amo, _) = ready(|seen| match seen.body[0]["note_type"].as_str() {
        Some("common") => made("notes", 91),
        _ => Reaction::Json(400, json!({})),
    })
    .await;
    assert_eq!(amo.write(&note_write()).await, Ok(Done::Plain));
    assert_eq!(
        fake.seen().last().unwrap().body[0]["params"]["text"],
        json!("Передано\n#e-12345678")
    );
}

// --- after an unknown outcome -----------------------------------------------------------------------------------------

#[tokio::test]
async fn promise_3_nothing_twice_what_took_effect_is_found() {
    let (_fake, amo, _) = ready(|seen| match seen.target.as_str() {
        t if t.starts_with("/api/v4/tasks?") => page("tasks", json!([
            {"id": 80, "entity_id": 501, "text": "другая\n#e-00000000"},
            {"id": 82, "entity_id": 777, "text": "чужая\n#e-12345678"},
            {"id": 81, "entity_id": 501, "text": "WhatsApp: гость ждёт\r\n#e-12345678 \n"}])),
        t if t.starts_with("/api/v4/leads/501/notes") => page("notes", json!([
            {"id": 91, "entity_id": 501, "params": {"text": "Передано\n#e-12345678"}}, {"id": 92, "params": []}])),
        t if t.starts_with("/api/v4/contacts?") => page("contacts", json!([contact(7001, PHONE, &[])])),
        t if t.starts_with("/api/v4/contacts/7001") => Reaction::Json(200, contact(7001, PHONE, &[501, 502])),
        t if t.starts_with("/api/v4/leads?") => page("leads", json!([lead(501, 51), lead(502, 51)])),
        _ => Reaction::Json(200, lead(501, 52)),
    })
    .await;
    for (write, done) in [
        (task_write(), Done::TaskCreated { task: TaskId(81) }),
        (note_write(), Done::Plain),
        (
            contact_write(),
            Done::ContactCreated {
                contact: ContactId(7001),
            },
        ),
        (deal_write(), Done::DealCreated { deal: DealId(502) }),
        (
            move_write(),
            Done::DealMoved {
                deal: DealId(501),
                to: key("consulted"),
            },
        ),
    ] {
        assert_eq!(amo.find(&write, NOW_MS).await, Ok(Some(done)), "{write:?}");
    }
}

#[tokio::test]
async fn what_did_not_take_effect_or_is_older_is_not_found() {
    let (_fake, amo, _) = ready(|seen| match seen.target.as_str() {
        t if t.starts_with("/api/v4/tasks?") => page(
            "tasks",
            json!([
            {"id": 81, "entity_id": 501, "text": "#e-12345678\nв начале"}]),
        ),
        t if t.starts_with("/api/v4/leads/501/notes") => empty(),
        t if t.starts_with("/api/v4/contacts?") => {
            page("contacts", json!([contact(7001, PHONE, &[])]))
        }
        t if t.starts_with("/api/v4/contacts/7001") => {
            Reaction::Json(200, contact(7001, PHONE, &[501]))
        }
        t if t.starts_with("/api/v4/leads?") => page("leads", json!([lead(501, 51)])),
        _ => Reaction::Json(200, lead(501, 51)),
    })
    .await;
    let later = NOW_MS + 3_600_000;
    for write in [
        task_write(),
        note_write(),
        contact_write(),
        deal_write(),
        move_write(),
        CrmWrite::SetOwnerField {
            deal: DealId(501),
            value: FieldValue::Bot,
        },
        CrmWrite::SetTaskText {
            task: TaskId(81),
            text: String::new(),
            marker: String::new(),
        },
    ] {
        assert_eq!(amo.find(&write, later).await, Ok(None), "{write:?}");
    }
}

// --- preparing --------------------------------------------------------------------------------------------------------

#[tokio::test]
async fn prepare_refuses_a_token_of_another_account() {
    let fake = Fake::always(Reaction::Json(200, json!({"id": 32}))).await;
    let error = amo(&fake.url).0.prepare(HOOK).await.unwrap_err();
    assert!(
        matches!(error, CallError::Refused { status: 0, .. }),
        "{error:?}"
    );
    assert_eq!(fake.seen().len(), 1, "nothing is read or written there");
}

#[tokio::test]
async fn prepare_makes_the_owner_field_with_its_codes() {
    let fields = Arc::new(Mutex::new(Vec::<Value>::new()));
    let fake = Fake::new(move |seen| {
        if seen.target.starts_with("/api/v4/leads/custom_fields") {
            let mut fields = fields.lock().unwrap();
            if seen.method == "GET" {
                return if fields.is_empty() {
                    empty()
                } else {
                    page("custom_fields", json!(*fields))
                };
            }
            let mut field = seen.body[0].clone();
            field["id"] = json!(3301);
            for (id, choice) in (4401..).zip(field["enums"].as_array_mut().unwrap()) {
                choice["id"] = json!(id);
            }
            fields.push(field);
            return Reaction::Json(201, json!({"_embedded": {"custom_fields": [{"id": 3301}]}}));
        }
        account(seen).unwrap_or_else(|| Reaction::Json(201, json!({})))
    })
    .await;
    let (amo, _) = amo(&fake.url);
    amo.prepare(HOOK).await.unwrap();
    let seen = fake.seen();
    let post = seen
        .iter()
        .find(|seen| seen.is("POST", "/api/v4/leads/custom_fields"))
        .unwrap();
    assert_eq!(post.body[0]["code"], json!("DIALOG_OWNER"));
    assert_eq!(
        post.body[0]["enums"][1],
        json!({"value": "Ждёт менеджера", "sort": 2, "code": "waiting"})
    );
    amo.prepare(HOOK).await.unwrap();
    let posts = fake
        .seen()
        .iter()
        .filter(|seen| seen.is("POST", "/api/v4/leads/custom_fields"))
        .count();
    assert_eq!(posts, 1);
}

#[tokio::test]
async fn prepare_adds_what_a_hand_made_field_lacks_and_keeps_its_choices() {
    let is_patched = Arc::new(std::sync::atomic::AtomicBool::new(false));
    let fake = Fake::new(move |seen| {
        use std::sync::atomic::Ordering::SeqCst;
        if seen.method == "PATCH" {
            is_patched.store(true, SeqCst);
            return Reaction::Json(200, json!({}));
        }
        if seen.target.starts_with("/api/v4/leads/custom_fields") {
            let mut list = vec![
                json!({"id": 1, "value": "бот", "sort": 1}),
                json!({"id": 2, "value": "Менеджер", "sort": 7}),
            ];
            if is_patched.load(SeqCst) {
                list.push(
                    json!({"id": 3, "value": "Ждёт менеджера", "code": "waiting", "sort": 8}),
                );
            }
            return page(
                "custom_fields",
                json!([{"id": 33, "name": "ведет диалог", "code": null, "enums": list}]),
            );
        }
        account(seen).unwrap_or_else(|| Reaction::Json(201, json!({})))
    })
    .await;
    let (amo, _) = amo(&fake.url);
    let outcome = amo.prepare(HOOK).await;
    assert!(outcome.is_ok(), "{outcome:?}");
    let seen = fake.seen();
    let patch = seen
        .iter()
        .find(|seen| seen.is("PATCH", "/api/v4/leads/custom_fields/33"))
        .unwrap();
    assert_eq!(
        patch.body["enums"][0]["id"],
        json!(1),
        "an old choice keeps its id"
    );
    assert_eq!(
        patch.body["enums"][2],
        json!({"value": "Ждёт менеджера", "sort": 8, "code": "waiting"})
    );
}

#[tokio::test]
async fn other_names_of_a_policy_are_looked_for_in_what_is_known_and_then_prepared() {
    let (fake, amo, before) = ready(|seen| {
        if seen.is("POST", "/api/v4/tasks") {
            return made("tasks", 1);
        }
        if seen.is("POST", "/api/v4/leads") {
            return made("leads", 2);
        }
        Reaction::Json(500, json!({}))
    })
    .await;
    let same = amo.map.with(|map| map.names().clone());
    assert!(!amo.rename(same.clone()));
    let renamed = Names {
        stages: vec![
            (key("asked"), "Проведена консультация".to_owned()),
            (key("gone"), "Отказ".to_owned()),
        ],
        first_stage: key("asked"),
        task_types: TaskTypes {
            whatsapp: "Связаться".to_owned(),
            contact: "WhatsApp".to_owned(),
        },
        ..same
    };
    assert!(amo.rename(renamed));
    assert_eq!(fake.seen().len(), before, "nobody was asked");
    let (map, status_52) = (amo.map(), |map: &map::AccountMap| {
        map.stage(5, 52).and_then(|stage| stage.key.clone())
    });
    assert_eq!(map.with(status_52), Some(key("asked")));
    assert_eq!(map.with(|map| map.place(&key("gone"))), Some((5, 143)));
    assert_eq!(map.with(|map| map.place(&key("new"))), None);
    amo.write(&task_write()).await.unwrap();
    amo.write(&deal_write()).await.unwrap();
    let seen = fake.seen();
    let posted = |path: &str| {
        let found = seen.iter().find(|seen| seen.is("POST", path)).unwrap();
        found.body[0].clone()
    };
    assert_eq!(posted("/api/v4/tasks")["task_type_id"], 1);
    assert_eq!(posted("/api/v4/leads")["status_id"], 52);
}

#[tokio::test]
async fn prepare_subscribes_what_the_account_knows() {
    let (fake, amo, _) = crm_with(|seen| match seen.method.as_str() {
        "GET" => empty(),
        _ if seen.body["settings"]
            .as_array()
            .unwrap()
            .contains(&json!("update_task")) =>
        {
            Reaction::Json(400, json!({}))
        }
        _ => Reaction::Json(201, json!({})),
    })
    .await;
    amo.prepare(HOOK).await.unwrap();
    let seen = fake.seen();
    let accepted = seen
        .iter()
        .rfind(|seen| {
            seen.is("POST", "/api/v4/webhooks") && !seen.body.to_string().contains("update_task")
        })
        .unwrap();
    assert_eq!(accepted.body["destination"], json!(HOOK));
    let settings = accepted.body["settings"].to_string();
    for name in [
        "add_outgoing_message",
        "add_message",
        "status_lead",
        "restore_lead",
    ] {
        assert!(settings.contains(name), "{settings}");
    }
}

#[tokio::test]
async fn prepare_leaves_a_whole_subscription_and_renews_a_disabled_one() {
    let all = [
        "add_message",
        "add_outgoing_message",
        "update_lead",
        "status_lead",
        "responsible_lead",
        "delete_lead",
        "restore_lead",
        "add_lead",
        "update_contact",
        "add_contact",
        "update_task",
    ];
    for (disabled, posts, found) in [(false, 0, HookFound::Active), (true, 1, HookFound::Off)] {
        let (fake, amo, _) = crm_with(move |seen| match seen.method.as_str() {
            "GET" => page(
                "webhooks",
                json!([{"destination": HOOK, "settings": all, "disabled": disabled}]),
            ),
            _ => Reaction::Json(201, json!({})),
        })
        .await;
        assert_eq!(amo.prepare(HOOK).await, Ok(found));
        let sent = fake
            .seen()
            .iter()
            .filter(|seen| seen.method == "POST")
            .count();
        assert_eq!(sent, posts);
    }
}

#[tokio::test]
async fn prepare_never_tells_the_secret_of_the_hook() {
    let (_fake, amo, _) = crm_with(|seen| match seen.method.as_str() {
        "GET" => empty(),
        _ => Reaction::Json(400, json!({"detail": format!("Invalid URL {HOOK}")})),
    })
    .await;
    let error = amo.prepare(HOOK).await.unwrap_err();
    assert!(!error.to_string().contains("secret"), "{error}");
}

// --- people -----------------------------------------------------------------------------------------------------------

#[tokio::test]
async fn users_are_kept_for_five_minutes_of_the_business_clock() {
    let (fake, amo, clock) = crm_with(|_| empty()).await;
    for (after_ms, reads) in [(0, 1), (299_999, 1), (300_000, 2)] {
        clock.set(NOW_MS + after_ms);
        let users = amo.users().await.unwrap();
        assert!(users[0].admin && users[0].active && !users[1].active);
        assert_eq!(fake.seen().len(), reads);
    }
}

#[tokio::test]
async fn access_is_asked_with_the_users_own_rights() {
    let (fake, amo, before) = ready(|_| Reaction::Json(200, lead(501, 51))).await;
    let access = amo.access(UserId(9002), DealId(501)).await.unwrap();
    assert_eq!(
        access,
        DealAccess {
            allowed: true,
            exists: true,
            responsible: Some(UserId(9001)),
            contacts: vec![ContactId(7001)],
        }
    );
    assert_eq!(
        fake.log()[before..],
        ["GET /api/v4/leads/501?with=contacts"]
    );
    let asked = &fake.seen()[before];
    assert_eq!(asked.header("x-context-user-id"), Some("9002"));
    let calls = fake.seen().len();
    amo.access(UserId(9002), DealId(501)).await.unwrap();
    assert_eq!(fake.seen().len(), calls, "kept");
    amo.access(UserId(9001), DealId(501)).await.unwrap();
    assert!(fake.seen().len() > calls, "kept per user");
}

#[tokio::test]
async fn promise_6_separate_who_is_refused_sees_nothing() {
    for (reaction, exists) in [
        (Reaction::Json(403, json!({})), true),
        (empty(), false),
        (Reaction::Json(404, json!({})), false),
    ] {
        let (_fake, amo, _) = ready(move |_| reaction.clone()).await;
        let access = amo.access(UserId(9002), DealId(501)).await.unwrap();
        assert_eq!(
            access,
            DealAccess {
                allowed: false,
                exists,
                responsible: None,
                contacts: Vec::new(),
            }
        );
    }
    let (_fake, amo, _) = ready(|_| Reaction::Json(500, json!({}))).await;
    assert!(amo.access(UserId(9002), DealId(501)).await.is_err());
}

#[tokio::test]
async fn promise_6_separate_a_user_that_the_account_does_not_know_sees_nothing() {
    for (row, exists) in [(Reaction::Json(200, lead(501, 51)), true), (empty(), false)] {
        let (_fake, amo, _) = ready(move |seen| match seen.header("x-context-user-id") {
            Some(_) => Reaction::Json(401, json!({})),
            None => row.clone(),
        })
        .await;
        let access = amo.access(UserId(9002), DealId(501)).await.unwrap();
        assert_eq!(
            access,
            DealAccess {
                allowed: false,
                exists,
                responsible: None,
                contacts: Vec::new(),
            }
        );
    }
}

#[tokio::test]
async fn a_refused_token_is_no_verdict_on_the_user() {
    let (_fake, amo, _) = ready(|_| Reaction::Json(401, json!({}))).await;
    let error = amo.access(UserId(9002), DealId(501)).await.unwrap_err();
    assert!(
        matches!(error, CallError::Refused { status: 401, .. }),
        "{error:?}"
    );
}

#[tokio::test]
async fn what_a_user_may_see_is_kept_for_five_minutes_and_no_longer_though_the_crm_be_down() {
    let is_down = Arc::new(std::sync::atomic::AtomicBool::new(false));
    let down = Arc::clone(&is_down);
    let (_fake, amo, clock) = crm_with(move |_| {
        if down.load(std::sync::atomic::Ordering::SeqCst) {
            Reaction::HangUp
        } else {
            Reaction::Json(200, lead(501, 51))
        }
    })
    .await;
    let allowed = amo.access(UserId(9002), DealId(501)).await.unwrap();
    is_down.store(true, std::sync::atomic::Ordering::SeqCst);
    clock.set(NOW_MS + 299_999);
    assert_eq!(amo.access(UserId(9002), DealId(501)).await, Ok(allowed));
    assert!(amo.access(UserId(9003), DealId(501)).await.is_err());
    clock.set(NOW_MS + 300_000);
    assert!(amo.access(UserId(9002), DealId(501)).await.is_err());
}

// --- catching up ------------------------------------------------------------------------------------------------------

#[tokio::test]
async fn design_5_6_deals_and_tasks_are_told_as_their_webhooks_tell_them() {
    for refuses_to_filter in [false, true] {
        let fake = Fake::new(move |seen| {
            if let Some(dictionary) = account(seen) {
                return dictionary;
            }
            let one_by_one = !seen.target.contains("filter");
            match seen.target.split('?').next().unwrap_or_default() {
                _ if refuses_to_filter && !one_by_one => {
                    Reaction::Json(400, json!({"status": 400}))
                }
                "/api/v4/leads" => page("leads", json!([lead(501, 52), lead(777, 51)])),
                "/api/v4/leads/501" => Reaction::Json(200, lead(501, 52)),
                "/api/v4/tasks" => page(
                    "tasks",
                    json!([closed_task(8, true), closed_task(9, false)]),
                ),
                "/api/v4/tasks/8" => Reaction::Json(200, closed_task(8, true)),
                "/api/v4/tasks/9" => Reaction::Json(200, closed_task(9, false)),
                _ => empty(),
            }
        })
        .await;
        let (amo, _) = amo(&fake.url);
        let read = |told: Vec<Envelope>| -> Vec<CrmHook> {
            let reader = WebhookReader::new(vec![amo.map()]);
            told.iter().map(|one| reader.amocrm(&one.body)).collect()
        };
        let deals = amo.deals(&[DealId(501), DealId(502)]).await.unwrap();
        assert!(deals.iter().all(|told| told.tenant == Some(31)));
        let deal = |id, stage: Option<&str>, field, by| CrmHook::Deal {
            deal: DealId(id),
            by,
            field,
            stage: stage.map(key),
            left: None,
        };
        assert_eq!(
            read(deals),
            [
                deal(501, Some("consulted"), Some(FieldValue::Waiting), None),
                deal(502, None, None, None),
            ],
            "one that is gone has to be looked at"
        );
        let tasks = amo.closed_tasks(&[TaskId(8), TaskId(9)]).await.unwrap();
        assert_eq!(
            read(tasks),
            [CrmHook::Task {
                task: TaskId(8),
                deal: Some(DealId(501)),
                done: true,
                by: Some(9002),
            }]
        );
    }
}

fn closed_task(id: i64, done: bool) -> Value {
    json!({"id": id, "entity_id": 501, "entity_type": "leads", "is_completed": done, "updated_by": 9002,
        "updated_at": NOW_S})
}

// --- looking, and changing nothing ---------------------------------------------------------------------------------------

/// What an inspection finds wrong, as `what: words`.
async fn wrong(amo: &AmoCrm) -> Vec<String> {
    let all = amo.inspect(HOOK).await.into_iter();
    all.filter(|checked| !checked.is_well())
        .map(|checked| format!("{}: {}", checked.what, checked.words))
        .collect()
}

#[tokio::test]
async fn an_inspection_of_a_prepared_account_finds_nothing_to_do_and_writes_nothing() {
    let hook = json!({"destination": HOOK, "disabled": false, "settings": [
        "update_lead", "status_lead", "responsible_lead", "delete_lead", "restore_lead", "add_lead",
        "update_contact", "add_contact"]});
    let (fake, amo, _) = crm_with(move |_| page("webhooks", json!([hook]))).await;
    assert_eq!(wrong(&amo).await, Vec::<String>::new());
    assert_eq!(amo.inspect(HOOK).await.len(), 6);
    assert!(fake.log().iter().all(|line| line.starts_with("GET ")));
}

#[tokio::test]
async fn an_inspection_says_what_is_wrong_with_a_webhook() {
    for (hook, words) in [
        (json!([]), "it is not subscribed"),
        (
            json!([{"destination": HOOK, "disabled": true}]),
            "has switched it off",
        ),
        (
            json!([{"destination": HOOK, "settings": ["update_lead"]}]),
            "it lacks status_lead, responsible_lead",
        ),
    ] {
        let (_fake, amo, _) = crm_with(move |_| page("webhooks", hook.clone())).await;
        let wrong = wrong(&amo).await;
        assert_eq!(wrong.len(), 1, "{wrong:?}");
        assert!(wrong[0].contains(words), "{wrong:?}");
    }
}

#[tokio::test]
async fn an_inspection_says_what_the_account_refuses_and_lacks() {
    for (status, words) in [
        (401, "Ключи и доступы"),
        (402, "not paid"),
        (403, "refuses every call"),
        (500, "check `subdomain`"),
    ] {
        let fake = Fake::always(Reaction::Json(status, json!({}))).await;
        let wrong = wrong(&amo(&fake.url).0).await;
        assert_eq!(wrong.len(), 1, "nothing else is asked: {wrong:?}");
        assert!(wrong[0].contains(words), "{wrong:?}");
    }
    let lacking = |seen: &Seen| match seen.target.split('?').next().unwrap_or_default() {
        "/api/v4/account" => Reaction::Json(200, json!({"id": 31})),
        "/api/v4/users" => Reaction::Json(403, json!({})),
        "/api/v4/leads/pipelines" => page(
            "pipelines",
            json!([{"id": 5, "name": "Брони", "is_main": true, "_embedded": {"statuses": [status(51, "Новая заявка")]}}]),
        ),
        _ => empty(),
    };
    let fake = Fake::new(lacking).await;
    let wrong = wrong(&amo(&fake.url).0).await;
    let said = |n: usize, words: &str| assert!(wrong[n].contains(words), "{wrong:?}");
    assert_eq!(wrong.len(), 4, "{wrong:?}");
    said(0, "rights: the token is not an administrator's");
    said(1, "lacks «проведена консультация », «Отказ»");
    said(2, "there is no «WhatsApp»");
    said(3, "webhook: it is not subscribed");
}
