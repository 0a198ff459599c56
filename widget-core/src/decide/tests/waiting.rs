//! BEHAVIOUR §1 and §4: reminder and escalation of a guest who waits (masterplan: «Риски», менеджеры забывают).

use super::*;
use crate::hours::Hours;
use crate::time::{DAY, Date, MINUTE};
use std::collections::BTreeMap;

/// Handed over at this moment in Moscow, with somebody to escalate to.
fn handed_over_at(moment: &str) -> Scene {
    waits_since(msk(moment))
}

fn waits_since(at: i64) -> Scene {
    waits_in(at, moscow(), |_| {})
}

fn waits_in(at: i64, zone: Zone, change: impl FnOnce(&mut Policy)) -> Scene {
    let mut scene = Scene::at_stage("prepaid").with(change);
    scene.policy.tasks.escalate_to = Some(IGOR);
    scene.zone = zone;
    scene.policy.timers.burst_quiet = crate::policy::Span(0);
    scene.now = at;
    scene.guest("Нас будет пятеро", five());
    scene.run_reads();
    scene.wait(0);
    scene.run();
    assert_eq!(scene.reason(), Some(ReasonId::GuestsOver4));
    assert_eq!(scene.now, at);
    scene.forget();
    scene
}

#[test]
fn behaviour_1_reminder_due_in_waiting_shows_in_the_cards_and_tells_the_guest_nothing() {
    let row = "BEHAVIOUR §1: reminder due";
    let mut scene = handed_over_at("2026-11-18 11:00");
    scene.passes(15 * MINUTE - 1);
    assert!(!scene.state.handoff.as_ref().unwrap().reminded, "{row}");
    scene.passes(1);
    assert!(scene.state.handoff.as_ref().unwrap().reminded, "{row}");
    assert!(scene.traced("waiting.reminder"), "{row}");
    assert_eq!(scene.writes(), [] as [&str; 0], "{row}: never a text");
    scene.passes(30 * MINUTE);
    assert_eq!(scene.due(Timer::WaitingReminder), None, "{row}: once");
}

#[test]
fn behaviour_1_escalation_due_in_waiting_is_one_task_for_escalate_to() {
    let row = "BEHAVIOUR §1: escalation due";
    let mut scene = handed_over_at("2026-11-18 11:00");
    scene.passes(HOUR - 1);
    assert_eq!(scene.contacts(), [], "{row}: 59:59");
    scene.passes(1);
    let due = scene.now + 4 * HOUR;
    assert_eq!(
        scene.contacts(),
        [(ReasonId::GuestsOver4, due, Some(IGOR))],
        "{row}"
    );
    assert_eq!(scene.texts(), [], "{row}: never a text to the guest");
    scene.passes(DAY);
    assert_eq!(scene.contacts().len(), 1, "{row}: once");
}

#[test]
fn behaviour_1_reminder_and_escalation_not_in_bot_or_manager() {
    for (row, back) in [("Manager", false), ("Bot", true)] {
        let mut scene = handed_over_at("2026-11-18 11:00");
        scene.person(Some(ANNA));
        if back {
            scene.returned(ANNA);
        }
        scene.run();
        scene.forget();
        scene.passes(39 * MINUTE);
        assert!(!scene.traced("waiting.reminder"), "{row}");
        scene.passes(21 * MINUTE);
        assert_eq!(scene.contacts(), [], "BEHAVIOUR §1: escalation in {row}");
    }
}

#[test]
fn behaviour_4_escalation_without_anybody_named_is_none() {
    let mut scene = Scene::handed_over();
    assert_eq!(scene.due(Timer::WaitingEscalation), None);
    scene.passes(DAY);
    assert_eq!(scene.contacts(), []);
}

