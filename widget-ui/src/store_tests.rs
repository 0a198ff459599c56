//! What the card does with clicks, answers, silence and colleagues.

use super::*;
use widget_core::owner::ReasonId;
use widget_core::time::MINUTE;
use widget_core::understand::Facts;
use widget_core::wire::UserName;

const ME: UserId = UserId(9002);
const IGOR: UserId = UserId(9003);
const NOW: i64 = 1_794_988_800_000;

pub(crate) fn waiting() -> Owner {
    Owner::Waiting {
        since: NOW - 12 * MINUTE,
        reason: ReasonId::GuestsOver4.into(),
    }
}

pub(crate) fn led_by(user: UserId) -> Owner {
    Owner::Manager {
        user: Some(user),
        since: NOW - MINUTE,
    }
}

pub(crate) fn dialog(owner: Owner, epoch: u64) -> DialogView {
    DialogView {
        id: "d1".into(),
        deal: Some(DealId(7)),
        phone: "+7 900 … 01".to_owned(),
        view: OwnerView { owner, epoch },
        bot_busy: false,
        bot_last: Some(NOW - 18 * MINUTE),
        guest_last: Some(NOW - 12 * MINUTE),
        unanswered_since: None,
        return_at: None,
        undo_until: None,
        handoff: None,
        off_hours: false,
        guest_text: None,
        bot_wanted: None,
        summary: None,
        why: vec![],
        facts: Facts::default(),
        asked_back: None,
        touch_at: None,
        mute: None,
        excluded: None,
        stage: None,
        deal_closed: false,
        reminded: None,
    }
}

pub(crate) fn fresh(dialogs: Vec<DialogView>) -> Fresh {
    let user = |id, name: &str| UserName {
        id,
        name: name.to_owned(),
    };
    Fresh {
        me: ME,
        protocol: PROTOCOL_VERSION,
        data: DealDialogs {
            now: NOW,
            utc_offset: 10_800,
            dialogs,
            users: vec![user(ME, "Анна Ким"), user(IGOR, "Игорь Лис")],
            no_contact: false,
            alerts: vec![],
        },
    }
}

pub(crate) fn failure(code: &str) -> Failure {
    Failure {
        code: code.to_owned(),
        ..Failure::default()
    }
}

/// A state under test, with every effect it asked for.
struct Card {
    state: State,
    clock: i64,
    asked: Vec<Effect>,
}

impl Card {
    fn new() -> Self {
        let (state, asked) = State::enter(DealId(7), 1, 0);
        Self {
            state,
            clock: 0,
            asked,
        }
    }

    fn with(owner: Owner) -> Self {
        let mut card = Self::new();
        card.load(Ok(fresh(vec![dialog(owner, 4)])));
        card.asked.clear();
        card
    }

    fn on(&mut self, msg: impl Into<Msg>) -> &mut Self {
        let (state, effects) = self.state.clone().on(msg.into());
        self.state = state;
        self.asked.extend(effects);
        self
    }

    fn press(&mut self, press: Press) -> &mut Self {
        self.on(Click::Pressed("d1".into(), press))
    }

    fn load(&mut self, result: Result<Fresh, Failure>) -> &mut Self {
        let (clock, result) = (self.clock, Box::new(result));
        self.on(Msg::Loaded {
            entry: 1,
            clock,
            result,
        })
    }

    fn hears(&mut self, stream: u32, what: Heard) -> &mut Self {
        let (clock, what) = (self.clock, Box::new(what));
        self.on(Msg::Heard {
            entry: 1,
            stream,
            clock,
            what,
        })
    }

    /// A card to which its first stream has told this.
    fn told(owner: Owner) -> Self {
        let mut card = Self::with(owner.clone());
        card.wait(0);
        card.hears(1, told(4, owner));
        card.asked.clear();
        card
    }

    fn wakes(&mut self) -> &mut Self {
        let clock = self.clock;
        self.on(Msg::Woke { clock })
    }

