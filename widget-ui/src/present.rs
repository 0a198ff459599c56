//! What the card shows: the state and the texts in, sentences, buttons and links out. The view only draws this.

use crate::format::{self, Moments};
use crate::i18n::{Lang, Texts};
use crate::store::{Click, Failure, Form, Live, Notice, Press, State};
use widget_core::owner::{Owner, Reason};
use widget_core::time::Days;
use widget_core::understand::Programme;
use widget_core::wire::{
    AskedBack, DealDialogs, DialogView, ExcludedBy, History, HistoryEntry, How, Mute, WhyLine,
    WhyMark,
};

/// Everything on the card, top to bottom.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CardView {
    /// Bars above the dialogs: lost connection, new version, message in place, error.
    pub bars: Vec<Bar>,
    /// «Диалоги: 2» where there are several.
    pub title: Option<String>,
    /// The dialogs.
    pub dialogs: Vec<DialogCard>,
    /// Instead of dialogs.
    pub empty: Option<Empty>,
    /// The data are old: shown dimmed.
    pub dimmed: bool,
    /// For the live region.
    pub announce: String,
    /// The dot on the caption.
    pub badge: Badge,
}

/// The dot on the caption of the block.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Badge {
    /// Its colour.
    pub dot: Dot,
    /// Its title and label.
    pub title: String,
}

/// Who leads, as a colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Dot {
    /// No dialog, or not known.
    #[default]
    None,
    /// The bot.
    Bot,
    /// Nobody yet.
    Waiting,
    /// The manager who looks.
    Me,
    /// Another person.
    Other,
    /// Something is wrong.
    Problem,
}

impl Dot {
    /// The suffix of the style class.
    pub fn class(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Bot => "bot",
            Self::Waiting => "waiting",
            Self::Me => "me",
            Self::Other => "other",
            Self::Problem => "problem",
        }
    }
}

/// A bar above the dialogs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bar {
    /// Its colour.
    pub tone: Tone,
    /// What it says.
    pub text: String,
    /// For the tooltip: code and the server's words.
    pub detail: Option<String>,
    /// What can be done.
    pub links: Vec<Link>,
}

/// The colour of a bar.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tone {
    /// It went well.
    Good,
    /// For information.
    Info,
    /// It failed.
    Bad,
}

/// A button or link.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// Its words.
    pub label: String,
    /// Its tooltip.
    pub tip: Option<String>,
    /// What a click means.
    pub click: Click,
    /// For a link that opens something: whether it is open.
    pub expanded: Option<bool>,
}

/// One dialog.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DialogCard {
    /// A key for the view.
    pub key: String,
    /// The guest's phone, where there are several dialogs.
    pub phone: Option<String>,
    /// The colour of the status.
    pub dot: Dot,
    /// The status.
    pub status: String,
    /// The line under it.
    pub line: String,
    /// The guest waits too long: red.
    pub overdue: bool,
    /// More lines under it: the dialog belongs to another deal, the guest will be written to once more.
    pub notes: Vec<String>,
    /// Why it was handed over: heading and sentence.
    pub reason: Option<(String, String)>,
    /// The guest's last message in quotes.
    pub quote: Option<String>,
    /// When it came, and whether it has no answer.
    pub quote_meta: Option<String>,
    /// What the guest has told.
    pub facts: Option<String>,
    /// What the bot wanted to answer: heading and words in quotes.
    pub wanted: Option<(String, String)>,
    /// An action is under way.
    pub busy: bool,
    /// The one button.
    pub primary: Link,
    /// The button does not invite: somebody else leads.
    pub quiet: bool,
    /// Instead of the button.
    pub form: Option<FormView>,
    /// Under the button.
    pub links: Vec<Link>,
    /// What a manager who gets the dialog has to know. Below the button: it may be long.
    pub summary: Option<String>,
    /// «Почему так»: heading and lines of mark and sentence.
    pub why: Option<(String, Vec<(WhyMark, String)>)>,
    /// «История»: heading and lines, newest first; no lines while they are asked for.
    pub history: Option<(String, Vec<String>)>,
}

