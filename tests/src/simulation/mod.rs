//! A deterministic simulation of the whole bundle, with everything that can go wrong around it.
//!
//! One seed decides what producers send, how long every call takes and which faults are injected, so that a run can be
//! repeated exactly. All functions run as they are deployed. Below their clients lies a simulated network, and behind
//! it the embedded stand-ins, which here have the limits and the bad habits of the services:
//!
//! - `DynamoDB` has a capacity per partition key, cancels conflicting transactions, processes batches in part, and
//!   remembers idempotency tokens for ten minutes;
//! - SQS delivers messages late, in another order, twice, and after they were deleted, and refuses some;
//! - the network loses requests and replies, and executes requests whose senders have died;
//! - environments crash and freeze at every call, and have clocks of their own.
//!
//! [`invariants`] lists what must hold afterwards. The approach follows the simulations of `FoundationDB` and
//! `TigerBeetle`; the faults of a run are a random selection, because some faults hide the effects of others.

pub mod capacity;
mod collector;
mod definitions;
mod environment;
mod history;
mod invariants;
pub mod item_size;
pub mod known;
mod network;
mod outcome;
pub mod plan;
pub mod process;
mod queues;
mod report;
pub mod request;
mod run;
mod store;
mod tables;
mod ticker;
pub mod time;
mod trace;
pub mod transactions;
pub mod violation;
mod worker;
mod world;

pub use report::{Report, check};
