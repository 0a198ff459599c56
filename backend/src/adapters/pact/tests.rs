use super::*;
use crate::adapters::fake::{Fake, Reaction};
use crate::ports::ChannelHook;
use widget_core::understand::AttachmentKind;

pub(super) fn pact(url: &str) -> Pact {
    Pact::new(PactConfig {
        endpoint: format!("{url}/api/p2"),
        company: 5001,
        token: SecretString::from("secret-token"),
    })
    .unwrap()
}

fn thread() -> ConversationId {
    ConversationId::from("700100")
}

async fn sent(reaction: Reaction) -> Result<MessageId, CallError> {
    let fake = Fake::always(reaction).await;
    let result = pact(&fake.url).send(&thread(), "Здравствуйте!").await;
    assert_eq!(fake.seen().len(), 1, "one call, whatever comes back");
    result
}

#[tokio::test]
async fn a_send_answers_the_id_of_the_message() {
    for (status, body) in [
        (200, json!({"message": {"id": 900_510, "status": "sent"}})),
        (201, json!({"message": {"id": "900510"}})),
        (200, json!({"data": {"message": {"id": 900_510}}})),
        (200, json!({"id": 900_510})),
    ] {
        let id = sent(Reaction::Json(status, body.clone())).await;
        assert_eq!(id, Ok(MessageId::from("900510")), "{body}");
    }
}

#[tokio::test]
async fn a_send_goes_to_the_conversation_with_the_token_in_the_header() {
    let fake = Fake::always(Reaction::Json(200, json!({"message": {"id": 1}}))).await;
    pact(&fake.url).send(&thread(), "Да").await.unwrap();
    let seen = &fake.seen()[0];
    assert!(seen.is("POST", "/api/p2/conversations/700100/messages"));
    assert_eq!(seen.header("x-private-api-token"), Some("secret-token"));
    assert_eq!(
        seen.body,
        json!({"company_id": 5001, "text": "Да", "send_to_crm": true})
    );
}

#[tokio::test]
async fn a_conversation_id_cannot_leave_its_place_in_the_path() {
    let fake = Fake::always(Reaction::Json(200, json!({"message": {"id": 1}}))).await;
    let odd = ConversationId::from("../../companies/1?x=#");
    pact(&fake.url).send(&odd, "Да").await.unwrap();
    let target = fake.seen()[0].target.clone();
    assert!(target.starts_with("/api/p2/conversations/"), "{target}");
    assert!(target.ends_with("/messages"), "{target}");
}

#[tokio::test]
async fn promise_3_nothing_twice_a_send_that_may_have_left_is_unknown() {
    for reaction in [
        Reaction::HangUp,
        Reaction::BreakOff,
        Reaction::Json(500, json!({"errors": []})),
        Reaction::Body(502, Vec::new(), "<html>".to_owned()),
        Reaction::Body(200, Vec::new(), "<html>".to_owned()),
        Reaction::Json(200, json!({"status": "ok"})),
        Reaction::Body(204, Vec::new(), String::new()),
    ] {
        let result = sent(reaction.clone()).await;
        let is_unknown = matches!(result, Err(CallError::Unknown { .. }));
        assert!(is_unknown, "{reaction:?}: {result:?}");
    }
}

#[tokio::test]
async fn promise_3_nothing_twice_a_send_that_never_left_may_be_repeated() {
    let result = pact(&Fake::nobody().await).send(&thread(), "Да").await;
    assert!(matches!(
        result,
        Err(CallError::Retry { after_ms: None, .. })
    ));
}

#[tokio::test]
async fn a_429_is_repeated_after_the_seconds_in_its_words() {
    for (detail, after) in [
        (json!("Please wait for 50 seconds"), 50_000),
        (json!("slow down"), 60_000),
        (json!(null), 60_000),
        (json!("wait 999999999999999999999999 s"), 60_000),
    ] {
        let body = json!({"errors": [{"status": 429, "detail": detail}]});
        let result = sent(Reaction::Json(429, body)).await;
        let Err(CallError::Retry { after_ms, .. }) = result else {
            panic!("{detail}: {result:?}");
        };
        assert_eq!(after_ms, Some(after), "{detail}");
    }
    let html = sent(Reaction::Body(429, Vec::new(), "<html>".to_owned())).await;
    assert!(matches!(
        html,
        Err(CallError::Retry {
            after_ms: Some(60_000),
            ..
        })
    ));
}

