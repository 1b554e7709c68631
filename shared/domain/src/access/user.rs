//! Pure. Users, who authenticate with a name and a password.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::access::DEFAULT_TENANT;
use crate::access::password::{MAX_BYTES, MIN_BYTES};
use crate::access::principal::{Grant, Principal};
use crate::error::{Error, Kind};
use crate::time::Micros;

/// The stored record of a user.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct User {
    /// The unique name.
    #[serde(rename = "nm")]
    pub name: String,
    /// The email address; may be empty.
    #[serde(rename = "em")]
    pub email: String,
    /// The user's permissions.
    #[serde(rename = "gr")]
    pub grants: BTreeSet<Grant>,
    /// The hash of the password.
    #[serde(rename = "ph")]
    pub hash: String,
    /// When the user was created.
    #[serde(rename = "cr")]
    pub created: Micros,
    /// Incremented by every change.
    #[serde(rename = "v")]
    pub version: u64,
}

impl User {
    /// Returns the principal that the user authenticates as.
    pub fn principal(&self) -> Principal {
        Principal { name: self.name.clone(), tenant: DEFAULT_TENANT.to_owned(), grants: self.grants.clone() }
    }
}

/// Whether this is a valid user name: 2 to 64 lower-case letters, digits, `.`, `_` and `-`.
pub fn is_name(text: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"._-".contains(&byte);
    (2..=64).contains(&text.len()) && text.bytes().all(is_plain)
}

/// Returns the error for a name that is taken.
pub(crate) fn exists(name: &str) -> Error {
    Error::new(Kind::Conflict, format!("The user '{name}' already exists."))
}

/// Returns the error for a change that lost a race against another one.
pub(crate) fn changed_concurrently(name: &str) -> Error {
    Error::new(Kind::Conflict, format!("The user '{name}' was changed by another request; try again."))
}

/// Fails if this is not a valid user name.
pub(crate) fn check_name(text: &str) -> Result<(), Error> {
    if is_name(text) {
        return Ok(());
    }
    Err(Error::invalid("'name': must have 2 to 64 characters out of a-z, 0-9, '.', '_' and '-'."))
}

/// Fails if the password is too short or too long.
pub fn check_password(password: &str) -> Result<(), Error> {
    if (MIN_BYTES..=MAX_BYTES).contains(&password.len()) {
        return Ok(());
    }
    Err(Error::invalid(format!("'password': must have {MIN_BYTES} to {MAX_BYTES} bytes.")))
}
