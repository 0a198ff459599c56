use super::*;
use crate::adapters::amocrm::{Access, AmoConfig, AmoCrm, FieldNames, Names, TaskTypes};
use crate::adapters::fake::{Fake, Reaction};
use crate::clock::SetClock;
use crate::ports::{Crm, Left};
use secrecy::SecretString;
use serde_json::json;
use std::sync::Arc;
use widget_core::event::FieldValue;
use widget_core::ids::{ContactId, DealId, StageKey, TaskId};

fn amo(url: &str, account: i64) -> AmoCrm {
    let config = AmoConfig {
        endpoint: url.to_owned(),
        account,
        access: Access::Token(SecretString::from("t")),
        pipeline: None,
        limited: false,
        names: Names {
            stages: vec![(StageKey::from("new"), "Новая заявка".to_owned())],
            first_stage: StageKey::from("new"),
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
    AmoCrm::new(config, Arc::new(SetClock::new(1))).unwrap()
}

/// A reader of one account (31) that has been prepared.
async fn reader() -> WebhookReader {
    let fake = Fake::new(|seen| {
        let body = match seen.target.split('?').next().unwrap_or_default() {
            "/api/v4/account" => json!({"id": 31}),
            "/api/v4/leads/pipelines" => json!({"_embedded": {"pipelines": [{"id": 5, "is_main": true,
                "_embedded": {"statuses": [{"id": 51, "name": "Новая заявка"}, {"id": 52, "name": "Иное"}]}}]}}),
            "/api/v4/leads/custom_fields" => json!({"_embedded": {"custom_fields": [{"id": 3301,
                "code": "DIALOG_OWNER", "enums": [{"id": 1, "code": "bot"}, {"id": 2, "code": "waiting"},
                    {"id": 3, "code": "manager"}]}]}}),
            _ => json!({}),
        };
        Reaction::Json(200, body)
    })
    .await;
    let amo = amo(&fake.url, 31);
    amo.prepare("https://us.example.org/h").await.unwrap();
    WebhookReader::new(vec![amo.map()])
}

fn heard(reader: &WebhookReader, body: &str) -> Vec<CrmHook> {
    let envelopes = reader.amocrm_envelopes(body.as_bytes()).unwrap();
    envelopes.iter().map(|e| reader.amocrm(&e.body)).collect()
}

const ACCOUNT: &str =
    "&account[subdomain]=hotel&account[id]=31&account[_links][self]=https%3A%2F%2Fhotel";

#[tokio::test]
async fn a_deal_with_its_stage_and_field() {
    let reader = reader().await;
    let lead = "leads[update][0][id]=501&leads[update][0][pipeline_id]=5&leads[update][0][modified_user_id]=9001";
    let field = "leads[update][0][custom_fields][0]";
    for (rest, by_stage, value) in [
        (
            format!("&leads[update][0][status_id]=51&{field}[id]=3301&{field}[values][0][enum]=2"),
            Some("new"),
            Some(FieldValue::Waiting),
        ),
        (
            format!(
                "&leads[update][0][status_id]=52&{field}[id]=3301&{field}[values][0][value]=%D0%91%D0%BE%D1%82"
            ),
            None,
            Some(FieldValue::Bot),
        ),
        (
            format!(
                "&{field}[code]=DIALOG_OWNER&{field}[values][0]=%D0%9C%D0%B5%D0%BD%D0%B5%D0%B4%D0%B6%D0%B5%D1%80"
            ),
            None,
            Some(FieldValue::Manager),
        ),
        (
            format!("&{field}[id]=77&{field}[values][0][value]=x"),
            None,
            Some(FieldValue::Empty),
        ),
        (
            format!(
                "&{field}[id]=3301&{field}[values][0][value]=%D0%9A%D1%82%D0%BE&{field}[values][0][enum]=99"
            ),
            None,
            Some(FieldValue::Manager),
        ),
        (String::new(), None, Some(FieldValue::Empty)),
    ] {
        let hooks = heard(&reader, &format!("{lead}{rest}{ACCOUNT}"));
        assert_eq!(
            hooks,
            [CrmHook::Deal {
                deal: DealId(501),
                by: Some(9001),
                field: value,
                stage: by_stage.map(StageKey::from),
                left: None,
            }],
            "{rest}"
        );
    }
}

#[tokio::test]
async fn several_items_are_several_events_each_with_its_own_key() {
    let reader = reader().await;
    let body = format!(
        "leads[status][0][id]=1&leads[status][1][id]=2&task[update][0][id]=8&task[update][0][element_id]=1\
         &task[update][0][element_type]=2&task[update][0][status]=1&task[update][0][modified_user_id]=0{ACCOUNT}"
    );
    let envelopes = reader.amocrm_envelopes(body.as_bytes()).unwrap();
    assert_eq!(envelopes.len(), 3);
    assert!(
        envelopes
            .iter()
            .all(|e| e.tenant == Some(31) && e.conversation.is_none())
    );
    let mut keys: Vec<_> = envelopes.iter().map(|e| e.dedup_key.clone()).collect();
    keys.sort();
    keys.dedup();
    assert_eq!(keys.len(), 3);
    assert_eq!(
        reader.amocrm_envelopes(body.as_bytes()).unwrap(),
        envelopes,
        "the same body, the same keys"
    );
    assert_eq!(
        heard(&reader, &body)[2],
        CrmHook::Task {
            task: TaskId(8),
            deal: Some(DealId(1)),
            done: true,
            by: Some(0),
        }
    );
}

#[tokio::test]
async fn the_same_item_alone_and_in_company_has_one_key() {
    let reader = reader().await;
    let key = |body: &str| {
        reader
            .amocrm_envelopes(body.as_bytes())
            .unwrap()
            .pop()
            .unwrap()
            .dedup_key
    };
    assert_eq!(
        key("leads[update][0][id]=2&leads[update][0][price]=5"),
        key("leads[update][0][id]=1&leads[update][1][price]=5&leads[update][1][id]=2"),
    );
    assert_ne!(key("leads[update][0][id]=2"), key("leads[status][0][id]=2"));
}

#[tokio::test]
async fn an_outgoing_message_in_both_spellings_of_its_deal() {
    let reader = reader().await;
    let root = "outgoing_message[add][0]";
    let common = format!(
        "{root}[id]=m-1&{root}[contact_id]=7001&{root}[text]=%D0%94%D0%B0+%26amp%3B&{root}[created_at]=1763000100\
         &{root}[author][user_id]=9001&{root}[author][name]=%D0%9E%D0%BB%D1%8C%D0%B3%D0%B0+%26amp%3B+%D0%9A%D0%BE"
    );
    for (deal, id) in [
        (
            format!("&{root}[element_type]=2&{root}[element_id]=501"),
            Some(501),
        ),
        (
            format!("&{root}[entity_type]=lead&{root}[entity_id]=501"),
            Some(501),
        ),
        (
            format!("&{root}[element_type]=1&{root}[element_id]=7001"),
            None,
        ),
        (String::new(), None),
    ] {
        assert_eq!(
            heard(&reader, &format!("{common}{deal}{ACCOUNT}")),
            [CrmHook::Outgoing {
                message: "m-1".to_owned(),
                deal: id.map(DealId),
                contact: Some(ContactId(7001)),
                user: 9001,
                author: "Ольга & Ко".to_owned(),
                text: "Да &amp;".to_owned(),
                at: 1_763_000_100_000,
            }]
        );
    }
}

#[tokio::test]
async fn the_rest_needs_nothing() {
    let reader = reader().await;
    for body in [
        "message[add][0][id]=m&message[add][0][type]=incoming",
        "contacts[update][0][id]=7001",
        "talk[update][0][talk_id]=1",
        "unsorted[add][0][uid]=u",
        "leads[note][0][note][id]=1",
        "leads[update][0][name]=without-id",
        "task[delete][0][id]=1",
        "outgoing_message[add][0][text]=without-id",
    ] {
        assert_eq!(heard(&reader, body), [CrmHook::Other], "{body}");
    }
    for stored in [
        &b""[..],
        b"{}",
        b"[]",
        b"null",
        b"{\"kind\":\"leads.update\",\"item\":[]}",
        b"\xff",
    ] {
        assert_eq!(reader.amocrm(stored), CrmHook::Other);
    }
}

#[tokio::test]
async fn a_deleted_deal_is_a_hint_without_a_stage() {
    let reader = reader().await;
    let body = format!(
        "leads[delete][0][id]=501&leads[delete][0][status_id]=51&leads[delete][0][pipeline_id]=5{ACCOUNT}"
    );
    assert_eq!(
        heard(&reader, &body),
        [CrmHook::Deal {
            deal: DealId(501),
            by: None,
            field: None,
            stage: None,
            left: None,
        }]
    );
}

#[tokio::test]
async fn promise_6_separate_one_accounts_stages_never_name_anothers() {
    let reader = reader().await;
    let body = "leads[update][0][id]=501&leads[update][0][pipeline_id]=5&leads[update][0][status_id]=51&account[id]=32";
    assert_eq!(
        heard(&reader, body),
        [CrmHook::Deal {
            deal: DealId(501),
            by: None,
            field: None,
            stage: None,
            left: None,
        }]
    );
}

#[test]
fn a_pact_body_goes_its_own_way() {
    let reader = WebhookReader::default();
    assert!(reader.pact_envelope(b"a=b").is_err());
    assert_eq!(
        reader.pact(b"a=b"),
        ChannelHook::Ignored("malformed".to_owned())
    );
}

#[tokio::test]
async fn design_5_4_a_move_names_the_stage_that_the_deal_left() {
    let reader = reader().await;
    let lead =
        "leads[status][0][id]=501&leads[status][0][pipeline_id]=5&leads[status][0][status_id]=52";
    for (old, left) in [
        (
            "&leads[status][0][old_status_id]=51",
            Some(Left(Some(StageKey::from("new")))),
        ),
        (
            "&leads[status][0][old_status_id]=99&leads[status][0][old_pipeline_id]=5",
            Some(Left(None)),
        ),
        (
            "&leads[status][0][old_status_id]=51&leads[status][0][old_pipeline_id]=4",
            Some(Left(None)),
        ),
        ("", None),
    ] {
        let hooks = heard(&reader, &format!("{lead}{old}{ACCOUNT}"));
        let [CrmHook::Deal { left: told, .. }] = &hooks[..] else {
            panic!("one deal: {hooks:?}");
        };
        assert_eq!(*told, left, "{old}");
    }
}
