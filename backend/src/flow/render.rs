//! Words: texts for guests, tasks and notes for managers, questions for the bot. Put together when they are needed,
//! from references and the policy's texts, so that no words stand in journal, state or outbox.

use super::{Flow, Rules, Tenant};
use crate::error::StoreError;
use crate::ports::{BotContact, BotDeal, BotHistory, BotMessage, BotPolicy, BotRequest};
use std::collections::BTreeMap;
use widget_core::action::{Action, Note, SendKind, TaskResult, TaskText, TextPart};
use widget_core::dialog::{Dialog, From, SeenMessage};
use widget_core::event::DealFacts;
use widget_core::ids::{MessageId, StageKey, TextRef, TurnId};
use widget_core::policy::StageRole;
use widget_core::text::{excerpt, render};
use widget_core::time::{Days, Local};
use widget_core::trace::{Check, Lang, reason_text};
use widget_core::understand::{Facts, Programme};

/// A guest's words are quoted in tasks up to so many characters.
const QUOTE: usize = 200;
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
    let values = values(flow, tenant, rules, dialog).await?;
    let mut pieces = Vec::new();
    for part in parts {
        match part {
            TextPart::Policy(key) => {
                let template = rules.policy.texts.get(key).map_or("", String::as_str);
                pieces.push(render(template, &values));
            }
            TextPart::PolicyWith { key, deal_field } => {
                let mut values = values.clone();
                let said = one_text(flow, tenant, *deal_field).await?;
                values.insert("deal_field", said.unwrap_or_default());
                let template = rules.policy.texts.get(key).map_or("", String::as_str);
                pieces.push(render(template, &values));
            }
            TextPart::Stored(text) => pieces.extend(one_text(flow, tenant, *text).await?),
        }
    }
    pieces.retain(|piece| !piece.is_empty());
    // A handoff is one sentence after another; the intro is a line of its own.
    let separator = if kind == SendKind::Handoff { " " } else { "\n" };
    flow.store
        .put_text(tenant.account, &dialog.id, &pieces.join(separator))
        .await
}

async fn one_text(
    flow: &Flow,
    tenant: &Tenant,
    text: TextRef,
) -> Result<Option<String>, StoreError> {
    let mut texts = flow.store.texts(tenant.account, &[text]).await?;
    Ok(texts.pop().flatten())
}

async fn values(
    flow: &Flow,
    tenant: &Tenant,
    rules: &Rules,
    dialog: &Dialog,
) -> Result<BTreeMap<&'static str, String>, StoreError> {
    let contact = contact(flow, tenant, dialog).await?;
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
    Ok(BTreeMap::from([
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
    ]))
}

/// Whether a deal is one of those that a guest may mean.
fn is_active(rules: &Rules, deal: &DealFacts) -> bool {
    let stage = deal.stage.as_ref().and_then(|key| rules.policy.stage(key));
    stage.is_some_and(|stage| !matches!(stage.role, StageRole::Intent | StageRole::Reopen))
}

/// A deal as its guest would name it: by its days, or else by its stage.
fn named_deal(deal: &DealFacts) -> String {
    match deal.booking.days {
        Some(days) => named_days(days),
        None => format!("«{}»", deal.stage_name),
    }
}

fn named_days(days: Days) -> String {
    let date = |day| {
        let date = Local { day, minute: 0 }.date();
        format!("{:02}.{:02}.{}", date.day, date.month, date.year)
    };
    if days.first == days.last {
        date(days.first)
    } else {
        format!("{}–{}", date(days.first), date(days.last))
    }
}

