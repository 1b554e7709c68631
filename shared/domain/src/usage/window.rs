//! Pure. Time windows of event counts, and the hours that they cover.

use std::collections::BTreeMap;

use crate::error::Error;
use crate::time::{Hour, Micros};

/// The longest window in seconds. The original has the same limit, because it counts rows.
pub const MAX_SECONDS: i64 = 604_800;

/// A time range, both ends included. Empty if it ends before it begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    min: Micros,
    max: Micros,
}

impl Window {
    /// Creates a window. Fails if it is longer than [`MAX_SECONDS`].
    pub fn new(min: Micros, max: Micros) -> Result<Self, Error> {
        if max.0.saturating_sub(min.0) > MAX_SECONDS * 1_000_000 {
            return Err(Error::invalid(format!(
                "when_max may be at most {MAX_SECONDS} seconds (7 days) after when_min; split the query into shorter windows."
            )));
        }
        Ok(Self { min, max })
    }

    /// Whether the window contains a time.
    pub fn contains(&self, at: Micros) -> bool {
        self.min <= at && at <= self.max
    }

    /// Returns the first and last hour that overlap the window. `None` if the window is empty.
    pub fn hours(&self) -> Option<(Hour, Hour)> {
        (self.min <= self.max).then(|| (self.min.hour(), self.max.hour()))
    }

    fn covers(&self, hour: Hour) -> bool {
        self.contains(hour.start()) && self.contains(hour.end())
    }
}

/// Event counts by hour and event type, without zeros.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HourlyCounts(BTreeMap<Hour, BTreeMap<String, Count>>);

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Count {
    /// The value of the hour's counter.
    counted: u64,
    /// The number of rows read so far.
    read: u64,
}

impl HourlyCounts {
    /// Adds to the count of an event type in an hour.
    pub fn add(&mut self, hour: Hour, event_type: &str, count: u64) {
        if count > 0 {
            self.0.entry(hour).or_default().entry(event_type.to_owned()).or_default().counted += count;
        }
    }

    /// Returns the totals over all hours.
    pub fn sum(self) -> BTreeMap<String, u64> {
        let mut sum = BTreeMap::new();
        for (event_type, count) in self.0.into_values().flatten() {
            *sum.entry(event_type).or_default() += count.counted;
        }
        sum
    }

    /// Splits into the hours that a window covers completely, and those that it covers in part.
    pub fn split(self, window: &Window) -> (Self, Self) {
        let (whole, partial) = self.0.into_iter().partition(|(hour, _)| window.covers(*hour));
        (Self(whole), Self(partial))
    }

    /// Marks one notification as read. Returns whether its hour and event type are counted here.
    pub fn mark_read(&mut self, at: Micros, event_type: &str) -> bool {
        let count = self.0.get_mut(&at.hour()).and_then(|types| types.get_mut(event_type));
        if let Some(count) = count {
            count.read += 1;
            return true;
        }
        false
    }

    /// Removes the hours whose notifications have all been read.
    pub fn remove_complete(&mut self) {
        self.0.retain(|_, types| types.values().any(|count| count.read < count.counted));
    }

    /// Whether no hours are left.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns the start of the earliest hour.
    pub fn first(&self) -> Option<Micros> {
        self.0.keys().next().map(|hour| hour.start())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Micros {
        Micros::parse(text).expect("a valid time")
    }

    fn window(min: &str, max: &str) -> Window {
        Window::new(at(min), at(max)).expect("at most 7 days")
    }

    #[test]
    fn window_spans_at_most_seven_days() {
        let from = at("2014-01-01 00:00:00");
        assert!(Window::new(from, from.plus_seconds(MAX_SECONDS)).is_ok());
        assert!(Window::new(from, Micros(from.plus_seconds(MAX_SECONDS).0 + 1)).is_err());
        assert_eq!(Window::new(from.plus_seconds(1), from).expect("an empty window is valid").hours(), None);
    }

    #[test]
    fn hour_is_covered_only_up_to_its_last_microsecond() {
        let mut hours = HourlyCounts::default();
        let nine = at("2014-01-01 09:00:00").hour();
        for hour in (nine.0..nine.0 + 3).map(Hour) {
            hours.add(hour, "a", 1);
        }
        for (min, max, whole) in [
            ("2014-01-01 09:00:00", "2014-01-01 11:59:59.999999", 3),
            ("2014-01-01 09:00:00", "2014-01-01 11:59:59.999998", 2),
            ("2014-01-01 09:00:00.000001", "2014-01-01 11:00:00", 1),
            ("2014-01-01 09:30:00", "2014-01-01 09:40:00", 0),
        ] {
            let (covered, partial) = hours.clone().split(&window(min, max));
            assert_eq!((covered.0.len(), partial.0.len()), (whole, 3 - whole), "{min} {max}");
        }
    }

    #[test]
    fn hour_is_removed_once_every_event_type_is_read_completely() {
        let mut hours = HourlyCounts::default();
        let then = at("2014-01-01 09:12:00");
        hours.add(then.hour(), "a", 2);
        hours.add(then.hour(), "b", 1);
        assert!(!hours.mark_read(then, "c") && !hours.mark_read(then.plus_seconds(3_600), "a"));
        assert!(hours.mark_read(then, "a") && hours.mark_read(then, "b"));
        hours.remove_complete();
        assert_eq!(hours.first(), Some(at("2014-01-01 09:00:00")));
        assert!(hours.mark_read(then, "a"));
        hours.remove_complete();
        assert!(hours.is_empty());
    }
}
