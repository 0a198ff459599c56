//! The settings' calls.

use super::state::Refusal;
use super::wire;
use crate::api::{Call, Client, code_of, json};
use js_sys::{Array, JSON, Object, Reflect, Uint8Array};
use wasm_bindgen::{JsCast, JsValue};
use widget_core::knowledge::BaseFile;
use widget_core::understand::take_in;
use widget_core::wire::knowledge::{
    KnowledgeFound, KnowledgeMissed, KnowledgeSaved, KnowledgeView,
};
use widget_core::wire::policy::{Checks, PolicySaved, PolicyView};
use widget_core::wire::versions::Versions;

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
    pub(super) async fn policy_versions(&self) -> Result<Versions, Refusal> {
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
            body: body(&[("toml", toml.into())]),
            ..Call::new("PUT", "/api/v1/policy".to_owned())
        };
        self.asks(call, wire::saved).await
    }

    /// The newest version of the knowledge base, or a certain one.
    ///
    /// # Errors
    /// Why there is none.
    pub(super) async fn base(&self, version: Option<i64>) -> Result<KnowledgeView, Refusal> {
        let path = match version {
            None => "/api/v1/knowledge".to_owned(),
            Some(version) => format!("/api/v1/knowledge/versions/{version}"),
        };
        self.asks(Call::new("GET", path), wire::base).await
    }

    /// All its versions.
    ///
    /// # Errors
    /// Why there are none.
    pub(super) async fn base_versions(&self) -> Result<Versions, Refusal> {
        let path = "/api/v1/knowledge/versions".to_owned();
        self.asks(Call::new("GET", path), wire::versions).await
    }

    /// Guests' questions that found nothing in it.
    ///
    /// # Errors
    /// Why nothing is known of them.
    pub(super) async fn missed(&self) -> Result<KnowledgeMissed, Refusal> {
        let path = "/api/v1/knowledge/missed".to_owned();
        self.asks(Call::new("GET", path), wire::missed).await
    }

    /// What a question finds, in the newest version or in these files.
    ///
    /// # Errors
    /// Why nothing is known of it.
    pub(super) async fn finds(
        &self,
        question: &str,
        files: Option<Vec<BaseFile>>,
    ) -> Result<KnowledgeFound, Refusal> {
        let files = files.map_or(JsValue::NULL, listed);
        let call = Call {
            body: body(&[("question", question.into()), ("files", files)]),
            ..Call::new("POST", "/api/v1/knowledge/preview".to_owned())
        };
        self.asks(call, wire::found).await
    }

    /// Stores a knowledge base over the version that was seen.
    ///
    /// # Errors
    /// Why it was not stored.
    pub(super) async fn put_base(
        &self,
        files: Vec<BaseFile>,
        over: i64,
    ) -> Result<KnowledgeSaved, Refusal> {
        let call = Call {
            epoch: u64::try_from(over).ok(),
            body: body(&[("files", listed(files))]),
            ..Call::new("PUT", "/api/v1/knowledge".to_owned())
        };
        self.asks(call, wire::base_saved).await
    }

    /// Brings the weights of the reader of texts. Whether texts can be read now.
    pub(super) async fn reader(&self) -> bool {
        let came = self.host.reader().await;
        let bytes = came
            .ok()
            .and_then(|came| came.dyn_into::<Uint8Array>().ok());
        bytes.is_some_and(|bytes| take_in(&bytes.to_vec()))
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

/// The wire's `BaseFile`s.
fn listed(files: Vec<BaseFile>) -> JsValue {
    let files = files.into_iter().map(|file| {
        let object = object(&[("name", file.name.into()), ("text", file.text.into())]);
        object.unwrap_or(JsValue::NULL)
    });
    files.collect::<Array>().into()
}

/// An object as a body of JSON.
fn body(fields: &[(&str, JsValue)]) -> Option<JsValue> {
    JSON::stringify(&object(fields)?).ok().map(JsValue::from)
}

fn object(fields: &[(&str, JsValue)]) -> Option<JsValue> {
    let object = JsValue::from(Object::new());
    for (name, value) in fields {
        Reflect::set(&object, &(*name).into(), value).ok()?;
    }
    Some(object)
}
