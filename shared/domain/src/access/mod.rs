//! Authentication and authorization: users, API keys, sessions, and the audit log.
//!
//! No credentials are stored in clear text: passwords are stored as argon2id hashes, keys and sessions as the SHA-256
//! of their 256 random bits. Each process caches verified credentials for a minute, which saves a read and a hash per
//! request; other processes may therefore accept a revoked key or a changed password for up to a minute.

pub mod administering;
pub mod api_key;
pub mod audit;
pub mod auditing;
pub mod authenticating;
mod credential_cache;
pub mod lockout;
pub mod password;
pub mod principal;
pub mod session;
mod store;
pub mod user;
mod user_writes;

use std::fmt;
use std::sync::Arc;

use crate::access::credential_cache::CredentialCache;
use crate::error::Error;
use crate::platform::Platform;
use crate::platform::clock::Clock;
use crate::platform::id::Ids;
use crate::storage::table::Table;
use crate::time::Micros;

/// The variable that names the table of users, keys, sessions and the audit log.
pub const TABLE: &str = "REGISTRY_TABLE";

/// The tenant of principals without a tenant of their own.
pub const DEFAULT_TENANT: &str = "default";

/// Users, API keys, sessions, and the audit log. Cheap to clone; clones share one cache.
#[derive(Clone, Debug)]
pub struct Access {
    clock: Clock,
    ids: Ids,
    table: Table,
    cache: Arc<CredentialCache>,
    first_secret: Option<FirstSecret>,
}

/// The API key of the first administrator, set when the stack is created.
#[derive(Clone)]
struct FirstSecret(String);

impl fmt::Debug for FirstSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FirstSecret")
    }
}

impl Access {
    /// Uses the registry table of this platform (`REGISTRY_TABLE`).
    pub fn new(platform: &Platform) -> Result<Self, Error> {
        Ok(Self {
            clock: platform.clock.clone(),
            ids: platform.ids.clone(),
            table: platform.table(TABLE)?,
            cache: Arc::new(CredentialCache::new(platform.ids.secret())),
            first_secret: None,
        })
    }

    /// Accepts this secret as the API key of an administrator, which is how the first users and keys are created.
    #[must_use]
    pub fn with_first_secret(self, secret: Option<String>) -> Self {
        Self { first_secret: secret.map(FirstSecret), ..self }
    }

    fn now(&self) -> Micros {
        self.clock.micros()
    }
}

/// The audit log, for groups that record changes of their own records. Cheap to clone.
#[derive(Clone, Debug)]
pub struct AuditLog {
    table: Table,
}

impl AuditLog {
    /// Uses the registry table of this platform (`REGISTRY_TABLE`).
    pub fn new(platform: &Platform) -> Result<Self, Error> {
        Ok(Self { table: platform.table(TABLE)? })
    }

    /// Returns the table of the log, for writing an entry in one transaction with its change.
    pub fn table(&self) -> &Table {
        &self.table
    }
}
