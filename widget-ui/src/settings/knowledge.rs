//! Everything that happens on the page of the knowledge base, and what follows from it.

use super::state::Refusal;
use widget_core::knowledge::{BaseFile, MOST_BYTES, Passage, read};
use widget_core::wire::knowledge::{
    KnowledgeFound, KnowledgeMissed, KnowledgeSaved, KnowledgeView, MissedGroup, changes,
};
use widget_core::wire::versions::{FieldChange, FieldFinding, VersionAbout, Versions};

/// Where entries go if no file is open.
const NEW_FILE: &str = "answers.md";
/// The longest heading, characters.
const LONGEST_HEADING: usize = 200;
/// Marks of Markdown, which would make something else of a guest's words.
const MARKS: [char; 11] = ['#', '*', '_', '`', '[', ']', '{', '}', '<', '>', '|'];

/// Why a file is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rubbish {
    /// Its name ends neither with `.md` nor with `.csv`.
    Ending,
    /// It is larger than a whole base may be.
    TooLarge,
    /// It is no text in UTF-8.
    NoText,
    /// The browser cannot read it.
    Unreadable,
}

/// What happened.
#[derive(Debug, Clone, PartialEq)]
pub enum Msg {
    /// The newest version came.
    Loaded(Result<KnowledgeView, Refusal>),
    /// The list of versions came.
    Listed(Result<Versions, Refusal>),
    /// The questions that found nothing came.
    MissedCame(Result<KnowledgeMissed, Refusal>),
    /// Another try after a failure.
    Again,
    /// A file was opened.
    Open(usize),
    /// The open file has another name.
    Named(String),
    /// The open file has another text.
    Wrote(String),
    /// A new file, to paste something into.
    New,
    /// A file goes.
    Remove(usize),
    /// A file was chosen on the reader's computer: its name, and its bytes.
    Took(String, Result<Vec<u8>, Rubbish>),
    /// An entry for a group of questions that found nothing.
    Start(usize),
    /// The question of the preview.
    Asked(String),
    /// What does it find?
    Find,
    /// That.
    Found(Result<KnowledgeFound, Refusal>),
    /// «Сохранить».
    Save,
    /// What became of that.
    Saved(Result<KnowledgeSaved, Refusal>),
    /// The list of changes was opened or closed.
    ToggleChanges,
    /// Everything that was changed goes.
    Discard,
    /// In a conflict: what is edited here is to replace the other's version, which was read.
    KeepMine,
    /// In a conflict: the other's version it is.
    TakeTheirs,
    /// A version was chosen.
    Look(i64),
    /// It came.
    Shown(Result<KnowledgeView, Refusal>),
    /// The version that is looked at is to be the newest again.
    Restore,
}

/// What is to be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// Read the newest version.
    Load,
    /// Read the list of versions.
    List,
    /// Read the questions that found nothing.
    Missed,
    /// Ask what a question finds; in the newest version without files.
    Find {
        /// The question.
        question: String,
        /// Files that are not stored yet.
        files: Option<Vec<BaseFile>>,
    },
    /// Store these files over this version.
    Save {
        /// All files.
        files: Vec<BaseFile>,
        /// The version that was seen.
        over: i64,
    },
    /// Read one version.
    Version(i64),
}

/// What the page says of the last attempt to save.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Word {
    /// It is the newest version.
    Saved(KnowledgeSaved),
    /// Somebody else has stored a version since.
    Conflict {
        /// Which.
        newest: Option<VersionAbout>,
        /// What changed in it.
        changes: Vec<FieldChange>,
    },
    /// It failed otherwise: a stable code.
    Failed(String),
}

/// A version that is looked at, and what its return would change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Looked {
    /// The version.
    pub view: KnowledgeView,
    /// The changes.
    pub changes: Vec<FieldChange>,
}

/// What is edited.
#[derive(Debug, Clone)]
pub struct Editor {
    /// The version that was read, as it is stored.
    pub base: KnowledgeView,
    /// The files as they stand there now.
    pub files: Vec<BaseFile>,
    /// The one that is open.
    pub open: Option<usize>,
    /// The entries that stand there now; `Err` = what is wrong.
    pub edited: Result<Vec<Passage>, Vec<FieldFinding>>,
    /// What differs from the version that was read, where nothing is wrong.
    pub changes: Vec<FieldChange>,
}

