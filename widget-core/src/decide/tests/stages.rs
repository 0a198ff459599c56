//! BEHAVIOUR §3, moves by the bot (masterplan: «Воронка и этапы»).

use super::*;
use crate::event::BotDone;
use crate::policy::ConsultedWhen;

fn link_sent() -> BotAnswer {
    BotAnswer {
        done: BTreeSet::from([BotDone::PaymentLinkSent]),
        ..good()
    }
}

fn asked(stage: &str) -> Scene {
    let mut scene = Scene::at_stage(stage);
    scene.guest("Есть ли места?", nothing());
    scene.burst_ends();
    scene
}

fn moves(scene: &Scene) -> Vec<(String, String)> {
    scene
        .asked
        .iter()
        .filter_map(|action| match action {
            Action::MoveDeal { from, to, .. } => Some((from.to_string(), to.to_string())),
            _ => None,
        })
        .collect()
}

fn new_to_consulted() -> Vec<(String, String)> {
    vec![("new".to_owned(), "consulted".to_owned())]
}

#[test]
fn behaviour_3_the_first_answer_moves_a_new_deal_once_its_send_is_accepted() {
    let mut scene = asked("new");
    scene.bot_answers();
    assert_eq!(moves(&scene), [], "not before");
    scene.run_sends();
    assert_eq!(moves(&scene), new_to_consulted());
    scene.run();
    assert_eq!(scene.deals[0].stage, Some("consulted".into()));
    assert_eq!(scene.count(|a| matches!(a, Action::AddNote { .. })), 1);
}

#[test]
fn behaviour_3_an_answer_that_never_left_moves_nothing() {
    for failure in [Failure::Fenced, Failure::Refused] {
        let mut scene = asked("new");
        scene.bot_answers();
        scene.send_fails(failure);
        assert_eq!(moves(&scene), [], "{failure:?}");
    }
}

#[test]
fn behaviour_3_a_deal_bound_later_moves_then() {
    let mut scene = Scene::new_guest();
    scene.guest("Есть ли места?", nothing());
    scene.burst_ends();
    scene.bot_answers();
    scene.run();
    assert_eq!(moves(&scene), []);
    scene.wait(seconds(5));
    scene.run();
    scene.wait(seconds(15));
    scene.run();
    assert_eq!(moves(&scene), new_to_consulted());
    assert_eq!(scene.deals[0].stage, Some("consulted".into()));
}

#[test]
fn behaviour_3_consulted_when_reported() {
    let mut scene = asked("new").with(|policy| policy.bot.consulted_when = ConsultedWhen::Reported);
    scene.bot_answers();
    scene.run();
    assert_eq!(moves(&scene), []);
    scene.guest("А цены?", nothing());
    scene.burst_ends();
    scene.bot(BotAnswer {
        done: BTreeSet::from([BotDone::Consulted]),
        ..good()
    });
    scene.run();
    assert_eq!(moves(&scene), new_to_consulted());
}

#[test]
fn behaviour_3_a_payment_link_moves_to_prebooked() {
    let mut scene = asked("consulted");
    scene.bot(link_sent());
    scene.run();
    assert_eq!(
        moves(&scene),
        [("consulted".to_owned(), "prebooked".to_owned())]
    );

    let mut at_once = asked("new");
    at_once.bot(link_sent());
    at_once.run();
    assert_eq!(
        at_once.deals[0].stage,
        Some("prebooked".into()),
        "by way of consulted"
    );
}

#[test]
fn behaviour_3_nothing_else_is_moved() {
    for stage in ["prebooked", "prepaid", "arrival", "staying", "departure"] {
        let mut scene = asked(stage);
        scene.bot(link_sent());
        scene.run();
        assert_eq!(moves(&scene), [], "{stage}");
    }
}

