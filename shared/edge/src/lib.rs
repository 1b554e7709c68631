//! How events get in, whatever they are about: requests, batches of messages, ticks; start-up and logs.
//!
//! - `asking.rs`: what a request shows of whoever sent it
//! - `body.rs`: request bodies, limited and inflated
//! - `gate.rs`: who may use an API whose original asked nobody
//! - `http.rs`: what every API does alike, outside its router
//! - `log.rs`: logs, as JSON or as text
//! - `path.rs`: addresses as the client sent them
//! - `sqs.rs`: batches of messages, each with its own outcome
//! - `start.rs`: clients of AWS's services
//! - `tick.rs`: schedules

pub mod asking;
pub mod body;
pub mod gate;
pub mod http;
pub mod log;
pub mod path;
pub mod sqs;
pub mod start;
pub mod tick;

/// Why a function did not start, or stopped.
pub type Error = lambda_runtime::Error;
