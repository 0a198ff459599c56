//! The texts of the settings. Not in the archive's i18n files: those are loaded with every deal card.

use crate::i18n::Texts;
use std::collections::BTreeMap;

/// Key, Russian, English. A field's words stand under its path without numbers; those of a choice under `path=value`, a
/// hint under `path?`.
const WORDS: &[(&str, &str, &str)] = &[
    ("title", "Эстафета: правила", "Estafeta: rules"),
    ("loading", "Читаем правила…", "Reading the rules…"),
    ("retry", "Повторить", "Try again"),
    (
        "connected",
        "Подключено к серверу {origin}",
        "Connected to the server {origin}",
    ),
    (
        "connected.rules",
        "Правила: версия {n}, {mode}",
        "Rules: version {n}, {mode}",
    ),
    ("open", "Открыть правила", "Open the rules"),
    ("version", "Версия {n}", "Version {n}"),
    (
        "readonly",
        "Менять может администратор",
        "Only administrators can change this",
    ),
    (
        "from_file",
        "Правила этого аккаунта взяты из файла на сервере. Сохранённое здесь действует сразу, но если файл изменят, снова вступит в силу он: новой версией, прежние останутся в списке.",
        "The rules of this account come from a file on the server. What is saved here is in force at once, but when the file changes, it comes into force again: as a new version, the former ones stay listed.",
    ),
    (
        "not_in_force",
        "Сервер пока решает по версии {n}",
        "The server still decides under version {n}",
    ),
    ("tab.work", "Работа бота", "Bot"),
    ("tab.stages", "Этапы", "Stages"),
    ("tab.handoff", "Передача менеджеру", "Handoff"),
    ("tab.hours", "Часы", "Hours"),
    ("tab.texts", "Тексты", "Texts"),
    ("tab.timers", "Сроки", "Timers"),
    ("tab.people", "Люди и задачи", "People and tasks"),
    ("tab.fields", "Поля сделки", "Deal fields"),
    ("tab.robots", "Другие роботы", "Other robots"),
    ("tab.text", "Весь текст", "Whole text"),
    ("tab.versions", "Версии", "Versions"),
    ("tab.knowledge", "База знаний", "Knowledge base"),
    ("tab.check", "Подключение", "Connection"),
    ("checking", "Проверяем…", "Checking…"),
    ("check.again", "Проверить ещё раз", "Check again"),
    ("check.well", "в порядке", "fine"),
    ("check.wrong", "нужно исправить", "to be put right"),
    (
        "check.data.master key",
        "Данные на сервере открываются",
        "The server's data open",
    ),
    (
        "check.data.master key?",
        "Ключ шифрования сервера не тот. Обратитесь к тому, кто ставил сервер",
        "The server's master key is not the right one. Ask whoever runs the server",
    ),
    (
        "check.amocrm.connection",
        "Доступ к amoCRM",
        "Access to amoCRM",
    ),
    (
        "check.amocrm.connection?",
        "Подключите заново под администратором: ссылку даст тот, кто ставил сервер",
        "Connect anew as an administrator: whoever runs the server gives you the link",
    ),
    ("check.amocrm.account", "amoCRM отвечает", "amoCRM answers"),
    (
        "check.amocrm.account?",
        "Вход закончился или тариф amoCRM не даёт доступа. Подключите заново под администратором",
        "The access has ended, or the plan of amoCRM does not allow it. Connect anew as an administrator",
    ),
    (
        "check.amocrm.rights",
        "Права администратора",
        "Administrator's rights",
    ),
    (
        "check.amocrm.rights?",
        "Подключено без прав администратора: не видны сотрудники и вебхуки. Подключите под администратором",
        "Connected without an administrator's rights: users and webhooks cannot be seen. Connect as an administrator",
    ),
    (
        "check.amocrm.pipeline and stages",
        "Воронка и этапы",
        "Pipeline and stages",
    ),
    (
        "check.amocrm.pipeline and stages?",
        "Назовите этапы на вкладке «Этапы» так, как они называются в amoCRM",
        "Name the stages on the tab “Stages” as amoCRM does",
    ),
    (
        "check.amocrm.owner field",
        "Поле «Ведёт диалог»",
        "The field that says who leads",
    ),
    (
        "check.amocrm.owner field?",
        "Создайте поле сделки со значениями с вкладки «Люди и задачи»",
        "Make the deal's field with the values of the tab “People and tasks”",
    ),
    ("check.amocrm.task type", "Тип задачи", "Task type"),
    (
        "check.amocrm.task type?",
        "Создайте его в amoCRM: Настройки → Задачи, или назовите другой на вкладке «Люди и задачи»",
        "Make it in amoCRM: Settings → Tasks, or name another on the tab “People and tasks”",
    ),
    (
        "check.amocrm.webhook",
        "Вебхуки amoCRM",
        "Webhooks of amoCRM",
    ),
    (
        "check.amocrm.webhook?",
        "amoCRM отключает вебхук после ошибок. Сервер включит его снова; если повторится, проверьте сервер",
        "amoCRM switches a webhook off after failures. The server switches it on again; if it recurs, look at the server",
    ),
    (
        "check.pact.token, company and webhook",
        "Pact: токен, компания, вебхук",
        "Pact: token, company, webhook",
    ),
    (
        "check.pact.token, company and webhook?",
        "Pact не принимает токен или не шлёт события: app.pact.im → Аккаунт",
        "Pact refuses the token or sends no events: app.pact.im → Account",
    ),
    (
        "check.pact.channel",
        "WhatsApp на связи",
        "WhatsApp is connected",
    ),
    (
        "check.pact.channel?",
        "WhatsApp отключён в Pact. Откройте Pact и подключите номер заново",
        "WhatsApp is off in Pact. Open Pact and connect the number anew",
    ),
    ("check.pact.webhook", "Вебхук Pact", "Pact's webhook"),
    ("check.pact.enabled", "Канал включён", "The channel is on"),
    ("check.bot.reachable", "Бот отвечает", "The bot answers"),
    (
        "check.bot.reachable?",
        "Бот не отвечает, диалоги идут менеджерам. Сообщите автору бота",
        "The bot does not answer, dialogs go to managers. Tell the bot's author",
    ),
    ("tabs", "Разделы", "Sections"),
    // saving
    ("save", "Сохранить", "Save"),
    ("saving", "Сохраняем…", "Saving…"),
    ("discard", "Отменить изменения", "Discard changes"),
    (
        "save.changes",
        "Изменений: {n}. Показать",
        "{n/change/changes}. Show",
    ),
    (
        "save.hide",
        "Изменений: {n}. Скрыть",
        "{n/change/changes}. Hide",
    ),
    (
        "save.comments",
        "Изменены только примечания",
        "Only comments changed",
    ),
    (
        "save.wrong",
        "Не сохранить, пока есть ошибки: {n}",
        "Not to be saved yet: {n/mistake/mistakes}",
    ),
    (
        "save.ok",
        "Сохранено, версия {n}. Действует со следующего сообщения",
        "Saved, version {n}. In force from the next message",
    ),
    (
        "save.ok_soon",
        "Сохранено, версия {n}. Вступит в силу за несколько секунд",
        "Saved, version {n}. In force within seconds",
    ),
    ("save.failed", "Не сохранено: {why}", "Not saved: {why}"),
    (
        "save.conflict",
        "Пока вы меняли правила, их сохраняет {name}: версия {n}. Сравните и выберите",
        "{name} saved meanwhile: version {n}. Compare and choose",
    ),
    (
        "save.conflict_somebody",
        "Пока вы меняли правила, появилась другая версия. Сравните и выберите",
        "Another version was saved meanwhile. Compare and choose",
    ),
    (
        "save.their_changes",
        "Что изменено в ней",
        "What changed in it",
    ),
    ("save.my_changes", "Что изменили вы", "What you changed"),
    ("save.mine", "Мой вариант", "Mine"),
    ("save.theirs", "Вариант: {name}", "{name}'s"),
    ("save.theirs_other", "Другой вариант", "The other one"),
    ("somebody", "другой администратор", "another administrator"),
    ("user", "Пользователь {n}", "User {n}"),
    ("yes", "да", "yes"),
    ("no", "нет", "no"),
    ("nothing", "пусто", "nothing"),
    ("row.up", "Выше", "Up"),
    ("row.down", "Ниже", "Down"),
    ("row.remove", "Убрать", "Remove"),
    ("row.key", "Ключ", "Key"),
    ("row.nameless", "Без названия", "Nameless"),
    ("row.add.stages", "Добавить этап", "Add a stage"),
    ("row.add.triggers", "Добавить повод", "Add a trigger"),
    ("bar", "Сохранение", "Saving"),
    ("tab.wrong", "есть ошибки", "has mistakes"),
    (
        "versions.look_at",
        "Сравнить с версией {n}",
        "Compare with version {n}",
    ),
    (
        "when.compound",
        "Изменить на вкладке «Весь текст»",
        "Change it on the tab “Whole text”",
    ),
    ("row.stages", "Этап {name}", "Stage {name}"),
    ("row.triggers", "Повод «{name}»", "Trigger “{name}”"),
    (
        "row.departure",
        "После выезда, строка «{name}»",
        "After departure, row “{name}”",
    ),
    ("row.texts", "Текст «{name}»", "Text “{name}”"),
    ("same", "Отличий нет", "No differences"),
    // versions
    ("versions.look", "Сравнить", "Compare"),
    ("versions.newest", "действует", "in force"),
    ("rollback", "Вернуть версию {n}", "Restore version {n}"),
    (
        "rollback.ask",
        "Вернуть версию {n} от {date}? Текущая останется в списке. Изменится:",
        "Restore version {n} of {date}? The present one stays listed. What changes:",
    ),
    (
        "rollback.unreadable",
        "Эту версию нельзя вернуть как есть:",
        "This version cannot be restored as it stands:",
    ),
    ("origin=default", "правила по умолчанию", "default rules"),
    ("origin=file", "файл на сервере", "file on the server"),
    ("origin=cli", "командная строка", "command line"),
    ("origin=api", "страница настроек", "settings page"),
    (
        "text.hint",
        "Тот же файл целиком: то, чего нет на других вкладках, меняется здесь. Примечания сохраняются.",
        "The same file as a whole: what the other tabs do not have is changed here. Comments are kept.",
    ),
    (
        "text.odd",
        "Текст на вкладке «Весь текст» не читается. Исправьте его там.",
        "The text on the tab “Whole text” cannot be read. Correct it there.",
    ),
    // what if
    ("try.title", "Что будет, если", "What if"),
    ("try.text", "Напишите как гость", "Write as a guest"),
    (
        "try.text_example",
        "Нас будет пятеро",
        "There will be five of us",
    ),
    ("try.stage", "Этап сделки", "Stage of the deal"),
    ("try.no_stage", "Сделки нет", "No deal"),
    ("try.time", "Время", "Time"),
    ("try.owner", "Кто ведёт", "Who leads"),
    ("try.owner=bot", "Бот", "The bot"),
    ("try.owner=waiting", "Ждёт менеджера", "Waiting"),
    ("try.owner=manager", "Менеджер", "A manager"),
    ("try.kb", "Бот", "The bot"),
    ("try.kb=none", "ещё не спрошен", "has not been asked"),
    ("try.kb=hit", "знает ответ", "knows the answer"),
    ("try.kb=miss", "не знает ответа", "does not know"),
    ("try.now", "Сейчас", "Now"),
    ("try.after", "После сохранения", "After saving"),
    ("try.answer", "Бот ответит", "Answers"),
    ("try.handoff", "Передаст менеджеру", "Hands off"),
    ("try.clarify", "Уточнит", "Asks"),
    ("try.new_deal", "Создаст сделку", "Creates a deal"),
    ("try.accept_review", "Примет отзыв", "Takes the review"),
    ("try.silent", "Промолчит", "Stays silent"),
    (
        "try.then",
        "{action}, затем: {then}",
        "{action}, then: {then}",
    ),
    ("try.said", "Гость прочтёт", "The guest reads"),
    (
        "try.bots_words",
        "ответ бота его словами",
        "the bot's answer in its own words",
    ),
    ("try.why", "Почему", "Why"),
    ("try.differs", "Решение изменится", "The decision changes"),
    (
        "try.wrong",
        "Сначала исправьте ошибки",
        "Correct the mistakes first",
    ),
    (
        "try.unreadable",
        "Сохранённые правила не читаются",
        "The saved rules cannot be read",
    ),
    (
        "try.empty",
        "Напишите сообщение гостя: здесь будет решение, текст и причина",
        "Write a guest's message: the decision, the text and the reason appear here",
    ),
    (
        "try.loading",
        "Загружаем то, чем читаются сообщения…",
        "Loading what reads messages…",
    ),
    (
        "try.missing",
        "То, чем читаются сообщения, не загрузилось, и решение не показать. Гостям отвечают как обычно.",
        "What reads messages did not load, so the decision cannot be shown. Guests are answered as usual.",
    ),
    ("preview", "Гость прочтёт", "The guest reads"),
    ("example", "Например", "Such as"),
    ("none", "нет", "none"),
    ("choose", "Выберите", "Choose"),
    // groups
    ("group.mode", "Режим", "Mode"),
    ("group.names", "Имена", "Names"),
    (
        "group.exclude",
        "Кому бот не отвечает",
        "Whom the bot does not answer",
    ),
    ("group.bot", "Бот", "The bot"),
    (
        "group.guard",
        "Что не уйдёт гостю без менеджера",
        "What does not reach a guest without a manager",
    ),
    ("group.booking", "Ссылка на бронирование", "Booking link"),
    ("group.week", "Рабочие часы", "Working hours"),
    (
        "group.holidays",
        "Праздники и особые дни",
        "Holidays and special days",
    ),
    ("group.quiet", "Тихие часы", "Quiet hours"),
    ("group.texts", "Тексты для гостей", "Texts for guests"),
    ("group.timers", "Сроки", "Timers"),
    (
        "group.ownership",
        "Кто ведёт диалог",
        "Who leads the dialog",
    ),
    ("group.assign", "Кому ставить задачу", "Who gets the task"),
    ("group.tasks", "Задачи", "Tasks"),
    (
        "group.fields",
        "Как называются поля сделки в amoCRM",
        "Names of the deal's fields in amoCRM",
    ),
    (
        "group.robot_zone",
        "Что делают другие роботы аккаунта",
        "What the account's other robots do",
    ),
    // work
    ("mode", "Режим", "Mode"),
    (
        "mode=on",
        "Бот отвечает всем гостям",
        "The bot answers all guests",
    ),
    (
        "mode=trial",
        "Пробный: бот отвечает только тестовым номерам",
        "Trial: test numbers only",
    ),
    (
        "mode=watch",
        "Наблюдение: бот решает, но гостям не пишет",
        "Watching: decides, sends nothing",
    ),
    (
        "mode=people",
        "Пауза: все сообщения ждут менеджера",
        "Pause: all messages wait for a manager",
    ),
    (
        "mode=off",
        "Выключено: ничего не происходит",
        "Off: nothing happens",
    ),
    ("trial_phones", "Тестовые номера", "Test numbers"),
    ("trial_phones?", "По одному в строке", "One a line"),
    ("bot_name", "Имя бота", "The bot's name"),
    (
        "organisation",
        "Организация, в родительном падеже",
        "The organisation",
    ),
    (
        "review_url",
        "Где оставить отзыв (ссылка)",
        "Where to leave a review (link)",
    ),
    ("exclude.phones", "Номера", "Numbers"),
    (
        "exclude.phones?",
        "Сотрудники, поставщики: по одному в строке",
        "Staff, suppliers: one a line",
    ),
    ("exclude.contact_tags", "Теги контактов", "Contact tags"),
    (
        "bot.clarify_max",
        "Сколько раз бот может переспросить за обращение",
        "How often the bot may ask back",
    ),
    (
        "bot.consulted_when",
        "Когда гость проконсультирован",
        "When the guest counts as consulted",
    ),
    (
        "bot.consulted_when=first_answer",
        "После первого ответа бота",
        "After the bot's first answer",
    ),
    (
        "bot.consulted_when=reported",
        "Когда это сообщит бот",
        "When the bot says so",
    ),
    (
        "bot.guard.max_chars",
        "Знаков в одном сообщении",
        "Characters of one message",
    ),
    (
        "bot.guard.link_hosts",
        "Разрешённые сайты ссылок",
        "Sites that links may lead to",
    ),
    (
        "bot.guard.link_hosts?",
        "По одному в строке; пусто — любые",
        "One a line; empty: any",
    ),
    (
        "bot.guard.passage_links",
        "И ссылки из базы знаний",
        "Links of the knowledge base too",
    ),
    (
        "bot.guard.prices",
        "Сверять суммы и обещания",
        "Check amounts and promises",
    ),
    (
        "bot.guard.prices=with_passages",
        "Когда бот называет источник",
        "When the bot names its source",
    ),
    ("bot.guard.prices=always", "Всегда", "Always"),
    ("bot.guard.prices=never", "Никогда", "Never"),
    ("bot.guard.promises", "Слова обещаний", "Words of promises"),
    (
        "bot.guard.language",
        "Не отвечать не тем алфавитом",
        "No answer in other letters than the guest's",
    ),
    (
        "bot.guard.repeats",
        "Не повторять тот же текст",
        "Not the same text twice",
    ),
    (
        "bot.guard.personal",
        "Не называть чужие номера и карты",
        "No numbers or cards that nobody gave",
    ),
    (
        "booking.url",
        "Адрес страницы бронирования",
        "Address of the booking page",
    ),
    (
        "booking.url?",
        "Места: {arrival} {departure} {nights} {adults} {children} {category} {programme}. Пусто — бот ссылок не шлёт",
        "Places: {arrival} {departure} {nights} {adults} {children} {category} {programme}. Empty: the bot sends no links",
    ),
    ("booking.max_adults", "Взрослых не больше", "Adults at most"),
    ("booking.categories", "Категории номеров", "Room categories"),
    (
        "booking.categories?",
        "Имя = код в адресе, по одной в строке",
        "Name = code in the address, one a line",
    ),
    ("booking.programmes", "Программы", "Programmes"),
    (
        "booking.programmes?",
        "Имя = код в адресе, по одной в строке",
        "Name = code in the address, one a line",
    ),
    // stages
    ("stages.name", "Название в amoCRM", "Name in amoCRM"),
    ("stages.role", "Что делает бот", "What the bot does"),
    (
        "stages.role=drive",
        "Отвечает и двигает сделку",
        "Answers and moves the deal",
    ),
    ("stages.role=answer", "Только отвечает", "Answers only"),
    (
        "stages.role=intent",
        "Разбирает, о чём сообщение",
        "Works out the meaning",
    ),
    (
        "stages.role=reopen",
        "Создаёт новую сделку",
        "Creates a new deal",
    ),
    (
        "stages.booking",
        "У гостя есть бронь",
        "The guest has a booking",
    ),
    (
        "stages.consulted_to",
        "После консультации — на этап",
        "After consulting, to the stage",
    ),
    (
        "stages.payment_link_to",
        "После ссылки на оплату — на этап",
        "After the payment link, to the stage",
    ),
    ("stages.collect", "Что выяснить", "What to find out"),
    ("stages.touch", "Финальное касание", "Final touch"),
    (
        "stages.no_reply_to",
        "Гость не ответил — на этап",
        "No reply, to the stage",
    ),
    ("stages.loss_reason", "Причина отказа", "Loss reason"),
    // handoff
    ("when.guests_over", "Гостей больше", "More guests than"),
    (
        "when.child_at_most",
        "Ребёнку не больше лет",
        "Child's age at most",
    ),
    ("when.rooms_over", "Номеров больше", "More rooms than"),
    (
        "when.text_at_most",
        "Знаков в тексте не больше",
        "Characters of text at most",
    ),
    (
        "when.open_deals_over",
        "Открытых сделок больше",
        "More open deals than",
    ),
    (
        "when.bot_unsure",
        "Уверенность бота ниже, %",
        "The bot's confidence below, %",
    ),
    ("when.pet", "С питомцем", "With a pet"),
    (
        "when.past_stay",
        "Гость отдыхал здесь раньше",
        "The guest stayed here before",
    ),
    (
        "when.new_booking",
        "Речь о новой брони",
        "About a new booking",
    ),
    (
        "when.intent_in",
        "Гость хочет одного из",
        "The guest wants one of",
    ),
    (
        "when.only_intents",
        "Гость хочет только этого",
        "The guest wants this alone",
    ),
    (
        "when.attachment_in",
        "Во вложении одно из",
        "An attachment is one of",
    ),
    (
        "when.several_deals_meant",
        "Речь сразу о нескольких сделках",
        "Several deals are meant",
    ),
    (
        "when.meaning_unclear",
        "Неясно, о чём сообщение",
        "The meaning is unclear",
    ),
    (
        "when.kb_miss",
        "Бот не нашёл ответа в базе знаний",
        "The bot found nothing in its knowledge base",
    ),
    ("when.stage_in", "Этап сделки", "The deal's stage"),
    ("when.all", "и", "and"),
    ("when.any", "или", "or"),
    ("when.not", "кроме", "not"),
    ("when", "Условие", "Condition"),
    (
        "triggers.repeat",
        "Один раз повторить поле сделки",
        "Repeat the deal's field once",
    ),
    ("triggers.repeat=payment", "Статус оплаты", "Payment status"),
    ("triggers.repeat=refund", "Статус возврата", "Refund status"),
    (
        "triggers.reason",
        "Причина для менеджера",
        "Reason for the manager",
    ),
    ("departure.then", "Что делает бот", "What the bot does"),
    (
        "departure.then=accept_review",
        "Принимает отзыв",
        "Takes the review",
    ),
    ("departure.then=answer", "Отвечает", "Answers"),
    (
        "departure.then=new_deal",
        "Создаёт сделку",
        "Creates a deal",
    ),
    ("departure.then=clarify", "Уточняет", "Asks"),
    (
        "departure.reason",
        "Причина для менеджера",
        "Reason for the manager",
    ),
    ("departure.text", "Текст гостю", "Text for the guest"),
    (
        "triggers.text",
        "Текст гостю вместо обычного",
        "Text instead of the usual one",
    ),
    ("triggers.due", "Срок задачи", "Due time of the task"),
    (
        "triggers.due?",
        "Например 15m; 0s — сразу",
        "Such as 15m; 0s: at once",
    ),
    (
        "triggers.escalate_after",
        "Сообщить о долгом ожидании через",
        "Tell of a long wait after",
    ),
    ("triggers.assign", "Кому", "For whom"),
    ("triggers.assign=duty", "Дежурному", "Whoever is on duty"),
    // hours
    ("calendar.timezone", "Часовой пояс", "Time zone"),
    ("day.0", "Понедельник", "Monday"),
    ("day.1", "Вторник", "Tuesday"),
    ("day.2", "Среда", "Wednesday"),
    ("day.3", "Четверг", "Thursday"),
    ("day.4", "Пятница", "Friday"),
    ("day.5", "Суббота", "Saturday"),
    ("day.6", "Воскресенье", "Sunday"),
    (
        "day.0?",
        "Например 09:00-13:00, 14:00-18:00; пусто — выходной",
        "Such as 09:00-13:00, 14:00-18:00; empty: a day off",
    ),
    ("calendar.closed", "Выходные дни", "Days off"),
    (
        "calendar.closed?",
        "ММ-ДД каждый год или ГГГГ-ММ-ДД один раз, по одному в строке",
        "MM-DD every year or YYYY-MM-DD once, one a line",
    ),
    (
        "calendar.special",
        "Дни с особыми часами",
        "Days with hours of their own",
    ),
    (
        "calendar.special?",
        "12-31: 09:00-15:00, по одному в строке",
        "12-31: 09:00-15:00, one a line",
    ),
    (
        "timers.quiet",
        "В эти часы бот не пишет первым",
        "The bot writes nothing unasked",
    ),
    // texts
    ("text.intro", "Знакомство", "Introduction"),
    (
        "text.return_intro",
        "Бот снова ведёт диалог",
        "The bot is back",
    ),
    ("text.handoff", "Передача менеджеру", "Handoff"),
    (
        "text.work_hours",
        "К передаче в рабочее время",
        "With a handoff in working hours",
    ),
    (
        "text.off_hours",
        "К передаче в нерабочее время",
        "With a handoff off hours",
    ),
    (
        "text.attachment_only",
        "Только вложение",
        "An attachment alone",
    ),
    (
        "text.clarify_kind",
        "Уточнение: текущая бронь или новая",
        "Asking: present or new booking",
    ),
    (
        "text.clarify_deal",
        "Уточнение: какая бронь",
        "Asking: which booking",
    ),
    (
        "text.clarify_deal_plain",
        "То же, если даты неизвестны",
        "The same without known dates",
    ),
    (
        "text.clarify_departure",
        "Уточнение после выезда",
        "Asking after departure",
    ),
    (
        "text.opt_out_ack",
        "Гость просит не напоминать",
        "The guest asks not to be reminded",
    ),
    ("text.urgent", "Срочное", "Urgent"),
    (
        "text.review_thanks",
        "Спасибо за отзыв",
        "Thanks for a review",
    ),
    ("text.review_link", "Ссылка для отзыва", "Link for a review"),
    ("text.review_negative", "Плохой отзыв", "A bad review"),
    ("text.repeat_payment", "Статус оплаты", "Payment status"),
    ("text.repeat_refund", "Статус возврата", "Refund status"),
    (
        "text.touch_consult",
        "Касание после консультации",
        "Touch after consulting",
    ),
    (
        "text.touch_link",
        "Касание после ссылки",
        "Touch after the link",
    ),
    // timers
    (
        "timers.burst_quiet",
        "Гость дописал, если молчит",
        "The guest has finished after",
    ),
    (
        "timers.burst_max",
        "Собирать сообщения не дольше",
        "Collect messages no longer than",
    ),
    (
        "timers.supersede_for",
        "Новое сообщение заменяет вопрос боту не дольше",
        "A newer message replaces the question for",
    ),
    (
        "timers.supersede_max",
        "И не чаще, раз",
        "And no more often than, times",
    ),
    (
        "timers.late_answer",
        "Обещанный ответ бота ждать",
        "Wait for a promised answer",
    ),
    (
        "timers.waiting_reminder",
        "Напомнить ответственному через, рабочего времени",
        "Remind the responsible after, working time",
    ),
    (
        "timers.waiting_escalation",
        "Сообщить о долгом ожидании через, рабочего времени",
        "Tell of a long wait after, working time",
    ),
    (
        "timers.auto_return_after",
        "Возвращать боту через, после ответа менеджера",
        "Return to the bot after a manager's reply",
    ),
    (
        "timers.auto_return_grace",
        "Сообщение гостя под конец продлевает на",
        "A guest's message near the end adds",
    ),
    (
        "timers.undo_for",
        "Отменить автоматическое взятие можно",
        "An automatic take can be undone for",
    ),
    (
        "timers.final_touch_after",
        "Финальное касание через",
        "Final touch after",
    ),
    (
        "timers.final_touch_window",
        "То же, где канал закрывается через 24 часа",
        "The same where the channel closes after 24 h",
    ),
    (
        "timers.after_touch",
        "После касания ждать",
        "Wait after the touch",
    ),
    (
        "timers.episode_idle",
        "Обращение кончается, если молчат",
        "The inquiry ends after silence of",
    ),
    (
        "timers.claim_grace",
        "Ждать сделку от amoCRM",
        "Wait for amoCRM's deal",
    ),
    (
        "timers.snapshot_ttl",
        "Прочитанное из amoCRM служит",
        "What was read from amoCRM serves",
    ),
    (
        "timers.snapshot_max_age",
        "И если amoCRM не отвечает, до",
        "And while amoCRM is down, up to",
    ),
    ("span", "4s, 40m, 24h, 2d", "4s, 40m, 24h, 2d"),
    // people
    ("ownership.field", "Поле сделки", "The deal's field"),
    ("ownership.values.bot", "Ведёт бот", "The bot leads"),
    (
        "ownership.values.waiting",
        "Ждёт менеджера",
        "Waiting for a manager",
    ),
    (
        "ownership.values.manager",
        "Ведёт менеджер",
        "A manager leads",
    ),
    (
        "ownership.take_on_open",
        "Когда ответственный открывает сделку",
        "When the responsible opens the deal",
    ),
    (
        "ownership.take_on_open=waiting",
        "Берёт ждущий диалог",
        "Takes a waiting dialog",
    ),
    (
        "ownership.take_on_open=always",
        "Берёт любой диалог",
        "Takes any dialog",
    ),
    (
        "ownership.take_on_open=off",
        "Ничего не берёт",
        "Takes nothing",
    ),
    (
        "ownership.on_task_done",
        "Когда менеджер закрывает задачу «WhatsApp»",
        "When a manager closes the task «WhatsApp»",
    ),
    (
        "ownership.on_task_done=keep",
        "Продолжает вести",
        "Goes on leading",
    ),
    (
        "ownership.on_task_done=return",
        "Диалог возвращается боту",
        "The dialog returns to the bot",
    ),
    ("tasks.assign", "Кому ставить задачу", "Who gets the task"),
    (
        "tasks.assign=deal_responsible",
        "Ответственному за сделку",
        "The deal's responsible",
    ),
    (
        "tasks.assign=crm",
        "Как распределяет amoCRM",
        "As amoCRM distributes",
    ),
    (
        "tasks.fallback",
        "Если сотрудник отключён",
        "If the user is deactivated",
    ),
    (
        "tasks.escalate_to",
        "Кому сообщить, если гость ждёт долго",
        "Whom to tell if a guest waits long",
    ),
    ("tasks.duty_user", "Дежурный", "Who is on duty"),
    (
        "tasks.duty_phone",
        "Круглосуточный телефон",
        "Round-the-clock phone",
    ),
    (
        "tasks.whatsapp.type",
        "Тип задачи при передаче",
        "Task type of a handoff",
    ),
    (
        "tasks.whatsapp.due",
        "Срок, рабочего времени",
        "Due after, working time",
    ),
    (
        "tasks.contact.type",
        "Тип задачи «связаться»",
        "Task type of a follow-up",
    ),
    (
        "tasks.contact.due",
        "Срок, рабочего времени",
        "Due after, working time",
    ),
    // deal fields
    ("fields.arrival", "Заезд", "Arrival"),
    ("fields.departure", "Выезд", "Departure"),
    ("fields.category", "Категория номера", "Room category"),
    ("fields.guests", "Состав гостей", "Guests"),
    ("fields.payment", "Статус оплаты", "Payment status"),
    ("fields.refund", "Статус возврата", "Refund status"),
    // robots
    (
        "robot_zone.moves",
        "Переходы, которые делает другой робот",
        "Moves that another robot makes",
    ),
    (
        "robot_zone.moves?",
        "prebooked → prepaid, по одному в строке",
        "prebooked → prepaid, one a line",
    ),
    (
        "robot_zone.tasks",
        "Типы задач, которых бот не касается",
        "Task types that the bot leaves alone",
    ),
    (
        "robot_zone.texts",
        "Автоответы, которые не считать человеком",
        "Automatic replies that are no person",
    ),
    // conditions
    (
        "intent=payment_status",
        "узнать, дошла ли оплата",
        "to know whether the payment arrived",
    ),
    (
        "intent=refund_status",
        "узнать о возврате",
        "to know about a refund",
    ),
    (
        "intent=payment_check",
        "проверить оплату или чек",
        "a payment or receipt checked",
    ),
    (
        "intent=payment_link_again",
        "ссылку на оплату ещё раз",
        "the payment link again",
    ),
    (
        "intent=refund_link_again",
        "возврат ещё раз",
        "the refund again",
    ),
    (
        "intent=paid_notice",
        "сообщить об оплате",
        "to say that it is paid",
    ),
    ("intent=receipt_sent", "прислать чек", "to send a receipt"),
    (
        "intent=extension_cost",
        "узнать цену продления",
        "the price of staying longer",
    ),
    (
        "intent=extra_service_cost",
        "узнать цену доп. услуги",
        "the price of an extra service",
    ),
    (
        "intent=human_request",
        "поговорить с человеком",
        "to talk to a person",
    ),
    ("intent=complaint", "пожаловаться", "to complain"),
    ("intent=review", "оставить отзыв", "to leave a review"),
    (
        "intent=past_visit",
        "спросить о прошедшем отдыхе",
        "to ask about a past stay",
    ),
    (
        "intent=thanks_only",
        "только поблагодарить",
        "only to say thanks",
    ),
    (
        "intent=opt_out",
        "не получать сообщений",
        "no more messages",
    ),
    (
        "intent=how_to_pay",
        "узнать, как оплатить",
        "to know how to pay",
    ),
    ("intent=urgent", "срочной помощи", "help at once"),
    ("intent=new_booking", "новую бронь", "a new booking"),
    (
        "intent=own_booking",
        "спросить о своей брони",
        "to ask about the own booking",
    ),
    ("intent=greeting", "поздороваться", "to say hello"),
    ("intent=general", "простой вопрос", "a plain question"),
    ("intent=unclear", "неясно чего", "it is unclear what"),
    ("attachment=image", "картинка", "a picture"),
    ("attachment=document", "документ", "a document"),
    ("attachment=voice", "голосовое", "a voice message"),
    ("attachment=video", "видео", "a video"),
    ("attachment=sticker", "стикер", "a sticker"),
    (
        "attachment=location",
        "место на карте",
        "a place on the map",
    ),
    ("attachment=contact", "контакт", "a contact"),
    ("attachment=other", "другое", "something else"),
    ("inquiry=bot", "отвечает бот", "the bot answers"),
    (
        "inquiry=new_deal",
        "бот отвечает, новая сделка",
        "the bot answers, a new deal",
    ),
    ("inquiry=clarify", "бот уточняет", "the bot asks"),
    (
        "inquiry=table",
        "таблица «После выезда»",
        "the table “After departure”",
    ),
    ("inquiry=people", "отвечает менеджер", "a manager answers"),
    (
        "inquiry.unmapped",
        "Сделка в чужой воронке или на неизвестном этапе",
        "The deal is in another pipeline or at an unknown stage",
    ),
    (
        "inquiry.several",
        "Открыто несколько сделок",
        "Several deals are open",
    ),
    ("inquiry.early", "Сделка до оплаты", "A deal before payment"),
    (
        "inquiry.booking",
        "Сделка с бронью",
        "A deal with a booking",
    ),
    (
        "inquiry.departure",
        "Сделка после выезда",
        "A deal after departure",
    ),
    (
        "inquiry.booking_not_found",
        "Гость спрашивает о брони, которой нет",
        "A booking is asked about that is not there",
    ),
    (
        "inquiry.refused",
        "Последняя сделка закрыта отказом",
        "The last deal was lost",
    ),
    ("inquiry.none", "Открытых сделок нет", "No deal is open"),
    ("schema", "Версия формата", "Version of the format"),
    (
        "bot.guard.internal",
        "Служебные тексты, которых гость не видит",
        "Internal texts that no guest sees",
    ),
    (
        "departure",
        "Что хочет гость после выезда",
        "What a guest wants after departure",
    ),
    ("stages", "Этапы", "Stages"),
    ("triggers", "Поводы для передачи", "Triggers"),
    // knowledge base
    (
        "kb.hint",
        "Отсюда бот берёт ответы: записи в файлах Markdown и CSV. Действует сохранённая версия.",
        "What the bot answers from: entries in files of Markdown and CSV. The saved version is in force.",
    ),
    (
        "kb.loading",
        "Читаем базу знаний…",
        "Reading the knowledge base…",
    ),
    (
        "kb.empty",
        "Базы знаний ещё нет: загрузите файлы или вставьте текст",
        "There is no knowledge base yet: upload files, or paste a text",
    ),
    (
        "kb.from_file",
        "База взята из папки на сервере. Сохранённое здесь действует сразу, но если папку изменят, при следующем запуске снова вступит в силу она.",
        "The base comes from a folder on the server. What is saved here is in force at once, but when the folder changes, it comes into force again at the next start.",
    ),
    ("kb.entries", "записей: {n}", "{n/entry/entries}"),
    ("kb.files", "Файлы", "Files"),
    ("kb.upload", "Загрузить файлы", "Upload files"),
    ("kb.new", "Вставить текст", "Paste a text"),
    ("kb.remove", "Убрать файл {name}", "Remove the file {name}"),
    ("kb.name", "Имя файла", "Name of the file"),
    ("kb.text", "Записи", "Entries"),
    (
        "kb.text?",
        "«## Заголовок», под ним строки «- как ещё спрашивают?», затем ответ гостю, до 1000 знаков.",
        "“## Heading”, under it lines “- another way to ask?”, then the answer to the guest, at most 1000 characters.",
    ),
    (
        "kb.rubbish.ending",
        "Файл {name} не взят: нужен .md или .csv",
        "The file {name} was not taken: it has to be .md or .csv",
    ),
    (
        "kb.rubbish.too_large",
        "Файл {name} не взят: он больше целой базы, 1 МБ",
        "The file {name} was not taken: it is larger than a whole base, 1 MB",
    ),
    (
        "kb.rubbish.no_text",
        "Файл {name} не взят: это не текст в UTF-8. В Excel: «Сохранить как» → «CSV UTF-8»",
        "The file {name} was not taken: it is no text in UTF-8. In Excel: Save as → CSV UTF-8",
    ),
    (
        "kb.rubbish.unreadable",
        "Файл {name} не читается. Выберите его ещё раз",
        "The file {name} cannot be read. Choose it once more",
    ),
    (
        "kb.find.title",
        "Что найдёт вопрос",
        "What a question finds",
    ),
    (
        "kb.find.example",
        "До скольки работает бассейн?",
        "When does the pool close?",
    ),
    ("kb.find", "Найти", "Find"),
    (
        "kb.find.unsaved",
        "Ищем в том, что на странице: оно ещё не сохранено",
        "Found in what stands on the page, which is not saved yet",
    ),
    (
        "kb.find.answers",
        "Бот ответит первой записью",
        "The bot answers with the first entry",
    ),
    (
        "kb.find.unsure",
        "Бот не уверен: диалог получит менеджер. Ближайшие записи:",
        "The bot is not sure: a manager gets the dialog. The nearest entries:",
    ),
    (
        "kb.find.nothing",
        "Ничего не найдено: диалог получит менеджер",
        "Nothing is found: a manager gets the dialog",
    ),
    (
        "kb.missed.title",
        "Гости спрашивали, ответа не было",
        "Guests asked, there was no answer",
    ),
    (
        "kb.missed.loading",
        "Читаем вопросы…",
        "Reading the questions…",
    ),
    ("kb.missed.none", "Таких вопросов нет", "There are none"),
    (
        "kb.missed.count",
        "вопросов: {n}, последний {date}",
        "asked: {n}, last {date}",
    ),
    ("kb.start", "Создать запись", "Start an entry"),
    (
        "kb.saved",
        "Сохранено, версия {n}, записей: {count}. Бот отвечает по ней со следующего вопроса",
        "Saved, version {n}, entries: {count}. The bot answers from it at the next question",
    ),
    (
        "kb.save.conflict",
        "Пока вы меняли базу знаний, её сохраняет {name}: версия {n}. Сравните и выберите",
        "{name} saved the knowledge base meanwhile: version {n}. Compare and choose",
    ),
    (
        "kb.save.conflict_somebody",
        "Пока вы меняли базу знаний, появилась другая версия. Сравните и выберите",
        "Another version of the knowledge base was saved meanwhile. Compare and choose",
    ),
    // failures
    (
        "error.knowledge_wrong",
        "в базе знаний ошибки",
        "the knowledge base has mistakes",
    ),
    (
        "error.body_too_large",
        "слишком много текста для одного сохранения: сократите или уберите файлы",
        "too much text to be saved at once: shorten or remove files",
    ),
    (
        "error.unavailable",
        "сервер не отвечает, ничего не сохранено",
        "the server does not answer, nothing was saved",
    ),
    (
        "error.admins_only",
        "менять может администратор",
        "only administrators can change this",
    ),
    (
        "error.policy_wrong",
        "правила с ошибками",
        "the rules have mistakes",
    ),
    (
        "error.unreachable",
        "сервер недоступен",
        "the server cannot be reached",
    ),
    (
        "error.timeout",
        "сервер не ответил вовремя",
        "the server did not answer in time",
    ),
    (
        "error.session_expired",
        "вход не подтверждён, обновите страницу",
        "the session is over, reload the page",
    ),
    (
        "error.token_refused",
        "вход не подтверждён, обновите страницу",
        "the session was refused, reload the page",
    ),
    (
        "error.account_unknown",
        "аккаунт не подключён",
        "the account is not connected",
    ),
    (
        "error.version_not_found",
        "такой версии нет",
        "there is no such version",
    ),
    (
        "error.other",
        "ошибка сервера ({code})",
        "the server failed ({code})",
    ),
];

