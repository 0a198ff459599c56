//! Two witnesses of what a guest says, the reader of texts and the bot: a trigger fires if either sees it, of facts that
//! contradict each other the one that needs a person counts, and both are recorded (promise 4, promise 5).

use super::*;

fn stated(change: impl FnOnce(&mut Facts)) -> Facts {
    let mut stated = Facts::default();
    change(&mut stated);
    stated
}

/// The dialog after we read `text` and the bot reads `bot`.
fn both_read(text: Understood, bot: BotAnswer) -> Scene {
    let mut scene = Scene::at_stage("prepaid");
    scene.guest("Здравствуйте", text);
    scene.burst_ends();
    scene.run();
    scene.bot(bot);
    scene.run();
    scene
}

fn reports(facts: Facts) -> BotAnswer {
    BotAnswer { facts, ..good() }
}

#[test]
fn promise_4_a_trigger_fires_if_either_side_sees_it() {
    let five = stated(|f| f.guests = Some(5));
    let by_bot = both_read(nothing(), reports(five.clone()));
    assert_eq!(by_bot.reason(), Some(ReasonId::GuestsOver4));
    let mut by_us = Scene::at_stage("prepaid");
    by_us.hears("Нас пятеро", facts(five));
    assert_eq!(by_us.reason(), Some(ReasonId::GuestsOver4));
    let paid = BotAnswer {
        intents: BTreeSet::from([Intent::PaidNotice]),
        ..good()
    };
    let plain_to_us = both_read(wants(Intent::General), paid);
    assert_eq!(plain_to_us.reason(), Some(ReasonId::PaidNotice));
}

#[test]
fn promise_4_of_contradicting_facts_the_one_that_needs_a_person_counts() {
    let rows: [(&str, Facts, Facts, ReasonId); 4] = [
        (
            "differ.guests",
            stated(|f| f.guests = Some(3)),
            stated(|f| f.guests = Some(5)),
            ReasonId::GuestsOver4,
        ),
        (
            "differ.child",
            stated(|f| f.youngest_child = Some(5)),
            stated(|f| f.youngest_child = Some(3)),
            ReasonId::ChildLe3,
        ),
        (
            "differ.rooms",
            stated(|f| f.rooms = Some(1)),
            stated(|f| f.rooms = Some(2)),
            ReasonId::MultiRoom,
        ),
        (
            "differ.pet",
            stated(|f| f.pet = Some(false)),
            stated(|f| f.pet = Some(true)),
            ReasonId::Pet,
        ),
    ];
    for (rule, text, bot, reason) in rows {
        let scene = both_read(facts(text.clone()), reports(bot.clone()));
        assert_eq!(scene.reason(), Some(reason), "{rule}");
        assert!(scene.traced(rule), "both are recorded: {rule}");
        let agreed = both_read(facts(text.clone()), reports(text));
        assert!(!agreed.traced(rule), "{rule}");
    }
}

#[test]
fn promise_5_the_difference_stands_in_the_trace_with_both_values() {
    let scene = both_read(
        facts(stated(|f| f.guests = Some(3))),
        reports(stated(|f| f.guests = Some(4))),
    );
    assert_eq!(scene.reason(), None, "neither needs a person");
    assert!(scene.traced("differ.guests"));
    let known = scene.state.episode.as_ref().map(|e| e.facts.guests);
    assert_eq!(known, Some(Some(4)), "the larger one is known from now on");
}

#[test]
fn behaviour_3_that_a_text_is_plain_gives_way_to_a_bot_that_finds_it_unclear() {
    let unclear = BotAnswer {
        intents: BTreeSet::from([Intent::Unclear]),
        ..good()
    };
    let scene = both_read(wants(Intent::General), unclear.clone());
    assert_eq!(scene.texts()[0].1, "intro+clarify_kind");
    let booking = both_read(wants(Intent::OwnBooking), unclear);
    assert_eq!(booking.texts()[0].0, SendKind::Answer);
}

#[test]
fn behaviour_3_a_bot_that_saw_a_greeting_beside_a_question_has_answered_it() {
    let mut scene = Scene::at_stage("departure");
    scene.guest("Здравствуйте! Во сколько завтрак?", wants(Intent::General));
    scene.burst_ends();
    scene.run();
    scene.bot(BotAnswer {
        intents: BTreeSet::from([Intent::Greeting]),
        ..good()
    });
    scene.run();
    assert_eq!(scene.texts()[0].0, SendKind::Answer);
}

#[test]
fn promise_4_what_needs_no_person_either_way_is_the_guests_own_word() {
    let scene = both_read(
        facts(stated(|f| f.nights = Some(7))),
        reports(stated(|f| f.nights = Some(10))),
    );
    let known = scene.state.episode.as_ref().map(|e| e.facts.nights);
    assert_eq!(known, Some(Some(7)));
}
