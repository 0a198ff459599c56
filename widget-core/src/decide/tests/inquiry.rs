//! BEHAVIOUR §3: which deal a message belongs to, and how one is claimed or made.

use super::*;
use crate::time::{DAY, MINUTE};

fn first_question(scene: &mut Scene) {
    scene.guest("Есть ли места на май?", nothing());
    scene.burst_ends();
}

#[test]
fn masterplan_1_a_new_guest_is_answered_before_there_is_a_deal() {
    let mut scene = Scene::new_guest();
    first_question(&mut scene);
    scene.bot_answers();
    scene.run();
    assert_eq!(scene.delivered(), 1);
    assert_eq!((scene.state.deal, scene.new_deals()), (None, 0));
}

#[test]
fn behaviour_3_a_deal_that_the_crm_makes_by_itself_is_adopted_at_the_5_second_look() {
    let mut scene = Scene::new_guest();
    first_question(&mut scene);
    scene.contact = Some(CONTACT);
    scene.deals = vec![scene.deal(DEAL, "new")];
    scene.wait(seconds(5));
    scene.run();
    assert_eq!(scene.state.deal, Some(DEAL));
    assert!(scene.traced("deal.adopted"));
    scene.wait(MINUTE);
    scene.run();
    assert_eq!(scene.new_deals(), 0);
    assert_eq!(scene.field(), FieldValue::Bot);
}

#[test]
fn behaviour_3_a_deal_is_adopted_at_the_20_second_end_else_made_after_its_contact() {
    for (row, comes) in [("it comes", true), ("it never comes", false)] {
        let mut scene = Scene::new_guest();
        first_question(&mut scene);
        scene.wait(seconds(5));
        scene.run();
        scene.wait(seconds(15) - 1);
        assert_eq!(
            scene
                .pending
                .iter()
                .filter(|(_, a)| *a == Action::ReadCrm)
                .count(),
            0,
            "{row}"
        );
        if comes {
            scene.contact = Some(CONTACT);
            scene.deals = vec![scene.deal(DEAL, "new")];
        }
        scene.wait(1);
        scene.run();
        assert_eq!(scene.new_deals(), usize::from(!comes), "{row}");
        assert_eq!(
            scene.count(|a| *a == Action::CreateContact),
            usize::from(!comes),
            "{row}"
        );
        assert_eq!(scene.state.deal, Some(scene.deals[0].id), "{row}");
    }
}

#[test]
fn behaviour_3_a_known_contact_is_not_made_again() {
    let mut scene = Scene::new_guest();
    scene.contact = Some(CONTACT);
    first_question(&mut scene);
    for _ in 0..3 {
        scene.wait(seconds(20));
        scene.run();
    }
    assert_eq!(
        (
            scene.count(|a| *a == Action::CreateContact),
            scene.new_deals()
        ),
        (0, 1)
    );
}

#[test]
fn promise_3_nothing_twice_we_never_make_a_second_deal_in_an_episode() {
    let mut scene = Scene::new_guest();
    first_question(&mut scene);
    for _ in 0..10 {
        scene.wait(seconds(10));
        scene.run();
        scene.guest("И ещё вопрос", nothing());
        scene.burst_ends();
    }
    assert_eq!(scene.new_deals(), 1);
}

#[test]
fn promise_3_nothing_twice_a_deal_of_ours_that_the_index_does_not_show_yet_is_not_lost() {
    let mut scene = Scene::new_guest();
    first_question(&mut scene);
    scene.bot_answers();
    scene.run();
    scene.wait(seconds(5));
    scene.run();
    scene.wait(seconds(15));
    scene.run();
    assert_eq!(scene.new_deals(), 1);
    let made = std::mem::take(&mut scene.deals);
    scene.wait(seconds(61));
    first_question(&mut scene);
    assert_eq!(scene.questions(), 2, "routed on what the index showed");
    assert_eq!(scene.state.deal, Some(made[0].id));
    scene.deals = made;
    scene.wait(MINUTE);
    scene.run();
    assert_eq!((scene.new_deals(), scene.state.episodes), (1, 1));
}