/// The contact's names, as far as they are names.
async fn contact(flow: &Flow, tenant: &Tenant, dialog: &Dialog) -> Result<BotContact, StoreError> {
    let Some(contact) = dialog.crm.as_ref().and_then(|crm| crm.contact.as_ref()) else {
        return Ok(BotContact::default());
    };
    let is_name = |text: &String| text.chars().any(char::is_alphabetic);
    let mut known = BotContact::default();
    if let Some(name) = contact.name {
        known.name = one_text(flow, tenant, name).await?.filter(is_name);
    }
    if let Some(patronymic) = contact.patronymic {
        known.patronymic = one_text(flow, tenant, patronymic).await?.filter(is_name);
    }
    let notes = flow.store.texts(tenant.account, &contact.notes).await?;
    known.notes = notes.into_iter().flatten().collect();
    Ok(known)
}

/// How the guest is called in the CRM: the contact's name, else the channel's, else «Гость».
async fn guest_name(flow: &Flow, tenant: &Tenant, dialog: &Dialog) -> Result<String, StoreError> {
    if let Some(name) = contact(flow, tenant, dialog).await?.name {
        return Ok(name);
    }
    let guest = flow.store.guest(tenant.account, &dialog.id).await?;
    Ok(guest
        .and_then(|guest| guest.name)
        .filter(|name| name.chars().any(char::is_alphabetic))
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
    let quote = quote(flow, tenant, last).await?;
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
    match note {
        Note::Moved { from, to } => Ok(format!(
            "Бот перевёл сделку: «{}» → «{}».",
            stage_name(rules, from),
            stage_name(rules, to)
        )),
        Note::NotMoved { to, why } => {
            let skipped = Check::passed("move.skipped").with("why", why);
            let sentence = skipped.sentence().ru;
            Ok(format!(
                "{sentence}. Бот хотел: «{}».",
                stage_name(rules, to)
            ))
        }
        Note::MovedOver { stage, to } => {
            let chosen = stage.as_ref().map(|stage| stage_name(rules, stage));
            Ok(format!(
                "Сотрудник и бот перевели сделку одновременно. Сотрудник выбрал {}, бот поставил «{}». Бот сделку назад не \
                 возвращает: проверьте этап.",
                chosen.map_or_else(
                    || "этап вне правил бота".to_owned(),
                    |name| format!("«{name}»")
                ),
                stage_name(rules, to)
            ))
        }
        Note::Review { messages } => {
            let mut words = Vec::new();
            for message in messages {
                words.push(quote(flow, tenant, seen(dialog, message)).await?);
            }
            Ok(format!("Отзыв гостя: {}", words.join(" ")))
        }
        Note::Touched { text } => {
            let words = one_text(flow, tenant, *text).await?.unwrap_or_default();
            Ok(format!(
                "Финальное касание: «{}»",
                excerpt(&plain(&words), QUOTE)
            ))
        }
        Note::Undelivered { message } => {
            let words = quote(flow, tenant, seen(dialog, message)).await?;
            Ok(format!("Не доставлено гостю: {words}"))
        }
        Note::ForeignDeal { deal } => Ok(format!(
            "Позже для этого гостя появилась ещё одна сделка: {deal}. Диалог остаётся здесь"
        )),
        Note::Rebound { from } => Ok(format!("Диалог перенесён из сделки {from}")),
        Note::Handoff {
            reason,
            message,
            bot_note,
        } => {
            let mut lines = vec![format!(
                "Передано менеджеру: {}",
                reason_text(reason, Lang::Ru)
            )];
            if let Some(message) = message.as_ref().and_then(|id| seen(dialog, id)) {
                lines.push(format!(
                    "Гость: {}",
                    quote(flow, tenant, Some(message)).await?
                ));
            }
            if let Some(facts) = dialog.episode.as_ref().map(|episode| &episode.facts)
                && let Some(known) = facts_line(facts)
            {
                lines.push(format!("Известно: {known}"));
            }
            if let Some(bot_note) = bot_note
                && let Some(words) = one_text(flow, tenant, *bot_note).await?
            {
                lines.push(format!("Бот: {}", excerpt(&words, QUOTE)));
            }
            let last = dialog.recent.len().saturating_sub(NOTE_MESSAGES);
            lines.push("Последние сообщения:".to_owned());
            for message in &dialog.recent[last..] {
                let who = match message.from {
                    From::Guest => "Гость",
                    From::Bot => "Бот",
                    From::Manager => "Менеджер",
                    From::Bulk => "Рассылка",
                    From::Robot => "Робот",
                };
                let time = clock_time(rules, message.at);
                let words = quote(flow, tenant, Some(message)).await?;
                lines.push(format!("{time} {who}: {words}"));
            }
            Ok(lines.join("\n"))
        }
    }
}

fn facts_line(facts: &Facts) -> Option<String> {
    let mut known = Vec::new();
    if let Some(guests) = facts.guests {
        known.push(format!("гостей: {guests}"));
    }
    if let Some(age) = facts.youngest_child {
        known.push(format!("младшему ребёнку: {age}"));
    }
    if let Some(rooms) = facts.rooms {
        known.push(format!("номеров: {rooms}"));
    }
    if facts.pet == Some(true) {
        known.push("с питомцем".to_owned());
    }
    if let Some(days) = facts.dates {
        known.push(named_days(days));
    }
    if let Some(nights) = facts.nights {
        known.push(format!("ночей: {nights}"));
    }
    if let Some(programme) = facts.programme {
        known.push(
            match programme {
                Programme::Treatment => "с лечением",
                Programme::Wellness => "оздоровительная программа",
                Programme::Rest => "без лечения",
            }
            .to_owned(),
        );
    }
    (!known.is_empty()).then(|| known.join(", "))
}

fn seen<'a>(dialog: &'a Dialog, id: &MessageId) -> Option<&'a SeenMessage> {
    dialog.recent.iter().find(|message| message.id == *id)
}

