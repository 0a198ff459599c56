//! A difference in words: what happened, how it was decided, how it would be, and why.
//!
//! Kinds that are not known here are named as the journal names them.

use super::local;
use crate::app::replay::Judged;
use jiff::tz::TimeZone;
use serde::Serialize;
use serde_json::Value;
use std::collections::BTreeSet;
use std::fmt::Write;
use widget_core::action::{Action, SendKind, TaskKind, TextPart};
use widget_core::change::Change;
use widget_core::decide::Decision;
use widget_core::event::{Done, Event, FieldValue, Timer};
use widget_core::owner::{Owner, OwnerView, Reason};
use widget_core::replay::Difference;
use widget_core::trace::{Lang, reason_text};
use widget_core::wire::WhyMark;

/// A difference for people: several lines, an empty one at the end.
pub(super) fn told(
    judged: &Judged,
    difference: &Difference,
    kind: &str,
    zone: &TimeZone,
) -> String {
    let (account, dialog) = (judged.dialog.account, &judged.dialog.dialog);
    let (seq, version) = (difference.seq, difference.policy_version);
    let (recorded, other) = (&difference.recorded, &difference.other);
    let at = local(difference.at, zone).map_or_else(String::new, |at| {
        at.strftime("%d.%m.%Y %H:%M:%S").to_string()
    });
    let mut told = format!(
        "Аккаунт {account}, диалог {dialog}, запись {seq}, {at}, правила версии {version}: {kind}\n"
    );
    let mut line = |title: &str, text: &str| {
        if !text.is_empty() {
            // A String takes everything.
            let _ = writeln!(told, "  {title}: {text}");
        }
    };
    let (was, becomes) = (outcome(recorded, zone), outcome(other, zone));
    line("что случилось", &happened(&difference.event, zone));
    line("было", &was);
    line("стало", &becomes);
    if was == becomes {
        line("разница в записи", &changed(recorded, other));
    }
    line("почему было", &why(recorded));
    line("почему стало", &why(other));
    told
}

/// The value's own name in the journal.
pub(super) fn tag<T: Serialize>(value: &T, key: &str) -> String {
    let json = serde_json::to_value(value).unwrap_or_default();
    let name = match &json {
        Value::String(name) => Some(name.as_str()),
        json => json[key].as_str(),
    };
    name.unwrap_or_default().to_owned()
}

// ---------------------------------------------------------------- the kind of a difference

/// What a decision is, above all: the weightiest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Head {
    Handoff,
    Take,
    Return,
    Answer,
    Clarify,
    Notice,
    Question,
    NewDeal,
    Move,
    Work,
    Read,
    Wait,
    Silence,
}

impl Head {
    /// What it is called, and instead of what another thing is done.
    fn words(self) -> (&'static str, &'static str) {
        match self {
            Head::Handoff => ("передача", "передачи"),
            Head::Take => ("взятие", "взятия"),
            Head::Return => ("возврат боту", "возврата боту"),
            Head::Answer => ("ответ", "ответа"),
            Head::Clarify => ("уточнение", "уточнения"),
            Head::Notice => ("сообщение гостю", "сообщения гостю"),
            Head::Question => ("вопрос боту", "вопроса боту"),
            Head::NewDeal => ("новая сделка", "новой сделки"),
            Head::Move => ("перевод сделки", "перевода сделки"),
            Head::Work => ("запись в amoCRM", "записи в amoCRM"),
            Head::Read => ("чтение amoCRM", "чтения amoCRM"),
            Head::Wait => ("ожидание", "ожидания"),
            Head::Silence => ("молчание", "молчания"),
        }
    }
}

