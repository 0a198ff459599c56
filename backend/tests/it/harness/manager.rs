//! A manager at the deal card: the calls that the card makes, without its screen.

use super::{World, until_some};
use reqwest::{Method, RequestBuilder, StatusCode};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use std::cell::RefCell;
use widget_core::owner::Owner;
use widget_core::wire::{ActionAnswer, DealDialogs, DialogView, Problem, Session};

/// A refused call.
#[derive(Debug)]
pub struct Refusal {
    pub status: StatusCode,
    pub problem: Problem,
}

/// A user of amoCRM.
pub struct Manager<'a> {
    pub(super) world: &'a World,
    pub user: i64,
    pub(super) bearer: RefCell<Option<String>>,
}

impl<'a> Manager<'a> {
    pub(super) fn new(world: &'a World, user: i64) -> Self {
        Self {
            world,
            user,
            bearer: RefCell::new(None),
        }
    }

    // --- sessions -------------------------------------------------------------------------------------------------

    /// A fresh one-time token, as amoCRM's `$authorizedAjax` gets it.
    pub async fn one_time_token(&self) -> String {
        let page = format!("{}/ajax/state/0?user={}", self.world.sandbox_url, self.user);
        let page = self.world.client.get(page).send().await.expect("an answer");
        let page: Value = page.json().await.expect("JSON");
        let client = page["widget"]["client_uuid"].as_str().expect("an id");
        let url = format!(
            "{}/ajax/v2/integrations/{client}/disposable_token?user={}",
            self.world.sandbox_url, self.user
        );
        let answer = self.world.client.get(url).send().await.expect("an answer");
        let body: Value = answer.json().await.expect("JSON");
        body["token"].as_str().expect("a token").to_owned()
    }

    /// Exchanges a one-time token.
    pub async fn opens_session(&self, token: &str) -> Result<Session, Refusal> {
        let request = self
            .request(Method::POST, "session")
            .header("X-Auth-Token", token);
        answer(request).await
    }

    /// The bearer of this manager's session, opened when first needed.
    pub async fn bearer(&self) -> String {
        if let Some(bearer) = self.bearer.borrow().clone() {
            return bearer;
        }
        // Right after a leap of the clock the backend may not have heard of it yet.
        let session = until_some("a session", async || {
            let token = self.one_time_token().await;
            match self.opens_session(&token).await {
                Ok(session) => Some(session),
                Err(refusal) => {
                    assert_eq!(refusal.problem.code, "clock_skew");
                    None
                }
            }
        })
        .await;
        assert_eq!(session.user.0, self.user);
        *self.bearer.borrow_mut() = Some(session.token.clone());
        session.token
    }

    pub(super) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let url = format!("{}/api/v1/{path}", self.world.serve_url);
        self.world.client.request(method, url)
    }

    async fn call<T: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        epoch: Option<u64>,
        body: Option<Value>,
    ) -> Result<T, Refusal> {
        let mut request = self.request(method, path).bearer_auth(self.bearer().await);
        if let Some(epoch) = epoch {
            request = request.header("If-Match", epoch.to_string());
        }
        if let Some(body) = body {
            request = request.json(&body);
        }
        answer(request).await
    }

    // --- looking --------------------------------------------------------------------------------------------------

    /// What the card of a deal shows.
    pub async fn sees(&self, deal: &Value) -> Result<DealDialogs, Refusal> {
        let path = format!("deals/{}/dialogs", deal["id"]);
        self.call(Method::GET, &path, None, None).await
    }

    /// The only dialog of the only deal of a phone, as soon as there is one. A session that is over is opened anew, and where
    /// the CRM refuses for its limit's sake it is asked again, as the card does.
    pub async fn dialog_of(&self, phone: &str) -> DialogView {
        let what = format!("the card of {phone} shows a dialog");
        self.world
            .eventually(&what, async || {
                let deal = self.world.deals_of(phone).await.pop()?;
                match self.sees(&deal).await {
                    Ok(seen) => {
                        assert!(seen.dialogs.len() <= 1, "{:#?}", seen.dialogs);
                        seen.dialogs.into_iter().next()
                    }
                    Err(refusal) if refusal.problem.code == "crm_unavailable" => None,
                    Err(refusal) => {
                        assert_eq!(refusal.status, 401, "{refusal:?}");
                        *self.bearer.borrow_mut() = None;
                        None
                    }
                }
            })
            .await
    }

    /// Waits until the card of a phone shows this.
    pub async fn sees_where(
        &self,
        phone: &str,
        what: &str,
        holds: impl Fn(&DialogView) -> bool,
    ) -> DialogView {
        self.world
            .eventually(&format!("the card: {what}"), async || {
                Some(self.dialog_of(phone).await).filter(&holds)
            })
            .await
    }

    // --- clicking -------------------------------------------------------------------------------------------------

    /// One click: `take`, `return`, `undo` or `dismiss`.
    pub async fn clicks(
        &self,
        action: &str,
        dialog: &DialogView,
        epoch: Option<u64>,
    ) -> Result<ActionAnswer, Refusal> {
        let path = format!("dialogs/{}/{action}", dialog.id);
        self.call(Method::POST, &path, epoch, None).await
    }

    /// «Взять диалог», seeing its present state.
    pub async fn takes(&self, phone: &str) -> ActionAnswer {
        let dialog = self.dialog_of(phone).await;
        let taken = self.clicks("take", &dialog, Some(dialog.view.epoch)).await;
        let taken = taken.expect("the take is accepted");
        assert!(taken.dialog.is_led_by(widget_core::ids::UserId(self.user)));
        taken
    }

    /// «Вернуть боту», seeing its present state.
    pub async fn returns(&self, phone: &str) -> ActionAnswer {
        let dialog = self.dialog_of(phone).await;
        let returned = self
            .clicks("return", &dialog, Some(dialog.view.epoch))
            .await;
        let returned = returned.expect("the return is accepted");
        assert_eq!(returned.dialog.view.owner, Owner::Bot);
        returned
    }

    /// «С заметкой»: the same, with words for the bot that the guest does not see.
    pub async fn returns_with(&self, phone: &str, note: &str) {
        let dialog = self.dialog_of(phone).await;
        let path = format!("dialogs/{}/return", dialog.id);
        let note = json!({"note": note});
        let returned: Result<ActionAnswer, Refusal> = self
            .call(Method::POST, &path, Some(dialog.view.epoch), Some(note))
            .await;
        let owner = returned.expect("the return is accepted").dialog.view.owner;
        assert_eq!(owner, Owner::Bot);
    }

    /// Answers the guest by `amocrm`, `pact` or `phone`.
    pub async fn writes(&self, phone: &str, text: &str, via: &str) {
        let body = json!({"phone": phone, "text": text, "via": via});
        let path = format!("managers/{}/messages", self.user);
        self.world.play(&path, &body).await;
    }
}

/// Sends a request of the card and reads its answer.
pub async fn answer<T: DeserializeOwned>(request: RequestBuilder) -> Result<T, Refusal> {
    let answer = request.send().await.expect("the backend answers");
    let status = answer.status();
    let body = answer.bytes().await.expect("a body");
    if status.is_success() {
        return Ok(serde_json::from_slice(&body).expect("the answer has its wire's shape"));
    }
    let problem = serde_json::from_slice(&body);
    let problem = problem.unwrap_or_else(|_| panic!("{status} is no problem+json: {body:?}"));
    Err(Refusal { status, problem })
}
