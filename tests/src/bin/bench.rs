//! Runs the benchmarks: writes exact quantities to `tests/bench` and prints times.
//!
//! `--rows 100000` also measures the reads on a store of that size.

use std::path::Path;

use anyhow::{Context, Result, bail};
use tests::bench;

/// Exists in the larger store, whose reads are kept in `reads.txt`.
const LARGE: u64 = 10 * bench::ROWS;

#[tokio::main]
async fn main() -> Result<()> {
    let rows = rows(std::env::args().skip(1))?;
    keep("units.txt", &Box::pin(bench::units()).await?)?;
    keep("reads.txt", &bench::reads(LARGE).await?)?;
    if let Some(rows) = rows {
        println!("{}", bench::reads(rows).await?);
    }
    println!("Times of one run on this machine, with few optimisations:\n");
    println!("{}", bench::timing::measure().await?);
    Ok(())
}

fn rows(mut arguments: impl Iterator<Item = String>) -> Result<Option<u64>> {
    match (arguments.next().as_deref(), arguments.next()) {
        (None, _) => Ok(None),
        (Some("--rows"), Some(rows)) => Ok(Some(rows.parse().context("--rows expects a number")?)),
        _ => bail!("unknown arguments: expected --rows <number>"),
    }
}

fn keep(name: &str, text: &str) -> Result<()> {
    println!("{text}");
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("bench").join(name);
    std::fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))
}
