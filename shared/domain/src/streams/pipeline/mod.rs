//! Pure. Pipelines: lists of handlers that run over the events of a stream when it fires or expires.
//!
//! Each handler receives the events of the stream and those that earlier handlers made. The first failure ends the run
//! and discards its output.

pub mod definition;
pub mod handler;
pub mod logger;
pub mod publish;
pub mod run;
pub mod usage;

pub use definition::Pipelines;
pub use handler::HandlerError;
pub use run::{Pipeline, RunOutput};
