//! What a policy must be, beyond its shape.

use super::problem::{LONGEST, MAX_DEPTH, Problem, Row};
use super::together::{TooLong, too_long};
use super::{BookingPage, Condition, DepartureAct, Guard, InquiryAct, Policy, Span, StageRole};
use crate::booking::{self, PLACES, place};
use crate::hours::{Calendar, Hours};
use crate::ids::StageKey;
use crate::owner::ReasonId;
use crate::phone;
use crate::text::{self, MAX_TEXT, PLACEHOLDERS};
use crate::time::DAY;
use crate::trace::Lang;
use std::collections::BTreeSet;

/// One thing wrong with a policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// Where, such as `stages[2].role`; empty = the whole file.
    pub path: String,
    /// What is wrong.
    pub problem: Problem,
}

impl Finding {
    /// The place, as far as there is one, and the sentence.
    pub fn text(&self, lang: Lang) -> String {
        let sentence = self.problem.text(lang);
        match self.path.as_str() {
            "" => sentence,
            path => format!("{path}: {sentence}"),
        }
    }
}

/// Texts that the rules cannot do without.
const NEEDED_TEXTS: &[&str] = &[
    "intro",
    "handoff",
    "work_hours",
    "off_hours",
    "return_intro",
    "attachment_only",
    "clarify_kind",
    "clarify_deal",
    "clarify_departure",
    "review_thanks",
];

/// Texts that the rules use when they are there.
const OTHER_TEXTS: &[&str] = &[
    "opt_out_ack",
    "repeat_payment",
    "repeat_refund",
    "review_link",
    "clarify_deal_plain",
];

/// Reasons that only the product itself finds; a trigger with one of them would mislead a manager.
const RESERVED_REASONS: &[ReasonId] = &[
    ReasonId::StageUnmapped,
    ReasonId::StagePeople,
    ReasonId::BookingNotFound,
    ReasonId::NoReply,
    ReasonId::MorningList,
    ReasonId::ReplyBlocked,
    ReasonId::BotUnavailable,
    ReasonId::CrmDown,
    ReasonId::SendFailed,
    ReasonId::Passed,
    ReasonId::BotPaused,
    ReasonId::ByHand,
    ReasonId::StageMoved,
    ReasonId::Late,
    ReasonId::EventUnreadable,
];

/// Whether only the product itself finds a reason, so that no rule may give it.
pub fn is_own_reason(reason: ReasonId) -> bool {
    RESERVED_REASONS.contains(&reason)
}

/// Everything that is wrong with a policy whose shape is right.
pub fn check(policy: &Policy) -> Vec<Finding> {
    let mut findings = Findings::default();
    findings.of_the_head(policy);
    findings.of_the_calendar(&policy.calendar);
    findings.of_the_durations(policy);
    findings.of_the_texts(policy);
    findings.of_the_stages(policy);
    findings.of_the_triggers(policy);
    findings.of_the_net(policy);
    findings.of_the_inquiry(policy);
    findings.of_the_departure(policy);
    findings.of_the_lists(policy);
    findings.of_the_guard(&policy.bot.guard);
    if let Some(page) = &policy.booking {
        findings.of_the_booking(page);
    }
    findings.0
}

#[derive(Default)]
struct Findings(Vec<Finding>);

impl Findings {
    fn add(&mut self, path: impl Into<String>, problem: Problem) {
        self.0.push(Finding {
            path: path.into(),
            problem,
        });
    }

    fn require(&mut self, right: bool, path: &str, problem: Problem) {
        if !right {
            self.add(path, problem);
        }
    }