/// The texts in a language: `en`, or Russian.
pub fn texts(lang: &str) -> Texts {
    let is_english = lang == "en";
    let word = |(key, ru, en): &(&str, &str, &str)| {
        (
            (*key).to_owned(),
            (if is_english { *en } else { *ru }).to_owned(),
        )
    };
    let mut words: BTreeMap<String, String> = WORDS.iter().map(word).collect();
    words.insert(
        "lang".to_owned(),
        if is_english { "en" } else { "ru" }.to_owned(),
    );
    Texts::new(words)
}

/// The words of a failure's code.
pub fn failure(texts: &Texts, code: &str) -> String {
    let key = format!("error.{code}");
    if texts.has(&key) {
        texts.get(&key)
    } else {
        texts.fill("error.other", &[("code", code)])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::doc::Doc;
    use crate::settings::fields::{Kind, Section, groups};
    use crate::settings::tests::SANATORIUM;

    #[test]
    fn every_field_group_and_choice_has_words_in_both_languages() {
        let doc = Doc::parse(SANATORIUM).unwrap();
        for lang in ["ru", "en"] {
            let texts = texts(lang);
            for section in Section::ALL {
                assert!(texts.has(&format!("tab.{}", section.as_str())));
                for group in groups(section, &doc) {
                    let label = format!("group.{}", group.label);
                    assert!(group.label.is_empty() || texts.has(&label), "{label}");
                    for field in group.fields {
                        assert!(texts.has(&field.label), "{}", field.label);
                        if let Kind::Choice(values) = field.kind {
                            for value in values {
                                let key = format!("{}={value}", field.label);
                                assert!(texts.has(&key), "{key}");
                            }
                        }
                    }
                }
            }
        }
    }

    #[test]
    fn no_key_stands_twice_and_both_languages_fill_the_same_gaps() {
        let (ru, en) = (texts("ru"), texts("en"));
        let mut keys: Vec<_> = WORDS.iter().map(|(key, ..)| *key).collect();
        keys.sort_unstable();
        let count = keys.len();
        keys.dedup();
        assert_eq!(keys.len(), count);
        for (key, russian, english) in WORDS {
            assert!(!russian.is_empty() && !english.is_empty(), "{key}");
            let has_cyrillic = english.chars().any(|c| ('а'..='я').contains(&c));
            assert!(!has_cyrillic, "{key}: {english}");
            let mut names = [ru.placeholders(key), en.placeholders(key)];
            names.iter_mut().for_each(|names| names.sort_unstable());
            assert_eq!(names[0], names[1], "{key}");
        }
    }

    #[test]
    fn a_failure_without_words_names_its_code() {
        let texts = texts("en");
        assert_eq!(
            failure(&texts, "timeout"),
            "the server did not answer in time"
        );
        assert_eq!(
            failure(&texts, "brand_new"),
            "the server failed (brand_new)"
        );
    }
}
