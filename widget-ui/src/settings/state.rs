//! Everything that happens in the settings, and what follows from it.

use super::doc::{Doc, policy};
use super::fields::{Field, Row, Section, new_row, read, shown};
use super::knowledge;
use super::whatif::Question;
use std::collections::BTreeMap;
use widget_core::policy::{Policy, diff};
use widget_core::wire::policy::{Checks, PolicySaved, PolicyView};
use widget_core::wire::versions::{
    FieldChange, FieldFinding, VersionAbout, VersionProblem, Versions,
};

/// A tab of the page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tab {
    /// Whether everything that the account needs is there.
    Check,
    /// Fields.
    Fields(Section),
    /// The whole text.
    Text,
    /// The versions.
    Versions,
    /// The knowledge base, which is no part of the policy.
    Knowledge,
}

/// What reads texts: large, and loaded when the first text is to be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Reader {
    /// No text was to be read.
    #[default]
    Unasked,
    /// It is on its way.
    Coming,
    /// It is there.
    Ready,
    /// It did not come: nothing is said of what a text means.
    Missing,
}

/// Why a call brought nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// The backend's own words.
    Problem(Box<VersionProblem>),
    /// The session, the network, a proxy: a stable code.
    Code(String),
}

impl Refusal {
    /// Its stable code.
    pub fn code(&self) -> &str {
        match self {
            Self::Problem(problem) => &problem.code,
            Self::Code(code) => code,
        }
    }
}

/// What happened.
#[derive(Debug, Clone, PartialEq)]
pub enum Msg {
    /// The newest version came.
    Loaded(Result<PolicyView, Refusal>),
    /// A tab was chosen.
    Opened(Tab),
    /// Something was typed into a field.
    Typed(Field, String),
    /// The whole text was changed.
    Wrote(String),
    /// A row is to be added to a list.
    AddRow(&'static str),
    /// A row is to go.
    RemoveRow(Row),
    /// A row is to stand before (`-1`) or behind (`1`) its neighbour.
    MoveRow(Row, isize),
    /// «Сохранить».
    Save,
    /// What became of that.
    Saved(Result<PolicySaved, Refusal>),
    /// The list of changes was opened or closed.
    ToggleChanges,
    /// Everything that was changed goes.
    Discard,
    /// In a conflict: what is edited here is to replace the other's version, which was read.
    KeepMine,
    /// In a conflict: the other's version it is.
    TakeTheirs,
    /// The list of versions came.
    Listed(Result<Versions, Refusal>),
    /// What was found came.
    Checked(Result<Checks, Refusal>),
    /// Another look.
    CheckAgain,
    /// A version was chosen.
    Look(i64),
    /// It came.
    Shown(Result<PolicyView, Refusal>),
    /// The version that is looked at is to be the newest again.
    Restore,
    /// Another question.
    Asked(Question),
    /// What reads texts came, or did not.
    ReaderCame(bool),
    /// Another try to load it.
    ReadAgain,
    /// On the page of the knowledge base.
    Base(knowledge::Msg),
    /// Another try after a failure.
    Retry,
}

/// What is to be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// Read the newest version.
    Load,
    /// Store this text over this version.
    Save {
        /// The text.
        toml: String,
        /// The version that was seen.
        over: i64,
    },
    /// Look at the connections.
    Check,
    /// Read the list of versions.
    List,
    /// Read one version.
    Version(i64),
    /// Load what reads texts.
    Reader,
    /// Of the page of the knowledge base.
    Base(knowledge::Effect),
}

/// What the page says of the last attempt to save.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Word {
    /// Saved as this version; whether it is in force already.
    Saved(PolicySaved),
    /// Somebody else has stored a version since.
    Conflict {
        /// Which.
        newest: Option<VersionAbout>,
        /// What changed in it.
        changes: Vec<FieldChange>,
    },
    /// It failed otherwise.
    Failed(String),
}

/// A version that is looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Looked {
    /// The version.
    pub view: PolicyView,
    /// What its return would change in the newest version; `Err` = it cannot be read by this version of Estafeta.
    pub changes: Result<Vec<FieldChange>, Vec<FieldFinding>>,
}

