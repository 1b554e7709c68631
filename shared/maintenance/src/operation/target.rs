//! The object that an operation works on.

use serde::{Deserialize, Serialize};

/// A database object on a configured server.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Target {
    /// The name of the configured server; empty for the default one.
    #[serde(rename = "sv", default, skip_serializing_if = "String::is_empty")]
    pub server: String,
    /// The database.
    #[serde(rename = "db")]
    pub database: String,
    /// The object in the database.
    #[serde(rename = "ob")]
    pub object: Object,
}

/// A database, or an object in it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Object {
    /// Every relation of the database.
    Database,
    /// Every relation of a schema.
    Schema(String),
    /// A table or a materialized view, by schema and name.
    Table(String, String),
    /// An index, by schema and name.
    Index(String, String),
}

impl Object {
    /// Returns the schema of the object. `None` for a whole database.
    pub fn schema(&self) -> Option<&str> {
        match self {
            Self::Database => None,
            Self::Schema(schema) | Self::Table(schema, _) | Self::Index(schema, _) => Some(schema),
        }
    }

    /// Returns the name of the table, if the object is one.
    pub fn table(&self) -> Option<&str> {
        match self {
            Self::Table(_, table) => Some(table),
            Self::Database | Self::Schema(_) | Self::Index(..) => None,
        }
    }

    /// Returns the name of the index, if the object is one.
    pub fn index(&self) -> Option<&str> {
        match self {
            Self::Index(_, index) => Some(index),
            Self::Database | Self::Schema(_) | Self::Table(..) => None,
        }
    }
}