    fn answer(&mut self, result: Result<ActionAnswer, Failure>) -> &mut Self {
        let (clock, result) = (self.clock, Box::new(result));
        self.on(Msg::Acted {
            entry: 1,
            clock,
            result,
        })
    }

    fn wait(&mut self, ms: i64) -> &mut Self {
        self.clock += ms;
        let clock = self.clock;
        self.on(Msg::Tick {
            clock,
            visible: true,
        })
    }

    fn asked(&mut self) -> Vec<Effect> {
        std::mem::take(&mut self.asked)
    }

    fn shown(&self) -> Owner {
        let dialog = &self.state.data.as_ref().unwrap().dialogs[0];
        self.state.shown(dialog).view.owner
    }

    fn notice(&self) -> Option<Notice> {
        self.state.notice.map(|(notice, _)| notice)
    }

    fn trouble(&self) -> Option<&str> {
        self.state
            .trouble
            .as_ref()
            .map(|trouble| trouble.failure.code.as_str())
    }
}

/// Opened for a card that knows no state yet.
fn listen(stream: u32) -> Effect {
    Effect::Listen {
        stream,
        known: None,
    }
}

fn act(epoch: u64, act: Act) -> Effect {
    Effect::Act {
        dialog: "d1".into(),
        epoch,
        act,
    }
}

#[allow(clippy::unnecessary_wraps)] // what the card receives
fn answered(dialog: DialogView) -> Result<ActionAnswer, Failure> {
    Ok(ActionAnswer {
        dialog,
        left_meanwhile: false,
    })
}

fn conflict(code: &str, now: DialogView) -> Result<ActionAnswer, Failure> {
    Err(Failure {
        dialog: Some(Box::new(now)),
        ..failure(code)
    })
}

fn told(epoch: u64, owner: Owner) -> Heard {
    Heard::Shown {
        state: Some(format!("d1:{epoch}")),
        fresh: fresh(vec![dialog(owner, epoch)]),
    }
}

fn ended(renewed: bool) -> Heard {
    Heard::Ended { renewed, dice: 0 }
}

#[test]
fn a_click_shows_its_result_before_the_server_answers() {
    let mut card = Card::with(waiting());
    card.press(Press::Take);
    assert!(matches!(
        card.shown(),
        Owner::Manager { user: Some(ME), .. }
    ));
    assert_eq!(card.asked(), [act(4, Act::Take)]);
    card.answer(answered(dialog(led_by(ME), 5)));
    assert_eq!(card.shown(), led_by(ME));
    assert_eq!((card.notice(), card.trouble()), (Some(Notice::Taken), None));
    assert_eq!(card.asked(), [Effect::Load], "refreshed at once");
    assert_eq!(card.state.live, Live::Owner("d1".into()));
}

#[test]
fn a_second_click_sends_nothing() {
    let mut card = Card::with(waiting());
    card.press(Press::Take)
        .press(Press::Take)
        .press(Press::Return);
    assert_eq!(card.asked(), [act(4, Act::Take)]);
}

#[test]
fn a_quicker_colleague_is_shown_and_named() {
    let mut card = Card::with(waiting());
    card.press(Press::Take)
        .answer(conflict("owner_changed", dialog(led_by(IGOR), 5)));
    assert_eq!(card.shown(), led_by(IGOR));
    assert_eq!(
        (card.notice(), card.trouble()),
        (Some(Notice::OtherLed(IGOR)), None)
    );
}

#[test]
fn a_return_of_what_the_bot_has_is_no_error() {
    let mut card = Card::with(led_by(ME));
    card.press(Press::Return)
        .answer(conflict("epoch_stale", dialog(Owner::Bot, 5)));
    assert_eq!(
        (card.notice(), card.trouble()),
        (Some(Notice::AlreadyBot), None)
    );
}

#[test]
fn any_other_conflict_asks_to_look_and_press_again() {
    let mut card = Card::with(Owner::Bot);
    card.press(Press::Take)
        .answer(conflict("epoch_stale", dialog(waiting(), 5)));
    assert_eq!(
        (card.shown(), card.trouble()),
        (waiting(), Some("epoch_stale"))
    );
    assert_eq!(card.state.trouble.as_ref().unwrap().again, None);
}

