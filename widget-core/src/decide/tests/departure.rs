//! Masterplan, «Особая логика для этапа "Выезд"»: every row of the table (BEHAVIOUR §3, «Выезд»).

use super::*;
use crate::action::Note;
use crate::event::{BotDone, BotHandoff};
use crate::policy::InquiryAct;

fn at_departure(text: &str, understood: Understood) -> Scene {
    let mut scene = Scene::at_stage("departure");
    scene.hears(text, understood);
    scene
}

fn reviews(scene: &Scene, deal: DealId) -> usize {
    scene.count(|action| {
        matches!(action, Action::AddNote { deal: d, note: Note::Review { .. } } if *d == deal)
    })
}

fn several(intents: &[Intent]) -> Understood {
    Understood {
        intents: intents.iter().copied().collect(),
        ..nothing()
    }
}

/// Nothing was made beside the deal, and it stands where it stood.
fn stays_in_its_deal(scene: &mut Scene, row: &str) {
    scene.grace_ends();
    assert_eq!(scene.new_deals(), 0, "{row}: works in the current deal");
    assert_eq!(scene.state.deal, Some(DEAL), "{row}");
    assert_eq!(scene.moves(), [], "{row}");
}

#[test]
fn masterplan_departure_a_question_about_the_past_visit_is_answered_in_its_deal() {
    let row = "masterplan: «Выезд», вопрос по прошлому визиту";
    let mut scene = at_departure("Где наш счёт?", wants(Intent::PastVisit));
    assert_eq!(scene.questions(), 1, "{row}");
    scene.answers();
    assert_eq!(scene.texts()[0].0, SendKind::Answer, "{row}");
    stays_in_its_deal(&mut scene, row);
}

#[test]
fn masterplan_departure_a_question_about_the_past_visit_that_the_bot_cannot_answer() {
    let row = "masterplan: «Выезд», вопрос по прошлому визиту, или ставит задачу";
    for doubt in [
        BotAnswer {
            kb: Kb::Miss,
            ..good()
        },
        BotAnswer {
            confidence: 69,
            ..good()
        },
    ] {
        let mut scene = at_departure("Я забыл куртку", wants(Intent::PastVisit));
        scene.bot(doubt);
        scene.run();
        assert_eq!(scene.reason(), Some(ReasonId::DeparturePastVisit), "{row}");
        assert_eq!(scene.task_deals(), [DEAL], "{row}");
        stays_in_its_deal(&mut scene, row);
    }
}

#[test]
fn masterplan_departure_a_review_is_accepted_with_the_link() {
    let row = "masterplan: «Выезд», хочет оставить отзыв";
    let mut scene = at_departure("Спасибо, всё понравилось", wants(Intent::Review));
    assert_eq!(
        scene.texts(),
        [(SendKind::Answer, "intro+review_thanks".to_owned())],
        "{row}"
    );
    assert_eq!(scene.questions(), 0, "{row}");
    assert_eq!(reviews(&scene, DEAL), 1, "{row}: kept as a note");
    assert_eq!(scene.state.unanswered, [], "{row}");
    stays_in_its_deal(&mut scene, row);

    let mut with_link = Scene::at_stage("departure")
        .with(|policy| policy.review_url = Some("https://example.test/review".to_owned()));
    with_link.hears("Спасибо, всё понравилось", wants(Intent::Review));
    assert_eq!(
        with_link.texts()[0].1,
        "intro+review_thanks+review_link",
        "{row}: the link"
    );
}

#[test]
fn behaviour_3_departure_a_complaint_in_a_review_is_accepted_and_handed_over() {
    let row = "BEHAVIOUR §3: «Выезд», complaint in a review";
    let mut scene = at_departure(
        "Ужасный отдых",
        several(&[Intent::Review, Intent::Complaint]),
    );
    assert_eq!(scene.reason(), Some(ReasonId::Complaint), "{row}");
    assert_eq!(
        scene.texts(),
        [(SendKind::Handoff, "review_negative+work_hours".to_owned())],
        "{row}"
    );
    assert_eq!(reviews(&scene, DEAL), 1, "{row}: accepted");
    assert_eq!(scene.task_deals(), [DEAL], "{row}");
    stays_in_its_deal(&mut scene, row);

    let alone = at_departure("Это безобразие", wants(Intent::Complaint));
    assert_eq!(
        (alone.reason(), reviews(&alone, DEAL)),
        (Some(ReasonId::Complaint), 0),
        "a complaint that is no review"
    );
}

