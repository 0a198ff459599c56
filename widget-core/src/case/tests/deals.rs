//! Which deal a message belongs to.

use super::*;

const WHICH: &str = "clarify - - any [send_message]";

fn dated(dates: &str, deals: &[&str]) -> String {
    let test = json!({"facts": {"dates": dates}});
    let context = json!({"kb": "none", "deals": deals});
    line(&tested(Some("Предоплата получена"), "…", context, test))
}

#[test]
fn masterplan_scenario_1_several_open_deals_are_asked_about_once() {
    for context in [
        json!({"open_deals": 2}),
        json!({"open_deals": 4_000_000_000_u32}),
        json!({"deals": ["Заезд: 10–20 марта", "Предоплата получена: в мае"]}),
        json!({"deals": ["Предоплата получена: в мае"]}),
    ] {
        let verdict = verdict(Some("Заезд"), "Во сколько заселение?", context.clone());
        assert_eq!(line(&verdict), WHICH, "{context}");
    }
    let verdict = verdict(None, "Во сколько заселение?", json!({"open_deals": 2}));
    assert_eq!(line(&verdict), WHICH);
}

#[test]
fn behaviour_3_the_days_that_the_guest_names_tell_which_deal_is_meant() {
    let deals = ["Предоплата получена: 10–20 марта", "Заезд: в мае"];
    assert_eq!(dated("2027-03-12", &deals), ANSWER);
    assert_eq!(dated("2027-05-30", &deals), ANSWER);
    assert_eq!(dated("2027-07-01", &deals), WHICH);
    let unknown = ["Предоплата получена: не помню", "Заезд: летом"];
    assert_eq!(dated("2027-03-12", &unknown), WHICH);
    let same = [
        "Предоплата получена: 10–20 марта",
        "Заезд: 15.03.2027–25.03.2027",
    ];
    assert_eq!(dated("2027-03-16", &same), WHICH);
    assert_eq!(dated("2027-03-10", &same), ANSWER);
}

#[test]
fn the_deal_that_is_meant_is_the_one_that_rules_look_at() {
    let test = json!({"facts": {"dates": "2027-05-02"}});
    let context = json!({
        "deals": ["Предоплата получена: 10–20 марта", "Предварительная бронь: в мае"],
        "attachments": [{"type": "photo"}],
    });
    let verdict = tested(Some("Предоплата получена"), "за май", context, test);
    assert_eq!(line(&verdict), handoff("receipt_sent"));
}

#[test]
fn one_open_deal_is_the_current_one_however_it_is_told() {
    for context in [
        json!({}),
        json!({"open_deals": 0}),
        json!({"open_deals": 1}),
        json!({"deals": []}),
        json!({"deals": null, "open_deals": null}),
        json!({"deals": ["Заезд: 10–20 марта"], "open_deals": 1}),
        json!({"deals": ["заезд"], "open_deals": 7}),
    ] {
        let verdict = verdict(Some("Заезд"), "Во сколько заселение?", context.clone());
        assert_eq!(line(&verdict), ANSWER, "{context}");
    }
}

#[test]
fn closed_deals_count_as_none() {
    for stage in ["Отказ", "Успешно реализовано", "«отказ»"] {
        for context in [
            json!({}),
            json!({"open_deals": 1}),
            json!({"contact_known": true}),
        ] {
            let verdict = verdict(Some(stage), "Хочу к вам в мае", context);
            assert_eq!(line(&verdict), NEW_DEAL_ANSWER, "{stage}");
        }
    }
    // One is open beside the refused one.
    let beside = json!({"deals": ["Новая заявка: в мае"]});
    assert_eq!(
        line(&verdict(Some("Отказ"), "Хочу к вам в мае", beside)),
        ANSWER
    );
}

#[test]
fn a_guest_nobody_knows_gets_a_contact_and_a_deal() {
    for known in [json!(true), json!(false), json!(null)] {
        let verdict = verdict(
            None,
            "Здравствуйте, есть места?",
            json!({"contact_known": known}),
        );
        assert_eq!(line(&verdict), NEW_DEAL_ANSWER);
    }
}

#[test]
fn an_unmapped_deal_is_never_joined_by_a_second_one() {
    for context in [
        json!({}),
        json!({"open_deals": 2}),
        json!({"deals": ["Бартер: в мае"]}),
    ] {
        let verdict = verdict(Some("Бартер"), "Хочу к вам в мае", context);
        assert_eq!(line(&verdict), handoff("stage_unmapped"));
    }
    let mapped = json!({"deals": ["Заезд: в мае"]});
    assert_eq!(
        line(&verdict(Some("Бартер"), "Во сколько заселение?", mapped)),
        ANSWER
    );
}
