//! What the settings draw.

mod checks;
mod clock;
mod form;
mod knowledge;
mod saving;
mod versions;
mod whatif;

pub use clock::local_now;

use super::fields::{Section, groups};
use super::naming::{Naming, trace_lang};
use super::state::{Editor, Msg, State, Tab};
use super::words::failure;
use crate::i18n::{Lang, Texts};
use wasm_bindgen::JsCast;
use web_sys::HtmlElement;
use widget_core::wire::UserName;
use widget_core::wire::versions::{FieldFinding, VersionAbout};
use yew::prelude::*;

/// The style of the settings; the archive's own is loaded with every card.
const STYLE: &str = include_str!("style.css");

/// Gives the keyboard to what a selector finds first inside the settings.
pub fn focus(selector: &str) {
    let document = web_sys::window().and_then(|window| window.document());
    let root = document.and_then(|document| document.query_selector(".estafeta-set").ok()?);
    let found = root.and_then(|root| root.query_selector(selector).ok()?);
    if let Some(found) = found.and_then(|found| found.dyn_into::<HtmlElement>().ok()) {
        _ = found.focus();
        // What is to be written on stands at the end of a long text.
        if found.tag_name() == "TEXTAREA" {
            found.set_scroll_top(found.scroll_height());
        }
    }
}

/// The settings as they are drawn now.
pub struct Drawn<'a> {
    /// Where clicks and letters go.
    pub send: Callback<Msg>,
    /// The texts.
    pub texts: &'a Texts,
    /// What is drawn.
    pub state: &'a State,
}