#[test]
fn behaviour_3_never_after_a_person_moved_the_deal_in_this_episode() {
    let mut scene = asked("new");
    scene.run();
    scene.moved_by(DEAL, "consulted", Changer::Person(ANNA));
    scene.bot(link_sent());
    scene.run();
    assert_eq!(moves(&scene), []);
    assert!(scene.traced("move.skipped"));
}

#[test]
fn behaviour_3_a_move_before_the_episode_does_not_bind_the_bot() {
    let mut scene = asked("new");
    scene.bot_answers();
    scene.run();
    scene.event(Event::TouchDeclined { user: ANNA });
    scene.wait(24 * HOUR);
    assert!(scene.state.episode.is_none());
    // A person sets it back between the episodes.
    scene.deals[0].stage = Some("new".into());
    scene.guest("Есть ли места?", nothing());
    scene.burst_ends();
    scene.bot_answers();
    scene.run();
    assert_eq!(moves(&scene).len(), 2);
}

#[test]
fn behaviour_3_a_move_that_a_person_forestalled_is_not_repeated() {
    let mut scene = asked("new");
    scene.bot_answers();
    scene.run_sends();
    scene.deals[0].stage = Some("prepaid".into());
    scene.run();
    assert_eq!(moves(&scene), new_to_consulted());
    assert_eq!(scene.deals[0].stage, Some("prepaid".into()));
    assert_eq!(scene.state.stage(), Some(&"prepaid".into()));
    assert!(scene.state.episode.as_ref().unwrap().moved_by_others);
}

#[test]
fn design_5_5_a_read_decided_before_our_move_is_no_move_of_a_person() {
    let mut scene = asked("new");
    scene.bot_answers();
    scene.wait(2 * crate::time::MINUTE);
    scene.run_if(|action| matches!(action, Action::SetOwnerField { .. }));
    scene.event(Event::DealChanged {
        deal: DEAL,
        by: Changer::Unknown,
        field: None,
        stage: None,
    });
    let at = scene
        .pending
        .iter()
        .position(|(_, a)| *a == Action::ReadCrm)
        .unwrap();
    let (key, _) = scene.pending.remove(at);
    let stale = scene.snapshot(&key);
    scene.run();
    scene.event(Event::CrmRead(stale));
    assert_eq!(scene.state.stage(), Some(&"consulted".into()));
    assert!(!scene.state.episode.as_ref().unwrap().moved_by_others);
}

#[test]
fn behaviour_3_never_a_move_of_the_robots_zone() {
    for (from, to) in [("new", "consulted"), ("consulted", "prebooked")] {
        let mut scene =
            asked(from).with(|policy| policy.robot_zone.moves = vec![[from.into(), to.into()]]);
        scene.bot(link_sent());
        scene.run();
        assert_eq!(moves(&scene), [], "{from} → {to}");
        assert!(scene.traced("move.skipped"));
    }
}

#[test]
fn behaviour_3_never_after_anybody_else_moved_the_deal() {
    for by in [Changer::Person(ANNA), Changer::Robot, Changer::Unknown] {
        let mut scene = asked("new");
        scene.run();
        scene.moved_by(DEAL, "consulted", by);
        scene.bot(link_sent());
        scene.run();
        assert_eq!(moves(&scene), [], "{by:?}");
    }
    let mut next = asked("new");
    next.run();
    next.moved_by(DEAL, "consulted", Changer::Person(ANNA));
    next.bot_answers();
    next.run();
    next.event(Event::TouchDeclined { user: ANNA });
    next.wait(25 * HOUR);
    assert!(next.state.episode.is_none());
    next.guest("Пришлите ссылку", nothing());
    next.burst_ends();
    next.bot(link_sent());
    next.run();
    assert_eq!(moves(&next).len(), 1, "in the next episode it may again");
}

#[test]
fn behaviour_3_a_link_in_an_answer_that_was_not_accepted_moves_nothing() {
    let mut scene = asked("consulted");
    scene.bot(link_sent());
    scene.took(ANNA);
    scene.run();
    assert_eq!(moves(&scene), []);
}
