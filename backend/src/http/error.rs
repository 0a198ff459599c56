//! Refusals as RFC 9457 `application/problem+json` with a stable `code`, which the card turns into its own words.
//! What went wrong inside goes to the log, never into the answer.

use axum::Json;
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use std::fmt::Display;
use widget_core::wire::{DialogView, Problem, Unfinished};

/// A refusal.
#[derive(Debug)]
pub struct ApiError(Box<Problem>);

impl ApiError {
    fn new(status: StatusCode, code: &str, title: &str) -> Self {
        Self(Box::new(Problem {
            code: code.to_owned(),
            title: title.to_owned(),
            status: status.as_u16(),
            detail: None,
            dialog: None,
            setup: None,
        }))
    }

    /// The same refusal with what exactly was wrong; never a secret, a phone or a text.
    fn because(mut self, detail: impl Into<String>) -> Self {
        self.0.detail = Some(detail.into());
        self
    }

    /// The same refusal with what is left of the account's setup; for its administrators.
    pub fn with_setup(mut self, unfinished: Unfinished) -> Self {
        self.0.setup = Some(unfinished);
        self
    }

    fn with_dialog(mut self, dialog: DialogView) -> Self {
        self.0.dialog = Some(Box::new(dialog));
        self
    }

    /// The request cannot be read.
    pub fn bad_request(detail: &str) -> Self {
        Self::new(
            StatusCode::BAD_REQUEST,
            "bad_request",
            "The request cannot be read.",
        )
        .because(detail)
    }

    /// The one-time token does not prove who asks.
    pub fn token_refused(detail: &str) -> Self {
        Self::new(
            StatusCode::UNAUTHORIZED,
            "token_refused",
            "The one-time token is refused.",
        )
        .because(detail)
    }

    /// The one-time token was used before: a fresh one will do.
    pub fn token_replayed() -> Self {
        Self::new(
            StatusCode::UNAUTHORIZED,
            "token_replayed",
            "The one-time token was used already.",
        )
    }

    /// The one-time token is from the future: this server's clock is wrong.
    pub fn clock_skew() -> Self {
        Self::new(
            StatusCode::UNAUTHORIZED,
            "clock_skew",
            "The one-time token is from the future: check the server's clock.",
        )
    }

    /// No bearer, or one that is over.
    pub fn session_expired() -> Self {
        Self::new(
            StatusCode::UNAUTHORIZED,
            "session_expired",
            "The session is over.",
        )
    }

    /// The account is not connected.
    pub fn account_unknown() -> Self {
        Self::new(
            StatusCode::FORBIDDEN,
            "account_unknown",
            "This account is not connected.",
        )
    }

    /// The user may not see the deal.
    pub fn forbidden() -> Self {
        Self::new(
            StatusCode::FORBIDDEN,
            "forbidden",
            "You lack rights to this deal.",
        )
    }

    /// Only administrators of the account may do this.
    pub fn admins_only() -> Self {
        Self::new(
            StatusCode::FORBIDDEN,
            "admins_only",
            "Only administrators of the account may do this.",
        )
    }

    /// The account has no such version of its policy.
    pub fn version_not_found() -> Self {
        Self::new(
            StatusCode::NOT_FOUND,
            "version_not_found",
            "There is no such version.",
        )
    }

    /// The call does not say which version it replaces.
    pub fn version_needed() -> Self {
        Self::new(
            StatusCode::PRECONDITION_REQUIRED,
            "version_needed",
            "Say in If-Match which version this replaces.",
        )
    }

    /// What is to be replaced is the newest version no longer.
    pub fn policy_stale() -> Self {
        Self::new(
            StatusCode::CONFLICT,
            "policy_stale",
            "Somebody has stored another version since.",
        )
    }

