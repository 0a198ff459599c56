//! A dialog in the words of the wire: what the card shows of it.

use super::error::ApiError;
use super::state::{Site, Web};
use std::time::Duration;
use tokio::time::timeout;
use widget_core::decide::{excluded, muted};
use widget_core::dialog::{Dialog, From, SeenMessage};
use widget_core::event::{DealFacts, Timer};
use widget_core::ids::TextRef;
use widget_core::owner::Owner;
use widget_core::phone;
use widget_core::policy::{Mode, Policy};
use widget_core::summary;
use widget_core::text::excerpt;
use widget_core::trace::Check;
use widget_core::understand::Facts;
use widget_core::wire::{AskedBack, DialogView, Mute};

/// How long names of users are waited for.
const NAMES_PATIENCE: Duration = Duration::from_millis(300);
/// What the bot wanted to say is cut to so many characters.
const WANTED: usize = 600;
/// A summary is cut to so many characters.
const SUMMARY: usize = 600;
/// The guest's last message is cut to so many characters.
const EXCERPT: usize = 200;

/// The dialog as the card shows it.
///
/// # Errors
/// 503 when the store fails.
pub(super) async fn of(web: &Web, site: &Site, dialog: &Dialog) -> Result<DialogView, ApiError> {
    let account = site.tenant.account;
    let store = &web.flow.store;
    let guest = store
        .guest(account, &dialog.id)
        .await
        .map_err(|cause| ApiError::unavailable(&cause))?;
    let text = match last(dialog, From::Guest).and_then(|message| message.text) {
        Some(text) => store
            .texts(account, &[text])
            .await
            .map_err(|cause| ApiError::unavailable(&cause))?
            .pop()
            .flatten(),
        None => None,
    };
    let wanted = dialog.handoff.as_ref().map(|handoff| &handoff.wanted);
    let wanted = match wanted {
        Some(wanted) if !wanted.is_empty() => store
            .texts(account, wanted)
            .await
            .map_err(|cause| ApiError::unavailable(&cause))?,
        _ => Vec::new(),
    };
    let why = web
        .flow
        .last_trace(&site.tenant, &dialog.id)
        .await
        .map_err(|cause| ApiError::unavailable(&cause))?;
    let rules = site.tenant.rules();
    let undo_for = rules.policy.timers.undo_for.0;
    let deal = deal_of(dialog);
    Ok(DialogView {
        id: dialog.id.clone(),
        deal: dialog.deal,
        phone: guest.map_or_else(String::new, |guest| phone::masked(&guest.phone)),
        view: dialog.view.clone(),
        bot_busy: bot_busy(dialog),
        bot_last: last(dialog, From::Bot).map(|message| message.at),
        guest_last: last(dialog, From::Guest).map(|message| message.at),
        unanswered_since: dialog.unanswered.iter().map(|message| message.at).min(),
        return_at: return_at(dialog),
        undo_until: undo_until(dialog, undo_for).filter(|until| web.now() < *until),
        handoff: dialog
            .handoff
            .as_ref()
            .map(|handoff| handoff.reason.clone()),
        off_hours: dialog
            .handoff
            .as_ref()
            .is_some_and(|handoff| handoff.told_off_hours),
        guest_text: text.map(|text| excerpt(&text, EXCERPT)),
        facts: dialog
            .episode
            .as_ref()
            .map_or_else(Facts::default, |episode| episode.facts.clone()),
        asked_back: asked_back(dialog, &why),
        touch_at: touch_at(dialog),
        mute: mute(&rules.policy, dialog),
        excluded: excluded(&rules.policy, dialog),
        stage: deal.map(|deal| deal.stage_name.clone()),
        deal_closed: deal.is_some_and(|deal| deal.closed),
        reminded: deal
            .filter(|_| is_reminded(dialog))
            .and_then(|deal| deal.responsible),
        bot_wanted: said(wanted),
        summary: summary(web, site, dialog).await?,
        why: with_names(site, why)
            .await
            .iter()
            .map(Check::sentence)
            .collect(),
    })
}

