//! Which deal a message belongs to, and how a deal is claimed or made (masterplan: Сценарий 1; BEHAVIOUR §3).

use super::turns::Freshness;
use super::{Draft, implied};
use crate::action::Action;
use crate::change::Change;
use crate::dialog::{Claim, TaskState};
use crate::event::{Changer, CrmSnapshot, DealFacts, Failure, FieldValue, Timer};
use crate::ids::{ActionKey, ContactId, DealId, StageKey};
use crate::owner::{Owner, ReasonId};
use crate::policy::{Span, StageRole};
use crate::time::{MINUTE, SECOND};
use crate::trace::Check;

/// The CRM is first looked at again so soon after the guest's message.
const FIRST_LOOK_AFTER: Span = Span(5 * SECOND);
/// While the CRM is down, the claim of a deal is tried again so often.
const CLAIM_RETRY: Span = Span(30 * SECOND);
/// A deal younger than this may be missing from what the CRM finds, ms.
const INDEX_LAG: i64 = 2 * MINUTE;

/// What the guest's deals say about a message.
pub(super) enum Inquiry {
    /// It is clear what it is about: the bound deal, or a new one that may still have to be made.
    Clear,
    /// Several deals are open, and it is not clear which one is meant.
    Several,
    /// The only open deal belongs to people.
    Unmapped {
        /// Its stage as the CRM shows it.
        stage: String,
    },
}

