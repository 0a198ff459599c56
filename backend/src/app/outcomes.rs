//! What becomes of an action after each outcome of its call: the table of DESIGN §5.4, row by row. The store is the real
//! one; the clock is set by hand, and the other sides answer what the test tells them.

mod world;

use crate::error::CallError;
use crate::ports::{CrmContact, CrmFound, CrmWrite, Lane};
use widget_core::action::{Action, Note, SendKind, TaskKind, TaskResult, TaskText};
use widget_core::change::Change;
use widget_core::dialog::{Handoff, TaskState, Turn};
use widget_core::event::{Done, FieldValue};
use widget_core::ids::{ContactId, DealId, StageKey, TaskId, TurnId, UserId};
use widget_core::owner::{Owner, OwnerView, Reason, ReasonId};
use world::{Answer, World, message};

const SECOND: i64 = 1_000;
const MINUTE: i64 = 60 * SECOND;
const HOUR: i64 = 60 * MINUTE;
const DEAL: DealId = DealId(501);
const TASK: TaskId = TaskId(3);
const ANNA: UserId = UserId(9002);
const IGOR: UserId = UserId(9003);
const HELLO: &str = "Номер стоит 5000 ₽";

fn unknown<T>() -> Result<T, CallError> {
    Err(CallError::unknown("the answer was lost"))
}

fn busy<T>(ms: i64) -> Result<T, CallError> {
    Err(CallError::Retry {
        after_ms: Some(ms),
        why: "too many requests".to_owned(),
    })
}

fn reason() -> Reason {
    ReasonId::HumanRequest.into()
}

fn create_task() -> Action {
    Action::CreateTask {
        deal: DEAL,
        kind: TaskKind::Whatsapp,
        text: TaskText {
            reason: reason(),
            messages: Vec::new(),
        },
        due_at: 0,
        assignee: None,
    }
}

fn add_note() -> Action {
    Action::AddNote {
        deal: DEAL,
        note: Note::Rebound { from: DealId(7) },
    }
}

fn create_deal() -> Action {
    Action::CreateDeal {
        contact: ContactId(9),
    }
}

/// The writes that make something, and what they come to.
fn creations() -> [(Action, Done); 4] {
    [
        (create_task(), Done::TaskCreated { task: TASK }),
        (add_note(), Done::Plain),
        (
            Action::CreateContact,
            Done::ContactCreated {
                contact: ContactId(9),
            },
        ),
        (create_deal(), Done::DealCreated { deal: DealId(8) }),
    ]
}

#[tokio::test]
async fn design_5_4_a_send_is_looked_for_at_5_15_and_45_seconds_and_then_sent_again() {
    let world = World::new().await;
    world.says("a", SendKind::Answer, HELLO).await;
    world.channel.answers([unknown(), Ok("m2".into())]);
    world.passes(50 * SECOND).await;
    let expected = [
        (0, "send"),
        (5 * SECOND, "look"),
        (15 * SECOND, "look"),
        (45 * SECOND, "look"),
        (45 * SECOND, "send"),
    ];
    assert_eq!(world.log(), expected);
    assert_eq!(world.results("a").await, ["sent"]);
}

#[tokio::test]
async fn design_5_4_a_send_that_is_found_is_not_repeated() {
    let world = World::new().await;
    world.says("a", SendKind::Answer, HELLO).await;
    world.channel.answers([unknown()]);
    world.passes(6 * SECOND).await;
    world
        .channel
        .shows(&[message("m1", HELLO, world.began - 60 * SECOND)]);
    world.passes(HOUR).await;
    assert_eq!(
        world.log(),
        [(0, "send"), (5 * SECOND, "look"), (15 * SECOND, "look")]
    );
    assert_eq!(world.results("a").await, ["sent"]);
}

