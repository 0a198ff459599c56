//! BEHAVIOUR §1: who leads. (Who becomes owner by which signal is also tabled in [`crate::owner`].)

use super::*;
use crate::policy::{OnTaskDone, TakeOnOpen};
use crate::time::MINUTE;
use crate::understand::AttachmentKind;

#[test]
fn behaviour_1_guest_wrote_in_bot_is_collected_then_the_crm_is_read_then_routed() {
    let mut scene = Scene::at_stage("prepaid");
    scene.guest("Есть ли Wi-Fi?", nothing());
    assert!(matches!(scene.asked[..], [Action::ReadCrm]), "read ahead");
    assert!(scene.state.timers.contains_key(&Timer::Burst));
    scene.burst_ends();
    assert_eq!(scene.questions(), 1);
}

#[test]
fn behaviour_1_guest_wrote_in_waiting_sets_the_task_anew_and_nothing_else() {
    let mut scene = Scene::handed_over();
    scene.forget();
    scene.guest("И ещё нужен трансфер", nothing());
    scene.run();
    assert!(matches!(
        &scene.asked[..],
        [Action::SetTaskText { text, .. }] if text.messages.len() == 2
    ));
    assert_eq!(scene.reason(), Some(ReasonId::GuestsOver4));
}

#[test]
fn behaviour_1_guest_wrote_in_waiting_off_hours_gets_one_text_per_span() {
    let mut scene = Scene::handed_over();
    scene.wait(EVENING - scene.now);
    scene.forget();
    scene.guest("Ответьте, пожалуйста", nothing());
    scene.guest("Алло", nothing());
    assert_eq!(scene.texts(), [(SendKind::Hours, "off_hours".to_owned())]);
}

#[test]
fn behaviour_1_guest_told_off_hours_by_the_handoff_is_not_told_again() {
    let mut scene = Scene::at_stage("prepaid");
    scene.now = EVENING;
    scene.guest("Нас будет пятеро", five());
    scene.burst_ends();
    scene.run();
    scene.guest("Алло", nothing());
    assert_eq!(
        scene.texts(),
        [(SendKind::Handoff, "handoff+off_hours".to_owned())]
    );
}

#[test]
fn behaviour_1_guest_requeued_without_a_text_is_told_off_hours_once() {
    let mut scene = Scene::talking();
    scene.took(ANNA);
    scene.run();
    scene.wait(EVENING - scene.now);
    scene.took(ANNA);
    scene.run();
    scene.field_by(FieldValue::Waiting, Changer::Person(ANNA));
    scene.run();
    scene.forget();
    scene.guest("Алло", nothing());
    assert_eq!(scene.texts(), [(SendKind::Hours, "off_hours".to_owned())]);
}

#[test]
fn behaviour_1_guest_wrote_in_manager_is_met_with_silence_and_kept_unanswered() {
    let mut scene = Scene::talking();
    scene.took(ANNA);
    scene.run();
    scene.forget();
    scene.guest("Спасибо, а где парковка?", nothing());
    scene.wait(MINUTE);
    assert_eq!(scene.asked, []);
    assert_eq!(scene.state.unanswered.len(), 1);
    assert!(scene.traced("owner.manager"));
}

#[test]
fn behaviour_1_bot_answered_the_current_turn_is_sent() {
    let mut scene = Scene::talking();
    assert_eq!(
        scene.texts(),
        [(SendKind::Answer, "intro+reply".to_owned())]
    );
    assert!(scene.state.unanswered.is_empty());
    scene.guest("А парковка?", nothing());
    scene.burst_ends();
    scene.bot_answers();
    assert_eq!(
        scene.texts()[1],
        (SendKind::Answer, "reply".to_owned()),
        "one intro per episode"
    );
}

#[test]
fn behaviour_1_bot_answered_an_old_turn_is_dropped() {
    let mut scene = Scene::at_stage("prepaid");
    scene.guest("Есть ли Wi-Fi?", nothing());
    scene.burst_ends();
    scene.guest("И парковка", nothing());
    scene.bot_answers();
    assert_eq!(scene.texts(), []);
    assert!(scene.traced("reply.stale"));
    scene.burst_ends();
    scene.bot_answers();
    scene.run();
    assert_eq!(scene.delivered(), 1);
    assert!(scene.state.unanswered.is_empty());
}

