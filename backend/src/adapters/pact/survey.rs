//! What the setup page asks of a company that is not served yet. Nothing is changed.

use super::{Pact, rows};
use crate::adapters::json;
use crate::error::CallError;
use reqwest::Method;

impl Pact {
    /// Whether the company's `WhatsApp` is connected; `None` = it has none.
    ///
    /// # Errors
    /// [`CallError::Refused`]: 401 for the token, 402 for the tariff, 403 and 404 for the company.
    pub async fn whatsapp_is_on(&self) -> Result<Option<bool>, CallError> {
        let company = self.company.to_string();
        // The webhooks tell whether the token may do what we need of it.
        let list = self
            .http
            .request(Method::GET, &["companies", &company, "webhooks"]);
        self.read("list webhooks", list).await?;
        let list = self
            .http
            .request(Method::GET, &["companies", &company, "auths"]);
        let list = self.read("list channels", list).await?;
        let is_whatsapp = |provider: &str| matches!(provider, "whatsapp" | "whatsapp_business");
        let states: Vec<bool> = rows(&list, "auths")
            .iter()
            .filter(|auth| json::text(&auth["provider"]).is_some_and(is_whatsapp))
            .map(|auth| json::text(&auth["state"]) != Some("disabled"))
            .collect();
        Ok((!states.is_empty()).then(|| states.contains(&true)))
    }
}
