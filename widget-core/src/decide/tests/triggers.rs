//! BEHAVIOUR §3, triggers (masterplan: Сценарий 2), and what is settled.

use super::*;
use crate::event::BotHandoff;
use crate::understand::AttachmentKind;

fn routed(stage: &str, text: &str, understood: Understood) -> Scene {
    let mut scene = Scene::at_stage(stage);
    scene.guest(text, understood);
    scene.burst_ends();
    scene.run();
    scene
}

fn number(change: impl FnOnce(&mut Facts)) -> Understood {
    let mut stated = Facts::default();
    change(&mut stated);
    facts(stated)
}

#[test]
fn masterplan_2_triggers_by_fact_with_their_boundaries() {
    let rows: Vec<(&str, &str, Understood, Option<ReasonId>)> = vec![
        ("4 guests", "prepaid", number(|f| f.guests = Some(4)), None),
        (
            "5 guests",
            "prepaid",
            number(|f| f.guests = Some(5)),
            Some(ReasonId::GuestsOver4),
        ),
        (
            "child of 3",
            "prepaid",
            number(|f| f.youngest_child = Some(3)),
            Some(ReasonId::ChildLe3),
        ),
        (
            "child of 4",
            "prepaid",
            number(|f| f.youngest_child = Some(4)),
            None,
        ),
        ("1 room", "prepaid", number(|f| f.rooms = Some(1)), None),
        (
            "2 rooms",
            "prepaid",
            number(|f| f.rooms = Some(2)),
            Some(ReasonId::MultiRoom),
        ),
        (
            "a pet",
            "prepaid",
            number(|f| f.pet = Some(true)),
            Some(ReasonId::Pet),
        ),
        ("no pet", "prepaid", number(|f| f.pet = Some(false)), None),
        (
            "past stay, while booking",
            "new",
            number(|f| f.past_stay = Some(true)),
            Some(ReasonId::PastStays),
        ),
        (
            "past stay alone",
            "staying",
            number(|f| f.past_stay = Some(true)),
            None,
        ),
    ];
    for (row, stage, understood, reason) in rows {
        let scene = routed(stage, "…", understood);
        assert_eq!(scene.reason(), reason, "{row}");
        assert_eq!(scene.questions(), usize::from(reason.is_none()), "{row}");
    }
}

#[test]
fn masterplan_2_triggers_by_intent() {
    for (intent, reason) in [
        (Intent::PaymentStatus, Some(ReasonId::PaymentStatus)),
        (Intent::RefundStatus, Some(ReasonId::RefundStatus)),
        (Intent::PaymentCheck, Some(ReasonId::PaymentCheck)),
        (Intent::PaymentLinkAgain, Some(ReasonId::PaymentLinkAgain)),
        (Intent::RefundLinkAgain, Some(ReasonId::RefundLinkAgain)),
        (Intent::PaidNotice, Some(ReasonId::PaidNotice)),
        (Intent::ReceiptSent, Some(ReasonId::ReceiptSent)),
        (Intent::ExtensionCost, Some(ReasonId::ExtensionCost)),
        (Intent::ExtraServiceCost, Some(ReasonId::ExtraServiceCost)),
        (Intent::HumanRequest, Some(ReasonId::HumanRequest)),
        (Intent::Complaint, Some(ReasonId::Complaint)),
        (Intent::Urgent, Some(ReasonId::Urgent)),
        (Intent::HowToPay, None),
    ] {
        assert_eq!(
            routed("prepaid", "…", wants(intent)).reason(),
            reason,
            "{intent:?}"
        );
    }
}

#[test]
fn masterplan_2_attachments() {
    let with = |kind| Understood {
        attachments: vec![kind],
        ..nothing()
    };
    let voice = routed("prepaid", "", with(AttachmentKind::Voice));
    assert_eq!(voice.reason(), Some(ReasonId::AttachmentOnly));
    assert_eq!(
        voice.texts()[0].1,
        "attachment_only+work_hours",
        "its own words"
    );
    let receipt = routed("prebooked", "вот", with(AttachmentKind::Document));
    assert_eq!(receipt.reason(), Some(ReasonId::ReceiptSent));
    let photo = routed("prepaid", "Это наш корпус?", with(AttachmentKind::Image));
    assert_eq!(photo.reason(), None);
}