    fn of_the_head(&mut self, policy: &Policy) {
        self.require(policy.schema == 1, "schema", Problem::Schema);
        let values = &policy.ownership.values;
        for (path, text) in [
            ("bot_name", &policy.bot_name),
            ("organisation", &policy.organisation),
            ("ownership.field", &policy.ownership.field),
            ("ownership.values.bot", &values.bot),
            ("ownership.values.waiting", &values.waiting),
            ("ownership.values.manager", &values.manager),
            ("tasks.whatsapp.type", &policy.tasks.whatsapp.kind),
            ("tasks.contact.type", &policy.tasks.contact.kind),
        ] {
            self.require(!text.trim().is_empty(), path, Problem::Empty);
        }
        let distinct: BTreeSet<&str> = [&values.bot, &values.waiting, &values.manager]
            .map(|value| value.trim())
            .into();
        self.require(distinct.len() == 3, "ownership.values", Problem::SameValues);
        self.require(
            policy.tasks.whatsapp.kind.trim() != policy.tasks.contact.kind.trim(),
            "tasks.contact.type",
            Problem::SameTaskTypes,
        );
        for (path, user) in [
            ("tasks.fallback", policy.tasks.fallback),
            ("tasks.escalate_to", policy.tasks.escalate_to),
            ("tasks.duty_user", policy.tasks.duty_user),
        ] {
            self.require(
                user.is_none_or(|user| user.0 > 0),
                path,
                Problem::UserNumber,
            );
        }
    }

