//! The table of the registry. No other module reads or writes it.

pub(crate) mod applied;
mod ddl;
mod first_data;
mod tasks;

use std::collections::BTreeMap;

use domain::error::{Error, Kind};
use domain::storage::change::Change;
use domain::storage::item::item;
use domain::storage::key::{Key, Range};
use domain::storage::table::{Cancelled, Outcome, Race, Write};
use domain::work::outbox;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::record::{Name, Record};
use crate::registry::Registry;

/// Lost races after which a change fails. Each was won by another change, so that they end.
pub(crate) const MOST_RACES: usize = 100;

/// A row as it is stored: attributes by name.
pub type Row = Map<String, Value>;

/// The pointer to a row.
#[derive(Debug, Serialize, Deserialize)]
struct Pointer {
    id: u64,
}

/// The writes of one transaction, and the events that are published once they are made.
#[derive(Debug, Default)]
pub(crate) struct Commit {
    writes: Vec<Write>,
    events: Vec<outbox::Event>,
}

impl Commit {
    /// Adds a new row, with its entries under the rows that it refers to, and its name.
    pub(crate) fn create<T: Record>(&mut self, record: &T) -> Result<(), Error> {
        let (resource, id) = (T::RESOURCE.as_str(), record.id());
        self.writes.push(Write::PutNew(item(&Key::resource(resource, id), record)?));
        for (field, target) in record.references() {
            let key = Key::resource_reference(resource, field, target, id);
            self.writes.push(Write::Put(item(&key, &Pointer { id })?));
        }
        if let Some(name) = record.unique_name() {
            self.writes.push(Write::PutNew(item(&Key::resource_name(resource, name), &Pointer { id })?));
        }
        Ok(())
    }

    /// Adds the next version of a row. The transaction loses if the row has changed since `old` was read.
    pub(crate) fn replace<T: Record>(&mut self, old: &T, new: &T) -> Result<(), Error> {
        debug_assert_eq!((old.id(), old.version() + 1), (new.id(), new.version()));
        debug_assert_eq!(old.references(), new.references());
        let resource = T::RESOURCE.as_str();
        self.writes.push(Write::Replace(item(&Key::resource(resource, new.id()), new)?, old.version()));
        if old.unique_name() != new.unique_name() {
            if let Some(name) = old.unique_name() {
                self.writes.push(Write::Delete(Key::resource_name(resource, name)));
            }
            if let Some(name) = new.unique_name() {
                let pointer = Pointer { id: new.id() };
                self.writes.push(Write::PutNew(item(&Key::resource_name(resource, name), &pointer)?));
            }
        }
        Ok(())
    }

    /// Adds the removal of a row. The transaction loses if the row has changed since `old` was read.
    pub(crate) fn remove<T: Record>(&mut self, old: &T) {
        let (resource, id) = (T::RESOURCE.as_str(), old.id());
        self.writes.push(Write::Remove(Key::resource(resource, id), old.version()));
        for (field, target) in old.references() {
            self.writes.push(Write::Delete(Key::resource_reference(resource, field, target, id)));
        }
        if let Some(name) = old.unique_name() {
            self.writes.push(Write::Delete(Key::resource_name(resource, name)));
        }
    }

    /// Returns the number of writes.
    pub(crate) fn len(&self) -> usize {
        self.writes.len()
    }

    /// Adds another write.
    pub(crate) fn write(&mut self, write: Write) {
        self.writes.push(write);
    }

    /// Adds an event, which is published after the transaction.
    pub(crate) fn publish(&mut self, event: outbox::Event) -> Result<(), Error> {
        self.writes.push(event.write()?);
        self.events.push(event);
        Ok(())
    }
}

/// The first of the new ids of each resource. The others follow it without gaps.
#[derive(Debug)]
pub(crate) struct NewIds(BTreeMap<Name, u64>);

impl NewIds {
    /// Returns the first new id of a resource that ids were taken of.
    pub(crate) fn first(&self, resource: Name) -> u64 {
        self.0.get(&resource).copied().unwrap_or_default()
    }

    /// Returns the ids that are left after so many of a resource were used.
    pub(crate) fn after(&self, resource: Name, used: u64) -> Self {
        let mut left = self.0.clone();
        left.entry(resource).and_modify(|first| *first += used);
        Self(left)
    }
}

impl Registry {
    /// Takes new ids: how many of each resource. Ids that are not used leave a gap.
    pub(crate) async fn take_ids(&self, wanted: &[(Name, u64)]) -> Result<NewIds, Error> {
        let mut change = Change::of(Key::resource_ids());
        for (resource, count) in wanted {
            change = change.increase(resource.as_str(), *count, 1);
        }
        let Outcome::Written(next) = self.table.change::<Row>(&change).await? else {
            return Err(Error::bug("an unconditional change was refused"));
        };
        let first = |(resource, count): &(Name, u64)| {
            let next = next.get(resource.as_str()).and_then(Value::as_u64);
            let next = next.ok_or_else(|| Error::bug("a sequence is not a number"))?;
            Ok((*resource, next - count))
        };
        Ok(NewIds(wanted.iter().map(first).collect::<Result<_, Error>>()?))
    }

