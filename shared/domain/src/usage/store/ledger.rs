//! Launches, deletes, images and audit reports.

use std::collections::BTreeSet;

use futures::future::try_join_all;

use crate::error::Error;
use crate::storage::change::Change;
use crate::storage::key::{Collection, Key, Range};
use crate::storage::table::Outcome;
use crate::usage::Usage;
use crate::usage::audit_report::AuditReport;
use crate::usage::delete::{ImageDelete, InstanceDelete};
use crate::usage::exists::{ImageExists, InstanceExists};
use crate::usage::image::Image;
use crate::usage::launch::{Launch, LaunchChange};
use crate::usage::ledger::{ImageLedger, InstanceLedger};

impl Usage {
    /// Returns the ledger's rows of the instance of an exists record.
    pub(crate) async fn ledger_of_instance(&self, exists: &InstanceExists) -> Result<InstanceLedger, Error> {
        let instance = exists.instance.as_str();
        let second = exists.launched_at.whole_second();
        let (launch_range, delete_range) = (Range::launches_of(instance), Range::deletes_of(instance));
        let report_range = Range::reconciles_launched(instance, second, second.plus_seconds(1));
        let (launches, deletes, reports) = futures::try_join!(
            self.rows_at::<Launch>(Collection::Launch, &launch_range),
            self.rows_at::<InstanceDelete>(Collection::InstanceDelete, &delete_range),
            self.table().query_all::<AuditReport>(&report_range),
        )?;
        Ok(InstanceLedger { launches, deletes, reports })
    }

    /// Returns the ledger's rows of the images of exists records.
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

    /// Merges changes, all of one instance and request, into their launch. Creates the launch if it does not exist.
    pub(crate) async fn launch_save(&self, changes: Vec<(&LaunchChange, u64)>) -> Result<(), Error> {
        let Some((first, proposed)) = changes.first().copied() else { return Ok(()) };
        let id = self.id_at(&Key::launch_of(&first.instance, &first.request_id), proposed).await?;
        self.merge_at(&Key::row(Collection::Launch, id), |row: Option<Launch>| {
            let is_new = row.is_none();
            let mut launch = row.unwrap_or_else(|| Launch::new(id, first));
            let version = if is_new { 0 } else { launch.version };
            let mut is_changed = is_new;
            for (change, _) in &changes {
                is_changed |= launch.merge(change);
            }
            launch.version = version + 1;
            is_changed.then_some((launch, version))
        })
        .await
    }

    /// Merges a delete into the row that `pointer` leads to. Creates the row if it does not exist.
    pub(crate) async fn instance_delete_save(&self, pointer: Key, new: InstanceDelete) -> Result<(), Error> {
        let id = self.id_at(&pointer, new.id).await?;
        self.merge_at(&Key::row(Collection::InstanceDelete, id), |existing: Option<InstanceDelete>| {
            match existing {
                None => Some((InstanceDelete { id, version: 1, ..new.clone() }, 0)),
                Some(mut delete) => {
                    let version = delete.version;
                    let is_changed = delete.merge(new.raw, &new.newest);
                    delete.version = version + 1;
                    is_changed.then_some((delete, version))
                }
            }
        })
        .await
    }

    /// Creates or replaces a row of an audit report. A replaced row keeps its creation time.
    pub(crate) async fn audit_report_put(&self, report: &AuditReport) -> Result<AuditReport, Error> {
        let key = Key::reconcile_of(&report.instance, report.launched_at, &report.source);
        match self.table().change(&replacement(key, report)?).await? {
            Outcome::Written(stored) => Ok(stored),
            Outcome::Refused(_) => Err(Error::bug("an unconditional change was refused")),
        }
    }
}

/// Returns a change that replaces every attribute except the creation time.
fn replacement(key: Key, report: &AuditReport) -> Result<Change, Error> {
    let attributes = serde_json::to_value(report);
    let attributes =
        attributes.map_err(|cause| Error::bug("cannot serialize an audit report").because(cause))?;
    let attributes = attributes.as_object().into_iter().flatten();
    Ok(attributes.fold(Change::of(key), |change, (name, value)| match name.as_str() {
        "rc" => change.set_if_missing(name, value),
        name => change.set(name, value),
    }))
}
