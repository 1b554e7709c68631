//! Logs, as JSON for `CloudWatch` or as text for a person. Names of fields are dotted; bodies and queries are never logged.

use std::io::{self, IsTerminal};

use domain::config::{Log, LogFormat};
use domain::error::Error;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt;

/// Logs from now on, as the environment says. A second call changes nothing.
pub fn start() -> Result<(), Error> {
    start_with(Log::from_env()?)
}

/// Logs from now on in this form. A second call changes nothing.
pub fn start_with(Log { format, filter }: Log) -> Result<(), Error> {
    let filter = EnvFilter::try_new(&filter)
        .map_err(|cause| Error::invalid(format!("RUST_LOG: '{filter}': {cause}")))?;
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
