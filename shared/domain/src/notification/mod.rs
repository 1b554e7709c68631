//! Types for `OpenStack` notifications: their wire forms, stored rows and queue messages.
//!
//! [`crate::ingest`] records notifications; the ledger ([`crate::usage`]) and streams ([`crate::streams`]) are derived
//! from them.

pub mod chunk_body;
pub mod elements;
pub mod envelope;
pub mod event;
pub mod event_types;
pub mod mark;
pub mod message;
pub mod ownership;
pub mod packing;
pub mod payload;
pub mod raw;
pub mod service;
pub mod store;

/// The variable that names the table of notifications and of the ledger.
pub const TABLE: &str = "USAGE_TABLE";
/// The variable that holds the URL of the queue of accepted notifications.
pub const QUEUE: &str = "NOTIFICATION_QUEUE_URL";
