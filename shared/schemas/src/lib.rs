//! Reviewed schema changes on MySQL and MariaDB servers.

pub mod dump;
pub mod lint;
pub mod mysql;