#[test]
fn masterplan_2_the_bots_own_doubts() {
    let answer = |change: fn(&mut BotAnswer)| {
        let mut answer = good();
        change(&mut answer);
        answer
    };
    let rows = [
        (
            "nothing in the knowledge base",
            answer(|a| a.kb = Kb::Miss),
            ReasonId::NoKb,
        ),
        (
            "confidence 0.69",
            answer(|a| a.confidence = 69),
            ReasonId::BotUnsure,
        ),
        (
            "no reply at all",
            answer(|a| a.replies.clear()),
            ReasonId::Unknown,
        ),
        (
            "asks for a person",
            answer(|a| {
                a.handoff = Some(BotHandoff {
                    reason: None,
                    note: None,
                });
            }),
            ReasonId::Unknown,
        ),
        (
            "saw five guests",
            answer(|a| a.facts.guests = Some(5)),
            ReasonId::GuestsOver4,
        ),
        (
            "saw a complaint",
            answer(|a| a.intents = BTreeSet::from([Intent::Complaint])),
            ReasonId::Complaint,
        ),
    ];
    for (row, answer, reason) in rows {
        let mut scene = Scene::at_stage("prepaid");
        scene.guest("…", nothing());
        scene.burst_ends();
        scene.bot(answer);
        assert_eq!(scene.reason(), Some(reason), "{row}");
        assert!(
            scene
                .texts()
                .iter()
                .all(|(kind, _)| *kind == SendKind::Handoff),
            "{row}"
        );
    }
    let mut sure = Scene::at_stage("prepaid");
    sure.guest("…", nothing());
    sure.burst_ends();
    sure.bot(answer(|a| a.confidence = 70));
    assert_eq!(sure.texts()[0].0, SendKind::Answer);
}

#[test]
fn design_5_8_a_silent_answer_is_an_answer() {
    let mut scene = Scene::at_stage("prepaid");
    scene.guest("Ок", nothing());
    scene.burst_ends();
    scene.bot(BotAnswer {
        silent: true,
        confidence: 90,
        ..BotAnswer::default()
    });
    assert!(scene.bot_leads() && scene.state.unanswered.is_empty());
    assert_eq!(scene.texts(), []);
}

/// Handed over, answered by a person, returned: then the guest says this.
fn after_an_answer(first: Understood, second: Understood) -> Scene {
    let mut scene = routed("prepaid", "…", first);
    assert!(scene.reason().is_some());
    scene.person(Some(ANNA));
    scene.returned(ANNA);
    scene.run();
    scene.guest("…", second);
    scene.burst_ends();
    scene
}

#[test]
fn behaviour_3_a_fact_that_a_person_answered_is_settled_for_its_value() {
    let pet = || number(|f| f.pet = Some(true));
    for (row, first, second, reason) in [
        ("the same number", five(), five(), None),
        (
            "another number",
            five(),
            number(|f| f.guests = Some(6)),
            Some(ReasonId::GuestsOver4),
        ),
        ("another fact", five(), pet(), Some(ReasonId::Pet)),
        ("the same pet", pet(), pet(), None),
        (
            "an intent fires each time",
            wants(Intent::PaymentStatus),
            wants(Intent::PaymentStatus),
            Some(ReasonId::PaymentStatus),
        ),
    ] {
        assert_eq!(after_an_answer(first, second).reason(), reason, "{row}");
    }
}

/// masterplan: Сценарий 4. Whoever returns a dialog has decided that the bot may go on: the message that was handed
/// over is the bot's now, and does not come straight back.
#[test]
fn behaviour_1_a_returned_handoff_does_not_come_straight_back() {
    for understood in [five(), wants(Intent::HumanRequest)] {
        let mut scene = Scene::talking();
        scene.guest("Нас будет пятеро", understood);
        scene.burst_ends();
        scene.run();
        assert!(scene.reason().is_some());
        scene.took(ANNA);
        scene.run();
        scene.forget();
        scene.returned(ANNA);
        scene.run();
        assert!(scene.bot_leads());
        assert_eq!(scene.questions(), 1, "put to the bot, once");
        scene.bot_answers();
        assert_eq!(scene.texts().len(), 1);
        assert!(scene.texts()[0].1.starts_with("intro+"), "with the intro");
    }
}

#[test]
fn behaviour_1_what_the_guest_adds_after_a_handoff_still_hands_over() {
    let mut scene = Scene::handed_over();
    scene.took(ANNA);
    scene.run();
    scene.guest("Ой, нас шестеро", number(|f| f.guests = Some(6)));
    scene.returned(ANNA);
    scene.run();
    assert_eq!(scene.reason(), Some(ReasonId::GuestsOver4));
}

#[test]
fn behaviour_3_settled_facts_fire_again_in_the_next_episode() {
    let mut scene = after_an_answer(five(), nothing());
    scene.bot_answers();
    scene.run();
    scene.wait(24 * HOUR);
    assert!(scene.state.episode.is_none());
    scene.guest("Нас пятеро", five());
    scene.burst_ends();
    assert_eq!(scene.reason(), Some(ReasonId::GuestsOver4));
}
