//! Recurring operations: requesting, reading and stopping them.

use domain::access::AuditLog;
use domain::access::audit::{AuditAction, Caller};
use domain::error::Error;
use domain::time::Micros;

use crate::operation::Operations;
use crate::operation::id;
use crate::operation::record::Operation;
use crate::operation::recurrence::{Definition, Recurrence};
use crate::operation::requesting::described;
use crate::operation::store::{MOST_ATTEMPTS, too_many_attempts};

/// Runs that a description names.
const RUNS: usize = 5;

/// A recurrence with its operations.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Described {
    /// The recurrence.
    pub recurrence: Recurrence,
    /// Its latest operations that are still kept, newest first.
    pub operations: Vec<Operation>,
    /// The next runs: five, or none if the recurrence was stopped.
    pub next: Vec<Micros>,
}

/// A page of recurrences, by id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecurrencePage {
    /// The recurrences, each with its current occurrence only.
    pub recurrences: Vec<Described>,
    /// The cursor of the next page. `None` on the last one.
    pub next: Option<String>,
}

impl Operations {
    /// Stores a recurrence whose object exists, with its first occurrence. Returns the existing one if the same
    /// definition recurs already.
    pub async fn recur(
        &self,
        definition: &Definition,
        origin: &Caller,
        log: &AuditLog,
    ) -> Result<Described, Error> {
        let mut attempt = 0;
        while attempt < MOST_ATTEMPTS {
            let id = definition.id(attempt);
            let id = id.map_err(|cause| Error::bug("a definition could not be written").because(cause))?;
            match self.read_recurrence(&id).await? {
                Some(found) if found.definition == *definition && found.stopped.is_none() => {
                    return self.describe(found).await;
                }
                Some(_) => attempt += 1,
                None => {
                    // After a lost race, the same id is read again.
                    if let Some(created) = self.create_recurring(definition, id, origin, log).await? {
                        return self.describe(created).await;
                    }
                }
            }
        }
        Err(too_many_attempts())
    }

    async fn create_recurring(
        &self,
        definition: &Definition,
        id: String,
        origin: &Caller,
        log: &AuditLog,
    ) -> Result<Option<Recurrence>, Error> {
        let now = self.now();
        let none = || Error::invalid("the schedule has no run after this time");
        let draft = definition.occurrence(definition.first_run(now).ok_or_else(none)?, Some(id.clone()));
        let first = self.free_id(&draft.target, draft.due, draft.kind).await?;
        let operation = draft.requested(first, &origin.name, now);
        let recurrence = definition.clone().requested(id, &operation.id, &origin.name, now);
        let schedule = definition.timing.schedule().as_str();
        let action = AuditAction {
            action: "maintenance.recur",
            target: &recurrence.id,
            note: Some(format!("{} {}: {schedule}", definition.kind, described(&definition.target))),
            before: None,
            after: Some(recurrence.version),
        };
        let entry = origin.audit_entry(action, now, &self.ids.uuid())?;
        let is_created =
            self.create_recurrence(&recurrence, &operation, (log.table().clone(), entry)).await?;
        Ok(is_created.then_some(recurrence))
    }

    /// Returns a recurrence that has not expired.
    pub async fn recurrence(&self, id: &str) -> Result<Option<Described>, Error> {
        let now = self.now().epoch_seconds();
        let found = self.read_recurrence(id).await?;
        match found.filter(|recurrence| recurrence.ttl.is_none_or(|ttl| now < ttl)) {
            Some(recurrence) => self.describe(recurrence).await.map(Some),
            None => Ok(None),
        }
    }

    /// Returns a page of the recurrences that were not stopped, which starts after this cursor.
    pub async fn recurrences(&self, limit: usize, cursor: Option<&str>) -> Result<RecurrencePage, Error> {
        if let Some(cursor) = cursor.filter(|cursor| !id::is_id(cursor)) {
            return Err(Error::invalid(format!(
                "invalid cursor \"{cursor}\": expected one of a page before"
            )));
        }
        let (found, next) = self.recurrences_after(cursor, limit).await?;
        let current = self.read_ids(found.iter().filter_map(Recurrence::current)).await?;
        let now = self.now();
        let recurrences = found.into_iter().map(|recurrence| {
            let current =
                current.iter().find(|operation| recurrence.current() == Some(operation.id.as_str()));
            described_at(recurrence, current.cloned().into_iter().collect(), now)
        });
        Ok(RecurrencePage { recurrences: recurrences.collect(), next })
    }

    /// Stops a recurrence and cancels its occurrence if that waits. An occurrence that runs goes on. Stopping again
    /// changes nothing. Returns `None` if there is no such recurrence.
    pub async fn stop(&self, id: &str, origin: &Caller, log: &AuditLog) -> Result<Option<Recurrence>, Error> {
        let audit = |new: &Recurrence| {
            let action = AuditAction {
                action: "maintenance.stop",
                target: &new.id,
                note: None,
                before: Some(new.version - 1),
                after: Some(new.version),
            };
            Ok((log.table().clone(), origin.audit_entry(action, self.now(), &self.ids.uuid())?))
        };
        self.stop_recurrence(id, audit).await
    }

    async fn describe(&self, recurrence: Recurrence) -> Result<Described, Error> {
        let operations = self.read_ids(recurrence.operations.iter().map(String::as_str)).await?;
        Ok(described_at(recurrence, operations, self.now()))
    }
}

fn described_at(recurrence: Recurrence, operations: Vec<Operation>, now: Micros) -> Described {
    let current = operations.iter().find(|operation| recurrence.current() == Some(operation.id.as_str()));
    let next = recurrence.next_runs(current, now, RUNS);
    Described { recurrence, operations, next }
}
