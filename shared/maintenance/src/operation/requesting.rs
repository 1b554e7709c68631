//! Requesting an operation. The same request while the operation lives returns the same id.

use domain::access::AuditLog;
use domain::access::audit::{AuditAction, Caller};
use domain::error::Error;
use domain::work::queue::LONGEST_DELAY;

use crate::operation::Operations;
use crate::operation::datetime;
use crate::operation::id;
use crate::operation::record::{Draft, Operation};
use crate::operation::store::{MOST_ATTEMPTS, too_many_attempts};
use crate::operation::target::{Object, Target};
use crate::operation::task::MaintenanceTask;

impl Operations {
    /// Stores an operation whose object exists, and returns it. Returns the existing one if the same request is alive.
    ///
    /// The documented id is a digest that neither the mode nor a repetition changes. An operation whose digest belongs to
    /// another request, or to one that has ended, gets the digest of the next attempt.
    pub async fn request(&self, draft: &Draft, origin: &Caller, log: &AuditLog) -> Result<Operation, Error> {
        let text = datetime::print(draft.due);
        let mut attempt = 0;
        while attempt < MOST_ATTEMPTS {
            let id = id::digest(&draft.target, &text, draft.kind, attempt);
            match self.read(&id).await? {
                Some(found) if draft.is(&found) && !found.status.is_final() => return Ok(found),
                Some(_) => attempt += 1,
                None => {
                    // After a lost race, the same id is read again.
                    if let Some(created) = self.create_requested(draft, id, origin, log).await? {
                        return Ok(created);
                    }
                }
            }
        }
        Err(too_many_attempts())
    }

    async fn create_requested(
        &self,
        draft: &Draft,
        id: String,
        origin: &Caller,
        log: &AuditLog,
    ) -> Result<Option<Operation>, Error> {
        let now = self.now();
        let operation = draft.clone().requested(id, &origin.name, now);
        let action = AuditAction {
            action: "maintenance.request",
            target: &operation.id,
            note: Some(format!("{} {}", operation.kind, described(&operation.target))),
            before: None,
            after: Some(1),
        };
        let entry = origin.audit_entry(action, now, &self.ids.uuid())?;
        self.create(&operation, (log.table().clone(), entry)).await
    }

    /// Sends the message of an operation that is due soon. One that is due later, or whose message cannot be sent, is
    /// found by its due row.
    pub(crate) async fn send_run(&self, operation: &Operation) {
        let micros = operation.look.0.saturating_sub(self.now().0).max(0);
        let seconds = micros.div_euclid(1_000_000) + i64::from(micros % 1_000_000 > 0);
        if seconds > LONGEST_DELAY {
            return;
        }
        let sent = match (MaintenanceTask::Run { id: operation.id.clone() }).body() {
            Ok(body) => self.queue.send_after(body, seconds).await,
            Err(error) => Err(error),
        };
        if let Err(error) = sent {
            tracing::warn!(operation.id, error = error.chain(), "an operation waits for the next sweep");
        }
    }
}

/// Describes an object for the audit log.
pub(crate) fn described(target: &Target) -> String {
    let Target { server, database, object } = target;
    let server = if server.is_empty() { String::new() } else { format!("{server}: ") };
    match object {
        Object::Database => format!("{server}database {database}"),
        Object::Schema(schema) => format!("{server}{database} schema {schema}"),
        Object::Table(schema, table) => format!("{server}{database} table {schema}.{table}"),
        Object::Index(schema, index) => format!("{server}{database} index {schema}.{index}"),
    }
}
