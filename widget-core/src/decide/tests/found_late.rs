//! What is found late (DESIGN §5.6): people's messages, and moves of the deal that crossed ours (DESIGN §5.4).

use super::*;
use crate::action::Note;
use crate::time::{DAY, MINUTE};

/// A person's message that is found now and was written at `at`.
fn found(scene: &mut Scene, at: i64) {
    let n = scene.id();
    scene.event(Event::OutgoingSeen {
        message: format!("p{n}").as_str().into(),
        author: Author::Person { user: None },
        at,
        text: Some(TextRef(n)),
    });
}

/// Whether a person leads.
fn taken(scene: &Scene) -> bool {
    matches!(scene.state.view.owner, Owner::Manager { .. })
}

#[test]
fn behaviour_1_the_auto_return_counts_from_when_a_person_wrote_not_from_when_it_was_found() {
    let mut scene = Scene::talking();
    scene.wait(HOUR);
    let wrote_at = scene.now - 30 * MINUTE;
    found(&mut scene, wrote_at);
    assert!(taken(&scene));
    scene.wait(9 * MINUTE);
    assert!(taken(&scene), "39 min since the message");
    scene.wait(MINUTE);
    assert!(scene.bot_leads(), "40 min since the message");
}

#[test]
fn behaviour_1_a_persons_message_found_when_the_bot_would_lead_again_answers_what_was_before_it() {
    let mut scene = Scene::talking();
    scene.wait(5 * HOUR);
    scene.forget();
    let now = scene.now;
    scene.guest_at("Есть ли Wi-Fi?", nothing(), now - 20 * MINUTE - 4 * HOUR);
    found(&mut scene, now - 4 * HOUR);
    assert!(scene.bot_leads());
    assert_eq!(scene.state.unanswered, []);
    scene.wait(MINUTE);
    scene.run();
    assert_eq!((scene.texts(), scene.questions()), (vec![], 0));
}

#[test]
fn behaviour_1_what_the_guest_wrote_after_that_message_is_the_bots_to_answer() {
    let mut scene = Scene::talking();
    scene.wait(5 * HOUR);
    scene.forget();
    let now = scene.now;
    scene.guest("А парковка?", nothing());
    scene.guest_at("Есть ли Wi-Fi?", nothing(), now - 20 * MINUTE - 4 * HOUR);
    found(&mut scene, now - 4 * HOUR);
    assert_eq!(scene.state.unanswered.len(), 1);
    scene.wait(MINUTE);
    scene.run();
    assert_eq!(scene.questions(), 1);
}

#[test]
fn design_5_6_a_persons_message_older_than_a_day_is_context_only() {
    let mut scene = Scene::talking();
    scene.wait(2 * DAY);
    let before = scene.state.view.clone();
    let at = scene.now - DAY - 1;
    found(&mut scene, at);
    assert_eq!(scene.state.view, before);
    let last = scene.state.recent.last().unwrap();
    assert_eq!(last.from, crate::dialog::From::Manager, "it is known");
}

#[test]
fn behaviour_1_an_older_message_found_late_does_not_shorten_a_lead() {
    let mut scene = Scene::talking();
    scene.took(ANNA);
    scene.wait(20 * MINUTE);
    scene.person(Some(ANNA));
    let earlier = scene.now - 10 * MINUTE;
    found(&mut scene, earlier);
    scene.wait(39 * MINUTE);
    assert!(scene.led_by(ANNA));
}

#[test]
fn behaviour_1_an_auto_return_that_is_looked_at_late_counts_since_it_was_due() {
    for (wrote, takes) in [(seconds(30), true), (-seconds(6), false)] {
        let mut scene = Scene::talking();
        scene.person(Some(ANNA));
        scene.run();
        let armed = scene.state.timers[&Timer::AutoReturn];
        scene.now = armed.due + seconds(90);
        scene.event(Event::TimerFired {
            timer: Timer::AutoReturn,
            generation: armed.generation,
        });
        assert!(scene.bot_leads());
        found(&mut scene, armed.due + wrote);
        assert_eq!(taken(&scene), takes, "{wrote} ms after it was due");
    }
}

// --- moves ------------------------------------------------------------------------------------------------------------

/// The bot's first answer left, and the deal goes from «Новая заявка» to «Проведена консультация».
fn moved() -> Scene {
    let mut scene = Scene::at_stage("new");
    scene.hears("Есть ли места?", nothing());
    scene.answers();
    assert_eq!(scene.deals[0].stage, Some("consulted".into()));
    scene.forget();
    scene
}

fn told(scene: &mut Scene, from: Option<&str>, to: Option<&str>) {
    scene.event(Event::DealMoved {
        deal: DEAL,
        from: from.map(StageKey::from),
        to: to.map(StageKey::from),
    });
}

fn notes_of_it(scene: &Scene) -> usize {
    let is_it = |action: &Action| {
        let Action::AddNote { note, .. } = action else {
            return false;
        };
        matches!(note, Note::MovedOver { .. })
    };
    scene.count(is_it)
}

#[test]
fn design_5_4_a_persons_move_lost_under_ours_is_noted_handed_over_and_not_moved_back() {
    for from in [Some("prepaid"), None] {
        let mut scene = moved();
        told(&mut scene, from, Some("consulted"));
        assert_eq!(scene.reason(), Some(ReasonId::StageMoved), "{from:?}");
        assert_eq!(notes_of_it(&scene), 1, "{from:?}");
        scene.run();
        let moves = scene.count(|action| matches!(action, Action::MoveDeal { .. }));
        assert_eq!(moves, 0, "{from:?}: not moved back");
        assert!(scene.open_task().is_some(), "{from:?}");
        told(&mut scene, from, Some("consulted"));
        assert_eq!(notes_of_it(&scene), 1, "{from:?}: once");
    }
}

#[test]
fn design_5_4_the_report_of_our_own_move_is_an_echo() {
    let mut scene = moved();
    told(&mut scene, Some("new"), Some("consulted"));
    assert!(scene.bot_leads());
    // What is reported later is not our move any more.
    told(&mut scene, Some("prepaid"), Some("consulted"));
    assert!(scene.bot_leads());
    assert_eq!(notes_of_it(&scene), 0);
}

#[test]
fn design_5_4_a_move_to_another_stage_is_none_of_ours() {
    let mut scene = moved();
    told(&mut scene, Some("consulted"), Some("prepaid"));
    assert!(scene.bot_leads());
    assert_eq!(notes_of_it(&scene), 0);
}

#[test]
fn design_5_4_while_a_person_leads_a_lost_move_is_only_noted() {
    let mut scene = moved();
    scene.took(ANNA);
    scene.forget();
    told(&mut scene, Some("prepaid"), Some("consulted"));
    assert!(scene.led_by(ANNA));
    assert_eq!(notes_of_it(&scene), 1);
    assert_eq!(scene.texts(), []);
}

#[test]
fn design_5_4_a_move_that_was_not_made_waits_for_no_report() {
    let mut scene = Scene::at_stage("new");
    scene.hears("Есть ли места?", nothing());
    scene.bot_answers();
    scene.run_sends();
    // Somebody is faster.
    scene.deals[0].stage = Some("prepaid".into());
    scene.run();
    scene.forget();
    told(&mut scene, Some("new"), Some("consulted"));
    assert_eq!(notes_of_it(&scene), 0);
}
