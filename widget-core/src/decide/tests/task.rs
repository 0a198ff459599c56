//! Masterplan, Сценарии 2–4: one message, one task, the field, a note; and what becomes of the task.

use super::*;
use crate::action::{Note, TaskResult};
use crate::policy::Assign;
use crate::time::MINUTE;

#[test]
fn masterplan_2_handoff_is_one_message_one_task_the_field_and_a_note() {
    let scene = Scene::handed_over();
    assert_eq!(scene.texts(), [(SendKind::Handoff, HANDOFF.to_owned())]);
    assert_eq!(scene.tasks(), 1);
    assert_eq!(scene.field(), FieldValue::Waiting);
    let noted = |action: &Action| {
        matches!(action, Action::AddNote { note: Note::Handoff { reason, message: Some(_), .. }, .. }
            if reason.id == ReasonId::GuestsOver4 && reason.values["n"] == "5" && reason.values["max"] == "4")
    };
    assert_eq!(scene.count(noted), 1);
    let task = scene.asked.iter().find_map(|action| match action {
        Action::CreateTask {
            deal,
            due_at,
            assignee,
            ..
        } => Some((*deal, *due_at, *assignee)),
        _ => None,
    });
    assert_eq!(task, Some((DEAL, scene.now + 30 * MINUTE, Some(ANNA))));
}

#[test]
fn masterplan_2_the_task_is_for_the_active_responsible_else_the_fallback_else_as_the_crm_does() {
    for (active, assign, fallback, expected) in [
        (true, Assign::DealResponsible, Some(IGOR), Some(ANNA)),
        (false, Assign::DealResponsible, Some(IGOR), Some(IGOR)),
        (false, Assign::DealResponsible, None, None),
        (true, Assign::Crm, Some(IGOR), None),
    ] {
        let mut scene = Scene::at_stage("prepaid").with(|policy| {
            policy.tasks.assign = assign;
            policy.tasks.fallback = fallback;
        });
        scene.at(DEAL).responsible_active = active;
        scene.guest("Нас будет пятеро", five());
        scene.burst_ends();
        let assignees: Vec<_> = scene
            .asked
            .iter()
            .filter_map(|action| match action {
                Action::CreateTask { assignee, .. } => Some(*assignee),
                _ => None,
            })
            .collect();
        assert_eq!(assignees, [expected], "active: {active}, {assign:?}");
    }
}

#[test]
fn masterplan_2_a_message_while_the_task_is_being_made_reaches_its_text() {
    let mut scene = Scene::at_stage("prepaid");
    scene.guest("Нас будет пятеро", five());
    scene.burst_ends();
    scene.run_but_tasks();
    scene.guest("И трансфер", nothing());
    assert_eq!((scene.tasks(), scene.rewrites()), (1, 0));
    scene.run();
    assert_eq!((scene.tasks(), scene.rewrites()), (1, 1));
}

#[test]
fn masterplan_3_a_take_while_the_task_is_being_made_assigns_it_when_it_stands() {
    let mut scene = Scene::at_stage("prepaid");
    scene.guest("Нас будет пятеро", five());
    scene.burst_ends();
    scene.run_but_tasks();
    scene.took(IGOR);
    assert_eq!(scene.count(|a| matches!(a, Action::AssignTask { .. })), 0);
    scene.run();
    assert_eq!(
        scene.count(|a| matches!(a, Action::AssignTask { to, .. } if *to == IGOR)),
        1
    );
}

#[test]
fn masterplan_4_a_return_while_the_task_is_being_made_completes_it_when_it_stands() {
    let mut scene = Scene::at_stage("prepaid");
    scene.guest("Нас будет пятеро", five());
    scene.burst_ends();
    scene.run_but_tasks();
    scene.event(Event::Dismissed { user: ANNA });
    assert_eq!(scene.count(|a| matches!(a, Action::CompleteTask { .. })), 0);
    scene.run();
    let completed = |action: &Action| {
        matches!(
            action,
            Action::CompleteTask {
                result: TaskResult::Returned,
                ..
            }
        )
    };
    assert_eq!(scene.count(completed), 1);
    assert_eq!(scene.state.task, TaskState::None);
}

#[test]
fn masterplan_3_a_take_gives_the_open_task_to_the_taker() {
    let mut scene = Scene::handed_over();
    let task = scene.open_task().unwrap();
    scene.took(IGOR);
    assert_eq!(
        scene.count(
            |a| matches!(a, Action::AssignTask { task: t, to } if (*t, *to) == (task, IGOR))
        ),
        1
    );
}

#[test]
fn masterplan_4_a_second_handoff_after_a_return_has_its_own_task() {
    let mut scene = Scene::handed_over();
    scene.person(Some(ANNA));
    scene.returned(ANNA);
    scene.run();
    assert_eq!(scene.open_task(), None);
    scene.guest("Позовите человека", wants(Intent::HumanRequest));
    scene.burst_ends();
    scene.run();
    assert_eq!(scene.tasks(), 2);
    assert!(scene.open_task().is_some());
}

