//! What users of such systems ask for, as tests: number and ask of the list of asks (items 1–28 and 36–47).
//!
//! Asks that do not concern deciding are held elsewhere:
//! - 11 in part (a silence that does not stick): the take commits before a send is claimed: held in `backend/tests/it`.
//! - 24, 27 (a delivery repeated after a stall; the native id of a message): the port's ledger and ingest: `backend/tests/it`.
//! - 25, 26 in part (a retry under a fresh delivery id): ingest keys a delivery by the message: `backend/tests/it`.
//! - 38 in part (which zone it is): the caller turns the zone's name into offsets: `backend`.
//! - 40 in part (a push to managers): the card's live stream: `backend/tests/it` and the browser tests.
//! - 42 in part (a specific person): «Передать» is a later issue; here only who gets the task.
//! - 45 in part (what the store keeps): the journal's rows are read back in the store's contract: `backend`.
//! - 46 (metrics of first responses): counted from the journal by `backend`.
//! - 47 (phones): `crate::phone` and its tests; a decision sees no phone.

use super::*;
use crate::event::{BotHandoff, Service};
use crate::time::{DAY, MINUTE};

/// The bot is at the guest's question.
fn asked() -> Scene {
    let mut scene = Scene::at_stage("prepaid");
    scene.hears("Есть ли Wi-Fi?", nothing());
    assert_eq!(scene.questions(), 1);
    scene
}

fn says_nothing_more(scene: &mut Scene, ask: &str) {
    let (texts, questions) = (scene.texts().len(), scene.questions());
    scene.guest("А парковка?", nothing());
    scene.passes(MINUTE);
    assert_eq!(
        (scene.texts().len(), scene.questions()),
        (texts, questions),
        "{ask}"
    );
}

#[test]
fn peers_01_no_answer_after_a_human_replied() {
    let mut pending = Scene::handed_over();
    pending.person(Some(ANNA));
    pending.run();
    says_nothing_more(&mut pending, "1: after a human replied while it waited");
    let mut led = asked();
    led.person(Some(ANNA));
    led.bot_answers();
    led.run();
    assert_eq!(led.delivered(), 0, "1: nor the answer under way");
}

#[test]
fn peers_02_03_replies_from_the_card_and_from_the_phone_take_and_end_the_follow_up() {
    for (ask, user) in [("2: from the CRM", Some(ANNA)), ("3: from the phone", None)] {
        let mut scene = Scene::at_stage("new");
        scene.hears("Есть ли места?", nothing());
        scene.answers();
        assert!(scene.due(Timer::FinalTouch).is_some());
        scene.person(user);
        scene.run();
        assert!(scene.led_by(user), "{ask}");
        assert_eq!(scene.due(Timer::FinalTouch), None, "{ask}: no chasing");
        says_nothing_more(&mut scene, ask);
    }
}

#[test]
fn peers_04_05_06_a_take_stops_what_is_collected_asked_and_on_its_way() {
    let mut collected = Scene::at_stage("prepaid");
    collected.guest("Есть ли Wi-Fi?", nothing());
    let mut on_its_way = asked();
    on_its_way.bot_answers();
    for (ask, mut scene) in [
        ("4: automation after an assignment", collected),
        ("5: forwarded to the bot after it was taken", asked()),
        ("6: abort a reply that is under way", on_its_way),
    ] {
        scene.took(ANNA);
        let questions = scene.questions();
        scene.passes(MINUTE);
        assert_eq!(scene.delivered(), 0, "{ask}");
        assert_eq!(scene.questions(), questions, "{ask}");
    }
}

#[test]
fn peers_07_a_pause_is_not_undone_by_the_guests_next_message() {
    let mut scene = Scene::talking();
    scene.took(ANNA);
    scene.run();
    for _ in 0..5 {
        says_nothing_more(&mut scene, "7: paused stays paused");
        assert!(scene.led_by(ANNA), "7");
    }
}

#[test]
fn peers_08_a_dialog_that_a_manager_begins_is_the_managers() {
    let mut scene = Scene::at_stage("prepaid");
    scene.person(Some(ANNA));
    scene.run();
    assert!(scene.led_by(ANNA), "8: before the guest ever wrote");
    says_nothing_more(&mut scene, "8: dialog started by the manager");
}

