//! Pure. Times in the W3C profile of ISO 8601, as requests and documents have them.

use chrono::{DateTime, NaiveDateTime, SubsecRound, Utc};

use crate::time::Micros;

/// Parses a time such as `2015-01-10T12:00:00Z`, truncated to whole seconds. The time needs `Z` or an offset; seconds
/// and their fraction are optional. A space is read as the `+` of an offset, since query strings decode `+` to a space.
pub fn parse(text: &str) -> Option<Micros> {
    let text = text.trim().replacen(' ', "+", 1);
    let at = DateTime::parse_from_rfc3339(&text).ok().or_else(|| without_seconds(&text))?;
    Some(Micros::from(at.with_timezone(&Utc).trunc_subsecs(0)))
}

fn without_seconds(text: &str) -> Option<DateTime<chrono::FixedOffset>> {
    let (clock, offset) = match text.strip_suffix('Z') {
        Some(clock) => (clock, "+00:00"),
        None => text.split_at_checked(text.len().checked_sub(6)?)?,
    };
    NaiveDateTime::parse_from_str(clock, "%Y-%m-%dT%H:%M").ok()?;
    DateTime::parse_from_rfc3339(&format!("{clock}:00{offset}")).ok()
}

/// Formats a time as `2015-01-10T12:00:00Z`.
pub fn format(at: Micros) -> String {
    at.to_utc().format("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// Formats a time as `2015-01-10T12:00:00`, in UTC but without `Z`.
pub fn format_without_zone(at: Micros) -> String {
    at.to_utc().format("%Y-%m-%dT%H:%M:%S").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_parse_in_any_zone_and_format_in_utc() {
        for (text, expected) in [
            ("2015-01-10T12:00:00Z", Some("2015-01-10T12:00:00Z")),
            ("2015-01-10T12:00Z", Some("2015-01-10T12:00:00Z")),
            ("2015-01-10T12:00:00.75Z", Some("2015-01-10T12:00:00Z")),
            ("2015-01-10T12:00:00+02:00", Some("2015-01-10T10:00:00Z")),
            ("2015-01-10T12:00:00 02:00", Some("2015-01-10T10:00:00Z")),
            ("2015-01-10T12:00-02:30", Some("2015-01-10T14:30:00Z")),
            ("2015-01-10", None),
            ("2015-01-10T12:00:00", None),
            ("2015-02-30T12:00:00Z", None),
            ("yesterday", None),
            ("é", None),
            ("", None),
        ] {
            assert_eq!(parse(text).map(format).as_deref(), expected, "{text}");
        }
    }
}
