//! Pure. The documented form of due times: `2019-03-22T12:24:39Z`.

use chrono::{DateTime, Datelike, NaiveDateTime};
use domain::time::Micros;

const FORM: &str = "%Y-%m-%dT%H:%M:%SZ";

/// Parses `YYYY-MM-DDThh:mm:ssZ`: UTC, whole seconds, every field with all its digits. Years start at 1.
pub fn parse(text: &str) -> Option<Micros> {
    let digits = |range: std::ops::Range<usize>| text.as_bytes()[range].iter().all(u8::is_ascii_digit);
    let is_complete = text.len() == 20
        && [0..4, 5..7, 8..10, 11..13, 14..16, 17..19].into_iter().all(digits)
        && text.as_bytes()[17] <= b'5';
    let time = is_complete.then(|| NaiveDateTime::parse_from_str(text, FORM).ok()).flatten()?;
    (time.year() >= 1).then(|| Micros(time.and_utc().timestamp_micros()))
}

/// Prints a time in the documented form, to the second.
pub fn print(at: Micros) -> String {
    DateTime::from_timestamp_micros(at.0).unwrap_or_default().format(FORM).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documented_times_are_parsed_and_printed() {
        for text in
            ["2019-03-22T12:24:39Z", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "2028-02-29T00:00:00Z"]
        {
            assert_eq!(parse(text).map(print).as_deref(), Some(text));
        }
    }

    #[test]
    fn other_forms_and_impossible_times_are_malformed() {
        for text in [
            "",
            "2019-03-22T12:24:39",
            "2019-03-22T12:24:39+00:00",
            "2019-03-22T12:24:39.5Z",
            "2019-03-22 12:24:39Z",
            "2019-03-22t12:24:39z",
            "2031-13-02T00:00:00Z",
            "2031-02-30T00:00:00Z",
            "2031-01-02T24:00:00Z",
            "2031-01-02T00:00:60Z",
            "0000-01-01T00:00:00Z",
            "2031-1-02T00:00:00Z",
            "+031-01-02T00:00:00Z",
            "2031-01-02T00:00:00Z\n",
            "２031-01-02T00:00Z",
        ] {
            assert_eq!(parse(text), None, "{text:?}");
        }
    }
}
