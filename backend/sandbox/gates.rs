//! Gates: each holds one request, before the stand-in sees it or before its answer leaves, until it is opened. By them
//! a test says what happens while a call is under way.

use serde_json::{Value, json};
use tokio::sync::watch;

use crate::Sandbox;
use crate::control::{Given, Refused, bad, missing, service};
use crate::faults::Service;
use crate::http::Call;
use crate::state::State;

/// Where a request is held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// It has arrived, and nothing has come of it.
    Request,
    /// It has taken effect, what follows of it goes its way, and the caller has no answer.
    Answer,
}

/// One gate. It takes the first request that fits, and no other.
#[derive(Debug)]
struct Gate {
    id: u64,
    service: Service,
    method: Option<String>,
    /// How the request's path ends.
    path: Option<String>,
    place: Place,
    /// A request stands before it, or has.
    held: bool,
    open: watch::Sender<bool>,
}

/// All gates since the start.
#[derive(Debug, Default)]
pub(crate) struct Gates(Vec<Gate>);

impl Gates {
    /// The gate that this request stops at.
    fn take(
        &mut self,
        service: Service,
        call: &Call,
        place: Place,
    ) -> Option<watch::Receiver<bool>> {
        let gate = self.0.iter_mut().find(|gate| {
            let method = gate.method.as_deref();
            let path = gate.path.as_deref();
            !gate.held
                && !*gate.open.borrow()
                && (gate.service, gate.place) == (service, place)
                && method.is_none_or(|method| call.method == method)
                && path.is_none_or(|path| call.whole_path.ends_with(path))
        })?;
        gate.held = true;
        Some(gate.open.subscribe())
    }
}

impl Sandbox {
    /// Waits while a gate holds this request.
    pub(crate) async fn pass_gate(&self, service: Service, call: &Call, place: Place) {
        let held = self.with(|state| state.gates.take(service, call, place));
        if let Some(mut open) = held {
            // A gate that is gone holds nothing.
            let _ = open.wait_for(|open| *open).await;
        }
    }
}

fn shown(gate: &Gate) -> Value {
    json!({"id": gate.id, "held": gate.held, "open": *gate.open.borrow()})
}

/// `POST /sandbox/gates`.
pub(crate) fn close(state: &mut State, body: &Given) -> Result<Value, Refused> {
    let place = match body.text("at")? {
        None | Some("request") => Place::Request,
        Some("answer") => Place::Answer,
        Some(_) => return Err(bad("`at` is request or answer.")),
    };
    let gate = Gate {
        id: state.gates.0.len() as u64 + 1,
        service: service(body.needed_text("service")?)?,
        method: body.text("method")?.map(str::to_owned),
        path: body.text("path")?.map(str::to_owned),
        place,
        held: false,
        open: watch::channel(false).0,
    };
    let answer = shown(&gate);
    state.gates.0.push(gate);
    Ok(answer)
}

/// `GET /sandbox/gates/{id}`.
pub(crate) fn show(state: &State, id: &str) -> Result<Value, Refused> {
    let gate = state.gates.0.iter().find(|gate| gate.id.to_string() == id);
    gate.map(shown)
        .ok_or_else(|| missing(format!("There is no gate {id}.")))
}

/// `DELETE /sandbox/gates/{id}`: it holds nothing any more.
pub(crate) fn open(state: &State, id: &str) -> Result<Value, Refused> {
    let gate = state.gates.0.iter().find(|gate| gate.id.to_string() == id);
    let gate = gate.ok_or_else(|| missing(format!("There is no gate {id}.")))?;
    gate.open.send_replace(true);
    Ok(shown(gate))
}
