//! The bar with «Сохранить»: what has changed, what is wrong, what became of the last attempt.

use super::Drawn;
use crate::settings::state::{Editor, Msg, Word};
use crate::settings::words::failure;
use widget_core::wire::policy::{FieldChange, PolicyAbout};
use yew::prelude::*;

impl Drawn<'_> {
    pub(super) fn bar(&self, editor: &Editor) -> Html {
        let may = editor.base.may_change;
        let word = self.state.word.as_ref();
        if !may && word.is_none() {
            return Html::default();
        }
        html! {
            <div class="estafeta-set-bar" role="region" aria-label={self.say("bar")} tabindex="-1">
                if may { { self.buttons(editor) } }
                // Always there, so that what comes into it is read out.
                <div role="status" class="estafeta-set-status">{ word.map_or_else(Html::default, |word| self.word(editor, word)) }</div>
                if self.state.shows_changes && editor.is_changed() { { self.changes(editor, &editor.changes) } }
            </div>
        }
    }

    fn buttons(&self, editor: &Editor) -> Html {
        let changed = editor.is_changed();
        let wrong = editor.edited.as_ref().err().map_or(0, Vec::len);
        let can_save = changed && wrong == 0 && !self.state.saving;
        let label = if self.state.saving { "saving" } else { "save" };
        let n = editor.changes.len().to_string();
        let toggle = if self.state.shows_changes {
            "save.hide"
        } else {
            "save.changes"
        };
        html! {
            <div class="estafeta-set-row">
                <button type="button" class="estafeta-set-button estafeta-set-blue" data-do="save" disabled={!can_save}
                    onclick={self.on(|_: MouseEvent| Msg::Save)}>{ self.say(label) }</button>
                if changed {
                    <button type="button" class="estafeta-set-button" data-do="discard"
                        onclick={self.on(|_: MouseEvent| Msg::Discard)}>{ self.say("discard") }</button>
                }
                if wrong > 0 {
                    <span class="estafeta-set-error" role="status">{ self.texts.fill("save.wrong", &[("n", &wrong.to_string())]) }</span>
                } else if changed && editor.changes.is_empty() {
                    <span>{ self.say("save.comments") }</span>
                } else if changed {
                    <button type="button" class="estafeta-set-link" data-do="changes" aria-expanded={self.state.shows_changes.to_string()}
                        onclick={self.on(|_: MouseEvent| Msg::ToggleChanges)}>{ self.texts.fill(toggle, &[("n", &n)]) }</button>
                }
            </div>
        }
    }

    fn word(&self, editor: &Editor, word: &Word) -> Html {
        match word {
            Word::Saved(saved) => {
                let key = if saved.in_force {
                    "save.ok"
                } else {
                    "save.ok_soon"
                };
                let n = saved.version.to_string();
                html! { <p class="estafeta-set-good">{ self.texts.fill(key, &[("n", &n)]) }</p> }
            }
            Word::Failed(code) => {
                let why = failure(self.texts, code);
                html! { <p class="estafeta-set-error">{ self.texts.fill("save.failed", &[("why", &why)]) }</p> }
            }
            Word::Conflict { newest, changes } => self.conflict(editor, newest.as_ref(), changes),
        }
    }

    fn conflict(
        &self,
        editor: &Editor,
        newest: Option<&PolicyAbout>,
        changes: &[FieldChange],
    ) -> Html {
        let user = newest.and_then(|newest| newest.user.as_ref());
        let version = newest.map_or_else(String::new, |newest| newest.version.to_string());
        let (told, theirs) = match user.map(|user| self.name(user)) {
            Some(name) => (
                self.texts
                    .fill("save.conflict", &[("name", &name), ("n", &version)]),
                self.texts.fill("save.theirs", &[("name", &name)]),
            ),
            None => (
                self.say("save.conflict_somebody"),
                self.say("save.theirs_other"),
            ),
        };
        html! {
            <div class="estafeta-set-conflict" role="group" aria-labelledby="estafeta-set-conflict" tabindex="-1">
                <h2 id="estafeta-set-conflict">{ told }</h2>
                <div class="estafeta-set-two">
                    <div data-changes="theirs"><h3>{ self.say("save.their_changes") }</h3>{ self.changes(editor, changes) }</div>
                    <div data-changes="mine"><h3>{ self.say("save.my_changes") }</h3>{ self.changes(editor, &editor.changes) }</div>
                </div>
                <div class="estafeta-set-row">
                    <button type="button" class="estafeta-set-button estafeta-set-blue" data-do="theirs"
                        onclick={self.on(|_: MouseEvent| Msg::TakeTheirs)}>{ theirs }</button>
                    <button type="button" class="estafeta-set-button" data-do="mine"
                        onclick={self.on(|_: MouseEvent| Msg::KeepMine)}>{ self.say("save.mine") }</button>
                </div>
            </div>
        }
    }

    pub(super) fn changes(&self, editor: &Editor, changes: &[FieldChange]) -> Html {
        if changes.is_empty() {
            return html! { <p class="estafeta-set-hint">{ self.say("same") }</p> };
        }
        let naming = self.naming(editor);
        let change = |change: &FieldChange| {
            html! { <li data-change={change.path.clone()}>{ naming.change(change) }</li> }
        };
        html! { <ul class="estafeta-set-changes">{ for changes.iter().map(change) }</ul> }
    }
}
