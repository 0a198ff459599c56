//! Every word of the page, in Russian and in English.

mod findings;

use crate::ports::{Service, Step, Tick, Trouble};
use axum::http::HeaderMap;
use axum::http::header::ACCEPT_LANGUAGE;
use widget_core::policy::StageRole;
use widget_core::trace::Lang;

/// The cookie of who has chosen a language.
pub(super) const LANGUAGE: &str = "estafeta_lang";

/// A text in Russian and in English.
#[derive(Clone, Copy)]
pub(super) struct Words(pub(super) &'static str, pub(super) &'static str);

impl Words {
    pub(super) const fn of(self, lang: Lang) -> &'static str {
        match lang {
            Lang::Ru => self.0,
            Lang::En => self.1,
        }
    }
}

/// The language of a request: the chosen one, else the browser's, else Russian.
pub(super) fn language(headers: &HeaderMap) -> Lang {
    match super::key::cookie(headers, LANGUAGE) {
        Some("en") => return Lang::En,
        Some("ru") => return Lang::Ru,
        _ => {}
    }
    let wished = headers
        .get(ACCEPT_LANGUAGE)
        .and_then(|value| value.to_str().ok());
    let mut wished = wished.unwrap_or_default().split(',').map(str::trim);
    let first = wished.find(|tag| tag.starts_with("ru") || tag.starts_with("en"));
    if first.is_some_and(|tag| tag.starts_with("en")) {
        Lang::En
    } else {
        Lang::Ru
    }
}

/// The language's code.
pub(super) const fn code(lang: Lang) -> &'static str {
    match lang {
        Lang::Ru => "ru",
        Lang::En => "en",
    }
}

macro_rules! words {
    ($($name:ident: $ru:literal, $en:literal;)+) => { $(pub(super) const $name: Words = Words($ru, $en);)+ };
}

