//! Races: what happens while something else is under way. Each is decided by a gate at which one call stands still, or
//! by rows that wait unseen, never by luck.

use crate::harness::{
    ANNA, At, COMPANY, HANDOFF, INTRO, RETURN_INTRO, World, has_note, until, whatsapp_tasks,
};
use serde_json::{Value, json};
use widget_core::ids::UserId;
use widget_core::owner::Owner;
use widget_core::wire::DialogView;

const PHONE: &str = "79000000001";
const SANATORIUM: &str = include_str!("../../policies/sanatorium.toml");

fn is_led_by_bot(dialog: &DialogView) -> bool {
    dialog.view.owner == Owner::Bot
}

fn is_led_by_somebody(dialog: &DialogView) -> bool {
    matches!(dialog.view.owner, Owner::Manager { .. })
}

// --- take and send ------------------------------------------------------------------------------------------------------

#[tokio::test]
async fn promise_1_a_take_between_claim_and_send_says_that_a_text_left_meanwhile() {
    let world = World::new().await;
    let (guest, anna) = (world.guest(PHONE), world.manager(ANNA));
    world.has_a_deal(PHONE).await;
    let send = world.holds_a_send(At::Request).await;
    let message = guest.asks("Сколько стоит номер?").await;
    send.is_reached().await;
    let taken = anna.takes(PHONE).await;
    assert!(taken.left_meanwhile, "the text is on its way");
    send.opens().await;
    guest.hears(1).await;
    assert_eq!(guest.answers_to(message).await, 1);
    // That one, and none after it.
    guest.is_not_answered("А с питанием?").await;
    let card = anna.dialog_of(PHONE).await;
    assert!(card.is_led_by(UserId(ANNA)), "{card:#?}");
}

#[tokio::test]
async fn promise_1_a_take_that_waits_for_a_send_answers_as_soon_as_it_is_over() {
    let world = World::new().await;
    let (guest, anna) = (world.guest(PHONE), world.manager(ANNA));
    world.has_a_deal(PHONE).await;
    let send = world.holds_a_send(At::Answer).await;
    guest.asks("Сколько стоит номер?").await;
    send.is_reached().await;
    let (taken, ()) = tokio::join!(anna.takes(PHONE), async {
        // The take has committed, and waits.
        until("the take", async || {
            let decisions = world.decisions().await;
            decisions
                .iter()
                .any(|one| one.check("owner.taken").is_some())
        })
        .await;
        send.opens().await;
    });
    assert!(taken.left_meanwhile);
    world.comes_to_rest().await;
    assert_eq!(guest.heard_from_bot().await.len(), 1);
}

// --- return and guest ---------------------------------------------------------------------------------------------------

#[tokio::test]
async fn promise_3_a_guest_who_writes_while_the_return_intro_leaves_reads_one_intro() {
    let world = World::new().await;
    let (guest, anna) = (world.guest(PHONE), world.manager(ANNA));
    guest.asks("Сколько стоит номер?").await;
    guest.hears(1).await;
    anna.takes(PHONE).await;
    let intro = world.holds_a_send(At::Request).await;
    anna.returns(PHONE).await;
    intro.is_reached().await;
    let message = guest.asks("А с питанием?").await;
    intro.opens().await;
    let answer = guest.hears(3).await;
    world.comes_to_rest().await;
    let heard = guest.heard_from_bot().await;
    assert_eq!(heard.len(), 3, "{heard:#?}");
    assert!(heard[1].starts_with(RETURN_INTRO), "{heard:#?}");
    assert!(!answer.contains(INTRO), "{answer}");
    assert_eq!(guest.answers_to(message).await, 1);
}

#[tokio::test]
async fn promise_2_a_return_answers_the_message_that_arrived_before_it() {
    let world = World::new().await;
    let (guest, anna) = (world.guest(PHONE), world.manager(ANNA));
    guest.asks("Сколько стоит номер?").await;
    guest.hears(1).await;
    let taken = anna.takes(PHONE).await.dialog;
    world.comes_to_rest().await;
    world
        .while_nobody_looks(async || {
            guest.writes("А с питанием?").await;
        })
        .await;
    anna.clicks("return", &taken, Some(taken.view.epoch))
        .await
        .expect("accepted");
    let answer = guest.hears(2).await;
    assert!(
        answer.contains("А с питанием?"),
        "not an intro alone: {answer}"
    );
    assert!(answer.contains(INTRO), "{answer}");
    world.comes_to_rest().await;
    assert_eq!(guest.heard_from_bot().await.len(), 2);
}

