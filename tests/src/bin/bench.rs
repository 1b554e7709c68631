//! Measures the local run: exact quantities into `tests/bench`, times on the screen.
//!
//! `--rows 100000` measures the reads on a store of that size too.

use std::path::Path;

use anyhow::{Context, Result, bail};
use tests::bench;

/// The larger store whose reads are kept.
const LARGE: u64 = 10 * bench::ROWS;

#[tokio::main]
async fn main() -> Result<()> {
    let more = rows(std::env::args().skip(1))?;
    keep("units.txt", &Box::pin(bench::units()).await?)?;
    keep("reads.txt", &bench::reads(LARGE).await?)?;
    if let Some(rows) = more {
        println!("{}", bench::reads(rows).await?);
    }
    println!("Times on this machine, this once, of a build that is little optimised:\n");
    println!("{}", bench::timing::measure().await?);
    Ok(())
}

fn rows(mut arguments: impl Iterator<Item = String>) -> Result<Option<u64>> {
    match (arguments.next().as_deref(), arguments.next()) {
        (None, _) => Ok(None),
        (Some("--rows"), Some(rows)) => Ok(Some(rows.parse().context("--rows takes a number")?)),
        _ => bail!("only --rows <number> is known"),
    }
}

fn keep(name: &str, text: &str) -> Result<()> {
    println!("{text}");
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("bench").join(name);
    std::fs::write(&path, text).with_context(|| format!("{} is written", path.display()))
}
