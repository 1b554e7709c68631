//! Pure. Triggers: which events belong together, when they are complete, and which pipeline looks at them then.

mod comparison;
mod criterion;
mod distinguishing;
mod load;

#[cfg(test)]
mod tests;

pub use self::criterion::{Criterion, Mismatch};
use self::distinguishing::Distinguisher;
pub use self::distinguishing::{Distinguished, Distinguishing};
pub use self::load::{Loaded, Warning};
use crate::notification::event::Event;
use crate::streams::definition_file::LoadError;
use crate::streams::timex::{EvaluationError, Expression};
use crate::time::Micros;

/// The definitions that are built in, which an operator's file replaces.
pub const SHIPPED: &str = include_str!("../../../config/triggers.yaml");

/// All triggers, in the order of their file. An event may belong to a stream of each.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Triggers(Vec<Trigger>);

/// Collects events to streams.
#[derive(Clone, Debug, PartialEq)]
pub struct Trigger {
    /// Names the trigger, and each of its streams.
    pub name: String,
    /// The pipeline for complete streams. Without one they just complete. One of the two pipelines there always is.
    pub fire_pipeline: Option<String>,
    /// The pipeline for streams that were not complete in time.
    pub expire_pipeline: Option<String>,
    /// Seconds between being complete and firing.
    pub fire_delay: i64,
    /// How much is counted of what does not match.
    pub debug_level: DebugLevel,
    /// When a stream expires; knows `$first`, `$last` and `$timestamp`, the present.
    expiration: Expression,
    /// One of these has to match for an event to belong to a stream.
    match_criteria: Vec<Criterion>,
    /// All of these have to be met, each by as many events as it says, for a stream to be complete.
    fire_criteria: Vec<Criterion>,
    /// What is the same for all events of a stream.
    distinguished_by: Vec<Distinguisher>,
}

/// How much is counted of what does not match, from nothing to why.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum DebugLevel {
    /// 0: nothing.
    #[default]
    Off,
    /// 1: how often.
    Counts,
    /// 2: how often, for each reason.
    Reasons,
}

impl Triggers {
    /// Reads a definition file; `file` is the name that errors and warnings carry.
    pub fn load(file: &str, text: &str) -> Result<Loaded, LoadError> {
        load::triggers(file, text)
    }

    /// The trigger of that name. A stream may outlive its trigger's definition.
    pub fn named(&self, name: &str) -> Option<&Trigger> {
        self.0.iter().find(|trigger| trigger.name == name)
    }

    /// All of them, in the order of their file.
    pub fn iter(&self) -> impl Iterator<Item = &Trigger> {
        self.0.iter()
    }
}

impl Trigger {
    /// What tells the event's stream from the trigger's other streams, or why the event belongs to none of them.
    ///
    /// The first criterion that matches decides alone, also about the traits that are read in another's place. An event
    /// has to have every distinguishing trait under its own name too, as in the original.
    pub fn matched(&self, event: &Event) -> Result<Distinguished, Vec<Mismatch>> {
        if let Some(lacking) = self.distinguished_by.iter().find(|trait_| event.get(&trait_.name).is_none()) {
            return Err(vec![Mismatch::Trait { name: lacking.name.clone() }]);
        }
        let mut mismatches = Vec::new();
        for criterion in &self.match_criteria {
            match criterion.check(event) {
                Ok(()) => {
                    let traits = self.distinguished_by.iter();
                    let read = traits.map(|trait_| trait_.read(event, &criterion.map_distinguished_by));
                    return read
                        .collect::<Result<_, _>>()
                        .map(Distinguished)
                        .map_err(|mismatch| vec![mismatch]);
                }
                Err(mismatch) => mismatches.push(mismatch),
            }
        }
        Err(mismatches)
    }

    /// Which fire criteria the event meets, by position: each of their counters goes up by one.
    pub fn met_by(&self, event: &Event) -> Vec<usize> {
        let criteria = self.fire_criteria.iter().enumerate();
        criteria.filter(|(_, criterion)| criterion.matches(event)).map(|(position, _)| position).collect()
    }

    /// Whether a stream is complete, from how many of its events meet each fire criterion. Without criteria it is at once.
    pub fn ready(&self, counts: &[u64]) -> bool {
        let mut counters = self.fire_criteria.iter().enumerate();
        counters.all(|(position, criterion)| counts.get(position).copied().unwrap_or(0) >= criterion.number)
    }

    /// When a stream whose events are from `first` to `last` expires. Of a range, its begin counts.
    pub fn expiration(&self, first: Micros, last: Micros, now: Micros) -> Result<Micros, EvaluationError> {
        let variable = |name: &str| match name {
            "first" => Some(first),
            "last" => Some(last),
            _ => None,
        };
        self.expiration.evaluate(variable, now).map(crate::streams::timex::Time::timestamp)
    }
}
