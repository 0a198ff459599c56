//! Which deal a message belongs to (masterplan: Сценарий 1, «гибридная логика»; BEHAVIOUR §3, inquiry).

use super::claim::CLAIM_RETRY;
use super::triggers::Said;
use super::turns::Freshness;
use super::{Draft, implied};
use crate::action::{Action, Note};
use crate::change::Change;
use crate::dialog::{Claim, DealWork, Dialog, TaskState};
use crate::event::{Changer, CrmSnapshot, DealFacts, FieldValue, Timer};
use crate::ids::{ActionKey, DealId, StageKey};
use crate::owner::{Owner, Reason, ReasonId};
use crate::policy::{InquiryAct, Mode, Stage, StageRole};
use crate::time::MINUTE;
use crate::trace::Check;
use crate::understand::Intent;

/// A deal younger than this may be missing from what the CRM finds, ms.
const INDEX_LAG: i64 = 2 * MINUTE;

/// What the guest's deals say about a message.
pub(super) enum Inquiry {
    /// The bot answers, on the bound deal or on one that may still have to be made.
    Bot,
    /// The deal stands at «Выезд»: it depends on what the guest wants.
    Departure,
    /// Several deals are open, and it is not clear which one is meant.
    Several,
    /// A person answers.
    People(Reason),
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
            // A hint that this read answers is done with before the next write, whose failure would follow it up for ever.
            self.look_again(read);
            self.write_field_again(read);
            self.close_tasks_again();
            self.review_exclusion();
        }
        self.resume_touch();
        self.review_touch();
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
        self.notice_foreign_deal(&snapshot);
        let contact = snapshot.contact.as_ref().map(|contact| contact.id);
        self.change(Change::CrmKnown(snapshot));
        if contact.is_some() && contact != self.state.contact {
            let deal = self.state.deal;
            self.change(Change::Bound { contact, deal });
        }
        if let Some(before) = before {
            self.follow_deal(&before);
        }
        let gone = self.drop_lost_deal();
        self.adopt_deal();
        if let (Some(from), Some(_)) = (gone, self.state.deal) {
            self.work_on_deal(DealWork::Note(Note::Rebound { from }));
        }
    }

    /// A deal that somebody made after we had made ours is left alone, and noted (BEHAVIOUR §3, claiming the deal).
    fn notice_foreign_deal(&mut self, snapshot: &CrmSnapshot) {
        let (Some(bound), Some(crm), Some(episode)) =
            (self.state.deal, &self.state.crm, &self.state.episode)
        else {
            return;
        };
        let ours = crm.deals.iter().find(|deal| deal.id == bound);
        let made_at = ours.filter(|_| episode.deal_made).map(|d| d.created_at);
        let is_late = |deal: &&DealFacts| {
            let known = crm.deals.iter().any(|other| other.id == deal.id);
            !known
                && !deal.closed
                && made_at.is_some_and(|at| deal.created_at >= at.saturating_sub(INDEX_LAG))
        };
        let late = snapshot.deals.iter().find(is_late).map(|deal| deal.id);
        if let Some(deal) = late {
            self.check(Check::passed("deals.foreign"));
            self.work_on_deal(DealWork::Note(Note::ForeignDeal { deal }));
        }
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
        let in_episode = crm.at >= episode.opened_at && !episode.moved_by_others;
        if moved && self.state.moving.is_none() && self.state.own_move.is_some() {
            self.change(Change::MoveAwaited(None));
        }
        if moved && in_episode {
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
            self.change(Change::Escalated);
            self.cancel(Timer::WaitingEscalation);
            self.escalate(&handoff);
        }
        if let (TaskState::Open { id }, Some(to)) = (self.state.task, self.assignee())
            && now.responsible != before.responsible
        {
            self.write(Action::AssignTask { task: id, to });
        }
    }

    /// A write of ours that did not arrive is made again.
    fn write_field_again(&mut self, read: u64) {
        if self.policy.mode == Mode::Watch {
            return;
        }
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
    /// Answers the deal that is gone from the CRM, merged or deleted.
    fn drop_lost_deal(&mut self) -> Option<DealId> {
        let bound = self.state.deal?;
        let bot_leads = self.state.view.owner == Owner::Bot;
        let lost = match self.state.deal_facts() {
            None => self.state.crm.is_some(),
            Some(deal) => self.is_over(deal) && bot_leads,
        };
        if !lost {
            return None;
        }
        let gone = self.state.deal_facts().is_none();
        self.check(Check::passed(if gone {
            "deals.gone"
        } else {
            "deals.closed"
        }));
        // An episode that only just began is about the deal that is found or made for it.
        let episode_is_its = self.state.episode.as_ref().and_then(|e| e.deal) == Some(bound);
        self.unbind();
        if bot_leads {
            match self.open_deals().as_slice() {
                [other] if gone => self.bind(other.id),
                _ if episode_is_its => self.end_episode(),
                _ => {}
            }
        }
        gone.then_some(bound)
    }

    /// The dialog belongs to no deal for now.
    pub(super) fn unbind(&mut self) {
        let contact = self.state.contact;
        self.change(Change::Bound {
            contact,
            deal: None,
        });
        self.change(Change::FieldWanted {
            value: FieldValue::Empty,
            pending: false,
        });
    }

    /// The episode ends with its deal. Messages that still need an answer begin the next one; those that a text on its way
    /// answers do if it fails.
    pub(super) fn end_episode(&mut self) {
        if self.state.episode.is_none() {
            return;
        }
        self.change(Change::EpisodeEnded);
        self.cancel(Timer::EpisodeIdle);
        self.no_more_touches();
        self.begin_episode();
    }

    /// Messages that need an answer begin an episode, if none is open.
    pub(super) fn begin_episode(&mut self) {
        if self.state.episode.is_some() {
            return;
        }
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

    fn at_departure(&self, deal: &DealFacts) -> bool {
        self.stage_of(deal)
            .is_some_and(|stage| stage.role == StageRole::Intent)
    }

    /// Closed, or at a stage where a guest begins anew.
    fn is_over(&self, deal: &DealFacts) -> bool {
        let stage = deal.stage.as_ref().and_then(|key| self.policy.stage(key));
        deal.closed || stage.is_some_and(|stage| stage.role == StageRole::Reopen)
    }

    /// Deals that are not over, newest first. To a guest who wants a new booking, one at «Выезд» counts no more.
    pub(super) fn open_deals(&self) -> Vec<DealFacts> {
        let episode = self.state.episode.as_ref();
        let wants_new = episode.is_some_and(|episode| episode.new_deal_wanted);
        let mut open: Vec<_> = self
            .state
            .crm
            .iter()
            .flat_map(|crm| &crm.deals)
            .filter(|deal| !(self.is_over(deal) || wants_new && self.at_departure(deal)))
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
    pub(super) fn find_deal(&mut self, said: &Said) -> Inquiry {
        self.drop_lost_deal();
        if matches!(self.state.claim, Claim::MakingContact | Claim::MakingDeal) {
            // The deal of this episode is on its way: another one that turns up now is not ours.
            return Inquiry::Bot;
        }
        let open = self.open_deals();
        let role = |deal: &DealFacts| self.stage_of(deal).map(|stage| stage.role);
        let active: Vec<&DealFacts> = open
            .iter()
            .filter(|deal| role(deal).is_some_and(|role| role != StageRole::Intent))
            .collect();
        match active.as_slice() {
            [] => match open.first() {
                Some(deal) if role(deal).is_none() => self.unmapped(deal),
                Some(deal) => self.at_intent_stage(deal),
                None => self.no_open_deal(said),
            },
            [deal] => {
                self.check(Check::passed("deals.one").with("stage", &deal.stage_name));
                self.on_deal(deal)
            }
            several => self.one_of_several(several, said),
        }
    }

    fn stage_of(&self, deal: &DealFacts) -> Option<&Stage> {
        self.policy.stage(deal.stage.as_ref()?)
    }

    /// A deal in a pipeline or at a stage that the policy does not list belongs to people: never a second deal beside it.
    fn unmapped(&mut self, deal: &DealFacts) -> Inquiry {
        self.check(Check::passed("deals.unmapped").with("stage", &deal.stage_name));
        self.bind(deal.id);
        let reason = Reason::from(ReasonId::StageUnmapped).with("stage", &deal.stage_name);
        act_of(self.policy.inquiry.unmapped, reason)
    }

    fn at_intent_stage(&mut self, deal: &DealFacts) -> Inquiry {
        self.check(Check::passed("deals.departure").with("stage", &deal.stage_name));
        self.bind(deal.id);
        act_of(
            self.policy.inquiry.departure,
            stage_people(&deal.stage_name),
        )
    }

    /// The deal that the message is about: the bot answers there, unless the policy leaves such deals to people.
    fn on_deal(&mut self, deal: &DealFacts) -> Inquiry {
        self.bind(deal.id);
        let booked = self.stage_of(deal).is_some_and(|stage| stage.booking);
        let acts = &self.policy.inquiry;
        let act = if booked { acts.booking } else { acts.early };
        act_of(act, stage_people(&deal.stage_name))
    }

    fn one_of_several(&mut self, several: &[&DealFacts], said: &Said) -> Inquiry {
        self.check(Check::passed("deals.many").with("n", several.len()));
        if let Some(meant) = self.deal_meant(several, said) {
            self.check(Check::passed("deals.meant").with("stage", &meant.stage_name));
            if self.state.episode.as_ref().is_some_and(|e| e.several) {
                self.change(Change::DealMeant);
            }
            return self.on_deal(meant);
        }
        if let Some(newest) = several.first() {
            self.bind(newest.id);
        }
        self.change(Change::SeveralDeals);
        act_of(self.policy.inquiry.several, ReasonId::MultiDeal.into())
    }

    fn no_open_deal(&mut self, said: &Said) -> Inquiry {
        let acts = self.policy.inquiry;
        let deals = self.state.crm.iter().flat_map(|crm| &crm.deals);
        let newest = deals.max_by_key(|deal| (deal.created_at, deal.id)).cloned();
        let asks_of_booking = said.intents.contains(&Intent::OwnBooking);
        self.claim_deal();
        match newest {
            None if asks_of_booking && acts.booking_not_found == InquiryAct::People => {
                self.check(Check::passed("deals.booking_not_found"));
                Inquiry::People(ReasonId::BookingNotFound.into())
            }
            Some(deal) if self.is_over(&deal) => {
                act_of(acts.refused, stage_people(&deal.stage_name))
            }
            _ => act_of(acts.none, stage_people("–")),
        }
    }

    /// The one of several open deals that is meant: by the days that the guest names, by what was found out in this
    /// episode, or as the only booking, or the only inquiry, that fits what is asked.
    fn deal_meant<'a>(&self, several: &[&'a DealFacts], said: &Said) -> Option<&'a DealFacts> {
        let only = |fits: &dyn Fn(&DealFacts) -> bool| {
            let mut fitting = several.iter().copied().filter(|deal| fits(deal));
            fitting.next().filter(|_| fitting.next().is_none())
        };
        let by_days = said
            .facts
            .dates
            .and_then(|named| only(&|deal| deal.booking.days.is_some_and(|days| days.meet(named))));
        let episode = self.state.episode.as_ref()?;
        let settled = episode.settled.contains(ReasonId::MultiDeal.as_str());
        let known = episode.deal.filter(|_| !episode.several || settled);
        let booked = |deal: &DealFacts| self.stage_of(deal).is_some_and(|stage| stage.booking);
        let wants_new =
            said.facts.new_booking == Some(true) || said.intents.contains(&Intent::NewBooking);
        by_days
            .or_else(|| only(&|deal| Some(deal.id) == known))
            .or_else(|| {
                let of_booking = said.intents.contains(&Intent::OwnBooking) && !wants_new;
                only(&|deal| of_booking && booked(deal))
            })
            .or_else(|| only(&|deal| wants_new && !booked(deal)))
    }

    /// The dialog belongs to this deal from now on.
    pub(super) fn bind(&mut self, deal: DealId) {
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
        self.review_touch();
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
        // A guest whom the bot leaves alone has a deal without a word of ours.
        let nothing_to_show = ours == FieldValue::Bot && self.muted().is_some();
        if field != ours && !nothing_to_show {
            self.show_owner(ours);
        }
    }

    /// The CRM could not be read within the port's patience.
    pub(super) fn reading_failed(&mut self, key: &ActionKey) {
        if self.state.reading.as_ref() != Some(key) {
            return;
        }
        self.change(Change::Reading(None));
        self.touch_without_crm();
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
            self.hand_off(ReasonId::CrmDown);
        }
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
        let field_known = knows_field(&self.state, field);
        if field_known && knows_stage(&self.state, stage) {
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

/// Whether what the CRM shows of a dialog's deal now is anything but what we know or are writing: then a hint of it makes
/// the deal be read again.
pub fn is_news(dialog: &Dialog, field: Option<FieldValue>, stage: Option<&StageKey>) -> bool {
    !(knows_field(dialog, field) && knows_stage(dialog, stage))
}

fn knows_field(dialog: &Dialog, field: Option<FieldValue>) -> bool {
    field.is_none_or(|field| same_owner(field, dialog.field.value))
}

fn knows_stage(dialog: &Dialog, stage: Option<&StageKey>) -> bool {
    stage.is_some() && (stage == dialog.stage() || stage == dialog.moving.as_ref())
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

fn stage_people(stage: &str) -> Reason {
    Reason::from(ReasonId::StagePeople).with("stage", stage)
}

fn act_of(act: InquiryAct, for_people: Reason) -> Inquiry {
    match act {
        InquiryAct::Bot | InquiryAct::NewDeal => Inquiry::Bot,
        InquiryAct::Clarify => Inquiry::Several,
        InquiryAct::Table => Inquiry::Departure,
        InquiryAct::People => Inquiry::People(for_people),
    }
}
