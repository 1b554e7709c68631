//! Pure. Calendar dates in UTC, written `yyyy-mm-dd`.

use chrono::NaiveDate;

use crate::time::Micros;

/// Whether this is a valid date in exactly the form `yyyy-mm-dd`.
pub fn is_valid(text: &str) -> bool {
    let is_plain = |(index, byte): (usize, u8)| {
        if matches!(index, 4 | 7) { byte == b'-' } else { byte.is_ascii_digit() }
    };
    text.len() == 10
        && text.bytes().enumerate().all(is_plain)
        && NaiveDate::parse_from_str(text, "%Y-%m-%d").is_ok()
}

/// Formats the date of a time.
pub fn format(at: Micros) -> String {
    at.to_utc().format("%Y-%m-%d").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_is_a_valid_day_in_ten_characters() {
        for (text, expected) in [
            ("2015-03-15", true),
            ("2016-02-29", true),
            ("2015-02-30", false),
            ("2015-1-05", false),
            ("2020-03-303", false),
            ("2015-03-15 ", false),
            ("+015-03-15", false),
            ("2015-03- 5", false),
        ] {
            assert_eq!(is_valid(text), expected, "{text}");
        }
    }
}
