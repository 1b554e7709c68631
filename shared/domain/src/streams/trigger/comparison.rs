//! Pure. What the value of a trait has to be like.

use std::cmp::Ordering;

use crate::notification::event::{Event, Value};
use crate::streams::timex::{Expression, Time};
use crate::time::Micros;

/// What the value of a trait has to be like.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Comparison {
    /// Exactly this text.
    Text(String),
    /// A number that compares so with another one. No text is a number.
    Number(Operator, Number),
    /// A time that lies in what the expression gives.
    Datetime(Expression),
}

/// How numbers compare.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Operator {
    Less,
    Equal,
    Greater,
    /// Any other text. It never holds, as in the original, which also read `>=` and never found it true.
    Unknown,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Number {
    Int(i64),
    Float(f64),
}

impl Comparison {
    /// Whether the trait of an event is like that. One that is not there is like nothing.
    pub(super) fn holds(&self, value: Option<&Value>, event: &Event) -> bool {
        match (self, value) {
            (Self::Text(text), Some(Value::Text(value))) => text == value,
            (Self::Number(operator, bound), Some(Value::Int(value))) => {
                operator.holds(Number::Int(*value).compare(*bound))
            }
            (Self::Number(operator, bound), Some(Value::Float(value))) => {
                operator.holds(Number::Float(*value).compare(*bound))
            }
            (Self::Datetime(expression), Some(Value::Datetime(at))) => is_in(*at, expression, event),
            (_, Some(Value::Text(_) | Value::Int(_) | Value::Float(_) | Value::Datetime(_)) | None) => false,
        }
    }
}

impl Operator {
    pub(super) fn named(text: &str) -> Self {
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

/// Whether a time lies in what an expression gives for the event's times. One that gives nothing, because the event lacks
/// a variable or a day does not exist, holds no time.
pub(super) fn is_in(at: Micros, expression: &Expression, event: &Event) -> bool {
    let variable = |name: &str| match event.get(name) {
        Some(Value::Datetime(at)) => Some(at),
        Some(Value::Text(_) | Value::Int(_) | Value::Float(_)) | None => None,
    };
    let time: Option<Time> = expression.evaluate(variable, event.timestamp).ok();
    time.is_some_and(|time| time.contains(at))
}
