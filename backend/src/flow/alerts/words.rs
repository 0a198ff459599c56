//! What people are told of an incident, in Russian and English (reference: UI texts §6 and §12).

use crate::ports::{AlertKind, Incident};
use widget_core::time::Zone;

/// A sentence in both languages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sentence {
    /// Russian.
    pub ru: String,
    /// English.
    pub en: String,
}

fn both(ru: impl Into<String>, en: impl Into<String>) -> Sentence {
    Sentence {
        ru: ru.into(),
        en: en.into(),
    }
}

/// The banner of an incident: two lines of a card, 70 characters.
pub(super) fn banner(incident: &Incident, zone: &Zone) -> Sentence {
    let time = clock_time(incident.begun, zone);
    match incident.kind {
        AlertKind::ChannelOff => both(
            "WhatsApp отключён в Pact. Гости не получают сообщений.",
            "WhatsApp is off in Pact. Guests get no messages.",
        ),
        AlertKind::PactRefused => both(
            "Pact не принимает запросы. Гости не получают сообщений.",
            "Pact refuses our calls. Guests get no messages.",
        ),
        AlertKind::NeedsReauth => both(
            "Подключение к amoCRM закончилось. Новых задач не будет.",
            "The amoCRM connection ended. No new tasks.",
        ),
        AlertKind::AmocrmRefused => both(
            "amoCRM не принимает запросы. Задачи и поля появятся позже.",
            "amoCRM refuses our calls. Tasks and fields will follow.",
        ),
        AlertKind::BotDown => both(
            format!("Бот недоступен с {time}. Диалоги идут менеджерам."),
            format!("The bot is down since {time}. Dialogs go to managers."),
        ),
        AlertKind::SendFailed => both(
            format!("С {time} не все сообщения доходят до гостей."),
            format!("Since {time} some messages do not reach guests."),
        ),
        AlertKind::HandoffFailed => both(
            format!("С {time} есть передача без задачи. Проверьте диалоги."),
            format!("Since {time} a handoff lacks its task. Check the dialogs."),
        ),
        AlertKind::OutboxLate if incident.detail == SENDS => both(
            "Сообщения гостям уходят с задержкой.",
            "Messages to guests leave late.",
        ),
        AlertKind::OutboxLate => both(
            "amoCRM отвечает медленно. Задачи и поля появятся позже.",
            "amoCRM is slow. Tasks and fields will follow.",
        ),
        AlertKind::HookOff => both(
            "Уведомления были отключены. Сообщения могли опоздать.",
            "Notifications were off. Messages may be late.",
        ),
        AlertKind::NoEvents => both(
            format!("Из Pact давно нет сообщений, проверка с {time}."),
            format!("No messages from Pact for long, noticed at {time}."),
        ),
        AlertKind::TokenEnds => both(
            "Скоро закончится доступ к amoCRM. Сообщите администратору.",
            "Access to amoCRM ends soon. Tell the administrator.",
        ),
    }
}

/// Detail of late texts to guests.
pub(super) const SENDS: &str = "send";

/// What is wrong.
pub(super) fn problem(kind: AlertKind, detail: &str) -> Sentence {
    words(kind, detail).0
}

/// What is to be done about it.
pub(super) fn fix(kind: AlertKind, detail: &str) -> Sentence {
    words(kind, detail).1
}

