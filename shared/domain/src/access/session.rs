//! Pure. Sessions: random ids of 64 hexadecimal digits that authenticate a user until an hour after their last use.

use serde::{Deserialize, Serialize};

use crate::access::user::User;
use crate::time::Micros;

/// Seconds after its last use that a session expires.
pub const LIFETIME_SECONDS: i64 = 3_600;
/// Minimum interval between two extensions of a session, which limits them to one write per minute.
const EXTENSION_INTERVAL_SECONDS: i64 = 60;

/// The stored record of a session, keyed by the hash of its id.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    /// The name of the user who logged in.
    #[serde(rename = "us")]
    pub user: String,
    /// When that user was created: a later user of the same name does not inherit the session.
    #[serde(rename = "uc")]
    pub user_created: Micros,
    /// When the session expires unless it is extended.
    #[serde(rename = "ex")]
    pub expires: Micros,
    /// When the record expires, in seconds since the epoch.
    pub ttl: i64,
}

impl Session {
    /// Opens or extends a session of this user.
    pub fn new(user: &User, now: Micros) -> Self {
        let expires = now.plus_seconds(LIFETIME_SECONDS);
        let ttl = expires.epoch_seconds();
        Self { user: user.name.clone(), user_created: user.created, expires, ttl }
    }

    /// Whether this is the user who logged in.
    pub fn belongs_to(&self, user: &User) -> bool {
        self.user == user.name && self.user_created == user.created
    }

    /// Whether the session has not expired.
    pub fn is_alive(&self, now: Micros) -> bool {
        now < self.expires
    }

    /// Whether a use at this time extends the session.
    pub fn needs_extension(&self, now: Micros) -> bool {
        self.expires < now.plus_seconds(LIFETIME_SECONDS - EXTENSION_INTERVAL_SECONDS)
    }
}

/// Whether this is a well-formed session id: exactly 64 lower-case hexadecimal digits.
pub fn is_id(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn ann(created: i64) -> User {
        User {
            name: "ann".to_owned(),
            email: String::new(),
            grants: BTreeSet::new(),
            hash: String::new(),
            created: Micros(created),
            version: 1,
        }
    }

    #[test]
    fn a_session_does_not_belong_to_a_later_user_of_the_same_name() {
        let session = Session::new(&ann(0), Micros(5));
        assert!(session.belongs_to(&User { version: 2, ..ann(0) }) && !session.belongs_to(&ann(1)));
    }

    #[test]
    fn a_session_expires_an_hour_after_its_last_extension() {
        let session = Session::new(&ann(0), Micros(0));
        let at = |seconds: i64| Micros(0).plus_seconds(seconds);
        assert!(session.is_alive(at(3_599)) && !session.is_alive(at(3_600)));
        assert!(!session.needs_extension(at(60)) && session.needs_extension(at(61)));
    }

    #[test]
    fn a_session_id_is_64_lower_case_hexadecimal_digits() {
        for (text, expected) in [
            ("a".repeat(64), true),
            ("A".repeat(64), false),
            ("a".repeat(63), false),
            ("g".repeat(64), false),
        ] {
            assert_eq!(is_id(&text), expected, "{text}");
        }
    }
}
