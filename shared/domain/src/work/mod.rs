//! Asynchronous work: queues, claims on their messages, due rows, and outboxes.
//!
//! - [`claim`]: claims on queued chunks
//! - [`queue`]: sends messages to SQS
//! - [`due`]: rows that are due at a time, and the sweep that finds them
//! - [`open_blocks`]: releases id blocks whose writers are gone
//! - [`outbox`]: events that are stored with a change and published after it

pub mod claim;
pub mod due;
pub mod open_blocks;
pub mod outbox;
pub mod queue;
