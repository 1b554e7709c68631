//! Pure. Datetimes in notifications: ISO 8601 and similar forms.

use chrono::{NaiveDate, NaiveDateTime, NaiveTime, TimeDelta};
use winnow::combinator::{alt, opt, preceded};
use winnow::error::ContextError;
use winnow::prelude::*;
use winnow::token::{one_of, take_while};

use crate::time::Micros;

/// Parses a date, or a date and a time separated by `T` or a space, such as `2024-03-15T12:20:30.5+02:00`,
/// `2024-03-15 12:20` and `20240315T122030Z`.
///
/// The default zone is UTC, and the default time is midnight. Digits beyond microseconds are truncated.
pub fn parse(text: &str) -> Option<Micros> {
    let (date, time) =
        (date, opt(preceded(one_of(['T', 't', ' ']), (time, opt(zone))))).parse(text.trim()).ok()?;
    let (time, zone) = time.unwrap_or((NaiveTime::MIN, None));
    let at = NaiveDateTime::new(date, time).checked_sub_signed(zone.unwrap_or_default())?;
    Some(Micros(at.and_utc().timestamp_micros()))
}

type Parsed<T> = winnow::Result<T, ContextError>;

fn date(input: &mut &str) -> Parsed<NaiveDate> {
    let year = digits(4, 4).try_map(i32::try_from);
    let dashed = (preceded('-', digits(1, 2)), preceded('-', digits(1, 2)));
    let (year, (month, day)) = (year, alt((dashed, (digits(2, 2), digits(2, 2))))).parse_next(input)?;
    NaiveDate::from_ymd_opt(year, month, day).filter(|_| year > 0).ok_or_else(ContextError::new)
}

fn time(input: &mut &str) -> Parsed<NaiveTime> {
    let two = || digits(1, 2);
    let compact = (digits(2, 2), digits(2, 2), opt((digits(2, 2), fraction)));
    let colons = (two(), preceded(':', two()), opt((preceded(':', two()), fraction)));
    let (hour, minute, finer) =
        alt((compact, colons, two().map(|hour| (hour, 0, None)))).parse_next(input)?;
    let (second, micros) = finer.unwrap_or_default();
    NaiveTime::from_hms_micro_opt(hour, minute, second, micros).ok_or_else(ContextError::new)
}

/// Parses an optional fraction of any length to microseconds.
fn fraction(input: &mut &str) -> Parsed<u32> {
    let digits: Option<&str> =
        opt(preceded(one_of(['.', ',']), take_while(1.., |c: char| c.is_ascii_digit()))).parse_next(input)?;
    let digits = digits.unwrap_or_default().chars().chain("000000".chars()).take(6);
    Ok(digits.fold(0, |micros, digit| micros * 10 + digit.to_digit(10).unwrap_or_default()))
}

/// Parses a zone to its offset from UTC.
fn zone(input: &mut &str) -> Parsed<TimeDelta> {
    let offset = (one_of(['+', '-']), digits(2, 2), opt(preceded(opt(':'), digits(2, 2))))
        .verify(|(_, hours, minutes)| *hours < 24 && minutes.unwrap_or_default() < 60)
        .map(|(sign, hours, minutes)| {
            let offset = TimeDelta::minutes(i64::from(hours * 60 + minutes.unwrap_or_default()));
            if sign == '-' { -offset } else { offset }
        });
    preceded(take_while(0.., ' '), alt((one_of(['Z', 'z']).value(TimeDelta::zero()), offset)))
        .parse_next(input)
}

fn digits<'i>(min: usize, max: usize) -> impl Parser<&'i str, u32, ContextError> {
    take_while(min..=max, |c: char| c.is_ascii_digit()).parse_to()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn common_forms_are_parsed() {
        for (text, expected) in [
            ("2024-03-15", "2024-03-15 00:00:00"),
            ("2024-3-5", "2024-03-05 00:00:00"),
            ("20240315", "2024-03-15 00:00:00"),
            ("2024-03-15T12:20:30", "2024-03-15 12:20:30"),
            ("2024-03-15 12:20:30", "2024-03-15 12:20:30"),
            (" 2024-03-15T12:20:30Z ", "2024-03-15 12:20:30"),
            ("2024-03-15T12:20:30 +0000", "2024-03-15 12:20:30"),
            ("2024-03-15T12:20:30+02:00", "2024-03-15 10:20:30"),
            ("2024-03-15T12:20:30-0130", "2024-03-15 13:50:30"),
            ("2024-03-15T23:20:30-02", "2024-03-16 01:20:30"),
            ("2024-03-15T12:20", "2024-03-15 12:20:00"),
            ("2024-03-15T12", "2024-03-15 12:00:00"),
            ("20240315T122030.5Z", "2024-03-15 12:20:30.500000"),
            ("20240315T1220", "2024-03-15 12:20:00"),
            ("2024-03-15 12:20:30.000001", "2024-03-15 12:20:30.000001"),
            ("2024-03-15 12:20:30.123456789", "2024-03-15 12:20:30.123456"),
            ("2024-03-15 12:20:30,25", "2024-03-15 12:20:30.250000"),
        ] {
            assert_eq!(parse(text).map(|at| at.to_string()).as_deref(), Some(expected), "{text}");
        }
    }

    #[test]
    fn invalid_datetimes_are_rejected() {
        for text in [
            "",
            " ",
            "now",
            "2024",
            "2024-03",
            "2024-02-30",
            "2024-13-01",
            "24-03-15",
            "0000-01-01",
            "2024-03-15T",
            "2024-03-15T24:00:00",
            "2024-03-15T12:60",
            "2024-03-15T12:20:30.",
            "2024-03-15T12:20:30+24:00",
            "2024-03-15T12:20:30 CET",
            "2024-03-15T12:20:30Zx",
            "2024-03-15Z",
            "1710460800.5",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn the_display_form_is_parsed(micros in 0_i64..253_402_300_799_999_999) {
            let at = Micros(micros);
            prop_assert_eq!(parse(&at.to_string()), Some(at));
        }

        #[test]
        fn parsing_never_panics(text in "[0-9TZ:. +-]{0,30}") {
            let _ = parse(&text);
        }
    }
}
