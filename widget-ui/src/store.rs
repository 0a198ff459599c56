//! The state of the card and the only function that changes it: [`State::on`]. Pure: it asks for effects, the browser
//! half carries them out. Clocks here are monotonic ms of the page; the business clock is the server's `now` plus
//! what has passed since it arrived.

use widget_core::PROTOCOL_VERSION;
use widget_core::ids::{DealId, DialogId, UserId};
use widget_core::owner::{Owner, OwnerView, Signal, next};
use widget_core::time::SECOND;
use widget_core::wire::{ActionAnswer, DealDialogs, DialogView};

/// How often a visible card asks for its dialogs.
pub const POLL: i64 = 2 * SECOND;
/// The longest pause between two tries while the server fails.
pub const POLL_AT_MOST: i64 = 60 * SECOND;
/// The longest note for the bot, characters (the server's limit).
pub const NOTE_AT_MOST: usize = 500;
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
}

/// What the browser half has to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// Ask for the dialogs of the deal.
    Load,
    /// Send an action, fenced by the epoch that the manager saw.
    Act {
        /// On which dialog.
        dialog: DialogId,
        /// `If-Match`.
        epoch: u64,
        /// What.
        act: Act,
    },
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
    /// Yes of the open question or form.
    Confirm,
    /// No of the open question or form.
    Cancel,
    /// «Почему так»: opens and closes.
    Why,
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
    /// A button or link of a dialog.
    Pressed(DialogId, Press),
    /// The note as typed so far.
    NoteTyped(String),
    /// «Повторить».
    Retry,
    /// «Обновить страницу».
    ReloadPage,
    /// «Позже» on the news of a new version.
    UpdateLater,
}

/// An action whose answer has not come yet, shown as if it had succeeded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pending {
    /// On which dialog.
    pub dialog: DialogId,
    /// What.
    pub act: Act,
    /// Owner and epoch as predicted.
    pub predicted: OwnerView,
    /// The answer was lost: the next load tells whether it took effect.
    pub checking: bool,
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
    /// A text of the bot could not be held back.
    LeftMeanwhile,
    /// A colleague was quicker.
    OtherLed(UserId),
    /// A colleague took it over.
    Lost(UserId),
    /// It is the bot's already.
    AlreadyBot,
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
    next_load: i64,
    failures: u32,
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
            notice: None,
            trouble: None,
            update: false,
            live: Live::Silent,
            update_put_off: false,
            attached: true,
            loading: true,
            next_load: clock,
            failures: 0,
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
                vec![]
            }
            Msg::Tick { clock, visible } => self.tick(clock, visible),
            Msg::Loaded { entry, .. } | Msg::Acted { entry, .. } if entry != self.entry => vec![],
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
            Msg::Pressed(dialog, press) => self.pressed(dialog, press),
            Msg::NoteTyped(text) => {
                if let Some((_, Form::Note(note))) = &mut self.form {
                    *note = text.chars().take(NOTE_AT_MOST).collect();
                }
                vec![]
            }
            Msg::Retry => self.retry(),
            Msg::ReloadPage => vec![Effect::ReloadPage],
            Msg::UpdateLater => {
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
        if visible && clock >= self.next_load {
            self.load()
        } else {
            vec![]
        }
    }

    fn load(&mut self) -> Vec<Effect> {
        if self.loading || !self.attached {
            return vec![];
        }
        self.loading = true;
        vec![Effect::Load]
    }

    fn loaded(&mut self, fresh: Fresh) -> Vec<Effect> {
        self.failures = 0;
        self.next_load = self.clock + POLL;
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
        vec![]
    }

    fn load_failed(&mut self, failure: Failure) -> Vec<Effect> {
        self.failures += 1;
        let pause = POLL << self.failures.min(5);
        let asked = failure.retry_after.map_or(0, |s| i64::from(s) * SECOND);
        self.next_load = self.clock + pause.min(POLL_AT_MOST).max(asked);
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
        self.refresh()
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
            Press::Confirm => match self.form.take() {
                Some((id, Form::Intercept)) => self.act(id, Act::Take),
                Some((id, Form::Dismiss)) => self.act(id, Act::Dismiss),
                Some((id, Form::Note(note))) => {
                    let note = note.trim();
                    let note = (!note.is_empty()).then(|| note.to_owned());
                    self.act(id, Act::Return(note))
                }
                None => vec![],
            },
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
        let signal = signal_of(&act, &dialog, self.now());
        let predicted = next(&dialog.view, &signal, self.me, self.now());
        self.pending = Some(Pending {
            dialog: id.clone(),
            act: act.clone(),
            predicted,
            checking: false,
        });
        vec![Effect::Act {
            dialog: id,
            epoch: dialog.view.epoch,
            act,
        }]
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
            .is_some_and(|dialog| same_leader(&dialog.view.owner, &pending.predicted.owner));
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
        if same_leader(&before.view.owner, &after.view.owner) {
            return;
        }
        self.live = Live::Owner(after.id.clone());
        let was_mine = self.me.is_some_and(|me| before.is_led_by(me));
        if let (
            true,
            Owner::Manager {
                user: Some(user), ..
            },
        ) = (was_mine, &after.view.owner)
        {
            self.tell(Notice::Lost(*user));
        }
    }

    /// A question about a state that has passed is no question any more.
    fn close_lost_form(&mut self) {
        let Some((id, form)) = &self.form else { return };
        let owner = self.dialog(id).map(|dialog| &dialog.view.owner);
        let stands = match form {
            Form::Intercept => {
                matches!(owner, Some(Owner::Manager { user, .. }) if *user != self.me)
            }
            Form::Note(_) => matches!(owner, Some(Owner::Manager { user, .. }) if *user == self.me),
            Form::Dismiss => matches!(owner, Some(Owner::Waiting { .. })),
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

fn signal_of(act: &Act, dialog: &DialogView, now: i64) -> Signal {
    match act {
        Act::Take => Signal::Took,
        Act::Return(_) => Signal::Returned,
        Act::Dismiss => Signal::Dismissed,
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
    }
}

#[cfg(test)]
#[path = "store_tests.rs"]
pub(crate) mod tests;
