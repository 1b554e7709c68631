//! Pure. Time expressions, as definitions of triggers write them: `$last + 2d`, `day($launched_at)`, `$first to $last`.
//!
//! ```text
//! expression := range | stamp
//! stamp      := $name | stamp (+|-|@) duration | ( stamp )
//! range      := stamp to stamp | range (+|-|@) duration | ( range ) | function | function ( stamp )
//! duration   := (number unit?)+      us, s sec, m min, h hr, d, mo, y yr
//! function   := hour | day | month | year
//! ```
//!
//! - `+` and `-` shift, `@` sets fields. They apply from left to right; `to` binds loosest, so that `$first to $last + 1d`
//!   moves the end alone. A day that does not exist (31 January `+ 1mo`) is an error, never another day.
//! - A function is the range of that length around its argument, or around `$timestamp`. It is *pinned*: shifted by less
//!   than its own unit it moves on by whole lengths until it holds that time again, so that `day + 6h` is the day from six
//!   to six that is running. Shifted by its own unit or more, it moves as it is, and is a plain range from then on.
//! - A number without a unit is for ranges only, and means the unit below the range's length: hours of a day.
//! - `$timestamp` is the present unless it is given.

mod calendar;
mod evaluate;
mod parse;

#[cfg(test)]
mod tests;

use std::fmt;

use serde::{Deserialize, Serialize};

pub use self::evaluate::EvaluationError;
pub use self::parse::ParseError;
use crate::time::Micros;

/// A time expression. Prints as what reads back to the same expression.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Expression {
    /// Gives one point in time.
    Stamp(Stamp),
    /// Gives a range.
    Range(RangeExpression),
}

/// A variable, shifted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stamp {
    variable: String,
    shifts: Vec<Shift>,
}

/// A range, shifted as a whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RangeExpression {
    base: Base,
    shifts: Vec<Shift>,
}

/// Where a range comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Base {
    Between(Stamp, Stamp),
    Around { function: String, at: Stamp },
}

/// One of `+`, `-` and `@` with its duration.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Shift {
    operator: Operator,
    amounts: Vec<Amount>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Operator {
    Add,
    Subtract,
    Set,
}

/// A number of units. Without a unit, what it counts depends on the range that it shifts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Amount {
    number: i64,
    unit: Option<Unit>,
}

/// Units by length, the shortest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Unit {
    Microsecond,
    Second,
    Minute,
    Hour,
    Day,
    Month,
    Year,
}

/// What an expression gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Time {
    /// A point in time.
    Stamp(Micros),
    /// A range of time.
    Range(Range),
}

/// From `begin`, up to `end` and without it. One that ends before it begins holds nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Range {
    /// The first time in it.
    #[serde(rename = "b")]
    pub begin: Micros,
    /// The first time after it.
    #[serde(rename = "e")]
    pub end: Micros,
}

/// The variable that need not be given.
const TIMESTAMP: &str = "timestamp";

impl Expression {
    /// Reads an expression. Functions are not looked up: see [`Expression::unknown_function`].
    pub fn parse(text: &str) -> Result<Self, ParseError> {
        parse::expression(text)
    }

    /// What the expression gives where `variable` knows the variables, without their `$`. `now` stands in for a
    /// `$timestamp` that it does not know.
    pub fn evaluate(
        &self,
        variable: impl Fn(&str) -> Option<Micros>,
        now: Micros,
    ) -> Result<Time, EvaluationError> {
        evaluate::expression(self, &|name| variable(name).or_else(|| (name == TIMESTAMP).then_some(now)))
    }

    /// The function that it names and that does not exist; evaluating it would fail each time.
    pub fn unknown_function(&self) -> Option<&str> {
        match self {
            Self::Range(RangeExpression { base: Base::Around { function, .. }, .. }) => {
                Unit::of_function(function).is_none().then_some(function)
            }
            Self::Range(_) | Self::Stamp(_) => None,
        }
    }

    /// The variables that it reads, without their `$`.
    pub fn variables(&self) -> Vec<&str> {
        match self {
            Self::Stamp(stamp) => vec![&stamp.variable],
            Self::Range(RangeExpression { base: Base::Between(begin, end), .. }) => {
                vec![&begin.variable, &end.variable]
            }
            Self::Range(RangeExpression { base: Base::Around { at, .. }, .. }) => vec![&at.variable],
        }
    }
}

impl Time {
    /// Whether a time is in the range, or is the point in time.
    pub fn contains(self, at: Micros) -> bool {
        match self {
            Self::Stamp(stamp) => stamp == at,
            Self::Range(range) => range.contains(at),
        }
    }

    /// The point in time, or where the range begins.
    pub fn timestamp(self) -> Micros {
        match self {
            Self::Stamp(stamp) => stamp,
            Self::Range(range) => range.begin,
        }
    }
}

impl Range {
    /// Whether a time is in it.
    pub fn contains(self, at: Micros) -> bool {
        self.begin <= at && at < self.end
    }
}

impl Unit {
    /// All names of units, each unit's first one first.
    const NAMES: [(&str, Self); 11] = [
        ("us", Self::Microsecond),
        ("s", Self::Second),
        ("sec", Self::Second),
        ("m", Self::Minute),
        ("min", Self::Minute),
        ("h", Self::Hour),
        ("hr", Self::Hour),
        ("d", Self::Day),
        ("mo", Self::Month),
        ("y", Self::Year),
        ("yr", Self::Year),
    ];

    fn named(text: &str) -> Option<Self> {
        Self::NAMES.iter().find(|(name, _)| *name == text).map(|(_, unit)| *unit)
    }

    /// How long the range is that a function gives.
    fn of_function(name: &str) -> Option<Self> {
        match name {
            "hour" => Some(Self::Hour),
            "day" => Some(Self::Day),
            "month" => Some(Self::Month),
            "year" => Some(Self::Year),
            _ => None,
        }
    }
}

impl fmt::Display for Expression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Stamp(stamp) => write!(f, "{stamp}"),
            Self::Range(range) => write!(f, "{range}"),
        }
    }
}

impl fmt::Display for Stamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "${}", self.variable)?;
        self.shifts.iter().try_for_each(|shift| write!(f, " {shift}"))
    }
}

impl fmt::Display for RangeExpression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.base {
            Base::Between(begin, end) if self.shifts.is_empty() => write!(f, "{begin} to {end}")?,
            Base::Between(begin, end) => write!(f, "({begin} to {end})")?,
            Base::Around { function, at } if at.variable == TIMESTAMP && at.shifts.is_empty() => {
                write!(f, "{function}")?;
            }
            Base::Around { function, at } => write!(f, "{function}({at})")?,
        }
        self.shifts.iter().try_for_each(|shift| write!(f, " {shift}"))
    }
}

impl fmt::Display for Shift {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let operator = match self.operator {
            Operator::Add => '+',
            Operator::Subtract => '-',
            Operator::Set => '@',
        };
        write!(f, "{operator}")?;
        self.amounts.iter().try_for_each(|amount| write!(f, " {amount}"))
    }
}

impl fmt::Display for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = Unit::NAMES.iter().find(|(_, unit)| Some(*unit) == self.unit).map_or("", |(name, _)| name);
        write!(f, "{}{name}", self.number)
    }
}