#[tokio::test]
async fn a_refusal_is_final_and_says_nothing_of_the_guest() {
    for status in [400, 401, 402, 403, 404, 410, 418, 422] {
        let body = json!({"errors": [{"detail": "Anna +79000000001 secret-token"}]});
        let error = sent(Reaction::Json(status, body)).await.unwrap_err();
        assert!(matches!(&error, CallError::Refused { status: s, .. } if *s == status));
        let said = error.to_string();
        for hidden in ["Anna", "7900", "secret", "Здрав", "127.0.0.1"] {
            assert!(!said.contains(hidden), "{said}");
        }
    }
}

#[tokio::test]
async fn prepare_makes_a_webhook_and_switches_it_on() {
    let fake = Fake::new(|seen| match seen.method.as_str() {
        "GET" => Reaction::Json(
            200,
            json!({"webhooks": [{"id": 1, "url": "https://x/", "active": true}]}),
        ),
        "POST" => Reaction::Json(201, json!({"webhook": {"id": 2, "active": false}})),
        _ => Reaction::Json(200, json!({})),
    })
    .await;
    let found = pact(&fake.url).prepare("https://us/hook").await;
    assert_eq!(found, Ok(HookFound::Missing));
    let list = "/api/p2/companies/5001/webhooks";
    assert_eq!(
        fake.log(),
        [
            format!("GET {list}"),
            format!("POST {list}"),
            format!("PUT {list}/2")
        ]
    );
    assert_eq!(fake.seen()[1].body, json!({"url": "https://us/hook"}));
    assert_eq!(fake.seen()[2].body, json!({"active": true}));
}

#[tokio::test]
async fn prepare_leaves_a_working_webhook_and_wakes_a_sleeping_one() {
    for (active, calls, found) in [(true, 1, HookFound::Active), (false, 2, HookFound::Off)] {
        let fake = Fake::always(Reaction::Json(
            200,
            json!({"webhooks": [{"id": 2, "url": "https://us/hook", "active": active}]}),
        ))
        .await;
        assert_eq!(pact(&fake.url).prepare("https://us/hook").await, Ok(found));
        assert_eq!(fake.seen().len(), calls);
    }
}

fn row(id: i64, second: i64) -> Value {
    json!({"id": id, "conversation_id": 700_100, "income": false, "message": format!("№ {id}"),
        "external_created_at": format!("2026-11-20T08:{:02}:{:02}Z", second / 60, second % 60)})
}

#[tokio::test]
async fn messages_are_read_leniently() {
    let fake = Fake::always(Reaction::Json(
        200,
        json!({"messages": [row(2, 2), {"id": null}, "odd", row(1, 1)], "meta": {"per_page": 150}}),
    ))
    .await;
    let messages = pact(&fake.url).messages(&thread()).await.unwrap();
    let ids: Vec<_> = messages.iter().map(|m| m.id.0.as_str()).collect();
    assert_eq!(ids, ["2", "1"]);
    assert_eq!(messages[0].text.as_deref(), Some("№ 2"));
    assert!(fake.log()[0].ends_with("/messages?company_id=5001"));
}

#[tokio::test]
async fn promise_3_nothing_twice_a_message_that_failed_does_not_count_as_sent() {
    let with = |id: i64, status: &str, income: bool| {
        let mut row = row(id, id);
        row["status"] = json!(status);
        row["income"] = json!(income);
        row
    };
    let rows = [
        with(4, "error", false),
        with(3, "sent", false),
        with(2, "error", true),
        row(1, 1),
    ];
    let fake = Fake::always(Reaction::Json(200, json!({"messages": rows}))).await;
    let messages = pact(&fake.url).messages(&thread()).await.unwrap();
    let ids: Vec<_> = messages.iter().map(|m| m.id.0.as_str()).collect();
    assert_eq!(
        ids,
        ["3", "2", "1"],
        "what the guest wrote is never left out"
    );
}

