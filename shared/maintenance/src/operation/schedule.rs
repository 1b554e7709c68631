//! Pure. The times at which recurring operations are due: a cron expression, and a maintenance window.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use croner::Cron;
use croner::parser::{CronParser, Seconds, Year};
use domain::time::Micros;
use serde::{Deserialize, Serialize};

use crate::operation::window::{DayMinute, Window};

/// The shortest time between two runs, in minutes.
const SHORTEST_PERIOD: i64 = 5;
/// The longest expression, in bytes.
const LONGEST: usize = 200;
/// Runs that are counted as passed. After a longer stop, the count is a lower bound.
const MOST_PASSED: usize = 10_000;
const MINUTE_MICROS: i64 = 60_000_000;

/// A cron expression of five fields in UTC, at most every five minutes.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Schedule {
    text: String,
    // Large, and cloned with every draft.
    cron: Arc<Cron>,
}

/// The times at which a recurring operation is due: those of its schedule at which its window is open.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Timing {
    #[serde(rename = "sc")]
    schedule: Schedule,
    #[serde(rename = "wi", default, skip_serializing_if = "Option::is_none")]
    window: Option<Window>,
}

/// Runs that passed while an operation waited or ran.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Passed {
    /// Their number, at most 10,000.
    pub count: u64,
    /// The last one that was counted.
    pub last: Option<Micros>,
}

impl PartialEq for Schedule {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for Schedule {}

impl Schedule {
    /// Parses minute, hour, day of the month, month and day of the week. `None` if the expression is malformed, never
    /// matches, or names times of day less than five minutes apart.
    pub fn parse(text: &str) -> Option<Self> {
        let schedule = Self::parse_fields(text)?;
        let (minutes, is_possible) = (schedule.day_minutes(), schedule.run_from(Micros(0)).is_some());
        let next = minutes.iter().cycle().skip(1);
        // A single time of day is a whole day from itself.
        let is_rare = minutes.len() < 2
            || minutes.iter().zip(next).all(|(minute, next)| minute.until(*next) >= SHORTEST_PERIOD);
        (is_possible && is_rare).then_some(schedule)
    }

    fn parse_fields(text: &str) -> Option<Self> {
        let fields: Vec<&str> = text.split_ascii_whitespace().collect();
        // The parser replaces names of days and months in every field.
        let has_names = |field: &&str| field.bytes().any(|byte| byte.is_ascii_alphabetic());
        let is_possible = fields.len() == 5 && text.len() <= LONGEST && text.is_ascii();
        if !is_possible || fields[..2].iter().any(has_names) {
            return None;
        }
        let text = fields.join(" ");
        let parser = CronParser::builder().seconds(Seconds::Disallowed).year(Year::Disallowed).build();
        Some(Self { cron: Arc::new(parser.parse(&text).ok()?), text })
    }

    /// Returns the expression, with single blanks.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Returns the times of day of the runs, in order. They are the same on each day that has runs.
    fn day_minutes(&self) -> Vec<DayMinute> {
        let (hours, minutes) = (self.cron.pattern.hours.values(), self.cron.pattern.minutes.values());
        let pairs = hours.into_iter().flat_map(|hour| minutes.iter().map(move |minute| (hour, *minute)));
        pairs.filter_map(|(hour, minute)| DayMinute::new(hour, minute)).collect()
    }

    /// Returns the first run at or after a time.
    fn run_from(&self, at: Micros) -> Option<Micros> {
        let minute = Micros(at.0.saturating_add(MINUTE_MICROS - 1)).minute().start();
        let from: DateTime<Utc> = DateTime::from_timestamp_micros(minute.0)?;
        self.cron.find_next_occurrence(&from, true).ok().map(Micros::from)
    }
}

impl TryFrom<String> for Schedule {
    type Error = &'static str;

    /// Parses a stored expression, which was checked when it was requested.
    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse_fields(&text).ok_or("expected a cron expression of five fields")
    }
}

impl From<Schedule> for String {
    fn from(schedule: Schedule) -> Self {
        schedule.text
    }
}

