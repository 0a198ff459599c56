//! What can be wrong with a policy, and its sentences in Russian and English. Names that stand in the file stay as they
//! are: they are what somebody has to look for.

use super::Span;
use crate::booking::{PLACES, place};
use crate::text::{MAX_TEXT, PLACEHOLDERS, TextError};
use crate::time::DAY;
use crate::trace::Lang;
use std::fmt;

/// The longest duration that makes sense.
pub(super) const LONGEST: Span = Span(366 * DAY);
/// How deep conditions may stand in each other.
pub(super) const MAX_DEPTH: usize = 8;

/// What is wrong with a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Problem {
    /// A line of the file is no TOML; the reader's own words, English.
    Unreadable(usize, String),
    /// What the reader says of a whole that fits nowhere, English.
    Odd(String),
    /// A name that is not known.
    Unknown(Name, String, Hint),
    /// The key must be there.
    Missing,
    /// A week of another number of days.
    SevenDays(usize),
    /// Not exactly one condition.
    OneCondition,
    /// It is no table.
    NoTable,
    /// It is no list.
    NoList,
    /// Something else was wanted here.
    Needs(Wanted),
    /// A string that says nothing of the kind.
    NoSuch(Wanted, String),
    /// Hours of a day that end before they begin.
    EndsEarly(String),
    /// Another version of the format.
    Schema,
    /// An empty text.
    Empty,
    /// Values of the owner's field that are alike.
    SameValues,
    /// Both tasks have one type.
    SameTaskTypes,
    /// A number that no user has.
    UserNumber,
    /// No name of a time zone.
    TimeZone,
    /// A week without an hour.
    NoHours,
    /// No date.
    NoDate,
    /// Hours that leave their day.
    NotOneDay(String),
    /// Hours that overlap with others of the day.
    Overlap(String),
    /// A duration beyond [`LONGEST`].
    TooLong,
    /// A duration of zero where that makes no sense.
    Zero,
    /// A duration below zero or beyond [`LONGEST`].
    SpanRange,
    /// Less than another field.
    Below(&'static str),
    /// More than another field.
    Above(&'static str),
    /// The channel closes before the final touch.
    TouchWindow,
    /// No time of the day.
    DayTime,
    /// The bot could never write unasked.
    AlwaysQuiet,
    /// The CRM would be read without end.
    SnapshotShort,
    /// A text that the rules need.
    NeededText,
    /// A placeholder that nothing fills.
    Placeholder(String),
    /// A text that cannot be read as a template.
    Template(TextError),
    /// A text longer than a message.
    LongText,
    /// A text that nothing uses.
    UnusedText,
    /// Longer than a message, together with these.
    LongTogether(Vec<String>),
    /// No stage at all.
    NoStages,
    /// The first stage must be one where the bot answers.
    FirstStage,
    /// A stage, a trigger or a row of a name that another has.
    Twice(Row, String),
    /// Nothing comes of it without `touch`.
    NeedsTouch,
    /// A move of another robot.
    RobotsMove,
    /// A move from a stage where the bot moves nothing.
    OnlyDrive,
    /// A move backwards.
    OnlyForward,
    /// There is no such stage.
    NoStage(String),
    /// There is no such text.
    NoText(String),
    /// A reason that only the product gives.
    OwnReason(&'static str),
    /// No trigger for what the knowledge base does not know.
    NoKbMiss,
    /// No trigger for answers that the bot is not sure of.
    NoBotUnsure,
    /// What may stand here.
    OneOf(Vec<&'static str>),
    /// A row that asks back and has a reason.
    ClarifyHandsOver,
    /// No phone.
    Phone,
    /// A task type of another robot.
    RobotsTask,
    /// Characters that do not fit into a message.
    Chars,
    /// No name of a host.
    Host,
    /// The beginning of a promise that is too short.
    Promise,
    /// No address of a page over https.
    Address,
    /// No part of a stay has this name.
    NoPlace(String),
    /// An address that lacks a part of the stay.
    LacksPlace(&'static str),
    /// An address that names a list which is empty.
    NoNames,
    /// A name that another differs from by capitals alone.
    NameTwice,
    /// No number of grown-up guests.
    Adults,
    /// Conditions deeper than [`MAX_DEPTH`].
    TooDeep,
    /// A list that makes its condition pointless.
    EmptyList,
    /// No percentage.
    Percent,
}

/// What is not known by its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Name {
    /// A key of a table.
    Key,
    /// A condition.
    Condition,
    /// One of several values.
    Value,
}

/// What may have been meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Hint {
    /// This, by its likeness.
    Like(String),
    /// One of these.
    OneOf(Vec<String>),
}

/// What a value should be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wanted {
    /// A string.
    Text,
    /// A whole number from zero on.
    Number,
    /// A whole number from 0 to 100.
    Percent,
    /// Yes or no.
    Flag,
    /// A duration.
    Span,
    /// A user's number.
    User,
    /// One of several names.
    Name,
    /// Hours of a day.
    Hours,
    /// Hours that may cross midnight.
    Quiet,
}

/// What has a name of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Row {
    /// A stage.
    Stage,
    /// A trigger.
    Trigger,
    /// A row of `departure`.
    Departure,
}

