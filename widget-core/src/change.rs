//! What a decision changes in a dialog. Persisted: a variant is never changed, only added beside the old one.
//!
//! A change states its whole effect, so that [`crate::dialog::Dialog::apply`] needs no policy and a later version of
//! the rules never rewrites history.

use crate::booking::Linked;
use crate::dialog::{
    BeforeTake, Exclusion, Handoff, Lead, OwnMove, SeenMessage, SentText, TaskState, Turn,
    Unanswered,
};
use crate::event::{Changer, CrmSnapshot, FieldValue, Listed, Timer};
use crate::ids::{ActionKey, ContactId, DealId, MessageId, StageKey, TaskId, TextRef, UserId};
use crate::owner::OwnerView;
use crate::understand::Facts;
use serde::{Deserialize, Serialize};

/// One change of a [`crate::dialog::Dialog`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "change", content = "to", rename_all = "snake_case")]
pub enum Change {
    /// A new episode begins.
    EpisodeOpened {
        /// Unix ms.
        at: i64,
    },
    /// The episode is over.
    EpisodeEnded,
    /// The intro is on its way: once per episode, and once per return.
    IntroIssued,
    /// The bot's next answer begins with the intro.
    IntroWanted,
    /// The bot asked back once more in this episode.
    Clarified,
    /// A message joins the dialog's recent messages.
    Seen(SeenMessage),
    /// A message's text is gone.
    Blanked {
        /// Which.
        message: MessageId,
    },
    /// A guest's message waits for an answer.
    Unanswered(Unanswered),
    /// A person was given these unanswered messages and leaves them to the bot.
    HandedBack {
        /// Which.
        messages: Vec<MessageId>,
    },
    /// These messages wait no longer.
    Answered {
        /// Which.
        messages: Vec<MessageId>,
    },
    /// The guest stated facts.
    FactsLearned(Facts),
    /// The owner changed.
    OwnerSet(OwnerView),
    /// A handoff began, was told more, or is over.
    HandoffSet(Option<Handoff>),
    /// A manager's lead began, got a human signal, or is over.
    LeadSet(Option<Lead>),
    /// A user undid an automatic take: opening the deal takes it for them no more in this span.
    TakeUndoneBy {
        /// Who.
        user: UserId,
    },
    /// The dialog went back to the bot.
    BackToBot {
        /// Unix ms.
        at: i64,
    },
    /// A turn began, or is over.
    TurnSet(Option<Turn>),
    /// The unanswered messages are to be routed once the CRM is read and nothing of ours is in flight.
    RouteWanted(bool),
    /// A read of the CRM is under way, or is over.
    Reading(Option<ActionKey>),
    /// What the CRM has.
    CrmKnown(CrmSnapshot),
    /// The dialog belongs to this contact and deal.
    Bound {
        /// The contact.
        contact: Option<ContactId>,
        /// The deal.
        deal: Option<DealId>,
    },
    /// The CRM hinted that somebody changed the deal, or the hint was followed up.
    Hinted(Option<(Changer, u64)>),
    /// A move of ours to this stage is under way, or is over.
    Moving(Option<StageKey>),
    /// A move of ours that the CRM has not reported yet, or none any more.
    MoveAwaited(Option<OwnMove>),
    /// A deal or contact of ours is being made.
    ClaimStep(crate::dialog::Claim),
    /// We made a deal in this episode: there is no second one.
    DealMade,
    /// Our deal stands here now.
    StageKnown {
        /// The stage.
        stage: StageKey,
        /// The journal row that knows it.
        #[serde(default)]
        seq: u64,
    },
    /// Somebody else moved the deal in this episode: the bot moves it no more.
    MovedByOthers,
    /// The bot consulted the guest: the deal may move on.
    Consulted,
    /// The bot sent a payment link: the deal may move on.
    PaymentLinkSent,
    /// The guest has a link for this deal: the bot makes no second one.
    Linked(Linked),
    /// Several deals are open, and it is not clear which one is meant.
    SeveralDeals,
    /// It is clear which one of several deals is meant.
    DealMeant,
    /// The guest wants a new booking beside the deal at «Выезд».
    NewDealWanted,
    /// What the account's lists say of the guest.
    GuestListed(Listed),
    /// A manager excluded the guest, or included them again; `None` = the CRM shows it by now.
    ExclusionSet(Option<Exclusion>),
    /// Until when the channel takes free text for the guest, unix ms.
    WindowKnown(Option<i64>),
    /// The guest asks not to be reminded.
    OptedOut,
    /// A person wrote to the guest in this episode.
    PersonWrote,
    /// A message took the dialog; so it stood before.
    TakenByMessage(BeforeTake),
    /// That message was a robot's: what waited for an answer still does.
    TakenByRobot,
    /// What a field of the deal says was repeated for this rule.
    Repeated {
        /// The trigger.
        rule: String,
    },
    /// The final touch waits for the CRM to be read.
    TouchWanted(bool),
    /// The final touch of the episode is on its way, or will never be sent.
    TouchSettled,
    /// The responsible was reminded of this waiting.
    Reminded,
    /// This waiting was brought to somebody else's notice.
    Escalated,
    /// A text of ours is on its way.
    SendIssued {
        /// The action.
        action: ActionKey,
        /// The text's purpose.
        sent: SentText,
    },
    /// A text of ours arrived, or never will.
    SendSettled {
        /// The action.
        action: ActionKey,
    },
    /// What the field «Ведёт диалог» should say, and whether that write is still under way.
    FieldWanted {
        /// The value.
        value: FieldValue,
        /// Still under way.
        pending: bool,
    },
    /// The field «Ведёт диалог» says this.
    FieldSettled {
        /// The value.
        value: FieldValue,
        /// The journal row that knows it.
        seq: u64,
    },
    /// The CRM shows this in the field, though something else is wanted by now.
    FieldShown {
        /// The value.
        value: FieldValue,
    },
    /// The «WhatsApp» task is being made.
    TaskAsked {
        /// The action that makes it.
        action: ActionKey,
        /// How many messages its text names.
        messages: usize,
    },
    /// Where the «WhatsApp» task stands.
    TaskSet(TaskState),
    /// These tasks of ours could not be closed, and are to be.
    TasksLeftOpen {
        /// All of them.
        tasks: Vec<TaskId>,
    },
    /// Work for a deal that is not bound yet.
    Deferred(crate::dialog::DealWork),
    /// That work was released or dropped.
    DeferredCleared,
    /// What a manager wants the bot to know at its next turn.
    ManagerNote(Option<TextRef>),
    /// A timer runs.
    TimerArmed {
        /// Which.
        timer: Timer,
        /// Unix ms.
        due: i64,
        /// Counts the armings of this dialog.
        generation: u64,
    },
    /// A timer runs no more.
    TimerCancelled {
        /// Which.
        timer: Timer,
    },
    /// The dialog is as one that never began, but for its counters: the guest was erased.
    Forgotten {
        /// Unix ms.
        at: i64,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Options and flags inside a variant need a place of their own in the JSON.
    #[test]
    fn a_change_survives_the_journal() {
        for change in [
            Change::Reading(None),
            Change::Reading(Some(ActionKey("d/1/0".to_owned()))),
            Change::RouteWanted(true),
            Change::LeadSet(None),
            Change::EpisodeEnded,
            Change::Hinted(Some((Changer::Robot, 3))),
            Change::ClaimStep(crate::dialog::Claim::Grace { until: 5 }),
        ] {
            let json = serde_json::to_string(&change).unwrap();
            assert_eq!(serde_json::from_str::<Change>(&json).unwrap(), change);
        }
    }
}
