//! Actions, reasons, texts, and what the modes of an account make of a case.

use super::*;
use crate::case::{HoursText, Subject, Verb};
use crate::owner::ReasonId;
use crate::policy::Mode;

#[test]
fn thanks_are_silent_wherever_the_deal_stands() {
    for stage in [None, Some("Заезд"), Some("Отказ")] {
        let verdict = verdict(stage, "Спасибо большое!", json!({"kb": "hit"}));
        assert_eq!(line(&verdict), SILENT);
        assert_eq!(verdict.introduce, None);
        assert!(!verdict.trace.is_empty(), "promise 5, silence is explained");
    }
    let sticker = json!({"attachments": [{"type": "sticker"}]});
    assert_eq!(line(&verdict(Some("Заезд"), "", sticker)), SILENT);
}

#[test]
fn who_asks_for_no_more_messages_is_told_so() {
    let test = json!({"intents": ["opt_out"]});
    let verdict = tested(
        Some("Новая заявка"),
        "Не пишите мне больше",
        json!({}),
        test,
    );
    assert_eq!(line(&verdict), "answer - - any [send_message]");
    assert_eq!(verdict.introduce, Some(false));
}

#[test]
fn masterplan_scenario_2_every_trigger_of_the_policy_hands_over_for_its_reason() {
    for (test, reason) in [
        (json!({"intents": ["urgent"]}), "urgent"),
        (json!({"intents": ["human_request"]}), "human_request"),
        (json!({"intents": ["complaint"]}), "complaint"),
        (json!({"intents": ["receipt_sent"]}), "receipt_sent"),
        (json!({"intents": ["paid_notice"]}), "paid_notice"),
        (json!({"intents": ["payment_check"]}), "payment_check"),
        (json!({"intents": ["payment_status"]}), "payment_status"),
        (json!({"intents": ["refund_status"]}), "refund_status"),
        (
            json!({"intents": ["payment_link_again"]}),
            "payment_link_again",
        ),
        (
            json!({"intents": ["refund_link_again"]}),
            "refund_link_again",
        ),
        (json!({"facts": {"several_deals": true}}), "multi_deal"),
        (json!({"facts": {"guests": 5}}), "guests_over_4"),
        (json!({"facts": {"youngest_child": 3}}), "child_le_3"),
        (json!({"facts": {"rooms": 2}}), "multi_room"),
        (json!({"facts": {"pet": true}}), "pet"),
        (
            json!({"facts": {"past_stay": true, "new_booking": true}}),
            "past_stays",
        ),
        (json!({"intents": ["extension_cost"]}), "extension_cost"),
        (
            json!({"intents": ["extra_service_cost"]}),
            "extra_service_cost",
        ),
    ] {
        let verdict = tested(
            Some("Заезд"),
            "Во сколько завтрак?",
            json!({"kb": "hit"}),
            test.clone(),
        );
        assert_eq!(line(&verdict), handoff(reason), "{test}");
        let reported = tested(
            Some("Заезд"),
            "Во сколько завтрак?",
            json!({"kb": "hit"}),
            json!({"bot": test}),
        );
        assert_eq!(line(&reported), handoff(reason), "seen by the bot: {test}");
    }
}

#[test]
fn masterplan_scenario_2_what_lies_on_the_line_fires_nothing() {
    for facts in [
        json!({"guests": 4}),
        json!({"youngest_child": 4}),
        json!({"rooms": 1}),
        json!({"pet": false}),
        json!({"past_stay": true}),
    ] {
        let verdict = tested(
            Some("Заезд"),
            "Во сколько завтрак?",
            json!({"kb": "hit"}),
            json!({"facts": facts}),
        );
        assert_eq!(line(&verdict), ANSWER, "{facts}");
    }
}

#[test]
fn the_reason_is_the_first_rule_that_fires_in_the_order_of_the_policy() {
    let five_and_pet = json!({"facts": {"pet": true, "guests": 6}, "intents": ["paid_notice"]});
    let verdict = tested(
        Some("Заезд"),
        "Во сколько завтрак?",
        json!({"kb": "miss"}),
        five_and_pet,
    );
    assert_eq!(verdict.reason, Some(ReasonId::PaidNotice));
    // The bot saw it, and found nothing: the fact stands before the knowledge base.
    let seen = json!({"bot": {"facts": {"guests": 6}}});
    let verdict = tested(
        Some("Заезд"),
        "Во сколько завтрак?",
        json!({"kb": "miss"}),
        seen,
    );
    assert_eq!(verdict.reason, Some(ReasonId::GuestsOver4));
}

#[test]
fn an_unsure_bot_and_one_that_asks_for_a_person_hand_over() {
    for (bot, reason) in [
        (json!({"confidence": 69}), "bot_unsure"),
        (json!({"handoff": {}}), "unknown"),
        (
            json!({"handoff": {"reason": "reply_blocked"}}),
            "reply_blocked",
        ),
    ] {
        let verdict = tested(
            Some("Заезд"),
            "Во сколько завтрак?",
            json!({"kb": "hit"}),
            json!({"bot": bot}),
        );
        assert_eq!(line(&verdict), handoff(reason), "{bot}");
    }
    let sure = json!({"bot": {"confidence": 70}});
    assert_eq!(
        line(&tested(
            Some("Заезд"),
            "Во сколько завтрак?",
            json!({"kb": "hit"}),
            sure
        )),
        ANSWER
    );
    let silent = json!({"bot": {"silent": true}});
    assert_eq!(
        line(&tested(
            Some("Заезд"),
            "Во сколько завтрак?",
            json!({"kb": "hit"}),
            silent
        )),
        SILENT
    );
}