words! {
    TITLE: "Настройка Эстафеты", "Estafeta setup";
    ACCOUNTS: "Аккаунты", "Accounts";
    START: "Начать", "Start";
    OPEN: "Открыть настройку", "Open the setup";
    ADD: "Добавить аккаунт", "Add an account";
    CONTINUE: "Продолжить", "Continue";
    ALL_ACCOUNTS: "Все аккаунты", "All accounts";
    NAMELESS: "Новый аккаунт", "New account";
    OF_FILE: "Настроен в файле сервера, здесь не меняется", "Set up in the server's file, cannot be changed here";
    NOT_SERVED: "Ещё не работает", "Not at work yet";
    PREREQUISITES: "Что понадобится", "What you need";
    NEED_ADMIN: "Администратор amoCRM и 15 минут. Закрыть страницу можно: шаги сохраняются",
        "An administrator of amoCRM and 15 minutes. You may close the page: steps are kept";
    NEED_TARIFF: "Тариф amoCRM с вебхуками: «Расширенный» или выше", "An amoCRM tariff with webhooks: «Advanced» or higher";
    NEED_PACT: "Доступ в Pact с включённым API. Лучше завести для бота отдельного пользователя",
        "Access to Pact with its API switched on. Better with a user of its own for the bot";
    NEED_WAIVER: "amoCRM попросит согласие: по частным интеграциям техподдержка ограничена навсегда",
        "amoCRM asks for your consent: its support for accounts with private integrations is limited for good";
    NEED_SILENCE: "Прежний бот, приветствия Salesbot и ассистента Pact придётся выключить: иначе гость получит два ответа",
        "The former bot and the greetings of Salesbot and of Pact's assistant have to be switched off: otherwise a guest gets two answers";
    LINK_OVER: "Ссылка устарела. Попросите новую у того, кто ставил сервер: estafeta setup-link",
        "The link is over. Ask whoever runs the server for a new one: estafeta setup-link";
    LINK_LATER: "Сервер сейчас не может проверить ссылку. Откройте её ещё раз через минуту",
        "The server cannot check the link now. Open it again in a minute";
    LINK_ONCE: "Ссылка открывает настройку один раз и только в этом браузере.", "The link opens the setup once, and in this browser only.";
    FORGED: "Эта форма не с нашей страницы или слишком старая. Откройте шаг заново", "This form is not of our page, or too old. Open the step again";
    VALID_UNTIL: "Доступ только для этой настройки, действует до", "Access for this setup only, valid until";
    SKIP: "Пропустить", "Skip";
    CHECK: "Проверить", "Check";
    SAVE: "Сохранить", "Save";
    DETAILS: "Подробности", "Details";
    CHOOSE: "Выберите", "Choose";
    NOBODY: "Никому", "Nobody";
    AS_ANY: "Как любую другую задачу", "As any other task";
    NOT_READ: "Нет такого поля", "No such field";
    KEPT_SECRET: "Сохранён. Оставьте пустым, чтобы не менять", "Kept. Leave empty to keep it as it is";
    DISCONNECT: "Отключить", "Disconnect";
    DISCONNECT_ASK: "Отключить? Бот замолчит, ждущие диалоги останутся задачами. Настройки и правила сохранятся: подключить можно снова.",
        "Disconnect? The bot falls silent, waiting dialogs stay as tasks. Settings and rules are kept: you can connect again.";

    INTEGRATION_WHERE: "amoМаркет → ⋯ → Создать интеграцию → Внешняя. Вставьте адреса ниже.", "amoMarket → ⋯ → Create an integration → External. Paste the addresses below.";
    INTEGRATION_WAIVER: "amoCRM попросит согласие: по частным интеграциям техподдержка ограничена навсегда.",
        "amoCRM asks for your consent: its support for private integrations is limited for good.";
    REDIRECT: "Ссылка для перенаправления", "Redirect link";
    FAREWELL: "Ссылка для хука об отключении", "Link for the hook on switching off";
    RIGHTS: "Предоставить доступ: все права", "Access: everything";
    CREATED: "Интеграция создана", "The integration is created";
    KEYS_WHERE: "Вкладка «Ключи и доступы»: вставьте ID и секретный ключ.", "Tab «Keys and access»: paste the ID and the secret key.";
    ADDRESS: "Адрес аккаунта, например hotel.amocrm.ru", "The account's address, such as hotel.amocrm.ru";
    CLIENT_ID: "ID интеграции", "Integration ID";
    CLIENT_SECRET: "Секретный ключ", "Secret key";
    TOKEN_OPTIONAL: "Долгосрочный токен, если выпущен. Без него доступ даётся на следующем шаге",
        "A long-lived token, if you have made one. Without it access is given in the next step";
    FORGET_TOKEN: "Забыть токен и дать доступ кнопкой", "Forget the token and give access by the button";
    ACCESS_HOW: "Нажмите и подтвердите под администратором.", "Press and confirm as an administrator.";
    CONNECT: "Подключить amoCRM", "Connect amoCRM";
    RECONNECT: "Подключить заново", "Connect again";
    CONNECTED: "Подключено", "Connected";
    BY_TOKEN: "Доступ по долгосрочному токену", "Access by a long-lived token";
    EARLIER_RULES: "Прежние настройки найдены: версия правил", "Earlier settings found: rules version";
    KEEP_RULES: "Оставить?", "Keep them?";
    FRESH_RULES: "Начать с новых правил", "Begin with new rules";
    WIDGET_HOW: "Скачайте архив и загрузите его в ту же интеграцию. Распаковывать не нужно. Затем нажмите «Установить».",
        "Download the archive and upload it to the same integration. Do not unpack it. Then press «Install».";
    DOWNLOAD: "Скачать архив", "Download the archive";
    NO_ARCHIVE: "Этот сервер собран без виджета. Соберите его с виджетом или передайте архив отдельно",
        "This server was built without the widget. Build it with the widget, or hand over the archive";
    OPEN_A_DEAL: "Откройте любую сделку: здесь появится отметка.", "Open any deal: a mark appears here.";
    WIDGET_UNSEEN: "Виджет пока не виден в amoCRM. Загрузите архив и нажмите «Установить»",
        "The widget is not seen in amoCRM yet. Upload the archive and press «Install»";
    SEEN_AT: "Последний раз виден", "Last seen";
    NEXT: "Дальше", "Next";
    GO_ON_WITHOUT: "Продолжить без отметки", "Go on without the mark";
    PACT_HOW: "app.pact.im → Аккаунт → токен. Лучше завести для бота отдельного пользователя.", "app.pact.im → Account → token. Better with a user of its own for the bot.";
    COMPANY: "Номер компании в Pact", "The company's number in Pact";
    PACT_TOKEN: "Токен", "Token";
    ENDPOINT: "Адрес API: только для проверки на этом компьютере", "Address of the API: only to try it on this machine";
    OLD_BOT_HOW: "Выключите приём сообщений у прежнего бота, приветствия Salesbot и ассистента Pact: иначе гость получит два ответа.",
        "Switch off what the former bot receives, and the greetings of Salesbot and of Pact's assistant: otherwise a guest gets two answers.";
    OFF: "Выключено", "Switched off";
    BOT_HOW: "Вставьте адрес и ключ подписи своего бота или назовите языковую модель.", "Paste the address and the signature's key of your bot, or name a language model.";
    BOT_URL: "Адрес бота", "The bot's address";
    BOT_SECRET: "Ключ подписи или ключ модели", "The signature's key, or the model's key";
    BOT_MODEL: "Название модели, если это языковая модель; для своего бота оставьте пустым",
        "The model's name, if it is a language model; empty for a bot of your own";
    CHECK_BOT: "Проверить бота", "Check the bot";
    STAGES_HOW: "Проверьте, что делает бот на каждом этапе.", "Check what the bot does at each stage.";
    PIPELINE: "Воронка", "Pipeline";
    SHOW_STAGES: "Показать этапы", "Show the stages";
    PEOPLE_ONLY: "Бот молчит, отвечает менеджер", "The bot is silent, managers answer";
    GUESSED: "Похоже на", "Looks like";
    CONFIRM_STAGES: "Подтвердить этапы", "Confirm the stages";
    FIELDS_HOW: "Заезд, выезд, категория, гости, оплата. Пустые можно пропустить: тогда бот о них не говорит. Сумма — это бюджет сделки, её выбирать не нужно.",
        "Arrival, departure, category, guests, payment. Empty ones may be skipped: then the bot does not speak of them. The amount is the deal's budget and needs no choice.";
    ARRIVAL: "Заезд", "Arrival";
    DEPARTURE: "Выезд", "Departure";
    CATEGORY: "Категория номера", "Room category";
    GUESTS: "Состав гостей", "Guests";
    PAYMENT: "Статус оплаты", "Payment status";
    REFUND: "Статус возврата", "Refund status";
    PEOPLE_HOW: "Кому ставить задачи, кому сообщать о долгом ожидании, рабочие часы, круглосуточный телефон.",
        "Who gets tasks, who is told of a long wait, working hours, a phone for day and night.";
    FALLBACK: "Кому ставить задачу, если ответственный отключён", "Who gets the task if the responsible is switched off";
    ESCALATE: "Кому сообщить, если гость ждёт слишком долго", "Whom to tell if a guest waits too long";
    DUTY: "Кто отвечает за срочное в любое время", "Who sees to what is urgent at any hour";
    TECH: "Кому сообщить, если связь с amoCRM, Pact или ботом пропала", "Whom to tell if amoCRM, Pact or the bot cannot be reached";
    DUTY_PHONE: "Круглосуточный телефон", "Round-the-clock phone";
    TASK_TYPE: "Тип задачи", "Task type";
    TASK_TYPE_HINT: "Типа «WhatsApp» нет. Создайте его: Настройки → Задачи. Пока можно выбрать другой",
        "There is no type «WhatsApp». Create it: Settings → Tasks. Until then choose another";
    OWNER_FIELD: "Поле сделки о том, кто ведёт диалог. Если его нет, оно создастся само",
        "The deal's field for who leads the dialog. If there is none, it is made";
    HOURS_WEEK: "Часы в будни", "Hours on weekdays";
    HOURS_WEEKEND: "Часы в выходные, пусто — выходной", "Hours at weekends, empty: closed";
    TIMEZONE: "Часовой пояс", "Time zone";
    TRIAL_HOW: "Бот будет отвечать только этим номерам. Напишите со своего телефона: «Нас будет пятеро».",
        "The bot will answer these numbers only. Write from your own phone: «Нас будет пятеро».";
    PHONES: "Тестовые номера, каждый с новой строки", "Test numbers, one a line";
    BEGIN_TRIAL: "Включить пробный режим", "Turn on the trial";
    WAITING: "Жду сообщение. Страница обновляется сама", "Waiting for the message. The page reloads by itself";
    NO_MESSAGE: "Нет сообщения 2 мин? Проверьте номер в Pact", "No message for 2 min? Check the number in Pact";
    ONE_VOICE: "Отвечает один бот: больше никто гостю не написал", "One bot answers: nobody else has written to the guest";
    LISTENING: "Слушаем, не ответит ли кто-то ещё: полминуты после сообщения", "Listening whether anybody else answers: half a minute after the message";
    NEXT_ON: "Дальше: включение", "Next: turn on";
    ON_HOW: "Начните с тестовых номеров, затем включите всех.", "Begin with test numbers, then turn it on for all.";
    CHECKS: "Проверки", "Checks";
    RED_LEFT: "Остались красные проверки:", "Checks that are still red:";
    MODE: "Режим", "Mode";
    MODE_ON: "Бот отвечает всем гостям", "The bot answers all guests";
    MODE_TRIAL: "Пробный: бот отвечает только тестовым номерам", "Trial: test numbers only";
    MODE_WATCH: "Наблюдение: бот решает, но гостям не пишет", "Watching: decides, sends nothing";
    MODE_PEOPLE: "Пауза: все сообщения ждут менеджера", "Pause: all messages wait for a manager";
    MODE_OFF: "Выключено: не происходит ничего", "Off: nothing happens";
    SET_MODE: "Включить этот режим", "Set this mode";
    FINISHED: "Готово. Сохраните в amoCRM фильтр «Ведёт диалог = Ждёт менеджера»: это очередь для менеджеров, в том числе в приложении.",
        "Done. Save the filter «Dialog led by = Waiting for a manager» in amoCRM: it is the managers' queue, in the app too.";
}

