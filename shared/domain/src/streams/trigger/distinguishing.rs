//! Pure. What tells the streams of a trigger apart.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde::{Deserialize, Serialize};

use super::criterion::Mismatch;
use crate::streams::event::{Event, Value};
use crate::streams::timex::{Expression, Range, Time};

/// A trait that is the same for all events of a stream, or the range that it lies in.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Distinguisher {
    pub(super) name: String,
    /// Makes a time of the trait's, which it knows as `$timestamp`.
    pub(super) timex: Option<Expression>,
}

/// The distinguishing traits of a stream, by name.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Distinguished(pub BTreeMap<String, Distinguishing>);

/// What all events of a stream have in common.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Distinguishing {
    /// The value of a trait.
    #[serde(rename = "v")]
    Value(Value),
    /// The range that a time lies in.
    #[serde(rename = "r")]
    Range(Range),
}

impl Distinguisher {
    /// What an event has here, where `map` may name another trait to be read instead.
    pub(super) fn read(
        &self,
        event: &Event,
        map: &BTreeMap<String, String>,
    ) -> Result<(String, Distinguishing), Mismatch> {
        let name = map.get(&self.name).unwrap_or(&self.name);
        let mismatch = || Mismatch::Trait { name: name.clone() };
        let value = event.get(name).ok_or_else(mismatch)?;
        let distinguishing = match &self.timex {
            None => Distinguishing::Value(value),
            Some(timex) => {
                let Value::Datetime(at) = value else { return Err(mismatch()) };
                // The present would only stand in for `$timestamp`, which is here.
                match timex.evaluate(|_| None, at).map_err(|_| mismatch())? {
                    Time::Stamp(stamp) => Distinguishing::Value(Value::Datetime(stamp)),
                    Time::Range(range) => Distinguishing::Range(range),
                }
            }
        };
        Ok((self.name.clone(), distinguishing))
    }
}

impl Distinguished {
    /// A text that is the same exactly for the same traits, values and types of values, for keys. Lengths stand before
    /// texts, so that no text can look like two.
    pub fn identity(&self) -> String {
        let mut identity = String::new();
        for (name, distinguishing) in &self.0 {
            let value = match distinguishing {
                Distinguishing::Value(Value::Text(text)) => format!("s{}:{text}", text.len()),
                Distinguishing::Value(Value::Int(number)) => format!("i{number}"),
                Distinguishing::Value(Value::Float(number)) => format!("f{number}"),
                Distinguishing::Value(Value::Datetime(at)) => format!("d{}", at.0),
                Distinguishing::Range(range) => format!("r{},{}", range.begin.0, range.end.0),
            };
            // Writing to a text cannot fail.
            let _ = write!(identity, "{}:{name}={value};", name.len());
        }
        identity
    }
}
