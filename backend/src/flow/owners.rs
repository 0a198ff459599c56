//! Who led a dialog, out of its journal: what «История» shows.

use super::{Flow, Tenant};
use crate::error::StoreError;
use crate::ports::JournalRow;
use widget_core::change::Change;
use widget_core::event::Event;
use widget_core::ids::{DialogId, UserId};
use widget_core::owner::Owner;
use widget_core::trace::Check;
use widget_core::wire::{HistoryEntry, How};

/// So many of the newest journal rows are looked through.
const DEPTH: u32 = 500;
/// A manager reads no more of it.
const ENTRIES: usize = 20;

impl Flow {
    /// The changes of a dialog's owner, newest first, at most twenty.
    ///
    /// # Errors
    /// [`StoreError`] when the store fails.
    pub async fn owners(
        &self,
        tenant: &Tenant,
        dialog: &DialogId,
    ) -> Result<Vec<HistoryEntry>, StoreError> {
        let rows = self.store.newest(tenant.account, dialog, DEPTH).await?;
        let mut entries = Vec::new();
        for row in &rows {
            entries.extend(change_of_owner(row)?);
            if entries.len() == ENTRIES {
                break;
            }
        }
        Ok(entries)
    }
}

/// What a row did to the owner. A dialog begins with the bot.
fn change_of_owner(row: &JournalRow) -> Result<Option<HistoryEntry>, StoreError> {
    // Most rows change no owner: those are not read.
    if !row.changes.contains("owner_set") && row.seq != 1 {
        return Ok(None);
    }
    let unreadable = |error: serde_json::Error| StoreError::Unreadable(error.to_string());
    let changes: Vec<Change> = serde_json::from_str(&row.changes).map_err(unreadable)?;
    let event: Event = serde_json::from_str(&row.event).map_err(unreadable)?;
    let trace: Vec<Check> = serde_json::from_str(&row.trace).map_err(unreadable)?;
    let owner = changes.iter().rev().find_map(|change| match change {
        Change::OwnerSet(view) => Some(&view.owner),
        _ => None,
    });
    let owner = match (owner, row.seq) {
        (Some(owner), _) => owner,
        (None, 1) => &Owner::Bot,
        (None, _) => return Ok(None),
    };
    let (how, user) = how(owner, &event);
    let minutes = trace.iter().find_map(|check| check.values.get("minutes"));
    Ok(Some(HistoryEntry {
        at: row.at,
        how,
        user,
        reason: match owner {
            Owner::Waiting { reason, .. } => Some(reason.clone()),
            _ => None,
        },
        minutes: minutes
            .filter(|_| how == How::Auto)
            .and_then(|minutes| minutes.parse().ok()),
    }))
}