#[tokio::test]
async fn a_click_on_a_card_that_what_arrived_before_has_outdated_is_refused() {
    let world = World::new().await;
    let (guest, anna) = (world.guest(PHONE), world.manager(ANNA));
    guest.asks("Сколько стоит номер?").await;
    guest.hears(1).await;
    let seen = anna.dialog_of(PHONE).await;
    world.comes_to_rest().await;
    world
        .while_nobody_looks(async || {
            anna.writes(PHONE, "Добрый день, это Анна", "pact").await;
        })
        .await;
    let refusal = anna
        .clicks("dismiss", &seen, Some(seen.view.epoch))
        .await
        .expect_err("the card is old");
    assert_eq!(refusal.status, 409);
    let now = refusal.problem.dialog.expect("the dialog as it is now");
    assert!(is_led_by_somebody(&now), "{now:#?}");
}

// --- echoes -------------------------------------------------------------------------------------------------------------

#[tokio::test]
async fn design_5_5_an_echo_before_the_response_waits_for_it_and_holds_back_no_event() {
    let world = World::new().await;
    let (guest, anna) = (world.guest(PHONE), world.manager(ANNA));
    world.has_a_deal(PHONE).await;
    world.freezes_the_clock().await;
    let send = world.holds_a_send(At::Answer).await;
    guest.asks("Сколько стоит номер?").await;
    send.is_reached_by_itself().await;
    world.parks_a_row().await;
    guest.writes("А с питанием?").await;
    anna.sees_where(PHONE, "the second message", |dialog| {
        dialog.guest_text.as_deref() == Some("А с питанием?")
    })
    .await;
    assert_eq!(guest.heard_from_bot().await.len(), 1, "no send beside it");
    assert!(is_led_by_bot(&anna.dialog_of(PHONE).await));
    send.opens().await;
    guest.hears(2).await;
    world.comes_to_rest().await;
    assert_eq!(guest.heard_from_bot().await.len(), 2);
    assert!(is_led_by_bot(&anna.dialog_of(PHONE).await));
}

#[tokio::test]
async fn design_5_5_after_thirty_seconds_the_text_says_whose_a_parked_message_is() {
    let world = World::new().await;
    let (guest, anna) = (world.guest(PHONE), world.manager(ANNA));
    world.has_a_deal(PHONE).await;
    world.freezes_the_clock().await;
    let send = world.holds_a_send(At::Answer).await;
    guest.asks("Сколько стоит номер?").await;
    send.is_reached_by_itself().await;
    world.parks_a_row().await;
    world.advance_s(31).await;
    world.decides_by("echo.ours").await;
    // The send has no response yet: what a person writes now is parked too, and is a person's in the end.
    anna.writes(PHONE, "Добрый день, это Анна", "pact").await;
    world.parks_a_row().await;
    assert!(is_led_by_bot(&anna.dialog_of(PHONE).await));
    world.advance_s(31).await;
    anna.sees_where(PHONE, "taken", is_led_by_somebody).await;
    send.opens().await;
    world.comes_to_rest().await;
    assert_eq!(guest.heard_from_bot().await.len(), 1);
}

#[tokio::test]
async fn design_5_5_a_lost_response_after_an_early_hook_is_reconciled() {
    let world = World::new().await;
    let (guest, anna) = (world.guest(PHONE), world.manager(ANNA));
    world.has_a_deal(PHONE).await;
    world.fault("pact", "hook_before_response").await;
    world.fault("pact", "lost_response").await;
    let message = guest.asks("Сколько стоит номер?").await;
    world
        .deal_where(PHONE, "the answer counts as accepted", |deal| {
            deal["stage"] == "Проведена консультация"
        })
        .await;
    world.comes_to_rest().await;
    assert_eq!(guest.heard_from_bot().await.len(), 1);
    assert_eq!(guest.answers_to(message).await, 1);
    let card = anna.dialog_of(PHONE).await;
    assert!(
        is_led_by_bot(&card) && card.unanswered_since.is_none(),
        "{card:#?}"
    );
}

