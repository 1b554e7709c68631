//! Verifying exists records: claims a record under a lease, compares it with the ledger, and stores the verdict together
//! with its announcement.

use futures::StreamExt;
use futures::future::try_join_all;

use crate::error::{Error, Kind};
use crate::failure::{self, Failure};
use crate::notification;
use crate::platform::Platform;
use crate::platform::id::Ids;
use crate::storage::key::Collection;
use crate::time::Micros;
use crate::usage::announcement::Announcement;
use crate::usage::exists::{Exists, InstanceExists};
use crate::usage::status::{InvalidTransition, Status};
use crate::usage::task::UsageTask;
use crate::usage::verdict::{self, Verdict};
use crate::usage::{Usage, sweeping};
use crate::work::due::{Agenda, Due};
use crate::work::queue::Queue;

/// The number of due rows that are verified concurrently.
const AT_ONCE: usize = 64;

/// Verifies exists records and announces those that pass. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Verifier {
    pub(super) usage: Usage,
    pub(super) ids: Ids,
    agenda: Agenda,
    /// The downstream queue of announcements.
    pub(super) verified: Queue,
    /// The queue of notifications, on which announcements are echoed to be counted.
    pub(super) notifications: Queue,
}

impl Verifier {
    /// Creates the verifier of this platform (`USAGE_TABLE`, `USAGE_QUEUE_URL`, `VERIFIED_QUEUE_URL`,
    /// `NOTIFICATION_QUEUE_URL`).
    pub fn new(platform: &Platform) -> Result<Self, Error> {
        Ok(Self {
            usage: Usage::new(platform)?,
            ids: platform.ids.clone(),
            agenda: sweeping::agenda(platform)?,
            verified: platform.queue("VERIFIED_QUEUE_URL")?,
            notifications: platform.queue(notification::QUEUE)?,
        })
    }

    /// The queue of tasks.
    pub fn queue(&self) -> &Queue {
        self.agenda.queue()
    }

    /// Performs a task of the usage queue. Claims on records expire at `deadline`.
    pub async fn work(&self, body: &str, deadline: Micros) -> Result<(), Failure> {
        let task = serde_json::from_str(body).map_err(|cause| {
            Failure::GiveUp(Error::bug("invalid message on the usage queue").because(cause))
        })?;
        match task {
            UsageTask::Sweep { shard } => {
                let verify = |page| self.verify_page(page, deadline);
                Box::pin(self.agenda.sweep(shard, || self.usage.now(), deadline, verify)).await
            }
            UsageTask::Publish { shard } => Ok(Box::pin(self.publish_overdue(shard)).await?),
        }
    }

    /// Verifies every record of a page, and then fails with the first failure. Passes over records that another worker
    /// holds.
    async fn verify_page(&self, page: Vec<Due>, deadline: Micros) -> Result<(), Failure> {
        let verified = futures::stream::iter(page).map(|due| Box::pin(self.verify_due(due, deadline)));
        let outcomes: Vec<_> = verified.buffer_unordered(AT_ONCE).collect().await;
        failure::first(outcomes.into_iter().filter(|outcome| !is_held(outcome)))
    }

    async fn verify_due(&self, due: Due, deadline: Micros) -> Result<(), Failure> {
        let is_written = match due.collection {
            Collection::InstanceExists => self.verify_instance(due.id, deadline).await?,
            Collection::ImageExists => self.verify_images(due.id, deadline).await?,
            other => {
                let error = Error::bug(format!("collection {} has no due rows", other.code()));
                return Err(Failure::GiveUp(error));
            }
        };
        if is_written {
            Ok(self.usage.due_remove(due).await?)
        } else {
            Ok(self.usage.due_postpone(due, self.usage.now()).await?)
        }
    }