impl Timing {
    /// Returns the runs of a schedule in a window. `None` if there are none.
    pub fn new(schedule: Schedule, window: Option<Window>) -> Option<Self> {
        let is_open = |minute: DayMinute| window.is_none_or(|window| window.contains_minute(minute));
        let is_possible = schedule.day_minutes().into_iter().any(is_open);
        is_possible.then_some(Self { schedule, window })
    }

    /// Returns the schedule.
    pub fn schedule(&self) -> &Schedule {
        &self.schedule
    }

    /// Returns the window.
    pub fn window(&self) -> Option<Window> {
        self.window
    }

    /// Returns the first run at or after a time. `None` if there is none before the year 5000.
    pub fn run_from(&self, at: Micros) -> Option<Micros> {
        let mut run = self.schedule.run_from(at)?;
        let Some(window) = self.window else { return Some(run) };
        // Each day that has runs has one in the window, so this ends after a few openings.
        while !window.contains(run) {
            run = self.schedule.run_from(window.open_from(run))?;
        }
        Some(run)
    }

    /// Returns the first run after a time.
    pub fn run_after(&self, at: Micros) -> Option<Micros> {
        self.run_from(Micros(at.0.saturating_add(1)))
    }

    /// Returns the run at `first` and those that follow it.
    pub fn runs(&self, first: Option<Micros>) -> impl Iterator<Item = Micros> {
        std::iter::successors(first, move |run| self.run_after(*run))
    }

