//! The state of the card and the only function that changes it: [`State::on`]. Pure: it asks for effects, the browser
//! half carries them out. Clocks here are monotonic ms of the page; the business clock is the server's `now` plus
//! what has passed since it arrived.

use crate::stream::{Step, Stream};
use widget_core::PROTOCOL_VERSION;
use widget_core::ids::{DealId, DialogId, UserId};
use widget_core::owner::{Owner, OwnerView, Signal, next};
use widget_core::time::SECOND;
use widget_core::wire::{
    ActionAnswer, DealDialogs, DialogView, ExcludedBy, History, Mute, Unfinished,
};

/// How often a visible card asks for its dialogs while no stream tells it.
pub const POLL: i64 = 2 * SECOND;
/// The longest pause between two tries while the server fails.
pub const POLL_AT_MOST: i64 = 60 * SECOND;
/// The longest note for the bot, characters (the server's limit).
pub const NOTE_AT_MOST: usize = 500;
/// A click waits so long for a connection that is lost.
pub const QUEUE_FOR: i64 = 10 * SECOND;
/// An answer whose server's time is older than what is shown, by no more than this, was overtaken on its way.
const LATE: i64 = 30 * SECOND;
/// For so long after waking a question that is not answered is asked again, and again.
const WAKING: i64 = 15 * SECOND;
/// How long the first such question is waited for; each further one twice as long.
const WAKING_PATIENCE: i64 = SECOND;
/// How long a message in place stays.
const NOTICE_FOR: i64 = 8 * SECOND;

/// What a manager can do with a dialog.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Act {
    /// «Взять диалог», «Перехватить».
    Take,
    /// «Вернуть боту», perhaps with a note for the bot.
    Return(Option<String>),
    /// «Отменить» after an automatic take.
    Undo,
    /// «Ответ не нужен».
    Dismiss,
    /// «Не отправлять».
    NoTouch,
    /// «Не отвечать ботом».
    Exclude,
    /// «Включить бота».
    Include,
}

/// What the browser half has to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// Ask for the dialogs of the deal.
    Load,
    /// Open a stream of this number; the card shows the state `known` already.
    Listen {
        /// Its number.
        stream: u32,
        /// `Last-Event-ID`.
        known: Option<String>,
    },
    /// Close the stream.
    Hush,
    /// Send an action, fenced by the epoch that the manager saw.
    Act {
        /// On which dialog.
        dialog: DialogId,
        /// `If-Match`.
        epoch: u64,
        /// What.
        act: Act,
    },
    /// Ask who led a dialog.
    History(DialogId),
    /// Go to another page: its address.
    Open(String),
    /// Reload the page.
    ReloadPage,
}

/// A call that did not succeed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Failure {
    /// The server's stable code, or [`Failure::UNREACHABLE`] or [`Failure::TIMEOUT`].
    pub code: String,
    /// For «Подробности»: status and the server's words.
    pub detail: String,
    /// 409: the dialog as it is now.
    pub dialog: Option<Box<DialogView>>,
    /// 429: seconds to wait.
    pub retry_after: Option<u32>,
    /// For an administrator of an account that is being set up: what is left.
    pub setup: Option<Box<Unfinished>>,
}

impl Failure {
    /// The network failed: the call may or may not have arrived.
    pub const UNREACHABLE: &str = "unreachable";
    /// No answer in time: the call may or may not have taken effect.
    pub const TIMEOUT: &str = "timeout";

    fn is_unknown_outcome(&self) -> bool {
        self.code == Self::UNREACHABLE || self.code == Self::TIMEOUT
    }

    /// Whether the same call may succeed when repeated by hand.
    pub fn may_repeat(&self) -> bool {
        !matches!(
            self.code.as_str(),
            "epoch_stale"
                | "owner_changed"
                | "dialog_not_found"
                | "deal_not_found"
                | "forbidden"
                | "admin_only"
                | "clock_skew"
                | "account_unknown"
                | "channel_off"
                | "rate_limited"
                | "crm_unavailable"
                | "version_mismatch"
                | "too_long"
        )
    }
}

/// What a load brings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fresh {
    /// Who looks at the card.
    pub me: UserId,
    /// The backend's protocol.
    pub protocol: u32,
    /// The dialogs.
    pub data: DealDialogs,
}

