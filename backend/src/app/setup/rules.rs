//! An account's rules, changed in their text as the setup page wishes: comments and order stay as somebody wrote them.

use crate::config::{DEFAULT_POLICY, with_mode};
use crate::ports::{People, SeenPipeline, Trouble};
use std::collections::BTreeMap;
use toml_edit::{Array, ArrayOfTables, DocumentMut, Item, Table, TableLike, Value, value};
use widget_core::ids::{StageKey, UserId};
use widget_core::policy::{self, DealFields};

/// The rules of a new account.
pub(super) fn of_a_new_account() -> String {
    with_mode(DEFAULT_POLICY, "trial").unwrap_or_else(|_| DEFAULT_POLICY.to_owned())
}

/// The rules with this mode.
pub(super) fn in_mode(text: &str, mode: &str) -> Result<String, Trouble> {
    good(with_mode(text, mode).map_err(Trouble::Rules)?)
}

/// The rules in the mode trial, for these phones.
pub(super) fn on_trial(text: &str, phones: &[String]) -> Result<String, Trouble> {
    let mut rules = parsed(&in_mode(text, "trial")?)?;
    set(
        rules.as_table_mut(),
        "trial_phones",
        Value::from(phones.iter().collect::<Array>()),
    );
    good(rules.to_string())
}

/// The rules with these names of fields; what is not named is not read.
pub(super) fn with_fields(text: &str, fields: &DealFields) -> Result<String, Trouble> {
    let mut rules = parsed(text)?;
    let table = table(&mut rules, "fields")?;
    for (key, name) in [
        ("arrival", &fields.arrival),
        ("departure", &fields.departure),
        ("category", &fields.category),
        ("guests", &fields.guests),
        ("payment", &fields.payment),
        ("refund", &fields.refund),
    ] {
        choose(table, key, name.as_deref().map(Value::from));
    }
    good(rules.to_string())
}

/// The rules with these people, hours and names.
pub(super) fn with_people(text: &str, people: &People) -> Result<String, Trouble> {
    let mut rules = parsed(text)?;
    let user = |user: UserId| Value::from(user.0);
    let phone = people.duty_phone.trim();
    let tasks = table(&mut rules, "tasks")?;
    choose(tasks, "fallback", Some(user(people.fallback)));
    choose(tasks, "escalate_to", people.escalate_to.map(user));
    choose(tasks, "duty_user", people.duty_user.map(user));
    choose(
        tasks,
        "duty_phone",
        (!phone.is_empty()).then(|| Value::from(phone)),
    );
    let task = tasks.get_mut("whatsapp").and_then(Item::as_table_like_mut);
    set(
        task.ok_or_else(no_table)?,
        "type",
        Value::from(people.task_type.trim()),
    );
    set(
        table(&mut rules, "ownership")?,
        "field",
        Value::from(people.field.trim()),
    );
    let day = |hours: &str| match hours.trim() {
        "" => Array::new(),
        hours => Array::from_iter([hours]),
    };
    let hours = &people.hours;
    let mut week = Array::new();
    for number in 0..7 {
        week.push(day(if number < 5 {
            &hours.weekdays
        } else {
            &hours.weekend
        }));
    }
    let calendar = table(&mut rules, "calendar")?;
    set(calendar, "timezone", Value::from(hours.timezone.trim()));
    set(calendar, "week", Value::from(week));
    good(rules.to_string())
}

/// The rules whose stages are called as in this pipeline. `meaning`: amoCRM's stage → stage of the rules; every other
/// stage belongs to people. A stage of the rules that has none goes, unless other rules stand on it.
pub(super) fn with_stages(
    text: &str,
    pipeline: &SeenPipeline,
    meaning: &BTreeMap<i64, StageKey>,
) -> Result<String, Trouble> {
    let mut names: BTreeMap<&StageKey, &str> = BTreeMap::new();
    for (id, key) in meaning {
        let stage = pipeline.stages.iter().find(|stage| stage.id == *id);
        let name = stage.ok_or(Trouble::StageGone)?.name.as_str();
        if let Some(before) = names.insert(key, name) {
            return Err(Trouble::StageTwice(before.to_owned(), name.to_owned()));
        }
    }
    let mut rules = parsed(text)?;
    let stages = whole_funnel(&rules)?;
    let (named, nameless): (Vec<Table>, Vec<Table>) = stages
        .into_iter()
        .partition(|stage| key_of(stage).is_some_and(|key| names.contains_key(&key)));
    let named = named.into_iter().map(|mut stage| {
        if let Some(name) = key_of(&stage).and_then(|key| names.get(&key).copied()) {
            set(&mut stage, "name", Value::from(name));
        }
        stage
    });
    rules["stages"] = Item::ArrayOfTables(named.collect());
    if policy::parse(&rules.to_string()).is_ok() {
        return Ok(rules.to_string());
    }
    // Other rules stand on one of those that were left out.
    let missing = nameless.iter().find(|stage| {
        let mut without = DocumentMut::from(rules.as_table().clone());
        let others = nameless
            .iter()
            .filter(|other| key_of(other) != key_of(stage));
        if let Some(all) = without["stages"].as_array_of_tables_mut() {
            others.for_each(|other| all.push(other.clone()));
        }
        policy::parse(&without.to_string()).is_err()
    });
    let name = missing.and_then(|stage| stage.get("name")?.as_str().map(str::to_owned));
    match name {
        Some(name) => Err(Trouble::StageMissing(name)),
        None => good(rules.to_string()),
    }
}

