//! The versions, and the way back to one of them.

use super::Drawn;
use crate::settings::state::{Editor, Looked, Msg};
use widget_core::wire::policy::{FieldFinding, PolicyAbout};
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

    fn listed(&self, editor: &Editor, about: &PolicyAbout) -> Html {
        let version = about.version;
        let is_newest = version == editor.base.about.version;
        let looked = self.state.looked.as_ref();
        let looked = looked.filter(|looked| looked.view.about.version == version);
        html! {
            <li key={version} data-version={version.to_string()}>
                <div class="estafeta-set-row">
                    <span>{ self.about(about) }</span>
                    if is_newest {
                        <b class="estafeta-set-good">{ self.say("versions.newest") }</b>
                    } else {
                        <button type="button" class="estafeta-set-link" aria-expanded={looked.is_some().to_string()}
                            aria-label={self.texts.fill("versions.look_at", &[("n", &version.to_string())])}
                            onclick={self.on(move |_: MouseEvent| Msg::Look(version))}>{ self.say("versions.look") }</button>
                    }
                </div>
                { looked.map_or_else(Html::default, |looked| self.looked(editor, looked)) }
            </li>
        }
    }

    fn looked(&self, editor: &Editor, looked: &Looked) -> Html {
        let about = &looked.view.about;
        let n = about.version.to_string();
        let changes = match &looked.changes {
            Ok(changes) => changes,
            Err(findings) => return self.unreadable(findings),
        };
        let date = self.moment(about.at);
        html! {
            <div class="estafeta-set-looked" role="region" aria-label={self.texts.fill("version", &[("n", &n)])} tabindex="-1">
                <p>{ self.texts.fill("rollback.ask", &[("n", &n), ("date", &date)]) }</p>
                { self.changes(editor, changes) }
                if editor.base.may_change {
                    <button type="button" class="estafeta-set-button" data-do="restore" disabled={self.state.saving}
                        onclick={self.on(|_: MouseEvent| Msg::Restore)}>{ self.texts.fill("rollback", &[("n", &n)]) }</button>
                }
            </div>
        }
    }

    fn unreadable(&self, findings: &[FieldFinding]) -> Html {
        html! {
            <div class="estafeta-set-looked">
                <p>{ self.say("rollback.unreadable") }</p>
                { for findings.iter().map(|finding| html! {
                    <p class="estafeta-set-error"><code>{ &finding.path }</code>{ " " }{ self.problem(finding) }</p>
                }) }
            </div>
        }
    }
}
