//! Which fields the settings show, in which order, and how a field's value is written and read. What a value may be is
//! not known here: the policy's own check says so, by the field's path.

use super::doc::{Doc, Leaf};
use widget_core::owner::ReasonId;
use widget_core::policy::is_own_reason;
use widget_core::understand::{AttachmentKind, Intent};

/// A page of the settings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Section {
    /// Mode, names, who is left alone.
    Work,
    /// The stages of the funnel.
    Stages,
    /// What hands a dialog over.
    Handoff,
    /// Working hours and holidays.
    Hours,
    /// What guests read.
    Texts,
    /// Durations.
    Timers,
    /// How a dialog is taken and returned, for whom tasks are.
    People,
    /// Names of the deal's fields.
    Fields,
    /// What other robots of the account do.
    Robots,
}

impl Section {
    /// All of them, in the order of the tabs.
    pub const ALL: [Self; 9] = [
        Self::Work,
        Self::Stages,
        Self::Handoff,
        Self::Hours,
        Self::Texts,
        Self::Timers,
        Self::People,
        Self::Fields,
        Self::Robots,
    ];

    /// Its stable name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Work => "work",
            Self::Stages => "stages",
            Self::Handoff => "handoff",
            Self::Hours => "hours",
            Self::Texts => "texts",
            Self::Timers => "timers",
            Self::People => "people",
            Self::Fields => "fields",
            Self::Robots => "robots",
        }
    }
}

/// How a field is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    /// A line of text.
    Text,
    /// A text for a guest, with a preview.
    Template,
    /// A duration such as `40m`.
    Span,
    /// A whole number.
    Number,
    /// Yes or no.
    Flag,
    /// One of these names; each has words of its own.
    Choice(&'static [&'static str]),
    /// One of these names as they are.
    Named(Vec<String>),
    /// A stage of the policy, by its key.
    Stage,
    /// A user of the account.
    User,
    /// A list, a line each.
    Lines,
    /// The hours of a day, with commas between.
    Hours,
    /// Days with hours of their own: `12-31: 09:00-15:00`, a line each.
    Days,
    /// Names and what stands for each: `люкс = lux`, a line each.
    Pairs,
    /// The address of the booking page, with a preview of a link.
    Link,
    /// Moves from stage to stage: `prebooked → prepaid`, a line each.
    Moves,
    /// One of the conditions that stand alone, by its name.
    Condition,
    /// A condition made of others: it is told, and changed in the whole text.
    Compound,
    /// Why a person is needed.
    Reason,
    /// Any of these names, a line each; `words` is where their words stand: `intent=`.
    Set {
        /// The names.
        names: Vec<String>,
        /// The key of their words; of stages empty, they have names of their own.
        words: &'static str,
    },
}

/// One field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Field {
    /// Its place in the policy, such as `timers.auto_return_after`; also where its findings are.
    pub path: String,
    /// The key of its words.
    pub label: String,
    /// How it is written.
    pub kind: Kind,
    /// An empty field takes the value away.
    pub optional: bool,
}

/// Fields that belong together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// What they are about: words as they are, of the policy; empty = the words of `label`.
    pub title: String,
    /// The key of the title's words, where it has no name of its own.
    pub label: &'static str,
    /// The group's own id in the policy, such as a trigger's: shown small.
    pub id: String,
    /// Of a group that is a row of a list: which.
    pub row: Option<Row>,
    /// The fields.
    pub fields: Vec<Field>,
}

/// A row of a list that people may make longer, shorter or put into another order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Row {
    /// The list: `stages` or `triggers`.
    pub list: &'static str,
    /// Its place, from 0.
    pub at: usize,
}

/// The list of rows that a section shows.
pub fn list_of(section: Section) -> Option<&'static str> {
    match section {
        Section::Stages => Some("stages"),
        Section::Handoff => Some("triggers"),
        _ => None,
    }
}