#[test]
fn a_refusal_takes_the_prediction_back_and_can_be_repeated() {
    let mut card = Card::with(waiting());
    card.press(Press::Take).asked();
    card.answer(Err(failure("unavailable")));
    assert_eq!(
        (card.shown(), card.trouble()),
        (waiting(), Some("unavailable"))
    );
    assert_eq!(card.asked(), [Effect::Load]);
    card.on(Click::Retry);
    assert_eq!(
        (card.asked(), card.trouble()),
        (vec![act(4, Act::Take)], None)
    );
}

#[test]
fn a_lost_answer_is_looked_up_before_anything_is_said() {
    for (reached, notice, trouble) in [
        (led_by(ME), Some(Notice::Taken), None),
        (waiting(), None, Some("unavailable")),
    ] {
        let mut card = Card::with(waiting());
        card.press(Press::Take)
            .answer(Err(failure(Failure::TIMEOUT)));
        assert_eq!(card.trouble(), Some("timeout"));
        assert!(
            matches!(card.shown(), Owner::Manager { .. }),
            "still predicted"
        );
        card.load(Ok(fresh(vec![dialog(reached, 5)])));
        assert_eq!((card.notice(), card.trouble()), (notice, trouble));
        assert_eq!(card.state.pending, None);
    }
}

#[test]
fn a_lost_answer_that_cannot_be_looked_up_offers_a_retry() {
    let mut card = Card::with(waiting());
    card.press(Press::Take)
        .answer(Err(failure(Failure::UNREACHABLE)));
    card.load(Err(failure(Failure::UNREACHABLE)));
    assert_eq!(
        (card.shown(), card.trouble()),
        (waiting(), Some("unavailable"))
    );
    card.asked();
    card.on(Click::Retry);
    assert_eq!(card.asked(), [act(4, Act::Take)]);
}

#[test]
fn an_answer_older_than_an_action_does_not_undo_it() {
    let mut card = Card::with(waiting());
    card.press(Press::Take)
        .answer(answered(dialog(led_by(ME), 5)));
    card.load(Ok(fresh(vec![dialog(waiting(), 4)])));
    assert_eq!(card.shown(), led_by(ME));
}

#[test]
fn answers_of_another_card_are_dropped() {
    let mut card = Card::new();
    card.on(Msg::Loaded {
        entry: 0,
        clock: 5,
        result: Box::new(Ok(fresh(vec![]))),
    });
    assert_eq!(card.state.data, None);
    let mut card = Card::with(waiting());
    card.press(Press::Take);
    card.on(Msg::Acted {
        entry: 2,
        clock: 5,
        result: Box::new(answered(dialog(led_by(IGOR), 5))),
    });
    assert!(card.state.pending.is_some());
}

#[test]
fn taking_over_from_a_colleague_asks_first() {
    let mut card = Card::with(led_by(IGOR));
    card.press(Press::AskIntercept);
    assert_eq!(card.asked(), []);
    card.press(Press::Cancel);
    assert_eq!(card.state.form, None);
    card.press(Press::AskIntercept).press(Press::Confirm);
    assert_eq!(card.asked(), [act(4, Act::Take)]);
}

#[test]
fn a_note_travels_with_the_return_and_is_never_too_long() {
    let mut card = Card::with(led_by(ME));
    card.press(Press::AskNote)
        .on(Msg::NoteTyped("  ждём дату ".to_owned()))
        .press(Press::Confirm);
    assert_eq!(
        card.asked(),
        [act(4, Act::Return(Some("ждём дату".to_owned())))]
    );
    let mut card = Card::with(led_by(ME));
    card.press(Press::AskNote)
        .on(Msg::NoteTyped("  ".to_owned()))
        .press(Press::Confirm);
    assert_eq!(card.asked(), [act(4, Act::Return(None))]);
    let mut card = Card::with(led_by(ME));
    card.press(Press::AskNote)
        .on(Msg::NoteTyped("я".repeat(NOTE_AT_MOST + 1)));
    assert_eq!(
        card.state.form,
        Some(("d1".into(), Form::Note("я".repeat(NOTE_AT_MOST))))
    );
}

