//! Pure. Handlers by name.

use super::publish::Publish;
use crate::streams::definition_file::component::{Component, NoParameters};

/// A handler with its parameters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Handler {
    /// `logger`: logs the events.
    Logger,
    /// `usage`: verifies the usage records.
    Usage,
    /// `publish`: publishes the synthetic events.
    Publish(Publish),
}

/// The failure of a handler, which puts the stream into an error state.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{handler}: {reason}")]
pub struct HandlerError {
    /// The name of the handler.
    pub handler: &'static str,
    /// The reason.
    pub reason: String,
}

impl Handler {
    /// Creates the handler that a definition names. Fails if it is unknown or its parameters are invalid.
    pub fn new(component: &Component) -> Result<Self, String> {
        match component.name.as_str() {
            "logger" => component.parameters().map(|NoParameters {}| Self::Logger),
            "usage" => component.parameters().map(|NoParameters {}| Self::Usage),
            "publish" => Publish::new(component).map(Self::Publish),
            other => Err(format!("unknown handler '{other}': expected logger, usage or publish")),
        }
    }
}