#[tokio::test]
async fn design_5_4_older_texts_others_words_and_used_messages_are_not_the_send() {
    let world = World::new().await;
    world.says("a", SendKind::Answer, HELLO).await;
    world.channel.answers([Ok("m1".into())]);
    world.passes(0).await;
    assert_eq!(world.results("a").await, ["sent"]);

    world.says("a", SendKind::Answer, HELLO).await;
    world.channel.answers([unknown(), Ok("m5".into())]);
    let mut guests = message("m4", HELLO, world.began);
    guests.income = true;
    world.channel.shows(&[
        message("m1", HELLO, world.began),
        message("m2", HELLO, world.began - 60 * SECOND - 1),
        message("m3", "Номер стоит 6000 ₽", world.began),
        guests,
    ]);
    world.passes(50 * SECOND).await;
    let sends = world
        .log()
        .iter()
        .filter(|(_, call)| *call == "send")
        .count();
    assert_eq!(sends, 3, "none of them was taken for it: {:?}", world.log());
    assert_eq!(world.results("a").await, ["sent"]);
}

#[tokio::test]
async fn promise_3_a_late_second_call_does_not_forget_what_the_first_one_may_have_done() {
    let world = World::new().await;
    world.says("a", SendKind::Answer, HELLO).await;
    world
        .channel
        .answers([unknown(), busy(5 * MINUTE), unknown()]);
    world.passes(6 * MINUTE).await;
    world
        .channel
        .shows(&[message("m1", HELLO, world.began + SECOND)]);
    world.passes(HOUR).await;
    let sends = world
        .log()
        .iter()
        .filter(|(_, call)| *call == "send")
        .count();
    assert_eq!(sends, 3, "{:?}", world.log());
    assert_eq!(
        world.results("a").await,
        ["sent"],
        "the first one's message"
    );
}

#[tokio::test]
async fn promise_3_after_a_long_stop_the_looks_do_not_all_see_the_same_moment() {
    let mut world = World::new().await;
    world.says("a", SendKind::Answer, HELLO).await;
    world.channel.answers([unknown(), Ok("m2".into())]);
    world.carries_out_what_is_due().await;
    world.is_down_for(2 * HOUR).await;
    world.passes(MINUTE).await;
    let expected = [
        (0, "send"),
        (2 * HOUR, "look"),
        (2 * HOUR + 5 * SECOND, "look"),
        (2 * HOUR + 10 * SECOND, "look"),
        (2 * HOUR + 10 * SECOND, "send"),
    ];
    assert_eq!(world.log(), expected);
}

#[tokio::test]
async fn promise_4_a_send_whose_fate_stays_unknown_comes_to_an_end() {
    let world = World::new().await;
    world.says("a", SendKind::Answer, HELLO).await;
    world.channel.answers_for_ever(Answer::Unknown);
    world.passes(12 * MINUTE).await;
    assert_eq!(world.results("a").await, ["failed"], "a person takes over");
    let calls = world.log().len();
    world.passes(HOUR).await;
    assert_eq!(world.log().len(), calls, "and nothing of it goes on");
}

#[tokio::test]
async fn promise_4_a_send_that_nobody_can_look_for_comes_to_an_end() {
    let world = World::new().await;
    world.says("a", SendKind::Answer, HELLO).await;
    world.channel.answers_for_ever(Answer::Unknown);
    world.channel.cannot_be_read();
    world.passes(12 * MINUTE).await;
    assert_eq!(world.results("a").await, ["failed"]);
}

#[tokio::test]
async fn a_channel_that_has_enough_for_now_is_no_failure_however_long() {
    let world = World::new().await;
    world.says("a", SendKind::Answer, HELLO).await;
    world.says("b", SendKind::Answer, HELLO).await;
    world.channel.answers_for_ever(Answer::Busy(MINUTE));
    world.passes(25 * MINUTE).await;
    assert!(world.results("a").await.is_empty() && world.results("b").await.is_empty());
    let times: Vec<i64> = world.log().iter().map(|(at, _)| *at).collect();
    assert!(
        times.windows(2).all(|pair| pair[1] - pair[0] >= MINUTE),
        "one of them asks for all: {times:?}"
    );
    world.channel.answers_for_ever(Answer::Accepts);
    world.passes(2 * MINUTE).await;
    assert_eq!(world.results("a").await, ["sent"]);
    assert_eq!(world.results("b").await, ["sent"]);
}