#[test]
fn masterplan_departure_a_new_booking_gets_a_new_deal_and_the_old_one_stays() {
    let row = "masterplan: «Выезд», хочет новое бронирование";
    for understood in [
        wants(Intent::NewBooking),
        facts(Facts {
            new_booking: Some(true),
            ..Facts::default()
        }),
    ] {
        let mut scene = at_departure("Хотим приехать ещё раз", understood);
        assert_eq!(scene.questions(), 1, "{row}: the bot leads it");
        scene.answers();
        scene.grace_ends();
        assert_eq!(scene.new_deals(), 1, "{row}");
        let made = scene.state.deal.unwrap();
        assert_ne!(made, DEAL, "{row}");
        assert_eq!(
            scene.at(made).stage,
            Some("consulted".into()),
            "{row}: ведёт по сценарию бронирования"
        );
        assert_eq!(
            scene.at(DEAL).stage,
            Some("departure".into()),
            "{row}: the old one stays"
        );
        // What comes next goes on there.
        scene.hears("На двоих", nothing());
        assert_eq!(scene.questions(), 2, "{row}");
        scene.grace_ends();
        assert_eq!((scene.new_deals(), scene.state.deal), (1, Some(made)));
    }
}

#[test]
fn behaviour_3_departure_a_new_booking_that_relies_on_the_past_stay_is_handed_over_on_a_new_deal() {
    let row = "BEHAVIOUR §3: «Выезд», new booking relying on the past stay";
    let mut scene = at_departure(
        "Хочу тот же номер, что в прошлый раз",
        both(past_stay(), Intent::NewBooking),
    );
    assert_eq!(scene.reason(), Some(ReasonId::PastStays), "{row}");
    assert_eq!(scene.questions(), 0, "{row}");
    assert_eq!(scene.tasks(), 0, "{row}: not on the old deal");
    scene.grace_ends();
    let made = scene.state.deal.unwrap();
    assert_eq!(scene.new_deals(), 1, "{row}");
    assert_eq!(scene.task_deals(), [made], "{row}: the task is on the new");
    let touched = scene.count(|action| match action {
        Action::AddNote { deal, .. } | Action::MoveDeal { deal, .. } => *deal == DEAL,
        _ => false,
    });
    assert_eq!(touched, 0, "{row}: the old deal is left as it is");
    assert_eq!(scene.at(DEAL).stage, Some("departure".into()), "{row}");
}

#[test]
fn masterplan_departure_unclear_is_asked_once_then_a_person() {
    let row = "masterplan: «Выезд», неясно";
    let mut scene = at_departure("Добрый день, я по поводу", wants(Intent::Unclear));
    assert_eq!(
        scene.texts(),
        [(SendKind::Clarify, "intro+clarify_departure".to_owned())],
        "{row}: уточняет"
    );
    assert_eq!(scene.questions(), 0, "{row}");
    scene.hears("Ну вот это", wants(Intent::Unclear));
    assert_eq!(scene.reason(), Some(ReasonId::UnclearTwice), "{row}");
    assert_eq!(scene.task_deals(), [DEAL], "{row}: или передаёт");
    stays_in_its_deal(&mut scene, row);

    let mut clear = at_departure("Добрый день, я по поводу", wants(Intent::Unclear));
    clear.hears("Хотим приехать ещё", wants(Intent::NewBooking));
    clear.grace_ends();
    assert_eq!(clear.new_deals(), 1, "{row}: then it is clear");
}

#[test]
fn behaviour_3_departure_what_no_row_names_is_for_the_bot() {
    let mut scene = at_departure("Какой у вас адрес?", nothing());
    assert_eq!(scene.questions(), 1);
    assert!(scene.traced("departure.none"));
    scene.answers();
    stays_in_its_deal(&mut scene, "no row");
}

