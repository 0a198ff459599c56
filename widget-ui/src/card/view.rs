//! Draws a [`CardView`]: markup and nothing else.

use super::{Card, Focus};
use crate::i18n::Texts;
use crate::present::{Bar, CardView, DialogCard, Empty, FormView, Link, NoteView, Tone};
use crate::store::{Msg, NOTE_AT_MOST};
use web_sys::HtmlTextAreaElement;
use widget_core::wire::WhyMark;
use yew::html::Scope;
use yew::prelude::*;

/// The whole card.
pub fn card(link: &Scope<Card>, texts: &Texts, card: &CardView, focus: &Focus) -> Html {
    html! {
        <section class={classes!("estafeta-card", card.dimmed.then_some("estafeta-dimmed"))} aria-label={texts.get("a11y.block")}>
            { for card.bars.iter().map(|shown| bar(link, texts, shown)) }
            { for card.title.iter().map(|title| html! { <div class="estafeta-title">{ title }</div> }) }
            { for card.dialogs.iter().map(|shown| dialog(link, shown, focus)) }
            { for card.empty.iter().map(|shown| empty(link, shown)) }
            <div class="estafeta-live" role="status" aria-live="polite">{ &card.announce }</div>
        </section>
    }
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
            { for bar.detail.iter().map(|detail| html! {
                <span class="estafeta-detail" title={detail.clone()} tabindex="0" role="note" aria-label={detail.clone()}>{ texts.get("do.details") }</span>
            }) }
            { for bar.links.iter().map(|shown| text_link(link, shown)) }
        </div>
    }
}

fn empty(link: &Scope<Card>, empty: &Empty) -> Html {
    html! {
        <div class="estafeta-empty">
            <div class="estafeta-status">{ &empty.status }</div>
            { for empty.hint.iter().map(|hint| html! { <div class="estafeta-line">{ hint }</div> }) }
            if empty.skeleton {
                <div class="estafeta-bone" /><div class="estafeta-bone" />
            }
            { for empty.button.iter().map(|shown| html! {
                <button type="button" class="estafeta-button" onclick={send(link, &shown.msg)}>{ &shown.label }</button>
            }) }
        </div>
    }
}

fn dialog(link: &Scope<Card>, dialog: &DialogCard, focus: &Focus) -> Html {
    html! {
        <div key={dialog.key.clone()} class="estafeta-dialog" aria-busy={dialog.busy.to_string()}>
            { for dialog.phone.iter().map(|phone| html! { <div class="estafeta-phone">{ phone }</div> }) }
            <div class="estafeta-status" aria-label={dialog.status_label.clone()}>
                <i class={format!("estafeta-dot estafeta-dot-{}", dialog.dot.class())} aria-hidden="true" />
                <span title={dialog.status.clone()}>{ &dialog.status }</span>
            </div>
            <div class={classes!("estafeta-line", dialog.overdue.then_some("estafeta-late"))} aria-label={dialog.line_label.clone()}>{ &dialog.line }</div>
            { for dialog.notes.iter().map(|text| html! { <div class="estafeta-line">{ text }</div> }) }
            { message(dialog) }
            {
                match &dialog.form {
                    Some(shown) => form(link, shown, focus),
                    None => primary(link, dialog, focus),
                }
            }
            if dialog.form.is_none() && !dialog.links.is_empty() {
                <div class="estafeta-links">{ for dialog.links.iter().map(|shown| text_link(link, shown)) }</div>
            }
            { for dialog.why.iter().map(|(heading, lines)| why(heading, lines)) }
            { for dialog.history.iter().map(|(heading, lines)| html! {
                <ul class="estafeta-why estafeta-history" aria-label={heading.clone()} aria-busy={lines.is_empty().to_string()}>
                    { for lines.iter().map(|line| html! { <li><span>{ line }</span></li> }) }
                </ul>
            }) }
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
            { for dialog.reason.iter().map(|(heading, reason)| html! {
                <div class="estafeta-reason"><span>{ heading }</span><b>{ reason }</b></div>
            }) }
            { for dialog.facts.iter().map(|facts| html! { <div class="estafeta-facts" title={facts.clone()}>{ facts }</div> }) }
            { for dialog.quote.iter().map(|quote| html! { <div class="estafeta-quote" title={quote.clone()}>{ quote }</div> }) }
            { for dialog.quote_meta.iter().map(|meta| html! { <div class="estafeta-meta">{ meta }</div> }) }
            { for dialog.wanted.iter().map(|(heading, words)| html! {
                <div class="estafeta-wanted"><div class="estafeta-meta">{ heading }</div><div class="estafeta-quote">{ words }</div></div>
            }) }
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
            onclick={send(link, &shown.msg)}>{ &shown.label }</button>
    }
}

fn form(link: &Scope<Card>, form: &FormView, focus: &Focus) -> Html {
    let no = form.no.msg.clone();
    let escape = link.batch_callback(move |event: KeyboardEvent| {
        // amoCRM's own shortcuts must not see what is typed here.
        event.stop_propagation();
        (event.key() == "Escape").then(|| no.clone())
    });
    let yes_ref = if form.note.is_none() {
        focus.form.clone()
    } else {
        NodeRef::default()
    };
    html! {
        <div class="estafeta-form" role="group" aria-label={form.text.clone()} onkeydown={escape}>
            <div class="estafeta-line">{ &form.text }</div>
            { for form.note.iter().map(|shown| note(link, shown, focus)) }
            <div class="estafeta-pair">
                <button type="button" ref={yes_ref} class="estafeta-button" onclick={send(link, &form.yes.msg)}>{ &form.yes.label }</button>
                <button type="button" class="estafeta-button estafeta-quiet" onclick={send(link, &form.no.msg)}>{ &form.no.label }</button>
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
            { for lines.iter().map(|(mark, sentence)| {
                let (class, sign) = match mark {
                    WhyMark::Passed => ("", "✓"),
                    WhyMark::Decided => ("estafeta-decided", "●"),
                    WhyMark::Skipped => ("estafeta-skipped", "–"),
                };
                html! { <li class={class}><i aria-hidden="true">{ sign }</i><span>{ sentence }</span></li> }
            }) }
        </ul>
    }
}

fn text_link(link: &Scope<Card>, shown: &Link) -> Html {
    html! {
        <button type="button" class="estafeta-link" title={shown.tip.clone()}
            aria-expanded={shown.expanded.map(|open| open.to_string())}
            onclick={send(link, &shown.msg)}>{ &shown.label }</button>
    }
}

fn send(link: &Scope<Card>, msg: &Msg) -> Callback<MouseEvent> {
    let msg = msg.clone();
    link.callback(move |_| msg.clone())
}
