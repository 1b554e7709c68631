//! What is true of Steward's records whatever the transport.
//!
//! Files that every group may use, a closed list:
//!
//! - `chunk.rs`: the claim of a queued message
//! - `block/`: reads rows in id blocks
//! - `clock.rs`: tells the time, alone
//! - `config.rs`: reads the environment, alone
//! - `digest.rs`: what stands for a text
//! - `due.rs`: work that is due at a time
//! - `error.rs`: what can go wrong
//! - `failure.rs`: whether a worker tries again, and when
//! - `id.rs`: identifiers that Steward makes
//! - `key.rs`: builds keys, alone
//! - `message.rs`: every message of every queue
//! - `outbox.rs`: what is verified and still to be published
//! - `platform.rs`: what every group stands on
//! - `queue.rs`: SQS's verbs
//! - `sequence.rs`: ascending ids
//! - `service.rs`: which service something comes from
//! - `table.rs`: `DynamoDB`'s verbs
//! - `time.rs`: times as the documented APIs write them
//!
//! Folders hold one group each: `access`, `notification`, `recomputations`, `streams`, `usage`. Groups do not know each
//! other, except that `notification` feeds `usage` and `streams`, and that who did what is told to `access`.

pub mod access;
pub mod block;
pub mod chunk;
pub mod clock;
pub mod config;
pub mod digest;
pub mod due;
pub mod error;
pub mod failure;
pub mod id;
pub mod key;
pub mod message;
pub mod notification;
pub mod outbox;
pub mod platform;
pub mod queue;
pub mod recomputations;
pub mod sequence;
pub mod service;
pub mod streams;
pub mod table;
pub mod time;
pub mod usage;