/// The stages of the rules, and between them those of a new account that were left out before.
fn whole_funnel(rules: &DocumentMut) -> Result<Vec<Table>, Trouble> {
    let of = |rules: &DocumentMut| -> Result<Vec<Table>, Trouble> {
        let stages = rules.get("stages").and_then(Item::as_array_of_tables);
        Ok(stages
            .map(ArrayOfTables::iter)
            .ok_or_else(no_table)?
            .cloned()
            .collect())
    };
    let mut stages = of(rules)?;
    let fresh = parsed(DEFAULT_POLICY)?;
    for (place, stage) in of(&fresh)?.into_iter().enumerate() {
        if !stages.iter().any(|known| key_of(known) == key_of(&stage)) {
            stages.insert(place.min(stages.len()), stage);
        }
    }
    // Where a table stands in the file is remembered in it; here their order counts.
    for stage in &mut stages {
        stage.set_position(None);
    }
    Ok(stages)
}

fn key_of(stage: &Table) -> Option<StageKey> {
    stage.get("key")?.as_str().map(StageKey::from)
}

fn parsed(text: &str) -> Result<DocumentMut, Trouble> {
    text.parse::<DocumentMut>()
        .map_err(|error| Trouble::Rules(error.message().to_owned()))
}

/// The text, if it holds rules.
fn good(text: String) -> Result<String, Trouble> {
    match policy::parse(&text) {
        Ok(_) => Ok(text),
        Err(findings) => {
            let finding = findings.into_iter().next();
            let words = finding.map(|finding| format!("{}: {}", finding.path, finding.problem));
            Err(Trouble::Rules(words.unwrap_or_default()))
        }
    }
}

fn table<'a>(rules: &'a mut DocumentMut, name: &str) -> Result<&'a mut dyn TableLike, Trouble> {
    let item = rules.entry(name).or_insert_with(toml_edit::table);
    item.as_table_like_mut().ok_or_else(no_table)
}

fn no_table() -> Trouble {
    Trouble::Rules("a table of the rules is missing".to_owned())
}

/// Sets a value, or takes it away.
fn choose(table: &mut dyn TableLike, key: &str, chosen: Option<Value>) {
    match chosen {
        Some(chosen) => set(table, key, chosen),
        None => _ = table.remove(key),
    }
}