/// What a stream says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Heard {
    /// What the card shows from now on.
    Shown {
        /// Names that state.
        state: Option<String>,
        /// What came.
        fresh: Fresh,
    },
    /// It is there.
    Alive,
    /// It is over.
    Ended {
        /// Because its session is, and a new one is open.
        renewed: bool,
        /// Any number: spreads the next tries of many cards.
        dice: u8,
    },
}

/// A button or link of one dialog.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Press {
    /// «Взять диалог».
    Take,
    /// «Вернуть боту».
    Return,
    /// «Отменить».
    Undo,
    /// «Перехватить»: asks first.
    AskIntercept,
    /// «С заметкой»: opens the form.
    AskNote,
    /// «Ответ не нужен»: asks first.
    AskDismiss,
    /// «Не отправлять».
    NoTouch,
    /// «Не отвечать ботом»: asks first.
    AskExclude,
    /// «Включить бота».
    Include,
    /// Yes of the open question or form.
    Confirm,
    /// No of the open question or form.
    Cancel,
    /// «Почему так»: opens and closes.
    Why,
    /// «История»: opens and closes.
    History,
    /// «Ещё»: opens and closes.
    More,
    /// «Открыть сделку».
    OpenDeal,
}

/// Everything that happens to a card.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Msg {
    /// The card left the page; nothing is loaded until the next entry.
    Left,
    /// A second passed.
    Tick {
        /// Page clock, ms.
        clock: i64,
        /// Whether the tab is visible.
        visible: bool,
    },
    /// Somebody looks at the tab again, the machine woke, or the network is back: whatever is shown may be old.
    Woke {
        /// Page clock, ms.
        clock: i64,
    },
    /// From the stream of [`Effect::Listen`].
    Heard {
        /// The entry that listens.
        entry: u32,
        /// The stream's number.
        stream: u32,
        /// Page clock, ms.
        clock: i64,
        /// What it said.
        what: Box<Heard>,
    },
    /// The answer to [`Effect::Load`].
    Loaded {
        /// The entry that asked; another one means the answer is of another card.
        entry: u32,
        /// Page clock, ms.
        clock: i64,
        /// What came.
        result: Box<Result<Fresh, Failure>>,
    },
    /// The answer to [`Effect::Act`].
    Acted {
        /// The entry that asked.
        entry: u32,
        /// Page clock, ms.
        clock: i64,
        /// What came.
        result: Box<Result<ActionAnswer, Failure>>,
    },
    /// The answer to [`Effect::History`].
    HistoryCame {
        /// The entry that asked.
        entry: u32,
        /// Of which dialog.
        dialog: DialogId,
        /// What came.
        result: Box<Result<History, Failure>>,
    },
    /// A button or link.
    Clicked(Click),
    /// The note as typed so far.
    NoteTyped(String),
}

/// What a click on a button or link means. Apart from [`Msg`]: each of them is compared and copied with what is drawn,
/// and that must not bring along code for everything else that can happen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Click {
    /// A button or link of a dialog.
    Pressed(DialogId, Press),
    /// «Повторить».
    Retry,
    /// «Обновить страницу».
    ReloadPage,
    /// «Продолжить настройку»: the address of its page.
    Setup(String),
    /// «Позже» on the news of a new version.
    UpdateLater,
}

impl From<Click> for Msg {
    fn from(click: Click) -> Self {
        Self::Clicked(click)
    }
}

/// An action whose answer has not come yet, shown as if it had succeeded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pending {
    /// On which dialog.
    pub dialog: DialogId,
    /// What.
    pub act: Act,
    /// The epoch that the manager saw.
    pub seen: u64,
    /// Owner and epoch as predicted.
    pub predicted: OwnerView,
    /// The answer was lost: the next load tells whether it took effect.
    pub checking: bool,
    /// The connection is lost: it is sent if that is back by then, page clock.
    pub queued_until: Option<i64>,
}

/// A question or form inside the card.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Form {
    /// Take over from a colleague?
    Intercept,
    /// Return with these words for the bot.
    Note(String),
    /// No reply needed?
    Dismiss,
    /// No bot for this guest?
    Exclude,
}