#[test]
fn behaviour_1_bot_failed_the_current_turn_hands_over() {
    let mut scene = Scene::at_stage("prepaid");
    scene.guest("Есть ли Wi-Fi?", nothing());
    scene.burst_ends();
    scene.run_if(|action| matches!(action, Action::AskBot { .. }));
    assert_eq!(scene.reason(), Some(ReasonId::BotUnavailable));
    assert_eq!(
        scene.texts(),
        [(SendKind::Handoff, HANDOFF.to_owned())],
        "no intro before a handoff"
    );
}

#[test]
fn behaviour_1_manager_took_in_every_owner() {
    for (row, mut scene) in [("Bot", Scene::talking()), ("Waiting", Scene::handed_over())] {
        let epoch = scene.state.view.epoch;
        scene.took(ANNA);
        scene.run();
        assert!(scene.led_by(ANNA), "{row}");
        assert_eq!(scene.state.view.epoch, epoch + 1, "{row}");
        assert_eq!(scene.field(), FieldValue::Manager, "{row}");
        scene.forget();
        scene.took(ANNA);
        assert_eq!(
            (scene.state.view.epoch, scene.asked.len()),
            (epoch + 1, 0),
            "v = u: nothing"
        );
        scene.took(IGOR);
        assert!(scene.led_by(IGOR), "{row}, then another");
    }
}

#[test]
fn behaviour_1_card_opened_takes_as_the_policy_says() {
    use TakeOnOpen::{Always, Off, Waiting};
    for (take, waiting, responsible, taken) in [
        (Always, false, true, true),
        (Always, true, true, true),
        (Always, true, false, false),
        (Waiting, false, true, false),
        (Waiting, true, true, true),
        (Waiting, true, false, false),
        (Off, true, true, false),
    ] {
        let start = if waiting {
            Scene::handed_over()
        } else {
            Scene::talking()
        };
        let mut scene = start.with(|policy| policy.ownership.take_on_open = take);
        scene.event(Event::CardOpened {
            user: ANNA,
            responsible,
        });
        assert_eq!(
            scene.led_by(ANNA),
            taken,
            "{take:?}, waiting: {waiting}, responsible: {responsible}"
        );
        if taken {
            scene.event(Event::CardOpened {
                user: IGOR,
                responsible,
            });
            assert!(scene.led_by(ANNA), "CardOpened in Manager");
        }
    }
}

#[test]
fn behaviour_1_a_persons_message_takes_and_counts_as_the_answer() {
    let mut scene = Scene::talking();
    scene.person(Some(ANNA));
    assert!(scene.led_by(ANNA), "in Bot");

    let mut scene = Scene::handed_over();
    scene.person(None);
    assert!(scene.led_by(None), "in Waiting");
    assert!(scene.state.unanswered.is_empty());
    assert!(scene.state.handoff.as_ref().unwrap().answered);

    scene.wait(10 * MINUTE);
    scene.person(Some(IGOR));
    assert!(scene.led_by(IGOR), "the unknown leader gets a name");
    scene.person(Some(ANNA));
    assert!(scene.led_by(IGOR), "in Manager the leader stays");
    let due = scene.state.timers[&Timer::AutoReturn].due;
    assert_eq!(due, scene.now + 40 * MINUTE, "and the deadline moves");
}

#[test]
fn behaviour_1_our_echo_robots_and_bulk_mailings_never_take() {
    let mut scene = Scene::talking();
    scene.took(ANNA);
    scene.run();
    let due = scene.state.timers[&Timer::AutoReturn].due;
    scene.wait(10 * MINUTE);
    let action = ActionKey::new(&scene.state.id, 1, 0);
    for author in [Author::Bot { action }, Author::Bulk, Author::Robot] {
        for scene in [&mut scene, &mut Scene::talking(), &mut Scene::handed_over()] {
            let before = scene.state.view.clone();
            let at = scene.now;
            let message = "x1".into();
            scene.event(Event::OutgoingSeen {
                message,
                author: author.clone(),
                at,
                text: None,
            });
            assert_eq!(scene.state.view, before, "{author:?}");
        }
    }
    assert_eq!(
        scene.state.timers[&Timer::AutoReturn].due,
        due,
        "our echo never moves the deadline"
    );
}

#[test]
fn behaviour_1_returned_from_waiting_and_manager() {
    let mut scene = Scene::unanswerable();
    scene.returned(ANNA);
    assert!(scene.bot_leads(), "from Waiting");
    let mut scene = Scene::unanswerable();
    let task = scene.open_task().unwrap();
    scene.took(ANNA);
    scene.returned(IGOR);
    assert!(scene.bot_leads(), "from Manager, by anybody");
    scene.run();
    assert_eq!(
        scene.count(|a| matches!(a, Action::CompleteTask { task: t, .. } if *t == task)),
        1
    );
    let mut scene = Scene::talking();
    scene.forget();
    scene.returned(ANNA);
    assert_eq!(scene.asked, [], "from Bot: nothing");
}

