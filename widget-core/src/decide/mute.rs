//! Whom the account's mode and lists keep the bot from (BEHAVIOUR §5), and what is done once something works again.

use super::Draft;
use super::messages::{LATE_AFTER, needs_nothing};
use super::turns::Freshness;
use crate::action::{Action, TaskResult};
use crate::change::Change;
use crate::dialog::{DealWork, Dialog, Exclusion, Handoff, TaskState, Unanswered};
use crate::event::{ContactFacts, Failure, GuestMessage, Service};
use crate::ids::{ActionKey, UserId};
use crate::owner::{Owner, ReasonId, Signal, next};
use crate::policy::{Mode, Policy};
use crate::time::MINUTE;
use crate::trace::Check;
use crate::wire::ExcludedBy;

/// So long after a tag was written a read may still show the contact as it was: ms.
const TAGS_LAG: i64 = MINUTE;

/// The rule that keeps the bot from this guest altogether, if one does: nothing is decided, nothing written.
pub fn muted(policy: &Policy, dialog: &Dialog) -> Option<&'static str> {
    match policy.mode {
        Mode::Off => Some("mode.off"),
        Mode::Trial if !dialog.listed.trial => Some("mode.trial"),
        _ if excluded(policy, dialog).is_some() => Some("guest.excluded"),
        Mode::On | Mode::Trial | Mode::Watch | Mode::People => None,
    }
}

/// Whether only managers talk to this guest, and what says so. A manager's click counts at once; the contact's tags say
/// it as soon as they show that click, and when somebody puts them on or takes them off in the CRM.
pub fn excluded(policy: &Policy, dialog: &Dialog) -> Option<ExcludedBy> {
    if dialog.listed.excluded {
        return Some(ExcludedBy::List);
    }
    let by_hand = match &dialog.exclusion {
        Some(exclusion) => exclusion.on,
        None => contact(dialog).is_some_and(|contact| telling_tags(policy, contact).count() > 0),
    };
    by_hand.then_some(ExcludedBy::Hand)
}

fn contact(dialog: &Dialog) -> Option<&ContactFacts> {
    dialog.crm.as_ref()?.contact.as_ref()
}