/// A message in place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Notice {
    /// Taken.
    Taken,
    /// Returned.
    Returned,
    /// Undone.
    Undone,
    /// Dismissed.
    Dismissed,
    /// No final touch.
    NoTouch,
    /// The guest is excluded.
    Excluded,
    /// The guest is included again.
    Included,
    /// The guest waits for the responsible, who looks at the card, since then.
    StillWaits(i64),
    /// A text of the bot could not be held back.
    LeftMeanwhile,
    /// A colleague was quicker.
    OtherLed(UserId),
    /// A colleague took it over.
    Lost(UserId),
    /// It is the bot's already.
    AlreadyBot,
    /// While a click waited for the connection, somebody else changed the dialog.
    Changed,
}

/// An error in place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trouble {
    /// What failed.
    pub failure: Failure,
    /// What «Повторить» repeats.
    pub again: Option<(DialogId, Act)>,
}

/// What the live region speaks of.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Live {
    /// Nothing yet.
    #[default]
    Silent,
    /// The owner of a dialog changed.
    Owner(DialogId),
    /// The error shown.
    Trouble,
}

/// All that the card knows.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(clippy::struct_excessive_bools)] // four facts that do not depend on each other
pub struct State {
    /// The deal of the card.
    pub deal: DealId,
    /// Grows with every card entered; answers of an earlier one are dropped.
    pub entry: u32,
    /// Page clock at the last event, ms.
    pub clock: i64,
    /// Who looks at the card.
    pub me: Option<UserId>,
    /// What the server said last, newer actions' answers worked in.
    pub data: Option<DealDialogs>,
    /// Page clock at the arrival of `data`.
    pub data_at: i64,
    /// Why the last loads failed.
    pub offline: Option<Failure>,
    /// The action under way.
    pub pending: Option<Pending>,
    /// The open question or form and its dialog.
    pub form: Option<(DialogId, Form)>,
    /// The dialog whose «Почему так» is open.
    pub why: Option<DialogId>,
    /// The dialog whose «Ещё» is open.
    pub more: Option<DialogId>,
    /// The dialog whose «История» is open, and what it is once it has come.
    pub history: Option<(DialogId, Option<History>)>,
    /// The epoch that it was asked for at.
    history_at: Option<u64>,
    /// The message in place and the page clock at which it goes.
    pub notice: Option<(Notice, i64)>,
    /// The error in place.
    pub trouble: Option<Trouble>,
    /// The backend speaks a newer protocol, and the manager has not said «Позже».
    pub update: bool,
    /// What the live region speaks of.
    pub live: Live,
    update_put_off: bool,
    attached: bool,
    loading: bool,
    asked_at: i64,
    next_load: i64,
    failures: u32,
    woke_at: Option<i64>,
    /// Questions since then that were given up.
    impatience: u32,
    /// What was told last seemed overtaken: it is asked for.
    doubts: bool,
    stream: Stream,
}

impl State {
    /// A card just entered, and what to do first.
    pub fn enter(deal: DealId, entry: u32, clock: i64) -> (Self, Vec<Effect>) {
        let state = Self {
            deal,
            entry,
            clock,
            me: None,
            data: None,
            data_at: clock,
            offline: None,
            pending: None,
            form: None,
            why: None,
            more: None,
            history: None,
            history_at: None,
            notice: None,
            trouble: None,
            update: false,
            live: Live::Silent,
            update_put_off: false,
            attached: true,
            loading: true,
            asked_at: clock,
            next_load: clock,
            failures: 0,
            woke_at: None,
            impatience: 0,
            doubts: false,
            stream: Stream::default(),
        };
        (state, vec![Effect::Load])
    }

    /// The state after `msg`, and what to do about it.
    #[must_use]
    pub fn on(mut self, msg: Msg) -> (Self, Vec<Effect>) {
        let effects = self.take_in(msg);
        (self, effects)
    }

