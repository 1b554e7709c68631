//! Pure. The record of a recurrence and its transitions.
//!
//! A recurrence has one occurrence at a time: an ordinary operation. The transaction that ends it creates the next one,
//! so that occurrences never overlap and none is created twice. Runs that pass meanwhile are counted and left out.

use domain::time::Micros;
use serde::{Deserialize, Serialize};

use crate::operation::kind::Kind;
use crate::operation::options::Options;
use crate::operation::record::{Draft, Operation};
use crate::operation::schedule::Timing;
use crate::operation::target::Target;

/// Occurrences that a recurrence names, the newest included.
const NAMED: usize = 10;

/// What a recurrence does, and when.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Definition {
    /// The kind of its operations.
    #[serde(rename = "kd")]
    pub kind: Kind,
    /// The object that they work on.
    #[serde(rename = "ta")]
    pub target: Target,
    /// Their options.
    #[serde(rename = "op")]
    pub options: Options,
    /// When they are due.
    #[serde(rename = "ti")]
    pub timing: Timing,
    /// The requested time before which there is no occurrence.
    #[serde(rename = "nb", default, skip_serializing_if = "Option::is_none")]
    pub not_before: Option<Micros>,
}

/// A recurring operation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recurrence {
    /// Eight hexadecimal digits.
    pub id: String,
    /// What it does, and when.
    #[serde(rename = "de")]
    pub definition: Definition,
    /// When it was requested.
    #[serde(rename = "cr")]
    pub requested: Micros,
    /// The name of the principal that requested it.
    #[serde(rename = "by")]
    pub requested_by: String,
    /// The ids of its latest operations, newest first. The first one is the current occurrence.
    #[serde(rename = "oc")]
    pub operations: Vec<String>,
    /// Runs that were left out because an earlier occurrence waited or ran.
    #[serde(rename = "sp")]
    pub skipped: u64,
    /// The last of them.
    #[serde(rename = "ls", default, skip_serializing_if = "Option::is_none")]
    pub last_skipped: Option<Micros>,
    /// When it was stopped.
    #[serde(rename = "en", default, skip_serializing_if = "Option::is_none")]
    pub stopped: Option<Micros>,
    /// Counts its changes, from 1.
    #[serde(rename = "v")]
    pub version: u64,
    /// When the record expires, in seconds since the epoch. `None` until it is stopped.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ttl: Option<i64>,
}

impl Definition {
    /// Returns the id of the recurrence: eight hexadecimal digits of a digest of the definition. `attempt` is 0 unless
    /// the id belongs to another recurrence, or to one that was stopped.
    pub fn id(&self, attempt: u32) -> Result<String, serde_json::Error> {
        let text = serde_json::to_string(&(self, attempt))?;
        let digest = format!("{:x}", md5::compute(text));
        Ok(digest[..8].to_owned())
    }

    /// Returns the first run that is not before `now`, nor before the requested time.
    pub fn first_run(&self, now: Micros) -> Option<Micros> {
        self.timing.run_from(self.not_before.map_or(now, |time| time.max(now)))
    }

    /// Returns the operation at a run, before it has an id.
    pub fn occurrence(&self, due: Micros, recurrence: Option<String>) -> Draft {
        Draft {
            kind: self.kind,
            target: self.target.clone(),
            options: self.options.clone(),
            due,
            window: self.timing.window(),
            recurrence,
        }
    }

    /// Returns the new recurrence with this id, whose first occurrence is `operation`.
    pub fn requested(self, id: String, operation: &str, by: &str, now: Micros) -> Recurrence {
        Recurrence {
            id,
            definition: self,
            requested: now,
            requested_by: by.to_owned(),
            operations: vec![operation.to_owned()],
            skipped: 0,
            last_skipped: None,
            stopped: None,
            version: 1,
            ttl: None,
        }
    }
}

impl Recurrence {
    /// Returns the id of the current occurrence.
    pub fn current(&self) -> Option<&str> {
        self.operations.first().map(String::as_str)
    }

    /// Whether an operation is the current occurrence of a recurrence that was not stopped.
    pub fn continues_after(&self, operation: &Operation) -> bool {
        self.stopped.is_none() && self.current() == Some(operation.id.as_str())
    }

    /// Returns the run that follows an occurrence that ended at `now`: the first one that has not come.
    pub fn run_after(&self, due: Micros, now: Micros) -> Option<Micros> {
        self.definition.timing.run_after(due.max(now))
    }

    /// Returns the next `count` runs. The current occurrence is the first of them while it waits.
    pub fn next_runs(&self, current: Option<&Operation>, now: Micros, count: usize) -> Vec<Micros> {
        if self.stopped.is_some() {
            return Vec::new();
        }
        let first = match current {
            Some(current) if current.is_waiting() => Some(current.due),
            Some(current) => self.run_after(current.due, now),
            None => self.definition.timing.run_after(now),
        };
        self.definition.timing.runs(first).take(count).collect()
    }

