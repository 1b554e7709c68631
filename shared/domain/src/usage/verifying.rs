//! Verification: pick a record under a lease, judge it, and store the verdict together with what it announces.

use futures::StreamExt;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::due::{self, Due};
use crate::error::{Error, Kind};
use crate::failure::Failure;
use crate::key::{Collection, Key, Range};
use crate::message::UsageTask;
use crate::outbox::{self, Announcement};
use crate::table::{Cancelled, Change, Outcome, Write};
use crate::time::Micros;
use crate::usage::Usage;
use crate::usage::exists::{ImageExists, InstanceExists, Progress};
use crate::usage::ledger::InstanceLedger;
use crate::usage::status::{BadTransition, Status};
use crate::usage::verify::{self, Verdict};

/// Due rows that one message handles before it hands the rest on.
const PAGE: i32 = 50;
/// Records that are verified at once.
const AT_ONCE: usize = 8;

/// A stored exists, of either kind.
trait Exists: Serialize + DeserializeOwned {
    const COLLECTION: Collection;

    fn id(&self) -> u64;
    fn progress(&self) -> &Progress;
}

impl Exists for InstanceExists {
    const COLLECTION: Collection = Collection::InstanceExists;

    fn id(&self) -> u64 {
        self.id
    }

    fn progress(&self) -> &Progress {
        &self.progress
    }
}

impl Exists for ImageExists {
    const COLLECTION: Collection = Collection::ImageExists;

    fn id(&self) -> u64 {
        self.id
    }

    fn progress(&self) -> &Progress {
        &self.progress
    }
}

impl Usage {
    /// Does one message of the usage queue, holding records until `deadline` at the latest.
    pub async fn work(&self, body: &str, deadline: Micros) -> Result<(), Failure> {
        let task = serde_json::from_str(body).map_err(|cause| {
            Failure::GiveUp(Error::bug("A message of the usage queue could not be read.").because(cause))
        })?;
        match task {
            UsageTask::Sweep { from, to, shard, after } => self.sweep(from, to, shard, after, deadline).await,
            UsageTask::Publish { shard } => Ok(self.publish_left(shard).await?),
        }
    }

    /// Verifies what is due in these minutes, page by page; what is beyond one page is handed on in a new message.
    async fn sweep(
        &self,
        from: i64,
        to: i64,
        shard: u64,
        after: Option<String>,
        deadline: Micros,
    ) -> Result<(), Failure> {
        let mut after = after;
        for minute in from..=to {
            let range = Range::due(minute, shard);
            let start = after.take().map(|sk| Key::read(range.pk(), sk));
            let page = self.table().query::<Due>(&range, false, start.as_ref(), Some(PAGE)).await?;
            if let Some(next) = &page.next {
                let rest = UsageTask::Sweep { from: minute, to, shard, after: Some(next.sk().to_owned()) };
                self.platform.queues.usage.send(rest.body()?).await?;
            }
            let more = page.next.is_some();
            self.verify_page(minute, page.items, deadline).await?;
            if more {
                break;
            }
        }
        Ok(())
    }

    /// Verifies each, and fails with the first failure once all were tried.
    async fn verify_page(&self, minute: i64, page: Vec<Due>, deadline: Micros) -> Result<(), Failure> {
        let verified = futures::stream::iter(page).map(|due| self.verify_due(minute, due, deadline));
        let outcomes: Vec<_> = verified.buffer_unordered(AT_ONCE).collect().await;
        outcomes.into_iter().collect()
    }

    async fn verify_due(&self, minute: i64, due: Due, deadline: Micros) -> Result<(), Failure> {
        let finished = match due.collection {
            Collection::InstanceExists => self.verify_instance(due.id, deadline).await?,
            Collection::ImageExists => self.verify_images(due.id, deadline).await?,
            other => return Err(Failure::GiveUp(Error::bug(format!("Nothing of {} is ever due.", other.code())))),
        };
        if finished {
            self.table().write_all(vec![Write::Delete(due::key(minute, due.collection, due.id))]).await?;
        }
        Ok(())
    }

    /// Verifies one instance's exists. False where its row is still to be written.
    async fn verify_instance(&self, id: u64, deadline: Micros) -> Result<bool, Failure> {
        let row: Option<InstanceExists> = self.table().get(&Key::row(Collection::InstanceExists, id)).await?;
        let Some(row) = row else { return Ok(false) };
        if row.progress.status.is_final() {
            return Ok(true);
        }
        let row = self.pick(row, deadline).await?;
        let ledger = self.ledger_of_instance(&row).await?;
        let InstanceLedger { launches, deletes, reconciles } = ledger;
        let settings = &self.platform.config.verify;
        let verdict = verify::nova::verdict(&row, &launches, &deletes, &reconciles, settings, self.now());
        let announced = verdict.passes() && row.progress.status.announces();
        self.conclude(&row, &verdict, announced).await?;
        Ok(true)
    }

