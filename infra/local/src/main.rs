//! `steward`: the whole bundle in one process.

// The nested futures of the SDK and the workers exceed the default recursion limit.
#![recursion_limit = "256"]

use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, Subcommand};
use domain::platform::variables::Variables;
use edge::log::{Log, LogFormat};
use local::admin::Admin;
use local::check_definitions::CheckDefinitions;
use local::replay::Replay;
use local::up::Up;

/// Exit code of a command that failed.
const FAILURE: u8 = 1;
/// Exit code of a command line that cannot be parsed.
const USAGE_ERROR: u8 = 2;

/// Run Steward on one machine: every API, queue worker and schedule of the stack in one process
#[derive(Parser, Debug)]
#[command(name = "steward", version)]
struct Steward {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand, Debug)]
enum Command {
    /// Start every API, queue worker and schedule, and run until interrupted
    Up(Up),
    /// Load past notifications, each at its own time, so that streams fire and expire as they would have then
    Replay(Replay),
    /// Check definitions of events, triggers and pipelines, and print their effect on sample notifications
    CheckDefinitions(CheckDefinitions),
    /// Manage API keys and users, and read the audit log
    Admin(Admin),
}

// The stand-ins block a thread during disk access; requests and workers need other threads meanwhile.
#[tokio::main(worker_threads = 8)]
async fn main() -> ExitCode {
    let command = match Steward::try_parse() {
        Ok(steward) => steward.command,
        Err(error) if error.use_stderr() => return fail(USAGE_ERROR, &error.to_string()),
        Err(error) => error.exit(), // --help and --version
    };
    let result = match command {
        Command::Up(up) => run_up(up).await,
        Command::Replay(replay) => run_replay(replay).await,
        Command::CheckDefinitions(check) => check.run(),
        Command::Admin(admin) => admin.run(),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => fail(FAILURE, &format!("{error:#}")),
    }
}

async fn run_up(up: Up) -> Result<()> {
    start_log(up.log())?;
    up.run().await
}

async fn run_replay(replay: Replay) -> Result<()> {
    let variables = Variables::from_env();
    let Log { format, filter } = Log::read(&variables)?;
    // At level `info`, a line for each stream would hide the progress bar.
    let filter = if variables.get("RUST_LOG").is_some() { filter } else { "warn,dynoxide=error".to_owned() };
    edge::log::start_with(Log { format, filter })?;
    replay.run().await
}

/// Prints the first line of an error to standard error.
fn fail(code: u8, error: &str) -> ExitCode {
    let line = error.trim_start_matches("error: ").lines().next().unwrap_or_default();
    eprintln!("steward: {line}");
    ExitCode::from(code)
}

/// Starts logging as set by `LOG_FORMAT` and `RUST_LOG`; `format` overrides the former.
fn start_log(format: Option<LogFormat>) -> Result<()> {
    let log = Log::read(&Variables::from_env())?;
    // dynoxide warns about failed conditional writes, which are normal here.
    let filter = format!("dynoxide=error,{}", log.filter);
    Ok(edge::log::start_with(Log { format: format.unwrap_or(log.format), filter })?)
}
