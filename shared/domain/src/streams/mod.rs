//! Streams: notifications distilled to events, events collected per thing and day, pipelines that run when a day is
//! complete.
//!
//! A trigger says which events belong together; they join the trigger's active stream with the same distinguishing traits,
//! or open one. What becomes of a stream (`state.rs`):
//!
//! ```mermaid
//! stateDiagram-v2
//!     [*] --> active: first event
//!     active --> firing: fire criteria are met, and fire_delay is over
//!     active --> expiring: not complete in time
//!     firing --> completed: pipeline ran
//!     firing --> error: pipeline failed
//!     expiring --> completed: pipeline ran
//!     expiring --> expire_error: pipeline failed
//!     error --> retry_fire: PUT
//!     expire_error --> retry_expire: PUT
//!     retry_fire --> firing
//!     retry_expire --> expiring
//!     completed --> [*]
//! ```
//!
//! A worker that is gone leaves a stream firing or expiring; when its lease is over another worker takes it up from there.
//! PUT changes no other state, and DELETE ends a stream in any of them.

pub mod definition_file;
pub mod distil;
pub mod event;
pub mod glob;
pub mod pipeline;
pub mod state;
pub mod timex;
pub mod trigger;
