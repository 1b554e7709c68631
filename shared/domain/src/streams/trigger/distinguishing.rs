//! Pure. The traits that distinguish the streams of a trigger.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::criterion::Mismatch;
use crate::notification::event::{Event, Value};
use crate::streams::timex::{Expression, Time, TimeRange};

/// A distinguishing trait in the definition of a trigger.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Distinguisher {
    /// The name of the trait.
    pub(super) name: String,
    /// Replaces the trait's time, which the expression reads as `$timestamp`.
    pub(super) expression: Option<Expression>,
}

/// The distinguishing traits of a stream, by name.
pub type DistinguishingTraits = BTreeMap<String, DistinguishingValue>;

/// The value of a distinguishing trait.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum DistinguishingValue {
    /// The value that all events of the stream have.
    #[serde(rename = "v")]
    Value(Value),
    /// The range that contains the times of all events of the stream.
    #[serde(rename = "r")]
    Range(TimeRange),
}

impl Distinguisher {
    /// Returns the name and the value for an event. `map` may name another trait to read the value from.
    pub(super) fn read(
        &self,
        event: &Event,
        map: &BTreeMap<String, String>,
    ) -> Result<(String, DistinguishingValue), Mismatch> {
        let name = map.get(&self.name).unwrap_or(&self.name);
        let mismatch = || Mismatch::Trait { name: name.clone() };
        let value = event.get(name).ok_or_else(mismatch)?;
        let value = match &self.expression {
            None => DistinguishingValue::Value(value),
            Some(expression) => {
                let Value::Datetime(at) = value else { return Err(mismatch()) };
                match expression.evaluate(|_| None, at).map_err(|_| mismatch())? {
                    Time::Stamp(stamp) => DistinguishingValue::Value(Value::Datetime(stamp)),
                    Time::Range(range) => DistinguishingValue::Range(range),
                }
            }
        };
        Ok((self.name.clone(), value))
    }
}