#[tokio::test]
async fn where_the_oldest_come_first_the_newest_are_found_on_the_last_page() {
    let fake = Fake::new(|seen| {
        let page: i64 = seen
            .target
            .split("page=")
            .nth(1)
            .and_then(|page| page.parse().ok())
            .unwrap_or(1);
        let first = (page - 1) * 3;
        let last = (first + 3).min(7);
        let rows: Vec<Value> = (first..last).map(|id| row(id + 1, id)).collect();
        Reaction::Json(200, json!({"messages": rows, "meta": {"per_page": 3}}))
    })
    .await;
    let messages = pact(&fake.url).messages(&thread()).await.unwrap();
    assert!(messages.iter().any(|m| m.id == MessageId::from("7")));
    assert_eq!(fake.seen().len(), 3);
}

#[tokio::test]
async fn the_guest_of_a_conversation() {
    let conversation = |phone: Value, group: bool| {
        json!({"conversation": {"id": 700_100, "sender_name": "Anna", "sender_phone": phone,
            "sender_external_id": "79000000009", "provider": "whatsapp", "group": group}})
    };
    for (body, phone) in [
        (
            conversation(json!("+7 900 000-00-01"), false),
            Some("79000000001"),
        ),
        (
            conversation(json!("89000000001"), false),
            Some("79000000001"),
        ),
        (
            conversation(json!(79_000_000_001_i64), false),
            Some("79000000001"),
        ),
        (conversation(Value::Null, false), None),
        (conversation(json!("79000000001"), true), None),
    ] {
        let fake = Fake::always(Reaction::Json(200, body.clone())).await;
        let guest = pact(&fake.url).guest(&thread()).await.unwrap();
        assert_eq!(guest.map(|guest| guest.phone).as_deref(), phone, "{body}");
    }
}

// --- webhooks ---------------------------------------------------------------------------------------------------------

fn event(event: &str, change: impl FnOnce(&mut Value)) -> Value {
    let mut body = json!({"event": event, "type": "message", "object": {
        "id": 900_501, "external_id": "3EB0", "company_id": 5001, "conversation_id": 700_100, "contact_id": 440_010,
        "created_at": "2026-11-20T08:00:05.514Z", "external_created_at": "2026-11-20T08:00:05Z", "income": true,
        "status": "created", "message": "Есть номера на май?", "reactions": null, "details": null, "delivery": null,
        "contact": {"id": 440_010, "external_id": "79000000001", "name": "Anna", "phone": "+79000000001"},
        "conversation": {"id": 700_100, "company_id": 5001, "sender_name": "79000000001",
            "sender_phone": "+79000000001", "provider": "whatsapp", "group": false},
        "attachments": []}});
    change(&mut body["object"]);
    body
}

fn heard(body: &Value) -> ChannelHook {
    hook::read(body.to_string().as_bytes())
}

fn key(body: &Value) -> String {
    hook::envelope(body.to_string().as_bytes())
        .unwrap()
        .dedup_key
}

#[test]
fn a_guests_message() {
    let body = event("create", |_| {});
    let ChannelHook::Guest(message) = heard(&body) else {
        panic!("{:?}", heard(&body));
    };
    assert_eq!(message.id, MessageId::from("900501"));
    assert_eq!(message.conversation, thread());
    assert_eq!(message.at, 1_795_161_605_000);
    assert_eq!(message.text.as_deref(), Some("Есть номера на май?"));
    let guest = message.guest.unwrap();
    assert_eq!(guest.phone, "79000000001");
    assert_eq!(guest.name, None, "a bare phone is no name");
    assert_eq!(guest.provider, "whatsapp");
    let envelope = hook::envelope(body.to_string().as_bytes()).unwrap();
    assert_eq!(envelope.tenant, Some(5001));
    assert_eq!(envelope.conversation, Some(thread()));
    assert_eq!(envelope.dedup_key, "message/create/900501");
    assert_eq!(envelope.body, body.to_string().into_bytes());
}

