//! Pure. What tells the streams of a trigger apart.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::criterion::Mismatch;
use crate::notification::event::{Event, Value};
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