/// Sets a value; the comment beside the one before stays.
fn set(table: &mut dyn TableLike, key: &str, mut new: Value) {
    match table.get_mut(key).and_then(Item::as_value_mut) {
        Some(known) => {
            *new.decor_mut() = known.decor().clone();
            *known = new;
        }
        None => _ = table.insert(key, value(new)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ports::{Hours, SeenStage};
    use widget_core::policy::{Mode, Policy};

    fn read(text: &str) -> Policy {
        policy::parse(text).unwrap()
    }

    /// A pipeline with these stages, and what the first letters of `keys` in order say of them; `-` = people.
    fn mapped(stages: &[(&str, &str)]) -> (SeenPipeline, BTreeMap<i64, StageKey>) {
        let numbered = || (1..).zip(stages);
        let pipeline = SeenPipeline {
            id: 5,
            name: "Продажи".to_owned(),
            is_main: true,
            stages: numbered()
                .map(|(id, (name, _))| SeenStage {
                    id,
                    name: (*name).to_owned(),
                })
                .collect(),
        };
        let meaning = numbered()
            .filter(|(_, (_, key))| *key != "-")
            .map(|(id, (_, key))| (id, StageKey::from(*key)))
            .collect();
        (pipeline, meaning)
    }

    const FUNNEL: [(&str, &str); 9] = [
        ("Первичный контакт", "new"),
        ("Консультация", "consulted"),
        ("Бронь", "prebooked"),
        ("Оплачено", "prepaid"),
        ("Заезд", "-"),
        ("Живут", "staying"),
        ("Выехали", "departure"),
        ("Успех", "won"),
        ("Закрыто", "refused"),
    ];

    #[test]
    fn stages_are_called_as_in_the_pipeline_and_keep_their_rules() {
        let (pipeline, meaning) = mapped(&FUNNEL);
        let text = with_stages(DEFAULT_POLICY, &pipeline, &meaning).unwrap();
        let rules = read(&text);
        let names: Vec<_> = rules
            .stages
            .iter()
            .map(|stage| stage.name.as_str())
            .collect();
        assert_eq!(
            names,
            [
                "Первичный контакт",
                "Консультация",
                "Бронь",
                "Оплачено",
                "Живут",
                "Выехали",
                "Успех",
                "Закрыто"
            ]
        );
        let before = read(DEFAULT_POLICY);
        let consulted = |rules: &Policy| rules.stages[0].consulted_to.clone();
        assert_eq!(consulted(&rules), consulted(&before));
        assert_eq!(rules.triggers, before.triggers);

        // Whoever changes their mind gets the stage back, in its place.
        let mut again = FUNNEL;
        again[4].1 = "arrival";
        let (pipeline, meaning) = mapped(&again);
        let rules = read(&with_stages(&text, &pipeline, &meaning).unwrap());
        assert_eq!(rules.stages[4].name, "Заезд");
        assert_eq!(rules.stages.len(), 9);
    }

    #[test]
    fn a_stage_that_rules_stand_on_may_not_be_missing() {
        let mut without = FUNNEL;
        without[1].1 = "-";
        let (pipeline, meaning) = mapped(&without);
        let refused = with_stages(DEFAULT_POLICY, &pipeline, &meaning);
        assert_eq!(
            refused,
            Err(Trouble::StageMissing("Проведена консультация".to_owned()))
        );
    }

    #[test]
    fn two_stages_with_one_meaning_and_a_stage_that_has_gone_are_refused() {
        let mut twice = FUNNEL;
        twice[4].1 = "staying";
        let (pipeline, meaning) = mapped(&twice);
        let refused = with_stages(DEFAULT_POLICY, &pipeline, &meaning);
        assert_eq!(
            refused,
            Err(Trouble::StageTwice("Заезд".to_owned(), "Живут".to_owned()))
        );
        let gone = BTreeMap::from([(99, StageKey::from("new"))]);
        assert_eq!(
            with_stages(DEFAULT_POLICY, &pipeline, &gone),
            Err(Trouble::StageGone)
        );
    }

    #[test]
    fn a_trial_is_for_its_phones() {
        let text = on_trial(DEFAULT_POLICY, &["+7 900 000-00-01".to_owned()]).unwrap();
        let rules = read(&text);
        assert_eq!(rules.mode, Mode::Trial);
        assert_eq!(rules.trial_phones, ["+7 900 000-00-01"]);
        let on = read(&in_mode(&text, "on").unwrap());
        assert_eq!((on.mode, on.trial_phones.len()), (Mode::On, 1));
        assert!(matches!(in_mode(&text, "loud"), Err(Trouble::Rules(_))));
    }

    #[test]
    fn fields_are_named_or_not_read() {
        let fields = DealFields {
            arrival: Some("Приезд".to_owned()),
            ..DealFields::default()
        };
        let rules = read(&with_fields(DEFAULT_POLICY, &fields).unwrap());
        assert_eq!(rules.fields, fields);
    }

    #[test]
    fn people_hours_and_names_come_into_the_rules_and_comments_stay() {
        let mut people = People {
            fallback: UserId(9001),
            escalate_to: Some(UserId(9002)),
            duty_user: None,
            tech_user: None,
            duty_phone: "+7 900 000-00-99".to_owned(),
            task_type: "Ответить".to_owned(),
            field: "Кто ведёт".to_owned(),
            hours: Hours {
                weekdays: "08:00-20:00".to_owned(),
                weekend: String::new(),
                timezone: "Asia/Yekaterinburg".to_owned(),
            },
        };
        let text = with_people(DEFAULT_POLICY, &people).unwrap();
        let rules = read(&text);
        assert_eq!(rules.tasks.fallback, Some(UserId(9001)));
        assert_eq!(rules.tasks.escalate_to, Some(UserId(9002)));
        assert_eq!(rules.tasks.duty_user, None);
        assert_eq!(rules.tasks.whatsapp.kind, "Ответить");
        assert_eq!(rules.ownership.field, "Кто ведёт");
        assert_eq!(rules.calendar.timezone, "Asia/Yekaterinburg");
        let open: Vec<_> = rules.calendar.week.iter().map(Vec::len).collect();
        assert_eq!(open, [1, 1, 1, 1, 1, 0, 0]);
        let comments = |text: &str| text.matches("  # ").count();
        assert!(comments(&text) + 6 >= comments(DEFAULT_POLICY), "{text}");

        people.duty_phone = String::new();
        people.hours.weekdays = "с девяти".to_owned();
        assert!(matches!(
            with_people(&text, &people),
            Err(Trouble::Rules(_))
        ));
    }
}
