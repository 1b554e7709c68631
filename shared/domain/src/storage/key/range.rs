//! Pure. Ranges of keys: partitions and parts of them.

use super::{
    BLOCK, CURSORS, Collection, audit_month, block, due_partition, hours, open_blocks, operation_month,
    padded, reference_partition, resource_partition, sortable, sortable_hour, sortable_minute,
};
use crate::time::{Hour, Micros, Minute};

/// A partition, or the part of it whose sort keys lie between two inclusive bounds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Range {
    pk: String,
    bounds: Option<(String, String)>,
}

impl Range {
    fn whole(pk: String) -> Self {
        Self { pk, bounds: None }
    }

    fn between(pk: String, low: impl Into<String>, high: impl Into<String>) -> Self {
        Self { pk, bounds: Some((low.into(), high.into())) }
    }

    fn prefix(pk: String, prefix: &str) -> Self {
        Self::between(pk, prefix, format!("{prefix}\u{10ffff}"))
    }

    /// Returns the partition key.
    pub fn pk(&self) -> &str {
        &self.pk
    }

    /// Returns the lowest and the highest sort key. `None` for a whole partition.
    pub fn bounds(&self) -> Option<(&str, &str)> {
        self.bounds.as_ref().map(|(low, high)| (low.as_str(), high.as_str()))
    }

    /// The rows of an id block.
    pub fn block(collection: Collection, number: u64) -> Self {
        Self::whole(block(collection, number))
    }

    /// The rows between two ids of a block, inclusive.
    pub fn ids(collection: Collection, first: u64, last: u64) -> Self {
        Self::between(block(collection, first / BLOCK), padded(first), padded(last))
    }

    /// The rows of an id block with ids below this one.
    pub fn block_below(collection: Collection, id: u64) -> Self {
        let last = id.saturating_sub(1);
        Self::between(block(collection, last / BLOCK), padded(0), padded(last))
    }

    /// The pointers to the launches of an instance.
    pub fn launches_of(instance: &str) -> Self {
        Self::prefix(format!("I#{instance}"), "U#")
    }

    /// The pointers to the exists of an instance.
    pub fn exists_of(instance: &str) -> Self {
        Self::prefix(format!("I#{instance}"), "E#")
    }

    /// The pointers to the deletes of an instance.
    pub fn deletes_of(instance: &str) -> Self {
        Self::prefix(format!("I#{instance}"), "D#")
    }

    /// The pointers to the deletes of an instance that was launched between two times, inclusive.
    pub fn deletes_launched(instance: &str, from: Micros, to: Micros) -> Self {
        let (low, high) = (sortable(from), sortable(to));
        Self::between(format!("I#{instance}"), format!("D#{low}"), format!("D#{high}#\u{10ffff}"))
    }

    /// The audit reports on an instance that was launched between two times, inclusive.
    pub fn reconciles_launched(instance: &str, from: Micros, to: Micros) -> Self {
        let (low, high) = (sortable(from), sortable(to));
        Self::between(format!("I#{instance}"), format!("R#{low}"), format!("R#{high}#\u{10ffff}"))
    }

    /// The pointers to the activations of an image.
    pub fn images_of(uuid: &str) -> Self {
        Self::prefix(format!("G#{uuid}"), "U#")
    }

    /// The pointers to the deletes of an image.
    pub fn image_deletes_of(uuid: &str) -> Self {
        Self::prefix(format!("G#{uuid}"), "D#")
    }

    /// The due rows in a shard of an hour, up to a minute.
    pub fn due(hour: Hour, shard: u64, to: Minute) -> Self {
        Self::between(due_partition(hour, shard), "", format!("{}#\u{10ffff}", sortable_minute(to)))
    }

    /// The cursors of the due rows.
    pub fn cursors() -> Self {
        Self::whole(CURSORS.to_owned())
    }

    /// All API keys.
    pub fn api_keys() -> Self {
        Self::whole("KEY".to_owned())
    }

    /// The API keys whose hashes start with `id`.
    pub fn api_keys_of(id: &str) -> Self {
        Self::prefix("KEY".to_owned(), id)
    }

    /// All users.
    pub fn users() -> Self {
        Self::whole("USER".to_owned())
    }

    /// The audit log of a month (months since the year 0).
    pub fn audit(month: i64) -> Self {
        Self::whole(audit_month(month))
    }

    /// All recomputation requests of a tenant.
    pub fn recomputations(tenant: &str) -> Self {
        Self::whole(format!("RC#{tenant}"))
    }

    /// A shard of the events that are still to be published.
    pub fn outgoing(shard: u64) -> Self {
        Self::whole(format!("RO#{shard}"))
    }

    /// A shard of the verified notifications that are still to be published.
    pub fn outbox(shard: u64) -> Self {
        Self::whole(format!("OB#{shard}"))
    }

    /// The maintenance operations that have not ended, and those that ended a moment ago, by due time.
    pub fn live_operations() -> Self {
        Self::whole("OL".to_owned())
    }

    /// The maintenance operations that ended in a month (months since the year 0).
    pub fn ended_operations(month: i64) -> Self {
        Self::whole(operation_month(month))
    }

    /// The recurring maintenance operations.
    pub fn recurrences() -> Self {
        Self::whole("OR".to_owned())
    }

    /// All rows of a resource of the schemas API, by id.
    pub fn resource(resource: &str) -> Self {
        Self::whole(resource_partition(resource))
    }

    /// The rows of a resource of the schemas API that refer to the same row of another one, by id.
    pub fn resource_references(resource: &str, field: &str, target: u64) -> Self {
        Self::whole(reference_partition(resource, field, target))
    }

    /// The text of a schema version.
    pub fn ddl(version: u64) -> Self {
        Self::whole(format!("RB#{version}"))
    }

    /// The applications of a changeset to servers.
    pub fn applied(changeset: u64) -> Self {
        Self::whole(format!("RA#{changeset}"))
    }

    /// A shard of the id blocks whose rows are not all written yet.
    pub fn open_blocks(shard: u64) -> Self {
        Self::whole(open_blocks(shard))
    }

    /// A shard of the hour counters of a service between two hours, inclusive; without bounds, all of them.
    pub fn hours(service: &str, shard: u64, bounds: Option<(Hour, Hour)>) -> Self {
        match bounds {
            None => Self::whole(hours(service, shard)),
            Some((from, to)) => Self::between(
                hours(service, shard),
                sortable_hour(from),
                format!("{}#\u{10ffff}", sortable_hour(to)),
            ),
        }
    }
}