    /// Returns the recurrence with its next occurrence, after one that was due at `due` ended at `now`.
    #[must_use]
    pub fn continued(&self, operation: &str, due: Micros, now: Micros) -> Self {
        let passed = self.definition.timing.passed(due, now);
        let operations = std::iter::once(operation.to_owned()).chain(self.operations.iter().cloned());
        Self {
            operations: operations.take(NAMED).collect(),
            skipped: self.skipped + passed.count,
            last_skipped: passed.last.or(self.last_skipped),
            version: self.version + 1,
            ..self.clone()
        }
    }

    /// Returns the recurrence after it was stopped. It is kept for `retention_seconds`.
    #[must_use]
    pub fn stopped(&self, now: Micros, retention_seconds: i64) -> Self {
        Self {
            stopped: Some(now),
            version: self.version + 1,
            ttl: Some(now.plus_seconds(retention_seconds).epoch_seconds()),
            ..self.clone()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::operation::datetime;
    use crate::operation::schedule::Schedule;
    use crate::operation::target::Object;

    fn at(text: &str) -> Micros {
        datetime::parse(&format!("2035-01-05T{text}:00Z")).expect("a time")
    }

    fn definition(schedule: &str) -> Definition {
        let schedule = Schedule::parse(schedule).expect("a schedule");
        Definition {
            kind: Kind::Vacuum,
            target: Target { server: String::new(), database: "world".to_owned(), object: Object::Database },
            options: Options::default(),
            timing: Timing::new(schedule, None).expect("runs"),
            not_before: None,
        }
    }

    fn hourly() -> Recurrence {
        definition("0 * * * *").requested("0badcafe".to_owned(), "00000001", "ann", at("00:30"))
    }

    fn occurrence(id: &str, due: Micros) -> Operation {
        let draft = hourly().definition.occurrence(due, Some("0badcafe".to_owned()));
        draft.requested(id.to_owned(), "ann", at("00:30"))
    }

    #[test]
    fn id_follows_from_the_definition() {
        let id = |definition: &Definition, attempt| definition.id(attempt).expect("an id");
        let hourly = definition("0 * * * *");
        assert_eq!(id(&hourly, 0), id(&definition(" 0 *  * * * "), 0));
        let later = Definition { not_before: Some(at("09:00")), ..hourly.clone() };
        let others = [id(&definition("1 * * * *"), 0), id(&later, 0), id(&hourly, 1)];
        assert!(others.iter().all(|other| *other != id(&hourly, 0) && other.len() == 8), "{others:?}");
    }

    #[test]
    fn first_run_is_not_before_the_requested_time() {
        for (not_before, expected) in [(None, "07:00"), (Some("06:00"), "07:00"), (Some("09:00"), "09:00")] {
            let definition = Definition { not_before: not_before.map(at), ..definition("0 * * * *") };
            assert_eq!(definition.first_run(at("06:01")), Some(at(expected)), "{not_before:?}");
        }
    }

    #[test]
    fn runs_that_passed_are_counted_and_never_repeated() {
        let recurrence = hourly();
        let due = at("01:00");
        // It ended in time, was cancelled before it was due, took three hours.
        for (now, next, skipped, last) in
            [("01:10", "02:00", 0, None), ("00:40", "02:00", 0, None), ("04:00", "05:00", 3, Some("04:00"))]
        {
            assert_eq!(recurrence.run_after(due, at(now)), Some(at(next)), "{now}");
            let continued = recurrence.continued("00000002", due, at(now));
            assert_eq!((continued.skipped, continued.last_skipped), (skipped, last.map(at)), "{now}");
            assert_eq!((continued.current(), continued.version), (Some("00000002"), 2));
            let later = continued.continued("00000003", at(next), at(next));
            assert_eq!((later.skipped, later.last_skipped), (skipped, last.map(at)), "{now}");
        }
    }

    #[test]
    fn ten_occurrences_are_named() {
        let mut recurrence = hourly();
        for number in 2..=12 {
            recurrence = recurrence.continued(&format!("{number:08}"), at("01:00"), at("01:00"));
        }
        assert_eq!(recurrence.operations.len(), 10);
        assert_eq!(recurrence.operations.last().map(String::as_str), Some("00000003"));
    }

    #[test]
    fn only_the_current_occurrence_is_continued() {
        let recurrence = hourly();
        let current = occurrence("00000001", at("01:00"));
        assert!(recurrence.continues_after(&current));
        assert!(!recurrence.continues_after(&occurrence("00000002", at("01:00"))));
        let stopped = recurrence.stopped(at("00:45"), 86_400);
        assert!(!stopped.continues_after(&current));
        assert_eq!(stopped.ttl, Some(at("00:45").epoch_seconds() + 86_400));
    }

    #[test]
    fn waiting_occurrence_is_the_next_run() {
        let recurrence = hourly();
        let waiting = occurrence("00000001", at("01:00"));
        let runs = |current: Option<&Operation>, now| recurrence.next_runs(current, at(now), 2);
        assert_eq!(runs(Some(&waiting), "03:30"), [at("01:00"), at("02:00")]);
        let running = Operation { status: crate::operation::status::Status::Doing, ..waiting };
        assert_eq!(runs(Some(&running), "01:30"), [at("02:00"), at("03:00")]);
        assert_eq!(runs(None, "01:30"), [at("02:00"), at("03:00")]);
        assert!(recurrence.stopped(at("01:30"), 0).next_runs(Some(&running), at("01:30"), 2).is_empty());
    }
}
