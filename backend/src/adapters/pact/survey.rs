//! What the setup page asks of a company that is not served yet. Nothing is changed.

use super::Pact;
use crate::error::CallError;
use crate::ports::ChannelState as _;
use reqwest::Method;

impl Pact {
    /// Whether guests can be written to with this token.
    ///
    /// # Errors
    /// [`CallError::Refused`]: 401 for the token, 402 for the tariff, 403 and 404 for the company.
    pub async fn whatsapp_is_on(&self) -> Result<bool, CallError> {
        let company = self.company.to_string();
        // The webhooks tell whether the token may do what we need of it.
        let list = self
            .http
            .request(Method::GET, &["companies", &company, "webhooks"]);
        self.read("list webhooks", list).await?;
        self.is_on().await
    }
}
