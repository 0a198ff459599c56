//! The fields of a section, and the whole text.

use super::Drawn;
use crate::settings::doc::Leaf;
use crate::settings::fields::{
    Field, Group, Kind, Row, SIMPLE, Section, groups, list_of, reasons, stages,
};
use crate::settings::state::{Editor, Msg, Tab};
use crate::settings::whatif::{sample, sample_link};
use std::collections::BTreeSet;
use wasm_bindgen::JsCast;
use web_sys::{EventTarget, HtmlInputElement, HtmlSelectElement, HtmlTextAreaElement};
use widget_core::owner::ReasonId;
use widget_core::text::render;
use widget_core::wire::versions::FieldFinding;
use yew::prelude::*;

impl Drawn<'_> {
    pub(super) fn fields(&self, editor: &Editor, section: Section) -> Html {
        let groups = groups(section, &editor.doc);
        let last = groups.len().saturating_sub(1);
        let groups = groups.into_iter().enumerate();
        let groups = groups.map(|(row, group)| self.group(editor, row == last, &group));
        let groups: Vec<Html> = groups.collect();
        html! {
            <>
                <h2>{ self.say(&format!("tab.{}", section.as_str())) }</h2>
                { groups }
                if let Some(list) = list_of(section) { { self.end_of_list(editor, list) } }
            </>
        }
    }

    fn group(&self, editor: &Editor, is_last: bool, group: &Group) -> Html {
        let title = match (group.row, group.label) {
            (
                Some(Row {
                    list: "triggers",
                    at,
                }),
                _,
            ) => self.reason(editor, at),
            (_, "") if group.title.is_empty() => self.say("row.nameless"),
            (_, "") => group.title.clone(),
            (_, label) => self.say(&format!("group.{label}")),
        };
        let fields = group.fields.iter();
        let place = group.row.map(|row| format!("{}[{}]", row.list, row.at));
        let beside = place.as_ref().map(|place| {
            let findings = editor.findings_beside(place, &group.fields).into_iter();
            findings.map(|finding| self.told(finding)).collect::<Html>()
        });
        html! {
            <fieldset class="estafeta-set-group" disabled={!editor.base.may_change} data-group={group.id.clone()} data-row={place}>
                <legend>{ &title } if !group.id.is_empty() { <code>{ &group.id }</code> }</legend>
                if let Some(row) = group.row { { self.row_buttons(row, is_last, &title) } }
                { for fields.map(|field| self.field(editor, field)) }
                { beside.unwrap_or_default() }
            </fieldset>
        }
    }

    /// Up, down, away.
    fn row_buttons(&self, row: Row, is_last: bool, title: &str) -> Html {
        let button = |name: &'static str, disabled: bool, msg: Msg| {
            let words = self.say(&format!("row.{name}"));
            let label = format!("{words}: {title}");
            html! {
                <button type="button" class="estafeta-set-link" data-do={name} {disabled} aria-label={label}
                    onclick={self.on(move |_: MouseEvent| msg.clone())}>{ words }</button>
            }
        };
        html! {
            <div class="estafeta-set-row estafeta-set-arrange">
                { button("up", row.at == 0, Msg::MoveRow(row, -1)) }
                { button("down", is_last, Msg::MoveRow(row, 1)) }
                { button("remove", false, Msg::RemoveRow(row)) }
            </div>
        }
    }

    fn end_of_list(&self, editor: &Editor, list: &'static str) -> Html {
        let all = editor.findings(list).into_iter();
        let of_all = all.filter(|finding| finding.path == list);
        html! {
            <>
                { for of_all.map(|finding| self.told(finding)) }
                if editor.base.may_change {
                    <button type="button" class="estafeta-set-button" data-do="add"
                        onclick={self.on(move |_: MouseEvent| Msg::AddRow(list))}>{ self.say(&format!("row.add.{list}")) }</button>
                }
            </>
        }
    }

    pub(super) fn told(&self, finding: &FieldFinding) -> Html {
        error(self.problem(finding))
    }

    /// The same with its place.
    pub(super) fn told_at(&self, finding: &FieldFinding) -> Html {
        html! { <p class="estafeta-set-error"><code>{ &finding.path }</code>{ " " }{ self.problem(finding) }</p> }
    }

    /// Why a trigger hands over, in the manager's words.
    fn reason(&self, editor: &Editor, row: usize) -> String {
        let said = editor.doc.get(&format!("triggers[{row}].reason"));
        let said = said.as_ref().and_then(Leaf::text).unwrap_or_default();
        self.naming(editor).reason(said)
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
        let hint = self.texts.verbatim(&format!("{}?", field.label));
        let hint = hint.map(str::to_owned);
        // Two rows may be wrong in the same way.
        let problems: BTreeSet<&str> = findings.iter().map(|it| self.problem(it)).collect();
        let about = format!("{id}-about");
        let classes = classes!("estafeta-set-field", wrong.then_some("estafeta-set-bad"));
        let is_set = matches!(field.kind, Kind::Set { .. } | Kind::Compound);
        html! {
            <div class={classes} data-path={field.path.clone()} key={field.path.clone()}>
                if is_set {
                    <span class="estafeta-set-label" id={format!("{id}-label")}>{ label }</span>
                } else {
                    <label for={id.clone()}>{ label }</label>
                }
                { self.input(editor, field, &id, &value, wrong) }
                <div id={about}>
                    if let Some(hint) = hint { <p class="estafeta-set-hint">{ hint }</p> }
                    { self.preview(editor, &field.kind, &value) }
                    { for problems.into_iter().map(error) }
                </div>
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
        let about = format!("{id}-about");
        match &field.kind {
            Kind::Template | Kind::Lines | Kind::Days | Kind::Pairs | Kind::Moves => {
                let rows = (value.matches('\n').count() + 2).clamp(2, 12).to_string();
                html! { <textarea {id} {rows} {value} aria-invalid={wrong} aria-describedby={about} oninput={typed} /> }
            }
            Kind::Flag => {
                let checked = value == "true";
                html! { <input type="checkbox" {id} {checked} aria-invalid={wrong} aria-describedby={about} onchange={chosen} /> }
            }
            Kind::Choice(names) => {
                let said = |name: &str| self.say(&format!("{}={name}", field.label));
                let names = names.iter().map(|name| ((*name).to_owned(), said(name)));
                self.select(editor, field, id, &value, names.collect(), chosen)
            }
            Kind::Named(names) => {
                let naming = self.naming(editor);
                let said = |key: &String| (key.clone(), naming.text(key));
                self.select(
                    editor,
                    field,
                    id,
                    &value,
                    names.iter().map(said).collect(),
                    chosen,
                )
            }
            Kind::Condition => {
                let said = |name: &&str| ((*name).to_owned(), self.say(&format!("when.{name}")));
                self.select(
                    editor,
                    field,
                    id,
                    &value,
                    SIMPLE.iter().map(said).collect(),
                    chosen,
                )
            }
            Kind::Reason => {
                let naming = self.naming(editor);
                let said = |id: ReasonId| (id.as_str().to_owned(), naming.reason(id.as_str()));
                self.select(
                    editor,
                    field,
                    id,
                    &value,
                    reasons().map(said).collect(),
                    chosen,
                )
            }
            Kind::Set { .. } => self.set(editor, field, &id, &value),
            Kind::Compound => self.compound(editor, field),
            Kind::Stage => self.select(editor, field, id, &value, stages(&editor.doc), chosen),
            Kind::User if !editor.base.users.is_empty() => {
                let users = editor.base.users.iter();
                let users = users.map(|user| (user.id.0.to_string(), self.name(user)));
                self.select(editor, field, id, &value, users.collect(), chosen)
            }
            Kind::Number | Kind::Span | Kind::User => {
                html! { <input type="text" class="estafeta-set-short" {id} {value} aria-invalid={wrong} aria-describedby={about} oninput={typed} /> }
            }
            Kind::Text | Kind::Link | Kind::Hours => {
                html! { <input type="text" {id} {value} aria-invalid={wrong} aria-describedby={about} oninput={typed} /> }
            }
        }
    }

    /// A choice. What stands in the policy and is none of the names stays visible.
    fn select(
        &self,
        editor: &Editor,
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
        let wrong = (!editor.findings(&field.path).is_empty()).then_some("true");
        let about = format!("{id}-about");
        html! { <select {id} aria-invalid={wrong} aria-describedby={about} onchange={chosen}>{ for options }</select> }
    }

    /// Boxes to tick, as many as there are names.
    fn set(&self, editor: &Editor, field: &Field, id: &str, value: &str) -> Html {
        let Kind::Set { names, words } = &field.kind else {
            return Html::default();
        };
        let stages = stages(&editor.doc);
        let said = |name: &str| match *words {
            "" => {
                let found = stages.iter().find(|(key, _)| key == name);
                found.map_or_else(|| name.to_owned(), |(_, name)| name.clone())
            }
            words => self.say(&format!("{words}{name}")),
        };
        let chosen: Vec<String> = value.lines().map(str::to_owned).collect();
        let odd = chosen.iter().filter(|name| !names.contains(name));
        let all = names.iter().chain(odd);
        let boxes = all.map(|name| {
            let checked = chosen.contains(name);
            let (field, name, rest) = (field.clone(), name.clone(), chosen.clone());
            let words = said(&name);
            let change = self.on(move |_: Event| {
                let mut rest = rest.clone();
                rest.retain(|other| *other != name);
                if !checked {
                    rest.push(name.clone());
                }
                Msg::Typed(field.clone(), rest.join("\n"))
            });
            html! { <label><input type="checkbox" {checked} onchange={change} />{ " " }{ words }</label> }
        });
        let (label, about) = (format!("{id}-label"), format!("{id}-about"));
        let words: Vec<String> = chosen.iter().map(|name| said(name)).collect();
        let words = match words.as_slice() {
            [] => self.say("choose"),
            words => words.join(", "),
        };
        html! {
            <details class="estafeta-set-set">
                <summary>{ words }</summary>
                <div class="estafeta-set-boxes" role="group" aria-labelledby={label} aria-describedby={about}>{ for boxes }</div>
            </details>
        }
    }

    /// A condition made of others, in words.
    fn compound(&self, editor: &Editor, field: &Field) -> Html {
        let known = editor.doc.get(&field.path);
        let words = known.map(|known| self.naming(editor).condition(&known));
        html! {
            <p class="estafeta-set-told">
                { words.unwrap_or_default() }{ " " }
                <button type="button" class="estafeta-set-link" onclick={self.on(|_: MouseEvent| Msg::Opened(Tab::Text))}>{ self.say("when.compound") }</button>
            </p>
        }
    }

    /// What a guest will read: of a text, and of a booking page that nothing is wrong with.
    fn preview(&self, editor: &Editor, kind: &Kind, value: &str) -> Html {
        let edited = editor.edited.as_ref().ok();
        let text = match kind {
            Kind::Template => {
                let policy = edited.or(editor.saved.as_ref());
                policy.map(|policy| render(value, &sample(policy, self.lang())))
            }
            Kind::Link => edited.and_then(|policy| sample_link(policy.booking.as_ref()?)),
            _ => None,
        };
        let Some(text) = text else {
            return Html::default();
        };
        html! {
            <p class="estafeta-set-preview"><small>{ self.say("preview") }</small><span>{ text }</span></p>
        }
    }

    pub(super) fn whole_text(&self, editor: &Editor) -> Html {
        let findings = editor.edited.as_ref().err().into_iter().flatten();
        let written = self.on(|event: InputEvent| Msg::Wrote(typed_in(event.target())));
        html! {
            <>
                <h2>{ self.say("tab.text") }</h2>
                <p class="estafeta-set-hint">{ self.say("text.hint") }</p>
                { for findings.map(|finding| self.told_at(finding)) }
                <textarea class="estafeta-set-whole" spellcheck="false" aria-label={self.say("tab.text")}
                    readonly={!editor.base.may_change} value={editor.text()} oninput={written} />
            </>
        }
    }
}

fn error(problem: &str) -> Html {
    html! { <p class="estafeta-set-error">{ problem }</p> }
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