#[test]
fn behaviour_1_return_with_nothing_unanswered_brings_the_intro_alone() {
    let mut scene = Scene::talking();
    scene.person(Some(ANNA));
    scene.run();
    scene.forget();
    scene.returned(ANNA);
    scene.run();
    assert_eq!(
        scene.texts(),
        [(SendKind::Intro, "return_intro".to_owned())]
    );
    scene.guest("А парковка?", nothing());
    scene.burst_ends();
    scene.bot_answers();
    assert_eq!(
        scene.texts()[1],
        (SendKind::Answer, "reply".to_owned()),
        "not twice"
    );
}

#[test]
fn behaviour_1_the_intro_does_not_stand_alone_when_it_would_disturb() {
    let mut quiet = Scene::talking();
    quiet.wait(EVENING + 2 * HOUR - quiet.now);
    quiet.person(Some(ANNA));

    let mut closed = Scene::talking();
    closed.person(Some(ANNA));
    closed.run();
    closed.moved_by(DEAL, "won", Changer::Person(ANNA));

    let mut silent = Scene::talking();
    silent.window_until = Some(silent.now + HOUR);
    silent.guest("А парковка?", nothing());
    silent.burst_ends();
    silent.bot_answers();
    silent.person(Some(ANNA));
    silent.passes(2 * HOUR);
    silent.person(Some(ANNA));

    let mut thanks = Scene::talking();
    thanks.person(Some(ANNA));
    thanks.guest("Спасибо!", wants(Intent::ThanksOnly));

    for (row, mut scene) in [
        ("quiet hours", quiet),
        ("closed deal", closed),
        ("the provider's window is closed", silent),
        ("after thanks", thanks),
    ] {
        scene.run();
        scene.forget();
        scene.returned(ANNA);
        scene.run();
        assert_eq!(scene.texts(), [], "{row}");
        assert!(scene.traced("intro.skipped"), "{row}");
    }
}

#[test]
fn behaviour_1_take_undone_gives_the_same_waiting_back() {
    let mut scene = Scene::handed_over();
    let before = scene.state.view.owner.clone();
    let task = scene.open_task();
    scene.event(Event::CardOpened {
        user: ANNA,
        responsible: true,
    });
    scene.run();
    scene.wait(9 * MINUTE);
    scene.forget();
    scene.event(Event::TakeUndone { user: ANNA });
    scene.run();
    assert_eq!(scene.state.view.owner, before, "same reason, same since");
    assert_eq!(scene.open_task(), task);
    assert_eq!(scene.texts(), []);
    assert_eq!(scene.field(), FieldValue::Waiting);
    assert!(!scene.state.timers.contains_key(&Timer::AutoReturn));
    scene.event(Event::CardOpened {
        user: ANNA,
        responsible: true,
    });
    assert_eq!(
        scene.state.view.owner, before,
        "not taken again for this user in this span"
    );
    scene.event(Event::CardOpened {
        user: IGOR,
        responsible: true,
    });
    assert!(scene.led_by(IGOR));
}

#[test]
fn behaviour_1_take_undone_in_bot_says_nothing_and_is_kept_in_mind() {
    let mut scene =
        Scene::talking().with(|policy| policy.ownership.take_on_open = TakeOnOpen::Always);
    scene.event(Event::CardOpened {
        user: ANNA,
        responsible: true,
    });
    scene.run();
    scene.forget();
    scene.event(Event::TakeUndone { user: ANNA });
    scene.run();
    assert!(scene.bot_leads());
    assert_eq!(scene.texts(), [], "no text");
    scene.event(Event::CardOpened {
        user: ANNA,
        responsible: true,
    });
    assert!(scene.bot_leads());
}

#[test]
fn behaviour_1_take_undone_only_when_automatic_fresh_and_unanswered() {
    let open = || {
        let mut scene = Scene::handed_over();
        scene.event(Event::CardOpened {
            user: ANNA,
            responsible: true,
        });
        scene
    };
    let mut late = open();
    late.wait(10 * MINUTE + 1);
    let mut answered = open();
    answered.person(Some(ANNA));
    let mut by_button = Scene::handed_over();
    by_button.took(ANNA);
    for (row, mut scene) in [
        ("late", late),
        ("answered", answered),
        ("by button", by_button),
    ] {
        scene.event(Event::TakeUndone { user: ANNA });
        assert!(scene.led_by(ANNA), "{row}");
    }
    let mut just = open();
    just.wait(10 * MINUTE);
    just.event(Event::TakeUndone { user: ANNA });
    assert_eq!(just.reason(), Some(ReasonId::GuestsOver4));
}