#[test]
fn behaviour_3_departure_the_bots_report_decides_too() {
    let report = |intents: &[Intent]| BotAnswer {
        intents: intents.iter().copied().collect(),
        ..good()
    };
    let asked = || {
        let mut scene = Scene::at_stage("departure");
        scene.hears("…", nothing());
        scene
    };
    let mut review = asked();
    review.bot(report(&[Intent::Review]));
    review.run();
    assert_eq!(review.texts()[0].1, "intro+review_thanks", "a review");
    assert_eq!(reviews(&review, DEAL), 1);

    let mut linked = asked();
    linked.bot(BotAnswer {
        done: BTreeSet::from([BotDone::ReviewLinkSent]),
        ..report(&[Intent::Review])
    });
    linked.run();
    assert_eq!(
        linked.texts()[0].1,
        "intro+reply",
        "a bot that gave the link has thanked already"
    );
    assert_eq!(reviews(&linked, DEAL), 1, "and the review is kept");

    let mut booking = asked();
    booking.bot(report(&[Intent::NewBooking]));
    booking.run();
    booking.grace_ends();
    assert_eq!(booking.texts()[0].1, "intro+reply", "a new booking");
    assert_eq!(booking.new_deals(), 1);

    let mut unclear = asked();
    unclear.bot(report(&[Intent::Unclear]));
    unclear.run();
    assert_eq!(unclear.texts()[0].1, "intro+clarify_departure", "unclear");
}

#[test]
fn behaviour_3_departure_a_handoff_of_the_bot_for_a_new_booking_is_on_the_new_deal() {
    let mut scene = Scene::at_stage("departure");
    scene.hears("…", nothing());
    scene.bot(BotAnswer {
        intents: BTreeSet::from([Intent::NewBooking]),
        handoff: Some(BotHandoff {
            reason: Some(ReasonId::PastStays),
            note: None,
        }),
        ..good()
    });
    scene.run();
    scene.grace_ends();
    assert_eq!(scene.reason(), Some(ReasonId::PastStays));
    let made = scene.state.deal.unwrap();
    assert_ne!(made, DEAL);
    assert_eq!(scene.task_deals(), [made]);
}

#[test]
fn promise_4_in_doubt_a_person_what_is_asked_beside_a_review_is_answered() {
    let asks_too = several(&[Intent::Review, Intent::PastVisit]);
    let mut scene = at_departure("Всё понравилось! Но я забыл куртку", asks_too.clone());
    assert_eq!(scene.questions(), 1, "thanks alone would be no answer");
    scene.answers();
    assert_eq!(scene.texts()[0].1, "intro+reply");
    assert_eq!(reviews(&scene, DEAL), 1, "kept, once");

    let mut unknown = at_departure("Всё понравилось! Но я забыл куртку", asks_too);
    unknown.bot(BotAnswer {
        kb: Kb::Miss,
        ..good()
    });
    unknown.run();
    assert_eq!(unknown.reason(), Some(ReasonId::DeparturePastVisit));
}

#[test]
fn behaviour_3_departure_a_trigger_of_a_new_booking_hands_over_on_the_new_deal() {
    let mut scene = at_departure(
        "Хотим ещё раз, нас пятеро",
        both(five().facts, Intent::NewBooking),
    );
    assert_eq!(scene.reason(), Some(ReasonId::GuestsOver4));
    scene.grace_ends();
    assert_eq!(scene.task_deals(), [scene.state.deal.unwrap()]);
    assert_ne!(scene.state.deal, Some(DEAL));
}

#[test]
fn behaviour_3_departure_steps_back_behind_a_booking_that_is_under_way() {
    let mut scene = Scene::at_stage("departure");
    let booked = scene.deal(DealId(800), "prepaid");
    scene.deals.push(booked);
    scene.hears("Хотим приехать ещё раз", wants(Intent::NewBooking));
    assert_eq!(scene.state.deal, Some(DealId(800)));
    scene.grace_ends();
    assert_eq!(scene.new_deals(), 0);
}

#[test]
fn behaviour_3_departure_may_be_left_to_people() {
    let mut scene =
        Scene::at_stage("departure").with(|policy| policy.inquiry.departure = InquiryAct::People);
    scene.hears("Хотим приехать ещё раз", wants(Intent::NewBooking));
    assert_eq!(scene.reason(), Some(ReasonId::StagePeople));
    stays_in_its_deal(&mut scene, "people");
}
