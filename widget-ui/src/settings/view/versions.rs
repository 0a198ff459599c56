//! The versions, and the way back to one of them: the policy's, and the pieces that the knowledge base's are made of.

use super::Drawn;
use crate::settings::state::{Editor, Looked, Msg};
use widget_core::wire::versions::{FieldFinding, VersionAbout};
use yew::prelude::*;

impl Drawn<'_> {
    pub(super) fn versions(&self, editor: &Editor) -> Html {
        let Some(versions) = &self.state.versions else {
            return html! { <p>{ self.say("loading") }</p> };
        };
        html! {
            <>
                <h2>{ self.say("tab.versions") }</h2>
                <ol class="estafeta-set-versions">
                    { for versions.iter().map(|about| self.listed(editor, about)) }
                </ol>
            </>
        }
    }

    fn listed(&self, editor: &Editor, about: &VersionAbout) -> Html {
        let version = about.version;
        let is_newest = version == editor.base.about.version;
        let looked = self.state.looked.as_ref();
        let looked = looked.filter(|looked| looked.view.about.version == version);
        let look = self.on(move |_: MouseEvent| Msg::Look(version));
        let more = looked.map(|looked| self.looked(editor, looked));
        self.version_row(version, self.about(about), is_newest, look, more)
    }

    /// A version with the button that looks at it, and what is seen then.
    pub(super) fn version_row(
        &self,
        version: i64,
        words: String,
        is_newest: bool,
        look: Callback<MouseEvent>,
        looked: Option<Html>,
    ) -> Html {
        html! {
            <li key={version} data-version={version.to_string()}>
                <div class="estafeta-set-row">
                    <span>{ words }</span>
                    if is_newest {
                        <b class="estafeta-set-good">{ self.say("versions.newest") }</b>
                    } else {
                        <button type="button" class="estafeta-set-link" aria-expanded={looked.is_some().to_string()}
                            aria-label={self.texts.fill("versions.look_at", &[("n", &version.to_string())])}
                            onclick={look}>{ self.say("versions.look") }</button>
                    }
                </div>
                { looked.unwrap_or_default() }
            </li>
        }
    }

    fn looked(&self, editor: &Editor, looked: &Looked) -> Html {
        let changes = match &looked.changes {
            Ok(changes) => self.changes(editor, changes),
            Err(findings) => return self.unreadable(findings),
        };
        let may = editor.base.may_change;
        let restore = may.then(|| self.on(|_: MouseEvent| Msg::Restore));
        self.restorable(&looked.view.about, changes, restore, self.state.saving)
    }

    /// What the return of a version would change, and the button for it.
    pub(super) fn restorable(
        &self,
        about: &VersionAbout,
        changes: Html,
        restore: Option<Callback<MouseEvent>>,
        is_saving: bool,
    ) -> Html {
        let (n, date) = (about.version.to_string(), self.moment(about.at));
        html! {
            <div class="estafeta-set-looked" role="region" aria-label={self.texts.fill("version", &[("n", &n)])} tabindex="-1">
                <p>{ self.texts.fill("rollback.ask", &[("n", &n), ("date", &date)]) }</p>
                { changes }
                if let Some(restore) = restore {
                    <button type="button" class="estafeta-set-button" data-do="restore" disabled={is_saving}
                        onclick={restore}>{ self.texts.fill("rollback", &[("n", &n)]) }</button>
                }
            </div>
        }
    }

    fn unreadable(&self, findings: &[FieldFinding]) -> Html {
        html! {
            <div class="estafeta-set-looked">
                <p>{ self.say("rollback.unreadable") }</p>
                { for findings.iter().map(|finding| self.told_at(finding)) }
            </div>
        }
    }
}
