//! Pure. Triggers: which events come together in a stream, and when it fires or expires.

mod criterion;
mod load;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use crate::streams::definition_file::LoadError;
use crate::streams::event::{Distinguishing, Event, Value};
use crate::streams::timex::{EvaluationError, Expression, Time};
use crate::time::Micros;

pub use criterion::Criterion;

/// All triggers, in the order of their file.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Triggers {
    triggers: Vec<Trigger>,
    warnings: Vec<LoadError>,
}

/// One trigger.
#[derive(Clone, Debug, PartialEq)]
pub struct Trigger {
    /// Its name, which its streams have too.
    pub name: String,
    /// When a stream expires, by `$first` and `$last`.
    pub expiration: Expression,
    /// What is run when a stream fires; none where it just completes.
    pub fire_pipeline: Option<String>,
    /// What is run when a stream expires; none where it just completes.
    pub expire_pipeline: Option<String>,
    /// An event belongs to a stream if one of these matches; the first that does counts.
    pub match_criteria: Vec<Criterion>,
    /// A stream fires once each of these is met by as many events as it says.
    pub fire_criteria: Vec<Criterion>,
    /// By what streams are told apart: traits, or times around traits.
    pub distinguished_by: BTreeMap<String, Option<Expression>>,
    /// Seconds from the criteria being met to the firing.
    pub fire_delay: i64,
}

impl Triggers {
    /// Reads a file of triggers; `file` is the name that its errors carry.
    pub fn load(file: &str, text: &str) -> Result<Self, LoadError> {
        load::triggers(file, text)
    }

    /// The triggers, in the order of their file.
    pub fn iter(&self) -> impl Iterator<Item = &Trigger> {
        self.triggers.iter()
    }

    /// What is written in the file and means nothing.
    pub fn warnings(&self) -> &[LoadError] {
        &self.warnings
    }
}

impl Trigger {
    /// What tells the stream of an event from others of this trigger; none where the event belongs to none.
    pub fn matched(&self, event: &Event) -> Option<BTreeMap<String, Distinguishing>> {
        // An event must have the traits under their own names, whatever they are read from.
        if self.distinguished_by.keys().any(|name| event.get(name).is_none()) {
            return None;
        }
        let criterion = self.match_criteria.iter().find(|criterion| criterion.matches(event))?;
        let read = |(name, timex): (&String, &Option<Expression>)| {
            let value = event.get(criterion.source_of(name))?;
            let value = match (timex, value) {
                (None, value) => Distinguishing::Value(value),
                (Some(timex), Value::Datetime(at)) => around(timex, at)?,
                (Some(_), _) => return None,
            };
            Some((name.clone(), value))
        };
        self.distinguished_by.iter().map(read).collect()
    }

    /// Which fire criteria an event meets, by their places.
    pub fn met_by(&self, event: &Event) -> Vec<usize> {
        let met = self.fire_criteria.iter().enumerate().filter(|(_, criterion)| criterion.matches(event));
        met.map(|(place, _)| place).collect()
    }

    /// Whether a stream fires whose criteria are met by so many events.
    pub fn ready(&self, met: &[u64]) -> bool {
        let mut wanted = self.fire_criteria.iter().enumerate();
        wanted.all(|(place, criterion)| met.get(place).copied().unwrap_or_default() >= criterion.number)
    }

    /// When a stream expires whose first and last events happened then.
    pub fn expiration(&self, first: Micros, last: Micros, now: Micros) -> Result<Micros, EvaluationError> {
        let variable = |name: &str| match name {
            "first" => Some(first),
            "last" => Some(last),
            _ => None,
        };
        Ok(self.expiration.evaluate(variable, now)?.timestamp())
    }
}

/// A time around a trait, which alone is its `$timestamp`.
fn around(timex: &Expression, at: Micros) -> Option<Distinguishing> {
    match timex.evaluate(|name| (name == "timestamp").then_some(at), at) {
        Ok(Time::Stamp(at)) => Some(Distinguishing::Value(Value::Datetime(at))),
        Ok(Time::Range(range)) => Some(Distinguishing::Range(range.begin, range.end)),
        Err(_) => None,
    }
}
