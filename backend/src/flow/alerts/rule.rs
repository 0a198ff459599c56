//! When an incident begins and when it is over: signs and times in, a step out. A cause that comes and goes is one
//! incident: it is over only after a calm, and where it has come back lately after a long one.

use crate::ports::{AlertKind, Incident};
use widget_core::time::{HOUR, MINUTE};

/// What is known of a cause at a moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Sign {
    /// It is there; more of it.
    Ill(String),
    /// It is not.
    Well,
    /// Nobody can tell.
    Unknown,
}

impl Sign {
    /// Of several of the same cause: one that is ill counts, and one that nobody knows lets none be well.
    pub(super) fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::Ill(detail), _) | (_, Self::Ill(detail)) => Self::Ill(detail),
            (Self::Unknown, _) | (_, Self::Unknown) => Self::Unknown,
            (Self::Well, Self::Well) => Self::Well,
        }
    }
}

/// What is to be done about an account's incidents of a kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Step {
    /// One begins.
    Begin {
        /// It is over after a calm of so many ms.
        calm: i64,
        /// More of it.
        detail: String,
    },
    /// The cause of the open one is still there.
    Seen,
    /// The open one is over.
    End,
}

/// The incidents that ended so long ago still count for the next one, ms.
pub(super) const LATELY: i64 = HOUR;
/// A cause that was not seen for so long is gone, ms.
const CALM: i64 = 5 * MINUTE;
/// The same where it has come back, and where the cause is something that happened and not a state, ms.
const LONG_CALM: i64 = HOUR;
/// That a cause is still there is noted so often, ms.
const NOTED_EVERY: i64 = MINUTE;

/// After which calm a new incident of this kind is over, ms; `known`: the account's incidents of the kind that are open
/// or ended lately.
pub(super) fn calm(kind: AlertKind, known: &[&Incident]) -> i64 {
    let happens = matches!(kind, AlertKind::SendFailed | AlertKind::HandoffFailed);
    if happens || !known.is_empty() {
        LONG_CALM
    } else {
        CALM
    }
}

/// What is to be done at unix ms `now`; `known`: the account's incidents of the kind that are open or ended lately.
pub(super) fn step(kind: AlertKind, known: &[&Incident], sign: &Sign, now: i64) -> Option<Step> {
    let open = known.iter().find(|incident| incident.ended.is_none());
    match (open, sign) {
        (None, Sign::Ill(detail)) => Some(Step::Begin {
            calm: calm(kind, known),
            detail: detail.clone(),
        }),
        (Some(open), Sign::Ill(_)) => (now - open.seen >= NOTED_EVERY).then_some(Step::Seen),
        (Some(open), Sign::Well) => (now - open.seen >= open.calm).then_some(Step::End),
        (None, Sign::Well) | (_, Sign::Unknown) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use widget_core::ids::AccountId;

    const T: i64 = 1_800_000_000_000;
    const KIND: AlertKind = AlertKind::PactRefused;

    fn ill() -> Sign {
        Sign::Ill("403".to_owned())
    }

    /// A world in which the rule is asked every second, as the chore asks it.
    #[derive(Default)]
    struct Diary {
        incidents: Vec<Incident>,
        begins: u32,
        ends: u32,
    }

    impl Diary {
        fn look(&mut self, kind: AlertKind, sign: &Sign, now: i64) {
            let lately = |incident: &&Incident| incident.ended.is_none_or(|at| at > now - LATELY);
            let known: Vec<&Incident> = self.incidents.iter().filter(lately).collect();
            match step(kind, &known, sign, now) {
                None => {}
                Some(Step::Begin { calm, detail }) => {
                    self.begins += 1;
                    self.incidents.push(Incident {
                        id: i64::from(self.begins),
                        account: AccountId(1),
                        kind,
                        detail,
                        begun: now,
                        seen: now,
                        calm,
                        ended: None,
                    });
                }
                Some(Step::Seen) => self.incidents.last_mut().unwrap().seen = now,
                Some(Step::End) => {
                    self.ends += 1;
                    self.incidents.last_mut().unwrap().ended = Some(now);
                }
            }
        }
    }

    #[test]
    fn behaviour_5_alerts_an_incident_begins_at_once_and_ends_after_a_calm() {
        let mut diary = Diary::default();
        for second in 0..600 {
            let sign = if second < 60 { ill() } else { Sign::Well };
            diary.look(KIND, &sign, T + second * 1000);
        }
        assert_eq!((diary.begins, diary.ends), (1, 1));
        let only = &diary.incidents[0];
        assert_eq!((only.begun, only.detail.as_str()), (T, "403"));
        let ended = only.ended.unwrap() - T;
        assert!((5 * MINUTE..=6 * MINUTE).contains(&ended), "{ended}");
    }

    #[test]
    fn behaviour_5_alerts_a_cause_that_comes_and_goes_is_one_incident() {
        let mut diary = Diary::default();
        for second in 0..7_200 {
            // Four minutes well, ten seconds ill.
            let sign = if second % 250 < 10 { ill() } else { Sign::Well };
            diary.look(KIND, &sign, T + second * 1000);
        }
        assert_eq!((diary.begins, diary.ends), (1, 0));
    }

    #[test]
    fn behaviour_5_alerts_what_has_come_back_is_over_only_after_a_long_calm() {
        let mut diary = Diary::default();
        for minute in 0..24 * 60 {
            // Every ten minutes for a while: too seldom for the short calm.
            let sign = if minute % 10 == 0 { ill() } else { Sign::Well };
            diary.look(KIND, &sign, T + minute * MINUTE);
        }
        assert_eq!(
            (diary.begins, diary.ends),
            (2, 1),
            "told at most three times a day"
        );
        for minute in 0..90 {
            diary.look(KIND, &Sign::Well, T + (24 * 60 + minute) * MINUTE);
        }
        assert_eq!((diary.begins, diary.ends), (2, 2));
    }

    #[test]
    fn behaviour_5_alerts_what_nobody_knows_begins_and_ends_nothing() {
        let mut diary = Diary::default();
        diary.look(KIND, &Sign::Unknown, T);
        diary.look(KIND, &ill(), T + 1);
        for hour in 1..48 {
            diary.look(KIND, &Sign::Unknown, T + hour * HOUR);
        }
        assert_eq!((diary.begins, diary.ends), (1, 0));
        diary.look(KIND, &Sign::Well, T + 48 * HOUR);
        assert_eq!((diary.begins, diary.ends), (1, 1));
    }

    #[test]
    fn behaviour_5_alerts_what_happens_is_over_when_it_has_not_happened_for_an_hour() {
        assert_eq!(calm(AlertKind::SendFailed, &[]), HOUR);
        assert_eq!(calm(AlertKind::HandoffFailed, &[]), HOUR);
        assert_eq!(calm(AlertKind::BotDown, &[]), CALM);
    }

    #[test]
    fn of_several_signs_the_ill_one_counts() {
        assert_eq!(Sign::Well.and(ill()), ill());
        assert_eq!(Sign::Unknown.and(ill()), ill());
        assert_eq!(Sign::Well.and(Sign::Unknown), Sign::Unknown);
        assert_eq!(Sign::Well.and(Sign::Well), Sign::Well);
    }
}
