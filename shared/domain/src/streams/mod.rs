//! Streams: notifications distilled to events, events collected per thing and day, pipelines that run when a day is
//! complete.

pub mod event;
