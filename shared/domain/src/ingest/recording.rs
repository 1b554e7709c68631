//! Recording queued notifications exactly once, despite redeliveries and crashes.
//!
//! Each queue message is a chunk. Its claim fixes the ids of its rows, so that every write is either idempotent or
//! conditional. The claim is finished last, in one transaction with the counters. If a worker crashes before that, the
//! redelivery of the chunk repeats and completes its work.

use std::collections::BTreeMap;

use futures::future::join_all;

use crate::error::Error;
use crate::failure::Failure;
use crate::ingest::Recorder;
use crate::ingest::dedup::Owned;
use crate::ingest::plan::{ChunkPlan, Delivery, Plan};
use crate::notification::service::Service;
use crate::storage::key::Collection;
use crate::storage::sequence;
use crate::time::{Hour, Micros};
use crate::usage::applying::AssignedEffect;
use crate::work::claim::{Allotment, Claim};

/// Seconds after which a chunk cannot be redelivered: queues keep messages for 14 days.
const REDELIVERY_SECONDS: i64 = 15 * 86_400;

/// The outcome of a delivery, by the queue's id of the message.
pub type DeliveryOutcome = (String, Result<(), Failure>);

impl Recorder {
    /// Records a batch of deliveries. Their chunks are leased until `deadline`.
    pub async fn process(&self, deliveries: Vec<Delivery>, deadline: Micros) -> Vec<DeliveryOutcome> {
        let now = self.clock.micros();
        let mut plans = Vec::new();
        let mut outcomes = Vec::new();
        for delivery in deliveries {
            match Plan::new(&delivery, &self.streams.definitions().events, now) {
                Plan::Record(plan) => plans.push((delivery.id, plan)),
                Plan::Split(messages) => {
                    let sent = self.queue.send_all(messages).await;
                    outcomes.push((delivery.id, sent.map_err(|unsent| Failure::Retry(unsent.error))));
                }
            }
        }
        if !plans.is_empty() {
            outcomes.extend(self.record_all(plans, deadline).await);
        }
        outcomes
    }

    async fn record_all(&self, plans: Vec<(String, ChunkPlan)>, deadline: Micros) -> Vec<DeliveryOutcome> {
        let block = match self.take_ids(&plans, deadline).await {
            Ok(block) => block,
            Err(error) => return retry_all(plans, &error),
        };
        let mut next = block.first.clone();
        let chunks = plans.into_iter().map(|(id, plan)| {
            let first = allocate(&mut next, &plan.required_ids());
            async move {
                // Boxed: inlined, the nested futures exceed the recursion limit of the compiler.
                let outcome = Box::pin(self.record_chunk(&plan, &first, deadline)).await;
                (plan.chunk, (id, outcome))
            }
        });
        let outcomes = join_all(chunks.collect::<Vec<_>>()).await;
        let failed = outcomes.iter().filter(|(_, (_, outcome))| outcome.is_err());
        let unfinished = failed.map(|(chunk, _)| chunk.clone()).collect();
        // A sweep closes a block that stays open.
        if let Err(error) = self.ids_close(block, unfinished).await {
            tracing::warn!(error = error.chain(), "an id block could not be closed");
        }
        outcomes.into_iter().map(|(_, outcome)| outcome).collect()
    }

    async fn take_ids(
        &self,
        plans: &[(String, ChunkPlan)],
        deadline: Micros,
    ) -> Result<sequence::Block, Error> {
        let mut wanted = sequence::CollectionIds::new();
        for (collection, count) in plans.iter().flat_map(|(_, plan)| plan.required_ids()) {
            *wanted.entry(collection).or_default() += count;
        }
        let chunks = plans.iter().map(|(_, plan)| plan.chunk.clone()).collect();
        self.ids_take(&wanted, chunks, deadline).await
    }

    async fn record_chunk(
        &self,
        plan: &ChunkPlan,
        first: &sequence::CollectionIds,
        deadline: Micros,
    ) -> Result<(), Failure> {
        let now = self.clock.micros();
        let allotment = Allotment::new(first, &plan.layouts());
        let claim = self.chunks().claim(&plan.chunk, &allotment, plan.received, now, deadline).await?;
        let Some(claim) = claim else { return Ok(()) };
        let redelivery_end = plan.received.epoch_seconds().max(now.epoch_seconds()) + REDELIVERY_SECONDS;
        let owned = self.owned(plan, &claim, now, redelivery_end).await?;
        self.write_rows(plan, &claim, &owned, now).await?;
        let events: Vec<_> =
            owned.iter().filter_map(|owned| Some((owned.raw, owned.planned.event.as_ref()?))).collect();
        let received = owned.iter().map(|owned| owned.received).min().unwrap_or(claim.received);
        self.streams.append(&plan.chunk, &events, received).await?;
        self.chunk_finish(&plan.chunk, &claim, &counts(&owned), redelivery_end).await
    }

    /// Writes the body and the rows of a chunk, and what its notifications change in the ledger.
    async fn write_rows(
        &self,
        plan: &ChunkPlan,
        claim: &Claim,
        owned: &[Owned<'_>],
        now: Micros,
    ) -> Result<(), Failure> {
        let effects: Vec<_> = owned.iter().filter_map(assigned_effect).collect();
        let needed_until = self.usage.retain_until(&effects, now, self.retention_seconds);
        let expires = needed_until.max(claim.received.epoch_seconds() + self.retention_seconds);
        for Owned { planned, raw, .. } in owned {
            for warning in &planned.warnings {
                tracing::warn!(raw.id = raw, "{warning}");
            }
        }
        futures::try_join!(
            self.chunk_put(plan, claim, owned, expires),
            Box::pin(self.usage.apply(effects, now))
        )?;
        Ok(())
    }
}

fn assigned_effect<'a>(owned: &Owned<'a>) -> Option<AssignedEffect<'a>> {
    let (effect, rows) = (owned.planned.effect.as_ref()?, owned.rows?);
    Some(AssignedEffect {
        effect,
        mark: &owned.planned.mark,
        notification: &owned.planned.notification,
        raw: owned.raw,
        first: rows.first,
    })
}

/// Allocates the ids of one chunk from the block of its invocation: returns the first ids, and advances `next` past the
/// last.
fn allocate(next: &mut sequence::CollectionIds, wanted: &sequence::CollectionIds) -> sequence::CollectionIds {
    let take = |(collection, count): (&Collection, &u64)| {
        let first = next.get_mut(collection)?;
        *first += count;
        Some((*collection, *first - count))
    };
    wanted.iter().filter_map(take).collect()
}

/// The number of notifications per service, hour and event type.
pub(crate) type HourlyCounters<'a> = BTreeMap<(Service, Hour), BTreeMap<&'a str, u64>>;

fn counts<'a>(owned: &[Owned<'a>]) -> HourlyCounters<'a> {
    let mut counts = HourlyCounters::new();
    for Owned { planned, .. } in owned.iter().filter(|owned| !owned.planned.is_synthetic()) {
        let notification = &planned.notification;
        let hour = notification.timestamp.hour();
        let events = counts.entry((notification.service, hour)).or_default();
        *events.entry(notification.event_type.as_str()).or_default() += 1;
    }
    counts
}

fn retry_all(plans: Vec<(String, ChunkPlan)>, error: &Error) -> Vec<DeliveryOutcome> {
    let retry =
        |(id, _)| (id, Err(Failure::Retry(Error::unavailable(error.to_string()).because(error.chain()))));
    plans.into_iter().map(retry).collect()
}