/// A new row of a list. What it must have and nobody can guess is empty: the policy's check asks for it.
pub fn new_row(list: &str, doc: &Doc) -> Vec<(String, Leaf)> {
    let text = |text: &str| Leaf::Text(text.to_owned());
    let row = match list {
        "stages" => vec![
            ("key", text(&unused(doc, "stages", "key", "stage"))),
            ("name", text("")),
            ("role", text("answer")),
        ],
        _ => vec![
            ("id", text(&unused(doc, "triggers", "id", "trigger"))),
            ("when", condition("intent_in")),
            ("reason", text(ReasonId::Unknown.as_str())),
        ],
    };
    let named = row.into_iter().map(|(key, leaf)| (key.to_owned(), leaf));
    named.collect()
}

/// A name that no row has yet: `stage_10`.
fn unused(doc: &Doc, list: &str, key: &str, name: &str) -> String {
    let count = doc.count(list);
    let is_used = |name: &str| {
        (0..count).any(|row| {
            let known = doc.get(&format!("{list}[{row}].{key}"));
            known.as_ref().and_then(Leaf::text) == Some(name)
        })
    };
    let mut names = (count + 1..).map(|number| format!("{name}_{number}"));
    names.find(|name| !is_used(name)).unwrap_or_default()
}

/// A condition of a kind, as it begins.
pub fn condition(name: &str) -> Leaf {
    let number = Leaf::Number;
    let value = match name {
        "guests_over" => number(4),
        "child_at_most" => number(3),
        "rooms_over" | "open_deals_over" => number(1),
        "text_at_most" => number(40),
        "bot_unsure" => number(70),
        "intent_in" | "only_intents" | "attachment_in" | "stage_in" => Leaf::List(Vec::new()),
        _ => Leaf::Flag(true),
    };
    Leaf::Table(vec![(name.to_owned(), value)])
}

/// The kind of a condition that stands alone and can be changed as such.
pub fn simple(condition: Option<&Leaf>) -> Option<&str> {
    let Some(Leaf::Table(fields)) = condition else {
        return None;
    };
    match fields.as_slice() {
        [(_, Leaf::Flag(false))] => None,
        [(name, _)] => SIMPLE.contains(&name.as_str()).then_some(name.as_str()),
        _ => None,
    }
}

/// Conditions that stand alone, the most usual first.
pub const SIMPLE: &[&str] = &[
    "intent_in",
    "guests_over",
    "child_at_most",
    "rooms_over",
    "pet",
    "past_stay",
    "new_booking",
    "attachment_in",
    "several_deals_meant",
    "open_deals_over",
    "meaning_unclear",
    "kb_miss",
    "bot_unsure",
    "only_intents",
    "text_at_most",
    "stage_in",
];

/// Reasons that a trigger may have.
pub fn reasons() -> impl Iterator<Item = ReasonId> {
    ReasonId::ALL
        .iter()
        .copied()
        .filter(|id| !is_own_reason(*id))
}

const MODES: &[&str] = &["on", "trial", "watch", "people", "off"];
const ROLES: &[&str] = &["drive", "answer", "intent", "reopen"];
const TAKE_ON_OPEN: &[&str] = &["waiting", "always", "off"];
const ON_TASK_DONE: &[&str] = &["keep", "return"];
const ASSIGN: &[&str] = &["deal_responsible", "crm"];
const CONSULTED: &[&str] = &["first_answer", "reported"];
const DUTY: &[&str] = &["duty"];
const REPEATS: &[&str] = &["payment", "refund"];
const PRICES: &[&str] = &["with_passages", "always", "never"];
/// Durations, in the order in which a guest meets them.
const TIMERS: &[&str] = &[
    "burst_quiet",
    "burst_max",
    "supersede_for",
    "late_answer",
    "waiting_reminder",
    "waiting_escalation",
    "auto_return_after",
    "auto_return_grace",
    "undo_for",
    "final_touch_after",
    "final_touch_window",
    "after_touch",
    "episode_idle",
    "claim_grace",
    "snapshot_ttl",
    "snapshot_max_age",
];
/// Conditions whose value is a number that somebody may want to turn.
const THRESHOLDS: &[&str] = &[
    "guests_over",
    "child_at_most",
    "rooms_over",
    "text_at_most",
    "open_deals_over",
    "bot_unsure",
];