    fn of_the_calendar(&mut self, calendar: &Calendar) {
        let named = !calendar.timezone.is_empty()
            && calendar
                .timezone
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b"/_+-".contains(&b));
        self.require(named, "calendar.timezone", Problem::TimeZone);
        for (weekday, day) in calendar.week.iter().enumerate() {
            self.of_a_day(day, &format!("calendar.week[{weekday}]"));
        }
        for (date, day) in &calendar.special {
            let path = format!("calendar.special.{date}");
            self.require(is_date(date), &path, Problem::NoDate);
            self.of_a_day(day, &path);
        }
        if calendar.week.iter().all(Vec::is_empty) {
            self.add("calendar.week", Problem::NoHours);
        }
        for (index, date) in calendar.closed.iter().enumerate() {
            if !is_date(date) {
                self.add(format!("calendar.closed[{index}]"), Problem::NoDate);
            }
        }
    }

    fn of_a_day(&mut self, day: &[Hours], path: &str) {
        for (index, hours) in day.iter().enumerate() {
            let path = format!("{path}[{index}]");
            if hours.from >= hours.to || hours.to.0 > 1_440 {
                self.add(&path, Problem::NotOneDay(hours.to_string()));
            }
            if day[..index].iter().any(|other| overlap(*other, *hours)) {
                self.add(&path, Problem::Overlap(hours.to_string()));
            }
        }
    }

    fn of_the_durations(&mut self, policy: &Policy) {
        let timers = &policy.timers;
        for (path, span, may_be_zero) in [
            ("timers.burst_quiet", timers.burst_quiet, true),
            ("timers.burst_max", timers.burst_max, true),
            ("timers.supersede_for", timers.supersede_for, true),
            ("timers.auto_return_after", timers.auto_return_after, false),
            ("timers.auto_return_grace", timers.auto_return_grace, true),
            ("timers.undo_for", timers.undo_for, true),
            ("timers.episode_idle", timers.episode_idle, false),
            ("timers.claim_grace", timers.claim_grace, true),
            ("timers.snapshot_ttl", timers.snapshot_ttl, false),
            ("timers.snapshot_max_age", timers.snapshot_max_age, false),
            ("timers.waiting_reminder", timers.waiting_reminder, false),
            (
                "timers.waiting_escalation",
                timers.waiting_escalation,
                false,
            ),
            ("timers.final_touch_after", timers.final_touch_after, false),
            (
                "timers.final_touch_window",
                timers.final_touch_window,
                false,
            ),
            ("timers.after_touch", timers.after_touch, false),
            ("timers.late_answer", timers.late_answer, false),
            ("tasks.whatsapp.due", policy.tasks.whatsapp.due, false),
            ("tasks.contact.due", policy.tasks.contact.due, false),
        ] {
            if span > LONGEST {
                self.add(path, Problem::TooLong);
            } else if span.0 < 0 || (span.0 == 0 && !may_be_zero) {
                self.add(path, Problem::Zero);
            }
        }
        self.require(
            timers.burst_quiet <= timers.burst_max,
            "timers.burst_max",
            Problem::Below("burst_quiet"),
        );
        self.require(
            timers.auto_return_grace <= timers.auto_return_after,
            "timers.auto_return_grace",
            Problem::Above("auto_return_after"),
        );
        self.require(
            timers.final_touch_window < Span(DAY),
            "timers.final_touch_window",
            Problem::TouchWindow,
        );
        self.require(
            timers.quiet.from == timers.quiet.to || timers.quiet.from.0 < 1_440,
            "timers.quiet",
            Problem::DayTime,
        );
        self.require(
            (timers.quiet.from.0, timers.quiet.to.0) != (0, 1_440),
            "timers.quiet",
            Problem::AlwaysQuiet,
        );
        self.require(
            timers.snapshot_ttl >= Span(5_000),
            "timers.snapshot_ttl",
            Problem::SnapshotShort,
        );
        self.require(
            timers.snapshot_ttl <= timers.snapshot_max_age,
            "timers.snapshot_max_age",
            Problem::Below("snapshot_ttl"),
        );
    }

    fn of_the_texts(&mut self, policy: &Policy) {
        for key in NEEDED_TEXTS {
            if policy
                .texts
                .get(*key)
                .is_none_or(|text| text.trim().is_empty())
            {
                self.add(format!("texts.{key}"), Problem::NeededText);
            }
        }
        let triggers = policy.triggers.iter().filter_map(|t| t.text.as_deref());
        let rows = policy
            .departure
            .iter()
            .filter_map(|row| row.text.as_deref());
        let touches = policy.stages.iter().filter_map(|s| s.touch.as_deref());
        let named: BTreeSet<&str> = triggers.chain(rows).chain(touches).collect();
        for (key, template) in &policy.texts {
            let path = format!("texts.{key}");
            match text::placeholders(template) {
                Ok(names) => {
                    for name in names.iter().filter(|name| !PLACEHOLDERS.contains(name)) {
                        self.add(&path, Problem::Placeholder((*name).to_owned()));
                    }
                }
                Err(error) => self.add(&path, Problem::Template(error)),
            }
            if template.chars().count() > MAX_TEXT {
                self.add(&path, Problem::LongText);
            }
            let used = NEEDED_TEXTS.contains(&key.as_str())
                || OTHER_TEXTS.contains(&key.as_str())
                || named.contains(key.as_str());
            self.require(used, &path, Problem::UnusedText);
        }
        for TooLong { key, with } in too_long(policy) {
            let with = with.into_iter().map(str::to_owned).collect();
            self.add(format!("texts.{key}"), Problem::LongTogether(with));
        }
    }

    fn of_the_stages(&mut self, policy: &Policy) {
        match policy.first_stage() {
            None => self.add("stages", Problem::NoStages),
            Some(first) => self.require(
                matches!(first.role, StageRole::Drive | StageRole::Answer),
                "stages[0].role",
                Problem::FirstStage,
            ),
        }
        for (index, stage) in policy.stages.iter().enumerate() {
            let path = |field: &str| format!("stages[{index}].{field}");
            let earlier = &policy.stages[..index];
            if stage.key.0.trim().is_empty() {
                self.add(path("key"), Problem::Empty);
            }
            if stage.name.trim().is_empty() {
                self.add(path("name"), Problem::Empty);
            }
            if earlier.iter().any(|other| other.key == stage.key) {
                self.add(path("key"), Problem::Twice(Row::Stage, stage.key.0.clone()));
            }
            if earlier
                .iter()
                .any(|other| same_name(&other.name, &stage.name))
            {
                self.add(path("name"), Problem::Twice(Row::Stage, stage.name.clone()));
            }
            if let Some(text) = &stage.touch {
                self.text_is_there(policy, text, &path("touch"));
            }
            self.require(
                stage.touch.is_some() || stage.no_reply_to.is_none(),
                &path("no_reply_to"),
                Problem::NeedsTouch,
            );
            for (field, to) in [
                ("consulted_to", &stage.consulted_to),
                ("payment_link_to", &stage.payment_link_to),
                ("no_reply_to", &stage.no_reply_to),
            ] {
                let Some(to) = to else { continue };
                if policy.robot_zone.owns_move(&stage.key, to) {
                    self.add(path(field), Problem::RobotsMove);
                }
                if field != "no_reply_to" && stage.role != StageRole::Drive {
                    self.add(path(field), Problem::OnlyDrive);
                }
                match policy.stages.iter().position(|other| other.key == *to) {
                    None => self.add(path(field), no_stage(to)),
                    Some(position) if position <= index => {
                        self.add(path(field), Problem::OnlyForward);
                    }
                    Some(_) => {}
                }
            }
        }
    }

    fn of_the_triggers(&mut self, policy: &Policy) {
        for (index, trigger) in policy.triggers.iter().enumerate() {
            let path = |field: &str| format!("triggers[{index}].{field}");
            if trigger.id.trim().is_empty() {
                self.add(path("id"), Problem::Empty);
            }
            if policy.triggers[..index]
                .iter()
                .any(|other| other.id == trigger.id)
            {
                self.add(path("id"), Problem::Twice(Row::Trigger, trigger.id.clone()));
            }
            if RESERVED_REASONS.contains(&trigger.reason) {
                self.add(path("reason"), Problem::OwnReason(trigger.reason.as_str()));
            }
            if let Some(key) = &trigger.text {
                self.text_is_there(policy, key, &path("text"));
            }
            for (field, span) in [
                ("due", trigger.due),
                ("escalate_after", trigger.escalate_after),
            ] {
                let wrong = span.is_some_and(|span| span > LONGEST || span.0 < 0);
                self.require(!wrong, &path(field), Problem::SpanRange);
            }
            let never_zero = trigger.escalate_after.is_none_or(|span| span.0 > 0);
            self.require(never_zero, &path("escalate_after"), Problem::Zero);
            self.of_a_condition(policy, &trigger.when, &path("when"), 1);
        }
    }

    /// What holds a dialog when everything else fails (promise 4): without it the bot would guess.
    fn of_the_net(&mut self, policy: &Policy) {
        let when = |fits: fn(&Condition) -> bool| policy.triggers.iter().any(|t| fits(&t.when));
        self.require(
            when(|c| matches!(c, Condition::KbMiss(true))),
            "triggers",
            Problem::NoKbMiss,
        );
        self.require(
            when(|c| matches!(c, Condition::BotUnsure(_))),
            "triggers",
            Problem::NoBotUnsure,
        );
    }

    fn of_the_inquiry(&mut self, policy: &Policy) {
        use InquiryAct::{Bot, Clarify, NewDeal, People, Table};
        let acts = &policy.inquiry;
        for (row, act, may) in [
            ("unmapped", acts.unmapped, [People, People]),
            ("several", acts.several, [Clarify, People]),
            ("early", acts.early, [Bot, People]),
            ("booking", acts.booking, [Bot, People]),
            ("departure", acts.departure, [Table, People]),
            (
                "booking_not_found",
                acts.booking_not_found,
                [People, NewDeal],
            ),
            ("refused", acts.refused, [NewDeal, People]),
            ("none", acts.none, [NewDeal, People]),
        ] {
            if !may.contains(&act) {
                let names: BTreeSet<&'static str> = may.iter().map(|act| act.name()).collect();
                let names = names.into_iter().collect();
                self.add(format!("inquiry.{row}"), Problem::OneOf(names));
            }
        }
    }

    fn of_the_departure(&mut self, policy: &Policy) {
        for (index, row) in policy.departure.iter().enumerate() {
            let path = |field: &str| format!("departure[{index}].{field}");
            if row.id.trim().is_empty() {
                self.add(path("id"), Problem::Empty);
            }
            if policy.departure[..index]
                .iter()
                .any(|other| other.id == row.id)
            {
                self.add(path("id"), Problem::Twice(Row::Departure, row.id.clone()));
            }
            if let Some(key) = &row.text {
                self.text_is_there(policy, key, &path("text"));
            }
            if let Some(reason) = row.reason.filter(|r| RESERVED_REASONS.contains(r)) {
                self.add(path("reason"), Problem::OwnReason(reason.as_str()));
            }
            self.require(
                row.then != DepartureAct::Clarify || row.reason.is_none(),
                &path("reason"),
                Problem::ClarifyHandsOver,
            );
            self.of_a_condition(policy, &row.when, &path("when"), 1);
        }
    }

    fn of_the_lists(&mut self, policy: &Policy) {
        for (path, phones) in [
            ("trial_phones", &policy.trial_phones),
            ("exclude.phones", &policy.exclude.phones),
        ] {
            for (index, phone) in phones.iter().enumerate() {
                self.require(
                    phone::digits(phone).is_some(),
                    &format!("{path}[{index}]"),
                    Problem::Phone,
                );
            }
        }
        for (index, [from, to]) in policy.robot_zone.moves.iter().enumerate() {
            for key in [from, to] {
                if policy.stage(key).is_none() {
                    self.add(format!("robot_zone.moves[{index}]"), no_stage(key));
                }
            }
        }
        for (path, kind) in [
            ("tasks.whatsapp.type", &policy.tasks.whatsapp.kind),
            ("tasks.contact.type", &policy.tasks.contact.kind),
        ] {
            let robots = policy
                .robot_zone
                .tasks
                .iter()
                .any(|other| same_name(other, kind));
            self.require(!robots, path, Problem::RobotsTask);
        }
    }

    fn of_the_guard(&mut self, guard: &Guard) {
        let chars = u32::try_from(MAX_TEXT).unwrap_or(u32::MAX);
        self.require(
            (1..=chars).contains(&guard.max_chars),
            "bot.guard.max_chars",
            Problem::Chars,
        );
        for (index, host) in guard.link_hosts.iter().flatten().enumerate() {
            let is_host = host.contains('.')
                && !host.starts_with('.')
                && !host.ends_with('.')
                && host
                    .chars()
                    .all(|c| c.is_alphanumeric() || ".-".contains(c))
                && host.to_lowercase() == *host;
            self.require(
                is_host,
                &format!("bot.guard.link_hosts[{index}]"),
                Problem::Host,
            );
        }
        for (index, promise) in guard.promises.iter().enumerate() {
            self.require(
                promise.chars().filter(|c| c.is_alphanumeric()).count() >= 3,
                &format!("bot.guard.promises[{index}]"),
                Problem::Promise,
            );
        }
    }

    fn of_the_booking(&mut self, page: &BookingPage) {
        const PATH: &str = "booking.url";
        let is_address = booking::host(&page.url).is_some()
            && !page
                .url
                .contains(|c: char| c.is_whitespace() || c.is_control());
        self.require(is_address, PATH, Problem::Address);
        match text::placeholders(&page.url) {
            Ok(names) => {
                for name in names.iter().filter(|name| !PLACES.contains(name)) {
                    self.add(PATH, Problem::NoPlace((*name).to_owned()));
                }
            }
            Err(error) => self.add(PATH, Problem::Template(error)),
        }
        let has = |name: &str| page.url.contains(&place(name));
        self.require(has("arrival"), PATH, Problem::LacksPlace("arrival"));
        self.require(
            has("departure") || has("nights"),
            PATH,
            Problem::LacksPlace("departure"),
        );
        self.require(has("adults"), PATH, Problem::LacksPlace("adults"));
        let adults = (1..=20).contains(&page.max_adults);
        self.require(adults, "booking.max_adults", Problem::Adults);
        for (name, path, list) in [
            ("category", "booking.categories", &page.categories),
            ("programme", "booking.programmes", &page.programmes),
        ] {
            self.require(!has(name) || !list.is_empty(), path, Problem::NoNames);
            for (key, code) in list {
                let is_empty = key.trim().is_empty() || code.trim().is_empty();
                self.require(!is_empty, &format!("{path}.{key}"), Problem::Empty);
                let mut others = list.keys().filter(|other| *other != key);
                self.require(
                    !others.any(|other| same_name(other, key)),
                    &format!("{path}.{key}"),
                    Problem::NameTwice,
                );
            }
        }
    }

    fn text_is_there(&mut self, policy: &Policy, key: &str, path: &str) {
        if policy.text(key).is_none() {
            self.add(path, Problem::NoText(key.to_owned()));
        }
    }

    fn of_a_condition(&mut self, policy: &Policy, condition: &Condition, path: &str, depth: usize) {
        if depth > MAX_DEPTH {
            self.add(path, Problem::TooDeep);
            return;
        }
        match condition {
            Condition::All(inner) | Condition::Any(inner) => {
                let name = if matches!(condition, Condition::All(_)) {
                    "all"
                } else {
                    "any"
                };
                self.require(
                    !inner.is_empty(),
                    &format!("{path}.{name}"),
                    Problem::EmptyList,
                );
                for (index, condition) in inner.iter().enumerate() {
                    let path = format!("{path}.{name}[{index}]");
                    self.of_a_condition(policy, condition, &path, depth + 1);
                }
            }
            Condition::Not(inner) => {
                self.of_a_condition(policy, inner, &format!("{path}.not"), depth + 1);
            }
            Condition::StageIn(keys) => {
                self.require(
                    !keys.is_empty(),
                    &format!("{path}.stage_in"),
                    Problem::EmptyList,
                );
                for (index, key) in keys.iter().enumerate() {
                    if policy.stage(key).is_none() {
                        self.add(format!("{path}.stage_in[{index}]"), no_stage(key));
                    }
                }
            }
            Condition::IntentIn(intents) => {
                self.require(
                    !intents.is_empty(),
                    &format!("{path}.intent_in"),
                    Problem::EmptyList,
                );
            }
            Condition::OnlyIntents(intents) => {
                self.require(
                    !intents.is_empty(),
                    &format!("{path}.only_intents"),
                    Problem::EmptyList,
                );
            }
            Condition::BotUnsure(limit) => {
                let path = format!("{path}.bot_unsure");
                self.require((1..=100).contains(limit), &path, Problem::Percent);
            }
            Condition::AttachmentIn(kinds) => {
                self.require(
                    !kinds.is_empty(),
                    &format!("{path}.attachment_in"),
                    Problem::EmptyList,
                );
            }
            Condition::GuestsOver(_)
            | Condition::ChildAtMost(_)
            | Condition::RoomsOver(_)
            | Condition::Pet(_)
            | Condition::PastStay(_)
            | Condition::NewBooking(_)
            | Condition::SeveralDealsMeant(_)
            | Condition::OpenDealsOver(_)
            | Condition::MeaningUnclear(_)
            | Condition::KbMiss(_)
            | Condition::TextAtMost(_) => {}
        }
    }
}

fn no_stage(key: &StageKey) -> Problem {
    Problem::NoStage(key.0.clone())
}

fn same_name(a: &str, b: &str) -> bool {
    a.trim().to_lowercase() == b.trim().to_lowercase()
}

fn overlap(a: Hours, b: Hours) -> bool {
    a.from < b.to && b.from < a.to
}

/// `MM-DD` or `YYYY-MM-DD`, and a day that its month can have.
fn is_date(text: &str) -> bool {
    let numbers: Option<Vec<u32>> = text
        .split('-')
        .map(|part| {
            part.bytes()
                .all(|b| b.is_ascii_digit())
                .then(|| part.parse().ok())
                .flatten()
        })
        .collect();
    let (month, day) = match (text.len(), numbers.as_deref()) {
        (5, Some([month, day])) | (10, Some([_, month, day])) => (*month, *day),
        _ => return false,
    };
    let longest = match month {
        2 => 29,
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => return false,
    };
    (1..=longest).contains(&day) && text.as_bytes()[text.len() - 3] == b'-'
}