#[tokio::test]
async fn promise_2_a_parked_echo_survives_a_kill() {
    let world = World::new().await;
    let (guest, anna) = (world.guest(PHONE), world.manager(ANNA));
    world.has_a_deal(PHONE).await;
    world.freezes_the_clock().await;
    let send = world.holds_a_send(At::Answer).await;
    guest.asks("Сколько стоит номер?").await;
    send.is_reached_by_itself().await;
    world.parks_a_row().await;
    world.kills_the_backend();
    send.opens().await;
    world.serve(&[]).await;
    world.decides_by("echo.ours").await;
    world.comes_to_rest().await;
    assert_eq!(guest.heard_from_bot().await.len(), 1, "sent once");
    let card = anna.dialog_of(PHONE).await;
    assert!(
        is_led_by_bot(&card) && card.unanswered_since.is_none(),
        "{card:#?}"
    );
}

#[tokio::test]
async fn promise_2_a_persons_parked_message_survives_a_kill_and_takes() {
    let world = World::new().await;
    let (guest, anna) = (world.guest(PHONE), world.manager(ANNA));
    world.has_a_deal(PHONE).await;
    world.freezes_the_clock().await;
    let send = world.holds_a_send(At::Request).await;
    guest.asks("Сколько стоит номер?").await;
    send.is_reached_by_itself().await;
    anna.writes(PHONE, "Добрый день, это Анна", "pact").await;
    world.parks_a_row().await;
    world.kills_the_backend();
    world.serve(&[]).await;
    anna.sees_where(PHONE, "taken", is_led_by_somebody).await;
    send.opens().await;
    world.comes_to_rest().await;
    assert_eq!(guest.heard_from_bot().await.len(), 1, "what had left, once");
}

// --- a person who writes what the bot writes ----------------------------------------------------------------------------

#[tokio::test]
async fn promise_1_a_person_who_writes_the_bots_words_while_they_leave_takes() {
    let world = World::new().await;
    let (guest, anna) = (world.guest(PHONE), world.manager(ANNA));
    world.has_a_deal(PHONE).await;
    says_one_thing(&world).await;
    guest.asks("Сколько стоит номер?").await;
    guest.hears(1).await;
    world.comes_to_rest().await;
    world.freezes_the_clock().await;
    let send = world.holds_a_send(At::Request).await;
    guest.asks("А с питанием?").await;
    send.is_reached_by_itself().await;
    anna.writes(PHONE, ONE_THING, "pact").await;
    world.parks_a_row().await;
    send.opens().await;
    anna.sees_where(PHONE, "taken", is_led_by_somebody).await;
    world.comes_to_rest().await;
    assert_eq!(guest.heard_from_bot().await.len(), 2);
}

#[tokio::test]
async fn promise_1_a_person_who_repeats_an_old_text_of_the_bot_takes_although_its_echo_never_came()
{
    let world = World::new().await;
    let (guest, anna) = (world.guest(PHONE), world.manager(ANNA));
    world.has_a_deal(PHONE).await;
    says_one_thing(&world).await;
    let turn = world.holds_a_turn(At::Request).await;
    guest.asks("Сколько стоит номер?").await;
    turn.is_reached().await;
    // What Pact tells next is the echo of the answer.
    world.fault("pact", "hook_drop").await;
    turn.opens().await;
    let first = guest.hears(1).await;
    world.comes_to_rest().await;
    world.bot(&json!({"rules": []})).await;
    world.freezes_the_clock().await;
    let send = world.holds_a_send(At::Request).await;
    guest.asks("А с питанием?").await;
    send.is_reached_by_itself().await;
    anna.writes(PHONE, &first, "pact").await;
    world.parks_a_row().await;
    world.advance_s(31).await;
    anna.sees_where(PHONE, "taken", is_led_by_somebody).await;
    send.opens().await;
}

