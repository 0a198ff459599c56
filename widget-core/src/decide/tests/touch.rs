//! Masterplan, Сценарий 5: the final touch, and what comes after it (BEHAVIOUR §4).

use super::*;
use crate::action::Note;
use crate::policy::Mode;
use crate::time::{DAY, MINUTE};

/// The guest's question at this stage was answered, and the guest says nothing more.
fn silent(stage: &str) -> Scene {
    silent_since(stage, NOON)
}

fn silent_since(stage: &str, at: i64) -> Scene {
    let mut scene = Scene::at_stage(stage);
    scene.now = at;
    scene.hears("Есть ли места на май?", nothing());
    scene.answers();
    scene
}

/// The final touch was sent and accepted.
fn touched(stage: &str) -> Scene {
    let mut scene = silent(stage);
    scene.passes(NOON + DAY - scene.now);
    assert_eq!(touches(&scene).len(), 1, "{stage}");
    scene
}

fn touches(scene: &Scene) -> Vec<String> {
    let texts = scene.texts().into_iter();
    let touches = texts.filter(|(kind, _)| *kind == SendKind::Touch);
    touches.map(|(_, text)| text).collect()
}

#[test]
fn masterplan_5_the_final_touch_is_sent_24_hours_after_the_guests_last_message() {
    let row = "masterplan: Сценарий 5, финальное касание через 24 ч";
    let mut scene = silent("new");
    scene.passes(NOON + DAY - 1 - scene.now);
    assert_eq!(touches(&scene), [] as [&str; 0], "{row}: 23:59:59.999");
    scene.passes(1);
    assert_eq!(touches(&scene), ["touch_consult"], "{row}: 24:00:00");
    let noted = |a: &Action| {
        matches!(
            a,
            Action::AddNote {
                note: Note::Touched { .. },
                ..
            }
        )
    };
    assert_eq!(scene.count(noted), 1, "{row}: the manager reads it");
}

#[test]
fn masterplan_5_the_text_fits_the_stage_and_only_while_booking() {
    for (stage, text) in [
        ("new", Some("touch_consult")),
        ("consulted", Some("touch_consult")),
        ("prebooked", Some("touch_link")),
        ("prepaid", None),
        ("arrival", None),
        ("staying", None),
        ("departure", None),
    ] {
        let mut scene = silent(stage);
        scene.passes(DAY);
        let expected: Vec<_> = text.into_iter().collect();
        assert_eq!(
            touches(&scene),
            expected,
            "masterplan: Сценарий 5, «ситуативное сообщение», {stage}"
        );
    }
}

#[test]
fn behaviour_4_final_touch_counts_from_the_guests_message_not_from_ours() {
    let mut scene = Scene::at_stage("new");
    scene.hears("Есть ли места?", nothing());
    scene.wait(20 * MINUTE);
    scene.answers();
    assert_eq!(scene.due(Timer::FinalTouch), Some(NOON + DAY));
}

#[test]
fn behaviour_4_final_touch_keeps_the_quiet_hours() {
    for (last, due) in [
        ("2026-11-18 19:59", "2026-11-19 19:59"),
        ("2026-11-18 20:00", "2026-11-20 10:00"),
        ("2026-11-18 23:59", "2026-11-20 10:00"),
        ("2026-11-19 00:00", "2026-11-20 10:00"),
        ("2026-11-19 09:59", "2026-11-20 10:00"),
        ("2026-11-19 10:00", "2026-11-20 10:00"),
        ("2026-11-29 21:00", "2026-12-01 10:00"),
        ("2028-02-27 21:00", "2028-02-29 10:00"),
        ("2028-02-28 21:00", "2028-03-01 10:00"),
        ("2027-02-27 21:00", "2027-03-01 10:00"),
        ("2026-12-30 21:00", "2027-01-01 10:00"),
    ] {
        let mut scene = silent_since("new", msk(last));
        assert_eq!(
            scene.due(Timer::FinalTouch),
            Some(msk(due)),
            "BEHAVIOUR §4: final touch, quiet 20–10, last message {last}"
        );
        scene.passes(msk(due) - scene.now);
        assert_eq!(touches(&scene).len(), 1, "{last}");
    }
}

#[test]
fn behaviour_4_final_touch_that_falls_due_in_quiet_hours_waits_for_their_end() {
    let mut scene = silent("new");
    // The CRM did not answer until the evening.
    scene.crm_is_up = false;
    scene.passes(NOON + DAY - scene.now);
    for _ in 0..17 {
        scene.passes(30 * MINUTE);
    }
    assert_eq!(scene.now, msk("2026-11-19 19:30"));
    scene.crm_is_up = true;
    scene.policy.timers.quiet = "19:30-10:00".parse().unwrap();
    scene.passes(30 * MINUTE);
    assert_eq!(touches(&scene), [] as [&str; 0], "quiet by now");
    scene.passes(msk("2026-11-20 10:00") - scene.now);
    assert_eq!(touches(&scene), ["touch_consult"]);
}