/// A question or form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FormView {
    /// What will happen.
    pub text: String,
    /// Of the note: value, label, placeholder, hint.
    pub note: Option<NoteView>,
    /// The verb.
    pub yes: Link,
    /// «Отмена».
    pub no: Link,
}

/// The field of the note.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoteView {
    /// As typed so far.
    pub value: String,
    /// Its label.
    pub label: String,
    /// Its placeholder.
    pub placeholder: String,
    /// Under it.
    pub hint: String,
}

/// Instead of dialogs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Empty {
    /// What is the case.
    pub status: String,
    /// What to do.
    pub hint: Option<String>,
    /// Still loading: a skeleton is drawn.
    pub skeleton: bool,
    /// A button.
    pub button: Option<Link>,
}

/// What the card shows in `state`.
pub fn present(state: &State, texts: &Texts) -> CardView {
    let presenter = Presenter { state, texts };
    let mut view = match (&state.data, &state.offline) {
        (_, Some(failure)) if blocks(failure) => presenter.blocked(failure),
        (Some(data), _) => presenter.card(data),
        (None, Some(failure)) => presenter.unreachable(failure),
        (None, None) => presenter.connecting(),
    };
    view.announce = presenter.announcement(&view);
    view
}

/// Whether the failure says that this user sees nothing here, whatever was seen before.
fn blocks(failure: &Failure) -> bool {
    matches!(
        failure.code.as_str(),
        "forbidden" | "account_unknown" | "version_mismatch" | "deal_not_found"
    )
}

struct Presenter<'a> {
    state: &'a State,
    texts: &'a Texts,
}

