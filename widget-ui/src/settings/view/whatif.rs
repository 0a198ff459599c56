//! The panel «Что будет, если»: one question, answered under the saved and under the edited rules.

use super::Drawn;
use super::clock::zone_around;
use super::form::typed_in;
use crate::settings::fields::stages;
use crate::settings::state::{Editor, Msg, Reader};
use crate::settings::whatif::{Answer, Question, ask};
use widget_core::case::Leader;
use widget_core::event::Kb;
use widget_core::policy::Policy;
use widget_core::wire::WhyMark;
use yew::prelude::*;

const OWNERS: [(&str, Leader); 3] = [
    ("bot", Leader::Bot),
    ("waiting", Leader::Waiting),
    ("manager", Leader::Manager),
];
const KB: [(&str, Kb); 3] = [("none", Kb::None), ("hit", Kb::Hit), ("miss", Kb::Miss)];

impl Drawn<'_> {
    pub(super) fn whatif(&self, editor: &Editor) -> Html {
        let question = &self.state.question;
        html! {
            <>
                <h2>{ self.say("try.title") }</h2>
                { self.question(editor, question) }
                if question.is_asked() {
                    { self.judged(editor, question) }
                } else {
                    <p class="estafeta-set-hint">{ self.say("try.empty") }</p>
                }
            </>
        }
    }

    fn judged(&self, editor: &Editor, question: &Question) -> Html {
        match self.state.reader {
            Reader::Ready => self.answers(editor, question),
            Reader::Unasked | Reader::Coming => {
                html! { <p role="status">{ self.say("try.loading") }</p> }
            }
            Reader::Missing => html! {
                <>
                    <p class="estafeta-set-error" role="alert">{ self.say("try.missing") }</p>
                    <button type="button" class="estafeta-set-button" data-do="read"
                        onclick={self.on(|_: MouseEvent| Msg::ReadAgain)}>{ self.say("retry") }</button>
                </>
            },
        }
    }

    fn question(&self, editor: &Editor, question: &Question) -> Html {
        let names = stages(&editor.doc)
            .into_iter()
            .map(|(_, name)| (name.clone(), name));
        let mut names: Vec<_> = names.collect();
        names.insert(0, (String::new(), self.say("try.no_stage")));
        let owners = OWNERS.map(|(name, _)| name);
        let owner = OWNERS.iter().find(|(_, owner)| *owner == question.owner);
        let kb = KB.iter().find(|(_, kb)| *kb == question.kb);
        html! {
            <div class="estafeta-set-question">
                <label>{ self.say("try.text") }
                    <textarea rows="3" name="text" placeholder={self.say("try.text_example")} value={question.text.clone()}
                        oninput={self.asks(|question, text| question.text = text)} />
                </label>
                { self.choice("stage", &question.stage, names, |question, stage| question.stage = stage) }
                <label>{ self.say("try.time") }
                    <input type="datetime-local" name="time" value={question.time.clone()}
                        oninput={self.asks(|question, time| question.time = time)} />
                </label>
                { self.choice("owner", owner.map_or("", |(name, _)| name), self.named("owner", &owners), |question, chosen| {
                    let found = OWNERS.iter().find(|(name, _)| *name == chosen);
                    question.owner = found.map_or(Leader::Bot, |(_, owner)| *owner);
                }) }
                { self.choice("kb", kb.map_or("", |(name, _)| name), self.named("kb", &KB.map(|(name, _)| name)), |question, chosen| {
                    let found = KB.iter().find(|(name, _)| *name == chosen);
                    question.kb = found.map_or(Kb::None, |(_, kb)| *kb);
                }) }
            </div>
        }
    }

    fn named(&self, key: &str, names: &[&str]) -> Vec<(String, String)> {
        let names = names.iter();
        let named = names.map(|name| ((*name).to_owned(), self.say(&format!("try.{key}={name}"))));
        named.collect()
    }

    fn choice(
        &self,
        name: &'static str,
        value: &str,
        names: Vec<(String, String)>,
        change: fn(&mut Question, String),
    ) -> Html {
        let options = names.into_iter().map(|(option, words)| {
            let selected = option == value;
            html! { <option value={option} {selected}>{ words }</option> }
        });
        let question = self.state.question.clone();
        let chosen = self.on(move |event: Event| {
            let mut question = question.clone();
            change(&mut question, typed_in(event.target()));
            Msg::Asked(question)
        });
        html! {
            <label>{ self.say(&format!("try.{name}")) }<select {name} onchange={chosen}>{ for options }</select></label>
        }
    }

    fn asks(&self, change: fn(&mut Question, String)) -> Callback<InputEvent> {
        let question = self.state.question.clone();
        self.on(move |event: InputEvent| {
            let mut question = question.clone();
            change(&mut question, typed_in(event.target()));
            Msg::Asked(question)
        })
    }

    fn answers(&self, editor: &Editor, question: &Question) -> Html {
        let ask = |policy: &Policy| {
            let zone = |at| zone_around(&policy.calendar.timezone, at);
            ask(policy, question, self.lang(), zone)
        };
        let now = match &editor.saved {
            Some(saved) => ask(saved),
            None => Err(self.say("try.unreadable")),
        };
        let after = match &editor.edited {
            Ok(edited) => ask(edited),
            Err(_) => Err(self.say("try.wrong")),
        };
        let differs = now.is_ok() && after.is_ok() && now != after;
        html! {
            <>
                if differs { <p class="estafeta-set-note estafeta-set-differs">{ self.say("try.differs") }</p> }
                <div class="estafeta-set-two">
                    { self.answer("now", now) }
                    { self.answer("after", after) }
                </div>
            </>
        }
    }

    fn answer(&self, when: &'static str, answer: Result<Answer, String>) -> Html {
        let body = match answer {
            Err(why) => html! { <p class="estafeta-set-hint">{ why }</p> },
            Ok(answer) => self.answered(answer),
        };
        html! {
            <section class="estafeta-set-answer" data-answer={when}>
                <h3>{ self.say(&format!("try.{when}")) }</h3>
                { body }
            </section>
        }
    }

    fn answered(&self, answer: Answer) -> Html {
        let action = match &answer.then {
            None => self.say(&answer.action),
            Some(then) => {
                let (action, then) = (self.say(&answer.action), self.say(then).to_lowercase());
                self.texts
                    .fill("try.then", &[("action", &action), ("then", &then)])
            }
        };
        let said = answer.said.into_iter().map(|said| match said {
            Some(text) => html! { <blockquote>{ text }</blockquote> },
            None => html! { <blockquote><i>{ self.say("try.bots_words") }</i></blockquote> },
        });
        let said: Vec<Html> = said.collect();
        let why = answer.why.into_iter().map(|(mark, words)| {
            let class = match mark {
                WhyMark::Passed => "estafeta-set-passed",
                WhyMark::Decided => "estafeta-set-decided",
                WhyMark::Skipped => "estafeta-set-skipped",
            };
            html! { <li {class}>{ words }</li> }
        });
        html! {
            <>
                <p class="estafeta-set-action">{ action }</p>
                if let Some(reason) = answer.reason { <p class="estafeta-set-reason">{ reason }</p> }
                if !said.is_empty() { <h4>{ self.say("try.said") }</h4>{ said } }
                <h4>{ self.say("try.why") }</h4>
                <ul class="estafeta-set-why">{ for why }</ul>
            </>
        }
    }
}
