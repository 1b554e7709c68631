//! Pure. Times as records store them, in `StackTach` v2's text form.

use std::fmt;

use chrono::{DateTime, Datelike, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

/// A time: whole microseconds since the epoch, UTC.
///
/// `Display` prints `yyyy-mm-dd hh:mm:ss`, with `.ffffff` (six digits) only when the microseconds are not zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Micros(pub i64);

const SECOND: i64 = 1_000_000;

impl Micros {
    /// Parses `yyyy-mm-dd hh:mm:ss[.f..ffffff]`, the same with `T`, the `T` form with a final `Z`, and any of them with
    /// an offset such as `+00:00` (a blank is accepted for the `+`, because decoding a query turns `+` into a blank).
    /// One-digit months, days, hours, minutes and seconds are accepted; a date alone or a seventh fraction digit is not.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let (date, time) = text.split_once(['T', ' '])?;
        let with_t = text.as_bytes().get(date.len()) == Some(&b'T');
        let (clock, offset) = match time.strip_suffix('Z') {
            Some(clock) if with_t => (clock, TimeDelta::zero()),
            Some(_) => return None,
            None => split_offset(time)?,
        };
        let at = NaiveDateTime::new(parse_date(date)?, parse_clock(clock)?).checked_sub_signed(offset)?;
        Some(Self(at.and_utc().timestamp_micros()))
    }

    /// Returns the start of the second.
    #[must_use]
    pub fn whole_second(self) -> Self {
        Self(self.0.div_euclid(SECOND) * SECOND)
    }

    /// Returns the time `seconds` later.
    #[must_use]
    pub fn plus_seconds(self, seconds: i64) -> Self {
        Self(self.0.saturating_add(seconds.saturating_mul(SECOND)))
    }

    /// Returns whole seconds since the epoch, the unit of a table's TTL attribute.
    pub fn epoch_seconds(self) -> i64 {
        self.0.div_euclid(SECOND)
    }

    /// Returns the minute that contains this time.
    pub fn minute(self) -> Minute {
        Minute(self.0.div_euclid(60 * SECOND))
    }

    /// Returns the hour that contains this time.
    pub fn hour(self) -> Hour {
        Hour(self.0.div_euclid(3_600 * SECOND))
    }

    /// Returns whole months since the year 0.
    pub fn months(self) -> i64 {
        let at = self.to_utc();
        i64::from(at.year()) * 12 + i64::from(at.month0())
    }

    /// Returns the calendar time.
    pub fn to_utc(self) -> DateTime<Utc> {
        DateTime::from_timestamp_micros(self.0).unwrap_or_default()
    }
}

/// A minute: whole minutes since the epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Minute(pub i64);

/// An hour: whole hours since the epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Hour(pub i64);

impl Minute {
    /// A minute that never comes.
    pub const NEVER: Self = Self(i64::MAX);

    /// Returns the hour that contains the minute.
    pub fn hour(self) -> Hour {
        Hour(self.0.div_euclid(60))
    }

    /// Returns the first microsecond of the minute.
    pub fn start(self) -> Micros {
        Micros(self.0.saturating_mul(60 * SECOND))
    }

    /// Returns the minute `count` minutes later.
    #[must_use]
    pub fn plus(self, count: i64) -> Self {
        Self(self.0.saturating_add(count))
    }
}

impl Hour {
    /// Returns the first microsecond of the hour.
    pub fn start(self) -> Micros {
        Micros(self.0.saturating_mul(3_600 * SECOND))
    }

    /// Returns the last microsecond of the hour.
    pub fn end(self) -> Micros {
        Micros(Self(self.0.saturating_add(1)).start().0 - 1)
    }
}

impl fmt::Display for Minute {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl From<DateTime<Utc>> for Micros {
    fn from(at: DateTime<Utc>) -> Self {
        Self(at.timestamp_micros())
    }
}

impl fmt::Display for Micros {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let at = self.to_utc();
        write!(f, "{}", at.format("%Y-%m-%d %H:%M:%S"))?;
        match self.0.rem_euclid(SECOND) {
            0 => Ok(()),
            micros => write!(f, ".{micros:06}"),
        }
    }
}