#[test]
fn a_question_goes_when_its_ground_does() {
    let mut card = Card::with(led_by(IGOR));
    card.press(Press::AskIntercept)
        .load(Ok(fresh(vec![dialog(Owner::Bot, 5)])));
    assert_eq!(card.state.form, None);
    let mut card = Card::with(led_by(ME));
    card.press(Press::AskNote)
        .on(Msg::NoteTyped("а".to_owned()));
    card.load(Ok(fresh(vec![dialog(led_by(ME), 4)])));
    assert!(card.state.form.is_some(), "a poll keeps what was typed");
}

#[test]
fn undo_and_dismiss_are_predicted() {
    let mut card = Card::new();
    let taken = DialogView {
        undo_until: Some(NOW + MINUTE),
        handoff: Some(ReasonId::Pet.into()),
        ..dialog(led_by(ME), 4)
    };
    card.load(Ok(fresh(vec![taken]))).asked();
    card.press(Press::Undo);
    assert!(matches!(card.shown(), Owner::Waiting { .. }));
    assert_eq!(card.asked(), [act(4, Act::Undo)]);
    let mut card = Card::with(waiting());
    card.press(Press::AskDismiss).press(Press::Confirm);
    assert_eq!(card.shown(), Owner::Bot);
    assert_eq!(card.asked(), [act(4, Act::Dismiss)]);
}

#[test]
fn a_touch_that_is_not_to_be_sent_goes_from_the_card_at_once() {
    let planned = DialogView {
        touch_at: Some(NOW + MINUTE),
        ..dialog(Owner::Bot, 4)
    };
    let mut card = Card::new();
    card.load(Ok(fresh(vec![planned.clone()]))).asked();
    card.press(Press::NoTouch);
    let touch = |card: &Card| {
        let dialog = &card.state.data.as_ref().unwrap().dialogs[0];
        card.state.shown(dialog).touch_at
    };
    assert_eq!((touch(&card), card.shown()), (None, Owner::Bot));
    assert_eq!(card.asked(), [act(4, Act::NoTouch)]);
    card.answer(answered(dialog(Owner::Bot, 4)));
    assert_eq!(card.notice(), Some(Notice::NoTouch));
    // A lost answer: the dialog tells whether it took effect.
    card.load(Ok(fresh(vec![planned.clone()])));
    card.press(Press::NoTouch)
        .answer(Err(failure(Failure::TIMEOUT)));
    card.load(Ok(fresh(vec![planned])));
    assert_eq!(card.trouble(), Some("unavailable"));
}

#[test]
fn a_guest_is_excluded_after_a_question_and_included_at_once() {
    let out = |epoch| DialogView {
        mute: Some(Mute::Excluded),
        excluded: Some(ExcludedBy::Hand),
        ..dialog(Owner::Bot, epoch)
    };
    let shown = |card: &Card| {
        let dialog = card
            .state
            .shown(&card.state.data.as_ref().unwrap().dialogs[0]);
        (dialog.mute, dialog.excluded)
    };
    let excluded = (Some(Mute::Excluded), Some(ExcludedBy::Hand));
    let mut card = Card::with(Owner::Bot);
    card.press(Press::More).press(Press::AskExclude);
    assert_eq!(card.asked(), [], "nothing before yes is said");
    card.press(Press::Confirm);
    assert_eq!(card.asked(), [act(4, Act::Exclude)]);
    assert_eq!(shown(&card), excluded, "in the same frame");
    card.answer(answered(out(5)));
    assert_eq!(card.notice(), Some(Notice::Excluded));
    card.press(Press::Include);
    assert_eq!(shown(&card), (None, None));
    assert!(card.asked().contains(&act(5, Act::Include)));
    card.answer(answered(dialog(Owner::Bot, 6)));
    assert_eq!(card.notice(), Some(Notice::Included));
    // A lost answer: the dialog tells whether it took effect.
    card.press(Press::AskExclude).press(Press::Confirm);
    card.answer(Err(failure(Failure::TIMEOUT)));
    card.load(Ok(fresh(vec![out(7)])));
    assert_eq!(card.notice(), Some(Notice::Excluded));
    assert_eq!(card.trouble(), None);
}