    /// Returns a row.
    pub async fn find<T: Record>(&self, id: u64) -> Result<Option<T>, Error> {
        self.table.get(&Key::resource(T::RESOURCE.as_str(), id)).await
    }

    /// Returns a row. Fails with the documented text if it does not exist.
    pub async fn require<T: Record>(&self, id: u64) -> Result<T, Error> {
        self.find(id).await?.ok_or_else(|| does_not_exist(T::RESOURCE, id))
    }

    /// Returns the rows with these ids, in their order. Missing ones are left out.
    pub async fn find_many<T: Record>(&self, ids: &[u64]) -> Result<Vec<T>, Error> {
        let keys: Vec<_> = ids.iter().map(|id| Key::resource(T::RESOURCE.as_str(), *id)).collect();
        let mut found = self.table.get_many(&keys).await?;
        Ok(keys.iter().filter_map(|key| found.remove(key)).collect())
    }

    /// Returns all rows of a resource, by id.
    pub async fn find_all<T: Record>(&self) -> Result<Vec<T>, Error> {
        self.table.query_all(&Range::resource(T::RESOURCE.as_str())).await
    }

    /// Returns the row with a unique name.
    pub async fn find_by_name<T: Record>(&self, name: &str) -> Result<Option<T>, Error> {
        let key = Key::resource_name(T::RESOURCE.as_str(), name);
        match self.table.get::<Pointer>(&key).await? {
            Some(pointer) => self.find(pointer.id).await,
            None => Ok(None),
        }
    }

    /// Returns the rows that refer to a row of another resource, by id.
    pub async fn find_referring<T: Record>(&self, field: &str, target: u64) -> Result<Vec<T>, Error> {
        let range = Range::resource_references(T::RESOURCE.as_str(), field, target);
        let pointers: Vec<Pointer> = self.table.query_all(&range).await?;
        let ids: Vec<u64> = pointers.iter().map(|pointer| pointer.id).collect();
        self.find_many(&ids).await
    }

    /// Returns all rows of a resource as they are stored, by id.
    pub async fn rows(&self, resource: Name) -> Result<Vec<Row>, Error> {
        self.table.eventual().query_all(&Range::resource(resource.as_str())).await
    }

    /// Returns the rows with these ids as they are stored, in their order. Missing ones are left out.
    pub async fn rows_of(&self, resource: Name, ids: &[u64]) -> Result<Vec<Row>, Error> {
        let keys: Vec<_> = ids.iter().map(|id| Key::resource(resource.as_str(), *id)).collect();
        let mut found = self.table.get_many(&keys).await?;
        Ok(keys.iter().filter_map(|key| found.remove(key)).collect())
    }

    /// Returns the ids of the rows that refer to a row of another resource.
    pub async fn referring_ids(&self, resource: Name, field: &str, target: u64) -> Result<Vec<u64>, Error> {
        let range = Range::resource_references(resource.as_str(), field, target);
        let pointers: Vec<Pointer> = self.table.eventual().query_all(&range).await?;
        Ok(pointers.into_iter().map(|pointer| pointer.id).collect())
    }

    /// Makes the writes of a transaction, and then publishes its events. The ticker publishes those of a process that
    /// stops in between.
    pub(crate) async fn commit(&self, commit: Commit) -> Result<Race, Error> {
        let Commit { writes, events } = commit;
        let race = self.table.transact(writes, &self.ids.uuid()).await.or_else(Cancelled::lost)?;
        if race == Race::Won {
            for event in &events {
                self.outbox.publish(event).await;
            }
        }
        Ok(race)
    }
}

/// Returns the documented error for a row that does not exist.
pub(crate) fn does_not_exist(resource: Name, id: u64) -> Error {
    let model: String = resource.as_str().split('_').map(capitalized).collect();
    let text = format!("{model} matching query does not exist. Lookup parameters were {{'pk': {id}}}");
    Error::new(Kind::Missing, text)
}

/// Returns the error after [`MOST_RACES`].
pub(crate) fn too_many_races() -> Error {
    Error::unavailable("The record is being changed by others; try again.")
}

fn capitalized(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map(|first| first.to_ascii_uppercase()).into_iter().chain(letters).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn missing_rows_are_named_as_documented() {
        for (resource, text) in [
            (Name::Role, "Role matching query does not exist. Lookup parameters were {'pk': 99}"),
            (
                Name::DatabaseSchema,
                "DatabaseSchema matching query does not exist. Lookup parameters were {'pk': 99}",
            ),
        ] {
            assert_eq!(does_not_exist(resource, 99).to_string(), text);
        }
    }
}
