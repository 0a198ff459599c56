//! What may happen to a dialog, at random.

use super::super::*;
use crate::event::{BotDone, BotHandoff, Service};
use crate::guard::{Internal, Measured};
use crate::policy::{
    Assign, Condition, ConsultedWhen, InquiryAct, Mode, OnTaskDone, Policy, Span, TakeOnOpen,
};
use crate::time::{Days, MINUTE};
use crate::understand::AttachmentKind;
use proptest::prelude::*;

/// One thing that happens.
#[derive(Debug, Clone)]
pub(super) enum Step {
    Guest(Saying),
    GuestLate(i64),
    GuestAgain(usize),
    Edited(usize, Saying),
    Deleted(usize),
    Person(Option<UserId>),
    /// One message of a person, reported by the channel and by the CRM.
    PersonTwice(UserId),
    PersonLate(i64),
    Robot,
    Bulk,
    Echo,
    Took(UserId),
    Returned(UserId),
    Dismissed,
    Undone(UserId),
    Opened(UserId),
    FieldInCrm(FieldValue, Changer),
    Field(FieldValue, Changer),
    StageInCrm(usize, Changer),
    DealAppears(usize),
    DealsVanish,
    CrmUp(bool),
    TaskClosed(Changer),
    BotAnswers(usize, Answering),
    CarryOut(usize),
    CarryOutAll,
    Fails(usize, Failure),
    Repeated(usize),
    StaleTimer(Timer),
    Declined,
    /// «Не отвечать ботом», or «Включить бота».
    Excluded(bool),
    Back(Service),
    Undelivered,
    Unreadable,
    Mode(Mode),
    Policy(Rule),
    /// The guest's phone enters or leaves the policy's lists.
    Listed(Listed),
    /// The contact gets or loses the tag of guests whom the bot leaves alone.
    Tagged(bool),
    TaskOnDeal(bool),
    Payment(bool),
    Window(Option<i64>),
    Wait(i64),
    /// The world works and nobody interferes, until nothing is left to do.
    Settle,
}

/// What a guest says.
#[derive(Debug, Clone, Copy)]
pub(super) enum Saying {
    Question,
    Five,
    Six,
    Pet,
    Thanks,
    Sticker,
    Voice,
    OptOut,
    Payment,
    Refund,
    NewBooking,
    LikeLastTime,
    Review,
    BadReview,
    Complaint,
    PastVisit,
    Unclear,
    Urgent,
    OwnBooking,
    Dates(i64),
    SeveralDeals,
}

/// What the bot says.
#[derive(Debug, Clone, Copy)]
pub(super) enum Answering {
    Well,
    Twice,
    Silently,
    Empty,
    Unsure,
    Miss,
    Five,
    HandsOver,
    LinkSent,
    Sees(Intent),
    SeesBadReview,
    SeesLikeLastTime,
    GivesReviewLink,
    /// By a call of its own, later or never.
    Promises,
    /// With text that is not meant for guests.
    Leaks,
}

/// A rule of the policy that somebody changes, in the middle of whatever goes on.
#[derive(Debug, Clone, Copy)]
pub(super) enum Rule {
    ClarifyMax(u32),
    GuestsOver(u32),
    ConsultedWhen(ConsultedWhen),
    TakeOnOpen(TakeOnOpen),
    OnTaskDone(OnTaskDone),
    Assign(Assign),
    EscalateTo(bool),
    Duty(bool),
    ReviewUrl(bool),
    BurstQuiet(i64),
    ClaimGrace(i64),
    AutoReturn(i64),
    Several(InquiryAct),
    Early(InquiryAct),
    Departure(InquiryAct),
    NoTable,
}

/// Where deals may stand, one unmapped stage among them.
pub(super) const STAGES: [&str; 8] = [
    "new",
    "consulted",
    "prebooked",
    "prepaid",
    "departure",
    "refused",
    "won",
    "Партнёры",
];

