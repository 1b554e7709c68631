//! Connections to PostgreSQL: the only place that knows its driver.
//!
//! A session runs one statement at a time, and its connection is driven by the call that waits for the answer: nothing
//! runs in the background, because Lambda freezes a process between requests. A session that is dropped closes its
//! socket. Sessions of reports are kept for the next report for some seconds: see [`pool`].

pub mod endpoint;
pub mod failure;
pub mod identifier;
pub mod pool;
pub mod query;
pub mod session;
mod tls;

pub use tls::Roots;
