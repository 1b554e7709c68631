//! Pure. One criterion: what an event must be.

use std::collections::BTreeMap;

use crate::streams::event::{Event, Value};
use crate::streams::glob::Globs;
use crate::streams::timex::Expression;

/// What an event must be: everything that is said.
#[derive(Clone, Debug, PartialEq)]
pub struct Criterion {
    /// Its event type.
    pub event_type: Globs,
    /// How many events must meet it, where it is one of firing.
    pub number: u64,
    /// The time in which it must have happened.
    pub timestamp: Option<Expression>,
    /// What its traits must be.
    pub traits: BTreeMap<String, Wanted>,
    /// Where distinguishing traits are read instead of under their own names.
    pub map_distinguished_by: BTreeMap<String, String>,
}

/// What a trait must be.
#[derive(Clone, Debug, PartialEq)]
pub enum Wanted {
    /// This value, of this type.
    Equal(Value),
    /// A number in this relation to another.
    Number(Kind, Relation, f64),
    /// A datetime in this time.
    Time(Expression),
    /// Nothing is: a relation that is none.
    Nothing,
}

/// Of which type a number must be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Whole.
    Int,
    /// Any.
    Float,
}

/// How a number must stand to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Relation {
    /// `>`
    Greater,
    /// `<`
    Less,
    /// `=`
    Equal,
}

impl Criterion {
    /// Whether an event is all that.
    pub fn matches(&self, event: &Event) -> bool {
        let in_time = self
            .timestamp
            .as_ref()
            .is_none_or(|timex| is_in(timex, event, &Value::Datetime(event.timestamp)));
        let fits = |(name, wanted): (&String, &Wanted)| {
            event.get(name).is_some_and(|value| wanted.fits(&value, event))
        };
        self.event_type.matches(&event.event_type) && in_time && self.traits.iter().all(fits)
    }

    /// The trait from which a distinguishing trait is read.
    pub fn source_of<'a>(&'a self, name: &'a str) -> &'a str {
        self.map_distinguished_by.get(name).map_or(name, String::as_str)
    }
}

impl Wanted {
    #[expect(
        clippy::float_cmp,
        clippy::cast_precision_loss,
        reason = "definitions ask for equality, as the original does"
    )]
    fn fits(&self, value: &Value, event: &Event) -> bool {
        match self {
            Self::Equal(wanted) => value == wanted,
            Self::Time(timex) => is_in(timex, event, value),
            Self::Nothing => false,
            Self::Number(_, relation, wanted) => {
                let number = match value {
                    Value::Int(number) => *number as f64,
                    Value::Float(number) => *number,
                    // Text was greater than every number in the original's language; it is no number.
                    Value::Text(_) | Value::Datetime(_) => return false,
                };
                match relation {
                    Relation::Greater => number > *wanted,
                    Relation::Less => number < *wanted,
                    Relation::Equal => number == *wanted,
                }
            }
        }
    }
}

/// Whether a datetime is in a time that may depend on the event's datetimes; a variable that is missing is no match.
fn is_in(timex: &Expression, event: &Event, value: &Value) -> bool {
    let Value::Datetime(at) = value else { return false };
    let variable = |name: &str| match event.get(name) {
        Some(Value::Datetime(at)) => Some(at),
        _ => None,
    };
    timex.evaluate(variable, event.timestamp).is_ok_and(|time| time.contains(*at))
}
