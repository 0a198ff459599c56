//! Why a decision came out as it did: ordered checks with their values. Sentences are made on display.

use crate::owner::{Reason, ReasonId};
use crate::text;
use crate::wire::{WhyLine, WhyMark};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A language of the product.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lang {
    /// Russian.
    Ru,
    /// English.
    En,
}

/// One check of a decision.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Check {
    /// Which rule.
    pub rule: String,
    /// How it ended.
    pub mark: WhyMark,
    /// The values it looked at; never a text, name or phone of a guest.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub values: BTreeMap<String, String>,
}

impl Check {
    /// A check that looked and went on.
    pub fn passed(rule: &str) -> Self {
        Self::new(rule, WhyMark::Passed)
    }

    /// The check that decided.
    pub fn decided(rule: &str) -> Self {
        Self::new(rule, WhyMark::Decided)
    }

    fn new(rule: &str, mark: WhyMark) -> Self {
        Self {
            rule: rule.to_owned(),
            mark,
            values: BTreeMap::new(),
        }
    }

    /// The same check with one more value.
    #[must_use]
    #[expect(
        clippy::needless_pass_by_value,
        reason = "a number or name is given as it is at hand"
    )]
    pub fn with(mut self, name: &str, value: impl ToString) -> Self {
        self.values.insert(name.to_owned(), value.to_string());
        self
    }

    /// The check as a manager reads it. `user` and `by` may be a user's number or, put there before display, a name.
    pub fn sentence(&self) -> WhyLine {
        WhyLine {
            mark: self.mark,
            ru: self.say(Lang::Ru),
            en: self.say(Lang::En),
        }
    }

    fn say(&self, lang: Lang) -> String {
        // A rule of a newer version: its name says more than silence.
        let Some((_, ru, en)) = LINES.iter().find(|(rule, ..)| *rule == self.rule) else {
            return match lang {
                Lang::Ru => format!("Правило «{}»", self.rule),
                Lang::En => format!("Rule «{}»", self.rule),
            };
        };
        let mut words: BTreeMap<&str, String> = self
            .values
            .iter()
            .map(|(name, value)| (name.as_str(), word(name, value, lang)))
            .collect();
        for person in ["user", "by"] {
            words
                .entry(person)
                .or_insert_with(|| word(person, "unknown", lang));
        }
        words.insert("reason", self.reason(lang));
        capitalised(&text::render(lang.of(ru, en), &words))
    }

    /// The reason that a trigger or the bot names, with the trigger's own values in it.
    fn reason(&self, lang: Lang) -> String {
        let id = self
            .values
            .get("reason")
            .and_then(|id| ReasonId::ALL.iter().find(|known| known.as_str() == id));
        let mut reason = Reason::from(id.copied().unwrap_or(ReasonId::Unknown));
        reason.values = self.values.clone();
        for (theirs, ours) in [("value", "n"), ("value", "age"), ("limit", "max")] {
            if let Some(value) = self.values.get(theirs) {
                reason
                    .values
                    .entry(ours.to_owned())
                    .or_insert_with(|| value.clone());
            }
        }
        reason_text(&reason, lang)
    }
}

impl Lang {
    /// The words of this language.
    pub(crate) fn of<T>(self, ru: T, en: T) -> T {
        match self {
            Lang::Ru => ru,
            Lang::En => en,
        }
    }
}

/// The sentence of a reason, with its values (`n`, `max`, `age`, `stage`, `name`, `length`, `file`; for an attachment
/// alone its `kind`). A reason without them gets a sentence that needs none.
pub fn reason_text(reason: &Reason, lang: Lang) -> String {
    let kind = reason.values.get("kind").map_or("", String::as_str);
    let values: BTreeMap<&str, String> = reason
        .values
        .iter()
        .filter(|(_, value)| !value.trim().is_empty())
        .map(|(name, value)| (name.as_str(), value.clone()))
        .collect();
    let complete = |template: &&str| {
        text::placeholders(template)
            .is_ok_and(|names| names.iter().all(|name| values.contains_key(name)))
    };
    let sentences = reason_sentences(reason.id, kind);
    let template = sentences
        .iter()
        .map(|(ru, en)| lang.of(*ru, *en))
        .find(complete);
    text::render(template.unwrap_or_default(), &values)
}

