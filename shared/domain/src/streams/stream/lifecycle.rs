//! Pure. The life cycle of a stream: when it is due, and its record after each transition.

use super::Head;
use crate::streams::state::{PipelineKind, PipelineOutcome, State};
use crate::time::Micros;
use crate::work::due;

/// Seconds for which a deleted stream is kept. After that, no redelivery of its events is possible.
const TOMBSTONE_SECONDS: i64 = 15 * 86_400;

impl Head {
    /// Whether the stream accepts events now.
    pub fn accepts_events(&self, now: Micros) -> bool {
        self.is_open() && self.expires > now
    }

    /// Whether the stream has expired without being closed, so that a slower worker could still append to it.
    pub fn needs_closing(&self, now: Micros) -> bool {
        self.is_open() && self.expires <= now
    }

    fn is_open(&self) -> bool {
        self.state == State::Active && !self.closed && !self.deleted
    }

    /// Returns the next time at which the stream may be due.
    pub fn next_due(&self) -> Micros {
        match (self.lease, self.fires) {
            (Some(lease), _) => lease,
            (None, Some(fires)) if self.state != State::RetryExpire => fires.min(self.expires),
            _ => self.expires,
        }
    }

    /// Returns the pipeline that is due now, if any.
    pub fn due_pipeline(&self, now: Micros) -> Option<PipelineKind> {
        if self.deleted {
            return None;
        }
        match self.state {
            State::Active if self.fires.is_some_and(|fires| fires <= now) => Some(PipelineKind::Fire),
            State::Active if self.expires < now => Some(PipelineKind::Expire),
            State::RetryFire => Some(PipelineKind::Fire),
            State::RetryExpire => Some(PipelineKind::Expire),
            State::Firing if self.lease.is_some_and(|lease| lease < now) => Some(PipelineKind::Fire),
            State::Expiring if self.lease.is_some_and(|lease| lease < now) => Some(PipelineKind::Expire),
            _ => None,
        }
    }

    /// Whether a pipeline is due now or becomes due with time alone.
    pub fn is_scheduled(&self) -> bool {
        let can_become_due = matches!(
            self.state,
            State::Active | State::RetryFire | State::RetryExpire | State::Firing | State::Expiring
        );
        can_become_due && !self.deleted
    }

    /// Returns the stream with this pipeline running under a lease, or `None` if its state does not allow that.
    pub fn claimed(&self, pipeline: PipelineKind, lease: Micros, now: Micros) -> Option<Self> {
        let state = self.state.claimed(pipeline)?;
        let due_minute = due::minute(lease, now);
        Some(Self { state, lease: Some(lease), due_minute, version: self.version + 1, ..self.clone() })
    }

    /// Returns the stream after its pipeline ended, or `None` if none was running.
    pub fn ended(&self, outcome: PipelineOutcome) -> Option<Self> {
        let state = self.state.ended(outcome)?;
        Some(Self { state, lease: None, version: self.version + 1, ..self.clone() })
    }

    /// Returns the stream after a reset, or `None` if a reset has no effect.
    pub fn reset(&self, now: Micros) -> Option<Self> {
        let state = self.state.reset()?;
        let due_minute = due::minute(now, now);
        Some(Self { state, due_minute, version: self.version + 1, ..self.clone() })
    }

    /// Returns the stream closed for further events.
    #[must_use]
    pub fn closed(&self) -> Self {
        Self { closed: true, version: self.version + 1, ..self.clone() }
    }

    /// Returns the stream marked as deleted. The record stays for a while, so that redelivered events are still found
    /// among its members and do not open the stream again.
    #[must_use]
    pub fn tombstone(&self, now: Micros) -> Self {
        let ttl = Some(now.plus_seconds(TOMBSTONE_SECONDS).epoch_seconds());
        Self { deleted: true, lease: None, ttl, version: self.version + 1, ..self.clone() }
    }
}