/// What is edited.
#[derive(Debug, Clone)]
pub struct Editor {
    /// The version that was read, as it is stored.
    pub base: PolicyView,
    /// Its policy, if it can be read.
    pub saved: Option<Policy>,
    /// Its text; empty if it is no TOML.
    pub saved_doc: Doc,
    /// What stands there now.
    pub doc: Doc,
    /// What was typed into fields, letter by letter.
    typed: BTreeMap<String, String>,
    /// The whole text as it was typed, while it is no TOML.
    pub odd_text: Option<String>,
    /// The policy that stands there now; `Err` = what is wrong with it.
    pub edited: Result<Policy, Vec<FieldFinding>>,
    /// What differs from the version that was read, where both can be read.
    pub changes: Vec<FieldChange>,
}

/// The settings.
#[derive(Debug)]
pub struct State {
    /// What is edited, once it came.
    pub editor: Option<Editor>,
    /// Why nothing came.
    pub failed: Option<Refusal>,
    /// The chosen tab.
    pub tab: Tab,
    /// A call to save is on its way.
    pub saving: bool,
    /// What became of the last one.
    pub word: Option<Word>,
    /// The list of changes is open.
    pub shows_changes: bool,
    /// What was found of the connections; `None` = it is looked at.
    pub checks: Option<Result<Checks, Refusal>>,
    /// All versions.
    pub versions: Option<Vec<VersionAbout>>,
    /// The one that is looked at.
    pub looked: Option<Looked>,
    /// What is asked.
    pub question: Question,
    /// What reads it.
    pub reader: Reader,
    /// The page of the knowledge base.
    pub base: knowledge::State,
    /// Where the keyboard goes when this is drawn: a selector.
    pub focus: Option<String>,
}

impl Editor {
    fn new(base: PolicyView) -> Self {
        let doc = Doc::parse(&base.toml);
        let (doc, odd_text) = match doc {
            Ok(doc) => (doc, None),
            Err(_) => (Doc::empty(), Some(base.toml.clone())),
        };
        let mut editor = Self {
            saved: policy(&base.toml).ok(),
            saved_doc: doc.clone(),
            doc,
            typed: BTreeMap::new(),
            odd_text,
            edited: Err(Vec::new()),
            changes: Vec::new(),
            base,
        };
        editor.judge();
        editor
    }

    /// The text that stands there now.
    pub fn text(&self) -> String {
        self.odd_text.clone().unwrap_or_else(|| self.doc.text())
    }

    /// Whether it differs from the version that was read.
    pub fn is_changed(&self) -> bool {
        self.text() != self.base.toml
    }

    /// What a field shows.
    pub fn shown(&self, field: &Field) -> String {
        let typed = self.typed.get(&field.path).cloned();
        typed.unwrap_or_else(|| shown(&field.kind, self.doc.get(&field.path).as_ref()))
    }

    /// What is wrong with a field or inside it.
    pub fn findings(&self, path: &str) -> Vec<&FieldFinding> {
        let all = self.edited.as_ref().err().into_iter().flatten();
        all.filter(|finding| is_at(&finding.path, path)).collect()
    }

    fn judge(&mut self) {
        let edited = match &self.odd_text {
            Some(text) => policy(text),
            None => self.doc.policy(),
        };
        self.edited = edited.map_err(|findings| findings.into_iter().map(Into::into).collect());
        self.changes = match (&self.saved, &self.edited) {
            (Some(saved), Ok(edited)) => diff(saved, edited).into_iter().map(Into::into).collect(),
            _ => Vec::new(),
        };
    }

    fn typed(&mut self, field: &Field, text: String) {
        self.doc.set(&field.path, read(field, &text));
        // Of another kind of condition, another value.
        self.typed.retain(|path, _| !is_at(path, &field.path));
        self.typed.insert(field.path.clone(), text);
        self.judge();
    }

    /// Changes the rows of a list: what was typed into one of them stands elsewhere now.
    fn rows(&mut self, list: &str, change: impl FnOnce(&mut Doc)) {
        change(&mut self.doc);
        let inside = format!("{list}[");
        self.typed.retain(|path, _| !path.starts_with(&inside));
        self.judge();
    }

    /// What is wrong with a place and belongs to none of these fields.
    pub fn findings_beside(&self, path: &str, fields: &[Field]) -> Vec<&FieldFinding> {
        let all = self.findings(path).into_iter();
        all.filter(|finding| !fields.iter().any(|field| is_at(&finding.path, &field.path)))
            .collect()
    }

    fn wrote(&mut self, text: String) {
        self.typed.clear();
        match Doc::parse(&text) {
            Ok(doc) => {
                self.doc = doc;
                self.odd_text = None;
            }
            Err(_) => self.odd_text = Some(text),
        }
        self.judge();
    }
}

