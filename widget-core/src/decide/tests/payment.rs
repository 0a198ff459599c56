//! Masterplan, Сценарий 2: the status of a payment or refund, «уточнить, есть ли эта инф-ия в CRM».

use super::*;
use crate::event::Booking;

const PAID: TextRef = TextRef(71);
const REFUNDED: TextRef = TextRef(72);

/// A deal whose mapped fields say how payment and refund stand.
fn filled() -> Scene {
    let mut scene = Scene::at_stage("prepaid");
    scene.at(DEAL).booking = Booking {
        payment: Some(PAID),
        refund: Some(REFUNDED),
        ..Booking::default()
    };
    scene
}

fn repeated(scene: &Scene) -> Vec<(String, TextRef)> {
    let asked = scene.asked.iter();
    let parts = asked.filter_map(|action| match action {
        Action::Send {
            kind: SendKind::Answer,
            parts,
            ..
        } => parts.iter().find_map(|part| match part {
            TextPart::PolicyWith { key, deal_field } => Some((key.clone(), *deal_field)),
            _ => None,
        }),
        _ => None,
    });
    parts.collect()
}

#[test]
fn masterplan_2_payment_and_refund_status_are_repeated_from_a_filled_field() {
    for (intent, text, value) in [
        (Intent::PaymentStatus, "repeat_payment", PAID),
        (Intent::RefundStatus, "repeat_refund", REFUNDED),
    ] {
        let row = format!("masterplan: Сценарий 2, статус оплаты или возврата, {intent:?}");
        let mut scene = filled();
        scene.hears("Дошла ли оплата?", wants(intent));
        assert_eq!(repeated(&scene), [(text.to_owned(), value)], "{row}");
        assert_eq!(scene.texts()[0].1, format!("intro+{text}"), "{row}");
        assert!(scene.bot_leads(), "{row}");
        assert_eq!((scene.questions(), scene.tasks()), (0, 0), "{row}");
        assert_eq!(scene.state.unanswered, [], "{row}: answered");
        assert_eq!(scene.moves(), [], "{row}: moves nothing");
    }
}

#[test]
fn masterplan_2_payment_status_that_the_crm_does_not_know_is_a_persons() {
    for (row, field) in [
        ("not mapped, or not filled in", Booking::default()),
        (
            "only the other field is filled in",
            Booking {
                refund: Some(REFUNDED),
                ..Booking::default()
            },
        ),
    ] {
        let mut scene = filled();
        scene.at(DEAL).booking = field;
        scene.hears("Дошла ли оплата?", wants(Intent::PaymentStatus));
        assert_eq!(scene.reason(), Some(ReasonId::PaymentStatus), "{row}");
    }
    let mut no_deal = Scene::new_guest();
    no_deal.hears("Дошла ли оплата?", wants(Intent::PaymentStatus));
    assert_eq!(no_deal.reason(), Some(ReasonId::PaymentStatus), "no deal");
    let mut no_text = filled().with(|policy| {
        policy.texts.remove("repeat_payment");
    });
    no_text.hears("Дошла ли оплата?", wants(Intent::PaymentStatus));
    assert_eq!(no_text.reason(), Some(ReasonId::PaymentStatus), "no text");
}

#[test]
fn masterplan_2_payment_status_is_repeated_once_in_an_episode() {
    let mut scene = filled();
    scene.hears("Дошла ли оплата?", wants(Intent::PaymentStatus));
    scene.hears("А возврат?", wants(Intent::RefundStatus));
    assert_eq!(repeated(&scene).len(), 2, "each once");
    scene.hears("Так дошла или нет?", wants(Intent::PaymentStatus));
    assert_eq!(scene.reason(), Some(ReasonId::PaymentStatus));

    let mut next = filled();
    next.hears("Дошла ли оплата?", wants(Intent::PaymentStatus));
    next.passes(25 * HOUR);
    assert!(next.state.episode.is_none());
    next.hears("Дошла ли оплата?", wants(Intent::PaymentStatus));
    assert_eq!(repeated(&next).len(), 2, "and in the next episode again");
}

