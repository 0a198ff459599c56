//! Who leads a dialog, and how one signal changes that.
//!
//! [`next`] is the whole state machine of BEHAVIOUR §1. The server decides with it, and the card predicts with it, so
//! that a click shows its result in the same frame.

use crate::ids::UserId;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Who leads.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Owner {
    /// The bot answers.
    Bot,
    /// Handed over; nobody took it yet.
    Waiting {
        /// Unix ms of the handoff.
        since: i64,
        /// Why the bot handed over.
        reason: Reason,
    },
    /// A person answers.
    Manager {
        /// The CRM user; `None` when somebody answered from the phone or an unknown place.
        user: Option<UserId>,
        /// Unix ms of the take.
        since: i64,
    },
}

/// Why a dialog was handed over, with the values that its sentence needs (`n`, `max`, `stage`, `name` …).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reason {
    /// Which reason.
    pub id: ReasonId,
    /// Values for the sentence.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub values: BTreeMap<String, String>,
}

macro_rules! reasons {
    ($($(#[$doc:meta])* $name:ident = $id:literal),* $(,)?) => {
        /// The reasons of a handoff. Their sentences: the card's i18n files and [`crate::trace`].
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum ReasonId {
            $($(#[$doc])* #[serde(rename = $id)] $name),*
        }

        impl ReasonId {
            /// Every reason.
            pub const ALL: &'static [ReasonId] = &[$(ReasonId::$name),*];

            /// The stable id, as in the policy, the wire and the texts.
            pub const fn as_str(self) -> &'static str {
                match self { $(ReasonId::$name => $id),* }
            }
        }
    };
}

reasons! {
    /// The guest asks for a person.
    HumanRequest = "human_request",
    /// A complaint.
    Complaint = "complaint",
    /// Health, leak, fire, locked out, stranded.
    Urgent = "urgent",
    /// A payment receipt.
    ReceiptSent = "receipt_sent",
    /// The guest says it is paid.
    PaidNotice = "paid_notice",
    /// Asks to check a payment.
    PaymentCheck = "payment_check",
    /// Asks whether the payment arrived.
    PaymentStatus = "payment_status",
    /// Asks about a refund.
    RefundStatus = "refund_status",
    /// Needs a new payment link.
    PaymentLinkAgain = "payment_link_again",
    /// Needs the refund made again.
    RefundLinkAgain = "refund_link_again",
    /// An attachment without text.
    AttachmentOnly = "attachment_only",
    /// Several deals are meant at once.
    MultiDeal = "multi_deal",
    /// More guests than the bot may book.
    GuestsOver4 = "guests_over_4",
    /// A small child travels.
    ChildLe3 = "child_le_3",
    /// More than one room.
    MultiRoom = "multi_room",
    /// A pet travels.
    Pet = "pet",
    /// Relies on a past stay.
    PastStays = "past_stays",
    /// Price of an extension.
    ExtensionCost = "extension_cost",
    /// Price of an extra service.
    ExtraServiceCost = "extra_service_cost",
    /// About a past stay, at «Выезд».
    DeparturePastVisit = "departure_past_visit",
    /// The bot does not know the answer.
    Unknown = "unknown",
    /// Nothing in the knowledge base.
    NoKb = "no_kb",
    /// The bot's confidence is below the policy's limit.
    BotUnsure = "bot_unsure",
    /// Still unclear after asking.
    UnclearTwice = "unclear_twice",
    /// «Моя бронь» from a number without deals.
    BookingNotFound = "booking_not_found",
    /// The deal stands at a stage or in a pipeline the policy does not know.
    StageUnmapped = "stage_unmapped",
    /// The policy leaves deals at this stage to people.
    StagePeople = "stage_people",
    /// The bot's reply failed the checks.
    ReplyBlocked = "reply_blocked",
    /// The bot does not answer.
    BotUnavailable = "bot_unavailable",
    /// The CRM does not answer and no fresh snapshot is at hand.
    CrmDown = "crm_down",
    /// A message could not be delivered.
    SendFailed = "send_failed",
    /// A colleague passed it on.
    Passed = "passed",
    /// The account's mode is `people`.
    BotPaused = "bot_paused",
    /// The field in the deal was set by hand.
    ByHand = "by_hand",
    /// A person and the bot moved the deal at the same moment.
    StageMoved = "stage_moved",
    /// The message was found hours later.
    Late = "late",
    /// An event of this dialog could not be read.
    EventUnreadable = "event_unreadable",
    /// Guests have waited since the night. Of a list's task, never of a handoff.
    MorningList = "morning_list",
    /// The guest does not answer the final touch. Of a follow-up's task, never of a handoff.
    NoReply = "no_reply",
}

impl From<ReasonId> for Reason {
    fn from(id: ReasonId) -> Self {
        Self {
            id,
            values: BTreeMap::new(),
        }
    }
}

impl Reason {
    /// The same reason with one more value.
    #[must_use]
    #[expect(
        clippy::needless_pass_by_value,
        reason = "numbers and texts are passed as they are"
    )]
    pub fn with(mut self, name: &str, value: impl ToString) -> Self {
        self.values.insert(name.to_owned(), value.to_string());
        self
    }
}

/// An owner and the counter of owner changes, which fences sends.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OwnerView {
    /// Who leads.
    pub owner: Owner,
    /// Grows with every change of owner, and when the guest is excluded or included again.
    pub epoch: u64,
}

