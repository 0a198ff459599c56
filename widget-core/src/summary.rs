//! What a manager has to know of a dialog that was handed over, where the bot has not said it: what was asked, what is
//! known, what is missing. In Russian: managers read it in amoCRM.

use crate::dialog::Dialog;
use crate::policy::Policy;
use crate::text::excerpt;
use crate::understand::{Facts, Programme};

/// A question is quoted up to so many characters.
const QUOTE: usize = 120;
/// So many of the last questions are quoted.
const QUESTIONS: usize = 3;

/// The whole summary, on one line; `None` when there is nothing to say. `asked`: the guest's messages, oldest first;
/// `missing`: as [`missing`] names it.
pub fn of(asked: &[&str], facts: &Facts, missing: &[&str]) -> Option<String> {
    let last = asked.iter().skip(asked.len().saturating_sub(QUESTIONS));
    let quoted: Vec<String> = last
        .map(|text| text.split_whitespace().collect::<Vec<_>>().join(" "))
        .filter(|text| !text.is_empty())
        .map(|text| format!("«{}»", excerpt(&text, QUOTE)))
        .collect();
    let asked = (!quoted.is_empty()).then(|| format!("Спросили: {}.", quoted.join(", ")));
    let known = self::known(facts).map(|known| format!("Известно: {known}."));
    let missing = (!missing.is_empty()).then(|| format!("Не хватает: {}.", missing.join(", ")));
    let parts: Vec<String> = [asked, known, missing].into_iter().flatten().collect();
    (!parts.is_empty()).then(|| parts.join(" "))
}

/// What the guest has said of the stay; `None` = nothing.
pub fn known(facts: &Facts) -> Option<String> {
    let mut known = Vec::new();
    if let Some(guests) = facts.guests {
        known.push(format!("гостей: {guests}"));
    }
    if let Some(age) = facts.youngest_child {
        known.push(format!("младшему ребёнку: {age}"));
    }
    if let Some(rooms) = facts.rooms {
        known.push(format!("номеров: {rooms}"));
    }
    if facts.pet == Some(true) {
        known.push("с питомцем".to_owned());
    }
    if let Some(days) = facts.dates {
        known.push(days.in_russian());
    }
    if let Some(nights) = facts.nights {
        known.push(format!("ночей: {nights}"));
    }
    if let Some(programme) = facts.programme {
        known.push(
            match programme {
                Programme::Treatment => "с лечением",
                Programme::Wellness => "оздоровительная программа",
                Programme::Rest => "без лечения",
            }
            .to_owned(),
        );
    }
    (!known.is_empty()).then(|| known.join(", "))
}

/// What the bot was to find out at the deal's stage and has not.
pub fn missing(policy: &Policy, dialog: &Dialog) -> Vec<&'static str> {
    let stage = dialog.stage().and_then(|key| policy.stage(key));
    let collect = stage.map_or(&[][..], |stage| &stage.collect);
    let facts = dialog.episode.as_ref().map(|e| e.facts.clone());
    let deal = dialog.deal_facts();
    let has_category = deal.is_some_and(|deal| deal.booking.category.is_some());
    lacking(collect, &facts.unwrap_or_default(), has_category)
}

/// Of the policy's words others than these are left out.
fn lacking(collect: &[String], facts: &Facts, has_category: bool) -> Vec<&'static str> {
    let lacks = |key: &String| match key.as_str() {
        "dates" => facts.dates.is_none().then_some("даты"),
        "guests" => facts.guests.is_none().then_some("число гостей"),
        "nights" => facts.nights.is_none().then_some("число ночей"),
        "rooms" => facts.rooms.is_none().then_some("число номеров"),
        "programme" => facts.programme.is_none().then_some("программа"),
        "room_category" | "category" => (!has_category).then_some("категория номера"),
        _ => None,
    };
    collect.iter().filter_map(lacks).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn collect() -> Vec<String> {
        let keys = ["dates", "programme", "room_category", "guests", "mood"];
        keys.map(str::to_owned).to_vec()
    }

    #[test]
    fn issue_9_7_what_was_asked_what_is_known_and_what_is_missing() {
        let facts = Facts {
            guests: Some(2),
            dates: "2027-03-10/2027-03-17".parse().ok(),
            ..Facts::default()
        };
        let missing = lacking(&collect(), &facts, false);
        assert_eq!(
            of(&["  Есть\nбассейн? ", "А сауна?"], &facts, &missing).as_deref(),
            Some(
                "Спросили: «Есть бассейн?», «А сауна?». Известно: гостей: 2, 10.03.2027–17.03.2027. Не хватает: программа, \
                 категория номера."
            )
        );
        assert_eq!(of(&[], &Facts::default(), &[]), None);
        assert_eq!(of(&[" "], &Facts::default(), &[]), None);
    }

    #[test]
    fn issue_9_7_long_questions_are_cut_and_the_last_ones_count() {
        let long = "а".repeat(500);
        let told = of(&["раз", "два", "три", &long], &Facts::default(), &[]).unwrap();
        assert!(!told.contains("раз") && told.contains("два"), "{told}");
        assert!(told.chars().count() < 200, "{told}");
    }

    #[test]
    fn issue_9_7_nothing_is_missing_of_what_is_known() {
        let facts = Facts {
            guests: Some(2),
            nights: Some(7),
            rooms: Some(1),
            dates: "2027-03-10".parse().ok(),
            programme: Some(Programme::Rest),
            ..Facts::default()
        };
        let all = [
            "dates",
            "guests",
            "nights",
            "rooms",
            "programme",
            "category",
        ];
        let all = all.map(str::to_owned);
        assert_eq!(lacking(&all, &facts, true), [""; 0]);
        assert_eq!(lacking(&all, &Facts::default(), false).len(), all.len());
    }
}