    /// [`State::on`] in place, which spares the card a copy.
    pub fn take_in(&mut self, msg: Msg) -> Vec<Effect> {
        match msg {
            Msg::Left => {
                self.attached = false;
                self.stream_step(Stream::close)
            }
            Msg::Tick { clock, visible } => self.tick(clock, visible),
            Msg::Woke { clock } => self.woke(clock),
            Msg::Loaded { entry, .. }
            | Msg::Acted { entry, .. }
            | Msg::Heard { entry, .. }
            | Msg::HistoryCame { entry, .. }
                if entry != self.entry =>
            {
                vec![]
            }
            Msg::Heard { stream, .. } if !self.stream.is(stream) => vec![],
            Msg::Heard { clock, what, .. } => self.heard(clock, *what),
            Msg::Loaded { clock, result, .. } => {
                self.clock = clock;
                self.loading = false;
                match *result {
                    Ok(fresh) => self.loaded(fresh),
                    Err(failure) => self.load_failed(failure),
                }
            }
            Msg::Acted { clock, result, .. } => {
                self.clock = clock;
                match *result {
                    Ok(answer) => self.acted(answer),
                    Err(failure) => self.act_failed(failure),
                }
            }
            Msg::HistoryCame { dialog, result, .. } => {
                self.history_came(&dialog, *result);
                vec![]
            }
            Msg::Clicked(click) => self.clicked(click),
            Msg::NoteTyped(text) => {
                if let Some((_, Form::Note(note))) = &mut self.form {
                    *note = text.chars().take(NOTE_AT_MOST).collect();
                }
                vec![]
            }
        }
    }

    fn clicked(&mut self, click: Click) -> Vec<Effect> {
        match click {
            Click::Pressed(dialog, Press::History) => self.toggle_history(dialog),
            Click::Pressed(dialog, press) => self.pressed(dialog, press),
            Click::Retry => self.retry(),
            Click::ReloadPage => vec![Effect::ReloadPage],
            Click::Setup(page) => vec![Effect::Open(page)],
            Click::UpdateLater => {
                self.update = false;
                self.update_put_off = true;
                vec![]
            }
        }
    }

    /// The business clock, unix ms. Before the first answer nothing that needs it is shown.
    pub fn now(&self) -> i64 {
        let received = self.data.as_ref().map_or(0, |data| data.now);
        received + (self.clock - self.data_at).max(0)
    }

    /// The dialog with the prediction of a pending action worked in.
    pub fn shown(&self, dialog: &DialogView) -> DialogView {
        let mut shown = dialog.clone();
        if let Some(pending) = self.pending_on(&dialog.id) {
            shown.view = pending.predicted.clone();
            shown.bot_busy = false;
            shown.return_at = None;
            shown.undo_until = None;
            shown.touch_at = None;
            match pending.act {
                Act::Exclude => shown.excluded = Some(ExcludedBy::Hand),
                Act::Include => {
                    shown.excluded = None;
                    shown.mute.take_if(|mute| *mute == Mute::Excluded);
                }
                _ => {}
            }
            if pending.act == Act::Exclude && shown.view.owner == Owner::Bot {
                shown.mute = Some(Mute::Excluded);
            }
        }
        shown
    }

    /// The action under way on a dialog.
    pub fn pending_on(&self, dialog: &DialogId) -> Option<&Pending> {
        self.pending
            .as_ref()
            .filter(|pending| pending.dialog == *dialog)
    }

    /// A user's name, if the server told it.
    pub fn name_of(&self, user: UserId) -> Option<&str> {
        let users = &self.data.as_ref()?.users;
        let known = users.iter().find(|known| known.id == user)?;
        Some(&known.name)
    }

    fn tick(&mut self, clock: i64, visible: bool) -> Vec<Effect> {
        self.clock = clock;
        if self.notice.is_some_and(|(_, until)| clock >= until) {
            self.notice = None;
        }
        self.give_up_queued();
        if !visible || !self.attached {
            return self.stream_step(Stream::close);
        }
        let mut effects = vec![];
        // Before the first answer a stream would only be in its way.
        if self.data.is_some() {
            effects = self.stream_step(|stream| stream.tick(clock));
        }
        if self.is_urgent() && clock - self.asked_at >= WAKING_PATIENCE << self.impatience {
            self.loading = false;
            self.impatience += 1;
        }
        if clock >= self.next_load && (self.doubts || !self.stream.speaks()) {
            effects.extend(self.load());
        }
        effects
    }

