//! Pure. The record of an operation and its transitions.
//!
//! A worker acquires an operation under a token and a lease. Every later change by that worker requires its token, so
//! that a worker that was paused past its lease changes nothing.

use domain::time::{Micros, Minute};
use serde::{Deserialize, Serialize};

use crate::operation::evidence::{Effect, Evidence};
use crate::operation::kind::Kind;
use crate::operation::options::Options;
use crate::operation::status::{BadTransition, Status};
use crate::operation::target::Target;
use crate::operation::window::Window;

/// Seconds that an ended operation stays in the lists of scheduled operations.
pub const LISTED_SECONDS: i64 = 60;
/// Attempts of one step before the operation fails.
pub const ATTEMPTS: u32 = 5;
/// The longest delay between two attempts, in seconds.
const LONGEST_BACKOFF: i64 = 600;

/// An operation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Operation {
    /// Eight hexadecimal digits.
    pub id: String,
    /// The kind.
    #[serde(rename = "kd")]
    pub kind: Kind,
    /// The object it works on.
    #[serde(rename = "ta")]
    pub target: Target,
    /// Its options.
    #[serde(rename = "op")]
    pub options: Options,
    /// The requested due time, in whole seconds. It may lie before the request.
    #[serde(rename = "at")]
    pub due: Micros,
    /// The time of each day in which its statements may start.
    #[serde(rename = "wi", default, skip_serializing_if = "Option::is_none")]
    pub window: Option<Window>,
    /// The id of the recurrence that it is an occurrence of.
    #[serde(rename = "rc", default, skip_serializing_if = "Option::is_none")]
    pub recurrence: Option<String>,
    /// The state.
    #[serde(rename = "st")]
    pub status: Status,
    /// When it was requested.
    #[serde(rename = "cr")]
    pub requested: Micros,
    /// The name of the principal that requested it.
    #[serde(rename = "by")]
    pub requested_by: String,
    /// When its first statement started.
    #[serde(rename = "ba", default, skip_serializing_if = "Option::is_none")]
    pub started: Option<Micros>,
    /// When it ended.
    #[serde(rename = "en", default, skip_serializing_if = "Option::is_none")]
    pub ended: Option<Micros>,
    /// When its cancel was requested.
    #[serde(rename = "ca", default, skip_serializing_if = "Option::is_none")]
    pub canceled: Option<Micros>,
    /// The number of times that a worker acquired it.
    #[serde(rename = "tk")]
    pub token: u64,
    /// Until when the worker with the latest token holds it.
    #[serde(rename = "le", default, skip_serializing_if = "Option::is_none")]
    pub lease: Option<Micros>,
    /// When it must be looked at next.
    #[serde(rename = "lo")]
    pub look: Micros,
    /// The minute (since the epoch) of its due row.
    #[serde(rename = "du")]
    pub minute: Minute,
    /// The number of relations it works on. `None` until they are known.
    #[serde(rename = "to", default, skip_serializing_if = "Option::is_none")]
    pub total: Option<u64>,
    /// The number of relations that are finished.
    #[serde(rename = "nx")]
    pub finished: u64,
    /// The number of finished relations that failed.
    #[serde(rename = "fa")]
    pub failed: u64,
    /// The attempts of the current step that failed.
    #[serde(rename = "tr")]
    pub attempts: u32,
    /// The statement that was sent to the server and has no known result.
    #[serde(rename = "cu", default, skip_serializing_if = "Option::is_none")]
    pub current: Option<Running>,
    /// The statement that failed first, or the latest one that has a known result.
    #[serde(rename = "ps", default, skip_serializing_if = "Option::is_none")]
    pub past: Option<Past>,
    /// Why it waits, while it does.
    #[serde(rename = "wa", default, skip_serializing_if = "Option::is_none")]
    pub waiting: Option<String>,
    /// Since when its server has been unreachable.
    #[serde(rename = "un", default, skip_serializing_if = "Option::is_none")]
    pub unreachable: Option<Micros>,
    /// The first error of a statement, or the reason for its failure.
    #[serde(rename = "er", default, skip_serializing_if = "Option::is_none")]
    pub error: Option<Reason>,
    /// Counts its changes, from 1.
    #[serde(rename = "v")]
    pub version: u64,
    /// When the record expires, in seconds since the epoch. `None` until it has ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ttl: Option<i64>,
}

/// A statement on the server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Running {
    /// The statement.
    #[serde(rename = "sq")]
    pub statement: String,
    /// The OID of the relation.
    #[serde(rename = "oi")]
    pub oid: u32,
    /// The process id of its backend.
    #[serde(rename = "pi")]
    pub pid: i32,
    /// When that backend started, in microseconds since the epoch: process ids are used again.
    #[serde(rename = "bs")]
    pub backend_start: i64,
    /// The `application_name` of the session.
    #[serde(rename = "an")]
    pub application: String,
    /// When it was sent.
    #[serde(rename = "si")]
    pub since: Micros,
    /// The effect that proves that it finished.
    #[serde(rename = "ef")]
    pub effect: Effect,
    /// The OID of the table whose evidence is compared: of an index, its table.
    #[serde(rename = "tb")]
    pub table: u32,
    /// The relation before it.
    #[serde(rename = "ev")]
    pub before: Evidence,
}