/// The fields of a section, as this policy has them.
pub fn groups(section: Section, doc: &Doc) -> Vec<Group> {
    match section {
        Section::Work => vec![
            group(
                "mode",
                vec![
                    field("mode", Kind::Choice(MODES)),
                    field("trial_phones", Kind::Lines),
                ],
            ),
            group(
                "names",
                vec![
                    field("bot_name", Kind::Text),
                    field("organisation", Kind::Text),
                    optional("review_url", Kind::Text),
                ],
            ),
            group(
                "exclude",
                vec![
                    field("exclude.phones", Kind::Lines),
                    field("exclude.contact_tags", Kind::Lines),
                ],
            ),
            group(
                "bot",
                vec![
                    field("bot.clarify_max", Kind::Number),
                    field("bot.consulted_when", Kind::Choice(CONSULTED)),
                ],
            ),
            group(
                "guard",
                vec![
                    optional("bot.guard.max_chars", Kind::Number),
                    optional("bot.guard.link_hosts", Kind::Lines),
                    field("bot.guard.passage_links", Kind::Flag),
                    field("bot.guard.prices", Kind::Choice(PRICES)),
                    field("bot.guard.promises", Kind::Lines),
                    field("bot.guard.language", Kind::Flag),
                    field("bot.guard.repeats", Kind::Flag),
                    field("bot.guard.personal", Kind::Flag),
                ],
            ),
            group(
                "booking",
                vec![
                    optional("booking.url", Kind::Link),
                    optional("booking.max_adults", Kind::Number),
                    optional("booking.categories", Kind::Pairs),
                    optional("booking.programmes", Kind::Pairs),
                ],
            ),
        ],
        Section::Stages => rows(doc, "stages", "key", |path| {
            vec![
                of_row(path, "name", Kind::Text, false),
                of_row(path, "role", Kind::Choice(ROLES), false),
                of_row(path, "booking", Kind::Flag, true),
                of_row(path, "consulted_to", Kind::Stage, true),
                of_row(path, "payment_link_to", Kind::Stage, true),
                of_row(path, "collect", Kind::Lines, true),
                of_row(path, "touch", Kind::Named(keys(doc, "texts")), true),
                of_row(path, "no_reply_to", Kind::Stage, true),
                of_row(path, "loss_reason", Kind::Text, true),
            ]
        }),
        Section::Handoff => rows(doc, "triggers", "id", |path| {
            let mut fields = condition_fields(doc, &format!("{path}.when"));
            fields.extend([
                of_row(path, "reason", Kind::Reason, false),
                of_row(path, "text", Kind::Named(keys(doc, "texts")), true),
                of_row(path, "due", Kind::Span, true),
                of_row(path, "escalate_after", Kind::Span, true),
                of_row(path, "assign", Kind::Choice(DUTY), true),
                of_row(path, "repeat", Kind::Choice(REPEATS), true),
            ]);
            fields
        }),
        Section::Hours => {
            let mut week = vec![field("calendar.timezone", Kind::Text)];
            week.extend((0..7).map(|day| Field {
                path: format!("calendar.week[{day}]"),
                label: format!("day.{day}"),
                kind: Kind::Hours,
                optional: false,
            }));
            vec![
                group("week", week),
                group(
                    "holidays",
                    vec![
                        field("calendar.closed", Kind::Lines),
                        optional("calendar.special", Kind::Days),
                    ],
                ),
                group("quiet", vec![field("timers.quiet", Kind::Text)]),
            ]
        }
        Section::Texts => {
            let texts = keys(doc, "texts").into_iter();
            let fields = texts.map(|key| Field {
                label: format!("text.{key}"),
                path: format!("texts.{key}"),
                kind: Kind::Template,
                optional: false,
            });
            vec![group("texts", fields.collect())]
        }
        Section::Timers => {
            let mut fields: Vec<Field> = TIMERS
                .iter()
                .map(|name| field(&format!("timers.{name}"), Kind::Span))
                .collect();
            fields.insert(3, field("timers.supersede_max", Kind::Number));
            vec![group("timers", fields)]
        }
        Section::People => vec![
            group(
                "ownership",
                vec![
                    field("ownership.field", Kind::Text),
                    field("ownership.values.bot", Kind::Text),
                    field("ownership.values.waiting", Kind::Text),
                    field("ownership.values.manager", Kind::Text),
                    field("ownership.take_on_open", Kind::Choice(TAKE_ON_OPEN)),
                    field("ownership.on_task_done", Kind::Choice(ON_TASK_DONE)),
                ],
            ),
            group(
                "assign",
                vec![
                    field("tasks.assign", Kind::Choice(ASSIGN)),
                    optional("tasks.fallback", Kind::User),
                    optional("tasks.escalate_to", Kind::User),
                    optional("tasks.duty_user", Kind::User),
                    optional("tasks.duty_phone", Kind::Text),
                ],
            ),
            group(
                "tasks",
                vec![
                    field("tasks.whatsapp.type", Kind::Text),
                    field("tasks.whatsapp.due", Kind::Span),
                    field("tasks.contact.type", Kind::Text),
                    field("tasks.contact.due", Kind::Span),
                ],
            ),
        ],
        Section::Fields => {
            let names = [
                "arrival",
                "departure",
                "category",
                "guests",
                "payment",
                "refund",
            ];
            let fields = names.map(|name| optional(&format!("fields.{name}"), Kind::Text));
            vec![group("fields", fields.into())]
        }
        Section::Robots => vec![group(
            "robot_zone",
            vec![
                field("robot_zone.moves", Kind::Moves),
                field("robot_zone.tasks", Kind::Lines),
                field("robot_zone.texts", Kind::Lines),
            ],
        )],
    }
}