#[tokio::test]
async fn promise_1_a_person_who_repeats_the_bot_in_amocrm_takes_although_its_echo_named_nobody() {
    let world = World::new().await;
    let (guest, anna) = (world.guest(PHONE), world.manager(ANNA));
    world.has_a_deal(PHONE).await;
    says_one_thing(&world).await;
    guest.asks("Сколько стоит номер?").await;
    let first = guest.hears(1).await;
    world.comes_to_rest().await;
    // Pact keeps silent: amoCRM alone tells of the message.
    world.fault("pact", "hook_drop").await;
    anna.writes(PHONE, &first, "amocrm").await;
    anna.sees_where(PHONE, "taken", |dialog| dialog.is_led_by(UserId(ANNA)))
        .await;
}

const ONE_THING: &str = "Номер стоит 5000 рублей в сутки.";

/// The bot answers everything with the same words.
async fn says_one_thing(world: &World) {
    let rule = json!({"contains": "", "reply": ONE_THING});
    world.bot(&json!({"rules": [rule]})).await;
}

// --- late things --------------------------------------------------------------------------------------------------------

#[tokio::test]
async fn promise_3_a_late_answer_to_an_old_turn_is_dropped() {
    let world = World::new().await;
    let guest = world.guest(PHONE);
    world.has_a_deal(PHONE).await;
    let old = world.holds_a_turn(At::Answer).await;
    let first = guest.asks("Сколько стоит номер?").await;
    old.is_reached().await;
    let second = guest.asks("А с питанием?").await;
    guest.hears(1).await;
    old.opens().await;
    until("the old turn is answered", async || {
        let answers = world.decisions().await;
        let answered = |type_: &Value| *type_ == json!("bot_answered");
        let answers = answers.iter().filter(|one| answered(&one.event["type"]));
        answers.count() == 2
    })
    .await;
    world.comes_to_rest().await;
    assert_eq!(guest.heard_from_bot().await.len(), 1);
    let answers = (
        guest.answers_to(first).await,
        guest.answers_to(second).await,
    );
    assert_eq!(answers, (1, 1), "one answer for both");
}

#[tokio::test]
async fn behaviour_1_a_signal_from_before_a_return_changes_nothing() {
    let world = World::new().await;
    let (guest, anna) = (world.guest(PHONE), world.manager(ANNA));
    guest.asks("Сколько стоит номер?").await;
    guest.hears(1).await;
    anna.takes(PHONE).await;
    let written_at = world.look("clock").await.expect("the clock")["now"].clone();
    world.advance_s(60).await;
    anna.returns(PHONE).await;
    guest.hears(2).await;
    let known = guest.in_pact().await;
    let late = outgoing(&known, 77_001, "Минуту, уточню", &written_at);
    let path = format!("guests/{PHONE}/raw");
    assert_eq!(world.play(&path, &late).await["status"], 200);
    let decided = world.decides_by("owner.late_signal").await;
    assert_eq!(decided.event["type"], "outgoing_seen");
    let card = anna.dialog_of(PHONE).await;
    assert!(is_led_by_bot(&card), "{card:#?}");
    guest.asks("А с питанием?").await;
    guest.hears(3).await;
}

/// A message of the company's side as Pact tells of it.
fn outgoing(known: &Value, id: i64, text: &str, at: &Value) -> Value {
    let (conversation, contact) = (&known["conversation_id"], &known["contact_id"]);
    json!({"event": "create", "type": "message", "object": {
        "id": id, "external_id": "3EB0AA11BB77", "company_id": COMPANY, "conversation_id": conversation,
        "contact_id": contact, "replied_to_id": null, "created_at": at, "external_created_at": at,
        "income": false, "status": "delivered", "message": text,
        "reactions": [], "details": null, "delivery": false, "deleted": false,
        "contact": {"id": contact, "external_id": PHONE, "external_public_id": PHONE, "name": "Анна",
                    "avatar_url": null, "phone": PHONE},
        "conversation": {"id": conversation, "company_id": COMPANY, "sender_name": "Анна", "sender_phone": PHONE,
                    "sender_external_id": PHONE, "sender_external_public_id": PHONE, "provider": "whatsapp",
                    "avatar_url": null, "created_at": at, "last_updated_at": at, "last_message_id": id,
                    "operational_state": "open", "replied_state": "replied", "group": false},
        "attachments": []}})
}

// --- time and rules -----------------------------------------------------------------------------------------------------

