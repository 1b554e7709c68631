//! PostgreSQL, looked after: what its databases take and waste, and what to do about it: see [`operation`].
//!
//! ```text
//! Servers ── get(name) ──► Server ──┬── instance_report()          every database, in parallel
//! (settings)                        ├── database_report(database)
//!                                   ├── schema_report(database, schema)
//!                                   ├── table_report(database, schema, table)
//!                                   └── advice(database)           hints and the requests that follow them
//!                                        │
//!                 report/sql/*.sql ──────┤ one statement per report and database
//!                                        ▼
//!                                   postgres::Session              limited in time, read-only; reused by the pool
//!                                        │ facts
//!                                        ▼
//!                                   report::{bloat, size, …}       pure rules
//! ```
//!
//! Names come from clients. Statements take them as parameters, and where PostgreSQL allows none they are quoted by
//! [`postgres::identifier::Identifier`]. Whatever is missing is `None`, not an error.

pub mod advice;
pub mod discovery;
pub mod operation;
pub mod postgres;
pub mod report;
pub mod server;
