//! Edges of the rules: what a change of a single sign in `decide` would break without anybody noticing.

use super::*;
use crate::dialog::Claim;
use crate::policy::Span;

fn reads(scene: &Scene) -> usize {
    scene.count(|action| matches!(action, Action::ReadCrm))
}

/// The oldest pending action of this name fails.
fn fails(scene: &mut Scene, name: &str, failure: Failure) {
    let at = scene.pending.iter().position(|(_, a)| a.name() == name);
    let (key, action) = scene.pending.remove(at.expect("it is asked for"));
    scene.event(failed(&key, &action, failure));
}

#[test]
fn behaviour_3_claim_the_first_look_is_after_5_seconds_or_at_the_end_of_a_shorter_grace() {
    for (grace, first_look) in [(20, 5), (2, 2)] {
        let mut scene = Scene::new_guest().with(|policy| {
            policy.timers.claim_grace = Span(seconds(grace));
        });
        scene.hears("Есть ли Wi-Fi?", nothing());
        let due = scene.now + seconds(first_look);
        assert_eq!(scene.due(Timer::ClaimGrace), Some(due), "grace {grace} s");
    }
}

#[test]
fn behaviour_3_claim_what_the_crm_refuses_is_not_tried_again_and_what_it_missed_is() {
    for (failure, goes_on) in [(Failure::Refused, false), (Failure::Unreachable, true)] {
        let mut scene = Scene::new_guest();
        scene.hears("Есть ли Wi-Fi?", nothing());
        scene.wait(seconds(5));
        scene.run();
        scene.wait(seconds(15));
        scene.run_reads();
        fails(&mut scene, "create_contact", failure);
        let claims = matches!(scene.state.claim, Claim::Grace { .. });
        assert_eq!(claims, goes_on, "{failure:?}");
        assert_eq!(
            scene.due(Timer::ClaimGrace).is_some(),
            goes_on,
            "{failure:?}"
        );
        // The CRM's pause before the next try.
        let again = goes_on.then_some(scene.now + seconds(30));
        assert_eq!(scene.due(Timer::ClaimGrace), again, "{failure:?}");
    }
}

#[test]
fn behaviour_3_claim_a_contact_that_is_made_after_all_makes_no_deal_that_nobody_waits_for() {
    let mut scene = Scene::new_guest();
    scene.hears("Есть ли Wi-Fi?", nothing());
    scene.wait(seconds(5));
    scene.run();
    scene.wait(seconds(15));
    scene.run_reads();
    let at = scene
        .pending
        .iter()
        .position(|(_, a)| *a == Action::CreateContact);
    let (key, action) = scene.pending.remove(at.expect("a contact is made"));
    let made = scene.carry_out(&key, &action);
    scene.event(failed(&key, &action, Failure::Refused));
    scene.event(made);
    assert_eq!(scene.new_deals(), 0);
    assert_eq!(scene.state.contact, Some(CONTACT), "but it is known");
}

#[test]
fn masterplan_departure_a_deal_that_the_crm_makes_for_the_new_booking_is_taken_and_none_made() {
    let mut scene = Scene::at_stage("departure");
    scene.hears("Хочу приехать снова", wants(Intent::NewBooking));
    assert!(!scene.traced("deals.none") && !scene.traced("deals.refused"));
    let by_crm = scene.deal(DealId(701), "new");
    scene.deals.insert(0, by_crm);
    scene.grace_ends();
    assert_eq!(
        (scene.state.deal, scene.new_deals()),
        (Some(DealId(701)), 0)
    );
}

#[test]
fn design_9_a_hint_of_the_crm_costs_one_read() {
    let mut scene = Scene::talking();
    scene.forget();
    scene.moved_by(DEAL, "arrival", Changer::Person(ANNA));
    scene.run();
    assert_eq!(reads(&scene), 1);
    assert_eq!(scene.state.hint, None, "and is done with");
}

#[test]
fn design_9_a_waiting_dialog_finds_its_deal_with_one_read() {
    let mut scene = Scene::new_guest();
    scene.guest("Нас будет пятеро", five());
    scene.person(Some(ANNA));
    scene.run_reads();
    scene.contact = Some(CONTACT);
    scene.deals = vec![scene.deal(DEAL, "prepaid")];
    scene.forget();
    scene.took(IGOR);
    scene.run_reads();
    assert_eq!((scene.state.deal, reads(&scene)), (Some(DEAL), 1));
}