#[test]
fn voice_and_nothing_are_messages_without_a_text() {
    let voice = event("create", |object| {
        object["message"] = Value::Null;
        object["attachments"] = json!([{"mime_type": "audio/ogg", "push_to_talk": true}]);
    });
    let nothing = event("create", |object| {
        object["message"] = json!("  ");
        object["attachments"] = Value::Null;
    });
    for (body, kind) in [
        (voice, AttachmentKind::Voice),
        (nothing, AttachmentKind::Other),
    ] {
        let ChannelHook::Guest(message) = heard(&body) else {
            panic!("{body}");
        };
        assert_eq!((message.text, message.attachments), (None, vec![kind]));
    }
}

#[test]
fn a_guest_without_a_phone_is_nobody_we_could_look_up() {
    let body = event("create", |object| {
        object["conversation"]["sender_phone"] = Value::Null;
        object["contact"]["phone"] = Value::Null;
    });
    let ChannelHook::Guest(message) = heard(&body) else {
        panic!("{body}");
    };
    assert_eq!(message.guest, None);
}

#[test]
fn what_the_companys_side_sent() {
    let bulk = event("create", |object| {
        object["income"] = json!(false);
        object["delivery"] = json!(true);
        object["contact"] =
            json!({"id": 77, "internal_id": 85_001, "name": "Санаторий", "phone": "79000000099"});
        object["conversation"]["sender_phone"] = Value::Null;
    });
    let ChannelHook::Outgoing(message) = heard(&bulk) else {
        panic!("{bulk}");
    };
    assert!(message.bulk);
    assert_eq!(message.guest, None, "our own phone is not the guest's");
}

#[test]
fn edits_deletions_and_verdicts() {
    let edited = event("update", |object| object["message"] = json!("на июнь"));
    assert!(
        matches!(heard(&edited), ChannelHook::GuestEdited(m) if m.text.as_deref() == Some("на июнь"))
    );
    let by_update = event("update", |object| object["deleted"] = json!(true));
    let by_event = event("delete", |object| object["income"] = Value::Null);
    for gone in [by_update, by_event] {
        assert!(
            matches!(heard(&gone), ChannelHook::GuestDeleted(_)),
            "{gone}"
        );
    }
    let verdict = |status: &str| {
        event("update", |object| {
            object["income"] = json!(false);
            object["status"] = json!(status);
            object["details"] = json!(["odd", {"shape": null}]);
            object["conversation"] = Value::Null;
        })
    };
    assert!(
        matches!(heard(&verdict("error")), ChannelHook::Undelivered(m) if m.conversation == thread())
    );
    for status in ["sent", "delivered", "read", "unheard-of"] {
        assert_eq!(
            heard(&verdict(status)),
            ChannelHook::Ignored("status".to_owned())
        );
    }
}

#[test]
fn what_needs_nothing_of_us() {
    for (body, label) in [
        (json!({"source": "pact.im", "operation": "test"}), "test"),
        (
            json!({"type": "message", "event": "new", "data": {"external_id": 900_501, "income": true}}),
            "v1",
        ),
        (
            json!({"type": "conversation", "event": "update", "object": {"id": 1}}),
            "conversation",
        ),
        (
            json!({"type": "auth", "event": "update", "object": {"id": 1, "state": "disabled"}}),
            "auth_disabled",
        ),
        (
            json!({"type": "sky", "event": "update", "object": {"id": 1}}),
            "type",
        ),
        (
            event("create", |object| {
                object["conversation"]["group"] = json!(true);
            }),
            "group",
        ),
        (
            event("create", |object| object["conversation"] = Value::Null),
            "untold",
        ),
        (
            event("create", |object| {
                object["conversation"] = json!({"id": 700_100, "sender_name": "Семья"});
            }),
            "untold",
        ),
        (
            event("create", |object| object["income"] = Value::Null),
            "incomplete",
        ),
        (
            event("create", |object| object["id"] = json!([])),
            "incomplete",
        ),
        (event("forget", |_| {}), "event"),
        (json!([1, 2]), "malformed"),
        (json!({}), "malformed"),
    ] {
        assert_eq!(
            heard(&body),
            ChannelHook::Ignored(label.to_owned()),
            "{body}"
        );
    }
}

