//! BEHAVIOUR §3, urgent: health, leak, fire, locked out, stranded; at any hour.

use super::*;
use crate::time::{DAY, MINUTE};

const NIGHT: &str = "2026-11-18 03:00";

fn on_duty() -> Scene {
    Scene::at_stage("staying").with(|policy| {
        policy.tasks.duty_user = Some(IGOR);
        policy.tasks.escalate_to = Some(UserId(9004));
        policy.tasks.duty_phone = Some("+7 900 000-00-09".to_owned());
    })
}

fn urgent() -> Understood {
    wants(Intent::Urgent)
}

/// The «WhatsApp» tasks: when due, for whom.
fn whatsapp(scene: &Scene) -> Vec<(i64, Option<UserId>)> {
    let asked = scene.asked.iter();
    let tasks = asked.filter_map(|action| match action {
        Action::CreateTask {
            kind: TaskKind::Whatsapp,
            due_at,
            assignee,
            ..
        } => Some((*due_at, *assignee)),
        _ => None,
    });
    tasks.collect()
}

#[test]
fn behaviour_3_urgent_in_bot_at_any_hour() {
    for at in [NIGHT, "2026-11-18 11:00", "2027-01-01 12:00"] {
        let row = format!("BEHAVIOUR §3: urgent, {at}");
        let mut scene = on_duty();
        scene.now = msk(at);
        scene.hears("Прорвало трубу", urgent());
        assert_eq!(scene.reason(), Some(ReasonId::Urgent), "{row}");
        assert_eq!(
            scene.texts(),
            [(SendKind::Handoff, "urgent".to_owned())],
            "{row}: the duty phone, nothing of hours"
        );
        let handed_over = scene.now;
        assert_eq!(
            whatsapp(&scene),
            [(handed_over, Some(IGOR))],
            "{row}: due now, for whoever is on duty"
        );
        scene.passes(5 * MINUTE - 1);
        assert_eq!(scene.contacts(), [], "{row}: 4:59");
        scene.passes(1);
        let escalated: Vec<_> = scene.contacts().iter().map(|t| (t.0, t.2)).collect();
        assert_eq!(
            escalated,
            [(ReasonId::Urgent, Some(UserId(9004)))],
            "{row}: escalation after 5 min"
        );
    }
}

#[test]
fn behaviour_3_urgent_comes_before_every_other_trigger() {
    let mut scene = on_duty();
    let understood = Understood {
        intents: BTreeSet::from([
            Intent::Urgent,
            Intent::HumanRequest,
            Intent::Complaint,
            Intent::PaidNotice,
        ]),
        ..five()
    };
    scene.hears("Пожар! Позовите людей", understood);
    assert_eq!(scene.reason(), Some(ReasonId::Urgent));
}

#[test]
fn behaviour_3_urgent_without_a_duty_phone_says_the_usual_and_is_due_now_all_the_same() {
    let mut scene = on_duty();
    scene.policy.tasks.duty_phone = None;
    scene.now = msk(NIGHT);
    scene.hears("Прорвало трубу", urgent());
    assert_eq!(
        scene.texts(),
        [(SendKind::Handoff, "handoff+off_hours".to_owned())]
    );
    assert_eq!(whatsapp(&scene), [(scene.now, Some(IGOR))]);

    let mut nobody = on_duty();
    nobody.policy.tasks.duty_user = None;
    nobody.hears("Прорвало трубу", urgent());
    assert_eq!(whatsapp(&nobody)[0].1, Some(ANNA), "else the responsible");
}

#[test]
fn behaviour_3_urgent_while_waiting_does_not_wait() {
    let row = "BEHAVIOUR §3: urgent, in Waiting";
    let mut scene = on_duty();
    scene.now = msk(NIGHT);
    scene.hears("Нас будет пятеро", five());
    scene.forget();
    scene.wait(HOUR);
    scene.guest("Прорвало трубу", urgent());
    scene.run();
    assert_eq!(
        scene.contacts(),
        [(ReasonId::Urgent, scene.now, Some(IGOR))],
        "{row}: due now, for whoever is on duty"
    );
    assert_eq!(
        scene.texts(),
        [(SendKind::Ack, "urgent".to_owned())],
        "{row}: the duty phone, and not the hours once more"
    );
    assert_eq!(scene.rewrites(), 1, "{row}: the task names it");
    assert_eq!(
        scene.reason(),
        Some(ReasonId::GuestsOver4),
        "{row}: the owner stays"
    );
    scene.passes(5 * MINUTE);
    let escalated: Vec<_> = scene.contacts().iter().map(|t| t.2).collect();
    assert_eq!(
        escalated,
        [Some(IGOR), Some(UserId(9004))],
        "{row}: escalation after 5 min"
    );
}

#[test]
fn behaviour_3_urgent_is_raised_once_until_somebody_answers() {
    let mut waiting = on_duty();
    waiting.hears("Прорвало трубу", urgent());
    waiting.forget();
    waiting.guest("Вода уже в коридоре, срочно!", urgent());
    waiting.guest("Ау!", urgent());
    waiting.run();
    assert_eq!(
        (waiting.contacts().len(), waiting.texts().len()),
        (0, 0),
        "its task stands already"
    );
    assert!(waiting.rewrites() > 0, "and names each message");

    let mut led = on_duty();
    led.hears("Есть ли Wi-Fi?", nothing());
    led.took(ANNA);
    led.run();
    led.forget();
    led.guest("Прорвало трубу", urgent());
    led.guest("Срочно!", urgent());
    assert_eq!(led.contacts().len(), 1);
    led.person(Some(ANNA));
    led.guest("Опять прорвало", urgent());
    assert_eq!(led.contacts().len(), 2, "anew after an answer");
}