/// What a manager who gets the dialog has to know: in the bot's words, else put together.
async fn summary(web: &Web, site: &Site, dialog: &Dialog) -> Result<Option<String>, ApiError> {
    let Some(handoff) = &dialog.handoff else {
        return Ok(None);
    };
    if dialog.view.owner == Owner::Bot {
        return Ok(None);
    }
    let asked = dialog.recent.iter();
    let asked = asked.filter(|seen| handoff.messages.contains(&seen.id));
    let texts: Vec<TextRef> = match handoff.summary {
        Some(summary) => vec![summary],
        None => asked.filter_map(|seen| seen.text).collect(),
    };
    let words = web.flow.store.texts(site.tenant.account, &texts).await;
    let words = words.map_err(|cause| ApiError::unavailable(&cause))?;
    let words: Vec<&str> = words.iter().filter_map(Option::as_deref).collect();
    if let (Some(_), Some(said)) = (handoff.summary, words.first()) {
        return Ok(Some((*said).to_owned()));
    }
    let facts = dialog.episode.as_ref().map(|episode| episode.facts.clone());
    let facts = facts.unwrap_or_default();
    let rules = site.tenant.rules();
    let missing = summary::missing(&rules.policy, dialog);
    Ok(summary::of(&words, &facts, &missing).map(|text| excerpt(&text, SUMMARY)))
}

/// The checks with the users' names where they hold their numbers. A CRM that is slow leaves the numbers.
async fn with_names(site: &Site, mut checks: Vec<Check>) -> Vec<Check> {
    let number = |text: &String| text.parse::<i64>().ok().filter(|id| *id > 0);
    let people = |check: &mut Check| -> Vec<(i64, String)> {
        let named = ["user", "by"].into_iter();
        named
            .filter_map(|key| Some((number(check.values.get(key)?)?, key.to_owned())))
            .collect()
    };
    if checks.iter_mut().all(|check| people(check).is_empty()) {
        return checks;
    }
    let Ok(Ok(users)) = timeout(NAMES_PATIENCE, site.tenant.crm.users()).await else {
        return checks;
    };
    for check in &mut checks {
        for (id, key) in people(check) {
            if let Some(user) = users.iter().find(|user| user.id.0 == id) {
                check.values.insert(key, user.name.clone());
            }
        }
    }
    checks
}

/// Texts as one, cut; `None` when there are none, or none any more.
fn said(texts: Vec<Option<String>>) -> Option<String> {
    let words: Vec<String> = texts.into_iter().flatten().collect();
    (!words.is_empty()).then(|| excerpt(&words.join("\n"), WANTED))
}

fn last(dialog: &Dialog, from: From) -> Option<&SeenMessage> {
    dialog
        .recent
        .iter()
        .filter(|message| message.from == from)
        .max_by_key(|message| message.at)
}

/// While the bot leads, a guest's message without an answer is on its way through the bot.
fn bot_busy(dialog: &Dialog) -> bool {
    dialog.view.owner == Owner::Bot && (dialog.turn.is_some() || !dialog.unanswered.is_empty())
}

fn return_at(dialog: &Dialog) -> Option<i64> {
    match dialog.view.owner {
        Owner::Manager { .. } => dialog.timers.get(&Timer::AutoReturn).map(|timer| timer.due),
        _ => None,
    }
}

fn touch_at(dialog: &Dialog) -> Option<i64> {
    match dialog.view.owner {
        Owner::Bot => dialog.timers.get(&Timer::FinalTouch).map(|timer| timer.due),
        _ => None,
    }
}

/// What the bot asked, as long as the guest has not answered.
fn asked_back(dialog: &Dialog, why: &[Check]) -> Option<AskedBack> {
    if dialog.view.owner != Owner::Bot || bot_busy(dialog) {
        return None;
    }
    why.iter().find_map(|check| match check.rule.as_str() {
        "clarify.deal" => Some(AskedBack::Deal),
        "clarify.kind" | "clarify.departure" => Some(AskedBack::Kind),
        _ => None,
    })
}