/// Where the keyboard goes when what it stood on is gone.
const BAR: &str = ".estafeta-set-bar";

/// Where a row is drawn.
pub fn selector(row: Row) -> String {
    format!("[data-row='{}[{}]']", row.list, row.at)
}

/// Whether a finding's path is that of a field, or lies inside it.
pub fn is_at(finding: &str, field: &str) -> bool {
    let rest = finding.strip_prefix(field);
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
}

impl Default for State {
    fn default() -> Self {
        Self {
            editor: None,
            failed: None,
            tab: Tab::Fields(Section::Work),
            saving: false,
            word: None,
            shows_changes: false,
            checks: None,
            versions: None,
            looked: None,
            question: Question::default(),
            reader: Reader::default(),
            base: knowledge::State::default(),
            focus: None,
        }
    }
}

impl State {
    /// Takes in what happened; answers what is to be done.
    pub fn on(&mut self, msg: Msg) -> Vec<Effect> {
        match msg {
            Msg::Loaded(Ok(view)) => {
                self.failed = None;
                self.editor = Some(Editor::new(view));
            }
            Msg::Loaded(Err(refusal)) => self.failed = Some(refusal),
            Msg::Retry => {
                self.failed = None;
                return vec![Effect::Load];
            }
            Msg::Opened(tab) => {
                // The button inside the page is gone with its page.
                if tab == Tab::Text && self.tab != Tab::Text {
                    self.focus = Some("[data-tab=text]".to_owned());
                }
                self.tab = tab;
                self.looked = None;
                match tab {
                    Tab::Versions => return vec![Effect::List],
                    Tab::Check => return self.check(),
                    Tab::Knowledge => {
                        let editor = self.editor.as_ref();
                        let is_admin = editor.is_some_and(|editor| editor.base.may_change);
                        return of_base(self.base.shown(is_admin));
                    }
                    Tab::Fields(_) | Tab::Text => {}
                }
            }
            Msg::CheckAgain => return self.check(),
            Msg::Checked(found) => self.checks = Some(found),
            Msg::Typed(field, text) => self.edit(|editor| editor.typed(&field, text)),
            Msg::Wrote(text) => self.edit(|editor| editor.wrote(text)),
            Msg::AddRow(list) => self.add_row(list),
            Msg::RemoveRow(row) => self.remove_row(row),
            Msg::MoveRow(row, by) => self.move_row(row, by),
            Msg::ToggleChanges => self.shows_changes = !self.shows_changes,
            Msg::Discard => {
                self.word = None;
                self.focus = Some(BAR.to_owned());
                self.editor = self.editor.take().map(|editor| Editor::new(editor.base));
            }
            Msg::Save => return self.save(),
            Msg::Saved(outcome) => return self.saved(outcome),
            Msg::KeepMine => return self.keep_mine(),
            Msg::TakeTheirs => {
                self.word = None;
                self.focus = Some(BAR.to_owned());
                return vec![Effect::Load];
            }
            Msg::Listed(Ok(listed)) => self.versions = Some(listed.versions),
            Msg::Listed(Err(refusal)) | Msg::Shown(Err(refusal)) => {
                self.word = Some(Word::Failed(refusal.code().to_owned()));
            }
            Msg::Look(version) => return vec![Effect::Version(version)],
            Msg::Shown(Ok(view)) => {
                self.look(view);
                self.focus = Some(".estafeta-set-looked".to_owned());
            }
            Msg::Restore => return self.restore(),
            Msg::Asked(question) => {
                self.question = question;
                if self.reader == Reader::Unasked && self.question.is_asked() {
                    return self.read();
                }
            }
            Msg::Base(msg) => {
                let effects = self.base.on(msg);
                self.focus = self.base.focus.take().map(str::to_owned);
                return of_base(effects);
            }
            Msg::ReadAgain => return self.read(),
            Msg::ReaderCame(true) => self.reader = Reader::Ready,
            Msg::ReaderCame(false) => self.reader = Reader::Missing,
        }
        Vec::new()
    }

    fn add_row(&mut self, list: &'static str) {
        self.edit(|editor| {
            editor.rows(list, |doc| {
                let row = new_row(list, doc);
                doc.add_row(list, row);
            });
        });
        let at = self.count(list).saturating_sub(1);
        self.focus = Some(format!("{} :is(input, select)", selector(Row { list, at })));
    }

