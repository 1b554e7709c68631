//! The vocabulary of `OpenStack` notifications: their forms, their rows, and the messages that carry them.
//!
//! Recording them is the work of [`crate::ingest`]; the ledger ([`crate::usage`]) and the streams ([`crate::streams`])
//! are made of them.

pub mod body;
pub mod envelope;
pub mod event;
pub mod mark;
pub mod message;
pub mod ownership;
pub mod packing;
pub mod payload;
pub mod raw;
pub mod service;
pub mod store;

/// Names the table of notifications and the ledger.
pub const TABLE: &str = "USAGE_TABLE";
/// Names the queue of accepted notifications.
pub const QUEUE: &str = "NOTIFICATION_QUEUE_URL";
