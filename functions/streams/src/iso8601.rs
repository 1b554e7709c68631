//! Pure. Times of this API: ISO 8601, read in basic and extended form and written in extended form.

use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, Utc};
use domain::time::Micros;

const DATES: [&str; 2] = ["%Y-%m-%d", "%Y%m%d"];
const TIMES: [&str; 4] = ["%H:%M:%S%.f", "%H:%M", "%H%M%S%.f", "%H%M"];

/// Parses a date, a time of today, or both. Without a zone it is UTC.
pub fn parse(text: &str, now: DateTime<Utc>) -> Option<Micros> {
    let text = text.trim();
    let (day, clock) = match text.split_once(['T', 't', ' ']) {
        Some((day, clock)) => (day, Some(clock)),
        None if text.contains(':') => ("", Some(text)),
        None => (text, None),
    };
    let day = match day {
        "" if clock.is_some() => now.date_naive(),
        day => DATES.iter().find_map(|form| NaiveDate::parse_from_str(day, form).ok())?,
    };
    let Some(clock) = clock else {
        return Some(NaiveDateTime::new(day, NaiveTime::MIN).and_utc().into());
    };
    let (clock, offset) = split_zone(clock)?;
    let time = TIMES.iter().find_map(|form| NaiveTime::parse_from_str(clock, form).ok())?;
    let at = NaiveDateTime::new(day, time).checked_sub_signed(offset)?;
    Some(at.and_utc().into())
}

/// Formats a time as `2015-02-27T00:00:00`, in UTC without a zone. The fraction has six digits, or none if it is zero.
pub fn format(at: Micros) -> String {
    at.to_string().replacen(' ', "T", 1)
}

/// Splits a time into its clock reading and its offset from UTC. The `+` of an offset may be a space, which is what an
/// unencoded `+` in a query means.
fn split_zone(clock: &str) -> Option<(&str, TimeDelta)> {
    if let Some(clock) = clock.strip_suffix(['Z', 'z']) {
        return Some((clock, TimeDelta::zero()));
    }
    let Some(at) = clock.rfind(['+', '-', ' ']) else { return Some((clock, TimeDelta::zero())) };
    let digits: String = clock[at + 1..].chars().filter(|c| *c != ':').collect();
    let (hours, minutes) = match digits.len() {
        2 => (digits.as_str(), "0"),
        4 => digits.split_at(2),
        _ => return None,
    };
    let (hours, minutes): (i64, i64) = (hours.parse().ok()?, minutes.parse().ok()?);
    if hours > 23 || minutes > 59 {
        return None;
    }
    let offset = TimeDelta::minutes(hours * 60 + minutes);
    Some((clock[..at].trim_end(), if clock.as_bytes()[at] == b'-' { -offset } else { offset }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_parsed_in_basic_and_extended_form() {
        let now = "2015-03-01T09:00:00Z".parse().expect("a time");
        for (text, expected) in [
            ("2015-02-28T13:30", Some("2015-02-28 13:30:00")),
            ("2015-02-28", Some("2015-02-28 00:00:00")),
            ("2015-02-28 13:30:00.5", Some("2015-02-28 13:30:00.500000")),
            ("20150228T1330", Some("2015-02-28 13:30:00")),
            ("20150228T133005", Some("2015-02-28 13:30:05")),
            ("2015-02-28T13:30:00Z", Some("2015-02-28 13:30:00")),
            ("2015-02-28T13:30+02:00", Some("2015-02-28 11:30:00")),
            ("2015-02-28T13:30 02:00", Some("2015-02-28 11:30:00")),
            ("2015-02-28T13:30-0230", Some("2015-02-28 16:00:00")),
            ("13:30", Some("2015-03-01 13:30:00")),
            ("yesterday", None),
            ("2015-02-30", None),
            ("2015-02-28T25:00", None),
            ("2015-02-28T13:30+99:00", None),
            ("", None),
        ] {
            assert_eq!(parse(text, now).map(|at| at.to_string()).as_deref(), expected, "{text}");
        }
    }
}
