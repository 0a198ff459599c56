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

/// masterplan: Сценарий 2. Each reason by its own row, with the words of the masterplan.
#[test]
fn masterplan_2_the_rows_in_the_masterplans_words() {
    let one = |intent| wants(intent);
    for (row, stage, understood, reason) in [
        (
            "Клиент ссылается на прошлые заезды для нового бронирования",
            "consulted",
            facts(past_stay()),
            ReasonId::PastStays,
        ),
        (
            "Клиент ссылается на прошлые заезды, на этапе с бронью",
            "prepaid",
            both(past_stay(), Intent::NewBooking),
            ReasonId::PastStays,
        ),
        (
            "Диалог затрагивает несколько сделок одновременно",
            "prepaid",
            number(|f| f.several_deals = Some(true)),
            ReasonId::MultiDeal,
        ),
        (
            "статус оплаты",
            "prebooked",
            one(Intent::PaymentStatus),
            ReasonId::PaymentStatus,
        ),
        (
            "статус возврата",
            "prebooked",
            one(Intent::RefundStatus),
            ReasonId::RefundStatus,
        ),
        (
            "проверить оплаты, чеки",
            "prebooked",
            one(Intent::PaymentCheck),
            ReasonId::PaymentCheck,
        ),
        (
            "повторно сформировать ссылку на оплату",
            "prebooked",
            one(Intent::PaymentLinkAgain),
            ReasonId::PaymentLinkAgain,
        ),
        (
            "повторно сформировать возврат",
            "prebooked",
            one(Intent::RefundLinkAgain),
            ReasonId::RefundLinkAgain,
        ),
        (
            "стоимость продления",
            "staying",
            one(Intent::ExtensionCost),
            ReasonId::ExtensionCost,
        ),
        (
            "стоимость доп. услуг",
            "staying",
            one(Intent::ExtraServiceCost),
            ReasonId::ExtraServiceCost,
        ),
        (
            "гость информирует, что сделал оплату",
            "prebooked",
            one(Intent::PaidNotice),
            ReasonId::PaidNotice,
        ),
        (
            "выслал чек",
            "prebooked",
            one(Intent::ReceiptSent),
            ReasonId::ReceiptSent,
        ),
        ("гостей больше 4", "new", five(), ReasonId::GuestsOver4),
        (
            "с ребёнком до 3 лет включительно",
            "new",
            number(|f| f.youngest_child = Some(0)),
            ReasonId::ChildLe3,
        ),
        (
            "более 1 номера",
            "new",
            number(|f| f.rooms = Some(2)),
            ReasonId::MultiRoom,
        ),
        (
            "заезд с питомцем",
            "new",
            number(|f| f.pet = Some(true)),
            ReasonId::Pet,
        ),
    ] {
        let scene = routed(stage, "…", understood);
        let row = format!("masterplan: Сценарий 2, «{row}»");
        assert_eq!(scene.reason(), Some(reason), "{row}");
        assert_eq!(scene.texts()[0].0, SendKind::Handoff, "{row}");
        assert_eq!((scene.tasks(), scene.questions()), (1, 0), "{row}");
    }
}

#[test]
fn behaviour_3_attachments_of_every_kind() {
    use AttachmentKind::{Contact, Document, Image, Location, Other, Sticker, Video, Voice};
    let with = |kind, chars: usize| (kind, "ж".repeat(chars));
    for (stage, (kind, text), reason) in [
        ("prebooked", with(Image, 0), Some(ReasonId::ReceiptSent)),
        ("prebooked", with(Document, 40), Some(ReasonId::ReceiptSent)),
        ("prebooked", with(Document, 41), None),
        ("prebooked", with(Voice, 0), Some(ReasonId::AttachmentOnly)),
        ("consulted", with(Image, 0), Some(ReasonId::AttachmentOnly)),
        ("consulted", with(Image, 1), None),
        ("prepaid", with(Video, 0), Some(ReasonId::AttachmentOnly)),
        ("prepaid", with(Document, 0), Some(ReasonId::AttachmentOnly)),
        ("prepaid", with(Location, 0), Some(ReasonId::AttachmentOnly)),
        ("prepaid", with(Contact, 0), Some(ReasonId::AttachmentOnly)),
        ("prepaid", with(Other, 0), Some(ReasonId::AttachmentOnly)),
        ("prepaid", with(Sticker, 0), None),
    ] {
        let understood = Understood {
            attachments: vec![kind],
            ..nothing()
        };
        let scene = routed(stage, &text, understood);
        assert_eq!(scene.reason(), reason, "{kind:?} at {stage}, «{text}»");
    }
}

