//! Pure. The keys of all tables. No other module builds one.
//!
//! All tables have the same key schema: `pk` and `sk`, both strings. Numbers in a sort key have a fixed width, so that
//! the order of the table is their order.

mod range;

use serde::{Deserialize, Serialize};

use std::collections::BTreeMap;

use crate::digest;
use crate::time::{Hour, Micros, Minute};

pub use range::Range;

/// Rows per id block: this many neighbouring ids share a partition key.
pub const BLOCK: u64 = 1_024;

/// Shards of the due rows of an hour, where there can be many, and of the outboxes.
pub const SHARDS: u64 = 4;

/// Shards of the hour counters of a service.
pub const COUNTER_SHARDS: u64 = 8;

/// Shards of the open id blocks.
pub const OPEN_SHARDS: u64 = 4;

/// The primary key of an item.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key {
    pk: String,
    sk: String,
}

/// A collection of rows with ascending ids, kept in id blocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Collection {
    /// Raw notifications of both services. Other rows refer to their ids as `raw`.
    #[serde(rename = "N")]
    Notification,
    /// `InstanceExists`.
    #[serde(rename = "XN")]
    InstanceExists,
    /// `ImageExists`.
    #[serde(rename = "XG")]
    ImageExists,
    /// `InstanceUsage`.
    #[serde(rename = "U")]
    Launch,
    /// `ImageUsage`.
    #[serde(rename = "GU")]
    Image,
    /// `InstanceDeletes`.
    #[serde(rename = "D")]
    InstanceDelete,
    /// `ImageDeletes`.
    #[serde(rename = "GD")]
    ImageDelete,
    /// Elements that were accepted and turned out to be unusable.
    #[serde(rename = "R")]
    Rejected,
    /// Streams.
    #[serde(rename = "S")]
    Stream,
    /// Maintenance operations. Their ids are digests, not a sequence.
    #[serde(rename = "OP")]
    Operation,
    /// Tasks of the schemas API.
    #[serde(rename = "ST")]
    SchemaTask,
}

impl Collection {
    /// All collections.
    pub const ALL: [Self; 11] = [
        Self::Notification,
        Self::InstanceExists,
        Self::ImageExists,
        Self::Launch,
        Self::Image,
        Self::InstanceDelete,
        Self::ImageDelete,
        Self::Rejected,
        Self::Stream,
        Self::Operation,
        Self::SchemaTask,
    ];

    /// Returns the short name used in keys and in the names of sequences.
    pub fn code(self) -> &'static str {
        match self {
            Self::Notification => "N",
            Self::InstanceExists => "XN",
            Self::ImageExists => "XG",
            Self::Launch => "U",
            Self::Image => "GU",
            Self::InstanceDelete => "D",
            Self::ImageDelete => "GD",
            Self::Rejected => "R",
            Self::Stream => "S",
            Self::Operation => "OP",
            Self::SchemaTask => "ST",
        }
    }

    /// Returns the number of shards of the due rows of the collection.
    pub fn due_shards(self) -> u64 {
        match self {
            Self::Operation | Self::SchemaTask => 1,
            _ => SHARDS,
        }
    }

    /// Returns the collection with this short name.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|collection| collection.code() == code)
    }
}

impl Key {
    fn new(pk: impl Into<String>, sk: impl Into<String>) -> Self {
        Self { pk: pk.into(), sk: sk.into() }
    }

    /// Returns the partition key.
    pub fn pk(&self) -> &str {
        &self.pk
    }

    /// Returns the sort key.
    pub fn sk(&self) -> &str {
        &self.sk
    }

    /// Whether an item can have this key: `DynamoDB` limits its parts to 2,048 and 1,024 bytes. Names in requests may be
    /// longer, or empty.
    pub fn can_exist(&self) -> bool {
        !self.sk.is_empty() && self.pk.len() <= 2_048 && self.sk.len() <= 1_024
    }

    /// Returns the id in the sort key of a row.
    pub fn number(&self) -> u64 {
        self.sk.parse().unwrap_or_default()
    }

    /// Returns a key that was read from the table.
    pub fn read(pk: impl Into<String>, sk: impl Into<String>) -> Self {
        Self::new(pk, sk)
    }

    /// The sequences: the next id of every collection.
    pub fn sequences() -> Self {
        Self::new("SEQ", "-")
    }

    /// An id block whose rows are not all written yet.
    pub fn open_block(invocation: &str) -> Self {
        Self::new(open_blocks(digest::quick(invocation) % OPEN_SHARDS), invocation)
    }

    /// The claim on a queued message.
    pub fn chunk(chunk: &str) -> Self {
        Self::new(format!("C#{chunk}"), "-")
    }

    /// The compressed body of a queued message.
    pub fn body(chunk: &str) -> Self {
        Self::new(format!("B#{chunk}"), "-")
    }

    /// The owner of a `message_id`.
    pub fn message(message_id: &str) -> Self {
        Self::new(format!("M#{message_id}"), "-")
    }

