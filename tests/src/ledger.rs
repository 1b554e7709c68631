//! Rows of the usage ledger, written as recording writes them.

use std::collections::BTreeMap;

use domain::notification::mark::Mark;
use domain::notification::ownership::Ownership;
use domain::notification::service::Service;
use domain::storage::change::Change;
use domain::storage::item::item;
use domain::storage::key::{Collection, Key};
use domain::storage::table::{Outcome, Write};
use domain::time::{Hour, Micros};
use domain::usage::delete::{ImageDelete, InstanceDelete};
use domain::usage::exists::{ImageExists, InstanceExists, Progress};
use domain::usage::image::Image;
use domain::usage::launch::{ImageMeta, Launch, MergeState};
use domain::usage::status::Status;
use serde::Serialize;
use serde::de::IgnoredAny;
use serde_json::json;

use crate::TestBundle;

/// Returns the UUID of the instance or image with this number.
pub fn instance(number: u64) -> String {
    format!("72e4d8e8-9f63-47cb-a904-{number:012}")
}

/// Parses a time literal.
pub fn time(text: &str) -> Micros {
    Micros::parse(text).unwrap_or_else(|| panic!("{text} is not a time"))
}

/// Returns a launch of instance 1, at 15:35:44.
pub fn launch(id: u64) -> Launch {
    Launch {
        id,
        instance: instance(1),
        request_id: "req-7a86ed49-e1f4-4403-b3ef-22636f7acb7d".to_owned(),
        launched_at: Some(time("2014-01-17 15:35:44")),
        tenant: Some("5853600".to_owned()),
        image: fields(),
        instance_type_id: Some("2".to_owned()),
        instance_flavor_id: Some("performance1-2".to_owned()),
        merge_state: MergeState::default(),
        version: 1,
    }
}

/// Returns a delete of instance 1, at 16:07:30.
pub fn delete(id: u64) -> InstanceDelete {
    InstanceDelete {
        id,
        instance: instance(1),
        launched_at: time("2014-01-17 15:35:44"),
        deleted_at: Some(time("2014-01-17 16:07:30")),
        raw: 14_615_347,
        newest: mark(id),
        version: 1,
    }
}

/// Returns a pending exists of instance 1 for the 17th, received at 16:16:43.695474 in message `m<id>`.
pub fn exists(id: u64) -> InstanceExists {
    InstanceExists {
        id,
        instance: instance(1),
        launched_at: time("2014-01-17 15:35:44"),
        deleted_at: None,
        audit_period_beginning: time("2014-01-17 00:00:00"),
        audit_period_ending: time("2014-01-17 16:16:43"),
        instance_type_id: Some("2".to_owned()),
        instance_flavor_id: Some("performance1-2".to_owned()),
        tenant: Some("5853600".to_owned()),
        image: fields(),
        image_type: 1,
        bandwidth_public_out: 0,
        progress: progress(id),
    }
}

/// Returns image 1, active.
pub fn image(id: u64) -> Image {
    Image {
        id,
        uuid: instance(1),
        created_at: time("2014-01-17 02:28:08"),
        owner: None,
        size: 9_192_352,
        last_raw: 299_977,
        mark: mark(id),
    }
}

/// Returns a delete of image 1.
pub fn image_delete(id: u64) -> ImageDelete {
    ImageDelete {
        id,
        uuid: instance(1),
        deleted_at: Some(time("2014-01-17 15:28:18.154927")),
        raw: 300_523,
        mark: mark(id),
    }
}

/// Returns an exists of image 1, the only one in message `m<id>`.
pub fn image_exists(id: u64) -> ImageExists {
    ImageExists {
        id,
        uuid: instance(1),
        created_at: time("2013-05-11 15:37:34"),
        deleted_at: None,
        audit_period_beginning: time("2014-01-17 00:00:00"),
        audit_period_ending: time("2014-01-17 23:59:59"),
        owner: Some("389886".to_owned()),
        size: 11_213_393_920,
        group_size: 1,
        group_first: id,
        progress: progress(id),
    }
}

fn mark(id: u64) -> Mark {
    Mark { at: time("2014-01-17 16:07:31"), message: format!("e{id}") }
}

fn fields() -> ImageMeta {
    ImageMeta {
        os_architecture: "x64".to_owned(),
        os_distro: "org.centos".to_owned(),
        os_version: "5.8".to_owned(),
        rax_options: "0".to_owned(),
    }
}

