//! What a red check has found, and what to do about it.

use super::Words;
use crate::ports::Finding;
use widget_core::trace::Lang;

/// What is wrong and what to do.
pub(in super::super) fn finding(finding: &Finding, lang: Lang) -> String {
    let said = |words: Words| words.of(lang).to_owned();
    let with = |words: Words, what: &str| words.of(lang).replace("{}", what);
    match finding {
        Finding::OfServer => said(Words(
            "Сообщите тому, кто ставил сервер: что делать, сказано в подробностях",
            "Tell whoever runs the server: the details say what to do",
        )),
        Finding::DataShut => said(Words(
            "Сохранённые данные не открываются. Сообщите тому, кто ставил сервер: возможно, сменился главный ключ",
            "What is stored does not open. Tell whoever runs the server: perhaps the master key is another one",
        )),
        Finding::RulesUnread => said(Words(
            "Правила аккаунта не читаются. Сообщите тому, кто ставил сервер",
            "The account's rules cannot be read. Tell whoever runs the server",
        )),
        Finding::NotConnected => said(Words(
            "amoCRM не подключена. На шаге «Доступ» нажмите «Подключить amoCRM»",
            "amoCRM is not connected. Press «Connect amoCRM» in the step «Access»",
        )),
        Finding::ConnectAgain => said(Words(
            "Вход в amoCRM закончился. На шаге «Доступ» нажмите «Подключить заново» под администратором",
            "The connection to amoCRM is over. Press «Connect again» in the step «Access» as an administrator",
        )),
        Finding::TokenOver => said(Words(
            "Ключ доступа закончился, сервер обновит его сам. Обновите страницу через минуту",
            "The access token is over, the server renews it by itself. Load the page again in a minute",
        )),
        Finding::AmocrmToken => said(Words(
            "amoCRM не принимает токен. Проверьте, что интеграция включена, и подключите заново на шаге «Доступ»",
            "amoCRM does not take the token. See that the integration is on, and connect again in the step «Access»",
        )),
        Finding::AmocrmUnpaid => said(Words(
            "amoCRM не оплачена или тариф без вебхуков. Нужен «Расширенный» или выше",
            "amoCRM is not paid, or its tariff has no webhooks. «Advanced» or higher is needed",
        )),
        Finding::AmocrmBanned => said(Words(
            "amoCRM отклоняет все запросы: доступ закрыт на время или разрешён только с других адресов. Проверьте список разрешённых адресов в amoCRM и повторите позже",
            "amoCRM refuses every call: for a while, or it allows other addresses only. Check its list of allowed addresses and try again later",
        )),
        Finding::AmocrmSilent => said(Words(
            "amoCRM не отвечает. Проверьте адрес аккаунта на шаге «Ключи» и повторите через минуту",
            "amoCRM does not answer. Check the account's address in the step «Keys» and try again in a minute",
        )),
        Finding::AmocrmUnread => said(Words(
            "Проверить не удалось: amoCRM не ответила. Обновите страницу через минуту",
            "It could not be checked: amoCRM did not answer. Load the page again in a minute",
        )),
        Finding::NotAdmin => said(Words(
            "Подключено без прав администратора: не видны сотрудники и вебхуки. Подключите под администратором",
            "Connected without an administrator's rights: users and webhooks cannot be seen. Connect as an administrator",
        )),
        Finding::NoPipeline(name) => with(
            Words(
                "Воронки «{}» нет в amoCRM. Выберите другую на шаге «Воронка и этапы»",
                "There is no pipeline «{}» in amoCRM. Choose another in the step «Pipeline and stages»",
            ),
            name,
        ),
        Finding::StagesMissing(names) => with(
            Words(
                "В воронке нет этапов {}. Разметьте этапы заново на шаге «Воронка и этапы»: на неразмеченных отвечает менеджер",
                "The pipeline lacks {}. Map the stages again in the step «Pipeline and stages»: at others managers answer",
            ),
            names,
        ),
        Finding::NoTaskType(name) => with(
            Words(
                "Типа «{}» нет. Создайте его: Настройки → Задачи. Пока ставим «Связаться»",
                "There is no type «{}». Create it: Settings → Tasks. Until then tasks are of the type «Follow-up»",
            ),
            name,
        ),
        Finding::AmocrmHookMissing => said(Words(
            "Вебхука amoCRM ещё нет: сервер создаёт его, когда включена проба. Обновите страницу через минуту; если не появится, сообщите тому, кто ставил сервер",
            "There is no webhook of amoCRM yet: the server makes it when the trial is on. Load the page again in a minute; if it does not appear, tell whoever runs the server",
        )),
        Finding::AmocrmHookOff => said(Words(
            "amoCRM отключила вебхук после ошибок. Сервер включит его сам за 10 минут. Если повторится, проверьте, открывается ли сервер из интернета",
            "amoCRM has switched the webhook off after errors. The server switches it on within 10 minutes. If it happens again, see whether the server is reached from the internet",
        )),
        Finding::AmocrmHookLacks(events) => with(
            Words(
                "Вебхук amoCRM сообщает не всё, не хватает: {}. Сервер добавит их сам за 10 минут",
                "amoCRM's webhook does not tell everything, it lacks: {}. The server adds them within 10 minutes",
            ),
            events,
        ),
        Finding::PactToken => said(Words(
            "Pact не принимает токен. Вставьте новый: app.pact.im → Аккаунт",
            "Pact does not take the token. Paste a new one: app.pact.im → Account",
        )),
        Finding::PactUnpaid => said(Words(
            "Pact сообщает, что компания не оплачена. Проверьте тариф и оплату",
            "Pact says that the company is not paid. Check the tariff and the payment",
        )),
        Finding::PactCompany => said(Words(
            "У токена нет доступа к этой компании. Проверьте номер на шаге «Pact» и включён ли API в Pact",
            "The token has no access to this company. Check the number in the step «Pact», and whether Pact has switched the API on",
        )),
        Finding::PactSilent => said(Words(
            "Pact не отвечает. Обновите страницу через минуту",
            "Pact does not answer. Load the page again in a minute",
        )),
        Finding::PactHookOff => said(Words(
            "Pact отключил вебхук. Сервер включит его сам за 10 минут. Если повторится, проверьте, открывается ли сервер из интернета",
            "Pact has switched the webhook off. The server switches it on within 10 minutes. If it happens again, see whether the server is reached from the internet",
        )),
        Finding::PactHooksFull => said(Words(
            "В Pact уже пять чужих вебхуков, шестой он не принимает. Удалите в Pact лишний",
            "Pact has five webhooks of others already and takes no sixth. Remove one in Pact",
        )),
        Finding::PactHookMissing => said(Words(
            "Вебхука Pact ещё нет: сервер создаёт его, когда включена проба. Обновите страницу через минуту; если не появится, сообщите тому, кто ставил сервер",
            "There is no webhook of Pact yet: the server makes it when the trial is on. Load the page again in a minute; if it does not appear, tell whoever runs the server",
        )),
        Finding::WhatsappMissing => said(Words(
            "WhatsApp не подключён в Pact. Подключите номер в Pact",
            "WhatsApp is not connected in Pact. Connect the number there",
        )),
        Finding::WhatsappOff => said(Words(
            "WhatsApp отключён в Pact. Откройте Pact и подключите номер заново",
            "WhatsApp is off in Pact. Open Pact and connect the number again",
        )),
        Finding::BotSilent => said(Words(
            "Бот не отвечает. Запустите его и проверьте адрес на шаге «Адрес бота». Пока гостям отвечают менеджеры",
            "The bot does not answer. Start it and check the address in the step «The bot's address». Until then managers answer",
        )),
        Finding::WidgetUnseen => said(super::WIDGET_UNSEEN),
        Finding::WidgetOther(wanted) => with(
            Words(
                "В amoCRM другая версия виджета, нужна {}. Загрузите новый архив",
                "The widget in amoCRM is of another version, {} is needed. Upload the new archive",
            ),
            wanted,
        ),
        Finding::Stranger(text) => stranger(text, lang),
    }
}

