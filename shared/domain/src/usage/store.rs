//! The ledger's rows in the table.

use std::collections::BTreeSet;

use futures::future::try_join_all;
use serde::de::{DeserializeOwned, IgnoredAny};
use serde::{Deserialize, Serialize};

use crate::error::{Error, Kind};
use crate::failure;
use crate::key::{Collection, Key, Range};
use crate::table::Table;
use crate::usage::Usage;
use crate::usage::delete::{ImageDelete, InstanceDelete};
use crate::usage::exists::{ImageExists, InstanceExists};
use crate::usage::image::Image;
use crate::usage::launch::{Launch, LaunchChange};
use crate::usage::ledger::{ImageLedger, InstanceLedger};
use crate::usage::reconcile::Reconcile;

/// Where a row is found from something else than its id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pointer {
    /// The row's id.
    pub id: u64,
}

impl Usage {
    pub(crate) fn table(&self) -> &Table {
        &self.platform.tables.usage
    }

    /// Puts a row that stands under its own id, unless it stands there already: a repeat must not undo a later change.
    pub(crate) async fn row_put<T: Serialize>(&self, collection: Collection, id: u64, row: &T) -> Result<(), Error> {
        self.table().put_new::<T, IgnoredAny>(&Key::row(collection, id), row).await.map(drop)
    }

    /// The rows that the pointers of a range lead to.
    pub(crate) async fn rows_at<T: DeserializeOwned>(
        &self,
        collection: Collection,
        pointers: &Range,
    ) -> Result<Vec<T>, Error> {
        let pointers: Vec<Pointer> = self.table().query_all(pointers).await?;
        let keys: Vec<_> = pointers.iter().map(|pointer| Key::row(collection, pointer.id)).collect();
        Ok(self.table().get_many(&keys).await?.into_values().collect())
    }

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
        self.merge_at(&Key::row(Collection::Launch, id), |standing: Option<Launch>| {
            let is_new = standing.is_none();
            let mut launch = standing.unwrap_or_else(|| Launch::new(id, first));
            let version = if is_new { 0 } else { launch.version };
            let mut changed = is_new;
            for (change, _) in &changes {
                changed |= launch.merge(change);
            }
            launch.version = version + 1;
            changed.then_some((launch, version))
        })
        .await
    }

    /// Makes sure that this delete stands, with the newest of the notifications that said so.
    pub(crate) async fn instance_delete_save(&self, pointer: Key, new: InstanceDelete) -> Result<(), Error> {
        let id = self.id_at(&pointer, new.id).await?;
        self.merge_at(&Key::row(Collection::InstanceDelete, id), |standing: Option<InstanceDelete>| match standing {
            None => Some((InstanceDelete { id, version: 1, ..new.clone() }, 0)),
            Some(mut delete) => {
                let version = delete.version;
                let changed = delete.merge(new.raw, &new.newest);
                delete.version = version + 1;
                changed.then_some((delete, version))
            }
        })
        .await
    }

    /// Reads a row, merges something into it, and writes it in place of the version that was read, until nobody else
    /// was faster. `merge` returns the row and that version (0 for none), or nothing where nothing changes.
    async fn merge_at<R, M>(&self, key: &Key, merge: M) -> Result<(), Error>
    where
        R: Serialize + DeserializeOwned,
        M: Fn(Option<R>) -> Option<(R, u64)>,
    {
        let mut standing = self.table().get(key).await?;
        for _ in 0..failure::ATTEMPTS {
            let Some((row, version)) = merge(standing) else { return Ok(()) };
            standing = self.table().replace(key, &row, version).await?;
            if standing.is_none() {
                return Ok(());
            }
        }
        Err(Error::new(Kind::Conflict, "The row is changed by too many at once; try again."))
    }

    /// The id of the row that a pointer leads to; where there is none yet, it leads to the proposed one from now on.
    async fn id_at(&self, pointer: &Key, proposed: u64) -> Result<u64, Error> {
        // A refused write costs more than a read, and most events are not the first of their row.
        if let Some(Pointer { id }) = self.table().get(pointer).await? {
            return Ok(id);
        }
        let standing: Option<Pointer> = self.table().put_new(pointer, &Pointer { id: proposed }).await?;
        Ok(standing.map_or(proposed, |pointer| pointer.id))
    }
}