/// The messages that the bot was last asked about.
fn asked_about(scene: &Scene) -> usize {
    let asked = scene.asked.iter().rev().find_map(|action| match action {
        Action::AskBot { messages, .. } => Some(messages.len()),
        _ => None,
    });
    asked.expect("the bot was asked")
}

#[test]
fn behaviour_1_guest_edited_while_the_bot_works_is_asked_again_and_the_old_answer_dropped() {
    let mut scene = Scene::at_stage("prepaid");
    scene.hears("Есть ли Wi-Fi?", nothing());
    let known = scene.state.unanswered[0].clone();
    scene.event(Event::GuestEdited(GuestMessage {
        id: known.id,
        at: known.at,
        text: Some(TextRef(9)),
        understood: nothing(),
        listed: Listed::default(),
        window_until: None,
    }));
    scene.bot_answers();
    assert_eq!(scene.texts(), [], "an answer to what was not asked");
    scene.wait(0);
    scene.run();
    assert_eq!(scene.questions(), 2);
    scene.answers();
    assert_eq!(scene.delivered(), 1);
}

#[test]
fn behaviour_1_guest_deleted_one_of_two_while_the_bot_works_asks_about_the_other() {
    let mut scene = Scene::at_stage("prepaid");
    scene.guest("Есть ли Wi-Fi?", nothing());
    scene.hears("А бассейн?", nothing());
    assert_eq!(asked_about(&scene), 2);
    let message = scene.state.unanswered[1].id.clone();
    scene.event(Event::GuestDeleted { message });
    scene.bot_answers();
    assert_eq!(scene.texts(), [], "an answer to what was deleted");
    scene.wait(0);
    scene.run();
    assert_eq!((scene.questions(), asked_about(&scene)), (2, 1));
    scene.answers();
    assert_eq!(scene.delivered(), 1);
}

#[test]
fn behaviour_1_take_undone_in_the_bots_hands_the_guest_still_gets_the_answer() {
    let mut scene = Scene::at_stage("prepaid").with(|policy| {
        policy.ownership.take_on_open = crate::policy::TakeOnOpen::Always;
    });
    scene.hears("Есть ли Wi-Fi?", nothing());
    scene.event(Event::CardOpened {
        user: ANNA,
        responsible: true,
    });
    assert!(scene.led_by(ANNA));
    scene.event(Event::TakeUndone { user: ANNA });
    scene.run();
    assert_eq!(scene.questions(), 2, "the question of before was stopped");
    scene.answers();
    assert_eq!(scene.delivered(), 1);
}

/// The sentences of a decision, in Russian.
fn sentences(decision: &Decision) -> String {
    let lines = decision.trace.iter().map(|check| check.sentence().ru);
    lines.collect::<Vec<_>>().join("\n")
}

#[test]
fn promise_5_explained_the_trace_names_the_fields_value_and_the_stages() {
    for (value, name) in [
        (FieldValue::Manager, "Менеджер"),
        (FieldValue::Waiting, "Ждёт менеджера"),
    ] {
        let mut scene = Scene::talking();
        let told = sentences(&scene.field_by(value, Changer::Person(ANNA)));
        assert!(told.contains(name), "{told}");
    }
    let mut scene = Scene::at_stage("new");
    scene.hears("Сколько стоит номер?", nothing());
    scene.bot_answers();
    let at = scene
        .pending
        .iter()
        .position(|(_, a)| matches!(a, Action::Send { .. }));
    let (key, action) = scene.pending.remove(at.expect("an answer"));
    let left = scene.carry_out(&key, &action);
    let told = sentences(&scene.event(left));
    for stage in ["Новая заявка", "Проведена консультация"] {
        assert!(told.contains(stage), "{stage}: {told}");
    }
}

