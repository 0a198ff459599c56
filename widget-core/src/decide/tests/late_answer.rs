//! An answer that the bot has promised (DESIGN §5.8: «202 → callback within 120 s; else `BotFailed`»).

use super::*;

/// A guest whose question the bot has taken.
fn promised() -> Scene {
    let mut scene = Scene::at_stage("prepaid");
    scene.guest("Есть ли бассейн?", nothing());
    scene.burst_ends();
    promise(&mut scene);
    scene
}

fn promise(scene: &mut Scene) {
    let turn = scene.state.turn.clone().expect("a turn").id;
    scene.forget();
    let at = scene.now;
    scene.event(Event::BotPromised { turn, at });
}

#[test]
fn design_5_8_a_late_answer_within_120_s_is_sent() {
    let mut scene = promised();
    assert!(scene.traced("bot.promised"));
    assert_eq!(scene.due(Timer::LateAnswer), Some(scene.now + seconds(120)));
    scene.now += seconds(119);
    scene.bot(good());
    scene.run();
    assert!(scene.bot_leads());
    assert_eq!(scene.delivered(), 1);
    assert_eq!(scene.due(Timer::LateAnswer), None);
}

#[test]
fn design_5_8_without_the_late_answer_a_person_gets_the_dialog_and_it_comes_too_late() {
    let mut scene = promised();
    let turn = scene.state.turn.clone().expect("a turn").id;
    scene.wait(seconds(119));
    assert!(scene.bot_leads());
    scene.wait(seconds(1));
    assert_eq!(scene.reason(), Some(ReasonId::BotUnavailable));
    scene.event(Event::BotAnswered {
        turn,
        answer: good(),
    });
    assert!(scene.traced("reply.stale"));
    assert_eq!(scene.texts().len(), 1, "the handoff alone");
}

#[test]
fn design_5_8_the_time_counts_from_the_promise_however_late_it_is_read() {
    let mut scene = Scene::at_stage("prepaid");
    scene.guest("Есть ли бассейн?", nothing());
    scene.burst_ends();
    let turn = scene.state.turn.clone().expect("a turn").id;
    let at = scene.now;
    scene.now += seconds(100);
    scene.event(Event::BotPromised { turn, at });
    assert_eq!(scene.due(Timer::LateAnswer), Some(at + seconds(120)));
}

#[test]
fn design_5_8_an_answer_that_outran_its_promise_counts() {
    let mut scene = Scene::at_stage("prepaid");
    scene.guest("Есть ли бассейн?", nothing());
    scene.burst_ends();
    let turn = scene.state.turn.clone().expect("a turn").id;
    let at = scene.now;
    scene.bot(good());
    scene.event(Event::BotPromised { turn, at });
    assert!(scene.traced("reply.stale"));
    assert_eq!(scene.due(Timer::LateAnswer), None);
    scene.run();
    assert_eq!(scene.delivered(), 1);
}

#[test]
fn behaviour_4_a_superseded_turn_leaves_no_deadline_to_the_next_one() {
    let mut scene = promised();
    scene.now += seconds(5);
    scene.guest("И сауна?", nothing());
    assert_eq!(scene.due(Timer::LateAnswer), None);
    scene.burst_ends();
    assert_eq!(scene.questions(), 1, "asked anew");
    scene.wait(seconds(130));
    assert!(scene.bot_leads(), "the new question was not promised");
}

#[test]
fn promise_1_one_voice_a_take_ends_the_wait_for_a_late_answer() {
    let mut scene = promised();
    scene.took(ANNA);
    assert_eq!(scene.due(Timer::LateAnswer), None);
}