    /// A row of a collection.
    pub fn row(collection: Collection, id: u64) -> Self {
        Self::new(block(collection, id / BLOCK), padded(id))
    }

    /// The pointer to the launch that a request of an instance made.
    pub fn launch_of(instance: &str, request_id: &str) -> Self {
        Self::new(format!("I#{instance}"), format!("U#{request_id}"))
    }

    /// The pointer to the delete of an instance with this pair of times.
    pub fn delete_of(instance: &str, launched_at: Micros, deleted_at: Option<Micros>) -> Self {
        let deleted_at = deleted_at.map_or_else(|| "-".to_owned(), sortable);
        Self::new(format!("I#{instance}"), format!("D#{}#{deleted_at}", sortable(launched_at)))
    }

    /// The pointer to an exists of an instance.
    pub fn exists_of(instance: &str, id: u64) -> Self {
        Self::new(format!("I#{instance}"), format!("E#{}", padded(id)))
    }

    /// The audit report of a source on an instance.
    pub fn reconcile_of(instance: &str, launched_at: Micros, source: &str) -> Self {
        Self::new(format!("I#{instance}"), format!("R#{}#{source}", sortable(launched_at)))
    }

    /// The pointer to an activation of an image.
    pub fn image_of(uuid: &str, id: u64) -> Self {
        Self::new(format!("G#{uuid}"), format!("U#{}", padded(id)))
    }

    /// The pointer to a delete of an image.
    pub fn image_delete_of(uuid: &str, id: u64) -> Self {
        Self::new(format!("G#{uuid}"), format!("D#{}", padded(id)))
    }

    /// The due row of a record in a minute.
    pub fn due(minute: Minute, collection: Collection, id: u64) -> Self {
        let pk = due_partition(minute.hour(), id % collection.due_shards());
        Self::new(pk, format!("{}#{}#{}", sortable_minute(minute), collection.code(), padded(id)))
    }

    /// The progress of the sweeps of a shard of the due rows.
    pub fn cursor(shard: u64) -> Self {
        Self::new(CURSORS, shard.to_string())
    }

    /// The pointer to the newest stream of a trigger, with a digest of its distinguishing traits.
    pub fn active_stream(trigger: &str, digest: &str) -> Self {
        Self::new(format!("A#{digest}"), trigger)
    }

    /// A page of older members of a stream.
    pub fn stream_page(id: u64, name: &str) -> Self {
        Self::new(format!("SE#{id}"), name)
    }

    /// An API key, by its hash.
    pub fn api_key(hash: &str) -> Self {
        Self::new("KEY", hash)
    }

    /// A user.
    pub fn user(name: &str) -> Self {
        Self::new("USER", name)
    }

    /// A session, by the hash of its id.
    pub fn session(hash: &str) -> Self {
        Self::new(format!("SESSION#{hash}"), "-")
    }

    /// The failed logins of a user from an address.
    pub fn failures(user: &str, address: &str) -> Self {
        Self::new(format!("LOCK#{user}#{address}"), "-")
    }

    /// An entry of the audit log.
    pub fn audit(at: Micros, id: &str) -> Self {
        Self::new(audit_month(at.months()), format!("{}#{id}", sortable(at)))
    }

    /// A recomputation request of a tenant.
    pub fn recomputation(tenant: &str, id: &str) -> Self {
        Self::new(format!("RC#{tenant}"), id)
    }

    /// The response to a request with this idempotency key.
    pub fn idempotency(tenant: &str, key: &str) -> Self {
        Self::new(format!("IK#{tenant}"), key)
    }

    /// An event that is still to be published.
    pub fn outgoing(id: &str, version: u64) -> Self {
        let shard = id.bytes().map(u64::from).sum::<u64>() % SHARDS;
        Self::new(format!("RO#{shard}"), format!("{id}#{}", padded(version)))
    }

    /// A verified notification that is still to be published.
    pub fn outbox(collection: Collection, id: u64) -> Self {
        Self::new(format!("OB#{}", id % SHARDS), format!("{}#{}", collection.code(), padded(id)))
    }

    /// A maintenance operation.
    pub fn operation(id: &str) -> Self {
        Self::new(format!("OP#{id}"), "-")
    }

    /// A page of the relations of a maintenance operation on a whole database or schema.
    pub fn operation_page(id: &str, page: u64) -> Self {
        Self::new(format!("OPS#{id}"), padded(page))
    }

    /// The entry of a maintenance operation in the list of live ones, by its due time.
    pub fn live_operation(due: Micros, id: &str) -> Self {
        Self::new("OL", format!("{}#{id}", sortable(due)))
    }

    /// The entry of an ended maintenance operation in the history.
    pub fn ended_operation(ended: Micros, id: &str) -> Self {
        Self::new(operation_month(ended.months()), format!("{}#{id}", sortable(ended)))
    }

    /// A recurring maintenance operation.
    pub fn recurrence(id: &str) -> Self {
        Self::new("OR", id)
    }

