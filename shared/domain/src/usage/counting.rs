//! Counting exists records by state, and notifications by event type.

use std::collections::BTreeMap;
use std::pin::pin;

use futures::StreamExt;
use futures::future::try_join_all;

use crate::error::Error;
use crate::notification::raw::CountedRow;
use crate::notification::service::Service;
use crate::storage::block::Budget;
use crate::storage::key::{self, COUNTER_SHARDS, Collection, Key};
use crate::time::Hour;
use crate::usage::Usage;
use crate::usage::exists::Exists;
use crate::usage::query::Filter;
use crate::usage::status::Status;
use crate::usage::window::{HourlyCounts, Window};

/// A query for the number of notifications.
#[derive(Clone, Debug)]
pub struct EventQuery {
    /// The service of the notifications.
    pub service: Service,
    /// Their event type. `None` counts all types.
    pub event: Option<String>,
    /// Their time. `None` counts all times.
    pub window: Option<Window>,
}

/// Numbers of notifications by event type.
pub type EventCounts = BTreeMap<String, u64>;

/// How to narrow a query whose window covers hours in part.
const WHOLE_HOURS: &str = "use whole hours: when_min at hh:00:00, when_max at hh:59:59.999999.";

impl Usage {
    /// Counts exists records by status and send status. Pairs without records are left out.
    pub async fn exists_counts<R: Exists>(
        &self,
        filter: &Filter<R>,
    ) -> Result<BTreeMap<(Status, i64), u64>, Error> {
        let mut counts = BTreeMap::new();
        let mut count = |row: R| {
            if filter.matches(&row) {
                *counts.entry((row.progress().status, row.progress().send_status)).or_default() += 1;
            }
        };
        if let Some(rows) = self.rows_of_instance(filter).await? {
            rows.into_iter().for_each(count);
        } else {
            let blocks = self.blocks(R::COLLECTION).await?;
            self.for_each_row(&blocks, self.budget::<R>(), &mut count).await?;
        }
        Ok(counts)
    }

    /// Counts notifications by event type. Types without notifications are left out.
    ///
    /// Whole hours are read from counters, which never expire. An hour that the window covers in part is counted from
    /// the rows of its notifications; that fails once some of them have expired.
    pub async fn event_counts(&self, query: &EventQuery) -> Result<EventCounts, Error> {
        let Some(window) = query.window else {
            return self.hourly_counts(query, None).await.map(HourlyCounts::sum);
        };
        let Some(bounds) = window.hours() else {
            return Ok(EventCounts::new());
        };
        let mut budget = Budget::new(self.settings.query_budget, WHOLE_HOURS);
        let (whole, partial) = self.hourly_counts(query, Some(bounds)).await?.split(&window);
        let mut counts = whole.sum();
        if !partial.is_empty() {
            self.count_rows(query, &window, partial, &mut budget, &mut counts).await?;
        }
        Ok(counts)
    }

    /// Reads the counters of a range of hours and sums their shards.
    async fn hourly_counts(
        &self,
        query: &EventQuery,
        bounds: Option<(Hour, Hour)>,
    ) -> Result<HourlyCounts, Error> {
        let mut budget = Budget::new(self.settings.query_budget, "give when_min and when_max.");
        let mut hours = HourlyCounts::default();
        // A page of every shard that has more, at a time.
        let mut unread: Vec<(u64, Option<Key>)> = (0..COUNTER_SHARDS).map(|shard| (shard, None)).collect();
        while !unread.is_empty() {
            let pages = unread
                .iter()
                .map(|(shard, after)| self.hours_page(query.service, *shard, bounds, after.as_ref()));
            let pages = try_join_all(pages.collect::<Vec<_>>()).await?;
            let mut rest = Vec::new();
            for ((shard, _), page) in unread.into_iter().zip(pages) {
                budget.spend(page.units)?;
                for item in page.items {
                    add_counter(&mut hours, query.event.as_deref(), item);
                }
                rest.extend(page.next.map(|next| (shard, Some(next))));
            }
            unread = rest;
        }
        Ok(hours)
    }

    /// Adds the notifications in the window to `counts`, for hours that it covers in part.
    ///
    /// Reads rows from the newest backwards, until as many of each hour are read as its counter says.
    async fn count_rows(
        &self,
        query: &EventQuery,
        window: &Window,
        mut unread: HourlyCounts,
        budget: &mut Budget,
        counts: &mut EventCounts,
    ) -> Result<(), Error> {
        let blocks = self.blocks(Collection::Notification).await?;
        let mut stream = pin!(blocks.newest_first::<CountedRow>());
        while !unread.is_empty()
            && let Some(block) = stream.next().await
        {
            let block = block?;
            budget.spend(block.units)?;
            for row in block.rows.into_iter().filter(|row| row.service == query.service && !row.synthetic) {
                let Some(event_type) = row.event_type else {
                    continue;
                };
                if unread.mark_read(row.when, &event_type) && window.contains(row.when) {
                    *counts.entry(event_type).or_default() += 1;
                }
            }
            unread.remove_complete();
        }
        match unread.first() {
            None => Ok(()),
            Some(hour) => Err(Error::invalid(format!(
                "Notifications of the hour from {hour} have expired, so a part of it cannot be counted; {WHOLE_HOURS}"
            ))),
        }
    }
}

/// Adds a counter item of one hour. Its attributes `e:<event type>` are counts.
fn add_counter(hours: &mut HourlyCounts, event: Option<&str>, item: BTreeMap<String, serde_json::Value>) {
    let Some(hour) = key::hour_of(&item) else { return };
    for (name, count) in item {
        let (Some(event_type), Some(count)) = (name.strip_prefix("e:"), count.as_u64()) else {
            continue;
        };
        if event.is_none_or(|event| event == event_type) {
            hours.add(hour, event_type, count);
        }
    }
}