impl Presenter<'_> {
    fn t(&self, key: &str) -> String {
        self.texts.get(key)
    }

    fn link(&self, key: &str, click: Click) -> Link {
        Link {
            label: self.t(key),
            tip: None,
            click,
            expanded: None,
        }
    }

    fn name(&self, owner: &Owner) -> String {
        let user = match owner {
            Owner::Manager { user, .. } => *user,
            _ => None,
        };
        user.and_then(|user| self.state.name_of(user))
            .map_or_else(|| self.t("name.unknown"), str::to_owned)
    }

    fn moments(&self, data: &DealDialogs) -> Moments<'_> {
        Moments {
            texts: self.texts,
            now: self.state.now(),
            utc_offset: data.utc_offset,
        }
    }

    fn connecting(&self) -> CardView {
        CardView {
            empty: Some(Empty {
                status: self.t("state.connecting"),
                hint: None,
                skeleton: true,
                button: None,
            }),
            ..CardView::default()
        }
    }

    /// Nothing was ever loaded, and it failed.
    fn unreachable(&self, failure: &Failure) -> CardView {
        CardView {
            empty: Some(Empty {
                status: self.load_error(failure),
                hint: None,
                skeleton: false,
                button: failure
                    .may_repeat()
                    .then(|| self.link("do.retry", Click::Retry)),
            }),
            badge: self.problem(),
            ..CardView::default()
        }
    }

    /// This user, account or version sees nothing here.
    fn blocked(&self, failure: &Failure) -> CardView {
        let (status, hint, button) = match failure.code.as_str() {
            "account_unknown" => match failure.setup.as_deref() {
                Some(setup) => {
                    let left = setup.left.to_string();
                    let left = self.texts.fill("state.setup.left", &[("n", &left)]);
                    let on = self.link("do.setup", Click::Setup(setup.page.clone()));
                    (self.t("state.setup"), Some(left), Some(on))
                }
                None => (
                    self.t("state.not_ready"),
                    Some(self.t("state.not_ready.hint")),
                    None,
                ),
            },
            "forbidden" => (
                self.t("state.no_rights"),
                Some(self.t("state.no_rights.hint")),
                None,
            ),
            "version_mismatch" => (
                self.error(failure),
                Some(self.t("state.update.hint")),
                Some(self.link("do.reload", Click::ReloadPage)),
            ),
            _ => (self.error(failure), None, None),
        };
        CardView {
            empty: Some(Empty {
                status,
                hint,
                skeleton: false,
                button,
            }),
            badge: self.problem(),
            ..CardView::default()
        }
    }

    fn problem(&self) -> Badge {
        Badge {
            dot: Dot::Problem,
            title: self.t("badge.problem"),
        }
    }

    fn card(&self, data: &DealDialogs) -> CardView {
        let several = data.dialogs.len() > 1;
        CardView {
            bars: self.bars(data),
            title: several.then(|| {
                self.texts
                    .fill("many", &[("n", &data.dialogs.len().to_string())])
            }),
            dialogs: data
                .dialogs
                .iter()
                .map(|dialog| self.dialog(data, &self.state.shown(dialog), several))
                .collect(),
            empty: data.dialogs.is_empty().then(|| Empty {
                status: self.t("none.chat"),
                hint: Some(self.t(if data.no_contact {
                    "none.contact"
                } else {
                    "none.chat.hint"
                })),
                skeleton: false,
                button: None,
            }),
            dimmed: self.state.offline.is_some(),
            announce: String::new(),
            badge: self.badge(data),
        }
    }

    fn bars(&self, data: &DealDialogs) -> Vec<Bar> {
        let state = self.state;
        let mut bars = vec![];
        if let Some(failure) = &state.offline {
            let time = Moments {
                now: data.now,
                ..self.moments(data)
            }
            .time(data.now);
            let text = self.texts.fill("state.offline", &[("time", &time)]);
            bars.push(self.failed(text, failure, true));
        }
        if state.update {
            bars.push(Bar {
                tone: Tone::Info,
                text: self.t("state.update"),
                detail: Some(self.t("state.update.hint")),
                links: vec![
                    self.link("do.reload", Click::ReloadPage),
                    self.link("do.later", Click::UpdateLater),
                ],
            });
        }
        if let Some(trouble) = &state.trouble {
            let text = self.error(&trouble.failure);
            bars.push(self.failed(text, &trouble.failure, trouble.again.is_some()));
        }
        if let Some((notice, _)) = state.notice {
            bars.push(self.notice(&self.moments(data), notice));
        }
        for alert in &data.alerts {
            bars.push(plain(Tone::Bad, self.told(alert)));
        }
        bars
    }

    /// A bar of something that failed, and may be tried again.
    fn failed(&self, text: String, failure: &Failure, again: bool) -> Bar {
        let mut bar = plain(Tone::Bad, text);
        bar.detail = Some(detail(failure));
        if again {
            bar.links.push(self.link("do.retry", Click::Retry));
        }
        bar
    }

    fn notice(&self, moments: &Moments<'_>, notice: Notice) -> Bar {
        let named = |key: &str, user| {
            let unknown = self.t("name.unknown");
            let name = self.state.name_of(user).unwrap_or(&unknown);
            self.texts.fill(key, &[("name", name)])
        };
        let (tone, text) = match notice {
            Notice::Taken => (Tone::Good, self.t("ok.taken")),
            Notice::Returned => (Tone::Good, self.t("ok.returned")),
            Notice::Undone => (Tone::Good, self.t("ok.undone")),
            Notice::Dismissed => (Tone::Good, self.t("ok.dismissed")),
            Notice::NoTouch => (Tone::Good, self.t("ok.no_touch")),
            Notice::Excluded => (Tone::Good, self.t("ok.excluded")),
            Notice::Included => (Tone::Good, self.t("ok.included")),
            Notice::StillWaits(since) => {
                let ago = moments.ago(since);
                (
                    Tone::Bad,
                    self.texts.fill("line.unanswered", &[("ago", &ago)]),
                )
            }
            Notice::LeftMeanwhile => (Tone::Info, self.t("info.left_meanwhile")),
            Notice::OtherLed(user) => (Tone::Info, named("info.other_led", user)),
            Notice::Lost(user) => (Tone::Info, named("info.lost", user)),
            Notice::AlreadyBot => (Tone::Info, self.t("info.already_bot")),
            Notice::Changed => (Tone::Info, self.t("info.changed")),
        };
        plain(tone, text)
    }

    fn error(&self, failure: &Failure) -> String {
        let key = format!("error.{}", failure.code);
        let known = if self.texts.has(&key) {
            key.as_str()
        } else {
            "error.internal"
        };
        let seconds = failure.retry_after.unwrap_or(1).to_string();
        let max = crate::store::NOTE_AT_MOST.to_string();
        self.texts
            .fill(known, &[("n", seconds.as_str()), ("max", max.as_str())])
    }

    /// A load saves nothing, so the sentences about what became of an action do not fit.
    fn load_error(&self, failure: &Failure) -> String {
        match failure.code.as_str() {
            "unavailable" | "crm_unavailable" | Failure::TIMEOUT => self.t("error.unreachable"),
            _ => self.error(failure),
        }
    }

    fn dialog(&self, data: &DealDialogs, dialog: &DialogView, several: bool) -> DialogCard {
        let busy = self.state.pending_on(&dialog.id).is_some();
        let press = |press| Click::Pressed(dialog.id.clone(), press);
        let role = self.role(dialog);
        let moments = self.moments(data);
        let status = self.status(dialog, role);
        let (line, overdue) = if busy {
            (self.t("line.pending"), false)
        } else {
            self.line(&moments, dialog, role)
        };
        let primary = match role {
            Role::Bot if can_include(dialog) => self.link("do.include", press(Press::Include)),
            Role::Bot | Role::Waiting | Role::Unknown => Link {
                tip: Some(self.t("tip.take")),
                ..self.link("do.take", press(Press::Take))
            },
            Role::Me => Link {
                tip: Some(self.t(match dialog.excluded {
                    Some(_) => "line.excluded",
                    None => "tip.return",
                })),
                ..self.link("do.return", press(Press::Return))
            },
            Role::Other => self.link("do.intercept", press(Press::AskIntercept)),
        };
        DialogCard {
            key: dialog.id.to_string(),
            phone: several.then(|| dialog.phone.clone()),
            dot: role.dot(),
            status,
            line,
            overdue,
            notes: self.notes(&moments, dialog),
            reason: self.reason_shown(dialog, role),
            quote: dialog
                .guest_text
                .as_ref()
                .map(|text| self.texts.fill("guest.quote", &[("text", text)])),
            quote_meta: self.quote_meta(&moments, dialog),
            facts: self.facts(dialog),
            wanted: self.wanted(dialog, role),
            busy,
            primary,
            quiet: role == Role::Other,
            form: self.form(dialog),
            links: self.links(dialog, role, busy),
            summary: dialog.summary.clone(),
            why: self.why(dialog),
            history: self.history(&moments, dialog),
        }
    }

    fn is_elsewhere(&self, dialog: &DialogView) -> bool {
        dialog.deal.is_some_and(|deal| deal != self.state.deal)
    }

    fn notes(&self, moments: &Moments<'_>, dialog: &DialogView) -> Vec<String> {
        let mut notes = vec![];
        if self.is_elsewhere(dialog) {
            notes.push(match &dialog.stage {
                Some(stage) => self.texts.fill("line.elsewhere_at", &[("stage", stage)]),
                None => self.t("line.elsewhere"),
            });
        }
        if dialog.excluded.is_some() && dialog.mute.is_none() {
            notes.push(self.t("line.excluded"));
        }
        if let Some(at) = dialog.touch_at {
            let when = moments.when(at);
            notes.push(self.texts.fill("line.touch", &[("when", &when)]));
        }
        notes
    }

    /// What matters most comes first: a long line is cut.
    fn facts(&self, dialog: &DialogView) -> Option<String> {
        let facts = &dialog.facts;
        let count = |key: &str, n: u32| self.texts.fill(key, &[("n", &n.to_string())]);
        let mut said = vec![];
        said.extend(facts.guests.map(|n| count("fact.guests", n)));
        said.extend(facts.youngest_child.map(|n| count("fact.children", n)));
        said.extend((facts.pet == Some(true)).then(|| self.t("fact.pet")));
        said.extend(facts.rooms.map(|n| count("fact.rooms", n)));
        said.extend(facts.dates.map(|days| self.days(days)));
        // Dates from and to say it already.
        let is_said = facts.dates.is_some_and(|days| days.first != days.last);
        let nights = facts.nights.filter(|_| !is_said);
        said.extend(nights.map(|n| count("fact.nights", n)));
        said.extend(facts.programme.map(|programme| {
            self.t(match programme {
                Programme::Treatment => "fact.treatment",
                Programme::Wellness => "fact.wellness",
                Programme::Rest => "fact.rest",
            })
        }));
        (!said.is_empty()).then(|| said.join(" · "))
    }

    /// «12 дек.», «12–15 дек.», «30 дек. — 3 янв.».
    fn days(&self, days: Days) -> String {
        let last = format::date(self.texts, days.last);
        if days.first == days.last {
            return last;
        }
        let (key, first) = match format::day_of_same_month(days) {
            Some(day) => ("fact.days", day.to_string()),
            None => ("fact.dates", format::date(self.texts, days.first)),
        };
        self.texts.fill(key, &[("from", &*first), ("to", &*last)])
    }

    fn history(&self, moments: &Moments<'_>, dialog: &DialogView) -> Option<(String, Vec<String>)> {
        let (id, history) = self.state.history.as_ref()?;
        if *id != dialog.id {
            return None;
        }
        let lines = history.iter().flat_map(|history| {
            let lines = history.entries.iter();
            lines.map(|entry| self.history_line(moments, history, entry))
        });
        Some((self.t("do.history"), lines.collect()))
    }

    fn history_line(
        &self,
        moments: &Moments<'_>,
        history: &History,
        entry: &HistoryEntry,
    ) -> String {
        let key = match (entry.how, entry.minutes) {
            (How::Auto, None) => "hist.bot".to_owned(),
            (how, _) => format!("hist.{}", how.as_str()),
        };
        let known = history
            .users
            .iter()
            .find(|user| Some(user.id) == entry.user);
        let name = known.map_or_else(|| self.t("name.unknown"), |user| user.name.clone());
        let reason = entry.reason.as_ref().map(|reason| self.reason(reason));
        let values = [
            ("time", &*moments.time(entry.at)),
            ("name", &*name),
            ("reason", reason.as_deref().unwrap_or_default()),
            ("n", &*entry.minutes.unwrap_or_default().to_string()),
        ];
        self.texts.fill(&key, &values)
    }

    fn role(&self, dialog: &DialogView) -> Role {
        match dialog.view.owner {
            Owner::Bot => Role::Bot,
            Owner::Waiting { .. } => Role::Waiting,
            Owner::Manager { user: None, .. } => Role::Unknown,
            Owner::Manager { user, .. } if user == self.state.me => Role::Me,
            Owner::Manager { .. } => Role::Other,
        }
    }

    fn status(&self, dialog: &DialogView, role: Role) -> String {
        match role {
            Role::Bot if dialog.bot_busy && dialog.mute.is_none() => self.t("owner.bot_busy"),
            _ => self.owner_status(dialog, role),
        }
    }

    fn owner_status(&self, dialog: &DialogView, role: Role) -> String {
        if let Some(mute) = dialog.mute {
            return self.t(match mute {
                Mute::Excluded | Mute::Off => "owner.excluded",
                Mute::Trial => "mode.trial",
                Mute::Paused => "mode.paused",
            });
        }
        match role {
            Role::Bot => self.t("owner.bot"),
            Role::Waiting => self.t("owner.waiting"),
            Role::Me => self.t("owner.me"),
            Role::Unknown => self.t("owner.unknown"),
            Role::Other => self
                .texts
                .fill("owner.other", &[("name", &self.name(&dialog.view.owner))]),
        }
    }

    /// The line under the status, and whether it is red.
    fn line(&self, moments: &Moments<'_>, dialog: &DialogView, role: Role) -> (String, bool) {
        let at = |key: &str, moment: i64| self.texts.fill(key, &[("time", &moments.time(moment))]);
        let unanswered = |since: i64| {
            let line = self
                .texts
                .fill("line.unanswered", &[("ago", &moments.ago(since))]);
            (line, moments.is_overdue(since))
        };
        let calm = |line: String| (line, false);
        let guest = |key: &str| {
            dialog
                .guest_last
                .map_or_else(String::new, |last| at(key, last))
        };
        if let Some(mute) = dialog.mute {
            return calm(self.t(match mute {
                Mute::Excluded | Mute::Off => "line.excluded",
                Mute::Trial => "line.trial",
                Mute::Paused => "line.paused",
            }));
        }
        match role {
            Role::Bot if dialog.bot_busy => calm(guest("line.guest_at")),
            Role::Bot if dialog.asked_back.is_some() => calm(self.t(match dialog.asked_back {
                Some(AskedBack::Deal) => "line.clarify",
                _ => "line.clarify_kind",
            })),
            Role::Bot => calm(
                dialog
                    .bot_last
                    .map_or_else(|| guest("line.guest_at"), |last| at("line.bot_last", last)),
            ),
            Role::Waiting if dialog.deal_closed => calm(self.t("line.closed_waiting")),
            Role::Waiting if dialog.off_hours => calm(self.t("line.waiting_off")),
            Role::Waiting => {
                let since = waiting_since(dialog).unwrap_or(moments.now);
                let values = [
                    ("ago", &*moments.ago(since)),
                    ("time", &*moments.time(since)),
                ];
                let line = self.texts.fill("line.waiting", &values);
                (line, moments.is_overdue(since))
            }
            Role::Me if self.can_undo(dialog) => calm(self.t("line.opened_taken")),
            Role::Me | Role::Other | Role::Unknown => {
                match (dialog.unanswered_since, dialog.return_at) {
                    (Some(since), _) if role == Role::Me => unanswered(since),
                    (_, Some(due)) => {
                        let time = moments.time(due);
                        let values = [("time", &*time), ("left", &*moments.left(due))];
                        calm(self.texts.fill("line.return_at", &values))
                    }
                    (Some(since), None) => unanswered(since),
                    (None, None) => calm(guest("line.guest_at")),
                }
            }
        }
    }

    fn can_undo(&self, dialog: &DialogView) -> bool {
        dialog
            .undo_until
            .is_some_and(|until| until > self.state.now())
    }

    fn reason_shown(&self, dialog: &DialogView, role: Role) -> Option<(String, String)> {
        let reason = match (&dialog.view.owner, role) {
            (Owner::Waiting { reason, .. }, _) => reason,
            (_, Role::Bot) => return None,
            _ => dialog.handoff.as_ref()?,
        };
        Some((self.t("guest.reason"), self.reason(reason)))
    }

    /// What the bot wanted to answer, while that is why people have the dialog.
    fn wanted(&self, dialog: &DialogView, role: Role) -> Option<(String, String)> {
        let words = dialog.bot_wanted.as_ref().filter(|_| role != Role::Bot)?;
        let quote = self.texts.fill("guest.quote", &[("text", words)]);
        Some((self.t("bot.wanted"), quote))
    }

    /// The sentence of a reason, with its values where all of them are known.
    fn reason(&self, reason: &Reason) -> String {
        let plain = format!("reason.{}", reason.id.as_str());
        let kind = reason.values.get("kind").map_or("full", String::as_str);
        let full = format!("{plain}.{kind}");
        let needed = self.texts.placeholders(&full);
        let known = needed.iter().all(|name| reason.values.contains_key(*name));
        if !self.texts.has(&full) || !known {
            return self.t(&plain);
        }
        let values: Vec<(&str, &str)> = reason
            .values
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        self.texts.fill(&full, &values)
    }

    fn quote_meta(&self, moments: &Moments<'_>, dialog: &DialogView) -> Option<String> {
        dialog.guest_text.as_ref()?;
        let time = moments.time(dialog.guest_last?);
        let mut meta = self.texts.fill("guest.at", &[("time", &time)]);
        if dialog.unanswered_since.is_some() {
            meta.push_str(" · ");
            meta.push_str(&self.t("line.no_answer"));
        }
        Some(meta)
    }

    fn links(&self, dialog: &DialogView, role: Role, busy: bool) -> Vec<Link> {
        let press = |press| Click::Pressed(dialog.id.clone(), press);
        let mut links = vec![];
        if !busy {
            match role {
                Role::Waiting => links.push(Link {
                    tip: Some(self.t("tip.dismiss")),
                    ..self.link("do.dismiss", press(Press::AskDismiss))
                }),
                Role::Me if self.can_undo(dialog) => {
                    links.push(self.link("do.undo", press(Press::Undo)));
                }
                Role::Me => links.push(self.link("do.return_note", press(Press::AskNote))),
                Role::Unknown => links.push(self.link("do.return", press(Press::Return))),
                Role::Bot if dialog.touch_at.is_some() => {
                    links.push(self.link("do.no_touch", press(Press::NoTouch)));
                }
                Role::Bot | Role::Other => {}
            }
        }
        if self.is_elsewhere(dialog) {
            links.push(self.link("do.open_deal", press(Press::OpenDeal)));
        }
        let opens = |key, action, open| Link {
            expanded: Some(open),
            ..self.link(key, press(action))
        };
        if !dialog.why.is_empty() {
            let open = self.state.why.as_ref() == Some(&dialog.id);
            links.push(opens("do.why", Press::Why, open));
        }
        if busy {
            return links;
        }
        let shows = self.state.history.as_ref();
        let is_shown = shows.is_some_and(|(id, _)| *id == dialog.id);
        let history = opens("do.history", Press::History, is_shown);
        let is_excluded = role == Role::Bot && dialog.excluded.is_some();
        if is_excluded || role == Role::Unknown {
            links.push(history);
            return links;
        }
        let open = self.state.more.as_ref() == Some(&dialog.id);
        let more = opens("do.more", Press::More, open);
        if role == Role::Other {
            links.extend([history, more]);
        } else {
            links.push(more);
            links.extend(open.then_some(history));
        }
        if open {
            links.extend(match dialog.excluded {
                None => Some(Link {
                    tip: Some(self.t("tip.exclude")),
                    ..self.link("do.exclude", press(Press::AskExclude))
                }),
                Some(ExcludedBy::Hand) => Some(self.link("do.include", press(Press::Include))),
                Some(ExcludedBy::List) => None,
            });
        }
        links
    }

    fn form(&self, dialog: &DialogView) -> Option<FormView> {
        let (id, form) = self.state.form.as_ref()?;
        if *id != dialog.id {
            return None;
        }
        let (text, yes, note) = match form {
            Form::Intercept => {
                let name = self.name(&dialog.view.owner);
                let text = self.texts.fill("ask.intercept", &[("name", &name)]);
                (text, "ask.intercept.yes", None)
            }
            Form::Dismiss => (self.t("ask.dismiss"), "ask.dismiss.yes", None),
            Form::Exclude => (self.t("ask.exclude"), "ask.exclude.yes", None),
            Form::Note(value) => {
                let key = if dialog.excluded.is_some() {
                    "line.excluded"
                } else if dialog.unanswered_since.is_some() {
                    "ask.return.unanswered"
                } else {
                    "ask.return.answered"
                };
                let note = NoteView {
                    value: value.clone(),
                    label: self.t("ask.return.note"),
                    placeholder: self.t("ask.return.placeholder"),
                    hint: self.t("ask.return.hint"),
                };
                (self.t(key), "ask.return.yes", Some(note))
            }
        };
        Some(FormView {
            text,
            note,
            yes: self.link(yes, Click::Pressed(id.clone(), Press::Confirm)),
            no: self.link("do.cancel", Click::Pressed(id.clone(), Press::Cancel)),
        })
    }

    /// A sentence that came in both languages.
    fn told(&self, line: &WhyLine) -> String {
        let sentence = match self.texts.lang() {
            Lang::Ru => &line.ru,
            Lang::En => &line.en,
        };
        sentence.clone()
    }

    fn why(&self, dialog: &DialogView) -> Option<(String, Vec<(WhyMark, String)>)> {
        if self.state.why.as_ref() != Some(&dialog.id) {
            return None;
        }
        let lines = dialog.why.iter().map(|line| (line.mark, self.told(line)));
        Some((self.t("a11y.trace"), lines.collect()))
    }

    /// The dialog that needs a person most gives the dot its colour.
    fn badge(&self, data: &DealDialogs) -> Badge {
        let shown = data.dialogs.iter().map(|dialog| self.state.shown(dialog));
        let Some(first) = shown.min_by_key(|dialog| self.role(dialog).rank()) else {
            return Badge {
                dot: Dot::None,
                title: self.t("badge.none"),
            };
        };
        let role = self.role(&first);
        let title = match role {
            Role::Bot => self.t("badge.bot"),
            Role::Me => self.t("badge.me"),
            Role::Waiting => {
                let moments = self.moments(data);
                let since = waiting_since(&first).unwrap_or(moments.now);
                self.texts
                    .fill("badge.waiting", &[("ago", &moments.ago(since))])
            }
            Role::Other | Role::Unknown => {
                let name = self.name(&first.view.owner);
                self.texts.fill("badge.other", &[("name", &name)])
            }
        };
        Badge {
            dot: role.dot(),
            title,
        }
    }

    fn announcement(&self, view: &CardView) -> String {
        match &self.state.live {
            Live::Silent => String::new(),
            Live::Trouble => {
                let bar = view.bars.iter().find(|bar| bar.tone == Tone::Bad);
                let empty = view.empty.as_ref().map(|empty| empty.status.clone());
                bar.map(|bar| bar.text.clone())
                    .or(empty)
                    .unwrap_or_default()
            }
            Live::Owner(id) => {
                let dialogs = self.state.data.iter().flat_map(|data| &data.dialogs);
                let status = dialogs
                    .filter(|dialog| dialog.id == *id)
                    .map(|dialog| self.owner_status(dialog, self.role(dialog)))
                    .next()
                    .unwrap_or_default();
                self.texts.fill("a11y.status", &[("status", &status)])
            }
        }
    }
}