#[test]
fn behaviour_4_waiting_stands_still_off_hours() {
    for (since, reminder, escalation) in [
        ("2026-11-18 08:59", "2026-11-18 09:15", "2026-11-18 10:00"),
        ("2026-11-18 09:00", "2026-11-18 09:15", "2026-11-18 10:00"),
        ("2026-11-18 17:45", "2026-11-18 18:00", "2026-11-19 09:45"),
        ("2026-11-18 17:59", "2026-11-19 09:14", "2026-11-19 09:59"),
        ("2026-11-18 18:00", "2026-11-19 09:15", "2026-11-19 10:00"),
        ("2026-11-18 23:59", "2026-11-19 09:15", "2026-11-19 10:00"),
        ("2026-11-19 00:00", "2026-11-19 09:15", "2026-11-19 10:00"),
        // Month ends, a leap day, a year without one.
        ("2026-11-30 17:50", "2026-12-01 09:05", "2026-12-01 09:50"),
        ("2028-02-28 17:50", "2028-02-29 09:05", "2028-02-29 09:50"),
        ("2028-02-29 18:00", "2028-03-01 09:15", "2028-03-01 10:00"),
        ("2027-02-28 18:00", "2027-03-01 09:15", "2027-03-01 10:00"),
        // The eve of the New Year ends at 15:00; 1 and 2 January are closed.
        ("2026-12-31 14:50", "2027-01-03 09:05", "2027-01-03 09:50"),
        ("2026-12-31 15:00", "2027-01-03 09:15", "2027-01-03 10:00"),
        ("2027-01-01 12:00", "2027-01-03 09:15", "2027-01-03 10:00"),
    ] {
        let scene = handed_over_at(since);
        let row = "BEHAVIOUR §4: waiting reminder, escalation";
        assert_eq!(
            scene.due(Timer::WaitingReminder),
            Some(msk(reminder)),
            "{row}, since {since}"
        );
        assert_eq!(
            scene.due(Timer::WaitingEscalation),
            Some(msk(escalation)),
            "{row}, since {since}"
        );
    }
}

#[test]
fn masterplan_2_the_hours_text_at_the_boundaries_of_the_day() {
    for (at, text) in [
        ("2026-11-18 08:59", "handoff+off_hours"),
        ("2026-11-18 09:00", HANDOFF),
        ("2026-11-18 17:59", HANDOFF),
        ("2026-11-18 18:00", "handoff+off_hours"),
        ("2026-12-31 14:59", HANDOFF),
        ("2026-12-31 15:00", "handoff+off_hours"),
        ("2027-01-01 12:00", "handoff+off_hours"),
        ("2027-01-02 12:00", "handoff+off_hours"),
        ("2027-01-03 12:00", HANDOFF),
    ] {
        let mut scene = Scene::at_stage("prepaid");
        scene.policy.timers.burst_quiet = crate::policy::Span(0);
        scene.now = msk(at);
        scene.guest("Нас будет пятеро", five());
        scene.run_reads();
        scene.wait(0);
        assert_eq!(
            scene.texts(),
            [(SendKind::Handoff, text.to_owned())],
            "masterplan: Сценарий 2, рабочее время, {at}"
        );
    }
}

/// Berlin: to summer time on 2027-03-28 at 01:00 UTC, back on 2027-10-31 at 01:00 UTC.
fn berlin() -> Zone {
    let day = |year, month, day| Date { year, month, day }.day_number() * DAY + HOUR;
    Zone {
        transitions: vec![
            (0, 3_600),
            (day(2027, 3, 28), 7_200),
            (day(2027, 10, 31), 3_600),
        ],
    }
}

