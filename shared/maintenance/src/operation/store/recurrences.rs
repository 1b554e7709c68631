//! Recurrences in their table.
//!
//! A recurrence names its current occurrence. Creating it, ending an occurrence and stopping it write both records in
//! one transaction, so that a recurrence that was not stopped always has an occurrence that has not ended.

use domain::error::Error;
use domain::storage::item::item;
use domain::storage::key::{Key, Range};
use domain::storage::table::{Race, Table, Write};
use domain::time::Micros;

use super::{Commit, MOST_RACES, too_many_races};
use crate::operation::Operations;
use crate::operation::record::Operation;
use crate::operation::recurrence::Recurrence;

fn write(new: &Recurrence, old: &Recurrence) -> Result<Write, Error> {
    Ok(Write::Replace(item(&Key::recurrence(&new.id), new)?, old.version))
}

impl Operations {
    /// Returns a recurrence.
    pub(crate) async fn read_recurrence(&self, id: &str) -> Result<Option<Recurrence>, Error> {
        self.table.get(&Key::recurrence(id)).await
    }

    /// Stores a new recurrence with its first occurrence, in one transaction with an audit entry. Returns whether it was
    /// created: it loses if there is a recurrence or an operation with the same id.
    pub(crate) async fn create_recurrence(
        &self,
        recurrence: &Recurrence,
        first: &Operation,
        entry: (Table, Write),
    ) -> Result<bool, Error> {
        let mut commit = Commit::default();
        commit.writes.push(Write::PutNew(item(&Key::recurrence(&recurrence.id), recurrence)?));
        commit.create(&self.first_version(first))?;
        Ok(self.commit(commit, Some(entry)).await? == Race::Won)
    }

    /// Adds the next occurrence to the transaction in which the current one ends. Adds nothing if the operation is not
    /// the current occurrence of a recurrence, or if that was stopped.
    pub(super) async fn continue_recurrence(
        &self,
        commit: &mut Commit,
        ended: &Operation,
        now: Micros,
    ) -> Result<(), Error> {
        let Some(id) = &ended.recurrence else { return Ok(()) };
        let recurrence = self.read_recurrence(id).await?;
        let Some(old) = recurrence.filter(|recurrence| recurrence.continues_after(ended)) else {
            return Ok(());
        };
        let Some(run) = old.run_after(ended.due, now) else {
            tracing::info!(recurrence.id = id, "a recurrence has no further run");
            commit.writes.push(write(&old.stopped(now, self.settings.retention_seconds), &old)?);
            return Ok(());
        };
        let draft = old.definition.occurrence(run, Some(id.clone()));
        let operation_id = self.free_id(&draft.target, draft.due, draft.kind).await?;
        let next = self.first_version(&draft.requested(operation_id, &old.requested_by, now));
        let new = old.continued(&next.id, ended.due, now);
        if new.skipped > old.skipped {
            let skipped = new.skipped - old.skipped;
            tracing::warn!(recurrence.id = id, skipped, "runs passed while an occurrence waited or ran");
        }
        commit.create(&next)?;
        commit.writes.push(write(&new, &old)?);
        Ok(())
    }

    /// Stops a recurrence, in one transaction with an audit entry and with the cancel of an occurrence that waits. An
    /// occurrence that runs goes on. Returns the recurrence, or `None` if it does not exist. Stopping again changes
    /// nothing.
    pub(crate) async fn stop_recurrence(
        &self,
        id: &str,
        audit: impl Fn(&Recurrence) -> Result<(Table, Write), Error>,
    ) -> Result<Option<Recurrence>, Error> {
        for _ in 0..MOST_RACES {
            let Some(old) = self.read_recurrence(id).await? else { return Ok(None) };
            if old.stopped.is_some() {
                return Ok(Some(old));
            }
            let new = old.stopped(self.now(), self.settings.retention_seconds);
            let mut commit = Commit::default();
            self.cancel_waiting(&mut commit, &old).await?;
            commit.writes.push(write(&new, &old)?);
            if self.commit(commit, Some(audit(&new)?)).await? == Race::Won {
                return Ok(Some(new));
            }
        }
        Err(too_many_races())
    }

    /// Adds the cancel of the current occurrence, if it waits.
    async fn cancel_waiting(&self, commit: &mut Commit, recurrence: &Recurrence) -> Result<(), Error> {
        let Some(id) = recurrence.current() else { return Ok(()) };
        let Some(old) = self.read(id).await?.filter(Operation::is_waiting) else { return Ok(()) };
        let canceled = old.cancel_requested(self.now());
        let canceled =
            canceled.map_err(|cause| Error::bug("a waiting operation has ended").because(cause))?;
        commit.replace(&old, &self.next_version(&old, canceled))
    }

    /// Returns at most `limit` recurrences that were not stopped, by id, that follow this id, and the id after which
    /// the next ones are found.
    pub(crate) async fn recurrences_after(
        &self,
        after: Option<&str>,
        limit: usize,
    ) -> Result<(Vec<Recurrence>, Option<String>), Error> {
        let mut after = after.map(Key::recurrence);
        let mut found = Vec::new();
        loop {
            let missing = i32::try_from(limit - found.len()).unwrap_or(i32::MAX);
            let range = Range::recurrences();
            let page = self.table.query::<Recurrence>(&range, false, after.as_ref(), Some(missing)).await?;
            found.extend(page.items.into_iter().filter(|recurrence| recurrence.stopped.is_none()));
            after = page.next;
            if found.len() >= limit || after.is_none() {
                return Ok((found, after.map(|key| key.sk().to_owned())));
            }
        }
    }
}
