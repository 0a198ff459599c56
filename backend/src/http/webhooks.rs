//! `POST /hooks/pact/{secret}` and `POST /hooks/amocrm/{secret}`: check the secret, store durably, answer. Nothing else
//! happens before the answer (DESIGN §5.1).

use super::state::Web;
use crate::error::StoreError;
use crate::flow::Received;
use axum::body::Bytes;
use axum::extract::{FromRequest, Path, Request, State};
use axum::http::StatusCode;
use std::sync::Arc;

/// The longest body, bytes.
pub(super) const BODY_BYTES: usize = 256 * 1024;

/// An event of Pact.
pub(super) async fn pact(
    State(web): State<Arc<Web>>,
    Path(secret): Path<String>,
    request: Request,
) -> StatusCode {
    let Some(site) = web.sites.of_pact(&secret) else {
        return refuse("pact");
    };
    let body = match whole_body(request).await {
        Ok(body) => body,
        Err(status) => return status,
    };
    answer("pact", web.flow.receive_pact(&site.tenant, body).await)
}

/// Events of amoCRM.
pub(super) async fn amocrm(
    State(web): State<Arc<Web>>,
    Path(secret): Path<String>,
    request: Request,
) -> StatusCode {
    let Some(site) = web.sites.of_amocrm(&secret) else {
        return refuse("amocrm");
    };
    let body = match whole_body(request).await {
        Ok(body) => body,
        Err(status) => return status,
    };
    answer("amocrm", web.flow.receive_amocrm(&site.tenant, body).await)
}

/// The body is read only after the secret was checked; 413 when it is too long.
async fn whole_body(request: Request) -> Result<Vec<u8>, StatusCode> {
    match Bytes::from_request(request, &()).await {
        Ok(body) => Ok(body.into()),
        Err(rejection) => Err(rejection.status()),
    }
}

fn refuse(provider: &'static str) -> StatusCode {
    count(provider, "refused");
    StatusCode::NOT_FOUND
}

/// A provider repeats anything but 2xx, so only what could not be stored is worth a repetition.
fn answer(provider: &'static str, received: Result<Received, StoreError>) -> StatusCode {
    let (outcome, status) = match received {
        Ok(Received::Stored) => ("stored", StatusCode::OK),
        Ok(Received::Duplicate) => ("duplicate", StatusCode::OK),
        Ok(Received::Foreign) => ("foreign", StatusCode::OK),
        Ok(Received::Unreadable) => ("unreadable", StatusCode::OK),
        Err(cause) => {
            tracing::error!(provider, %cause, "a webhook could not be stored");
            ("not_stored", StatusCode::SERVICE_UNAVAILABLE)
        }
    };
    count(provider, outcome);
    status
}

fn count(provider: &'static str, outcome: &'static str) {
    metrics::counter!("estafeta_hooks_total", "provider" => provider, "outcome" => outcome)
        .increment(1);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::fake::{self, call, post};
    use std::sync::atomic::Ordering;

    #[test]
    fn only_what_was_not_stored_is_worth_a_repetition() {
        for received in [
            Received::Stored,
            Received::Duplicate,
            Received::Foreign,
            Received::Unreadable,
        ] {
            assert_eq!(answer("pact", Ok(received)), 200, "{received:?}");
        }
        let full = Err(StoreError::Database("disk full".to_owned()));
        assert_eq!(answer("pact", full), 503);
    }

    #[tokio::test]
    async fn a_wrong_secret_finds_nothing_whatever_the_body() {
        let world = fake::World::new();
        for path in [
            "/hooks/pact/wrong",
            "/hooks/amocrm/wrong",
            "/hooks/pact/amo-hook-secret-0001",
            "/hooks/amocrm/pact-hook-secret-0001",
        ] {
            let huge = vec![b'x'; BODY_BYTES + 1];
            let response = call(&world, post(path, huge)).await;
            assert_eq!(response.status(), 404, "{path}");
        }
    }

    #[tokio::test]
    async fn a_body_over_256_kib_is_refused() {
        let world = fake::World::new();
        for path in [fake::PACT_HOOK, fake::AMO_HOOK] {
            let response = call(&world, post(path, vec![b'x'; BODY_BYTES + 1])).await;
            assert_eq!(response.status(), 413, "{path}");
        }
    }

    #[tokio::test]
    async fn whatever_a_body_says_it_is_acknowledged_once_it_is_stored() {
        let world = fake::World::new();
        for body in ["event", "event", "foreign", "broken"] {
            let response = call(&world, post(fake::PACT_HOOK, body.into())).await;
            assert_eq!(response.status(), 200, "{body}");
        }
        world.store.broken.store(true, Ordering::SeqCst);
        for body in ["another", "broken too"] {
            let response = call(&world, post(fake::PACT_HOOK, body.into())).await;
            assert_eq!(response.status(), 503, "{body}");
        }
    }
}
