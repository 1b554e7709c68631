//! Who may do what: users, API keys and sessions, and the log of what they changed.
//!
//! Nothing that opens a door is stored: of a password there is an argon2id hash, of a key or a session the SHA-256 of
//! its 256 random bits. What was verified is remembered for a minute in the process, so that a request costs neither a
//! read nor a hash; a key that is revoked, or a password that is changed, lets nobody in a minute later.

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

use std::fmt;
use std::sync::Arc;

use crate::access::credential_cache::CredentialCache;
use crate::error::Error;
use crate::platform::Platform;
use crate::platform::clock::Clock;
use crate::platform::id::Ids;
use crate::storage::table::Table;
use crate::time::Micros;

/// Names the table of principals, their credentials and the audit log.
pub const TABLE: &str = "REGISTRY_TABLE";

/// The tenant of whoever has no other.
pub const DEFAULT_TENANT: &str = "default";

/// Principals, their credentials, and the audit log. Cheap to clone; clones remember together.
#[derive(Clone, Debug)]
pub struct Access {
    clock: Clock,
    ids: Ids,
    table: Table,
    cache: Arc<CredentialCache>,
    first: Option<First>,
}

/// The secret that the stack was made with.
#[derive(Clone)]
struct First(String);

impl fmt::Debug for First {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("First")
    }
}

impl Access {
    /// Access in the registry table of this platform (`REGISTRY_TABLE`).
    pub fn new(platform: &Platform) -> Result<Self, Error> {
        Ok(Self {
            clock: platform.clock.clone(),
            ids: platform.ids.clone(),
            table: platform.table(TABLE)?,
            cache: Arc::new(CredentialCache::new(platform.ids.secret())),
            first: None,
        })
    }

    /// The same, where whoever shows this secret as an API key is an administrator: how the first one comes in.
    #[must_use]
    pub fn with_first_secret(self, secret: Option<String>) -> Self {
        Self { first: secret.map(First), ..self }
    }

    fn now(&self) -> Micros {
        self.clock.micros()
    }
}

/// The audit log, for groups that record who changed their own records. Cheap to clone.
#[derive(Clone, Debug)]
pub struct AuditLog {
    table: Table,
}

impl AuditLog {
    /// The audit log of this platform (`REGISTRY_TABLE`).
    pub fn new(platform: &Platform) -> Result<Self, Error> {
        Ok(Self { table: platform.table(TABLE)? })
    }

    /// The table that entries are written to, in one transaction with the change.
    pub fn table(&self) -> &Table {
        &self.table
    }
}
