//! Pure. Calendar arithmetic.

use chrono::{DateTime, Datelike, Months, NaiveDate, NaiveDateTime, TimeDelta, Timelike};

use super::expression::{Operator, Unit};
use crate::time::Micros;

/// The amount of each unit. `None` if the unit is not given, so that `@` does not set its field.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Duration {
    microseconds: Option<i64>,
    seconds: Option<i64>,
    minutes: Option<i64>,
    hours: Option<i64>,
    days: Option<i64>,
    months: Option<i64>,
    years: Option<i64>,
}

impl Duration {
    /// Adds an amount. `None` on overflow.
    pub(super) fn plus(mut self, number: i64, unit: Unit) -> Option<Self> {
        let amount = match unit {
            Unit::Microsecond => &mut self.microseconds,
            Unit::Second => &mut self.seconds,
            Unit::Minute => &mut self.minutes,
            Unit::Hour => &mut self.hours,
            Unit::Day => &mut self.days,
            Unit::Month => &mut self.months,
            Unit::Year => &mut self.years,
        };
        *amount = Some(amount.unwrap_or(0).checked_add(number)?);
        Some(self)
    }

    /// Returns the part in days and shorter units, whose length does not depend on the date.
    fn exact(&self) -> Option<TimeDelta> {
        let parts = [
            TimeDelta::microseconds(self.microseconds.unwrap_or(0)),
            TimeDelta::try_seconds(self.seconds.unwrap_or(0))?,
            TimeDelta::try_minutes(self.minutes.unwrap_or(0))?,
            TimeDelta::try_hours(self.hours.unwrap_or(0))?,
            TimeDelta::try_days(self.days.unwrap_or(0))?,
        ];
        parts.iter().try_fold(TimeDelta::zero(), |sum, part| sum.checked_add(part))
    }
}

/// Shifts a point in time. `None` if the result does not exist or is not in the years 1 to 9999.
pub(super) fn shift(at: Micros, operator: Operator, by: &Duration) -> Option<Micros> {
    let at = calendar_time(at)?;
    let shifted = match operator {
        Operator::Add => add(at, by, 1),
        Operator::Subtract => add(at, by, -1),
        Operator::Set => set(at, by),
    };
    within_years(shifted?).map(micros)
}

/// Returns the begin and end of the hour, day, month or year that contains a time.
pub(super) fn range_around(at: Micros, unit: Unit) -> Option<(Micros, Micros)> {
    let at = calendar_time(at)?;
    let hour = at.date().and_hms_opt(at.hour(), 0, 0)?;
    let midnight = at.date().and_hms_opt(0, 0, 0)?;
    let first = midnight.with_day(1)?;
    let (begin, end) = match unit {
        Unit::Hour => (hour, hour.checked_add_signed(TimeDelta::hours(1))?),
        Unit::Day => (midnight, midnight.checked_add_signed(TimeDelta::days(1))?),
        Unit::Month => (first, first.checked_add_months(Months::new(1))?),
        Unit::Year => (first.with_month(1)?, first.with_month(1)?.checked_add_months(Months::new(12))?),
        Unit::Microsecond | Unit::Second | Unit::Minute => return None,
    };
    Some((micros(begin), micros(within_years(end)?)))
}

/// Adds days and shorter units first, then months, then years. The order matters for dates such as 29 February.
fn add(at: NaiveDateTime, by: &Duration, sign: i64) -> Option<NaiveDateTime> {
    let exact = by.exact()?;
    let exact = if sign < 0 { -exact } else { exact };
    let at = within_years(at.checked_add_signed(exact)?)?;
    let at = match by.months {
        None => at,
        Some(months) => {
            let month = i64::from(at.year()) * 12 + i64::from(at.month0());
            let month = month.checked_add(months.checked_mul(sign)?)?;
            on_month(at, month.div_euclid(12), month.rem_euclid(12) + 1)?
        }
    };
    match by.years {
        None => Some(at),
        Some(years) => {
            on_month(at, i64::from(at.year()).checked_add(years.checked_mul(sign)?)?, i64::from(at.month()))
        }
    }
}

/// Returns the same day and time in another month. `None` if that month has no such day.
fn on_month(at: NaiveDateTime, year: i64, month: i64) -> Option<NaiveDateTime> {
    let (year, month) = (i32::try_from(year).ok()?, u32::try_from(month).ok()?);
    within_years(NaiveDate::from_ymd_opt(year, month, at.day())?.and_time(at.time()))
}

/// Sets all fields at once, so that their order does not matter.
fn set(at: NaiveDateTime, by: &Duration) -> Option<NaiveDateTime> {
    let field = |named: Option<i64>, own: u32| named.map_or(Some(own), |number| u32::try_from(number).ok());
    let year = by.years.map_or(Some(at.year()), |year| i32::try_from(year).ok())?;
    let date = NaiveDate::from_ymd_opt(year, field(by.months, at.month())?, field(by.days, at.day())?)?;
    let micro = field(by.microseconds, at.nanosecond() / 1000)?;
    let second = field(by.seconds, at.second())?;
    // chrono reads a million microseconds and more as a leap second.
    if micro >= 1_000_000 {
        return None;
    }
    date.and_hms_micro_opt(field(by.hours, at.hour())?, field(by.minutes, at.minute())?, second, micro)
}

fn calendar_time(at: Micros) -> Option<NaiveDateTime> {
    within_years(DateTime::from_timestamp_micros(at.0)?.naive_utc())
}

fn within_years(at: NaiveDateTime) -> Option<NaiveDateTime> {
    (1..=9999).contains(&at.year()).then_some(at)
}

fn micros(at: NaiveDateTime) -> Micros {
    Micros::from(at.and_utc())
}
