//! What people do to streams: reset one whose pipeline failed, delete one.

use crate::access::AuditLog;
use crate::access::audit::{AuditAction, Caller};
use crate::error::{Error, Kind};
use crate::failure;
use crate::streams::Streams;
use crate::streams::running::TOMBSTONE_SECONDS;
use crate::streams::stream::Head;

impl Streams {
    /// Lets a stream in an error state be tried again at once; one in any other state stays as it is. False where there
    /// is none.
    pub async fn reset(&self, id: u64, origin: &Caller, log: &AuditLog) -> Result<bool, Error> {
        let changed = self.changed(id, "stream.reset", origin, log, |head| head.reset(self.now())).await?;
        if let Some(Some(head)) = &changed {
            self.send_run(head.id).await;
        }
        Ok(changed.is_some())
    }

    /// Deletes a stream in whatever state it is, but none of its events. False where there is none.
    pub async fn delete(&self, id: u64, origin: &Caller, log: &AuditLog) -> Result<bool, Error> {
        let expires = self.now().plus_seconds(TOMBSTONE_SECONDS).epoch_seconds();
        let changed =
            self.changed(id, "stream.delete", origin, log, |head| Some(head.tombstone(expires))).await?;
        Ok(changed.is_some())
    }

    /// Makes a change; none where there is no such stream, and no head where nothing was to change.
    async fn changed(
        &self,
        id: u64,
        action: &str,
        origin: &Caller,
        log: &AuditLog,
        change: impl Fn(&Head) -> Option<Head>,
    ) -> Result<Option<Option<Head>>, Error> {
        for _ in 0..failure::ATTEMPTS * 4 {
            let Some(head) = self.head_get(id).await?.filter(|head| !head.deleted) else { return Ok(None) };
            let Some(new) = change(&head) else { return Ok(Some(None)) };
            if new.waits() {
                self.due_put(new.due, id).await?;
            }
            let target = format!("stream {id}");
            let note =
                if new.deleted { head.state.to_string() } else { format!("{} -> {}", head.state, new.state) };
            let after = (!new.deleted).then_some(new.version);
            let deed =
                AuditAction { action, target: &target, note: Some(note), before: Some(head.version), after };
            if self.head_replace_by(&new, head.version, deed, origin, log).await? {
                return Ok(Some(Some(new)));
            }
        }
        Err(Error::new(Kind::Unavailable, "The stream is busy; try again."))
    }
}
