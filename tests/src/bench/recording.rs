//! The cost of recording, by kind of notification.

use anyhow::Result;
use serde_json::{Value, json};

use super::cost::{self, Cost};
use super::producing::{BEGIN, PERIOD_END, exists, image, image_exists, instance};
use super::table::Table;
use crate::TestBundle;
use crate::generate::Scenario;

/// Notifications per invocation.
const SIZES: [u64; 3] = [1, 10, 100];

/// A kind of notification: its name, its floor, the earlier notifications about its subject, and itself.
type Kind = (&'static str, f64, fn(u64) -> Vec<Value>, fn(u64) -> Value);

fn create_start(number: u64) -> Value {
    instance("create.start", number, BEGIN, &json!({"state": "building", "launched_at": ""}))
}

fn create_end(number: u64) -> Value {
    instance("create.end", number, "2035-01-04 10:00:20", &json!({"message": "Success"}))
}

fn resize(number: u64) -> Value {
    instance("finish_resize.end", number, "2035-01-04 10:40:00", &json!({"instance_type_id": 3}))
}

fn delete(number: u64) -> Value {
    let more = json!({"deleted_at": "2035-01-04 10:50:00", "terminated_at": "2035-01-04 10:50:00"});
    instance("delete.end", number, "2035-01-04 10:50:01", &more)
}

const KINDS: &[Kind] = &[
    ("update", 2.0, |_| Vec::new(), |number| instance("update", number, BEGIN, &json!({}))),
    ("update in an hour of 60 event types", 2.0, sixty_types, |number| {
        instance("update", number, BEGIN, &json!({}))
    }),
    ("create.start", 4.0, |_| Vec::new(), create_start),
    ("create.end after its start", 3.0, |number| vec![create_start(number)], create_end),
    ("finish_resize.end of a launch", 3.0, |number| vec![create_start(number), create_end(number)], resize),
    ("delete.end", 4.0, |number| vec![create_end(number)], delete),
    ("exists without a launch", 5.0, |_| Vec::new(), |number| exists(number, PERIOD_END)),
    ("exists with its launch", 5.0, |number| vec![create_end(number)], |number| exists(number, PERIOD_END)),
    ("image.activate", 4.0, |_| Vec::new(), |number| image("activate", number, BEGIN)),
    (
        "image.delete",
        4.0,
        |number| vec![image("activate", number, BEGIN)],
        |number| image("delete", number, PERIOD_END),
    ),
    ("image.exists of 10 images", 13.0, ten_images, |number| image_exists(10 * number, PERIOD_END)),
];

const OPERATIONS: [&str; 30] = [
    "create",
    "delete",
    "rebuild",
    "reboot",
    "resize",
    "resize.prep",
    "resize.confirm",
    "resize.revert",
    "finish_resize",
    "rescue",
    "unrescue",
    "suspend",
    "resume",
    "pause",
    "unpause",
    "power_on",
    "power_off",
    "shutdown",
    "soft_delete",
    "restore",
    "shelve",
    "shelve_offload",
    "unshelve",
    "snapshot",
    "volume.attach",
    "volume.detach",
    "create_ip",
    "delete_ip",
    "live_migration.pre",
    "live_migration._post",
];

/// Returns the starts and ends of many operations, as in a busy hour, before the first notification only.
fn sixty_types(number: u64) -> Vec<Value> {
    let starts =
        OPERATIONS.iter().flat_map(|operation| [format!("{operation}.start"), format!("{operation}.end")]);
    let types = starts.take(if number == 0 { 60 } else { 0 });
    types.map(|event| instance(&event, 900_000, BEGIN, &json!({}))).collect()
}

fn ten_images(number: u64) -> Vec<Value> {
    (10 * number..10 * number + 10).map(|number| image("activate", number, BEGIN)).collect()
}

/// Measures all kinds.
pub async fn measure() -> Result<Table> {
    let names = ["kind", "n", "write", "own", "chunk", "floor", "own/floor", "write/floor", "read", "trips"];
    let mut table = Table::new(&names);
    for kind in KINDS {
        let bundle = TestBundle::start().await?;
        let mut first = 0;
        for size in SIZES {
            let cost = measure_kind(&bundle, kind, first..first + size).await?;
            first += size;
            table.push(row(kind.0, size, cost, Some(kind.1)));
        }
    }
    let (count, cost) = mix().await?;
    table.push(row("generated mix, 100 each", count, cost, None));
    Ok(table)
}

async fn measure_kind(bundle: &TestBundle, kind: &Kind, numbers: std::ops::Range<u64>) -> Result<Cost> {
    let (_, _, before, kind) = kind;
    let before: Vec<_> = numbers.clone().flat_map(before).collect();
    bundle.invoke_all(&before).await?;
    let notifications: Vec<_> = numbers.map(kind).collect();
    let deliveries = bundle.deliveries_of(&notifications)?;
    Ok(cost::measure(bundle, bundle.invoke(deliveries)).await?.1)
}

/// Measures a generated scenario, a hundred notifications at a time. Its round trips are not counted: chunks of one
/// invocation contend for the same rows in an order that depends on the machine.
async fn mix() -> Result<(u64, Cost)> {
    let (bundle, scenario, mut sum) = (TestBundle::start().await?, Scenario::new(1, 60, 20), Cost::default());
    for notifications in scenario.notifications.chunks(super::store::INVOCATION) {
        let deliveries = bundle.deliveries_of(notifications)?;
        let ((), cost) = cost::measure(&bundle, bundle.invoke(deliveries)).await?;
        sum.write += cost.write;
        sum.chunk += cost.chunk;
        sum.read += cost.read;
    }
    Ok((scenario.notifications.len() as u64, sum))
}

fn row(name: &str, count: u64, cost: Cost, floor: Option<f64>) -> Vec<String> {
    let each = f64::from(u32::try_from(count).unwrap_or(u32::MAX));
    let per = |units: f64| format!("{:.2}", units / each);
    let ratio =
        |units: f64| floor.map_or_else(|| "-".to_owned(), |floor| format!("{:.2}", units / each / floor));
    let own = cost.write - cost.chunk;
    let floor = floor.map_or_else(|| "-".to_owned(), |floor| format!("{floor:.0}"));
    vec![
        name.to_owned(),
        count.to_string(),
        per(cost.write),
        per(own),
        per(cost.chunk),
        floor,
        ratio(own),
        ratio(cost.write),
        per(cost.read),
        if cost.trips == 0 { "-".to_owned() } else { cost.trips.to_string() },
    ]
}