/// The title of a step.
pub(super) const fn title(step: Step) -> Words {
    match step {
        Step::Integration => Words("Интеграция в amoCRM", "Integration in amoCRM"),
        Step::Keys => Words("Ключи", "Keys"),
        Step::Access => Words("Доступ", "Access"),
        Step::Widget => Words("Виджет", "Widget"),
        Step::Pact => Words("Pact", "Pact"),
        Step::OldBot => Words(
            "Прежний бот и автоответы",
            "Former bot and automatic replies",
        ),
        Step::Bot => Words("Адрес бота", "The bot's address"),
        Step::Stages => Words("Воронка и этапы", "Pipeline and stages"),
        Step::Fields => Words("Поля сделки", "Deal fields"),
        Step::People => Words("Люди и часы", "People and hours"),
        Step::Trial => Words("Проба", "Trial"),
        Step::On => Words("Включение", "Turning on"),
    }
}

/// What the bot does at a stage.
pub(super) const fn role(role: StageRole) -> Words {
    match role {
        StageRole::Drive => Words("отвечает и двигает сделку", "answers and moves the deal"),
        StageRole::Answer => Words("только отвечает", "answers only"),
        StageRole::Intent => Words("разбирает, о чём сообщение", "works out the meaning"),
        StageRole::Reopen => Words("создаёт новую сделку", "creates a new deal"),
    }
}

