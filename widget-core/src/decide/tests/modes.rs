//! BEHAVIOUR §5: the account's mode, and guests whom the bot leaves alone.

use super::*;
use crate::event::Service;
use crate::policy::Mode;
use crate::time::{DAY, MINUTE};

fn in_mode(mode: Mode) -> Scene {
    Scene::at_stage("new").with(|policy| policy.mode = mode)
}

/// A day of a dialog: a question, its answer, a request for a person, silence.
fn lives(scene: &mut Scene) {
    scene.hears("Есть ли места?", nothing());
    if scene.questions() > 0 {
        scene.answers();
    }
    scene.hears("Позовите человека", wants(Intent::HumanRequest));
    scene.hears("Не пишите мне", wants(Intent::OptOut));
    scene.grace_ends();
    scene.passes(4 * DAY);
}

fn by_tag() -> Scene {
    let mut scene = Scene::at_stage("new");
    scene.tags = vec![" Без Бота".to_owned()];
    scene
}

fn by_phone() -> Scene {
    let mut scene = Scene::at_stage("new");
    scene.listed.excluded = true;
    scene
}

#[test]
fn behaviour_5_watch_decides_and_asks_the_bot_but_writes_nothing() {
    let row = "BEHAVIOUR §5: watch";
    for mut scene in [in_mode(Mode::Watch), {
        let mut new = Scene::new_guest().with(|policy| policy.mode = Mode::Watch);
        new.policy.tasks.escalate_to = Some(IGOR);
        new
    }] {
        lives(&mut scene);
        assert_eq!(scene.questions(), 1, "{row}: the bot is asked");
        assert_eq!(scene.writes(), [] as [&str; 0], "{row}: writes nothing");
        assert!(scene.traced("bot.answer"), "{row}: decides and journals");
        assert!(scene.traced("trigger"), "{row}");
        assert!(scene.traced("watch.skipped"), "{row}: and says so");
        assert_eq!(scene.reason(), Some(ReasonId::HumanRequest), "{row}");
    }
}

#[test]
fn behaviour_5_watch_of_a_guest_without_a_deal_comes_to_rest() {
    let mut scene = Scene::new_guest().with(|policy| {
        policy.mode = Mode::Watch;
        policy.tasks.escalate_to = Some(IGOR);
    });
    scene.hears("Позовите человека", wants(Intent::HumanRequest));
    scene.grace_ends();
    scene.passes(DAY);
    let rows = scene.journal.len();
    scene.passes(DAY);
    assert!(scene.journal.len() <= rows + 2, "nothing is tried for ever");
}

#[test]
fn behaviour_5_watch_touches_nobody() {
    let mut scene = in_mode(Mode::Watch);
    scene.hears("Есть ли места?", nothing());
    scene.answers();
    scene.passes(5 * DAY);
    assert_eq!(scene.writes(), [] as [&str; 0]);
}

#[test]
fn behaviour_5_trial_answers_only_the_listed() {
    let row = "BEHAVIOUR §5: trial(phones)";
    for listed in [true, false] {
        let mut scene = in_mode(Mode::Trial);
        scene.listed.trial = listed;
        scene.hears("Есть ли места?", nothing());
        assert_eq!(scene.questions(), usize::from(listed), "{row}");
        if listed {
            scene.answers();
            assert_eq!(scene.delivered(), 1, "{row}");
        } else {
            scene.passes(DAY);
            assert_eq!(scene.writes(), [] as [&str; 0], "{row}: others");
            assert!(scene.traced("mode.trial"), "{row}: and why");
        }
    }
}

#[test]
fn behaviour_5_off_does_nothing() {
    let mut scene = in_mode(Mode::Off);
    lives(&mut scene);
    scene.person(Some(ANNA));
    scene.event(Event::Unreadable);
    scene.run();
    assert_eq!((scene.writes().len(), scene.questions()), (0, 0));
    assert!(scene.bot_leads(), "nothing is decided");
    assert!(scene.traced("mode.off"));
}

#[test]
fn behaviour_5_off_writes_nothing_for_a_guest_who_waits_already() {
    let row = "BEHAVIOUR §5: off";
    let mut waiting = Scene::handed_over();
    let mut led = Scene::handed_over();
    led.person(Some(ANNA));
    led.run();
    for scene in [&mut waiting, &mut led] {
        scene.policy.mode = Mode::Off;
        scene.policy.tasks.escalate_to = Some(IGOR);
        scene.forget();
        scene.wait(EVENING - scene.now);
        scene.guest("Алло", nothing());
        scene.guest("Помогите", wants(Intent::Urgent));
        scene.event(Event::CardOpened {
            user: ANNA,
            responsible: true,
        });
        scene.passes(2 * DAY);
        scene.returned(ANNA);
        scene.run();
        assert_eq!(scene.writes(), [] as [&str; 0], "{row}");
    }
}

