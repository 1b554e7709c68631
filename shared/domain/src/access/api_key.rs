//! Pure. API keys: shown once, stored as their SHA-256.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::access::principal::{Grant, Principal};
use crate::time::Micros;

/// Hexadecimal digits of a hash that are the key's id: enough to tell keys apart, far too few to find one.
const ID_DIGITS: usize = 16;

/// A key as it is stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApiKey {
    /// The SHA-256 of the key.
    #[serde(rename = "ha")]
    pub hash: String,
    /// What it is for, in its maker's words.
    #[serde(rename = "nm")]
    pub name: String,
    /// Whose records it opens, where an API has tenants.
    #[serde(rename = "tn")]
    pub tenant: String,
    /// What it may do.
    #[serde(rename = "gr")]
    pub grants: BTreeSet<Grant>,
    /// When it was made.
    #[serde(rename = "cr")]
    pub created: Micros,
    /// From when on it opens nothing any more.
    #[serde(rename = "ex")]
    pub expires: Option<Micros>,
    /// When it was revoked.
    #[serde(rename = "rv")]
    pub revoked: Option<Micros>,
    /// Counts the changes.
    #[serde(rename = "v")]
    pub version: u64,
}

impl ApiKey {
    /// Names the key without opening anything: the start of its hash.
    pub fn id(&self) -> &str {
        self.hash.get(..ID_DIGITS).unwrap_or_default()
    }

    /// Whoever shows the key, as long as it is neither expired nor revoked.
    pub fn principal(&self, now: Micros) -> Option<Principal> {
        let is_good = self.revoked.is_none() && self.expires.is_none_or(|expires| now < expires);
        is_good.then(|| Principal {
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
    fn a_key_opens_until_it_expires_or_is_revoked() {
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
        let opens = |key: ApiKey| key.principal(Micros(100)).is_some();
        assert!(opens(key(None, None)));
        assert!(opens(key(Some(101), None)));
        assert!(!opens(key(Some(100), None)));
        assert!(!opens(key(Some(101), Some(50))));
        assert_eq!(key(None, None).id(), "2d711642b726b044");
    }
}