    /// Old is what is shown, and dead may be what is under way.
    fn woke(&mut self, clock: i64) -> Vec<Effect> {
        self.clock = clock;
        self.woke_at = Some(clock);
        self.impatience = 0;
        self.failures = 0;
        self.loading = false;
        let mut effects = self.stream_step(|stream| stream.anew(clock));
        effects.extend(self.refresh());
        if self.attached && self.data.is_some() {
            effects.extend(self.stream_step(|stream| stream.tick(clock)));
        }
        effects
    }

    /// Just woken, and not yet sure what is true.
    fn is_waking(&self) -> bool {
        self.woke_at.is_some_and(|at| self.clock - at < WAKING)
    }

    fn heard(&mut self, clock: i64, what: Heard) -> Vec<Effect> {
        self.clock = clock;
        match what {
            Heard::Shown { state, fresh } => {
                self.stream.heard(clock);
                self.stream.known = state;
                self.loaded(fresh)
            }
            Heard::Alive => {
                self.stream.heard(clock);
                if self.offline.is_some() {
                    // The connection is back, and nothing has changed meanwhile: nobody would tell.
                    return self.refresh();
                }
                vec![]
            }
            Heard::Ended { renewed, dice } => {
                self.next_load = clock + i64::from(dice);
                self.stream_step(|stream| {
                    if renewed {
                        return stream.renew(clock, dice);
                    }
                    stream.ended(clock, dice);
                    None
                })
            }
        }
    }

    fn stream_step(&mut self, step: impl FnOnce(&mut Stream) -> Option<Step>) -> Vec<Effect> {
        match step(&mut self.stream) {
            Some(Step::Listen) => vec![Effect::Listen {
                stream: self.stream.number,
                known: self.stream.known.clone(),
            }],
            Some(Step::Hush) => vec![Effect::Hush],
            None => vec![],
        }
    }

    fn load(&mut self) -> Vec<Effect> {
        if self.loading || !self.attached {
            return vec![];
        }
        self.loading = true;
        self.asked_at = self.clock;
        vec![Effect::Load]
    }

    fn loaded(&mut self, fresh: Fresh) -> Vec<Effect> {
        self.failures = 0;
        self.next_load = self.clock + POLL;
        // The second in a row is believed: then it is the server's clock that was set back.
        if self.is_late(&fresh) && !self.doubts {
            self.doubts = true;
            self.next_load = self.clock + SECOND;
            return vec![];
        }
        self.doubts = false;
        self.woke_at = None;
        self.me = Some(fresh.me);
        self.update = fresh.protocol > PROTOCOL_VERSION && !self.update_put_off;
        if self.offline.take().is_some() && self.live == Live::Trouble {
            self.live = Live::Silent;
        }
        let before = self.data.take().map_or(vec![], |data| data.dialogs);
        let mut data = fresh.data;
        for dialog in &mut data.dialogs {
            if let Some(known) = before.iter().find(|known| known.id == dialog.id) {
                // An answer that was on its way while an action took effect.
                if known.view.epoch > dialog.view.epoch {
                    *dialog = known.clone();
                }
                self.notice_change(known, dialog);
            }
        }
        self.data = Some(data);
        self.data_at = self.clock;
        self.close_lost_form();
        self.check_lost_answer();
        let mut effects = self.follow_history();
        effects.extend(self.send_queued());
        effects
    }

    /// An answer that something newer has overtaken.
    fn is_late(&self, fresh: &Fresh) -> bool {
        let shown = self.data.as_ref().map(|data| data.now);
        shown.is_some_and(|shown| (1..=LATE).contains(&(shown - fresh.data.now)))
    }

    /// A click waits for the connection.
    fn is_queued(&self) -> bool {
        let pending = self.pending.as_ref();
        pending.is_some_and(|pending| pending.queued_until.is_some())
    }

    /// Somebody waits for the truth: a request that says nothing is not waited for long.
    fn is_urgent(&self) -> bool {
        self.is_waking() || self.is_queued()
    }

