//! All checks, and the mode.

use super::super::page::{Sent, View};
use super::super::words::{self, Words};
use crate::ports::{Checked, Filled, Step};
use maud::{Markup, html};
use widget_core::policy::Mode;

/// The modes with their words, in the order in which an account goes through them.
const MODES: [(&str, Mode, Words); 5] = [
    ("trial", Mode::Trial, words::MODE_TRIAL),
    ("on", Mode::On, words::MODE_ON),
    ("people", Mode::People, words::MODE_PEOPLE),
    ("watch", Mode::Watch, words::MODE_WATCH),
    ("off", Mode::Off, words::MODE_OFF),
];

pub(super) fn form(view: &View<'_>, checks: &[(String, Checked)]) -> Markup {
    let draft = view.draft;
    let red = checks
        .iter()
        .filter(|(_, checked)| !checked.is_well())
        .count();
    let modes = html! {
        label { span { (view.say(words::MODE)) }
            select name="mode" {
                @for (name, mode, label) in MODES {
                    option value=(name) selected[draft.policy.mode == mode] { (view.say(label)) }
                }
            }
        }
    };
    html! {
        p { (view.say(words::ON_HOW)) }
        h2 { (view.say(words::CHECKS)) }
        @if red > 0 { p.trouble { (view.say(words::RED_LEFT)) " " (red) } }
        ul.plain.checks {
            @for (_, checked) in checks { (line(view, checked)) }
        }
        (view.form(Step::On, words::SET_MODE, &modes))
        @if draft.done.contains(&Step::On) && draft.policy.mode == Mode::On { p.fine { (view.say(words::FINISHED)) } }
        details {
            summary { (view.say(words::DISCONNECT)) }
            form method="post" action={ "/setup/" (draft.id) "/disconnect" } {
                p { (view.say(words::DISCONNECT_ASK)) }
                (view.form_word())
                button.grave { (view.say(words::DISCONNECT)) }
            }
        }
    }
}

/// A check; where something is to be done, what, and what was seen for whoever wants to know.
fn line(view: &View<'_>, checked: &Checked) -> Markup {
    let name = words::check(checked.what).of(view.lang);
    match &checked.finding {
        None => html! { li { span.good { (name) } } },
        Some(finding) => html! {
            li { span.bad { (name) }
                p { (words::finding(finding, view.lang)) }
                details { summary { (view.say(words::DETAILS)) } span lang="en" { (checked.words) } } }
        },
    }
}

pub(super) fn read(sent: &Sent) -> Filled {
    Filled::Mode(sent.get("mode").to_owned())
}