    /// Verifies the exists record of an instance. Returns false if the record is not written yet.
    async fn verify_instance(&self, id: u64, deadline: Micros) -> Result<bool, Failure> {
        let Some(row) = self.usage.row_get::<InstanceExists>(id).await? else { return Ok(false) };
        if row.progress.status.is_final() {
            return Ok(true);
        }
        let row = self.claim(row, deadline).await?;
        let ledger = self.usage.ledger_of_instance(&row).await?;
        let verdict = verdict::nova::verdict(&row, &ledger, &self.usage.settings, self.usage.now());
        let is_announced = verdict.passes() && row.progress.status.announces();
        let announcement = if is_announced { self.announcement(&row) } else { None };
        self.conclude(&row, &verdict, announcement).await?;
        Ok(true)
    }

    /// Verifies all images of the notification whose first row has this id. Returns false if a row is not written yet.
    ///
    /// The notification is announced once, if all its images pass. The announcement is stored with the verdict of the
    /// first row, which is concluded last.
    async fn verify_images(&self, first: u64, deadline: Micros) -> Result<bool, Failure> {
        let mut rows = self.usage.image_group(first).await?;
        if rows.is_empty() {
            return Ok(false);
        }
        let claims = rows.iter_mut().filter(|row| !row.progress.status.is_final()).map(async |row| {
            *row = self.claim(row.clone(), deadline).await?;
            Ok::<_, Failure>(())
        });
        try_join_all(claims).await?;
        let ledger = self.usage.ledger_of_images(&rows).await?;
        let group = verdict::glance::verdicts(&rows, &ledger, self.usage.now());
        // Rows that a worker concluded before it died keep their verdicts.
        let is_announced = rows.iter().zip(&group.verdicts).all(|(row, verdict)| match row.progress.status {
            Status::Verified => true,
            status => status.announces() && verdict.passes(),
        });
        let open = rows.iter().zip(&group.verdicts).filter(|(row, _)| !row.progress.status.is_final());
        let (leader, others): (Vec<_>, Vec<_>) = open.partition(|(row, _)| row.id == first);
        try_join_all(others.into_iter().map(|(row, verdict)| self.conclude(row, verdict, None))).await?;
        for (row, verdict) in leader {
            let announcement = if is_announced { self.announcement(row) } else { None };
            self.conclude(row, verdict, announcement).await?;
        }
        Ok(true)
    }

    /// Claims a record until the deadline. Fails with a retryable conflict while another worker's lease lasts.
    async fn claim<R: Exists>(&self, row: R, deadline: Micros) -> Result<R, Failure> {
        let progress = row.progress();
        if progress.lease.is_some_and(|lease| lease >= self.usage.now()) {
            return Err(conflict());
        }
        let status = progress.status.claim().map_err(unexpected_state)?;
        self.usage.exists_claim(&row, status, deadline).await?.ok_or_else(conflict)
    }

    /// Creates the announcement of a verified record. Returns `None` if the settings disable announcements.
    fn announcement<R: Exists>(&self, row: &R) -> Option<Announcement> {
        self.usage.settings.announces.then(|| Announcement {
            collection: R::COLLECTION,
            id: row.id(),
            raw: row.progress().raw,
            message_id: self.ids.uuid(),
            since: self.usage.now(),
        })
    }

    /// Stores a verdict with its announcement, and publishes the announcement.
    async fn conclude<R: Exists>(
        &self,
        row: &R,
        verdict: &Verdict,
        announcement: Option<Announcement>,
    ) -> Result<(), Failure> {
        let status = verdict.status(row.progress().status).map_err(unexpected_state)?;
        if !self.usage.exists_conclude(row, status, verdict, announcement.as_ref()).await? {
            return Err(conflict());
        }
        match announcement {
            None => Ok(()),
            Some(announcement) => Ok(Box::pin(self.publish(&announcement)).await?),
        }
    }
}

fn unexpected_state(transition: InvalidTransition) -> Failure {
    Failure::GiveUp(Error::new(Kind::Bug, "an exists record is in an unexpected state").because(transition))
}

fn conflict() -> Failure {
    Failure::Retry(Error::new(Kind::Conflict, "Another worker is verifying the record."))
}

/// Whether another worker holds the record.
fn is_held(outcome: &Result<(), Failure>) -> bool {
    matches!(outcome, Err(Failure::Retry(error)) if failure::is_conflict(error))
}
