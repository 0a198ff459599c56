//! Words: texts for guests, tasks and notes for managers, questions for the bot. Put together when they are needed,
//! from references and the policy's texts, so that no words stand in journal, state or outbox.

use super::{Flow, Rules, Tenant};
use crate::error::StoreError;
use crate::ports::{
    BotBooking, BotContact, BotDeal, BotHistory, BotMessage, BotPolicy, BotRequest,
};
use std::collections::{BTreeMap, HashMap};
use widget_core::action::{Action, Note, SendKind, TaskResult, TaskText, TextPart};
use widget_core::booking::is_linked;
use widget_core::dialog::{Dialog, From, SeenMessage};
use widget_core::event::DealFacts;
use widget_core::guard::is_for_staff;
use widget_core::ids::{MessageId, StageKey, TextRef, TurnId};
use widget_core::policy::{Policy, StageRole};
use widget_core::summary;
use widget_core::text::{excerpt, render};
use widget_core::time::Days;
use widget_core::trace::{Check, Lang, reason_text};
use widget_core::understand::AttachmentKind;

/// A guest's words are quoted in tasks up to so many characters.
const QUOTE: usize = 200;
/// What the bot wanted to say is quoted up to so many characters.
const WANTED: usize = 1_000;
/// A longer name is none, characters.
const LONGEST_NAME: usize = 60;
/// So many digits are no part of a name.
const PHONE_DIGITS: usize = 5;
/// How many of the last messages a note shows.
const NOTE_MESSAGES: usize = 6;

/// A text as it is compared: white space folded, ends trimmed.
pub(super) fn plain(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Puts a message for the guest together and seals it.
pub(super) async fn message(
    flow: &Flow,
    tenant: &Tenant,
    rules: &Rules,
    dialog: &Dialog,
    kind: SendKind,
    parts: &[TextPart],
) -> Result<TextRef, StoreError> {
    let said = parts.iter().filter_map(|part| match part {
        TextPart::Policy(_) => None,
        TextPart::PolicyWith { deal_field, .. } => Some(*deal_field),
        TextPart::Stored(text) => Some(*text),
    });
    let words = Words::read(flow, tenant, said.chain(contact_texts(dialog))).await?;
    let values = values(rules, dialog, &words);
    let mut pieces = Vec::new();
    for part in parts {
        match part {
            TextPart::Policy(key) => {
                let template = rules.policy.texts.get(key).map_or("", String::as_str);
                pieces.push(render(template, &values));
            }
            TextPart::PolicyWith { key, deal_field } => {
                let mut values = values.clone();
                values.insert("deal_field", words.owned(*deal_field).unwrap_or_default());
                let template = rules.policy.texts.get(key).map_or("", String::as_str);
                pieces.push(render(template, &values));
            }
            TextPart::Stored(text) => pieces.extend(words.owned(*text)),
        }
    }
    pieces.retain(|piece| !piece.is_empty());
    // A handoff is one sentence after another; the intro is a line of its own.
    let separator = if kind == SendKind::Handoff { " " } else { "\n" };
    flow.store
        .put_text(tenant.account, &dialog.id, &pieces.join(separator))
        .await
}

/// Sealed texts, opened: all that is needed for a piece of words, read at once. One that was erased is not there.
pub(super) struct Words(HashMap<TextRef, String>);

impl Words {
    pub(super) async fn read(
        flow: &Flow,
        tenant: &Tenant,
        texts: impl Iterator<Item = TextRef>,
    ) -> Result<Self, StoreError> {
        let refs: Vec<TextRef> = texts.collect();
        if refs.is_empty() {
            return Ok(Self(HashMap::new()));
        }
        let opened = flow.store.texts(tenant.account, &refs).await?;
        let known = refs.into_iter().zip(opened);
        let known = known.filter_map(|(text, words)| Some((text, words?)));
        Ok(Self(known.collect()))
    }

    pub(super) fn get(&self, text: TextRef) -> Option<&str> {
        self.0.get(&text).map(String::as_str)
    }

    fn owned(&self, text: TextRef) -> Option<String> {
        self.0.get(&text).cloned()
    }
}

fn values(rules: &Rules, dialog: &Dialog, words: &Words) -> BTreeMap<&'static str, String> {
    let contact = contact(dialog, words);
    let name = match (&contact.name, &contact.patronymic) {
        (Some(name), Some(patronymic)) => format!("{name} {patronymic}"),
        (Some(name), None) => name.clone(),
        (None, _) => String::new(),
    };
    let deals = dialog.crm.iter().flat_map(|crm| &crm.deals);
    let deal_list: Vec<String> = deals
        .filter(|deal| !deal.closed && is_active(rules, deal))
        .map(named_deal)
        .collect();
    let policy = &rules.policy;
    BTreeMap::from([
        ("name", name),
        ("patronymic", contact.patronymic.unwrap_or_default()),
        ("bot_name", policy.bot_name.clone()),
        ("organisation", policy.organisation.clone()),
        ("deal_list", deal_list.join(", ")),
        (
            "duty_phone",
            policy.tasks.duty_phone.clone().unwrap_or_default(),
        ),
        ("review_url", policy.review_url.clone().unwrap_or_default()),
        (
            "stage",
            dialog
                .deal_facts()
                .map(|deal| deal.stage_name.clone())
                .unwrap_or_default(),
        ),
    ])
}