/// The page.
#[derive(Debug, Default)]
pub struct State {
    /// What is edited, once it came.
    pub editor: Option<Editor>,
    /// Why nothing came.
    pub failed: Option<Refusal>,
    /// All versions.
    pub versions: Option<Result<Vec<VersionAbout>, Refusal>>,
    /// The questions that found nothing.
    pub missed: Option<Result<Vec<MissedGroup>, Refusal>>,
    /// Files that were not taken.
    pub refused: Vec<(String, Rubbish)>,
    /// The question of the preview.
    pub question: String,
    /// It is on its way.
    pub is_asking: bool,
    /// What it found, as long as nothing has changed since.
    pub found: Option<Result<KnowledgeFound, Refusal>>,
    /// What is edited is on its way, and then the version that came of it.
    pub is_saving: bool,
    /// What became of the last attempt.
    pub word: Option<Word>,
    /// The list of changes is open.
    pub shows_changes: bool,
    /// The version that is looked at.
    pub looked: Option<Looked>,
    /// Where the keyboard goes when this is drawn: a selector.
    pub focus: Option<&'static str>,
}

impl Editor {
    fn new(base: KnowledgeView, open: Option<&str>) -> Self {
        let files = base.files.clone();
        let mut editor = Self {
            open: files.iter().position(|file| Some(&*file.name) == open),
            files,
            base,
            edited: Ok(Vec::new()),
            changes: Vec::new(),
        };
        editor.judge();
        editor
    }

    /// Whether anything differs from the version that was read.
    pub fn is_changed(&self) -> bool {
        self.files != self.base.files
    }

    /// The open file.
    pub fn opened(&self) -> Option<&BaseFile> {
        self.files.get(self.open?)
    }

    /// How many entries a file has, where it can be read by itself.
    pub fn count(&self, at: usize) -> Option<usize> {
        let file = self.files.get(at..=at)?;
        read(file).ok().map(|passages| passages.len())
    }

    /// What is wrong with a file.
    pub fn findings<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a FieldFinding> {
        let all = self.edited.as_ref().err().into_iter().flatten();
        all.filter(move |finding| {
            let rest = finding.path.strip_prefix(name);
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(':'))
        })
    }

    /// What is wrong with the whole.
    pub fn findings_of_all(&self) -> impl Iterator<Item = &FieldFinding> {
        let all = self.edited.as_ref().err().into_iter().flatten();
        all.filter(|finding| finding.path.is_empty())
    }

    fn judge(&mut self) {
        let read = read(&self.files);
        self.edited = read.map_err(|findings| findings.into_iter().map(Into::into).collect());
        self.changes = match &self.edited {
            Ok(edited) => changes(&self.base.passages, edited),
            Err(_) => Vec::new(),
        };
    }

    /// A name that no file has.
    fn free_name(&self) -> String {
        let is_free = |name: &String| self.files.iter().all(|file| file.name != *name);
        let (bare, ending) = NEW_FILE.rsplit_once('.').unwrap_or((NEW_FILE, "md"));
        let mut names = (2..).map(|n: u32| format!("{bare}-{n}.{ending}"));
        let first = Some(NEW_FILE.to_owned()).filter(is_free);
        first.or_else(|| names.find(is_free)).unwrap_or_default()
    }

    fn add(&mut self, name: String, text: String) {
        let known = self.files.iter().position(|known| known.name == name);
        let at = known.unwrap_or(self.files.len());
        self.files
            .splice(at..self.files.len().min(at + 1), [BaseFile { name, text }]);
        self.open = Some(at);
    }

    /// An entry at the end of the open file of Markdown, else of the last, else of a new one.
    fn start(&mut self, group: &MissedGroup) {
        let is_markdown = |file: &BaseFile| ending(&file.name) == "md";
        let open = self.open.filter(|at| is_markdown(&self.files[*at]));
        let at = open.or_else(|| self.files.iter().rposition(is_markdown));
        let at = at.unwrap_or_else(|| {
            self.add(self.free_name(), String::new());
            self.files.len() - 1
        });
        self.open = Some(at);
        let text = &mut self.files[at].text;
        let kept = text.trim_end().len();
        text.truncate(kept);
        if kept > 0 {
            text.push_str("\n\n");
        }
        text.push_str(&entry(&group.questions));
    }
}

