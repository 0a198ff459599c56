//! Draws a [`CardView`]: markup and nothing else.
//!
//! What may be missing stands in an `if`, and what may be several in [`all`]: each keeps its one place among its
//! neighbours. With `{ for … }` they would move up and down, be made anew, and the keyboard would lose its place.

use super::{Card, Focus};
use crate::i18n::Texts;
use crate::present::{Bar, CardView, DialogCard, Empty, FormView, Link, NoteView, Tone};
use crate::store::{Click, Msg, NOTE_AT_MOST};
use web_sys::HtmlTextAreaElement;
use widget_core::wire::WhyMark;
use yew::html::Scope;
use yew::prelude::*;

/// The whole card.
pub fn card(link: &Scope<Card>, texts: &Texts, card: &CardView, focus: &Focus) -> Html {
    html! {
        <section class={classes!("estafeta-card", card.dimmed.then_some("estafeta-dimmed"))} aria-label={texts.get("a11y.block")}>
            { all(card.bars.iter().map(|shown| bar(link, texts, shown))) }
            if let Some(title) = &card.title {
                <div class="estafeta-title">{ title }</div>
            }
            { all(card.dialogs.iter().map(|shown| dialog(link, shown, focus))) }
            if let Some(shown) = &card.empty {
                { empty(link, shown) }
            }
            <div class="estafeta-live" role="status" aria-live="polite">{ &card.announce }</div>
        </section>
    }
}

/// Any number of nodes in one place.
fn all(nodes: impl Iterator<Item = Html>) -> Html {
    nodes.collect()
}

fn bar(link: &Scope<Card>, texts: &Texts, bar: &Bar) -> Html {
    let tone = match bar.tone {
        Tone::Good => "estafeta-bar-good",
        Tone::Info => "estafeta-bar-info",
        Tone::Bad => "estafeta-bar-bad",
    };
    html! {
        <div class={classes!("estafeta-bar", tone)}>
            <span>{ &bar.text }</span>
            if let Some(detail) = &bar.detail {
                <span class="estafeta-detail" title={detail.clone()} tabindex="0" role="note" aria-label={detail.clone()}>{ texts.get("do.details") }</span>
            }
            { all(bar.links.iter().map(|shown| text_link(link, shown))) }
        </div>
    }
}

fn empty(link: &Scope<Card>, empty: &Empty) -> Html {
    html! {
        <div class="estafeta-empty">
            <div class="estafeta-status">{ &empty.status }</div>
            if let Some(hint) = &empty.hint {
                <div class="estafeta-line">{ hint }</div>
            }
            if empty.skeleton {
                <div class="estafeta-bone" /><div class="estafeta-bone" />
            }
            if let Some(shown) = &empty.button {
                <button type="button" class="estafeta-button" onclick={send(link, &shown.click)}>{ &shown.label }</button>
            }
        </div>
    }
}

fn dialog(link: &Scope<Card>, dialog: &DialogCard, focus: &Focus) -> Html {
    html! {
        <div key={dialog.key.clone()} class="estafeta-dialog" aria-busy={dialog.busy.to_string()}>
            if let Some(phone) = &dialog.phone {
                <div class="estafeta-phone">{ phone }</div>
            }
            <div class="estafeta-status">
                <i class={format!("estafeta-dot estafeta-dot-{}", dialog.dot.class())} aria-hidden="true" />
                <span title={dialog.status.clone()}>{ &dialog.status }</span>
            </div>
            <div class={classes!("estafeta-line", dialog.overdue.then_some("estafeta-late"))}>{ &dialog.line }</div>
            { all(dialog.notes.iter().map(|text| html! { <div class="estafeta-line">{ text }</div> })) }
            { message(dialog) }
            {
                match &dialog.form {
                    Some(shown) => form(link, shown, focus),
                    None => primary(link, dialog, focus),
                }
            }
            if dialog.form.is_none() && !dialog.links.is_empty() {
                <div class="estafeta-links">{ all(dialog.links.iter().map(|shown| text_link(link, shown))) }</div>
            }
            if let Some(summary) = &dialog.summary {
                <div class="estafeta-line">{ summary }</div>
            }
            if let Some((heading, lines)) = &dialog.why {
                { why(heading, lines) }
            }
            if let Some((heading, lines)) = &dialog.history {
                <ul class="estafeta-why estafeta-history" aria-label={heading.clone()} aria-busy={lines.is_empty().to_string()}>
                    { all(lines.iter().map(|line| html! { <li><span>{ line }</span></li> })) }
                </ul>
            }
        </div>
    }
}

