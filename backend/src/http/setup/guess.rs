//! Which stage or field of amoCRM probably means what, by its name. A person confirms every guess.

use crate::ports::{SeenField, SeenPipeline};
use std::collections::BTreeMap;
use widget_core::ids::StageKey;
use widget_core::policy::{Policy, Stage};

/// amoCRM's stages of deals that are over, the same in every pipeline.
const WON: i64 = 142;
const LOST: i64 = 143;

/// Other names by which funnels call the stages of the default rules, in small letters: beginnings of words.
const STAGE_NAMES: [(&str, &[&str]); 7] = [
    (
        "new",
        &[
            "новая заявка",
            "новая",
            "новый",
            "первичный контакт",
            "входящ",
            "заявка",
        ],
    ),
    (
        "consulted",
        &[
            "проведена консультация",
            "консультац",
            "переговор",
            "в работе",
            "квалифик",
        ],
    ),
    (
        "prebooked",
        &[
            "предварительная бронь",
            "предваритель",
            "ожидаем оплат",
            "ждём оплат",
            "ждем оплат",
            "счёт",
            "счет",
            "бронь",
        ],
    ),
    (
        "prepaid",
        &["предоплата получена", "предоплат", "оплачен", "аванс"],
    ),
    ("arrival", &["заезд", "прибыти"]),
    (
        "staying",
        &["проживающие", "прожива", "живут", "в отеле", "отдыха"],
    ),
    ("departure", &["выезд", "выехал", "отъезд"]),
];

/// Names of the fields that hold a booking, in small letters: parts of them.
const FIELD_NAMES: [(Field, &[&str]); 6] = [
    (
        Field::Arrival,
        &["заезд", "приезд", "прибыти", "check-in", "arrival"],
    ),
    (
        Field::Departure,
        &["выезд", "отъезд", "check-out", "departure"],
    ),
    (
        Field::Category,
        &["категори", "тип номера", "номер", "room"],
    ),
    (
        Field::Guests,
        &["гост", "состав", "человек", "взрослых", "guests"],
    ),
    (Field::Payment, &["статус оплат", "оплат", "payment"]),
    (Field::Refund, &["возврат", "refund"]),
];

/// A field of the rules.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Field {
    /// Date of arrival.
    Arrival,
    /// Date of departure.
    Departure,
    /// Room category.
    Category,
    /// Who travels.
    Guests,
    /// Status of the payment.
    Payment,
    /// Status of the refund.
    Refund,
}

/// What the stages of a pipeline probably mean. No two mean the same; the nearest name wins.
pub(super) fn stages(policy: &Policy, pipeline: &SeenPipeline) -> BTreeMap<i64, StageKey> {
    let mut likely: Vec<(u8, i64, &StageKey)> = pipeline
        .stages
        .iter()
        .flat_map(|seen| {
            let name = plain(&seen.name);
            let of = move |stage: &'_ Stage| likeness(seen.id, &name, stage);
            policy
                .stages
                .iter()
                .filter_map(move |stage| Some((of(stage)?, seen.id, &stage.key)))
        })
        .collect();
    likely.sort_by_key(|(distance, ..)| *distance);
    let mut meaning = BTreeMap::new();
    for (_, id, key) in likely {
        if !meaning.contains_key(&id) && !meaning.values().any(|known| known == key) {
            meaning.insert(id, key.clone());
        }
    }
    meaning
}

/// How far a stage is from one of the rules: 0 = the same. `None`: another one.
fn likeness(id: i64, name: &str, stage: &Stage) -> Option<u8> {
    match (id, stage.key.0.as_str()) {
        (WON, "won") | (LOST, "refused") => return Some(0),
        (WON | LOST, _) | (_, "won" | "refused") => return None,
        _ => {}
    }
    if name == plain(&stage.name) {
        return Some(1);
    }
    let (_, names) = STAGE_NAMES.iter().find(|(key, _)| *key == stage.key.0)?;
    let place = names.iter().position(|known| name.contains(known))?;
    u8::try_from(place + 2).ok()
}

/// The field that probably holds this; dates lie in fields of dates.
pub(super) fn field(wanted: Field, fields: &[SeenField]) -> Option<&str> {
    let (_, names) = FIELD_NAMES.iter().find(|(field, _)| *field == wanted)?;
    let is_date = matches!(wanted, Field::Arrival | Field::Departure);
    let fits = |field: &&SeenField| !is_date || matches!(field.kind.as_str(), "date" | "date_time");
    names.iter().find_map(|name| {
        let is_it = |field: &&SeenField| plain(&field.name).contains(name);
        Some(fields.iter().filter(fits).find(is_it)?.name.as_str())
    })
}

fn plain(name: &str) -> String {
    name.trim().to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ports::SeenStage;

    fn policy() -> Policy {
        widget_core::policy::parse(include_str!("../../../policies/sanatorium.toml")).unwrap()
    }

    fn guessed(names: &[&str]) -> Vec<String> {
        let stage = |(id, name): (i64, &&str)| SeenStage {
            id,
            name: (*name).to_owned(),
        };
        let mut stages: Vec<SeenStage> = (1..).zip(names).map(stage).collect();
        for (id, name) in [
            (WON, "Успешно реализовано"),
            (LOST, "Закрыто и не реализовано"),
        ] {
            stages.push(stage((id, &name)));
        }
        let pipeline = SeenPipeline {
            id: 5,
            name: "Воронка".to_owned(),
            is_main: true,
            stages,
        };
        let meaning = super::stages(&policy(), &pipeline);
        let of = |stage: &SeenStage| {
            meaning
                .get(&stage.id)
                .map_or("-".to_owned(), |key| key.0.clone())
        };
        pipeline.stages.iter().map(of).collect()
    }

    #[test]
    fn stages_with_the_names_of_the_rules_are_themselves() {
        let names = [
            "Новая заявка",
            "Проведена консультация",
            "Предварительная бронь",
            "Предоплата получена",
            "Заезд",
            "Проживающие",
            "Выезд",
        ];
        assert_eq!(
            guessed(&names),
            [
                "new",
                "consulted",
                "prebooked",
                "prepaid",
                "arrival",
                "staying",
                "departure",
                "won",
                "refused"
            ]
        );
    }

    #[test]
    fn other_names_are_guessed_and_each_meaning_is_given_once() {
        assert_eq!(
            guessed(&[
                "Первичный контакт",
                "Переговоры",
                "Ждём оплату",
                "Оплачено",
                "Архив",
                "Выехали"
            ]),
            [
                "new",
                "consulted",
                "prebooked",
                "prepaid",
                "-",
                "departure",
                "won",
                "refused"
            ]
        );
        assert_eq!(
            guessed(&["Новая заявка", "Новая заявка 2"])[..2],
            ["new", "-"]
        );
    }

    #[test]
    fn fields_are_guessed_by_name_and_dates_by_kind() {
        let seen = |name: &str, kind: &str| SeenField {
            name: name.to_owned(),
            kind: kind.to_owned(),
        };
        let fields = [
            seen("Заезд (план)", "select"),
            seen("Дата заезда", "date"),
            seen("Тип номера", "select"),
            seen("Статус оплаты", "text"),
        ];
        assert_eq!(field(Field::Arrival, &fields), Some("Дата заезда"));
        assert_eq!(field(Field::Departure, &fields), None);
        assert_eq!(field(Field::Category, &fields), Some("Тип номера"));
        assert_eq!(field(Field::Payment, &fields), Some("Статус оплаты"));
    }
}
