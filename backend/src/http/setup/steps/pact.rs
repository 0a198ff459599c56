//! Pact's token and company.

use super::super::page::{Sent, View};
use super::super::words;
use crate::ports::{Filled, Step};
use maud::{Markup, html};
use secrecy::SecretString;

pub(super) fn form(view: &View<'_>) -> Markup {
    let kept = view.draft.pact.as_ref();
    let company = kept.map_or(String::new(), |(_, company)| company.to_string());
    let endpoint = kept.map_or("", |(endpoint, _)| endpoint);
    let fields = html! {
        (view.line("company", words::COMPANY, &company))
        (view.secret("token", words::PACT_TOKEN, kept.is_some()))
        @if view.is_local() { (view.line("endpoint", words::ENDPOINT, endpoint)) }
    };
    html! {
        p { (view.say(words::PACT_HOW)) }
        (view.form(Step::Pact, words::CHECK, &fields))
    }
}

pub(super) fn read(sent: &Sent) -> Filled {
    Filled::Pact {
        endpoint: sent.get("endpoint").to_owned(),
        company: sent.get("company").to_owned(),
        token: sent.filled("token").map(SecretString::from),
    }
}
