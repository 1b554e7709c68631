//! Maintenance of PostgreSQL servers: reports on sizes and bloat, advice, and operations (see [`operation`]).
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
//! [`postgres::identifier::Identifier`]. A missing object is `None`, not an error.

pub mod advice;
pub mod discovery;
pub mod operation;
pub mod postgres;
pub mod report;
pub mod server;
