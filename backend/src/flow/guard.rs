//! The bot's texts, measured before they are decided on: held against what the dialog, its deal and the policy say.

use super::render::{self, Words};
use super::{Flow, Rules, Tenant};
use crate::error::StoreError;
use crate::ports::BotReply;
use widget_core::dialog::{Dialog, From, SeenMessage};
use widget_core::guard::{Ground, Measured, measure};
use widget_core::ids::{MessageId, TextRef, TurnId};

/// What the texts of an answer hold; `None` when there are none.
pub(super) async fn measured(
    flow: &Flow,
    tenant: &Tenant,
    rules: &Rules,
    dialog: &Dialog,
    turn: &TurnId,
    reply: &BotReply,
) -> Result<Option<Box<Measured>>, StoreError> {
    if reply.replies.is_empty() {
        return Ok(None);
    }
    let words = Words::read(flow, tenant, texts(dialog)).await?;
    let guest = flow.store.guest(tenant.account, &dialog.id).await?;
    let deals = dialog.crm.iter().flat_map(|crm| &crm.deals);
    let mut own: Vec<String> = deals.map(|deal| deal.id.to_string()).collect();
    own.extend(guest.map(|guest| guest.phone));
    let notes = render::contact(dialog, &words).notes;
    let known = known(rules, dialog, &words);
    let asked: &[MessageId] = dialog.turn.as_ref().map_or(&[], |turn| &turn.messages);
    let begun = dialog
        .episode
        .as_ref()
        .map_or(0, |episode| episode.opened_at);
    let said_by = |which: &dyn Fn(&SeenMessage) -> bool| -> Vec<&str> {
        let messages = dialog.recent.iter().filter(|message| which(message));
        messages
            .filter_map(|message| words.get(message.text?))
            .collect()
    };
    let people = said_by(&|message| !matches!(message.from, From::Guest | From::Bot));
    let ground = Ground {
        asked: said_by(&|message| asked.contains(&message.id)),
        guest: said_by(&|message| message.from == From::Guest),
        said: said_by(&|message| message.from == From::Bot && message.at >= begun),
        known: borrowed(&known).chain(people).collect(),
        own: borrowed(&own).collect(),
        passages: borrowed(&reply.passages).collect(),
        notes: borrowed(&notes).collect(),
        return_note: dialog.manager_note.and_then(|note| words.get(note)),
        prompt: tenant.bot.prompt(),
        promises: borrowed(&rules.policy.bot.guard.promises).collect(),
    };
    let named = Some(turn).filter(|_| !tenant.bot.marks_turns());
    Ok(Some(Box::new(measure(&reply.replies, named, &ground))))
}

fn borrowed(texts: &[String]) -> impl Iterator<Item = &str> {
    texts.iter().map(String::as_str)
}

/// All sealed texts that an answer is held against.
fn texts(dialog: &Dialog) -> impl Iterator<Item = TextRef> {
    let recent = dialog.recent.iter().filter_map(|message| message.text);
    let deal = dialog.deal_facts().into_iter();
    let deal = deal.flat_map(|deal| {
        let statuses = [deal.booking.payment, deal.booking.refund];
        render::deal_texts(deal).chain(statuses.into_iter().flatten())
    });
    recent
        .chain(deal)
        .chain(dialog.manager_note)
        .chain(render::contact_texts(dialog))
}

/// What may be repeated to the guest whoever asks: the deal's fields, the facts, the policy's texts.
fn known(rules: &Rules, dialog: &Dialog, words: &Words) -> Vec<String> {
    let policy = &rules.policy;
    let mut known: Vec<String> = policy.texts.values().cloned().collect();
    known.extend(policy.tasks.duty_phone.clone());
    known.extend(policy.review_url.clone());
    if let Some(deal) = dialog.deal_facts() {
        let statuses = [deal.booking.payment, deal.booking.refund];
        let statuses = statuses.into_iter().flatten();
        known.extend(statuses.filter_map(|text| words.get(text).map(str::to_owned)));
        let deal = render::bot_deal(deal, words);
        known.extend(deal.amount.map(|amount| amount.to_string()));
        let fields = [deal.arrival, deal.departure, deal.category, deal.guests];
        known.extend(fields.into_iter().flatten());
    }
    let facts = dialog.episode.as_ref().map(|episode| &episode.facts);
    known.extend(facts.and_then(|facts| serde_json::to_string(facts).ok()));
    known
}
