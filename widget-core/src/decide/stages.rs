//! Moves along the funnel (masterplan: «Воронка и этапы»; BEHAVIOUR §3, moves by the bot).

use super::Draft;
use crate::action::{Action, Note};
use crate::booking::Linked;
use crate::change::Change;
use crate::dialog::{DealWork, OwnMove};
use crate::event::BotDone;
use crate::ids::{DealId, StageKey};
use crate::owner::{Owner, ReasonId};
use crate::policy::{ConsultedWhen, StageRole};
use crate::trace::Check;
use std::collections::BTreeSet;

impl Draft<'_> {
    /// An answer of the bot was accepted for sending: what it reports done takes effect.
    pub(super) fn answer_accepted(&mut self, done: &BTreeSet<BotDone>) {
        let consulted = self.policy.bot.consulted_when == ConsultedWhen::FirstAnswer
            || done.contains(&BotDone::Consulted);
        let episode = self.state.episode.as_ref();
        if consulted && episode.is_some_and(|episode| !episode.consulted) {
            self.change(Change::Consulted);
        }
        if done.contains(&BotDone::PaymentLinkSent) {
            self.change(Change::PaymentLinkSent);
            let deal = self.state.deal;
            self.change(Change::Linked(Linked { deal }));
        }
        self.move_on();
    }

    /// Moves the deal to where the policy takes it from its stage, once the bot has earned it. Never after somebody
    /// else moved it in this episode, and only from a stage that the bot drives.
    pub(super) fn move_on(&mut self) {
        let (Some(deal), Some(episode)) = (self.state.deal, self.state.episode.clone()) else {
            return;
        };
        let Some(stage) = self
            .state
            .stage()
            .and_then(|key| self.policy.stage(key))
            .cloned()
        else {
            return;
        };
        let earned = if episode.link_sent {
            stage.payment_link_to.clone().or(stage.consulted_to.clone())
        } else if episode.consulted {
            stage.consulted_to.clone()
        } else {
            None
        };
        let Some(to) = earned else { return };
        if self.state.moving.is_some() {
            return;
        }
        let why = if episode.moved_by_others {
            Some("by_hand")
        } else if self.policy.robot_zone.owns_move(&stage.key, &to) {
            Some("robot")
        } else if stage.role != StageRole::Drive {
            Some("role")
        } else {
            None
        };
        if let Some(why) = why {
            self.check(Check::passed("move.skipped").with("why", why));
            return;
        }
        self.check(
            Check::passed("move.wanted")
                .with("from", &stage.name)
                .with("to", self.stage_name(&to)),
        );
        self.ask_to_move(
            OwnMove {
                deal,
                from: stage.key,
                to,
            },
            None,
        );
    }

    /// Moves a deal, and expects the CRM to report just this move.
    pub(super) fn ask_to_move(&mut self, own: OwnMove, loss_reason: Option<String>) {
        let moved = Action::MoveDeal {
            deal: own.deal,
            from: own.from.clone(),
            to: own.to.clone(),
            loss_reason,
        };
        if self.write(moved).is_some() {
            self.change(Change::Moving(Some(own.to.clone())));
            self.change(Change::MoveAwaited(Some(own)));
        }
    }

    /// A move of ours will not be made, or not by us.
    pub(super) fn move_given_up(&mut self) {
        self.change(Change::Moving(None));
        if self.state.own_move.is_some() {
            self.change(Change::MoveAwaited(None));
        }
    }

    /// The CRM's report of a move. Where it is ours, but left from another stage than the one we saw, a person moved the
    /// deal between our look and our write: a person decides, and nothing is moved back (DESIGN §5.4).
    pub(super) fn move_told(
        &mut self,
        deal: DealId,
        from: Option<&StageKey>,
        to: Option<&StageKey>,
    ) {
        let told = |own: &OwnMove| own.deal == deal && to == Some(&own.to);
        let Some(own) = self.state.own_move.clone().filter(told) else {
            self.check(Check::decided("nothing"));
            return;
        };
        self.change(Change::MoveAwaited(None));
        if from == Some(&own.from) || self.state.deal != Some(deal) {
            self.check(Check::decided("echo.ours"));
            return;
        }
        self.check(Check::decided("move.over").with("to", self.stage_name(&own.to)));
        self.change(Change::MovedByOthers);
        self.work_on_deal(DealWork::Note(Note::MovedOver {
            stage: from.cloned(),
            to: own.to,
        }));
        if self.state.view.owner == Owner::Bot && self.muted().is_none() {
            self.hand_off(ReasonId::StageMoved);
        }
    }

    pub(super) fn deal_moved(&mut self, deal: DealId, to: &StageKey) {
        self.change(Change::Moving(None));
        if self.state.deal != Some(deal) {
            return;
        }
        let from = self.state.stage().cloned();
        self.check(
            Check::decided("move.done")
                .with(
                    "from",
                    from.as_ref()
                        .map_or(String::new(), |key| self.stage_name(key)),
                )
                .with("to", self.stage_name(to)),
        );
        let seq = self.next_seq();
        self.change(Change::StageKnown {
            stage: to.clone(),
            seq,
        });
        if let Some(from) = from.filter(|from| from != to) {
            self.work_on_deal(DealWork::Note(Note::Moved {
                from,
                to: to.clone(),
            }));
        }
        self.move_on();
        self.review_touch();
    }

    /// Somebody else was faster: the deal stays where they put it.
    pub(super) fn move_stale(&mut self, deal: DealId, now: Option<&StageKey>) {
        let wanted = self.state.moving.clone();
        self.move_given_up();
        self.check(Check::decided("move.skipped").with("why", "stale"));
        if self.state.deal == Some(deal) {
            if let Some(to) = wanted.filter(|to| now != Some(to)) {
                let why = "stale".to_owned();
                self.work_on_deal(DealWork::Note(Note::NotMoved { to, why }));
            }
            self.change(Change::MovedByOthers);
            if let Some(stage) = now {
                let seq = self.next_seq();
                self.change(Change::StageKnown {
                    stage: stage.clone(),
                    seq,
                });
            }
        }
    }

    pub(super) fn stage_name(&self, key: &StageKey) -> String {
        self.policy
            .stage(key)
            .map_or_else(|| key.to_string(), |stage| stage.name.clone())
    }
}