#[test]
fn behaviour_3_an_older_read_that_arrives_late_is_not_believed() {
    let mut scene = Scene::talking();
    let older = scene.state.crm.clone().unwrap();
    scene.wait(2 * MINUTE);
    first_question(&mut scene);
    let known = scene.state.crm.clone();
    assert_ne!(known.as_ref(), Some(&older));
    scene.event(Event::CrmRead(older));
    assert_eq!(scene.state.crm, known);
}

#[test]
fn behaviour_3_a_foreign_deal_that_comes_while_ours_is_made_is_left_alone() {
    let mut scene = Scene::new_guest();
    scene.contact = Some(CONTACT);
    first_question(&mut scene);
    scene.bot_answers();
    scene.run();
    scene.wait(seconds(5));
    scene.run();
    scene.wait(seconds(15));
    scene.run_reads();
    assert_eq!(scene.new_deals(), 1, "on its way");
    let foreign = DealId(999);
    scene.deals = vec![scene.deal(foreign, "new")];
    scene.wait(seconds(61));
    first_question(&mut scene);
    assert_eq!(scene.questions(), 2, "routed meanwhile");
    scene.run();
    let ours = scene.state.deal;
    assert!(ours.is_some() && ours != Some(foreign));
    scene.bot_answers();
    scene.run();
    scene.wait(2 * MINUTE);
    first_question(&mut scene);
    assert_eq!(
        (scene.state.deal, scene.questions()),
        (ours, 3),
        "not asked which one is meant"
    );
}

#[test]
fn behaviour_3_the_stages_of_a_single_deal() {
    for (stage, own) in [
        ("new", true),
        ("consulted", true),
        ("prebooked", true),
        ("prepaid", true),
        ("arrival", true),
        ("staying", true),
        ("departure", true),
        ("refused", false),
        ("won", false),
    ] {
        let mut scene = Scene::at_stage(stage);
        first_question(&mut scene);
        assert_eq!(scene.questions(), 1, "{stage}: answered");
        assert_eq!(scene.state.deal == Some(DEAL), own, "{stage}");
        scene.wait(seconds(5));
        scene.run();
        scene.wait(seconds(15));
        scene.run();
        assert_eq!(
            scene.new_deals(),
            usize::from(!own),
            "{stage}: a new deal is made"
        );
    }
}

#[test]
fn behaviour_3_an_unmapped_stage_belongs_to_people_and_never_gets_a_second_deal() {
    let mut scene = Scene::at_stage("Партнёры");
    first_question(&mut scene);
    scene.run();
    scene.wait(MINUTE);
    scene.run();
    assert_eq!(scene.reason(), Some(ReasonId::StageUnmapped));
    assert_eq!(
        (scene.questions(), scene.new_deals(), scene.tasks()),
        (0, 0, 1)
    );
}

#[test]
fn behaviour_3_several_open_deals_are_clarified_once_then_a_person() {
    let mut scene = Scene::at_stage("prepaid");
    let older = scene.deal(DealId(600), "arrival");
    scene.deals.push(DealFacts {
        created_at: older.created_at - DAY,
        amount: None,
        ..older
    });
    first_question(&mut scene);
    scene.run();
    assert_eq!(
        scene.texts(),
        [(SendKind::Clarify, "intro+clarify_deal".to_owned())]
    );
    assert_eq!(scene.questions(), 0);
    scene.guest("О майской", nothing());
    scene.burst_ends();
    scene.run();
    assert_eq!(scene.reason(), Some(ReasonId::MultiDeal));
    assert_eq!(scene.state.deal, Some(DEAL), "the task is on the newest");
    // A person settles it: from then on the episode's deal is the one meant.
    scene.person(Some(ANNA));
    scene.returned(ANNA);
    scene.run();
    scene.guest("А Wi-Fi есть?", nothing());
    scene.burst_ends();
    assert_eq!(scene.questions(), 1);
}

