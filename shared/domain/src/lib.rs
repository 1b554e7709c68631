//! What is true of Steward's records whatever the transport.
//!
//! Files that every group may use, a closed list:
//!
//! - `block/`: reads rows in id blocks
//! - `clock.rs`: tells the time, alone
//! - `config.rs`: reads the environment, alone
//! - `error.rs`: what can go wrong
//! - `failure.rs`: whether a worker tries again, and when
//! - `id.rs`: identifiers that Steward makes
//! - `key.rs`: builds keys, alone
//! - `platform.rs`: what every group stands on
//! - `queue.rs`: SQS's verbs
//! - `table.rs`: `DynamoDB`'s verbs
//! - `time.rs`: times as the documented APIs write them
//!
//! Folders hold one group each: `notification`, `usage`. Groups do not know each other, except that `notification`
//! feeds `usage`.

pub mod block;
pub mod clock;
pub mod config;
pub mod error;
pub mod failure;
pub mod id;
pub mod key;
pub mod notification;
pub mod platform;
pub mod queue;
pub mod table;
pub mod time;
pub mod usage;
