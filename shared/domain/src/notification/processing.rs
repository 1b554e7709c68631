//! Recording queued notifications, each once, whatever is delivered twice or dies half-way.
//!
//! A message of the queue is a chunk. Its claim fixes its ids; every row is then an overwrite of something that never
//! changes, or a write under a condition; and the claim is finished last, together with the counters. A worker that
//! dies anywhere is repaired by the redelivery of the chunk.

use std::collections::BTreeMap;

use futures::future::join_all;

use crate::chunk::{Chunks, Claim};
use crate::error::Error;
use crate::failure::Failure;
use crate::key::{Collection, Key};
use crate::notification::owning::{self, Owned};
use crate::notification::plan::{Delivery, Plan, Planned, digest};
use crate::notification::raw::{Place, RawRow};
use crate::notification::{Notifications, Service, body, rejected};
use crate::sequence;
use crate::table::{Cancelled, Change, Write, item};
use crate::time::Micros;
use crate::usage::recording::Recorded;

/// Shards of one hour's counters that are tried before a chunk goes back to the queue.
const COUNTER_SHARDS: u64 = 8;
const HOUR: i64 = 3_600_000_000;
/// Seconds past which nothing of a chunk can be delivered any more: the queues keep a message 14 days.
const REDELIVERY_SECONDS: i64 = 15 * 86_400;

/// The outcome of one delivery, by the queue's id of the message.
pub type Outcome = (String, Result<(), Failure>);

impl Notifications {
    /// Records deliveries, each with its own outcome, and holds their chunks until `deadline` at the latest.
    pub async fn process(&self, deliveries: Vec<Delivery>, deadline: Micros) -> Vec<Outcome> {
        let now = self.now();
        let mut plans = Vec::new();
        let mut outcomes = Vec::new();
        for delivery in deliveries {
            match Planned::of(&delivery, now) {
                Planned::Chunk(plan) => plans.push((delivery.id, plan)),
                Planned::Split(messages) => {
                    let sent = self.platform.queues.notifications.send_all(messages).await;
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
                let outcome = self.record_chunk(&plan, &first, deadline).await;
                (id, outcome)
            }
        });
        let outcomes: Vec<Outcome> = join_all(chunks.collect::<Vec<_>>()).await;
        if outcomes.iter().all(|(_, outcome)| outcome.is_ok()) {
            // A block that cannot be closed is set aside by the next sweep.
            if let Err(error) = sequence::close(self.table(), &block).await {
                tracing::warn!(error = error.chain(), "an id block stays open");
            }
        }
        outcomes
    }

    async fn take_ids(&self, plans: &[(String, Plan)], deadline: Micros) -> Result<sequence::Block, Error> {
        let mut wanted = sequence::Ids::new();
        for (collection, count) in plans.iter().flat_map(|(_, plan)| plan.wanted()) {
            *wanted.entry(collection).or_default() += count;
        }
        let chunks = plans.iter().map(|(_, plan)| plan.chunk.clone()).collect();
        sequence::take(self.table(), &self.platform.ids.uuid(), &wanted, chunks, deadline).await
    }

    async fn record_chunk(&self, plan: &Plan, first: &sequence::Ids, deadline: Micros) -> Result<(), Failure> {
        let now = self.now();
        let chunks = Chunks::new(self.table());
        let claim = chunks.claim(&plan.chunk, first, plan.received, now, deadline).await?;
        let Some(claim) = claim else { return Ok(()) };
        let remembered = plan.received.epoch_seconds().max(now.epoch_seconds()) + REDELIVERY_SECONDS;
        let owned = owning::owned(self.table(), plan, &claim, now, remembered).await?;
        self.write_rows(plan, &claim, &owned, now).await?;
        self.finish(plan, &claim, &owned, remembered).await
    }

