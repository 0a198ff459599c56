//! How the deal of a new inquiry is waited for, adopted or made (BEHAVIOUR §3, claiming the deal).

use super::Draft;
use crate::action::Action;
use crate::change::Change;
use crate::dialog::Claim;
use crate::event::{Booking, DealFacts, Failure, FieldValue, Timer};
use crate::ids::{ContactId, DealId};
use crate::owner::Owner;
use crate::policy::Span;
use crate::time::SECOND;
use crate::trace::Check;

/// The CRM is first looked at again so soon after the guest's message.
const FIRST_LOOK_AFTER: Span = Span(5 * SECOND);
/// While the CRM is down, the claim of a deal is tried again so often.
pub(super) const CLAIM_RETRY: Span = Span(30 * SECOND);

impl Draft<'_> {
    /// Binds a deal outside of routing: one that a claim waits for, or one for a dialog that people lead.
    pub(super) fn adopt_deal(&mut self) {
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
        let (action, step) = match self.state.contact {
            Some(contact) => (Action::CreateDeal { contact }, Claim::MakingDeal),
            None => (Action::CreateContact, Claim::MakingContact),
        };
        let written = self.write(action).is_some();
        self.change(Change::ClaimStep(if written { step } else { Claim::Idle }));
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
        if self.state.episode.is_none() {
            // What is made belongs to an episode, so that there is no second one in it.
            let at = self.at();
            self.change(Change::EpisodeOpened { at });
            self.stay_awake();
        }
        let wants_new = |e: &crate::dialog::Episode| e.new_deal_wanted;
        let told = self.state.episode.as_ref().is_some_and(wants_new);
        if let Some(crm) = self.state.crm.as_ref().filter(|_| !told) {
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
            booking: Booking::default(),
            has_task: false,
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

    /// The making of a contact or deal failed for good. While the CRM is down, it is looked at and tried again.
    pub(super) fn claim_failed(&mut self, failure: Failure) {
        if !matches!(self.state.claim, Claim::MakingContact | Claim::MakingDeal) {
            return;
        }
        if matches!(failure, Failure::Refused | Failure::Gone) {
            self.change(Change::ClaimStep(Claim::Idle));
            return;
        }
        let until = self.later(CLAIM_RETRY);
        self.change(Change::ClaimStep(Claim::Grace { until }));
        self.arm(Timer::ClaimGrace, until);
    }
}
