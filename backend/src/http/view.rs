//! A dialog in the words of the wire: what the card shows of it.

use super::error::ApiError;
use super::state::{Site, Web};
use std::time::Duration;
use tokio::time::timeout;
use widget_core::dialog::{Dialog, From, SeenMessage};
use widget_core::event::Timer;
use widget_core::owner::Owner;
use widget_core::phone;
use widget_core::text::excerpt;
use widget_core::trace::Check;
use widget_core::wire::DialogView;

/// How long names of users are waited for.
const NAMES_PATIENCE: Duration = Duration::from_millis(300);
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
    let why = web
        .flow
        .last_trace(&site.tenant, &dialog.id)
        .await
        .map_err(|cause| ApiError::unavailable(&cause))?;
    let undo_for = site.tenant.rules().policy.timers.undo_for.0;
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
        why: with_names(site, why)
            .await
            .iter()
            .map(Check::sentence)
            .collect(),
    })
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