/// Somebody else answers guests by himself.
pub(in super::super) fn stranger(text: &str, lang: Lang) -> String {
    let said = match (text.trim(), lang) {
        ("", Lang::Ru) => "сообщение без текста".to_owned(),
        ("", Lang::En) => "a message without a text".to_owned(),
        (text, _) => format!("«{text}»"),
    };
    match lang {
        Lang::Ru => format!(
            "Гостям отвечает ещё кто-то: {said}. Отключите Salesbot, ассистента Pact или прежнего бота и включите пробу заново"
        ),
        Lang::En => format!(
            "Somebody else answers guests: {said}. Switch off Salesbot, Pact's assistant or the former bot, and turn the trial on again"
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    /// Names that are the same in every language, and what the page shows as it stands.
    const NAMES: [&str; 12] = [
        "amoCRM",
        "Pact",
        "WhatsApp",
        "Salesbot",
        "API",
        "app.pact.im",
        "name",
        "names",
        "events",
        "wanted",
        "said",
        "IP",
    ];

    fn is_russian(letter: char) -> bool {
        matches!(letter, 'а'..='я' | 'А'..='Я' | 'ё' | 'Ё')
    }

    #[test]
    fn every_reason_of_a_red_check_is_said_in_the_language_of_the_page() {
        let mut all = BTreeSet::new();
        for reason in Finding::samples() {
            let ru = finding(&reason, Lang::Ru);
            let foreign: Vec<&str> = ru
                .split(|c: char| !c.is_ascii_alphabetic() && c != '.')
                .map(|word| word.trim_matches('.'))
                .filter(|word| !word.is_empty() && !NAMES.contains(word))
                .collect();
            assert!(foreign.is_empty(), "{reason:?}: {foreign:?} in {ru}");
            assert!(ru.chars().any(is_russian), "{reason:?}: {ru}");
            let en = finding(&reason, Lang::En);
            assert!(!en.chars().any(is_russian), "{reason:?}: {en}");
            assert!(en.chars().any(|c| c.is_ascii_alphabetic()), "{reason:?}");
            // What was found is shown, and nothing is left open.
            for said in [&ru, &en] {
                assert!(!said.contains("{}"), "{reason:?}: {said}");
            }
            let sample = format!("{reason:?}");
            if let Some(found) = sample.split('"').nth(1) {
                assert!(ru.contains(found) && en.contains(found), "{reason:?}");
            }
            assert!(all.insert(ru) & all.insert(en), "{reason:?} is told apart");
        }
        assert!(all.len() > 50);
    }

    #[test]
    fn every_reason_says_what_to_do() {
        for reason in Finding::samples() {
            let en = finding(&reason, Lang::En);
            // A sentence of what is wrong, and one of what to do.
            let parts = en
                .split(['.', ';', ':'])
                .filter(|part| !part.trim().is_empty());
            assert!(parts.count() >= 2, "{reason:?}: {en}");
        }
    }
}