    /// Returns the runs after one time, up to and including another.
    pub fn passed(&self, after: Micros, until: Micros) -> Passed {
        let runs = self.runs(self.run_after(after)).take_while(|run| *run <= until).take(MOST_PASSED);
        runs.fold(Passed::default(), |passed, run| Passed { count: passed.count + 1, last: Some(run) })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::operation::datetime;
    use crate::operation::window::tests::windows;

    fn schedule(text: &str) -> Schedule {
        Schedule::parse(text).unwrap_or_else(|| panic!("{text} is a schedule"))
    }

    fn night() -> Option<Window> {
        serde_json::from_str(r#"{"start": "22:00", "end": "04:00"}"#).ok()
    }

    fn at(text: &str) -> Micros {
        datetime::parse(text).expect("a time")
    }

    fn printed(timing: &Timing, from: &str, count: usize) -> Vec<String> {
        timing.runs(timing.run_from(at(from))).take(count).map(datetime::print).collect()
    }

    #[test]
    fn expressions_have_five_fields() {
        for text in
            ["*/5 * * * *", "0 2 * * SUN", "30 1 1,15 jan-mar *", "0 0 L * *", " 0  3 * * 1#1 ", "0 0 29 2 *"]
        {
            assert!(Schedule::parse(text).is_some(), "{text:?}");
        }
        assert_eq!(schedule(" 0  3\t* * 1 ").as_str(), "0 3 * * 1");
        for text in [
            "",
            "* * * *",
            "0 0 2 * * *",
            "0 2 * * * 2035",
            "@daily",
            "@daily 0 0 0 0",
            "60 2 * * *",
            "0 24 * * *",
            "0 2 32 * *",
            "0 2 * 13 *",
            "0 2 * * 8",
            "MON 2 * * *",
            "0 2 * * MOON",
            "-1 2 * * *",
            "0 2 * * *\u{a0}",
            "soon",
        ] {
            assert!(Schedule::parse(text).is_none(), "{text:?}");
        }
        assert!(Schedule::parse(&format!("0{} 2 * * *", ",0".repeat(100))).is_none());
    }

    #[test]
    fn expressions_that_never_match_are_malformed() {
        for text in ["0 0 30 2 *", "0 0 31 4,6,9,11 *", "0 0 30,31 FEB *"] {
            assert!(Schedule::parse(text).is_none(), "{text}");
        }
        assert!(Schedule::parse("0 0 30 2 1").is_some(), "each Monday in February");
    }

    #[test]
    fn runs_are_at_least_five_minutes_apart() {
        for text in ["*/5 * * * *", "4-59/5 * * * *", "0,5 * * * *", "57 23 * * *", "55 23,0 * * *"] {
            assert!(Schedule::parse(text).is_some(), "{text}");
        }
        for text in ["* * * * *", "*/4 * * * *", "0,4 * * * *", "59,0 23,0 * * *", "0,58 * * * *"] {
            assert!(Schedule::parse(text).is_none(), "{text}");
        }
    }

    #[test]
    fn runs_outside_of_the_window_are_left_out() {
        let timing = Timing::new(schedule("0 */3 * * *"), night()).expect("runs in the window");
        let expected =
            ["2035-01-05T00:00:00Z", "2035-01-05T03:00:00Z", "2035-01-06T00:00:00Z", "2035-01-06T03:00:00Z"];
        assert_eq!(printed(&timing, "2035-01-05T00:00:00Z", 4), expected);
        assert_eq!(Timing::new(schedule("0 4-21 * * *"), night()), None);
        // Only the run before midnight is in the window, on Mondays.
        let weekly = Timing::new(schedule("30 12,23 * * 1"), night()).expect("runs in the window");
        assert_eq!(
            printed(&weekly, "2035-01-01T23:31:00Z", 2),
            ["2035-01-08T23:30:00Z", "2035-01-15T23:30:00Z"]
        );
    }

    #[test]
    fn passed_runs_are_counted() {
        let timing = Timing::new(schedule("0 * * * *"), None).expect("runs");
        let (two, five) = (at("2035-01-05T02:00:00Z"), at("2035-01-05T05:00:00Z"));
        assert_eq!(timing.passed(two, five), Passed { count: 3, last: Some(five) });
        assert_eq!(timing.passed(two, Micros(five.0 - 1)).count, 2);
        assert_eq!(timing.passed(five, two), Passed::default());
        assert_eq!(timing.passed(Micros(0), five).count, 10_000);
    }

    #[test]
    fn timing_is_stored_and_read_again() {
        let timing = Timing::new(schedule("0 2 * * SUN"), night()).expect("runs");
        let stored = serde_json::to_string(&timing).expect("JSON");
        assert_eq!(stored, r#"{"sc":"0 2 * * SUN","wi":{"start":"22:00","end":"04:00"}}"#);
        assert_eq!(serde_json::from_str::<Timing>(&stored).ok(), Some(timing));
    }

    /// Valid expressions with dates that are not on every day.
    fn schedules() -> impl Strategy<Value = Schedule> {
        let minutes = prop::sample::select(vec!["0", "7,41", "*/5", "59", "3-58/11"]);
        let hours = prop::sample::select(vec!["*", "0", "23", "*/4", "9-17", "1,2,22"]);
        let days = prop::sample::select(vec![
            "* * *",
            "1 * *",
            "* * MON",
            "L * *",
            "29 2 *",
            "13 * FRI",
            "* 6,7 SAT#2",
        ]);
        (minutes, hours, days)
            .prop_map(|(minutes, hours, days)| schedule(&format!("{minutes} {hours} {days}")))
    }

    proptest! {
        #[test]
        fn next_run_is_later_and_in_the_window_with_no_run_between(
            schedule in schedules(),
            window in prop::option::of(windows()),
            at in 1_500_000_000_i64..3_000_000_000,
            micros in 0_i64..1_000_000,
        ) {
            let at = Micros(at * 1_000_000 + micros);
            let Some(timing) = Timing::new(schedule.clone(), window) else {
                // No run of the schedule is in the window.
                let runs = Timing::new(schedule, None).expect("runs");
                for run in runs.runs(runs.run_after(at)).take(300) {
                    prop_assert!(!window.is_some_and(|window| window.contains(run)));
                }
                return Ok(());
            };
            let next = timing.run_after(at).expect("a run");
            prop_assert!(next > at);
            prop_assert_eq!(next.0 % MINUTE_MICROS, 0);
            prop_assert!(window.is_none_or(|window| window.contains(next)));
            prop_assert_eq!(timing.run_from(next), Some(next));
            let matches = |run: Micros| schedule.cron.is_time_matching(&run.to_utc()).expect("a time");
            prop_assert!(matches(next));
            // Looks at each minute between, for at most two days.
            let first = at.minute().0 + 1;
            for minute in first..next.minute().0.min(first + 2_880) {
                let run = domain::time::Minute(minute).start();
                let is_open = window.is_none_or(|window| window.contains(run));
                prop_assert!(!(is_open && matches(run)), "{run} is a run");
            }
        }
    }
}