    /// A row of a resource of the schemas API.
    pub fn resource(resource: &str, id: u64) -> Self {
        Self::new(resource_partition(resource), padded(id))
    }

    /// The next ids of the resources of the schemas API.
    pub fn resource_ids() -> Self {
        Self::new("RSEQ", "-")
    }

    /// The pointer to the row of a resource that has a unique name.
    pub fn resource_name(resource: &str, name: &str) -> Self {
        Self::new(format!("RQ#{resource}"), name)
    }

    /// The entry of a row among the rows of a resource that refer to the same row of another one.
    pub fn resource_reference(resource: &str, field: &str, target: u64, id: u64) -> Self {
        Self::new(reference_partition(resource, field, target), padded(id))
    }

    /// A part of the text of a schema version.
    pub fn ddl_part(version: u64, part: u64) -> Self {
        Self::new(format!("RB#{version}"), padded(part))
    }

    /// The pointer to the task with a public id.
    pub fn schema_task(task_id: &str) -> Self {
        Self::new(format!("RT#{task_id}"), "-")
    }

    /// The application of a changeset to a server.
    pub fn applied(changeset: u64, server: u64) -> Self {
        Self::new(format!("RA#{changeset}"), padded(server))
    }

    /// A part of the counters of a service's event types in an hour, in one of [`COUNTER_SHARDS`].
    pub fn hour(service: &str, hour: Hour, shard: u64, part: u64) -> Self {
        Self::new(hours(service, shard), format!("{}#{part}", sortable_hour(hour)))
    }
}

fn open_blocks(shard: u64) -> String {
    format!("OPEN#{shard}")
}

fn block(collection: Collection, number: u64) -> String {
    format!("{}#{number}", collection.code())
}

/// The partition of the cursors of due rows.
const CURSORS: &str = "SWEEP";

fn due_partition(hour: Hour, shard: u64) -> String {
    format!("V#{}#{shard}", hour.0)
}

fn sortable_minute(minute: Minute) -> String {
    format!("{:012}", minute.0.max(0))
}

fn hours(service: &str, shard: u64) -> String {
    format!("K#ev#{service}#{shard}")
}

fn audit_month(months: i64) -> String {
    format!("AU#{months}")
}

fn operation_month(months: i64) -> String {
    format!("OH#{months}")
}

fn resource_partition(resource: &str) -> String {
    format!("RS#{resource}")
}

fn reference_partition(resource: &str, field: &str, target: u64) -> String {
    format!("RR#{resource}#{field}#{target}")
}

fn padded(id: u64) -> String {
    format!("{id:012}")
}

/// Microseconds from the year 1 to the epoch. No notification can have an earlier time.
const YEAR_ONE: i64 = 62_135_596_800_000_000;

fn sortable(at: Micros) -> String {
    format!("{:018}", at.0.saturating_add(YEAR_ONE))
}

fn sortable_hour(hour: Hour) -> String {
    format!("{:08}", hour.0.saturating_add(YEAR_ONE / 3_600_000_000))
}

/// Returns the hour of an hour counter that was read from the table.
pub fn hour_of(counter: &BTreeMap<String, serde_json::Value>) -> Option<Hour> {
    hour_of_sort_key(counter.get("sk")?.as_str()?)
}

fn hour_of_sort_key(sk: &str) -> Option<Hour> {
    let (hour, _) = sk.split_once('#')?;
    Some(Hour(hour.parse::<i64>().ok()? - YEAR_ONE / 3_600_000_000))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn key_of_a_row_follows_from_its_id() {
        let key = Key::row(Collection::InstanceExists, 135_106);
        assert_eq!((key.pk(), key.sk()), ("XN#131", "000000135106"));
        assert_eq!(Range::block(Collection::InstanceExists, 131).pk(), key.pk());
    }

    #[test]
    fn short_names_are_unique() {
        for collection in Collection::ALL {
            assert_eq!(Collection::from_code(collection.code()), Some(collection));
        }
    }

    #[test]
    fn a_key_from_a_long_or_empty_name_cannot_exist() {
        assert!(Key::user(&"n".repeat(1_024)).can_exist());
        for key in [Key::user(""), Key::user(&"n".repeat(1_025)), Key::failures(&"n".repeat(2_048), "a")] {
            assert!(!key.can_exist(), "{}", key.pk().len());
        }
    }

    proptest! {
        #[test]
        fn sort_keys_have_the_order_of_their_times(a in -62_135_596_800_000_000_i64..253_402_300_800_000_000, b in -62_135_596_800_000_000_i64..253_402_300_800_000_000) {
            prop_assert_eq!(sortable(Micros(a)).cmp(&sortable(Micros(b))), a.cmp(&b));
            let (a, b) = (Micros(a).hour(), Micros(b).hour());
            prop_assert_eq!(sortable_hour(a).cmp(&sortable_hour(b)), a.cmp(&b));
            prop_assert_eq!(hour_of_sort_key(&format!("{}#0", sortable_hour(a))), Some(a));
        }
    }
}
