//! Counts: exists by their states, and notifications by their event type.

use std::collections::BTreeMap;
use std::pin::pin;

use futures::StreamExt;
use serde::Deserialize;

use crate::error::Error;
use crate::notification::service::Service;
use crate::storage::block::Budget;
use crate::storage::key::{self, Collection};
use crate::time::Micros;
use crate::usage::Usage;
use crate::usage::exists::Exists;
use crate::usage::query::Filter;
use crate::usage::status::Status;
use crate::usage::window::{Hours, Window};

/// Which notifications are counted.
#[derive(Clone, Debug)]
pub struct EventQuery {
    /// Whose.
    pub service: Service,
    /// Of which event type; all where none is given.
    pub event: Option<String>,
    /// From when to when; always where none is given.
    pub window: Option<Window>,
}

/// Notifications per event type.
pub type Events = BTreeMap<String, u64>;

/// What a notification's row tells a count.
#[derive(Deserialize)]
struct Notification {
    #[serde(rename = "et")]
    event_type: Option<String>,
    #[serde(rename = "wh")]
    when: Micros,
    #[serde(rename = "sv")]
    service: Service,
    /// Whether a stream's pipeline made it.
    #[serde(rename = "md", default)]
    made: bool,
}

const WHOLE_HOURS: &str = "ask for whole hours: when_min at hh:00:00, when_max at hh:59:59.999999.";

impl Usage {
    /// How many exists records stand in each pair of status and send status; pairs without records are left out.
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
        if let Some(rows) = self.of_instance(filter).await? {
            rows.into_iter().for_each(count);
        } else {
            let blocks = self.blocks(R::COLLECTION).await?;
            self.for_each_row(&blocks, self.budget::<R>(), &mut count).await?;
        }
        Ok(counts)
    }

    /// How many notifications there were of each event type; types without any are left out.
    ///
    /// Whole hours are counted for ever. An hour of which the window wants only a part is counted from the
    /// notifications themselves, and refused once some of that hour have expired.
    pub async fn event_counts(&self, query: &EventQuery) -> Result<Events, Error> {
        let Some(window) = query.window else {
            return self.counted(query, None).await.map(Hours::sum);
        };
        let Some(bounds) = window.hours() else {
            return Ok(Events::new());
        };
        let mut budget = Budget::new(self.settings.query_budget, WHOLE_HOURS);
        let (whole, parts) = self.counted(query, Some(bounds)).await?.split(&window);
        let mut counts = whole.sum();
        if !parts.is_empty() {
            self.count_rows(query, &window, parts, &mut budget, &mut counts).await?;
        }
        Ok(counts)
    }

    /// The hour counters between two hours, all shards summed.
    async fn counted(&self, query: &EventQuery, bounds: Option<(i64, i64)>) -> Result<Hours, Error> {
        let mut budget = Budget::new(self.settings.query_budget, "give when_min and when_max.");
        let (mut hours, mut after) = (Hours::default(), None);
        loop {
            let page = self.hours_page(query.service, bounds, after.as_ref()).await?;
            budget.spend(page.units)?;
            for item in page.items {
                add_counter(&mut hours, query.event.as_deref(), item);
            }
            match page.next {
                Some(next) => after = Some(next),
                None => return Ok(hours),
            }
        }
    }

    /// Adds the notifications of partly wanted hours that lie in the window.
    ///
    /// Reading goes from the newest backwards until as many of each hour were seen as its counter says there were.
    async fn count_rows(
        &self,
        query: &EventQuery,
        window: &Window,
        mut missing: Hours,
        budget: &mut Budget,
        counts: &mut Events,
    ) -> Result<(), Error> {
        let blocks = self.blocks(Collection::Notification).await?;
        let mut stream = pin!(blocks.newest_first::<Notification>());
        while !missing.is_empty()
            && let Some(block) = stream.next().await
        {
            let block = block?;
            budget.spend(block.units)?;
            for row in block.rows.into_iter().filter(|row| row.service == query.service && !row.made) {
                let Some(event_type) = row.event_type else {
                    continue;
                };
                if missing.see(row.when, &event_type) && window.contains(row.when) {
                    *counts.entry(event_type).or_default() += 1;
                }
            }
            missing.forget_seen();
        }
        match missing.first() {
            None => Ok(()),
            Some(hour) => Err(Error::invalid(format!(
                "Notifications of the hour from {hour} have expired, so that a part of it cannot be counted; {WHOLE_HOURS}"
            ))),
        }
    }
}

/// Adds the item of one hour and shard. Its attributes `e:<event type>` are counts.
fn add_counter(hours: &mut Hours, event: Option<&str>, item: BTreeMap<String, serde_json::Value>) {
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