/// An entry without its answer. The question stands under its heading again, so that an entry which is never answered is
/// found wrong and not passed over.
fn entry(questions: &[String]) -> String {
    let mut asked: Vec<String> = Vec::new();
    for question in questions.iter().map(|question| clean(question)) {
        if !question.is_empty() && !asked.contains(&question) {
            asked.push(question);
        }
    }
    let heading = asked.first().cloned().unwrap_or_else(|| "?".to_owned());
    let items = asked.iter().map(|question| format!("- {question}\n"));
    format!("## {heading}\n{}\n", items.collect::<String>())
}

/// A guest's words as a line that ends with a question mark.
fn clean(question: &str) -> String {
    let plain: String = question.chars().filter(|c| !MARKS.contains(c)).collect();
    let words: Vec<&str> = plain.split_whitespace().collect();
    let line: String = words.join(" ").chars().take(LONGEST_HEADING).collect();
    let line = line.trim_start_matches(['-', '+', ' ']);
    let line = line.trim_end_matches(['?', '!', '.', '…', ' ']);
    match line {
        "" => String::new(),
        line => format!("{line}?"),
    }
}

fn ending(name: &str) -> &str {
    name.rsplit_once('.').map_or("", |(_, ending)| ending)
}

/// The text of a file.
fn text(name: &str, bytes: Vec<u8>) -> Result<String, Rubbish> {
    if !["md", "csv"].contains(&ending(name)) {
        return Err(Rubbish::Ending);
    }
    if bytes.len() > MOST_BYTES {
        return Err(Rubbish::TooLarge);
    }
    let text = String::from_utf8(bytes).map_err(|_| Rubbish::NoText)?;
    if text.contains('\0') {
        return Err(Rubbish::NoText);
    }
    Ok(text.trim_start_matches('\u{feff}').to_owned())
}

const BAR: &str = ".estafeta-set-bar";
const TEXT: &str = "#estafeta-set-base-text";

impl State {
    /// The page is shown: what it needs, what only administrators may see with it.
    pub fn shown(&mut self, is_admin: bool) -> Vec<Effect> {
        let mut effects = vec![Effect::List];
        if self.editor.is_none() {
            self.failed = None;
            effects.push(Effect::Load);
        }
        effects.extend(is_admin.then_some(Effect::Missed));
        effects
    }

    /// Whether something is wrong with what is edited.
    pub fn is_wrong(&self) -> bool {
        let editor = self.editor.as_ref();
        editor.is_some_and(|editor| editor.edited.is_err())
    }

