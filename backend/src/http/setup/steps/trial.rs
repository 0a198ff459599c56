//! A message of a person's own phone, followed tick by tick.

use super::super::page::{Sent, View, address};
use super::super::words;
use super::Shown;
use crate::ports::{Filled, Step, Tick, TrialNews, Voices};
use maud::{Markup, html};
use widget_core::trace::Lang;

/// While the message is on its way the page loads itself again so often, seconds.
const RELOAD: u32 = 3;
const TICKS: [Tick; 7] = [
    Tick::Arrived,
    Tick::Contact,
    Tick::Deal,
    Tick::Decided,
    Tick::Task,
    Tick::Field,
    Tick::Answered,
];

pub(super) fn form(view: &View<'_>, news: &TrialNews) -> Shown {
    let draft = view.draft;
    let kept = draft.policy.trial_phones.join("\n");
    let phones = html! {
        label { span { (view.say(words::PHONES)) }
            textarea name="phones" rows="3" autocomplete="off" { (view.shown("phones", &kept)) } }
    };
    let is_answered = news.ticks.contains(&Tick::Answered);
    let is_followed = draft.served && view.sent.is_none();
    let body = html! {
        p { (view.say(words::TRIAL_HOW)) }
        @if is_followed {
            ul.plain.ticks {
                @for tick in TICKS { (line(view, tick, news)) }
            }
            (voices(view, &news.voices))
            @if is_answered {
                p { a.button href=(address(draft.id, Step::On)) { (view.say(words::NEXT_ON)) } }
            } @else {
                p.hint { (view.say(words::WAITING)) ". " (view.say(words::NO_MESSAGE)) }
            }
        }
        (view.form(Step::Trial, words::BEGIN_TRIAL, &phones))
    };
    // Whether somebody else speaks is known a little later.
    let is_over = is_answered && news.voices != Voices::Unknown;
    Shown {
        body,
        reload: (is_followed && !is_over).then_some(RELOAD),
    }
}

/// Who else has spoken to the guest.
fn voices(view: &View<'_>, voices: &Voices) -> Markup {
    match voices {
        Voices::Stranger(said) => html! {
            p.trouble role="alert" { span.bad { (words::stranger(said, view.lang)) } }
        },
        Voices::OursAlone => html! { p.fine { span.good { (view.say(words::ONE_VOICE)) } } },
        Voices::Unknown => html! { p.hint { span.wait { (view.say(words::LISTENING)) } } },
    }
}

fn line(view: &View<'_>, tick: Tick, news: &TrialNews) -> Markup {
    let mark = if news.ticks.contains(&tick) {
        "good"
    } else {
        "wait"
    };
    let why = news.why.as_ref().filter(|_| tick == Tick::Decided);
    let why = why.map(|(ru, en)| match view.lang {
        Lang::Ru => ru,
        Lang::En => en,
    });
    html! {
        li class=(mark) { (words::tick(tick).of(view.lang)) @if let Some(why) = why { ": " (why) } }
    }
}

pub(super) fn read(sent: &Sent) -> Filled {
    let lines = sent.get("phones").lines().map(str::trim);
    Filled::Trial(
        lines
            .filter(|line| !line.is_empty())
            .map(str::to_owned)
            .collect(),
    )
}