/// A mode in a line of the list.
pub(super) fn mode(name: &str) -> Words {
    match name {
        "on" => MODE_ON,
        "trial" => MODE_TRIAL,
        "watch" => MODE_WATCH,
        "people" => MODE_PEOPLE,
        _ => MODE_OFF,
    }
}

/// What the message of the trial has come to.
pub(super) const fn tick(tick: Tick) -> Words {
    match tick {
        Tick::Arrived => Words("Сообщение пришло", "The message came"),
        Tick::Contact => Words("Контакт найден", "The contact is found"),
        Tick::Deal => Words("Сделка найдена", "The deal is found"),
        Tick::Decided => Words("Решение", "Decision"),
        Tick::Task => Words("Задача поставлена", "The task is set"),
        Tick::Field => Words("Поле обновлено", "The field is updated"),
        Tick::Answered => Words("Гость получил ответ", "The guest has an answer"),
    }
}

/// What a check looked at; its own words stand in the details.
pub(super) fn check(what: &str) -> Words {
    match what {
        "master key" => Words("Данные открываются", "The data open"),
        "connection" => Words("Вход в amoCRM", "Connection to amoCRM"),
        "account" => Words("amoCRM отвечает", "amoCRM answers"),
        "rights" => Words("Права администратора", "An administrator's rights"),
        "pipeline and stages" => Words("Воронка и этапы", "Pipeline and stages"),
        "owner field" => Words("Поле «Ведёт диалог»", "Owner field"),
        "task type" => Words("Тип задачи", "Task type"),
        "webhook" => Words("Вебхук amoCRM", "amoCRM's webhook"),
        "token, company and webhook" => Words(
            "Pact: токен, компания, вебхук",
            "Pact: token, company, webhook",
        ),
        "channel" => Words("WhatsApp на связи", "WhatsApp is connected"),
        "reachable" => Words("Бот отвечает", "The bot answers"),
        "widget" => Words("Виджет в amoCRM", "The widget in amoCRM"),
        "one voice" => Words("Гостям отвечает только бот", "Only the bot answers guests"),
        _ => Words("Проверка", "Check"),
    }
}

