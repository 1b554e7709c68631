//! Benchmarks in quantities that are the same on every machine: capacity units and round trips.

pub mod changing;
pub mod cost;
pub mod maintaining;
pub mod producing;
pub mod reading;
pub mod recording;
pub mod requests;
pub mod store;
pub mod streaming;
pub mod table;
pub mod timing;
pub mod verdicts;

use anyhow::Result;

/// Exists in the store on which [`units`] measures reads.
pub const ROWS: u64 = 1_000;

const RECORDING: &str = "\
Recording, per notification, by notifications per invocation (100 are 5 chunks of 20).
write = own + chunk. floor: one write unit for each record that must stand: message, raw row, and the rows, pointers and
due rows of the kind. chunk: claim, completion, hour counters, body and id block, divided by the notifications.";

const VERDICTS: &str = "\
Verdicts and answers, per item, by items per message or request.
floor: one write unit for each record that is changed, put or removed: exists row, due row, outbox row.";

const REQUESTS: &str = "\
Requests of people, whom a process that has seen them in the last minute knows without a look at the table. Every change
is written together with its entry of the audit log, so it is charged twice.";

const STREAMS: &str = "\
Streams, beside the notification's own records: what the table of streams is charged for one event alone in its chunk.
Opening is a transaction of pointer, head and due row, and two writes of the sequence of numbers. A life is everything
from the first event, each alone in its chunk, until the pipeline ran: picked up and ended under conditions, with a due
row for its lease, and the due rows removed.";

const MAINTENANCE: &str = "\
Operations on PostgreSQL servers. Requests by a caller whose credentials are cached. A run is everything that the worker
does for one message, from acquiring the operation to the event of its end. Each relation is a statement of its own; the
operation and its due row are written in a transaction before and after it.";

const SCHEMA_CHANGES: &str = "\
Schema changes on MySQL and MariaDB servers. Requests by a caller whose credentials are cached. A run is everything that
the worker does for one message; a changeset has one detail with one statement to apply and one to revert. Every change
has its entry in the audit log, an event, and where a changeset changes, an entry in its history.";

/// Measures everything in `tests/bench/units.txt`.
pub async fn units() -> Result<String> {
    let recording = recording::measure().await?;
    let verdicts = Box::pin(verdicts::measure()).await?;
    let reads = reads_text(ROWS, &reading::measure(ROWS).await?);
    let requests = requests::measure().await?;
    let streams = Box::pin(streaming::measure()).await?;
    let maintenance = Box::pin(maintaining::measure()).await?;
    let schema_changes = Box::pin(changing::measure()).await?;
    Ok(format!(
        "{RECORDING}\n\n{recording}\n{VERDICTS}\n\n{verdicts}\n{reads}\n{REQUESTS}\n\n{requests}\n{STREAMS}\n\n{streams}\n\
         {MAINTENANCE}\n\n{maintenance}\n{SCHEMA_CHANGES}\n\n{schema_changes}"
    ))
}

/// Measures the reads on a store of this many exists, as in `tests/bench/reads.txt`.
pub async fn reads(rows: u64) -> Result<String> {
    Ok(reads_text(rows, &reading::measure(rows).await?))
}

fn reads_text(rows: u64, reads: &table::Table) -> String {
    format!(
        "Reads, per request, on {rows} exists of {} instances, eventually consistent.\n\n{reads}",
        rows / 10
    )
}