#[tokio::test]
async fn promise_5_a_policy_changed_during_a_turn_judges_its_answer_and_the_trace_names_both() {
    let world = World::without_backend().await;
    let file = world.has_a_policy_file(SANATORIUM);
    world.serve(&[]).await;
    let guest = world.guest(PHONE);
    world.has_a_deal(PHONE).await;
    let turn = world.holds_a_turn(At::Answer).await;
    guest.asks("Сколько стоит номер?").await;
    turn.is_reached().await;
    // The bot is 90 % sure.
    let sure = SANATORIUM.replace("when = { bot_unsure = 70 } ", "when = { bot_unsure = 95 } ");
    assert_ne!(sure, SANATORIUM);
    std::fs::write(&file, sure).expect("the policy file");
    let line = "policy 2 in force for account";
    until(line, async || world.log().contains(line)).await;
    turn.opens().await;
    assert_eq!(guest.hears(1).await, HANDOFF, "judged by the new rules");
    let decided = world.decides_by("policy.changed").await;
    assert_eq!(decided.event["type"], "bot_answered");
    let check = decided.check("policy.changed").expect("the check");
    let values = check["values"].to_string();
    assert!(values.contains('1') && values.contains('2'), "{check}");
}

#[tokio::test]
async fn behaviour_1_a_managers_message_before_the_auto_return_is_due_moves_it() {
    let world = World::new().await;
    let (guest, anna) = (world.guest(PHONE), world.manager(ANNA));
    world.freezes_the_clock().await;
    guest.asks("Нас будет пятеро").await;
    guest.hears(1).await;
    world
        .deal_where(PHONE, "its task", |deal| whatsapp_tasks(deal).len() == 1)
        .await;
    anna.takes(PHONE).await;
    // Waits move the clock, so the deadline is counted from here.
    let clock = world.look("clock").await.expect("the clock");
    let answered_at: jiff::Timestamp = clock["now"]
        .as_str()
        .and_then(|now| now.parse().ok())
        .expect("a time");
    anna.writes(PHONE, "Поселим всех пятерых", "pact").await;
    anna.sees_where(PHONE, "answered", |dialog| {
        dialog.unanswered_since.is_none()
    })
    .await;
    world.comes_to_rest().await;
    let before_due = answered_at + jiff::SignedDuration::from_mins(39);
    world.it_is(&before_due.to_string()).await;
    // The message is stored, and nobody has looked at it when the return is due. A second witness of it may come at any
    // moment and wakes the workers, so they are kept away until then.
    world
        .while_nobody_looks(async || {
            anna.writes(PHONE, "Завтрак с восьми", "pact").await;
            world.advance_s(20 * 60).await;
        })
        .await;
    world.somebody_looks().await;
    world.decides_by("timer.stale").await;
    let card = anna.dialog_of(PHONE).await;
    assert!(is_led_by_somebody(&card), "{card:#?}");
    assert_eq!(guest.heard_from_bot().await, [HANDOFF]);
    let decisions = world.decisions().await;
    let returned = decisions
        .iter()
        .any(|one| one.check("owner.auto_return").is_some());
    assert!(!returned, "it was moved");
}

#[tokio::test]
async fn behaviour_1_a_managers_message_after_the_auto_return_was_due_takes_again_and_no_intro_leaves()
 {
    let world = World::new().await;
    let (guest, anna) = (world.guest(PHONE), world.manager(ANNA));
    world.freezes_the_clock().await;
    guest.asks("Нас будет пятеро").await;
    guest.hears(1).await;
    world
        .deal_where(PHONE, "its task", |deal| whatsapp_tasks(deal).len() == 1)
        .await;
    anna.takes(PHONE).await;
    anna.writes(PHONE, "Поселим всех пятерых", "pact").await;
    anna.sees_where(PHONE, "answered", |dialog| {
        dialog.unanswered_since.is_none()
    })
    .await;
    world.comes_to_rest().await;
    // The return has been due for a while when the message comes, and it is longer still until anybody looks at either.
    world
        .while_nobody_looks(async || {
            world.advance_s(50 * 60).await;
            anna.writes(PHONE, "Завтрак с восьми", "pact").await;
            world.advance_s(60).await;
        })
        .await;
    world.somebody_looks().await;
    world.decides_by("owner.auto_return").await;
    anna.sees_where(PHONE, "taken again", is_led_by_somebody)
        .await;
    world.comes_to_rest().await;
    assert!(is_led_by_somebody(&anna.dialog_of(PHONE).await));
    assert_eq!(guest.heard_from_bot().await, [HANDOFF], "no intro");
}