const fn service(service: Service) -> &'static str {
    match service {
        Service::Amocrm => "amoCRM",
        Service::Pact => "Pact",
        Service::Bot => "бот",
    }
}

/// The name of a field, as a trouble calls it.
fn field(name: &str, lang: Lang) -> &str {
    match name {
        "address" => ADDRESS.of(lang),
        "client_id" => CLIENT_ID.of(lang),
        "client_secret" => CLIENT_SECRET.of(lang),
        "token" => PACT_TOKEN.of(lang),
        "endpoint" => ENDPOINT.of(lang),
        "company" => COMPANY.of(lang),
        "url" => BOT_URL.of(lang),
        "secret" => BOT_SECRET.of(lang),
        "phones" => PHONES.of(lang),
        "fallback" => FALLBACK.of(lang),
        "owner_field" => OWNER_FIELD.of(lang),
        "task_type" => TASK_TYPE.of(lang),
        "timezone" => TIMEZONE.of(lang),
        "pipeline" => PIPELINE.of(lang),
        other => other,
    }
}

/// What is wrong, what it means and what to do.
pub(super) fn trouble(trouble: &Trouble, lang: Lang) -> String {
    let ru = matches!(lang, Lang::Ru);
    let say = |words: Words| words.of(lang).to_owned();
    match trouble {
        Trouble::Store => say(Words(
            "Сервер не может сохранить шаг. Повторите через минуту",
            "The server cannot keep the step. Try again in a minute",
        )),
        Trouble::Gone => say(Words(
            "Такой настройки нет: её удалили или аккаунт стёрт. Начните заново",
            "There is no such setup: it was removed, or the account was erased. Begin anew",
        )),
        Trouble::Changed => say(Words(
            "Пока вы заполняли шаг, настройки изменились. Проверьте и нажмите ещё раз",
            "The settings changed while you filled in the step. Check and press again",
        )),
        Trouble::AccountTaken => say(Words(
            "Этот аккаунт amoCRM уже подключён. Откройте его в списке аккаунтов",
            "This account of amoCRM is connected already. Open it in the list of accounts",
        )),
        Trouble::CompanyTaken => say(Words(
            "Эта компания Pact уже подключена к другому аккаунту. У каждого аккаунта своя компания",
            "This company of Pact belongs to another account already. Each account has one of its own",
        )),
        Trouble::Empty(name) => {
            let name = field(name, lang);
            if ru {
                format!("Заполните: {name}")
            } else {
                format!("Fill in: {name}")
            }
        }
        Trouble::Odd(name) => {
            let name = field(name, lang);
            if ru {
                format!("Не подходит: {name}. Скопируйте значение ещё раз целиком")
            } else {
                format!("Cannot be used: {name}. Copy the value again, whole")
            }
        }
        Trouble::KeyRefused => say(Words(
            "amoCRM не принимает ключ. Скопируйте ID и секретный ключ ещё раз целиком и подключите заново",
            "amoCRM does not take the key. Copy ID and secret key again, whole, and connect again",
        )),
        Trouble::TokenRefused => say(Words(
            "amoCRM не принимает токен. Проверьте, что интеграция включена, и выпустите новый",
            "amoCRM does not take the token. See that the integration is on, and make a new one",
        )),
        Trouble::OtherAccount => say(Words(
            "Доступ дан к другому аккаунту amoCRM. Войдите в тот же, что раньше, или добавьте новый аккаунт",
            "Access was given to another account of amoCRM. Choose the same as before, or add a new account",
        )),
        Trouble::NotConnected => say(Words(
            "amoCRM ещё не подключена. Вернитесь к шагу «Доступ»",
            "amoCRM is not connected yet. Go back to the step «Access»",
        )),
        Trouble::NotAdmin => say(Words(
            "Доступ выдан без прав администратора: не видны сотрудники и вебхуки. Войдите под администратором и повторите",
            "Access was given without an administrator's rights: users and webhooks cannot be seen. Log in as an administrator and try again",
        )),
        Trouble::Tariff => say(Words(
            "amoCRM не даёт доступ к API. Нужен оплаченный тариф с вебхуками: «Расширенный» или выше",
            "amoCRM gives no access to its API. A paid tariff with webhooks is needed: «Advanced» or higher",
        )),
        Trouble::Silent(who, _) => {
            let who = service(*who);
            if ru {
                format!("Не отвечает {who}. Проверьте адрес и повторите через минуту")
            } else {
                let who = if who == "бот" { "The bot" } else { who };
                format!("{who} does not answer. Check the address and try again in a minute")
            }
        }
        Trouble::Refused(who, _) => {
            let who = service(*who);
            if ru {
                format!("Ошибка в ответе: {who}. Проверьте адрес и ключ")
            } else {
                let who = if who == "бот" { "The bot" } else { who };
                format!("{who} answers with an error. Check address and key")
            }
        }
        Trouble::PactToken => say(Words(
            "Pact не принимает токен. Вставьте новый: app.pact.im → Аккаунт",
            "Pact does not take the token. Paste a new one: app.pact.im → Account",
        )),
        Trouble::PactCompany => say(Words(
            "У токена нет доступа к этой компании. Проверьте номер и включён ли API в Pact",
            "The token has no access to this company. Check the number, and whether Pact has switched the API on",
        )),
        Trouble::PactTariff => say(Words(
            "Pact сообщает, что компания не оплачена. Проверьте тариф и оплату",
            "Pact says that the company is not paid. Check the tariff and the payment",
        )),
        Trouble::WhatsappOff => say(Words(
            "WhatsApp отключён в Pact. Откройте Pact и подключите номер заново",
            "WhatsApp is off in Pact. Open Pact and connect the number again",
        )),
        Trouble::BotKey => say(Words(
            "Бот не принимает ключ: подпись не совпала. Сверьте ключ с тем, что у бота",
            "The bot does not take the key: the signature differs. Compare the key with the bot's",
        )),
        Trouble::StageMissing(name) => {
            if ru {
                format!(
                    "Не размечен этап «{name}»: на нём держатся правила. Выберите для него этап воронки"
                )
            } else {
                format!(
                    "No stage is chosen for «{name}»: the rules stand on it. Choose one of the pipeline"
                )
            }
        }
        Trouble::StageTwice(one, other) => {
            if ru {
                format!(
                    "Этапы «{one}» и «{other}» размечены одинаково. Оставьте это значение одному из них"
                )
            } else {
                format!("«{one}» and «{other}» have the same meaning. Leave it to one of them")
            }
        }
        Trouble::StageGone => say(Words(
            "Воронка или этап удалены в amoCRM. Выберите другие",
            "The pipeline or a stage was deleted in amoCRM. Choose others",
        )),
        Trouble::FieldKind(name) => {
            if ru {
                format!("Поле «{name}» другого типа: нужна дата")
            } else {
                format!("The field «{name}» is of another kind: a date is needed")
            }
        }
        Trouble::UserOff => say(Words(
            "Выбранный сотрудник отключён в amoCRM. Выберите другого",
            "The chosen user is switched off in amoCRM. Choose another",
        )),
        Trouble::Phone(phone) => {
            if ru {
                format!(
                    "Это не номер телефона: {phone}. Напишите с кодом страны, например +7 900 000-00-01"
                )
            } else {
                format!(
                    "This is no phone number: {phone}. Write it with the country code, such as +7 900 000-00-01"
                )
            }
        }
        Trouble::StepsLeft(steps) => {
            let names: Vec<_> = steps.iter().map(|step| title(*step).of(lang)).collect();
            let names = names.join(", ");
            if ru {
                format!("Сначала пройдите шаги: {names}")
            } else {
                format!("First do the steps: {names}")
            }
        }
        Trouble::Rules(_) => say(Words(
            "Значение не подходит правилам. Время пишется в виде 09:00-18:00",
            "The rules do not take this value. Times are written as 09:00-18:00",
        )),
    }
}