/// Whether a deal is one of those that a guest may mean.
fn is_active(rules: &Rules, deal: &DealFacts) -> bool {
    let stage = deal.stage.as_ref().and_then(|key| rules.policy.stage(key));
    stage.is_some_and(|stage| !matches!(stage.role, StageRole::Intent | StageRole::Reopen))
}

/// A deal as its guest would name it: by its days, or else by its stage.
fn named_deal(deal: &DealFacts) -> String {
    match deal.booking.days {
        Some(days) => days.in_russian(),
        None => format!("«{}»", deal.stage_name),
    }
}

/// The texts that [`contact`] needs.
pub(super) fn contact_texts(dialog: &Dialog) -> impl Iterator<Item = TextRef> {
    let contact = dialog.crm.iter().flat_map(|crm| &crm.contact);
    contact.flat_map(|contact| {
        let names = contact.name.iter().chain(&contact.patronymic);
        names.chain(&contact.notes).copied()
    })
}

/// The contact's names, as far as they are names, and its notes.
pub(super) fn contact(dialog: &Dialog, words: &Words) -> BotContact {
    let Some(contact) = dialog.crm.as_ref().and_then(|crm| crm.contact.as_ref()) else {
        return BotContact::default();
    };
    let name = |text| {
        let known = words.owned(text);
        known.filter(|known| is_name(known))
    };
    let notes = contact.notes.iter();
    BotContact {
        name: contact.name.and_then(name),
        patronymic: contact.patronymic.and_then(name),
        notes: notes.filter_map(|note| words.owned(*note)).collect(),
    }
}

/// Guests name themselves in their messenger, and the bot greets by that name: a link, a phone or a sentence is none.
fn is_name(text: &str) -> bool {
    let digits = text.chars().filter(char::is_ascii_digit).count();
    text.chars().any(char::is_alphabetic)
        && text.chars().count() <= LONGEST_NAME
        && digits < PHONE_DIGITS
        && is_for_staff(text)
}

/// How the guest is called in the CRM: the contact's name, else the channel's, else «Гость».
async fn guest_name(flow: &Flow, tenant: &Tenant, dialog: &Dialog) -> Result<String, StoreError> {
    let words = Words::read(flow, tenant, contact_texts(dialog)).await?;
    if let Some(name) = contact(dialog, &words).name {
        return Ok(name);
    }
    let guest = flow.store.guest(tenant.account, &dialog.id).await?;
    Ok(guest
        .and_then(|guest| guest.name)
        .filter(|name| is_name(name))
        .unwrap_or_else(|| "Гость".to_owned()))
}

/// The name of a deal that we make.
pub(super) async fn deal_name(
    flow: &Flow,
    tenant: &Tenant,
    dialog: &Dialog,
) -> Result<String, StoreError> {
    Ok(format!(
        "WhatsApp: {}",
        guest_name(flow, tenant, dialog).await?
    ))
}