/// The reason with the guest's words.
fn message(dialog: &DialogCard) -> Html {
    let nothing = dialog.reason.is_none()
        && dialog.quote.is_none()
        && dialog.facts.is_none()
        && dialog.wanted.is_none();
    if nothing {
        return Html::default();
    }
    html! {
        <div class={format!("estafeta-message estafeta-message-{}", dialog.dot.class())}>
            if let Some((heading, reason)) = &dialog.reason {
                <div class="estafeta-reason"><span>{ heading }</span><b>{ reason }</b></div>
            }
            if let Some(facts) = &dialog.facts {
                <div class="estafeta-facts" title={facts.clone()}>{ facts }</div>
            }
            if let Some(quote) = &dialog.quote {
                <div class="estafeta-quote" title={quote.clone()}>{ quote }</div>
            }
            if let Some(meta) = &dialog.quote_meta {
                <div class="estafeta-meta">{ meta }</div>
            }
            if let Some((heading, words)) = &dialog.wanted {
                <div class="estafeta-wanted"><div class="estafeta-meta">{ heading }</div><div class="estafeta-quote">{ words }</div></div>
            }
        </div>
    }
}

fn primary(link: &Scope<Card>, dialog: &DialogCard, focus: &Focus) -> Html {
    let shown = &dialog.primary;
    let was_asked = focus
        .dialog
        .as_ref()
        .is_some_and(|asked| asked.0 == dialog.key);
    let place = if was_asked {
        focus.primary.clone()
    } else {
        NodeRef::default()
    };
    // Not `disabled`: a disabled button loses the keyboard's focus. The store ignores clicks while an action is under way.
    html! {
        <button type="button" ref={place}
            class={classes!("estafeta-button", dialog.quiet.then_some("estafeta-quiet"))}
            title={shown.tip.clone()} aria-disabled={dialog.busy.to_string()}
            onclick={send(link, &shown.click)}>{ &shown.label }</button>
    }
}

fn form(link: &Scope<Card>, form: &FormView, focus: &Focus) -> Html {
    let no = form.no.click.clone();
    let escape = link.batch_callback(move |event: KeyboardEvent| {
        // amoCRM's own shortcuts must not see what is typed here.
        event.stop_propagation();
        (event.key() == "Escape").then(|| Msg::Clicked(no.clone()))
    });
    let yes_ref = if form.note.is_none() {
        focus.form.clone()
    } else {
        NodeRef::default()
    };
    html! {
        <div class="estafeta-form" role="group" aria-label={form.text.clone()} onkeydown={escape}>
            <div class="estafeta-line">{ &form.text }</div>
            if let Some(shown) = &form.note {
                { note(link, shown, focus) }
            }
            <div class="estafeta-pair">
                <button type="button" ref={yes_ref} class="estafeta-button" onclick={send(link, &form.yes.click)}>{ &form.yes.label }</button>
                <button type="button" class="estafeta-button estafeta-quiet" onclick={send(link, &form.no.click)}>{ &form.no.label }</button>
            </div>
        </div>
    }
}

fn note(link: &Scope<Card>, note: &NoteView, focus: &Focus) -> Html {
    let typed = link.callback(|event: InputEvent| {
        let field: HtmlTextAreaElement = event.target_unchecked_into();
        Msg::NoteTyped(field.value())
    });
    html! {
        <label class="estafeta-note">
            <span>{ &note.label }</span>
            <textarea ref={focus.form.clone()} class="estafeta-input" rows="3" maxlength={NOTE_AT_MOST.to_string()}
                placeholder={note.placeholder.clone()} value={note.value.clone()} oninput={typed} />
            <span class="estafeta-meta">{ &note.hint }</span>
        </label>
    }
}

fn why(heading: &str, lines: &[(WhyMark, String)]) -> Html {
    html! {
        <ul class="estafeta-why" aria-label={heading.to_owned()}>
            { all(lines.iter().map(|(mark, sentence)| {
                let (class, sign) = match mark {
                    WhyMark::Passed => ("", "✓"),
                    WhyMark::Decided => ("estafeta-decided", "●"),
                    WhyMark::Skipped => ("estafeta-skipped", "–"),
                };
                html! { <li class={class}><i aria-hidden="true">{ sign }</i><span>{ sentence }</span></li> }
            })) }
        </ul>
    }
}

fn text_link(link: &Scope<Card>, shown: &Link) -> Html {
    html! {
        <button key={&*shown.label} type="button" class="estafeta-link" title={shown.tip.clone()}
            aria-expanded={shown.expanded.map(|open| open.to_string())}
            onclick={send(link, &shown.click)}>{ &shown.label }</button>
    }
}

fn send(link: &Scope<Card>, click: &Click) -> Callback<MouseEvent> {
    let click = click.clone();
    link.callback(move |_| click.clone())
}