/// The kind of a difference, such as «передача вместо ответа».
pub(super) fn kind(difference: &Difference) -> String {
    let (recorded, other) = (&difference.recorded, &difference.other);
    let (was, becomes) = (head(recorded), head(other));
    if was != becomes {
        return format!("{} вместо {}", becomes.words().0, was.words().1);
    }
    let id = |decision| reason(decision).map(|reason| reason.id);
    let detail = if id(recorded) != id(other) {
        "другая причина"
    } else if reason(recorded) != reason(other) {
        // The same is done; the sentence of the reason names another limit.
        "другие числа в причине"
    } else if sends(recorded) != sends(other) {
        "другой текст"
    } else if recorded.actions != other.actions {
        "другие действия"
    } else if timers(recorded) != timers(other) {
        "другие сроки"
    } else {
        "другая запись"
    };
    format!("{}: {detail}", was.words().0)
}

fn head(decision: &Decision) -> Head {
    if let Some(view) = owner(decision) {
        return match view.owner {
            Owner::Waiting { .. } => Head::Handoff,
            Owner::Manager { .. } => Head::Take,
            Owner::Bot => Head::Return,
        };
    }
    let of_action = |action: &Action| match action {
        Action::Send { kind, .. } => match kind {
            SendKind::Answer => Head::Answer,
            SendKind::Clarify => Head::Clarify,
            _ => Head::Notice,
        },
        Action::AskBot { .. } => Head::Question,
        Action::CreateContact | Action::CreateDeal { .. } => Head::NewDeal,
        Action::MoveDeal { .. } => Head::Move,
        Action::ReadCrm => Head::Read,
        _ => Head::Work,
    };
    let heads = decision.actions.iter().map(of_action);
    heads.min().unwrap_or(if timers(decision).is_empty() {
        Head::Silence
    } else {
        Head::Wait
    })
}

fn owner(decision: &Decision) -> Option<&OwnerView> {
    decision
        .changes
        .iter()
        .rev()
        .find_map(|change| match change {
            Change::OwnerSet(view) => Some(view),
            _ => None,
        })
}

fn reason(decision: &Decision) -> Option<&Reason> {
    match &owner(decision)?.owner {
        Owner::Waiting { reason, .. } => Some(reason),
        _ => None,
    }
}

fn sends(decision: &Decision) -> Vec<&Action> {
    let is_send = |action: &&Action| matches!(action, Action::Send { .. });
    decision.actions.iter().filter(is_send).collect()
}

fn timers(decision: &Decision) -> Vec<(Timer, i64)> {
    let armed = |change: &Change| match change {
        Change::TimerArmed { timer, due, .. } => Some((*timer, *due)),
        _ => None,
    };
    decision.changes.iter().filter_map(armed).collect()
}

// ---------------------------------------------------------------- sentences

/// A decision in one line.
fn outcome(decision: &Decision, zone: &TimeZone) -> String {
    let mut parts = Vec::new();
    if let Some(view) = owner(decision) {
        parts.push(match &view.owner {
            Owner::Bot => "ведёт бот".to_owned(),
            Owner::Waiting { reason, .. } => {
                format!("передача менеджеру («{}»)", reason_text(reason, Lang::Ru))
            }
            Owner::Manager { user: None, .. } => "ведёт сотрудник".to_owned(),
            Owner::Manager {
                user: Some(user), ..
            } => format!("ведёт пользователь {user}"),
        });
    }
    parts.extend(decision.actions.iter().map(|action| to_do(action, zone)));
    for (timer, due) in timers(decision) {
        parts.push(format!("{}: до {}", timer_name(timer), moment(due, zone)));
    }
    if parts.is_empty() {
        return if decision.changes.is_empty() {
            "ничего не меняется".to_owned()
        } else {
            "ничего не делается, только запись".to_owned()
        };
    }
    parts.join("; ")
}

