//! The frame around every page: language, headers that keep others out, and what the forms have in common.

use super::words::{self, Words};
use crate::ports::{Draft, Step, Trouble};
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
    X_FRAME_OPTIONS,
};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use maud::{DOCTYPE, Markup, html};
use widget_core::trace::Lang;

/// Nothing but our own style; no script at all.
const POLICY: &str = "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// The fields of a form that was sent.
#[derive(Debug, Default)]
pub(super) struct Sent(pub(super) Vec<(String, String)>);

impl Sent {
    /// A field; empty where there is none.
    pub(super) fn get(&self, name: &str) -> &str {
        let mut pairs = self.0.iter();
        pairs
            .find(|(key, _)| key == name)
            .map_or("", |(_, value)| value.as_str())
    }

    /// A field that is not blank.
    pub(super) fn filled(&self, name: &str) -> Option<&str> {
        Some(self.get(name)).filter(|value| !value.trim().is_empty())
    }

    /// A user's number.
    pub(super) fn user(&self, name: &str) -> Option<widget_core::ids::UserId> {
        self.get(name).parse().ok().map(widget_core::ids::UserId)
    }
}

/// What a step is shown with.
pub(super) struct View<'a> {
    /// The language.
    pub(super) lang: Lang,
    /// The word of this session's forms.
    pub(super) form_word: &'a str,
    /// Where the backend is reached.
    pub(super) public_url: &'a str,
    /// What is kept.
    pub(super) draft: &'a Draft,
    /// What was sent and not taken; shown again, but for secrets.
    pub(super) sent: Option<&'a Sent>,
}

impl View<'_> {
    /// A text in the language of the page.
    pub(super) fn say(&self, words: Words) -> &'static str {
        words.of(self.lang)
    }

    /// What was sent for a field, or else what is kept.
    pub(super) fn shown(&self, name: &str, kept: &str) -> String {
        self.sent.map_or(kept, |sent| sent.get(name)).to_owned()
    }

    /// Stand-ins on this machine may be named.
    pub(super) fn is_local(&self) -> bool {
        self.public_url.starts_with("http://")
    }

    /// A line to fill in.
    pub(super) fn line(&self, name: &str, label: Words, kept: &str) -> Markup {
        html! {
            label { span { (self.say(label)) }
                input name=(name) value=(self.shown(name, kept)) autocomplete="off" spellcheck="false"; }
        }
    }

    /// A line for a secret: what is kept is never shown.
    pub(super) fn secret(&self, name: &str, label: Words, is_kept: bool) -> Markup {
        html! {
            label { span { (self.say(label)) }
                input type="password" name=(name) autocomplete="off";
                @if is_kept { small { (self.say(words::KEPT_SECRET)) } } }
        }
    }

    /// A form of this step, with its button.
    pub(super) fn form(&self, step: Step, button: Words, fields: &Markup) -> Markup {
        let to = address(self.draft.id, step);
        html! {
            form method="post" action=(to) {
                (self.form_word()) (fields)
                button { (self.say(button)) }
            }
        }
    }

    /// The hidden word by which we know our own form.
    pub(super) fn form_word(&self) -> Markup {
        html! { input type="hidden" name="form_word" value=(self.form_word); }
    }
}

/// Where a step is.
pub(in crate::http) fn address(id: i64, step: Step) -> String {
    format!("/setup/{id}/{}", step.name())
}

/// What is wrong, with the details for whoever wants them.
pub(super) fn told(trouble: &Trouble, lang: Lang) -> Markup {
    html! {
        div.trouble role="alert" {
            p.bad { (words::trouble(trouble, lang)) }
            @if let Some(seen) = words::details(trouble) {
                details { summary { (words::DETAILS.of(lang)) } (seen) }
            }
        }
    }
}

/// A whole page. `reload`: it loads itself again after so many seconds.
pub(super) fn page(
    status: StatusCode,
    lang: Lang,
    at: &str,
    reload: Option<u32>,
    body: &Markup,
) -> Response {
    let other = match lang {
        Lang::Ru => ("en", "English"),
        Lang::En => ("ru", "Русский"),
    };
    let page = html! {
        (DOCTYPE)
        html lang=(words::code(lang)) {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                @if let Some(seconds) = reload { meta http-equiv="refresh" content=(seconds); }
                title { (words::TITLE.of(lang)) }
                link rel="stylesheet" href="/setup/style.css";
            }
            body {
                header {
                    p { (words::TITLE.of(lang)) }
                    a href={ "/setup/language/" (other.0) "?to=" (at) } lang=(other.0) { (other.1) }
                }
                main { (body) }
            }
        }
    };
    let headers = [
        (CONTENT_TYPE, "text/html; charset=utf-8"),
        (CACHE_CONTROL, "no-store"),
        (REFERRER_POLICY, "no-referrer"),
        (CONTENT_SECURITY_POLICY, POLICY),
        (X_FRAME_OPTIONS, "DENY"),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    let headers = headers.map(|(name, value)| (name, HeaderValue::from_static(value)));
    (status, headers, page.into_string()).into_response()
}
