//! `/healthz`: the process runs. `/readyz`: it can take events, that is, the store answers and the workers work.
//!
//! CRM or channel being down is shown, but does not make the process unready: events are taken all the same.

use super::state::Web;
use crate::flow::{Provider, Tenant};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde_json::{Value, json};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use widget_core::ids::DialogId;

/// The process runs.
pub(super) async fn alive() -> Json<Value> {
    Json(json!({ "alive": true }))
}

/// Whether events can be taken.
pub(super) async fn ready(State(web): State<Arc<Web>>) -> (StatusCode, Json<Value>) {
    let store = store_answers(&web).await;
    let accounts: Vec<Value> = web
        .sites
        .iter()
        .map(|site| {
            json!({
                "account": site.tenant.account,
                "prepared": site.prepared.load(Ordering::Relaxed),
                "refused": refused(&site.tenant),
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
    let Some(site) = web.sites.iter().next() else {
        return false;
    };
    let nobody = DialogId("readyz".to_owned());
    match web.flow.store.dialog(site.tenant.account, &nobody).await {
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
    async fn every_answer_names_its_request() {
        let world = World::new();
        let answer = call(&world, get("/healthz")).await;
        assert!(answer.headers().contains_key("x-request-id"));
    }
}