    fn load_failed(&mut self, failure: Failure) -> Vec<Effect> {
        self.failures += 1;
        let pause = POLL << self.failures.min(5);
        let pause = if self.is_waking() {
            WAKING_PATIENCE
        } else if self.is_queued() {
            POLL
        } else {
            pause.min(POLL_AT_MOST)
        };
        let asked = failure.retry_after.map_or(0, |s| i64::from(s) * SECOND);
        self.next_load = self.clock + pause.max(asked);
        if let Some(pending) = self.pending.take_if(|pending| pending.checking) {
            self.fail(unavailable(), Some((pending.dialog, pending.act)));
        }
        // One lost poll is no news while there is something to show.
        if self.data.is_none() || self.failures > 1 || !failure.is_unknown_outcome() {
            if self.offline.is_none() {
                self.live = Live::Trouble;
            }
            self.offline = Some(failure);
        }
        vec![]
    }

    fn acted(&mut self, answer: ActionAnswer) -> Vec<Effect> {
        let Some(pending) = self.pending.take() else {
            return vec![];
        };
        self.put(answer.dialog);
        self.succeed(&pending, answer.left_meanwhile);
        let mut effects = self.refresh();
        effects.extend(self.follow_history());
        effects
    }

    fn act_failed(&mut self, mut failure: Failure) -> Vec<Effect> {
        let Some(mut pending) = self.pending.take() else {
            return vec![];
        };
        if failure.is_unknown_outcome() {
            Failure::TIMEOUT.clone_into(&mut failure.code);
            self.fail(failure, None);
            pending.checking = true;
            self.pending = Some(pending);
            return self.refresh();
        }
        if let Some(now) = failure.dialog.take() {
            self.overtaken(&pending, *now, failure);
        } else {
            let again = failure
                .may_repeat()
                .then_some((pending.dialog, pending.act));
            self.fail(failure, again);
        }
        self.refresh()
    }

    /// 409: somebody or something was quicker.
    fn overtaken(&mut self, pending: &Pending, now: DialogView, failure: Failure) {
        let owner = now.view.owner.clone();
        self.put(now);
        match (&pending.act, owner) {
            (
                Act::Take | Act::Undo,
                Owner::Manager {
                    user: Some(user), ..
                },
            ) if Some(user) != self.me => {
                self.tell(Notice::OtherLed(user));
            }
            (Act::Return(_) | Act::Dismiss, Owner::Bot) => self.tell(Notice::AlreadyBot),
            _ => self.fail(failure, None),
        }
    }

    fn pressed(&mut self, id: DialogId, press: Press) -> Vec<Effect> {
        if self.pending.is_some() {
            return vec![];
        }
        match press {
            Press::Take => self.act(id, Act::Take),
            Press::Return => self.act(id, Act::Return(None)),
            Press::Undo => self.act(id, Act::Undo),
            Press::NoTouch => self.act(id, Act::NoTouch),
            Press::Include => self.act(id, Act::Include),
            Press::AskExclude => self.ask(id, Form::Exclude),
            Press::AskIntercept => self.ask(id, Form::Intercept),
            Press::AskNote => self.ask(id, Form::Note(String::new())),
            Press::AskDismiss => self.ask(id, Form::Dismiss),
            Press::Cancel => {
                self.form = None;
                vec![]
            }
            Press::Why => {
                self.why = (self.why.as_ref() != Some(&id)).then_some(id);
                vec![]
            }
            Press::More => {
                self.more = (self.more.as_ref() != Some(&id)).then_some(id);
                vec![]
            }
            Press::OpenDeal => self
                .dialog(&id)
                .and_then(|dialog| dialog.deal)
                .map(|deal| Effect::Open(format!("/leads/detail/{deal}")))
                .into_iter()
                .collect(),
            // Taken out before: it works while an action is under way.
            Press::History => vec![],
            Press::Confirm => match self.form.take() {
                Some((id, Form::Intercept)) => self.act(id, Act::Take),
                Some((id, Form::Dismiss)) => self.act(id, Act::Dismiss),
                Some((id, Form::Exclude)) => self.act(id, Act::Exclude),
                Some((id, Form::Note(note))) => {
                    let note = note.trim();
                    let note = (!note.is_empty()).then(|| note.to_owned());
                    self.act(id, Act::Return(note))
                }
                None => vec![],
            },
        }
    }

