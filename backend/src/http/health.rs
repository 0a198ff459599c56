//! `/healthz`: the process runs. `/readyz`: it can take events, that is, the store answers and the workers work.
//!
//! CRM or channel being down is shown, but does not make the process unready: events are taken all the same.

use super::state::{Site, Web};
use crate::flow::{Provider, Tenant};
use crate::ports::Standing;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde_json::{Value, json};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use widget_core::ids::{AccountId, DialogId};

/// The process runs.
pub(super) async fn alive() -> Json<Value> {
    Json(json!({ "alive": true }))
}

/// Whether events can be taken.
pub(super) async fn ready(State(web): State<Arc<Web>>) -> (StatusCode, Json<Value>) {
    let store = store_answers(&web).await;
    let accounts: Vec<Value> = web
        .sites
        .all()
        .iter()
        .map(|site| {
            json!({
                "account": site.tenant.account,
                "prepared": site.prepared.load(Ordering::Relaxed),
                "refused": refused(&site.tenant),
                "amocrm": standing(site),
            })
        })
        .collect();
    let workers = web.flow.is_at_work();
    let ready = store && workers;
    let status = if ready {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    };
    let body = json!({ "ready": ready, "store": store, "workers": workers, "accounts": accounts });
    (status, Json(body))
}

/// How the account stands with amoCRM, and what to do about it.
fn standing(site: &Site) -> Value {
    const TO_DO: &str =
        "open the link that `estafeta connect` prints, as an administrator of the account";
    let Some(connection) = &site.connection else {
        return json!({ "connection": "token" });
    };
    match connection.standing() {
        Standing::Connected => json!({ "connection": "connected" }),
        Standing::NotConnected => json!({ "connection": "not_connected", "to_do": TO_DO }),
        Standing::NeedsReauth { why, until } => {
            json!({ "connection": "needs_reauth", "why": why, "works_until": until, "to_do": TO_DO })
        }
    }
}

/// Which providers refuse the whole account, with which status and since when (unix ms): what needs them is held.
fn refused(tenant: &Tenant) -> Value {
    let refused = Provider::ALL.into_iter().filter_map(|provider| {
        let shut = tenant.lines.to(provider).shut()?;
        let told = json!({ "status": shut.status, "since": shut.since });
        Some((provider.name().to_owned(), told))
    });
    Value::Object(refused.collect())
}

/// Reads one row that need not be there.
async fn store_answers(web: &Web) -> bool {
    // Before the first account is set up the store answers for nobody.
    let first = web.sites.all().first();
    let account = first.map_or(AccountId(0), |site| site.tenant.account);
    let nobody = DialogId("readyz".to_owned());
    match web.flow.store.dialog(account, &nobody).await {
        Ok(_) => true,
        Err(cause) => {
            tracing::error!(%cause, "the store does not answer");
            false
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::http::fake::{World, call, get, json};
    use std::sync::atomic::Ordering;

    #[tokio::test]
    async fn a_process_whose_store_fails_lives_but_is_not_ready() {
        let world = World::new();
        assert_eq!(call(&world, get("/readyz")).await.status(), 200);
        world.store.broken.store(true, Ordering::SeqCst);
        let answer = call(&world, get("/readyz")).await;
        assert_eq!(answer.status(), 503);
        assert_eq!(json(answer).await["ready"], false);
        assert_eq!(call(&world, get("/healthz")).await.status(), 200);
    }

    #[tokio::test]
    async fn an_account_that_has_to_be_connected_anew_is_told_with_what_to_do() {
        let world = World::new();
        let answer = call(&world, get("/readyz")).await;
        assert_eq!(answer.status(), 200, "events are taken all the same");
        let told = json(answer).await;
        let of = |n: usize| told["accounts"][n]["amocrm"].clone();
        assert_eq!(of(0)["connection"], "needs_reauth");
        assert_eq!(of(0)["why"], "it was revoked");
        assert!(of(0)["to_do"].to_string().contains("estafeta connect"));
        assert_eq!(of(1)["connection"], "token");
    }

    #[tokio::test]
    async fn header_injection_a_callers_request_id_cannot_make_a_header_of_ours() {
        let world = World::new();
        for hostile in [&b"a\xff\xfeb"[..], b"%0d%0aSet-Cookie:%20a=b", b"\tx"] {
            let mut request = get("/healthz");
            let value = axum::http::HeaderValue::from_bytes(hostile).unwrap();
            request.headers_mut().insert("x-request-id", value.clone());
            let answer = call(&world, request).await;
            assert_eq!(answer.status(), 200);
            assert_eq!(
                answer.headers()["x-request-id"],
                value,
                "as it was, and alone"
            );
            assert!(!answer.headers().contains_key("set-cookie"));
        }
        assert!(axum::http::HeaderValue::from_bytes(b"a\r\nSet-Cookie: a=b").is_err());
    }

    #[tokio::test]
    async fn every_answer_names_its_request() {
        let world = World::new();
        let answer = call(&world, get("/healthz")).await;
        assert!(answer.headers().contains_key("x-request-id"));
    }
}