#[test]
fn a_question_whether_to_exclude_a_guest_closes_when_a_colleague_was_quicker() {
    let mut card = Card::with(Owner::Bot);
    card.press(Press::AskExclude);
    assert!(card.state.form.is_some());
    card.load(Ok(fresh(vec![DialogView {
        excluded: Some(ExcludedBy::Hand),
        ..dialog(Owner::Bot, 5)
    }])));
    assert_eq!(card.state.form, None);
}

#[test]
fn the_responsible_is_reminded_once_of_a_guest_who_waits() {
    let reminded = |user| DialogView {
        reminded: Some(user),
        unanswered_since: Some(NOW - 15 * MINUTE),
        ..dialog(waiting(), 4)
    };
    let mut card = Card::with(waiting());
    card.load(Ok(fresh(vec![reminded(IGOR)])));
    assert_eq!(card.notice(), None, "a colleague's deal");
    let mut card = Card::with(waiting());
    card.load(Ok(fresh(vec![reminded(ME)])));
    assert_eq!(card.notice(), Some(Notice::StillWaits(NOW - 15 * MINUTE)));
    card.wait(NOTICE_FOR).load(Ok(fresh(vec![reminded(ME)])));
    assert_eq!(card.notice(), None, "said once");
}

#[test]
fn losing_a_dialog_is_told() {
    let mut card = Card::with(led_by(ME));
    card.load(Ok(fresh(vec![dialog(led_by(IGOR), 5)])));
    assert_eq!(card.notice(), Some(Notice::Lost(IGOR)));
    assert_eq!(card.state.live, Live::Owner("d1".into()));
    let mut card = Card::with(led_by(ME));
    card.load(Ok(fresh(vec![dialog(Owner::Bot, 5)])));
    assert_eq!(card.notice(), Some(Notice::Returned));
    let mut card = Card::with(led_by(IGOR));
    card.load(Ok(fresh(vec![dialog(Owner::Bot, 5)])));
    assert_eq!(card.notice(), None, "a colleague's");
}

#[test]
fn a_text_that_left_meanwhile_is_told() {
    let mut card = Card::with(Owner::Bot);
    card.press(Press::Take).answer(Ok(ActionAnswer {
        dialog: dialog(led_by(ME), 5),
        left_meanwhile: true,
    }));
    assert_eq!(card.notice(), Some(Notice::LeftMeanwhile));
}

#[test]
fn a_notice_goes_by_itself() {
    let mut card = Card::with(waiting());
    card.press(Press::Take)
        .answer(answered(dialog(led_by(ME), 5)));
    card.wait(NOTICE_FOR - 1);
    assert!(card.notice().is_some());
    card.wait(1);
    assert_eq!(card.notice(), None);
}

#[test]
fn a_visible_card_asks_every_two_seconds_and_a_hidden_one_never() {
    let mut card = Card::with(Owner::Bot);
    assert_eq!(card.wait(POLL - 1).asked(), [listen(1)]);
    assert_eq!(card.wait(1).asked(), [Effect::Load]);
    assert_eq!(card.wait(POLL).asked(), [], "one question at a time");
    card.load(Ok(fresh(vec![])));
    card.on(Msg::Tick {
        clock: card.clock + 10 * POLL,
        visible: false,
    });
    assert_eq!(card.asked(), [Effect::Hush]);
    card.on(Msg::Left);
    assert_eq!(card.wait(20 * POLL).asked(), []);
}

