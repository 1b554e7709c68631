//! Pure. API keys, of which only the SHA-256 is stored.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::access::principal::{Grant, Principal};
use crate::time::Micros;

/// Length of a key's id, a prefix of its hash: long enough to be unique, too short to reveal the hash.
const ID_DIGITS: usize = 16;

/// The stored record of a key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApiKey {
    /// The SHA-256 of the key, in hexadecimal.
    #[serde(rename = "ha")]
    pub hash: String,
    /// A description of the key's use.
    #[serde(rename = "nm")]
    pub name: String,
    /// The tenant whose records the key gives access to, in APIs that have tenants.
    #[serde(rename = "tn")]
    pub tenant: String,
    /// The key's permissions.
    #[serde(rename = "gr")]
    pub grants: BTreeSet<Grant>,
    /// When the key was created.
    #[serde(rename = "cr")]
    pub created: Micros,
    /// When the key expires. `None` for a key that does not expire.
    #[serde(rename = "ex")]
    pub expires: Option<Micros>,
    /// When the key was revoked.
    #[serde(rename = "rv")]
    pub revoked: Option<Micros>,
    /// Incremented by every change.
    #[serde(rename = "v")]
    pub version: u64,
}

impl ApiKey {
    /// Returns the public id of the key: the start of its hash.
    pub fn id(&self) -> &str {
        self.hash.get(..ID_DIGITS).unwrap_or_default()
    }

    /// Returns the principal that the key authenticates. Returns `None` if the key has expired or is revoked.
    pub fn principal(&self, now: Micros) -> Option<Principal> {
        let is_valid = self.revoked.is_none() && self.expires.is_none_or(|expires| now < expires);
        is_valid.then(|| Principal {
            name: format!("key:{}", self.id()),
            tenant: self.tenant.clone(),
            grants: self.grants.clone(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_valid_until_it_expires_or_is_revoked() {
        let key = |expires: Option<i64>, revoked: Option<i64>| ApiKey {
            hash: crate::digest::whole("x"),
            name: "x".to_owned(),
            tenant: "t".to_owned(),
            grants: BTreeSet::new(),
            created: Micros(0),
            expires: expires.map(Micros),
            revoked: revoked.map(Micros),
            version: 1,
        };
        let is_valid = |key: ApiKey| key.principal(Micros(100)).is_some();
        assert!(is_valid(key(None, None)));
        assert!(is_valid(key(Some(101), None)));
        assert!(!is_valid(key(Some(100), None)));
        assert!(!is_valid(key(Some(101), Some(50))));
        assert_eq!(key(None, None).id(), "2d711642b726b044");
    }
}