/// A statement with a known result.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Past {
    /// The statement.
    #[serde(rename = "sq")]
    pub statement: String,
    /// When it was sent.
    #[serde(rename = "si")]
    pub since: Micros,
}

/// Why a statement or an operation failed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reason {
    /// The SQLSTATE, if the server reported the error.
    #[serde(rename = "ss", default, skip_serializing_if = "Option::is_none")]
    pub sqlstate: Option<String>,
    /// The text.
    #[serde(rename = "tx")]
    pub message: String,
}

/// A request for an operation whose parts are valid.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Draft {
    /// The kind.
    pub kind: Kind,
    /// The object.
    pub target: Target,
    /// The options.
    pub options: Options,
    /// The due time, in whole seconds.
    pub due: Micros,
    /// The time of each day in which its statements may start.
    pub window: Option<Window>,
    /// The id of the recurrence that it is an occurrence of.
    pub recurrence: Option<String>,
}

impl Reason {
    /// Returns a reason that Steward found.
    pub fn new(message: impl Into<String>) -> Self {
        Self { sqlstate: None, message: message.into() }
    }
}

impl Draft {
    /// Returns the new operation with this id.
    pub fn requested(self, id: String, by: &str, now: Micros) -> Operation {
        let Self { kind, target, options, due, window, recurrence } = self;
        Operation {
            id,
            kind,
            target,
            options,
            due,
            window,
            recurrence,
            status: Status::Todo,
            requested: now,
            requested_by: by.to_owned(),
            started: None,
            ended: None,
            canceled: None,
            token: 0,
            lease: None,
            look: due.max(now),
            minute: Minute(0),
            total: None,
            finished: 0,
            failed: 0,
            attempts: 0,
            current: None,
            past: None,
            waiting: None,
            unreachable: None,
            error: None,
            version: 0,
            ttl: None,
        }
    }

    /// Whether an operation is what the draft requests.
    pub fn is(&self, operation: &Operation) -> bool {
        self.kind == operation.kind
            && self.target == operation.target
            && self.options == operation.options
            && self.due == operation.due
            && self.window == operation.window
            && self.recurrence == operation.recurrence
    }
}

impl Operation {
    /// Whether the operation is in the lists of scheduled operations.
    pub fn is_listed(&self, now: Micros) -> bool {
        self.ended.is_none_or(|ended| now < ended.plus_seconds(LISTED_SECONDS))
    }

    /// Whether a worker holds the operation.
    pub fn is_held(&self, now: Micros) -> bool {
        self.lease.is_some_and(|lease| now < lease)
    }

    /// Whether all relations are finished.
    pub fn is_complete(&self) -> bool {
        self.total.is_some_and(|total| self.finished >= total)
    }

    /// Whether the operation waits for its first worker.
    pub fn is_waiting(&self) -> bool {
        matches!(self.status, Status::Todo | Status::Queued)
    }

    /// Returns the operation in a closed window: `None` if the window is open or a statement runs.
    ///
    /// An operation that has finished some of its relations continues with the others when the window opens again. One
    /// that has finished none ends as failed.
    pub fn outside_window(&self, now: Micros) -> Result<Option<Self>, BadTransition> {
        let Some(window) = self.window.filter(|window| !window.contains(now) && self.current.is_none())
        else {
            return Ok(None);
        };
        if self.finished > 0 {
            let waiting = format!("the maintenance window ({window}) is closed");
            return Ok(Some(self.released(window.open_from(now), Some(waiting))));
        }
        let closed = match &self.waiting {
            Some(cause) => format!("maintenance window closed: {cause}"),
            None => "maintenance window closed".to_owned(),
        };
        let error = Some(self.error.clone().unwrap_or_else(|| Reason::new(closed)));
        Ok(Some(Self { error, ..self.ended_early(now)? }))
    }

    /// Returns the operation after its message was sent. It is due as before, so that the message is sent again if no
    /// worker takes the operation.
    pub fn queued(&self) -> Result<Self, BadTransition> {
        let status = if self.status == Status::Todo { self.status.queue()? } else { self.status };
        Ok(Self { status, ..self.clone() })
    }

    /// Returns the operation under a new token and a lease. `None` if it has ended, is held by a worker, or need not be
    /// looked at yet: of several messages, only one has an effect.
    pub fn acquired(&self, now: Micros, lease: Micros) -> Option<Self> {
        if self.status.is_final() || self.is_held(now) || self.look > now.plus_seconds(1) {
            return None;
        }
        let status = self.status.queue().unwrap_or(self.status);
        Some(Self { status, token: self.token + 1, lease: Some(lease), look: lease, ..self.clone() })
    }