#[test]
fn failures_make_the_questions_rarer_and_one_is_no_news() {
    let mut card = Card::with(Owner::Bot);
    let mut pauses = vec![];
    for _ in 0..7 {
        card.load(Err(failure(Failure::UNREACHABLE)));
        pauses.push(card.state.next_load - card.clock);
    }
    assert_eq!(
        pauses,
        [4_000, 8_000, 16_000, 32_000, 60_000, 60_000, 60_000]
    );
    let mut card = Card::with(Owner::Bot);
    card.load(Err(failure(Failure::UNREACHABLE)));
    assert_eq!(card.state.offline, None);
    card.load(Err(failure(Failure::UNREACHABLE)));
    assert!(card.state.offline.is_some());
    card.load(Ok(fresh(vec![])));
    assert_eq!(card.state.offline, None);
}

#[test]
fn the_server_says_how_long_to_wait() {
    let mut card = Card::with(Owner::Bot);
    card.load(Err(Failure {
        retry_after: Some(90),
        ..failure("rate_limited")
    }));
    assert_eq!(card.state.next_load - card.clock, 90_000);
}

#[test]
fn the_business_clock_runs_on_from_the_servers_time() {
    let mut card = Card::with(Owner::Bot);
    assert_eq!(card.state.now(), NOW);
    card.wait(90_000);
    assert_eq!(card.state.now(), NOW + 90_000);
}

#[test]
fn a_newer_backend_is_news_until_put_off() {
    let mut card = Card::new();
    let newer = Fresh {
        protocol: PROTOCOL_VERSION + 1,
        ..fresh(vec![])
    };
    card.load(Ok(newer.clone()));
    assert!(card.state.update);
    card.on(Click::UpdateLater).load(Ok(newer));
    assert!(!card.state.update);
}

// --- the stream ---------------------------------------------------------------------------------------------------------

#[test]
fn what_the_stream_tells_is_shown_and_nobody_asks_meanwhile() {
    let mut card = Card::with(waiting());
    assert_eq!(card.wait(0).asked(), [listen(1)]);
    card.hears(1, told(5, led_by(IGOR)));
    assert_eq!(card.shown(), led_by(IGOR));
    for _ in 0..20 {
        card.hears(1, Heard::Alive).wait(POLL);
    }
    assert_eq!(card.asked(), []);
}

#[test]
fn a_stream_that_ends_is_followed_by_questions_and_by_the_next_that_begins_where_it_ended() {
    let mut card = Card::told(waiting());
    card.hears(1, ended(false));
    assert_eq!(card.wait(0).asked(), [Effect::Load]);
    card.load(Ok(fresh(vec![dialog(waiting(), 4)])));
    let again = Effect::Listen {
        stream: 2,
        known: Some("d1:4".to_owned()),
    };
    assert_eq!(card.wait(SECOND).asked(), [again]);
    card.hears(2, Heard::Alive).wait(10 * POLL);
    assert_eq!(card.asked(), []);
}

#[test]
fn a_renewed_session_goes_on_listening_at_once() {
    let mut card = Card::told(waiting());
    card.clock += 15 * MINUTE;
    card.hears(1, Heard::Alive).hears(1, ended(true));
    let again = Effect::Listen {
        stream: 2,
        known: Some("d1:4".to_owned()),
    };
    assert_eq!(card.asked(), [again]);
}

#[test]
fn what_an_earlier_stream_or_another_cards_stream_says_is_dropped() {
    let mut card = Card::told(waiting());
    card.hears(1, ended(false)).wait(SECOND).asked();
    card.hears(1, told(5, led_by(IGOR)));
    assert_eq!(card.shown(), waiting());
    card.on(Msg::Heard {
        entry: 0,
        stream: 2,
        clock: 0,
        what: Box::new(told(5, led_by(IGOR))),
    });
    assert_eq!(card.shown(), waiting());
}

#[test]
fn the_end_of_a_stream_that_the_card_has_closed_is_no_news() {
    let mut card = Card::told(waiting());
    let clock = card.clock;
    card.on(Msg::Tick {
        clock,
        visible: false,
    });
    let before = card.state.clone();
    card.hears(1, ended(false));
    assert_eq!(card.state, before);
}

