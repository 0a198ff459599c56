//! The Yew component of the card. One per page, for ever: `script.js` moves its root from card to card and
//! [`Props`] tell the news, because every `destroy` of Yew leaves listeners behind.

mod clock;
mod view;

use crate::api::Client;
use crate::focus::{Place, Watch};
use crate::host::Host;
use crate::i18n::Texts;
use crate::present::{Badge, CardView, present};
use crate::store::{Effect, Msg, State};
use clock::Ticker;
use std::rc::Rc;
use wasm_bindgen_futures::spawn_local;
use web_sys::{AbortController, HtmlElement};
use widget_core::ids::{DealId, DialogId};
use yew::html::Scope;
use yew::prelude::*;

/// One card entered or left.
#[derive(Clone, Properties)]
pub struct Props {
    /// Grows with every card entered.
    pub entry: u32,
    /// Whether the card is on the page.
    pub shown: bool,
    /// The deal.
    pub deal: DealId,
    /// The shell and the backend.
    pub client: Client,
    /// The texts.
    pub texts: Rc<Texts>,
}

impl PartialEq for Props {
    fn eq(&self, other: &Self) -> bool {
        (self.entry, self.shown) == (other.entry, other.shown)
    }
}

/// The component.
pub struct Card {
    state: State,
    view: CardView,
    badge: Option<Badge>,
    ticker: Option<Ticker>,
    listening: Option<Listening>,
    focus: Focus,
}

/// A stream that ends when dropped.
struct Listening(AbortController);

impl Drop for Listening {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Where the keyboard goes when a question opens and closes.
#[derive(Default)]
struct Focus {
    form: NodeRef,
    primary: NodeRef,
    /// The dialog in which something was asked or done last.
    dialog: Option<DialogId>,
    watch: Watch,
}

impl Component for Card {
    type Message = Msg;
    type Properties = Props;

    fn create(ctx: &Context<Self>) -> Self {
        let (state, effects) = enter(ctx.props());
        let mut card = Self {
            view: present(&state, &ctx.props().texts),
            state,
            badge: None,
            ticker: Some(Ticker::start(ctx.link().clone())),
            listening: None,
            focus: Focus::default(),
        };
        card.carry_out(ctx, effects);
        card
    }

    fn changed(&mut self, ctx: &Context<Self>, old: &Props) -> bool {
        let props = ctx.props();
        if !props.shown {
            self.ticker = None;
            return self.take(ctx, Msg::Left);
        }
        if props.entry != old.entry {
            let (state, effects) = enter(props);
            self.listening = None;
            self.carry_out(ctx, effects);
            self.view = present(&state, &props.texts);
            self.state = state;
            self.badge = None;
            self.ticker = Some(Ticker::start(ctx.link().clone()));
        }
        true
    }

    fn update(&mut self, ctx: &Context<Self>, msg: Msg) -> bool {
        self.take(ctx, msg)
    }

    fn view(&self, ctx: &Context<Self>) -> Html {
        view::card(ctx.link(), &ctx.props().texts, &self.view, &self.focus)
    }

    fn rendered(&mut self, ctx: &Context<Self>, _first: bool) {
        if self.state.data.is_some() || self.state.offline.is_some() {
            self.show_badge(&ctx.props().client.host);
        }
        let target = match self.focus.watch.drawn(&self.state) {
            Some(Place::Question) => &self.focus.form,
            // A question also closes by itself, while somebody types elsewhere.
            Some(Place::Button) if !is_elsewhere() => &self.focus.primary,
            _ => return,
        };
        if let Some(element) = target.cast::<HtmlElement>() {
            // An element that is hidden meanwhile cannot be focused, and need not be.
            let _ = element.focus();
        }
    }
}

impl Card {
    /// Draws anew only where the manager would see a difference.
    fn take(&mut self, ctx: &Context<Self>, msg: Msg) -> bool {
        let effects = self.state.take_in(msg);
        self.carry_out(ctx, effects);
        let asked = self.state.form.as_ref().map(|(dialog, _)| dialog);
        let acts = self.state.pending.as_ref().map(|pending| &pending.dialog);
        if let Some(dialog) = asked.or(acts) {
            self.focus.dialog = Some(dialog.clone());
        }
        let view = present(&self.state, &ctx.props().texts);
        let differs = view != self.view;
        self.view = view;
        differs
    }

    fn carry_out(&mut self, ctx: &Context<Self>, effects: Vec<Effect>) {
        for effect in effects {
            let props = ctx.props();
            let (link, client, entry) = (ctx.link().clone(), props.client.clone(), props.entry);
            match effect {
                Effect::Load => spawn_local(load(link, client, entry, props.deal)),
                Effect::Listen { stream, known } => {
                    self.listening = AbortController::new().ok().map(Listening);
                    if let Some(Listening(ends)) = &self.listening {
                        let (signal, deal) = (ends.signal(), props.deal);
                        spawn_local(async move {
                            let hear = |what| {
                                link.send_message(Msg::Heard {
                                    entry,
                                    stream,
                                    clock: clock::page_clock(),
                                    what: Box::new(what),
                                });
                            };
                            client.listen(deal, known, &signal, hear).await;
                        });
                    }
                }
                Effect::Hush => self.listening = None,
                Effect::Act { dialog, epoch, act } => spawn_local(async move {
                    let result = Box::new(client.act(&dialog, epoch, act).await);
                    let clock = clock::page_clock();
                    link.send_message(Msg::Acted {
                        entry,
                        clock,
                        result,
                    });
                }),
                Effect::History(dialog) => spawn_local(async move {
                    let result = Box::new(client.history(&dialog).await);
                    link.send_message(Msg::HistoryCame {
                        entry,
                        dialog,
                        result,
                    });
                }),
                Effect::Open(page) => clock::open(&page),
                Effect::ReloadPage => clock::reload_page(),
            }
        }
    }

    fn show_badge(&mut self, host: &Host) {
        if self.badge.as_ref() != Some(&self.view.badge) {
            let badge = self.view.badge.clone();
            host.badge(badge.dot.class(), &badge.title);
            self.badge = Some(badge);
        }
    }
}

/// Whether something else of amoCRM's page has the keyboard.
fn is_elsewhere() -> bool {
    let document = web_sys::window().and_then(|window| window.document());
    let other = document.and_then(|it| it.query_selector(":focus:not(.estafeta *)").ok());
    other.flatten().is_some()
}

fn enter(props: &Props) -> (State, Vec<Effect>) {
    State::enter(props.deal, props.entry, clock::page_clock())
}

async fn load(link: Scope<Card>, client: Client, entry: u32, deal: DealId) {
    let result = Box::new(client.dialogs(deal).await);
    let clock = clock::page_clock();
    link.send_message(Msg::Loaded {
        entry,
        clock,
        result,
    });
}