async fn quote(
    flow: &Flow,
    tenant: &Tenant,
    message: Option<&SeenMessage>,
) -> Result<String, StoreError> {
    let text = match message.and_then(|message| message.text) {
        Some(text) => one_text(flow, tenant, text).await?,
        None => None,
    };
    Ok(match text {
        Some(text) => format!("«{}»", excerpt(&plain(&text), QUOTE)),
        None => "вложение без текста".to_owned(),
    })
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
    let mut messages = Vec::new();
    for id in asked {
        let at = seen(dialog, id);
        let text = match at.and_then(|message| message.text) {
            Some(text) => one_text(flow, tenant, text).await?,
            None => None,
        };
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
        let Some(text) = message.text else { continue };
        if let Some(text) = one_text(flow, tenant, text).await? {
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
    let manager_note = match manager_note {
        Some(note) => one_text(flow, tenant, *note).await?,
        None => None,
    };
    Ok(BotRequest {
        turn_id: TurnId(turn.0.clone()),
        dialog: dialog.id.clone(),
        introduce: *introduce,
        manager_note,
        messages,
        contact: contact(flow, tenant, dialog).await?,
        deal: match dialog.deal_facts() {
            Some(deal) => Some(bot_deal(flow, tenant, deal).await?),
            None => None,
        },
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
        },
    })
}

async fn bot_deal(flow: &Flow, tenant: &Tenant, deal: &DealFacts) -> Result<BotDeal, StoreError> {
    let booking = &deal.booking;
    let day = |day: i64| Days::one(day).to_string();
    let text = async |text: Option<TextRef>| match text {
        Some(text) => one_text(flow, tenant, text).await,
        None => Ok(None),
    };
    Ok(BotDeal {
        id: deal.id,
        stage: deal.stage.clone(),
        arrival: booking.days.map(|days| day(days.first)),
        departure: booking
            .days
            .filter(|days| days.last > days.first)
            .map(|days| day(days.last)),
        category: text(booking.category).await?,
        amount: deal.amount,
        guests: text(booking.guests).await?,
    })
}

fn rfc3339(at: i64) -> String {
    jiff::Timestamp::from_millisecond(at).map_or_else(|_| String::new(), |time| time.to_string())
}