#[test]
fn behaviour_4_waiting_over_a_change_of_the_clocks() {
    let utc = |text: &str| msk(text) + 3 * HOUR;
    for (row, since, reminder) in [
        // 18:00 on Saturday is 17:00 UTC in winter; 09:15 on Sunday is 07:15 UTC in summer.
        ("spring", "2027-03-27 17:00", "2027-03-28 07:15"),
        // 18:00 on Saturday is 16:00 UTC in summer; 09:15 on Sunday is 08:15 UTC in winter.
        ("autumn", "2027-10-30 16:00", "2027-10-31 08:15"),
    ] {
        let scene = waits_in(utc(since), berlin(), |_| {});
        assert_eq!(
            scene.due(Timer::WaitingReminder),
            Some(utc(reminder)),
            "{row}"
        );
    }
    // Working through the night of the change: the span is as long as it is.
    let night: Vec<Hours> = vec!["00:00-24:00".parse().unwrap()];
    for (row, since) in [
        ("spring", "2027-03-28 00:30"),
        ("autumn", "2027-10-31 00:30"),
    ] {
        let all_day = |policy: &mut Policy| {
            policy.calendar.week = std::array::from_fn(|_| night.clone());
            policy.calendar.special = BTreeMap::new();
        };
        let scene = waits_in(utc(since), berlin(), all_day);
        assert_eq!(
            scene.due(Timer::WaitingEscalation),
            Some(utc(since) + HOUR),
            "{row}"
        );
    }
}

#[test]
fn behaviour_1_take_undone_keeps_since_and_the_timers() {
    let mut scene = handed_over_at("2026-11-18 11:00");
    let timers = scene.state.timers.clone();
    scene.wait(5 * MINUTE);
    scene.event(Event::CardOpened {
        user: ANNA,
        responsible: true,
    });
    assert_eq!(scene.due(Timer::WaitingReminder), None);
    scene.wait(MINUTE);
    scene.event(Event::TakeUndone { user: ANNA });
    for timer in [Timer::WaitingReminder, Timer::WaitingEscalation] {
        assert_eq!(scene.due(timer), Some(timers[&timer].due), "{timer:?}");
    }
    // What fell due meanwhile is made up for at once.
    scene.event(Event::CardOpened {
        user: IGOR,
        responsible: true,
    });
    scene.wait(10 * MINUTE);
    scene.event(Event::TakeUndone { user: IGOR });
    scene.passes(0);
    assert!(scene.traced("waiting.reminder"));
}

#[test]
fn behaviour_1_auto_return_never_answered_is_one_escalation() {
    let row = "BEHAVIOUR §1: auto-return, never answered";
    let mut scene = handed_over_at("2026-11-18 11:00");
    scene.took(ANNA);
    scene.run();
    scene.passes(40 * MINUTE);
    assert_eq!(scene.reason(), Some(ReasonId::GuestsOver4), "{row}");
    assert_eq!(scene.contacts().len(), 1, "{row}");
    scene.passes(DAY);
    assert_eq!(
        scene.contacts().len(),
        1,
        "{row}: one, though an hour of waiting has passed"
    );
    assert_eq!(scene.texts(), [], "{row}: no text");
    assert!(
        scene.traced("waiting.reminder"),
        "{row}: the responsible is reminded that the guest waits again"
    );
}

#[test]
fn behaviour_1_deal_closed_in_waiting_is_one_escalation() {
    let mut scene = handed_over_at("2026-11-18 11:00");
    scene.moved_by(DEAL, "refused", Changer::Person(ANNA));
    scene.run();
    scene.passes(DAY);
    assert_eq!(
        scene.reason(),
        Some(ReasonId::GuestsOver4),
        "the guest stays"
    );
    assert_eq!(
        scene.contacts().len(),
        1,
        "BEHAVIOUR §1: deal closed in Waiting"
    );
}

#[test]
fn behaviour_4_an_escalation_waits_for_the_deal_that_is_being_made() {
    let mut scene = Scene::new_guest().with(|policy| policy.tasks.escalate_to = Some(IGOR));
    scene.hears("Нас будет пятеро", five());
    scene.crm_is_up = false;
    for _ in 0..62 {
        scene.passes(MINUTE);
    }
    assert_eq!(scene.contacts(), [], "there is no deal to put it on");
    scene.crm_is_up = true;
    for _ in 0..5 {
        scene.passes(MINUTE);
    }
    assert_eq!(scene.contacts().len(), 1);
}