/// Sentences of a reason in Russian and English, the fullest first; the last needs no value.
fn reason_sentences(id: ReasonId, kind: &str) -> &'static [(&'static str, &'static str)] {
    match id {
        ReasonId::HumanRequest => &[("Просит человека", "Asks for a person")],
        ReasonId::Complaint => &[("Жалоба", "Complaint")],
        ReasonId::Urgent => &[("Срочно: нужна помощь", "Urgent: needs help")],
        ReasonId::ReceiptSent => &[("Чек об оплате", "Payment receipt")],
        ReasonId::PaidNotice => &[("Сообщает об оплате", "Says it is paid")],
        ReasonId::PaymentCheck => &[("Просит проверить оплату", "Asks to check a payment")],
        ReasonId::PaymentStatus => &[(
            "Спрашивает, дошла ли оплата",
            "Asks whether the payment arrived",
        )],
        ReasonId::RefundStatus => &[("Спрашивает о возврате", "Asks about a refund")],
        ReasonId::PaymentLinkAgain => {
            &[("Нужна новая ссылка на оплату", "Needs a new payment link")]
        }
        ReasonId::RefundLinkAgain => &[("Нужен повторный возврат", "Needs the refund made again")],
        ReasonId::AttachmentOnly => match kind {
            "voice" => &[
                ("Голосовое сообщение, {length}", "Voice message, {length}"),
                ("Голосовое сообщение", "Voice message"),
            ],
            "image" => &[("Фото без текста", "Photo without text")],
            "document" => &[
                ("Файл: {file}", "File: {file}"),
                ("Файл без текста", "File without text"),
            ],
            _ => &[("Вложение без текста", "Attachment without text")],
        },
        ReasonId::MultiDeal => &[("Речь о нескольких сделках", "Several deals are meant")],
        ReasonId::GuestsOver4 => &[
            ("Гостей: {n}, больше {max}", "Guests: {n}, more than {max}"),
            ("Гостей: {n}", "Guests: {n}"),
            (
                "Гостей больше, чем бронирует бот",
                "More guests than the bot books",
            ),
        ],
        ReasonId::ChildLe3 => &[
            (
                "Ребёнок: {age}, до {max} лет включительно",
                "Child: {age}, up to {max}",
            ),
            ("Маленький ребёнок", "A small child"),
        ],
        ReasonId::MultiRoom => &[
            ("Номеров: {n}", "Rooms: {n}"),
            ("Больше одного номера", "More than one room"),
        ],
        ReasonId::Pet => &[("Заезд с питомцем", "Coming with a pet")],
        ReasonId::PastStays => &[("Ссылается на прошлый заезд", "Refers to a past stay")],
        ReasonId::ExtensionCost => &[("Стоимость продления", "Price of an extension")],
        ReasonId::ExtraServiceCost => &[("Стоимость доп. услуги", "Price of an extra service")],
        ReasonId::DeparturePastVisit => &[("Вопрос о прошедшем заезде", "About a past stay")],
        ReasonId::Unknown => &[("Бот не знает ответа", "The bot does not know")],
        ReasonId::NoKb => &[("Нет в базе знаний", "Not in the knowledge base")],
        ReasonId::BotUnsure => &[("Бот не уверен в ответе", "The bot is not sure")],
        ReasonId::UnclearTwice => &[("Неясно и после уточнения", "Still unclear after asking")],
        ReasonId::BookingNotFound => &[(
            "Бронь по этому номеру не найдена",
            "No booking under this number",
        )],
        ReasonId::StageUnmapped => &[
            (
                "Этап «{stage}» не размечен",
                "Stage «{stage}» is not mapped",
            ),
            ("Этап сделки не размечен", "The deal's stage is not mapped"),
        ],
        ReasonId::StagePeople => &[
            (
                "На этапе «{stage}» отвечает менеджер",
                "At «{stage}» a manager replies",
            ),
            (
                "На этом этапе отвечает менеджер",
                "At this stage a manager replies",
            ),
        ],
        ReasonId::MorningList => &[
            ("Ждут ответа с ночи: {n}", "Waiting since last night: {n}"),
            ("Гости ждут ответа с ночи", "Guests wait since last night"),
        ],
        ReasonId::NoReply => &[
            (
                "Гость не отвечает после финального касания. Этап «{stage}»",
                "No reply after the final touch. Stage «{stage}»",
            ),
            (
                "Гость не отвечает после финального касания",
                "No reply after the final touch",
            ),
        ],
        ReasonId::ReplyBlocked => match kind {
            "internal" => &[(
                "Ответ бота не прошёл проверку: служебный текст",
                "The bot's reply failed the checks: text not meant for guests",
            )],
            "personal" => &[(
                "Ответ бота не прошёл проверку: чужие данные",
                "The bot's reply failed the checks: data of somebody else",
            )],
            "link" => &[(
                "Ответ бота не прошёл проверку: посторонняя ссылка",
                "The bot's reply failed the checks: a link that is not allowed",
            )],
            "price" => &[(
                "Ответ бота не прошёл проверку: сумма ниоткуда",
                "The bot's reply failed the checks: an amount from nowhere",
            )],
            "promise" => &[(
                "Ответ бота не прошёл проверку: обещание ниоткуда",
                "The bot's reply failed the checks: a promise from nowhere",
            )],
            "language" => &[(
                "Ответ бота не прошёл проверку: не тот язык",
                "The bot's reply failed the checks: another language",
            )],
            "length" => &[(
                "Ответ бота не прошёл проверку: слишком длинный",
                "The bot's reply failed the checks: too long",
            )],
            "booking" => &[(
                "Ответ бота не прошёл проверку: ссылка не собрана",
                "The bot's reply failed the checks: no booking link",
            )],
            "repeated" => &[(
                "Ответ бота не прошёл проверку: повтор",
                "The bot's reply failed the checks: said before",
            )],
            _ => &[(
                "Ответ бота не прошёл проверку",
                "The bot's reply failed the checks",
            )],
        },
        ReasonId::BotUnavailable => &[("Бот недоступен", "The bot is unavailable")],
        ReasonId::CrmDown => &[("Нет связи с amoCRM", "No connection to amoCRM")],
        ReasonId::SendFailed => &[("Сообщение не доставлено", "Message not delivered")],
        ReasonId::Passed => &[
            ("Передача от коллеги: {name}", "Passed by {name}"),
            ("Передача от коллеги", "Passed by a colleague"),
        ],
        ReasonId::BotPaused => &[("Бот на паузе", "The bot is paused")],
        ReasonId::ByHand => &[("Поле в сделке изменено", "The deal's field was changed")],
        ReasonId::StageMoved => &[(
            "Сотрудник и бот одновременно перевели сделку",
            "A person and the bot moved the deal at the same moment",
        )],
        ReasonId::Late => &[(
            "Сообщение найдено с опозданием",
            "The message was found late",
        )],
        ReasonId::EventUnreadable => &[(
            "Событие диалога не прочитано",
            "An event of the dialog could not be read",
        )],
    }
}

macro_rules! lines {
    ($($rule:literal: $ru:literal, $en:literal;)*) => {
        /// Every rule that a check can name.
        pub const RULES: &[&str] = &[$($rule),*];

        /// Rule, Russian, English.
        const LINES: &[(&str, &str, &str)] = &[$(($rule, $ru, $en)),*];
    };
}