fn to_do(action: &Action, zone: &TimeZone) -> String {
    match action {
        Action::AskBot { messages, .. } => format!("вопрос боту, сообщений: {}", messages.len()),
        Action::Send { parts, .. } => {
            let parts = parts.iter().map(|part| match part {
                TextPart::Policy(key) | TextPart::PolicyWith { key, .. } => format!("«{key}»"),
                TextPart::Stored(_) => "текст бота".to_owned(),
            });
            format!("гостю: {}", parts.collect::<Vec<_>>().join(" + "))
        }
        Action::CreateTask { kind, due_at, .. } => {
            format!("задача {} до {}", task_name(*kind), moment(*due_at, zone))
        }
        Action::AssignTask { to, .. } => format!("задача пользователю {to}"),
        Action::MoveDeal { from, to, .. } => format!("сделка: {from} → {to}"),
        Action::SetOwnerField { value, .. } => {
            format!("поле «Ведёт диалог»: «{}»", field_name(*value))
        }
        other => {
            let name = tag(other, "action");
            match name.as_str() {
                "read_crm" => "чтение amoCRM",
                "set_task_text" => "новый текст задачи",
                "complete_task" => "задача закрыта",
                "create_contact" => "новый контакт",
                "create_deal" => "новая сделка",
                "tag_contact" => "теги контакта",
                "add_note" => "примечание в сделке",
                name => name,
            }
            .to_owned()
        }
    }
}

fn task_name(kind: TaskKind) -> &'static str {
    match kind {
        TaskKind::Whatsapp => "«WhatsApp»",
        TaskKind::Contact => "«Связаться»",
    }
}

fn timer_name(timer: Timer) -> String {
    match tag(&timer, "").as_str() {
        "burst" => "пауза гостя",
        "claim_grace" => "ожидание сделки от amoCRM",
        "auto_return" => "автовозврат",
        "episode_idle" => "конец обращения",
        name => name,
    }
    .to_owned()
}

fn field_name(value: FieldValue) -> &'static str {
    match value {
        FieldValue::Empty => "пусто",
        FieldValue::Bot => "Бот",
        FieldValue::Waiting => "Ждёт менеджера",
        FieldValue::Manager => "Менеджер",
    }
}

fn moment(at: i64, zone: &TimeZone) -> String {
    local(at, zone).map_or_else(String::new, |at| at.strftime("%d.%m %H:%M:%S").to_string())
}

/// What happened, in words where there are any.
fn happened(event: &Event, zone: &TimeZone) -> String {
    let name = tag(event, "type");
    let words = match name.as_str() {
        "guest_wrote" => "гость написал",
        "guest_edited" => "гость изменил сообщение",
        "guest_deleted" => "гость удалил сообщение",
        "outgoing_seen" => "гостю ушло сообщение",
        "crm_read" => "прочитаны контакт и сделки в amoCRM",
        "bot_answered" => "бот ответил",
        "bot_failed" => "бот не ответил",
        "action_done" => "действие выполнено",
        "action_failed" => "действие не удалось",
        "manager_took" => "кнопка «Взять диалог»",
        "take_undone" => "взятие отменено",
        "card_opened" => "открыта сделка",
        "returned" => "кнопка «Вернуть боту»",
        "dismissed" => "«Ответ не нужен»",
        "field_changed" => "изменено поле «Ведёт диалог»",
        "deal_changed" => "изменена сделка",
        "task_changed" => "изменена задача",
        "unreadable" => "событие не прочитано",
        "erased" => "данные гостя стёрты",
        "timer_fired" => "настал срок",
        other => other,
    };
    match event {
        Event::TimerFired { timer, .. } => format!("{words}: {}", timer_name(*timer)),
        Event::ActionDone { done, .. } => format!("{words}: {}", done_name(done)),
        Event::ActionFailed { what, .. } => format!("{words}: {}", to_do(what, zone)),
        _ => words.to_owned(),
    }
}

fn done_name(done: &Done) -> String {
    match tag(done, "done").as_str() {
        "sent" => "сообщение отправлено",
        "task_created" => "поставлена задача",
        "contact_created" => "создан контакт",
        "deal_created" => "создана сделка",
        "deal_moved" => "сделка переведена",
        "move_stale" => "сделка уже на другом этапе",
        "field_set" => "записано поле «Ведёт диалог»",
        "plain" => "записано",
        name => name,
    }
    .to_owned()
}

/// The sentences of the checks that decided.
fn why(decision: &Decision) -> String {
    let decided = decision
        .trace
        .iter()
        .filter(|check| check.mark == WhyMark::Decided);
    let sentences: Vec<_> = decided.map(|check| check.sentence().ru).collect();
    sentences.join(". ")
}

