//! Pure. The stored record of a request, and its changes.

use serde::{Deserialize, Serialize};

use crate::recomputations::calendar_date;
use crate::recomputations::change_error::ChangeError;
use crate::recomputations::fields::Fields;
use crate::recomputations::status::{Status, Transitions};
use crate::time::Micros;

/// Maximum number of status changes of a request, which keeps it within the 400 KB of an item.
pub const MAX_STATUS_CHANGES: usize = 2_000;

/// A recomputation request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recomputation {
    /// A random UUID.
    pub id: String,
    /// The fields that the client submitted.
    #[serde(flatten)]
    pub fields: Fields,
    /// The current status.
    #[serde(rename = "st")]
    pub status: Status,
    /// When the request was submitted.
    #[serde(rename = "cr")]
    pub created: Micros,
    /// All status changes since the last reset, oldest first, beginning with pending at the submission.
    #[serde(rename = "hi")]
    pub history: Vec<StatusChange>,
    /// Starts at 1 and is incremented by every change.
    #[serde(rename = "v")]
    pub version: u64,
}

/// A status, and when the request entered it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StatusChange {
    /// The status.
    #[serde(rename = "s")]
    pub status: Status,
    /// When the request entered it.
    #[serde(rename = "t")]
    pub at: Micros,
}

impl Recomputation {
    /// Creates a pending request.
    pub fn new(id: String, fields: Fields, now: Micros) -> Self {
        let history = vec![StatusChange { status: Status::Pending, at: now }];
        Self { id, fields, status: Status::Pending, created: now, history, version: 1 }
    }

    /// Changes the status. Fails if the transition is not allowed or the history is full.
    pub fn with_status(
        &self,
        to: Status,
        now: Micros,
        transitions: Transitions,
    ) -> Result<Self, ChangeError> {
        let allowed = self.status.allowed_next(transitions);
        if !allowed.contains(&to) {
            return Err(ChangeError::InvalidTransition { from: self.status, allowed });
        }
        if self.history.len() > MAX_STATUS_CHANGES {
            return Err(ChangeError::HistoryFull);
        }
        let mut history = self.history.clone();
        history.push(StatusChange { status: to, at: now });
        Ok(Self { status: to, history, version: self.version + 1, ..self.clone() })
    }

    /// Resets the status to pending and clears the history. Returns `None` if the request is in that state already, and
    /// fails if its status does not allow it.
    pub fn reset(&self, transitions: Transitions) -> Result<Option<Self>, ChangeError> {
        if self.status == Status::Pending && self.history.len() == 1 {
            return Ok(None);
        }
        if !self.status.may_be_reset(transitions) {
            return Err(ChangeError::InvalidTransition {
                from: self.status,
                allowed: self.status.allowed_next(transitions),
            });
        }
        let history = vec![StatusChange { status: Status::Pending, at: self.created }];
        Ok(Some(Self { status: Status::Pending, history, version: self.version + 1, ..self.clone() }))
    }

    /// Replaces the fields; the status and history stay.
    #[must_use]
    pub fn with_fields(&self, fields: Fields) -> Self {
        Self { fields, version: self.version + 1, ..self.clone() }
    }

    /// Whether a date (`yyyy-mm-dd`) is in the request's period, including the dates of its start and end.
    pub fn covers(&self, date: &str) -> bool {
        let (first, last) =
            (calendar_date::format(self.fields.start_time), calendar_date::format(self.fields.end_time));
        (first.as_str()..=last.as_str()).contains(&date)
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

    fn request() -> Recomputation {
        Recomputation::new("a".to_owned(), fields(), at(0))
    }

    #[test]
    fn a_status_change_extends_the_history_and_keeps_the_other_fields() {
        let (old, new) =
            (request(), request().with_status(Status::Done, at(9), OPEN).expect("an open transition"));
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
    fn an_invalid_transition_reports_the_allowed_ones() {
        let error = request()
            .with_status(Status::Done, at(9), Transitions::Guarded)
            .expect_err("a guarded transition");
        let ChangeError::InvalidTransition { from, allowed } = error else { panic!("{error:?}") };
        assert_eq!((from, allowed), (Status::Pending, &[Status::Approved, Status::Rejected][..]));
        let running = Recomputation { status: Status::Running, ..request() };
        assert!(running.reset(Transitions::Guarded).is_err());
    }

    #[test]
    fn a_reset_restores_the_submitted_request() {
        let changed = request().with_status(Status::Done, at(9), OPEN).expect("an open transition");
        let reset = changed.reset(OPEN).expect("an open transition").expect("a changed request");
        assert_eq!(Recomputation { version: 1, ..reset.clone() }, request());
        assert_eq!(reset.version, 3);
        assert_eq!(request().reset(OPEN).expect("an open transition"), None);
    }

    #[test]
    fn the_number_of_status_changes_is_limited() {
        let mut request = request();
        for _ in 0..MAX_STATUS_CHANGES {
            request = request.with_status(Status::Approved, at(1), OPEN).expect("a history that is not full");
        }
        assert!(matches!(request.with_status(Status::Done, at(2), OPEN), Err(ChangeError::HistoryFull)));
    }

    #[test]
    fn a_period_covers_the_dates_of_its_start_and_end() {
        // 2015-01-10T12:00:00Z to 2015-01-30T00:00:00Z
        for (date, expected) in [
            ("2015-01-09", false),
            ("2015-01-10", true),
            ("2015-01-20", true),
            ("2015-01-30", true),
            ("2015-01-31", false),
        ] {
            assert_eq!(request().covers(date), expected, "{date}");
        }
    }
}