#[test]
fn behaviour_3_urgent_while_a_manager_leads() {
    let row = "BEHAVIOUR §3: urgent, in Manager";
    let mut scene = on_duty();
    scene.hears("Есть ли Wi-Fi?", nothing());
    scene.took(ANNA);
    scene.run();
    scene.now = msk("2026-11-18 23:00");
    scene.forget();
    scene.guest("Прорвало трубу", urgent());
    scene.run();
    assert_eq!(
        scene.contacts(),
        [(ReasonId::Urgent, scene.now, Some(IGOR))],
        "{row}"
    );
    assert_eq!(scene.texts(), [], "{row}: no text of ours");
    assert!(scene.led_by(ANNA), "{row}");
}

#[test]
fn behaviour_3_urgent_while_waiting_for_a_deal_makes_its_task_the_urgent_one() {
    let mut scene = on_duty();
    scene.deals.clear();
    scene.contact = None;
    scene.now = msk(NIGHT);
    scene.hears("Нас будет пятеро", five());
    scene.guest("Прорвало трубу", urgent());
    scene.run();
    scene.grace_ends();
    let tasks = whatsapp(&scene);
    assert_eq!(tasks.len(), 1);
    assert_eq!(tasks[0].1, Some(IGOR), "for whoever is on duty");
    assert!(tasks[0].0 <= scene.now, "due now, in the night");
}

#[test]
fn behaviour_3_urgent_is_urgent_when_the_crm_is_down_or_the_message_came_late() {
    let mut down = on_duty();
    down.crm_is_up = false;
    down.now = msk(NIGHT);
    down.guest("Прорвало трубу", urgent());
    down.wait(seconds(4));
    down.run();
    assert_eq!(down.reason(), Some(ReasonId::Urgent), "CRM down");
    assert_eq!(down.texts()[0].1, "urgent");

    let mut late = on_duty();
    late.guest_at("Прорвало трубу", urgent(), NOON - HOUR);
    late.burst_ends();
    late.run();
    assert_eq!(late.reason(), Some(ReasonId::Urgent), "found late");
}

#[test]
fn behaviour_1_responsible_changed_the_urgent_task_stays_with_whoever_is_on_duty() {
    let mut scene = on_duty();
    scene.hears("Прорвало трубу", urgent());
    scene.forget();
    scene.at(DEAL).responsible = Some(UserId(9005));
    scene.event(Event::DealChanged {
        deal: DEAL,
        by: Changer::Robot,
        field: None,
        stage: None,
    });
    scene.run();
    let elsewhere = |a: &Action| matches!(a, Action::AssignTask { to, .. } if *to != IGOR);
    assert_eq!(scene.count(elsewhere), 0);
}

#[test]
fn behaviour_3_a_trigger_has_its_own_due_time() {
    for (intent, due) in [
        (Intent::Complaint, 15 * MINUTE),
        (Intent::HumanRequest, 30 * MINUTE),
    ] {
        let mut scene = on_duty();
        scene.hears("…", wants(intent));
        assert_eq!(
            whatsapp(&scene),
            [(scene.now + due, Some(ANNA))],
            "{intent:?}"
        );
    }
    let mut evening = on_duty();
    evening.now = EVENING;
    evening.hears("Жалоба", wants(Intent::Complaint));
    assert_eq!(
        whatsapp(&evening)[0].0,
        msk("2026-11-19 09:15"),
        "of working time"
    );
    evening.passes(DAY);
}

#[test]
fn behaviour_3_urgent_comes_before_a_bot_that_fails() {
    let mut scene = on_duty();
    scene.now = msk("2026-11-18 23:00");
    scene.guest("Есть ли Wi-Fi?", nothing());
    scene.burst_ends();
    // Too late to ask the bot anew: the answer under way goes out first.
    scene.wait(35_000);
    scene.guest("Ребёнку плохо!", urgent());
    let turn = scene.state.turn.clone().unwrap().id;
    scene.event(Event::BotFailed { turn });
    scene.run();
    assert_eq!(
        scene.reason(),
        Some(ReasonId::Urgent),
        "BEHAVIOUR §3: urgent"
    );
    assert_eq!(whatsapp(&scene), [(scene.now, Some(IGOR))]);
}

#[test]
fn behaviour_3_urgent_keeps_the_bots_own_words_for_the_manager() {
    let mut scene = on_duty();
    scene.guest("Есть ли Wi-Fi?", nothing());
    scene.burst_ends();
    scene.wait(35_000);
    scene.guest("Ребёнку плохо!", urgent());
    scene.bot(BotAnswer {
        handoff: Some(crate::event::BotHandoff {
            reason: None,
            note: Some(TextRef(88)),
        }),
        ..good()
    });
    assert_eq!(scene.reason(), Some(ReasonId::Urgent));
    let told = |action: &Action| {
        matches!(
            action,
            Action::AddNote {
                note: crate::action::Note::Handoff {
                    bot_note: Some(TextRef(88)),
                    ..
                },
                ..
            }
        )
    };
    assert_eq!(scene.count(told), 1);
}