#[test]
fn promise_4_in_doubt_a_person_a_deal_that_the_crm_refused_is_tried_again() {
    let mut scene = Scene::new_guest().with(|policy| policy.tasks.escalate_to = Some(IGOR));
    scene.contact = Some(CONTACT);
    scene.hears("Нас будет пятеро", five());
    scene.wait(seconds(5));
    scene.run();
    scene.wait(seconds(15));
    scene.run_reads();
    let (key, action) = scene.pending.remove(
        scene
            .pending
            .iter()
            .position(|(_, a)| matches!(a, Action::CreateDeal { .. }))
            .unwrap(),
    );
    scene.event(failed(&key, &action, Failure::Refused));
    assert_eq!((scene.state.deal, scene.tasks()), (None, 0));
    for _ in 0..7 {
        scene.passes(20 * MINUTE);
    }
    assert_eq!(
        (scene.tasks(), scene.contacts().len()),
        (1, 1),
        "both tasks stand in the end"
    );
}

#[test]
fn behaviour_4_auto_return_runs_over_a_change_of_the_clocks_and_midnight() {
    let utc = |text: &str| msk(text) + 3 * HOUR;
    for (row, taken) in [
        ("midnight", "2026-11-18 23:30"),
        ("spring", "2027-03-28 00:45"),
        ("autumn", "2027-10-31 00:45"),
        ("New Year", "2026-12-31 23:45"),
        ("leap day", "2028-02-28 23:40"),
    ] {
        let mut scene = Scene::talking();
        scene.zone = berlin();
        scene.wait(utc(taken) - scene.now);
        scene.person(Some(ANNA));
        scene.passes(40 * MINUTE - 1);
        assert!(scene.led_by(ANNA), "{row}: 39:59");
        scene.passes(1);
        assert!(scene.bot_leads(), "{row}: 40:00");
    }
}

#[test]
fn behaviour_1_send_reported_undelivered_later() {
    let row = "BEHAVIOUR §1: later status error";
    let undelivered = |scene: &mut Scene| {
        let ours = |m: &&crate::dialog::SeenMessage| m.from == crate::dialog::From::Bot;
        let last = scene.state.recent.iter().rev().find(ours).unwrap();
        let message = last.id.clone();
        scene.forget();
        scene.event(Event::DeliveryFailed { message });
        scene.run();
    };
    let noted = |action: &Action| {
        matches!(
            action,
            Action::AddNote {
                note: crate::action::Note::Undelivered { .. },
                ..
            }
        )
    };
    let mut bot = Scene::talking();
    undelivered(&mut bot);
    assert_eq!(bot.reason(), Some(ReasonId::SendFailed), "{row}, in Bot");
    assert_eq!((bot.count(noted), bot.tasks()), (1, 1), "{row}, in Bot");

    let mut waiting = Scene::handed_over();
    undelivered(&mut waiting);
    assert_eq!(waiting.reason(), Some(ReasonId::GuestsOver4), "{row}");
    assert_eq!(waiting.writes(), ["add_note"], "{row}, in Waiting: alert");

    let mut led = Scene::talking();
    led.took(ANNA);
    led.run();
    undelivered(&mut led);
    assert!(led.led_by(ANNA), "{row}, in Manager");
    assert_eq!(led.writes(), ["add_note"], "{row}, in Manager: alert");

    let mut foreign = Scene::talking();
    foreign.forget();
    foreign.event(Event::DeliveryFailed {
        message: "nobody's".into(),
    });
    assert_eq!(foreign.writes(), [] as [&str; 0], "{row}: not ours");
}

#[test]
fn promise_4_in_doubt_a_person_an_event_that_cannot_be_read() {
    let mut bot = Scene::talking();
    bot.event(Event::Unreadable);
    assert_eq!(bot.reason(), Some(ReasonId::EventUnreadable));
    let mut led = Scene::talking();
    led.took(ANNA);
    led.event(Event::Unreadable);
    assert!(led.led_by(ANNA));
}