#[test]
fn behaviour_5_people_everything_waits_for_a_manager() {
    let row = "BEHAVIOUR §5: people";
    let mut scene = in_mode(Mode::People);
    scene.hears("Есть ли места?", nothing());
    assert_eq!(scene.reason(), Some(ReasonId::BotPaused), "{row}");
    assert_eq!(
        scene.texts(),
        [(SendKind::Handoff, HANDOFF.to_owned())],
        "{row}"
    );
    assert_eq!((scene.tasks(), scene.questions()), (1, 0), "{row}");
    // The bot is not even introduced when a dialog comes back.
    scene.person(Some(ANNA));
    scene.run();
    scene.forget();
    scene.passes(40 * MINUTE);
    assert!(scene.bot_leads());
    assert_eq!(scene.texts(), [], "{row}: no intro");
}

#[test]
fn behaviour_5_people_an_urgent_message_is_urgent_all_the_same() {
    let mut scene = in_mode(Mode::People);
    scene.policy.tasks.duty_user = Some(IGOR);
    scene.now = EVENING;
    scene.hears("В номере пожар", wants(Intent::Urgent));
    assert_eq!(scene.reason(), Some(ReasonId::Urgent));
}

#[test]
fn behaviour_5_a_change_of_mode_mid_turn() {
    let row = "BEHAVIOUR §5: a change of the mode";
    for (from, to, reason, sent) in [
        (Mode::On, Mode::People, Some(ReasonId::BotPaused), 1),
        (Mode::On, Mode::Off, None, 0),
        (Mode::On, Mode::Watch, None, 0),
        (Mode::On, Mode::Trial, None, 0),
        (Mode::Watch, Mode::On, None, 1),
    ] {
        let mut scene = in_mode(from);
        scene.hears("Есть ли места?", nothing());
        scene.policy.mode = to;
        scene.forget();
        scene.bot_answers();
        scene.run_sends();
        assert_eq!(scene.reason(), reason, "{row}: {from:?} → {to:?}");
        assert_eq!(scene.texts().len(), sent, "{row}: {from:?} → {to:?}");
    }
    // The bot is back: what is collected by then is the bot's.
    let mut back = in_mode(Mode::People);
    back.guest("Есть ли места?", nothing());
    back.run_reads();
    back.policy.mode = Mode::On;
    back.burst_ends();
    assert_eq!(back.questions(), 1, "{row}: People → On");
    // And a burst that is being collected is a person's.
    let mut stopped = in_mode(Mode::On);
    stopped.guest("Есть ли места?", nothing());
    stopped.policy.mode = Mode::People;
    stopped.burst_ends();
    assert_eq!(stopped.reason(), Some(ReasonId::BotPaused), "{row}");
}

#[test]
fn behaviour_5_a_text_refused_by_the_accounts_epoch_is_decided_anew_under_the_new_mode() {
    let mut scene = in_mode(Mode::On);
    scene.hears("Есть ли места?", nothing());
    scene.bot_answers();
    scene.policy.mode = Mode::People;
    scene.send_fails(Failure::Fenced);
    scene.run();
    assert_eq!(scene.reason(), Some(ReasonId::BotPaused));
    assert_eq!(scene.delivered(), 1, "the handoff's text alone");
}

#[test]
fn behaviour_5_excluded_guests_get_no_text_contact_deal_or_task() {
    let mut unknown = Scene::new_guest();
    unknown.listed.excluded = true;
    let mut tagged_anew = Scene::at_stage("refused");
    tagged_anew.tags = vec!["без бота".to_owned()];
    for (row, mut scene) in [
        ("by the contact's tag", by_tag()),
        ("by phone", by_phone()),
        ("by phone, and unknown to the CRM", unknown),
        ("by tag, with a refused deal", tagged_anew),
    ] {
        lives(&mut scene);
        scene.person(Some(ANNA));
        scene.event(Event::Unreadable);
        scene.grace_ends();
        assert_eq!(
            scene.writes(),
            [] as [&str; 0],
            "BEHAVIOUR §5: excluded guests, {row}"
        );
        assert_eq!(scene.questions(), 0, "{row}");
        assert!(scene.traced("guest.excluded"), "{row}");
        assert_eq!(scene.state.unanswered, [], "{row}");
    }
    let mut other_tag = Scene::at_stage("new");
    other_tag.tags = vec!["постоянный гость".to_owned()];
    other_tag.hears("Есть ли места?", nothing());
    assert_eq!(other_tag.questions(), 1, "another tag excludes nobody");
}

