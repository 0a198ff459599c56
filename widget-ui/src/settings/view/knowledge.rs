//! The page of the knowledge base: its files, what a question finds, what guests asked in vain, its versions.

use super::Drawn;
use super::form::typed_in;
use crate::settings::knowledge::{Editor, Looked, Msg, Rubbish, Word};
use crate::settings::state::{self, Refusal};
use crate::settings::words::failure;
use js_sys::Uint8Array;
use wasm_bindgen::JsCast;
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::{File, HtmlInputElement};
use widget_core::knowledge::{BaseFile, MOST_BYTES, Passage};
use widget_core::wire::knowledge::{KnowledgeFound, MissedGroup, PassageFound};
use widget_core::wire::versions::{FieldChange, VersionAbout};
use yew::prelude::*;

/// So much of an entry is shown where it is compared with another, characters.
const SHOWN: usize = 160;

impl Drawn<'_> {
    pub(super) fn knowledge(&self) -> Html {
        let base = &self.state.base;
        let body = match (&base.editor, &base.failed) {
            (Some(editor), _) => self.base(editor),
            (None, Some(refusal)) => self.refusal(refusal),
            (None, None) => html! { <p>{ self.say("kb.loading") }</p> },
        };
        html! {
            <>
                <h2>{ self.say("tab.knowledge") }</h2>
                <p class="estafeta-set-hint">{ self.say("kb.hint") }</p>
                { body }
            </>
        }
    }

    fn base(&self, editor: &Editor) -> Html {
        let may = editor.base.may_change;
        html! {
            <>
                { self.about_base() }
                { self.files(editor) }
                { self.preview_of_base(editor) }
                if may { { self.missed() } }
                { self.versions_of_base(editor) }
            </>
        }
    }

    /// Why something did not come, and the way to try again.
    fn refusal(&self, refusal: &Refusal) -> Html {
        html! {
            <>
                <p class="estafeta-set-error" role="alert">{ failure(self.texts, refusal.code()) }</p>
                <button type="button" class="estafeta-set-button" data-do="again"
                    onclick={self.base_on(|_: MouseEvent| Msg::Again)}>{ self.say("retry") }</button>
            </>
        }
    }

    fn about_base(&self) -> Html {
        let Some(Ok(versions)) = &self.state.base.versions else {
            return Html::default();
        };
        let Some(newest) = versions.first() else {
            return html! { <p>{ self.say("kb.empty") }</p> };
        };
        let is_file = newest.origin == "file";
        html! {
            <>
                <p class="estafeta-set-version">{ self.about_with_entries(newest) }</p>
                if is_file { <p class="estafeta-set-note">{ self.say("kb.from_file") }</p> }
            </>
        }
    }

    fn about_with_entries(&self, about: &VersionAbout) -> String {
        let entries = about.passages.unwrap_or_default().to_string();
        let entries = self.texts.fill("kb.entries", &[("n", &entries)]);
        format!("{}, {entries}", self.about(about))
    }

    fn files(&self, editor: &Editor) -> Html {
        let may = editor.base.may_change;
        let files = editor.files.iter().enumerate();
        html! {
            <section class="estafeta-set-group" aria-labelledby="estafeta-set-base-files">
                <h3 id="estafeta-set-base-files">{ self.say("kb.files") }</h3>
                <ul class="estafeta-set-files">{ for files.map(|(at, file)| self.file(editor, at, file)) }</ul>
                { for editor.findings_of_all().map(|finding| self.told(finding)) }
                { for self.state.base.refused.iter().map(|(name, rubbish)| self.rubbish(name, *rubbish)) }
                if may { { self.more_files() } }
                if let Some(file) = editor.opened() { { self.open_file(editor, file) } }
            </section>
        }
    }

    fn file(&self, editor: &Editor, at: usize, file: &BaseFile) -> Html {
        let is_open = editor.open == Some(at);
        let wrong = editor.findings(&file.name).next().is_some();
        let count = editor.count(at).map(|count| count.to_string());
        let remove = self.texts.fill("kb.remove", &[("name", &file.name)]);
        html! {
            <li class="estafeta-set-row" data-file={file.name.clone()}>
                <button type="button" class="estafeta-set-link" aria-expanded={is_open.to_string()}
                    onclick={self.base_on(move |_: MouseEvent| Msg::Open(at))}>{ &file.name }</button>
                if let Some(count) = count {
                    <span class="estafeta-set-hint">{ self.texts.fill("kb.entries", &[("n", &count)]) }</span>
                }
                if wrong { <span class="estafeta-set-error">{ self.say("tab.wrong") }</span> }
                if editor.base.may_change {
                    <button type="button" class="estafeta-set-link" data-do="remove" aria-label={remove}
                        onclick={self.base_on(move |_: MouseEvent| Msg::Remove(at))}>{ self.say("row.remove") }</button>
                }
            </li>
        }
    }

    fn rubbish(&self, name: &str, rubbish: Rubbish) -> Html {
        let key = match rubbish {
            Rubbish::Ending => "kb.rubbish.ending",
            Rubbish::TooLarge => "kb.rubbish.too_large",
            Rubbish::NoText => "kb.rubbish.no_text",
            Rubbish::Unreadable => "kb.rubbish.unreadable",
        };
        html! { <p class="estafeta-set-error" role="alert">{ self.texts.fill(key, &[("name", name)]) }</p> }
    }

    fn more_files(&self) -> Html {
        let send = self.send.clone();
        let took = Callback::from(move |event: Event| take(&event, &send));
        html! {
            <div class="estafeta-set-row">
                <label class="estafeta-set-button estafeta-set-upload">
                    <input type="file" class="estafeta-set-unseen" multiple=true accept=".md,.csv" data-do="upload" onchange={took} />
                    { self.say("kb.upload") }
                </label>
                <button type="button" class="estafeta-set-button" data-do="new"
                    onclick={self.base_on(|_: MouseEvent| Msg::New)}>{ self.say("kb.new") }</button>
            </div>
        }
    }

    fn open_file(&self, editor: &Editor, file: &BaseFile) -> Html {
        let readonly = !editor.base.may_change || self.state.base.is_saving;
        let wrong = editor.findings(&file.name).next().is_some();
        html! {
            <div class="estafeta-set-opened">
                <label for="estafeta-set-base-name">{ self.say("kb.name") }</label>
                <input type="text" id="estafeta-set-base-name" value={file.name.clone()} {readonly}
                    onchange={self.base_on(|event: Event| Msg::Named(typed_in(event.target())))} />
                <label for="estafeta-set-base-text">{ self.say("kb.text") }</label>
                <textarea id="estafeta-set-base-text" rows="14" spellcheck="true" value={file.text.clone()} {readonly}
                    aria-invalid={wrong.then_some("true")} aria-describedby="estafeta-set-base-about"
                    oninput={self.base_on(|event: InputEvent| Msg::Wrote(typed_in(event.target())))} />
                <div id="estafeta-set-base-about">
                    <p class="estafeta-set-hint">{ self.say("kb.text?") }</p>
                    { for editor.findings(&file.name).map(|finding| self.told_at(finding)) }
                </div>
            </div>
        }
    }

    fn preview_of_base(&self, editor: &Editor) -> Html {
        let base = &self.state.base;
        let send = self.send.clone();
        let find = Callback::from(move |event: SubmitEvent| {
            event.prevent_default();
            send.emit(state::Msg::Base(Msg::Find));
        });
        let wrong = editor.edited.is_err();
        let disabled = wrong || base.is_asking || base.question.trim().is_empty();
        html! {
            <section class="estafeta-set-group" aria-labelledby="estafeta-set-base-find">
                <h3 id="estafeta-set-base-find">{ self.say("kb.find.title") }</h3>
                <form class="estafeta-set-find" onsubmit={find}>
                    <input type="text" name="question" aria-labelledby="estafeta-set-base-find" value={base.question.clone()}
                        placeholder={self.say("kb.find.example")}
                        oninput={self.base_on(|event: InputEvent| Msg::Asked(typed_in(event.target())))} />
                    <button type="submit" class="estafeta-set-button" data-do="find" {disabled}>{ self.say("kb.find") }</button>
                </form>
                if wrong {
                    <p class="estafeta-set-hint">{ self.say("try.wrong") }</p>
                } else if editor.is_changed() {
                    <p class="estafeta-set-hint">{ self.say("kb.find.unsaved") }</p>
                }
                <div role="status" class="estafeta-set-found">{ self.found() }</div>
            </section>
        }
    }

    fn found(&self) -> Html {
        match &self.state.base.found {
            None => Html::default(),
            Some(Err(refusal)) => {
                html! { <p class="estafeta-set-error">{ failure(self.texts, refusal.code()) }</p> }
            }
            Some(Ok(found)) => self.passages(found),
        }
    }

    fn passages(&self, found: &KnowledgeFound) -> Html {
        let words = match (found.answers, found.found.is_empty()) {
            (true, _) => "kb.find.answers",
            (false, false) => "kb.find.unsure",
            (false, true) => "kb.find.nothing",
        };
        let class = if found.answers {
            "estafeta-set-good"
        } else {
            "estafeta-set-error"
        };
        html! {
            <>
                <p {class}>{ self.say(words) }</p>
                <ol class="estafeta-set-passages">{ for found.found.iter().map(passage) }</ol>
            </>
        }
    }

    fn missed(&self) -> Html {
        let body = match &self.state.base.missed {
            None => html! { <p>{ self.say("kb.missed.loading") }</p> },
            Some(Err(refusal)) => self.refusal(refusal),
            Some(Ok(groups)) if groups.is_empty() => {
                html! { <p class="estafeta-set-hint">{ self.say("kb.missed.none") }</p> }
            }
            Some(Ok(groups)) => {
                let groups = groups.iter().enumerate();
                html! { <ul class="estafeta-set-missed">{ for groups.map(|(at, group)| self.group_missed(at, group)) }</ul> }
            }
        };
        html! {
            <section class="estafeta-set-group" aria-labelledby="estafeta-set-base-missed">
                <h3 id="estafeta-set-base-missed">{ self.say("kb.missed.title") }</h3>
                { body }
            </section>
        }
    }

    fn group_missed(&self, at: usize, group: &MissedGroup) -> Html {
        let date = self.moment(group.last_at);
        let values = [("n", &*group.count.to_string()), ("date", &*date)];
        let first = group.questions.first().cloned().unwrap_or_default();
        let label = format!("{}: {first}", self.say("kb.start"));
        html! {
            <li>
                { for group.questions.iter().map(|question| html! { <blockquote>{ question }</blockquote> }) }
                <div class="estafeta-set-row">
                    <span class="estafeta-set-hint">{ self.texts.fill("kb.missed.count", &values) }</span>
                    <button type="button" class="estafeta-set-button" data-do="start" aria-label={label}
                        onclick={self.base_on(move |_: MouseEvent| Msg::Start(at))}>{ self.say("kb.start") }</button>
                </div>
            </li>
        }
    }

    fn versions_of_base(&self, editor: &Editor) -> Html {
        let body = match &self.state.base.versions {
            None => html! { <p>{ self.say("kb.loading") }</p> },
            Some(Err(refusal)) => self.refusal(refusal),
            Some(Ok(versions)) => {
                let versions = versions.iter();
                html! {
                    <ol class="estafeta-set-versions">{ for versions.map(|about| self.version_of_base(editor, about)) }</ol>
                }
            }
        };
        html! {
            <section aria-labelledby="estafeta-set-base-versions">
                <h3 id="estafeta-set-base-versions">{ self.say("tab.versions") }</h3>
                { body }
            </section>
        }
    }

    fn version_of_base(&self, editor: &Editor, about: &VersionAbout) -> Html {
        let version = about.version;
        let looked = self.state.base.looked.as_ref();
        let looked = looked.filter(|looked| looked.view.version == version);
        let words = self.about_with_entries(about);
        let is_newest = version == editor.base.version;
        let look = self.base_on(move |_: MouseEvent| Msg::Look(version));
        let more = looked.map(|looked| self.looked_at_base(editor, about, looked));
        self.version_row(version, words, is_newest, look, more)
    }

    fn looked_at_base(&self, editor: &Editor, about: &VersionAbout, looked: &Looked) -> Html {
        let restore = editor
            .base
            .may_change
            .then(|| self.base_on(|_: MouseEvent| Msg::Restore));
        let changes = self.entry_changes(&looked.changes);
        self.restorable(about, changes, restore, self.state.base.is_saving)
    }

    fn entry_changes(&self, changes: &[FieldChange]) -> Html {
        let lang = self.lang();
        let quote = |text: &str| {
            let line = text.replace('\n', " ");
            match line.char_indices().nth(SHOWN) {
                Some((end, _)) => format!("«{}…»", &line[..end]),
                None => format!("«{line}»"),
            }
        };
        let sentence = |change: &FieldChange| match change.what() {
            Some(what) => what.sentence(&change.path, lang, quote),
            None => change.path.clone(),
        };
        self.listed_changes(changes, sentence)
    }

    /// The bar with «Сохранить», in the place of the policy's.
    pub(super) fn bar_of_base(&self) -> Html {
        let base = &self.state.base;
        let editor = base.editor.as_ref();
        let Some(editor) = editor.filter(|editor| editor.base.may_change) else {
            return Html::default();
        };
        let word = match &base.word {
            None => Html::default(),
            Some(Word::Saved(saved)) => {
                let values = [
                    ("n", &*saved.version.to_string()),
                    ("count", &*saved.passages.to_string()),
                ];
                html! { <p class="estafeta-set-good">{ self.texts.fill("kb.saved", &values) }</p> }
            }
            Some(Word::Failed(code)) => self.not_saved(code),
            Some(Word::Conflict { newest, changes }) => self.conflict(
                "kb.",
                newest.as_ref(),
                [
                    self.entry_changes(changes),
                    self.entry_changes(&editor.changes),
                ],
                [
                    self.base_on(|_: MouseEvent| Msg::TakeTheirs),
                    self.base_on(|_: MouseEvent| Msg::KeepMine),
                ],
            ),
        };
        let changes = base.shows_changes && editor.is_changed();
        let changes = changes.then(|| self.entry_changes(&editor.changes));
        let bar = super::saving::Bar {
            is_changed: editor.is_changed(),
            wrong: editor.edited.as_ref().err().map_or(0, Vec::len),
            changes: editor.changes.len(),
            is_saving: base.is_saving,
            shows_changes: base.shows_changes,
            save: self.base_on(|_: MouseEvent| Msg::Save),
            discard: self.base_on(|_: MouseEvent| Msg::Discard),
            toggle: self.base_on(|_: MouseEvent| Msg::ToggleChanges),
        };
        self.barred(self.buttons(&bar), word, changes)
    }

    /// What a handler of this page sends.
    fn base_on<E: 'static>(&self, msg: impl Fn(E) -> Msg + 'static) -> Callback<E> {
        self.on(move |event| state::Msg::Base(msg(event)))
    }
}