fn progress(id: u64) -> Progress {
    Progress {
        message_id: Some(format!("m{id}")),
        raw: 14_615_544,
        received: time("2014-01-17 16:16:43.695474"),
        usage: None,
        delete: None,
        status: Status::Pending,
        fail_reason: None,
        send_status: 0,
        event_id: None,
        token: 0,
        lease: None,
    }
}

impl TestBundle {
    /// Writes rows of a collection and advances its sequence past them.
    pub async fn put_rows<T: Serialize>(
        &self,
        collection: Collection,
        rows: impl IntoIterator<Item = (u64, T)>,
    ) {
        let mut last = 0;
        let mut writes = Vec::new();
        for (id, row) in rows {
            last = last.max(id);
            writes.push(Write::Put(item(&Key::row(collection, id), &row).expect("rows serialize")));
        }
        self.table.write_all(writes).await.expect("the rows are written");
        self.advance_sequence(collection, last).await;
    }

    /// Advances the sequence of a collection past this id.
    pub async fn advance_sequence(&self, collection: Collection, last: u64) {
        let name = format!("n{}", collection.code());
        let started = Change::of(Key::sequences()).set_if_missing(&name, 1);
        let _: Outcome<IgnoredAny> = self.table.change(&started).await.expect("the sequence starts");
        let advanced = Change::of(Key::sequences()).set(&name, last + 1).when_at_most(&name, last);
        let _: Outcome<IgnoredAny> = self.table.change(&advanced).await.expect("the sequence advances");
    }

    async fn put<T: Serialize>(&self, key: Key, record: &T) {
        let write = Write::Put(item(&key, record).expect("rows serialize"));
        self.table.write_all(vec![write]).await.expect("the item is written");
    }

    /// Writes a launch and its pointer.
    pub async fn put_launch(&self, row: Launch) {
        self.put(Key::launch_of(&row.instance, &row.request_id), &json!({ "id": row.id })).await;
        self.put_rows(Collection::Launch, [(row.id, row)]).await;
    }

    /// Writes a delete of an instance and its pointer.
    pub async fn put_delete(&self, row: InstanceDelete) {
        let pointer = Key::delete_of(&row.instance, row.launched_at, row.deleted_at);
        self.put(pointer, &json!({ "id": row.id })).await;
        self.put_rows(Collection::InstanceDelete, [(row.id, row)]).await;
    }

    /// Writes an exists of an instance, its pointer and its message.
    pub async fn put_exists(&self, row: InstanceExists) {
        self.put(Key::exists_of(&row.instance, row.id), &json!({ "id": row.id })).await;
        if let Some(message_id) = &row.progress.message_id {
            self.put_message(message_id, Collection::InstanceExists, row.id, 1).await;
        }
        self.put_rows(Collection::InstanceExists, [(row.id, row)]).await;
    }

    /// Writes the exists of all images of one message.
    pub async fn put_image_exists(&self, rows: Vec<ImageExists>) {
        let (first, count) = (rows[0].id, rows.len() as u64);
        if let Some(message_id) = &rows[0].progress.message_id {
            self.put_message(message_id, Collection::ImageExists, first, count).await;
        }
        self.put_rows(Collection::ImageExists, rows.into_iter().map(|row| (row.id, row))).await;
    }

    /// Writes a message that owns `count` exists, from id `first`.
    pub async fn put_message(&self, message_id: &str, collection: Collection, first: u64, count: u64) {
        let owner = Ownership {
            id: first,
            chunk: "chunk".to_owned(),
            token: 1,
            received: Micros(0),
            position: 0,
            collection: Some(collection),
            first: Some(first),
            count: Some(count),
            ttl: None,
        };
        self.put(Key::message(message_id), &owner).await;
    }

    /// Writes notifications of one type, with ids from `first`, and counts them in their hours.
    pub async fn put_notifications(&self, service: Service, first: u64, event_type: &str, times: &[&str]) {
        let row = |at: &&str| json!({ "et": event_type, "wh": time(at), "sv": service });
        self.put_rows(Collection::Notification, (first..).zip(times.iter().map(row))).await;
        let mut hours = BTreeMap::<Hour, u64>::new();
        for at in times {
            *hours.entry(time(at).hour()).or_default() += 1;
        }
        for (hour, count) in hours {
            // Different shards, which a reader must add up.
            let key = Key::hour(service.code(), hour, first % 3, 0);
            let change = Change::of(key).add(&format!("e:{event_type}"), count);
            let _: Outcome<IgnoredAny> = self.table.change(&change).await.expect("the counter is written");
        }
    }
}
