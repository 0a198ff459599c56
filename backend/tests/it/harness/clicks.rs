//! Clicks on a backend that may die under the manager's hand.

use super::{Manager, World};
use reqwest::{Method, StatusCode};
use serde_json::Value;
use widget_core::ids::{AccountId, ConversationId, DialogId};
use widget_core::wire::ActionAnswer;

impl World {
    /// The dialog of a guest as the backend names it, once the channel knows the guest.
    pub async fn dialog_id(&self, phone: &str) -> DialogId {
        let conversation = self.guest(phone).in_pact().await["conversation_id"].to_string();
        backend::flow::dialog_id(AccountId(self.account()), &ConversationId(conversation))
    }
}

impl Manager<'_> {
    /// One click, whatever the card shows; `None` if it was not answered with success: nobody knows what came of it.
    pub async fn tries(&self, action: &str, dialog: &DialogId) -> Option<ActionAnswer> {
        let bearer = self.tries_to_open_a_session().await?;
        let request = self
            .request(Method::POST, &format!("dialogs/{dialog}/{action}"))
            .timeout(std::time::Duration::from_secs(10))
            .bearer_auth(bearer);
        let answer = request.send().await.ok()?;
        if answer.status() == StatusCode::UNAUTHORIZED {
            self.bearer.borrow_mut().take();
        }
        if !answer.status().is_success() {
            return None;
        }
        answer.json().await.ok()
    }

    async fn tries_to_open_a_session(&self) -> Option<String> {
        if let Some(bearer) = self.bearer.borrow().clone() {
            return Some(bearer);
        }
        let token = self.one_time_token().await;
        let request = self
            .request(Method::POST, "session")
            .timeout(std::time::Duration::from_secs(10))
            .header("X-Auth-Token", token);
        let answer = request.send().await.ok()?;
        if !answer.status().is_success() {
            return None;
        }
        let session: Value = answer.json().await.ok()?;
        let bearer = session["token"].as_str()?.to_owned();
        *self.bearer.borrow_mut() = Some(bearer.clone());
        Some(bearer)
    }
}