#[test]
fn promise_3_nothing_twice_a_repeated_event_has_the_same_key_and_a_changed_one_another() {
    assert_eq!(
        key(&event("create", |_| {})),
        key(&event("create", |o| o["status"] = json!("read")))
    );
    assert_ne!(key(&event("create", |_| {})), key(&event("delete", |_| {})));
    let update = |text: &str| event("update", |object| object["message"] = json!(text));
    assert_eq!(key(&update("a")), key(&update("a")));
    assert_ne!(key(&update("a")), key(&update("b")));
    // The same id in v1's shape must not stand in the way of the v2 event.
    let v1 = json!({"type": "message", "event": "create", "data": {"external_id": 900_501}});
    assert_ne!(key(&v1), key(&event("create", |_| {})));
}

#[test]
fn a_group_makes_no_dialog() {
    let body = event("create", |object| {
        object["conversation"]["group"] = json!(true);
    });
    let envelope = hook::envelope(body.to_string().as_bytes()).unwrap();
    assert_eq!(envelope.conversation, None);
}

#[test]
fn a_message_that_may_be_of_a_group_makes_no_dialog_and_leaves_room_for_what_is_known_later() {
    let untold = event("create", |object| object["conversation"] = Value::Null);
    let envelope = hook::envelope(untold.to_string().as_bytes()).unwrap();
    assert_eq!(envelope.conversation, None);
    assert_eq!(envelope.tenant, Some(5001));
    assert_ne!(key(&untold), key(&event("create", |_| {})));
    assert_eq!(key(&untold), key(&untold));
    // A guest with a phone is one, though nothing is said of groups.
    let with_phone = event("create", |object| {
        object["conversation"] = json!({"id": 700_100, "sender_phone": "+79000000001"});
    });
    assert!(matches!(heard(&with_phone), ChannelHook::Guest(_)));
    // What changes or takes back a message names no guest.
    let edited = event("update", |object| object["conversation"] = Value::Null);
    let ChannelHook::GuestEdited(message) = heard(&edited) else {
        panic!("{:?}", heard(&edited));
    };
    assert_eq!(message.guest, None);
}

#[test]
fn hostile_bodies_are_answers_and_never_a_panic() {
    let deep = format!(
        "{{\"object\":{}1{}}}",
        "[".repeat(100_000),
        "]".repeat(100_000)
    );
    let bodies: [&[u8]; 9] = [
        b"",
        b"{",
        b"null",
        b"\"text\"",
        b"{\"object\":{}}",
        b"{\"type\":\"message\",\"event\":\"create\",\"object\":{\"id\":1e999}}",
        b"\xff\xfe{}",
        deep.as_bytes(),
        b"{\"type\":\"message\",\"event\":\"create\",\"object\":{\"id\":1,\"conversation_id\":{},\"income\":\"yes\"}}",
    ];
    for body in bodies {
        assert!(matches!(hook::read(body), ChannelHook::Ignored(_)));
        let _ = hook::envelope(body);
    }
    // Every field in turn becomes something else.
    let whole = event("create", |_| {});
    let fields: Vec<String> = whole["object"]
        .as_object()
        .unwrap()
        .keys()
        .cloned()
        .collect();
    for field in fields {
        for odd in [
            json!(null),
            json!([]),
            json!({}),
            json!(-1),
            json!("x"),
            json!(true),
            json!([[{}]]),
        ] {
            let body = event("create", |object| object[&field] = odd.clone());
            let _ = (heard(&body), hook::envelope(body.to_string().as_bytes()));
        }
    }
}

// --- catching up ------------------------------------------------------------------------------------------------------

fn listed(id: i64, changed: &str, group: bool) -> Value {
    json!({"id": id, "company_id": 5001, "sender_name": "Анна", "sender_phone": "79000000001", "provider": "whatsapp",
        "created_at": "2026-11-20T08:00:00.120Z", "last_updated_at": changed, "last_message_id": 900_501,
        "group": group})
}

