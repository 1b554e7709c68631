//! What was verified lately, in this process only.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Mutex, PoisonError};

use sha2::{Digest, Sha256};

use crate::access::principal::Principal;
use crate::time::Micros;

/// Seconds that something verified is believed without a look at the table.
const SECONDS: i64 = 60;
/// Credentials that are remembered at most; past it, everything is forgotten once.
const MOST: usize = 1_000;

/// Credentials by a hash that only this process can make: a copy of its memory opens nothing.
pub(crate) struct CredentialCache {
    salt: String,
    known: Mutex<HashMap<[u8; 32], (Micros, Principal)>>,
}

impl fmt::Debug for CredentialCache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CredentialCache")
    }
}

impl CredentialCache {
    pub(crate) fn new(salt: String) -> Self {
        Self { salt, known: Mutex::default() }
    }

    fn place(&self, credential: &[&str]) -> [u8; 32] {
        let mut hash = Sha256::new();
        for part in std::iter::once(self.salt.as_str()).chain(credential.iter().copied()) {
            hash.update(part.len().to_le_bytes());
            hash.update(part);
        }
        hash.finalize().into()
    }

    /// Whom these credentials were verified to be in the last minute.
    pub(crate) fn recall(&self, credential: &[&str], now: Micros) -> Option<Principal> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let (at, principal) = known.get(&self.place(credential))?;
        (now < at.plus_seconds(SECONDS)).then(|| principal.clone())
    }

    pub(crate) fn remember(&self, credential: &[&str], principal: &Principal, now: Micros) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= MOST {
            known.clear();
        }
        known.insert(self.place(credential), (now, principal.clone()));
    }

    /// Forgets everything: somebody was just told that a credential is worth nothing any more.
    pub(crate) fn forget(&self) {
        self.known.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }
}
