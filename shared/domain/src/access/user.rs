//! Pure. Users: people with a name, a role and a password.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::access::DEFAULT_TENANT;
use crate::access::password::{LONGEST, SHORTEST};
use crate::access::principal::{Grant, Principal};
use crate::error::{Error, Kind};
use crate::time::Micros;

/// A user as they are stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct User {
    /// Unique.
    #[serde(rename = "nm")]
    pub name: String,
    /// Where they are written to; may be empty.
    #[serde(rename = "em")]
    pub email: String,
    /// What they are trusted with.
    #[serde(rename = "gr")]
    pub grants: BTreeSet<Grant>,
    /// The hash of the password.
    #[serde(rename = "ph")]
    pub hash: String,
    /// When they were made.
    #[serde(rename = "cr")]
    pub created: Micros,
    /// Counts the changes.
    #[serde(rename = "v")]
    pub version: u64,
}

impl User {
    /// Who the user is to the APIs.
    pub fn principal(&self) -> Principal {
        Principal { name: self.name.clone(), tenant: DEFAULT_TENANT.to_owned(), grants: self.grants.clone() }
    }
}

/// Whether this can be the name of a user: 2 to 64 lower-case letters, digits, `.`, `_` and `-`.
pub fn is_name(text: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"._-".contains(&byte);
    (2..=64).contains(&text.len()) && text.bytes().all(is_plain)
}

/// The change that came second.
pub fn changed_meanwhile(name: &str) -> Error {
    Error::new(Kind::Conflict, format!("Somebody else changed the user '{name}' first."))
}

/// The name, if it can be one.
pub fn named(text: &str) -> Result<(), Error> {
    if is_name(text) {
        return Ok(());
    }
    Err(Error::invalid("'name': 2 to 64 lower-case letters, digits, '.', '_' and '-' are expected."))
}

/// The password, if it is neither too short nor too long.
pub fn long_enough(password: &str) -> Result<(), Error> {
    if (SHORTEST..=LONGEST).contains(&password.len()) {
        return Ok(());
    }
    Err(Error::invalid(format!("'password': {SHORTEST} to {LONGEST} bytes are expected.")))
}