#[test]
fn behaviour_1_dismissed_completes_the_task_and_says_and_routes_nothing() {
    for (row, taken) in [("Waiting", false), ("Manager", true)] {
        let mut scene = Scene::handed_over();
        if taken {
            scene.took(ANNA);
            scene.run();
        }
        scene.forget();
        scene.event(Event::Dismissed { user: ANNA });
        scene.run();
        scene.wait(MINUTE);
        assert!(scene.bot_leads(), "{row}");
        assert_eq!((scene.texts().len(), scene.questions()), (0, 0), "{row}");
        assert_eq!(
            scene.count(|a| matches!(a, Action::CompleteTask { .. })),
            1,
            "{row}"
        );
        assert!(scene.state.unanswered.is_empty(), "{row}");
    }
}

#[test]
fn behaviour_1_task_closed_by_a_person() {
    let closed = |scene: &mut Scene, by| {
        let task = scene.open_task().unwrap();
        scene.event(Event::TaskChanged {
            task,
            done: true,
            by,
        });
    };
    let mut scene = Scene::handed_over();
    closed(&mut scene, Changer::Robot);
    assert_eq!(
        scene.reason(),
        Some(ReasonId::GuestsOver4),
        "a robot's closing is no answer"
    );
    closed(&mut scene, Changer::Person(IGOR));
    assert!(scene.led_by(IGOR), "in Waiting");
    assert!(
        scene.state.handoff.as_ref().unwrap().answered,
        "counts as the answer"
    );

    for (rule, back) in [(OnTaskDone::Keep, false), (OnTaskDone::Return, true)] {
        let mut scene = Scene::handed_over().with(|policy| policy.ownership.on_task_done = rule);
        scene.person(Some(ANNA));
        closed(&mut scene, Changer::Person(ANNA));
        assert_eq!(scene.bot_leads(), back, "in Manager, {rule:?}");
    }
}

#[test]
fn behaviour_1_auto_return_to_the_bot_39_59_and_40_00() {
    let mut scene = Scene::handed_over();
    scene.person(Some(ANNA));
    scene.run();
    scene.wait(40 * MINUTE - 1);
    assert!(scene.led_by(ANNA), "39:59");
    scene.wait(1);
    assert!(scene.bot_leads(), "40:00");
    scene.run();
    assert_eq!(scene.field(), FieldValue::Bot);
    assert_eq!(scene.open_task(), None);
    assert_eq!(scene.texts().last().unwrap().0, SendKind::Intro);
}

#[test]
fn behaviour_1_auto_return_when_never_answered_goes_back_to_waiting() {
    let mut scene = Scene::handed_over().with(|policy| policy.tasks.escalate_to = Some(IGOR));
    let before = scene.state.view.owner.clone();
    let task = scene.open_task();
    scene.took(ANNA);
    scene.run();
    scene.forget();
    scene.wait(40 * MINUTE);
    scene.run();
    assert_eq!(scene.state.view.owner, before, "same reason, same since");
    assert_eq!(scene.open_task(), task, "same task");
    assert_eq!((scene.texts().len(), scene.tasks()), (0, 0));
    let escalated = |action: &Action| {
        matches!(
            action,
            Action::CreateTask {
                kind: TaskKind::Contact,
                assignee: Some(IGOR),
                ..
            }
        )
    };
    assert_eq!(scene.count(escalated), 1);
    assert_eq!(scene.field(), FieldValue::Waiting);
}

#[test]
fn behaviour_1_a_guests_message_in_the_last_10_minutes_moves_the_auto_return_once() {
    let mut scene = Scene::talking();
    scene.person(Some(ANNA));
    let due = scene.now + 40 * MINUTE;
    scene.wait(29 * MINUTE);
    scene.guest("Ещё вопрос", nothing());
    assert_eq!(
        scene.state.timers[&Timer::AutoReturn].due,
        due,
        "not before the last 10"
    );
    scene.wait(MINUTE);
    scene.guest("Спасибо", wants(Intent::ThanksOnly));
    assert_eq!(
        scene.state.timers[&Timer::AutoReturn].due,
        due,
        "thanks need no manager"
    );
    scene.guest("Когда заезд?", nothing());
    assert_eq!(
        scene.state.timers[&Timer::AutoReturn].due,
        due + 10 * MINUTE
    );
    scene.wait(15 * MINUTE);
    scene.guest("Алло", nothing());
    assert_eq!(
        scene.state.timers[&Timer::AutoReturn].due,
        due + 10 * MINUTE,
        "once"
    );
}

