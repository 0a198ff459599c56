//! Reads a policy from TOML and names everything that is wrong with it at once.
//!
//! `serde` stops at the first problem, so the file is first compared with the [`Shape`] that it should have; the
//! types, their names and limits stay with `serde`, which reads each leaf. The tests hold shape and types together.

use super::{Assign, ConsultedWhen, Mode, OnTaskDone, StageRole, TakeOnOpen};
use super::{Finding, Policy, Quiet, Span, check};
use crate::hours::Hours;
use crate::owner::ReasonId;
use crate::understand::{AttachmentKind, Intent};
use serde::de::DeserializeOwned;
use toml::{Table, Value};

/// Reads and checks a policy.
///
/// # Errors
/// Everything that is wrong, each with the field's path and a sentence in Russian. What a policy must be beyond its
/// shape ([`check`]) is looked at once the shape is right.
pub fn parse(toml: &str) -> Result<Policy, Vec<Finding>> {
    let table: Table = toml
        .parse()
        .map_err(|error| vec![unreadable(toml, &error)])?;
    let file = Value::Table(table);
    let mut findings = Vec::new();
    compare(&file, &POLICY, "", &mut findings);
    if !findings.is_empty() {
        return Err(findings);
    }
    let policy: Policy = file.try_into().map_err(|error: toml::de::Error| {
        vec![Finding {
            path: String::new(),
            problem: error.message().to_owned(),
        }]
    })?;
    findings = check(&policy);
    if findings.is_empty() {
        Ok(policy)
    } else {
        Err(findings)
    }
}

fn unreadable(toml: &str, error: &toml::de::Error) -> Finding {
    let before = error.span().and_then(|span| toml.get(..span.start));
    let line = before.map_or(1, |before| before.matches('\n').count() + 1);
    Finding {
        path: String::new(),
        problem: format!("Строка {line} не читается как TOML: {}", error.message()),
    }
}