/// Russian, English; `{}` stands for a value, in the same order in both.
type Words = (&'static str, &'static str);

impl Problem {
    /// The sentence.
    pub fn text(&self, lang: Lang) -> String {
        let ((ru, en), values) = (self.words(), self.values(lang));
        let mut parts = lang.of(ru, en).split("{}");
        let mut text = parts.next().unwrap_or_default().to_owned();
        for (part, value) in parts.zip(values) {
            text.push_str(&value);
            text.push_str(part);
        }
        text
    }

    fn words(&self) -> Words {
        match self {
            Self::Unreadable(..) => (
                "Строка {} не читается как TOML: {}",
                "Line {} cannot be read as TOML: {}",
            ),
            Self::Odd(_) | Self::Template(_) => ("{}", "{}"),
            Self::Unknown(Name::Key, ..) => ("Неизвестный ключ «{}». {}", "Unknown key «{}». {}"),
            Self::Unknown(Name::Condition, ..) => {
                ("Неизвестное условие «{}». {}", "Unknown condition «{}». {}")
            }
            Self::Unknown(Name::Value, ..) => ("Неизвестное имя «{}». {}", "Unknown name «{}». {}"),
            Self::Missing => ("Не хватает этого ключа", "This key is missing"),
            Self::SevenDays(_) => (
                "Нужно семь дней, с понедельника; здесь {}",
                "Seven days are needed, from Monday on; here: {}",
            ),
            Self::OneCondition => (
                "Нужно ровно одно условие; несколько ставят в all или any",
                "Exactly one condition is needed; several go into all or any",
            ),
            Self::NoTable => ("Нужна таблица ключей", "A table of keys is needed"),
            Self::NoList => ("Нужен список в [ ]", "A list in [ ] is needed"),
            Self::Needs(_) => ("Нужно: {}", "Needed: {}"),
            Self::NoSuch(..) => ("«{}» — не {}", "«{}» is no {}"),
            Self::EndsEarly(_) => (
                "«{}» кончается не позже, чем начинается",
                "«{}» ends no later than it begins",
            ),
            Self::Schema => ("Известна только версия 1", "Only version 1 is known"),
            Self::Empty => ("Не может быть пустым", "It cannot be empty"),
            Self::SameValues => (
                "Значения поля должны различаться",
                "The field's values must differ",
            ),
            Self::SameTaskTypes => (
                "Типы двух задач должны различаться",
                "The types of the two tasks must differ",
            ),
            Self::UserNumber => (
                "Номер пользователя amoCRM больше нуля",
                "A user's number in amoCRM is above zero",
            ),
            Self::TimeZone => (
                "Часовой пояс в виде Europe/Moscow",
                "A time zone is written like Europe/Moscow",
            ),
            Self::NoHours => (
                "Нет ни одного рабочего часа",
                "There is not one working hour",
            ),
            Self::NoDate => (
                "Дата в виде 01-31 или 2026-01-31",
                "A date is written like 01-31 or 2026-01-31",
            ),
            Self::NotOneDay(_) => (
                "{} — не промежуток одного дня",
                "{} does not lie within one day",
            ),
            Self::Overlap(_) => (
                "{} пересекается с другим промежутком дня",
                "{} overlaps with other hours of the day",
            ),
            Self::TooLong => ("Срок больше {}", "The duration is above {}"),
            Self::Zero => (
                "Срок должен быть больше нуля",
                "The duration must be above zero",
            ),
            Self::SpanRange => (
                "Срок от нуля до {}",
                "The duration must lie between zero and {}",
            ),
            Self::Below(_) => ("Не может быть меньше {}", "It cannot be less than {}"),
            Self::Above(_) => ("Не может быть больше {}", "It cannot be more than {}"),
            Self::TouchWindow => (
                "Должен быть меньше 24h: потом канал не принимает текст",
                "It must be below 24h: after that the channel takes no text",
            ),
            Self::DayTime => ("Время от 00:00 до 23:59", "A time is from 00:00 to 23:59"),
            Self::AlwaysQuiet => (
                "Весь день тихим быть не может: тогда не уйдёт ни одно напоминание",
                "The whole day cannot be quiet: no reminder would ever be sent",
            ),
            Self::SnapshotShort => (
                "Не меньше 5s: иначе amoCRM читалась бы без конца",
                "Not below 5s: amoCRM would be read without end",
            ),
            Self::NeededText => ("Без этого текста нельзя", "The rules need this text"),
            Self::Placeholder(_) => (
                "Нет такой подстановки: {}. Есть: {}",
                "There is no such placeholder: {}. There are: {}",
            ),
            Self::LongText => ("Длиннее {} знаков", "Longer than {} characters"),
            Self::UnusedText => (
                "Такой текст нигде не используется",
                "Nothing uses such a text",
            ),
            Self::LongTogether(_) => (
                "Уходит одним сообщением с «{}»: вместе длиннее {} знаков",
                "Leaves in one message with «{}»: together longer than {} characters",
            ),
            Self::NoStages => ("Нужен хотя бы один этап", "At least one stage is needed"),
            Self::FirstStage => (
                "На первом этапе стоят новые сделки: роль drive или answer",
                "New deals stand at the first stage: its role is drive or answer",
            ),
            Self::Twice(Row::Stage, _) => {
                ("Этап «{}» назван дважды", "The stage «{}» is named twice")
            }
            Self::Twice(Row::Trigger, _) => (
                "Правило «{}» названо дважды",
                "The trigger «{}» is named twice",
            ),
            Self::Twice(Row::Departure, _) => {
                ("Строка «{}» названа дважды", "The row «{}» is named twice")
            }
            Self::NeedsTouch => (
                "Действует только вместе с touch",
                "It has an effect only together with touch",
            ),
            Self::RobotsMove => (
                "Этот переход делает другой робот: robot_zone.moves",
                "Another robot makes this move: robot_zone.moves",
            ),
            Self::OnlyDrive => (
                "Бот двигает сделку только с этапа с ролью drive",
                "The bot moves a deal only from a stage with the role drive",
            ),
            Self::OnlyForward => (
                "Бот двигает сделку только вперёд по воронке",
                "The bot moves a deal only forward along the funnel",
            ),
            Self::NoStage(_) => (
                "Этапа «{}» нет в stages",
                "There is no stage «{}» in stages",
            ),
            Self::NoText(_) => ("Текста «{}» нет в texts", "There is no text «{}» in texts"),
            Self::OwnReason(_) => (
                "Причину {} ставит только сама программа",
                "Only the program itself gives the reason {}",
            ),
            Self::NoKbMiss => (
                "Нужно правило с when = { kb_miss = true }: иначе бот ответит без базы знаний",
                "A trigger with when = { kb_miss = true } is needed: else the bot answers without its knowledge base",
            ),
            Self::NoBotUnsure => (
                "Нужно правило с when = { bot_unsure = … }: иначе бот ответит наугад",
                "A trigger with when = { bot_unsure = … } is needed: else the bot answers at a guess",
            ),
            Self::OneOf(_) => ("Здесь можно: {}", "Here may stand: {}"),
            Self::ClarifyHandsOver => (
                "Уточнение само передаёт диалог, когда неясно и после него",
                "Asking back hands the dialog over by itself when it stays unclear",
            ),
            Self::Phone => (
                "Телефон в виде +7 900 000-00-00",
                "A phone is written like +7 900 000-00-00",
            ),
            Self::RobotsTask => (
                "Этот тип задач ведёт другой робот: robot_zone.tasks",
                "Another robot sees to this type of tasks: robot_zone.tasks",
            ),
            Self::Chars => (
                "От 1 до {}: больше не войдёт в одно сообщение",
                "From 1 to {}: no more fits into one message",
            ),
            Self::Host => (
                "Имя сайта строчными буквами, без https и пути: pay.example.org",
                "A site's name in small letters, without https and path: pay.example.org",
            ),
            Self::Promise => (
                "Начало слова не короче трёх букв",
                "The beginning of a word, three letters at least",
            ),
            Self::Address => (
                "Нужен адрес страницы: https://booking.example.org/…",
                "The address of a page is needed: https://booking.example.org/…",
            ),
            Self::NoPlace(_) => (
                "В адресе нет такого места: {}. Есть: {}",
                "The address has no such place: {}. There are: {}",
            ),
            Self::LacksPlace(_) => (
                "В адресе нет {}: ссылка была бы на другую поездку",
                "The address lacks {}: the link would lead to another stay",
            ),
            Self::NoNames => (
                "Адрес называет этот список, а он пуст",
                "The address names this list, and it is empty",
            ),
            Self::NameTwice => (
                "Такое имя в списке уже есть: большие и малые буквы не различаются",
                "The list has such a name already: capitals make no difference",
            ),
            Self::Adults => ("Взрослых от 1 до 20", "From 1 to 20 adults"),
            Self::TooDeep => (
                "Условия вложены глубже {}",
                "Conditions stand in each other deeper than {}",
            ),
            Self::EmptyList => (
                "Пустой список: условие не имеет смысла",
                "An empty list: the condition makes no sense",
            ),
            Self::Percent => ("От 1 до 100", "From 1 to 100"),
        }
    }