#[test]
fn behaviour_4_final_touch_comes_at_23_hours_where_the_channel_closes_after_24() {
    let row = "BEHAVIOUR §4: final touch, 23 h where the provider closes a 24 h window";
    let in_window = |at: &str| {
        let mut scene = Scene::at_stage("new");
        scene.now = msk(at);
        scene.window_until = Some(scene.now + DAY);
        scene.hears("Есть ли места?", nothing());
        scene.answers();
        scene
    };
    let mut scene = in_window("2026-11-18 12:00");
    assert_eq!(
        scene.due(Timer::FinalTouch),
        Some(msk("2026-11-19 11:00")),
        "{row}"
    );
    scene.passes(23 * HOUR);
    assert_eq!(touches(&scene), ["touch_consult"], "{row}");

    let mut night = in_window("2026-11-18 22:00");
    assert_eq!(
        night.due(Timer::FinalTouch),
        None,
        "{row}: quiet until it is closed"
    );
    night.passes(3 * DAY);
    assert_eq!(touches(&night), [] as [&str; 0], "{row}");

    let mut late = in_window("2026-11-18 12:00");
    late.crm_is_up = false;
    late.passes(23 * HOUR);
    late.passes(30 * MINUTE);
    late.crm_is_up = true;
    late.passes(30 * MINUTE);
    assert_eq!(
        touches(&late),
        [] as [&str; 0],
        "{row}: closed when the CRM is back"
    );
}

#[test]
fn behaviour_4_final_touch_never_where_it_would_disturb() {
    let mut person = silent("new");
    person.person(Some(ANNA));
    person.run();
    person.returned(ANNA);
    person.run();

    let mut task = silent("new");
    task.at(DEAL).has_task = true;

    let mut opted_out = silent("new");
    opted_out.guest("Не пишите мне больше", wants(Intent::OptOut));
    opted_out.run();

    let mut declined = silent("new");
    declined.event(Event::TouchDeclined { user: ANNA });
    assert!(declined.traced("touch.declined"));

    let mut waiting = silent("new");
    waiting.hears("Нас пятеро", five());

    let mut led = silent("new");
    led.policy.timers.auto_return_after = crate::policy::Span(5 * DAY);
    led.took(ANNA);

    let mut paid = silent("prebooked");
    paid.moved_by(DEAL, "prepaid", Changer::Robot);

    let mut closed = silent("new");
    closed.moved_by(DEAL, "refused", Changer::Person(ANNA));

    let mut people = silent("new");
    people.policy.mode = Mode::People;

    let mut off = silent("new");
    off.policy.mode = Mode::Off;

    let mut excluded = silent("new");
    excluded.tags = vec!["Без бота".to_owned()];

    let mut unanswered = Scene::at_stage("new");
    unanswered.guest("Спасибо", wants(Intent::ThanksOnly));
    unanswered.run();

    for (row, mut scene) in vec![
        ("a person wrote in the episode", person),
        ("an open task of a person", task),
        ("opt-out", opted_out),
        ("«Не отправлять»", declined),
        ("owner Waiting", waiting),
        ("owner Manager", led),
        ("paid meanwhile", paid),
        ("deal closed", closed),
        ("mode people", people),
        ("mode off", off),
        ("an excluded guest", excluded),
        ("the last word is the guest's", unanswered),
    ] {
        scene.run();
        scene.passes(DAY);
        scene.passes(DAY);
        assert_eq!(
            touches(&scene),
            [] as [&str; 0],
            "BEHAVIOUR §4: final touch, not with {row}"
        );
    }
}

#[test]
fn behaviour_4_final_touch_is_put_off_by_the_guests_next_message() {
    let mut scene = silent("new");
    scene.wait(23 * HOUR);
    scene.hears("А бассейн есть?", nothing());
    let last = scene.now - seconds(4);
    scene.answers();
    assert_eq!(scene.due(Timer::FinalTouch), Some(last + DAY));
    scene.passes(2 * HOUR);
    assert_eq!(touches(&scene), [] as [&str; 0]);
}

#[test]
fn behaviour_3_one_final_touch_per_episode() {
    let mut scene = touched("new");
    scene.hears("Да, думаем", nothing());
    scene.answers();
    assert_eq!(scene.due(Timer::FinalTouch), None);
    scene.passes(DAY - 1);
    assert_eq!(touches(&scene).len(), 1);
}

#[test]
fn behaviour_4_final_touch_declined_while_the_crm_is_read_is_not_sent() {
    let mut scene = silent("new");
    scene.wait(NOON + DAY - scene.now);
    assert!(scene.state.touch_wanted);
    scene.event(Event::TouchDeclined { user: ANNA });
    scene.run();
    scene.passes(DAY);
    assert_eq!(touches(&scene), [] as [&str; 0], "«Не отправлять»");
}