/// What a value of the file should look like.
enum Shape {
    /// One value: what it is in words, and whether it can be read.
    Leaf(&'static str, fn(Value) -> Result<(), String>),
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

const TEXT: Shape = Shape::Leaf("строка в кавычках", reads::<String>);
const NUMBER: Shape = Shape::Leaf("целое число не меньше нуля", reads::<u32>);
const FLAG: Shape = Shape::Leaf("true или false", reads::<bool>);
const SPAN: Shape = Shape::Leaf("срок в виде \"40m\"", reads::<Span>);
const USER: Shape = Shape::Leaf("номер пользователя amoCRM", reads::<i64>);
const NAME: &str = "одно из имён в кавычках";

const TASK: Shape = Shape::Table(&[("type", true, TEXT), ("due", true, SPAN)]);

const STAGE: Shape = Shape::Table(&[
    ("key", true, TEXT),
    ("name", true, TEXT),
    ("role", true, Shape::Leaf(NAME, reads::<StageRole>)),
    ("booking", false, FLAG),
    ("consulted_to", false, TEXT),
    ("payment_link_to", false, TEXT),
]);

const TRIGGER: Shape = Shape::Table(&[
    ("id", true, TEXT),
    ("when", true, Shape::Condition),
    ("reason", true, Shape::Leaf(NAME, reads::<ReasonId>)),
    ("text", false, TEXT),
]);

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
    ("text_at_most", NUMBER),
    ("stage_in", Shape::List(&TEXT)),
    ("all", Shape::List(&Shape::Condition)),
    ("any", Shape::List(&Shape::Condition)),
    ("not", Shape::Condition),
];

const POLICY: Shape = Shape::Table(&[
    ("schema", true, NUMBER),
    ("mode", true, Shape::Leaf(NAME, reads::<Mode>)),
    ("bot_name", true, TEXT),
    ("organisation", true, TEXT),
    (
        "calendar",
        true,
        Shape::Table(&[
            ("timezone", true, TEXT),
            (
                "week",
                true,
                Shape::Week(&Shape::List(&Shape::Leaf(
                    "время в виде \"09:00-18:00\"",
                    reads::<Hours>,
                ))),
            ),
            ("closed", false, Shape::List(&TEXT)),
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
            (
                "quiet",
                true,
                Shape::Leaf("время в виде \"20:00-10:00\"", reads::<Quiet>),
            ),
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
        ]),
    ),
    (
        "bot",
        true,
        Shape::Table(&[
            (
                "confidence_min",
                true,
                Shape::Leaf("целое число от 0 до 100", reads::<u8>),
            ),
            ("clarify_max", true, NUMBER),
            (
                "consulted_when",
                true,
                Shape::Leaf(NAME, reads::<ConsultedWhen>),
            ),
        ]),
    ),
    ("texts", true, Shape::Map(&TEXT)),
    ("stages", true, Shape::List(&STAGE)),
    ("triggers", true, Shape::List(&TRIGGER)),
]);

fn reads<T: DeserializeOwned>(value: Value) -> Result<(), String> {
    value
        .try_into::<T>()
        .map(drop)
        .map_err(|error| error.message().trim().to_owned())
}

fn compare(value: &Value, shape: &Shape, path: &str, findings: &mut Vec<Finding>) {
    let mut wrong = |path: String, problem: String| findings.push(Finding { path, problem });
    match (shape, value) {
        (Shape::Leaf(what, reads), _) => {
            if let Err(message) = reads(value.clone()) {
                wrong(path.to_owned(), in_words(what, &message));
            }
        }
        (Shape::Table(fields), Value::Table(table)) => {
            let known: Vec<&str> = fields.iter().map(|(name, ..)| *name).collect();
            for key in table.keys().filter(|key| !known.contains(&key.as_str())) {
                wrong(join(path, key), unknown("Неизвестный ключ", key, &known));
            }
            for (name, required, shape) in *fields {
                match table.get(*name) {
                    Some(value) => compare(value, shape, &join(path, name), findings),
                    None if *required => findings.push(Finding {
                        path: join(path, name),
                        problem: "Не хватает этого ключа".to_owned(),
                    }),
                    None => {}
                }
            }
        }
        (Shape::Week(_), Value::Array(days)) if days.len() != 7 => {
            wrong(
                path.to_owned(),
                format!("Нужно семь дней, с понедельника; здесь {}", days.len()),
            );
        }
        (Shape::List(shape) | Shape::Week(shape), Value::Array(items)) => {
            for (index, item) in items.iter().enumerate() {
                compare(item, shape, &format!("{path}[{index}]"), findings);
            }
        }
        (Shape::Map(shape), Value::Table(table)) => {
            for (key, value) in table {
                compare(value, shape, &join(path, key), findings);
            }
        }
        (Shape::Condition, Value::Table(table)) => {
            if table.len() != 1 {
                wrong(
                    path.to_owned(),
                    "Нужно ровно одно условие; несколько ставят в all или any".to_owned(),
                );
            }
            let known: Vec<&str> = CONDITIONS.iter().map(|(name, _)| *name).collect();
            for (key, value) in table {
                let path = join(path, key);
                match CONDITIONS.iter().find(|(name, _)| name == key) {
                    Some((_, shape)) => compare(value, shape, &path, findings),
                    None => findings.push(Finding {
                        path,
                        problem: unknown("Неизвестное условие", key, &known),
                    }),
                }
            }
        }
        (Shape::Table(_) | Shape::Map(_) | Shape::Condition, _) => {
            wrong(path.to_owned(), "Нужна таблица ключей".to_owned());
        }
        (Shape::List(_) | Shape::Week(_), _) => {
            wrong(path.to_owned(), "Нужен список в [ ]".to_owned());
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

/// A reader's message as a sentence for an administrator.
fn in_words(what: &str, message: &str) -> String {
    if let Some(rest) = message.strip_prefix("unknown variant ") {
        // «`x`, expected one of `a`, `b`»: what stands in backticks is all that is needed.
        let mut names = rest.split('`').skip(1).step_by(2);
        let wrong = names.next().unwrap_or_default();
        return unknown("Неизвестное имя", wrong, &names.collect::<Vec<_>>());
    }
    if message.starts_with("invalid ") {
        return format!("Нужно: {what}");
    }
    message.to_owned()
}

fn unknown(what: &str, wrong: &str, known: &[&str]) -> String {
    let likely = known
        .iter()
        .map(|name| (strsim::jaro_winkler(wrong, name), *name))
        .filter(|(likeness, _)| *likeness > 0.75)
        .max_by(|(a, _), (b, _)| a.total_cmp(b));
    match likely {
        Some((_, name)) => format!("{what} «{wrong}». Похоже на «{name}»"),
        None => format!("{what} «{wrong}». Есть: {}", known.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::Condition;
    use crate::text::render;
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
                .map(|finding| (finding.path, finding.problem))
                .collect(),
        }
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
            .replacen("confidence_min = 70", "confidence_min = 700", 1)
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
                .as_str()
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
            problem("bot.confidence_min"),
            "Нужно: целое число от 0 до 100"
        );
        assert_eq!(
            problem("triggers[12].when.guest_over"),
            "Неизвестное условие «guest_over». Похоже на «guests_over»"
        );
        assert_eq!(
            problem("triggers[1].when.intent_in[0]"),
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
                "confidence_min = 70",
                "confidence_min = 101",
                "bot.confidence_min",
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
            ("key = \"consulted\"", "key = \"new\"", "stages[1].key"),
            (
                "\"Проведена консультация\"",
                "\"новая заявка\"",
                "stages[1].name",
            ),
            (
                "consulted_to = \"consulted\"",
                "consulted_to = \"cosulted\"",
                "stages[0].consulted_to",
            ),
            (
                "payment_link_to = \"prebooked\"",
                "payment_link_to = \"new\"",
                "stages[1].payment_link_to",
            ),
            (
                "role = \"drive\"",
                "role = \"answer\"",
                "stages[0].consulted_to",
            ),
            ("role = \"drive\"", "role = \"reopen\"", "stages[0].role"),
            (
                "id = \"complaint\"",
                "id = \"human_request\"",
                "triggers[2].id",
            ),
            (
                "reason = \"pet\"",
                "reason = \"crm_down\"",
                "triggers[15].reason",
            ),
            (
                "text = \"attachment_only\"",
                "text = \"attachments\"",
                "triggers[11].text",
            ),
            (
                "stage_in = [\"prebooked\"]",
                "stage_in = [\"booked\"]",
                "triggers[3].when.all[0].stage_in[0]",
            ),
            (
                "intent_in = [\"urgent\"]",
                "intent_in = []",
                "triggers[0].when.intent_in",
            ),
            ("{ pet = true }", "{ all = [] }", "triggers[15].when.all"),
            (
                "{ pet = true }",
                "{ not = { stage_in = [\"x\"] } }",
                "triggers[15].when.not.stage_in[0]",
            ),
        ] {
            let findings = changed(from, to);
            assert!(
                findings.iter().any(|(found, _)| found == path),
                "{from} → {to}: {path} not in {findings:?}"
            );
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
        ] {
            assert_eq!(changed(from, to), [], "{from} → {to}");
        }
    }

    #[test]
    fn what_is_no_toml_or_of_the_wrong_kind_is_told_with_its_place() {
        let line = parse("schema = 1\nmode = \n").unwrap_err();
        assert!(line[0].problem.starts_with("Строка 2 "), "{line:?}");
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
        assert_eq!(two[0].0, "triggers[12].when");
    }

    /// Paths of all keys of the file, and the file without each.
    fn without_each(value: &Value, path: &str) -> Vec<(String, Value)> {
        let mut all = Vec::new();
        match value {
            Value::Table(table) => {
                for (key, inner) in table {
                    let here = join(path, key);
                    let mut less = table.clone();
                    less.remove(key);
                    all.push((here.clone(), Value::Table(less)));
                    for (path, inner) in without_each(inner, &here) {
                        let mut changed = table.clone();
                        changed.insert(key.clone(), inner);
                        all.push((path, Value::Table(changed)));
                    }
                }
            }
            Value::Array(items) => {
                for (index, item) in items.iter().enumerate() {
                    for (path, item) in without_each(item, &format!("{path}[{index}]")) {
                        let mut changed = items.clone();
                        changed[index] = item;
                        all.push((path, Value::Array(changed)));
                    }
                }
            }
            _ => {}
        }
        all
    }

    #[test]
    fn shape_and_types_agree_on_every_key() {
        let file = Value::Table(SANATORIUM.parse().unwrap());
        let variants = without_each(&file, "");
        assert!(variants.len() > 150, "{}", variants.len());
        for (path, file) in variants {
            let mut findings = Vec::new();
            compare(&file, &POLICY, "", &mut findings);
            let readable = file.try_into::<Policy>().is_ok();
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
        compare(
            &Value::try_from(&policy).unwrap(),
            &POLICY,
            "",
            &mut findings,
        );
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
            Condition::TextAtMost(0),
            Condition::StageIn(vec!["new".into()]),
            Condition::All(vec![leaf()]),
            Condition::Any(vec![leaf(), Condition::All(vec![leaf()])]),
            Condition::Not(Box::new(leaf())),
        ] {
            let mut findings = Vec::new();
            let value = Value::try_from(&condition).unwrap();
            compare(&value, &Shape::Condition, "", &mut findings);
            assert_eq!(findings, [], "{condition:?}");
        }
    }
}