/// A moment, the same for everybody.
pub(super) fn moment(at: i64) -> String {
    let at = jiff::Timestamp::from_millisecond(at).unwrap_or_default();
    at.strftime("%Y-%m-%d %H:%M UTC").to_string()
}

/// The widget runs in this version.
pub(super) fn widget_is(version: &str, lang: Lang) -> String {
    match lang {
        Lang::Ru => format!("Виджет установлен, версия {version}"),
        Lang::En => format!("The widget is installed, version {version}"),
    }
}

/// The widget runs in another version than the one that is needed.
pub(super) fn widget_is_other(version: Option<&str>, wanted: &str, lang: Lang) -> String {
    match (lang, version) {
        (Lang::Ru, Some(version)) => {
            format!("Установлен виджет версии {version}, нужна {wanted}. Загрузите новый архив")
        }
        (Lang::Ru, None) => {
            format!("Установлен виджет прежней версии, нужна {wanted}. Загрузите новый архив")
        }
        (Lang::En, Some(version)) => {
            format!(
                "The widget is of version {version}, {wanted} is needed. Upload the new archive"
            )
        }
        (Lang::En, None) => {
            format!("The widget is of an older version, {wanted} is needed. Upload the new archive")
        }
    }
}

pub(super) use findings::{finding, stranger};

