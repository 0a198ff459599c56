//! The backend's API: the only module that does HTTP.

use crate::host::Host;
use crate::read::{self, Node};
use crate::store::{Act, Failure, Fresh};
use js_sys::JSON;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{AbortSignal, Headers, RequestInit, Response};
use widget_core::ids::{DealId, DialogId};
use widget_core::wire::{ActionAnswer, Session};

/// An answer is waited for so long, ms. `take` itself may wait 2 s for a text that is being sent.
const PATIENCE: u32 = 12_000;

/// A client of one card.
#[derive(Clone)]
pub struct Client {
    /// Opens sessions.
    pub host: Host,
    /// The backend, without a slash at the end.
    pub origin: String,
}

struct Call<'a> {
    method: &'a str,
    path: String,
    epoch: Option<u64>,
    body: Option<JsValue>,
}

impl Client {
    /// The dialogs of a deal.
    ///
    /// # Errors
    /// Every failure as the card explains it.
    pub async fn dialogs(&self, deal: DealId) -> Result<Fresh, Failure> {
        let (session, data) = self
            .call(Call {
                method: "GET",
                path: format!("/api/v1/deals/{deal}/dialogs"),
                epoch: None,
                body: None,
            })
            .await?;
        Ok(Fresh {
            me: session.user,
            protocol: session.protocol,
            data: read::deal_dialogs(&data).ok_or_else(odd)?,
        })
    }

    /// Sends an action. `epoch` is that of the dialog which the manager saw.
    ///
    /// # Errors
    /// 409 carries the dialog as it is now.
    pub async fn act(
        &self,
        dialog: &DialogId,
        epoch: u64,
        act: Act,
    ) -> Result<ActionAnswer, Failure> {
        let (verb, body) = match act {
            Act::Take => ("take", None),
            Act::Undo => ("undo", None),
            Act::Dismiss => ("dismiss", None),
            Act::Return(note) => ("return", Some(return_request(note)?)),
        };
        let (_, answer) = self
            .call(Call {
                method: "POST",
                path: format!("/api/v1/dialogs/{dialog}/{verb}"),
                epoch: Some(epoch),
                body,
            })
            .await?;
        read::action_answer(&answer).ok_or_else(odd)
    }

    /// One call; a session that has run out is renewed once.
    async fn call(&self, call: Call<'_>) -> Result<(Session, JsValue), Failure> {
        let mut session = self.session(None).await?;
        let mut response = self.fetch(&call, &session).await?;
        if response.status() == 401 {
            session = self.session(Some(&session.token)).await?;
            response = self.fetch(&call, &session).await?;
        }
        if !response.ok() {
            return Err(refused(&response).await);
        }
        let answer = json(&response).await.ok_or_else(odd)?;
        Ok((session, answer))
    }

    async fn session(&self, stale: Option<&str>) -> Result<Session, Failure> {
        match self.host.session(stale).await {
            Ok(session) => read::session(&session).ok_or_else(odd),
            Err(problem) => Err(session_refused(&problem)),
        }
    }

    async fn fetch(&self, call: &Call<'_>, session: &Session) -> Result<Response, Failure> {
        let request = RequestInit::new();
        request.set_method(call.method);
        request.set_signal(Some(&AbortSignal::timeout_with_u32(PATIENCE)));
        let headers = Headers::new().map_err(lost)?;
        let bearer = format!("Bearer {}", session.token);
        headers.set("Authorization", &bearer).map_err(lost)?;
        if let Some(epoch) = call.epoch {
            headers.set("If-Match", &epoch.to_string()).map_err(lost)?;
        }
        if let Some(body) = &call.body {
            headers
                .set("Content-Type", "application/json")
                .map_err(lost)?;
            request.set_body(body);
        }
        request.set_headers(&headers);
        let url = format!("{}{}", self.origin, call.path);
        let window = web_sys::window().ok_or_else(|| failure(Failure::UNREACHABLE))?;
        let response = JsFuture::from(window.fetch_with_str_and_init(&url, &request))
            .await
            .map_err(lost)?;
        response.dyn_into().map_err(lost)
    }
}

/// The wire's `ReturnRequest`.
fn return_request(note: Option<String>) -> Result<JsValue, Failure> {
    let note = note.map_or(JsValue::NULL, JsValue::from);
    let note = JSON::stringify(&note).map_err(lost)?;
    Ok(format!("{{\"note\":{}}}", String::from(note)).into())
}

async fn json(response: &Response) -> Option<JsValue> {
    JsFuture::from(response.json().ok()?).await.ok()
}

async fn refused(response: &Response) -> Failure {
    let retry_after = response
        .headers()
        .get("Retry-After")
        .ok()
        .flatten()
        .and_then(|seconds| seconds.parse().ok());
    let problem = json(response).await.and_then(|json| read::problem(&json));
    let code = problem.as_ref().map_or_else(
        || code_of(response.status()).to_owned(),
        |problem| problem.code.clone(),
    );
    let words = problem.as_ref().map_or("", |problem| &problem.title);
    Failure {
        code,
        detail: format!("{} {words}", response.status()),
        dialog: problem.and_then(|problem| problem.dialog),
        retry_after,
    }
}

/// The code of an answer that carries none: a proxy's page.
fn code_of(status: u16) -> &'static str {
    match status {
        403 => "forbidden",
        426 => "version_mismatch",
        429 => "rate_limited",
        502..=504 => "unavailable",
        _ => "internal",
    }
}

/// What the shell rejects with: status and code.
fn session_refused(problem: &JsValue) -> Failure {
    let code = problem.get("code").and_then(|code| code.text());
    Failure {
        code: code.unwrap_or_else(|| "token_refused".to_owned()),
        detail: "session".to_owned(),
        ..Failure::default()
    }
}

/// A call that brought no answer: the network, or our own patience.
#[allow(clippy::needless_pass_by_value)] // the shape that `map_err` wants
fn lost(error: JsValue) -> Failure {
    let name = error.get("name").and_then(|name| name.text());
    let timed_out = name.is_some_and(|name| name == "TimeoutError");
    failure(if timed_out {
        Failure::TIMEOUT
    } else {
        Failure::UNREACHABLE
    })
}

/// An answer of another shape than the wire's.
fn odd() -> Failure {
    failure("internal")
}

fn failure(code: &str) -> Failure {
    Failure {
        code: code.to_owned(),
        ..Failure::default()
    }
}
