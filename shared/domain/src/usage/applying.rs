//! Applying the effects of notifications to the ledger. Idempotent: applying an effect again changes nothing.

use std::collections::BTreeMap;

use futures::future::try_join_all;

use crate::error::Error;
use crate::notification::envelope::Notification;
use crate::notification::mark::Mark;
use crate::storage::key::{Collection, Key};
use crate::time::{Micros, Minute};
use crate::usage::Usage;
use crate::usage::delete::{ImageDelete, InstanceDelete};
use crate::usage::effect::{Effect, NewImageExists, NewInstanceExists};
use crate::usage::exists::{ImageExists, InstanceExists};
use crate::usage::image::Image;
use crate::usage::launch::LaunchChange;
use crate::usage::store::Pointer;
use crate::usage::verdict;
use crate::work::due::{self, Due};

/// The effect of a notification, and the ids assigned to its rows.
#[derive(Clone, Copy, Debug)]
pub struct AssignedEffect<'a> {
    /// The change of the ledger.
    pub effect: &'a Effect,
    /// The event's position in the order of events.
    pub mark: &'a Mark,
    /// The notification.
    pub notification: &'a Notification,
    /// The raw row's id.
    pub raw: u64,
    /// The first id of the rows that the effect creates.
    pub first: u64,
}

impl Usage {
    /// Returns until when (in seconds since the epoch) the bodies of these notifications must be retained: as long as
    /// an exists record among them can be verified and announced.
    pub fn retain_until(&self, effects: &[AssignedEffect<'_>], now: Micros, retention_seconds: i64) -> i64 {
        let ends = effects.iter().filter_map(|assigned| match assigned.effect {
            Effect::InstanceExists(exists) => Some(exists.audit_period_ending),
            Effect::ImageExists(exists) => Some(exists.audit_period_ending),
            Effect::Launch(_) | Effect::InstanceDelete(_) | Effect::Image(_) | Effect::ImageDelete(_) => None,
        });
        let due = ends.map(|end| verdict::due_at(end, self.settle_seconds()).max(now));
        due.max().map_or(0, |due| due.epoch_seconds() + retention_seconds)
    }

    /// Applies effects: launches, deletes and images first, then exists records, which are linked to them.
    pub async fn apply(&self, effects: Vec<AssignedEffect<'_>>, now: Micros) -> Result<(), Error> {
        let (exists, others): (Vec<_>, Vec<_>) = effects.into_iter().partition(|assigned| {
            matches!(assigned.effect, Effect::InstanceExists(_) | Effect::ImageExists(_))
        });
        futures::try_join!(
            self.apply_launches(&others),
            self.apply_deletes(&others),
            self.apply_images(&others)
        )?;
        try_join_all(exists.iter().map(|assigned| self.apply_exists(assigned, now))).await.map(drop)
    }

    /// Applies the changes of each launch together, in one write.
    async fn apply_launches(&self, effects: &[AssignedEffect<'_>]) -> Result<(), Error> {
        let mut launches: BTreeMap<(&str, &str), Vec<(&LaunchChange, u64)>> = BTreeMap::new();
        for assigned in effects {
            if let Effect::Launch(change) = assigned.effect {
                let key = (change.instance.as_str(), change.request_id.as_str());
                launches.entry(key).or_default().push((change, assigned.first));
            }
        }
        try_join_all(launches.into_values().map(|changes| self.launch_save(changes))).await.map(drop)
    }

    /// Applies the notifications of each delete together, in one write.
    async fn apply_deletes(&self, effects: &[AssignedEffect<'_>]) -> Result<(), Error> {
        let mut deletes: BTreeMap<Key, InstanceDelete> = BTreeMap::new();
        for assigned in effects {
            if let Effect::InstanceDelete(effect) = assigned.effect {
                let key = Key::delete_of(&effect.instance, effect.launched_at, effect.deleted_at);
                let first = InstanceDelete::new(assigned.first, effect, assigned.raw, assigned.mark.clone());
                deletes.entry(key).or_insert(first).merge(assigned.raw, assigned.mark);
            }
        }
        let saves = deletes.into_iter().map(|(key, delete)| self.instance_delete_save(key, delete));
        try_join_all(saves).await.map(drop)
    }

    async fn apply_images(&self, effects: &[AssignedEffect<'_>]) -> Result<(), Error> {
        try_join_all(effects.iter().map(|assigned| self.apply_image(assigned))).await.map(drop)
    }

    async fn apply_image(&self, assigned: &AssignedEffect<'_>) -> Result<(), Error> {
        let id = assigned.first;
        match assigned.effect {
            Effect::Image(effect) => {
                let image = Image::new(id, effect, assigned.raw, assigned.mark.clone());
                let pointer = vec![(Key::image_of(&image.uuid, id), Pointer { id })];
                let row = self.row_put(Collection::Image, id, &image);
                futures::try_join!(row, self.pointers_put(pointer)).map(drop)
            }
            Effect::ImageDelete(effect) => {
                let delete = ImageDelete::new(id, effect, assigned.raw, assigned.mark.clone());
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

    async fn apply_exists(&self, assigned: &AssignedEffect<'_>, now: Micros) -> Result<(), Error> {
        match assigned.effect {
            Effect::InstanceExists(effect) => self.apply_instance_exists(assigned, effect, now).await,
            Effect::ImageExists(effect) => self.apply_image_exists(assigned, effect, now).await,
            Effect::Launch(_) | Effect::InstanceDelete(_) | Effect::Image(_) | Effect::ImageDelete(_) => {
                Ok(())
            }
        }
    }

    async fn apply_instance_exists(
        &self,
        assigned: &AssignedEffect<'_>,
        effect: &NewInstanceExists,
        now: Micros,
    ) -> Result<(), Error> {
        let mut exists =
            InstanceExists::new(assigned.first, effect.clone(), assigned.raw, assigned.notification);
        let ledger = self.ledger_of_instance(&exists).await?;
        exists.progress.link(ledger.links(&exists));
        let id = exists.id;
        let pointer = vec![(Key::exists_of(&exists.instance, id), Pointer { id })];
        let due = Due::new(self.due_minute(exists.audit_period_ending, now), Collection::InstanceExists, id);
        futures::try_join!(
            self.row_put(Collection::InstanceExists, id, &exists),
            self.pointers_put(pointer),
            self.due_put(due),
        )
        .map(drop)
    }

    async fn apply_image_exists(
        &self,
        assigned: &AssignedEffect<'_>,
        effect: &NewImageExists,
        now: Micros,
    ) -> Result<(), Error> {
        let mut rows =
            ImageExists::group(assigned.first, effect.clone(), assigned.raw, assigned.notification);
        let ledger = self.ledger_of_images(&rows).await?;
        for row in &mut rows {
            row.progress.link(ledger.links(row));
        }
        let minute = self.due_minute(effect.audit_period_ending, now);
        let due = Due::new(minute, Collection::ImageExists, assigned.first);
        futures::try_join!(
            try_join_all(rows.iter().map(|row| self.row_put(Collection::ImageExists, row.id, row))),
            self.due_put(due),
        )
        .map(drop)
    }

    /// Returns the minute (since the epoch) in which an exists record is due for verification.
    fn due_minute(&self, audit_period_ending: Micros, now: Micros) -> Minute {
        due::minute(verdict::due_at(audit_period_ending, self.settle_seconds()), now)
    }

    fn settle_seconds(&self) -> i64 {
        self.settings.settle_seconds
    }
}