fn group(label: &'static str, fields: Vec<Field>) -> Group {
    Group {
        title: String::new(),
        label,
        id: String::new(),
        row: None,
        fields,
    }
}

fn field(path: &str, kind: Kind) -> Field {
    Field {
        path: path.to_owned(),
        label: path.to_owned(),
        kind,
        optional: false,
    }
}

fn optional(path: &str, kind: Kind) -> Field {
    Field {
        optional: true,
        ..field(path, kind)
    }
}

/// A group for each row of a list, named by its field `id`.
fn rows(
    doc: &Doc,
    list: &'static str,
    id: &str,
    fields: impl Fn(&str) -> Vec<Field>,
) -> Vec<Group> {
    (0..doc.count(list))
        .map(|at| {
            let path = format!("{list}[{at}]");
            let said = |name: &str| match doc.get(&format!("{path}.{name}")) {
                Some(Leaf::Text(text)) => text,
                _ => String::new(),
            };
            Group {
                title: said("name"),
                label: "",
                id: said(id),
                row: Some(Row { list, at }),
                fields: fields(&path),
            }
        })
        .collect()
}

/// A field of a row; its words are those of all such rows: `stages.role`.
fn of_row(row: &str, name: &str, kind: Kind, optional: bool) -> Field {
    let list = row.split('[').next().unwrap_or(row);
    Field {
        path: format!("{row}.{name}"),
        label: format!("{list}.{name}"),
        kind,
        optional,
    }
}

/// A condition that stands alone, as its kind and its value; one made of others as words, and the numbers in it.
fn condition_fields(doc: &Doc, path: &str) -> Vec<Field> {
    let when = |kind| Field {
        path: path.to_owned(),
        label: "when".to_owned(),
        kind,
        optional: false,
    };
    let known = doc.get(path);
    let Some(name) = simple(known.as_ref()) else {
        let mut fields = vec![when(Kind::Compound)];
        fields.extend(thresholds(doc, path));
        return fields;
    };
    let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
    let kind = match name {
        "intent_in" | "only_intents" => Some(Kind::Set {
            names: names(&Intent::ALL.map(Intent::name)),
            words: "intent=",
        }),
        "attachment_in" => Some(Kind::Set {
            names: names(&AttachmentKind::ALL.map(AttachmentKind::name)),
            words: "attachment=",
        }),
        "stage_in" => Some(Kind::Set {
            names: stages(doc).into_iter().map(|(key, _)| key).collect(),
            words: "",
        }),
        name if THRESHOLDS.contains(&name) => Some(Kind::Number),
        _ => None,
    };
    let value = kind.map(|kind| Field {
        path: format!("{path}.{name}"),
        label: format!("when.{name}"),
        kind,
        optional: false,
    });
    [Some(when(Kind::Condition)), value]
        .into_iter()
        .flatten()
        .collect()
}