#[test]
fn behaviour_1_deal_closed() {
    let mut bot = Scene::talking();
    bot.moved_by(DEAL, "won", Changer::Person(ANNA));
    assert!(bot.state.episode.is_none(), "in Bot the episode ends");
    assert!(bot.state.timers.is_empty(), "and its timers");

    let mut waiting = Scene::handed_over().with(|policy| policy.tasks.escalate_to = Some(IGOR));
    waiting.moved_by(DEAL, "refused", Changer::Person(ANNA));
    waiting.moved_by(DEAL, "refused", Changer::Person(ANNA));
    assert_eq!(
        waiting.reason(),
        Some(ReasonId::GuestsOver4),
        "in Waiting the guest stays"
    );
    let escalations = waiting.count(|a| {
        matches!(
            a,
            Action::CreateTask {
                kind: TaskKind::Contact,
                ..
            }
        )
    });
    assert_eq!(escalations, 1);

    let mut manager = Scene::talking();
    manager.person(Some(ANNA));
    manager.run();
    manager.moved_by(DEAL, "won", Changer::Person(ANNA));
    manager.run();
    manager.forget();
    manager.wait(40 * MINUTE);
    assert!(manager.bot_leads());
    assert_eq!(manager.texts(), [], "in Manager: auto-return without text");
}

#[test]
fn behaviour_1_responsible_changed_while_waiting_moves_the_untaken_task() {
    for (row, taken) in [("Waiting", false), ("Manager", true)] {
        let mut scene = Scene::handed_over();
        if taken {
            scene.took(ANNA);
            scene.run();
        }
        scene.forget();
        scene.at(DEAL).responsible = Some(IGOR);
        scene.event(Event::DealChanged {
            deal: DEAL,
            by: Changer::Robot,
            field: None,
            stage: None,
        });
        scene.run();
        let follows = scene.count(|a| matches!(a, Action::AssignTask { to, .. } if *to == IGOR));
        assert_eq!(follows, usize::from(!taken), "{row}");
    }
}

#[test]
fn behaviour_1_deal_merged_rebinds_and_owner_and_task_stay() {
    for (row, mut scene) in [("Bot", Scene::talking()), ("Waiting", Scene::handed_over())] {
        let (owner, task) = (scene.state.view.clone(), scene.open_task());
        scene.wait(HOUR);
        let other = DealId(701);
        scene.deals = vec![scene.deal(other, "prepaid")];
        scene.event(Event::DealChanged {
            deal: DEAL,
            by: Changer::Unknown,
            field: None,
            stage: None,
        });
        scene.run();
        assert_eq!(scene.state.deal, Some(other), "{row}");
        assert_eq!(
            (&scene.state.view, scene.open_task()),
            (&owner, task),
            "{row}"
        );
    }
}

#[test]
fn behaviour_1_guest_edited_before_and_after_the_answer() {
    let mut scene = Scene::at_stage("prepaid");
    scene.guest("Нас будет четверо", nothing());
    scene.burst_ends();
    let id = scene.state.unanswered[0].id.clone();
    let at = scene.now;
    let edited = || {
        Event::GuestEdited(GuestMessage {
            id: id.clone(),
            at,
            text: None,
            understood: five(),
            listed: crate::event::Listed::default(),
            window_until: None,
        })
    };
    scene.event(edited());
    scene.bot_answers();
    scene.wait(0);
    scene.run();
    assert_eq!(
        scene.reason(),
        Some(ReasonId::GuestsOver4),
        "before: asked again, on what it says now"
    );

    let mut scene = Scene::talking();
    let before = scene.state.view.clone();
    scene.forget();
    let id = scene.state.recent[0].id.clone();
    scene.event(Event::GuestEdited(GuestMessage {
        id,
        at,
        text: None,
        understood: five(),
        listed: crate::event::Listed::default(),
        window_until: None,
    }));
    scene.wait(MINUTE);
    assert_eq!(
        (scene.asked.len(), &scene.state.view),
        (0, &before),
        "after: stored"
    );
}

