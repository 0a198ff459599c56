//! Every stage, and what holds at each of them (masterplan: «Общее правило для всех этапов»).

use super::*;

/// A question that the bot can answer, one that it cannot, one that nobody understands, and five guests.
fn four(stage: Option<&str>) -> [String; 4] {
    let unclear = json!({"intents": ["unclear"]});
    [
        verdict(stage, "Есть ли у вас Wi-Fi?", json!({"kb": "hit"})),
        verdict(stage, "Какой у вас тариф на Wi-Fi?", json!({"kb": "miss"})),
        tested(stage, "ну так что там", json!({"kb": "hit"}), unclear),
        verdict(stage, "Нас будет пятеро", json!({"kb": "none"})),
    ]
    .map(|verdict| line(&verdict))
}

#[test]
fn masterplan_general_rule_at_every_stage_what_the_bot_does_not_know_goes_to_a_manager() {
    let current = || {
        [
            ANSWER.to_owned(),
            handoff("no_kb"),
            CLARIFY.to_owned(),
            handoff("guests_over_4"),
        ]
    };
    let new = || {
        [
            NEW_DEAL_ANSWER.to_owned(),
            new_deal_handoff("no_kb"),
            NEW_DEAL_CLARIFY.to_owned(),
            new_deal_handoff("guests_over_4"),
        ]
    };
    let table = [
        ("Новая заявка", current()),
        ("Проведена консультация", current()),
        ("Предварительная бронь", current()),
        ("Предоплата получена", current()),
        ("Заезд", current()),
        ("Проживающие", current()),
        ("Выезд", current()),
        ("Успешно реализовано", new()),
        ("Отказ", new()),
    ];
    let listed: Vec<_> = policy()
        .stages
        .into_iter()
        .map(|stage| stage.name)
        .collect();
    assert_eq!(
        listed,
        table.iter().map(|(name, _)| *name).collect::<Vec<_>>()
    );
    for (stage, expected) in table {
        assert_eq!(four(Some(stage)), expected, "{stage}");
    }
    assert_eq!(four(None), new(), "no deal at all");
}

#[test]
fn behaviour_3_an_unmapped_stage_belongs_to_people() {
    let people = || handoff("stage_unmapped");
    let [hit, miss, unclear, five] = four(Some("Бартер"));
    assert_eq!([hit, miss, unclear], [people(), people(), people()]);
    assert_eq!(five, handoff("guests_over_4"));
}

#[test]
fn behaviour_3_the_bot_is_asked_at_every_stage_but_an_unmapped_one() {
    for stage in policy().stages {
        let verdict = verdict(
            Some(&stage.name),
            "Есть ли у вас Wi-Fi?",
            json!({"kb": "none"}),
        );
        let said = verdict.then.unwrap_or(verdict.action);
        assert_eq!(said, crate::case::Verb::Answer, "{}", stage.name);
    }
}

#[test]
fn masterplan_departure_table() {
    let departure = |text: &str, test: Value| line(&tested(Some("Выезд"), text, json!({}), test));
    for (intents, facts, expected) in [
        (
            json!(["review"]),
            json!({}),
            "accept_review - - current [send_message]".to_owned(),
        ),
        (
            json!(["review", "complaint"]),
            json!({}),
            "accept_review handoff complaint current [send_message create_task]".to_owned(),
        ),
        (json!(["complaint"]), json!({}), handoff("complaint")),
        (json!(["past_visit"]), json!({}), ANSWER.to_owned()),
        (
            json!(["new_booking"]),
            json!({}),
            NEW_DEAL_ANSWER.to_owned(),
        ),
        (
            json!([]),
            json!({"new_booking": true}),
            NEW_DEAL_ANSWER.to_owned(),
        ),
        (
            json!(["new_booking"]),
            json!({"past_stay": true}),
            new_deal_handoff("past_stays"),
        ),
        (json!(["unclear"]), json!({}), CLARIFY.to_owned()),
        (json!([]), json!({}), ANSWER.to_owned()),
    ] {
        let test = json!({"intents": intents, "facts": facts});
        assert_eq!(
            departure("Во сколько завтрак?", test.clone()),
            expected,
            "{test}"
        );
    }
    let miss = tested(
        Some("Выезд"),
        "Забыла в номере зарядку",
        json!({"kb": "miss"}),
        json!({"intents": ["past_visit"]}),
    );
    assert_eq!(line(&miss), handoff("departure_past_visit"));
    // What the bot reports makes a row hold as well.
    let reported = tested(
        Some("Выезд"),
        "Хотим к вам и осенью",
        json!({"kb": "hit"}),
        json!({"bot": {"intents": ["new_booking"]}}),
    );
    assert_eq!(line(&reported), NEW_DEAL_ANSWER);
}