fn words(kind: AlertKind, detail: &str) -> (Sentence, Sentence) {
    match kind {
        AlertKind::ChannelOff => (
            both(
                "WhatsApp отключён в Pact, гости не получают сообщений",
                "WhatsApp is off in Pact, guests get no messages",
            ),
            both(
                "в Pact откройте канал WhatsApp и подключите его заново",
                "open the WhatsApp channel in Pact and connect it again",
            ),
        ),
        AlertKind::PactRefused => (
            both(
                format!("Pact отклоняет все запросы (код {detail}), сообщения гостям ждут"),
                format!("Pact refuses all calls (status {detail}), messages to guests wait"),
            ),
            both(
                "проверьте в Pact оплату, доступ к API и токен компании",
                "check the payment, the API access and the company's token in Pact",
            ),
        ),
        AlertKind::NeedsReauth => (
            both(
                "подключение к amoCRM закончилось, новых задач не будет",
                "the amoCRM connection ended, there are no new tasks",
            ),
            both(
                "подключите amoCRM заново: ссылку печатает команда estafeta connect",
                "connect amoCRM again: `estafeta connect` prints the link",
            ),
        ),
        AlertKind::AmocrmRefused => (
            both(
                format!("amoCRM отклоняет все запросы (код {detail}), задачи и поля ждут"),
                format!("amoCRM refuses all calls (status {detail}), tasks and fields wait"),
            ),
            both(
                "проверьте оплату amoCRM и не ограничен ли доступ к API; запросы повторятся сами",
                "check amoCRM's payment and whether its API is restricted; calls are repeated by themselves",
            ),
        ),
        AlertKind::BotDown => (
            both(
                "бот не отвечает, диалоги идут менеджерам",
                "the bot does not answer, dialogs go to managers",
            ),
            both(
                "проверьте сервер бота командой estafeta bot-check",
                "check the bot's server with `estafeta bot-check`",
            ),
        ),
        AlertKind::SendFailed => (
            both(
                "сообщение гостю не доставлено",
                "a message to a guest was not delivered",
            ),
            both(
                "найдите диалоги с отметкой «Не доставлено» и ответьте гостям сами",
                "find the dialogs marked as not delivered and answer the guests yourselves",
            ),
        ),
        AlertKind::HandoffFailed => (
            both(
                "при передаче менеджеру не создана задача или не ушло сообщение",
                "a handoff lacks its task or its message",
            ),
            both(
                "проверьте, все ли гости со статусом «Ждёт менеджера» получили ответ",
                "check that all guests who wait for a manager were answered",
            ),
        ),
        AlertKind::OutboxLate if detail == SENDS => (
            both(
                "сообщения гостям ждут отправки больше 5 минут",
                "messages to guests have waited for more than 5 minutes",
            ),
            both(
                "проверьте, отвечает ли Pact, и нет ли ошибок в estafeta log",
                "check whether Pact answers, and `estafeta log` for errors",
            ),
        ),
        AlertKind::OutboxLate => (
            both(
                "записи в amoCRM ждут больше 5 минут",
                "writes to amoCRM have waited for more than 5 minutes",
            ),
            both(
                "проверьте, отвечает ли amoCRM, и нет ли ошибок в estafeta log",
                "check whether amoCRM answers, and `estafeta log` for errors",
            ),
        ),
        AlertKind::HookOff => (
            both(
                format!("{detail} отключал уведомления для Эстафеты, они включены снова"),
                format!(
                    "{detail} had switched its notifications to Estafeta off, they are on again"
                ),
            ),
            both(
                "проверьте, открывается ли адрес Эстафеты снаружи без ошибок",
                "check that Estafeta's address answers from outside without errors",
            ),
        ),
        AlertKind::NoEvents => (
            both(
                "из Pact давно нет ни одного сообщения в рабочее время",
                "no event has come from Pact for long in working hours",
            ),
            both(
                "напишите в WhatsApp сами; если сообщение не видно, проверьте канал и веб-хук в Pact",
                "write to WhatsApp yourself; if it does not show, check channel and webhook in Pact",
            ),
        ),
        AlertKind::TokenEnds => (
            both(
                format!("долгосрочный токен amoCRM действует до {detail}"),
                format!("the long-lived token of amoCRM ends on {detail}"),
            ),
            both(
                "выпустите новый токен во вкладке «Ключи и доступы» интеграции и замените его в настройках",
                "make a new token on the integration's tab of keys and put it into the settings",
            ),
        ),
    }
}

/// The task that tells that an incident has begun; of one that is over already, that too.
pub(super) fn task(incident: &Incident, zone: &Zone) -> String {
    let (problem, fix) = words(incident.kind, &incident.detail);
    let mut text = format!("Эстафета: {}. Что сделать: {}.", problem.ru, fix.ru);
    if let Some(ended) = incident.ended {
        let (from, to) = (clock_time(incident.begun, zone), clock_time(ended, zone));
        text = format!("{text} Началось в {from}, прошло в {to}.");
    }
    text
}

/// How the task is closed when an incident is over.
pub(super) fn over(incident: &Incident, zone: &Zone) -> Sentence {
    let time = clock_time(incident.ended.unwrap_or(incident.seen), zone);
    both(
        format!("Снова в порядке с {time}"),
        format!("In order again since {time}"),
    )
}

fn clock_time(at: i64, zone: &Zone) -> String {
    let minute = zone.local(at).minute;
    format!("{:02}:{:02}", minute / 60, minute % 60)
}

#[cfg(test)]
mod tests {
    use super::*;
    use widget_core::ids::AccountId;

    /// What two lines of a card hold (reference: UI texts, heads of the tables).
    const LINES: usize = 70;

    fn incident(kind: AlertKind, detail: &str) -> Incident {
        Incident {
            id: 1,
            account: AccountId(1),
            kind,
            detail: detail.to_owned(),
            begun: 1_794_988_800_000,
            seen: 1_794_988_800_000,
            calm: 0,
            ended: None,
        }
    }

    fn zone() -> Zone {
        Zone {
            transitions: vec![(0, 3 * 3600)],
        }
    }

    #[test]
    fn behaviour_5_alerts_every_kind_has_a_banner_of_two_lines_a_problem_and_what_to_do() {
        for kind in AlertKind::ALL {
            for detail in ["403", SENDS] {
                let incident = incident(*kind, detail);
                let shown = banner(&incident, &zone());
                for text in [&shown.ru, &shown.en] {
                    assert!(text.chars().count() <= LINES, "{text}");
                    assert!(text.ends_with('.'), "{text}");
                }
                let (problem, fix) = words(*kind, detail);
                for text in [problem.ru, problem.en, fix.ru, fix.en] {
                    assert!(!text.is_empty() && !text.ends_with('.'), "{text}");
                }
            }
        }
    }

    #[test]
    fn a_task_says_what_to_do_and_of_what_is_over_when_it_was() {
        let mut bot = incident(AlertKind::BotDown, "");
        let text = task(&bot, &zone());
        assert_eq!(
            text,
            "Эстафета: бот не отвечает, диалоги идут менеджерам. Что сделать: проверьте сервер бота командой estafeta bot-check."
        );
        bot.ended = Some(bot.begun + 20 * 60_000);
        assert!(task(&bot, &zone()).ends_with("Началось в 11:00, прошло в 11:20."));
        assert_eq!(over(&bot, &zone()).ru, "Снова в порядке с 11:20");
    }
}
