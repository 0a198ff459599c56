//! BEHAVIOUR §4, bursts and superseded turns; §3, the episode.

use super::*;
use crate::time::DAY;

#[test]
fn behaviour_4_burst_ends_after_4_quiet_seconds() {
    let mut scene = Scene::at_stage("prepaid");
    scene.guest("Здравствуйте", nothing());
    scene.run_reads();
    scene.wait(seconds(4) - 1);
    scene.guest("Есть ли Wi-Fi?", nothing());
    scene.wait(seconds(4) - 1);
    assert_eq!(scene.questions(), 0);
    scene.wait(1);
    let asked = scene.asked.iter().find_map(|action| match action {
        Action::AskBot { messages, .. } => Some(messages.len()),
        _ => None,
    });
    assert_eq!(asked, Some(2), "several messages are one turn");
}

#[test]
fn behaviour_4_burst_lasts_at_most_12_seconds() {
    let mut scene = Scene::at_stage("prepaid");
    for _ in 0..4 {
        scene.guest("…", nothing());
        scene.run_reads();
        scene.wait(seconds(3));
    }
    assert_eq!(
        scene.questions(),
        1,
        "at 12 s, though the guest never paused for 4"
    );
}

#[test]
fn behaviour_4_a_turn_is_superseded_at_most_twice() {
    let mut scene = Scene::at_stage("prepaid");
    for n in 1..=3 {
        scene.guest("И ещё", nothing());
        scene.burst_ends();
        assert_eq!(scene.questions(), n);
    }
    scene.guest("И ещё одно", nothing());
    scene.burst_ends();
    assert_eq!(scene.questions(), 3, "the third turn's answer goes out");
    scene.bot_answers();
    assert_eq!(scene.texts().len(), 1);
    scene.run();
    scene.burst_ends();
    assert_eq!(
        scene.questions(),
        4,
        "and the last message has its own turn"
    );
}

#[test]
fn behaviour_4_a_turn_is_superseded_for_at_most_30_seconds() {
    for (after, again) in [(seconds(30), 2), (seconds(30) + 1, 1)] {
        let mut scene = Scene::at_stage("prepaid");
        scene.guest("Есть ли Wi-Fi?", nothing());
        scene.burst_ends();
        scene.wait(after);
        scene.guest("И парковка", nothing());
        scene.burst_ends();
        assert_eq!(scene.questions(), again, "after {after} ms");
    }
}

#[test]
fn behaviour_4_a_message_during_a_send_has_its_own_burst() {
    let mut scene = Scene::at_stage("prepaid");
    scene.guest("Есть ли Wi-Fi?", nothing());
    scene.burst_ends();
    scene.wait(seconds(20));
    scene.bot_answers();
    scene.guest("И парковка", nothing());
    assert_eq!(
        scene.state.timers[&Timer::Burst].due,
        scene.now + seconds(4)
    );
    scene.run();
    assert_eq!(scene.questions(), 1);
    scene.burst_ends();
    assert_eq!(scene.questions(), 2);
}

#[test]
fn behaviour_4_a_read_that_returns_during_a_burst_does_not_cut_it_short() {
    let mut scene = Scene::at_stage("prepaid");
    scene.guest("Здравствуйте", nothing());
    scene.wait(seconds(4));
    scene.guest("Есть ли Wi-Fi?", nothing());
    scene.run_reads();
    assert_eq!(scene.questions(), 0);
    scene.wait(seconds(4));
    assert_eq!(scene.questions(), 1);
}

#[test]
fn behaviour_3_an_episode_ends_after_24_silent_hours_with_the_bot() {
    let mut scene = Scene::talking();
    scene.wait(DAY - 1);
    assert!(scene.state.episode.is_some());
    scene.wait(1);
    assert!(scene.state.episode.is_none());
    scene.forget();
    scene.guest("Здравствуйте", nothing());
    scene.burst_ends();
    scene.bot_answers();
    assert_eq!(
        scene.texts(),
        [(SendKind::Answer, "intro+reply".to_owned())],
        "a new episode, a new intro"
    );
    assert_eq!(scene.state.episodes, 2);
}

#[test]
fn behaviour_3_an_episode_does_not_end_while_people_lead() {
    let mut scene = Scene::handed_over();
    scene.wait(3 * DAY);
    assert!(scene.state.episode.is_some());
}

#[test]
fn behaviour_3_opt_out_is_acknowledged_and_asks_nobody() {
    let mut scene = Scene::talking();
    scene.forget();
    scene.guest("Не пишите мне больше", wants(Intent::OptOut));
    scene.wait(seconds(60));
    scene.run();
    assert_eq!(scene.texts(), [(SendKind::Ack, "opt_out_ack".to_owned())]);
    assert_eq!(scene.questions(), 0);
    let mut led = Scene::talking();
    led.took(ANNA);
    led.forget();
    led.guest("Не пишите мне больше", wants(Intent::OptOut));
    assert_eq!(led.texts(), [], "none in Manager");
}

#[test]
fn design_5_6_messages_found_late() {
    let late = |age| {
        let mut scene = Scene::at_stage("prepaid");
        scene.guest_at("Есть ли Wi-Fi?", nothing(), NOON - age);
        scene.burst_ends();
        scene.wait(seconds(60));
        scene.run();
        scene
    };
    let half_an_hour = HOUR / 2;
    assert_eq!(late(half_an_hour).questions(), 1, "up to 30 min: as usual");
    let scene = late(half_an_hour + 1);
    assert_eq!(scene.reason(), Some(ReasonId::Late));
    assert!(
        scene.open_task().is_some(),
        "a task stands, though the deal had to be found first"
    );
    assert_eq!(late(DAY).reason(), Some(ReasonId::Late));
    let scene = late(DAY + 1);
    assert_eq!(
        (scene.asked.len(), scene.bot_leads()),
        (0, true),
        "older: context only"
    );
}
