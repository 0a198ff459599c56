//! The archive for the integration, made for this backend.

use super::super::page::View;
use super::super::words;
use crate::ports::Step;
use maud::{Markup, html};

pub(super) fn form(view: &View<'_>) -> Markup {
    html! {
        p { (view.say(words::WIDGET_HOW)) }
        a.button href={ "/setup/" (view.draft.id) "/widget.zip" } download="widget.zip" { (view.say(words::DOWNLOAD)) }
        (view.form(Step::Widget, words::INSTALLED, &html! {}))
    }
}