#[test]
fn behaviour_5_a_guest_who_is_excluded_later_hears_no_more_of_the_bot() {
    let mut waiting = Scene::handed_over();
    waiting.tags = vec!["без бота".to_owned()];
    waiting.event(Event::DealChanged {
        deal: DEAL,
        by: Changer::Person(ANNA),
        field: None,
        stage: None,
    });
    waiting.run();
    waiting.forget();
    waiting.wait(EVENING - waiting.now);
    waiting.guest("Алло", nothing());
    assert_eq!(waiting.texts(), [], "no hours text");
    waiting.person(Some(ANNA));
    waiting.run();
    waiting.passes(41 * MINUTE);
    assert_eq!(waiting.texts(), [], "nor an intro");
    assert_eq!(waiting.field(), FieldValue::Bot, "the field shows it");
}

fn excludes(scene: &mut Scene) {
    scene.event(Event::GuestExcluded { user: ANNA });
}

fn includes(scene: &mut Scene) {
    scene.event(Event::GuestIncluded { user: ANNA });
}

#[test]
fn behaviour_5_a_manager_excludes_a_guest_and_the_contact_gets_the_tag() {
    let mut scene = Scene::talking();
    scene.forget();
    excludes(&mut scene);
    assert_eq!(scene.writes(), ["tag_contact"]);
    scene.hears("А бассейн есть?", nothing());
    assert_eq!(scene.questions(), 0, "at once, before the CRM shows it");
    scene.run();
    assert_eq!(scene.tags, ["без бота"]);
    scene.passes(MINUTE);
    scene.hears("Алло", nothing());
    scene.passes(HOUR);
    scene.hears("Вы здесь?", nothing());
    assert_eq!(scene.state.exclusion, None, "by now the CRM shows it");
    assert_eq!(scene.questions(), 0, "and its tag is enough");
    assert_eq!(scene.texts(), []);
}

#[test]
fn promise_1_a_text_that_was_decided_before_a_guest_was_excluded_does_not_leave() {
    let mut scene = Scene::at_stage("prepaid");
    scene.hears("Есть ли Wi-Fi?", nothing());
    scene.bot_answers();
    let epoch = scene.state.view.epoch;
    excludes(&mut scene);
    assert_eq!(scene.state.view.epoch, epoch + 1, "the send is refused");
    scene.send_fails(Failure::Fenced);
    scene.passes(HOUR);
    assert_eq!(scene.delivered(), 0);
    assert!(scene.bot_leads(), "and nobody is called for it");
}

#[test]
fn behaviour_5_what_waits_is_answered_when_a_guest_is_included_again() {
    let mut scene = Scene::at_stage("prepaid");
    scene.guest("Есть ли Wi-Fi?", nothing());
    excludes(&mut scene);
    scene.passes(MINUTE);
    assert_eq!(scene.questions(), 0);
    includes(&mut scene);
    scene.run();
    assert_eq!(scene.questions(), 1, "the click was a mistake");
    scene.answers();
    scene.hears("А бассейн есть?", nothing());
    assert_eq!(scene.questions(), 2);
    assert_eq!(scene.tags, [] as [&str; 0]);
}

#[test]
fn behaviour_5_a_guest_is_included_whatever_tag_excluded_them() {
    let mut scene = by_tag();
    scene.policy.exclude.contact_tags = vec!["не беспокоить".to_owned(), "без бота".to_owned()];
    scene.tags.push("постоянный гость".to_owned());
    scene.hears("Есть ли места?", nothing());
    includes(&mut scene);
    scene.run();
    assert_eq!(scene.tags, ["постоянный гость"], "as the CRM writes it");
    scene.hears("Алло", nothing());
    assert_eq!(scene.questions(), 1);
}

