//! Bells that wake whoever waits for work. They only save time: somebody looks for work now and then without being woken,
//! so a ring that nobody hears loses nothing. Each ring wakes one: a look for work that is not there costs as much as the
//! work.

use super::open_cards::OpenCards;
use crate::ports::Lane;
use std::sync::atomic::{AtomicBool, Ordering};
use tokio::sync::Notify;
use tokio::sync::futures::Notified;

/// The bells that all accounts share.
#[derive(Debug, Default)]
pub struct Bells {
    dialogs: Notify,
    hints: Notify,
    lanes: Notify,
    rules: Notify,
    /// Cards that look at a deal.
    pub cards: OpenCards,
}

impl Bells {
    /// A dialog may have become ready.
    pub fn dialog_is_ready(&self) {
        self.dialogs.notify_one();
    }

    /// A hint of the CRM has come.
    pub fn hint_has_come(&self) {
        self.hints.notify_one();
    }

    /// A lane in which nobody works yet may have something to do.
    pub fn lane_is_needed(&self) {
        self.lanes.notify_one();
    }

    /// A version of an account's rules was stored.
    pub fn rules_are_stored(&self) {
        self.rules.notify_one();
    }

    /// Until there may be new rules.
    pub fn for_rules(&self) -> Notified<'_> {
        self.rules.notified()
    }

    /// Until a dialog may be ready.
    pub(super) fn for_dialogs(&self) -> Notified<'_> {
        self.dialogs.notified()
    }

    /// Until there may be hints.
    pub(super) fn for_hints(&self) -> Notified<'_> {
        self.hints.notified()
    }

    /// Until a lane may need somebody.
    pub(super) fn for_lanes(&self) -> Notified<'_> {
        self.lanes.notified()
    }
}

/// The bells of one account's lanes: each has one who waits, once there was something to do.
#[derive(Debug, Default)]
pub struct LaneBells {
    send: LaneBell,
    read: LaneBell,
    crm: LaneBell,
    bot: LaneBell,
}

#[derive(Debug, Default)]
struct LaneBell {
    bell: Notify,
    is_manned: AtomicBool,
}

impl LaneBells {
    /// An action of this lane may have become runnable. `false`: nobody works there yet.
    pub fn ring(&self, lane: Lane) -> bool {
        let lane = self.of(lane);
        lane.bell.notify_one();
        lane.is_manned.load(Ordering::Acquire)
    }

    /// Actions of every lane may have become runnable.
    pub fn ring_all(&self) {
        for lane in Lane::ALL {
            self.ring(lane);
        }
    }

    /// From now on somebody works there. `false`: somebody did already.
    pub(super) fn man(&self, lane: Lane) -> bool {
        !self.of(lane).is_manned.swap(true, Ordering::AcqRel)
    }

    /// Nobody works in any lane any more.
    pub(super) fn leave(&self) {
        for lane in Lane::ALL {
            self.of(lane).is_manned.store(false, Ordering::Release);
        }
    }

    /// Until there may be something to do.
    pub(super) fn hears(&self, lane: Lane) -> Notified<'_> {
        self.of(lane).bell.notified()
    }

    const fn of(&self, lane: Lane) -> &LaneBell {
        match lane {
            Lane::Send => &self.send,
            Lane::Read => &self.read,
            Lane::Crm => &self.crm,
            Lane::Bot => &self.bot,
        }
    }
}
