//! Pure. Pipelines: what happens to the events of a stream when it fires or expires.
//!
//! Each handler receives the list of the one before it. The first that fails ends the run, and nothing of it remains:
//! what a run made and what it wants to publish are handed out together, at its end.

pub mod definition;
pub mod logger;
pub mod publish;
pub mod run;
pub mod usage;

pub use definition::Pipelines;
pub use run::{Pipeline, Run};

/// A handler could not go on: the stream goes into error, and nothing of the run remains.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{handler}: {reason}")]
pub struct HandlerError {
    /// Which handler.
    pub handler: &'static str,
    /// What stopped it.
    pub reason: String,
}
