//! PostgreSQL: names.

pub mod identifier;