/// The button can turn the bot on: nothing but a manager's click, or a tag, keeps it from this guest.
fn can_include(dialog: &DialogView) -> bool {
    (dialog.mute, dialog.excluded) == (Some(Mute::Excluded), Some(ExcludedBy::Hand))
}

/// Since when the guest waits: the first message without an answer, else the handoff.
fn waiting_since(dialog: &DialogView) -> Option<i64> {
    match dialog.view.owner {
        Owner::Waiting { since, .. } => Some(dialog.unanswered_since.unwrap_or(since)),
        _ => dialog.unanswered_since,
    }
}

/// A bar that only says something.
fn plain(tone: Tone, text: String) -> Bar {
    Bar {
        tone,
        text,
        detail: None,
        links: vec![],
    }
}

fn detail(failure: &Failure) -> String {
    let words = format!("{} {}", failure.code, failure.detail);
    words.trim().to_owned()
}

/// Who leads, as seen by the manager who looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Role {
    Bot,
    Waiting,
    Me,
    Other,
    Unknown,
}

impl Role {
    fn dot(self) -> Dot {
        match self {
            Self::Bot => Dot::Bot,
            Self::Waiting => Dot::Waiting,
            Self::Me => Dot::Me,
            Self::Other | Self::Unknown => Dot::Other,
        }
    }

    fn rank(self) -> u8 {
        match self {
            Self::Waiting => 0,
            Self::Me => 1,
            Self::Other | Self::Unknown => 2,
            Self::Bot => 3,
        }
    }
}

#[cfg(test)]
#[path = "present_tests.rs"]
mod tests;