#[test]
fn behaviour_4_final_touch_the_guest_writes_while_the_crm_is_read() {
    let mut scene = silent("new");
    scene.wait(NOON + DAY - scene.now);
    scene.guest("Мы решили!", nothing());
    scene.run();
    assert_eq!(touches(&scene), [] as [&str; 0]);
}

#[test]
fn behaviour_4_final_touch_waits_for_a_crm_that_is_down() {
    let mut scene = silent("new");
    scene.crm_is_up = false;
    scene.passes(NOON + DAY - scene.now);
    assert_eq!(touches(&scene), [] as [&str; 0]);
    assert_eq!(scene.due(Timer::FinalTouch), Some(scene.now + 30 * MINUTE));
    scene.crm_is_up = true;
    scene.passes(30 * MINUTE);
    assert_eq!(touches(&scene), ["touch_consult"]);
}

#[test]
fn behaviour_3_an_episode_does_not_end_while_its_touch_is_pending() {
    let row = "BEHAVIOUR §3: episode, no touch is pending";
    // The touch is put off by the quiet hours: longer than the silence that ends an episode.
    let mut scene = silent_since("new", msk("2026-11-18 21:00"));
    scene.passes(DAY + HOUR);
    assert!(scene.state.episode.is_some(), "{row}: before the touch");
    scene.passes(msk("2026-11-20 10:00") - scene.now);
    assert_eq!(touches(&scene).len(), 1, "{row}");
    scene.passes(2 * DAY - MINUTE);
    assert!(scene.state.episode.is_some(), "{row}: and after it");
    scene.passes(MINUTE);
    scene.passes(MINUTE);
    assert!(scene.state.episode.is_none(), "{row}: then it ends");

    // The CRM takes longer to answer than the bot's answer came after the guest's message.
    let mut slow = silent("new");
    slow.wait(NOON + DAY + MINUTE - slow.now);
    assert!(slow.state.touch_wanted && slow.state.episode.is_some());
    slow.run();
    assert_eq!(touches(&slow).len(), 1, "{row}: a slow CRM loses no touch");
}

#[test]
fn behaviour_4_after_the_touch_early_stages_go_to_refused_with_the_reason() {
    for stage in ["new", "consulted"] {
        let row = format!("BEHAVIOUR §4: after the touch, early stages → «Отказ», {stage}");
        let mut scene = touched(stage);
        let sent = scene.now;
        scene.forget();
        scene.passes(2 * DAY - 1);
        assert_eq!(scene.moves(), [], "{row}: 47:59:59.999");
        scene.passes(1);
        let refused = |action: &Action| {
            matches!(action, Action::MoveDeal { from, to, loss_reason, .. }
                if from.0 == "consulted" && to.0 == "refused" && loss_reason.as_deref() == Some("Не отвечает"))
        };
        assert_eq!(scene.now, sent + 2 * DAY);
        assert_eq!(scene.count(refused), 1, "{row}");
        assert_eq!(scene.contacts(), [], "{row}");
        assert_eq!(scene.at(DEAL).stage, Some("refused".into()), "{row}");
    }
}

#[test]
fn behaviour_4_after_the_touch_prebooked_is_a_task_for_a_person() {
    let row = "BEHAVIOUR §4: after the touch, «Предварительная бронь» → «Связаться»";
    let mut scene = touched("prebooked");
    scene.forget();
    scene.passes(2 * DAY);
    let due = scene
        .policy
        .calendar
        .add_working(scene.now, 4 * HOUR, &moscow());
    assert_eq!(
        scene.contacts(),
        [(ReasonId::NoReply, due, Some(ANNA))],
        "{row}"
    );
    assert_eq!(scene.moves(), [], "{row}");
    assert_eq!(scene.texts(), [], "{row}");
}

#[test]
fn behaviour_4_after_the_touch_what_a_person_touched_is_a_task() {
    let mut moved = touched("new");
    moved.moved_by(DEAL, "new", Changer::Person(ANNA));

    let mut moved_unseen = touched("new");
    moved_unseen.at(DEAL).stage = Some("new".into());

    let mut task = touched("new");
    task.at(DEAL).has_task = true;

    let mut robots = touched("new");
    robots.policy.robot_zone.moves = vec![["consulted".into(), "refused".into()]];

    for (row, mut scene) in [
        ("a person moved the deal", moved),
        ("a person moved the deal, and no hook came", moved_unseen),
        ("a person's task stands on it", task),
        ("the move is the robot's", robots),
    ] {
        scene.forget();
        scene.passes(2 * DAY);
        let row = format!("BEHAVIOUR §4: after the touch, {row}");
        assert_eq!(scene.moves(), [], "{row}");
        let reasons: Vec<_> = scene.contacts().iter().map(|task| task.0).collect();
        assert_eq!(reasons, [ReasonId::NoReply], "{row}");
    }
}

