//! BEHAVIOUR §3 and masterplan, «Риски»: what is unclear is asked once, then a person sees to it.

use super::*;
use crate::time::DAY;

fn unclear() -> Understood {
    wants(Intent::Unclear)
}

fn two_deals() -> Scene {
    let mut scene = Scene::at_stage("prepaid");
    let other = scene.deal(DealId(600), "arrival");
    scene.deals.push(DealFacts {
        created_at: other.created_at - DAY,
        ..other
    });
    scene
}

#[test]
fn masterplan_1_unclear_is_asked_back_at_every_stage() {
    for stage in [
        "new",
        "consulted",
        "prebooked",
        "prepaid",
        "arrival",
        "staying",
    ] {
        let row = format!("masterplan: Сценарий 1, «при неясности», {stage}");
        let mut scene = Scene::at_stage(stage);
        scene.hears("Я насчёт того самого", unclear());
        assert_eq!(
            scene.texts(),
            [(SendKind::Clarify, "intro+clarify_kind".to_owned())],
            "{row}"
        );
        assert_eq!((scene.questions(), scene.tasks()), (0, 0), "{row}");
        assert_eq!(scene.moves(), [], "{row}: no consultation yet");
        scene.hears("Ну того", unclear());
        assert_eq!(scene.reason(), Some(ReasonId::UnclearTwice), "{row}");
        assert_eq!(scene.tasks(), 1, "{row}");
    }
    let mut unknown = Scene::new_guest();
    unknown.hears("Я насчёт того самого", unclear());
    assert_eq!(unknown.texts()[0].1, "intro+clarify_kind", "no deal");
}

#[test]
fn behaviour_3_clarified_and_then_clear_is_for_the_bot() {
    let mut scene = Scene::at_stage("prepaid");
    scene.hears("Я насчёт того самого", unclear());
    scene.hears("Есть ли парковка?", nothing());
    assert_eq!(scene.questions(), 1);
    scene.answers();
    assert_eq!(
        scene.texts()[1],
        (SendKind::Answer, "reply".to_owned()),
        "one intro"
    );
}

#[test]
fn behaviour_3_unclear_to_the_bot_is_asked_back_too() {
    let report = || BotAnswer {
        intents: BTreeSet::from([Intent::Unclear]),
        ..good()
    };
    let mut scene = Scene::at_stage("prepaid");
    scene.hears("Это самое", nothing());
    scene.bot(report());
    scene.run();
    assert_eq!(scene.texts()[0].1, "intro+clarify_kind");
    scene.hears("Ну это", nothing());
    scene.bot(report());
    assert_eq!(scene.reason(), Some(ReasonId::UnclearTwice));

    let mut plain = Scene::at_stage("prepaid");
    plain.hears(
        "Насчёт брони",
        Understood {
            intents: BTreeSet::from([Intent::Unclear, Intent::OwnBooking]),
            ..nothing()
        },
    );
    plain.answers();
    assert_eq!(
        plain.texts()[0].0,
        SendKind::Answer,
        "what is unclear to one side and plain to the other is plain"
    );
}

#[test]
fn behaviour_3_an_unclear_message_with_a_trigger_is_handed_over_at_once() {
    let mut scene = Scene::at_stage("prepaid");
    scene.hears(
        "Я насчёт того, нас пятеро",
        both(five().facts, Intent::Unclear),
    );
    assert_eq!(scene.reason(), Some(ReasonId::GuestsOver4));
}

#[test]
fn behaviour_3_one_question_an_episode_whatever_it_is_about() {
    let mut scene = two_deals();
    scene.hears("Я насчёт того самого", nothing());
    assert_eq!(scene.texts()[0].1, "intro+clarify_deal_plain");
    scene.hears("Ну той", unclear());
    assert_eq!(scene.reason(), Some(ReasonId::MultiDeal));
    let asked = scene.texts().into_iter();
    let asked = asked.filter(|(kind, _)| *kind == SendKind::Clarify);
    assert_eq!(asked.count(), 1);
}

#[test]
fn behaviour_3_a_new_episode_may_be_asked_anew() {
    let mut scene = Scene::at_stage("prepaid");
    scene.hears("Я насчёт того самого", unclear());
    scene.passes(25 * HOUR);
    assert!(scene.state.episode.is_none());
    scene.hears("Я опять насчёт того", unclear());
    assert_eq!(scene.texts().len(), 2);
    assert!(scene.bot_leads());
}

#[test]
fn behaviour_3_clarify_max_of_the_policy_counts() {
    let mut never = Scene::at_stage("prepaid").with(|policy| policy.bot.clarify_max = 0);
    never.hears("Я насчёт того самого", unclear());
    assert_eq!(never.reason(), Some(ReasonId::UnclearTwice));
    let mut twice = Scene::at_stage("prepaid").with(|policy| policy.bot.clarify_max = 2);
    for _ in 0..2 {
        twice.hears("Я насчёт того самого", unclear());
        assert!(twice.bot_leads());
    }
    twice.hears("Я насчёт того самого", unclear());
    assert_eq!(twice.reason(), Some(ReasonId::UnclearTwice));
}

#[test]
fn promise_4_in_doubt_a_person_a_question_back_that_never_left_is_not_asked_for_ever() {
    let mut scene = Scene::at_stage("prepaid");
    scene.guest("Я насчёт того самого", unclear());
    scene.burst_ends();
    scene.send_fails(Failure::Fenced);
    scene.run();
    assert_eq!(scene.reason(), Some(ReasonId::UnclearTwice));
}
