//! The bot of before, and automatic answers, are off: only a person can say so.

use super::super::page::View;
use super::super::words;
use crate::ports::Step;
use maud::{Markup, html};

pub(super) fn form(view: &View<'_>) -> Markup {
    html! {
        p { (view.say(words::OLD_BOT_HOW)) }
        (view.form(Step::OldBot, words::OFF, &html! {}))
    }
}