#[test]
fn behaviour_3_the_episodes_own_deal_is_meant_when_another_appears() {
    let mut scene = Scene::talking();
    scene.deals.insert(0, scene.deal(DealId(800), "new"));
    scene.wait(2 * MINUTE);
    scene.guest("А парковка?", nothing());
    scene.burst_ends();
    assert_eq!((scene.questions(), scene.state.deal), (2, Some(DEAL)));
}

#[test]
fn behaviour_3_a_message_after_the_deal_closed_is_a_new_inquiry() {
    let mut scene = Scene::talking();
    scene.wait(HOUR);
    scene.at(DEAL).closed = true;
    scene.guest("Хочу приехать ещё", nothing());
    scene.burst_ends();
    scene.bot_answers();
    assert_eq!(scene.state.episodes, 2);
    assert_eq!(scene.texts()[1].1, "intro+reply");
    scene.wait(seconds(5));
    scene.run();
    scene.wait(seconds(15));
    scene.run();
    assert_eq!(scene.new_deals(), 1);
}

#[test]
fn behaviour_3_a_handoff_without_a_deal_gets_its_task_once_there_is_one() {
    let mut scene = Scene::new_guest();
    scene.guest("Нас будет пятеро", five());
    scene.burst_ends();
    scene.run();
    assert_eq!((scene.texts().len(), scene.tasks()), (1, 0));
    scene.wait(seconds(5));
    scene.run();
    scene.wait(seconds(15));
    scene.run();
    assert_eq!((scene.new_deals(), scene.tasks()), (1, 1));
    assert_eq!(scene.field(), FieldValue::Waiting);
    assert_eq!(scene.count(|a| matches!(a, Action::AddNote { .. })), 1);
}

#[test]
fn behaviour_3_a_return_before_there_is_a_deal_leaves_no_task_behind() {
    let mut scene = Scene::new_guest();
    scene.guest("Нас будет пятеро", five());
    scene.burst_ends();
    scene.run();
    scene.event(Event::Dismissed { user: ANNA });
    scene.wait(seconds(5));
    scene.run();
    scene.wait(seconds(15));
    scene.run();
    assert_eq!((scene.new_deals(), scene.tasks()), (1, 0));
    assert_eq!(scene.field(), FieldValue::Bot);
}

#[test]
fn behaviour_1_crm_down_for_a_new_guest_text_now_task_when_it_is_back() {
    let mut scene = Scene::new_guest();
    scene.crm_is_up = false;
    scene.guest("Есть ли места?", nothing());
    scene.wait(seconds(4));
    scene.run();
    assert_eq!(scene.reason(), Some(ReasonId::CrmDown));
    assert_eq!(scene.delivered(), 1);
    for _ in 0..5 {
        scene.wait(MINUTE);
        scene.run();
    }
    assert_eq!(scene.tasks(), 0);
    scene.crm_is_up = true;
    for _ in 0..3 {
        scene.wait(MINUTE);
        scene.run();
    }
    assert_eq!((scene.new_deals(), scene.open_task().is_some()), (1, true));
}

#[test]
fn promise_3_nothing_twice_a_made_deal_that_is_deleted_ends_its_episode() {
    let mut scene = Scene::new_guest();
    scene.guest("Позовите человека", wants(Intent::HumanRequest));
    scene.burst_ends();
    scene.wait(seconds(5));
    scene.run();
    scene.wait(seconds(15));
    scene.run();
    assert_eq!((scene.new_deals(), scene.state.episodes), (1, 1));
    let made = scene.state.deal.unwrap();
    scene.wait(HOUR);
    scene.deals.clear();
    scene.event(Event::DealChanged {
        deal: made,
        by: Changer::Person(ANNA),
        field: None,
        stage: None,
    });
    scene.run();
    scene.person(Some(ANNA));
    scene.returned(ANNA);
    scene.run();
    first_question(&mut scene);
    scene.wait(seconds(5));
    scene.run();
    scene.wait(seconds(15));
    scene.run();
    assert_eq!(
        (scene.new_deals(), scene.state.episodes),
        (2, 2),
        "one made deal per episode"
    );
}
