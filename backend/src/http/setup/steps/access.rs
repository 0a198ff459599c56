//! An administrator lets us in, at amoCRM itself.

use super::super::page::{View, told};
use super::super::words;
use crate::ports::Step;
use maud::{Markup, html};

pub(super) fn form(view: &View<'_>) -> Markup {
    let draft = view.draft;
    let button = if draft.connected {
        words::RECONNECT
    } else {
        words::CONNECT
    };
    html! {
        @if let Some(trouble) = &draft.refused { (told(trouble, view.lang)) }
        @if draft.connected {
            p.fine { span.good { (view.say(words::CONNECTED)) ": " (draft.name) } }
        }
        @if draft.has_token {
            p { (view.say(words::BY_TOKEN)) }
        } @else {
            p { (view.say(words::ACCESS_HOW)) }
            @if let Some(link) = &draft.connect_link {
                a.button href=(link) { (view.say(button)) }
            }
        }
        @if draft.connected {
            @if draft.earlier_rules {
                form method="post" action={ "/setup/" (draft.id) "/fresh-rules" } {
                    p { (view.say(words::EARLIER_RULES)) " " (draft.rules_version.unwrap_or_default()) ". " (view.say(words::KEEP_RULES)) }
                    (view.form_word())
                    button.plain { (view.say(words::FRESH_RULES)) }
                }
            }
            (view.form(Step::Access, words::CHECK, &html! {}))
        }
    }
}