#[test]
fn behaviour_5_a_guest_on_the_list_of_phones_is_not_included_by_a_click() {
    let mut scene = by_phone();
    scene.hears("Есть ли места?", nothing());
    includes(&mut scene);
    excludes(&mut scene);
    scene.hears("Алло", nothing());
    assert_eq!(scene.questions(), 0);
    assert_eq!(scene.writes(), [] as [&str; 0]);
}

#[test]
fn behaviour_5_a_tag_taken_off_in_the_crm_lets_the_bot_answer_again() {
    for by_click in [false, true] {
        let mut scene = Scene::at_stage("new");
        if by_click {
            scene.hears("Есть ли места?", nothing());
            scene.answers();
            excludes(&mut scene);
            scene.run();
        } else {
            scene.tags = vec!["без бота".to_owned()];
        }
        scene.passes(2 * MINUTE);
        scene.hears("Алло", nothing());
        let before = scene.questions();
        scene.tags.clear();
        scene.passes(HOUR);
        scene.hears("Вы здесь?", nothing());
        assert_eq!(scene.questions(), before + 1, "by a click: {by_click}");
    }
}

#[test]
fn behaviour_5_a_guest_without_a_contact_is_excluded_and_tagged_once_there_is_one() {
    let mut scene = Scene::new_guest();
    scene.guest("Есть ли места?", nothing());
    excludes(&mut scene);
    scene.passes(HOUR);
    assert_eq!(scene.questions(), 0);
    assert_eq!(scene.writes(), [] as [&str; 0], "nor a contact or a deal");
    scene.contact = Some(CONTACT);
    scene.deals = vec![scene.deal(DEAL, "new")];
    scene.passes(2 * MINUTE);
    scene.hears("Алло", nothing());
    assert_eq!(scene.questions(), 0);
    assert_eq!(scene.tags, ["без бота"]);
}

#[test]
fn promise_4_a_question_asked_while_a_guest_was_excluded_is_answered_or_given_to_a_person() {
    for (wait, questions) in [(MINUTE, 1), (HOUR, 0)] {
        let mut scene = Scene::at_stage("prepaid");
        excludes(&mut scene);
        scene.hears("Есть ли Wi-Fi?", nothing());
        scene.passes(wait);
        includes(&mut scene);
        scene.run();
        assert_eq!(scene.questions(), questions, "after {wait} ms");
        let late = (questions == 0).then_some(ReasonId::Late);
        assert_eq!(scene.reason(), late, "after {wait} ms");
    }
}

#[test]
fn promise_3_what_a_manager_has_answered_is_not_answered_again_when_a_guest_is_included() {
    let mut scene = Scene::at_stage("prepaid");
    scene.guest("Есть ли Wi-Fi?", nothing());
    excludes(&mut scene);
    scene.passes(MINUTE);
    scene.person(Some(ANNA));
    scene.passes(MINUTE);
    includes(&mut scene);
    scene.run();
    assert_eq!((scene.questions(), scene.delivered()), (0, 0));
    assert!(scene.bot_leads());
}

#[test]
fn promise_4_a_manager_keeps_an_excluded_guest_whose_question_is_open() {
    let mut scene = Scene::talking();
    scene.took(ANNA);
    scene.run();
    excludes(&mut scene);
    scene.passes(10 * MINUTE);
    scene.guest("А бассейн есть?", nothing());
    scene.passes(2 * HOUR);
    assert!(scene.led_by(ANNA), "nobody else would answer");
    assert!(scene.traced("owner.stays_for_excluded"));
    scene.person(Some(ANNA));
    scene.passes(2 * HOUR);
    assert!(scene.bot_leads());
}

#[test]
fn promise_4_a_waiting_guest_who_is_included_again_is_watched_over() {
    let mut scene = Scene::handed_over();
    scene.policy.tasks.escalate_to = Some(IGOR);
    excludes(&mut scene);
    scene.passes(3 * HOUR);
    assert_eq!(
        scene.contacts(),
        [],
        "nobody is called for an excluded guest"
    );
    includes(&mut scene);
    scene.passes(MINUTE);
    assert_eq!(scene.contacts().len(), 1);
}

#[test]
fn behaviour_5_a_click_outlives_the_contact_that_was_tagged() {
    let mut scene = Scene::talking();
    excludes(&mut scene);
    scene.run();
    // The contact is deleted and made anew.
    scene.contact = Some(ContactId(CONTACT.0 + 1));
    scene.tags.clear();
    scene.passes(HOUR);
    scene.hears("Алло", nothing());
    assert_eq!(scene.questions(), 1, "of before");
    assert_eq!(scene.tags, ["без бота"], "tagged anew");
}

