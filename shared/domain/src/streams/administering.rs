//! Actions of operators: resetting a stream whose pipeline failed, and deleting a stream.

use crate::access::AuditLog;
use crate::access::audit::{AuditAction, Caller};
use crate::error::{Error, Kind};
use crate::failure;
use crate::storage::table::Race;
use crate::streams::Streams;
use crate::streams::stream::Head;

/// The result of changing a stream.
#[derive(Clone, Copy, PartialEq, Eq)]
enum ChangeOutcome {
    /// There is no such stream.
    NotFound,
    /// The change has no effect on the stream in its state.
    Unchanged,
    /// The change and its audit entry are written.
    Changed,
}

impl Streams {
    /// Resets a stream in an error state, so that its pipeline runs again at once. Has no effect in other states.
    /// Returns `false` if there is no such stream.
    pub async fn reset(&self, id: u64, origin: &Caller, log: &AuditLog) -> Result<bool, Error> {
        let outcome =
            self.change_head(id, "stream.reset", origin, log, |head| head.reset(self.now())).await?;
        if outcome == ChangeOutcome::Changed {
            self.enqueue_run(id).await;
        }
        Ok(outcome != ChangeOutcome::NotFound)
    }

    /// Deletes a stream in any state, but none of its events. Returns `false` if there is no such stream.
    pub async fn delete(&self, id: u64, origin: &Caller, log: &AuditLog) -> Result<bool, Error> {
        let now = self.now();
        let outcome =
            self.change_head(id, "stream.delete", origin, log, |head| Some(head.tombstone(now))).await?;
        Ok(outcome != ChangeOutcome::NotFound)
    }

    /// Applies a change and writes its audit entry. `change` returns `None` if it has no effect.
    async fn change_head(
        &self,
        id: u64,
        action: &str,
        origin: &Caller,
        log: &AuditLog,
        change: impl Fn(&Head) -> Option<Head>,
    ) -> Result<ChangeOutcome, Error> {
        for _ in 0..failure::ATTEMPTS * 4 {
            let Some(head) = self.head_get(id).await?.filter(|head| !head.deleted) else {
                return Ok(ChangeOutcome::NotFound);
            };
            let Some(new) = change(&head) else { return Ok(ChangeOutcome::Unchanged) };
            if new.is_scheduled() {
                self.due_put(new.due_minute, id).await?;
            }
            let target = format!("stream {id}");
            let note =
                if new.deleted { head.state.to_string() } else { format!("{} -> {}", head.state, new.state) };
            let after = (!new.deleted).then_some(new.version);
            let audited =
                AuditAction { action, target: &target, note: Some(note), before: Some(head.version), after };
            if self.head_replace_audited(&new, head.version, audited, origin, log).await? == Race::Won {
                return Ok(ChangeOutcome::Changed);
            }
        }
        Err(Error::new(Kind::Unavailable, "The stream is busy; try again."))
    }
}