/// The text of a task (`reference/ui-texts.md` §12).
pub(super) async fn task_text(
    flow: &Flow,
    tenant: &Tenant,
    rules: &Rules,
    dialog: &Dialog,
    text: &TaskText,
) -> Result<String, StoreError> {
    let reason = reason_text(&text.reason, Lang::Ru);
    let guest = guest_name(flow, tenant, dialog).await?;
    let last = text.messages.last().and_then(|id| seen(dialog, id));
    let words = Words::read(flow, tenant, last.and_then(|last| last.text).into_iter()).await?;
    let quote = quote(dialog, last, &words);
    Ok(match (text.messages.len(), last) {
        (0, _) | (_, None) => format!("{reason}. {guest}"),
        (1, Some(_)) => format!("{reason}. {guest}: {quote}"),
        (n, Some(last)) => {
            let time = clock_time(rules, last.at);
            format!("{reason}. {guest}, сообщений: {n}, последнее {time}: {quote}")
        }
    })
}

/// The result with which a task is closed.
pub(super) fn task_result(result: TaskResult) -> &'static str {
    match result {
        TaskResult::Returned => "Диалог у бота",
        TaskResult::Dismissed => "Ответ не нужен",
        TaskResult::BotIsBack => "Бот снова работает и ответит сам",
    }
}

/// The text of a note (`reference/ui-texts.md` §12).
pub(super) async fn note(
    flow: &Flow,
    tenant: &Tenant,
    rules: &Rules,
    dialog: &Dialog,
    note: &Note,
) -> Result<String, StoreError> {
    let words = Words::read(flow, tenant, note_texts(dialog, note)).await?;
    Ok(match note {
        Note::Moved { from, to } => format!(
            "Бот перевёл сделку: «{}» → «{}».",
            stage_name(rules, from),
            stage_name(rules, to)
        ),
        Note::NotMoved { to, why } => {
            let skipped = Check::passed("move.skipped").with("why", why);
            let sentence = skipped.sentence().ru;
            format!("{sentence}. Бот хотел: «{}».", stage_name(rules, to))
        }
        Note::MovedOver { stage, to } => {
            let chosen = stage.as_ref().map(|stage| stage_name(rules, stage));
            format!(
                "Сотрудник и бот перевели сделку одновременно. Сотрудник выбрал {}, бот поставил «{}». Бот сделку назад не \
                 возвращает: проверьте этап.",
                chosen.map_or_else(
                    || "этап вне правил бота".to_owned(),
                    |name| format!("«{name}»")
                ),
                stage_name(rules, to)
            )
        }
        Note::Review { messages } => {
            let quotes = messages
                .iter()
                .map(|id| quote(dialog, seen(dialog, id), &words));
            format!("Отзыв гостя: {}", quotes.collect::<Vec<_>>().join(" "))
        }
        Note::Touched { text } => {
            let words = words.get(*text).unwrap_or_default();
            format!("Финальное касание: «{}»", excerpt(&plain(words), QUOTE))
        }
        Note::Undelivered { message } => {
            let words = quote(dialog, seen(dialog, message), &words);
            format!("Не доставлено гостю: {words}")
        }
        Note::ForeignDeal { deal } => format!(
            "Позже для этого гостя появилась ещё одна сделка: {deal}. Диалог остаётся здесь"
        ),
        Note::Rebound { from } => format!("Диалог перенесён из сделки {from}"),
        Note::Handoff {
            reason,
            message,
            bot_note,
            wanted,
            summary: said,
        } => {
            let mut lines = vec![format!(
                "Передано менеджеру: {}",
                reason_text(reason, Lang::Ru)
            )];
            if let Some(message) = message.as_ref().and_then(|id| seen(dialog, id)) {
                lines.push(format!("Гость: {}", quote(dialog, Some(message), &words)));
            }
            if let Some(summary) = said.and_then(|said| words.get(said)) {
                lines.push(format!("Коротко: {summary}"));
            }
            if let Some(facts) = dialog.episode.as_ref().map(|episode| &episode.facts) {
                let known = summary::known(facts).map(|known| format!("Известно: {known}"));
                lines.extend(known);
            }
            let missing = summary::missing(&rules.policy, dialog);
            if !missing.is_empty() {
                lines.push(format!("Не хватает: {}", missing.join(", ")));
            }
            if let Some(said) = bot_note.and_then(|bot_note| words.get(bot_note)) {
                lines.push(format!("Бот: {}", excerpt(said, QUOTE)));
            }
            let wanted: Vec<&str> = wanted.iter().filter_map(|text| words.get(*text)).collect();
            if !wanted.is_empty() {
                let wanted = excerpt(&plain(&wanted.join(" ")), WANTED);
                lines.push(format!("Бот хотел ответить: «{wanted}»"));
            }
            lines.push("Последние сообщения:".to_owned());
            for message in last_messages(dialog) {
                let who = match message.from {
                    From::Guest => "Гость",
                    From::Bot => "Бот",
                    From::Manager => "Менеджер",
                    From::Bulk => "Рассылка",
                    From::Robot => "Робот",
                };
                let time = clock_time(rules, message.at);
                let words = quote(dialog, Some(message), &words);
                lines.push(format!("{time} {who}: {words}"));
            }
            lines.join("\n")
        }
    })
}

