//! Whom the account's mode and lists keep the bot from (BEHAVIOUR §5), and what is done once something works again.

use super::Draft;
use super::turns::Freshness;
use crate::action::{Action, TaskResult};
use crate::change::Change;
use crate::dialog::Dialog;
use crate::event::Service;
use crate::owner::{Owner, ReasonId, Signal, next};
use crate::policy::{Mode, Policy};
use crate::trace::Check;

/// The rule that keeps the bot from this guest altogether, if one does: nothing is decided, nothing written.
pub fn muted(policy: &Policy, dialog: &Dialog) -> Option<&'static str> {
    match policy.mode {
        Mode::Off => Some("mode.off"),
        Mode::Trial if !dialog.listed.trial => Some("mode.trial"),
        _ if is_excluded(policy, dialog) => Some("guest.excluded"),
        Mode::On | Mode::Trial | Mode::Watch | Mode::People => None,
    }
}

fn is_excluded(policy: &Policy, dialog: &Dialog) -> bool {
    let excluded = &policy.exclude.contact_tags;
    let contact = dialog.crm.as_ref().and_then(|crm| crm.contact.as_ref());
    dialog.listed.excluded
        || contact.is_some_and(|contact| {
            let named = |tag: &String| excluded.iter().any(|other| same_tag(tag, other));
            contact.tags.iter().any(named)
        })
}

impl Draft<'_> {
    /// [`muted`], here and now.
    pub(super) fn muted(&self) -> Option<&'static str> {
        muted(self.policy, &self.state)
    }

    /// Whether the bot says nothing unasked: it is kept from this guest, or people answer everything.
    pub(super) fn is_silenced(&self) -> bool {
        self.muted().is_some() || self.policy.mode == Mode::People
    }

    /// The rule that withholds a write of ours: from an account that is off every one, from a guest whom the bot leaves
    /// alone texts, contacts, deals, their moves and tasks. What a person does to the dialog still shows in its field.
    pub(super) fn withheld(&self, action: &Action) -> Option<&'static str> {
        let is_the_bots = matches!(
            action,
            Action::Send { .. }
                | Action::CreateContact
                | Action::CreateDeal { .. }
                | Action::CreateTask { .. }
                | Action::MoveDeal { .. }
        );
        self.muted()
            .filter(|_| is_the_bots || self.policy.mode == Mode::Off)
    }

    /// Whether the guest is one whom the bot leaves alone; the messages then wait for nothing.
    pub(super) fn stopped_by_mute(&mut self) -> bool {
        let Some(rule) = self.muted() else {
            return false;
        };
        self.check(Check::decided(rule));
        self.stop_bot();
        self.no_more_touches();
        let messages: Vec<_> = self.state.unanswered.iter().map(|m| m.id.clone()).collect();
        if !messages.is_empty() {
            self.change(Change::Answered { messages });
        }
        true
    }

    /// What a handoff was blamed on works again: a dialog that nobody took goes back to the bot, and its messages are
    /// routed (BEHAVIOUR §4, bot).
    pub(super) fn service_back(&mut self, service: Service) {
        let blamed = match service {
            Service::Bot => ReasonId::BotUnavailable,
            Service::Crm => ReasonId::CrmDown,
        };
        let waits =
            matches!(&self.state.view.owner, Owner::Waiting { reason, .. } if reason.id == blamed);
        // Where people answer everything, the guest waits for them all the same.
        if !waits || self.is_silenced() {
            self.check(Check::decided("nothing"));
            return;
        }
        self.check(Check::decided("service.back").with("service", blamed.as_str()));
        let view = next(&self.state.view, &Signal::Returned, None, self.at());
        self.back_to_bot(view, TaskResult::BotIsBack, self.at());
        self.route(Freshness::Fresh);
    }
}

fn same_tag(one: &str, other: &str) -> bool {
    let plain = |tag: &str| tag.trim().to_lowercase().replace('ё', "е");
    plain(one) == plain(other)
}
