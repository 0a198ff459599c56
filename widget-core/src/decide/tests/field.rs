//! BEHAVIOUR §1, the field «Ведёт диалог»; DESIGN §5.5, what is our own echo.

use super::*;

/// The field as the CRM has it, read anew after a hint by `by`.
fn set_in_crm(scene: &mut Scene, value: FieldValue, by: Changer) {
    scene.at(DEAL).field = value;
    scene.event(Event::DealChanged {
        deal: DEAL,
        by,
        field: Some(value),
        stage: None,
    });
    scene.run();
}

#[test]
fn behaviour_1_field_to_manager_takes_in_every_owner() {
    for (row, mut scene) in [("Bot", Scene::talking()), ("Waiting", Scene::handed_over())] {
        set_in_crm(&mut scene, FieldValue::Manager, Changer::Person(IGOR));
        assert!(scene.led_by(IGOR), "{row}");
        scene.field_by(FieldValue::Manager, Changer::Unknown);
        assert!(
            scene.led_by(IGOR),
            "a change that names nobody keeps the leader"
        );
        scene.field_by(FieldValue::Manager, Changer::Person(ANNA));
        assert!(scene.led_by(ANNA), "Manager");
    }
}

#[test]
fn behaviour_1_field_to_bot_or_empty_returns() {
    for value in [FieldValue::Bot, FieldValue::Empty] {
        let mut waiting = Scene::unanswerable();
        set_in_crm(&mut waiting, value, Changer::Person(ANNA));
        assert!(waiting.bot_leads(), "in Waiting");
        let mut manager = Scene::unanswerable();
        manager.took(ANNA);
        manager.run();
        set_in_crm(&mut manager, value, Changer::Person(ANNA));
        assert!(manager.bot_leads(), "in Manager");
        let mut bot = Scene::talking();
        bot.forget();
        set_in_crm(&mut bot, value, Changer::Person(ANNA));
        assert_eq!(bot.texts(), [], "in Bot: nothing");
    }
}

#[test]
fn behaviour_1_field_to_waiting_queues_by_hand() {
    let mut bot = Scene::talking();
    set_in_crm(&mut bot, FieldValue::Waiting, Changer::Person(ANNA));
    assert_eq!(bot.reason(), Some(ReasonId::ByHand));
    assert_eq!(bot.tasks(), 1);

    let mut manager = Scene::talking();
    manager.took(ANNA);
    manager.run();
    manager.forget();
    set_in_crm(&mut manager, FieldValue::Waiting, Changer::Person(ANNA));
    assert_eq!(manager.reason(), Some(ReasonId::ByHand));
    assert_eq!(
        (manager.texts().len(), manager.tasks()),
        (0, 1),
        "no text to the guest"
    );

    let mut waiting = Scene::handed_over();
    waiting.field_by(FieldValue::Waiting, Changer::Person(ANNA));
    assert_eq!(
        waiting.reason(),
        Some(ReasonId::GuestsOver4),
        "in Waiting: nothing"
    );
}

#[test]
fn behaviour_2_a_robot_never_takes_by_the_field() {
    for value in [FieldValue::Manager, FieldValue::Waiting, FieldValue::Bot] {
        for mut scene in [Scene::talking(), Scene::handed_over()] {
            let before = scene.state.view.clone();
            set_in_crm(&mut scene, value, Changer::Robot);
            assert_eq!(scene.state.view, before, "{value:?}");
        }
    }
}

#[test]
fn design_5_5_the_hint_of_our_own_write_is_an_echo() {
    let mut scene = Scene::handed_over();
    scene.forget();
    scene.event(Event::DealChanged {
        deal: DEAL,
        by: Changer::Unknown,
        field: Some(FieldValue::Waiting),
        stage: Some("prepaid".into()),
    });
    assert_eq!(scene.asked, []);
    assert!(scene.traced("echo.ours"));
}

#[test]
fn design_5_5_a_read_decided_before_our_write_never_counts_as_a_persons_change() {
    let mut scene = Scene::talking();
    scene.wait(2 * crate::time::MINUTE);
    scene.guest("Нас будет пятеро", five());
    // The read is answered with what the field said then, but its answer arrives after our own write.
    let at = scene
        .pending
        .iter()
        .position(|(_, a)| *a == Action::ReadCrm)
        .unwrap();
    let (key, _) = scene.pending.remove(at);
    let stale = scene.snapshot(&key);
    scene.took(ANNA);
    scene.run();
    scene.event(Event::CrmRead(stale));
    assert!(scene.led_by(ANNA));
    assert!(
        matches!(scene.pending[..], [(_, Action::ReadCrm)]),
        "it is looked at again"
    );
    scene.run();
    assert!(scene.led_by(ANNA));
}