    fn toggle_history(&mut self, id: DialogId) -> Vec<Effect> {
        if self.history.take().is_some_and(|(open, _)| open == id) {
            return vec![];
        }
        self.history = Some((id, None));
        self.history_at = None;
        self.follow_history()
    }

    /// Asks for the open history anew when the owner has changed since.
    fn follow_history(&mut self) -> Vec<Effect> {
        let open = self.history.as_ref().map(|(id, _)| id.clone());
        let now = open
            .as_ref()
            .and_then(|id| self.dialog(id))
            .map(|dialog| dialog.view.epoch);
        match open {
            Some(id) if self.history_at != now => {
                self.history_at = now;
                vec![Effect::History(id)]
            }
            _ => vec![],
        }
    }

    fn history_came(&mut self, id: &DialogId, result: Result<History, Failure>) {
        let Some((open, history)) = &mut self.history else {
            return;
        };
        if open != id {
            return;
        }
        match result {
            Ok(came) => *history = Some(came),
            Err(failure) => {
                // One that is shown is old, and better than none.
                if history.is_none() {
                    self.history = None;
                    self.fail(failure, None);
                }
            }
        }
    }

    fn ask(&mut self, id: DialogId, form: Form) -> Vec<Effect> {
        self.form = Some((id, form));
        vec![]
    }

    /// Sends an action and shows its result at once.
    fn act(&mut self, id: DialogId, act: Act) -> Vec<Effect> {
        let Some(dialog) = self.dialog(&id).cloned() else {
            return vec![];
        };
        self.form = None;
        self.notice = None;
        self.trouble = None;
        let predicted = match signal_of(&act, &dialog, self.now()) {
            Some(signal) => next(&dialog.view, &signal, self.me, self.now()),
            None => dialog.view.clone(),
        };
        let is_offline = self.offline.is_some();
        self.pending = Some(Pending {
            dialog: id.clone(),
            act: act.clone(),
            seen: dialog.view.epoch,
            predicted,
            checking: false,
            queued_until: is_offline.then(|| self.clock + QUEUE_FOR),
        });
        if is_offline {
            // What is under way may have been sent into the void.
            self.loading = false;
            self.impatience = 0;
            return self.refresh();
        }
        vec![Effect::Act {
            dialog: id,
            epoch: dialog.view.epoch,
            act,
        }]
    }

    /// The connection is back: a click that waited for it is sent, if the manager saw what is true.
    fn send_queued(&mut self) -> Vec<Effect> {
        let is_queued = |pending: &mut Pending| pending.queued_until.is_some();
        let Some(pending) = self.pending.take_if(is_queued) else {
            return vec![];
        };
        let now = self.dialog(&pending.dialog);
        if now.is_some_and(|now| now.view.epoch == pending.seen) {
            return self.act(pending.dialog, pending.act);
        }
        self.tell(Notice::Changed);
        vec![]
    }

    fn give_up_queued(&mut self) {
        let clock = self.clock;
        let is_over = |pending: &mut Pending| pending.queued_until.is_some_and(|end| clock >= end);
        if let Some(pending) = self.pending.take_if(is_over) {
            self.fail(unavailable(), Some((pending.dialog, pending.act)));
        }
    }

    fn retry(&mut self) -> Vec<Effect> {
        if self.pending.is_some() {
            return vec![];
        }
        match self.trouble.take() {
            Some(Trouble {
                again: Some((id, act)),
                ..
            }) => self.act(id, act),
            _ => self.load(),
        }
    }

    fn refresh(&mut self) -> Vec<Effect> {
        self.next_load = self.clock;
        self.load()
    }

    /// After a lost answer: the dialog as it is now tells what happened.
    fn check_lost_answer(&mut self) {
        let Some(pending) = self.pending.take_if(|pending| pending.checking) else {
            return;
        };
        let reached = self
            .dialog(&pending.dialog)
            .is_some_and(|dialog| match pending.act {
                Act::NoTouch => dialog.touch_at.is_none(),
                Act::Exclude => dialog.excluded.is_some(),
                Act::Include => dialog.excluded.is_none(),
                _ => same_leader(&dialog.view.owner, &pending.predicted.owner),
            });
        if reached {
            self.trouble = None;
            self.succeed(&pending, false);
        } else {
            self.fail(unavailable(), Some((pending.dialog, pending.act)));
        }
    }

