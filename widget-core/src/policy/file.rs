//! Reads a policy from a file's values and names everything that is wrong with it at once.
//!
//! `serde` stops at the first problem, so the file is first compared with the [`Shape`] that it should have; the
//! types, their names and limits stay with `serde`, which reads each leaf. The tests hold shape and types together.

use super::leaf::{Leaf, Misfit};
use super::problem::{Hint, Name, Problem, Wanted};
use super::{Assign, ConsultedWhen, DepartureAct, InquiryAct, Mode, OnTaskDone, RepeatField};
use super::{Finding, Policy, Prices, Quiet, Span, check};
use super::{StageRole, TakeOnOpen, TriggerAssign};
use crate::guard::Internal;
use crate::hours::{Hours, from_to};
use crate::owner::ReasonId;
use crate::understand::{AttachmentKind, Intent};
use serde::Deserialize;
use serde::de::DeserializeOwned;

/// Checks the values of a file and reads the policy from them.
///
/// # Errors
/// Everything that is wrong, each with the field's path. What a policy must be beyond its shape ([`check`]) is looked at
/// once the shape is right.
pub fn read(file: &Leaf) -> Result<Policy, Vec<Finding>> {
    let mut findings = Vec::new();
    compare(file, &POLICY, "", &mut findings);
    if !findings.is_empty() {
        return Err(findings);
    }
    let policy = Policy::deserialize(file).map_err(|misfit| {
        vec![Finding {
            path: String::new(),
            problem: Problem::Odd(misfit.to_string()),
        }]
    })?;
    findings = check(&policy);
    if findings.is_empty() {
        Ok(policy)
    } else {
        Err(findings)
    }
}

/// A text that is no TOML. `at`: the byte at which it stops to be; `message`: the reader's, English.
pub fn unreadable(toml: &str, at: Option<usize>, message: &str) -> Finding {
    let before = at.and_then(|at| toml.get(..at));
    let line = before.map_or(1, |before| before.matches('\n').count() + 1);
    Finding {
        path: String::new(),
        problem: Problem::Unreadable(line, message.to_owned()),
    }
}