    fn remove_row(&mut self, row: Row) {
        self.edit(|editor| editor.rows(row.list, |doc| doc.remove_row(row.list, row.at)));
        let at = row.at.min(self.count(row.list).saturating_sub(1));
        self.focus = Some(match self.count(row.list) {
            0 => "[data-do=add]".to_owned(),
            _ => format!("{} [data-do=remove]", selector(Row { at, ..row })),
        });
    }

    fn move_row(&mut self, row: Row, by: isize) {
        let Some(to) = row.at.checked_add_signed(by) else {
            return;
        };
        if to >= self.count(row.list) {
            return;
        }
        self.edit(|editor| editor.rows(row.list, |doc| doc.move_row(row.list, row.at, to)));
        let button = if by < 0 { "up" } else { "down" };
        let place = selector(Row { at: to, ..row });
        // At an end of the list that button is no longer there to press.
        self.focus = Some(format!(
            "{place} [data-do={button}]:enabled, {place} [data-do]:enabled"
        ));
    }

    fn count(&self, list: &str) -> usize {
        let editor = self.editor.as_ref();
        editor.map_or(0, |editor| editor.doc.count(list))
    }

    fn check(&mut self) -> Vec<Effect> {
        self.checks = None;
        vec![Effect::Check]
    }

    fn read(&mut self) -> Vec<Effect> {
        self.reader = Reader::Coming;
        vec![Effect::Reader]
    }

    fn edit(&mut self, change: impl FnOnce(&mut Editor)) {
        if let Some(editor) = &mut self.editor {
            change(editor);
        }
        if !matches!(self.word, Some(Word::Conflict { .. })) {
            self.word = None;
        }
    }

    /// What is wrong is told by the same check as on the server, without asking it.
    fn save(&mut self) -> Vec<Effect> {
        let Some(editor) = self.editor.as_ref().filter(|_| !self.saving) else {
            return Vec::new();
        };
        if editor.edited.is_err() || !editor.is_changed() {
            return Vec::new();
        }
        let (toml, over) = (editor.text(), editor.base.about.version);
        self.store(toml, over)
    }

    fn store(&mut self, toml: String, over: i64) -> Vec<Effect> {
        self.saving = true;
        self.word = None;
        vec![Effect::Save { toml, over }]
    }

    fn saved(&mut self, outcome: Result<PolicySaved, Refusal>) -> Vec<Effect> {
        self.saving = false;
        match outcome {
            Ok(saved) => {
                self.word = Some(Word::Saved(saved));
                self.looked = None;
                self.shows_changes = false;
                let mut effects = vec![Effect::Load];
                effects.extend((self.tab == Tab::Versions).then_some(Effect::List));
                return effects;
            }
            Err(Refusal::Problem(problem)) if problem.code == "policy_stale" => {
                self.word = Some(Word::Conflict {
                    newest: problem.newest,
                    changes: problem.changes,
                });
                self.focus = Some(".estafeta-set-conflict".to_owned());
            }
            Err(Refusal::Problem(problem)) if !problem.findings.is_empty() => {
                self.word = Some(Word::Failed(problem.code));
                if let Some(editor) = &mut self.editor {
                    editor.edited = Err(problem.findings);
                }
            }
            Err(refusal) => self.word = Some(Word::Failed(refusal.code().to_owned())),
        }
        Vec::new()
    }

    /// The other's version counts as read: what is edited here is stored over it.
    fn keep_mine(&mut self) -> Vec<Effect> {
        let Some(Word::Conflict {
            newest: Some(newest),
            ..
        }) = &self.word
        else {
            return vec![Effect::Load];
        };
        let over = newest.version;
        let Some(editor) = self.editor.as_ref() else {
            return Vec::new();
        };
        let toml = editor.text();
        self.focus = Some(BAR.to_owned());
        self.store(toml, over)
    }

    fn look(&mut self, view: PolicyView) {
        let saved = self
            .editor
            .as_ref()
            .and_then(|editor| editor.saved.as_ref());
        let changes = match (saved, policy(&view.toml)) {
            (_, Err(findings)) => Err(findings.into_iter().map(Into::into).collect()),
            (None, Ok(_)) => Ok(Vec::new()),
            (Some(saved), Ok(old)) => Ok(diff(saved, &old).into_iter().map(Into::into).collect()),
        };
        self.looked = Some(Looked { view, changes });
    }

