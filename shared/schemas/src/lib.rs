//! Reviewed schema changes on MySQL and MariaDB servers.

pub mod apply;
pub mod changeset;
pub mod drift;
pub mod dump;
mod journal;
mod known_servers;
pub mod lint;
pub mod migration;
pub mod mysql;
pub mod people;
pub mod places;
pub mod record;
pub mod refusal;
pub mod registry;
pub mod resource;
pub mod review;
pub mod servers;
pub mod settings;
pub mod store;
pub mod task;
pub mod users;
pub mod versions;
