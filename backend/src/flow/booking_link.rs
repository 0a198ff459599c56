//! The place for a booking link in an answer of the bot, filled before anything is decided: the bot names the stay, the
//! link is made here, and only for a guest who has none (masterplan: Сценарий 2).

use super::{Flow, Rules};
use crate::ports::BotReply;
use widget_core::booking::{Filled, PLACEHOLDER, Refusal, is_linked};
use widget_core::dialog::Dialog;

/// Puts the link into the answer; what does not become one stays as the bot wrote it. `None`: there is no place for one.
pub(super) fn fill(
    flow: &Flow,
    rules: &Rules,
    dialog: &Dialog,
    answer: &mut BotReply,
) -> Option<Filled> {
    let places = |text: &String| text.matches(PLACEHOLDER).count();
    let reply = answer.replies.iter().position(|text| places(text) > 0)?;
    if is_linked(&rules.policy, dialog) {
        return Some(Filled::Again);
    }
    Some(match made(flow, rules, answer) {
        Ok(link) => {
            answer.replies[reply] = answer.replies[reply].replace(PLACEHOLDER, &link);
            Filled::Made { reply }
        }
        Err(why) => Filled::Refused { why },
    })
}

fn made(flow: &Flow, rules: &Rules, answer: &BotReply) -> Result<String, Refusal> {
    let page = rules.policy.booking.as_ref().ok_or(Refusal::Off)?;
    let places = answer
        .replies
        .iter()
        .map(|text| text.matches(PLACEHOLDER).count());
    if places.sum::<usize>() > 1 {
        return Err(Refusal::Twice);
    }
    let stay = answer.booking.as_deref().ok_or(Refusal::NoStay)?;
    let now = flow.clock.now_ms();
    let today = rules.zone(now).local(now).day;
    flow.booking.link(page, stay, today)
}