impl OwnerView {
    /// The same owner under a new epoch: texts that were decided under the old one are refused.
    #[must_use]
    pub fn renewed(&self) -> Self {
        Self {
            owner: self.owner.clone(),
            epoch: self.epoch.saturating_add(1),
        }
    }
}

impl Owner {
    /// The manager who leads, if one does whom the CRM knows.
    pub fn leader(&self) -> Option<UserId> {
        match self {
            Self::Manager { user, .. } => *user,
            Self::Bot | Self::Waiting { .. } => None,
        }
    }
}

/// Something that may change who leads. Who may send it and when: `decide::ownership`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Signal {
    /// Bot → Waiting: a trigger, doubt or failure.
    HandedOff(Reason),
    /// The button «Взять диалог», or the field set to «Менеджер».
    Took,
    /// A person wrote to the guest. `me` is unknown when the channel does not say who.
    PersonWrote,
    /// The active responsible opened the deal, and the policy takes on open.
    Opened,
    /// A person closed the «WhatsApp» task.
    TaskClosed,
    /// The button «Вернуть боту», or the field set to «Бот» or emptied.
    Returned,
    /// «Ответ не нужен».
    Dismissed,
    /// The field set to «Ждёт менеджера», or the dialog passed to a colleague.
    Requeued(ReasonId),
    /// An automatic take undone.
    TakeUndone {
        /// Who led before that take.
        previous: Owner,
    },
    /// The auto-return is due.
    AutoReturnDue {
        /// The handoff that was taken and never answered by a person: the same `since` and reason come back.
        unanswered_handoff: Option<(i64, Reason)>,
    },
}

/// The owner after `signal`, sent by `me` at unix ms `at`. Equal to `view` when the signal changes nothing
/// (BEHAVIOUR §1, row by row). The epoch grows exactly when the owner changes.
pub fn next(view: &OwnerView, signal: &Signal, me: Option<UserId>, at: i64) -> OwnerView {
    match target(&view.owner, signal, me, at) {
        Some(owner) if owner != view.owner => OwnerView {
            owner,
            epoch: view.epoch.saturating_add(1),
        },
        _ => view.clone(),
    }
}