/// What keeps the bot from a guest whom nobody leads.
fn mute(policy: &Policy, dialog: &Dialog) -> Option<Mute> {
    if dialog.view.owner != Owner::Bot {
        return None;
    }
    match (muted(policy, dialog), policy.mode) {
        (Some("guest.excluded"), _) => Some(Mute::Excluded),
        (Some("mode.trial"), _) => Some(Mute::Trial),
        (Some(_), _) | (None, Mode::Off | Mode::Watch) => Some(Mute::Off),
        (None, Mode::People) => Some(Mute::Paused),
        (None, Mode::On | Mode::Trial) => None,
    }
}

fn is_reminded(dialog: &Dialog) -> bool {
    matches!(dialog.view.owner, Owner::Waiting { .. })
        && dialog
            .handoff
            .as_ref()
            .is_some_and(|handoff| handoff.reminded)
}

/// The deal that the dialog is bound to, as the CRM was read last.
fn deal_of(dialog: &Dialog) -> Option<&DealFacts> {
    let (crm, id) = (dialog.crm.as_ref()?, dialog.deal?);
    crm.deals.iter().find(|deal| deal.id == id)
}

/// An automatic take can be undone for a while, unless the manager has written since.
fn undo_until(dialog: &Dialog, undo_for: i64) -> Option<i64> {
    let (Owner::Manager { since, .. }, Some(lead)) = (&dialog.view.owner, &dialog.lead) else {
        return None;
    };
    (lead.undo.is_some() && lead.signal_at <= *since).then_some(since + undo_for)
}

#[cfg(test)]
mod tests {
    use super::*;
    use widget_core::dialog::{Armed, Lead};
    use widget_core::ids::{AccountId, MessageId, UserId};
    use widget_core::owner::ReasonId;

    fn dialog(owner: Owner) -> Dialog {
        let mut dialog = Dialog::new("d".into(), AccountId(1), "c".into());
        dialog.view.owner = owner;
        dialog
    }

    fn manager() -> Owner {
        Owner::Manager {
            user: Some(UserId(9_002)),
            since: 1_000,
        }
    }

    fn lead(undo: Option<Owner>, signal_at: i64) -> Lead {
        Lead {
            signal_at,
            deferred_once: false,
            undo,
        }
    }

    #[test]
    fn an_automatic_take_can_be_undone_until_the_manager_writes() {
        let waiting = Owner::Waiting {
            since: 500,
            reason: ReasonId::Complaint.into(),
        };
        let mut taken = dialog(manager());
        assert_eq!(undo_until(&taken, 600), None);
        taken.lead = Some(lead(None, 1_000));
        assert_eq!(undo_until(&taken, 600), None, "taken by the button");
        taken.lead = Some(lead(Some(waiting.clone()), 1_000));
        assert_eq!(undo_until(&taken, 600), Some(1_600));
        taken.lead = Some(lead(Some(waiting), 1_200));
        assert_eq!(undo_until(&taken, 600), None, "the manager wrote");
    }

    #[test]
    fn a_return_is_shown_only_while_a_manager_leads() {
        let timer = Armed {
            due: 9_000,
            generation: 1,
        };
        let mut led = dialog(manager());
        led.timers.insert(Timer::AutoReturn, timer);
        assert_eq!(return_at(&led), Some(9_000));
        led.view.owner = Owner::Bot;
        assert_eq!(return_at(&led), None);
    }

    #[test]
    fn the_last_message_of_a_side_is_the_latest() {
        let mut seen = dialog(Owner::Bot);
        for (id, from, at) in [
            ("1", From::Guest, 5),
            ("2", From::Bot, 6),
            ("3", From::Guest, 7),
        ] {
            seen.recent.push(SeenMessage {
                id: MessageId(id.to_owned()),
                from,
                at,
                text: None,
            });
        }
        assert_eq!(last(&seen, From::Guest).map(|message| message.at), Some(7));
        assert_eq!(last(&seen, From::Manager), None);
    }
}
