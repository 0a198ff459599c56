//! Facts and intents from a guest's text.
//!
//! `understand` runs once per message, before a decision, and its result is stored with the event. It names the words it
//! went by as spans of the text, so that no word of a guest stands in a journal. What is read here are the types; how a
//! text is read stands in [`mod@reader`], which the card does without (feature `understand`).

#[cfg(feature = "understand")]
mod reader;

#[cfg(feature = "understand")]
pub use reader::*;

use crate::time::Days;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// What a guest's message says. Everything absent was not stated.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Understood {
    /// Facts stated.
    #[serde(default)]
    pub facts: Facts,
    /// What the guest wants.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub intents: BTreeSet<Intent>,
    /// The kinds of the attachments.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub attachments: Vec<AttachmentKind>,
    /// Length of the text in characters; 0 = no text.
    #[serde(default)]
    pub chars: u32,
    /// Where in the text a fact or intent was read: `(first, length)` in characters.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub spans: BTreeMap<String, (u32, u32)>,
}

/// Facts of a booking that a guest states; `None` = not stated.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(default)]
pub struct Facts {
    /// Number of guests, children included.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub guests: Option<u32>,
    /// Completed years of the youngest child.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub youngest_child: Option<u32>,
    /// Number of rooms in one booking.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rooms: Option<u32>,
    /// A pet travels.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pet: Option<bool>,
    /// The guest stayed here before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub past_stay: Option<bool>,
    /// A new booking is wanted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub new_booking: Option<bool>,
    /// The days that the guest names: of an arrival, a stay or a month.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, example = "2027-03-10/2027-03-17"))]
    pub dates: Option<Days>,
    /// Number of nights.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nights: Option<u32>,
    /// The kind of programme wanted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub programme: Option<Programme>,
    /// Several bookings are meant at once.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub several_deals: Option<bool>,
}

/// A kind of programme.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Programme {
    /// With treatment prescribed by a physician.
    Treatment,
    /// Wellness: baths, massages, slimming, without a diagnosis.
    Wellness,
    /// Rest without treatment.
    Rest,
}

impl Facts {
    /// Whether nothing is stated.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Takes over what `newer` states.
    pub fn learn(&mut self, newer: &Facts) {
        self.guests = newer.guests.or(self.guests);
        self.youngest_child = newer.youngest_child.or(self.youngest_child);
        self.rooms = newer.rooms.or(self.rooms);
        self.pet = newer.pet.or(self.pet);
        self.past_stay = newer.past_stay.or(self.past_stay);
        self.new_booking = newer.new_booking.or(self.new_booking);
        self.dates = newer.dates.or(self.dates);
        self.nights = newer.nights.or(self.nights);
        self.programme = newer.programme.or(self.programme);
        self.several_deals = newer.several_deals.or(self.several_deals);
    }
}

/// What a guest wants with a message (`reference/requirements.md` §4.2, `[intents]`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Intent {
    /// Whether the payment arrived.
    PaymentStatus,
    /// What became of a refund.
    RefundStatus,
    /// Check a payment, an amount or a receipt.
    PaymentCheck,
    /// A payment link, again.
    PaymentLinkAgain,
    /// A refund, again.
    RefundLinkAgain,
    /// Says that it is paid.
    PaidNotice,
    /// Sent a receipt.
    ReceiptSent,
    /// Cost of staying longer.
    ExtensionCost,
    /// Cost of an extra service.
    ExtraServiceCost,
    /// Wants a person.
    HumanRequest,
    /// Complains.
    Complaint,
    /// Wants to leave a review.
    Review,
    /// About a stay that is over.
    PastVisit,
    /// Thanks, or a reaction, without a question.
    ThanksOnly,
    /// Wants no more messages.
    OptOut,
    /// How to pay, before a booking. No reason for a handoff.
    HowToPay,
    /// Needs help at once.
    Urgent,
    /// Wants a new booking.
    NewBooking,
    /// Asks about a booking of their own.
    OwnBooking,
    /// A greeting without a question.
    Greeting,
    /// Something plain that no other intent says: a question about the house, an answer, a remark. The bot's.
    General,
    /// It cannot be told what is meant.
    Unclear,
}

impl Intent {
    /// All of them.
    pub const ALL: [Self; 22] = [
        Self::PaymentStatus,
        Self::RefundStatus,
        Self::PaymentCheck,
        Self::PaymentLinkAgain,
        Self::RefundLinkAgain,
        Self::PaidNotice,
        Self::ReceiptSent,
        Self::ExtensionCost,
        Self::ExtraServiceCost,
        Self::HumanRequest,
        Self::Complaint,
        Self::Review,
        Self::PastVisit,
        Self::ThanksOnly,
        Self::OptOut,
        Self::HowToPay,
        Self::Urgent,
        Self::NewBooking,
        Self::OwnBooking,
        Self::Greeting,
        Self::General,
        Self::Unclear,
    ];

    /// Its name in files and spans.
    pub const fn name(self) -> &'static str {
        match self {
            Self::PaymentStatus => "payment_status",
            Self::RefundStatus => "refund_status",
            Self::PaymentCheck => "payment_check",
            Self::PaymentLinkAgain => "payment_link_again",
            Self::RefundLinkAgain => "refund_link_again",
            Self::PaidNotice => "paid_notice",
            Self::ReceiptSent => "receipt_sent",
            Self::ExtensionCost => "extension_cost",
            Self::ExtraServiceCost => "extra_service_cost",
            Self::HumanRequest => "human_request",
            Self::Complaint => "complaint",
            Self::Review => "review",
            Self::PastVisit => "past_visit",
            Self::ThanksOnly => "thanks_only",
            Self::OptOut => "opt_out",
            Self::HowToPay => "how_to_pay",
            Self::Urgent => "urgent",
            Self::NewBooking => "new_booking",
            Self::OwnBooking => "own_booking",
            Self::Greeting => "greeting",
            Self::General => "general",
            Self::Unclear => "unclear",
        }
    }
}

impl AttachmentKind {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::Image,
        Self::Document,
        Self::Voice,
        Self::Video,
        Self::Sticker,
        Self::Location,
        Self::Contact,
        Self::Other,
    ];

    /// Its name in files and sentences.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Image => "image",
            Self::Document => "document",
            Self::Voice => "voice",
            Self::Video => "video",
            Self::Sticker => "sticker",
            Self::Location => "location",
            Self::Contact => "contact",
            Self::Other => "other",
        }
    }
}

/// The kind of an attachment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum AttachmentKind {
    /// A picture.
    Image,
    /// A file to read: PDF and the like.
    Document,
    /// A voice message or another sound.
    Voice,
    /// A video.
    Video,
    /// A sticker.
    Sticker,
    /// A place on the map.
    Location,
    /// A contact's card.
    Contact,
    /// A kind that the channel does not name.
    Other,
}
