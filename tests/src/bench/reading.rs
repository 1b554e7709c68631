//! The reads of typical requests, on stores of different sizes.

use anyhow::{Context, Result, ensure};
use domain::notification::service::Service;
use domain::time::Micros;
use domain::usage::column::Row;
use domain::usage::counting::EventQuery;
use domain::usage::exists::InstanceExists;
use domain::usage::launch::Launch;
use domain::usage::query::{Bound, Filter, ListQuery};
use domain::usage::window::Window;
use serde_json::json;

use super::cost;
use super::producing::{exists, instance, uuid};
use super::table::Table;
use crate::TestBundle;

/// Days for which each instance has an exists.
const DAYS: u64 = 10;
/// The day of the first exists.
const FIRST_DAY: &str = "2034-12-25 00:00:00";
/// The day of the launches.
const LAUNCH_DAY: &str = "2034-12-24 00:00:00";

/// Measures all reads on a store of this many exists.
pub async fn measure(rows: u64) -> Result<Table> {
    let bundle = bundle_with_exists(rows).await?;
    let mut reads = Reads { bundle: &bundle, table: Table::new(&["request", "answer", "read", "trips"]) };
    reads.lists(rows).await?;
    reads.counts().await?;
    reads.events().await?;
    Ok(reads.table)
}

/// Returns a bundle with this many exists, one for each day of each instance.
async fn bundle_with_exists(rows: u64) -> Result<TestBundle> {
    let (bundle, instances) = (TestBundle::start().await?, rows / DAYS);
    let at = |day: &str, number: u64| -> Result<String> {
        let seconds = i64::try_from(number * 86_399 / instances)?;
        Ok(Micros::parse(day).context("an invalid time")?.plus_seconds(seconds).to_string())
    };
    let launches = (0..instances)
        .map(|number| {
            let launched_at = at(LAUNCH_DAY, number)?;
            Ok(instance("create.end", number, &launched_at, &json!({"launched_at": launched_at})))
        })
        .collect::<Result<Vec<_>>>()?;
    bundle.invoke_all(&launches).await?;
    for day in 0..DAYS {
        let day = day_after(day)?;
        let all = (0..instances)
            .map(|number| {
                let mut exists = exists(number, &at(&day, number)?);
                exists["payload"]["launched_at"] = json!(at(LAUNCH_DAY, number)?);
                Ok(exists)
            })
            .collect::<Result<Vec<_>>>()?;
        bundle.invoke_all(&all).await?;
    }
    Ok(bundle)
}

fn day_after(days: u64) -> Result<String> {
    let first = Micros::parse(FIRST_DAY).context("an invalid time")?;
    Ok(first.plus_seconds(i64::try_from(days)? * 86_400).to_string())
}

struct Reads<'a> {
    bundle: &'a TestBundle,
    table: Table,
}

impl Reads<'_> {
    async fn lists(&mut self, rows: u64) -> Result<()> {
        let newest = |limit| ListQuery::<InstanceExists> { limit, ..ListQuery::default() };
        self.list("exists: newest 50", newest(50), 50).await?;
        self.list("exists: newest 1000", newest(1_000), 1_000).await?;
        let half = usize::try_from(rows / 2)?;
        self.list("exists: 50 after half of all", ListQuery { offset: half, ..newest(50) }, 50).await?;
        let usage = &self.bundle.usage;
        let (row, cost) =
            cost::measure(self.bundle, async { Ok(usage.get::<InstanceExists>(rows / 2).await?) }).await?;
        ensure!(row.is_some(), "the exists is missing");
        self.push("exists: by id", 1, cost);
        let of_instance = Filter { instance: Some(uuid(7)), ..Filter::default() };
        self.list("exists: of an instance", ListQuery { filter: of_instance, ..newest(50) }, 10).await?;
        for (name, day) in
            [("exists: 50 received in the last day", 9), ("exists: 50 received in the first day", 0)]
        {
            self.list(name, ListQuery { filter: day_filter(day)?, ..newest(50) }, 50).await?;
        }
        let launches = ListQuery::<Launch>::default();
        self.list("launches: newest 50", launches, 50).await
    }

    async fn list<R: Row>(&mut self, name: &str, query: ListQuery<R>, expected: usize) -> Result<()> {
        let usage = &self.bundle.usage;
        let (rows, cost) = cost::measure(self.bundle, async { Ok(usage.list(&query).await?) }).await?;
        ensure!(rows.len() == expected, "{name}: {} rows", rows.len());
        self.push(name, rows.len() as u64, cost);
        Ok(())
    }

    async fn counts(&mut self) -> Result<()> {
        let usage = &self.bundle.usage;
        for (name, filter) in
            [("exists stats", Filter::default()), ("exists stats: received in the last day", day_filter(9)?)]
        {
            let (counts, cost) = cost::measure(self.bundle, async {
                Ok(usage.exists_counts::<InstanceExists>(&filter).await?)
            })
            .await?;
            self.push(name, counts.into_values().sum(), cost);
        }
        Ok(())
    }

    async fn events(&mut self) -> Result<()> {
        let window = |day: u64, from: i64, to: i64| -> Result<Window> {
            let day = Micros::parse(&day_after(day)?).context("an invalid time")?;
            Ok(Window::new(day.plus_seconds(from), Micros(day.plus_seconds(to).0 - 1))?)
        };
        let usage = &self.bundle.usage;
        for (name, window) in [
            ("event stats: always", None),
            ("event stats: the last day, whole hours", Some(window(9, 0, 86_400)?)),
            ("event stats: six days, whole hours", Some(window(4, 0, 6 * 86_400)?)),
            ("event stats: the last day, 10:30 to 12:30", Some(window(9, 37_800, 45_000)?)),
            ("event stats: the first day, 10:30 to 12:30", Some(window(0, 37_800, 45_000)?)),
        ] {
            let query = EventQuery { service: Service::Nova, event: None, window };
            let (counts, cost) =
                cost::measure(self.bundle, async { Ok(usage.event_counts(&query).await?) }).await?;
            self.push(name, counts.into_values().sum(), cost);
        }
        Ok(())
    }

    fn push(&mut self, name: &str, answer: u64, cost: cost::Cost) {
        self.table.push([
            name.to_owned(),
            answer.to_string(),
            format!("{:.1}", cost.read),
            cost.trips.to_string(),
        ]);
    }
}

/// Returns the filter for exists received on one of the days.
fn day_filter(day: u64) -> Result<Filter<InstanceExists>> {
    let received = InstanceExists::RECEIVED.context("exists have no column `received`")?;
    let first = Micros::parse(&day_after(day)?).context("an invalid time")?;
    let last = Micros(first.plus_seconds(86_400).0 - 1);
    Ok(Filter { bounds: vec![(received, Bound::Min(first)), (received, Bound::Max(last))], instance: None })
}
