//! Records, rules and use cases of Steward, independent of any transport.
//!
//! A module imports only from the layers above its own:
//!
//! | layer | modules |
//! |---|---|
//! | values | `error`, `time`, `digest` |
//! | retries | `failure` |
//! | tables | `storage` |
//! | asynchronous work | `work` |
//! | what groups are built from | `platform` |
//! | shared by groups | `access`, `notification` |
//! | groups | `operations`, `recomputations`, `schema_changes`, `streams`, `usage` |
//! | use cases of several groups | `ingest` |
//!
//! A group that brings a driver is a crate of its own beside this one.

pub mod access;
pub mod digest;
pub mod error;
pub mod failure;
pub mod ingest;
pub mod notification;
pub mod operations;
pub mod platform;
pub mod recomputations;
pub mod schema_changes;
pub mod storage;
pub mod streams;
pub mod time;
pub mod usage;
pub mod work;