impl Saying {
    pub fn understood(self) -> Understood {
        let attached = |kind, chars| Understood {
            attachments: vec![kind],
            chars,
            ..Understood::default()
        };
        let heard = match self {
            Saying::Question => nothing(),
            Saying::Five => five(),
            Saying::Six => facts(Facts {
                guests: Some(6),
                ..Facts::default()
            }),
            Saying::Pet => facts(Facts {
                pet: Some(true),
                ..Facts::default()
            }),
            Saying::Thanks => wants(Intent::ThanksOnly),
            Saying::Sticker => return attached(AttachmentKind::Sticker, 0),
            Saying::Voice => return attached(AttachmentKind::Voice, 0),
            Saying::OptOut => wants(Intent::OptOut),
            Saying::Payment => wants(Intent::PaymentStatus),
            Saying::Refund => wants(Intent::RefundStatus),
            Saying::NewBooking => wants(Intent::NewBooking),
            Saying::LikeLastTime => both(past_stay(), Intent::NewBooking),
            Saying::Review => wants(Intent::Review),
            Saying::BadReview => Understood {
                intents: BTreeSet::from([Intent::Review, Intent::Complaint]),
                ..Understood::default()
            },
            Saying::Complaint => wants(Intent::Complaint),
            Saying::PastVisit => wants(Intent::PastVisit),
            Saying::Unclear => wants(Intent::Unclear),
            Saying::Urgent => wants(Intent::Urgent),
            Saying::OwnBooking => wants(Intent::OwnBooking),
            Saying::Dates(day) => facts(Facts {
                dates: Some(Days::one(FIRST_DAY + day)),
                ..Facts::default()
            }),
            Saying::SeveralDeals => facts(Facts {
                several_deals: Some(true),
                ..Facts::default()
            }),
        };
        Understood { chars: 10, ..heard }
    }

    /// Whether nobody has to answer it.
    pub fn needs_nothing(self) -> bool {
        matches!(self, Saying::Thanks | Saying::Sticker | Saying::OptOut)
    }
}

/// 2026-11-20, as days since 1970-01-01: stays of the deals begin here.
pub(super) const FIRST_DAY: i64 = 20_777;

impl Answering {
    /// The answer; `text` is a reply that was never given before.
    pub fn answer(self, mut text: impl FnMut() -> TextRef) -> BotAnswer {
        let mut answer = BotAnswer {
            replies: vec![text()],
            ..good()
        };
        match self {
            Answering::Well | Answering::Promises => {}
            Answering::Twice => answer.replies.push(text()),
            Answering::Silently => {
                answer.replies.clear();
                answer.silent = true;
            }
            Answering::Empty => answer.replies.clear(),
            Answering::Unsure => answer.confidence = 10,
            Answering::Miss => answer.kb = Kb::Miss,
            Answering::Five => answer.facts.guests = Some(5),
            Answering::HandsOver => {
                answer.handoff = Some(BotHandoff {
                    reason: None,
                    note: Some(text()),
                });
                answer.summary = Some(text());
            }
            Answering::LinkSent => answer.done.extend([BotDone::PaymentLinkSent]),
            Answering::Sees(intent) => answer.intents.extend([intent]),
            Answering::SeesBadReview => {
                answer.intents.extend([Intent::Review, Intent::Complaint]);
            }
            Answering::SeesLikeLastTime => {
                answer.intents.extend([Intent::NewBooking]);
                answer.facts.past_stay = Some(true);
            }
            Answering::GivesReviewLink => {
                answer.intents.extend([Intent::Review]);
                answer.done.extend([BotDone::ReviewLinkSent]);
            }
            Answering::Leaks => {
                answer.summary = Some(text());
                answer.measured = Some(Box::new(Measured {
                    internal: [Internal::TurnId].into(),
                    ..Measured::default()
                }));
            }
        }
        answer
    }
}

impl Rule {
    pub fn change(self, policy: &mut Policy) {
        match self {
            Rule::ClarifyMax(n) => policy.bot.clarify_max = n,
            Rule::GuestsOver(n) => {
                for trigger in &mut policy.triggers {
                    if let Condition::GuestsOver(limit) = &mut trigger.when {
                        *limit = n;
                    }
                }
            }
            Rule::ConsultedWhen(when) => policy.bot.consulted_when = when,
            Rule::TakeOnOpen(take) => policy.ownership.take_on_open = take,
            Rule::OnTaskDone(then) => policy.ownership.on_task_done = then,
            Rule::Assign(assign) => policy.tasks.assign = assign,
            Rule::EscalateTo(to) => policy.tasks.escalate_to = to.then_some(IGOR),
            Rule::Duty(on) => {
                policy.tasks.duty_user = on.then_some(IGOR);
                policy.tasks.duty_phone = on.then(|| "+7 900 000-00-99".to_owned());
            }
            Rule::ReviewUrl(on) => {
                policy.review_url = on.then(|| "https://example.org/review".to_owned());
            }
            Rule::BurstQuiet(ms) => policy.timers.burst_quiet = Span(ms),
            Rule::ClaimGrace(ms) => policy.timers.claim_grace = Span(ms),
            Rule::AutoReturn(ms) => policy.timers.auto_return_after = Span(ms),
            Rule::Several(act) => policy.inquiry.several = act,
            Rule::Early(act) => policy.inquiry.early = act,
            Rule::Departure(act) => policy.inquiry.departure = act,
            Rule::NoTable => policy.departure.clear(),
        }
    }
}