/// Those of the contact's tags that keep the bot from it.
fn telling_tags<'a>(
    policy: &'a Policy,
    contact: &'a ContactFacts,
) -> impl Iterator<Item = &'a String> {
    let excluded = &policy.exclude.contact_tags;
    let tells = |tag: &&String| excluded.iter().any(|other| same_tag(tag, other));
    contact.tags.iter().filter(tells)
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

    /// [`Self::stopped_by_mute`], unless only tags say so that were read long ago: the CRM is read first, for somebody
    /// may have taken them off.
    pub(super) fn stopped_by_mute_for_sure(&mut self) -> bool {
        let shown = match &self.state.exclusion {
            Some(Exclusion { done_at, .. }) => {
                done_at.is_some_and(|done| self.at().saturating_sub(done) > TAGS_LAG)
            }
            None => true,
        };
        let by_tags = shown && excluded(self.policy, &self.state) == Some(ExcludedBy::Hand);
        let may_be_over = by_tags && !self.snapshot_serves(Freshness::Fresh);
        let by_mode = self.muted() != Some("guest.excluded");
        (by_mode || !may_be_over) && self.stopped_by_mute()
    }

    /// Whether the guest is one whom the bot leaves alone; the messages then wait for nothing, but for those of before a
    /// click that may have been a mistake.
    pub(super) fn stopped_by_mute(&mut self) -> bool {
        let Some(rule) = self.muted() else {
            return false;
        };
        self.check(Check::decided(rule));
        self.stop_bot();
        self.no_more_touches();
        if self.state.exclusion.is_some() {
            return true;
        }
        let messages: Vec<_> = self.state.unanswered.iter().map(|m| m.id.clone()).collect();
        if !messages.is_empty() {
            self.change(Change::Answered { messages });
        }
        true
    }

    /// «Не отвечать ботом»: no text of ours from now on, not even one that is on its way. What the guest wrote stays
    /// unanswered, so that it is answered if the click was a mistake.
    pub(super) fn guest_excluded(&mut self, user: UserId) {
        if excluded(self.policy, &self.state).is_some() {
            self.check(Check::decided("nothing"));
            return;
        }
        self.check(Check::decided("guest.excluded_by").with("by", user));
        self.exclude(true);
        self.change(Change::OwnerSet(self.state.view.renewed()));
        self.stop_bot();
        self.no_more_touches();
    }

    /// A message of a guest who was excluded by a click: it stays unanswered as long as that click may have been a mistake.
    /// Where the CRM is not told of the click yet, this is the time to look for the contact.
    pub(super) fn keep_while_excluded(&mut self, message: &GuestMessage) {
        let Some(exclusion) = self.state.exclusion.clone() else {
            return;
        };
        if !needs_nothing(&message.understood) {
            let at = self.at();
            self.change(Change::Unanswered(Unanswered {
                id: message.id.clone(),
                at,
                understood: message.understood.clone(),
                handed_back: false,
            }));
        }
        let is_told = exclusion.action.is_some() || exclusion.done_at.is_some();
        if !is_told && !self.snapshot_serves(Freshness::Fresh) {
            self.start_reading();
        }
    }

    /// «Включить бота»: what waits for an answer is routed, and what has waited long is a person's. A guest whom the policy
    /// lists stays excluded.
    pub(super) fn guest_included(&mut self, user: UserId) {
        if excluded(self.policy, &self.state) != Some(ExcludedBy::Hand) {
            self.check(Check::decided("nothing"));
            return;
        }
        self.check(Check::decided("guest.included_by").with("by", user));
        self.exclude(false);
        self.change(Change::OwnerSet(self.state.view.renewed()));
        match self.state.view.owner {
            Owner::Bot if self.state.unanswered.is_empty() || self.muted().is_some() => {}
            Owner::Bot => {
                self.begin_episode();
                let at = self.at();
                let waits_long = |m: &Unanswered| at.saturating_sub(m.at) > LATE_AFTER;
                if self.state.unanswered.iter().any(waits_long) {
                    self.hand_off(ReasonId::Late);
                } else {
                    self.route(Freshness::Fresh);
                }
            }
            Owner::Waiting { .. } => self.wait_again(),
            Owner::Manager { .. } => {}
        }
    }

    /// While the guest was excluded, no task was made for them and nobody was called.
    fn wait_again(&mut self) {
        if let Some(handoff) = self.state.handoff.clone() {
            self.change(Change::HandoffSet(Some(Handoff {
                escalated: false,
                ..handoff
            })));
        }
        if self.state.task == TaskState::None {
            self.work_on_deal(DealWork::Task);
        }
        self.watch_over_waiting();
    }

    /// Says it here at once, and in the CRM by the contact's tags.
    fn exclude(&mut self, on: bool) {
        let written = self.tags_for(on);
        let nothing_to_undo = !on && written.is_none();
        let action = written.and_then(|action| self.write(action));
        let exclusion = Exclusion {
            on,
            contact: contact(&self.state).map(|contact| contact.id),
            action,
            done_at: None,
        };
        self.change(Change::ExclusionSet(
            (!nothing_to_undo).then_some(exclusion),
        ));
    }

    /// What makes the contact's tags say so; `None` = there is no contact yet, or they need not change.
    fn tags_for(&self, on: bool) -> Option<Action> {
        let known = contact(&self.state)?;
        let first = self.policy.exclude.contact_tags.first();
        let (mut add, mut remove) = (vec![], vec![]);
        if on {
            add.extend(first.cloned());
        } else {
            remove.extend(telling_tags(self.policy, known).cloned());
            // Ours may be on its way, or there already.
            let ours = first.filter(|_| self.state.exclusion.is_some());
            let new = ours.filter(|tag| !remove.iter().any(|other| same_tag(tag, other)));
            remove.extend(new.cloned());
        }
        (!add.is_empty() || !remove.is_empty()).then_some(Action::TagContact {
            contact: known.id,
            add,
            remove,
        })
    }

    /// An action was done; if it wrote a manager's click into the CRM, the tags will tell from soon on.
    pub(super) fn tagged(&mut self, action: &ActionKey) {
        let Some(exclusion) = self.exclusion_of(action) else {
            return;
        };
        self.change(Change::ExclusionSet(Some(Exclusion {
            done_at: Some(self.at()),
            ..exclusion
        })));
    }

    /// The CRM does not take a manager's click. What it may take later is tried again when it is read the next time.
    pub(super) fn tagging_failed(&mut self, action: &ActionKey, failure: Failure) {
        let Some(exclusion) = self.exclusion_of(action) else {
            return;
        };
        let changed = match failure {
            // It is never allowed: whatever the tags say counts again, but nobody's wish for silence is dropped.
            Failure::Refused if exclusion.on => return,
            Failure::Refused => Exclusion {
                done_at: Some(self.at()),
                ..exclusion
            },
            Failure::Unreachable | Failure::Gone | Failure::Fenced => Exclusion {
                action: None,
                ..exclusion
            },
        };
        self.change(Change::ExclusionSet(Some(changed)));
    }

    fn exclusion_of(&self, action: &ActionKey) -> Option<Exclusion> {
        let known = self.state.exclusion.as_ref()?;
        (known.action.as_ref() == Some(action)).then(|| known.clone())
    }

    /// The CRM was read: by now its tags tell, or there is a contact, or another one, to put them on.
    pub(super) fn review_exclusion(&mut self) {
        let (Some(exclusion), Some(crm)) = (self.state.exclusion.clone(), &self.state.crm) else {
            return;
        };
        let Some(contact) = contact(&self.state).map(|contact| contact.id) else {
            return;
        };
        let is_same = exclusion.contact == Some(contact);
        let since = exclusion.done_at.map(|done| crm.at.saturating_sub(done));
        match (since, &exclusion.action) {
            (Some(since), _) if is_same && since > TAGS_LAG => {
                self.change(Change::ExclusionSet(None));
            }
            (Some(_), _) | (None, Some(_)) if is_same => {}
            _ if self.tags_for(exclusion.on).is_some() => self.exclude(exclusion.on),
            _ => {}
        }
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