    /// Verifies all images of one notification, whose first row has this id. It is announced once, when all have passed:
    /// the first row is concluded last, together with the announcement.
    async fn verify_images(&self, first: u64, deadline: Micros) -> Result<bool, Failure> {
        let mut rows = self.image_group(first).await?;
        if rows.is_empty() {
            return Ok(false);
        }
        for row in &mut rows {
            if !row.progress.status.is_final() {
                *row = self.pick(row.clone(), deadline).await?;
            }
        }
        let ledger = self.ledger_of_images(&rows).await?;
        let group = verify::glance::verdicts(&rows, &ledger.images, &ledger.deletes, self.now());
        // A row that was concluded before the worker of this message died counts as it was concluded.
        let announced = rows.iter().zip(&group.verdicts).all(|(row, verdict)| match row.progress.status {
            Status::Verified => true,
            status => status.announces() && verdict.passes(),
        });
        let open = rows.iter().zip(&group.verdicts).filter(|(row, _)| !row.progress.status.is_final());
        for (row, verdict) in open.rev() {
            self.conclude(row, verdict, announced && row.id == first).await?;
        }
        Ok(true)
    }

    async fn image_group(&self, first: u64) -> Result<Vec<ImageExists>, Error> {
        let leader: Option<ImageExists> = self.table().get(&Key::row(Collection::ImageExists, first)).await?;
        let Some(leader) = leader else { return Ok(Vec::new()) };
        let ids = first..first + leader.group_size;
        let keys: Vec<_> = ids.map(|id| Key::row(Collection::ImageExists, id)).collect();
        let mut rows: Vec<_> = self.table().get_many::<ImageExists>(&keys).await?.into_values().collect();
        rows.sort_unstable_by_key(|row| row.id);
        // Rows of one notification are written side by side: until all stand, there is nothing to judge together.
        Ok(if rows.len() == keys.len() { rows } else { Vec::new() })
    }

    /// Takes a record up: it is this worker's until the deadline. Retried while another worker has it.
    async fn pick<R: Exists>(&self, row: R, deadline: Micros) -> Result<R, Failure> {
        let progress = row.progress();
        if progress.lease.is_some_and(|lease| lease >= self.now()) {
            return Err(Failure::Retry(Error::unavailable("Another worker verifies the record.")));
        }
        let picked = progress.status.pick().map_err(impossible)?;
        let change = Change::of(Key::row(R::COLLECTION, row.id()), "SET st = :picked, tk = :next, le = :lease")
            .when("st = :from AND tk = :token")
            .value(":picked", picked)?
            .value(":from", progress.status)?
            .value(":token", progress.token)?
            .value(":next", progress.token + 1)?
            .value(":lease", deadline)?;
        match self.table().change(&change).await? {
            Outcome::Written(row) => Ok(row),
            Outcome::Refused(_) => Err(Failure::Retry(Error::unavailable("Another worker took the record."))),
        }
    }

    /// Stores a verdict, with its announcement where there is one, and publishes that.
    async fn conclude<R: Exists>(&self, row: &R, verdict: &Verdict, announced: bool) -> Result<(), Failure> {
        let change = conclusion(row, verdict)?;
        if !(announced && self.platform.config.verify.notifications) {
            return match self.table().change::<serde::de::IgnoredAny>(&change).await? {
                Outcome::Written(_) => Ok(()),
                Outcome::Refused(_) => Err(Failure::Retry(overtaken())),
            };
        }
        let announcement = Announcement {
            collection: R::COLLECTION,
            id: row.id(),
            raw: row.progress().raw,
            message_id: self.platform.ids.uuid(),
            since: self.now(),
        };
        let writes = vec![Write::Change(change), Write::Put(outbox::item(&announcement)?)];
        let token = format!("{}-{}-{}", R::COLLECTION.code(), row.id(), row.progress().token);
        match self.table().transact(writes, &token).await {
            Ok(()) => Ok(self.publish(&announcement).await?),
            Err(Cancelled::Condition(_)) => Err(Failure::Retry(overtaken())),
            Err(Cancelled::Conflict) => Err(Failure::Retry(Error::unavailable("The record is busy."))),
            Err(Cancelled::Failed(error)) => Err(Failure::Retry(error)),
        }
    }

    pub(crate) fn now(&self) -> Micros {
        Micros::from(self.platform.clock.now())
    }
}

fn conclusion<R: Exists>(row: &R, verdict: &Verdict) -> Result<Change, Failure> {
    let progress = row.progress();
    let status = verdict.status(progress.status).map_err(impossible)?;
    // Passing does not clear an older reason, as in the original.
    let reason = verdict.fail_reason().or(progress.fail_reason.as_deref());
    let change = Change::of(
        Key::row(R::COLLECTION, row.id()),
        "SET st = :status, fr = :reason, us = :usage, de = :delete REMOVE le",
    );
    let change = change.when("st = :from AND tk = :token").value(":status", status)?.value(":reason", reason)?;
    let change = change.value(":usage", verdict.usage)?.value(":delete", verdict.delete)?;
    Ok(change.value(":from", progress.status)?.value(":token", progress.token)?)
}

fn impossible(transition: BadTransition) -> Failure {
    Failure::GiveUp(Error::new(Kind::Bug, "A record stands where it cannot.").because(transition))
}

fn overtaken() -> Error {
    Error::unavailable("Another worker verifies the record.")
}
