//! The bar with «Сохранить»: what has changed, what is wrong, what became of the last attempt. One for the policy and one
//! for the knowledge base, in the same place.

use super::Drawn;
use crate::settings::state::{Editor, Msg, Word};
use crate::settings::words::failure;
use widget_core::wire::versions::{FieldChange, VersionAbout};
use yew::prelude::*;

/// What the buttons say and do.
pub(super) struct Bar {
    pub(super) is_changed: bool,
    /// So much is wrong.
    pub(super) wrong: usize,
    /// So much is another than in the version that was read; none of what is changed = comments alone.
    pub(super) changes: usize,
    pub(super) is_saving: bool,
    pub(super) shows_changes: bool,
    pub(super) save: Callback<MouseEvent>,
    pub(super) discard: Callback<MouseEvent>,
    pub(super) toggle: Callback<MouseEvent>,
}

impl Drawn<'_> {
    /// The policy's.
    pub(super) fn bar(&self, editor: &Editor) -> Html {
        let word = self.state.word.as_ref();
        if !editor.base.may_change && word.is_none() {
            return Html::default();
        }
        let bar = Bar {
            is_changed: editor.is_changed(),
            wrong: editor.edited.as_ref().err().map_or(0, Vec::len),
            changes: editor.changes.len(),
            is_saving: self.state.saving,
            shows_changes: self.state.shows_changes,
            save: self.on(|_: MouseEvent| Msg::Save),
            discard: self.on(|_: MouseEvent| Msg::Discard),
            toggle: self.on(|_: MouseEvent| Msg::ToggleChanges),
        };
        let buttons = if editor.base.may_change {
            self.buttons(&bar)
        } else {
            Html::default()
        };
        let word = word.map_or_else(Html::default, |word| self.word(editor, word));
        let changes = bar.shows_changes && bar.is_changed;
        let changes = changes.then(|| self.changes(editor, &editor.changes));
        self.barred(buttons, word, changes)
    }

    pub(super) fn barred(&self, buttons: Html, word: Html, changes: Option<Html>) -> Html {
        html! {
            <div class="estafeta-set-bar" role="region" aria-label={self.say("bar")} tabindex="-1">
                { buttons }
                // Always there, so that what comes into it is read out.
                <div role="status" class="estafeta-set-status">{ word }</div>
                { changes.unwrap_or_default() }
            </div>
        }
    }

    pub(super) fn buttons(&self, bar: &Bar) -> Html {
        let can_save = bar.is_changed && bar.wrong == 0 && !bar.is_saving;
        let label = if bar.is_saving { "saving" } else { "save" };
        let toggle = if bar.shows_changes {
            "save.hide"
        } else {
            "save.changes"
        };
        let (n, wrong) = (bar.changes.to_string(), bar.wrong.to_string());
        html! {
            <div class="estafeta-set-row">
                <button type="button" class="estafeta-set-button estafeta-set-blue" data-do="save" disabled={!can_save}
                    onclick={&bar.save}>{ self.say(label) }</button>
                if bar.is_changed {
                    <button type="button" class="estafeta-set-button" data-do="discard" onclick={&bar.discard}>{ self.say("discard") }</button>
                }
                if bar.wrong > 0 {
                    <span class="estafeta-set-error" role="status">{ self.texts.fill("save.wrong", &[("n", &wrong)]) }</span>
                } else if bar.is_changed && bar.changes == 0 {
                    <span>{ self.say("save.comments") }</span>
                } else if bar.is_changed {
                    <button type="button" class="estafeta-set-link" data-do="changes" aria-expanded={bar.shows_changes.to_string()}
                        onclick={&bar.toggle}>{ self.texts.fill(toggle, &[("n", &n)]) }</button>
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
            Word::Failed(code) => self.not_saved(code),
            Word::Conflict { newest, changes } => {
                let [theirs, mine] =
                    [changes, &editor.changes].map(|all| self.changes(editor, all));
                let take = self.on(|_: MouseEvent| Msg::TakeTheirs);
                let keep = self.on(|_: MouseEvent| Msg::KeepMine);
                self.conflict("", newest.as_ref(), [theirs, mine], [take, keep])
            }
        }
    }

    pub(super) fn not_saved(&self, code: &str) -> Html {
        let why = failure(self.texts, code);
        html! { <p class="estafeta-set-error">{ self.texts.fill("save.failed", &[("why", &why)]) }</p> }
    }

    /// Somebody else has stored a version since. Of the changes theirs come first, of the buttons too; `of` stands before the
    /// keys of the sentences.
    pub(super) fn conflict(
        &self,
        of: &str,
        newest: Option<&VersionAbout>,
        [theirs, mine]: [Html; 2],
        [take, keep]: [Callback<MouseEvent>; 2],
    ) -> Html {
        let user = newest.and_then(|newest| newest.user.as_ref());
        let version = newest.map_or_else(String::new, |newest| newest.version.to_string());
        let (told, other) = match user.map(|user| self.name(user)) {
            Some(name) => (
                self.texts.fill(
                    &format!("{of}save.conflict"),
                    &[("name", &name), ("n", &version)],
                ),
                self.texts.fill("save.theirs", &[("name", &name)]),
            ),
            None => (
                self.say(&format!("{of}save.conflict_somebody")),
                self.say("save.theirs_other"),
            ),
        };
        html! {
            <div class="estafeta-set-conflict" role="group" aria-labelledby="estafeta-set-conflict" tabindex="-1">
                <h2 id="estafeta-set-conflict">{ told }</h2>
                <div class="estafeta-set-two">
                    <div data-changes="theirs"><h3>{ self.say("save.their_changes") }</h3>{ theirs }</div>
                    <div data-changes="mine"><h3>{ self.say("save.my_changes") }</h3>{ mine }</div>
                </div>
                <div class="estafeta-set-row">
                    <button type="button" class="estafeta-set-button estafeta-set-blue" data-do="theirs" onclick={take}>{ other }</button>
                    <button type="button" class="estafeta-set-button" data-do="mine" onclick={keep}>{ self.say("save.mine") }</button>
                </div>
            </div>
        }
    }

    pub(super) fn changes(&self, editor: &Editor, changes: &[FieldChange]) -> Html {
        let naming = self.naming(editor);
        self.listed_changes(changes, |change| naming.change(change))
    }

    pub(super) fn listed_changes(
        &self,
        changes: &[FieldChange],
        sentence: impl Fn(&FieldChange) -> String,
    ) -> Html {
        if changes.is_empty() {
            return html! { <p class="estafeta-set-hint">{ self.say("same") }</p> };
        }
        let change = |change: &FieldChange| {
            html! { <li data-change={change.path.clone()}>{ sentence(change) }</li> }
        };
        html! { <ul class="estafeta-set-changes">{ for changes.iter().map(change) }</ul> }
    }
}
