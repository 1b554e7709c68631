//! What notifications do to the ledger's rows, each effect as often as it is delivered with the same result.

use std::collections::BTreeMap;

use futures::future::try_join_all;

use crate::error::Error;
use crate::notification::envelope::Notification;
use crate::notification::mark::Mark;
use crate::storage::key::{Collection, Key};
use crate::time::Micros;
use crate::usage::Usage;
use crate::usage::delete::{ImageDelete, InstanceDelete};
use crate::usage::exists::{ImageExists, InstanceExists};
use crate::usage::image::Image;
use crate::usage::launch::LaunchChange;
use crate::usage::record::{Effect, NewImageExists, NewInstanceExists};
use crate::usage::store::Pointer;
use crate::usage::verify;
use crate::work::due::{self, Due};

/// One notification's effect, with the ids that its rows stand under.
#[derive(Clone, Copy, Debug)]
pub struct Recorded<'a> {
    /// What it does.
    pub effect: &'a Effect,
    /// Which event it is.
    pub mark: &'a Mark,
    /// The notification itself.
    pub notification: &'a Notification,
    /// The raw row's id.
    pub raw: u64,
    /// The first id of the rows that it may make.
    pub first: u64,
}

impl Usage {
    /// Until when (seconds since the epoch) the bodies of these notifications are needed at least: as long as an
    /// exists among them may still be verified and announced.
    pub fn retain_until(&self, recorded: &[Recorded<'_>], now: Micros, retention_seconds: i64) -> i64 {
        let ends = recorded.iter().filter_map(|recorded| match recorded.effect {
            Effect::InstanceExists(exists) => Some(exists.audit_period_ending),
            Effect::ImageExists(exists) => Some(exists.audit_period_ending),
            Effect::Launch(_) | Effect::InstanceDelete(_) | Effect::Image(_) | Effect::ImageDelete(_) => None,
        });
        let due = ends.map(|end| verify::due_at(end, self.settle()).max(now));
        due.max().map_or(0, |due| due.epoch_seconds() + retention_seconds)
    }

    /// Writes what these notifications do: launches, deletes and images first, then exists with their links to them.
    pub async fn record(&self, recorded: Vec<Recorded<'_>>, now: Micros) -> Result<(), Error> {
        let (exists, others): (Vec<_>, Vec<_>) = recorded.into_iter().partition(|recorded| {
            matches!(recorded.effect, Effect::InstanceExists(_) | Effect::ImageExists(_))
        });
        futures::try_join!(
            self.record_launches(&others),
            self.record_deletes(&others),
            self.record_images(&others)
        )?;
        try_join_all(exists.iter().map(|recorded| self.record_exists(recorded, now))).await.map(drop)
    }

    async fn record_launches(&self, recorded: &[Recorded<'_>]) -> Result<(), Error> {
        let mut launches: BTreeMap<(&str, &str), Vec<(&LaunchChange, u64)>> = BTreeMap::new();
        for recorded in recorded {
            if let Effect::Launch(change) = recorded.effect {
                let key = (change.instance.as_str(), change.request_id.as_str());
                launches.entry(key).or_default().push((change, recorded.first));
            }
        }
        try_join_all(launches.into_values().map(|changes| self.launch_save(changes))).await.map(drop)
    }

    async fn record_deletes(&self, recorded: &[Recorded<'_>]) -> Result<(), Error> {
        let mut deletes: BTreeMap<Key, InstanceDelete> = BTreeMap::new();
        for recorded in recorded {
            if let Effect::InstanceDelete(effect) = recorded.effect {
                let key = Key::delete_of(&effect.instance, effect.launched_at, effect.deleted_at);
                let first = InstanceDelete::new(recorded.first, effect, recorded.raw, recorded.mark.clone());
                deletes.entry(key).or_insert(first).merge(recorded.raw, recorded.mark);
            }
        }
        let saves = deletes.into_iter().map(|(key, delete)| self.instance_delete_save(key, delete));
        try_join_all(saves).await.map(drop)
    }

    async fn record_images(&self, recorded: &[Recorded<'_>]) -> Result<(), Error> {
        try_join_all(recorded.iter().map(|recorded| self.record_image(recorded))).await.map(drop)
    }

    async fn record_image(&self, recorded: &Recorded<'_>) -> Result<(), Error> {
        let id = recorded.first;
        match recorded.effect {
            Effect::Image(effect) => {
                let image = Image::new(id, effect, recorded.raw, recorded.mark.clone());
                let pointer = vec![(Key::image_of(&image.uuid, id), Pointer { id })];
                let row = self.row_put(Collection::Image, id, &image);
                futures::try_join!(row, self.pointers_put(pointer)).map(drop)
            }
            Effect::ImageDelete(effect) => {
                let delete = ImageDelete::new(id, effect, recorded.raw, recorded.mark.clone());
                let pointer = vec![(Key::image_delete_of(&delete.uuid, id), Pointer { id })];
                let row = self.row_put(Collection::ImageDelete, id, &delete);
                futures::try_join!(row, self.pointers_put(pointer)).map(drop)
            }
            Effect::Launch(_)
            | Effect::InstanceDelete(_)
            | Effect::InstanceExists(_)
            | Effect::ImageExists(_) => Ok(()),
        }
    }

    async fn record_exists(&self, recorded: &Recorded<'_>, now: Micros) -> Result<(), Error> {
        match recorded.effect {
            Effect::InstanceExists(effect) => self.record_instance_exists(recorded, effect, now).await,
            Effect::ImageExists(effect) => self.record_image_exists(recorded, effect, now).await,
            Effect::Launch(_) | Effect::InstanceDelete(_) | Effect::Image(_) | Effect::ImageDelete(_) => {
                Ok(())
            }
        }
    }

    async fn record_instance_exists(
        &self,
        recorded: &Recorded<'_>,
        effect: &NewInstanceExists,
        now: Micros,
    ) -> Result<(), Error> {
        let mut exists =
            InstanceExists::new(recorded.first, effect.clone(), recorded.raw, recorded.notification);
        let ledger = self.ledger_of_instance(&exists).await?;
        (exists.progress.usage, exists.progress.delete) = ledger.links(&exists);
        let id = exists.id;
        let pointer = vec![(Key::exists_of(&exists.instance, id), Pointer { id })];
        let due = Due { collection: Collection::InstanceExists, id };
        futures::try_join!(
            self.row_put(Collection::InstanceExists, id, &exists),
            self.pointers_put(pointer),
            self.due_put(self.due_minute(exists.audit_period_ending, now), due),
        )
        .map(drop)
    }

    async fn record_image_exists(
        &self,
        recorded: &Recorded<'_>,
        effect: &NewImageExists,
        now: Micros,
    ) -> Result<(), Error> {
        let mut rows =
            ImageExists::group(recorded.first, effect.clone(), recorded.raw, recorded.notification);
        let ledger = self.ledger_of_images(&rows).await?;
        for row in &mut rows {
            (row.progress.usage, row.progress.delete) = ledger.links(row);
        }
        let due = Due { collection: Collection::ImageExists, id: recorded.first };
        futures::try_join!(
            try_join_all(rows.iter().map(|row| self.row_put(Collection::ImageExists, row.id, row))),
            self.due_put(self.due_minute(effect.audit_period_ending, now), due),
        )
        .map(drop)
    }

    /// The minute in which an exists is verified: when its period is over and has settled.
    fn due_minute(&self, audit_period_ending: Micros, now: Micros) -> i64 {
        due::minute(verify::due_at(audit_period_ending, self.settle()), now)
    }

    fn settle(&self) -> i64 {
        self.settings.settle_seconds
    }
}