lines! {
    "owner.bot": "Ведёт бот", "The bot leads";
    "owner.manager": "Ведёт {user}, бот молчит", "{user} leads, the bot is silent";
    "owner.waiting":
        "Диалог ждёт менеджера, бот молчит. Сообщение дописано в задачу",
        "Waiting for a manager, the bot is silent. Added to the task";
    "owner.taken": "Диалог взят: {user}{, how}", "Dialog taken: {user}{, how}";
    "owner.returned": "Возврат боту: {by}", "Returned to the bot: {by}";
    "owner.dismissed": "Ответ не нужен, диалог у бота: {by}", "No reply needed, the bot leads: {by}";
    "owner.undone": "Взятие отменено: {by}", "Take undone: {by}";
    "owner.field":
        "Поле «Ведёт диалог» теперь «{value}»: {by}",
        "The field «Dialog led by» now says «{value}»: {by}";
    "owner.wrote": "Ответ гостю: {by}", "Reply to the guest: {by}";
    "owner.opened": "Открыта сделка: {by}", "Deal opened: {by}";
    "owner.task_closed": "Задача «WhatsApp» закрыта: {by}", "Task «WhatsApp» closed: {by}";
    "owner.auto_return":
        "{minutes} мин без сообщений менеджера: диалог снова у бота",
        "{minutes} min without a manager's message: the bot leads again";
    "owner.auto_requeued":
        "Диалог взят, но {minutes} мин гость без ответа: снова ждёт менеджера",
        "Taken, but no reply for {minutes} min: waiting for a manager again";
    "owner.robot":
        "Это был автоответ робота, а не сотрудник: ведущий прежний",
        "It was a robot's message, not a person's: the leader is as before";
    "owner.late_signal":
        "Сигнал старше последней смены ведущего: ничего не меняет",
        "The signal is older than the last change of the leader: no effect";
    "mode.people":
        "Бот на паузе: сообщение ждёт менеджера",
        "Bot paused: the message waits for a manager";
    "mode.off": "Бот выключен: решений нет", "The bot is off: nothing is decided";
    "mode.trial":
        "Пробный режим: этого номера нет в списке, бот молчит",
        "Trial mode: the number is not listed, the bot is silent";
    "guest.excluded":
        "Гость в исключениях: с ним говорит только менеджер",
        "The guest is excluded: only managers talk to them";
    "owner.stays_for_excluded":
        "Бот этому гостю не отвечает, а вопрос без ответа: диалог остаётся у менеджера",
        "The bot does not answer this guest, and a question is open: the manager keeps the dialog";
    "guest.excluded_by":
        "Бот отключён для этого гостя: {by}",
        "The bot was turned off for this guest: {by}";
    "guest.included_by":
        "Бот включён для этого гостя: {by}",
        "The bot was turned on for this guest: {by}";
    "watch.skipped":
        "Режим наблюдения, не сделано: {what}",
        "Watch mode, not done: {what}";
    "message.too_old":
        "Сообщение старше суток: только для истории",
        "The message is older than a day: for the history only";
    "waiting.reminder":
        "Гость ждёт {minutes} мин: напоминание ответственному",
        "The guest has waited {minutes} min: the responsible is reminded";
    "waiting.escalated":
        "Гость ждёт {minutes} мин, диалог никто не взял: поставлена задача «Связаться»",
        "The guest has waited {minutes} min and nobody took the dialog: task «Contact»";
    "waiting.morning":
        "Начало рабочего дня, гостей ждёт: {n}. Поставлена общая задача",
        "The working day begins, guests waiting: {n}. One task for all";
    "urgent.raised": "{reason}: задача дежурному, не дожидаясь ответа", "{reason}: a task for whoever is on duty, at once";
    "service.back":
        "Причины передачи больше нет ({service}), диалог никто не взял: снова у бота",
        "The cause of the handoff is gone ({service}), nobody took it: the bot leads again";
    "touch.planned": "Финальное касание запланировано", "The final touch is planned";
    "touch.sent": "Гость молчит: отправляется финальное касание", "The guest is silent: the final touch is sent";
    "touch.none": "Финального касания не будет: {why}", "No final touch: {why}";
    "touch.quiet": "Тихие часы: финальное касание перенесено на утро", "Quiet hours: the final touch moves to the morning";
    "touch.declined": "Финальное касание отменено: {by}", "Final touch cancelled: {by}";
    "no_reply.moved":
        "Ответа на финальное касание нет: сделка переводится в «{to}»",
        "No reply to the final touch: the deal moves to «{to}»";
    "no_reply.task":
        "Ответа на финальное касание нет, этап «{stage}»: задача «Связаться»",
        "No reply to the final touch, stage «{stage}»: task «Contact»";
    "episode.ended": "Сутки без сообщений: обращение закончено", "A day without messages: the episode is over";
    "episode.goes_on": "Обращение продолжается: гость ещё ждёт ответа", "The episode goes on: the guest still waits";
    "episode.waits_for_touch":
        "Обращение продолжается: впереди финальное касание",
        "The episode goes on: the final touch is still ahead";
    "thanks": "Благодарность без вопроса: ответ не нужен", "Thanks without a question: no reply needed";
    "opt_out": "Просит не писать: напоминаний не будет", "Asks not to be written: no reminders";
    "burst": "Сообщений гостя подряд: {messages}", "Guest's messages in a row: {messages}";
    "crm.reading": "Бот смотрит контакт и сделки в amoCRM", "Reading the contact and deals in amoCRM";
    "crm.read": "Сделок гостя в amoCRM: {deals}", "Guest's deals in amoCRM: {deals}";
    "crm.stale":
        "Нет связи с amoCRM, решено по данным {minutes} мин назад",
        "No connection to amoCRM, decided on data {minutes} min old";
    "crm.down":
        "Нет связи с amoCRM и нет свежих данных. Нужен менеджер",
        "No connection to amoCRM and no fresh data. A manager is needed";
    "deals.none": "Открытых сделок нет: новое обращение", "No open deals: new inquiry";
    "deals.one": "Одна открытая сделка: «{stage}»", "One open deal: «{stage}»";
    "deals.many": "Открытых сделок: {n}", "Open deals: {n}";
    "deals.refused":
        "Сделка на этапе «{stage}»: новое обращение",
        "The deal is at «{stage}»: new inquiry";
    "deals.unmapped":
        "Этап «{stage}» не размечен. Нужен менеджер",
        "Stage «{stage}» is not mapped. A manager is needed";
    "deals.departure":
        "Сделка на этапе «{stage}»: бот выясняет, чего хочет гость",
        "The deal is at «{stage}»: the bot finds out what the guest wants";
    "deals.meant": "По смыслу речь о сделке на этапе «{stage}»", "What is meant is the deal at «{stage}»";
    "deals.booking_not_found":
        "Гость спрашивает о брони, но сделок по этому номеру нет",
        "The guest asks about a booking, but the number has no deals";
    "deals.foreign":
        "Для гостя создана ещё одна сделка: записано, диалог остаётся в своей",
        "Another deal was made for the guest: noted, the dialog stays with its own";
    "deals.gone":
        "Прежней сделки больше нет: объединена или удалена",
        "The former deal is gone: merged or deleted";
    "departure.row": "Гость на этапе «Выезд» хочет: {id}", "The guest at «Departure» wants: {id}";
    "departure.none":
        "Этап «Выезд»: ни одна строка не подошла, отвечает бот",
        "Stage «Departure»: no row fits, the bot answers";
    "deal.wanted":
        "Гость хочет новую поездку: прежняя сделка остаётся, нужна новая",
        "The guest wants a new stay: the former deal stays, a new one is needed";
    "review.accepted": "Отзыв принят и записан в сделку", "The review is taken and noted in the deal";
    "payment.repeated":
        "В сделке есть ответ: бот повторяет его дословно",
        "The deal holds the answer: the bot repeats it as it stands";
    "clarify.enough":
        "Бот уже уточнял, раз: {n}. Нужен менеджер",
        "The bot has asked back already, times: {n}. A manager is needed";
    "deals.closed": "Все сделки гостя закрыты: новое обращение", "All deals are closed: new inquiry";
    "deal.adopted": "Взята сделка, созданная amoCRM", "Adopted the deal made by amoCRM";
    "deal.created": "Создана новая сделка", "A new deal was created";
    "deal.grace":
        "Сделки ещё нет: {seconds} с на то, чтобы её создала amoCRM",
        "No deal yet: amoCRM has {seconds} s to make one";
    "contact.created": "Создан контакт: этого номера в amoCRM не было", "Contact created: the number was not in amoCRM";
    "handoff": "Передано менеджеру: {reason}", "Handed over: {reason}";
    "trigger": "{reason}. Нужен менеджер", "{reason}. A manager is needed";
    "trigger.none": "Поводов для передачи нет, правил проверено: {checked}", "No cause for a handoff, rules checked: {checked}";
    "trigger.settled": "{reason}: менеджер уже отвечал", "{reason}: already handled by a manager";
    "bot.asked": "Вопрос задан боту, сообщений: {messages}", "The bot was asked, messages: {messages}";
    "bot.promised":
        "Бот обещает ответить позже, ждём до {seconds} с",
        "The bot promises to answer later: up to {seconds} s";
    "bot.superseded":
        "Гость пишет дальше: вопрос боту задан заново, раз: {n}",
        "The guest goes on: the bot is asked anew, times: {n}";
    "bot.answer": "Бот ответил", "The bot answered";
    "bot.empty":
        "Бот ничего не ответил: нужен менеджер",
        "The bot said nothing: a manager is needed";
    "bot.silent": "По оценке бота отвечать не нужно", "The bot finds that no reply is needed";
    "bot.handoff": "Бот просит менеджера: {reason}", "The bot asks for a manager: {reason}";
    "booking.made": "Ссылка на бронирование собрана", "The booking link is made";
    "booking.again":
        "У гостя уже есть ссылка: повторную даёт менеджер",
        "The guest has a link already: a manager gives another";
    "booking.refused":
        "Ссылка на бронирование не собрана: {link}",
        "The booking link is not made: {link}";
    "guard.passed": "Ответ бота прошёл проверку", "The bot's reply passed the checks";
    "guard.internal":
        "Ответ не прошёл проверку: служебный текст ({what})",
        "Reply failed a check: text not meant for guests ({what})";
    "guard.personal":
        "Ответ не прошёл проверку: чужие данные ({what})",
        "Reply failed a check: data of somebody else ({what})";
    "guard.link":
        "Ответ не прошёл проверку: посторонняя ссылка{, host}",
        "Reply failed a check: a link that is not allowed{, host}";
    "guard.price":
        "Ответ не прошёл проверку: суммы {value} нет ни в базе знаний, ни в сделке",
        "Reply failed a check: {value} is neither in the knowledge base nor in the deal";
    "guard.promise":
        "Ответ не прошёл проверку: обещания «{word}…» нет ни в базе знаний, ни в сделке",
        "Reply failed a check: the promise is neither in the knowledge base nor in the deal";
    "guard.language":
        "Ответ не прошёл проверку: гость пишет другими буквами",
        "Reply failed a check: the guest writes in other letters";
    "guard.length":
        "Ответ не прошёл проверку: знаков {value}, можно {limit}",
        "Reply failed a check: {value} characters, at most {limit}";
    "guard.repeated":
        "Ответ не прошёл проверку: бот это уже говорил",
        "Reply failed a check: the bot has said this already";
    "bot.failed": "Бот не ответил. Нужен менеджер", "The bot gave no answer. A manager is needed";
    "reply.stale": "Ответ бота готов слишком поздно: не отправлен", "The bot's reply came too late: not sent";
    "policy.changed":
        "Вопрос задан боту по правилам версии {asked}, ответ оценён по версии {now}",
        "The bot was asked under rules version {asked}, its answer is judged under version {now}";
    "differ.guests":
        "Гостей в сообщении {text}, по оценке бота {bot}: берём {taken}",
        "Guests: {text} in the message, {bot} as the bot reads it: {taken} is taken";
    "differ.child":
        "Возраст ребёнка в сообщении {text}, по оценке бота {bot}: берём {taken}",
        "Child's age: {text} in the message, {bot} as the bot reads it: {taken} is taken";
    "differ.rooms":
        "Номеров в сообщении {text}, по оценке бота {bot}: берём {taken}",
        "Rooms: {text} in the message, {bot} as the bot reads it: {taken} is taken";
    "differ.pet":
        "О питомце сообщение и бот говорят разное: считаем, что он едет",
        "Message and bot differ about a pet: taken as travelling";
    "differ.past_stay":
        "О прошлом заезде сообщение и бот говорят разное: считаем, что он был",
        "Message and bot differ about a past stay: taken as there";
    "differ.several_deals":
        "О числе броней сообщение и бот говорят разное: считаем, что их несколько",
        "Message and bot differ about the bookings: taken as several";
    "kb.hit": "База знаний: ответ найден", "Knowledge base: answer found";
    "kb.cited": "Ответ стоит на записях: {passages}", "The answer stands on: {passages}";
    "kb.miss": "База знаний: ничего не нашлось", "Knowledge base: nothing found";
    "confidence.ok": "Уверенность бота {value}, достаточно {limit}", "Bot's confidence {value}, enough is {limit}";
    "confidence.low": "Уверенность бота {value}, нужно {limit}", "Bot's confidence {value}, needed {limit}";
    "clarify.kind": "Смысл неясен: бот уточняет, о чём вопрос", "Meaning unclear: the bot asks what it is about";
    "clarify.deal": "Неясно, о какой сделке речь: бот уточняет", "Unclear which deal is meant: the bot asks";
    "clarify.departure":
        "Неясно, о прошедшем отдыхе речь или о новом: бот уточняет",
        "Unclear whether it is about the past stay or a new one: the bot asks";
    "move.done": "Сделка переведена: «{from}» → «{to}»", "Deal moved: «{from}» → «{to}»";
    "move.wanted":
        "Сделка переводится после отправки ответа: «{from}» → «{to}»",
        "The deal moves once the reply is sent: «{from}» → «{to}»";
    "move.over":
        "Сотрудник и бот перевели сделку одновременно: теперь «{to}»",
        "A person and the bot moved the deal at once: now «{to}»";
    "move.skipped": "Сделка не переведена: {why}", "Deal not moved: {why}";
    "hours.on": "Рабочее время", "Working hours";
    "hours.off": "Нерабочее время", "Off hours";
    "send.accepted": "Отправлено гостю: {kind}", "Sent to the guest: {kind}";
    "send.fenced": "Ведущий сменился, не отправлено: {kind}", "The leader changed, not sent: {kind}";
    "send.failed": "Не доставлено гостю: {kind}", "Not delivered to the guest: {kind}";
    "send.undelivered":
        "Канал сообщает: текст бота не дошёл до гостя",
        "The channel reports that the bot's text did not reach the guest";
    "task.created": "Поставлена задача «WhatsApp»", "Task «WhatsApp» created";
    "task.reused": "Задача «WhatsApp» уже открыта, вторая не нужна", "Task «WhatsApp» is already open, no second one";
    "echo.ours": "Это сообщение отправил бот: ничего не меняется", "The bot sent this message: no change";
    "outgoing.bulk": "Это рассылка: ведущий прежний", "A bulk mailing: the leader stays";
    "outgoing.robot": "Это автоответ робота: ведущий прежний", "A robot's message: the leader stays";
    "outgoing.noted": "Сообщение человека записано: ведущий прежний", "A person's message was noted: the leader stays";
    "edited.before": "Гость меняет сообщение до ответа: бот читает его заново", "The guest edited before the reply: the bot reads it anew";
    "edited.after": "Гость меняет сообщение после ответа: записано", "The guest edited after the reply: noted";
    "deleted": "Гость удаляет сообщение: текст стёрт", "The guest deleted a message: its text is gone";
    "erased": "Данные гостя стёрты: диалог начнётся заново", "The guest's data were erased: the dialog begins anew";
    "timer.stale": "Этот срок отменён или перенесён", "This timer was cancelled or moved";
    "event.unreadable": "Событие не удалось прочитать: нужен менеджер", "An event could not be read: a manager is needed";
    "action.failed": "Не удалось: {what}", "Failed: {what}";
    "intro.skipped": "Бот не представляется: {why}", "No intro: {why}";
    "nothing": "Событие ничего не меняет в диалоге", "The event changes nothing in the dialog";
}