    /// What stands in the gaps of [`Self::words`].
    fn values(&self, lang: Lang) -> Vec<String> {
        match self {
            Self::Unreadable(line, message) => vec![line.to_string(), message.clone()],
            Self::Unknown(_, said, hint) => vec![said.clone(), hint.text(lang)],
            Self::SevenDays(days) => vec![days.to_string()],
            Self::Needs(wanted) => vec![wanted.text(lang).to_owned()],
            Self::NoSuch(wanted, said) => vec![said.clone(), wanted.kind(lang).to_owned()],
            Self::Odd(said)
            | Self::EndsEarly(said)
            | Self::NotOneDay(said)
            | Self::Overlap(said)
            | Self::Twice(_, said)
            | Self::NoStage(said)
            | Self::NoText(said) => vec![said.clone()],
            Self::TooLong | Self::SpanRange => vec![LONGEST.to_string()],
            Self::Below(name) | Self::Above(name) | Self::OwnReason(name) => {
                vec![(*name).to_owned()]
            }
            Self::Placeholder(name) => vec![name.clone(), PLACEHOLDERS.join(", ")],
            Self::NoPlace(name) => vec![name.clone(), PLACES.join(", ")],
            Self::LacksPlace(name) => vec![place(name)],
            Self::Template(error) => vec![error.text(lang)],
            Self::LongText | Self::Chars => vec![MAX_TEXT.to_string()],
            Self::LongTogether(with) => vec![with.join("», «"), MAX_TEXT.to_string()],
            Self::OneOf(names) => vec![names.join(", ")],
            Self::TooDeep => vec![MAX_DEPTH.to_string()],
            _ => Vec::new(),
        }
    }
}

