//! What becomes of an action after each outcome of its call: the table of DESIGN §5.4, row by row. The store is the real
//! one; the clock is set by hand, and the other sides answer what the test tells them.

mod world;

use crate::error::CallError;
use crate::ports::{CrmFound, Lane};
use widget_core::action::{Action, Note, SendKind, TaskKind, TaskResult, TaskText};
use widget_core::event::{Done, FieldValue};
use widget_core::ids::{ContactId, DealId, StageKey, TaskId};
use widget_core::owner::{Reason, ReasonId};
use world::{Answer, World, message};

const SECOND: i64 = 1_000;
const MINUTE: i64 = 60 * SECOND;
const HOUR: i64 = 60 * MINUTE;
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
    Reason {
        id: ReasonId::HumanRequest,
        values: std::collections::BTreeMap::new(),
    }
}

fn create_task() -> Action {
    Action::CreateTask {
        deal: DealId(501),
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
        deal: DealId(501),
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
        (create_task(), Done::TaskCreated { task: TaskId(3) }),
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
    let world = World::new().await;
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
        deal: DealId(501),
        from: StageKey::from("new"),
        to: StageKey::from("consulted"),
        loss_reason: None,
    };
    let complete = Action::CompleteTask {
        task: TaskId(3),
        result: TaskResult::Returned,
    };
    for action in [moved, complete] {
        let world = World::new().await;
        world.asks_for("a", action.clone()).await;
        world.crm.writes([unknown(), Ok(Done::Plain)]);
        world.passes(MINUTE).await;
        assert_eq!(world.log(), [(0, "write"), (SECOND, "write")], "{action:?}");
        assert_eq!(world.results("a").await, ["done"], "{action:?}");
    }
}

#[tokio::test]
async fn design_5_4_a_field_that_a_later_decision_made_pointless_is_not_written() {
    let world = World::new().await;
    let field = Action::SetOwnerField {
        deal: DealId(501),
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
        Ok(Done::TaskCreated { task: TaskId(3) }),
    ]);
    world.passes(HOUR).await;
    assert!(world.results("a").await.is_empty() && world.is_shut(Lane::Crm));
    world.lines_are_watched(16 * MINUTE).await;
    world.passes(SECOND).await;
    assert_eq!(world.results("a").await, ["done"]);
}