impl Draft<'_> {
    pub(super) fn snapshot_serves(&self, freshness: Freshness) -> bool {
        let life = match freshness {
            Freshness::Fresh => self.policy.timers.snapshot_ttl.0,
            Freshness::Recent => self.policy.timers.snapshot_max_age.0,
        };
        self.state
            .crm
            .as_ref()
            .is_some_and(|crm| self.at().saturating_sub(crm.at) <= life)
    }

    /// Reads the CRM while the guest's burst is collected, so that the answer need not wait for it.
    pub(super) fn read_crm_ahead(&mut self) {
        if !self.snapshot_serves(Freshness::Fresh) {
            self.start_reading();
        }
    }

    pub(super) fn start_reading(&mut self) {
        if self.state.reading.is_none() {
            self.check(Check::passed("crm.reading"));
            let key = self.act(Action::ReadCrm);
            self.change(Change::Reading(Some(key)));
        }
    }

    pub(super) fn crm_read(&mut self, snapshot: &CrmSnapshot) {
        if self.state.reading.as_ref() == Some(&snapshot.action) {
            self.change(Change::Reading(None));
        }
        self.check(Check::decided("crm.read").with("deals", snapshot.deals.len()));
        let read = snapshot.action.seq();
        let outrun = |known: &CrmSnapshot| known.action.seq() > read;
        if !self.state.crm.as_ref().is_some_and(outrun) {
            self.learn_crm(self.completed(snapshot));
            self.write_field_again(read);
            self.look_again(read);
        }
        self.resume();
    }

    /// A snapshot, put right by what we did meanwhile: a deal of ours that the CRM's index does not show yet is there,
    /// and a stage read before our own move is the old one.
    fn completed(&self, snapshot: &CrmSnapshot) -> CrmSnapshot {
        let mut snapshot = snapshot.clone();
        let Some(known) = self.state.deal_facts() else {
            return snapshot;
        };
        let moved_since = snapshot.action.seq() < self.state.stage_settled;
        let young = snapshot.at.saturating_sub(known.created_at) <= INDEX_LAG;
        if let Some(deal) = snapshot.deals.iter_mut().find(|deal| deal.id == known.id) {
            if moved_since {
                deal.stage.clone_from(&known.stage);
            }
        } else if young {
            snapshot.deals.insert(0, known.clone());
        }
        snapshot
    }

    fn learn_crm(&mut self, snapshot: CrmSnapshot) {
        let before = self.state.deal_facts().cloned();
        self.notice_moves(&snapshot);
        let contact = snapshot.contact.as_ref().map(|contact| contact.id);
        self.change(Change::CrmKnown(snapshot));
        if contact.is_some() && contact != self.state.contact {
            let deal = self.state.deal;
            self.change(Change::Bound { contact, deal });
        }
        if let Some(before) = before {
            self.follow_deal(&before);
        }
        self.drop_lost_deal();
        self.adopt_deal();
    }

    /// A stage that is not where we knew it, and not where we move it, was changed by somebody else. What changed
    /// before the episode does not count in it.
    fn notice_moves(&mut self, snapshot: &CrmSnapshot) {
        let (Some(known), Some(episode), Some(crm)) = (
            self.state.deal_facts(),
            &self.state.episode,
            &self.state.crm,
        ) else {
            return;
        };
        let now = snapshot.deals.iter().find(|deal| deal.id == known.id);
        let moved = now.is_some_and(|now| {
            now.stage != known.stage && (now.stage != self.state.moving || now.stage.is_none())
        });
        if moved && crm.at >= episode.opened_at && !episode.moved_by_others {
            self.change(Change::MovedByOthers);
        }
    }

    /// While a guest waits: an untaken task follows the deal's responsible, and a deal closed over it is brought up.
    fn follow_deal(&mut self, before: &DealFacts) {
        let Owner::Waiting { .. } = self.state.view.owner else {
            return;
        };
        let Some(now) = self.state.deal_facts().cloned() else {
            return;
        };
        if now.closed
            && !before.closed
            && let Some(handoff) = self.state.handoff.clone()
        {
            self.escalate(&handoff);
        }
        if let (TaskState::Open { id }, Some(to)) = (self.state.task, self.assignee())
            && now.responsible != before.responsible
        {
            self.act(Action::AssignTask { task: id, to });
        }
    }

    /// A write of ours that did not arrive is made again.
    fn write_field_again(&mut self, read: u64) {
        let wish = self.state.field;
        let Some(field) = self.state.deal_facts().map(|deal| deal.field) else {
            return;
        };
        let missing = same_owner(field, wish.shown) && !same_owner(field, wish.value);
        if missing && !wish.pending && read >= wish.settled {
            self.show_owner(wish.value);
        }
    }

    /// A read decided before the latest hint, or before our own write, is followed by another one. A hint that this
    /// read has answered is done with.
    fn look_again(&mut self, read: u64) {
        let hinted = self.state.hint.map(|(_, seq)| seq);
        let before_hint = hinted.is_some_and(|seq| read < seq);
        let before_write = self.field_differs() && read < self.state.field.settled;
        if before_hint || before_write {
            self.start_reading();
        } else if hinted.is_some() && !self.state.field.pending && implied(&self.state).is_none() {
            self.change(Change::Hinted(None));
        }
    }

    fn field_differs(&self) -> bool {
        self.state
            .deal_facts()
            .is_some_and(|deal| !same_owner(deal.field, self.state.field.value))
    }

    /// A bound deal that is gone is unbound; one that is over too, once nobody waits for anything on it. With it ends
    /// the episode, unless the guest's only open deal takes its place.
    fn drop_lost_deal(&mut self) {
        let Some(bound) = self.state.deal else { return };
        let bot_leads = self.state.view.owner == Owner::Bot;
        let lost = match self.state.deal_facts() {
            None => self.state.crm.is_some(),
            Some(deal) => self.is_over(deal) && bot_leads,
        };
        if !lost {
            return;
        }
        self.check(Check::passed("deals.closed").with("deal", bound));
        let gone = self.state.deal_facts().is_none();
        let contact = self.state.contact;
        self.change(Change::Bound {
            contact,
            deal: None,
        });
        self.change(Change::FieldWanted {
            value: FieldValue::Empty,
            pending: false,
        });
        if !bot_leads {
            return;
        }
        match self.open_deals().as_slice() {
            [other] if gone => self.bind(other.id),
            _ => self.end_episode(),
        }
    }

    /// The episode ends with its deal. Messages that still need an answer begin the next one.
    fn end_episode(&mut self) {
        if self.state.episode.is_none() {
            return;
        }
        self.change(Change::EpisodeEnded);
        self.cancel(Timer::EpisodeIdle);
        let facts: Vec<_> = self
            .to_answer()
            .map(|message| message.understood.facts.clone())
            .collect();
        if facts.is_empty() {
            return;
        }
        let at = self.at();
        self.change(Change::EpisodeOpened { at });
        for facts in facts {
            self.change(Change::FactsLearned(facts));
        }
        self.stay_awake();
    }

    /// Closed, or at a stage where a guest begins anew.
    fn is_over(&self, deal: &DealFacts) -> bool {
        let stage = deal.stage.as_ref().and_then(|key| self.policy.stage(key));
        deal.closed || stage.is_some_and(|stage| stage.role == StageRole::Reopen)
    }

    /// Binds a deal outside of routing: one that a claim waits for, or one for a dialog that people lead.
    fn adopt_deal(&mut self) {
        if self.state.deal.is_some() {
            return;
        }
        match self.state.claim {
            Claim::Idle if self.state.view.owner != Owner::Bot => {
                if let Some(deal) = self.open_deals().first() {
                    self.bind(deal.id);
                }
            }
            Claim::Grace { until } => self.adopt_or_make(until),
            Claim::Idle | Claim::MakingContact | Claim::MakingDeal => {}
        }
    }

    fn adopt_or_make(&mut self, until: i64) {
        if let Some(deal) = self.open_deals().first() {
            self.check(Check::passed("deal.adopted"));
            self.bind(deal.id);
        } else if self.at() >= until {
            self.make_deal();
        } else if !self.state.timers.contains_key(&Timer::ClaimGrace) {
            self.arm(Timer::ClaimGrace, until);
        }
    }

    fn make_deal(&mut self) {
        self.cancel(Timer::ClaimGrace);
        if let Some(contact) = self.state.contact {
            self.act(Action::CreateDeal { contact });
            self.change(Change::ClaimStep(Claim::MakingDeal));
        } else {
            self.act(Action::CreateContact);
            self.change(Change::ClaimStep(Claim::MakingContact));
        }
    }

    /// Deals that are not over, newest first.
    fn open_deals(&self) -> Vec<DealFacts> {
        let mut open: Vec<_> = self
            .state
            .crm
            .iter()
            .flat_map(|crm| &crm.deals)
            .filter(|deal| !self.is_over(deal))
            .cloned()
            .collect();
        open.sort_by_key(|deal| {
            (
                std::cmp::Reverse(deal.created_at),
                std::cmp::Reverse(deal.id),
            )
        });
        open
    }

    /// Finds the deal that the unanswered messages are about, and binds it or begins to claim one.
    pub(super) fn find_deal(&mut self) -> Inquiry {
        self.drop_lost_deal();
        if matches!(self.state.claim, Claim::MakingContact | Claim::MakingDeal) {
            // The deal of this episode is on its way: another one that turns up now is not ours.
            return Inquiry::Clear;
        }
        let open = self.open_deals();
        let mapped: Vec<_> = open.iter().filter(|deal| deal.stage.is_some()).collect();
        match mapped.as_slice() {
            [] => {
                if let Some(deal) = open.first() {
                    self.check(Check::passed("deals.unmapped").with("stage", &deal.stage_name));
                    self.bind(deal.id);
                    return Inquiry::Unmapped {
                        stage: deal.stage_name.clone(),
                    };
                }
                self.claim_deal();
                Inquiry::Clear
            }
            [deal] => {
                self.check(Check::passed("deals.one").with("stage", &deal.stage_name));
                self.bind(deal.id);
                Inquiry::Clear
            }
            several => {
                let meant = self.deal_meant(several);
                self.check(Check::passed("deals.many").with("n", several.len()));
                if meant {
                    return Inquiry::Clear;
                }
                if let Some(newest) = several.first() {
                    self.bind(newest.id);
                }
                self.change(Change::SeveralDeals);
                Inquiry::Several
            }
        }
    }

    /// Among several open deals this episode's own is meant, unless it was unclear and no person has settled it.
    fn deal_meant(&self, several: &[&DealFacts]) -> bool {
        let Some(episode) = &self.state.episode else {
            return false;
        };
        let bound = several.iter().any(|deal| Some(deal.id) == episode.deal);
        let settled = episode.settled.contains(ReasonId::MultiDeal.as_str());
        bound && (!episode.several || settled)
    }

    /// No open deal: a new inquiry. The CRM gets time to make the deal by itself; the answer does not wait.
    pub(super) fn claim_deal(&mut self) {
        if self.state.claim != Claim::Idle || self.state.deal.is_some() {
            return;
        }
        if self.state.episode.as_ref().is_some_and(|e| e.deal_made) {
            // The deal of this episode is gone, and so is the episode (promise 3: one made deal each).
            self.end_episode();
        }
        if let Some(crm) = &self.state.crm {
            let former = crm.deals.first().map(|deal| deal.stage_name.clone());
            self.check(match former {
                Some(stage) => Check::passed("deals.refused").with("stage", stage),
                None => Check::passed("deals.none"),
            });
        }
        let grace = self.policy.timers.claim_grace;
        let until = self.later(grace);
        self.check(Check::passed("deal.grace").with("seconds", grace.0 / SECOND));
        self.change(Change::ClaimStep(Claim::Grace { until }));
        self.arm(Timer::ClaimGrace, self.later(FIRST_LOOK_AFTER).min(until));
    }

    /// The dialog belongs to this deal from now on.
    fn bind(&mut self, deal: DealId) {
        let in_episode = self.state.episode.as_ref().and_then(|e| e.deal);
        let newly = self.state.deal != Some(deal);
        if !newly && in_episode == Some(deal) {
            return;
        }
        let contact = self.state.contact;
        self.change(Change::Bound {
            contact,
            deal: Some(deal),
        });
        if self.state.claim != Claim::Idle {
            self.change(Change::ClaimStep(Claim::Idle));
            self.cancel(Timer::ClaimGrace);
        }
        if newly {
            self.show_owner_on_new_deal();
            self.release_deferred();
        }
        self.move_on();
    }

    /// The field of a newly bound deal shows our owner. While the bot leads, a field that a person has set there before
    /// counts as their change ([`implied`]).
    fn show_owner_on_new_deal(&mut self) {
        let field = self
            .state
            .deal_facts()
            .map_or(FieldValue::Empty, |deal| deal.field);
        let seq = self.state.crm.as_ref().map_or(0, |crm| crm.action.seq());
        let ours = owner_value(&self.state.view.owner);
        let by_hand = matches!(field, FieldValue::Waiting | FieldValue::Manager);
        if by_hand && ours == FieldValue::Bot {
            self.change(Change::FieldWanted {
                value: ours,
                pending: false,
            });
            self.change(Change::FieldShown { value: ours });
            return;
        }
        self.change(Change::FieldSettled { value: field, seq });
        if field != ours {
            self.show_owner(ours);
        }
    }

    pub(super) fn contact_created(&mut self, contact: ContactId) {
        self.check(Check::decided("contact.created"));
        let deal = self.state.deal;
        self.change(Change::Bound {
            contact: Some(contact),
            deal,
        });
        if self.state.claim == Claim::MakingContact && deal.is_none() {
            match self.open_deals().first() {
                Some(late) => self.bind(late.id),
                None => self.make_deal(),
            }
        }
    }

    pub(super) fn deal_created(&mut self, deal: DealId) {
        self.check(Check::decided("deal.created"));
        let at = self.at();
        let first = self.policy.first_stage();
        let made = DealFacts {
            id: deal,
            stage: first.map(|stage| stage.key.clone()),
            stage_name: first.map(|stage| stage.name.clone()).unwrap_or_default(),
            closed: false,
            responsible: None,
            responsible_active: false,
            field: FieldValue::Empty,
            created_at: at,
            amount: None,
        };
        if let Some(mut crm) = self.state.crm.clone()
            && !crm.deals.iter().any(|known| known.id == deal)
        {
            crm.deals.insert(0, made);
            self.change(Change::CrmKnown(crm));
        }
        self.change(Change::DealMade);
        if self.state.deal.is_none() {
            self.bind(deal);
        }
    }

    /// The CRM could not be read within the port's patience.
    pub(super) fn reading_failed(&mut self, key: &ActionKey) {
        if self.state.reading.as_ref() != Some(key) {
            return;
        }
        self.change(Change::Reading(None));
        if matches!(self.state.claim, Claim::Grace { .. }) {
            self.arm(Timer::ClaimGrace, self.later(CLAIM_RETRY));
        }
        if !self.state.route_wanted {
            self.check(Check::decided("crm.down"));
        } else if self.snapshot_serves(Freshness::Recent) {
            let age = self
                .state
                .crm
                .as_ref()
                .map_or(0, |crm| self.at().saturating_sub(crm.at));
            self.check(Check::passed("crm.stale").with("minutes", age / MINUTE));
            self.route(Freshness::Recent);
        } else {
            self.check(Check::decided("crm.down"));
            self.hand_off(ReasonId::CrmDown.into(), None, None);
        }
    }

    /// The making of a contact or deal failed for good. While the CRM is down, it is looked at and tried again.
    pub(super) fn claim_failed(&mut self, failure: Failure) {
        if !matches!(self.state.claim, Claim::MakingContact | Claim::MakingDeal) {
            return;
        }
        if failure == Failure::Refused {
            self.change(Change::ClaimStep(Claim::Idle));
            return;
        }
        let until = self.later(CLAIM_RETRY);
        self.change(Change::ClaimStep(Claim::Grace { until }));
        self.arm(Timer::ClaimGrace, until);
    }

    /// A hint of the CRM: what it says that we know already is our echo; else the deal is read again.
    pub(super) fn deal_changed(
        &mut self,
        deal: DealId,
        by: Changer,
        field: Option<FieldValue>,
        stage: Option<&StageKey>,
    ) {
        if self.state.deal != Some(deal) {
            self.check(Check::decided("nothing"));
            return;
        }
        let field_known = field.is_none_or(|field| same_owner(field, self.state.field.value));
        let stage_known =
            stage.is_some() && (stage == self.state.stage() || stage == self.state.moving.as_ref());
        if field_known && stage_known {
            self.check(Check::decided("echo.ours"));
            return;
        }
        // Who changed something else is not who sets the field, should the read find it set meanwhile.
        let by = if field_known { Changer::Unknown } else { by };
        let seq = self.next_seq();
        self.change(Change::Hinted(Some((by, seq))));
        self.start_reading();
    }
}

/// The field's value that shows an owner.
pub(super) fn owner_value(owner: &Owner) -> FieldValue {
    match owner {
        Owner::Bot => FieldValue::Bot,
        Owner::Waiting { .. } => FieldValue::Waiting,
        Owner::Manager { .. } => FieldValue::Manager,
    }
}

/// An empty field means the same as «Бот».
pub(super) fn same_owner(one: FieldValue, other: FieldValue) -> bool {
    let plain = |value| match value {
        FieldValue::Empty => FieldValue::Bot,
        value => value,
    };
    plain(one) == plain(other)
}
