//! Pure. The window of a count of notifications, and the hours that it covers wholly or in part.

use std::collections::BTreeMap;

use crate::error::Error;
use crate::time::Micros;

const HOUR: i64 = 3_600_000_000;

/// Seconds that a window may span, the ends included; the original counted rows and would not count more.
pub const LONGEST: i64 = 604_800;

/// From when to when, both included. One that ends before it begins holds nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    min: Micros,
    max: Micros,
}

impl Window {
    /// A window of at most [`LONGEST`] seconds.
    pub fn new(min: Micros, max: Micros) -> Result<Self, Error> {
        if max.0.saturating_sub(min.0) > LONGEST * 1_000_000 {
            return Err(Error::invalid(format!(
                "when_max may be at most {LONGEST} seconds (7 days) after when_min; count the days one by one."
            )));
        }
        Ok(Self { min, max })
    }

    /// Whether a time lies in it.
    pub fn contains(&self, at: Micros) -> bool {
        self.min <= at && at <= self.max
    }

    /// The first and the last hour (since the epoch) that it touches; none where it holds nothing.
    pub fn hours(&self) -> Option<(i64, i64)> {
        (self.min <= self.max).then(|| (hour(self.min), hour(self.max)))
    }

    fn covers(&self, hour: i64) -> bool {
        self.contains(Micros(hour * HOUR)) && self.contains(Micros((hour + 1) * HOUR - 1))
    }
}

/// Counts per hour and event type; none of them is 0.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Hours(BTreeMap<i64, BTreeMap<String, Count>>);

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Count {
    counted: u64,
    seen: u64,
}

impl Hours {
    /// Adds to the count of a type in an hour (since the epoch).
    pub fn add(&mut self, hour: i64, event_type: &str, count: u64) {
        if count > 0 {
            self.0.entry(hour).or_default().entry(event_type.to_owned()).or_default().counted += count;
        }
    }

    /// The counts of all hours together.
    pub fn sum(self) -> BTreeMap<String, u64> {
        let mut sum = BTreeMap::new();
        for (event_type, count) in self.0.into_values().flatten() {
            *sum.entry(event_type).or_default() += count.counted;
        }
        sum
    }

    /// The hours that a window covers, and those that it touches only in part.
    pub fn split(self, window: &Window) -> (Self, Self) {
        let (whole, parts) = self.0.into_iter().partition(|(hour, _)| window.covers(*hour));
        (Self(whole), Self(parts))
    }

    /// Notes that a notification was seen; whether its hour and type are among those that are counted here.
    pub fn see(&mut self, at: Micros, event_type: &str) -> bool {
        let count = self.0.get_mut(&hour(at)).and_then(|types| types.get_mut(event_type));
        if let Some(count) = count {
            count.seen += 1;
            return true;
        }
        false
    }

    /// Drops the hours of which everything was seen that was counted.
    pub fn forget_seen(&mut self) {
        self.0.retain(|_, types| types.values().any(|count| count.seen < count.counted));
    }

    /// Whether no hour is left.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// When the earliest hour begins.
    pub fn first(&self) -> Option<Micros> {
        self.0.keys().next().map(|hour| Micros(hour * HOUR))
    }
}

fn hour(at: Micros) -> i64 {
    at.0.div_euclid(HOUR)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Micros {
        Micros::parse(text).expect("a time")
    }

    fn window(min: &str, max: &str) -> Window {
        Window::new(at(min), at(max)).expect("it is short")
    }

    #[test]
    fn seven_days_are_the_longest_window() {
        let from = at("2014-01-01 00:00:00");
        assert!(Window::new(from, from.plus_seconds(LONGEST)).is_ok());
        assert!(Window::new(from, Micros(from.plus_seconds(LONGEST).0 + 1)).is_err());
        assert_eq!(Window::new(from.plus_seconds(1), from).expect("it is no error").hours(), None);
    }

    #[test]
    fn an_hour_is_whole_only_up_to_its_last_microsecond() {
        let mut hours = Hours::default();
        let nine = hour(at("2014-01-01 09:00:00"));
        for hour in nine..nine + 3 {
            hours.add(hour, "a", 1);
        }
        for (min, max, whole) in [
            ("2014-01-01 09:00:00", "2014-01-01 11:59:59.999999", 3),
            ("2014-01-01 09:00:00", "2014-01-01 11:59:59.999998", 2),
            ("2014-01-01 09:00:00.000001", "2014-01-01 11:00:00", 1),
            ("2014-01-01 09:30:00", "2014-01-01 09:40:00", 0),
        ] {
            let (covered, parts) = hours.clone().split(&window(min, max));
            assert_eq!((covered.0.len(), parts.0.len()), (whole, 3 - whole), "{min} {max}");
        }
    }

    #[test]
    fn an_hour_is_forgotten_once_every_type_was_seen_as_often_as_counted() {
        let mut hours = Hours::default();
        let then = at("2014-01-01 09:12:00");
        hours.add(hour(then), "a", 2);
        hours.add(hour(then), "b", 1);
        assert!(!hours.see(then, "c") && !hours.see(then.plus_seconds(3_600), "a"));
        assert!(hours.see(then, "a") && hours.see(then, "b"));
        hours.forget_seen();
        assert_eq!(hours.first(), Some(at("2014-01-01 09:00:00")));
        assert!(hours.see(then, "a"));
        hours.forget_seen();
        assert!(hours.is_empty());
    }
}