fn parse_date(text: &str) -> Option<NaiveDate> {
    let mut parts = text.split('-');
    let (year, month, day) = (parts.next()?, parts.next()?, parts.next()?);
    if parts.next().is_some() || year.len() != 4 {
        return None;
    }
    NaiveDate::from_ymd_opt(i32::try_from(digits(year, 4)?).ok()?, digits(month, 2)?, digits(day, 2)?)
        .filter(|date| *date >= NaiveDate::from_ymd_opt(1, 1, 1).unwrap_or_default())
}

fn parse_clock(text: &str) -> Option<NaiveTime> {
    let (clock, fraction) = match text.split_once('.') {
        Some((clock, fraction)) => (clock, Some(fraction)),
        None => (text, None),
    };
    let mut parts = clock.split(':');
    let (hour, minute, second) = (parts.next()?, parts.next()?, parts.next()?);
    if parts.next().is_some() {
        return None;
    }
    let micros = match fraction {
        None => 0,
        Some(fraction) => digits(fraction, 6)? * 10_u32.pow(6 - u32::try_from(fraction.len()).ok()?),
    };
    NaiveTime::from_hms_micro_opt(digits(hour, 2)?, digits(minute, 2)?, digits(second, 2)?, micros)
}

/// Splits a trailing `+hh:mm` or `-hh:mm` off a time of day.
fn split_offset(time: &str) -> Option<(&str, TimeDelta)> {
    let Some(at) = time.rfind(['+', '-', ' ']) else { return Some((time, TimeDelta::zero())) };
    let (hours, minutes) = time[at + 1..].split_once(':')?;
    let (hours, minutes) = (digits(hours, 2)?, digits(minutes, 2)?);
    if hours > 23 || minutes > 59 {
        return None;
    }
    let offset = TimeDelta::minutes(i64::from(hours * 60 + minutes));
    Some((&time[..at], if time.as_bytes()[at] == b'-' { -offset } else { offset }))
}

fn digits(text: &str, most: usize) -> Option<u32> {
    let plain = !text.is_empty() && text.len() <= most && text.bytes().all(|b| b.is_ascii_digit());
    plain.then(|| text.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn every_documented_form_is_parsed_and_printed() {
        for (text, printed) in [
            ("2014-01-17 15:35:44", "2014-01-17 15:35:44"),
            ("2014-01-17 15:35:44.1", "2014-01-17 15:35:44.100000"),
            ("2014-01-17T15:35:44.000001Z", "2014-01-17 15:35:44.000001"),
            ("2014-01-17T15:35:44", "2014-01-17 15:35:44"),
            ("2014-1-2 3:4:5", "2014-01-02 03:04:05"),
            ("2014-01-17T15:35:44+02:00", "2014-01-17 13:35:44"),
            ("2014-01-17T15:35:44 00:00", "2014-01-17 15:35:44"),
            ("2014-01-17 15:35:44-01:30", "2014-01-17 17:05:44"),
            (" 1969-12-31 23:59:59.5 ", "1969-12-31 23:59:59.500000"),
        ] {
            assert_eq!(Micros::parse(text).map(|at| at.to_string()).as_deref(), Some(printed), "{text}");
        }
    }

    #[test]
    fn invalid_times_are_refused() {
        for text in [
            "",
            "2014-01-17",
            "2014-01-17 15:35",
            "2014-01-17 15:35:44.",
            "2014-01-17 15:35:44.1234567",
            "2014-01-17 15:35:44Z",
            "2014-13-01 00:00:00",
            "2014-02-30 00:00:00",
            "14-01-17 00:00:00",
            "2014-01-17 24:00:00",
            "2014-01-17T15:35:44+0200",
            "0000-01-01 00:00:00",
            "now",
        ] {
            assert_eq!(Micros::parse(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn printed_times_parse_to_the_same_time(micros in 0_i64..253_402_300_799_999_999) {
            let at = Micros(micros);
            prop_assert_eq!(Micros::parse(&at.to_string()), Some(at));
            prop_assert_eq!(Micros::parse(&at.to_string().replace(' ', "T")), Some(at));
        }

        #[test]
        fn parsing_never_panics(text in "\\PC*") {
            let _ = Micros::parse(&text);
        }
    }
}