#[test]
fn behaviour_4_waiting_at_opening_one_list_task_names_how_many() {
    let mut scene = Scene::handed_over().with(|policy| policy.tasks.escalate_to = Some(IGOR));
    scene.forget();
    scene.event(Event::DayOpened { waiting: 3 });
    let listed = |action: &Action| {
        matches!(action, Action::CreateTask { kind: TaskKind::Contact, assignee: Some(IGOR), text, .. }
            if text.reason.id == ReasonId::MorningList && text.reason.values["n"] == "3")
    };
    assert_eq!(scene.count(listed), 1);
    scene.took(ANNA);
    scene.event(Event::DayOpened { waiting: 2 });
    assert_eq!(
        scene.count(|action| matches!(action, Action::CreateTask { .. })),
        1
    );
}

#[test]
fn promise_4_in_doubt_a_person_a_task_that_could_not_be_made_is_made_with_the_escalation() {
    let mut scene = Scene::at_stage("prepaid").with(|policy| policy.tasks.escalate_to = Some(IGOR));
    scene.guest("Нас будет пятеро", five());
    scene.burst_ends();
    scene.crm_is_up = false;
    scene.run();
    scene.crm_is_up = true;
    assert_eq!((scene.open_task(), scene.tasks()), (None, 1));
    scene.passes(HOUR);
    assert!(scene.open_task().is_some());
    assert_eq!((scene.tasks(), scene.contacts().len()), (2, 1));
}

#[test]
fn promise_4_in_doubt_a_person_an_escalation_that_did_not_reach_the_crm_is_made_again() {
    let mut scene = handed_over_at("2026-11-18 11:00");
    scene.crm_is_up = false;
    scene.passes(HOUR);
    assert_eq!(scene.contacts().len(), 1);
    scene.crm_is_up = true;
    scene.passes(30 * MINUTE - 1);
    assert_eq!(scene.contacts().len(), 1, "not at once");
    scene.passes(1);
    assert_eq!(scene.contacts().len(), 2);
    scene.passes(DAY);
    assert_eq!(scene.contacts().len(), 2, "once it is there, no more");
}

#[test]
fn promise_4_in_doubt_a_person_an_escalation_is_made_again_only_while_the_guest_waits() {
    let mut scene = handed_over_at("2026-11-18 11:00");
    scene.crm_is_up = false;
    scene.passes(HOUR);
    scene.crm_is_up = true;
    scene.person(Some(ANNA));
    scene.passes(39 * MINUTE);
    assert_eq!(scene.contacts().len(), 1);
}

#[test]
fn promise_3_nothing_twice_an_escalation_that_the_crm_refuses_is_not_made_again() {
    let mut scene = handed_over_at("2026-11-18 11:00");
    scene.wait(HOUR);
    let (key, action) = scene.pending.pop().expect("the escalation");
    scene.event(failed(&key, &action, Failure::Refused));
    scene.passes(DAY);
    assert_eq!(scene.contacts().len(), 1);
}

#[test]
fn promise_4_in_doubt_a_person_a_lead_without_an_answer_or_a_deal_is_escalated_once_there_is_a_deal()
 {
    let mut scene = handed_over_at("2026-11-18 11:00");
    scene.took(ANNA);
    scene.run();
    scene.deals.clear();
    scene.event(Event::DealChanged {
        deal: DEAL,
        by: Changer::Unknown,
        field: None,
        stage: None,
    });
    scene.run();
    assert_eq!(scene.state.deal, None);
    scene.passes(40 * MINUTE);
    assert_eq!(scene.reason(), Some(ReasonId::GuestsOver4));
    for _ in 0..3 {
        scene.passes(MINUTE);
    }
    assert!(scene.state.deal.is_some());
    assert_eq!(scene.contacts().len(), 1);
    scene.passes(HOUR);
    assert_eq!(scene.contacts().len(), 1, "once");
}
