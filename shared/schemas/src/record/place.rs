//! Servers and their environments.

use domain::time::Micros;
use serde::{Deserialize, Serialize};

use crate::record::{Name, Record};

/// A group of servers with the same rules.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Environment {
    /// The id.
    pub id: u64,
    /// The name, which need not be unique.
    pub name: String,
    /// The rules of applications to its servers.
    #[serde(flatten)]
    pub policy: Policy,
    /// When it was created.
    pub created_at: Micros,
    /// When it was changed.
    pub updated_at: Micros,
    /// The version.
    #[serde(rename = "v")]
    pub version: u64,
}

/// The rules of applications to the servers of an environment. By default there are none.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Policy {
    /// The approvals that a changeset needs, from different users. 0 and 1 mean the one that every changeset needs.
    #[serde(default)]
    pub approvals_required: u64,
    /// Whether the submitter's own approval counts.
    #[serde(default)]
    pub forbid_own_approval: bool,
    /// The time of each day (UTC) in which applications may start, as `HH:MM-HH:MM`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub window: Option<String>,
    /// The id of the environment in which the changeset must have been applied before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after_environment: Option<u64>,
    /// Seconds that a statement waits for locks. `None` uses the setting of the worker.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lock_wait_timeout: Option<u64>,
}

impl Environment {
    /// Returns a new environment.
    pub fn new(id: u64, name: String, policy: Policy, now: Micros) -> Self {
        Self { id, name, policy, created_at: now, updated_at: now, version: 1 }
    }
}

impl Record for Environment {
    const RESOURCE: Name = Name::Environment;

    fn id(&self) -> u64 {
        self.id
    }

    fn version(&self) -> u64 {
        self.version
    }
}

/// A database server. Its credentials are in the settings, by host and port.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Server {
    /// The id.
    pub id: u64,
    /// The unique name.
    pub name: String,
    /// The host name or address.
    pub hostname: String,
    /// The port. `None` means 3306.
    pub port: Option<u64>,
    /// The id of its environment.
    pub environment: Option<u64>,
    /// When it was created.
    pub created_at: Micros,
    /// When it was changed.
    pub updated_at: Micros,
    /// The version.
    #[serde(rename = "v")]
    pub version: u64,
}

impl Record for Server {
    const RESOURCE: Name = Name::Server;

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