#[test]
fn design_5_5_a_write_of_ours_that_failed_never_counts_as_a_persons_change() {
    let mut scene = Scene::at_stage("prepaid");
    scene.guest("Нас будет пятеро", five());
    scene.burst_ends();
    scene.crm_is_up = false;
    scene.run();
    scene.crm_is_up = true;
    scene.event(Event::DealChanged {
        deal: DEAL,
        by: Changer::Unknown,
        field: None,
        stage: None,
    });
    scene.run();
    assert_eq!(scene.reason(), Some(ReasonId::GuestsOver4));
    assert_eq!(scene.field(), FieldValue::Waiting, "it is written again");
}

#[test]
fn design_5_5_a_persons_change_during_our_write_is_seen_once_the_write_is_settled() {
    let mut scene = Scene::talking();
    scene.guest("Нас будет пятеро", five());
    scene.burst_ends();
    let at = scene
        .pending
        .iter()
        .position(|(_, action)| matches!(action, Action::SetOwnerField { .. }))
        .unwrap();
    let (key, _) = scene.pending.remove(at);
    // Our write lands, then a person's, and only then its result is known.
    set_in_crm(&mut scene, FieldValue::Manager, Changer::Person(IGOR));
    scene.event(Event::ActionDone {
        action: key,
        done: Done::FieldSet {
            deal: DEAL,
            value: FieldValue::Waiting,
        },
    });
    scene.run();
    assert!(scene.led_by(IGOR));
}

#[test]
fn behaviour_1_a_field_set_by_hand_before_the_deal_is_bound_is_obeyed() {
    for (value, owner) in [
        (FieldValue::Manager, "manager"),
        (FieldValue::Waiting, "waiting"),
    ] {
        let mut scene = Scene::at_stage("prepaid");
        scene.at(DEAL).field = value;
        scene.guest("Есть ли Wi-Fi?", nothing());
        scene.burst_ends();
        scene.run();
        assert_eq!(scene.questions(), 0, "{owner}");
        match value {
            FieldValue::Manager => assert!(scene.led_by(None)),
            _ => assert_eq!(scene.reason(), Some(ReasonId::ByHand)),
        }
        assert_eq!(scene.field(), value);
    }
}

#[test]
fn behaviour_1_a_hint_about_something_else_is_forgotten() {
    let mut scene = Scene::talking();
    scene.event(Event::DealChanged {
        deal: DEAL,
        by: Changer::Robot,
        field: None,
        stage: None,
    });
    scene.run();
    assert_eq!(
        scene.state.hint, None,
        "a later change of the field is not laid at its door"
    );
}

#[test]
fn design_5_5_what_the_field_showed_before_a_failed_write_is_no_change_by_hand() {
    let mut scene = Scene::handed_over();
    scene.event(Event::DealChanged {
        deal: DEAL,
        by: Changer::Unknown,
        field: None,
        stage: None,
    });
    scene.run();
    scene.event(Event::Dismissed { user: ANNA });
    scene.crm_is_up = false;
    scene.run();
    assert_eq!(
        scene.field(),
        FieldValue::Waiting,
        "the return could not be written"
    );
    scene.guest("Есть ли Wi-Fi?", nothing());
    scene.burst_ends();
    assert!(scene.bot_leads());
    assert_eq!(scene.questions(), 1);
}

#[test]
fn design_5_5_a_field_set_by_hand_while_our_first_write_is_on_its_way_is_obeyed() {
    for (value, owner) in [
        (FieldValue::Manager, "manager"),
        (FieldValue::Waiting, "waiting"),
    ] {
        let mut scene = Scene::at_stage("prepaid");
        scene.guest("Есть ли Wi-Fi?", nothing());
        scene.burst_ends();
        assert!(scene.state.field.pending, "the deal is bound");
        let by = Changer::Person(IGOR);
        scene.at(DEAL).field = value;
        scene.event(Event::DealChanged {
            deal: DEAL,
            by,
            field: Some(value),
            stage: None,
        });
        scene.run_reads();
        match value {
            FieldValue::Manager => assert!(scene.led_by(IGOR)),
            _ => assert_eq!(scene.reason(), Some(ReasonId::ByHand), "{owner}"),
        }
        scene.run();
        assert_eq!(scene.field(), value, "{owner}: our write is dropped");
        assert_eq!(scene.delivered(), usize::from(value == FieldValue::Waiting));
    }
}

#[test]
fn design_5_5_an_earlier_write_of_ours_whose_result_is_not_known_yet_is_no_change_by_hand() {
    let mut scene = Scene::talking();
    scene.guest("Нас будет пятеро", five());
    scene.burst_ends();
    // «Ждёт менеджера» has arrived, nobody knows, and Anna takes the dialog.
    scene.at(DEAL).field = FieldValue::Waiting;
    scene.took(ANNA);
    scene.event(Event::DealChanged {
        deal: DEAL,
        by: Changer::Person(IGOR),
        field: Some(FieldValue::Waiting),
        stage: None,
    });
    scene.run();
    assert!(scene.led_by(ANNA));
    assert_eq!(scene.field(), FieldValue::Manager);
}