#[test]
fn behaviour_4_escalation_without_a_deal_comes_back_in_a_minute_and_after_a_refusal_in_half_an_hour()
 {
    for (refused, minutes) in [(false, 1), (true, 30)] {
        let mut scene = Scene::new_guest().with(|policy| {
            policy.tasks.escalate_to = Some(IGOR);
        });
        scene.hears("Нас будет пятеро", five());
        scene.wait(seconds(5));
        scene.run_reads();
        scene.wait(seconds(15));
        scene.run_reads();
        if refused {
            fails(&mut scene, "create_contact", Failure::Refused);
        }
        let due = scene.due(Timer::WaitingEscalation).expect("armed");
        scene.wait(due - scene.now);
        let again = scene.now + minutes * crate::time::MINUTE;
        assert_eq!(
            scene.due(Timer::WaitingEscalation),
            Some(again),
            "refused: {refused}"
        );
    }
}

#[test]
fn promise_5_explained_a_reminder_says_how_long_the_guest_waits() {
    let mut scene = Scene::handed_over();
    let due = scene.state.timers[&Timer::WaitingReminder];
    scene.now = due.due;
    let told = scene.event(Event::TimerFired {
        timer: Timer::WaitingReminder,
        generation: due.generation,
    });
    assert!(sentences(&told).contains("15"), "{}", sentences(&told));
}

/// Whether the condition, alone in the policy, hands a guest with so many open deals over.
fn hands_over(when: &crate::policy::Condition, deals: i64, said: Understood) -> bool {
    let mut scene = Scene::at_stage("prepaid").with(|policy| {
        policy.inquiry.several = crate::policy::InquiryAct::Bot;
        policy.triggers.truncate(1);
        let trigger = &mut policy.triggers[0];
        trigger.when = when.clone();
        trigger.reason = ReasonId::HumanRequest;
    });
    for n in 1..deals {
        let another = scene.deal(DealId(700 + n), "prepaid");
        scene.deals.push(another);
    }
    scene.hears("…", said);
    scene.reason() == Some(ReasonId::HumanRequest)
}

#[test]
fn design_4_conditions_only_intents_and_open_deals_over() {
    use crate::policy::Condition::{OnlyIntents, OpenDealsOver};
    let greeting = OnlyIntents(vec![Intent::Greeting]);
    let more = Understood {
        intents: BTreeSet::from([Intent::Greeting, Intent::HowToPay]),
        ..nothing()
    };
    for (row, when, deals, said, fires) in [
        (
            "only a greeting",
            &greeting,
            1,
            wants(Intent::Greeting),
            true,
        ),
        ("a greeting and more", &greeting, 1, more, false),
        ("nothing recognised", &greeting, 1, nothing(), false),
        ("one deal", &OpenDealsOver(1), 1, nothing(), false),
        ("two deals", &OpenDealsOver(1), 2, nothing(), true),
        ("three deals", &OpenDealsOver(1), 3, nothing(), true),
    ] {
        assert_eq!(hands_over(when, deals, said), fires, "{row}");
    }
}

#[test]
fn promise_5_explained_the_trace_and_the_reason_say_what_was_sent_and_how_sure_the_bot_was() {
    let mut scene = Scene::at_stage("prepaid");
    let voice = Understood {
        attachments: vec![crate::understand::AttachmentKind::Voice],
        ..nothing()
    };
    scene.hears("", voice);
    let Owner::Waiting { reason, .. } = &scene.state.view.owner else {
        panic!("a voice message is for a person");
    };
    assert_eq!(reason.values.get("kind").map(String::as_str), Some("voice"));

    for (confidence, rule) in [(69, "confidence.low"), (70, "confidence.ok")] {
        let mut scene = Scene::at_stage("prepaid");
        scene.hears("Есть ли Wi-Fi?", nothing());
        let decision = scene.bot(BotAnswer {
            confidence,
            ..good()
        });
        let said = decision.trace.iter().find(|check| check.rule == rule);
        let said = said.unwrap_or_else(|| panic!("{rule} at {confidence}"));
        assert_eq!(said.values["limit"], "70");
        assert_eq!(said.values["value"], confidence.to_string());
    }
}

#[test]
fn behaviour_3_triggers_a_second_complaint_goes_to_a_person_like_the_first() {
    let mut scene = Scene::at_stage("prepaid");
    for row in ["the first", "after a person answered the first"] {
        scene.hears("Это безобразие", wants(Intent::Complaint));
        assert_eq!(scene.reason(), Some(ReasonId::Complaint), "{row}");
        scene.person(Some(ANNA));
        scene.returned(ANNA);
        scene.run();
    }
}