    fn restore(&mut self) -> Vec<Effect> {
        let (Some(looked), Some(editor)) = (&self.looked, &self.editor) else {
            return Vec::new();
        };
        let (toml, over) = (looked.view.toml.clone(), editor.base.about.version);
        self.focus = Some(BAR.to_owned());
        self.store(toml, over)
    }
}

fn of_base(effects: Vec<knowledge::Effect>) -> Vec<Effect> {
    effects.into_iter().map(Effect::Base).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::fields::groups;
    use crate::settings::tests::SANATORIUM;
    use widget_core::ids::UserId;
    use widget_core::wire::UserName;

    fn about(version: i64) -> VersionAbout {
        VersionAbout {
            version,
            at: 0,
            origin: "api".to_owned(),
            mode: Some("on".to_owned()),
            user: Some(UserName {
                id: UserId(9001),
                name: "Ольга".to_owned(),
            }),
            passages: None,
        }
    }

    fn view(version: i64, toml: &str) -> PolicyView {
        PolicyView {
            about: about(version),
            toml: toml.to_owned(),
            now: 0,
            in_force: version,
            from_file: false,
            may_change: true,
            users: Vec::new(),
        }
    }

    fn loaded() -> State {
        let mut state = State::default();
        state.on(Msg::Loaded(Ok(view(3, SANATORIUM))));
        state
    }

    fn field(state: &State, path: &str) -> Field {
        let doc = &state.editor.as_ref().unwrap().doc;
        let sections = Section::ALL.into_iter();
        let fields = sections.flat_map(|section| groups(section, doc));
        let mut fields = fields.flat_map(|group| group.fields);
        fields.find(|field| field.path == path).unwrap()
    }

    fn types(state: &mut State, path: &str, text: &str) {
        let field = field(state, path);
        assert_eq!(state.on(Msg::Typed(field, text.to_owned())), []);
    }

    fn editor(state: &State) -> &Editor {
        state.editor.as_ref().unwrap()
    }

    #[test]
    fn what_is_typed_is_saved_over_the_version_that_was_read() {
        let mut state = loaded();
        assert_eq!(state.on(Msg::Save), [], "nothing to save");
        types(&mut state, "timers.auto_return_after", "60m");
        let changes = &editor(&state).changes;
        assert_eq!(changes.len(), 1);
        assert_eq!(changes[0].path, "timers.auto_return_after");
        let toml = SANATORIUM.replace("auto_return_after = \"40m\"", "auto_return_after = \"60m\"");
        assert_eq!(
            state.on(Msg::Save),
            [Effect::Save {
                toml: toml.clone(),
                over: 3
            }]
        );
        assert_eq!(state.on(Msg::Save), [], "it is on its way");
        let saved = PolicySaved {
            version: 4,
            in_force: true,
        };
        assert_eq!(state.on(Msg::Saved(Ok(saved.clone()))), [Effect::Load]);
        state.on(Msg::Loaded(Ok(view(4, &toml))));
        assert_eq!(state.word, Some(Word::Saved(saved)));
        assert!(!editor(&state).is_changed());
    }

    #[test]
    fn what_is_wrong_is_told_at_its_field_and_not_sent() {
        let mut state = loaded();
        types(&mut state, "timers.auto_return_after", "скоро");
        let found = editor(&state).findings("timers.auto_return_after");
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(editor(&state).findings("timers.quiet").is_empty());
        assert_eq!(
            editor(&state).shown(&field(&state, "timers.auto_return_after")),
            "скоро"
        );
        assert_eq!(state.on(Msg::Save), []);
        types(&mut state, "timers.auto_return_after", "40m");
        assert!(editor(&state).edited.is_ok() && !editor(&state).is_changed());
        // A finding inside a list belongs to the field that holds the list.
        types(&mut state, "calendar.week[0]", "18:00-09:00");
        assert_eq!(editor(&state).findings("calendar.week[0]").len(), 1);
        assert!(editor(&state).findings("calendar.week[1]").is_empty());
    }

    #[test]
    fn of_two_administrators_the_second_chooses() {
        let mut state = loaded();
        types(&mut state, "timers.auto_return_after", "60m");
        let mine = editor(&state).text();
        state.on(Msg::Save);
        let change = FieldChange {
            path: "mode".to_owned(),
            old: Some("\"on\"".to_owned()),
            new: Some("\"people\"".to_owned()),
            moved: false,
        };
        let problem = VersionProblem {
            code: "policy_stale".to_owned(),
            title: String::new(),
            status: 409,
            detail: None,
            findings: Vec::new(),
            newest: Some(about(4)),
            changes: vec![change.clone()],
        };
        let refusal = Refusal::Problem(Box::new(problem));
        assert_eq!(state.on(Msg::Saved(Err(refusal))), []);
        let conflict = Word::Conflict {
            newest: Some(about(4)),
            changes: vec![change],
        };
        assert_eq!(state.word, Some(conflict.clone()));
        types(&mut state, "timers.undo_for", "10m");
        assert_eq!(
            state.word,
            Some(conflict.clone()),
            "it stays until it is chosen"
        );
        assert_eq!(
            state.on(Msg::KeepMine),
            [Effect::Save {
                toml: mine,
                over: 4
            }]
        );
        state.word = Some(conflict);
        assert_eq!(state.on(Msg::TakeTheirs), [Effect::Load]);
    }

    #[test]
    fn an_old_version_is_restored_by_storing_it_again() {
        let mut state = loaded();
        assert_eq!(state.on(Msg::Opened(Tab::Versions)), [Effect::List]);
        let versions = Versions {
            versions: vec![about(3), about(2)],
        };
        state.on(Msg::Listed(Ok(versions)));
        assert_eq!(state.on(Msg::Look(2)), [Effect::Version(2)]);
        let old = SANATORIUM.replace("guests_over = 4", "guests_over = 9");
        state.on(Msg::Shown(Ok(view(2, &old))));
        let changes = state.looked.as_ref().unwrap().changes.as_ref().unwrap();
        assert_eq!(changes[0].new.as_deref(), Some("9"));
        assert_eq!(
            state.on(Msg::Restore),
            [Effect::Save { toml: old, over: 3 }]
        );
        let saved = PolicySaved {
            version: 4,
            in_force: true,
        };
        assert_eq!(
            state.on(Msg::Saved(Ok(saved))),
            [Effect::Load, Effect::List]
        );
        // One that this version cannot read is told, not hidden.
        state.on(Msg::Shown(Ok(view(1, "schema = 9"))));
        assert!(state.looked.as_ref().unwrap().changes.is_err());
    }

    #[test]
    fn the_connections_are_looked_at_when_they_are_shown() {
        let mut state = loaded();
        assert_eq!(state.on(Msg::Opened(Tab::Check)), [Effect::Check]);
        assert_eq!(state.checks, None);
        let found = Checks { checks: Vec::new() };
        state.on(Msg::Checked(Ok(found.clone())));
        assert_eq!(state.checks, Some(Ok(found)));
        assert_eq!(state.on(Msg::CheckAgain), [Effect::Check]);
        assert_eq!(state.checks, None);
    }

    #[test]
    fn what_reads_texts_is_loaded_when_the_first_is_written() {
        let mut state = loaded();
        let asked = |text: &str| {
            Msg::Asked(Question {
                text: text.to_owned(),
                ..Question::default()
            })
        };
        assert_eq!(state.on(asked(" ")), []);
        assert_eq!(state.on(asked("Н")), [Effect::Reader]);
        assert_eq!(state.on(asked("На")), [], "it is on its way");
        state.on(Msg::ReaderCame(false));
        assert_eq!(state.reader, Reader::Missing);
        assert_eq!(state.on(asked("Нас")), [], "tried again by hand");
        assert_eq!(state.on(Msg::ReadAgain), [Effect::Reader]);
        state.on(Msg::ReaderCame(true));
        assert_eq!(state.reader, Reader::Ready);
    }

    #[test]
    fn a_text_that_is_no_toml_is_kept_and_told() {
        let mut state = loaded();
        state.on(Msg::Wrote("mode = ".to_owned()));
        assert_eq!(editor(&state).text(), "mode = ");
        assert_eq!(editor(&state).findings("").len(), 1);
        assert_eq!(state.on(Msg::Save), []);
        state.on(Msg::Wrote(
            SANATORIUM.replace("mode = \"on\"", "mode = \"off\""),
        ));
        assert_eq!(editor(&state).changes.len(), 1);
        state.on(Msg::Discard);
        assert!(!editor(&state).is_changed());
    }

    #[test]
    fn paths_are_compared_by_their_steps() {
        for (finding, field, is) in [
            ("timers.quiet", "timers.quiet", true),
            ("stages[1].name", "stages[1]", true),
            ("stages[11].name", "stages[1]", false),
            ("timers.quiet", "timers.qui", false),
            ("texts.handoff", "texts", true),
        ] {
            assert_eq!(is_at(finding, field), is, "{finding} {field}");
        }
    }
}