#[test]
fn peers_09_10_the_pause_ends_by_itself_so_long_after_a_human_wrote() {
    for minutes in [15, 40, 12 * 60] {
        let pause = crate::policy::Span(minutes * MINUTE);
        let mut scene = Scene::talking().with(|policy| policy.timers.auto_return_after = pause);
        scene.person(None);
        scene.passes(pause.0 - 1);
        assert!(scene.led_by(None), "9, 10: {minutes} min");
        scene.passes(1);
        assert!(scene.bot_leads(), "9, 10: {minutes} min");
    }
}

#[test]
fn peers_11_13_neither_echoes_nor_mailings_move_the_end_of_the_pause() {
    let mut scene = Scene::talking();
    scene.person(Some(ANNA));
    scene.run();
    let due = scene.due(Timer::AutoReturn);
    for n in 0..5 {
        scene.wait(MINUTE);
        let action = ActionKey::new(&scene.state.id, 1, 0);
        for author in [Author::Bot { action }, Author::Bulk, Author::Robot] {
            let at = scene.now;
            scene.event(Event::OutgoingSeen {
                message: format!("echo{n}").as_str().into(),
                author,
                at,
                text: None,
            });
        }
        assert_eq!(scene.due(Timer::AutoReturn), due, "13: an echo re-arms");
        assert!(scene.led_by(Some(ANNA)), "11: nor ends it early");
    }
}

#[test]
fn peers_12_20_the_return_is_a_timer_and_waits_for_nobody_to_write() {
    let mut scene = Scene::talking();
    scene.person(Some(ANNA));
    scene.run();
    scene.passes(40 * MINUTE);
    assert!(scene.bot_leads(), "12, 20: nobody wrote");
    scene.hears("А парковка?", nothing());
    scene.answers();
    assert_eq!(scene.texts().last().unwrap().0, SendKind::Answer, "12");
}

#[test]
fn peers_14_a_person_who_is_answering_is_not_disconnected() {
    let mut scene = Scene::handed_over();
    scene.took(ANNA);
    scene.run();
    for _ in 0..6 {
        scene.passes(30 * MINUTE);
        scene.person(Some(ANNA));
        assert!(scene.led_by(ANNA), "14");
    }
}

#[test]
fn peers_15_the_timer_returns_as_the_button_does() {
    let answered = || {
        let mut scene = Scene::handed_over();
        scene.person(Some(ANNA));
        scene.run();
        scene.forget();
        scene
    };
    let mut by_timer = answered();
    by_timer.passes(40 * MINUTE);
    let mut by_button = answered();
    by_button.wait(39 * MINUTE);
    by_button.returned(ANNA);
    by_button.run();
    assert_eq!(by_timer.writes(), by_button.writes(), "15");
    assert_eq!(by_timer.state.view, by_button.state.view, "15");
}

#[test]
fn peers_16_a_silent_assignee_is_escalated_and_the_guest_waits_again() {
    let mut scene = Scene::handed_over().with(|policy| policy.tasks.escalate_to = Some(IGOR));
    scene.took(ANNA);
    scene.run();
    scene.passes(40 * MINUTE);
    assert_eq!(scene.reason(), Some(ReasonId::GuestsOver4), "16");
    assert_eq!(scene.contacts().len(), 1, "16");
}

#[test]
fn peers_17_19_after_a_return_the_bot_answers_what_was_left() {
    let mut scene = asked();
    // The watermark of an empty turn must not swallow what comes next.
    scene.bot(BotAnswer {
        silent: true,
        confidence: 90,
        ..BotAnswer::default()
    });
    scene.person(Some(ANNA));
    scene.guest("А парковка?", nothing());
    scene.returned(ANNA);
    scene.run();
    assert_eq!(scene.questions(), 2, "17, 19");
    let whole = scene.state.recent.len();
    assert!(whole >= 3, "17: the thread records the whole human stretch");
}

#[test]
fn peers_18_a_guest_who_writes_again_later_is_the_bots() {
    let mut scene = Scene::talking();
    scene.moved_by(DEAL, "won", Changer::Person(ANNA));
    scene.passes(3 * DAY);
    scene.hears("Хочу приехать ещё", nothing());
    assert_eq!(scene.questions(), 2, "18");
}

#[test]
fn peers_21_28_a_handoff_or_take_that_is_repeated_is_one() {
    let mut scene = Scene::handed_over();
    scene.forget();
    for _ in 0..2 {
        scene.event(Event::BotFailed {
            turn: "d1-t1".into(),
        });
    }
    assert_eq!(scene.writes(), [] as [&str; 0], "21: from a stale status");
    scene.took(ANNA);
    scene.took(ANNA);
    scene.event(Event::CardOpened {
        user: ANNA,
        responsible: true,
    });
    scene.run();
    let assigned = scene.count(|a| matches!(a, Action::AssignTask { .. }));
    assert_eq!(assigned, 1, "28: the assignee does not bounce");
}

