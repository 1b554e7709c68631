//! How events get in, whatever they are about: requests, batches of messages, ticks; start-up and logs.
//!
//! - `answer.rs`: bodies of answers, compressed and limited
//! - `asking.rs`: what a request shows of whoever sent it
//! - `aws.rs`: where AWS's services are
//! - `body.rs`: request bodies, limited and inflated
//! - `cors.rs`: pages of other origins that may ask
//! - `failing.rs`: what a failure is over HTTP
//! - `gate.rs`: who may use an API whose original asked nobody
//! - `gateway.rs`: what the gateway tells of a request
//! - `http.rs`: what every API does alike, outside its router
//! - `log.rs`: logs, as JSON or as text
//! - `methods.rs`: the methods that a path knows
//! - `path.rs`: addresses as the client sent them
//! - `query.rs`: the parameters of a request
//! - `sqs.rs`: batches of messages, each with its own outcome
//! - `start.rs`: clients of AWS's services
//! - `tick.rs`: schedules
//! - `web.rs`: how the APIs are reached

pub mod answer;
pub mod aws;
pub mod body;
pub mod cors;
pub mod credentials;
pub mod gate;
pub mod gateway;
pub mod http;
pub mod log;
pub mod methods;
pub mod path;
pub mod query;
pub mod sqs;
pub mod start;
pub mod status;
pub mod tick;
pub mod web;

/// Why a function did not start, or stopped.
pub type Error = lambda_runtime::Error;