#[test]
fn behaviour_1_guest_deleted_leaves_the_turn_and_is_blanked() {
    let mut scene = Scene::at_stage("prepaid");
    scene.guest("Есть ли Wi-Fi?", nothing());
    scene.guest("Нас будет пятеро", five());
    let (first, second) = (
        scene.state.unanswered[0].id.clone(),
        scene.state.unanswered[1].id.clone(),
    );
    scene.event(Event::GuestDeleted {
        message: second.clone(),
    });
    scene.burst_ends();
    assert_eq!(scene.questions(), 1, "the deleted message triggers nothing");
    assert!(
        scene
            .state
            .recent
            .iter()
            .all(|m| m.id != second || m.text.is_none())
    );
    scene.event(Event::GuestDeleted { message: first });
    scene.bot_answers();
    scene.wait(MINUTE);
    assert_eq!(scene.texts(), [], "nothing is left to answer");
    assert!(scene.state.turn.is_none());
}

#[test]
fn behaviour_1_thanks_stickers_and_reactions_are_never_unanswered() {
    let sticker = Understood {
        attachments: vec![AttachmentKind::Sticker],
        ..nothing()
    };
    for (row, text, said) in [
        ("thanks", "Спасибо!", wants(Intent::ThanksOnly)),
        ("sticker", "", sticker),
    ] {
        for mut scene in [Scene::talking(), Scene::handed_over()] {
            scene.forget();
            let unanswered = scene.state.unanswered.len();
            scene.guest(text, said.clone());
            scene.wait(MINUTE);
            assert_eq!(
                (scene.asked.len(), scene.state.unanswered.len()),
                (0, unanswered),
                "{row}"
            );
        }
    }
    let mut mixed = Scene::talking();
    mixed.forget();
    let photo = Understood {
        attachments: vec![AttachmentKind::Image],
        ..wants(Intent::ThanksOnly)
    };
    mixed.guest("Спасибо", photo);
    assert_eq!(
        mixed.state.unanswered.len(),
        1,
        "a photo with thanks needs eyes"
    );
}

#[test]
fn behaviour_1_send_failed_for_good_hands_over_once() {
    let mut scene = Scene::at_stage("prepaid");
    scene.guest("Есть ли Wi-Fi?", nothing());
    scene.burst_ends();
    scene.bot_answers();
    scene.send_fails(Failure::Refused);
    assert_eq!(scene.reason(), Some(ReasonId::SendFailed));
    scene.forget();
    scene.send_fails(Failure::Refused);
    assert_eq!(scene.asked, [], "the handoff's own text failing is no loop");
}

#[test]
fn behaviour_1_crm_down_serves_from_a_snapshot_of_30_minutes_else_hands_over() {
    for (row, age, answered) in [
        ("30 min", 30 * MINUTE, true),
        ("older", 30 * MINUTE + 1, false),
    ] {
        let mut scene = Scene::talking();
        let read = scene.state.crm.as_ref().unwrap().at;
        scene.crm_is_up = false;
        scene.wait(read + age - scene.policy.timers.burst_quiet.0 - scene.now);
        scene.forget();
        scene.guest("А парковка?", nothing());
        scene.wait(scene.policy.timers.burst_quiet.0);
        scene.run();
        assert_eq!(scene.questions() == 1, answered, "{row}");
        assert_eq!(
            scene.reason() == Some(ReasonId::CrmDown),
            !answered,
            "{row}"
        );
    }
}

#[test]
fn behaviour_1_late_signals_change_nothing() {
    let mut scene = Scene::handed_over();
    let since = scene.now;
    scene.wait(MINUTE);
    let written = |at| Event::OutgoingSeen {
        message: format!("late{at}").as_str().into(),
        author: Author::Person { user: Some(ANNA) },
        at,
        text: None,
    };
    scene.event(written(since - seconds(6)));
    assert_eq!(scene.reason(), Some(ReasonId::GuestsOver4));
    assert!(scene.traced("owner.late_signal"));
    scene.event(written(since - seconds(5)));
    assert!(scene.led_by(ANNA), "5 s of tolerance");
    scene.returned(ANNA);
    scene.event(written(scene.now - seconds(30)));
    assert!(scene.bot_leads(), "written before the return");
}

#[test]
fn behaviour_1_a_managers_message_at_the_moment_of_the_auto_return_leads_whichever_comes_first() {
    for (row, message_first) in [
        ("message, then return", true),
        ("return, then message", false),
    ] {
        let mut scene = Scene::handed_over();
        scene.person(Some(ANNA));
        scene.run();
        scene.wait(40 * MINUTE - 1);
        let due = *scene.state.timers.get(&Timer::AutoReturn).unwrap();
        let fires = |scene: &mut Scene| {
            scene.event(Event::TimerFired {
                timer: Timer::AutoReturn,
                generation: due.generation,
            })
        };
        scene.now = due.due;
        if message_first {
            scene.person(Some(ANNA));
            fires(&mut scene);
        } else {
            fires(&mut scene);
            assert!(scene.bot_leads(), "{row}");
            scene.person(Some(ANNA));
        }
        assert!(scene.led_by(ANNA), "{row}");
        let again = scene.now + 40 * MINUTE;
        assert_eq!(scene.due(Timer::AutoReturn), Some(again), "{row}");
        scene.forget();
        let before = scene.delivered();
        scene.run();
        assert_eq!(
            scene.delivered(),
            before,
            "{row}: no intro reaches the guest"
        );
        assert_eq!(scene.field(), FieldValue::Manager, "{row}");
    }
}