#[test]
fn an_attachment_alone_goes_to_a_manager_and_one_at_the_prebooking_is_a_receipt() {
    let with = |kind: &str| json!({"attachments": [{"type": kind, "seconds": 7, "name": "f"}]});
    for kind in [
        "voice", "ptt", "image", "photo", "file", "video", "location", "contact", "?",
    ] {
        let verdict = verdict(Some("Заезд"), "", with(kind));
        assert_eq!(line(&verdict), handoff("attachment_only"), "{kind}");
    }
    for kind in ["image/jpeg", "photo", "pdf", "application/pdf", "file"] {
        let verdict = verdict(Some("Предварительная бронь"), "вот", with(kind));
        assert_eq!(line(&verdict), handoff("receipt_sent"), "{kind}");
    }
    let asked = verdict(Some("Заезд"), "Это наш корпус на фото?", with("photo"));
    assert_eq!(line(&asked), ANSWER);
}

#[test]
fn masterplan_scenario_2_the_hours_choose_the_text() {
    for (time, text) in [
        ("08:59", HoursText::OffHours),
        ("09:00", HoursText::WorkHours),
        ("17:59", HoursText::WorkHours),
        ("18:00", HoursText::OffHours),
        ("2027-01-02 11:00", HoursText::OffHours),
        ("2026-12-31 15:00", HoursText::OffHours),
        ("вс 11:00", HoursText::WorkHours),
    ] {
        let context = json!({"local_time": time});
        let five = verdict(Some("Заезд"), "Нас будет пятеро", context.clone());
        assert_eq!(five.text_variant, Some(text), "{time}");
        let answered = verdict(Some("Заезд"), "Есть ли у вас Wi-Fi?", context);
        assert_eq!(answered.text_variant, None, "{time}");
    }
}

#[test]
fn the_bot_introduces_itself_before_its_own_words_only() {
    let introduce =
        |text: &str, kb: &str| verdict(Some("Заезд"), text, json!({"kb": kb})).introduce;
    assert_eq!(introduce("Есть ли у вас Wi-Fi?", "none"), Some(true));
    assert_eq!(introduce("Есть ли у вас Wi-Fi?", "hit"), Some(true));
    assert_eq!(introduce("Есть ли у вас Wi-Fi?", "miss"), Some(false));
    assert_eq!(introduce("Нас будет пятеро", "hit"), Some(false));
}

#[test]
fn an_open_task_is_the_one_task() {
    let open = json!({"open_whatsapp_task": true});
    for stage in ["Заезд", "Отказ"] {
        let verdict = verdict(Some(stage), "Нас будет пятеро", open.clone());
        let tasks = verdict.effects.contains(&crate::case::Effect::CreateTask);
        assert!(!tasks, "promise 3, one open «WhatsApp» task: {stage}");
        assert_eq!(verdict.reason, Some(ReasonId::GuestsOver4));
    }
}

#[test]
fn my_booking_from_a_number_without_deals_is_not_found() {
    let test = json!({"intents": ["own_booking"]});
    let verdict = tested(None, "Что с моей бронью?", json!({}), test);
    assert_eq!(
        line(&verdict),
        "handoff - booking_not_found any [send_message create_task]"
    );
}

#[test]
fn behaviour_5_the_modes_of_an_account() {
    let in_mode = |mode: Mode, stage: Option<&str>| {
        let policy = Policy { mode, ..policy() };
        judged(
            &policy,
            case(stage, "Есть ли у вас Wi-Fi?", json!({"kb": "hit"})),
        )
    };
    assert_eq!(line(&in_mode(Mode::Trial, Some("Заезд"))), ANSWER);
    assert_eq!(
        line(&in_mode(Mode::People, Some("Заезд"))),
        handoff("bot_paused")
    );
    assert_eq!(
        line(&in_mode(Mode::People, None)),
        new_deal_handoff("bot_paused")
    );
    assert_eq!(line(&in_mode(Mode::Off, Some("Заезд"))), SILENT);
    let watched = in_mode(Mode::Watch, None);
    assert_eq!(
        (watched.action, watched.then),
        (Verb::NewDeal, Some(Verb::Answer))
    );
    assert_eq!(watched.deal, Subject::New);
    assert!(
        watched.effects.is_empty(),
        "BEHAVIOUR §5, watch writes nothing"
    );
}

#[test]
fn promise_5_every_verdict_says_why() {
    let verdict = verdict(Some("Заезд"), "Нас будет пятеро", json!({}));
    let says = |sentence: &str| verdict.trace.iter().any(|line| line == sentence);
    assert!(says("Ведёт бот"));
    assert!(says("Одна открытая сделка: «Заезд»"));
    assert!(
        says("Гостей: 5, больше 4. Нужен менеджер"),
        "{:?}",
        verdict.trace
    );
}
