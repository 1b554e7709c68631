//! Operations in their table. No other module of operations reads or writes it.
//!
//! Every write of an operation also writes the due row of the minute in which it must be looked at next, and deletes the
//! row of the minute before, in the same transaction.

mod recurrences;

use domain::error::{self, Error};
use domain::storage::item::item;
use domain::storage::key::{Collection, Key, Range};
use domain::storage::table::{Cancelled, Race, Table, Write, transact_across};
use domain::time::{Micros, Minute};
use domain::work::due::{self, Due};
use domain::work::outbox;
use serde::{Deserialize, Serialize};

use crate::operation::Operations;
use crate::operation::kind::Kind as OperationKind;
use crate::operation::record::Operation;
use crate::operation::target::Target;
use crate::operation::{datetime, event, id};

/// Lost races after which a change fails. Each was won by another change, so that they end.
const MOST_RACES: usize = 100;
/// Operations with the same documented digest. More than this are requests for the same object and second in a loop.
pub(crate) const MOST_ATTEMPTS: u32 = 100;

/// An entry of the list of live operations or of the history.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Entry {
    id: String,
    /// When the entry expires, in seconds since the epoch. `None` for a live operation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    ttl: Option<i64>,
}

/// The result of a change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Changed {
    /// The change was decided against. Holds the record as it is.
    Kept(Operation),
    /// The record was replaced. Holds the new one.
    Replaced(Operation),
}

/// The writes of a transaction, and what is sent once they are made.
#[derive(Debug, Default)]
struct Commit {
    writes: Vec<Write>,
    /// Announces the end of an operation.
    event: Option<outbox::Event>,
    created: Option<Operation>,
}

impl Commit {
    /// Adds a new operation with its due row and its entry in the list.
    fn create(&mut self, operation: &Operation) -> Result<(), Error> {
        let listed = Entry { id: operation.id.clone(), ttl: None };
        self.writes.push(Write::PutNew(item(&Key::operation(&operation.id), operation)?));
        self.writes.push(Write::Put(item(&Key::live_operation(operation.due, &operation.id), &listed)?));
        self.writes.push(due_write(operation)?);
        self.created = Some(operation.clone());
        Ok(())
    }

    /// Adds a new version of an operation. One that ends enters the history, and its end is announced.
    fn replace(&mut self, old: &Operation, new: &Operation) -> Result<(), Error> {
        self.writes.push(Write::Replace(item(&Key::operation(&new.id), new)?, old.version));
        self.writes.push(due_write(new)?);
        if old.minute != new.minute {
            self.writes.push(due_delete(old.minute, &old.id));
        }
        if let Some(at) = new.ended.filter(|_| old.ended.is_none()) {
            let entry = Entry { id: new.id.clone(), ttl: new.ttl };
            self.writes.push(Write::Put(item(&Key::ended_operation(at, &new.id), &entry)?));
            let event = event::ended(new, at)?;
            self.writes.push(event.write()?);
            self.event = Some(event);
        }
        Ok(())
    }
}

/// Returns the error after [`MOST_ATTEMPTS`].
pub(crate) fn too_many_attempts() -> Error {
    let text = format!("{MOST_ATTEMPTS} operations on this object have the same due time; choose another.");
    Error::new(error::Kind::Conflict, text)
}

fn too_many_races() -> Error {
    Error::new(error::Kind::Unavailable, "The operation is being changed by others; try again.")
}

/// Returns the number of an id, as due rows store it.
pub(crate) fn number(id: &str) -> u64 {
    u64::from_str_radix(id, 16).unwrap_or_default()
}

/// Returns the id with this number.
pub(crate) fn id_of(number: u64) -> String {
    format!("{number:08x}")
}

fn due_write(operation: &Operation) -> Result<Write, Error> {
    due_row(operation.minute, &operation.id).put()
}

fn due_delete(minute: Minute, id: &str) -> Write {
    due_row(minute, id).delete()
}

fn due_row(minute: Minute, id: &str) -> Due {
    Due::new(minute, Collection::Operation, number(id))
}

impl Operations {
    /// Returns an operation.
    pub(crate) async fn read(&self, id: &str) -> Result<Option<Operation>, Error> {
        self.table.get(&Key::operation(id)).await
    }

    /// Stores a new operation with its due row and its entry in the list, in one transaction with an audit entry. Loses
    /// if there is an operation with this id.
    pub(crate) async fn create(
        &self,
        operation: &Operation,
        entry: (Table, Write),
    ) -> Result<Option<Operation>, Error> {
        let operation = self.first_version(operation);
        let mut commit = Commit::default();
        commit.create(&operation)?;
        let race = self.commit(commit, Some(entry)).await?;
        Ok((race == Race::Won).then_some(operation))
    }

    /// Returns the documented id of an operation, or that of the first attempt that no other operation has.
    pub(crate) async fn free_id(
        &self,
        target: &Target,
        due: Micros,
        kind: OperationKind,
    ) -> Result<String, Error> {
        let text = datetime::print(due);
        for attempt in 0..MOST_ATTEMPTS {
            let id = id::digest(target, &text, kind, attempt);
            if self.read(&id).await?.is_none() {
                return Ok(id);
            }
        }
        Err(too_many_attempts())
    }

