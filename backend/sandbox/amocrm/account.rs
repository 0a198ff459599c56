//! The account, its users and its pipelines.

use serde_json::{Value, json};

use super::model::{ACCOUNT_ID, AMOJO_ID, Pipeline, SUBDOMAIN, Stage, TOKEN_USER, User};
use super::{dictionary, hal, link, problem};
use crate::http::{Call, Reply};
use crate::state::State;

pub(super) fn account(state: &State, call: &Call) -> Reply {
    let mut body = json!({
        "id": ACCOUNT_ID, "name": "Санаторий", "subdomain": SUBDOMAIN, "current_user_id": TOKEN_USER, "country": "RU",
        "currency": "RUB", "currency_symbol": "₽", "customers_mode": "disabled", "is_unsorted_on": state.crm.ways.unsorted,
        "is_loss_reason_enabled": true, "is_helpbot_enabled": false, "is_technical_account": false,
        "contact_name_display_order": 1, "mobile_feature_version": 0,
        "_links": link(state, "account"), "_embedded": {},
    });
    if call.with("amojo_id") {
        body["amojo_id"] = json!(AMOJO_ID);
    }
    if call.with("version") {
        body["version"] = json!(16);
    }
    if call.with("is_api_filter_enabled") {
        body["is_api_filter_enabled"] = json!(state.crm.ways.api_filter);
    }
    if call.with("drive_url") {
        body["drive_url"] = json!("https://drive-b.example.org");
    }
    if call.with("amojo_rights") {
        body["_embedded"]["amojo_rights"] = json!({"can_direct": true, "can_create_groups": true});
    }
    if call.with("entity_names") {
        body["_embedded"]["entity_names"] =
            json!({"leads": {"ru": {"gender": "f", "plural_form": {"dative": "сделкам"}}}});
    }
    if call.with("invoices_settings") {
        body["_embedded"]["invoices_settings"] = json!({"lang": null, "currency": null});
    }
    if call.with("users_groups") {
        body["_embedded"]["users_groups"] =
            json!([{"id": 0, "name": "Отдел продаж", "uuid": null}]);
    }
    if call.with("task_types") {
        let row = |kind: &super::model::TaskType| json!({"id": kind.id, "name": kind.name, "color": null, "icon_id": null, "code": kind.code});
        body["_embedded"]["task_types"] = state.crm.task_types.iter().map(row).collect();
    }
    if call.with("datetime_settings") {
        body["_embedded"]["datetime_settings"] = json!({
            "date_pattern": "d.m.Y H:i", "short_date_pattern": "d.m.Y", "time_format": "H:i:s",
            "timezone": "Europe/Moscow", "timezone_offset": "+03:00",
        });
    }
    hal(&body)
}

pub(super) fn users(state: &State, call: &Call) -> Reply {
    let rows: Vec<Value> = state
        .crm
        .users
        .iter()
        .map(|user| shown_user(state, call, user))
        .collect();
    dictionary(state, "users", "users", &rows)
}

pub(super) fn user(state: &State, call: &Call, id: &str) -> Reply {
    match id.parse().ok().and_then(|id| state.crm.user(id)) {
        Some(user) => hal(&shown_user(state, call, user)),
        None => problem(404, "Not Found", "User not found"),
    }
}

fn shown_user(state: &State, call: &Call, user: &User) -> Value {
    let all = json!({"view": "A", "edit": "A", "add": "A", "delete": "A", "export": "A"});
    let leads = json!({"view": user.leads, "edit": user.leads, "add": "A", "delete": user.leads, "export": "A"});
    let mut body = json!({
        "id": user.id, "name": user.name, "email": format!("user{}@example.org", user.id), "lang": "ru",
        "rights": {
            "leads": leads, "contacts": all, "companies": all, "tasks": {"edit": "A", "delete": "A"},
            "mail_access": false, "catalog_access": false, "is_admin": user.is_admin, "is_free": false,
            "is_active": user.is_active, "group_id": null, "role_id": null, "status_rights": null,
        },
        "_links": link(state, &format!("users/{}", user.id)), "_embedded": {},
    });
    for (name, value) in [
        ("amojo_id", json!(user.amojo_id)),
        ("uuid", json!(user.amojo_id)),
        ("user_rank", Value::Null),
        ("phone_number", Value::Null),
    ] {
        if call.with(name) {
            body[name] = value;
        }
    }
    if call.with("role") {
        body["_embedded"]["roles"] = json!([]);
    }
    if call.with("group") {
        body["_embedded"]["groups"] = json!([{"id": 0, "name": "Отдел продаж"}]);
    }
    body
}

pub(super) fn shown_pipeline(state: &State, pipeline: &Pipeline, sort: i64) -> Value {
    json!({
        "id": pipeline.id, "name": pipeline.name, "sort": sort, "is_main": pipeline.is_main,
        "is_unsorted_on": state.crm.ways.unsorted,
        "is_archive": false, "account_id": ACCOUNT_ID,
        "_links": link(state, &format!("leads/pipelines/{}", pipeline.id)),
        "_embedded": {"statuses": shown_stages(state, pipeline)},
    })
}

pub(super) fn shown_stages(state: &State, pipeline: &Pipeline) -> Vec<Value> {
    // The unsorted stage is there even where unsorted is switched off.
    let unsorted = Stage {
        id: pipeline.unsorted_stage(),
        name: "Неразобранное".into(),
        color: "#c1c1c1".into(),
    };
    let shown = |stage: &Stage, sort: i64, kind: i64| {
        let editable = kind == 0 && stage.id > super::model::LOST;
        let sort = match stage.id {
            super::model::WON => 10_000,
            super::model::LOST => 11_000,
            _ => sort,
        };
        json!({
            "id": stage.id, "name": stage.name, "sort": sort, "is_editable": editable, "pipeline_id": pipeline.id,
            "color": stage.color, "type": kind, "account_id": ACCOUNT_ID,
            "_links": link(state, &format!("leads/pipelines/{}/statuses/{}", pipeline.id, stage.id)),
        })
    };
    let ordinary = (2..)
        .zip(&pipeline.stages)
        .map(|(place, stage)| shown(stage, place * 10, 0));
    std::iter::once(shown(&unsorted, 10, 1))
        .chain(ordinary)
        .collect()
}