    /// Takes in what happened; answers what is to be done.
    pub fn on(&mut self, msg: Msg) -> Vec<Effect> {
        match msg {
            Msg::Loaded(Ok(view)) => {
                let open = self.editor.as_ref().and_then(Editor::opened);
                let open = open.map(|file| file.name.clone());
                (self.failed, self.is_saving) = (None, false);
                self.editor = Some(Editor::new(view, open.as_deref()));
            }
            Msg::Loaded(Err(refusal)) => {
                self.is_saving = false;
                self.failed = Some(refusal);
                self.editor = None;
            }
            Msg::Listed(listed) => self.versions = Some(listed.map(|listed| listed.versions)),
            Msg::MissedCame(missed) => self.missed = Some(missed.map(|missed| missed.groups)),
            Msg::Again => {
                let is_admin = self.missed.is_some();
                return self.shown(is_admin);
            }
            Msg::Open(at) => {
                if let Some(editor) = &mut self.editor {
                    editor.open = Some(at).filter(|at| editor.open != Some(*at));
                }
            }
            Msg::Named(name) => self.edit(|editor| {
                if let Some(file) = editor.open.and_then(|at| editor.files.get_mut(at)) {
                    name.trim().clone_into(&mut file.name);
                }
            }),
            Msg::Wrote(text) => self.edit(|editor| {
                if let Some(file) = editor.open.and_then(|at| editor.files.get_mut(at)) {
                    file.text = text;
                }
            }),
            Msg::New => {
                self.edit(|editor| editor.add(editor.free_name(), String::new()));
                self.focus = Some(TEXT);
            }
            Msg::Remove(at) => self.edit(|editor| {
                if at < editor.files.len() {
                    editor.files.remove(at);
                    editor.open = None;
                }
            }),
            Msg::Took(name, bytes) => match bytes.and_then(|bytes| text(&name, bytes)) {
                Ok(text) => self.edit(|editor| editor.add(name, text)),
                Err(rubbish) => self.refused.push((name, rubbish)),
            },
            Msg::Start(group) => {
                let missed = self.missed.as_ref().and_then(|missed| missed.as_ref().ok());
                if let Some(group) = missed.and_then(|missed| missed.get(group)).cloned() {
                    self.edit(|editor| editor.start(&group));
                    self.focus = Some(TEXT);
                }
            }
            Msg::Asked(question) => self.question = question,
            Msg::Find => return self.find(),
            Msg::Found(found) => {
                self.is_asking = false;
                self.found = Some(found);
            }
            Msg::Save => return self.save(),
            Msg::Saved(outcome) => return self.saved(outcome),
            Msg::ToggleChanges => self.shows_changes = !self.shows_changes,
            Msg::Discard => {
                self.forget();
                self.focus = Some(BAR);
                self.editor = self.editor.take().map(|editor| {
                    let open = editor.opened().map(|file| file.name.clone());
                    Editor::new(editor.base, open.as_deref())
                });
            }
            Msg::KeepMine => return self.keep_mine(),
            Msg::TakeTheirs => {
                self.forget();
                self.focus = Some(BAR);
                return vec![Effect::Load, Effect::List];
            }
            Msg::Look(version) => {
                let looked = self.looked.take();
                if looked.is_none_or(|looked| looked.view.version != version) {
                    return vec![Effect::Version(version)];
                }
            }
            Msg::Shown(Ok(view)) => {
                let newest = self.editor.as_ref().map(|editor| &editor.base.passages);
                let changes = changes(newest.map_or(&[][..], Vec::as_slice), &view.passages);
                self.looked = Some(Looked { view, changes });
                self.focus = Some(".estafeta-set-looked");
            }
            Msg::Shown(Err(refusal)) => {
                self.word = Some(Word::Failed(refusal.code().to_owned()));
            }
            Msg::Restore => {
                if let (Some(looked), Some(editor)) = (&self.looked, &self.editor) {
                    let files = looked.view.files.clone();
                    let over = editor.base.version;
                    self.focus = Some(BAR);
                    return self.store(files, over);
                }
            }
        }
        Vec::new()
    }

    /// What was said of what stood there before.
    fn forget(&mut self) {
        (self.word, self.found) = (None, None);
        self.refused.clear();
        self.shows_changes = false;
    }

    fn edit(&mut self, change: impl FnOnce(&mut Editor)) {
        if let Some(editor) = self.editor.as_mut().filter(|editor| editor.base.may_change) {
            change(editor);
            editor.judge();
        }
        self.found = None;
        if !matches!(self.word, Some(Word::Conflict { .. })) {
            self.word = None;
        }
    }

    fn find(&mut self) -> Vec<Effect> {
        let question = self.question.trim().to_owned();
        let Some(editor) = self.editor.as_ref().filter(|_| !self.is_asking) else {
            return Vec::new();
        };
        if question.is_empty() || editor.edited.is_err() {
            return Vec::new();
        }
        let files = editor.is_changed().then(|| editor.files.clone());
        self.is_asking = true;
        vec![Effect::Find { question, files }]
    }

    /// What is wrong is told by the same reader as on the server, without asking it.
    fn save(&mut self) -> Vec<Effect> {
        let Some(editor) = &self.editor else {
            return Vec::new();
        };
        if editor.edited.is_err() || !editor.is_changed() {
            return Vec::new();
        }
        let (files, over) = (editor.files.clone(), editor.base.version);
        self.store(files, over)
    }

    fn store(&mut self, files: Vec<BaseFile>, over: i64) -> Vec<Effect> {
        if std::mem::replace(&mut self.is_saving, true) {
            return Vec::new();
        }
        self.word = None;
        self.refused.clear();
        vec![Effect::Save { files, over }]
    }

