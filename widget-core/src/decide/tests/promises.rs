//! The promises of DESIGN §1, where they are about a single dialog.

use super::*;
use crate::time::MINUTE;

fn asked() -> Scene {
    let mut scene = Scene::at_stage("prepaid");
    scene.guest("Есть ли Wi-Fi?", nothing());
    scene.burst_ends();
    scene
}

#[test]
fn promise_1_one_voice_an_answer_after_the_take_is_dropped() {
    let mut scene = asked();
    scene.took(ANNA);
    scene.bot_answers();
    scene.run();
    assert_eq!(scene.texts(), []);
    assert!(scene.traced("reply.stale"));
}

#[test]
fn promise_1_one_voice_an_answer_decided_before_the_take_is_fenced_by_its_epoch() {
    let mut scene = asked();
    scene.bot_answers();
    scene.took(ANNA);
    scene.run();
    assert_eq!((scene.texts().len(), scene.delivered()), (1, 0));
    assert!(scene.traced("send.fenced"));
    assert!(scene.led_by(ANNA));
}

#[test]
fn promise_1_one_voice_an_answer_after_a_take_and_a_return_is_an_old_one() {
    let mut scene = asked();
    let (_, Action::AskBot { turn, .. }) = scene.pending.pop().unwrap() else {
        panic!("the bot was asked last")
    };
    scene.took(ANNA);
    scene.returned(ANNA);
    scene.event(Event::BotAnswered {
        turn,
        answer: good(),
    });
    assert_eq!(scene.texts(), []);
    scene.bot_answers();
    scene.run();
    assert_eq!(scene.delivered(), 1);
}

#[test]
fn promise_3_nothing_twice_the_unanswered_message_is_routed_exactly_once_on_return() {
    let mut scene = asked();
    scene.took(ANNA);
    scene.run();
    scene.forget();
    scene.returned(ANNA);
    scene.run();
    assert_eq!(scene.questions(), 1);
    scene.bot_answers();
    scene.run();
    scene.wait(10 * MINUTE);
    scene.run();
    assert_eq!(scene.questions(), 1);
    assert_eq!(
        scene.texts(),
        [(SendKind::Answer, "intro+reply".to_owned())]
    );
}

#[test]
fn promise_3_nothing_twice_a_return_waits_for_the_fate_of_a_send_in_flight() {
    for (row, delivered) in [("it left", true), ("it was fenced", false)] {
        let mut scene = asked();
        scene.bot_answers();
        let at = scene
            .pending
            .iter()
            .position(|(_, a)| matches!(a, Action::Send { .. }))
            .unwrap();
        let (key, action) = scene.pending.remove(at);
        let outcome = scene.carry_out(&key, &action);
        scene.took(ANNA);
        scene.returned(ANNA);
        scene.run();
        assert_eq!(
            scene.questions(),
            1,
            "{row}: nothing is asked before its fate is known"
        );
        scene.event(if delivered {
            outcome
        } else {
            failed(&key, &action, Failure::Fenced)
        });
        assert_eq!(scene.questions(), if delivered { 1 } else { 2 }, "{row}");
        assert_eq!(scene.state.unanswered.is_empty(), delivered, "{row}");
    }
}

#[test]
fn promise_3_nothing_twice_a_message_delivered_twice_is_one_message() {
    let mut scene = asked();
    let again = Event::GuestWrote(GuestMessage {
        id: scene.state.unanswered[0].id.clone(),
        at: scene.now,
        text: None,
        understood: nothing(),
        listed: crate::event::Listed::default(),
        window_until: None,
    });
    scene.forget();
    scene.event(again.clone());
    scene.wait(MINUTE);
    assert_eq!(scene.asked, []);
    scene.bot_answers();
    scene.run();
    scene.forget();
    scene.event(again);
    scene.wait(MINUTE);
    assert_eq!(scene.asked, [], "nor after its answer");
}

#[test]
fn promise_3_nothing_twice_results_reported_twice_change_nothing_more() {
    let mut scene = Scene::at_stage("new");
    scene.guest("Нас будет пятеро", five());
    scene.burst_ends();
    let mut done = Vec::new();
    while let Some((key, action)) = scene.pending.pop() {
        let outcome = scene.carry_out(&key, &action);
        done.push(outcome.clone());
        scene.event(outcome);
    }
    let (view, task) = (scene.state.view.clone(), scene.state.task);
    scene.forget();
    for outcome in done {
        scene.event(outcome);
    }
    assert_eq!(scene.asked, []);
    assert_eq!((&scene.state.view, scene.state.task), (&view, task));
}

#[test]
fn promise_4_in_doubt_a_person_a_fenced_answer_is_asked_for_again_while_the_bot_leads() {
    // The account's epoch grew: a change of the policy refused the text.
    let mut scene = asked();
    scene.bot_answers();
    scene.send_fails(Failure::Fenced);
    assert_eq!(scene.questions(), 2);
    scene.bot_answers();
    scene.run();
    assert_eq!(
        scene.texts()[1].1,
        "intro+reply",
        "and the intro is not lost"
    );
    assert_eq!(scene.delivered(), 1);
}

#[test]
fn promise_3_nothing_twice_several_replies_count_as_one_answer() {
    let mut scene = asked();
    scene.bot(BotAnswer {
        replies: vec![TextRef(1), TextRef(2)],
        ..good()
    });
    assert_eq!(scene.texts()[0].1, "intro+reply");
    assert_eq!(scene.texts()[1].1, "reply");
    scene.run();
    assert!(scene.state.unanswered.is_empty());
    assert_eq!(scene.questions(), 1);
}

#[test]
fn promise_7_replayable_the_state_is_the_fold_of_the_journal() {
    let mut scene = Scene::handed_over();
    scene.took(ANNA);
    scene.run();
    scene.returned(ANNA);
    scene.run();
    let journal = scene
        .journal
        .iter()
        .map(|(seq, at, changes)| (*seq, *at, changes.as_slice()));
    let folded = Dialog::new("d1".into(), AccountId(1), "c1".into()).fold(journal);
    assert_eq!(folded, scene.state);
}

#[test]
fn promise_7_replayable_decisions_survive_json() {
    let scene = Scene::handed_over();
    for (_, _, changes) in &scene.journal {
        let json = serde_json::to_string(changes).unwrap();
        assert_eq!(
            &serde_json::from_str::<Vec<Change>>(&json).unwrap(),
            changes
        );
    }
    let json = serde_json::to_string(&scene.state).unwrap();
    assert_eq!(serde_json::from_str::<Dialog>(&json).unwrap(), scene.state);
}