/// The numbers of a condition that somebody may want to turn, however deep they stand.
fn thresholds(doc: &Doc, path: &str) -> Vec<Field> {
    let mut fields = Vec::new();
    if let Some(condition) = doc.get(path) {
        find_thresholds(&condition, path, &mut fields);
    }
    fields
}

fn find_thresholds(condition: &Leaf, path: &str, found: &mut Vec<Field>) {
    match condition {
        Leaf::Table(fields) => {
            for (key, inner) in fields {
                let here = format!("{path}.{key}");
                if THRESHOLDS.contains(&key.as_str()) {
                    found.push(Field {
                        path: here,
                        label: format!("when.{key}"),
                        kind: Kind::Number,
                        optional: false,
                    });
                } else {
                    find_thresholds(inner, &here, found);
                }
            }
        }
        Leaf::List(items) => {
            for (index, item) in items.iter().enumerate() {
                find_thresholds(item, &format!("{path}[{index}]"), found);
            }
        }
        _ => {}
    }
}

/// The keys of a table, in its order.
pub fn keys(doc: &Doc, path: &str) -> Vec<String> {
    match doc.get(path) {
        Some(Leaf::Table(fields)) => fields.into_iter().map(|(key, _)| key).collect(),
        _ => Vec::new(),
    }
}

/// Key and name of every stage.
pub fn stages(doc: &Doc) -> Vec<(String, String)> {
    let said = |row: usize, name: &str| {
        let leaf = doc.get(&format!("stages[{row}].{name}"));
        leaf.and_then(|leaf| leaf.text().map(str::to_owned))
            .unwrap_or_default()
    };
    let rows = 0..doc.count("stages");
    rows.map(|row| (said(row, "key"), said(row, "name")))
        .collect()
}

/// A value as the field shows it.
pub fn shown(kind: &Kind, leaf: Option<&Leaf>) -> String {
    match (kind, leaf) {
        (_, None) | (Kind::Compound, _) => String::new(),
        (Kind::Days, Some(Leaf::Table(days))) => {
            let line = |(day, hours): &(String, Leaf)| format!("{day}: {}", joined(hours, ", "));
            lines(days.iter().map(line))
        }
        (Kind::Pairs, Some(Leaf::Table(pairs))) => {
            let line = |(name, code): &(String, Leaf)| format!("{name} = {}", word(code));
            lines(pairs.iter().map(line))
        }
        (Kind::Moves, Some(Leaf::List(moves))) => lines(moves.iter().map(|one| joined(one, " → "))),
        (Kind::Lines | Kind::Set { .. }, Some(Leaf::List(items))) => lines(items.iter().map(word)),
        (Kind::Condition, leaf) => simple(leaf).unwrap_or_default().to_owned(),
        (_, Some(leaf @ Leaf::List(_))) => joined(leaf, ", "),
        (_, Some(leaf)) => word(leaf),
    }
}

/// What was typed, as a value; `None` = nothing stands there. What cannot be read stays text: the policy's check says
/// what is wrong with it.
pub fn read(field: &Field, typed: &str) -> Option<Leaf> {
    let plain = typed.trim();
    if field.optional && plain.is_empty() {
        return None;
    }
    let text = |text: &str| Leaf::Text(text.to_owned());
    Some(match &field.kind {
        Kind::Template => text(typed),
        Kind::Number | Kind::User => plain.parse().map_or_else(|_| text(plain), Leaf::Number),
        Kind::Flag => match plain {
            "true" => Leaf::Flag(true),
            "false" if field.optional => return None,
            "false" => Leaf::Flag(false),
            _ => text(plain),
        },
        Kind::Lines | Kind::Set { .. } => Leaf::List(filled(typed.lines()).map(text).collect()),
        Kind::Condition => condition(plain),
        Kind::Hours => hours(plain),
        Kind::Days => table(typed, ':', hours),
        Kind::Pairs => table(typed, '=', |code| text(code.trim())),
        Kind::Moves => {
            let pair = |line: &str| {
                let ends = line
                    .split(['→', '>'])
                    .map(|end| end.trim_matches([' ', '-']));
                Leaf::List(ends.map(text).collect())
            };
            Leaf::List(filled(typed.lines()).map(pair).collect())
        }
        _ => text(plain),
    })
}

