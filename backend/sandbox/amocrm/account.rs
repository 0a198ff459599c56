//! The account, its users and its pipelines.

use serde_json::{Value, json};

use super::model::{ACCOUNT_ID, AMOJO_ID, Pipeline, SUBDOMAIN, Stage, TOKEN_USER, User};
use super::{dictionary, hal, link, problem};
use crate::http::{Call, Reply};
use crate::state::State;

pub(super) fn account(state: &State, call: &Call) -> Reply {
    let mut body = json!({
        "id": ACCOUNT_ID, "name": "Санаторий", "subdomain": SUBDOMAIN, "current_user_id": TOKEN_USER, "country": "RU",
        "currency": "RUB", "currency_symbol": "₽", "customers_mode": "disabled", "is_unsorted_on": false,
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
        body["is_api_filter_enabled"] = json!(false);
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

pub(super) fn users(state: &State) -> Reply {
    let rows: Vec<Value> = state
        .crm
        .users
        .iter()
        .map(|user| shown_user(state, user))
        .collect();
    dictionary(state, "users", "users", &rows)
}

pub(super) fn user(state: &State, id: &str) -> Reply {
    match id.parse().ok().and_then(|id| state.crm.user(id)) {
        Some(user) => hal(&shown_user(state, user)),
        None => problem(404, "Not Found", "User not found"),
    }
}

fn shown_user(state: &State, user: &User) -> Value {
    let all = json!({"view": "A", "edit": "A", "add": "A", "delete": "A", "export": "A"});
    json!({
        "id": user.id, "name": user.name, "email": format!("user{}@example.org", user.id), "lang": "ru",
        "amojo_id": user.amojo_id,
        "rights": {
            "leads": all, "contacts": all, "companies": all, "tasks": {"edit": "A", "delete": "A"},
            "mail_access": false, "catalog_access": false, "is_admin": user.is_admin, "is_free": false,
            "is_active": user.is_active, "group_id": null, "role_id": null, "status_rights": null,
        },
        "_links": link(state, &format!("users/{}", user.id)),
    })
}

pub(super) fn pipelines(state: &State) -> Reply {
    let rows: Vec<Value> = (1..)
        .zip(&state.crm.pipelines)
        .map(|(sort, pipeline)| shown_pipeline(state, pipeline, sort))
        .collect();
    dictionary(state, "leads/pipelines", "pipelines", &rows)
}

pub(super) fn pipeline(state: &State, id: &str) -> Reply {
    match id.parse().ok().and_then(|id| state.crm.pipeline(id)) {
        Some(pipeline) => hal(&shown_pipeline(state, pipeline, 1)),
        None => problem(404, "Not Found", "Pipeline not found"),
    }
}

pub(super) fn statuses(state: &State, id: &str) -> Reply {
    match id.parse().ok().and_then(|id| state.crm.pipeline(id)) {
        Some(pipeline) => dictionary(
            state,
            &format!("leads/pipelines/{id}/statuses"),
            "statuses",
            &shown_stages(state, pipeline),
        ),
        None => problem(404, "Not Found", "Pipeline not found"),
    }
}

fn shown_pipeline(state: &State, pipeline: &Pipeline, sort: i64) -> Value {
    json!({
        "id": pipeline.id, "name": pipeline.name, "sort": sort, "is_main": pipeline.is_main, "is_unsorted_on": false,
        "is_archive": false, "account_id": ACCOUNT_ID,
        "_links": link(state, &format!("leads/pipelines/{}", pipeline.id)),
        "_embedded": {"statuses": shown_stages(state, pipeline)},
    })
}

fn shown_stages(state: &State, pipeline: &Pipeline) -> Vec<Value> {
    // The unsorted stage is there even where unsorted is switched off.
    let unsorted = Stage {
        id: 40_100_000 + (pipeline.id - 5_100_001) * 100 + 1,
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