#[test]
fn a_hidden_card_listens_no_more_and_one_that_is_seen_again_asks_and_listens() {
    let mut card = Card::told(waiting());
    let clock = card.clock + 1;
    card.on(Msg::Tick {
        clock,
        visible: false,
    });
    assert_eq!(card.asked(), [Effect::Hush]);
    card.clock += 10 * MINUTE;
    card.wakes();
    let again = Effect::Listen {
        stream: 2,
        known: Some("d1:4".to_owned()),
    };
    assert_eq!(card.asked(), [Effect::Load, again]);
}

#[test]
fn after_waking_a_question_that_hangs_is_asked_again_within_a_second() {
    let mut card = Card::told(waiting());
    card.wakes();
    assert_eq!(card.asked()[..2], [Effect::Hush, Effect::Load]);
    card.wait(SECOND);
    assert_eq!(card.asked(), [Effect::Load]);
    // The network is not there at once.
    card.load(Err(failure(Failure::UNREACHABLE))).wait(SECOND);
    assert_eq!(card.asked(), [Effect::Load]);
    card.load(Ok(fresh(vec![dialog(led_by(IGOR), 5)])));
    assert_eq!(card.shown(), led_by(IGOR));
    card.wait(SECOND);
    assert_eq!(card.asked(), [], "awake");
    // A server that is slow is not flooded.
    let mut slow = Card::told(waiting());
    slow.wakes().asked();
    let mut asked_after = vec![];
    for second in 1..15 {
        if slow.wait(SECOND).asked().contains(&Effect::Load) {
            asked_after.push(second);
        }
    }
    assert_eq!(asked_after, [1, 3, 7]);
}

#[test]
fn an_answer_that_the_stream_has_overtaken_is_dropped() {
    let mut card = Card::told(waiting());
    let mut newer = fresh(vec![dialog(waiting(), 4)]);
    newer.data.now += 500;
    newer.data.dialogs[0].guest_text = Some("А бассейн есть?".to_owned());
    let what = Heard::Shown {
        state: None,
        fresh: newer,
    };
    card.hears(1, what)
        .load(Ok(fresh(vec![dialog(waiting(), 4)])));
    let shown = &card.state.data.as_ref().unwrap().dialogs[0];
    assert_eq!(shown.guest_text.as_deref(), Some("А бассейн есть?"));
    assert_eq!(card.wait(SECOND).asked(), [Effect::Load], "to be sure");
    // A server whose clock was set back is believed.
    let mut back = fresh(vec![]);
    back.data.now -= MINUTE;
    card.load(Ok(back));
    assert_eq!(card.state.data.as_ref().unwrap().dialogs, []);
}

#[test]
fn a_dialog_that_is_made_or_leaves_while_the_card_is_open_is_shown_and_gone() {
    let mut card = Card::told(waiting());
    let second = DialogView {
        id: "d2".into(),
        ..dialog(Owner::Bot, 1)
    };
    let tells = |dialogs| Heard::Shown {
        state: None,
        fresh: fresh(dialogs),
    };
    card.hears(1, tells(vec![dialog(waiting(), 4), second.clone()]));
    assert_eq!(card.state.data.as_ref().unwrap().dialogs.len(), 2);
    card.hears(1, tells(vec![second]));
    let left = &card.state.data.as_ref().unwrap().dialogs;
    assert_eq!((left.len(), left[0].id.to_string()), (1, "d2".to_owned()));
}

// --- a click without a connection ---------------------------------------------------------------------------------------

fn offline() -> Card {
    let mut card = Card::with(waiting());
    for _ in 0..2 {
        card.load(Err(failure(Failure::UNREACHABLE)));
    }
    assert!(card.state.offline.is_some());
    card.asked();
    card
}

#[test]
fn a_click_without_a_connection_waits_for_it() {
    let mut card = offline();
    card.press(Press::Take);
    assert!(matches!(card.shown(), Owner::Manager { .. }), "predicted");
    assert_eq!(card.asked(), [Effect::Load]);
    card.load(Ok(fresh(vec![dialog(waiting(), 4)])));
    assert_eq!(card.asked(), [act(4, Act::Take)]);
    card.answer(answered(dialog(led_by(ME), 5)));
    assert_eq!(card.notice(), Some(Notice::Taken));
}

