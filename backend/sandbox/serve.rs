//! The way of a request through a stand-in: record, meet the faults, answer, keep.

use std::time::Duration;

use axum::body::{Body, to_bytes};
use axum::http::Request;
use axum::response::{IntoResponse, Response};
use serde_json::json;

use crate::faults::{Fault, Kind, Service};
use crate::gates::Place;
use crate::http::{Call, Reply, cut_connection};
use crate::state::State;
use crate::{Sandbox, amocrm, bot, pact};

const BODY_LIMIT: usize = 16 * 1024 * 1024;
const SLOW_MS: u64 = 3000;
const TIMEOUT_MS: u64 = 60_000;

/// Serves one request of `service`, whose paths begin with `below`.
pub(crate) async fn handle(
    service: Service,
    below: &'static str,
    sandbox: Sandbox,
    request: Request<Body>,
) -> Response {
    let (parts, body) = request.into_parts();
    let Ok(body) = to_bytes(body, BODY_LIMIT).await else {
        return Reply::empty(413).into_response();
    };
    let call = Call::new(parts, body, below);
    let number = sandbox.with(|state| state.called(service, &call));
    if let Some(fault) = sandbox.with(|state| state.strike(service, Kind::OF_REQUESTS)) {
        match fault.kind {
            Kind::Refuse => return cut_connection(),
            Kind::Timeout => {
                tokio::time::sleep(Duration::from_millis(fault.ms.unwrap_or(TIMEOUT_MS))).await;
                return cut_connection();
            }
            Kind::Slow => {
                // The request is accepted even if the caller does not wait: the rest runs in a task of its own.
                let pause = Duration::from_millis(fault.ms.unwrap_or(SLOW_MS));
                let late = tokio::spawn(async move {
                    tokio::time::sleep(pause).await;
                    answer(&sandbox, service, call, number).await
                });
                return late.await.unwrap_or_else(|_| cut_connection());
            }
            _ => {
                let reply = refusal(service, &fault);
                sandbox.with(|state| state.answered(number, reply.status));
                return named(reply);
            }
        }
    }
    // What was held takes effect even if the caller does not wait for it.
    let held = tokio::spawn(async move {
        sandbox.pass_gate(service, &call, Place::Request).await;
        answer(&sandbox, service, call, number).await
    });
    held.await.unwrap_or_else(|_| cut_connection())
}

async fn answer(sandbox: &Sandbox, service: Service, call: Call, number: u64) -> Response {
    let is_send = is_send(service, &call);
    let reply = match service {
        Service::Amocrm if call.is_read() => sandbox.with(|state| amocrm::answer(state, &call)),
        Service::Amocrm => sandbox.change(|state| amocrm::answer(state, &call)),
        Service::Pact => pact::answer(sandbox, &call).await,
        Service::Bot if call.whole_path.starts_with("/openai/") => {
            match bot::openai::answer(sandbox, &call) {
                bot::openai::Completion::Answered(reply) => reply,
                bot::openai::Completion::Cut => return cut_connection(),
            }
        }
        Service::Bot => bot::answer(sandbox, &call).await,
    };
    if !call.is_read() {
        sandbox.keep().await;
    }
    sandbox.pass_gate(service, &call, Place::Answer).await;
    if is_send
        && reply.status < 300
        && sandbox
            .with(|state| state.strike(service, &[Kind::LostResponse]))
            .is_some()
    {
        return cut_connection();
    }
    sandbox.with(|state| state.answered(number, reply.status));
    named(reply)
}

/// An answer with an id of its own, as every one of the providers has.
fn named(reply: Reply) -> Response {
    let mut response = reply.into_response();
    if let Ok(id) = uuid::Uuid::new_v4().simple().to_string().parse() {
        response.headers_mut().insert("x-request-id", id);
    }
    response
}

/// Requests whose lost answer hurts: texts to guests, writes to the CRM, turns of the bot.
fn is_send(service: Service, call: &Call) -> bool {
    match service {
        Service::Pact => {
            call.method == "POST" && call.path.last().is_some_and(|last| last == "messages")
        }
        Service::Amocrm => {
            call.method != "GET" && call.path.first().is_none_or(|first| first != "webhooks")
        }
        Service::Bot => call.method == "POST",
    }
}

fn refusal(service: Service, fault: &Fault) -> Reply {
    let wait_s = fault.ms.unwrap_or(2000).div_ceil(1000).max(1);
    match (fault.kind, service) {
        (Kind::HtmlBody, _) => Reply::html(
            200,
            "<!DOCTYPE html><html><body><h1>Technical works</h1></body></html>",
        ),
        (Kind::Http429, Service::Pact) => pact::error(
            429,
            "too_many_requests",
            &format!("Please wait for {wait_s} seconds"),
        ),
        (Kind::Http402, Service::Pact) => {
            pact::error(402, "payment_required", "The company is not paid")
        }
        (Kind::Http403, Service::Pact) => pact::error(403, "forbidden", "Access denied"),
        (Kind::TokenRevoked, Service::Pact) => pact::error(401, "unauthorized", "Invalid token"),
        (Kind::Http429, Service::Amocrm) => {
            Reply::html(429, "<html><body>429 Too Many Requests</body></html>")
        }
        (Kind::Http403, Service::Amocrm) => {
            amocrm::problem(403, "Forbidden", "Access to the API is denied")
        }
        (Kind::TokenRevoked, Service::Amocrm) => {
            amocrm::problem(401, "Unauthorized", "Token has been revoked")
        }
        (Kind::Http500, Service::Amocrm) => {
            amocrm::problem(500, "Internal Server Error", "Try again later")
        }
        (Kind::Http500, Service::Pact) => {
            pact::error(500, "internal_server_error", "Something went wrong")
        }
        (kind, _) => {
            let status = match kind {
                Kind::Http429 => 429,
                Kind::Http403 => 403,
                Kind::Http402 => 402,
                Kind::TokenRevoked => 401,
                _ => 500,
            };
            Reply::json(
                status,
                "application/json",
                &json!({"error": "fault of the sandbox"}),
            )
        }
    }
}

impl State {
    /// Whether the hook of the next send has to arrive before the answer to it.
    pub(crate) fn hook_comes_first(&mut self) -> bool {
        self.strike(Service::Pact, &[Kind::HookBeforeResponse])
            .is_some()
    }
}