fn user() -> impl Strategy<Value = UserId> {
    prop_oneof![Just(ANNA), Just(IGOR)]
}

fn changer() -> impl Strategy<Value = Changer> {
    prop_oneof![
        user().prop_map(Changer::Person),
        Just(Changer::Robot),
        Just(Changer::Unknown)
    ]
}

fn field() -> impl Strategy<Value = FieldValue> {
    use FieldValue::{Bot, Empty, Manager, Waiting};
    prop_oneof![Just(Empty), Just(Bot), Just(Waiting), Just(Manager)]
}

fn failure() -> impl Strategy<Value = Failure> {
    prop_oneof![
        Just(Failure::Fenced),
        Just(Failure::Refused),
        Just(Failure::Unreachable),
        Just(Failure::Gone)
    ]
}

fn saying() -> impl Strategy<Value = Saying> {
    use Saying::{
        BadReview, Complaint, Dates, Five, LikeLastTime, NewBooking, OptOut, OwnBooking, PastVisit,
        Payment, Pet, Question, Refund, Review, SeveralDeals, Six, Sticker, Thanks, Unclear,
        Urgent, Voice,
    };
    prop_oneof![
        6 => Just(Question),
        2 => prop_oneof![
            Just(Five), Just(Six), Just(Pet), Just(Thanks), Just(Sticker), Just(Voice), Just(OptOut), Just(Payment),
            Just(Refund)
        ],
        3 => prop_oneof![
            Just(NewBooking), Just(LikeLastTime), Just(Review), Just(BadReview), Just(Complaint), Just(PastVisit),
            Just(Unclear), Just(Urgent), Just(OwnBooking), (0_i64..4).prop_map(Dates), Just(SeveralDeals)
        ],
    ]
}

fn answering() -> impl Strategy<Value = Answering> {
    use Answering::{
        Empty, Five, GivesReviewLink, HandsOver, Leaks, LinkSent, Miss, Promises, Sees,
        SeesBadReview, SeesLikeLastTime, Silently, Twice, Unsure, Well,
    };
    let intent = prop_oneof![
        Just(Intent::Review),
        Just(Intent::Complaint),
        Just(Intent::PastVisit),
        Just(Intent::NewBooking),
        Just(Intent::Unclear),
        Just(Intent::Urgent),
        Just(Intent::PaymentStatus),
    ];
    prop_oneof![
        8 => Just(Well),
        2 => Just(Twice),
        2 => Just(LinkSent),
        2 => Just(Promises),
        1 => Just(Leaks),
        3 => intent.prop_map(Sees),
        3 => prop_oneof![
            Just(Silently), Just(Empty), Just(Unsure), Just(Miss), Just(Five), Just(HandsOver), Just(SeesBadReview),
            Just(SeesLikeLastTime), Just(GivesReviewLink)
        ],
    ]
}

fn timer() -> impl Strategy<Value = Timer> {
    use Timer::{AfterTouch, AutoReturn, Burst, ClaimGrace, EpisodeIdle, FinalTouch};
    use Timer::{LateAnswer, WaitingEscalation, WaitingReminder};
    prop_oneof![
        Just(LateAnswer),
        Just(WaitingReminder),
        Just(WaitingEscalation),
        Just(FinalTouch),
        Just(AfterTouch),
        Just(Burst),
        Just(ClaimGrace),
        Just(AutoReturn),
        Just(EpisodeIdle)
    ]
}

fn pause() -> impl Strategy<Value = i64> {
    prop_oneof![
        4 => 0..seconds(5),
        3 => seconds(5)..seconds(60),
        2 => MINUTE..HOUR,
        1 => HOUR..30 * HOUR,
        1 => 30 * HOUR..60 * HOUR,
    ]
}

/// Mostly on: what is never decided shows nothing.
fn mode() -> impl Strategy<Value = Mode> {
    prop_oneof![
        5 => Just(Mode::On),
        2 => Just(Mode::Trial),
        1 => Just(Mode::Watch),
        1 => Just(Mode::People),
        1 => Just(Mode::Off),
    ]
}

fn listed() -> impl Strategy<Value = Listed> {
    // Mostly a guest of the trial whom nobody excludes.
    prop_oneof![
        3 => Just(Listed { trial: true, excluded: false }),
        1 => Just(Listed { trial: false, excluded: false }),
        1 => Just(Listed { trial: true, excluded: true }),
    ]
}

