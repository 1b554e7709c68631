//! The report of a replay.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::Result;
use comfy_table::Table;
use comfy_table::presets::NOTHING;
use domain::notification::event::Value as Trait;
use domain::storage::block::Start;
use domain::streams::Streams;
use domain::streams::listing::{EventFilter, StreamFilter};

/// Prints the counts of streams and events, and the speed at which notifications were replayed.
pub async fn print(streams: &Streams, notifications: usize, elapsed: Duration) -> Result<()> {
    let mut table = Table::new();
    table.load_preset(NOTHING);
    for (name, count) in counts(streams).await? {
        table.add_row([name, count.to_string()]);
    }
    println!("{table}");
    println!(
        "{notifications} notifications in {:.1} s, {:.0} per second",
        elapsed.as_secs_f64(),
        per_second(notifications, elapsed)
    );
    Ok(())
}

/// Counts streams by state, and events by the type and error code that pipelines gave them.
async fn counts(streams: &Streams) -> Result<BTreeMap<String, u64>> {
    let mut counts = BTreeMap::<String, u64>::new();
    let mut count = |name: String| *counts.entry(name).or_default() += 1;
    for head in streams.list(&StreamFilter::default(), Start::Newest, usize::MAX).await? {
        count(format!("streams {}", head.state));
        count(format!("streams {}", if head.fires.is_some() { "fired" } else { "not fired" }));
    }
    for (_, event) in streams.events(&EventFilter::default(), Start::Newest, usize::MAX).await? {
        count("events".to_owned());
        if event.traits.contains_key("stream_id") {
            let code = match event.traits.get("error_code") {
                Some(Trait::Text(code)) => format!(" {code}"),
                _ => String::new(),
            };
            count(format!("{}{code}", event.event_type));
        }
    }
    Ok(counts)
}

fn per_second(count: usize, elapsed: Duration) -> f64 {
    f64::from(u32::try_from(count).unwrap_or(u32::MAX)) / elapsed.as_secs_f64().max(0.001)
}