    /// The policy is wrong.
    pub fn policy_wrong() -> Self {
        Self::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "policy_wrong",
            "The policy is wrong; nothing was saved.",
        )
    }

    /// What is to be replaced is the newest version no longer.
    pub fn knowledge_stale() -> Self {
        Self::new(
            StatusCode::CONFLICT,
            "knowledge_stale",
            "Somebody has stored another version since.",
        )
    }

    /// The knowledge base is wrong.
    pub fn knowledge_wrong() -> Self {
        Self::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "knowledge_wrong",
            "The knowledge base is wrong; nothing was saved.",
        )
    }

    /// No such deal.
    pub fn deal_not_found() -> Self {
        Self::new(
            StatusCode::NOT_FOUND,
            "deal_not_found",
            "The deal is deleted or closed to you.",
        )
    }

    /// No such dialog in this account.
    pub fn dialog_not_found() -> Self {
        Self::new(
            StatusCode::NOT_FOUND,
            "dialog_not_found",
            "The dialog is not found.",
        )
    }

    /// No account that has this turn signed the call now.
    pub fn signature_refused(detail: &str) -> Self {
        Self::new(
            StatusCode::UNAUTHORIZED,
            "signature_refused",
            "The signature is not that of the turn's account.",
        )
        .because(detail)
    }

    /// The turn needs no answer any more.
    pub fn turn_over() -> Self {
        Self::new(
            StatusCode::CONFLICT,
            "turn_over",
            "This turn needs no answer any more; do not repeat it.",
        )
    }

    /// The body is longer than it may be.
    pub fn body_too_large(bytes: usize) -> Self {
        Self::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            "body_too_large",
            "The body is too large.",
        )
        .because(format!("at most {bytes} bytes"))
    }

    /// Somebody else leads the dialog now.
    pub fn owner_changed(dialog: DialogView) -> Self {
        Self::new(
            StatusCode::CONFLICT,
            "owner_changed",
            "Somebody else already leads this dialog.",
        )
        .with_dialog(dialog)
    }

    /// The dialog changed since the card saw it.
    pub fn epoch_stale(dialog: DialogView) -> Self {
        Self::new(
            StatusCode::CONFLICT,
            "epoch_stale",
            "The dialog changed since it was shown.",
        )
        .with_dialog(dialog)
    }

    /// A text is longer than `max` characters.
    pub fn too_long(length: usize, max: usize) -> Self {
        Self::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "too_long",
            "The text is too long.",
        )
        .because(format!("{length} of {max} characters"))
    }

    /// Too many cards of the account listen at once: the card asks now and then instead.
    pub fn too_many_streams() -> Self {
        Self::new(
            StatusCode::TOO_MANY_REQUESTS,
            "too_many_streams",
            "Too many cards of this account listen; ask for the dialogs instead.",
        )
    }

    /// The CRM does not say who may see the deal.
    pub fn crm_unavailable(cause: &impl Display) -> Self {
        tracing::warn!(%cause, "the CRM does not answer the card's question");
        Self::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "crm_unavailable",
            "The CRM does not answer.",
        )
    }

    /// Nothing was saved; the same call may succeed later.
    pub fn unavailable(cause: &impl Display) -> Self {
        tracing::error!(%cause, "a call of the card was not carried out");
        Self::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "unavailable",
            "The server cannot do this now; nothing was saved.",
        )
    }

    /// The call took too long.
    pub fn timeout() -> Self {
        Self::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "timeout",
            "The call took too long; its outcome is unknown.",
        )
    }

    /// A defect of ours.
    pub fn internal() -> Self {
        Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "internal",
            "The server made a mistake.",
        )
    }
}

impl From<ApiError> for Problem {
    fn from(error: ApiError) -> Self {
        *error.0
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let status =
            StatusCode::from_u16(self.0.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = (status, Json(*self.0)).into_response();
        response.headers_mut().insert(
            CONTENT_TYPE,
            HeaderValue::from_static("application/problem+json"),
        );
        response
    }
}

/// The answer to a path that nobody serves: the fallback of the whole server.
pub async fn not_found() -> Response {
    ApiError::new(
        StatusCode::NOT_FOUND,
        "not_found",
        "There is nothing at this address.",
    )
    .into_response()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::fake::json;

    #[tokio::test]
    async fn a_refusal_is_a_problem_with_a_stable_code() {
        let response = ApiError::too_long(501, 500).into_response();
        assert_eq!(response.status(), 422);
        assert_eq!(response.headers()[CONTENT_TYPE], "application/problem+json");
        let body = json(response).await;
        assert_eq!(body["code"], "too_long");
        assert_eq!(body["status"], 422);
        assert_eq!(body["detail"], "501 of 500 characters");
    }

    #[tokio::test]
    async fn the_cause_of_a_server_error_stays_in_the_log() {
        let response = ApiError::unavailable(&"disk /dev/sda is full").into_response();
        assert_eq!(response.status(), 503);
        let body = json(response).await;
        assert!(!body.to_string().contains("sda"), "{body}");
    }
}