fn passage(found: &PassageFound) -> Html {
    let percent = format!("{:.0} %", found.confidence * 100.0);
    let Passage {
        id, title, text, ..
    } = &found.passage;
    html! {
        <li data-passage={id.clone()}>
            <p><b>{ title }</b>{ " " }<span class="estafeta-set-hint">{ percent }</span></p>
            <blockquote>{ text }</blockquote>
        </li>
    }
}

/// Reads the chosen files. The same file can be chosen again.
fn take(event: &Event, send: &Callback<state::Msg>) {
    let input: Option<HtmlInputElement> = event.target().and_then(|target| target.dyn_into().ok());
    let Some((input, files)) = input.and_then(|input| input.files().map(|files| (input, files)))
    else {
        return;
    };
    let files: Vec<File> = (0..files.length()).filter_map(|at| files.get(at)).collect();
    input.set_value("");
    for file in files {
        let send = send.clone();
        spawn_local(async move {
            let took = Msg::Took(file.name(), bytes(&file).await);
            send.emit(state::Msg::Base(took));
        });
    }
}

async fn bytes(file: &File) -> Result<Vec<u8>, Rubbish> {
    #[allow(clippy::cast_precision_loss)] // far below 2^53
    if file.size() > MOST_BYTES as f64 {
        return Err(Rubbish::TooLarge);
    }
    let buffer = JsFuture::from(file.array_buffer()).await;
    let buffer = buffer.map_err(|_| Rubbish::Unreadable)?;
    Ok(Uint8Array::new(&buffer).to_vec())
}