/// A contact or deal is looked for before each call that makes one: somebody may have been faster.
fn with_looks_before(action: &Action, log: &[(i64, &'static str)]) -> Vec<(i64, &'static str)> {
    let looks = matches!(action, Action::CreateContact | Action::CreateDeal { .. });
    let mut all = Vec::new();
    for (at, what) in log {
        if looks && *what == "write" {
            all.push((*at, "read"));
        }
        all.push((*at, *what));
    }
    all
}

#[tokio::test]
async fn design_5_4_what_is_made_is_looked_for_at_once_and_after_45_seconds_and_then_made() {
    for (action, done) in creations() {
        let world = World::new().await;
        world.asks_for("a", action.clone()).await;
        world.crm.writes([unknown(), Ok(done)]);
        world.passes(50 * SECOND).await;
        let expected = [
            (0, "write"),
            (0, "find"),
            (45 * SECOND, "find"),
            (45 * SECOND, "write"),
        ];
        let expected = with_looks_before(&action, &expected);
        assert_eq!(world.log(), expected, "{action:?}");
        assert_eq!(world.results("a").await, ["done"], "{action:?}");
    }
}

#[tokio::test]
async fn design_5_4_what_is_found_is_not_made_again() {
    for (action, done) in creations() {
        let world = World::new().await;
        world.asks_for("a", action.clone()).await;
        world.crm.writes([unknown()]);
        world.carries_out_what_is_due().await;
        world.crm.finds(&done);
        world.passes(HOUR).await;
        let expected = [(0, "write"), (0, "find"), (45 * SECOND, "find")];
        let expected = with_looks_before(&action, &expected);
        assert_eq!(world.log(), expected, "{action:?}: the index lagged");
        assert_eq!(world.results("a").await, ["done"], "{action:?}");
    }
}

#[tokio::test]
async fn design_5_4_what_sets_a_state_is_written_again() {
    let moved = Action::MoveDeal {
        deal: DEAL,
        from: StageKey::from("new"),
        to: StageKey::from("consulted"),
        loss_reason: None,
    };
    for action in [moved, complete()] {
        let world = World::new().await;
        world.asks_for("a", action.clone()).await;
        world.crm.writes([unknown(), Ok(Done::Plain)]);
        world.passes(MINUTE).await;
        assert_eq!(world.log(), [(0, "write"), (SECOND, "write")], "{action:?}");
        assert_eq!(world.results("a").await, ["done"], "{action:?}");
    }
}

/// What dialogs of one deal have in common.
fn on_the_deal() -> [Change; 2] {
    let bound = Change::Bound {
        contact: Some(ContactId(9)),
        deal: Some(DEAL),
    };
    [bound, Change::TaskSet(TaskState::Open { id: TASK })]
}

fn led_by(user: UserId) -> Change {
    Change::OwnerSet(OwnerView {
        owner: Owner::Manager {
            user: Some(user),
            since: 0,
        },
        epoch: 1,
    })
}

fn waits() -> Change {
    Change::OwnerSet(OwnerView {
        owner: Owner::Waiting {
            since: 0,
            reason: reason(),
        },
        epoch: 1,
    })
}

fn handed_over(reason: ReasonId) -> Change {
    Change::HandoffSet(Some(Handoff {
        since: 0,
        reason: reason.into(),
        settles: String::new(),
        messages: Vec::new(),
        told_off_hours: false,
        answered: false,
        reminded: false,
        escalated: false,
        trigger: None,
        wanted: Vec::new(),
        summary: None,
    }))
}

fn assign(to: UserId) -> Action {
    Action::AssignTask { task: TASK, to }
}

fn complete() -> Action {
    Action::CompleteTask {
        task: TASK,
        result: TaskResult::Returned,
    }
}

#[tokio::test]
async fn design_5_4_the_field_is_written_as_of_the_call_and_not_once_it_is_settled() {
    let world = World::new().await;
    let shows = |value| Action::SetOwnerField { deal: DEAL, value };
    let wants = |value| Change::FieldWanted {
        value,
        pending: true,
    };
    world.becomes("a", &on_the_deal()).await;
    world.becomes("a", &[wants(FieldValue::Waiting)]).await;
    world.asks_for("a", shows(FieldValue::Waiting)).await;
    world.becomes("a", &[wants(FieldValue::Manager)]).await;
    world.asks_for("a", shows(FieldValue::Manager)).await;
    world.crm.writes([unknown(), Ok(Done::Plain)]);
    world.passes(2 * SECOND).await;
    let now = CrmWrite::SetOwnerField {
        deal: DEAL,
        value: FieldValue::Manager,
    };
    let written = world.crm.written();
    assert!(written.iter().all(|write| *write == now), "{written:?}");

    let settled = Change::FieldSettled {
        value: FieldValue::Manager,
        seq: 9,
    };
    world.becomes("a", &[settled]).await;
    world.asks_for("a", shows(FieldValue::Bot)).await;
    world.passes(SECOND).await;
    assert_eq!(world.crm.written(), written, "it says so already");
}

#[tokio::test]
async fn design_5_4_a_tasks_text_is_written_as_of_the_call_and_not_once_it_is_closed() {
    let world = World::new().await;
    let text = Action::SetTaskText {
        task: TASK,
        text: TaskText {
            reason: reason(),
            messages: Vec::new(),
        },
    };
    world.becomes("a", &on_the_deal()).await;
    world.asks_for("a", text.clone()).await;
    world.crm.writes([unknown()]);
    world.carries_out_what_is_due().await;
    world.becomes("a", &[handed_over(ReasonId::Urgent)]).await;
    world.passes(SECOND).await;
    let written = world.crm.written();
    assert_eq!(written.len(), 2);
    assert_ne!(written[0], written[1], "it says why by now");

    world.asks_for("a", text).await;
    world
        .becomes("a", &[Change::TaskSet(TaskState::None)])
        .await;
    world.passes(SECOND).await;
    assert_eq!(world.crm.written(), written, "it is closed");
}

#[tokio::test]
async fn design_5_4_a_task_goes_to_who_leads_at_the_call_and_to_nobody_once_it_is_closed() {
    let world = World::new().await;
    world.becomes("a", &on_the_deal()).await;
    world.becomes("a", &[led_by(ANNA)]).await;
    world.asks_for("a", assign(ANNA)).await;
    world.crm.writes([unknown()]);
    world.carries_out_what_is_due().await;
    world.becomes("a", &[led_by(IGOR)]).await;
    world.passes(SECOND).await;
    let to = |to| CrmWrite::AssignTask { task: TASK, to };
    assert_eq!(world.crm.written(), [to(ANNA), to(IGOR)]);

    world.becomes("a", &[waits()]).await;
    world.asks_for("a", assign(ANNA)).await;
    world.passes(SECOND).await;
    let written = [to(ANNA), to(IGOR), to(ANNA)];
    assert_eq!(world.crm.written(), written, "the new responsible's");

    world.asks_for("a", assign(IGOR)).await;
    world
        .becomes("a", &[Change::TaskSet(TaskState::None)])
        .await;
    world.passes(SECOND).await;
    assert_eq!(world.crm.written(), written, "it is closed");
}

#[tokio::test]
async fn promise_4_whoever_asked_learns_that_a_task_is_gone() {
    for (status, why) in [(404, "gone"), (400, "refused")] {
        let world = World::new().await;
        world.becomes("a", &on_the_deal()).await;
        world
            .crm
            .writes([Err(CallError::refused(status, "no such task"))]);
        world.asks_for("a", assign(ANNA)).await;
        world.passes(SECOND).await;
        assert_eq!(world.failures("a").await, [why]);
    }
}

#[tokio::test]
async fn promise_2_a_task_that_another_dialog_needs_is_not_closed_although_the_process_died() {
    let mut world = World::new().await;
    for name in ["a", "b"] {
        world.becomes(name, &on_the_deal()).await;
    }
    world
        .becomes("a", &[Change::TaskSet(TaskState::None)])
        .await;
    world.asks_for("a", complete()).await;
    world.dies_in(Lane::Crm, "write").await;
    assert_eq!(world.crm.written().len(), 1, "nobody needed it");
    // The call did not arrive, and meanwhile another guest of the deal is handed over.
    world
        .becomes("b", &[waits(), handed_over(ReasonId::Complaint)])
        .await;
    world.passes(MINUTE).await;
    assert_eq!(world.crm.written().len(), 1, "somebody needs it now");
    assert_eq!(world.results("a").await, ["done"]);
}

#[tokio::test]
async fn design_5_4_a_field_that_a_later_decision_made_pointless_is_not_written() {
    let world = World::new().await;
    let field = Action::SetOwnerField {
        deal: DEAL,
        value: FieldValue::Bot,
    };
    world.asks_for("a", field).await;
    world.passes(MINUTE).await;
    assert!(world.log().is_empty(), "{:?}", world.log());
    assert_eq!(world.results("a").await, ["done"]);
}

#[tokio::test]
async fn promise_4_a_write_whose_fate_stays_unknown_comes_to_an_end() {
    for (action, _) in creations() {
        let world = World::new().await;
        world.asks_for("a", action.clone()).await;
        world.crm.never_answers();
        world.passes(17 * MINUTE).await;
        assert_eq!(world.results("a").await, ["failed"], "{action:?}");
    }
}

#[tokio::test]
async fn promise_3_what_may_have_been_made_is_looked_for_until_the_crm_answers_again() {
    for (action, done) in creations() {
        for arrived in [true, false] {
            let world = World::new().await;
            world.asks_for("a", action.clone()).await;
            world.crm.writes([unknown(), Ok(done.clone())]);
            world.crm.cannot_be_searched();
            world.passes(HOUR).await;
            assert!(world.results("a").await.is_empty(), "{action:?}");
            if arrived {
                world.crm.finds(&done);
            } else {
                world.crm.finds_nothing();
            }
            world.passes(2 * MINUTE).await;
            assert_eq!(world.results("a").await, ["done"], "{action:?}");
            let calls = if arrived { 1 } else { 2 };
            assert_eq!(world.crm.written().len(), calls, "{action:?}: {arrived}");
        }
    }
}

#[tokio::test]
async fn design_5_4_a_read_is_repeated_for_half_a_minute() {
    let world = World::new().await;
    world.asks_for("a", Action::ReadCrm).await;
    world
        .crm
        .reads([Err(CallError::retry("down")), Ok(CrmFound::default())]);
    world.passes(MINUTE).await;
    assert_eq!(world.log(), [(0, "read"), (SECOND, "read")]);
    assert_eq!(world.results("a").await, ["read"]);

    world.asks_for("b", Action::ReadCrm).await;
    world.crm.cannot_be_read();
    world.passes(2 * MINUTE).await;
    assert_eq!(world.results("b").await, ["failed"]);
}

#[tokio::test]
async fn design_5_4_a_read_whose_answer_died_with_the_process_is_made_again() {
    let mut world = World::new().await;
    world.asks_for("a", Action::ReadCrm).await;
    world.dies_in(Lane::Read, "read").await;
    world.carries_out_what_is_due().await;
    assert_eq!(world.log(), [(0, "read"), (0, "read")]);
    assert_eq!(world.results("a").await, ["read"]);
}

#[tokio::test]
async fn design_5_4_a_question_whose_answer_died_with_the_process_is_asked_again_as_the_same_turn()
{
    let mut world = World::new().await;
    let turn = TurnId::from("t1");
    let asked = Turn {
        id: turn.clone(),
        messages: Vec::new(),
        first_asked_at: 0,
        superseded: 0,
        introduce: false,
        stale: false,
        promised: false,
    };
    world.becomes("a", &[Change::TurnSet(Some(asked))]).await;
    let question = Action::AskBot {
        turn: turn.clone(),
        messages: Vec::new(),
        introduce: false,
        manager_note: None,
    };
    world.asks_for("a", question).await;
    world.dies_in(Lane::Bot, "ask").await;
    world.carries_out_what_is_due().await;
    assert_eq!(world.bot.asked(), [turn.clone(), turn]);
    assert_eq!(world.results("a").await, ["answered"], "once");
}

#[tokio::test]
async fn promise_3_a_contact_whose_making_died_with_the_process_is_found_and_nobody_makes_another()
{
    let mut world = World::new().await;
    let made = Done::ContactCreated {
        contact: ContactId(9),
    };
    world.asks_for("a", Action::CreateContact).await;
    world.dies_in(Lane::Crm, "write").await;
    // It had arrived, and the index shows it half a minute later.
    world.crm.finds(&made);
    world.passes(MINUTE).await;
    assert_eq!(world.results("a").await, ["done"]);
    // Another dialog of the same phone, which waited for the first one to have made it.
    world.crm.reads([Ok(known_contact())]);
    world.asks_for("b", Action::CreateContact).await;
    world.passes(MINUTE).await;
    assert_eq!(world.results("b").await, ["done"]);
    assert_eq!(world.crm.written().len(), 1, "{:?}", world.log());
}

#[tokio::test]
async fn promise_3_two_dialogs_of_one_phone_make_one_contact_although_the_answer_was_lost() {
    let world = World::new().await;
    world
        .crm
        .reads([Ok(CrmFound::default()), Ok(known_contact())]);
    world.crm.writes([unknown()]);
    world.asks_for("a", Action::CreateContact).await;
    world.asks_for("b", Action::CreateContact).await;
    world.carries_out_what_is_due().await;
    world.crm.finds(&Done::ContactCreated {
        contact: ContactId(9),
    });
    world.passes(MINUTE).await;
    assert_eq!(world.results("a").await, ["done"]);
    assert_eq!(world.results("b").await, ["done"]);
    assert_eq!(world.crm.written().len(), 1, "{:?}", world.log());
}

fn known_contact() -> CrmFound {
    let contact = CrmContact {
        id: ContactId(9),
        name: None,
        patronymic: None,
        notes: Vec::new(),
        tags: Vec::new(),
    };
    CrmFound {
        contact: Some(contact),
        ..CrmFound::default()
    }
}

#[tokio::test]
async fn promise_4_a_refusal_of_one_call_is_for_good_and_one_of_the_account_holds_everything() {
    let world = World::new().await;
    world.says("a", SendKind::Answer, HELLO).await;
    world
        .channel
        .answers([Err(CallError::refused(403, "this one"))]);
    world.passes(SECOND).await;
    assert_eq!(world.results("a").await, ["failed"]);

    world.says("b", SendKind::Answer, HELLO).await;
    world.channel.answers_for_ever(Answer::Refuses(403));
    world.passes(HOUR).await;
    assert!(world.results("b").await.is_empty(), "held, not failed");
    let sends = world
        .log()
        .iter()
        .filter(|(_, call)| *call == "send")
        .count();
    assert_eq!(sends, 2, "a shut line is left alone: {:?}", world.log());
    assert!(world.is_shut(Lane::Send) && !world.is_shut(Lane::Crm));

    world.channel.answers_for_ever(Answer::Accepts);
    world.lines_are_watched(2 * MINUTE).await;
    world.passes(SECOND).await;
    assert_eq!(world.results("b").await, ["sent"]);
}

#[tokio::test]
async fn promise_4_an_unpaid_account_holds_its_writes_although_reading_works() {
    let world = World::new().await;
    world.asks_for("a", create_task()).await;
    world.crm.writes([
        Err(CallError::refused(402, "not paid")),
        Ok(Done::TaskCreated { task: TASK }),
    ]);
    world.passes(HOUR).await;
    assert!(world.results("a").await.is_empty() && world.is_shut(Lane::Crm));
    world.lines_are_watched(16 * MINUTE).await;
    world.passes(SECOND).await;
    assert_eq!(world.results("a").await, ["done"]);
}