/// The texts that a note quotes.
fn note_texts<'a>(dialog: &'a Dialog, note: &'a Note) -> impl Iterator<Item = TextRef> {
    let (messages, said): (Vec<&MessageId>, Vec<TextRef>) = match note {
        Note::Review { messages } => (messages.iter().collect(), Vec::new()),
        Note::Touched { text } => (Vec::new(), vec![*text]),
        Note::Undelivered { message } => (vec![message], Vec::new()),
        Note::Handoff {
            message,
            bot_note,
            wanted,
            summary,
            ..
        } => {
            let said = bot_note.iter().chain(wanted).chain(summary).copied();
            (message.iter().collect(), said.collect())
        }
        Note::Moved { .. }
        | Note::NotMoved { .. }
        | Note::MovedOver { .. }
        | Note::ForeignDeal { .. }
        | Note::Rebound { .. } => (Vec::new(), Vec::new()),
    };
    let last = match note {
        Note::Handoff { .. } => last_messages(dialog),
        _ => &[],
    };
    let named = messages.into_iter().filter_map(|id| seen(dialog, id));
    let quoted = named.chain(last).filter_map(|message| message.text);
    said.into_iter().chain(quoted)
}

/// The messages that the note of a handoff shows.
fn last_messages(dialog: &Dialog) -> &[SeenMessage] {
    let from = dialog.recent.len().saturating_sub(NOTE_MESSAGES);
    &dialog.recent[from..]
}

fn seen<'a>(dialog: &'a Dialog, id: &MessageId) -> Option<&'a SeenMessage> {
    dialog.recent.iter().find(|message| message.id == *id)
}

/// A message as tasks and notes show it: its words, and what came with them.
fn quote(dialog: &Dialog, message: Option<&SeenMessage>, words: &Words) -> String {
    let said = message.and_then(|message| words.get(message.text?));
    let said = said.map(|text| format!("«{}»", excerpt(&plain(text), QUOTE)));
    let unanswered = dialog.unanswered.iter();
    let attached = unanswered
        .filter(|other| message.is_some_and(|message| message.id == other.id))
        .flat_map(|other| &other.understood.attachments)
        .map(|kind| attached(*kind).to_owned());
    let parts: Vec<String> = said.into_iter().chain(attached).collect();
    if parts.is_empty() {
        "вложение без текста".to_owned()
    } else {
        parts.join(", ")
    }
}

/// What an attachment is called in tasks and notes.
fn attached(kind: AttachmentKind) -> &'static str {
    match kind {
        AttachmentKind::Voice => "голосовое сообщение",
        AttachmentKind::Image => "фото",
        AttachmentKind::Video => "видео",
        AttachmentKind::Document => "файл",
        AttachmentKind::Sticker => "стикер",
        AttachmentKind::Location => "геопозиция",
        AttachmentKind::Contact => "контакт",
        AttachmentKind::Other => "вложение",
    }
}

fn clock_time(rules: &Rules, at: i64) -> String {
    let local = rules.zone(at).local(at);
    format!("{:02}:{:02}", local.minute / 60, local.minute % 60)
}

fn stage_name(rules: &Rules, key: &StageKey) -> String {
    rules
        .policy
        .stage(key)
        .map_or_else(|| key.to_string(), |stage| stage.name.clone())
}

