//! Verification: pick a record under a lease, judge it, and store the verdict together with what it announces.

use futures::StreamExt;
use futures::future::try_join_all;

use crate::error::{Error, Kind};
use crate::failure::{self, Failure};
use crate::notification;
use crate::platform::Platform;
use crate::platform::id::Ids;
use crate::storage::key::Collection;
use crate::time::Micros;
use crate::usage::exists::{Exists, InstanceExists};
use crate::usage::ledger::InstanceLedger;
use crate::usage::outbox::Announcement;
use crate::usage::status::{BadTransition, Status};
use crate::usage::task::UsageTask;
use crate::usage::verify::{self, Verdict};
use crate::usage::{self, Usage};
use crate::work::due::Due;
use crate::work::queue::Queue;

/// Records that are verified at once.
const AT_ONCE: usize = 8;

/// Verifies exists records and announces those that pass. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Verifier {
    pub(super) usage: Usage,
    pub(super) ids: Ids,
    /// Where work that is left over is handed on to.
    pub(super) queue: Queue,
    /// Where verified notifications are announced.
    pub(super) verified: Queue,
    /// Where announcements come back as notifications, to be counted.
    pub(super) notifications: Queue,
}

impl Verifier {
    /// The verifier of this platform (`USAGE_TABLE`, `USAGE_QUEUE_URL`, `VERIFIED_QUEUE_URL`,
    /// `NOTIFICATION_QUEUE_URL`).
    pub fn new(platform: &Platform) -> Result<Self, Error> {
        Ok(Self {
            usage: Usage::new(platform)?,
            ids: platform.ids.clone(),
            queue: platform.queue(usage::QUEUE)?,
            verified: platform.queue("VERIFIED_QUEUE_URL")?,
            notifications: platform.queue(notification::QUEUE)?,
        })
    }

    /// Does one message of the usage queue, holding records until `deadline` at the latest.
    pub async fn work(&self, body: &str, deadline: Micros) -> Result<(), Failure> {
        let task = serde_json::from_str(body).map_err(|cause| {
            Failure::GiveUp(Error::bug("A message of the usage queue could not be read.").because(cause))
        })?;
        match task {
            UsageTask::Sweep { from, to, shard, after } => {
                Box::pin(self.sweep(from, to, shard, after, deadline)).await
            }
            UsageTask::Publish { shard } => Ok(Box::pin(self.publish_left(shard)).await?),
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
            let page = self.usage.due_page(minute, shard, after.take()).await?;
            if let Some(next) = &page.next {
                let rest = UsageTask::Sweep { from: minute, to, shard, after: Some(next.sk().to_owned()) };
                self.queue.send(rest.body()?).await?;
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
        let verified =
            futures::stream::iter(page).map(|due| Box::pin(self.verify_due(minute, due, deadline)));
        let outcomes: Vec<_> = verified.buffer_unordered(AT_ONCE).collect().await;
        failure::first(outcomes)
    }

    async fn verify_due(&self, minute: i64, due: Due, deadline: Micros) -> Result<(), Failure> {
        let finished = match due.collection {
            Collection::InstanceExists => self.verify_instance(due.id, deadline).await?,
            Collection::ImageExists => self.verify_images(due.id, deadline).await?,
            other => {
                return Err(Failure::GiveUp(Error::bug(format!("Nothing of {} is ever due.", other.code()))));
            }
        };
        if finished {
            self.usage.due_remove(minute, due).await?;
        }
        Ok(())
    }

    /// Verifies one instance's exists. False where its row is still to be written.
    async fn verify_instance(&self, id: u64, deadline: Micros) -> Result<bool, Failure> {
        let Some(row) = self.usage.row_get::<InstanceExists>(id).await? else { return Ok(false) };
        if row.progress.status.is_final() {
            return Ok(true);
        }
        let row = self.pick(row, deadline).await?;
        let ledger = self.usage.ledger_of_instance(&row).await?;
        let InstanceLedger { launches, deletes, reconciles } = ledger;
        let settings = &self.usage.settings;
        let verdict =
            verify::nova::verdict(&row, &launches, &deletes, &reconciles, settings, self.usage.now());
        let announced = verdict.passes() && row.progress.status.announces();
        self.conclude(&row, &verdict, announced).await?;
        Ok(true)
    }

    /// Verifies all images of one notification, whose first row has this id. It is announced once, when all have passed:
    /// the first row is concluded last, together with the announcement.
    async fn verify_images(&self, first: u64, deadline: Micros) -> Result<bool, Failure> {
        let mut rows = self.usage.image_group(first).await?;
        if rows.is_empty() {
            return Ok(false);
        }
        let picks = rows.iter_mut().filter(|row| !row.progress.status.is_final()).map(async |row| {
            *row = self.pick(row.clone(), deadline).await?;
            Ok::<_, Failure>(())
        });
        try_join_all(picks).await?;
        let ledger = self.usage.ledger_of_images(&rows).await?;
        let group = verify::glance::verdicts(&rows, &ledger.images, &ledger.deletes, self.usage.now());
        // A row that was concluded before the worker of this message died counts as it was concluded.
        let announced = rows.iter().zip(&group.verdicts).all(|(row, verdict)| match row.progress.status {
            Status::Verified => true,
            status => status.announces() && verdict.passes(),
        });
        let open = rows.iter().zip(&group.verdicts).filter(|(row, _)| !row.progress.status.is_final());
        let (leader, others): (Vec<_>, Vec<_>) = open.partition(|(row, _)| row.id == first);
        try_join_all(others.into_iter().map(|(row, verdict)| self.conclude(row, verdict, false))).await?;
        try_join_all(leader.into_iter().map(|(row, verdict)| self.conclude(row, verdict, announced))).await?;
        Ok(true)
    }

    /// Takes a record up: it is this worker's until the deadline. Retried while another worker has it.
    async fn pick<R: Exists>(&self, row: R, deadline: Micros) -> Result<R, Failure> {
        let progress = row.progress();
        if progress.lease.is_some_and(|lease| lease >= self.usage.now()) {
            return Err(overtaken());
        }
        let picked = progress.status.pick().map_err(impossible)?;
        self.usage.exists_pick(&row, picked, deadline).await?.ok_or_else(overtaken)
    }

    /// Stores a verdict, with its announcement where there is one, and publishes that.
    async fn conclude<R: Exists>(&self, row: &R, verdict: &Verdict, announced: bool) -> Result<(), Failure> {
        let status = verdict.status(row.progress().status).map_err(impossible)?;
        let announced = announced && self.usage.settings.announces;
        let announcement = announced.then(|| Announcement {
            collection: R::COLLECTION,
            id: row.id(),
            raw: row.progress().raw,
            message_id: self.ids.uuid(),
            since: self.usage.now(),
        });
        if !self.usage.exists_conclude(row, status, verdict, announcement.as_ref()).await? {
            return Err(overtaken());
        }
        match announcement {
            None => Ok(()),
            Some(announcement) => Ok(Box::pin(self.publish(&announcement)).await?),
        }
    }
}

fn impossible(transition: BadTransition) -> Failure {
    Failure::GiveUp(Error::new(Kind::Bug, "A record stands where it cannot.").because(transition))
}

fn overtaken() -> Failure {
    Failure::Retry(Error::new(Kind::Conflict, "Another worker verifies the record."))
}