impl Drawn<'_> {
    /// A few words in amoCRM's window: whether the backend is reached, and the way to the rules.
    pub fn window(&self, origin: &str, link: &str) -> Html {
        let body = match (&self.state.editor, &self.state.failed) {
            (Some(editor), _) => {
                let about = &editor.base.about;
                let mode = about.mode.as_deref().unwrap_or("?");
                let mode = self.texts.get(&format!("mode={mode}"));
                let values = [("n", &*about.version.to_string()), ("mode", &*mode)];
                html! {
                    <>
                        <p class="estafeta-set-good">{ self.texts.fill("connected", &[("origin", origin)]) }</p>
                        <p>{ self.texts.fill("connected.rules", &values) }</p>
                        <p><a class="estafeta-set-button estafeta-set-blue" href={link.to_owned()}>{ self.say("open") }</a></p>
                    </>
                }
            }
            (None, Some(_)) => self.failed(),
            (None, None) => html! { <p>{ self.say("loading") }</p> },
        };
        html! { <div class="estafeta-set estafeta-set-window"><style>{ STYLE }</style>{ body }</div> }
    }

    /// The page with the rules.
    pub fn page(&self) -> Html {
        let body = match &self.state.editor {
            Some(editor) => self.edited(editor),
            None if self.state.failed.is_some() => self.failed(),
            None => html! { <p>{ self.say("loading") }</p> },
        };
        html! { <div class="estafeta-set"><style>{ STYLE }</style>{ body }</div> }
    }

    fn edited(&self, editor: &Editor) -> Html {
        html! {
            <>
                <header class="estafeta-set-head">
                    <h1>{ self.say("title") }</h1>
                    <span class="estafeta-set-version">{ self.about(&editor.base.about) }</span>
                </header>
                { self.notes(editor) }
                if self.state.tab == Tab::Knowledge { { self.bar_of_base() } } else { { self.bar(editor) } }
                <div class="estafeta-set-columns">
                    { self.tabs(editor) }
                    <section class="estafeta-set-form">{ self.tab(editor) }</section>
                    <aside class="estafeta-set-try" aria-label={self.say("try.title")}>{ self.whatif(editor) }</aside>
                </div>
            </>
        }
    }

    fn notes(&self, editor: &Editor) -> Html {
        let base = &editor.base;
        let behind = base.in_force < base.about.version;
        let n = base.in_force.to_string();
        html! {
            <>
                if !base.may_change { <p class="estafeta-set-note estafeta-set-readonly">{ self.say("readonly") }</p> }
                if base.from_file { <p class="estafeta-set-note">{ self.say("from_file") }</p> }
                if behind { <p class="estafeta-set-note">{ self.texts.fill("not_in_force", &[("n", &n)]) }</p> }
            </>
        }
    }

    fn tabs(&self, editor: &Editor) -> Html {
        let sections = Section::ALL.map(Tab::Fields).into_iter();
        let check = editor.base.may_change.then_some(Tab::Check);
        let rest = [Tab::Text, Tab::Versions, Tab::Knowledge];
        let all = sections.chain(rest).chain(check);
        let tab = |tab: Tab| {
            let (key, wrong) = match tab {
                Tab::Fields(section) => {
                    let groups = groups(section, &editor.doc).into_iter();
                    let mut fields = groups.flat_map(|group| group.fields);
                    let wrong = fields.any(|field| !editor.findings(&field.path).is_empty());
                    (section.as_str(), wrong)
                }
                Tab::Check => ("check", false),
                Tab::Text => ("text", editor.edited.is_err()),
                Tab::Versions => ("versions", false),
                Tab::Knowledge => ("knowledge", self.state.base.is_wrong()),
            };
            let is_open = self.state.tab == tab;
            let classes = classes!(
                "estafeta-set-tab",
                is_open.then_some("estafeta-set-open"),
                wrong.then_some("estafeta-set-wrong")
            );
            html! {
                <button type="button" class={classes} data-tab={key} aria-current={is_open.then_some("page")}
                    onclick={self.on(move |_: MouseEvent| Msg::Opened(tab))}>
                    { self.say(&format!("tab.{key}")) }
                    if wrong { <span class="estafeta-set-unseen">{ ", " }{ self.say("tab.wrong") }</span> }
                </button>
            }
        };
        html! { <nav class="estafeta-set-tabs" aria-label={self.say("tabs")}>{ for all.map(tab) }</nav> }
    }

    fn tab(&self, editor: &Editor) -> Html {
        match self.state.tab {
            Tab::Check => self.checks(),
            Tab::Fields(_) if editor.odd_text.is_some() => {
                html! { <p class="estafeta-set-error">{ self.say("text.odd") }</p> }
            }
            Tab::Fields(section) => self.fields(editor, section),
            Tab::Text => self.whole_text(editor),
            Tab::Versions => self.versions(editor),
            Tab::Knowledge => self.knowledge(),
        }
    }

    fn failed(&self) -> Html {
        let code = self
            .state
            .failed
            .as_ref()
            .map_or("", |refusal| refusal.code());
        html! {
            <>
                <p class="estafeta-set-error" role="alert">{ failure(self.texts, code) }</p>
                <p><button type="button" class="estafeta-set-button" onclick={self.on(|_: MouseEvent| Msg::Retry)}>{ self.say("retry") }</button></p>
            </>
        }
    }

    /// «Версия 7, 18 нояб. 11:00, Ольга».
    fn about(&self, about: &VersionAbout) -> String {
        let version = self
            .texts
            .fill("version", &[("n", &about.version.to_string())]);
        let origin = match &about.user {
            Some(user) => self.name(user),
            None => self.say(&format!("origin={}", about.origin)),
        };
        format!("{version}, {}, {origin}", self.moment(about.at))
    }

    fn name(&self, user: &UserName) -> String {
        if user.name.is_empty() {
            self.texts.fill("user", &[("n", &user.id.0.to_string())])
        } else {
            user.name.clone()
        }
    }

    fn moment(&self, at: i64) -> String {
        match &self.state.editor {
            Some(editor) => clock::moment(editor, at),
            None => String::new(),
        }
    }

    fn say(&self, key: &str) -> String {
        self.texts.get(key)
    }

    fn lang(&self) -> widget_core::trace::Lang {
        trace_lang(self.texts.lang())
    }

    fn naming<'a>(&'a self, editor: &'a Editor) -> Naming<'a> {
        Naming {
            texts: self.texts,
            docs: [&editor.doc, &editor.saved_doc],
            users: &editor.base.users,
        }
    }

    /// What is wrong, in the reader's language; an older backend knows but Russian.
    fn problem<'a>(&self, finding: &'a FieldFinding) -> &'a str {
        match self.texts.lang() {
            Lang::En if !finding.english.is_empty() => &finding.english,
            _ => &finding.problem,
        }
    }

    /// What a handler sends.
    fn on<E: 'static>(&self, msg: impl Fn(E) -> Msg + 'static) -> Callback<E> {
        let send = self.send.clone();
        Callback::from(move |event| send.emit(msg(event)))
    }
}
