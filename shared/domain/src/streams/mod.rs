//! Streams: notifications distilled to events, events collected per thing and day, pipelines that run when a day is
//! complete.

pub mod definition_file;
pub mod distil;
pub mod event;
pub mod glob;
pub mod pipeline;
pub mod state;
pub mod timex;
pub mod trigger;