#[test]
fn peers_22_the_bots_own_writes_are_no_takeover() {
    let mut scene = Scene::handed_over();
    let task = scene.open_task().unwrap();
    scene.event(Event::Dismissed { user: ANNA });
    scene.run();
    // The CRM echoes our own closing of the task and our own field.
    scene.event(Event::TaskChanged {
        task,
        done: true,
        by: Changer::Unknown,
    });
    scene.event(Event::DealChanged {
        deal: DEAL,
        by: Changer::Unknown,
        field: Some(FieldValue::Bot),
        stage: Some("prepaid".into()),
    });
    scene.run();
    assert!(scene.bot_leads(), "22");
}

#[test]
fn peers_23_31_32_two_messages_in_a_row_are_one_turn() {
    let mut scene = Scene::at_stage("prepaid");
    scene.guest("Есть ли Wi-Fi?", nothing());
    scene.run_reads();
    scene.wait(seconds(5));
    scene.guest("И парковка", nothing());
    scene.burst_ends();
    scene.bot_answers();
    scene.run();
    assert_eq!(scene.delivered(), 1, "23: five seconds apart, one answer");
}

#[test]
fn peers_25_26_a_replayed_delivery_has_no_effect() {
    let mut scene = Scene::handed_over();
    let message = scene.state.unanswered[0].clone();
    let replayed = Event::GuestWrote(GuestMessage {
        id: message.id,
        at: message.at,
        text: None,
        understood: message.understood,
        listed: Listed::default(),
        window_until: None,
    });
    scene.forget();
    for _ in 0..3 {
        scene.event(replayed.clone());
    }
    scene.passes(MINUTE);
    assert_eq!(scene.asked, [], "25, 26");
}

#[test]
fn peers_36_hours_are_no_matter_of_the_bots_answers() {
    let mut scene = Scene::at_stage("prepaid");
    scene.now = EVENING;
    scene.hears("Есть ли Wi-Fi?", nothing());
    scene.answers();
    assert_eq!(
        scene.texts(),
        [(SendKind::Answer, "intro+reply".to_owned())],
        "36: no out-of-office text on top"
    );
}

#[test]
fn peers_37_the_off_hours_text_once_per_waiting() {
    let mut scene = Scene::handed_over();
    scene.wait(EVENING - scene.now);
    scene.forget();
    for _ in 0..5 {
        scene.guest("Алло", nothing());
    }
    assert_eq!(scene.texts().len(), 1, "37");
    scene.wait(DAY);
    scene.guest("Алло", nothing());
    assert_eq!(scene.texts().len(), 1, "37: nor the next evening");
}

#[test]
fn peers_38_hours_follow_the_clock_through_a_change() {
    // Summer time begins on 2027-03-28 at 01:00 UTC; 08:30 and 09:30 by the clock.
    let spring = msk("2027-03-28 04:00");
    for (at, text) in [
        (spring + 5 * HOUR + 30 * MINUTE, "handoff+off_hours"),
        (spring + 6 * HOUR + 30 * MINUTE, HANDOFF),
    ] {
        let mut scene = Scene::at_stage("prepaid");
        scene.zone = Zone {
            transitions: vec![(0, 3_600), (spring, 7_200)],
        };
        scene.now = at;
        scene.hears("Нас будет пятеро", five());
        assert_eq!(scene.texts()[0].1, text, "38");
    }
}

#[test]
fn peers_39_43_what_the_guest_is_promised_has_its_task() {
    let mut unknown = Scene::new_guest();
    unknown.hears("Позовите человека", wants(Intent::HumanRequest));
    assert_eq!(unknown.tasks(), 0, "39: there is no contact to put it on");
    unknown.grace_ends();
    assert_eq!(unknown.tasks(), 1, "39: it is made, with contact and deal");

    let mut refused = Scene::at_stage("new");
    refused.guest("Позовите человека", wants(Intent::HumanRequest));
    refused.burst_ends();
    refused.crm_is_up = false;
    refused.run();
    assert_eq!(refused.open_task(), None, "43: the call failed");
    assert_eq!(refused.due(Timer::FinalTouch), None, "43: no follow-up");
    refused.crm_is_up = true;
    refused.guest("Алло", nothing());
    refused.run();
    assert!(refused.open_task().is_some(), "43: and the task stands");
}