#[test]
fn behaviour_5_a_tag_that_the_crm_did_not_take_keeps_the_guest_excluded_and_is_tried_again() {
    let mut scene = Scene::talking();
    excludes(&mut scene);
    let (key, action) = scene.pending.pop().expect("the tag");
    scene.event(failed(&key, &action, Failure::Unreachable));
    scene.passes(HOUR);
    assert_eq!(scene.state.exclusion.as_ref().map(|e| e.on), Some(true));
    scene.event(Event::DealChanged {
        deal: DEAL,
        by: Changer::Person(ANNA),
        field: None,
        stage: None,
    });
    scene.run();
    assert_eq!(scene.tags, ["без бота"]);
}

#[test]
fn behaviour_5_an_excluded_guests_message_found_late_is_left_alone() {
    let mut scene = by_tag();
    scene.guest_at("Есть ли места?", nothing(), NOON - 2 * HOUR);
    scene.burst_ends();
    scene.passes(MINUTE);
    assert_eq!(scene.writes(), [] as [&str; 0]);
    assert!(scene.bot_leads());
}

#[test]
fn behaviour_5_an_excluded_dialog_cannot_be_queued_by_hand() {
    let mut scene = by_tag();
    scene.hears("Есть ли места?", nothing());
    scene.field_by(FieldValue::Waiting, Changer::Person(ANNA));
    scene.run();
    assert_eq!(scene.texts(), [], "no text of ours");
    assert_eq!(scene.tasks(), 0);
}

#[test]
fn behaviour_4_bot_on_recovery_untaken_waiting_with_a_technical_reason_is_routed() {
    let row = "BEHAVIOUR §4: bot, on recovery";
    let mut scene = Scene::at_stage("prepaid");
    scene.hears("Есть ли Wi-Fi?", nothing());
    scene.run_if(|action| matches!(action, Action::AskBot { .. }));
    scene.run();
    assert_eq!(scene.reason(), Some(ReasonId::BotUnavailable));
    scene.forget();
    let bot = Service::Bot;
    scene.event(Event::ServiceBack {
        service: Service::Crm,
    });
    assert_eq!(
        scene.reason(),
        Some(ReasonId::BotUnavailable),
        "{row}: of another service"
    );
    scene.event(Event::ServiceBack { service: bot });
    scene.run();
    assert!(scene.bot_leads(), "{row}");
    assert_eq!(scene.questions(), 1, "{row}: routed");
    let completed = |a: &Action| {
        matches!(
            a,
            Action::CompleteTask {
                result: crate::action::TaskResult::BotIsBack,
                ..
            }
        )
    };
    assert_eq!(scene.count(completed), 1, "{row}: task completed");

    let mut taken = Scene::at_stage("prepaid");
    taken.hears("Есть ли Wi-Fi?", nothing());
    taken.run_if(|action| matches!(action, Action::AskBot { .. }));
    taken.took(ANNA);
    taken.event(Event::ServiceBack { service: bot });
    assert!(taken.led_by(ANNA), "{row}: one that was taken stays");

    let mut other = Scene::handed_over();
    other.event(Event::ServiceBack { service: bot });
    assert_eq!(other.reason(), Some(ReasonId::GuestsOver4), "{row}");

    let mut people = Scene::at_stage("prepaid");
    people.hears("Есть ли Wi-Fi?", nothing());
    people.run_if(|action| matches!(action, Action::AskBot { .. }));
    people.run();
    people.policy.mode = Mode::People;
    people.forget();
    people.event(Event::ServiceBack { service: bot });
    people.run();
    assert_eq!(people.texts(), [], "{row}: not where people answer");
}

#[test]
fn behaviour_4_crm_is_back_a_dialog_that_nobody_took_is_routed() {
    let mut scene = Scene::at_stage("prepaid");
    scene.crm_is_up = false;
    scene.guest("Есть ли Wi-Fi?", nothing());
    scene.wait(seconds(4));
    scene.run();
    assert_eq!(scene.reason(), Some(ReasonId::CrmDown));
    scene.crm_is_up = true;
    scene.event(Event::ServiceBack {
        service: Service::Crm,
    });
    scene.run();
    assert_eq!((scene.questions(), scene.tasks()), (1, 0));
    scene.answers();
    assert_eq!(
        scene.texts().last().unwrap().1,
        "intro+reply",
        "with the intro: the guest was told of a person"
    );
}
