//! Pure. What time expressions give.

use super::calendar::{self, Duration};
use super::{Base, Expression, Range, RangeExpression, Shift, Stamp, Time, Unit};
use crate::time::Micros;

/// Why an expression gives no time.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EvaluationError {
    /// It reads a variable that is not there. Where an event is compared, this is a mismatch like any other.
    #[error("there is no ${name}")]
    MissingVariable {
        /// The variable, without its `$`.
        name: String,
    },
    /// It names a function that does not exist.
    #[error("there is no function {name}: there are hour, day, month and year")]
    UnknownFunction {
        /// The function.
        name: String,
    },
    /// It leads to a day that does not exist, or out of the years 1 to 9999.
    #[error("{at} {shift} is no time")]
    NoSuchTime {
        /// Where it starts from.
        at: Micros,
        /// What leads astray.
        shift: String,
    },
}

type Variables<'a> = &'a dyn Fn(&str) -> Option<Micros>;

pub(super) fn expression(expression: &Expression, variable: Variables<'_>) -> Result<Time, EvaluationError> {
    match expression {
        Expression::Stamp(expression) => stamp(expression, variable).map(Time::Stamp),
        Expression::Range(expression) => range(expression, variable).map(Time::Range),
    }
}

fn stamp(stamp: &Stamp, variable: Variables<'_>) -> Result<Micros, EvaluationError> {
    let missing = || EvaluationError::MissingVariable { name: stamp.variable.clone() };
    let at = variable(&stamp.variable).ok_or_else(missing)?;
    // Every amount of a point in time has its unit; microseconds only make the function total.
    stamp.shifts.iter().try_fold(at, |at, by| shift(at, by, &duration(at, by, Unit::Microsecond)?))
}

fn range(expression: &RangeExpression, variable: Variables<'_>) -> Result<Range, EvaluationError> {
    let (mut range, mut pin) = match &expression.base {
        Base::Between(begin, end) => {
            (Range { begin: stamp(begin, variable)?, end: stamp(end, variable)? }, None)
        }
        Base::Around { function, at } => {
            let unknown = || EvaluationError::UnknownFunction { name: function.clone() };
            let unit = Unit::of_function(function).ok_or_else(unknown)?;
            let at = stamp(at, variable)?;
            let nowhere = || EvaluationError::NoSuchTime { at, shift: function.clone() };
            let (begin, end) = calendar::around(at, unit).ok_or_else(nowhere)?;
            (Range { begin, end }, Some((unit, at)))
        }
    };
    for by in &expression.shifts {
        let step = unit_below(range);
        let duration = duration(range.begin, by, step)?;
        range = Range { begin: shift(range.begin, by, &duration)?, end: shift(range.end, by, &duration)? };
        let largest = by.amounts.iter().map(|amount| amount.unit.unwrap_or(step)).max();
        pin = pin.filter(|(unit, _)| largest < Some(*unit));
        if let Some((_, at)) = pin {
            range = holding(range, at);
        }
    }
    Ok(range)
}

/// The unit that a number without one counts: the next below the length of the range that it shifts.
fn unit_below(range: Range) -> Unit {
    const SECOND: i64 = 1_000_000;
    const HOUR: i64 = 3600 * SECOND;
    const DAY: i64 = 24 * HOUR;
    match range.end.0.saturating_sub(range.begin.0) {
        length if length >= 365 * DAY => Unit::Month,
        length if length >= 28 * DAY => Unit::Day,
        length if length >= DAY => Unit::Hour,
        length if length >= HOUR => Unit::Minute,
        length if length >= 60 * SECOND => Unit::Second,
        _ => Unit::Microsecond,
    }
}

fn duration(at: Micros, by: &Shift, step: Unit) -> Result<Duration, EvaluationError> {
    by.amounts
        .iter()
        .try_fold(Duration::default(), |sum, amount| sum.plus(amount.number, amount.unit.unwrap_or(step)))
        .ok_or_else(|| nowhere(at, by))
}

fn shift(at: Micros, by: &Shift, duration: &Duration) -> Result<Micros, EvaluationError> {
    calendar::shift(at, by.operator, duration).ok_or_else(|| nowhere(at, by))
}

fn nowhere(at: Micros, by: &Shift) -> EvaluationError {
    EvaluationError::NoSuchTime { at, shift: by.to_string() }
}

/// The range moved on by whole lengths until it holds a time.
fn holding(range: Range, at: Micros) -> Range {
    let length = range.end.0.saturating_sub(range.begin.0);
    if length <= 0 {
        return range;
    }
    let moved = at.0.saturating_sub(range.begin.0).div_euclid(length).saturating_mul(length);
    Range {
        begin: Micros(range.begin.0.saturating_add(moved)),
        end: Micros(range.end.0.saturating_add(moved)),
    }
}
