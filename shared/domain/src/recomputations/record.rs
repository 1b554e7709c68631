//! Pure. A request as it is stored, and what becomes of it.

use serde::{Deserialize, Serialize};

use crate::recomputations::draft::Fields;
use crate::recomputations::refusal::Refusal;
use crate::recomputations::status::{Status, Transitions};
use crate::time::Micros;

/// Status changes that one request takes: with them it stays within the 400 KB of an item.
pub const MOST_CHANGES: usize = 2_000;

/// A request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recomputation {
    /// A UUID that Steward made.
    pub id: String,
    /// What was asked for.
    #[serde(flatten)]
    pub fields: Fields,
    /// How far it is.
    #[serde(rename = "st")]
    pub status: Status,
    /// When it was submitted; never changes.
    #[serde(rename = "cr")]
    pub created: Micros,
    /// Every status it had, oldest first, beginning with pending at its submission.
    #[serde(rename = "hi")]
    pub history: Vec<StatusChange>,
    /// Counts its changes, from 1.
    #[serde(rename = "v")]
    pub version: u64,
}

/// A status that a request had from a time on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StatusChange {
    /// Which.
    #[serde(rename = "s")]
    pub status: Status,
    /// Since when.
    #[serde(rename = "t")]
    pub at: Micros,
}

impl Recomputation {
    /// A request as it is submitted.
    pub fn submitted(id: String, fields: Fields, now: Micros) -> Self {
        let history = vec![StatusChange { status: Status::Pending, at: now }];
        Self { id, fields, status: Status::Pending, created: now, history, version: 1 }
    }

    /// The same with a status that follows.
    pub fn with_status(&self, to: Status, now: Micros, transitions: Transitions) -> Result<Self, Refusal> {
        let allowed = self.status.followers(transitions);
        if !allowed.contains(&to) {
            return Err(Refusal::Transition { from: self.status, allowed });
        }
        if self.history.len() > MOST_CHANGES {
            return Err(Refusal::Full);
        }
        let mut history = self.history.clone();
        history.push(StatusChange { status: to, at: now });
        Ok(Self { status: to, history, version: self.version + 1, ..self.clone() })
    }

    /// The same as it was submitted, but for its version; none where it is that already.
    pub fn reset(&self, transitions: Transitions) -> Result<Option<Self>, Refusal> {
        if self.status == Status::Pending && self.history.len() == 1 {
            return Ok(None);
        }
        if !self.status.may_be_reset(transitions) {
            return Err(Refusal::Transition {
                from: self.status,
                allowed: self.status.followers(transitions),
            });
        }
        let history = vec![StatusChange { status: Status::Pending, at: self.created }];
        Ok(Some(Self { status: Status::Pending, history, version: self.version + 1, ..self.clone() }))
    }

    /// The same with other fields.
    #[must_use]
    pub fn with_fields(&self, fields: Fields) -> Self {
        Self { fields, version: self.version + 1, ..self.clone() }
    }

    /// Whether a day (`yyyy-mm-dd`) is in its period, the days of both ends included.
    pub fn covers(&self, date: &str) -> bool {
        let day = |at: Micros| at.to_utc().format("%Y-%m-%d").to_string();
        (day(self.fields.start_time)..=day(self.fields.end_time)).contains(&date.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recomputations::draft::tests::fields;

    const OPEN: Transitions = Transitions::Open;

    fn at(seconds: i64) -> Micros {
        Micros(0).plus_seconds(seconds)
    }

    fn new() -> Recomputation {
        Recomputation::submitted("a".to_owned(), fields(), at(0))
    }

    #[test]
    fn a_status_is_added_to_the_history_and_nothing_else_changes() {
        let (old, new) = (new(), new().with_status(Status::Done, at(9), OPEN).expect("it is open"));
        assert_eq!(
            new.history,
            [
                StatusChange { status: Status::Pending, at: at(0) },
                StatusChange { status: Status::Done, at: at(9) }
            ]
        );
        let (status, history, version) = (old.status, old.history.clone(), old.version);
        assert_eq!(Recomputation { status, history, version, ..new }, old);
    }

    #[test]
    fn a_status_that_may_not_follow_says_which_may() {
        let refused =
            new().with_status(Status::Done, at(9), Transitions::Guarded).expect_err("it is guarded");
        let Refusal::Transition { from, allowed } = refused else { panic!("{refused:?}") };
        assert_eq!((from, allowed), (Status::Pending, &[Status::Approved, Status::Rejected][..]));
        let running = Recomputation { status: Status::Running, ..new() };
        assert!(running.reset(Transitions::Guarded).is_err());
    }

    #[test]
    fn a_reset_leaves_what_was_submitted() {
        let changed = new().with_status(Status::Done, at(9), OPEN).expect("it is open");
        let reset = changed.reset(OPEN).expect("it is open").expect("there is something to reset");
        assert_eq!(Recomputation { version: 1, ..reset.clone() }, new());
        assert_eq!(reset.version, 3);
        assert_eq!(new().reset(OPEN).expect("it is open"), None);
    }

    #[test]
    fn a_history_does_not_grow_out_of_its_item() {
        let mut request = new();
        for _ in 0..MOST_CHANGES {
            request = request.with_status(Status::Approved, at(1), OPEN).expect("it takes so many");
        }
        assert!(matches!(request.with_status(Status::Done, at(2), OPEN), Err(Refusal::Full)));
    }

    #[test]
    fn both_days_at_the_ends_are_in_the_period() {
        // 2015-01-10T12:00:00Z to 2015-01-30T00:00:00Z
        for (date, expected) in [
            ("2015-01-09", false),
            ("2015-01-10", true),
            ("2015-01-20", true),
            ("2015-01-30", true),
            ("2015-01-31", false),
        ] {
            assert_eq!(new().covers(date), expected, "{date}");
        }
    }
}
