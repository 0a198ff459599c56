//! The few sentences that the bot has of its own. The dialog is Russian, as the base is: whoever writes otherwise finds
//! nothing in it and gets a person.

use widget_core::booking::PLACEHOLDER;

/// To a greeting without a question.
pub(super) const HOW_TO_HELP: &str =
    "Чем могу помочь? Напишите вопрос или даты, на которые думаете приехать.";

/// The link to the stay that the guest described.
pub(super) fn link() -> String {
    format!("Забронировать можно по ссылке: {PLACEHOLDER}")
}

/// For the manager: what was found of several questions.
pub(super) fn found_a_part(titles: &[&str]) -> String {
    format!(
        "Бот нашёл ответ не на всё. В базе знаний есть: {}.",
        titles.join(", ")
    )
}

/// For the manager: all that a booking needs is known.
pub(super) fn all_is_known(said: &[String]) -> String {
    format!(
        "Гость собрался бронировать: {}. Проверьте места и пришлите ссылку на предоплату.",
        said.join(", ")
    )
}

/// For the manager: the guest was asked and does not say.
pub(super) fn not_said(what: &str) -> String {
    format!("Гость собрался бронировать, но бот дважды не смог узнать {what}.")
}