#[test]
fn a_click_without_a_connection_does_not_wait_for_a_request_that_says_nothing() {
    let mut card = offline();
    card.wait(POLL_AT_MOST);
    assert!(card.asked().contains(&Effect::Load), "it is never answered");
    card.press(Press::Take);
    assert_eq!(card.asked(), [Effect::Load]);
    card.wait(3 * SECOND);
    assert!(card.asked().contains(&Effect::Load), "nor is this one");
    card.load(Ok(fresh(vec![dialog(waiting(), 4)])));
    assert!(card.asked().contains(&act(4, Act::Take)));
}

#[test]
fn a_click_without_a_connection_is_sent_when_a_stream_says_that_nothing_has_changed() {
    let mut card = offline();
    card.wait(POLL_AT_MOST);
    assert!(
        card.asked()
            .iter()
            .any(|effect| matches!(effect, Effect::Listen { stream: 1, .. }))
    );
    card.load(Err(failure(Failure::UNREACHABLE)));
    card.press(Press::Take);
    card.load(Err(failure(Failure::UNREACHABLE)));
    card.asked();
    card.hears(1, Heard::Alive);
    assert_eq!(card.asked(), [Effect::Load]);
    card.load(Ok(fresh(vec![dialog(waiting(), 4)])));
    assert_eq!(card.asked(), [act(4, Act::Take)]);
    assert!(card.state.offline.is_none());
}

#[test]
fn a_click_that_waited_in_vain_says_so_and_can_be_repeated() {
    let mut card = offline();
    card.press(Press::Take).wait(QUEUE_FOR - 1);
    assert!(card.state.pending.is_some());
    card.wait(1);
    assert_eq!(
        (card.shown(), card.trouble()),
        (waiting(), Some("unavailable"))
    );
    assert!(card.state.trouble.as_ref().unwrap().again.is_some());
}

#[test]
fn a_click_that_waited_while_a_colleague_took_is_not_sent() {
    let mut card = offline();
    card.press(Press::Take).asked();
    card.load(Ok(fresh(vec![dialog(led_by(IGOR), 5)])));
    assert_eq!(card.asked(), []);
    assert_eq!(card.shown(), led_by(IGOR));
    assert_eq!(card.notice(), Some(Notice::Changed));
}

// --- the history --------------------------------------------------------------------------------------------------------

fn history() -> History {
    History {
        entries: vec![],
        users: vec![],
    }
}

#[test]
fn the_history_is_asked_for_when_opened_and_again_when_the_owner_changes() {
    let mut card = Card::with(waiting());
    card.press(Press::History);
    assert_eq!(card.asked(), [Effect::History("d1".into())]);
    let came = |result| Msg::HistoryCame {
        entry: 1,
        dialog: "d1".into(),
        result: Box::new(result),
    };
    card.on(came(Ok(history())));
    card.load(Ok(fresh(vec![dialog(waiting(), 4)])));
    assert_eq!(card.asked(), []);
    card.load(Ok(fresh(vec![dialog(led_by(IGOR), 5)])));
    assert_eq!(card.asked(), [Effect::History("d1".into())]);
    let mut taken = Card::with(waiting());
    taken.press(Press::History).press(Press::Take).asked();
    taken.answer(answered(dialog(led_by(ME), 5)));
    assert_eq!(taken.asked(), [Effect::Load, Effect::History("d1".into())]);
    // One that is shown stays when the next does not come.
    card.on(came(Err(failure("unavailable"))));
    assert_eq!((card.trouble(), card.state.history.is_some()), (None, true));
    card.press(Press::History);
    assert_eq!(card.state.history, None);
    card.press(Press::History)
        .on(came(Err(failure("unavailable"))));
    assert_eq!(card.trouble(), Some("unavailable"));
    assert_eq!(card.state.history, None);
}

#[test]
fn another_deal_is_opened_by_its_number() {
    let mut card = Card::with(waiting());
    card.press(Press::OpenDeal);
    assert_eq!(card.asked(), [Effect::Open("/leads/detail/7".to_owned())]);
}
