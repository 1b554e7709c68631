//! Applications of changesets to servers, and their reverts.
//!
//! ```text
//! request ──▶ task + item "changeset X is being applied to server Y"     in one transaction
//!                │
//! worker ──▶ acquire (token, lease) ──▶ connect ──▶ GET_LOCK ──▶ checksum ──▶ fits? ── no ──▶ failed
//!                │                                                │ yes
//!                │      ┌─────────────────────────────────────────┘
//!                │      ▼
//!                │   record "starting" ──▶ execute ──▶ checksum ──▶ record "done" ──▶ next statement
//!                │      ╎ crash, or the deadline of the function
//!                │      ▼
//!                └─▶ the lock is free: judge by the checksum ──▶ not executed: execute
//!                                                           ├──▶ executed: record "done"
//!                                                           └──▶ in doubt: error, a person decides
//! ```
//!
//! No statement is executed twice unless a person says so: a step is recorded before its statement is sent, and what is
//! recorded as started is executed again only if the checksum proves that it had no effect. `MySQL` and `MariaDB` commit
//! definitions by themselves, so that there is no transaction to fall back on.
//!
//! - [`request`], [`control`]: use cases of the API
//! - [`policy`]: rules of environments
//! - [`plan`], [`course`], [`judge`], [`steps`]: what is executed next
//! - `working`, `executing`, `fencing`, `ending`: the worker
//! - [`turn`], `fanning`: several servers

mod admitting;
pub mod control;
pub mod course;
pub(crate) mod ending;
mod executing;
mod fanning;
mod fencing;
pub(crate) mod job;
pub mod judge;
pub mod plan;
pub mod policy;
pub mod request;
pub mod steps;
pub(crate) mod text;
pub mod turn;
mod working;

pub(crate) use admitting::server_data_name;