#[tokio::test]
async fn design_5_6_conversations_are_listed_page_by_page() {
    let rows = [
        listed(700_100, "2026-11-20T08:00:05.514Z", false),
        listed(700_101, "2026-11-20T08:00:05Z", true),
    ];
    for (meta, last) in [
        (json!({"page": 2, "per_page": 2}), false),
        (
            json!({"page": 2, "per_page": 25, "entries_count": 25}),
            true,
        ),
        (json!(null), true),
    ] {
        let answer = json!({"conversations": rows, "meta": meta});
        let fake = Fake::always(Reaction::Json(200, answer)).await;
        let page = pact(&fake.url).threads(2).await.unwrap();
        assert_eq!(page.last, last, "{meta}");
        let seen = &fake.seen()[0];
        assert!(seen.target.contains("page=2"), "{}", seen.target);
        let [one, other] = &page.rows[..] else {
            panic!("two rows: {page:?}");
        };
        assert_eq!((one.id.clone(), one.group), (thread(), false));
        assert_eq!(one.changed_at, 1_795_161_605_514);
        assert_eq!(one.newest, Some(MessageId::from("900501")));
        let phone = one.guest.as_ref().map(|guest| guest.phone.as_str());
        assert_eq!(phone, Some("79000000001"));
        assert!(other.group);
    }
}

/// A message as the list has it, and as its webhook would.
fn of_both_ways(status: &str, income: bool) -> (Value, Value) {
    let row = json!({"id": 900_501, "external_id": "3EB0AA11BB22", "company_id": 5001, "conversation_id": 700_100,
        "created_at": "2026-11-20T08:00:05.514Z", "external_created_at": "2026-11-20T08:00:05.000Z",
        "income": income, "status": status, "message": "Есть ли места?", "attachments": []});
    let mut object = row.clone();
    object["conversation"] = listed(700_100, "2026-11-20T08:00:05.514Z", false);
    if income {
        object["contact"] = json!({"id": 440_010, "name": "Анна", "phone": "79000000001"});
    }
    let hook = json!({"event": "create", "type": "message", "object": object});
    (row, hook)
}

async fn found(row: Value) -> Written {
    let answer = json!({"messages": [row], "meta": {"per_page": 150}});
    let fake = Fake::new(move |seen| {
        if seen.is("GET", "/api/p2/conversations") {
            let rows = [listed(700_100, "2026-11-20T08:00:05.514Z", false)];
            Reaction::Json(200, json!({"conversations": rows}))
        } else {
            Reaction::Json(200, answer.clone())
        }
    })
    .await;
    let pact = pact(&fake.url);
    let threads = pact.threads(1).await.unwrap().rows;
    let page = pact.written(&threads[0], 1).await.unwrap();
    assert!(page.last);
    page.rows.into_iter().next().unwrap()
}

#[tokio::test]
async fn promise_3_nothing_twice_a_message_found_in_the_list_is_the_one_its_webhook_tells_of() {
    for income in [true, false] {
        let (row, hook) = of_both_ways("created", income);
        let found = found(row).await;
        assert_eq!(found.at, 1_795_161_605_000);
        assert_eq!(found.came_at, 1_795_161_605_514);
        let [told] = &found.told[..] else {
            panic!("one body: {found:?}");
        };
        let hook = hook.to_string();
        let (by_list, by_hook) = (hook::envelope(told), hook::envelope(hook.as_bytes()));
        let (by_list, by_hook) = (by_list.unwrap(), by_hook.unwrap());
        assert_eq!(by_list.dedup_key, by_hook.dedup_key);
        assert_eq!(by_list.conversation, by_hook.conversation);
        assert_eq!(by_list.tenant, Some(5001));
        assert_eq!(
            hook::read(told),
            hook::read(hook.as_bytes()),
            "income: {income}"
        );
    }
}

#[tokio::test]
async fn design_5_6_a_text_of_ours_that_was_not_delivered_is_told_as_such() {
    let (row, _) = of_both_ways("error", false);
    let found = found(row).await;
    let read: Vec<ChannelHook> = found.told.iter().map(|told| hook::read(told)).collect();
    assert!(
        matches!(
            &read[..],
            [ChannelHook::Outgoing(_), ChannelHook::Undelivered(_)]
        ),
        "{read:?}"
    );
}
