//! Pure. Conditions on the values of traits.

use std::cmp::Ordering;

use crate::notification::event::{Event, Value};
use crate::streams::timex::{Expression, Time};
use crate::time::Micros;

/// A condition on the value of a trait.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Comparison {
    /// The text equals this one.
    Text(String),
    /// The number compares in this way to another one. A text never does.
    Number(Comparator, Number),
    /// The time or range of this expression contains the time.
    Datetime(Expression),
}

/// An operator that compares two numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Comparator {
    Less,
    Equal,
    Greater,
    /// Never true. Like the original, accepts unknown operators such as `>=` in definitions.
    Unknown,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Number {
    Int(i64),
    Float(f64),
}

impl Comparison {
    /// Whether the value meets the condition. A missing value does not.
    pub(super) fn holds(&self, value: Option<&Value>, event: &Event) -> bool {
        match (self, value) {
            (Self::Text(text), Some(Value::Text(value))) => text == value,
            (Self::Number(comparator, bound), Some(Value::Int(value))) => {
                comparator.holds(Number::Int(*value).compare(*bound))
            }
            (Self::Number(comparator, bound), Some(Value::Float(value))) => {
                comparator.holds(Number::Float(*value).compare(*bound))
            }
            (Self::Datetime(expression), Some(Value::Datetime(at))) => is_in(*at, expression, event),
            (_, Some(Value::Text(_) | Value::Int(_) | Value::Float(_) | Value::Datetime(_)) | None) => false,
        }
    }
}

impl Comparator {
    pub(super) fn from_symbol(text: &str) -> Self {
        match text {
            "<" => Self::Less,
            "=" => Self::Equal,
            ">" => Self::Greater,
            _ => Self::Unknown,
        }
    }

    fn holds(self, order: Option<Ordering>) -> bool {
        match self {
            Self::Less => order == Some(Ordering::Less),
            Self::Equal => order == Some(Ordering::Equal),
            Self::Greater => order == Some(Ordering::Greater),
            Self::Unknown => false,
        }
    }
}

impl Number {
    fn compare(self, other: Self) -> Option<Ordering> {
        match (self, other) {
            (Self::Int(one), Self::Int(other)) => Some(one.cmp(&other)),
            (one, other) => one.as_float().partial_cmp(&other.as_float()),
        }
    }

    #[expect(
        clippy::cast_precision_loss,
        reason = "a comparison with a float is no more exact than the float"
    )]
    fn as_float(self) -> f64 {
        match self {
            Self::Int(number) => number as f64,
            Self::Float(number) => number,
        }
    }
}

/// Whether the value of an expression contains a time. The traits of the event are the variables. An expression that
/// cannot be evaluated contains no time.
pub(super) fn is_in(at: Micros, expression: &Expression, event: &Event) -> bool {
    let variable = |name: &str| match event.get(name) {
        Some(Value::Datetime(at)) => Some(at),
        Some(Value::Text(_) | Value::Int(_) | Value::Float(_)) | None => None,
    };
    let time: Option<Time> = expression.evaluate(variable, event.timestamp).ok();
    time.is_some_and(|time| time.contains(at))
}
