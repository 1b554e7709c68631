//! Cancelling an operation.

use domain::access::AuditLog;
use domain::access::audit::{AuditAction, Caller};
use domain::error::Error;

use crate::operation::Operations;
use crate::operation::kind::Kind;
use crate::operation::record::Operation;
use crate::operation::store::Changed;

/// Why a cancel changed nothing.
enum Kept {
    /// The operation is of another kind, or has ended by itself.
    NotScheduled,
    Failed(Error),
}

impl From<Error> for Kept {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}

impl Operations {
    /// Cancels an operation of this kind. One that has not started ends at once; one that runs is marked, and its
    /// backend must be cancelled by the caller or the worker. Cancelling again changes nothing.
    ///
    /// Returns `None` if no such operation is scheduled.
    pub async fn cancel(
        &self,
        kind: Kind,
        id: &str,
        origin: &Caller,
        log: &AuditLog,
    ) -> Result<Option<Operation>, Error> {
        let now = self.now();
        let decide = |old: &Operation| {
            if old.kind != kind {
                return Err(Kept::NotScheduled);
            }
            let new = old.cancel_requested(now).map_err(|_| Kept::NotScheduled)?;
            Ok((new != *old).then_some(new))
        };
        let audit = |new: &Operation| {
            let action = AuditAction {
                action: "maintenance.cancel",
                target: &new.id,
                note: Some(new.status.to_string()),
                before: Some(new.version - 1),
                after: Some(new.version),
            };
            Ok(Some((log.table().clone(), origin.audit_entry(action, now, &self.ids.uuid())?)))
        };
        match self.change(id, decide, audit).await {
            Ok(Some(Changed::Kept(operation) | Changed::Replaced(operation))) => Ok(Some(operation)),
            Ok(None) | Err(Kept::NotScheduled) => Ok(None),
            Err(Kept::Failed(error)) => Err(error),
        }
    }
}
