//! The account's address and the integration's keys.

use super::super::page::{Sent, View};
use super::super::words;
use crate::ports::{Filled, Step};
use maud::{Markup, html};
use secrecy::SecretString;

pub(super) fn form(view: &View<'_>) -> Markup {
    let draft = view.draft;
    let fields = html! {
        (view.line("address", words::ADDRESS, draft.address.as_deref().unwrap_or_default()))
        (view.line("client_id", words::CLIENT_ID, &draft.client_id))
        (view.secret("client_secret", words::CLIENT_SECRET, draft.has_secret))
        (view.secret("token", words::TOKEN_OPTIONAL, draft.has_token))
        @if draft.has_token {
            label.check { span { input type="checkbox" name="forget_token" value="1"; " " (view.say(words::FORGET_TOKEN)) } }
        }
    };
    html! {
        p { (view.say(words::KEYS_WHERE)) }
        (view.form(Step::Keys, words::CHECK, &fields))
    }
}

pub(super) fn read(sent: &Sent) -> Filled {
    let forgotten = sent.filled("forget_token").map(|_| SecretString::default());
    Filled::Keys {
        address: sent.get("address").to_owned(),
        client_id: sent.get("client_id").to_owned(),
        client_secret: sent.filled("client_secret").map(SecretString::from),
        token: sent.filled("token").map(SecretString::from).or(forgotten),
    }
}
