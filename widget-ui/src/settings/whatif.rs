//! «Что будет, если»: a message, judged by the decision core as the backend would judge it.

use std::collections::BTreeMap;
use widget_core::action::{SendKind, TextPart};
use widget_core::booking::{Stay, link};
use widget_core::case::{Case, CaseId, Context, Judged, Leader, LocalTime, judge_and_tell};
use widget_core::event::Kb;
use widget_core::policy::{BookingPage, Policy};
use widget_core::text::{PLACEHOLDERS, render};
use widget_core::time::Zone;
use widget_core::trace::{Lang, reason_text};
use widget_core::wire::WhyMark;

/// What is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question {
    /// The guest's message.
    pub text: String,
    /// Name of the stage at which the guest's deal stands; empty = no deal.
    pub stage: String,
    /// The account's local time, `2026-11-18T11:00`; empty = the core's own example.
    pub time: String,
    /// Who leads before the message.
    pub owner: Leader,
    /// What the bot finds.
    pub kb: Kb,
}

impl Default for Question {
    fn default() -> Self {
        Self {
            text: String::new(),
            stage: String::new(),
            time: String::new(),
            owner: Leader::Bot,
            kb: Kb::None,
        }
    }
}

impl Question {
    /// Whether there is anything to judge.
    pub fn is_asked(&self) -> bool {
        !self.text.trim().is_empty()
    }
}

/// What is answered under one policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The key of what is done: `try.answer`, `try.handoff` …
    pub action: String,
    /// The same of what is done besides.
    pub then: Option<String>,
    /// Why a person is needed.
    pub reason: Option<String>,
    /// What the guest reads; `None` in a list = the bot's own words.
    pub said: Vec<Option<String>>,
    /// The checks, and whether each decided.
    pub why: Vec<(WhyMark, String)>,
}

/// The answer under a policy; what reads texts has to be there. `zone` answers the account's UTC offsets around a moment, unix ms.
///
/// # Errors
/// The time cannot be read.
pub fn ask(
    policy: &Policy,
    question: &Question,
    lang: Lang,
    zone: impl Fn(i64) -> Zone,
) -> Result<Answer, String> {
    let time = question.time.trim();
    let local_time: Option<LocalTime> = match time {
        "" => None,
        time => Some(time.parse()?),
    };
    let case = Case {
        id: CaseId::Number(1),
        stage: Some(question.stage.clone()).filter(|stage| !stage.is_empty()),
        text: Some(question.text.clone()),
        context: Context {
            owner: question.owner,
            local_time,
            kb: question.kb,
            ..Context::default()
        },
        test: None,
    };
    Ok(told(
        policy,
        judge_and_tell(policy, &case, zone),
        question,
        lang,
    ))
}

fn told(policy: &Policy, judged: Judged, question: &Question, lang: Lang) -> Answer {
    let verdict = &judged.verdict;
    let verb = |verb| format!("try.{}", name_of(verb));
    let mut values = sample(policy, lang);
    values.insert("stage", question.stage.clone());
    let said = judged.said.iter().flat_map(|(kind, parts)| {
        let between = if *kind == SendKind::Handoff {
            " "
        } else {
            "\n"
        };
        said(policy, parts, between, &values)
    });
    Answer {
        action: verb(verdict.action),
        then: verdict.then.map(verb),
        reason: verdict.reason.map(|id| reason_text(&id.into(), lang)),
        said: said.collect(),
        why: judged
            .why
            .into_iter()
            .map(|line| {
                let words = match lang {
                    Lang::Ru => line.ru,
                    Lang::En => line.en,
                };
                (line.mark, words)
            })
            .collect(),
    }
}

/// The parts of one message: neighbouring texts of the policy as one, the bot's own words as a gap.
fn said(
    policy: &Policy,
    parts: &[TextPart],
    between: &str,
    values: &BTreeMap<&'static str, String>,
) -> Vec<Option<String>> {
    let mut said: Vec<Option<String>> = Vec::new();
    for part in parts {
        let (TextPart::Policy(key) | TextPart::PolicyWith { key, .. }) = part else {
            said.push(None);
            continue;
        };
        let text = render(policy.text(key).unwrap_or_default(), values);
        match said.last_mut() {
            Some(Some(before)) => {
                before.push_str(between);
                before.push_str(&text);
            }
            _ => said.push(Some(text)),
        }
    }
    said
}

fn name_of(verb: widget_core::case::Verb) -> &'static str {
    use widget_core::case::Verb;
    match verb {
        Verb::Answer => "answer",
        Verb::Handoff => "handoff",
        Verb::Clarify => "clarify",
        Verb::NewDeal => "new_deal",
        Verb::AcceptReview => "accept_review",
        Verb::Silent => "silent",
    }
}

/// The link for a stay such as guests book, on this page.
pub fn sample_link(page: &BookingPage) -> Option<String> {
    let first = |names: &BTreeMap<String, String>| names.keys().next().cloned();
    let stay = Stay {
        arrival: Some("2027-03-10".to_owned()),
        departure: Some("2027-03-17".to_owned()),
        adults: Some(page.max_adults.min(2).into()),
        children: vec![5],
        category: first(&page.categories),
        programme: first(&page.programmes),
    };
    link(page, &stay, 0).ok()
}