/// How a value reads in a sentence. What is not in the product's vocabulary (a name, a number, a stage) stays.
fn word(name: &str, value: &str, lang: Lang) -> String {
    let numbered = !value.is_empty() && value.bytes().all(|b| b.is_ascii_digit());
    let (ru, en) = match (name, value) {
        // A message from the phone names nobody: user 0.
        ("user" | "by", "0") => ("сотрудник", "a user"),
        ("user" | "by", number) if numbered => {
            return format!("{} {number}", lang.of("пользователь", "user"));
        }
        ("user" | "by", "" | "unknown" | "none" | "person") => ("сотрудник", "a user"),
        ("by", "robot") => ("робот amoCRM", "amoCRM's robot"),
        ("by" | "how", "button") => ("кнопка", "button"),
        ("by" | "how", "opened") => ("открыта сделка", "deal opened"),
        ("by" | "how", "wrote" | "message") => ("ответ гостю", "reply to the guest"),
        ("by" | "how", "field") => ("поле в сделке", "deal's field"),
        ("by" | "how", "task" | "task_closed") => ("задача закрыта", "task closed"),
        ("value", "bot") => ("Бот", "Bot"),
        ("value", "waiting") => ("Ждёт менеджера", "Waiting for a manager"),
        ("value", "manager") => ("Менеджер", "Manager"),
        ("value", "empty") => ("не заполнено", "not set"),
        ("why", "by_hand") => ("этап изменён вручную", "stage changed by hand"),
        ("why", "unmapped") => ("этап не размечен", "the stage is not mapped"),
        ("why", "stale") => (
            "сделка уже на другом этапе",
            "the deal is at another stage already",
        ),
        ("why", "role") => (
            "на этом этапе бот только отвечает",
            "at this stage the bot only answers",
        ),
        ("why", "robot") => (
            "этот переход делает робот amoCRM",
            "amoCRM's robot makes this move",
        ),
        ("why", "person") => ("с гостем говорит менеджер", "a manager talks to the guest"),
        ("why", "task") => (
            "по сделке есть задача менеджера",
            "the deal has a manager's task",
        ),
        ("why", "once") => (
            "оно уже было в этом обращении",
            "there was one in this episode",
        ),
        ("why", "opt_out") => (
            "гость просил не писать",
            "the guest asked not to be written",
        ),
        ("why", "stage") => ("не для этого этапа", "not for this stage"),
        ("why", "guest_waits") => ("гость ждёт ответа", "the guest waits for a reply"),
        ("why", "nobody_wrote") => ("гость ещё не писал", "the guest has not written yet"),
        ("why", "over") => ("обращение закончено", "the episode is over"),
        ("why", "mode") => (
            "бот не отвечает этому гостю",
            "the bot does not answer this guest",
        ),
        ("why", "window") => (
            "канал уже не принимает текст",
            "the channel takes no text any more",
        ),
        ("link", "off") => ("в правилах нет [booking]", "the rules have no [booking]"),
        ("link", "no_stay") => ("бот не назвал поездку", "the bot named no stay"),
        ("link", "dates") => (
            "нет дат заезда и выезда",
            "no days of arrival and departure",
        ),
        ("link", "order") => (
            "выезд не позже заезда",
            "the departure is not after the arrival",
        ),
        ("link", "past") => ("день заезда прошёл", "the day of arrival is over"),
        ("link", "adults") => (
            "столько взрослых сами не бронируют",
            "so many adults do not book by themselves",
        ),
        ("link", "children") => (
            "возраст детей не подходит",
            "the children's ages do not fit",
        ),
        ("link", "category") => (
            "нет такой категории номера",
            "there is no such category of rooms",
        ),
        ("link", "programme") => ("нет такой программы", "there is no such programme"),
        ("link", "twice") => ("в ответе две ссылки", "the answer holds two links"),
        ("service", "bot_unavailable") => ("бот снова отвечает", "the bot answers again"),
        ("service", "crm_down") => ("amoCRM снова отвечает", "amoCRM answers again"),
        ("why", "quiet") => ("тихие часы", "quiet hours"),
        ("why", "closed") => ("сделка закрыта", "the deal is closed"),
        ("why", "thanks") => (
            "последней была благодарность",
            "the last message was thanks",
        ),
        ("kind", "answer") => ("ответ бота", "the bot's answer"),
        ("kind", "clarify") => ("уточнение", "a question back"),
        ("kind", "intro") => ("представление бота", "the bot's intro"),
        ("kind", "handoff") => ("сообщение о передаче", "the handoff text"),
        ("kind", "hours") => ("сообщение о рабочем времени", "the hours text"),
        ("id", "bad_review") => ("оставить плохой отзыв", "to leave a bad review"),
        ("id", "review") => ("оставить отзыв", "to leave a review"),
        ("id", "past_visit") => ("спросить о прошедшем отдыхе", "to ask about the past stay"),
        ("id", "new_booking") => ("новую поездку", "a new stay"),
        ("id", "new_booking_past_stay") => (
            "новую поездку, как в прошлый раз",
            "a new stay, as the last one",
        ),
        ("id", "unclear") => ("неясно чего", "what is unclear"),
        ("kind", "touch") => ("финальное касание", "the final touch"),
        ("kind", "ack") => ("подтверждение", "an acknowledgement"),
        ("what", "turn_id") => ("номер хода", "a turn's id"),
        ("what", "mark") => ("метка действия", "an action's mark"),
        ("what", "json") => ("код", "code"),
        ("what", "prompt") => ("слова инструкции", "words of a prompt"),
        ("what", "placeholder") => ("пустая подстановка", "an empty placeholder"),
        ("what", "phone") => ("телефон", "a phone"),
        ("what", "email") => ("почта", "an e-mail address"),
        ("what", "card") => ("номер карты", "a card"),
        ("what", "booking") => ("номер брони", "a booking's number"),
        ("what", "read_crm") => ("чтение amoCRM", "reading amoCRM"),
        ("what", "ask_bot") => ("вопрос боту", "asking the bot"),
        ("what", "send") => ("отправка гостю", "sending to the guest"),
        ("what", "create_task") => ("новая задача", "creating a task"),
        ("what", "set_task_text") => ("текст задачи", "the task's text"),
        ("what", "complete_task") => ("закрытие задачи", "closing the task"),
        ("what", "assign_task") => ("ответственный задачи", "assigning the task"),
        ("what", "move_deal") => ("перевод сделки", "moving the deal"),
        ("what", "create_contact") => ("новый контакт", "creating a contact"),
        ("what", "create_deal") => ("новая сделка", "creating a deal"),
        ("what", "set_owner_field") => ("поле «Ведёт диалог»", "the field «Dialog led by»"),
        ("what", "tag_contact") => ("теги контакта", "the contact's tags"),
        ("what", "add_note") => ("примечание", "adding a note"),
        _ => return value.to_owned(),
    };
    lang.of(ru, en).to_owned()
}