    fn succeed(&mut self, pending: &Pending, left_meanwhile: bool) {
        self.live = Live::Owner(pending.dialog.clone());
        self.tell(match pending.act {
            _ if left_meanwhile => Notice::LeftMeanwhile,
            Act::Take => Notice::Taken,
            Act::Return(_) => Notice::Returned,
            Act::Undo => Notice::Undone,
            Act::Dismiss => Notice::Dismissed,
            Act::NoTouch => Notice::NoTouch,
            Act::Exclude => Notice::Excluded,
            Act::Include => Notice::Included,
        });
    }

    fn tell(&mut self, notice: Notice) {
        self.notice = Some((notice, self.clock + NOTICE_FOR));
    }

    fn fail(&mut self, failure: Failure, again: Option<(DialogId, Act)>) {
        self.trouble = Some(Trouble { failure, again });
        self.live = Live::Trouble;
    }

    fn notice_change(&mut self, before: &DialogView, after: &DialogView) {
        let is_news = before.reminded.is_none() && after.reminded.is_some();
        if let (true, Some(since)) = (is_news, after.unanswered_since)
            && after.reminded == self.me
        {
            self.tell(Notice::StillWaits(since));
        }
        if same_leader(&before.view.owner, &after.view.owner) {
            return;
        }
        self.live = Live::Owner(after.id.clone());
        if !self.me.is_some_and(|me| before.is_led_by(me)) {
            return;
        }
        match &after.view.owner {
            Owner::Manager {
                user: Some(user), ..
            } => self.tell(Notice::Lost(*user)),
            Owner::Bot => self.tell(Notice::Returned),
            _ => {}
        }
    }

    /// A question about a state that has passed is no question any more.
    fn close_lost_form(&mut self) {
        let Some((id, form)) = &self.form else { return };
        let dialog = self.dialog(id);
        let owner = dialog.map(|dialog| &dialog.view.owner);
        let stands = match form {
            Form::Intercept => {
                matches!(owner, Some(Owner::Manager { user, .. }) if *user != self.me)
            }
            Form::Note(_) => matches!(owner, Some(Owner::Manager { user, .. }) if *user == self.me),
            Form::Dismiss => matches!(owner, Some(Owner::Waiting { .. })),
            Form::Exclude => dialog.is_some_and(|dialog| dialog.excluded.is_none()),
        };
        if !stands {
            self.form = None;
        }
    }

    fn dialog(&self, id: &DialogId) -> Option<&DialogView> {
        let dialogs = &self.data.as_ref()?.dialogs;
        dialogs.iter().find(|dialog| dialog.id == *id)
    }

    fn put(&mut self, dialog: DialogView) {
        let Some(data) = &mut self.data else { return };
        if let Some(place) = data.dialogs.iter_mut().find(|known| known.id == dialog.id) {
            *place = dialog;
        }
    }
}

fn unavailable() -> Failure {
    Failure {
        code: "unavailable".to_owned(),
        ..Failure::default()
    }
}

/// The same kind of owner and the same person, whatever the time.
fn same_leader(one: &Owner, other: &Owner) -> bool {
    match (one, other) {
        (Owner::Manager { user: a, .. }, Owner::Manager { user: b, .. }) => a == b,
        _ => std::mem::discriminant(one) == std::mem::discriminant(other),
    }
}

/// `None`: who leads stays as it is.
fn signal_of(act: &Act, dialog: &DialogView, now: i64) -> Option<Signal> {
    Some(match act {
        Act::Take => Signal::Took,
        Act::Return(_) => Signal::Returned,
        Act::Dismiss => Signal::Dismissed,
        Act::NoTouch | Act::Exclude | Act::Include => return None,
        // Only the server knows the owner before; an automatic take comes from waiting unless there was no handoff.
        Act::Undo => Signal::TakeUndone {
            previous: dialog
                .handoff
                .clone()
                .map_or(Owner::Bot, |reason| Owner::Waiting {
                    since: dialog.unanswered_since.unwrap_or(now),
                    reason,
                }),
        },
    })
}

#[cfg(test)]
#[path = "store_tests.rs"]
pub(crate) mod tests;
