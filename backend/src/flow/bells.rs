//! Bells that wake whoever waits for work. They only save time: whoever waits looks by itself now and then, so a ring
//! that nobody hears loses nothing. Each ring wakes one: a look for work that is not there costs as much as the work.

use crate::ports::Lane;
use tokio::sync::Notify;
use tokio::sync::futures::Notified;

/// The bells that all accounts share.
#[derive(Debug, Default)]
pub struct Bells {
    dialogs: Notify,
    hints: Notify,
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

    /// Until a dialog may be ready.
    pub(super) fn for_dialogs(&self) -> Notified<'_> {
        self.dialogs.notified()
    }

    /// Until there may be hints.
    pub(super) fn for_hints(&self) -> Notified<'_> {
        self.hints.notified()
    }
}

/// The bells of one account's lanes: each has one who waits.
#[derive(Debug, Default)]
pub struct LaneBells {
    send: Notify,
    read: Notify,
    crm: Notify,
    bot: Notify,
}

impl LaneBells {
    /// An action of this lane may have become runnable.
    pub fn ring(&self, lane: Lane) {
        self.of(lane).notify_one();
    }

    /// Actions of every lane may have become runnable.
    pub fn ring_all(&self) {
        for lane in Lane::ALL {
            self.ring(lane);
        }
    }

    /// Until there may be something to do.
    pub(super) fn hears(&self, lane: Lane) -> Notified<'_> {
        self.of(lane).notified()
    }

    const fn of(&self, lane: Lane) -> &Notify {
        match lane {
            Lane::Send => &self.send,
            Lane::Read => &self.read,
            Lane::Crm => &self.crm,
            Lane::Bot => &self.bot,
        }
    }
}
