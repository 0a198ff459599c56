//! The archive for the integration, made for this backend; and whether its widget has shown itself in amoCRM.

use super::super::page::View;
use super::super::words;
use super::Shown;
use crate::ports::{Installed, Step};
use maud::{Markup, html};

/// Until the widget shows itself the page loads itself again so often, seconds.
const RELOAD: u32 = 5;

pub(super) fn form(view: &View<'_>) -> Shown {
    let widget = &view.draft.widget;
    let is_current = matches!(widget, Installed::Current(..));
    let button = if is_current {
        words::NEXT
    } else {
        words::GO_ON_WITHOUT
    };
    let body = html! {
        p { (view.say(words::WIDGET_HOW)) }
        a.button href={ "/setup/" (view.draft.id) "/widget.zip" } download="widget.zip" { (view.say(words::DOWNLOAD)) }
        (mark(view, widget))
        (view.form(Step::Widget, button, &html! {}))
    };
    Shown {
        body,
        reload: (!is_current).then_some(RELOAD),
    }
}

fn mark(view: &View<'_>, widget: &Installed) -> Markup {
    match widget {
        Installed::Current(version, at) => html! {
            p.fine { span.good { (words::widget_is(version, view.lang)) } " " span.hint { (view.say(words::SEEN_AT)) " " (words::moment(*at)) } }
        },
        Installed::Other(version, wanted) => html! {
            p.trouble { span.bad { (words::widget_is_other(version.as_deref(), wanted, view.lang)) } }
        },
        Installed::Unseen => html! {
            p { (view.say(words::OPEN_A_DEAL)) }
            p.hint { span.wait { (view.say(words::WIDGET_UNSEEN)) } }
        },
    }
}
