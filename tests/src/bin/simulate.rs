//! Simulates the bundle with one or many seeds, and fails if something that the bundle promises is violated.
//!
//! `--seed 7` runs one seed and prints its schedule; `--seeds 100` runs as many, from `--seed` on.

use std::process::ExitCode;
use std::time::Instant;

use anyhow::{Context, Result, bail};
use tests::simulation::check;
use tests::simulation::plan::Plan;

fn main() -> Result<ExitCode> {
    let (first, count) = seeds(std::env::args().skip(1))?;
    let (start, mut failed) = (Instant::now(), 0);
    for seed in first..first + count {
        let report = check(&Plan::drawn(seed))?;
        if !report.violations.is_empty() {
            failed += 1;
        }
        if count == 1 || !report.violations.is_empty() {
            print!("{report}");
        }
    }
    let seconds = start.elapsed().as_secs_f64();
    println!(
        "{count} seeds in {seconds:.1} s, {failed} with violations; repeat one with: make simulate SEED=<seed>"
    );
    Ok(if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn seeds(arguments: impl Iterator<Item = String>) -> Result<(u64, u64)> {
    let (mut first, mut count) = (0, 1);
    let arguments: Vec<String> = arguments.collect();
    for argument in arguments.chunks(2) {
        let [name, value] = argument else { bail!("{argument:?} has no value") };
        let value = value.parse().with_context(|| format!("{name} expects a number"))?;
        match name.as_str() {
            "--seed" => first = value,
            "--seeds" => count = value,
            _ => bail!("unknown argument {name}: expected --seed <number> or --seeds <number>"),
        }
    }
    Ok((first, count))
}