    /// Replaces an operation by what `decide` makes of it, in one transaction with an audit entry. Reads it again after a
    /// lost race. Returns `None` if there is no such operation.
    ///
    /// An operation that ends enters the history, and its end is announced.
    pub(crate) async fn change<E: From<Error>>(
        &self,
        id: &str,
        mut decide: impl FnMut(&Operation) -> Result<Option<Operation>, E>,
        audit: impl Fn(&Operation) -> Result<Option<(Table, Write)>, Error>,
    ) -> Result<Option<Changed>, E> {
        for _ in 0..MOST_RACES {
            let Some(old) = self.read(id).await? else { return Ok(None) };
            let Some(new) = decide(&old)? else { return Ok(Some(Changed::Kept(old))) };
            let new = self.next_version(&old, new);
            let entry = audit(&new)?;
            if self.replace(&old, &new, entry).await? == Race::Won {
                return Ok(Some(Changed::Replaced(new)));
            }
        }
        Err(too_many_races().into())
    }

    fn first_version(&self, operation: &Operation) -> Operation {
        let minute = due::minute(operation.look, self.now());
        Operation { minute, version: 1, ..operation.clone() }
    }

    fn next_version(&self, old: &Operation, new: Operation) -> Operation {
        let minute = due::minute(new.look, self.now());
        let ended = new.ended.map(|at| at.plus_seconds(self.settings.retention_seconds).epoch_seconds());
        Operation { minute, version: old.version + 1, ttl: ended, ..new }
    }

    async fn replace(
        &self,
        old: &Operation,
        new: &Operation,
        entry: Option<(Table, Write)>,
    ) -> Result<Race, Error> {
        let mut commit = Commit::default();
        commit.replace(old, new)?;
        if let Some(ended) = new.ended.filter(|_| old.ended.is_none()) {
            self.continue_recurrence(&mut commit, new, ended).await?;
        }
        self.commit(commit, entry).await
    }

    /// Makes the writes of a transaction, and then publishes its event and sends the message of its new operation.
    /// Both are found by the ticker if this process stops in between.
    async fn commit(&self, commit: Commit, entry: Option<(Table, Write)>) -> Result<Race, Error> {
        let Commit { writes, event, created } = commit;
        let mut writes: Vec<_> = writes.into_iter().map(|write| (&self.table, write)).collect();
        if let Some((log, entry)) = &entry {
            writes.push((log, entry.clone()));
        }
        let race = transact_across(writes, &self.ids.uuid()).await.or_else(Cancelled::lost)?;
        if race == Race::Won {
            if let Some(event) = event {
                self.outbox.publish(&event).await;
            }
            if let Some(created) = created {
                self.send_run(&created).await;
            }
        }
        Ok(race)
    }

    /// Returns the live operations, and those that ended a moment ago, by due time.
    pub(crate) async fn live(&self) -> Result<Vec<Operation>, Error> {
        let entries: Vec<Entry> = self.table.query_all(&Range::live_operations()).await?;
        self.read_many(entries).await
    }

    /// Returns at most `limit` operations that ended in a month (months since the year 0), newest first, before this
    /// entry.
    pub(crate) async fn ended_in(
        &self,
        month: i64,
        before: Option<&(Micros, String)>,
        limit: usize,
    ) -> Result<Vec<Operation>, Error> {
        let after = before.map(|(at, id)| Key::ended_operation(*at, id));
        // A key of another month is outside of the range: that month is read from its end.
        let after = after.filter(|key| key.pk() == Range::ended_operations(month).pk());
        let limit = i32::try_from(limit).unwrap_or(i32::MAX);
        let range = Range::ended_operations(month);
        let page = self.table.query::<Entry>(&range, true, after.as_ref(), Some(limit)).await?;
        self.read_many(page.items).await
    }

    async fn read_many(&self, entries: Vec<Entry>) -> Result<Vec<Operation>, Error> {
        self.read_ids(entries.iter().map(|entry| entry.id.as_str())).await
    }

    /// Returns the operations with these ids, in their order. An expired operation is left out.
    pub(crate) async fn read_ids(&self, ids: impl Iterator<Item = &str>) -> Result<Vec<Operation>, Error> {
        let keys: Vec<_> = ids.map(Key::operation).collect();
        let mut found = self.table.get_many(&keys).await?;
        Ok(keys.iter().filter_map(|key| found.remove(key)).collect())
    }

    /// Removes an operation from the list of live ones, with its due row. Its record and its history stay.
    pub(crate) async fn unlist(&self, operation: &Operation) -> Result<(), Error> {
        let writes = vec![
            Write::Delete(Key::live_operation(operation.due, &operation.id)),
            due_delete(operation.minute, &operation.id),
        ];
        self.table.write_all(writes).await
    }

    /// Deletes a due row that no operation refers to any more.
    pub(crate) async fn forget_due(&self, minute: Minute, id: &str) -> Result<(), Error> {
        self.table.write_all(vec![due_delete(minute, id)]).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_have_numbers() {
        for id in ["00000000", "2cec00f2", "ffffffff"] {
            assert_eq!(id_of(number(id)), id);
        }
    }
}