fn touches(scene: &Scene) -> usize {
    let texts = scene.texts();
    texts
        .iter()
        .filter(|(kind, _)| *kind == SendKind::Touch)
        .count()
}

#[test]
fn behaviour_4_final_touch_is_not_sent_where_a_person_wrote_and_the_bot_leads_again() {
    for (row, by_person) in [("the bot alone", false), ("a person wrote", true)] {
        let mut scene = Scene::at_stage("new");
        scene.hears("Сколько стоит номер?", nothing());
        scene.answers();
        if by_person {
            scene.person(Some(ANNA));
            scene.returned(ANNA);
            scene.run();
        }
        for _ in 0..30 {
            scene.passes(HOUR);
        }
        assert_eq!(touches(&scene), usize::from(!by_person), "{row}");
    }
}

#[test]
fn behaviour_4_final_touch_a_read_of_the_crm_does_not_bring_it_forward() {
    let mut scene = Scene::at_stage("new");
    scene.hears("Сколько стоит номер?", nothing());
    scene.answers();
    scene.passes(HOUR);
    scene.event(Event::DealChanged {
        deal: DEAL,
        by: Changer::Person(ANNA),
        field: None,
        stage: None,
    });
    scene.run();
    assert_eq!((reads(&scene) > 1, touches(&scene)), (true, 0));
    assert!(
        scene.due(Timer::FinalTouch).is_some(),
        "it is still planned"
    );
}

#[test]
fn behaviour_4_final_touch_is_not_planned_again_after_the_guests_thanks() {
    let mut scene = Scene::at_stage("new");
    scene.hears("Сколько стоит номер?", nothing());
    scene.answers();
    scene.hears("Спасибо!", wants(Intent::ThanksOnly));
    scene.wait(HOUR);
    scene.event(Event::DealChanged {
        deal: DEAL,
        by: Changer::Person(ANNA),
        field: None,
        stage: None,
    });
    scene.run();
    assert_eq!(
        scene.due(Timer::FinalTouch),
        None,
        "the last word is the guest's"
    );
}

#[test]
fn behaviour_4_after_the_touch_thanks_for_it_are_an_answer() {
    for (row, later, awaited) in [("thanks after it", 1, false), ("nothing after it", 0, true)] {
        let mut scene = Scene::at_stage("new");
        scene.hears("Сколько стоит номер?", nothing());
        scene.answers();
        let due = scene.due(Timer::FinalTouch).expect("planned");
        scene.wait(due - scene.now);
        scene.run_reads();
        let touch = |action: &Action| matches!(action, Action::Send { kind, .. } if *kind == SendKind::Touch);
        let at = scene.pending.iter().position(|(_, a)| touch(a));
        let (key, action) = scene.pending.remove(at.expect("the touch is on its way"));
        let left = scene.carry_out(&key, &action);
        scene.wait(later);
        if later > 0 {
            scene.guest("Спасибо!", wants(Intent::ThanksOnly));
        }
        scene.event(left);
        assert_eq!(scene.due(Timer::AfterTouch).is_some(), awaited, "{row}");
    }
}

#[test]
fn behaviour_3_a_foreign_deal_is_noted_and_our_own_never_is() {
    let mut scene = Scene::new_guest();
    scene.hears("Сколько стоит номер?", nothing());
    scene.answers();
    scene.grace_ends();
    assert_eq!(scene.new_deals(), 1);
    let noted = |scene: &Scene| {
        let foreign = |action: &Action| {
            matches!(
                action,
                Action::AddNote {
                    note: crate::action::Note::ForeignDeal { .. },
                    ..
                }
            )
        };
        scene.count(foreign)
    };
    for (row, appears, notes) in [("ours alone", false, 0), ("another", true, 1)] {
        if appears {
            let foreign = DealFacts {
                created_at: scene.now,
                ..scene.deal(DealId(801), "new")
            };
            scene.deals.insert(0, foreign);
        }
        scene.passes(2 * crate::time::MINUTE);
        scene.hears("А с питанием?", nothing());
        scene.answers();
        assert_eq!(noted(&scene), notes, "{row}");
    }
}