/// The names of changes and actions that only one of the two has.
fn changed(recorded: &Decision, other: &Decision) -> String {
    let changes = |one: &Decision, two: &Decision| -> BTreeSet<String> {
        let only = one
            .changes
            .iter()
            .filter(|change| !two.changes.contains(change));
        let actions = one
            .actions
            .iter()
            .filter(|action| !two.actions.contains(action));
        only.map(|change| tag(change, "change"))
            .chain(actions.map(|action| tag(action, "action")))
            .collect()
    };
    let mut names = changes(recorded, other);
    names.extend(changes(other, recorded));
    names.into_iter().collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use widget_core::owner::ReasonId;

    fn handoff(reason: ReasonId) -> Decision {
        Decision {
            changes: vec![Change::OwnerSet(OwnerView {
                owner: Owner::Waiting {
                    since: 0,
                    reason: Reason::from(reason),
                },
                epoch: 1,
            })],
            actions: vec![Action::Send {
                kind: SendKind::Handoff,
                parts: vec![
                    TextPart::Policy("handoff".to_owned()),
                    TextPart::Policy("work_hours".to_owned()),
                ],
                epoch: 1,
            }],
            trace: Vec::new(),
        }
    }

    fn question() -> Decision {
        Decision {
            actions: vec![
                Action::ReadCrm,
                Action::AskBot {
                    turn: "t1".into(),
                    messages: vec!["m1".into(), "m2".into()],
                    introduce: true,
                    manager_note: None,
                },
            ],
            ..Decision::default()
        }
    }

    fn burst(due: i64) -> Decision {
        Decision {
            changes: vec![Change::TimerArmed {
                timer: Timer::Burst,
                due,
                generation: 1,
            }],
            ..Decision::default()
        }
    }

    fn kind_of(recorded: Decision, other: Decision) -> String {
        kind(&Difference {
            seq: 1,
            at: 0,
            policy_version: 1,
            event: Event::Unreadable,
            recorded,
            other,
        })
    }

    #[test]
    fn a_kind_says_what_is_done_instead_of_what() {
        for (recorded, other, expected) in [
            (
                question(),
                handoff(ReasonId::Pet),
                "передача вместо вопроса боту",
            ),
            (
                handoff(ReasonId::Pet),
                question(),
                "вопрос боту вместо передачи",
            ),
            (Decision::default(), burst(5), "ожидание вместо молчания"),
            (burst(4), burst(5), "ожидание: другие сроки"),
            (
                handoff(ReasonId::Pet),
                handoff(ReasonId::Urgent),
                "передача: другая причина",
            ),
        ] {
            assert_eq!(kind_of(recorded, other), expected);
        }
        let mut six = handoff(ReasonId::GuestsOver4);
        let Change::OwnerSet(OwnerView {
            owner: Owner::Waiting { reason, .. },
            ..
        }) = &mut six.changes[0]
        else {
            panic!("a handoff changes the owner");
        };
        reason.values.insert("max".to_owned(), "5".to_owned());
        assert_eq!(
            kind_of(handoff(ReasonId::GuestsOver4), six),
            "передача: другие числа в причине"
        );
        let mut off_hours = handoff(ReasonId::Pet);
        off_hours.actions.clear();
        assert_eq!(
            kind_of(handoff(ReasonId::Pet), off_hours),
            "передача: другой текст"
        );
    }

    #[test]
    fn an_outcome_is_one_line() {
        let zone = TimeZone::get("Europe/Moscow").unwrap();
        assert_eq!(
            outcome(&handoff(ReasonId::Pet), &zone),
            "передача менеджеру («Заезд с питомцем»); гостю: «handoff» + «work_hours»"
        );
        assert_eq!(
            outcome(&question(), &zone),
            "чтение amoCRM; вопрос боту, сообщений: 2"
        );
        assert_eq!(
            outcome(&burst(1_794_988_804_000), &zone),
            "пауза гостя: до 18.11 11:00:04"
        );
        assert_eq!(outcome(&Decision::default(), &zone), "ничего не меняется");
    }
}