/// A person answered «нас пятеро» and gave the dialog back; then the number changes.
#[test]
fn behaviour_3_a_number_that_changes_after_the_return_fires_again() {
    let mut scene = routed("new", "Нас пятеро", five());
    scene.person(Some(ANNA));
    scene.returned(ANNA);
    scene.run();
    scene.hears("Да, пятеро", five());
    assert_eq!(scene.reason(), None, "settled for its value");
    assert!(scene.traced("trigger.settled"));
    scene.answers();
    scene.hears("Ой, теперь нас шестеро", number(|f| f.guests = Some(6)));
    assert_eq!(scene.reason(), Some(ReasonId::GuestsOver4), "6 is new");
    scene.person(Some(ANNA));
    scene.returned(ANNA);
    scene.run();
    scene.hears("Нет, всё-таки пятеро", five());
    assert_eq!(scene.reason(), None, "both values are settled by now");
}

#[test]
fn behaviour_3_a_settled_fact_does_not_hide_a_new_one() {
    let mut scene = after_an_answer(five(), nothing());
    scene.bot_answers();
    scene.run();
    scene.hears(
        "Пятеро и кошка",
        facts(Facts {
            guests: Some(5),
            pet: Some(true),
            ..Facts::default()
        }),
    );
    assert_eq!(scene.reason(), Some(ReasonId::Pet));
}

#[test]
fn behaviour_3_a_take_without_an_answer_settles_only_what_is_given_back() {
    let mut scene = Scene::handed_over().with(|policy| policy.tasks.escalate_to = None);
    scene.took(ANNA);
    scene.passes(40 * crate::time::MINUTE);
    assert_eq!(
        scene.reason(),
        Some(ReasonId::GuestsOver4),
        "nobody answered: it is open"
    );
    scene.event(Event::Dismissed { user: ANNA });
    scene.run();
    scene.hears("Нас пятеро", five());
    assert_eq!(
        scene.reason(),
        Some(ReasonId::GuestsOver4),
        "«Ответ не нужен» is no answer"
    );
}

#[test]
fn behaviour_3_the_order_of_the_triggers_is_their_priority() {
    let order: Vec<_> = policy().triggers.iter().map(|t| t.reason).collect();
    let place = |reason| order.iter().position(|known| *known == reason).unwrap();
    for (first, then) in [
        (ReasonId::Urgent, ReasonId::HumanRequest),
        (ReasonId::HumanRequest, ReasonId::Complaint),
        (ReasonId::ReceiptSent, ReasonId::PaymentStatus),
        (ReasonId::PaidNotice, ReasonId::PaymentStatus),
        (ReasonId::PaymentStatus, ReasonId::GuestsOver4),
        (ReasonId::Pet, ReasonId::NoKb),
        (ReasonId::DeparturePastVisit, ReasonId::NoKb),
    ] {
        assert!(place(first) < place(then), "{first:?} before {then:?}");
    }
    let mut scene = Scene::at_stage("prepaid");
    scene.hears(
        "Нас пятеро, позовите человека",
        both(five().facts, Intent::HumanRequest),
    );
    assert_eq!(scene.reason(), Some(ReasonId::HumanRequest));
}

/// BEHAVIOUR §3: each step of the routing comes before the next, whatever the next would make of the message.
#[test]
fn behaviour_3_routing_looks_in_this_order() {
    let row = "BEHAVIOUR §3: order";
    let mut off = Scene::at_stage("prepaid").with(|policy| policy.mode = crate::policy::Mode::Off);
    off.listed.excluded = true;
    off.hears("Нас пятеро", five());
    assert!(off.traced("mode.off"), "{row}: mode");
    assert!(!off.traced("guest.excluded"), "{row}: before excluded");

    let mut excluded = Scene::at_stage("prepaid");
    excluded.listed.excluded = true;
    excluded.hears("Не пишите мне", both(five().facts, Intent::OptOut));
    assert!(excluded.traced("guest.excluded"), "{row}: excluded");
    assert_eq!(excluded.texts(), [], "{row}: before opt-out");

    let mut led = Scene::talking();
    led.took(ANNA);
    led.run();
    led.forget();
    led.hears("Не пишите мне", both(five().facts, Intent::OptOut));
    assert!(
        led.traced("owner.manager") && led.led_by(ANNA),
        "{row}: owner"
    );
    assert_eq!(led.texts(), [], "{row}: before opt-out");

    let mut opted_out = Scene::at_stage("prepaid");
    opted_out.hears("Не пишите мне", both(five().facts, Intent::OptOut));
    assert_eq!(
        opted_out.texts(),
        [(SendKind::Ack, "opt_out_ack".to_owned())],
        "{row}: opt-out"
    );
    assert_eq!(opted_out.reason(), None, "{row}: before triggers");

    let mut several = Scene::at_stage("prepaid");
    let other = several.deal(DealId(800), "arrival");
    several.deals.push(other);
    several.hears("Нас пятеро", five());
    assert_eq!(
        several.reason(),
        Some(ReasonId::GuestsOver4),
        "{row}: triggers before inquiry"
    );

    let mut unmapped = Scene::at_stage("Партнёры");
    unmapped.hears("Есть ли Wi-Fi?", nothing());
    assert_eq!(
        unmapped.reason(),
        Some(ReasonId::StageUnmapped),
        "{row}: inquiry"
    );
    assert_eq!(unmapped.questions(), 0, "{row}: before the bot");
}