    /// Raw rows, the body, what is set aside, and the ledger.
    async fn write_rows(&self, plan: &Plan, claim: &Claim, owned: &[Owned<'_>], now: Micros) -> Result<(), Failure> {
        let recorded: Vec<_> = owned.iter().filter_map(recorded).collect();
        let kept = self.usage.keep_until(&recorded, now, self.retention_seconds());
        let expires = kept.max(claim.received.epoch_seconds() + self.retention_seconds());
        let mut writes = vec![Write::Put(body::item(&plan.chunk, &plan.body, expires)?)];
        for Owned { entry, raw, .. } in owned {
            let place =
                Place { id: *raw, chunk: &plan.chunk, position: entry.position, received: claim.received, ttl: expires };
            let row = RawRow::of(&entry.notification, place);
            writes.push(Write::Put(item(&Key::row(Collection::Notification, *raw), &row)?));
            for warning in &entry.warnings {
                tracing::warn!(raw.id = raw, "{warning}");
            }
        }
        for (id, rejected) in (claim.first(Collection::Rejected)..).zip(&plan.rejected) {
            writes.push(Write::Put(rejected::item(id, plan, claim.received, rejected, expires)?));
        }
        futures::try_join!(self.table().write_all(writes), self.usage.record(recorded, now))?;
        Ok(())
    }

    /// Finishes the chunk and counts what it recorded, both or neither.
    async fn finish(&self, plan: &Plan, claim: &Claim, owned: &[Owned<'_>], expires: i64) -> Result<(), Failure> {
        let counts = counts(owned);
        for shard in 0..COUNTER_SHARDS {
            let mut writes = vec![Write::Change(Chunks::finish(&plan.chunk, claim, expires)?)];
            for ((service, hour), events) in &counts {
                writes.push(Write::Change(count(Key::hour(*service, *hour, shard), events)?));
            }
            // Each shard has its own token, and the next one is tried only where this one surely was not written.
            let token = digest(&format!("{} {} {shard}", plan.chunk, claim.token));
            match self.table().transact(writes, &token).await {
                Ok(()) => return Ok(()),
                Err(Cancelled::Conflict) => {}
                Err(Cancelled::Condition(_)) => {
                    return Err(Failure::Retry(Error::unavailable("Another worker took the chunk.")));
                }
                Err(Cancelled::Failed(error)) => return Err(Failure::Retry(error)),
            }
        }
        Err(Failure::Retry(Error::unavailable("The counters are busy.")))
    }

    fn retention_seconds(&self) -> i64 {
        self.platform.config.retention_days * 86_400
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
fn allot(next: &mut sequence::Ids, wanted: &sequence::Ids) -> sequence::Ids {
    let take = |(collection, count): (&Collection, &u64)| {
        let first = next.get_mut(collection)?;
        *first += count;
        Some((*collection, *first - count))
    };
    wanted.iter().filter_map(take).collect()
}

type Counts<'a> = BTreeMap<(Service, i64), BTreeMap<&'a str, u64>>;

fn counts<'a>(owned: &[Owned<'a>]) -> Counts<'a> {
    let mut counts = Counts::new();
    for Owned { entry, .. } in owned {
        let notification = &entry.notification;
        let hour = notification.timestamp.0.div_euclid(HOUR);
        let events = counts.entry((notification.service, hour)).or_default();
        *events.entry(notification.event_type.as_str()).or_default() += 1;
    }
    counts
}

fn count(key: Key, events: &BTreeMap<&str, u64>) -> Result<Change, Error> {
    let adds: Vec<_> = (0..events.len()).map(|number| format!("#e{number} :n{number}")).collect();
    let mut change = Change::of(key, format!("ADD {}", adds.join(", ")));
    for (number, (event_type, count)) in events.iter().enumerate() {
        change = change.name(format!("#e{number}"), format!("e:{event_type}")).value(format!(":n{number}"), count)?;
    }
    Ok(change)
}

fn refuse_all(plans: Vec<(String, Plan)>, error: &Error) -> Vec<Outcome> {
    let refuse = |(id, _)| (id, Err(Failure::Retry(Error::unavailable(error.to_string()).because(error.chain()))));
    plans.into_iter().map(refuse).collect()
}
