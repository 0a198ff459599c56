//! BEHAVIOUR §4 and §5: quiet hours, days and special hours, where the calendar is at its worst.

use super::*;
use crate::hours::{Calendar, Hours};
use crate::policy::Quiet;
use crate::time::{DAY, Date, Days, MINUTE};

fn utc(moment: &str) -> i64 {
    msk(moment) + 3 * HOUR
}

/// Berlin: to summer time on 2027-03-28 at 01:00 UTC, back on 2027-10-31 at 01:00 UTC.
fn berlin() -> Zone {
    Zone {
        transitions: vec![
            (0, 3_600),
            (utc("2027-03-28 01:00"), 7_200),
            (utc("2027-10-31 01:00"), 3_600),
        ],
    }
}

fn quiet() -> Quiet {
    "20:00-10:00".parse().unwrap()
}

#[test]
fn behaviour_4_quiet_hours_end_at_ten_or_are_none() {
    for (at, end) in [
        ("2026-11-18 19:59", "2026-11-18 19:59"),
        ("2026-11-18 20:00", "2026-11-19 10:00"),
        ("2026-11-18 23:59", "2026-11-19 10:00"),
        ("2026-11-19 00:00", "2026-11-19 10:00"),
        ("2026-11-19 09:59", "2026-11-19 10:00"),
        ("2026-11-19 10:00", "2026-11-19 10:00"),
        ("2026-12-31 22:00", "2027-01-01 10:00"),
        ("2028-02-28 22:00", "2028-02-29 10:00"),
    ] {
        assert_eq!(
            quiet().end_after(msk(at), &moscow()),
            msk(end),
            "BEHAVIOUR §4: quiet 20–10, {at}"
        );
    }
    let last_ms = msk("2026-11-19 10:00") - 1;
    assert_eq!(quiet().end_after(last_ms, &moscow()), last_ms + 1);
    let within: Quiet = "13:00-14:00".parse().unwrap();
    assert_eq!(
        within.end_after(msk("2026-11-18 13:30"), &moscow()),
        msk("2026-11-18 14:00")
    );
    let none: Quiet = "12:00-12:00".parse().unwrap();
    assert_eq!(none.end_after(NOON, &moscow()), NOON);
}

#[test]
fn behaviour_4_quiet_hours_over_a_change_of_the_clocks_end_at_ten_by_the_clock() {
    for (row, at, end) in [
        // 22:00 in winter; 10:00 in summer, an hour less of night.
        ("spring", "2027-03-27 21:00", "2027-03-28 08:00"),
        // 22:00 in summer; 10:00 in winter, an hour more.
        ("autumn", "2027-10-30 20:00", "2027-10-31 09:00"),
        (
            "the hour that comes twice",
            "2027-10-31 00:30",
            "2027-10-31 09:00",
        ),
    ] {
        assert_eq!(quiet().end_after(utc(at), &berlin()), utc(end), "{row}");
    }
    let in_the_gap: Quiet = "01:00-02:30".parse().unwrap();
    assert_eq!(
        in_the_gap.end_after(utc("2027-03-28 00:30"), &berlin()),
        utc("2027-03-28 01:00"),
        "02:30 does not exist: the clock jumps out of the span"
    );
    let twice: Quiet = "02:00-02:30".parse().unwrap();
    assert_eq!(
        twice.end_after(utc("2027-10-31 00:10"), &berlin()),
        utc("2027-10-31 00:30"),
        "the first 02:30 ends it"
    );
}

#[test]
fn promise_4_decide_is_total_quiet_hours_at_the_ends_of_time() {
    let all_day: Quiet = "00:00-24:00".parse().unwrap();
    for at in [i64::MIN, -1, 0, i64::MAX] {
        for zone in [moscow(), berlin()] {
            quiet().end_after(at, &zone);
            all_day.end_after(at, &zone);
        }
    }
}

