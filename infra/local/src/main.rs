//! `steward`: the whole bundle in one process.

use std::io::{self, IsTerminal};
use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::{Parser, Subcommand};
use domain::config::{Log, LogFormat};
use local::up::Up;
use tracing_subscriber::EnvFilter;

/// Steward on one machine: every API, queue and schedule of the stack in one process
#[derive(Parser, Debug)]
#[command(name = "steward", version)]
struct Steward {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand, Debug)]
enum Command {
    /// Start everything, until Ctrl-C
    Up(Up),
}

// The stand-ins hold a thread while the disk works; requests and workers need others meanwhile.
#[tokio::main(worker_threads = 8)]
async fn main() -> ExitCode {
    let Command::Up(up) = match Steward::try_parse() {
        Ok(steward) => steward.command,
        Err(error) if error.use_stderr() => return refuse(2, &error.to_string()),
        Err(error) => error.exit(), // --help and --version
    };
    match run(up).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => refuse(1, &format!("{error:#}")),
    }
}

async fn run(up: Up) -> Result<()> {
    start_log(up.log())?;
    up.run().await
}

/// Says in one line what is wrong.
fn refuse(code: u8, problem: &str) -> ExitCode {
    let line = problem.trim_start_matches("error: ").lines().next().unwrap_or_default();
    eprintln!("steward: {line}");
    ExitCode::from(code)
}

/// As `LOG_FORMAT` and `RUST_LOG` say, unless the format was given.
fn start_log(given: Option<LogFormat>) -> Result<()> {
    let Log { format, filter } = Log::from_env()?;
    // A refused conditional write is an answer like others, which dynoxide warns of.
    let filter = EnvFilter::try_new(format!("dynoxide=error,{filter}"))
        .with_context(|| format!("RUST_LOG: {filter}"))?;
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(io::stderr);
    match given.unwrap_or(format) {
        LogFormat::Text => log.with_ansi(io::stderr().is_terminal()).with_target(false).init(),
        LogFormat::Json => log.json().flatten_event(true).with_span_list(false).init(),
    }
    Ok(())
}
