//! Pure. Evaluation of time expressions.

use super::calendar::{self, Duration};
use super::expression::{Base, Expression, RangeExpression, Shift, Stamp, TIMESTAMP, Unit};
use super::value::{Time, TimeRange};
use crate::time::Micros;

/// An error in the evaluation of a time expression.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EvaluationError {
    /// The expression reads a variable that is not defined.
    #[error("undefined variable ${name}")]
    MissingVariable {
        /// The variable, without its `$`.
        name: String,
    },
    /// The expression calls an unknown function.
    #[error("unknown function {name}: expected hour, day, month or year")]
    UnknownFunction {
        /// The function.
        name: String,
    },
    /// The result does not exist, such as 31 February, or is not in the years 1 to 9999.
    #[error("no such time: {at} {shift}")]
    NoSuchTime {
        /// The time before the shift.
        at: Micros,
        /// The shift.
        shift: String,
    },
}

type Variables<'a> = &'a dyn Fn(&str) -> Option<Micros>;

impl Expression {
    /// Evaluates the expression. `variable` returns the value of a variable, whose name has no `$`. `now` is the default
    /// of `$timestamp`.
    pub fn evaluate(
        &self,
        variable: impl Fn(&str) -> Option<Micros>,
        now: Micros,
    ) -> Result<Time, EvaluationError> {
        let variable = |name: &str| variable(name).or_else(|| (name == TIMESTAMP).then_some(now));
        match self {
            Self::Stamp(expression) => stamp(expression, &variable).map(Time::Stamp),
            Self::Range(expression) => range(expression, &variable).map(Time::Range),
        }
    }
}

fn stamp(stamp: &Stamp, variable: Variables<'_>) -> Result<Micros, EvaluationError> {
    let missing = || EvaluationError::MissingVariable { name: stamp.variable.clone() };
    let at = variable(&stamp.variable).ok_or_else(missing)?;
    // Every amount in a stamp has a unit, so the default unit is never used.
    stamp.shifts.iter().try_fold(at, |at, by| shift(at, by, &duration(at, by, Unit::Microsecond)?))
}

fn range(expression: &RangeExpression, variable: Variables<'_>) -> Result<TimeRange, EvaluationError> {
    let (mut range, mut pin) = match &expression.base {
        Base::Between(begin, end) => {
            (TimeRange { begin: stamp(begin, variable)?, end: stamp(end, variable)? }, None)
        }
        Base::Around { function, at } => {
            let unknown = || EvaluationError::UnknownFunction { name: function.clone() };
            let unit = Unit::from_function(function).ok_or_else(unknown)?;
            let at = stamp(at, variable)?;
            let no_such_time = || EvaluationError::NoSuchTime { at, shift: function.clone() };
            let (begin, end) = calendar::range_around(at, unit).ok_or_else(no_such_time)?;
            (TimeRange { begin, end }, Some((unit, at)))
        }
    };
    for by in &expression.shifts {
        let step = unit_below(range);
        let duration = duration(range.begin, by, step)?;
        range =
            TimeRange { begin: shift(range.begin, by, &duration)?, end: shift(range.end, by, &duration)? };
        let largest = by.amounts.iter().map(|amount| amount.unit.unwrap_or(step)).max();
        pin = pin.filter(|(unit, _)| largest < Some(*unit));
        if let Some((_, at)) = pin {
            range = moved_to_contain(range, at);
        }
    }
    Ok(range)
}

/// Returns the unit of a number without one: the next below the length of the shifted range.
fn unit_below(range: TimeRange) -> Unit {
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
        .ok_or_else(|| no_such_time(at, by))
}

fn shift(at: Micros, by: &Shift, duration: &Duration) -> Result<Micros, EvaluationError> {
    calendar::shift(at, by.operator, duration).ok_or_else(|| no_such_time(at, by))
}

fn no_such_time(at: Micros, by: &Shift) -> EvaluationError {
    EvaluationError::NoSuchTime { at, shift: by.to_string() }
}

/// Moves a range by whole lengths until it contains a time.
fn moved_to_contain(range: TimeRange, at: Micros) -> TimeRange {
    let length = range.end.0.saturating_sub(range.begin.0);
    if length <= 0 {
        return range;
    }
    let moved = at.0.saturating_sub(range.begin.0).div_euclid(length).saturating_mul(length);
    TimeRange {
        begin: Micros(range.begin.0.saturating_add(moved)),
        end: Micros(range.end.0.saturating_add(moved)),
    }
}
