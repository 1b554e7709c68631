//! A cache of recently verified credentials, one per process.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Mutex, PoisonError};

use sha2::{Digest, Sha256};

use crate::access::principal::Principal;
use crate::time::Micros;

/// Seconds that an entry is valid.
const TTL_SECONDS: i64 = 60;
/// Maximum number of entries. The cache is cleared when it is full.
const CAPACITY: usize = 1_000;

/// Principals by a salted hash of their credentials. The salt is random per process, and the credentials themselves are
/// not kept in memory.
pub(crate) struct CredentialCache {
    salt: String,
    entries: Mutex<HashMap<[u8; 32], Entry>>,
}

struct Entry {
    verified: Micros,
    principal: Principal,
}

impl fmt::Debug for CredentialCache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CredentialCache")
    }
}

impl CredentialCache {
    pub(crate) fn new(salt: String) -> Self {
        Self { salt, entries: Mutex::default() }
    }

    fn hash(&self, credentials: &[&str]) -> [u8; 32] {
        let mut hash = Sha256::new();
        for part in std::iter::once(self.salt.as_str()).chain(credentials.iter().copied()) {
            hash.update(part.len().to_le_bytes());
            hash.update(part);
        }
        hash.finalize().into()
    }

    /// Returns the principal of these credentials if they were verified in the last minute.
    pub(crate) fn get(&self, credentials: &[&str], now: Micros) -> Option<Principal> {
        let entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        let entry = entries.get(&self.hash(credentials))?;
        (now < entry.verified.plus_seconds(TTL_SECONDS)).then(|| entry.principal.clone())
    }

    /// Stores the principal of credentials that were verified at `now`.
    pub(crate) fn insert(&self, credentials: &[&str], principal: &Principal, now: Micros) {
        let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        if entries.len() >= CAPACITY {
            entries.clear();
        }
        entries.insert(self.hash(credentials), Entry { verified: now, principal: principal.clone() });
    }

    /// Removes all entries, so that revoked or changed credentials are verified again.
    pub(crate) fn clear(&self) {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }
}
