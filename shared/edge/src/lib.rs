//! How events get in, whatever they are about: requests, batches of messages, ticks; start-up and logs.
//!
//! - `body.rs`: request bodies, limited and inflated
//! - `http.rs`: what every API does alike, outside its router
//! - `log.rs`: logs, as JSON or as text
//! - `path.rs`: addresses as the client sent them
//! - `sqs.rs`: batches of messages, each with its own outcome
//! - `start.rs`: clients of AWS's services
//! - `tick.rs`: schedules

pub mod body;
pub mod http;
pub mod path;