#[test]
fn behaviour_1_two_reports_of_one_human_message_count_once() {
    let mut scene = Scene::handed_over();
    scene.wait(MINUTE);
    let at = scene.now;
    let report = |message: &str, user| Event::OutgoingSeen {
        message: message.into(),
        author: Author::Person { user },
        at,
        text: Some(TextRef(77)),
    };
    scene.event(report("pact", None));
    let due = scene.state.timers[&Timer::AutoReturn].due;
    scene.wait(seconds(3));
    scene.event(report("crm:1", Some(ANNA)));
    assert!(scene.led_by(ANNA), "the second report names the leader");
    assert_eq!(
        scene.state.timers[&Timer::AutoReturn].due,
        due,
        "and moves nothing"
    );
    scene.returned(ANNA);
    scene.event(report("crm:1", Some(ANNA)));
    assert!(scene.bot_leads(), "and takes nothing back");
}

#[test]
fn behaviour_1_the_same_words_twice_are_two_messages() {
    let mut scene = Scene::handed_over();
    scene.took(ANNA);
    let said_yes = |message: &str, at| Event::OutgoingSeen {
        message: message.into(),
        author: Author::Person { user: None },
        at,
        text: Some(TextRef(77)),
    };
    scene.event(said_yes("first", scene.now));
    scene.guest("Точно?", nothing());
    scene.wait(MINUTE);
    scene.event(said_yes("second", scene.now));
    assert_eq!(scene.state.unanswered, [], "the question is answered");
}

#[test]
fn behaviour_1_a_persons_message_in_an_unknown_conversation() {
    let mut scene = Scene::at_stage("prepaid");
    scene.person(Some(ANNA));
    assert!(scene.led_by(ANNA));
    scene.run();
    assert_eq!(
        scene.state.deal,
        Some(DEAL),
        "the card of the guest's deal shows it"
    );
    assert_eq!(scene.field(), FieldValue::Manager);
    scene.forget();
    scene.wait(41 * MINUTE);
    scene.run();
    assert!(scene.bot_leads());
    assert_eq!(scene.texts(), [], "the auto-return is silent");
}

#[test]
fn behaviour_5_mode_people_and_mode_off() {
    let mut scene =
        Scene::at_stage("prepaid").with(|policy| policy.mode = crate::policy::Mode::People);
    scene.guest("Есть ли Wi-Fi?", nothing());
    scene.burst_ends();
    assert_eq!(scene.reason(), Some(ReasonId::BotPaused));

    let mut scene =
        Scene::at_stage("prepaid").with(|policy| policy.mode = crate::policy::Mode::Off);
    scene.guest("Есть ли Wi-Fi?", nothing());
    scene.burst_ends();
    assert_eq!(scene.asked, []);

    for (mode, reason) in [
        (crate::policy::Mode::People, Some(ReasonId::BotPaused)),
        (crate::policy::Mode::Off, None),
    ] {
        let mut scene = Scene::at_stage("prepaid");
        scene.guest("Есть ли Wi-Fi?", nothing());
        scene.burst_ends();
        scene.policy.mode = mode;
        scene.bot_answers();
        assert_eq!(scene.reason(), reason, "changed while the bot was asked");
        assert!(
            scene
                .texts()
                .iter()
                .all(|(kind, _)| *kind == SendKind::Handoff)
        );
    }
}

#[test]
fn behaviour_1_between_messages_only_the_end_of_the_episode_is_awaited() {
    let scene = Scene::talking();
    assert!(scene.state.timers.keys().eq(&ASLEEP));
}

#[test]
fn promise_4_a_take_undone_after_its_task_was_closed_gets_a_new_task() {
    let mut scene = Scene::handed_over();
    let task = scene.open_task().unwrap();
    let user = ANNA;
    scene.event(Event::CardOpened {
        user,
        responsible: true,
    });
    scene.event(Event::TaskChanged {
        task,
        done: true,
        by: Changer::Person(user),
    });
    scene.event(Event::TakeUndone { user });
    scene.run();
    assert_eq!(scene.reason(), Some(ReasonId::GuestsOver4));
    assert!(scene.open_task().is_some_and(|open| open != task));
}