/// Values for previews: what the policy knows, and an example of everything else.
pub fn sample(policy: &Policy, lang: Lang) -> BTreeMap<&'static str, String> {
    let (name, deals, stage, field, open) = match lang {
        Lang::Ru => (
            "Мария",
            "10.03.2027–20.03.2027, 01.05.2027–08.05.2027",
            "Заезд",
            "оплачено",
            "завтра с 9:00",
        ),
        Lang::En => (
            "Maria",
            "10.03.2027–20.03.2027, 01.05.2027–08.05.2027",
            "Arrival",
            "paid",
            "tomorrow from 9:00",
        ),
    };
    let or = |value: &Option<String>| value.clone().unwrap_or_default();
    let value = |name_of: &str| match name_of {
        "name" => name.to_owned(),
        "bot_name" => policy.bot_name.clone(),
        "organisation" => policy.organisation.clone(),
        "deal_list" => deals.to_owned(),
        "review_url" => or(&policy.review_url),
        "duty_phone" => or(&policy.tasks.duty_phone),
        "next_open" => open.to_owned(),
        "hours_text" => policy.text("work_hours").unwrap_or_default().to_owned(),
        "stage" => stage.to_owned(),
        "deal_field" => field.to_owned(),
        _ => String::new(),
    };
    PLACEHOLDERS
        .iter()
        .map(|name| (*name, value(name)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::doc::policy as parse;
    use crate::settings::tests::SANATORIUM;

    fn asked(policy: &str, question: &Question, lang: Lang) -> Answer {
        ask(&parse(policy).unwrap(), question, lang, |_| {
            Zone::fixed(10_800)
        })
        .unwrap()
    }

    fn five(time: &str) -> Question {
        Question {
            text: "Нас будет пятеро".to_owned(),
            stage: "Новая заявка".to_owned(),
            time: time.to_owned(),
            ..Question::default()
        }
    }

    #[test]
    fn a_threshold_that_is_edited_changes_the_answer() {
        let saved = asked(SANATORIUM, &five("2026-11-18T11:00"), Lang::Ru);
        assert_eq!(saved.action, "try.handoff");
        assert_eq!(
            saved.reason.as_deref(),
            Some("Гостей больше, чем бронирует бот")
        );
        assert_eq!(
            saved.said,
            [Some(
                "Передаю ваше обращение менеджеру. Вам ответит первый освободившийся менеджер."
                    .to_owned()
            )]
        );
        assert!(
            saved
                .why
                .iter()
                .any(|(mark, words)| *mark == WhyMark::Decided && words.contains("больше 4")),
            "{:?}",
            saved.why
        );
        let edited = SANATORIUM.replace("guests_over = 4", "guests_over = 6");
        let edited = asked(&edited, &five("2026-11-18T11:00"), Lang::Ru);
        assert_eq!(
            (edited.action.as_str(), edited.reason),
            ("try.answer", None)
        );
        assert_eq!(edited.said, []);
    }

    #[test]
    fn the_local_time_chooses_the_text_and_the_language_the_words() {
        let night = asked(SANATORIUM, &five("2026-11-18T23:00"), Lang::En);
        let said = night.said[0].clone().unwrap();
        assert!(
            said.ends_with("В рабочее время вам ответит менеджер."),
            "{said}"
        );
        assert!(
            night
                .why
                .iter()
                .any(|(_, words)| words.contains("more than 4")),
            "{:?}",
            night.why
        );
        let policy = parse(SANATORIUM).unwrap();
        let odd = ask(&policy, &five("в полночь"), Lang::Ru, |_| {
            Zone::fixed(0)
        });
        assert!(odd.is_err());
    }

    #[test]
    fn issue_9_5_a_booking_page_is_previewed_with_an_example() {
        let page = |url: &str, categories: &[(&str, &str)]| BookingPage {
            url: url.to_owned(),
            max_adults: 1,
            categories: categories
                .iter()
                .map(|(name, code)| ((*name).to_owned(), (*code).to_owned()))
                .collect(),
            programmes: BTreeMap::new(),
        };
        let url = "https://booking.example.org/?a={arrival}&n={nights}&g={adults}&c={children}&r={category}";
        assert_eq!(
            sample_link(&page(url, &[("люкс", "lux 1")])).as_deref(),
            Some("https://booking.example.org/?a=2027-03-10&n=7&g=1&c=5&r=lux%201")
        );
        assert_eq!(sample_link(&page(url, &[])), None, "it needs a category");
    }

    #[test]
    fn a_preview_fills_every_placeholder_that_the_policy_can() {
        let policy = parse(SANATORIUM).unwrap();
        let values = sample(&policy, Lang::Ru);
        let intro = render(policy.text("intro").unwrap(), &values);
        let greeting = "Здравствуйте, Мария! Я виртуальный помощник санатория";
        assert!(intro.starts_with(greeting), "{intro}");
        assert_eq!(values.len(), PLACEHOLDERS.len());
    }
}
