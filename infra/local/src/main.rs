//! `steward`: the whole bundle in one process.

// The futures of the SDK lie deep in each other, and deeper in those of a worker.
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
    /// Load history, each notification at its own time, so that streams fire and expire as they would have then
    Replay(Replay),
    /// Check definitions of events, triggers and pipelines, and print what each sample event would do
    CheckDefinitions(CheckDefinitions),
    /// Say who may ask, and see who did what
    Admin(Admin),
}

// The stand-ins hold a thread while the disk works; requests and workers need others meanwhile.
#[tokio::main(worker_threads = 8)]
async fn main() -> ExitCode {
    let command = match Steward::try_parse() {
        Ok(steward) => steward.command,
        Err(error) if error.use_stderr() => return refuse(2, &error.to_string()),
        Err(error) => error.exit(), // --help and --version
    };
    let ended = match command {
        Command::Up(up) => run(up).await,
        Command::Replay(replay) => replayed(replay).await,
        Command::CheckDefinitions(check) => check.run(),
        Command::Admin(admin) => admin.run(),
    };
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => refuse(1, &format!("{error:#}")),
    }
}

async fn run(up: Up) -> Result<()> {
    start_log(up.log())?;
    up.run().await
}

async fn replayed(replay: Replay) -> Result<()> {
    // A line for each stream would hide the progress.
    let variables = Variables::from_env();
    let Log { format, filter } = Log::read(&variables)?;
    let filter = if variables.get("RUST_LOG").is_some() { filter } else { "warn,dynoxide=error".to_owned() };
    edge::log::start_with(Log { format, filter })?;
    replay.run().await
}

/// Says in one line what is wrong.
fn refuse(code: u8, problem: &str) -> ExitCode {
    let line = problem.trim_start_matches("error: ").lines().next().unwrap_or_default();
    eprintln!("steward: {line}");
    ExitCode::from(code)
}

/// As `LOG_FORMAT` and `RUST_LOG` say, unless the format was given.
fn start_log(given: Option<LogFormat>) -> Result<()> {
    let Log { format, filter } = Log::read(&Variables::from_env())?;
    // A refused conditional write is an answer like others, which dynoxide warns of.
    let filter = format!("dynoxide=error,{filter}");
    Ok(edge::log::start_with(Log { format: given.unwrap_or(format), filter })?)
}