/// The Russian sentence: policies are written by the administrators of the product's first customers.
impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text(Lang::Ru))
    }
}

impl Hint {
    fn text(&self, lang: Lang) -> String {
        match self {
            Self::Like(name) => format!("{} «{name}»", lang.of("Похоже на", "It is like")),
            Self::OneOf(names) => {
                format!("{} {}", lang.of("Есть:", "There are:"), names.join(", "))
            }
        }
    }
}

impl Wanted {
    fn text(self, lang: Lang) -> &'static str {
        let (ru, en) = match self {
            Self::Text => ("строка в кавычках", "a string in quotes"),
            Self::Number => ("целое число не меньше нуля", "a whole number from zero on"),
            Self::Percent => ("целое число от 0 до 100", "a whole number from 0 to 100"),
            Self::Flag => ("true или false", "true or false"),
            Self::Span => ("срок в виде \"40m\"", "a duration such as \"40m\""),
            Self::User => ("номер пользователя amoCRM", "a user's number in amoCRM"),
            Self::Name => ("одно из имён в кавычках", "one of the names, in quotes"),
            Self::Hours => (
                "время в виде \"09:00-18:00\"",
                "hours such as \"09:00-18:00\"",
            ),
            Self::Quiet => (
                "время в виде \"20:00-10:00\"",
                "hours such as \"20:00-10:00\"",
            ),
        };
        lang.of(ru, en)
    }

    /// What a string is not.
    fn kind(self, lang: Lang) -> &'static str {
        let (ru, en) = match self {
            Self::Span => (
                "срок. Срок в виде 4s, 40m, 24h или 2d",
                "duration. A duration is written like 4s, 40m, 24h or 2d",
            ),
            Self::Hours | Self::Quiet => (
                "промежуток. Время в виде 09:00-18:00",
                "span of a day. Hours are written like 09:00-18:00",
            ),
            other => return other.text(lang),
        };
        lang.of(ru, en)
    }
}
