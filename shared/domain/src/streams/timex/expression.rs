//! Pure. The syntax tree of time expressions.

use std::fmt;

/// A time expression. Its `Display` form parses to the same expression.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Expression {
    /// Evaluates to a point in time.
    Stamp(Stamp),
    /// Evaluates to a range.
    Range(RangeExpression),
}

/// A shifted variable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stamp {
    pub(super) variable: String,
    pub(super) shifts: Vec<Shift>,
}

/// A range, shifted as a whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RangeExpression {
    pub(super) base: Base,
    pub(super) shifts: Vec<Shift>,
}

/// An unshifted range.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Base {
    Between(Stamp, Stamp),
    Around { function: String, at: Stamp },
}

/// An operator with its duration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Shift {
    pub(super) operator: Operator,
    pub(super) amounts: Vec<Amount>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Operator {
    Add,
    Subtract,
    Set,
}

/// A number of units. Without a unit, the length of the shifted range determines it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Amount {
    pub(super) number: i64,
    pub(super) unit: Option<Unit>,
}

/// Units, the shortest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Unit {
    Microsecond,
    Second,
    Minute,
    Hour,
    Day,
    Month,
    Year,
}

/// The variable that defaults to the current time.
pub(super) const TIMESTAMP: &str = "timestamp";

impl Expression {
    /// Returns the function that the expression calls if that is unknown, so that every evaluation fails.
    pub fn unknown_function(&self) -> Option<&str> {
        match self {
            Self::Range(RangeExpression { base: Base::Around { function, .. }, .. }) => {
                Unit::from_function(function).is_none().then_some(function)
            }
            Self::Range(_) | Self::Stamp(_) => None,
        }
    }

    /// Returns the variables that the expression reads, without their `$`.
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

impl Unit {
    /// All names of units. The first name of a unit is its `Display` form.
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

    pub(super) fn from_name(text: &str) -> Option<Self> {
        Self::NAMES.iter().find(|(name, _)| *name == text).map(|(_, unit)| *unit)
    }

    /// Returns the length of the range that a function evaluates to.
    pub(super) fn from_function(name: &str) -> Option<Self> {
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
