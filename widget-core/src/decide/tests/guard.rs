//! An answer that may not leave (issue 9, «Guard before sending»): a manager gets the dialog, and reads what the bot
//! wanted to say.

use super::*;
use crate::action::Note;
use crate::guard::{Internal, Measured};

fn leaking() -> BotAnswer {
    BotAnswer {
        replies: vec![TextRef(7), TextRef(8)],
        measured: Some(Box::new(Measured {
            internal: [Internal::TurnId].into(),
            ..Measured::default()
        })),
        ..good()
    }
}

fn answered(answer: BotAnswer) -> Scene {
    let mut scene = Scene::at_stage("prepaid");
    scene.hears("Есть ли бассейн?", nothing());
    scene.bot(answer);
    scene.run();
    scene
}

#[test]
fn issue_9_6_a_blocked_answer_becomes_a_handoff_and_says_what_the_bot_wanted() {
    let scene = answered(leaking());
    assert_eq!(scene.reason(), Some(ReasonId::ReplyBlocked));
    assert!(scene.traced("guard.internal"));
    let kinds: Vec<_> = scene.texts().into_iter().map(|(kind, _)| kind).collect();
    assert_eq!(kinds, [SendKind::Handoff], "the answer stays here");
    let handoff = scene.state.handoff.clone().expect("a handoff");
    assert_eq!(handoff.wanted, [TextRef(7), TextRef(8)]);
    assert_eq!(handoff.reason.values["kind"], "internal");
    let noted = |action: &Action| {
        matches!(action, Action::AddNote { note: Note::Handoff { wanted, .. }, .. }
            if *wanted == [TextRef(7), TextRef(8)])
    };
    assert_eq!(scene.count(noted), 1);
    assert_eq!(scene.tasks(), 1);
}

#[test]
fn issue_9_6_an_answer_in_order_leaves() {
    let scene = answered(BotAnswer {
        measured: Some(Box::default()),
        ..good()
    });
    assert!(scene.bot_leads() && scene.traced("guard.passed"));
    assert_eq!(scene.delivered(), 1);
}

#[test]
fn issue_9_6_an_answer_of_before_the_guard_is_judged_as_it_was() {
    let scene = answered(good());
    assert!(scene.bot_leads() && !scene.traced("guard.passed"));
}

#[test]
fn issue_9_6_what_the_bot_wanted_goes_with_the_guest() {
    let mut scene = answered(leaking());
    scene.event(Event::Erased);
    assert_eq!(scene.state.handoff, None);
}

#[test]
fn issue_9_6_another_reason_comes_before_the_guards() {
    let scene = answered(BotAnswer {
        kb: Kb::Miss,
        ..leaking()
    });
    assert_eq!(scene.reason(), Some(ReasonId::NoKb));
    let handoff = scene.state.handoff.clone().expect("a handoff");
    assert_eq!(handoff.wanted, [], "nothing was about to leave");
}

/// A guest whom the bot has not greeted yet gets an answer of so many characters.
fn long_answer(chars: u32) -> Vec<(SendKind, bool)> {
    let mut scene = Scene::at_stage("prepaid");
    scene.hears("Есть ли бассейн?", nothing());
    scene.bot(BotAnswer {
        measured: Some(Box::new(Measured {
            chars,
            ..Measured::default()
        })),
        ..good()
    });
    scene.run();
    assert!(scene.bot_leads());
    let texts = scene.texts().into_iter();
    texts
        .map(|(kind, said)| (kind, said.contains("intro")))
        .collect()
}

#[test]
fn an_answer_that_leaves_no_room_for_the_intro_comes_after_it() {
    assert_eq!(long_answer(200), [(SendKind::Answer, true)]);
    assert_eq!(
        long_answer(1_000),
        [(SendKind::Intro, true), (SendKind::Answer, false)]
    );
}

#[test]
fn an_answer_that_does_not_fit_into_one_message_goes_to_a_person() {
    let scene = answered(BotAnswer {
        measured: Some(Box::new(Measured {
            chars: 1_001,
            ..Measured::default()
        })),
        ..good()
    });
    assert_eq!(scene.reason(), Some(ReasonId::ReplyBlocked));
    assert!(scene.traced("guard.length"));
}

#[test]
fn issue_9_7_what_the_bot_sums_up_goes_with_the_handoff_whatever_its_cause() {
    let summed = || BotAnswer {
        summary: Some(TextRef(9)),
        ..good()
    };
    let asks_for_a_person = BotAnswer {
        handoff: Some(crate::event::BotHandoff {
            reason: None,
            note: None,
        }),
        ..summed()
    };
    let blocked = BotAnswer {
        measured: leaking().measured,
        ..summed()
    };
    let missed = BotAnswer {
        kb: Kb::Miss,
        ..summed()
    };
    for answer in [asks_for_a_person, blocked, missed] {
        let scene = answered(answer);
        let handoff = scene.state.handoff.clone().expect("a handoff");
        assert_eq!(handoff.summary, Some(TextRef(9)));
        let noted = |action: &Action| {
            matches!(action, Action::AddNote { note: Note::Handoff { summary, .. }, .. }
                if *summary == Some(TextRef(9)))
        };
        assert_eq!(scene.count(noted), 1);
    }
    assert_eq!(answered(summed()).state.handoff, None, "the bot leads");
}
