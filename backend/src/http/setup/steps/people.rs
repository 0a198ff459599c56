//! Who does what, when, and what the task and the owner field are called.

use super::super::page::{Sent, View};
use super::super::words::{self, Words};
use crate::ports::{Filled, Hours, People, Step, Survey, Trouble};
use maud::{Markup, html};
use widget_core::hours::Hours as Span;
use widget_core::ids::UserId;

/// The task type that managers look for.
const WHATSAPP: &str = "WhatsApp";

pub(super) fn form(view: &View<'_>, survey: &Survey) -> Markup {
    let rules = &view.draft.policy;
    let tasks = &rules.tasks;
    let person = |name: &str, label: Words, nobody: Words, kept: Option<UserId>| {
        let shown = view.shown(name, &kept.map_or(String::new(), |user| user.0.to_string()));
        html! {
            label { span { (view.say(label)) }
                select name=(name) {
                    option value="" selected[shown.is_empty()] { (view.say(nobody)) }
                    @for user in survey.users.iter().filter(|user| user.active) {
                        option value=(user.id.0) selected[shown == user.id.0.to_string()] { (user.name) }
                    }
                }
            }
        }
    };
    let is_there = |name: &str| {
        survey
            .task_types
            .iter()
            .any(|known| known.to_lowercase() == name.to_lowercase())
    };
    let kept_type = Some(tasks.whatsapp.kind.as_str()).filter(|kind| is_there(kind));
    let first_type = survey.task_types.first().map_or("", String::as_str);
    let task_type = view.shown("task_type", kept_type.unwrap_or(first_type));
    let fields = html! {
        (person("fallback", words::FALLBACK, words::CHOOSE, tasks.fallback))
        (person("escalate_to", words::ESCALATE, words::NOBODY, tasks.escalate_to))
        (person("duty_user", words::DUTY, words::AS_ANY, tasks.duty_user))
        (person("tech_user", words::TECH, words::NOBODY, view.draft.tech_user))
        (view.line("duty_phone", words::DUTY_PHONE, tasks.duty_phone.as_deref().unwrap_or_default()))
        label { span { (view.say(words::TASK_TYPE)) }
            select name="task_type" {
                @for known in &survey.task_types {
                    option value=(known) selected[known.to_lowercase() == task_type.to_lowercase()] { (known) }
                }
            }
            @if !is_there(WHATSAPP) { small { (view.say(words::TASK_TYPE_HINT)) } }
        }
        (view.line("owner_field", words::OWNER_FIELD, &rules.ownership.field))
        (view.line("weekdays", words::HOURS_WEEK, &shown(&rules.calendar.week[0])))
        (view.line("weekend", words::HOURS_WEEKEND, &shown(&rules.calendar.week[5])))
        (view.line("timezone", words::TIMEZONE, &rules.calendar.timezone))
    };
    html! {
        p { (view.say(words::PEOPLE_HOW)) }
        (view.form(Step::People, words::SAVE, &fields))
    }
}

/// The hours of a day as they are written.
fn shown(day: &[Span]) -> String {
    day.first()
        .map_or(String::new(), |hours| String::from(*hours))
}

pub(super) fn read(sent: &Sent) -> Result<Filled, Trouble> {
    let text = |name: &str| sent.get(name).trim().to_owned();
    Ok(Filled::People(Box::new(People {
        fallback: sent.user("fallback").ok_or(Trouble::Empty("fallback"))?,
        escalate_to: sent.user("escalate_to"),
        duty_user: sent.user("duty_user"),
        tech_user: sent.user("tech_user"),
        duty_phone: text("duty_phone"),
        task_type: text("task_type"),
        field: text("owner_field"),
        hours: Hours {
            weekdays: hours(sent.get("weekdays")),
            weekend: hours(sent.get("weekend")),
            timezone: text("timezone"),
        },
    })))
}

/// `9:00–18:00` as the rules write it.
fn hours(said: &str) -> String {
    let said = said.trim().replace(['–', '—'], "-").replace(' ', "");
    let two = |time: &str| {
        if time.find(':') == Some(1) {
            format!("0{time}")
        } else {
            time.to_owned()
        }
    };
    said.split('-').map(two).collect::<Vec<_>>().join("-")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hours_may_be_written_as_people_do() {
        for (said, read) in [
            ("9:00–18:00", "09:00-18:00"),
            (" 09:00 - 18:00 ", "09:00-18:00"),
            ("", ""),
            ("с девяти", "сдевяти"),
        ] {
            assert_eq!(hours(said), read, "{said}");
        }
    }
}
