//! Pure. The times of a usage record.

use crate::notification::event::{Event, Value};
use crate::streams::pipeline::handler::HandlerError;
use crate::time::Micros;

/// The times of a usage record. An empty trait counts as absent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Times {
    /// `launched_at`.
    pub launched: Option<Micros>,
    /// `deleted_at`.
    pub deleted: Option<Micros>,
    /// The audit period.
    pub period: Option<Period>,
}

/// `audit_period_beginning` and `audit_period_ending`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Period {
    beginning: Micros,
    ending: Micros,
}

impl Times {
    /// Reads the times of a record. Fails if the event's definition does not make one of them a datetime.
    pub fn read(exists: &Event) -> Result<Self, HandlerError> {
        let (beginning, ending) =
            (time(exists, "audit_period_beginning")?, time(exists, "audit_period_ending")?);
        Ok(Self {
            launched: time(exists, "launched_at")?,
            deleted: time(exists, "deleted_at")?,
            period: beginning.zip(ending).map(|(beginning, ending)| Period { beginning, ending }),
        })
    }

    /// Whether a time is in the audit period, including both ends.
    pub fn in_period(&self, at: Micros) -> bool {
        self.period.is_some_and(|Period { beginning, ending }| (beginning..=ending).contains(&at))
    }

    /// Whether there is an audit period that does not end on the day after it begins.
    pub fn is_partial_day(&self) -> bool {
        self.period.is_some_and(|Period { beginning, ending }| {
            beginning.to_utc().date_naive().succ_opt() != Some(ending.to_utc().date_naive())
        })
    }
}

fn time(exists: &Event, name: &str) -> Result<Option<Micros>, HandlerError> {
    match exists.traits.get(name) {
        None => Ok(None),
        Some(Value::Datetime(at)) => Ok(Some(*at)),
        Some(Value::Text(text)) if text.is_empty() => Ok(None),
        Some(Value::Text(_) | Value::Int(_) | Value::Float(_)) => {
            let reason = format!("'{name}' of {} is not a datetime: check its definition", exists.message_id);
            Err(HandlerError { handler: "usage", reason })
        }
    }
}