#[test]
fn masterplan_2_payment_status_is_not_repeated_when_another_trigger_fires_too() {
    let with = |intent| Understood {
        intents: BTreeSet::from([Intent::PaymentStatus, intent]),
        ..nothing()
    };
    for (row, understood, reason) in [
        ("has paid", with(Intent::PaidNotice), ReasonId::PaidNotice),
        (
            "asks to check",
            with(Intent::PaymentCheck),
            ReasonId::PaymentCheck,
        ),
        (
            "a new link",
            with(Intent::PaymentLinkAgain),
            ReasonId::PaymentLinkAgain,
        ),
        (
            "five guests",
            both(five().facts, Intent::PaymentStatus),
            ReasonId::GuestsOver4,
        ),
    ] {
        let mut scene = filled();
        scene.hears("…", understood);
        assert_eq!(scene.reason(), Some(reason), "{row}");
        assert_eq!(repeated(&scene), [], "{row}");
    }
}

#[test]
fn masterplan_2_payment_status_seen_by_the_bot_is_repeated_instead_of_its_words() {
    let mut scene = filled();
    scene.hears("Ну как там деньги?", nothing());
    scene.bot(BotAnswer {
        intents: BTreeSet::from([Intent::PaymentStatus]),
        ..good()
    });
    scene.run();
    assert_eq!(repeated(&scene), [("repeat_payment".to_owned(), PAID)]);
    assert_eq!(scene.texts().len(), 1, "and nothing of its own");

    let mut unsure = filled();
    unsure.hears("Ну как там деньги?", nothing());
    unsure.bot(BotAnswer {
        intents: BTreeSet::from([Intent::PaymentStatus]),
        kb: Kb::Miss,
        ..good()
    });
    assert_eq!(
        unsure.reason(),
        Some(ReasonId::NoKb),
        "another trigger fires too"
    );
}

#[test]
fn masterplan_2_a_payment_never_moves_the_deal() {
    for intent in [
        Intent::PaidNotice,
        Intent::ReceiptSent,
        Intent::PaymentCheck,
    ] {
        let mut scene = Scene::at_stage("prebooked");
        scene.hears("Оплатил", wants(intent));
        assert_eq!(scene.moves(), [], "{intent:?}");
        assert_eq!(scene.at(DEAL).stage, Some("prebooked".into()));
    }
}

#[test]
fn promise_3_nothing_twice_a_repeated_status_that_did_not_leave_is_a_persons() {
    let mut scene = filled();
    scene.guest("Дошла ли оплата?", wants(Intent::PaymentStatus));
    scene.burst_ends();
    scene.send_fails(Failure::Refused);
    assert_eq!(scene.reason(), Some(ReasonId::SendFailed));
}

#[test]
fn masterplan_2_payment_status_of_which_deal_must_be_clear() {
    let mut scene = filled();
    let mut newer = scene.deal(DealId(702), "consulted");
    newer.created_at = scene.now;
    newer.booking.payment = Some(TextRef(73));
    scene.deals.insert(0, newer);
    scene.hears("Дошла ли оплата?", wants(Intent::PaymentStatus));
    assert_eq!(repeated(&scene), [], "not that of any deal");
    assert_eq!(scene.reason(), Some(ReasonId::PaymentStatus));
}

#[test]
fn masterplan_2_what_is_asked_beside_the_payment_status_is_answered() {
    // In a message of its own: the bot answers it.
    let mut scene = filled();
    scene.guest("Дошла ли оплата?", wants(Intent::PaymentStatus));
    scene.guest("Какие документы взять?", nothing());
    scene.burst_ends();
    scene.run();
    assert_eq!(repeated(&scene).len(), 1);
    scene.burst_ends();
    assert_eq!(scene.questions(), 1, "promise 4: never silence");
    scene.bot_answers();
    scene.run();
    assert_eq!(scene.state.unanswered, []);

    // In the same message: a person.
    let mut scene = filled();
    let mut both = wants(Intent::PaymentStatus);
    both.intents.insert(Intent::NewBooking);
    scene.hears("Дошла ли оплата? И хочу ещё одну поездку", both);
    assert_eq!(repeated(&scene), []);
    assert_eq!(scene.reason(), Some(ReasonId::PaymentStatus));
}