fn act() -> impl Strategy<Value = InquiryAct> {
    use InquiryAct::{Bot, Clarify, NewDeal, People, Table};
    prop_oneof![
        Just(Bot),
        Just(NewDeal),
        Just(Clarify),
        Just(Table),
        Just(People)
    ]
}

pub(super) fn rule() -> impl Strategy<Value = Rule> {
    prop_oneof![
        (0_u32..3).prop_map(Rule::ClarifyMax),
        (2_u32..6).prop_map(Rule::GuestsOver),
        prop_oneof![
            Just(ConsultedWhen::FirstAnswer),
            Just(ConsultedWhen::Reported)
        ]
        .prop_map(Rule::ConsultedWhen),
        prop_oneof![
            Just(TakeOnOpen::Waiting),
            Just(TakeOnOpen::Always),
            Just(TakeOnOpen::Off)
        ]
        .prop_map(Rule::TakeOnOpen),
        prop_oneof![Just(OnTaskDone::Keep), Just(OnTaskDone::Return)].prop_map(Rule::OnTaskDone),
        prop_oneof![Just(Assign::DealResponsible), Just(Assign::Crm)].prop_map(Rule::Assign),
        any::<bool>().prop_map(Rule::EscalateTo),
        any::<bool>().prop_map(Rule::Duty),
        any::<bool>().prop_map(Rule::ReviewUrl),
        prop_oneof![Just(0), Just(4 * SECOND)].prop_map(Rule::BurstQuiet),
        prop_oneof![Just(0), Just(20 * SECOND)].prop_map(Rule::ClaimGrace),
        prop_oneof![Just(20 * MINUTE), Just(40 * MINUTE)].prop_map(Rule::AutoReturn),
        act().prop_map(Rule::Several),
        act().prop_map(Rule::Early),
        act().prop_map(Rule::Departure),
        Just(Rule::NoTable),
    ]
}

pub(super) fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        9 => saying().prop_map(Step::Guest),
        1 => (0..30 * HOUR).prop_map(Step::GuestLate),
        1 => any::<usize>().prop_map(Step::GuestAgain),
        1 => (any::<usize>(), saying()).prop_map(|(n, saying)| Step::Edited(n, saying)),
        1 => any::<usize>().prop_map(Step::Deleted),
        2 => proptest::option::of(user()).prop_map(Step::Person),
        1 => prop_oneof![
            user().prop_map(Step::PersonTwice),
            (0..2 * MINUTE).prop_map(Step::PersonLate),
            Just(Step::Robot),
            Just(Step::Bulk),
            Just(Step::Echo),
        ],
        3 => user().prop_map(Step::Took),
        3 => user().prop_map(Step::Returned),
        1 => Just(Step::Dismissed),
        1 => user().prop_map(Step::Undone),
        1 => user().prop_map(Step::Opened),
        2 => (field(), changer()).prop_map(|(value, by)| Step::FieldInCrm(value, by)),
        1 => (field(), changer()).prop_map(|(value, by)| Step::Field(value, by)),
        2 => (any::<usize>(), changer()).prop_map(|(n, by)| Step::StageInCrm(n, by)),
        1 => any::<usize>().prop_map(Step::DealAppears),
        1 => prop_oneof![
            1 => Just(Step::DealsVanish),
            2 => any::<bool>().prop_map(Step::CrmUp),
        ],
        1 => changer().prop_map(Step::TaskClosed),
        8 => (any::<usize>(), answering()).prop_map(|(n, a)| Step::BotAnswers(n, a)),
        12 => any::<usize>().prop_map(Step::CarryOut),
        5 => Just(Step::CarryOutAll),
        2 => (any::<usize>(), failure()).prop_map(|(n, failure)| Step::Fails(n, failure)),
        1 => any::<usize>().prop_map(Step::Repeated),
        1 => timer().prop_map(Step::StaleTimer),
        2 => prop_oneof![
            Just(Step::Declined),
            any::<bool>().prop_map(Step::Excluded),
            Just(Step::Back(Service::Bot)),
            Just(Step::Back(Service::Crm)),
            Just(Step::Undelivered),
            Just(Step::Unreadable),
            any::<bool>().prop_map(Step::TaskOnDeal),
            any::<bool>().prop_map(Step::Payment),
            proptest::option::of(0..26 * HOUR).prop_map(Step::Window),
        ],
        2 => prop_oneof![
            3 => mode().prop_map(Step::Mode),
            2 => rule().prop_map(Step::Policy),
            1 => listed().prop_map(Step::Listed),
            1 => any::<bool>().prop_map(Step::Tagged),
        ],
        10 => pause().prop_map(Step::Wait),
        1 => Just(Step::Settle),
    ]
}
