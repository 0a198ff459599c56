//! The fields of a section, and the whole text.

use super::Drawn;
use crate::settings::doc::Leaf;
use crate::settings::fields::{Field, Group, Kind, Section, groups, stages};
use crate::settings::state::{Editor, Msg};
use crate::settings::whatif::sample;
use wasm_bindgen::JsCast;
use web_sys::{EventTarget, HtmlInputElement, HtmlSelectElement, HtmlTextAreaElement};
use widget_core::owner::{Reason, ReasonId};
use widget_core::text::render;
use widget_core::trace::reason_text;
use yew::prelude::*;

impl Drawn<'_> {
    pub(super) fn fields(&self, editor: &Editor, section: Section) -> Html {
        let groups = groups(section, &editor.doc).into_iter().enumerate();
        html! { <>{ for groups.map(|(row, group)| self.group(editor, section, row, group)) }</> }
    }

    fn group(&self, editor: &Editor, section: Section, row: usize, group: Group) -> Html {
        let title = match (section, group.label) {
            (Section::Handoff, "") => self.reason(editor, row),
            (_, "") => group.title,
            (_, label) => self.say(&format!("group.{label}")),
        };
        let fields = group.fields.iter();
        html! {
            <fieldset class="estafeta-set-group" disabled={!editor.base.may_change} data-group={group.id.clone()}>
                <legend>{ title } if !group.id.is_empty() { <code>{ group.id }</code> }</legend>
                { for fields.map(|field| self.field(editor, field)) }
            </fieldset>
        }
    }

    /// Why a trigger hands over, in the manager's words.
    fn reason(&self, editor: &Editor, row: usize) -> String {
        let said = editor.doc.get(&format!("triggers[{row}].reason"));
        let said = said.as_ref().and_then(Leaf::text).unwrap_or_default();
        let known = ReasonId::ALL.iter().find(|id| id.as_str() == said);
        known.map_or_else(
            || said.to_owned(),
            |id| reason_text(&Reason::from(*id), self.lang()),
        )
    }

    fn field(&self, editor: &Editor, field: &Field) -> Html {
        let value = editor.shown(field);
        let id = format!("estafeta-set-{}", field.path);
        let findings = editor.findings(&field.path);
        let wrong = !findings.is_empty();
        let label = if self.texts.has(&field.label) {
            self.say(&field.label)
        } else {
            field.label.clone()
        };
        let hint = format!("{}?", field.label);
        let hint = match field.kind {
            Kind::Span if !self.texts.has(&hint) => None,
            _ => self.texts.has(&hint).then(|| self.say(&hint)),
        };
        let problems = findings.iter().map(|finding| {
            html! { <p class="estafeta-set-error" role="alert">{ &finding.problem }</p> }
        });
        let classes = classes!("estafeta-set-field", wrong.then_some("estafeta-set-bad"));
        html! {
            <div class={classes} data-path={field.path.clone()} key={field.path.clone()}>
                <label for={id.clone()}>{ label }</label>
                { self.input(editor, field, &id, &value, wrong) }
                if let Some(hint) = hint { <p class="estafeta-set-hint">{ hint }</p> }
                if field.kind == Kind::Template { { self.preview(editor, &value) } }
                { for problems }
            </div>
        }
    }

    fn input(&self, editor: &Editor, field: &Field, id: &str, value: &str, wrong: bool) -> Html {
        let typed = {
            let field = field.clone();
            self.on(move |event: InputEvent| Msg::Typed(field.clone(), typed_in(event.target())))
        };
        let chosen = {
            let field = field.clone();
            self.on(move |event: Event| Msg::Typed(field.clone(), typed_in(event.target())))
        };
        let (id, value) = (id.to_owned(), value.to_owned());
        let wrong = wrong.then_some("true");
        match &field.kind {
            Kind::Template | Kind::Lines | Kind::Days | Kind::Moves => {
                let rows = (value.matches('\n').count() + 2).clamp(2, 12).to_string();
                html! { <textarea {id} {rows} {value} aria-invalid={wrong} oninput={typed} /> }
            }
            Kind::Flag => {
                let checked = value == "true";
                html! { <input type="checkbox" {id} {checked} aria-invalid={wrong} onchange={chosen} /> }
            }
            Kind::Choice(names) => {
                let said = |name: &str| self.say(&format!("{}={name}", field.label));
                let names = names.iter().map(|name| ((*name).to_owned(), said(name)));
                self.select(field, id, &value, names.collect(), chosen)
            }
            Kind::Named(names) => {
                let said = |key: &String| {
                    let words = format!("text.{key}");
                    let known = self.texts.has(&words);
                    (
                        key.clone(),
                        if known { self.say(&words) } else { key.clone() },
                    )
                };
                self.select(field, id, &value, names.iter().map(said).collect(), chosen)
            }
            Kind::Stage => self.select(field, id, &value, stages(&editor.doc), chosen),
            Kind::User if !editor.base.users.is_empty() => {
                let users = editor.base.users.iter();
                let users = users.map(|user| (user.id.0.to_string(), self.name(user)));
                self.select(field, id, &value, users.collect(), chosen)
            }
            Kind::Number | Kind::Span | Kind::User => {
                html! { <input type="text" class="estafeta-set-short" {id} {value} aria-invalid={wrong} oninput={typed} /> }
            }
            Kind::Text | Kind::Hours => {
                html! { <input type="text" {id} {value} aria-invalid={wrong} oninput={typed} /> }
            }
        }
    }

    /// A choice. What stands in the policy and is none of the names stays visible.
    fn select(
        &self,
        field: &Field,
        id: String,
        value: &str,
        mut names: Vec<(String, String)>,
        chosen: Callback<Event>,
    ) -> Html {
        if value.is_empty() || field.optional {
            names.insert(0, (String::new(), self.say("none")));
        }
        if !names.iter().any(|(name, _)| name == value) {
            names.push((value.to_owned(), value.to_owned()));
        }
        let options = names.into_iter().map(|(name, words)| {
            let selected = name == value;
            html! { <option value={name} {selected}>{ words }</option> }
        });
        html! { <select {id} onchange={chosen}>{ for options }</select> }
    }

    fn preview(&self, editor: &Editor, template: &str) -> Html {
        let policy = editor.edited.as_ref().ok().or(editor.saved.as_ref());
        let Some(policy) = policy else {
            return Html::default();
        };
        let text = render(template, &sample(policy, self.lang()));
        html! {
            <p class="estafeta-set-preview"><small>{ self.say("preview") }</small><span>{ text }</span></p>
        }
    }

    pub(super) fn whole_text(&self, editor: &Editor) -> Html {
        let findings = editor.edited.as_ref().err().into_iter().flatten();
        let written = self.on(|event: InputEvent| Msg::Wrote(typed_in(event.target())));
        html! {
            <>
                <p class="estafeta-set-hint">{ self.say("text.hint") }</p>
                { for findings.map(|finding| html! {
                    <p class="estafeta-set-error"><code>{ &finding.path }</code>{ " " }{ &finding.problem }</p>
                }) }
                <textarea class="estafeta-set-whole" spellcheck="false" aria-label={self.say("tab.text")}
                    readonly={!editor.base.may_change} value={editor.text()} oninput={written} />
            </>
        }
    }
}

/// What a field holds after an event.
pub(super) fn typed_in(target: Option<EventTarget>) -> String {
    let Some(target) = target else {
        return String::new();
    };
    if let Some(input) = target.dyn_ref::<HtmlInputElement>() {
        return match input.type_().as_str() {
            "checkbox" => input.checked().to_string(),
            _ => input.value(),
        };
    }
    if let Some(select) = target.dyn_ref::<HtmlSelectElement>() {
        return select.value();
    }
    let area = target.dyn_ref::<HtmlTextAreaElement>();
    area.map(HtmlTextAreaElement::value).unwrap_or_default()
}
