//! Whether everything that the account needs is there, and what to do where it is not.

use super::Drawn;
use crate::settings::state::Msg;
use crate::settings::words::failure;
use widget_core::wire::policy::Check;
use yew::prelude::*;

impl Drawn<'_> {
    pub(super) fn checks(&self) -> Html {
        let body = match &self.state.checks {
            None => html! { <p>{ self.say("checking") }</p> },
            Some(Err(refusal)) => {
                html! { <p class="estafeta-set-error" role="alert">{ failure(self.texts, refusal.code()) }</p> }
            }
            Some(Ok(found)) => {
                let all = found.checks.iter();
                html! { <ul class="estafeta-set-checks">{ for all.map(|check| self.check(check)) }</ul> }
            }
        };
        html! {
            <>
                <h2>{ self.say("tab.check") }</h2>
                <div role="status">{ body }</div>
                <button type="button" class="estafeta-set-button" data-do="check" disabled={self.state.checks.is_none()}
                    onclick={self.on(|_: MouseEvent| Msg::CheckAgain)}>{ self.say("check.again") }</button>
            </>
        }
    }

    /// In the reader's language what it is and what to do; in the server's own words what was found.
    fn check(&self, check: &Check) -> Html {
        let key = format!("check.{}.{}", check.part, check.what);
        let title = if self.texts.has(&key) {
            self.say(&key)
        } else {
            format!("{}: {}", check.part, check.what)
        };
        let advice = format!("{key}?");
        let advice = (!check.is_well && self.texts.has(&advice)).then(|| self.say(&advice));
        let (class, mark) = if check.is_well {
            ("estafeta-set-well", "check.well")
        } else {
            ("estafeta-set-ill", "check.wrong")
        };
        html! {
            <li {class} data-check={format!("{} {}", check.part, check.what)}>
                <b>{ title }</b>{ " " }<span class="estafeta-set-mark">{ self.say(mark) }</span>
                if let Some(advice) = advice { <p>{ advice }</p> }
                <p class="estafeta-set-hint">{ &check.words }</p>
            </li>
        }
    }
}
