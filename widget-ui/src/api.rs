//! The backend's API: the only module that does HTTP.

use crate::host::Host;
use crate::read::{self, Node};
use crate::sse::{Event, Reader};
use crate::store::{Act, Failure, Fresh, Heard};
use js_sys::{Function, JSON, Math, Uint8Array};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{AbortSignal, Headers, ReadableStreamDefaultReader, RequestInit, Response};
use widget_core::ids::{DealId, DialogId};
use widget_core::wire::{ActionAnswer, History, Session};

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

/// One call of the API.
pub(crate) struct Call<'a> {
    pub(crate) method: &'a str,
    pub(crate) path: String,
    /// `If-Match`.
    pub(crate) epoch: Option<u64>,
    pub(crate) body: Option<JsValue>,
    /// `Last-Event-ID`.
    pub(crate) known: Option<&'a str>,
    /// Ends it; without one it ends after [`PATIENCE`].
    pub(crate) signal: Option<&'a AbortSignal>,
}

impl<'a> Call<'a> {
    pub(crate) fn new(method: &'a str, path: String) -> Self {
        Self {
            method,
            path,
            epoch: None,
            body: None,
            known: None,
            signal: None,
        }
    }
}

/// One of the browser's places for streams, given back when dropped.
struct Place(Function);

impl Drop for Place {
    fn drop(&mut self) {
        // A place that cannot be given back is given back when the tab closes.
        let _ = self.0.call0(&JsValue::NULL);
    }
}

impl Client {
    /// The dialogs of a deal.
    ///
    /// # Errors
    /// Every failure as the card explains it.
    pub async fn dialogs(&self, deal: DealId) -> Result<Fresh, Failure> {
        let (session, data) = self
            .call(Call::new("GET", format!("/api/v1/deals/{deal}/dialogs")))
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
            Act::NoTouch => ("no_touch", None),
            Act::Exclude => ("exclude", None),
            Act::Include => ("include", None),
            Act::Return(note) => ("return", Some(return_request(note)?)),
        };
        let (_, answer) = self
            .call(Call {
                epoch: Some(epoch),
                body,
                ..Call::new("POST", format!("/api/v1/dialogs/{dialog}/{verb}"))
            })
            .await?;
        read::action_answer(&answer).ok_or_else(odd)
    }

    /// Who led a dialog.
    ///
    /// # Errors
    /// Every failure as the card explains it.
    pub async fn history(&self, dialog: &DialogId) -> Result<History, Failure> {
        let path = format!("/api/v1/dialogs/{dialog}/history");
        let (_, answer) = self.call(Call::new("GET", path)).await?;
        read::history(&answer).ok_or_else(odd)
    }

    /// Listens to what happens to the dialogs of a deal until the stream is over or `signal` ends it; `hear` is told
    /// everything, its end too. `known` names the state that the card shows.
    pub async fn listen(
        &self,
        deal: DealId,
        known: Option<String>,
        signal: &AbortSignal,
        hear: impl Fn(Heard),
    ) {
        let renewed = self.listen_on(deal, known, signal, &hear).await;
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // below 256
        let dice = (Math::random() * 256.0) as u8;
        hear(Heard::Ended {
            renewed: renewed.unwrap_or(false),
            dice,
        });
    }

    /// Whether the stream ended because its session did, and a new session is open.
    async fn listen_on(
        &self,
        deal: DealId,
        known: Option<String>,
        signal: &AbortSignal,
        hear: impl Fn(Heard),
    ) -> Option<bool> {
        let place: Function = self.host.place().await.ok()?.dyn_into().ok()?;
        let _place = Place(place);
        let call = Call {
            known: known.as_deref(),
            signal: Some(signal),
            ..Call::new("GET", format!("/api/v1/deals/{deal}/events"))
        };
        let (session, response) = self.answer(&call).await.ok()?;
        let reader: ReadableStreamDefaultReader = response.body()?.get_reader().dyn_into().ok()?;
        let mut events = Reader::default();
        loop {
            let piece = JsFuture::from(reader.read()).await.ok()?;
            let bytes: Uint8Array = piece.get("value")?.dyn_into().ok()?;
            hear(Heard::Alive);
            for event in events.take_in(&bytes.to_vec()) {
                if event.name == "renew" {
                    return Some(self.session(Some(&session.token)).await.is_ok());
                }
                hear(shown(&session, event)?);
            }
        }
    }

    /// One call; a session that has run out is renewed once.
    async fn call(&self, call: Call<'_>) -> Result<(Session, JsValue), Failure> {
        let (session, response) = self.answer(&call).await?;
        let answer = json(&response).await.ok_or_else(odd)?;
        Ok((session, answer))
    }

    async fn answer(&self, call: &Call<'_>) -> Result<(Session, Response), Failure> {
        let mut session = self.session(None).await?;
        let mut response = self.fetch(call, &session).await?;
        if response.status() == 401 {
            session = self.session(Some(&session.token)).await?;
            response = self.fetch(call, &session).await?;
        }
        if !response.ok() {
            return Err(refused(&response).await);
        }
        Ok((session, response))
    }

    /// Whatever the backend answers, refusals included. Beside [`Self::answer`] and not below it: one more future there
    /// would be paid for by every card.
    #[cfg(feature = "settings")]
    pub(crate) async fn response(&self, call: &Call<'_>) -> Result<Response, Failure> {
        let session = self.session(None).await?;
        let response = self.fetch(call, &session).await?;
        if response.status() != 401 {
            return Ok(response);
        }
        let session = self.session(Some(&session.token)).await?;
        self.fetch(call, &session).await
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
        match call.signal {
            Some(signal) => request.set_signal(Some(signal)),
            None => request.set_signal(Some(&AbortSignal::timeout_with_u32(PATIENCE))),
        }
        let headers = Headers::new().map_err(lost)?;
        let bearer = format!("Bearer {}", session.token);
        headers.set("Authorization", &bearer).map_err(lost)?;
        if let Some(epoch) = call.epoch {
            headers.set("If-Match", &epoch.to_string()).map_err(lost)?;
        }
        if let Some(known) = call.known {
            headers.set("Last-Event-ID", known).map_err(lost)?;
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

/// An event in the card's words; `None` if it is of another shape than the wire's.
fn shown(session: &Session, event: Event) -> Option<Heard> {
    let data = JSON::parse(&event.data).ok()?;
    Some(Heard::Shown {
        state: event.id,
        fresh: Fresh {
            me: session.user,
            protocol: session.protocol,
            data: read::deal_dialogs(&data)?,
        },
    })
}

/// The wire's `ReturnRequest`.
fn return_request(note: Option<String>) -> Result<JsValue, Failure> {
    let note = note.map_or(JsValue::NULL, JsValue::from);
    let note = JSON::stringify(&note).map_err(lost)?;
    Ok(format!("{{\"note\":{}}}", String::from(note)).into())
}

/// The answer's body; `None` if it is no JSON.
pub(crate) async fn json(response: &Response) -> Option<JsValue> {
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
        // Only a session is refused for it.
        setup: None,
    }
}

/// The code of an answer that carries none: a proxy's page.
pub(crate) fn code_of(status: u16) -> &'static str {
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
        setup: read::unfinished(problem).map(Box::new),
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
pub(crate) fn odd() -> Failure {
    failure("internal")
}

fn failure(code: &str) -> Failure {
    Failure {
        code: code.to_owned(),
        ..Failure::default()
    }
}