fn target(owner: &Owner, signal: &Signal, me: Option<UserId>, at: i64) -> Option<Owner> {
    let manager = || Owner::Manager {
        user: me,
        since: at,
    };
    match (owner, signal) {
        (Owner::Bot, Signal::HandedOff(reason)) => Some(Owner::Waiting {
            since: at,
            reason: reason.clone(),
        }),
        // A second take by the leader is no change; a person's message leaves the leader, but names an unknown one.
        (Owner::Manager { user, .. }, Signal::Took) if *user == me => None,
        (Owner::Manager { user: None, since }, Signal::PersonWrote) if me.is_some() => {
            Some(Owner::Manager {
                user: me,
                since: *since,
            })
        }
        (Owner::Manager { .. }, Signal::PersonWrote | Signal::Opened | Signal::TaskClosed)
        | (Owner::Bot, Signal::TaskClosed) => None,
        (_, Signal::Took | Signal::PersonWrote | Signal::Opened | Signal::TaskClosed) => {
            Some(manager())
        }
        (Owner::Waiting { .. } | Owner::Manager { .. }, Signal::Returned | Signal::Dismissed) => {
            Some(Owner::Bot)
        }
        (Owner::Bot | Owner::Manager { .. }, Signal::Requeued(reason)) => Some(Owner::Waiting {
            since: at,
            reason: (*reason).into(),
        }),
        (Owner::Manager { .. }, Signal::TakeUndone { previous }) => Some(previous.clone()),
        (
            Owner::Manager { .. },
            Signal::AutoReturnDue {
                unanswered_handoff: Some((since, reason)),
            },
        ) => Some(Owner::Waiting {
            since: *since,
            reason: reason.clone(),
        }),
        (Owner::Manager { .. }, Signal::AutoReturnDue { .. }) => Some(Owner::Bot),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ANNA: Option<UserId> = Some(UserId(9002));
    const IGOR: Option<UserId> = Some(UserId(9003));

    fn bot() -> Owner {
        Owner::Bot
    }

    fn waiting() -> Owner {
        Owner::Waiting {
            since: 50,
            reason: ReasonId::GuestsOver4.into(),
        }
    }

    fn manager(user: Option<UserId>) -> Owner {
        Owner::Manager { user, since: 60 }
    }

    fn taken(user: Option<UserId>) -> Owner {
        Owner::Manager { user, since: 100 }
    }

    /// BEHAVIOUR §1, the table of owners: (row, before, signal, by, after).
    #[test]
    fn behaviour_1_every_row_of_the_owner_table() {
        let by_hand = Owner::Waiting {
            since: 100,
            reason: ReasonId::ByHand.into(),
        };
        let back = || Signal::AutoReturnDue {
            unanswered_handoff: Some((50, ReasonId::GuestsOver4.into())),
        };
        let due = || Signal::AutoReturnDue {
            unanswered_handoff: None,
        };
        let rows: Vec<(&str, Owner, Signal, Option<UserId>, Owner)> = vec![
            ("ManagerTook in Bot", bot(), Signal::Took, ANNA, taken(ANNA)),
            (
                "ManagerTook in Waiting",
                waiting(),
                Signal::Took,
                ANNA,
                taken(ANNA),
            ),
            (
                "ManagerTook by the leader",
                manager(ANNA),
                Signal::Took,
                ANNA,
                manager(ANNA),
            ),
            (
                "ManagerTook by another",
                manager(ANNA),
                Signal::Took,
                IGOR,
                taken(IGOR),
            ),
            (
                "a person's message in Bot",
                bot(),
                Signal::PersonWrote,
                None,
                taken(None),
            ),
            (
                "a person's message in Waiting",
                waiting(),
                Signal::PersonWrote,
                ANNA,
                taken(ANNA),
            ),
            (
                "a person's message, leader stays",
                manager(ANNA),
                Signal::PersonWrote,
                IGOR,
                manager(ANNA),
            ),
            (
                "a person's message names the unknown",
                manager(None),
                Signal::PersonWrote,
                ANNA,
                manager(ANNA),
            ),
            (
                "CardOpened in Waiting",
                waiting(),
                Signal::Opened,
                ANNA,
                taken(ANNA),
            ),
            (
                "CardOpened in Manager",
                manager(ANNA),
                Signal::Opened,
                IGOR,
                manager(ANNA),
            ),
            (
                "task closed in Waiting",
                waiting(),
                Signal::TaskClosed,
                ANNA,
                taken(ANNA),
            ),
            ("task closed in Bot", bot(), Signal::TaskClosed, ANNA, bot()),
            ("Returned in Bot", bot(), Signal::Returned, ANNA, bot()),
            (
                "Returned in Waiting",
                waiting(),
                Signal::Returned,
                ANNA,
                bot(),
            ),
            (
                "Returned in Manager",
                manager(ANNA),
                Signal::Returned,
                IGOR,
                bot(),
            ),
            (
                "Dismissed in Waiting",
                waiting(),
                Signal::Dismissed,
                ANNA,
                bot(),
            ),
            (
                "field → Ждёт менеджера in Bot",
                bot(),
                Signal::Requeued(ReasonId::ByHand),
                ANNA,
                by_hand.clone(),
            ),
            (
                "field → Ждёт менеджера in Waiting",
                waiting(),
                Signal::Requeued(ReasonId::ByHand),
                ANNA,
                waiting(),
            ),
            (
                "field → Ждёт менеджера in Manager",
                manager(ANNA),
                Signal::Requeued(ReasonId::ByHand),
                ANNA,
                by_hand,
            ),
            (
                "handoff in Bot",
                bot(),
                Signal::HandedOff(ReasonId::Pet.into()),
                None,
                Owner::Waiting {
                    since: 100,
                    reason: ReasonId::Pet.into(),
                },
            ),
            (
                "handoff in Waiting",
                waiting(),
                Signal::HandedOff(ReasonId::Pet.into()),
                None,
                waiting(),
            ),
            (
                "handoff in Manager",
                manager(ANNA),
                Signal::HandedOff(ReasonId::Pet.into()),
                None,
                manager(ANNA),
            ),
            (
                "auto-return, answered or none",
                manager(ANNA),
                due(),
                None,
                bot(),
            ),
            (
                "auto-return, never answered",
                manager(ANNA),
                back(),
                None,
                waiting(),
            ),
            ("auto-return in Waiting", waiting(), due(), None, waiting()),
            (
                "TakeUndone",
                manager(ANNA),
                Signal::TakeUndone {
                    previous: waiting(),
                },
                ANNA,
                waiting(),
            ),
        ];
        for (row, before, signal, by, after) in rows {
            let view = OwnerView {
                owner: before.clone(),
                epoch: 7,
            };
            let got = next(&view, &signal, by, 100);
            assert_eq!(got.owner, after, "BEHAVIOUR §1: {row}");
            let grown = u64::from(before != after);
            assert_eq!(got.epoch, 7 + grown, "the epoch of {row}");
        }
    }

    #[test]
    fn every_reason_has_one_id() {
        let ids: std::collections::BTreeSet<_> = ReasonId::ALL.iter().map(|r| r.as_str()).collect();
        assert_eq!(ids.len(), ReasonId::ALL.len());
        for reason in ReasonId::ALL {
            let json = serde_json::to_string(reason).unwrap();
            assert_eq!(json, format!("\"{}\"", reason.as_str()));
        }
    }
}
