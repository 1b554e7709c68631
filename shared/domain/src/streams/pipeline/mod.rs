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
pub use run::{HandlerError, Pipeline, Run};
