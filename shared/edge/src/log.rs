//! Logs, as JSON for `CloudWatch` or as text for people. Field names are dotted; bodies and queries are never logged.

use std::io::{self, IsTerminal};
use std::str::FromStr;

use domain::error::Error;
use domain::platform::variables::{Variables, invalid};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt;

/// The variables that these settings are read from.
pub const VARIABLES: &[&str] = &["LOG_FORMAT", "RUST_LOG"];

/// Settings of the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Log {
    /// The format. Default `text`.
    pub format: LogFormat,
    /// The filter, in the syntax of `RUST_LOG`. Default `info`.
    pub filter: String,
}

/// The format of the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// One JSON object per line.
    Json,
    /// One line of text per event.
    Text,
}

impl FromStr for LogFormat {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "json" => Ok(Self::Json),
            "text" => Ok(Self::Text),
            _ => Err("expected json or text"),
        }
    }
}

impl Log {
    /// Reads the settings. Fails if a value is invalid.
    pub fn read(variables: &Variables) -> Result<Self, Error> {
        Ok(Self {
            format: variables.parse("LOG_FORMAT", LogFormat::Text)?,
            filter: variables.parse("RUST_LOG", "info".to_owned())?,
        })
    }
}

/// Starts logging with the settings in the environment. A second call has no effect.
pub fn start() -> Result<(), Error> {
    start_with(Log::read(&Variables::from_env())?)
}

/// Starts logging with these settings. A second call has no effect.
pub fn start_with(Log { format, filter }: Log) -> Result<(), Error> {
    let filter = EnvFilter::try_new(&filter).map_err(|cause| invalid("RUST_LOG", &filter, &cause))?;
    let log = fmt().with_env_filter(filter).with_writer(io::stderr);
    // Fails if a subscriber is already set, which then stays.
    let _ = match format {
        LogFormat::Json => {
            log.json().flatten_event(true).with_current_span(true).with_span_list(false).try_init()
        }
        LogFormat::Text => log.with_ansi(io::stderr().is_terminal()).with_target(false).try_init(),
    };
    Ok(())
}