    /// Returns the operation with a longer lease.
    #[must_use]
    pub fn renewed(&self, lease: Micros) -> Self {
        Self { lease: Some(lease), look: lease, ..self.clone() }
    }

    /// Returns the operation released until `look`, for a reason that clients can read.
    #[must_use]
    pub fn released(&self, look: Micros, waiting: Option<String>) -> Self {
        Self { lease: None, look, waiting, ..self.clone() }
    }

    /// Returns the operation while its server is unreachable: released with a backoff, or failed at the end of the retry
    /// window.
    pub fn without_server(
        &self,
        reason: &Reason,
        now: Micros,
        retry_seconds: i64,
    ) -> Result<Self, BadTransition> {
        let since = self.unreachable.unwrap_or(now);
        let waited = (now.0 - since.0) / 1_000_000;
        if waited >= retry_seconds {
            let error = Some(self.error.clone().unwrap_or_else(|| reason.clone()));
            return Ok(Self { error, ..self.ended_early(now)? });
        }
        let look = now.plus_seconds(waited.clamp(30, LONGEST_BACKOFF));
        let released = self.released(look, Some(reason.message.clone()));
        Ok(Self { unreachable: Some(since), ..released })
    }

    /// Returns the operation with a server that answers again.
    #[must_use]
    pub fn with_server(&self) -> Self {
        Self { unreachable: None, waiting: None, ..self.clone() }
    }

    /// Returns the operation with the number of its relations.
    #[must_use]
    pub fn split(&self, total: u64) -> Self {
        Self { total: Some(total), ..self.clone() }
    }

    /// Returns the operation before a statement is sent.
    pub fn sending(&self, running: Running) -> Result<Self, BadTransition> {
        let started = Some(self.started.unwrap_or(running.since));
        Ok(Self {
            status: self.status.claim()?,
            started,
            current: Some(running),
            waiting: None,
            unreachable: None,
            ..self.clone()
        })
    }

    /// Returns the operation after the current statement had its effect, or after its relation was found to be gone.
    #[must_use]
    pub fn step_finished(&self) -> Self {
        Self { finished: self.finished + 1, attempts: 0, ..self.without_current() }
    }

    /// Returns the operation after the current relation failed for good.
    #[must_use]
    pub fn step_failed(&self, reason: Reason) -> Self {
        let error = Some(self.error.clone().unwrap_or(reason));
        Self { failed: self.failed + 1, error, ..self.step_finished() }
    }

    /// Returns the operation after an attempt that may succeed later: released with a backoff, or with the step failed
    /// after too many attempts.
    #[must_use]
    pub fn step_retried(&self, reason: Reason, now: Micros) -> Self {
        let attempts = self.attempts + 1;
        if attempts >= ATTEMPTS {
            return self.step_failed(reason);
        }
        let look = now.plus_seconds((15_i64 << attempts).min(LONGEST_BACKOFF));
        Self { attempts, ..self.released(look, Some(reason.message)).without_current() }
    }

    /// Returns the operation after a cancel was requested. Unchanged if that was done before.
    pub fn cancel_requested(&self, now: Micros) -> Result<Self, BadTransition> {
        let status = match self.status {
            Status::Aborted => Status::Aborted,
            status => status.cancel()?,
        };
        let canceled = Some(self.canceled.unwrap_or(now));
        let next = Self { status, canceled, ..self.clone() };
        match status {
            Status::Canceled if !self.status.is_final() => Ok(next.at_end(now)),
            // Between two relations, no worker would end it before it is due again.
            Status::Abort if self.current.is_none() && !self.is_held(now) => next.ended_early(now),
            _ => Ok(next),
        }
    }

    /// Returns the operation at its end: aborted if a cancel was requested, failed otherwise.
    pub fn ended_early(&self, now: Micros) -> Result<Self, BadTransition> {
        Ok(Self { status: self.status.end_early()?, ..self.at_end(now) })
    }

    /// Returns the operation after its last relation: done, or failed if a relation failed.
    pub fn completed(&self, now: Micros) -> Result<Self, BadTransition> {
        let status =
            if self.failed > 0 { self.status.end_early()? } else { self.status.claim()?.finish()? };
        Ok(Self { status, ..self.at_end(now) })
    }

    fn at_end(&self, now: Micros) -> Self {
        Self {
            ended: Some(now),
            lease: None,
            waiting: None,
            look: now.plus_seconds(LISTED_SECONDS),
            ..self.without_current()
        }
    }

    /// Returns the operation after the result of the current statement is known. The statement that failed first is not
    /// replaced by later ones.
    fn without_current(&self) -> Self {
        let Self { current, past, error, .. } = self.clone();
        let latest = current.map(|Running { statement, since, .. }| Past { statement, since });
        let past = if error.is_some() && past.is_some() { past } else { latest.or(past) };
        Self { current: None, past, ..self.clone() }
    }
}

#[cfg(test)]
mod tests;