fn capitalised(sentence: &str) -> String {
    let mut chars = sentence.chars();
    chars.next().map_or_else(String::new, |first| {
        first.to_uppercase().chain(chars).collect()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every rule with the values that it comes with.
    const SAMPLES: &[(&str, &[(&str, &str)])] = &[
        ("owner.bot", &[]),
        ("owner.manager", &[("user", "9002")]),
        ("owner.waiting", &[]),
        ("owner.taken", &[("user", "9002"), ("by", "9002")]),
        ("owner.returned", &[("by", "9002")]),
        ("owner.dismissed", &[("by", "9002")]),
        ("owner.undone", &[("by", "9002")]),
        ("owner.field", &[("value", "waiting"), ("by", "9002")]),
        ("owner.wrote", &[("by", "9002")]),
        ("owner.opened", &[("by", "9002")]),
        ("owner.task_closed", &[("by", "9002")]),
        ("owner.auto_return", &[("minutes", "40")]),
        ("owner.auto_requeued", &[("minutes", "40")]),
        ("owner.robot", &[]),
        ("owner.late_signal", &[]),
        ("mode.people", &[]),
        ("mode.off", &[]),
        ("mode.trial", &[]),
        ("guest.excluded", &[]),
        ("owner.stays_for_excluded", &[]),
        ("guest.excluded_by", &[("by", "9002")]),
        ("guest.included_by", &[("by", "9002")]),
        ("watch.skipped", &[("what", "send")]),
        ("message.too_old", &[]),
        ("waiting.reminder", &[("minutes", "15")]),
        ("waiting.escalated", &[("minutes", "60")]),
        ("waiting.morning", &[("n", "3")]),
        ("urgent.raised", &[("reason", "urgent")]),
        ("service.back", &[("service", "bot_unavailable")]),
        ("touch.planned", &[]),
        ("touch.sent", &[]),
        ("touch.none", &[("why", "task")]),
        ("touch.quiet", &[]),
        ("touch.declined", &[("by", "9002")]),
        ("no_reply.moved", &[("to", "Stage 9")]),
        ("no_reply.task", &[("stage", "Stage 7")]),
        ("episode.ended", &[]),
        ("episode.goes_on", &[]),
        ("episode.waits_for_touch", &[]),
        ("deals.departure", &[("stage", "Stage 7")]),
        ("deals.meant", &[("stage", "Stage 7")]),
        ("deals.booking_not_found", &[]),
        ("deals.gone", &[]),
        ("deals.foreign", &[]),
        ("departure.row", &[("id", "review")]),
        ("departure.none", &[]),
        ("deal.wanted", &[]),
        ("review.accepted", &[]),
        ("payment.repeated", &[]),
        ("clarify.enough", &[("n", "1")]),
        ("bot.empty", &[]),
        ("send.undelivered", &[]),
        ("thanks", &[]),
        ("opt_out", &[]),
        ("burst", &[("messages", "3")]),
        ("crm.reading", &[]),
        ("crm.read", &[("deals", "2")]),
        ("crm.stale", &[("minutes", "12")]),
        ("crm.down", &[]),
        ("deals.none", &[]),
        ("deals.one", &[("stage", "Stage 7")]),
        ("deals.many", &[("n", "2")]),
        ("deals.refused", &[("stage", "Stage 7")]),
        ("deals.unmapped", &[("stage", "Stage 7")]),
        ("deals.closed", &[]),
        ("deal.adopted", &[]),
        ("deal.created", &[]),
        ("deal.grace", &[("seconds", "20")]),
        ("contact.created", &[]),
        (
            "trigger",
            &[
                ("id", "g"),
                ("reason", "guests_over_4"),
                ("value", "5"),
                ("limit", "4"),
            ],
        ),
        ("handoff", &[("reason", "no_kb")]),
        ("trigger.none", &[("checked", "19")]),
        (
            "trigger.settled",
            &[
                ("id", "g"),
                ("reason", "guests_over_4"),
                ("value", "5"),
                ("limit", "4"),
            ],
        ),
        ("bot.asked", &[("messages", "3")]),
        ("bot.promised", &[("seconds", "120")]),
        ("bot.superseded", &[("n", "2")]),
        ("bot.answer", &[]),
        ("bot.silent", &[]),
        ("bot.handoff", &[("reason", "no_kb")]),
        ("booking.made", &[]),
        ("booking.again", &[]),
        ("booking.refused", &[("link", "past")]),
        ("guard.passed", &[]),
        ("guard.internal", &[("what", "json")]),
        ("guard.personal", &[("what", "phone")]),
        ("guard.link", &[("host", "example.org")]),
        ("guard.price", &[("value", "4500")]),
        ("guard.promise", &[("word", "скидк")]),
        ("guard.language", &[]),
        ("guard.length", &[("value", "1200"), ("limit", "1000")]),
        ("guard.repeated", &[]),
        ("bot.failed", &[]),
        ("reply.stale", &[]),
        ("policy.changed", &[("asked", "3"), ("now", "4")]),
        (
            "differ.guests",
            &[("text", "3"), ("bot", "5"), ("taken", "5")],
        ),
        (
            "differ.child",
            &[("text", "5"), ("bot", "3"), ("taken", "3")],
        ),
        (
            "differ.rooms",
            &[("text", "1"), ("bot", "2"), ("taken", "2")],
        ),
        ("differ.pet", &[]),
        ("differ.past_stay", &[]),
        ("differ.several_deals", &[]),
        ("kb.hit", &[]),
        ("kb.cited", &[("passages", "pool, sauna")]),
        ("kb.miss", &[]),
        ("confidence.ok", &[("value", "90"), ("limit", "70")]),
        ("confidence.low", &[("value", "60"), ("limit", "70")]),
        ("clarify.kind", &[]),
        ("clarify.deal", &[]),
        ("clarify.departure", &[]),
        ("move.done", &[("from", "Stage 7"), ("to", "Stage 8")]),
        ("move.wanted", &[("from", "Stage 7"), ("to", "Stage 8")]),
        ("move.over", &[("to", "Stage 8")]),
        ("move.skipped", &[("why", "by_hand")]),
        ("hours.on", &[]),
        ("hours.off", &[]),
        ("send.accepted", &[("kind", "answer")]),
        ("send.fenced", &[("kind", "clarify")]),
        ("send.failed", &[("kind", "handoff")]),
        ("task.created", &[]),
        ("task.reused", &[]),
        ("echo.ours", &[]),
        ("outgoing.bulk", &[]),
        ("outgoing.robot", &[]),
        ("outgoing.noted", &[]),
        ("edited.before", &[]),
        ("edited.after", &[]),
        ("deleted", &[]),
        ("erased", &[]),
        ("timer.stale", &[]),
        ("event.unreadable", &[]),
        ("action.failed", &[("what", "create_task")]),
        ("intro.skipped", &[("why", "quiet")]),
        ("nothing", &[]),
    ];

    fn check(rule: &str, values: &[(&str, &str)]) -> Check {
        values
            .iter()
            .fold(Check::decided(rule), |check, (name, value)| {
                check.with(name, value)
            })
    }

    fn is_cyrillic(c: char) -> bool {
        ('\u{400}'..'\u{500}').contains(&c)
    }

    #[test]
    fn promise_5_every_rule_has_a_sentence_of_its_own_with_its_values() {
        let mut said = std::collections::BTreeSet::new();
        for rule in RULES {
            let (_, values) = SAMPLES
                .iter()
                .find(|(name, _)| name == rule)
                .unwrap_or_else(|| panic!("no sample for {rule}"));
            let line = check(rule, values).sentence();
            assert!(line.ru.chars().any(is_cyrillic), "{rule}: {}", line.ru);
            assert!(!line.en.chars().any(is_cyrillic), "{rule}: {}", line.en);
            assert!(!line.ru.contains(*rule) && !line.ru.starts_with("Правило «owner"));
            for text in [&line.ru, &line.en] {
                assert!(!text.contains(['{', '}']), "{rule}: {text}");
                assert!(
                    !text.contains("  ") && !text.ends_with([' ', ':']),
                    "{rule}: {text}"
                );
                for (_, number) in values
                    .iter()
                    .filter(|(_, value)| value.chars().all(|c| c.is_ascii_digit()))
                {
                    assert!(text.contains(number), "{rule}: {text} lacks {number}");
                }
                assert!(said.insert(text.clone()), "{rule}: {text} is said twice");
            }
        }
        assert_eq!(SAMPLES.len(), RULES.len());
    }

    #[test]
    fn every_reason_has_a_sentence_of_its_own_with_and_without_values() {
        let full = |id: ReasonId| {
            ["n", "max", "age", "stage", "name", "length", "file"]
                .into_iter()
                .fold(Reason::from(id), |reason, name| reason.with(name, "7"))
        };
        let mut said = std::collections::BTreeSet::new();
        for id in ReasonId::ALL {
            for lang in [Lang::Ru, Lang::En] {
                let bare = reason_text(&(*id).into(), lang);
                assert!(
                    !bare.is_empty() && !bare.contains(['{', '}']),
                    "{id:?}: {bare}"
                );
                assert_eq!(
                    bare.chars().any(is_cyrillic),
                    lang == Lang::Ru,
                    "{id:?}: {bare}"
                );
                assert!(said.insert(bare), "{id:?}");
                let full = reason_text(&full(*id), lang);
                assert!(
                    !full.is_empty() && !full.contains(['{', '}']),
                    "{id:?}: {full}"
                );
            }
        }
    }

    #[test]
    fn masterplan_scenario_2_a_trigger_says_what_it_saw() {
        let guests = check(
            "trigger",
            &[
                ("id", "g"),
                ("reason", "guests_over_4"),
                ("value", "5"),
                ("limit", "4"),
            ],
        );
        assert_eq!(
            guests.sentence().ru,
            "Гостей: 5, больше 4. Нужен менеджер",
            "masterplan: Сценарий 2, «гостей больше 4»"
        );
        let child = check(
            "trigger",
            &[("reason", "child_le_3"), ("value", "2"), ("limit", "3")],
        );
        assert_eq!(
            child.sentence().ru,
            "Ребёнок: 2, до 3 лет включительно. Нужен менеджер",
            "masterplan: Сценарий 2, «ребёнок до 3 лет (включительно)»"
        );
        let person = check(
            "trigger",
            &[("reason", "human_request"), ("value", ""), ("limit", "")],
        );
        assert_eq!(
            person.sentence().en,
            "Asks for a person. A manager is needed"
        );
    }

    #[test]
    fn people_are_named_when_their_names_are_known() {
        let line = |user| check("owner.manager", &[("user", user)]).sentence();
        assert_eq!(line("9002").ru, "Ведёт пользователь 9002, бот молчит");
        assert_eq!(line("Анна Ким").ru, "Ведёт Анна Ким, бот молчит");
        assert_eq!(line("0").en, "A user leads, the bot is silent");
        assert_eq!(
            check("owner.returned", &[]).sentence().ru,
            "Возврат боту: сотрудник"
        );
        assert_eq!(
            check("owner.field", &[("value", "bot"), ("by", "robot")])
                .sentence()
                .ru,
            "Поле «Ведёт диалог» теперь «Бот»: робот amoCRM"
        );
    }

    #[test]
    fn every_word_of_the_vocabulary_is_translated() {
        let names = |name: &str, values: &[&str]| {
            for value in values {
                assert_ne!(word(name, value, Lang::Ru), *value, "{name} {value}");
                assert_ne!(word(name, value, Lang::En), *value, "{name} {value}");
            }
        };
        names(
            "why",
            &[
                "by_hand",
                "unmapped",
                "stale",
                "role",
                "quiet",
                "closed",
                "thanks",
                "robot",
                "person",
                "task",
                "once",
                "opt_out",
                "stage",
                "guest_waits",
                "nobody_wrote",
                "over",
                "mode",
                "window",
            ],
        );
        names(
            "link",
            &crate::booking::Refusal::ALL.map(crate::booking::Refusal::name),
        );
        for kind in [
            "answer", "clarify", "intro", "handoff", "hours", "ack", "touch",
        ] {
            assert_ne!(word("kind", kind, Lang::Ru), kind);
        }
        names(
            "what",
            &[
                "read_crm",
                "ask_bot",
                "create_task",
                "set_task_text",
                "complete_task",
                "assign_task",
                "move_deal",
                "create_contact",
                "create_deal",
                "set_owner_field",
                "tag_contact",
                "add_note",
                "send",
            ],
        );
    }

    #[test]
    fn a_rule_of_a_newer_version_shows_its_name() {
        assert_eq!(
            check("from.later", &[]).sentence().ru,
            "Правило «from.later»"
        );
        assert_eq!(Check::passed("kb.hit").sentence().mark, WhyMark::Passed);
    }

    #[test]
    fn an_attachment_alone_says_which() {
        let reason = |kind| Reason::from(ReasonId::AttachmentOnly).with("kind", kind);
        assert_eq!(
            reason_text(&reason("voice").with("length", "0:12"), Lang::Ru),
            "Голосовое сообщение, 0:12",
            "BEHAVIOUR §3, «attachment alone»"
        );
        assert_eq!(
            reason_text(&reason("voice"), Lang::Ru),
            "Голосовое сообщение"
        );
        assert_eq!(
            reason_text(&reason("image"), Lang::En),
            "Photo without text"
        );
        assert_eq!(
            reason_text(&reason("video"), Lang::Ru),
            "Вложение без текста"
        );
    }
}