#[test]
fn promise_4_a_task_that_could_not_be_made_is_made_at_the_guests_next_message() {
    let mut scene = Scene::at_stage("prepaid");
    scene.guest("Нас будет пятеро", five());
    scene.burst_ends();
    scene.crm_is_up = false;
    scene.run();
    assert_eq!(scene.state.task, TaskState::None);
    scene.crm_is_up = true;
    scene.guest("Алло", nothing());
    scene.run();
    assert!(scene.open_task().is_some());
    assert_eq!(scene.tasks(), 2);
}

#[test]
fn promise_3_an_escalation_is_not_taken_for_the_whatsapp_task() {
    let mut scene = Scene::handed_over().with(|policy| policy.tasks.escalate_to = Some(IGOR));
    scene.took(ANNA);
    scene.run();
    let task = scene.open_task().unwrap();
    scene.event(Event::TaskChanged {
        task,
        done: true,
        by: Changer::Person(ANNA),
    });
    scene.wait(40 * MINUTE);
    let kinds: Vec<_> = scene
        .pending
        .iter()
        .filter_map(|(_, action)| match action {
            Action::CreateTask { kind, .. } => Some(*kind),
            _ => None,
        })
        .collect();
    assert_eq!(kinds, [TaskKind::Whatsapp, TaskKind::Contact]);
    // The escalation stands first.
    scene.run_if(|action| {
        matches!(
            action,
            Action::CreateTask {
                kind: TaskKind::Contact,
                ..
            }
        )
    });
    assert_eq!(scene.state.task, TaskState::Making);
    scene.run();
    assert!(scene.open_task().is_some());
}

fn closings(scene: &Scene) -> usize {
    scene.count(|action| matches!(action, Action::CompleteTask { .. }))
}

/// Handed over, answered and given back while the CRM is away.
fn returned_without_crm() -> Scene {
    let mut scene = Scene::handed_over();
    scene.person(Some(ANNA));
    scene.returned(ANNA);
    scene.crm_is_up = false;
    scene.run();
    assert_eq!((scene.open_task(), closings(&scene)), (None, 1));
    scene.crm_is_up = true;
    scene.wait(2 * MINUTE);
    scene
}

#[test]
fn promise_3_nothing_twice_a_task_that_could_not_be_closed_is_closed_once_the_crm_answers_again() {
    let mut scene = returned_without_crm();
    scene.guest("Есть ли Wi-Fi?", nothing());
    scene.burst_ends();
    scene.run();
    assert_eq!(closings(&scene), 2);
    scene.wait(2 * MINUTE);
    scene.guest("А парковка?", nothing());
    scene.burst_ends();
    scene.run();
    assert_eq!(closings(&scene), 2, "once");
}

#[test]
fn promise_4_in_doubt_a_person_a_handoff_does_not_rely_on_a_task_whose_closing_may_have_arrived() {
    let mut scene = returned_without_crm();
    scene.forget();
    scene.hears("Позовите человека", wants(Intent::HumanRequest));
    assert_eq!((scene.tasks(), closings(&scene)), (1, 1));
    assert!(scene.open_task().is_some());
}

#[test]
fn promise_3_nothing_twice_a_task_whose_closing_the_crm_refuses_is_forgotten() {
    let mut scene = Scene::handed_over();
    scene.person(Some(ANNA));
    scene.returned(ANNA);
    let closes = |action: &Action| matches!(action, Action::CompleteTask { .. });
    let at = scene.pending.iter().position(|(_, action)| closes(action));
    let (key, action) = scene.pending.remove(at.unwrap());
    scene.event(failed(&key, &action, Failure::Refused));
    scene.run();
    assert_eq!(
        (scene.open_task(), closings(&scene)),
        (None, 1),
        "it is gone"
    );
}

#[test]
fn design_5_5_the_hook_of_our_own_closing_of_a_task_is_an_echo() {
    let mut scene = Scene::handed_over();
    let task = scene.open_task().unwrap();
    scene.person(Some(ANNA));
    scene.returned(ANNA);
    let before = scene.state.view.clone();
    // The CRM names whoever connected the account.
    let told = || Event::TaskChanged {
        task,
        done: true,
        by: Changer::Person(IGOR),
    };
    scene.event(told());
    assert_eq!(scene.state.view, before, "before we know that it is closed");
    scene.run();
    scene.event(told());
    assert_eq!(scene.state.view, before, "and after");
}

#[test]
fn promise_4_in_doubt_a_person_a_task_that_somebody_deleted_is_made_anew_at_the_guests_next_message()
 {
    for waits in [true, false] {
        let mut scene = Scene::handed_over();
        let deleted = scene.open_task();
        if !waits {
            scene.person(Some(ANNA));
            scene.run();
        }
        scene.guest("И трансфер", nothing());
        let sets = |action: &Action| matches!(action, Action::SetTaskText { .. });
        let at = scene.pending.iter().position(|(_, action)| sets(action));
        assert_eq!(at.is_some(), waits, "a manager who leads needs no task");
        let Some(at) = at else { continue };
        let (key, action) = scene.pending.remove(at);
        scene.event(failed(&key, &action, Failure::Gone));
        scene.run();
        assert_eq!(scene.tasks(), 2);
        assert!(scene.open_task().is_some() && scene.open_task() != deleted);
        // The same result again, of a task that is not the dialog's any more.
        scene.event(failed(&key, &action, Failure::Gone));
        scene.run();
        assert_eq!(scene.tasks(), 2);
    }
}
