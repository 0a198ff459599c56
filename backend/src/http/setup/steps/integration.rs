//! The integration in amoCRM: what to paste where.

use super::super::page::View;
use super::super::words::{self, Words};
use crate::ports::Step;
use maud::{Markup, html};

pub(super) fn form(view: &View<'_>) -> Markup {
    let copied = |label: Words, path: &str| {
        html! {
            label { span { (view.say(label)) } input readonly value={ (view.public_url) (path) }; }
        }
    };
    html! {
        p { (view.say(words::INTEGRATION_WHERE)) }
        (copied(words::REDIRECT, crate::http::OAUTH_CALLBACK))
        (copied(words::FAREWELL, crate::http::OAUTH_FAREWELL))
        p { (view.say(words::RIGHTS)) }
        p { (view.say(words::INTEGRATION_WAIVER)) }
        (view.form(Step::Integration, words::CREATED, &html! {}))
    }
}
