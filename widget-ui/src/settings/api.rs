//! The settings' calls.

use super::state::Refusal;
use super::wire;
use crate::api::{Call, Client, code_of, json};
use js_sys::JSON;
use wasm_bindgen::JsValue;
use widget_core::wire::policy::{Checks, PolicySaved, PolicyVersions, PolicyView};

impl Client {
    /// The newest version of the policy, or a certain one.
    ///
    /// # Errors
    /// Why there is none.
    pub(super) async fn policy(&self, version: Option<i64>) -> Result<PolicyView, Refusal> {
        let path = match version {
            None => "/api/v1/policy".to_owned(),
            Some(version) => format!("/api/v1/policy/versions/{version}"),
        };
        self.asks(Call::new("GET", path), wire::view).await
    }

    /// All versions.
    ///
    /// # Errors
    /// Why there are none.
    pub(super) async fn policy_versions(&self) -> Result<PolicyVersions, Refusal> {
        let path = "/api/v1/policy/versions".to_owned();
        self.asks(Call::new("GET", path), wire::versions).await
    }

    /// Whether everything that the account needs is there.
    ///
    /// # Errors
    /// Why nothing is known of it.
    pub(super) async fn checks(&self) -> Result<Checks, Refusal> {
        let path = "/api/v1/checks".to_owned();
        self.asks(Call::new("GET", path), wire::checks).await
    }

    /// Stores a policy over the version that was seen.
    ///
    /// # Errors
    /// Why it was not stored.
    pub(super) async fn put_policy(&self, toml: &str, over: i64) -> Result<PolicySaved, Refusal> {
        let call = Call {
            epoch: u64::try_from(over).ok(),
            body: policy_text(toml),
            ..Call::new("PUT", "/api/v1/policy".to_owned())
        };
        self.asks(call, wire::saved).await
    }

    async fn asks<T>(&self, call: Call<'_>, read: fn(&JsValue) -> Option<T>) -> Result<T, Refusal> {
        let answer = self.response(&call).await;
        let response = answer.map_err(|failure| Refusal::Code(failure.code))?;
        let body = json(&response).await;
        if response.ok() {
            let read = body.and_then(|body| read(&body));
            return read.ok_or_else(|| Refusal::Code("internal".to_owned()));
        }
        let problem = body.and_then(|body| wire::problem(&body));
        Err(match problem {
            Some(problem) => Refusal::Problem(Box::new(problem)),
            None => Refusal::Code(code_of(response.status()).to_owned()),
        })
    }
}

/// The wire's `PolicyText`.
fn policy_text(toml: &str) -> Option<JsValue> {
    let toml = JSON::stringify(&toml.into()).ok()?;
    Some(format!("{{\"toml\":{}}}", String::from(toml)).into())
}
