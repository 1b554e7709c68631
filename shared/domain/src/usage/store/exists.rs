//! Exists records: every change says which state it expects.

use serde::de::IgnoredAny;

use crate::error::Error;
use crate::key::{Collection, Key};
use crate::outbox::{self, Announcement};
use crate::table::{Cancelled, Change, Outcome, Write};
use crate::time::Micros;
use crate::usage::Usage;
use crate::usage::exists::{Exists, ImageExists};
use crate::usage::status::Status;
use crate::usage::verify::Verdict;

impl Usage {
    /// The rows of one notification, whose first has this id. None until all of them stand: they are judged together.
    pub(crate) async fn image_group(&self, first: u64) -> Result<Vec<ImageExists>, Error> {
        let Some(leader) = self.get::<ImageExists>(first).await? else { return Ok(Vec::new()) };
        let keys: Vec<_> =
            (first..first + leader.group_size).map(|id| Key::row(Collection::ImageExists, id)).collect();
        let mut rows: Vec<_> = self.table().get_many::<ImageExists>(&keys).await?.into_values().collect();
        rows.sort_unstable_by_key(|row| row.id);
        Ok(if rows.len() == keys.len() { rows } else { Vec::new() })
    }

    /// Takes a record up until `lease`: the record as it is now; none where somebody else changed it first.
    pub(crate) async fn exists_pick<R: Exists>(
        &self,
        row: &R,
        picked: Status,
        lease: Micros,
    ) -> Result<Option<R>, Error> {
        let progress = row.progress();
        let change = Change::of(Key::row(R::COLLECTION, row.id()), "SET st = :picked, tk = :next, le = :lease")
            .when("st = :from AND tk = :token")
            .value(":picked", picked)?
            .value(":from", progress.status)?
            .value(":token", progress.token)?
            .value(":next", progress.token + 1)?
            .value(":lease", lease)?;
        match self.table().change(&change).await? {
            Outcome::Written(row) => Ok(Some(row)),
            Outcome::Refused(_) => Ok(None),
        }
    }

    /// Stores a verdict and, in the same transaction, its announcement; false where somebody else has the record now.
    pub(crate) async fn exists_conclude<R: Exists>(
        &self,
        row: &R,
        status: Status,
        verdict: &Verdict,
        announcement: Option<&Announcement>,
    ) -> Result<bool, Error> {
        let change = conclusion(row, status, verdict)?;
        let Some(announcement) = announcement else {
            return Ok(matches!(self.table().change::<IgnoredAny>(&change).await?, Outcome::Written(_)));
        };
        let writes = vec![Write::Change(change), Write::Put(outbox::item(announcement)?)];
        let token = format!("{}-{}-{}", R::COLLECTION.code(), row.id(), row.progress().token);
        match self.table().transact(writes, &token).await {
            Ok(()) => Ok(true),
            Err(Cancelled::Condition(_)) => Ok(false),
            Err(Cancelled::Conflict) => Err(Error::unavailable("The record is busy; try again.")),
            Err(Cancelled::Failed(error)) => Err(error),
        }
    }
}

fn conclusion<R: Exists>(row: &R, status: Status, verdict: &Verdict) -> Result<Change, Error> {
    let progress = row.progress();
    // Passing does not clear an older reason, as in the original.
    let reason = verdict.fail_reason().or(progress.fail_reason.as_deref());
    let expression = "SET st = :status, fr = :reason, us = :usage, de = :delete REMOVE le";
    Change::of(Key::row(R::COLLECTION, row.id()), expression)
        .when("st = :from AND tk = :token")
        .value(":status", status)?
        .value(":reason", reason)?
        .value(":usage", verdict.usage)?
        .value(":delete", verdict.delete)?
        .value(":from", progress.status)?
        .value(":token", progress.token)
}