/// Salesbot writes through amoCRM: the channel reports it as anybody's message, amoCRM as the robot's.
fn salesbot_reported(scene: &mut Scene, by_crm: bool) {
    scene.event(Event::OutgoingSeen {
        message: if by_crm { "crm:m1" } else { "p1" }.into(),
        author: if by_crm {
            Author::Robot
        } else {
            Author::Person { user: None }
        },
        at: scene.now,
        text: Some(TextRef(77)),
    });
}

#[test]
fn behaviour_2_salesbot_never_takes_whichever_report_comes_first() {
    for crm_first in [true, false] {
        let mut scene = Scene::at_stage("prepaid");
        scene.guest("Есть ли Wi-Fi?", nothing());
        scene.burst_ends();
        assert_eq!(scene.questions(), 1);
        salesbot_reported(&mut scene, crm_first);
        salesbot_reported(&mut scene, !crm_first);
        assert!(scene.bot_leads(), "BEHAVIOUR §2: a robot never takes");
        scene.run_reads();
        assert_eq!(scene.state.unanswered.len(), 1, "promise 2: still asked");
        scene.bot_answers();
        scene.run();
        assert_eq!(scene.delivered(), 1, "promise 4: never silence");
        assert_eq!(
            scene.state.timers.keys().copied().collect::<Vec<_>>(),
            ASLEEP
        );
        let episode = scene.state.episode.as_ref().unwrap();
        assert!(!episode.person_wrote);
    }
}

#[test]
fn behaviour_2_salesbot_leaves_a_waiting_guest_waiting() {
    let mut scene = Scene::handed_over();
    let before = scene.state.view.owner.clone();
    scene.wait(seconds(60));
    salesbot_reported(&mut scene, false);
    assert!(scene.led_by(None), "for a moment it looks like a person");
    salesbot_reported(&mut scene, true);
    assert_eq!(scene.state.view.owner, before, "same since, same reason");
    assert!(!scene.state.handoff.as_ref().unwrap().answered);
    assert!(scene.state.timers.contains_key(&Timer::WaitingReminder));
}

#[test]
fn behaviour_2_salesbot_answers_nothing_for_a_manager_who_leads() {
    let mut scene = Scene::handed_over();
    scene.took(ANNA);
    scene.run();
    scene.guest("Так что, получится?", nothing());
    let due = scene.state.timers[&Timer::AutoReturn].due;
    scene.wait(seconds(60));
    salesbot_reported(&mut scene, false);
    salesbot_reported(&mut scene, true);
    assert!(scene.led_by(ANNA));
    assert_eq!(
        scene.state.unanswered.len(),
        2,
        "promise 2: still unanswered"
    );
    assert!(!scene.state.handoff.as_ref().unwrap().answered);
    assert_eq!(scene.state.timers[&Timer::AutoReturn].due, due);
}

#[test]
fn behaviour_1_returned_messages_do_not_come_back_by_the_bots_report() {
    let mut scene = Scene::at_stage("prepaid");
    scene.hears("Позовите менеджера", wants(Intent::HumanRequest));
    scene.run();
    scene.returned(ANNA);
    scene.run();
    scene.bot(BotAnswer {
        intents: BTreeSet::from([Intent::HumanRequest]),
        ..good()
    });
    scene.run();
    assert!(scene.bot_leads(), "BEHAVIOUR §1: Returned");
    assert_eq!(scene.tasks(), 1);
}

#[test]
fn promise_2_a_persons_message_learnt_of_late_does_not_answer_what_the_guest_wrote_after_it() {
    let mut scene = Scene::talking();
    scene.took(ANNA);
    scene.run();
    scene.guest("Есть ли парковка?", nothing());
    scene.wait(seconds(2));
    let at = scene.now;
    scene.wait(seconds(10));
    scene.guest("Хочу два номера", nothing());
    let asked = scene.state.unanswered.last().cloned();
    scene.event(Event::OutgoingSeen {
        message: "p".into(),
        author: Author::Person { user: None },
        at,
        text: None,
    });
    let left = scene.state.unanswered.iter().map(|m| &m.id);
    assert!(
        left.eq(asked.iter().map(|m| &m.id)),
        "the first was answered"
    );
    scene.returned(ANNA);
    scene.burst_ends();
    assert_eq!(scene.questions(), 2, "the second is the bot's to answer");
}