/// How an event brought this owner, and who did it.
fn how(owner: &Owner, event: &Event) -> (How, Option<UserId>) {
    match (owner, event) {
        (_, Event::TakeUndone { user }) => (How::Undo, Some(*user)),
        (_, Event::GuestExcluded { user }) => (How::Exclude, Some(*user)),
        (_, Event::GuestIncluded { user }) => (How::Include, Some(*user)),
        (_, Event::FieldChanged { by, .. }) => (How::Field, by.user()),
        (Owner::Waiting { .. }, _) => (How::Waiting, None),
        (Owner::Manager { .. }, Event::ManagerTook { user }) => (How::Button, Some(*user)),
        (Owner::Manager { .. }, Event::CardOpened { user, .. }) => (How::Opened, Some(*user)),
        (Owner::Manager { .. }, Event::TaskChanged { by, .. }) => (How::Task, by.user()),
        (Owner::Manager { user: None, .. }, _) => (How::Phone, None),
        (Owner::Manager { user, .. }, _) => (How::Wrote, *user),
        (Owner::Bot, Event::Returned { user, .. }) => (How::Return, Some(*user)),
        (Owner::Bot, Event::Dismissed { user }) => (How::Dismiss, Some(*user)),
        (Owner::Bot, Event::TimerFired { .. }) => (How::Auto, None),
        (Owner::Bot, _) => (How::Bot, None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use widget_core::event::{Changer, FieldValue, Timer};
    use widget_core::owner::{OwnerView, ReasonId};

    const ANNA: UserId = UserId(9_002);

    fn row(seq: u64, event: &Event, owner: Option<Owner>, trace: &[Check]) -> JournalRow {
        let changes: Vec<Change> = owner
            .map(|owner| Change::OwnerSet(OwnerView { owner, epoch: 1 }))
            .into_iter()
            .collect();
        let json = |value: Result<String, serde_json::Error>| value.expect("JSON");
        JournalRow {
            seq,
            at: 7,
            policy_version: 1,
            core_version: "1".to_owned(),
            event: json(serde_json::to_string(event)),
            changes: json(serde_json::to_string(&changes)),
            actions: "[]".to_owned(),
            trace: json(serde_json::to_string(trace)),
        }
    }

    fn manager(user: Option<UserId>) -> Owner {
        Owner::Manager { user, since: 7 }
    }

    fn timer() -> Event {
        Event::TimerFired {
            timer: Timer::AutoReturn,
            generation: 1,
        }
    }

    #[test]
    fn every_way_to_an_owner_has_its_words() {
        let waiting = Owner::Waiting {
            since: 7,
            reason: ReasonId::Pet.into(),
        };
        let field = Event::FieldChanged {
            value: FieldValue::Manager,
            by: Changer::Person(ANNA),
        };
        let opened = Event::CardOpened {
            user: ANNA,
            responsible: true,
        };
        let returned = Event::Returned {
            user: ANNA,
            note: None,
        };
        let took = Event::ManagerTook { user: ANNA };
        let undone = Event::TakeUndone { user: ANNA };
        let dismissed = Event::Dismissed { user: ANNA };
        for (event, owner, expected) in [
            (&took, manager(Some(ANNA)), (How::Button, Some(ANNA))),
            (&opened, manager(Some(ANNA)), (How::Opened, Some(ANNA))),
            (&field, manager(Some(ANNA)), (How::Field, Some(ANNA))),
            (&field, Owner::Bot, (How::Field, Some(ANNA))),
            (&undone, waiting.clone(), (How::Undo, Some(ANNA))),
            (&returned, Owner::Bot, (How::Return, Some(ANNA))),
            (&dismissed, Owner::Bot, (How::Dismiss, Some(ANNA))),
            (&timer(), Owner::Bot, (How::Auto, None)),
            (&timer(), waiting, (How::Waiting, None)),
        ] {
            let row = row(2, event, Some(owner), &[]);
            let entry = change_of_owner(&row).expect("readable").expect("a change");
            assert_eq!((entry.how, entry.user), expected, "{event:?}");
        }
    }

    #[test]
    fn a_return_by_itself_says_after_how_long_and_a_handoff_why() {
        let after = Check::decided("owner.auto_return").with("minutes", 40);
        let back = row(9, &timer(), Some(Owner::Bot), &[after]);
        let entry = change_of_owner(&back).expect("readable").expect("a change");
        assert_eq!(entry.minutes, Some(40));
        let waiting = Owner::Waiting {
            since: 7,
            reason: ReasonId::Complaint.into(),
        };
        let over = row(3, &timer(), Some(waiting), &[]);
        let entry = change_of_owner(&over).expect("readable").expect("a change");
        assert_eq!(
            entry.reason.map(|reason| reason.id),
            Some(ReasonId::Complaint)
        );
    }

    #[test]
    fn a_dialog_begins_with_the_bot_and_other_rows_say_nothing() {
        let first = row(1, &Event::Unreadable, None, &[]);
        let entry = change_of_owner(&first)
            .expect("readable")
            .expect("the beginning");
        assert_eq!((entry.how, entry.at), (How::Bot, 7));
        let other = row(2, &Event::Unreadable, None, &[]);
        assert_eq!(change_of_owner(&other).expect("readable"), None);
    }
}
