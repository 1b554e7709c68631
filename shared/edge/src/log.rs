//! Logs, as JSON for `CloudWatch` or as text for a person. Names of fields are dotted; bodies and queries are never logged.

use std::io::{self, IsTerminal};
use std::str::FromStr;

use domain::error::Error;
use domain::platform::variables::{Variables, invalid};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt;

/// The variables that these settings are read from.
pub const VARIABLES: &[&str] = &["LOG_FORMAT", "RUST_LOG"];

/// How logs are written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Log {
    /// As what. Default `text`.
    pub format: LogFormat,
    /// What is logged, as `RUST_LOG` says it. Default `info`.
    pub filter: String,
}

/// As what logs are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// One JSON object per line.
    Json,
    /// A line for a person.
    Text,
}

impl FromStr for LogFormat {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "json" => Ok(Self::Json),
            "text" => Ok(Self::Text),
            _ => Err("json or text is expected"),
        }
    }
}

impl Log {
    /// Reads the settings. Fails with the name of a variable whose value cannot be used.
    pub fn read(variables: &Variables) -> Result<Self, Error> {
        Ok(Self {
            format: variables.parse("LOG_FORMAT", LogFormat::Text)?,
            filter: variables.parse("RUST_LOG", "info".to_owned())?,
        })
    }
}

/// Logs from now on, as the environment says. A second call changes nothing.
pub fn start() -> Result<(), Error> {
    start_with(Log::read(&Variables::from_env())?)
}

/// Logs from now on in this form. A second call changes nothing.
pub fn start_with(Log { format, filter }: Log) -> Result<(), Error> {
    let filter = EnvFilter::try_new(&filter).map_err(|cause| invalid("RUST_LOG", &filter, &cause))?;
    let log = fmt().with_env_filter(filter).with_writer(io::stderr);
    // Who logs already goes on as before.
    let _ = match format {
        LogFormat::Json => {
            log.json().flatten_event(true).with_current_span(true).with_span_list(false).try_init()
        }
        LogFormat::Text => log.with_ansi(io::stderr().is_terminal()).with_target(false).try_init(),
    };
    Ok(())
}