#[test]
fn behaviour_4_after_the_touch_nothing_when_it_was_answered_or_settled() {
    let mut answered = touched("new");
    answered.hears("Да, берём", nothing());
    answered.answers();

    let mut taken = touched("new");
    taken.took(ANNA);
    taken.run();
    taken.returned(ANNA);

    let mut paid = touched("prebooked");
    paid.at(DEAL).stage = Some("prepaid".into());

    let mut closed = touched("new");
    closed.at(DEAL).closed = true;
    closed.at(DEAL).stage = Some("refused".into());

    let mut off = touched("new");
    off.policy.mode = Mode::Off;

    for (row, mut scene) in [
        ("the guest answered", answered),
        ("a person took the dialog", taken),
        ("paid meanwhile", paid),
        ("closed meanwhile", closed),
        ("mode off", off),
    ] {
        scene.run();
        scene.forget();
        scene.passes(2 * DAY);
        scene.passes(DAY);
        assert_eq!(
            (scene.moves().len(), scene.contacts().len()),
            (0, 0),
            "{row}"
        );
    }
}

#[test]
fn behaviour_4_after_the_touch_waits_for_a_crm_that_is_down() {
    let mut scene = touched("new");
    scene.crm_is_up = false;
    scene.passes(2 * DAY);
    assert_eq!(scene.moves().len(), 1, "only the one of the consultation");
    scene.crm_is_up = true;
    scene.passes(30 * MINUTE);
    assert_eq!(scene.at(DEAL).stage, Some("refused".into()));
}

#[test]
fn masterplan_refused_who_writes_after_the_touch_begins_anew() {
    let mut scene = touched("new");
    scene.passes(2 * DAY);
    scene.at(DEAL).closed = true;
    scene.passes(HOUR);
    scene.hears("Мы надумали", nothing());
    scene.answers();
    scene.grace_ends();
    assert_eq!(scene.new_deals(), 1, "masterplan: этап «Отказ»");
    assert_eq!(scene.at(DEAL).stage, Some("refused".into()));
    assert_eq!(scene.state.episodes, 2);
}

#[test]
fn behaviour_1_a_touch_that_fails_for_good_is_a_persons_and_does_not_follow_up() {
    let mut scene = silent("new");
    scene.wait(NOON + DAY - scene.now);
    scene.run_reads();
    scene.send_fails(Failure::Refused);
    assert_eq!(scene.reason(), Some(ReasonId::SendFailed));
    assert_eq!(scene.due(Timer::AfterTouch), None);
}

#[test]
fn masterplan_3_a_manager_who_takes_stops_a_touch_on_its_way() {
    let mut scene = silent("new");
    scene.wait(NOON + DAY - scene.now);
    scene.run_reads();
    scene.took(ANNA);
    let before = scene.delivered();
    scene.run();
    assert_eq!(scene.delivered(), before, "promise 1, one voice");
    assert!(scene.traced("send.fenced"));
}

#[test]
fn behaviour_4_after_the_touch_is_not_awaited_when_somebody_spoke_before_the_touch_was_known_to_have_left()
 {
    type Meanwhile = (&'static str, fn(&mut Scene));
    let rows: [Meanwhile; 3] = [
        ("the guest wrote", |scene| {
            scene.guest("Мы решили!", nothing());
        }),
        ("a person took the dialog", |scene| {
            scene.took(ANNA);
        }),
        ("the guest wants no more", |scene| {
            scene.guest("Не пишите мне", wants(Intent::OptOut));
        }),
    ];
    for (row, meanwhile) in rows {
        let mut scene = silent("new");
        scene.wait(NOON + DAY - scene.now);
        scene.run_reads();
        let is_touch = |(_, action): &(ActionKey, Action)| {
            matches!(
                action,
                Action::Send {
                    kind: SendKind::Touch,
                    ..
                }
            )
        };
        let at = scene.pending.iter().position(is_touch).unwrap();
        let (key, action) = scene.pending.remove(at);
        let left = scene.carry_out(&key, &action);
        scene.wait(seconds(1));
        meanwhile(&mut scene);
        scene.event(left);
        assert_eq!(scene.due(Timer::AfterTouch), None, "{row}");
    }
}

#[test]
fn behaviour_3_an_episode_does_not_end_while_a_text_is_on_its_way() {
    let mut scene = silent("new");
    scene.wait(NOON + DAY - scene.now);
    scene.run_reads();
    scene.wait(DAY);
    assert!(scene.state.episode.is_some(), "the touch is on its way");
    scene.run();
    assert!(scene.due(Timer::AfterTouch).is_some());
}