/// The question of a turn (DESIGN §5.8).
pub(super) async fn bot_request(
    flow: &Flow,
    tenant: &Tenant,
    rules: &Rules,
    dialog: &Dialog,
    action: &Action,
) -> Result<BotRequest, StoreError> {
    let Action::AskBot {
        turn,
        messages: asked,
        introduce,
        manager_note,
    } = action
    else {
        return Err(StoreError::Unreadable(
            "the action is no question to the bot".to_owned(),
        ));
    };
    let deal = dialog.deal_facts();
    let recent = dialog.recent.iter().filter_map(|message| message.text);
    let booking = deal.into_iter().flat_map(deal_texts);
    let said = recent.chain(*manager_note).chain(booking);
    let words = Words::read(flow, tenant, said.chain(contact_texts(dialog))).await?;
    let mut messages = Vec::new();
    for id in asked {
        let at = seen(dialog, id);
        let text = at.and_then(|message| words.owned(message.text?));
        let attachments = dialog
            .unanswered
            .iter()
            .find(|message| message.id == *id)
            .map(|message| message.understood.attachments.clone());
        messages.push(BotMessage {
            id: id.clone(),
            text: text.unwrap_or_default(),
            attachments: attachments.unwrap_or_default(),
            at: rfc3339(at.map_or(dialog.last_at, |message| message.at)),
        });
    }
    let mut history = Vec::new();
    for message in dialog.recent.iter().filter(|m| !asked.contains(&m.id)) {
        if let Some(text) = message.text.and_then(|text| words.owned(text)) {
            history.push(BotHistory {
                from: match message.from {
                    From::Guest => "guest",
                    From::Bot => "bot",
                    From::Manager => "manager",
                    From::Bulk | From::Robot => "bulk",
                }
                .to_owned(),
                text,
                at: rfc3339(message.at),
            });
        }
    }
    Ok(BotRequest {
        turn_id: TurnId(turn.0.clone()),
        dialog: dialog.id.clone(),
        introduce: *introduce,
        manager_note: manager_note.and_then(|note| words.owned(note)),
        messages,
        contact: contact(dialog, &words),
        deal: deal.map(|deal| bot_deal(deal, &words)),
        facts: dialog
            .episode
            .as_ref()
            .map(|episode| episode.facts.clone())
            .unwrap_or_default(),
        history,
        policy: BotPolicy {
            texts: rules.policy.texts.clone(),
            triggers: rules
                .policy
                .triggers
                .iter()
                .map(|trigger| trigger.id.clone())
                .collect(),
            collect: dialog
                .stage()
                .and_then(|key| rules.policy.stage(key))
                .map(|stage| stage.collect.clone())
                .unwrap_or_default(),
            bot_name: rules.policy.bot_name.clone(),
            organisation: rules.policy.organisation.clone(),
            booking: bot_booking(&rules.policy, dialog),
        },
    })
}

/// What the bot may ask a link for, as long as the guest has none.
fn bot_booking(policy: &Policy, dialog: &Dialog) -> Option<BotBooking> {
    let page = policy.booking.as_ref();
    let page = page.filter(|_| !is_linked(policy, dialog))?;
    Some(BotBooking {
        max_adults: page.max_adults,
        categories: page.categories.keys().cloned().collect(),
        programmes: page.programmes.keys().cloned().collect(),
    })
}

/// The texts that [`bot_deal`] needs.
pub(super) fn deal_texts(deal: &DealFacts) -> impl Iterator<Item = TextRef> {
    let booking = &deal.booking;
    booking.category.into_iter().chain(booking.guests)
}

pub(super) fn bot_deal(deal: &DealFacts, words: &Words) -> BotDeal {
    let booking = &deal.booking;
    let day = |day: i64| Days::one(day).to_string();
    BotDeal {
        id: deal.id,
        stage: deal.stage.clone(),
        arrival: booking.days.map(|days| day(days.first)),
        departure: booking
            .days
            .filter(|days| days.last > days.first)
            .map(|days| day(days.last)),
        category: booking.category.and_then(|text| words.owned(text)),
        amount: deal.amount,
        guests: booking.guests.and_then(|text| words.owned(text)),
    }
}

fn rfc3339(at: i64) -> String {
    jiff::Timestamp::from_millisecond(at).map_or_else(|_| String::new(), |time| time.to_string())
}
