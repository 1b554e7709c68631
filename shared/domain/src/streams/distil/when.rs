//! Pure. Times as notifications write them: ISO 8601 and what comes near it.

use chrono::{NaiveDate, NaiveDateTime, NaiveTime, TimeDelta};
use winnow::combinator::{alt, opt, preceded};
use winnow::error::ContextError;
use winnow::prelude::*;
use winnow::token::{one_of, take_while};

use crate::time::Micros;

/// Reads a date, or a date and a time with a `T` or a blank between them: `2024-03-15T12:20:30.5+02:00`,
/// `2024-03-15 12:20`, `20240315T122030Z`.
///
/// Without a zone it is UTC, and without a time it is midnight. What is finer than a microsecond is cut off.
pub fn read(text: &str) -> Option<Micros> {
    let (date, time) =
        (date, opt(preceded(one_of(['T', 't', ' ']), (time, opt(zone))))).parse(text.trim()).ok()?;
    let (time, zone) = time.unwrap_or((NaiveTime::MIN, None));
    let at = NaiveDateTime::new(date, time).checked_sub_signed(zone.unwrap_or_default())?;
    Some(Micros(at.and_utc().timestamp_micros()))
}

type Read<T> = winnow::Result<T, ContextError>;

fn date(input: &mut &str) -> Read<NaiveDate> {
    let year = digits(4, 4).try_map(i32::try_from);
    let dashed = (preceded('-', digits(1, 2)), preceded('-', digits(1, 2)));
    let (year, (month, day)) = (year, alt((dashed, (digits(2, 2), digits(2, 2))))).parse_next(input)?;
    NaiveDate::from_ymd_opt(year, month, day).filter(|_| year > 0).ok_or_else(ContextError::new)
}

fn time(input: &mut &str) -> Read<NaiveTime> {
    let two = || digits(1, 2);
    let compact = (digits(2, 2), digits(2, 2), opt((digits(2, 2), fraction)));
    let colons = (two(), preceded(':', two()), opt((preceded(':', two()), fraction)));
    let (hour, minute, finer) =
        alt((compact, colons, two().map(|hour| (hour, 0, None)))).parse_next(input)?;
    let (second, micros) = finer.unwrap_or_default();
    NaiveTime::from_hms_micro_opt(hour, minute, second, micros).ok_or_else(ContextError::new)
}

/// The microseconds of a fraction of any length, none at all included.
fn fraction(input: &mut &str) -> Read<u32> {
    let written: Option<&str> =
        opt(preceded(one_of(['.', ',']), take_while(1.., |c: char| c.is_ascii_digit()))).parse_next(input)?;
    let digits = written.unwrap_or_default().chars().chain("000000".chars()).take(6);
    Ok(digits.fold(0, |micros, digit| micros * 10 + digit.to_digit(10).unwrap_or_default()))
}

/// What is to be subtracted to be in UTC.
fn zone(input: &mut &str) -> Read<TimeDelta> {
    let offset = (one_of(['+', '-']), digits(2, 2), opt(preceded(opt(':'), digits(2, 2))))
        .verify(|(_, hours, minutes)| *hours < 24 && minutes.unwrap_or_default() < 60)
        .map(|(sign, hours, minutes)| {
            let offset = TimeDelta::minutes(i64::from(hours * 60 + minutes.unwrap_or_default()));
            if sign == '-' { -offset } else { offset }
        });
    preceded(take_while(0.., ' '), alt((one_of(['Z', 'z']).value(TimeDelta::zero()), offset)))
        .parse_next(input)
}

fn digits<'i>(least: usize, most: usize) -> impl Parser<&'i str, u32, ContextError> {
    take_while(least..=most, |c: char| c.is_ascii_digit()).parse_to()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn dates_and_times_are_read_in_every_usual_form() {
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
            assert_eq!(read(text).map(|at| at.to_string()).as_deref(), Some(expected), "{text}");
        }
    }

    #[test]
    fn what_is_no_time_is_refused() {
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
            assert_eq!(read(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn whatever_is_printed_can_be_read(micros in 0_i64..253_402_300_799_999_999) {
            let at = Micros(micros);
            prop_assert_eq!(read(&at.to_string()), Some(at));
        }

        #[test]
        fn reading_never_panics(text in "[0-9TZ:. +-]{0,30}") {
            let _ = read(&text);
        }
    }
}
