//! PostgreSQL maintenance: operations (VACUUM, ANALYZE, REINDEX) on the databases of configured servers.

pub mod operation;
pub mod postgres;
