//! Pure. The times of a usage record.

use super::HandlerError;
use crate::notification::event::{Event, Value};
use crate::time::Micros;

/// The times that a record is checked by. Blank ones are absent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Times {
    /// `launched_at`.
    pub launched: Option<Micros>,
    /// `deleted_at`.
    pub deleted: Option<Micros>,
    /// `audit_period_beginning` and `audit_period_ending`, when both are there.
    pub period: Option<(Micros, Micros)>,
}

impl Times {
    /// Reads them. A time that is no datetime cannot be compared, which its definition is to blame for.
    pub fn of(exists: &Event) -> Result<Self, HandlerError> {
        let period = (time(exists, "audit_period_beginning")?, time(exists, "audit_period_ending")?);
        Ok(Self {
            launched: time(exists, "launched_at")?,
            deleted: time(exists, "deleted_at")?,
            period: period.0.zip(period.1),
        })
    }

    /// Whether this time lies in the record's period, both ends included.
    pub fn in_period(&self, at: Micros) -> bool {
        self.period.is_some_and(|(from, to)| (from..=to).contains(&at))
    }

    /// Whether the period ends on another day than the one after it begins.
    pub fn is_no_day(&self) -> bool {
        self.period.is_some_and(|(from, to)| {
            let (from, to) = (from.to_utc().date_naive(), to.to_utc().date_naive());
            from.succ_opt() != Some(to)
        })
    }
}

fn time(exists: &Event, name: &str) -> Result<Option<Micros>, HandlerError> {
    match exists.traits.get(name) {
        None => Ok(None),
        Some(Value::Datetime(at)) => Ok(Some(*at)),
        Some(Value::Text(text)) if text.is_empty() => Ok(None),
        Some(Value::Text(_) | Value::Int(_) | Value::Float(_)) => {
            let reason = format!("'{name}' of {} is no datetime: see its definition", exists.message_id);
            Err(HandlerError { handler: "usage", reason })
        }
    }
}
