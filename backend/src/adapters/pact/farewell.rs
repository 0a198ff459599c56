//! What is taken back when a company is served no more.

use super::{Effect, Pact, json, rows};
use crate::error::CallError;
use reqwest::Method;

impl Pact {
    /// Takes the webhook to `url` away; one that is not there is away.
    ///
    /// # Errors
    /// [`CallError`] where Pact does not take it away.
    pub async fn take_hook_away(&self, url: &str) -> Result<(), CallError> {
        let company = self.company.to_string();
        let hooks = ["companies", company.as_str(), "webhooks"];
        let list = self.http.request(Method::GET, &hooks);
        let list = self.read("list webhooks", list).await?;
        let ours = rows(&list, "webhooks").iter();
        for hook in ours.filter(|hook| hook["url"].as_str() == Some(url)) {
            let Some(id) = json::id_text(&hook["id"]) else {
                continue;
            };
            let [companies, company, webhooks] = hooks;
            let path = [companies, company, webhooks, id.as_str()];
            let request = self.http.request(Method::DELETE, &path);
            // It may be repeated: what is away stays away.
            match self.call("remove webhook", Effect::Read, request).await {
                Ok(_) | Err(CallError::Refused { status: 404, .. }) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}