/// What a value of the file should look like.
enum Shape {
    /// One value: what it should be, and whether it can be read.
    Leaf(Wanted, fn(&Leaf) -> Result<(), Misfit>),
    /// A table with these keys: name, whether it must be there, shape.
    Table(&'static [(&'static str, bool, Shape)]),
    /// A list of these.
    List(&'static Shape),
    /// One list for each day of the week.
    Week(&'static Shape),
    /// A table with any keys.
    Map(&'static Shape),
    /// A table with exactly one of [`CONDITIONS`].
    Condition,
}

const TEXT: Shape = Shape::Leaf(Wanted::Text, reads::<String>);
const NUMBER: Shape = Shape::Leaf(Wanted::Number, reads::<u32>);
const PERCENT: Shape = Shape::Leaf(Wanted::Percent, reads::<u8>);
const FLAG: Shape = Shape::Leaf(Wanted::Flag, reads::<bool>);
const SPAN: Shape = Shape::Leaf(Wanted::Span, reads::<Span>);
const USER: Shape = Shape::Leaf(Wanted::User, reads::<i64>);
const NAME: Wanted = Wanted::Name;

const TASK: Shape = Shape::Table(&[("type", true, TEXT), ("due", true, SPAN)]);

const GUARD: Shape = Shape::Table(&[
    ("max_chars", false, NUMBER),
    ("language", false, FLAG),
    (
        "internal",
        false,
        Shape::List(&Shape::Leaf(NAME, reads::<Internal>)),
    ),
    ("link_hosts", false, Shape::List(&TEXT)),
    ("passage_links", false, FLAG),
    ("prices", false, Shape::Leaf(NAME, reads::<Prices>)),
    ("promises", false, Shape::List(&TEXT)),
    ("repeats", false, FLAG),
    ("personal", false, FLAG),
]);

const STAGE: Shape = Shape::Table(&[
    ("key", true, TEXT),
    ("name", true, TEXT),
    ("role", true, Shape::Leaf(NAME, reads::<StageRole>)),
    ("booking", false, FLAG),
    ("consulted_to", false, TEXT),
    ("payment_link_to", false, TEXT),
    ("collect", false, Shape::List(&TEXT)),
    ("touch", false, TEXT),
    ("no_reply_to", false, TEXT),
    ("loss_reason", false, TEXT),
]);

const TRIGGER: Shape = Shape::Table(&[
    ("id", true, TEXT),
    ("when", true, Shape::Condition),
    ("reason", true, Shape::Leaf(NAME, reads::<ReasonId>)),
    ("text", false, TEXT),
    ("due", false, SPAN),
    ("assign", false, Shape::Leaf(NAME, reads::<TriggerAssign>)),
    ("escalate_after", false, SPAN),
    ("repeat", false, Shape::Leaf(NAME, reads::<RepeatField>)),
]);

const DEPARTURE: Shape = Shape::Table(&[
    ("id", true, TEXT),
    ("when", true, Shape::Condition),
    ("then", true, Shape::Leaf(NAME, reads::<DepartureAct>)),
    ("reason", false, Shape::Leaf(NAME, reads::<ReasonId>)),
    ("text", false, TEXT),
]);

const INQUIRY_ACT: Shape = Shape::Leaf(NAME, reads::<InquiryAct>);

const HOURS: Shape = Shape::List(&Shape::Leaf(Wanted::Hours, reads::<Hours>));

const CONDITIONS: &[(&str, Shape)] = &[
    ("guests_over", NUMBER),
    ("child_at_most", NUMBER),
    ("rooms_over", NUMBER),
    ("pet", FLAG),
    ("past_stay", FLAG),
    ("new_booking", FLAG),
    (
        "intent_in",
        Shape::List(&Shape::Leaf(NAME, reads::<Intent>)),
    ),
    (
        "attachment_in",
        Shape::List(&Shape::Leaf(NAME, reads::<AttachmentKind>)),
    ),
    (
        "only_intents",
        Shape::List(&Shape::Leaf(NAME, reads::<Intent>)),
    ),
    ("text_at_most", NUMBER),
    ("several_deals_meant", FLAG),
    ("open_deals_over", NUMBER),
    ("meaning_unclear", FLAG),
    ("kb_miss", FLAG),
    ("bot_unsure", PERCENT),
    ("stage_in", Shape::List(&TEXT)),
    ("all", Shape::List(&Shape::Condition)),
    ("any", Shape::List(&Shape::Condition)),
    ("not", Shape::Condition),
];

const POLICY: Shape = Shape::Table(&[
    ("schema", true, NUMBER),
    ("mode", true, Shape::Leaf(NAME, reads::<Mode>)),
    ("trial_phones", false, Shape::List(&TEXT)),
    ("bot_name", true, TEXT),
    ("organisation", true, TEXT),
    ("review_url", false, TEXT),
    (
        "calendar",
        true,
        Shape::Table(&[
            ("timezone", true, TEXT),
            ("week", true, Shape::Week(&HOURS)),
            ("closed", false, Shape::List(&TEXT)),
            ("special", false, Shape::Map(&HOURS)),
        ]),
    ),
    (
        "timers",
        true,
        Shape::Table(&[
            ("burst_quiet", true, SPAN),
            ("burst_max", true, SPAN),
            ("supersede_for", true, SPAN),
            ("supersede_max", true, NUMBER),
            ("auto_return_after", true, SPAN),
            ("auto_return_grace", true, SPAN),
            ("undo_for", true, SPAN),
            ("episode_idle", true, SPAN),
            ("claim_grace", true, SPAN),
            ("snapshot_ttl", true, SPAN),
            ("snapshot_max_age", true, SPAN),
            ("waiting_reminder", true, SPAN),
            ("waiting_escalation", true, SPAN),
            ("final_touch_after", true, SPAN),
            ("final_touch_window", true, SPAN),
            ("after_touch", true, SPAN),
            ("late_answer", false, SPAN),
            ("quiet", true, Shape::Leaf(Wanted::Quiet, reads::<Quiet>)),
        ]),
    ),
    (
        "ownership",
        true,
        Shape::Table(&[
            ("field", true, TEXT),
            (
                "values",
                true,
                Shape::Table(&[
                    ("bot", true, TEXT),
                    ("waiting", true, TEXT),
                    ("manager", true, TEXT),
                ]),
            ),
            ("take_on_open", true, Shape::Leaf(NAME, reads::<TakeOnOpen>)),
            ("on_task_done", true, Shape::Leaf(NAME, reads::<OnTaskDone>)),
        ]),
    ),
    (
        "tasks",
        true,
        Shape::Table(&[
            ("whatsapp", true, TASK),
            ("contact", true, TASK),
            ("assign", true, Shape::Leaf(NAME, reads::<Assign>)),
            ("fallback", false, USER),
            ("escalate_to", false, USER),
            ("duty_user", false, USER),
            ("duty_phone", false, TEXT),
        ]),
    ),
    (
        "bot",
        true,
        Shape::Table(&[
            ("clarify_max", true, NUMBER),
            (
                "consulted_when",
                true,
                Shape::Leaf(NAME, reads::<ConsultedWhen>),
            ),
            ("guard", false, GUARD),
        ]),
    ),
    (
        "exclude",
        false,
        Shape::Table(&[
            ("phones", false, Shape::List(&TEXT)),
            ("contact_tags", false, Shape::List(&TEXT)),
        ]),
    ),
    (
        "booking",
        false,
        Shape::Table(&[
            ("url", true, TEXT),
            ("max_adults", false, NUMBER),
            ("categories", false, Shape::Map(&TEXT)),
            ("programmes", false, Shape::Map(&TEXT)),
        ]),
    ),
    ("texts", true, Shape::Map(&TEXT)),
    (
        "fields",
        false,
        Shape::Table(&[
            ("arrival", false, TEXT),
            ("departure", false, TEXT),
            ("category", false, TEXT),
            ("guests", false, TEXT),
            ("payment", false, TEXT),
            ("refund", false, TEXT),
        ]),
    ),
    (
        "inquiry",
        true,
        Shape::Table(&[
            ("unmapped", true, INQUIRY_ACT),
            ("several", true, INQUIRY_ACT),
            ("early", true, INQUIRY_ACT),
            ("booking", true, INQUIRY_ACT),
            ("departure", true, INQUIRY_ACT),
            ("booking_not_found", true, INQUIRY_ACT),
            ("refused", true, INQUIRY_ACT),
            ("none", true, INQUIRY_ACT),
        ]),
    ),
    ("departure", true, Shape::List(&DEPARTURE)),
    (
        "robot_zone",
        false,
        Shape::Table(&[
            ("moves", false, Shape::List(&Shape::List(&TEXT))),
            ("tasks", false, Shape::List(&TEXT)),
            ("texts", false, Shape::List(&TEXT)),
        ]),
    ),
    ("stages", true, Shape::List(&STAGE)),
    ("triggers", true, Shape::List(&TRIGGER)),
]);

fn reads<T: DeserializeOwned>(value: &Leaf) -> Result<(), Misfit> {
    T::deserialize(value).map(drop)
}

fn compare(value: &Leaf, shape: &Shape, path: &str, findings: &mut Vec<Finding>) {
    let mut wrong = |path: String, problem: Problem| findings.push(Finding { path, problem });
    match (shape, value) {
        (Shape::Leaf(what, reads), _) => {
            if let Err(misfit) = reads(value) {
                wrong(path.to_owned(), in_words(*what, value, misfit));
            }
        }
        (Shape::Table(fields), Leaf::Table(table)) => {
            let known: Vec<&str> = fields.iter().map(|(name, ..)| *name).collect();
            let keys = table.iter().map(|(key, _)| key.as_str());
            for key in keys.filter(|key| !known.contains(key)) {
                wrong(join(path, key), unknown(Name::Key, key, &known));
            }
            for (name, required, shape) in *fields {
                match value.get(name) {
                    Some(value) => compare(value, shape, &join(path, name), findings),
                    None if *required => findings.push(Finding {
                        path: join(path, name),
                        problem: Problem::Missing,
                    }),
                    None => {}
                }
            }
        }
        (Shape::Week(_), Leaf::List(days)) if days.len() != 7 => {
            wrong(path.to_owned(), Problem::SevenDays(days.len()));
        }
        (Shape::List(shape) | Shape::Week(shape), Leaf::List(items)) => {
            for (index, item) in items.iter().enumerate() {
                compare(item, shape, &format!("{path}[{index}]"), findings);
            }
        }
        (Shape::Map(shape), Leaf::Table(table)) => {
            for (key, value) in table {
                compare(value, shape, &join(path, key), findings);
            }
        }
        (Shape::Condition, Leaf::Table(table)) => {
            if table.len() != 1 {
                wrong(path.to_owned(), Problem::OneCondition);
            }
            let known: Vec<&str> = CONDITIONS.iter().map(|(name, _)| *name).collect();
            for (key, value) in table {
                let path = join(path, key);
                match CONDITIONS.iter().find(|(name, _)| name == key) {
                    Some((_, shape)) => compare(value, shape, &path, findings),
                    None => findings.push(Finding {
                        path,
                        problem: unknown(Name::Condition, key, &known),
                    }),
                }
            }
        }
        (Shape::Table(_) | Shape::Map(_) | Shape::Condition, _) => {
            wrong(path.to_owned(), Problem::NoTable);
        }
        (Shape::List(_) | Shape::Week(_), _) => {
            wrong(path.to_owned(), Problem::NoList);
        }
    }
}

fn join(path: &str, key: &str) -> String {
    if path.is_empty() {
        key.to_owned()
    } else {
        format!("{path}.{key}")
    }
}

/// What a misfit means.
fn in_words(wanted: Wanted, value: &Leaf, misfit: Misfit) -> Problem {
    if let Misfit::Unknown(said, names) = misfit {
        return unknown(Name::Value, &said, names);
    }
    match (value, wanted) {
        (Leaf::Text(said), Wanted::Hours) if from_to(said).is_ok() => {
            Problem::EndsEarly(said.clone())
        }
        (Leaf::Text(said), Wanted::Span | Wanted::Hours | Wanted::Quiet) => {
            Problem::NoSuch(wanted, said.clone())
        }
        _ => Problem::Needs(wanted),
    }
}

fn unknown(what: Name, wrong: &str, known: &[&str]) -> Problem {
    let likely = known
        .iter()
        .map(|name| (strsim::jaro_winkler(wrong, name), *name))
        .filter(|(likeness, _)| *likeness > 0.75)
        .max_by(|(a, _), (b, _)| a.total_cmp(b));
    let hint = match likely {
        Some((_, name)) => Hint::Like(name.to_owned()),
        None => Hint::OneOf(known.iter().map(|name| (*name).to_owned()).collect()),
    };
    Problem::Unknown(what, wrong.to_owned(), hint)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::Condition;
    use crate::policy::parse;
    use crate::policy::toml::leaf;
    use crate::text::render;
    use crate::trace::Lang;
    use std::collections::BTreeMap;

    const SANATORIUM: &str = include_str!("../../../backend/policies/sanatorium.toml");

    fn default_policy() -> Policy {
        parse(SANATORIUM).unwrap()
    }

    /// The default with one piece of its text replaced.
    fn changed(from: &str, to: &str) -> Vec<(String, String)> {
        assert!(SANATORIUM.contains(from), "{from}");
        match parse(&SANATORIUM.replacen(from, to, 1)) {
            Ok(_) => Vec::new(),
            Err(findings) => findings
                .into_iter()
                .map(|finding| (finding.path, finding.problem.text(Lang::Ru)))
                .collect(),
        }
    }

    /// A path in which triggers, rows and stages are named by id: `triggers[pet].reason`.
    fn place(path: &str) -> String {
        let policy = default_policy();
        let lists: [(&str, Vec<&str>); 3] = [
            (
                "triggers",
                policy.triggers.iter().map(|t| t.id.as_str()).collect(),
            ),
            (
                "departure",
                policy.departure.iter().map(|row| row.id.as_str()).collect(),
            ),
            (
                "stages",
                policy.stages.iter().map(|s| s.key.0.as_str()).collect(),
            ),
        ];
        for (list, ids) in lists {
            let named = |(index, id): (usize, &&str)| {
                let rest = path.strip_prefix(&format!("{list}[{id}]"))?;
                Some(format!("{list}[{index}]{rest}"))
            };
            if let Some(place) = ids.iter().enumerate().find_map(named) {
                return place;
            }
        }
        path.to_owned()
    }

    #[test]
    fn the_default_policy_has_no_findings_and_the_masterplans_funnel() {
        let policy = default_policy();
        let names: Vec<&str> = policy
            .stages
            .iter()
            .map(|stage| stage.name.as_str())
            .collect();
        assert_eq!(
            names,
            [
                "Новая заявка",
                "Проведена консультация",
                "Предварительная бронь",
                "Предоплата получена",
                "Заезд",
                "Проживающие",
                "Выезд",
                "Успешно реализовано",
                "Отказ",
            ],
            "masterplan: Воронка и этапы"
        );
        let role = |key: &str| policy.stage(&key.into()).unwrap().role;
        assert_eq!(
            role("departure"),
            StageRole::Intent,
            "masterplan: этап «Выезд»"
        );
        assert_eq!(
            role("refused"),
            StageRole::Reopen,
            "masterplan: этап «Отказ»"
        );
        assert_eq!(
            policy.stage(&"new".into()).unwrap().consulted_to,
            Some("consulted".into()),
            "masterplan: «Новая заявка» → «Проведена консультация»"
        );
        assert_eq!(
            policy.stage(&"consulted".into()).unwrap().payment_link_to,
            Some("prebooked".into()),
            "masterplan: «Проведена консультация» → «Предварительная бронь»"
        );
    }

    #[test]
    fn masterplan_scenario_2_every_trigger_that_conditions_can_say_is_there() {
        let policy = default_policy();
        let fires = |reason: ReasonId| {
            policy
                .triggers
                .iter()
                .any(|trigger| trigger.reason == reason)
        };
        for (row, reason) in [
            ("статус оплаты", ReasonId::PaymentStatus),
            ("статус возврата", ReasonId::RefundStatus),
            ("проверить оплаты, чеки", ReasonId::PaymentCheck),
            ("повторно ссылку на оплату", ReasonId::PaymentLinkAgain),
            ("повторно возврат", ReasonId::RefundLinkAgain),
            ("гость сделал оплату", ReasonId::PaidNotice),
            ("гость выслал чек", ReasonId::ReceiptSent),
            ("стоимость продления", ReasonId::ExtensionCost),
            ("стоимость доп. услуг", ReasonId::ExtraServiceCost),
            ("гостей больше 4", ReasonId::GuestsOver4),
            ("ребёнок до 3 лет", ReasonId::ChildLe3),
            ("более 1 номера", ReasonId::MultiRoom),
            ("питомец", ReasonId::Pet),
            ("прошлые заезды", ReasonId::PastStays),
            ("просит человека", ReasonId::HumanRequest),
            ("вложение без текста", ReasonId::AttachmentOnly),
            ("жалоба", ReasonId::Complaint),
            ("срочно", ReasonId::Urgent),
        ] {
            assert!(fires(reason), "masterplan: Сценарий 2, «{row}»");
        }
        assert!(
            policy
                .triggers
                .iter()
                .any(|trigger| trigger.when == Condition::GuestsOver(4))
        );
        assert!(
            policy
                .triggers
                .iter()
                .any(|trigger| trigger.when == Condition::ChildAtMost(3))
        );
        assert!(
            policy
                .triggers
                .iter()
                .any(|trigger| trigger.when == Condition::RoomsOver(1))
        );
    }

    #[test]
    fn masterplan_scenario_2_the_texts_are_the_customers() {
        let texts = default_policy().texts;
        assert_eq!(texts["handoff"], "Передаю ваше обращение менеджеру.");
        assert_eq!(texts["off_hours"], "В рабочее время вам ответит менеджер.");
        assert_eq!(
            texts["work_hours"],
            "Вам ответит первый освободившийся менеджер."
        );
    }

    #[test]
    fn the_default_intro_is_good_russian() {
        let policy = default_policy();
        let values = BTreeMap::from([
            ("bot_name", policy.bot_name.clone()),
            ("organisation", policy.organisation.clone()),
        ]);
        assert_eq!(
            render(&policy.texts["intro"], &values),
            format!(
                "Здравствуйте! Я виртуальный помощник {}.",
                policy.organisation
            )
        );
        assert!(
            policy.organisation.starts_with("санатория "),
            "the genitive"
        );
    }

    #[test]
    fn all_problems_of_the_shape_are_told_at_once() {
        let broken = SANATORIUM
            .replacen("burst_quiet", "burst_quite", 1)
            .replacen("mode = \"on\"", "mode = \"onn\"", 1)
            .replacen("\"40m\"", "40", 1)
            .replacen("bot_unsure = 70 }            #", "bot_unsure = 700 } #", 1)
            .replacen("guests_over = 4", "guest_over = 4", 1)
            .replacen("\"human_request\"]", "\"human\"]", 1)
            .replacen("quiet = \"20:00-10:00\"", "quiet = \"ночью\"", 1);
        let findings = parse(&broken).unwrap_err();
        let problem = |path: &str| {
            findings
                .iter()
                .find(|finding| finding.path == path)
                .unwrap_or_else(|| panic!("{path} in {findings:#?}"))
                .problem
                .text(Lang::Ru)
        };
        assert_eq!(
            problem("timers.burst_quite"),
            "Неизвестный ключ «burst_quite». Похоже на «burst_quiet»"
        );
        assert_eq!(problem("timers.burst_quiet"), "Не хватает этого ключа");
        assert_eq!(problem("mode"), "Неизвестное имя «onn». Похоже на «on»");
        assert_eq!(
            problem("timers.auto_return_after"),
            "Нужно: срок в виде \"40m\""
        );
        assert_eq!(
            problem(&place("triggers[bot_unsure].when.bot_unsure")),
            "Нужно: целое число от 0 до 100"
        );
        assert_eq!(
            problem(&place("triggers[guests_over_4].when.guest_over")),
            "Неизвестное условие «guest_over». Похоже на «guests_over»"
        );
        assert_eq!(
            problem(&place("triggers[human_request].when.intent_in[0]")),
            "Неизвестное имя «human». Похоже на «human_request»"
        );
        assert!(problem("timers.quiet").starts_with("«ночью» — не промежуток"));
        assert_eq!(findings.len(), 8, "{findings:#?}");
    }

    #[test]
    fn each_rule_of_check_finds_its_mistake() {
        for (from, to, path) in [
            ("schema = 1", "schema = 2", "schema"),
            (
                "organisation = \"санатория",
                "organisation = \"\" # \"",
                "organisation",
            ),
            (
                "waiting = \"Ждёт менеджера\"",
                "waiting = \"Бот\"",
                "ownership.values",
            ),
            (
                "type = \"Связаться\"",
                "type = \"WhatsApp\"",
                "tasks.contact.type",
            ),
            (
                "bot_unsure = 70 }            #",
                "bot_unsure = 101 } #",
                "triggers[bot_unsure].when.bot_unsure",
            ),
            ("# fallback = 123456", "fallback = 0 #", "tasks.fallback"),
            ("Europe/Moscow", "Москва", "calendar.timezone"),
            ("\"01-02\"", "\"02-30\"", "calendar.closed[1]"),
            ("\"01-02\"", "\"2.01\"", "calendar.closed[1]"),
            (
                "[\"09:00-18:00\"]",
                "[\"09:00-12:00\", \"11:00-18:00\"]",
                "calendar.week[0][1]",
            ),
            ("\"40m\"", "\"0m\"", "timers.auto_return_after"),
            ("\"24h\"", "\"900d\"", "timers.episode_idle"),
            (
                "burst_max = \"12s\"",
                "burst_max = \"3s\"",
                "timers.burst_max",
            ),
            (
                "auto_return_grace = \"10m\"",
                "auto_return_grace = \"50m\"",
                "timers.auto_return_grace",
            ),
            (
                "snapshot_max_age = \"30m\"",
                "snapshot_max_age = \"30s\"",
                "timers.snapshot_max_age",
            ),
            ("due = \"30m\"", "due = \"0s\"", "tasks.whatsapp.due"),
            ("\nhandoff = ", "\nhandof = ", "texts.handoff"),
            ("\nopt_out_ack = ", "\nopt_out_akc = ", "texts.opt_out_akc"),
            (
                "Здравствуйте{, name}",
                "Здравствуйте{, nmae}",
                "texts.intro",
            ),
            ("Здравствуйте{, name}", "Здравствуйте{, name", "texts.intro"),
            (
                "key = \"consulted\"",
                "key = \"new\"",
                "stages[consulted].key",
            ),
            (
                "\"Проведена консультация\"",
                "\"новая заявка\"",
                "stages[consulted].name",
            ),
            (
                "consulted_to = \"consulted\"",
                "consulted_to = \"cosulted\"",
                "stages[new].consulted_to",
            ),
            (
                "payment_link_to = \"prebooked\"",
                "payment_link_to = \"new\"",
                "stages[consulted].payment_link_to",
            ),
            (
                "role = \"drive\"",
                "role = \"answer\"",
                "stages[new].consulted_to",
            ),
            ("role = \"drive\"", "role = \"reopen\"", "stages[new].role"),
            (
                "id = \"complaint\"",
                "id = \"human_request\"",
                "triggers[complaint].id",
            ),
            (
                "reason = \"pet\"",
                "reason = \"crm_down\"",
                "triggers[pet].reason",
            ),
            (
                "text = \"attachment_only\"",
                "text = \"attachments\"",
                "triggers[attachment_only].text",
            ),
            (
                "stage_in = [\"prebooked\"]",
                "stage_in = [\"booked\"]",
                "triggers[receipt_attachment].when.all[0].stage_in[0]",
            ),
            (
                "intent_in = [\"urgent\"]",
                "intent_in = []",
                "triggers[urgent].when.intent_in",
            ),
            ("{ pet = true }", "{ all = [] }", "triggers[pet].when.all"),
            (
                "{ pet = true }",
                "{ not = { stage_in = [\"x\"] } }",
                "triggers[pet].when.not.stage_in[0]",
            ),
            (
                "unmapped = \"people\"",
                "unmapped = \"bot\"",
                "inquiry.unmapped",
            ),
            (
                "several = \"clarify\"",
                "several = \"bot\"",
                "inquiry.several",
            ),
            ("early = \"bot\"", "early = \"new_deal\"", "inquiry.early"),
            (
                "booking = \"bot\"",
                "booking = \"clarify\"",
                "inquiry.booking",
            ),
            (
                "departure = \"table\"",
                "departure = \"bot\"",
                "inquiry.departure",
            ),
            (
                "booking_not_found = \"people\"",
                "booking_not_found = \"table\"",
                "inquiry.booking_not_found",
            ),
            (
                "refused = \"new_deal\"",
                "refused = \"bot\"",
                "inquiry.refused",
            ),
            ("none = \"new_deal\"", "none = \"bot\"", "inquiry.none"),
            (
                "id = \"past_visit\"",
                "id = \"review\"",
                "departure[past_visit].id",
            ),
            (
                "text = \"review_negative\"",
                "text = \"review_negtive\"",
                "departure[bad_review].text",
            ),
            (
                "then = \"new_deal\"\nreason = \"past_stays\"",
                "then = \"new_deal\"\nreason = \"crm_down\"",
                "departure[new_booking_past_stay].reason",
            ),
            (
                "then = \"clarify\"",
                "then = \"clarify\"\nreason = \"unknown\"",
                "departure[unclear].reason",
            ),
            (
                "{ meaning_unclear = true }",
                "{ any = [] }",
                "departure[unclear].when.any[0].any",
            ),
            (
                "{ meaning_unclear = true }",
                "{ only_intents = [] }",
                "departure[unclear].when.any[0].only_intents",
            ),
            (
                "trial_phones = []",
                "trial_phones = [\"12\"]",
                "trial_phones[0]",
            ),
            (
                "\nphones = []",
                "\nphones = [\"+7 900 000-00-01\", \"нет\"]",
                "exclude.phones[1]",
            ),
            (
                "{ kb_miss = true }\nreason",
                "{ kb_miss = false }\nreason",
                "triggers",
            ),
            (
                "when = { bot_unsure = 70 }            #",
                "when = { all = [{ bot_unsure = 70 }, { pet = true }] } #",
                "triggers",
            ),
            (
                "moves = [[\"prebooked\", \"prepaid\"]]",
                "moves = [[\"prebooked\", \"paid\"]]",
                "robot_zone.moves[0]",
            ),
            (
                "moves = [[\"prebooked\", \"prepaid\"]]",
                "moves = [[\"consulted\", \"prebooked\"]]",
                "stages[consulted].payment_link_to",
            ),
            (
                "moves = [[\"prebooked\", \"prepaid\"]]",
                "moves = [[\"new\", \"refused\"]]",
                "stages[new].no_reply_to",
            ),
            (
                "tasks = [\"Встреча\"",
                "tasks = [\"whatsapp \"",
                "tasks.whatsapp.type",
            ),
            (
                "tasks = [\"Встреча\"",
                "tasks = [\"Связаться\"",
                "tasks.contact.type",
            ),
            (
                "touch = \"touch_link\"",
                "touch = \"touch_lnk\"",
                "stages[prebooked].touch",
            ),
            ("\ntouch_link = ", "\ntouch_lnk = ", "texts.touch_lnk"),
            (
                "touch = \"touch_consult\"\nno_reply_to",
                "no_reply_to",
                "stages[new].no_reply_to",
            ),
            (
                "no_reply_to = \"refused\"",
                "no_reply_to = \"refusd\"",
                "stages[new].no_reply_to",
            ),
            ("\"12-31\" = [", "\"12-32\" = [", "calendar.special.12-32"),
            (
                "[\"09:00-15:00\"]",
                "[\"09:00-15:00\", \"14:00-16:00\"]",
                "calendar.special.12-31[1]",
            ),
            ("due = \"0s\"", "due = \"900d\"", "triggers[urgent].due"),
            (
                "escalate_after = \"5m\"",
                "escalate_after = \"0s\"",
                "triggers[urgent].escalate_after",
            ),
            (
                "waiting_reminder = \"15m\"",
                "waiting_reminder = \"0m\"",
                "timers.waiting_reminder",
            ),
            (
                "waiting_escalation = \"60m\"",
                "waiting_escalation = \"0m\"",
                "timers.waiting_escalation",
            ),
            (
                "final_touch_after = \"24h\"",
                "final_touch_after = \"0h\"",
                "timers.final_touch_after",
            ),
            (
                "final_touch_window = \"23h\"",
                "final_touch_window = \"24h\"",
                "timers.final_touch_window",
            ),
            (
                "after_touch = \"48h\"",
                "after_touch = \"900d\"",
                "timers.after_touch",
            ),
            (
                "quiet = \"20:00-10:00\"",
                "quiet = \"24:00-10:00\"",
                "timers.quiet",
            ),
            (
                "quiet = \"20:00-10:00\"",
                "quiet = \"00:00-24:00\"",
                "timers.quiet",
            ),
            (
                "# escalate_to = 123456",
                "escalate_to = -1 #",
                "tasks.escalate_to",
            ),
            ("# duty_user = 123456", "duty_user = 0 #", "tasks.duty_user"),
        ] {
            let (findings, path) = (changed(from, to), place(path));
            assert!(
                findings.iter().any(|(found, _)| *found == path),
                "{from} → {to}: {path} not in {findings:?}"
            );
        }
    }

    /// The default policy with this table of the booking page.
    fn with_booking(booking: &str) -> Result<Policy, Vec<(String, String)>> {
        parse(&SANATORIUM.replace(
            "\n[exclude]\n",
            &format!("\n[booking]\n{booking}\n\n[exclude]\n"),
        ))
        .map_err(|findings| {
            let said = findings.into_iter();
            said.map(|finding| (finding.path, finding.problem.to_string()))
                .collect()
        })
    }

    const PAGE: &str = "url = \"https://booking.example.org/?a={arrival}&n={nights}&g={adults}&r={category}\"\n\
                        max_adults = 3\ncategories = { \"люкс\" = \"lux\" }";

    #[test]
    fn issue_9_5_a_booking_page_is_read_and_reads_back_from_its_own_words() {
        let policy = with_booking(PAGE).unwrap();
        let page = policy.booking.clone().unwrap();
        assert_eq!((page.max_adults, page.categories.len()), (3, 1));
        let json = serde_json::to_string(&policy).unwrap();
        assert_eq!(serde_json::from_str::<Policy>(&json).unwrap(), policy);
        let bare = with_booking(&PAGE.replace("max_adults = 3", "")).unwrap();
        assert_eq!(bare.booking.unwrap().max_adults, 4);
    }

    #[test]
    fn issue_9_5_the_commented_booking_page_is_a_good_one() {
        let commented = SANATORIUM.lines().skip_while(|line| *line != "# [booking]");
        let commented = commented.skip(1).take_while(|line| line.starts_with("# "));
        let table: Vec<&str> = commented.map(|line| &line[2..]).collect();
        assert_eq!(table.len(), 4, "{table:?}");
        with_booking(&table.join("\n")).unwrap();
    }

    #[test]
    fn issue_9_5_what_is_wrong_with_a_booking_page_is_told() {
        for (from, to, path) in [
            ("https://", "http://", "booking.url"),
            (
                "https://booking.example.org",
                "https://{arrival}",
                "booking.url",
            ),
            ("?a=", "? a=", "booking.url"),
            ("{arrival}", "{arival}", "booking.url"),
            ("{arrival}", "2027-01-01", "booking.url"),
            ("{nights}", "7", "booking.url"),
            ("{adults}", "2", "booking.url"),
            ("{adults}", "{adults", "booking.url"),
            ("max_adults = 3", "max_adults = 0", "booking.max_adults"),
            ("max_adults = 3", "max_adults = 21", "booking.max_adults"),
            ("max_adults = 3", "max_adult = 3", "booking.max_adult"),
            ("{ \"люкс\" = \"lux\" }", "{}", "booking.categories"),
            (
                "{ \"люкс\" =",
                "{ \"Люкс\" = \"x\", \"люкс\" =",
                "booking.categories.люкс",
            ),
            ("\"lux\"", "\" \"", "booking.categories.люкс"),
            ("{category}", "{programme}", "booking.programmes"),
        ] {
            let findings = with_booking(&PAGE.replacen(from, to, 1)).unwrap_err();
            let is_told = findings.iter().any(|(found, _)| found == path);
            assert!(is_told, "{from} → {to}: {findings:?}");
        }
    }

    #[test]
    fn what_is_allowed_is_not_found_fault_with() {
        for (from, to) in [
            ("\"4s\"", "\"0s\""),
            ("[\"09:00-18:00\"]", "[]"),
            ("[\"09:00-18:00\"]", "[\"00:00-24:00\"]"),
            ("\"01-02\"", "\"2028-02-29\""),
            ("\"12s\"", "\"1500000ms\""),
            ("# fallback = 123456", "fallback = 9001 #"),
            ("{ pet = true }", "{ not = { pet = false } }"),
            (
                "trial_phones = []",
                "trial_phones = [\"8 (900) 000-00-01\"]",
            ),
            ("several = \"clarify\"", "several = \"people\""),
            (
                "booking_not_found = \"people\"",
                "booking_not_found = \"new_deal\"",
            ),
            ("\"12-31\" = [\"09:00-15:00\"]", "\"2027-03-08\" = []"),
            ("quiet = \"20:00-10:00\"", "quiet = \"12:00-12:00\""),
            ("then = \"clarify\"", "then = \"answer\""),
            ("# duty_user = 123456", "duty_user = 9001 #"),
        ] {
            assert_eq!(changed(from, to), [], "{from} → {to}");
        }
    }

    #[test]
    fn what_is_no_toml_or_of_the_wrong_kind_is_told_with_its_place() {
        let line = parse("schema = 1\nmode = \n").unwrap_err();
        assert!(
            line[0].problem.text(Lang::Ru).starts_with("Строка 2 "),
            "{line:?}"
        );
        assert_eq!(
            changed("[[stages]]\nkey = \"new\"", "[stagess]\nkey = \"new\"")[0].0,
            "stagess"
        );
        assert!(!parse("").unwrap_err().is_empty());
        let scalars =
            parse("timers = 1\nstages = {}\ntexts = []\ncalendar = { week = [[]] }").unwrap_err();
        for path in ["timers", "stages", "texts", "calendar.week"] {
            assert!(scalars.iter().any(|finding| finding.path == path), "{path}");
        }
        let two = changed("{ guests_over = 4 }", "{ guests_over = 4, pet = true }");
        assert_eq!(two[0].0, place("triggers[guests_over_4].when"));
    }

    /// Paths of all keys of the file, and the file without each.
    fn without_each(value: &Leaf, path: &str) -> Vec<(String, Leaf)> {
        let mut all = Vec::new();
        match value {
            Leaf::Table(table) => {
                for (at, (key, inner)) in table.iter().enumerate() {
                    let here = join(path, key);
                    let mut less = table.clone();
                    less.remove(at);
                    all.push((here.clone(), Leaf::Table(less)));
                    for (path, inner) in without_each(inner, &here) {
                        let mut changed = table.clone();
                        changed[at].1 = inner;
                        all.push((path, Leaf::Table(changed)));
                    }
                }
            }
            Leaf::List(items) => {
                for (index, item) in items.iter().enumerate() {
                    for (path, item) in without_each(item, &format!("{path}[{index}]")) {
                        let mut changed = items.clone();
                        changed[index] = item;
                        all.push((path, Leaf::List(changed)));
                    }
                }
            }
            _ => {}
        }
        all
    }

    #[test]
    fn shape_and_types_agree_on_every_key() {
        let file = leaf(SANATORIUM).unwrap();
        let variants = without_each(&file, "");
        assert!(variants.len() > 150, "{}", variants.len());
        for (path, file) in variants {
            let mut findings = Vec::new();
            compare(&file, &POLICY, "", &mut findings);
            let readable = Policy::deserialize(&file).is_ok();
            assert_eq!(
                findings.is_empty(),
                readable,
                "without {path}: {findings:?}"
            );
        }
    }

    #[test]
    fn a_policy_reads_back_from_its_own_words() {
        let policy = default_policy();
        let json = serde_json::to_string(&policy).unwrap();
        assert_eq!(serde_json::from_str::<Policy>(&json).unwrap(), policy);
        let mut findings = Vec::new();
        compare(&Leaf::of(&policy).unwrap(), &POLICY, "", &mut findings);
        assert_eq!(findings, []);
    }

    #[test]
    fn the_shape_knows_every_condition() {
        let leaf = || Condition::Pet(true);
        for condition in [
            Condition::GuestsOver(4),
            Condition::ChildAtMost(3),
            Condition::RoomsOver(1),
            leaf(),
            Condition::PastStay(true),
            Condition::NewBooking(false),
            Condition::IntentIn(vec![Intent::Urgent]),
            Condition::AttachmentIn(vec![AttachmentKind::Voice]),
            Condition::OnlyIntents(vec![Intent::Review]),
            Condition::TextAtMost(0),
            Condition::SeveralDealsMeant(true),
            Condition::OpenDealsOver(1),
            Condition::MeaningUnclear(true),
            Condition::KbMiss(true),
            Condition::BotUnsure(70),
            Condition::StageIn(vec!["new".into()]),
            Condition::All(vec![leaf()]),
            Condition::Any(vec![leaf(), Condition::All(vec![leaf()])]),
            Condition::Not(Box::new(leaf())),
        ] {
            let mut findings = Vec::new();
            let value = Leaf::of(&condition).unwrap();
            compare(&value, &Shape::Condition, "", &mut findings);
            assert_eq!(findings, [], "{condition:?}");
        }
    }
}
