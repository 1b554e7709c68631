//! Pure. Triggers: which events form a stream, when it is complete, and which pipelines run over it.

mod comparison;
mod criterion;
mod distinguishing;
mod load;

#[cfg(test)]
mod tests;

use self::criterion::Criterion;
pub use self::criterion::Mismatch;
use self::distinguishing::Distinguisher;
pub use self::distinguishing::{DistinguishingTraits, DistinguishingValue};
pub use self::load::{DefinitionWarning, LoadedTriggers};
use crate::notification::event::Event;
use crate::streams::timex::{EvaluationError, Expression, Time};
use crate::time::Micros;

/// The definitions that ship with Steward.
pub const SHIPPED: &str = include_str!("../../../config/triggers.yaml");

/// All triggers, in the order of their file. An event may join a stream of each.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Triggers(Vec<Trigger>);

/// Collects matching events in streams. At least one of its two pipelines is set.
#[derive(Clone, Debug, PartialEq)]
pub struct Trigger {
    /// The name of the trigger and of its streams.
    pub name: String,
    /// The pipeline that runs over complete streams.
    pub fire_pipeline: Option<String>,
    /// The pipeline that runs over streams that expire before they are complete.
    pub expire_pipeline: Option<String>,
    /// Seconds between the completion of a stream and its firing.
    pub fire_delay: i64,
    /// The logging of events that do not match.
    pub debug_level: DebugLevel,
    /// The expiration of a stream. Reads `$first`, `$last` and `$timestamp`, the current time.
    expiration: Expression,
    /// Criteria of which an event must match at least one.
    match_criteria: Vec<Criterion>,
    /// Criteria that must all be met by enough events for a stream to be complete.
    fire_criteria: Vec<Criterion>,
    /// Traits in which all events of a stream agree.
    distinguished_by: Vec<Distinguisher>,
}

/// The logging of events that do not match a trigger.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum DebugLevel {
    /// 0: nothing.
    #[default]
    Off,
    /// 1: nothing. The original counted mismatches.
    Counts,
    /// 2: the reasons.
    Reasons,
}

/// The times of the earliest and the latest event of a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EventTimes {
    /// The time of the earliest event.
    pub first: Micros,
    /// The time of the latest event.
    pub last: Micros,
}

impl Triggers {
    /// Returns the trigger with this name. `None` if its definition has been removed, which streams may outlive.
    pub fn get(&self, name: &str) -> Option<&Trigger> {
        self.0.iter().find(|trigger| trigger.name == name)
    }

    /// Returns all triggers, in the order of their file.
    pub fn iter(&self) -> impl Iterator<Item = &Trigger> {
        self.0.iter()
    }
}

impl Trigger {
    /// Returns the traits that distinguish the event's stream from others of this trigger. Fails if the event does not
    /// match, with a mismatch for each criterion.
    ///
    /// Only the first criterion that matches determines which traits are mapped. Like the original, requires every
    /// distinguishing trait to be present under its own name, too.
    pub fn match_event(&self, event: &Event) -> Result<DistinguishingTraits, Vec<Mismatch>> {
        if let Some(missing) = self.distinguished_by.iter().find(|trait_| event.get(&trait_.name).is_none()) {
            return Err(vec![Mismatch::Trait { name: missing.name.clone() }]);
        }
        let mut mismatches = Vec::new();
        for criterion in &self.match_criteria {
            match criterion.check(event) {
                Ok(()) => {
                    let traits = self.distinguished_by.iter();
                    let values = traits.map(|trait_| trait_.read(event, &criterion.map_distinguished_by));
                    return values.collect::<Result<_, _>>().map_err(|mismatch| vec![mismatch]);
                }
                Err(mismatch) => mismatches.push(mismatch),
            }
        }
        Err(mismatches)
    }

    /// Returns the positions of the fire criteria that an event meets.
    pub fn fire_criteria_met_by(&self, event: &Event) -> Vec<usize> {
        let criteria = self.fire_criteria.iter().enumerate();
        criteria.filter(|(_, criterion)| criterion.matches(event)).map(|(position, _)| position).collect()
    }

    /// Whether a stream is complete. `counts` has the number of events that meet each fire criterion, by position. A
    /// stream without fire criteria is always complete.
    pub fn is_complete(&self, counts: &[u64]) -> bool {
        let mut criteria = self.fire_criteria.iter().enumerate();
        criteria.all(|(position, criterion)| counts.get(position).copied().unwrap_or(0) >= criterion.number)
    }

    /// Returns the time at which a stream expires. If the expression is a range, that is its begin.
    pub fn expiration(&self, times: EventTimes, now: Micros) -> Result<Micros, EvaluationError> {
        let variable = |name: &str| match name {
            "first" => Some(times.first),
            "last" => Some(times.last),
            _ => None,
        };
        self.expiration.evaluate(variable, now).map(Time::timestamp)
    }
}