#[tokio::test]
async fn behaviour_4_a_guest_faster_than_the_bot_supersedes_a_turn_at_most_twice() {
    let world = World::new().await;
    let guest = world.guest(PHONE);
    world.has_a_deal(PHONE).await;
    world.freezes_the_clock().await;
    let mut turns = Vec::new();
    let mut messages = Vec::new();
    for words in ["Сколько стоит номер?", "А с питанием?", "А бассейн есть?"]
    {
        let turn = world.holds_a_turn(At::Answer).await;
        messages.push(guest.asks(words).await);
        turn.is_reached_by_itself().await;
        turns.push(turn);
    }
    messages.push(guest.asks("А парковка?").await);
    world
        .manager(ANNA)
        .sees_where(PHONE, "the fourth message", |dialog| {
            dialog.guest_text.as_deref() == Some("А парковка?")
        })
        .await;
    assert_eq!(world.turns().await, 3, "the third turn is not superseded");
    for turn in turns {
        turn.opens().await;
    }
    guest.hears(2).await;
    world.comes_to_rest().await;
    let heard = guest.heard_from_bot().await;
    assert_eq!(heard.len(), 2, "{heard:#?}");
    for (message, in_text) in messages.iter().zip([0, 0, 0, 1]) {
        assert_eq!(guest.answers_to(*message).await, 1);
        assert!(heard[in_text].contains(&message.to_string()), "{heard:#?}");
    }
}

// --- a verdict before its send ------------------------------------------------------------------------------------------

#[tokio::test]
async fn behaviour_1_a_handoff_text_that_did_not_arrive_is_told_although_the_verdict_came_before_the_response()
 {
    let world = World::new().await;
    let guest = world.guest(PHONE);
    world.has_a_deal(PHONE).await;
    world.freezes_the_clock().await;
    let send = world.holds_a_send(At::Answer).await;
    guest.asks("Нас будет пятеро").await;
    send.is_reached_by_itself().await;
    let sent = guest.transcript().await.pop().expect("the text");
    assert_eq!(sent.text, HANDOFF);
    let known = guest.in_pact().await;
    let now = world.look("clock").await.expect("the clock")["now"].clone();
    let mut verdict = outgoing(&known, sent.id, HANDOFF, &now);
    verdict["event"] = json!("update");
    verdict["object"]["status"] = json!("error");
    let path = format!("guests/{PHONE}/raw");
    assert_eq!(world.play(&path, &verdict).await["status"], 200);
    world.parks_a_row().await;
    send.opens().await;
    world
        .deal_where(PHONE, "the note", |deal| {
            has_note(deal, "Не доставлено гостю")
        })
        .await;
    world.comes_to_rest().await;
    assert_eq!(guest.heard_from_bot().await.len(), 1);
}

// --- panics -------------------------------------------------------------------------------------------------------------

#[tokio::test]
async fn promise_2_a_panic_loses_neither_the_dialog_nor_the_action() {
    if !cfg!(feature = "failpoints") {
        eprintln!("not tested: run with --features backend/failpoints");
        return;
    }
    for point in ["after_decide", "after_call"] {
        let world = World::without_backend().await;
        let failpoint = format!("{point}:panic");
        world.serve(&[("ESTAFETA_FAILPOINT", &failpoint)]).await;
        let guest = world.guest(PHONE);
        let message = guest.asks("Сколько стоит номер?").await;
        guest.hears(1).await;
        world
            .deal_where(PHONE, "the path was gone to its end", |deal| {
                deal["stage"] == "Проведена консультация" && deal["owner_field"] == "Бот"
            })
            .await;
        world.comes_to_rest().await;
        assert!(world.log().contains(point), "{point}: it panicked");
        assert_eq!(guest.answers_to(message).await, 1, "{point}");
        assert_eq!(guest.heard_from_bot().await.len(), 1, "{point}");
        let url = format!("{}/readyz", world.serve_url);
        let ready = world.client.get(url).send().await.expect("an answer");
        assert_eq!(ready.status(), 200, "{point}: all workers are at work");
    }
}
