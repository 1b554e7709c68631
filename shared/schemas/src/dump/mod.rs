//! The structure of a schema as text: dumps, checksums and differences.
//!
//! ```text
//! catalog::dump(session, schema)      SHOW CREATE of every object, in a fixed order
//!      │ texts
//!      ▼
//! normalize::{table, view, …}         without counters, definers and the schema's own name
//!      │ statements
//!      ▼
//! Dump { ddl, checksum }              joined by ";\n"; MurmurHash3 of the text
//!      │
//!      ├── load::load(session, dump)      the same structure in an empty schema, of any name
//!      └── difference / structure         what differs between two dumps, as text and by object
//! ```
//!
//! A schema of tables only has the checksum that the original computes from the output of `mysqldump`. Views, triggers,
//! routines, events and sequences follow the tables. Packages of `sql_mode=ORACLE` are not dumped.

pub mod catalog;
pub mod checksum;
pub mod difference;
pub mod load;
pub mod normalize;
mod settings;
pub mod structure;

use serde::{Deserialize, Serialize};

/// What stands between two statements of a dump.
const SEPARATOR: &str = ";\n";

/// The structure of a schema.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dump {
    /// The statements that create the objects, joined by `;` and a newline. Empty if there are none.
    pub ddl: String,
    /// The checksum of `ddl`, 32 hexadecimal digits.
    pub checksum: String,
    /// The default collation of the schema, which new tables get. It is not part of the checksum. `None` if unknown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub collation: Option<String>,
}

impl Dump {
    /// Returns the dump of normalised statements.
    pub fn of<S: AsRef<str>>(statements: impl IntoIterator<Item = S>) -> Self {
        let mut ddl = String::new();
        for (index, statement) in statements.into_iter().enumerate() {
            if index > 0 {
                ddl.push_str(SEPARATOR);
            }
            ddl.push_str(statement.as_ref());
        }
        Self::from_ddl(ddl)
    }

    /// Returns the dump with this text.
    pub fn from_ddl(ddl: String) -> Self {
        Self { checksum: checksum::checksum(&ddl), ddl, collation: None }
    }

    /// Returns the dump with the default collation of its schema.
    #[must_use]
    pub fn with_collation(self, collation: Option<String>) -> Self {
        Self { collation, ..self }
    }
}
