//! The bot: a program behind HTTP, or a language model.

use super::super::page::{Sent, View};
use super::super::words;
use crate::ports::{Filled, Step};
use maud::{Markup, html};
use secrecy::SecretString;

pub(super) fn form(view: &View<'_>) -> Markup {
    let kept = view.draft.bot.as_ref();
    let url = kept.map_or("", |(url, _)| url);
    let model = kept
        .and_then(|(_, model)| model.as_deref())
        .unwrap_or_default();
    let fields = html! {
        (view.line("url", words::BOT_URL, url))
        (view.secret("secret", words::BOT_SECRET, kept.is_some()))
        (view.line("model", words::BOT_MODEL, model))
    };
    html! {
        p { (view.say(words::BOT_HOW)) }
        (view.form(Step::Bot, words::CHECK_BOT, &fields))
    }
}

pub(super) fn read(sent: &Sent) -> Filled {
    Filled::Bot {
        url: sent.get("url").to_owned(),
        model: sent.filled("model").map(|model| model.trim().to_owned()),
        secret: sent.filled("secret").map(SecretString::from),
    }
}