/// What was seen, for whoever wants to know: English, and never a secret.
pub(super) fn details(trouble: &Trouble) -> Option<&str> {
    match trouble {
        Trouble::Silent(_, seen) | Trouble::Refused(_, seen) | Trouble::Rules(seen) => {
            Some(seen.as_str()).filter(|seen| !seen.is_empty())
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(header: Option<&'static str>, cookie: Option<&'static str>) -> Lang {
        let mut headers = HeaderMap::new();
        if let Some(header) = header {
            headers.insert(ACCEPT_LANGUAGE, header.parse().unwrap());
        }
        if let Some(cookie) = cookie {
            headers.insert(axum::http::header::COOKIE, cookie.parse().unwrap());
        }
        language(&headers)
    }

    #[test]
    fn the_language_is_the_chosen_one_then_the_browsers_then_russian() {
        assert_eq!(asked(None, None), Lang::Ru);
        assert_eq!(asked(Some("en-GB,en;q=0.9,ru;q=0.8"), None), Lang::En);
        assert_eq!(asked(Some("de, ru;q=0.8"), None), Lang::Ru);
        assert_eq!(asked(Some("en"), Some("estafeta_lang=ru")), Lang::Ru);
        assert_eq!(asked(Some("ru"), Some("x=1; estafeta_lang=en")), Lang::En);
    }

    #[test]
    fn every_check_of_the_doctor_has_words() {
        for what in [
            "master key",
            "connection",
            "account",
            "rights",
            "pipeline and stages",
            "owner field",
            "task type",
            "webhook",
            "token, company and webhook",
            "channel",
            "reachable",
            "widget",
            "one voice",
        ] {
            assert_ne!(check(what).0, check("?").0, "{what}");
        }
    }
}