/// A line each: a name, the sign, and what stands for it.
fn table(typed: &str, sign: char, read: impl Fn(&str) -> Leaf) -> Leaf {
    let pair = |line: &str| {
        let (name, rest) = line.split_once(sign).unwrap_or((line, ""));
        (name.trim().to_owned(), read(rest))
    };
    Leaf::Table(filled(typed.lines()).map(pair).collect())
}

fn hours(text: &str) -> Leaf {
    let all = filled(text.split([',', ';']));
    Leaf::List(all.map(|one| Leaf::Text(one.replace('–', "-"))).collect())
}

fn filled<'a>(parts: impl Iterator<Item = &'a str>) -> impl Iterator<Item = &'a str> {
    parts.map(str::trim).filter(|part| !part.is_empty())
}

fn lines(lines: impl Iterator<Item = String>) -> String {
    lines.collect::<Vec<_>>().join("\n")
}

fn joined(leaf: &Leaf, between: &str) -> String {
    match leaf {
        Leaf::List(items) => items.iter().map(word).collect::<Vec<_>>().join(between),
        leaf => word(leaf),
    }
}

fn word(leaf: &Leaf) -> String {
    match leaf {
        Leaf::Text(text) | Leaf::Odd(text) => text.clone(),
        Leaf::Number(number) => number.to_string(),
        Leaf::Flag(flag) => flag.to_string(),
        leaf => joined(leaf, ", "),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::tests::SANATORIUM;
    use std::collections::BTreeSet;

    fn doc() -> Doc {
        Doc::parse(SANATORIUM).unwrap()
    }

    fn all_fields(doc: &Doc) -> Vec<Field> {
        let groups = Section::ALL
            .into_iter()
            .flat_map(|section| groups(section, doc));
        groups.flat_map(|group| group.fields).collect()
    }

    #[test]
    fn every_field_shows_its_value_and_reads_it_back() {
        let doc = doc();
        for field in all_fields(&doc) {
            let leaf = doc.get(&field.path);
            let shown = shown(&field.kind, leaf.as_ref());
            // A condition's kind, without its value.
            if matches!(field.kind, Kind::Condition | Kind::Compound) {
                continue;
            }
            if leaf.is_none() {
                let may_be_missing = field.optional || field.path.starts_with("bot.guard");
                assert!(may_be_missing, "{}", field.path);
                continue;
            }
            assert_eq!(read(&field, &shown), leaf, "{}: {shown}", field.path);
        }
    }

    #[test]
    fn no_field_is_shown_twice() {
        let fields = all_fields(&doc());
        let paths: BTreeSet<_> = fields.iter().map(|field| &field.path).collect();
        assert_eq!(paths.len(), fields.len());
    }

    /// What has no field can be changed in the whole text alone.
    #[test]
    fn every_value_of_the_policy_has_a_field_or_a_reason_to_have_none() {
        const WITHOUT: &[&str] = &[
            "schema",
            "bot.guard.internal",
            "inquiry.",
            "departure[",
            ".key",
            ".id",
            ".reason",
            ".repeat",
            ".when",
        ];
        fn leaves(leaf: &Leaf, path: &str, found: &mut Vec<String>) {
            match leaf {
                Leaf::Table(fields) => {
                    for (key, inner) in fields {
                        leaves(inner, &format!("{path}.{key}"), found);
                    }
                }
                Leaf::List(rows) if rows.iter().any(|row| matches!(row, Leaf::Table(_))) => {
                    for (row, inner) in rows.iter().enumerate() {
                        leaves(inner, &format!("{path}[{row}]"), found);
                    }
                }
                _ => found.push(path.to_owned()),
            }
        }
        let doc = doc();
        let policy: toml_edit::DocumentMut = SANATORIUM.parse().unwrap();
        let mut found = Vec::new();
        for (key, _) in policy.iter() {
            leaves(&doc.get(key).unwrap(), key, &mut found);
        }
        let fields = all_fields(&doc);
        for path in found {
            let is_shown = fields.iter().any(|field| {
                let rows = format!("{path}[");
                path.starts_with(&field.path) || field.path.starts_with(&rows)
            });
            let is_excused = WITHOUT.iter().any(|part| path.contains(part));
            assert!(is_shown || is_excused, "{path}");
        }
    }

    #[test]
    fn thresholds_are_found_however_deep_they_stand() {
        let doc = doc();
        let paths = |id: &str| -> Vec<String> {
            let groups = groups(Section::Handoff, &doc);
            let group = groups.into_iter().find(|group| group.id == id).unwrap();
            let numbers = group
                .fields
                .into_iter()
                .filter(|field| field.kind == Kind::Number);
            numbers.map(|field| field.path).collect()
        };
        assert_eq!(paths("guests_over_4"), ["triggers[13].when.guests_over"]);
        assert_eq!(
            paths("receipt_attachment"),
            ["triggers[3].when.all[2].text_at_most"]
        );
        assert_eq!(
            paths("past_stays"),
            ["triggers[17].when.all[1].any[3].all[0].not.open_deals_over"]
        );
        assert_eq!(paths("human_request"), [""; 0]);
    }

    fn group_of(doc: &Doc, id: &str) -> Group {
        let mut groups = groups(Section::Handoff, doc).into_iter();
        groups.find(|group| group.id == id).unwrap()
    }

    fn kinds(doc: &Doc, id: &str) -> Vec<String> {
        let fields = group_of(doc, id).fields.into_iter();
        let of_condition = fields.filter(|field| field.label.starts_with("when"));
        let told = of_condition.map(|field| match field.kind {
            Kind::Set { words, .. } => format!("{} of {words}", field.label),
            kind => format!("{} {kind:?}", field.label),
        });
        told.collect()
    }

    #[test]
    fn a_condition_that_stands_alone_is_a_kind_and_a_value_and_others_are_told() {
        let doc = doc();
        for (id, fields) in [
            (
                "guests_over_4",
                &["when Condition", "when.guests_over Number"][..],
            ),
            ("pet", &["when Condition"]),
            (
                "human_request",
                &["when Condition", "when.intent_in of intent="],
            ),
            (
                "receipt_attachment",
                &["when Compound", "when.text_at_most Number"],
            ),
        ] {
            assert_eq!(kinds(&doc, id), fields, "{id}");
        }
    }

    #[test]
    fn every_condition_that_stands_alone_is_one_that_the_policy_knows() {
        for name in SIMPLE {
            let mut doc = doc();
            doc.set("triggers[13].when", Some(condition(name)));
            let findings = doc.policy().err().unwrap_or_default();
            let asks = findings
                .iter()
                .filter(|finding| finding.path.starts_with("triggers[13]"));
            let lists = ["intent_in", "only_intents", "attachment_in", "stage_in"];
            assert_eq!(
                asks.count(),
                usize::from(lists.contains(name)),
                "{name}: {findings:?}"
            );
            assert_eq!(simple(Some(&condition(name))), Some(*name));
        }
        let none = Leaf::Table(vec![("pet".to_owned(), Leaf::Flag(false))]);
        assert_eq!(simple(Some(&none)), None, "it says the contrary");
    }

    #[test]
    fn a_new_row_asks_for_what_nobody_can_guess_and_nothing_else() {
        for (list, asks) in [
            ("stages", "stages[9].name"),
            ("triggers", "triggers[23].when.intent_in"),
        ] {
            let mut doc = doc();
            assert_eq!(
                asks.split(']').next(),
                Some(&*format!("{list}[{}", doc.count(list)))
            );
            doc.add_row(list, new_row(list, &doc));
            let findings = doc.policy().unwrap_err();
            let paths: Vec<&str> = findings.iter().map(|finding| &*finding.path).collect();
            assert_eq!(paths, [asks]);
            doc.add_row(list, new_row(list, &doc));
            let findings = doc.policy().unwrap_err();
            assert!(
                findings.iter().all(
                    |finding| !finding.path.ends_with(".id") && !finding.path.ends_with(".key")
                ),
                "{findings:?}"
            );
        }
    }

    /// The default policy, with this typed into the fields of the booking page.
    fn with_a_booking_page(typed: &[(&str, &str)]) -> Doc {
        let mut doc = doc();
        let fields = all_fields(&doc);
        for (path, text) in typed {
            let field = fields.iter().find(|field| field.path == *path).unwrap();
            doc.set(path, read(field, text));
            let shown = shown(&field.kind, doc.get(path).as_ref());
            assert_eq!(shown, *text, "{path}");
        }
        doc
    }

    const BOOKING: [(&str, &str); 4] = [
        (
            "booking.url",
            "https://booking.example.org/?a={arrival}&n={nights}&g={adults}&r={category}",
        ),
        ("booking.max_adults", "3"),
        ("booking.categories", "люкс = lux\nстандарт = a=b"),
        ("booking.programmes", "treatment = med"),
    ];

    #[test]
    fn issue_9_5_a_booking_page_is_typed_read_back_and_taken_away() {
        let mut doc = with_a_booking_page(&BOOKING);
        let page = doc.policy().unwrap().booking.unwrap();
        assert_eq!(page.url, BOOKING[0].1);
        assert_eq!(page.max_adults, 3);
        assert_eq!(page.categories["люкс"], "lux");
        assert_eq!(page.categories["стандарт"], "a=b");
        assert_eq!(page.programmes["treatment"], "med");
        for (path, _) in BOOKING {
            let fields = all_fields(&doc);
            let field = fields.into_iter().find(|field| field.path == path).unwrap();
            doc.set(path, read(&field, " "));
        }
        assert_eq!(doc.text(), SANATORIUM, "nothing is left of it");
    }

    #[test]
    fn issue_9_5_what_is_wrong_with_a_booking_page_stands_at_its_field() {
        for (at, typed) in [
            (
                "booking.url",
                "http://booking.example.org/?a={arrival}&n={nights}&g={adults}",
            ),
            ("booking.url", "https://booking.example.org/?a={arival}"),
            ("booking.max_adults", "0"),
            ("booking.max_adults", "двое"),
            ("booking.categories", "люкс"),
            ("booking.categories", "люкс = lux\nЛюкс = lux2"),
            ("booking.programmes", "= med"),
        ] {
            let mut all = BOOKING;
            for field in &mut all {
                if field.0 == at {
                    field.1 = typed;
                }
            }
            let mut doc = doc();
            for field in all_fields(&doc) {
                if let Some((path, text)) = all.iter().find(|(path, _)| *path == field.path) {
                    doc.set(path, read(&field, text));
                }
            }
            let findings = doc.policy().unwrap_err();
            assert!(!findings.is_empty(), "{at}: {typed}");
            for finding in findings {
                let rest = finding.path.strip_prefix(at);
                let is_there = rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'));
                assert!(is_there, "{at}: {typed}: {finding:?}");
            }
        }
        // Without the address, which the others go with.
        let findings = with_a_booking_page(&BOOKING[1..]).policy().unwrap_err();
        let paths: Vec<&str> = findings.iter().map(|finding| &*finding.path).collect();
        assert_eq!(paths, ["booking.url"]);
    }

    #[test]
    fn what_cannot_be_read_stays_as_it_was_typed() {
        let number = field("bot.clarify_max", Kind::Number);
        assert_eq!(read(&number, " 2 "), Some(Leaf::Number(2)));
        assert_eq!(read(&number, "два"), Some(Leaf::Text("два".to_owned())));
        assert_eq!(read(&number, ""), Some(Leaf::Text(String::new())));
        assert_eq!(read(&optional("tasks.fallback", Kind::User), " "), None);
        let week = field("calendar.week[0]", Kind::Hours);
        let hours = read(&week, "09:00–12:00, 13:00-18:00").unwrap();
        assert_eq!(
            shown(&Kind::Hours, Some(&hours)),
            "09:00-12:00, 13:00-18:00"
        );
        let moves = read(&field("robot_zone.moves", Kind::Moves), "a -> b\n\nc → d").unwrap();
        assert_eq!(shown(&Kind::Moves, Some(&moves)), "a → b\nc → d");
        let booking = optional("stages[0].booking", Kind::Flag);
        assert_eq!(read(&booking, "false"), None);
    }
}
