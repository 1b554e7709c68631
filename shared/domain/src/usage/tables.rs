//! Pure. The columns of the six usage tables.

use crate::storage::key::{Collection, Range};
use crate::usage::column::{Column, ColumnValue, Row};
use crate::usage::delete::{ImageDelete, InstanceDelete};
use crate::usage::exists::{ImageExists, InstanceExists, Progress};
use crate::usage::image::Image;
use crate::usage::launch::Launch;

macro_rules! columns {
    ($($name:literal: |$row:ident| $value:expr),* $(,)?) => {
        &[$(Column::new($name, |$row| ColumnValue::from($value))),*]
    };
}

impl Row for Launch {
    const COLLECTION: Collection = Collection::Launch;
    const COLUMNS: &'static [Column<Self>] = columns! {
        "id": |row| row.id,
        "instance": |row| &row.instance,
        "launched_at": |row| row.launched_at,
        "request_id": |row| &row.request_id,
        "instance_type_id": |row| row.instance_type_id.as_ref(),
        "instance_flavor_id": |row| row.instance_flavor_id.as_ref(),
        "tenant": |row| row.tenant.as_ref(),
        "os_architecture": |row| &row.image.os_architecture,
        "os_distro": |row| &row.image.os_distro,
        "os_version": |row| &row.image.os_version,
        "rax_options": |row| &row.image.rax_options,
    };
    const DEFAULT_ORDER: &'static str = "launched_at";
    const BY_INSTANCE: Option<fn(&str) -> Range> = Some(Range::launches_of);

    fn id(&self) -> u64 {
        self.id
    }
}

impl Row for Image {
    const COLLECTION: Collection = Collection::Image;
    const COLUMNS: &'static [Column<Self>] = columns! {
        "id": |row| row.id,
        "uuid": |row| &row.uuid,
        "created_at": |row| row.created_at,
        "owner": |row| row.owner.as_ref(),
        "size": |row| row.size,
        "last_raw": |row| row.last_raw,
    };
    const DEFAULT_ORDER: &'static str = "created_at";

    fn id(&self) -> u64 {
        self.id
    }
}

impl Row for InstanceDelete {
    const COLLECTION: Collection = Collection::InstanceDelete;
    const COLUMNS: &'static [Column<Self>] = columns! {
        "id": |row| row.id,
        "instance": |row| &row.instance,
        "launched_at": |row| row.launched_at,
        "deleted_at": |row| row.deleted_at,
        "raw": |row| row.raw,
    };
    // Not `deleted_at`: the original ordered deletes of instances by launch time.
    const DEFAULT_ORDER: &'static str = "launched_at";
    const BY_INSTANCE: Option<fn(&str) -> Range> = Some(Range::deletes_of);

    fn id(&self) -> u64 {
        self.id
    }
}

impl Row for ImageDelete {
    const COLLECTION: Collection = Collection::ImageDelete;
    const COLUMNS: &'static [Column<Self>] = columns! {
        "id": |row| row.id,
        "uuid": |row| &row.uuid,
        "deleted_at": |row| row.deleted_at,
        "raw": |row| row.raw,
    };
    const DEFAULT_ORDER: &'static str = "deleted_at";

    fn id(&self) -> u64 {
        self.id
    }
}

impl Row for InstanceExists {
    const COLLECTION: Collection = Collection::InstanceExists;
    const COLUMNS: &'static [Column<Self>] = columns! {
        "id": |row| row.id,
        "instance": |row| &row.instance,
        "launched_at": |row| row.launched_at,
        "deleted_at": |row| row.deleted_at,
        "audit_period_beginning": |row| row.audit_period_beginning,
        "audit_period_ending": |row| row.audit_period_ending,
        "instance_type_id": |row| row.instance_type_id.as_ref(),
        "instance_flavor_id": |row| row.instance_flavor_id.as_ref(),
        "tenant": |row| row.tenant.as_ref(),
        "os_architecture": |row| &row.image.os_architecture,
        "os_distro": |row| &row.image.os_distro,
        "os_version": |row| &row.image.os_version,
        "rax_options": |row| &row.image.rax_options,
        "bandwidth_public_out": |row| row.bandwidth_public_out,
        "message_id": |row| row.progress.message_id.as_ref(),
        "status": |row| status(&row.progress),
        "fail_reason": |row| row.progress.fail_reason.as_ref(),
        "raw": |row| row.progress.raw,
        "usage": |row| row.progress.usage,
        "delete": |row| row.progress.delete,
        "send_status": |row| row.progress.send_status,
        "event_id": |row| row.progress.event_id.as_ref(),
    };
    const DEFAULT_ORDER: &'static str = "id";
    const RECEIVED: Option<Column<Self>> =
        Some(Column::new("received", |row| ColumnValue::Time(row.progress.received)));
    const BY_INSTANCE: Option<fn(&str) -> Range> = Some(Range::exists_of);

    fn id(&self) -> u64 {
        self.id
    }
}

impl Row for ImageExists {
    const COLLECTION: Collection = Collection::ImageExists;
    const COLUMNS: &'static [Column<Self>] = columns! {
        "id": |row| row.id,
        "uuid": |row| &row.uuid,
        "created_at": |row| row.created_at,
        "deleted_at": |row| row.deleted_at,
        "audit_period_beginning": |row| row.audit_period_beginning,
        "audit_period_ending": |row| row.audit_period_ending,
        "owner": |row| row.owner.as_ref(),
        "size": |row| row.size,
        "message_id": |row| row.progress.message_id.as_ref(),
        "status": |row| status(&row.progress),
        "fail_reason": |row| row.progress.fail_reason.as_ref(),
        "raw": |row| row.progress.raw,
        "usage": |row| row.progress.usage,
        "delete": |row| row.progress.delete,
        "send_status": |row| row.progress.send_status,
        "event_id": |row| row.progress.event_id.as_ref(),
    };
    const DEFAULT_ORDER: &'static str = "id";
    const RECEIVED: Option<Column<Self>> =
        Some(Column::new("received", |row| ColumnValue::Time(row.progress.received)));

    fn id(&self) -> u64 {
        self.id
    }
}

fn status(progress: &Progress) -> ColumnValue<'_> {
    ColumnValue::Text(progress.status.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_table_has_an_id_and_its_default_order_column() {
        fn check<R: Row>() {
            assert_eq!(R::COLUMNS[0].name, "id");
            assert!(R::column(R::DEFAULT_ORDER).is_some(), "{}", R::DEFAULT_ORDER);
            assert!(R::column("received").is_none() && R::column("raw_id").is_none());
        }
        check::<Launch>();
        check::<Image>();
        check::<InstanceDelete>();
        check::<ImageDelete>();
        check::<InstanceExists>();
        check::<ImageExists>();
    }
}
