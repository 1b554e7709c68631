//! Schemas and their versions.

use domain::time::Micros;
use serde::{Deserialize, Serialize};

use crate::record::{Name, Record};

/// A schema, by its name on all servers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DatabaseSchema {
    /// The id.
    pub id: u64,
    /// The unique name.
    pub name: String,
    /// When it was created.
    pub created_at: Micros,
    /// When it was changed.
    pub updated_at: Micros,
    /// The version of the row.
    #[serde(rename = "v")]
    pub version: u64,
}

impl Record for DatabaseSchema {
    const RESOURCE: Name = Name::DatabaseSchema;

    fn id(&self) -> u64 {
        self.id
    }

    fn version(&self) -> u64 {
        self.version
    }

    fn unique_name(&self) -> Option<&str> {
        Some(&self.name)
    }
}

/// A structure that a schema had on a server. A schema has one version per checksum.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SchemaVersion {
    /// The id.
    pub id: u64,
    /// The id of the schema.
    pub database_schema: u64,
    /// The checksum of the normalized dump: 32 hexadecimal digits.
    pub checksum: String,
    /// `<schema id>#<checksum>`, which is unique. Not a field of the resource.
    pub unique: String,
    /// The number of items that hold the compressed text. Not a field of the resource.
    pub parts: u64,
    /// The default collation of the schema when it was dumped last. Not a field of the resource.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub collation: Option<String>,
    /// The id of the server that the latest dump came from.
    pub pulled_from: Option<u64>,
    /// When the latest dump was made.
    pub pull_datetime: Option<Micros>,
    /// When the first dump was stored.
    pub created_at: Micros,
    /// When the latest dump was stored.
    pub updated_at: Micros,
    /// The version of the row.
    #[serde(rename = "v")]
    pub version: u64,
}

impl Record for SchemaVersion {
    const RESOURCE: Name = Name::SchemaVersion;

    fn id(&self) -> u64 {
        self.id
    }

    fn version(&self) -> u64 {
        self.version
    }

    fn references(&self) -> Vec<(&'static str, u64)> {
        vec![("database_schema", self.database_schema)]
    }

    fn unique_name(&self) -> Option<&str> {
        Some(&self.unique)
    }
}
