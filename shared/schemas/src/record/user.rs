//! Users, as the schemas API shows them. Their passwords and grants are in the user of `access` with the same name.

use domain::time::Micros;
use serde::{Deserialize, Serialize};

use crate::record::{Name, Record};

/// A user. Its login has the same id.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct User {
    /// The id.
    pub id: u64,
    /// The unique name, which the user authenticates with.
    pub name: String,
    /// The email address; may be empty.
    pub email: String,
    /// The id of the role.
    pub role: u64,
    /// The id of the login.
    pub auth_user: u64,
    /// The name on GitHub.
    pub github_login: Option<String>,
    /// When the user was created.
    pub created_at: Micros,
    /// When the user was changed.
    pub updated_at: Micros,
    /// The version.
    #[serde(rename = "v")]
    pub version: u64,
}

impl Record for User {
    const RESOURCE: Name = Name::User;

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
