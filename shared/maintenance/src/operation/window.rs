//! Pure. Maintenance windows: the time of each day in which statements may start.

use std::fmt;

use domain::time::{Micros, Minute};
use serde::{Deserialize, Serialize};

const DAY: i64 = 24 * 60;

/// A minute of the day in UTC, written `HH:MM`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct DayMinute(i64);

/// The time of each day from `start` to just before `end`, in UTC. Crosses midnight if `end` is the earlier one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "Bounds")]
pub struct Window {
    start: DayMinute,
    end: DayMinute,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Bounds {
    start: DayMinute,
    end: DayMinute,
}

impl DayMinute {
    /// Returns a minute of the day. `None` from 24:00 on.
    pub fn new(hour: u16, minute: u16) -> Option<Self> {
        (hour < 24 && minute < 60).then(|| Self(i64::from(hour) * 60 + i64::from(minute)))
    }

    fn of(minute: Minute) -> Self {
        Self(minute.0.rem_euclid(DAY))
    }

    /// Returns the minutes from this minute of the day until the next `other`; 0 if they are the same.
    pub fn until(self, other: Self) -> i64 {
        (other.0 - self.0).rem_euclid(DAY)
    }
}

impl TryFrom<String> for DayMinute {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let number = |part: &str| {
            let is_pair = part.len() == 2 && part.bytes().all(|byte| byte.is_ascii_digit());
            is_pair.then(|| part.parse().ok()).flatten()
        };
        let parsed =
            text.split_once(':').and_then(|(hour, minute)| Self::new(number(hour)?, number(minute)?));
        parsed.ok_or("expected a time of day such as 22:00")
    }
}

impl From<DayMinute> for String {
    fn from(minute: DayMinute) -> Self {
        minute.to_string()
    }
}

impl fmt::Display for DayMinute {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02}:{:02}", self.0 / 60, self.0 % 60)
    }
}

impl TryFrom<Bounds> for Window {
    type Error = &'static str;

    fn try_from(Bounds { start, end }: Bounds) -> Result<Self, Self::Error> {
        Self::new(start, end).ok_or("expected two different times of day")
    }
}

impl Window {
    /// Returns the window between two times of day. `None` if they are the same.
    pub fn new(start: DayMinute, end: DayMinute) -> Option<Self> {
        (start != end).then_some(Self { start, end })
    }

    /// Whether the window is open at a time.
    pub fn contains(&self, at: Micros) -> bool {
        self.contains_minute(DayMinute::of(at.minute()))
    }

    /// Whether the window is open in a minute of the day.
    pub fn contains_minute(&self, minute: DayMinute) -> bool {
        self.start.until(minute) < self.start.until(self.end)
    }

    /// Returns a time at which the window is open: `at` itself, or the next opening.
    pub fn open_from(&self, at: Micros) -> Micros {
        if self.contains(at) {
            return at;
        }
        let minute = at.minute();
        minute.plus(DayMinute::of(minute).until(self.start)).start()
    }
}

impl fmt::Display for Window {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} to {} UTC", self.start, self.end)
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::operation::datetime;

    /// Any window.
    pub(crate) fn windows() -> impl Strategy<Value = Window> {
        (0..DAY, 1..DAY).prop_map(|(start, minutes)| Window {
            start: DayMinute(start),
            end: DayMinute((start + minutes) % DAY),
        })
    }

    fn at(text: &str) -> Micros {
        datetime::parse(text).expect("a time")
    }

    fn window(text: &str) -> Option<Window> {
        serde_json::from_str(text).ok()
    }

    #[test]
    fn window_may_cross_midnight() {
        let night = window(r#"{"start": "22:00", "end": "04:00"}"#).expect("a window");
        let day = window(r#"{"start": "09:30", "end": "17:00"}"#).expect("a window");
        for (clock, in_night, in_day) in [
            ("21:59:59", false, false),
            ("22:00:00", true, false),
            ("00:00:00", true, false),
            ("03:59:59", true, false),
            ("04:00:00", false, false),
            ("09:29:59", false, false),
            ("09:30:00", false, true),
            ("16:59:59", false, true),
            ("17:00:00", false, false),
        ] {
            let at = at(&format!("2035-01-05T{clock}Z"));
            assert_eq!((night.contains(at), day.contains(at)), (in_night, in_day), "{clock}");
        }
        assert_eq!(night.to_string(), "22:00 to 04:00 UTC");
    }

    #[test]
    fn closed_window_opens_at_its_start() {
        let night = window(r#"{"start": "22:00", "end": "04:00"}"#).expect("a window");
        for (time, expected) in [
            ("2035-01-05T21:59:59Z", "2035-01-05T22:00:00Z"),
            ("2035-01-05T04:00:00Z", "2035-01-05T22:00:00Z"),
            ("2035-01-05T23:10:07Z", "2035-01-05T23:10:07Z"),
        ] {
            assert_eq!(night.open_from(at(time)), at(expected), "{time}");
        }
        let morning = window(r#"{"start": "01:00", "end": "02:00"}"#).expect("a window");
        assert_eq!(morning.open_from(at("2035-12-31T02:00:00Z")), at("2036-01-01T01:00:00Z"));
    }

    #[test]
    fn bounds_are_two_different_times_of_day() {
        for text in [
            r#"{"start": "22:00"}"#,
            r#"{"start": "22:00", "end": "22:00"}"#,
            r#"{"start": "24:00", "end": "04:00"}"#,
            r#"{"start": "22:60", "end": "04:00"}"#,
            r#"{"start": "9:00", "end": "17:00"}"#,
            r#"{"start": "+9:00", "end": "17:00"}"#,
            r#"{"start": "09:00:00", "end": "17:00"}"#,
            r#"{"start": "09:00", "end": "17:00", "zone": "CET"}"#,
            r#"{"start": 9, "end": 17}"#,
            r#""22:00-04:00""#,
        ] {
            assert_eq!(window(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn window_is_open_at_its_next_opening_and_closed_until_then(
            window in windows(),
            at in 0_i64..4_000_000_000,
        ) {
            let at = Micros(at * 1_000_000 + 7);
            let opening = window.open_from(at);
            prop_assert!(opening >= at && window.contains(opening));
            for minute in at.minute().0..opening.minute().0 {
                prop_assert!(!window.contains(Minute(minute).start()));
            }
        }
    }
}
