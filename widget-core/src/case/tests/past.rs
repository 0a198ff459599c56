//! Who leads, and what happened before the message.

use super::*;

const WIFI: &str = "Есть ли у вас Wi-Fi?";

#[test]
fn behaviour_1_people_lead_and_the_bot_is_silent() {
    for owner in ["waiting", "manager"] {
        for stage in [
            None,
            Some("Заезд"),
            Some("Выезд"),
            Some("Отказ"),
            Some("Бартер"),
        ] {
            for text in [WIFI, "Нас будет пятеро", "Спасибо"] {
                for task in [true, false] {
                    let context = json!({"owner": owner, "open_whatsapp_task": task, "kb": "hit"});
                    let verdict = verdict(stage, text, context);
                    assert_eq!(line(&verdict), SILENT, "{owner} {stage:?} {text}");
                }
            }
        }
    }
}

#[test]
fn behaviour_1_off_hours_are_told_once_per_waiting_span() {
    let late = verdict(
        Some("Заезд"),
        WIFI,
        json!({"owner": "waiting", "local_time": "20:30"}),
    );
    assert_eq!(line(&late), SILENT);
}

#[test]
fn masterplan_scenario_4_the_auto_return_is_due_after_40_minutes() {
    let after = |minutes: u32| {
        let context = json!({
            "owner": "manager", "kb": "hit", "last_manager_message_min_ago": minutes,
        });
        verdict(Some("Заезд"), WIFI, context)
    };
    assert_eq!(line(&after(39)), SILENT);
    let back = after(40);
    assert_eq!(line(&back), ANSWER);
    assert_eq!(back.introduce, Some(true));
    let returned = "40 мин без сообщений менеджера: диалог снова у бота";
    assert!(
        back.trace.iter().any(|line| line == returned),
        "{:?}",
        back.trace
    );
    assert_eq!(line(&after(100_000)), ANSWER);
}

#[test]
fn masterplan_scenario_4_a_returned_dialog_begins_with_the_intro() {
    for context in [
        json!({"just_returned": true, "kb": "hit"}),
        json!({"just_returned": true, "last_manager_message_min_ago": 5, "kb": "hit"}),
        json!({"last_manager_message_min_ago": 5, "kb": "hit"}),
        json!({"just_returned": true, "kb": "hit", "local_time": "22:00"}),
    ] {
        let verdict = verdict(Some("Заезд"), WIFI, context.clone());
        assert_eq!(line(&verdict), ANSWER, "{context}");
        assert_eq!(verdict.introduce, Some(true), "{context}");
    }
    // It is the bot's again with all its rules.
    let five = verdict(
        Some("Заезд"),
        "Нас будет пятеро",
        json!({"just_returned": true}),
    );
    assert_eq!(line(&five), handoff("guests_over_4"));
}

#[test]
fn a_past_with_a_manager_leaves_the_deals_as_they_are() {
    let returned = |stage: Option<&str>, deals: u32| {
        let context = json!({"just_returned": true, "kb": "hit", "open_deals": deals});
        line(&verdict(stage, WIFI, context))
    };
    assert_eq!(returned(None, 0), NEW_DEAL_ANSWER);
    assert_eq!(returned(Some("Отказ"), 0), NEW_DEAL_ANSWER);
    assert_eq!(returned(Some("Заезд"), 2), "clarify - - any [send_message]");
}

#[test]
fn behaviour_3_what_is_urgent_waits_for_nobody() {
    let test = json!({"intents": ["urgent"]});
    for owner in ["manager", "waiting"] {
        let verdict = tested(
            Some("Проживающие"),
            "…",
            json!({"owner": owner}),
            test.clone(),
        );
        assert_eq!(line(&verdict), "silent - - any [create_task]", "{owner}");
    }
}
