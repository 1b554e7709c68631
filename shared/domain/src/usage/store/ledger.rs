//! Launches, deletes, images and audit reports.

use std::collections::BTreeSet;

use futures::future::try_join_all;

use crate::error::Error;
use crate::storage::change::Change;
use crate::storage::key::{Collection, Key, Range};
use crate::storage::table::Outcome;
use crate::usage::Usage;
use crate::usage::delete::{ImageDelete, InstanceDelete};
use crate::usage::exists::{ImageExists, InstanceExists};
use crate::usage::image::Image;
use crate::usage::launch::{Launch, LaunchChange};
use crate::usage::ledger::{ImageLedger, InstanceLedger};
use crate::usage::reconcile::Reconcile;

impl Usage {
    /// Everything that the ledger and the audit reports say of the instance of an exists.
    pub(crate) async fn ledger_of_instance(&self, exists: &InstanceExists) -> Result<InstanceLedger, Error> {
        let instance = exists.instance.as_str();
        let second = exists.launched_at.whole_second();
        let (launch_range, delete_range) = (Range::launches_of(instance), Range::deletes_of(instance));
        let reconcile_range = Range::reconciles_launched(instance, second, second.plus_seconds(1));
        let (launches, deletes, reconciles) = futures::try_join!(
            self.rows_at::<Launch>(Collection::Launch, &launch_range),
            self.rows_at::<InstanceDelete>(Collection::InstanceDelete, &delete_range),
            self.table().query_all::<Reconcile>(&reconcile_range),
        )?;
        Ok(InstanceLedger { launches, deletes, reconciles })
    }

    /// Everything that the ledger says of these images.
    pub(crate) async fn ledger_of_images(&self, rows: &[ImageExists]) -> Result<ImageLedger, Error> {
        let uuids: BTreeSet<_> = rows.iter().map(|row| row.uuid.as_str()).collect();
        let ledgers = uuids.into_iter().map(|uuid| async move {
            let (image_range, delete_range) = (Range::images_of(uuid), Range::image_deletes_of(uuid));
            futures::try_join!(
                self.rows_at::<Image>(Collection::Image, &image_range),
                self.rows_at::<ImageDelete>(Collection::ImageDelete, &delete_range),
            )
        });
        let (images, deletes): (Vec<_>, Vec<_>) = try_join_all(ledgers).await?.into_iter().unzip();
        Ok(ImageLedger { images: images.concat(), deletes: deletes.concat() })
    }

    /// Makes sure that the launch of these changes, all of one instance and request, has them all.
    pub(crate) async fn launch_save(&self, changes: Vec<(&LaunchChange, u64)>) -> Result<(), Error> {
        let Some((first, proposed)) = changes.first().copied() else { return Ok(()) };
        let id = self.id_at(&Key::launch_of(&first.instance, &first.request_id), proposed).await?;
        self.merge_at(&Key::row(Collection::Launch, id), |row: Option<Launch>| {
            let is_new = row.is_none();
            let mut launch = row.unwrap_or_else(|| Launch::new(id, first));
            let version = if is_new { 0 } else { launch.version };
            let mut is_changed = is_new;
            for (event, _) in &changes {
                is_changed |= launch.merge(event);
            }
            launch.version = version + 1;
            is_changed.then_some((launch, version))
        })
        .await
    }

    /// Makes sure that this delete stands, with the newest of the notifications that said so.
    pub(crate) async fn instance_delete_save(&self, pointer: Key, new: InstanceDelete) -> Result<(), Error> {
        let id = self.id_at(&pointer, new.id).await?;
        self.merge_at(&Key::row(Collection::InstanceDelete, id), |standing: Option<InstanceDelete>| {
            match standing {
                None => Some((InstanceDelete { id, version: 1, ..new.clone() }, 0)),
                Some(mut delete) => {
                    let version = delete.version;
                    let changed = delete.merge(new.raw, &new.newest);
                    delete.version = version + 1;
                    changed.then_some((delete, version))
                }
            }
        })
        .await
    }

    /// Stores what a report says in place of what the same report said before; the time when the row was made stays.
    pub(crate) async fn reconcile_put(&self, record: &Reconcile) -> Result<Reconcile, Error> {
        let key = Key::reconcile_of(&record.instance, record.launched_at, &record.source);
        match self.table().change(&replacing(key, record)?).await? {
            Outcome::Written(stored) => Ok(stored),
            Outcome::Refused(_) => Err(Error::bug("a change without a condition was refused")),
        }
    }
}

/// Every attribute is replaced but the time when the row was made.
fn replacing(key: Key, record: &Reconcile) -> Result<Change, Error> {
    let attributes = serde_json::to_value(record);
    let attributes = attributes.map_err(|cause| Error::bug("a record is no JSON").because(cause))?;
    let attributes = attributes.as_object().into_iter().flatten();
    Ok(attributes.fold(Change::of(key), |change, (name, value)| match name.as_str() {
        "rc" => change.set_if_missing(name, value),
        name => change.set(name, value),
    }))
}
