//! Entry points of the functions: HTTP requests, batches of messages and schedules; start-up and logs.
//!
//! - `authorizer.rs`: API keys for the APIs that had no authentication originally
//! - `aws.rs`: endpoints and credentials of AWS services
//! - `cors.rs`: cross-origin requests
//! - `credentials.rs`: credentials of a request
//! - `fallback.rs`: responses to unknown paths and methods
//! - `gateway.rs`: the request context that API Gateway provides
//! - `http.rs`: the middleware around every API's router
//! - `log.rs`: logs, as JSON or as text
//! - `methods.rs`: `OPTIONS` and the `Allow` header
//! - `path.rs`: request paths: encoding, stages and base paths
//! - `quality.rs`: quality values of `Accept` headers
//! - `query.rs`: query parameters
//! - `request_body.rs`: request bodies: limits and decompression
//! - `response_body.rs`: response bodies: compression and limits
//! - `sqs.rs`: batches of messages, each with its own outcome
//! - `start.rs`: clients of AWS services
//! - `status.rs`: statuses and bodies of failed requests
//! - `tick.rs`: schedules
//! - `web.rs`: settings of CORS, the base path and the public URL

pub mod authorizer;
pub mod aws;
pub mod cors;
pub mod credentials;
pub mod fallback;
pub mod gateway;
pub mod http;
pub mod log;
pub mod methods;
pub mod path;
pub mod quality;
pub mod query;
pub mod request_body;
pub mod response_body;
pub mod sqs;
pub mod start;
pub mod status;
pub mod tick;
pub mod web;

/// The error of a function that did not start, or that stopped.
pub type Error = lambda_runtime::Error;
