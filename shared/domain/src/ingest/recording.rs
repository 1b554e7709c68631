//! Recording queued notifications, each once, whatever is delivered twice or dies half-way.
//!
//! A message of the queue is a chunk. Its claim fixes its ids; every row is then an overwrite of something that never
//! changes, or a write under a condition; and the claim is finished last, together with the counters. A worker that
//! dies anywhere is repaired by the redelivery of the chunk.

use std::collections::BTreeMap;

use futures::future::join_all;

use crate::error::Error;
use crate::failure::Failure;
use crate::ingest::Recorder;
use crate::ingest::dedup::Owned;
use crate::ingest::plan::{Delivery, Plan, Planned};
use crate::notification::service::Service;
use crate::storage::key::Collection;
use crate::storage::sequence;
use crate::time::Micros;
use crate::usage::recording::Recorded;
use crate::work::claim::Claim;

/// Microseconds.
const HOUR: i64 = 3_600_000_000;
/// Seconds past which nothing of a chunk can be delivered any more: the queues keep a message 14 days.
const REDELIVERY_SECONDS: i64 = 15 * 86_400;

/// The outcome of one delivery, by the queue's id of the message.
pub type Outcome = (String, Result<(), Failure>);

impl Recorder {
    /// Records deliveries, each with its own outcome, and holds their chunks until `deadline` at the latest.
    pub async fn process(&self, deliveries: Vec<Delivery>, deadline: Micros) -> Vec<Outcome> {
        let now = self.clock.micros();
        let mut plans = Vec::new();
        let mut outcomes = Vec::new();
        for delivery in deliveries {
            match Planned::of(&delivery, &self.streams.definitions().events, now) {
                Planned::Chunk(plan) => plans.push((delivery.id, plan)),
                Planned::Split(messages) => {
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

    async fn record_all(&self, plans: Vec<(String, Plan)>, deadline: Micros) -> Vec<Outcome> {
        let block = match self.take_ids(&plans, deadline).await {
            Ok(block) => block,
            Err(error) => return refuse_all(plans, &error),
        };
        let mut next = block.first.clone();
        let chunks = plans.into_iter().map(|(id, plan)| {
            let first = allot(&mut next, &plan.wanted());
            async move {
                // On the heap: a future of all that recording does is too deep to be laid out in one piece.
                let outcome = Box::pin(self.record_chunk(&plan, &first, deadline)).await;
                (id, outcome)
            }
        });
        let outcomes: Vec<Outcome> = join_all(chunks.collect::<Vec<_>>()).await;
        if outcomes.iter().all(|(_, outcome)| outcome.is_ok()) {
            // A block that cannot be closed is set aside by the next sweep.
            if let Err(error) = self.ids_close(&block).await {
                tracing::warn!(error = error.chain(), "an id block stays open");
            }
        }
        outcomes
    }

    async fn take_ids(&self, plans: &[(String, Plan)], deadline: Micros) -> Result<sequence::Block, Error> {
        let mut wanted = sequence::CollectionIds::new();
        for (collection, count) in plans.iter().flat_map(|(_, plan)| plan.wanted()) {
            *wanted.entry(collection).or_default() += count;
        }
        let chunks = plans.iter().map(|(_, plan)| plan.chunk.clone()).collect();
        self.ids_take(&wanted, chunks, deadline).await
    }

    async fn record_chunk(
        &self,
        plan: &Plan,
        first: &sequence::CollectionIds,
        deadline: Micros,
    ) -> Result<(), Failure> {
        let now = self.clock.micros();
        let claim = self.chunks().claim(&plan.chunk, first, plan.received, now, deadline).await?;
        let Some(claim) = claim else { return Ok(()) };
        let remembered = plan.received.epoch_seconds().max(now.epoch_seconds()) + REDELIVERY_SECONDS;
        let owned = self.owned(plan, &claim, now, remembered).await?;
        self.write_rows(plan, &claim, &owned, now).await?;
        let events: Vec<_> =
            owned.iter().filter_map(|owned| Some((owned.raw, owned.entry.event.as_ref()?))).collect();
        self.streams.append(&plan.chunk, &events, plan.received).await?;
        self.chunk_finish(&plan.chunk, &claim, &counts(&owned), remembered).await
    }

    /// Raw rows, the body, what is set aside, and the ledger.
    async fn write_rows(
        &self,
        plan: &Plan,
        claim: &Claim,
        owned: &[Owned<'_>],
        now: Micros,
    ) -> Result<(), Failure> {
        let recorded: Vec<_> = owned.iter().filter_map(recorded).collect();
        let kept = self.usage.retain_until(&recorded, now, self.retention_seconds);
        let expires = kept.max(claim.received.epoch_seconds() + self.retention_seconds);
        for Owned { entry, raw, .. } in owned {
            for warning in &entry.warnings {
                tracing::warn!(raw.id = raw, "{warning}");
            }
        }
        futures::try_join!(
            self.chunk_put(plan, claim, owned, expires),
            Box::pin(self.usage.record(recorded, now))
        )?;
        Ok(())
    }
}

fn recorded<'a>(owned: &Owned<'a>) -> Option<Recorded<'a>> {
    let (effect, rows) = (owned.entry.effect.as_ref()?, owned.rows?);
    Some(Recorded {
        effect,
        mark: &owned.entry.mark,
        notification: &owned.entry.notification,
        raw: owned.raw,
        first: rows.first,
    })
}

/// Cuts what one chunk wants off the front of what its invocation was given.
fn allot(next: &mut sequence::CollectionIds, wanted: &sequence::CollectionIds) -> sequence::CollectionIds {
    let take = |(collection, count): (&Collection, &u64)| {
        let first = next.get_mut(collection)?;
        *first += count;
        Some((*collection, *first - count))
    };
    wanted.iter().filter_map(take).collect()
}

/// How often each event type came in each hour (since the epoch) of a service.
pub(crate) type Counts<'a> = BTreeMap<(Service, i64), BTreeMap<&'a str, u64>>;

fn counts<'a>(owned: &[Owned<'a>]) -> Counts<'a> {
    let mut counts = Counts::new();
    for Owned { entry, .. } in owned.iter().filter(|owned| !owned.entry.synthetic) {
        let notification = &entry.notification;
        let hour = notification.timestamp.0.div_euclid(HOUR);
        let events = counts.entry((notification.service, hour)).or_default();
        *events.entry(notification.event_type.as_str()).or_default() += 1;
    }
    counts
}

fn refuse_all(plans: Vec<(String, Plan)>, error: &Error) -> Vec<Outcome> {
    let refuse =
        |(id, _)| (id, Err(Failure::Retry(Error::unavailable(error.to_string()).because(error.chain()))));
    plans.into_iter().map(refuse).collect()
}