#[test]
fn behaviour_4_final_touch_over_a_change_of_the_clocks() {
    for (row, last, due) in [
        // 21:00 in winter, the day after in summer quiet until 10:00.
        ("spring", "2027-03-26 20:00", "2027-03-28 08:00"),
        ("autumn", "2027-10-29 19:00", "2027-10-31 09:00"),
        // Not quiet: 24 hours are 24 hours, though the clock says 13:00 and 11:00.
        ("spring, at noon", "2027-03-27 11:00", "2027-03-28 11:00"),
        ("autumn, at noon", "2027-10-30 10:00", "2027-10-31 10:00"),
    ] {
        let mut scene = Scene::at_stage("new");
        scene.zone = berlin();
        scene.now = utc(last);
        scene.hears("Есть ли места?", nothing());
        scene.answers();
        assert_eq!(scene.due(Timer::FinalTouch), Some(utc(due)), "{row}");
    }
}

#[test]
fn behaviour_5_special_hours_win_over_the_week_and_closed_days() {
    let hours = |text: &str| -> Vec<Hours> { vec![text.parse().unwrap()] };
    let mut calendar: Calendar = policy().calendar;
    calendar.closed.push("2027-03-08".to_owned());
    for (date, day) in [
        ("03-08", hours("10:00-12:00")),
        ("05-09", hours("10:00-14:00")),
        ("2028-05-09", Vec::new()),
        ("2027-01-01", hours("12:00-13:00")),
    ] {
        calendar.special.insert(date.to_owned(), day);
    }
    for (at, open, why) in [
        ("2026-12-31 14:59", true, "the eve is shortened"),
        ("2026-12-31 15:00", false, "the eve is shortened"),
        ("2027-01-01 12:30", true, "one year wins over every year"),
        ("2027-01-02 12:30", false, "closed every year"),
        ("2028-01-01 12:30", false, "the special year is over"),
        (
            "2027-03-08 11:00",
            false,
            "closed once wins over every year",
        ),
        ("2028-03-08 11:00", true, "its own hours"),
        ("2028-03-08 13:00", false, "its own hours"),
        ("2027-05-09 13:59", true, "its own hours"),
        ("2028-05-09 12:00", false, "a day without hours is closed"),
    ] {
        assert_eq!(calendar.is_open(msk(at), &moscow()), open, "{at}: {why}");
    }
    assert_eq!(
        calendar.add_working(msk("2026-12-31 14:30"), HOUR, &moscow()),
        msk("2027-01-01 12:30"),
        "half an hour of the eve, half of the special New Year's day"
    );
    assert_eq!(
        calendar.add_working(msk("2026-12-31 14:30"), 30 * MINUTE, &moscow()),
        msk("2026-12-31 15:00")
    );
}

#[test]
fn days_meet_read_and_print() {
    let days = |text: &str| text.parse::<Days>().unwrap();
    for (one, other, meet) in [
        ("2027-05-01/2027-05-10", "2027-05-10/2027-05-20", true),
        ("2027-05-01/2027-05-10", "2027-05-11", false),
        ("2027-05-01/2027-05-31", "2027-05-15", true),
        ("2027-12-30/2028-01-02", "2028-01-01", true),
        ("2028-02-29", "2028-02-28/2028-03-01", true),
    ] {
        assert_eq!(days(one).meet(days(other)), meet, "{one} {other}");
        assert_eq!(days(other).meet(days(one)), meet, "{other} {one}");
    }
    for text in ["2027-03-10", "2027-03-10/2027-03-20", "2028-02-29"] {
        assert_eq!(days(text).to_string(), text);
    }
    assert_eq!(days("2027-03-10/2027-03-10").to_string(), "2027-03-10");
    for text in [
        "",
        "2027-02-29",
        "2027-13-01",
        "2027-00-10",
        "2027-04-31",
        "27-04-01",
        "2027-03-20/2027-03-10",
        "2027-03-10/",
        "+027-03-10",
    ] {
        assert!(text.parse::<Days>().is_err(), "{text}");
    }
}

#[test]
fn dates_and_day_numbers_are_inverse() {
    for day in -800_000..800_000 {
        let date = crate::time::Local { day, minute: 0 }.date();
        assert_eq!(date.day_number(), day);
    }
    let leap = Date {
        year: 2028,
        month: 2,
        day: 29,
    };
    assert_eq!(leap.day_number() * DAY, utc("2028-02-29 00:00"));
}
