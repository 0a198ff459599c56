//! The Yew component of the settings. One per page, for ever, as the card is.

use super::knowledge;
use super::state::{Effect, Msg, State};
use super::view;
use crate::api::Client;
use crate::i18n::Texts;
use std::rc::Rc;
use wasm_bindgen_futures::spawn_local;
use yew::html::Scope;
use yew::prelude::*;

/// The settings entered once.
#[derive(Clone, Properties)]
pub struct Props {
    /// Grows every time.
    pub entry: u32,
    /// The shell and the backend.
    pub client: Client,
    /// The texts.
    pub texts: Rc<Texts>,
    /// The address of the page with the rules, where only a few words in amoCRM's window are wanted.
    pub link: Option<String>,
}

impl PartialEq for Props {
    fn eq(&self, other: &Self) -> bool {
        self.entry == other.entry
    }
}

/// The component.
pub struct App {
    state: State,
}

/// What happened, and in which entry: late answers of another one are dropped.
pub struct News {
    entry: u32,
    msg: Msg,
}

impl Component for App {
    type Message = News;
    type Properties = Props;

    fn create(ctx: &Context<Self>) -> Self {
        carry_out(ctx, vec![Effect::Load]);
        Self {
            state: State::default(),
        }
    }

    fn changed(&mut self, ctx: &Context<Self>, _: &Props) -> bool {
        self.state = State::default();
        carry_out(ctx, vec![Effect::Load]);
        true
    }

    fn update(&mut self, ctx: &Context<Self>, news: News) -> bool {
        if news.entry != ctx.props().entry {
            return false;
        }
        let effects = self.state.on(news.msg);
        if self.state.question.time.is_empty()
            && let Some(editor) = &self.state.editor
        {
            self.state.question.time = view::local_now(editor);
        }
        carry_out(ctx, effects);
        true
    }

    fn rendered(&mut self, _: &Context<Self>, _: bool) {
        if let Some(selector) = self.state.focus.take() {
            view::focus(&selector);
        }
    }

    fn view(&self, ctx: &Context<Self>) -> Html {
        let props = ctx.props();
        let (link, entry) = (ctx.link().clone(), props.entry);
        let send = Callback::from(move |msg| link.send_message(News { entry, msg }));
        let drawn = view::Drawn {
            send,
            texts: &props.texts,
            state: &self.state,
        };
        match &props.link {
            Some(link) => drawn.window(&props.client.origin, link),
            None => drawn.page(),
        }
    }
}

fn carry_out(ctx: &Context<App>, effects: Vec<Effect>) {
    for effect in effects {
        let props = ctx.props();
        let (link, client, entry) = (ctx.link().clone(), props.client.clone(), props.entry);
        spawn_local(async move {
            let msg = answer(&client, effect).await;
            tell(&link, entry, msg);
        });
    }
}

async fn answer(client: &Client, effect: Effect) -> Msg {
    match effect {
        Effect::Base(effect) => Msg::Base(of_base(client, effect).await),
        Effect::Reader => Msg::ReaderCame(client.reader().await),
        Effect::Load => Msg::Loaded(client.policy(None).await),
        Effect::Save { toml, over } => Msg::Saved(client.put_policy(&toml, over).await),
        Effect::Check => Msg::Checked(client.checks().await),
        Effect::List => Msg::Listed(client.policy_versions().await),
        Effect::Version(version) => Msg::Shown(client.policy(Some(version)).await),
    }
}

async fn of_base(client: &Client, effect: knowledge::Effect) -> knowledge::Msg {
    use knowledge::{Effect, Msg};
    match effect {
        Effect::Load => Msg::Loaded(client.base(None).await),
        Effect::List => Msg::Listed(client.base_versions().await),
        Effect::Missed => Msg::MissedCame(client.missed().await),
        Effect::Find { question, files } => Msg::Found(client.finds(&question, files).await),
        Effect::Save { files, over } => Msg::Saved(client.put_base(files, over).await),
        Effect::Version(version) => Msg::Shown(client.base(Some(version)).await),
    }
}

fn tell(link: &Scope<App>, entry: u32, msg: Msg) {
    link.send_message(News { entry, msg });
}
