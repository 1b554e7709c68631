//! Reviewed schema changes on MySQL and MariaDB servers.

pub mod dump;
pub mod lint;
pub mod mysql;
pub mod record;
pub mod registry;
pub mod settings;
pub mod store;