    fn saved(&mut self, outcome: Result<KnowledgeSaved, Refusal>) -> Vec<Effect> {
        let problem = match outcome {
            Ok(saved) => {
                self.forget();
                self.word = Some(Word::Saved(saved));
                self.looked = None;
                return vec![Effect::Load, Effect::List, Effect::Missed];
            }
            Err(Refusal::Problem(problem)) => problem,
            Err(Refusal::Code(code)) => {
                self.is_saving = false;
                self.word = Some(Word::Failed(code));
                return Vec::new();
            }
        };
        self.is_saving = false;
        if problem.code == "knowledge_stale" {
            self.word = Some(Word::Conflict {
                newest: problem.newest,
                changes: problem.changes,
            });
            self.focus = Some(".estafeta-set-conflict");
            return Vec::new();
        }
        self.word = Some(Word::Failed(problem.code));
        if let Some(editor) = self
            .editor
            .as_mut()
            .filter(|_| !problem.findings.is_empty())
        {
            editor.edited = Err(problem.findings);
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
        let files = self.editor.as_ref().map(|editor| editor.files.clone());
        self.focus = Some(BAR);
        files.map_or_else(Vec::new, |files| self.store(files, over))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use widget_core::wire::versions::VersionProblem;

    const POOL: &str = "## Бассейн\n- Есть бассейн?\n\nЕсть, до 22.\n";

    fn file(name: &str, text: &str) -> BaseFile {
        BaseFile {
            name: name.to_owned(),
            text: text.to_owned(),
        }
    }

    fn view(version: i64, files: Vec<BaseFile>) -> KnowledgeView {
        KnowledgeView {
            version,
            passages: read(&files).unwrap(),
            files,
            may_change: true,
        }
    }

    fn loaded() -> State {
        let mut state = State::default();
        state.on(Msg::Loaded(Ok(view(3, vec![file("pool.md", POOL)]))));
        let groups = vec![MissedGroup {
            count: 2,
            last_at: 0,
            questions: vec![
                "Есть ли у вас  корт #1?!".to_owned(),
                "а корт есть".to_owned(),
            ],
        }];
        state.on(Msg::MissedCame(Ok(KnowledgeMissed { groups })));
        state
    }

    fn editor(state: &State) -> &Editor {
        state.editor.as_ref().unwrap()
    }

    fn texts(state: &State) -> Vec<(&str, &str)> {
        let files = editor(state).files.iter();
        files.map(|file| (&*file.name, &*file.text)).collect()
    }

    #[test]
    fn what_the_page_needs_is_read_and_of_guests_only_for_administrators() {
        let mut state = State::default();
        assert_eq!(state.shown(false), [Effect::List, Effect::Load]);
        assert_eq!(
            state.shown(true),
            [Effect::List, Effect::Load, Effect::Missed]
        );
        assert_eq!(loaded().shown(true), [Effect::List, Effect::Missed]);
    }

    #[test]
    fn a_question_that_found_nothing_becomes_an_entry_that_wants_its_answer() {
        let mut state = loaded();
        state.on(Msg::Start(0));
        let begun = format!(
            "{}\n\n## Есть ли у вас корт 1?\n- Есть ли у вас корт 1?\n- а корт есть?\n\n",
            POOL.trim_end()
        );
        assert_eq!(texts(&state), [("pool.md", &*begun)]);
        assert_eq!(editor(&state).findings("pool.md").count(), 1);
        assert_eq!(state.focus, Some(TEXT));
        assert_eq!(state.on(Msg::Save), [], "it has no answer yet");
        state.on(Msg::Wrote(format!("{begun}Корт у озера.\n")));
        assert_eq!(editor(&state).changes.len(), 1);
        assert_eq!(editor(&state).changes[0].path, "Есть ли у вас корт 1?");
        let files = editor(&state).files.clone();
        assert_eq!(state.on(Msg::Save), [Effect::Save { files, over: 3 }]);
        assert_eq!(state.on(Msg::Save), [], "it is on its way");
    }

    #[test]
    fn where_there_is_no_file_the_entry_makes_one() {
        let mut state = loaded();
        state.on(Msg::Loaded(Ok(view(
            0,
            vec![file("t.csv", "вопрос;ответ\n")],
        ))));
        state.on(Msg::Start(0));
        assert_eq!(texts(&state)[1].0, NEW_FILE);
        state.on(Msg::New);
        assert_eq!(texts(&state)[2], ("answers-2.md", ""));
    }

    #[test]
    fn files_are_taken_and_rubbish_is_not() {
        let mut state = loaded();
        let bom = "\u{feff}## Сауна\nЕсть.\n";
        state.on(Msg::Took("sauna.md".to_owned(), Ok(bom.into())));
        state.on(Msg::Took(
            "pool.md".to_owned(),
            Ok(b"## Pool\nYes.\n".to_vec()),
        ));
        assert_eq!(
            texts(&state),
            [
                ("pool.md", "## Pool\nYes.\n"),
                ("sauna.md", "## Сауна\nЕсть.\n")
            ]
        );
        for (name, bytes, why) in [
            ("a.docx", b"PK".to_vec(), Rubbish::Ending),
            ("a.csv", vec![0xC2, 0x41], Rubbish::NoText),
            ("b.csv", b"a\0b".to_vec(), Rubbish::NoText),
            ("c.md", vec![b'x'; MOST_BYTES + 1], Rubbish::TooLarge),
        ] {
            state.on(Msg::Took(name.to_owned(), Ok(bytes)));
            assert_eq!(state.refused.last(), Some(&(name.to_owned(), why)));
        }
        state.on(Msg::Took("d.md".to_owned(), Err(Rubbish::Unreadable)));
        assert_eq!((state.refused.len(), texts(&state).len()), (5, 2));
        state.on(Msg::Discard);
        assert_eq!(texts(&state), [("pool.md", POOL)]);
        assert!(state.refused.is_empty());
    }

    #[test]
    fn the_preview_looks_into_what_stands_there() {
        let mut state = loaded();
        assert_eq!(state.on(Msg::Find), [], "nothing is asked");
        state.on(Msg::Asked(" корт ".to_owned()));
        let find = |files| Effect::Find {
            question: "корт".to_owned(),
            files,
        };
        assert_eq!(state.on(Msg::Find), [find(None)]);
        assert_eq!(state.on(Msg::Find), [], "it is on its way");
        let found = KnowledgeFound {
            version: 3,
            answers: false,
            found: Vec::new(),
        };
        state.on(Msg::Found(Ok(found)));
        assert!(state.found.is_some());
        state.on(Msg::Open(0));
        state.on(Msg::Wrote("## Корт\nУ озера.\n".to_owned()));
        assert_eq!(state.found, None, "that was of another text");
        let files = vec![file("pool.md", "## Корт\nУ озера.\n")];
        assert_eq!(state.on(Msg::Find), [find(Some(files))]);
    }

    #[test]
    fn of_two_administrators_the_second_chooses() {
        let mut state = loaded();
        state.on(Msg::Open(0));
        state.on(Msg::Wrote("## Бассейн\nДо 21.\n".to_owned()));
        state.on(Msg::Save);
        let newest = VersionAbout {
            version: 4,
            at: 0,
            origin: "api".to_owned(),
            mode: None,
            user: None,
            passages: Some(1),
        };
        let problem = VersionProblem {
            code: "knowledge_stale".to_owned(),
            title: String::new(),
            status: 409,
            detail: None,
            findings: Vec::new(),
            newest: Some(newest),
            changes: Vec::new(),
        };
        let stale = || Msg::Saved(Err(Refusal::Problem(Box::new(problem.clone()))));
        assert_eq!(state.on(stale()), []);
        let mine = vec![file("pool.md", "## Бассейн\nДо 21.\n")];
        let keep = Effect::Save {
            files: mine,
            over: 4,
        };
        assert_eq!(state.on(Msg::KeepMine), [keep]);
        state.on(stale());
        assert_eq!(state.on(Msg::TakeTheirs), [Effect::Load, Effect::List]);
    }

    #[test]
    fn an_old_version_is_restored_by_storing_it_again() {
        let mut state = loaded();
        assert_eq!(state.on(Msg::Look(2)), [Effect::Version(2)]);
        let old = vec![file("old.md", "## Бассейн\nДо 20.\n")];
        state.on(Msg::Shown(Ok(view(2, old.clone()))));
        let changes = &state.looked.as_ref().unwrap().changes;
        assert_eq!(changes[0].new.as_deref(), Some("До 20."));
        let save = Effect::Save {
            files: old,
            over: 3,
        };
        assert_eq!(state.on(Msg::Restore), [save]);
        let saved = KnowledgeSaved {
            version: 4,
            passages: 1,
        };
        assert_eq!(
            state.on(Msg::Saved(Ok(saved))),
            [Effect::Load, Effect::List, Effect::Missed]
        );
        assert!(state.is_saving, "until it is read again");
    }

    #[test]
    fn who_may_only_read_changes_nothing() {
        let mut state = State::default();
        let mut anna = view(3, vec![file("pool.md", POOL)]);
        anna.may_change = false;
        state.on(Msg::Loaded(Ok(anna)));
        state.on(Msg::Open(0));
        state.on(Msg::Wrote(String::new()));
        assert_eq!(texts(&state), [("pool.md", POOL)]);
    }
}