#[test]
fn peers_40_41_the_guest_is_told_of_every_handoff_once() {
    for intent in [
        Intent::HumanRequest,
        Intent::Complaint,
        Intent::PaymentCheck,
        Intent::Urgent,
    ] {
        let mut scene = Scene::talking();
        scene.forget();
        scene.hears("…", wants(intent));
        let kinds: Vec<_> = scene.texts().into_iter().map(|text| text.0).collect();
        assert_eq!(kinds, [SendKind::Handoff], "40, 41: {intent:?}");
        assert_eq!(scene.tasks(), 1, "40: {intent:?}");
    }
}

#[test]
fn peers_42_everything_starts_with_the_bot_and_goes_to_the_one_who_is_responsible() {
    let mut scene = Scene::at_stage("prepaid");
    scene.hears("Есть ли Wi-Fi?", nothing());
    assert!(scene.bot_leads(), "42: not pending from the start");
    let assigned = |a: &Action| {
        matches!(
            a,
            Action::CreateTask {
                assignee: Some(ANNA),
                ..
            }
        )
    };
    assert_eq!(Scene::handed_over().count(assigned), 1, "42");
}

#[test]
fn peers_44_45_every_silence_says_why() {
    let mut led = Scene::talking();
    led.took(ANNA);
    let mut waiting = Scene::handed_over();
    let mut off = Scene::talking().with(|policy| policy.mode = crate::policy::Mode::Off);
    let mut excluded = Scene::talking();
    excluded.listed.excluded = true;
    let mut thanks = Scene::talking();
    for (rule, scene, understood) in [
        ("owner.manager", &mut led, nothing()),
        ("owner.waiting", &mut waiting, nothing()),
        ("mode.off", &mut off, nothing()),
        ("guest.excluded", &mut excluded, nothing()),
        ("thanks", &mut thanks, wants(Intent::ThanksOnly)),
    ] {
        scene.forget();
        let decision = scene.guest("…", understood);
        assert!(scene.traced(rule), "45: {rule}");
        assert!(!decision.trace.is_empty(), "45: {rule}");
    }
    let fired = Scene::handed_over();
    assert!(fired.traced("trigger"), "44: the rule is named");
    let mut moved = Scene::at_stage("new");
    moved.hears("Есть ли места?", nothing());
    moved.moved_by(DEAL, "consulted", Changer::Person(ANNA));
    moved.bot(BotAnswer {
        done: BTreeSet::from([crate::event::BotDone::PaymentLinkSent]),
        ..good()
    });
    let decision = {
        let at = moved
            .pending
            .iter()
            .position(|(_, a)| matches!(a, Action::Send { .. }))
            .unwrap();
        let (key, action) = moved.pending.remove(at);
        let sent = moved.carry_out(&key, &action);
        moved.event(sent)
    };
    let why = decision.trace.iter().find(|c| c.rule == "move.skipped");
    assert_eq!(
        why.map(|check| check.values["why"].as_str()),
        Some("by_hand"),
        "44: the bot moved nothing after the card was moved, and says so with the value"
    );
}

#[test]
fn peers_29_a_bot_that_failed_is_not_mute_for_good() {
    let mut scene = asked();
    scene.run_if(|action| matches!(action, Action::AskBot { .. }));
    scene.run();
    assert_eq!(scene.reason(), Some(ReasonId::BotUnavailable));
    scene.event(Event::ServiceBack {
        service: Service::Bot,
    });
    scene.run();
    assert_eq!(scene.questions(), 2, "29");
}

#[test]
fn peers_42_the_bots_own_reason_reaches_the_manager() {
    let mut scene = asked();
    scene.bot(BotAnswer {
        handoff: Some(BotHandoff {
            reason: Some(ReasonId::ExtraServiceCost),
            note: Some(TextRef(5)),
        }),
        ..good()
    });
    scene.run();
    assert_eq!(scene.reason(), Some(ReasonId::ExtraServiceCost));
    let noted = |a: &Action| {
        matches!(
            a,
            Action::AddNote {
                note: crate::action::Note::Handoff {
                    bot_note: Some(TextRef(5)),
                    ..
                },
                ..
            }
        )
    };
    assert_eq!(scene.count(noted), 1);
}
