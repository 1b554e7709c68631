//! Pure. Sessions: 64 hexadecimal digits that stand for a user for a while, longer with every use.

use serde::{Deserialize, Serialize};

use crate::access::user::User;
use crate::time::Micros;

/// Seconds after its last use that a session ends.
pub const SECONDS: i64 = 3_600;
/// Seconds after a session was prolonged before a use prolongs it again: a write a minute is enough.
const REST_SECONDS: i64 = 60;

/// A session as it is stored, under the hash of its id.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    /// Whose it is.
    #[serde(rename = "us")]
    pub user: String,
    /// When that user was made: whoever gets the name later does not get the session.
    #[serde(rename = "uc")]
    pub user_created: Micros,
    /// When it ends, unless it is used before.
    #[serde(rename = "ex")]
    pub expires: Micros,
    /// When the record may go, in seconds since the epoch.
    pub ttl: i64,
}

impl Session {
    /// A session of this user that is used now.
    pub fn of(user: &User, now: Micros) -> Self {
        let expires = now.plus_seconds(SECONDS);
        let ttl = expires.epoch_seconds();
        Self { user: user.name.clone(), user_created: user.created, expires, ttl }
    }

    /// Whether this is the user who logged in.
    pub fn is_of(&self, user: &User) -> bool {
        self.user == user.name && self.user_created == user.created
    }

    /// Whether it has not ended.
    pub fn is_alive(&self, now: Micros) -> bool {
        now < self.expires
    }

    /// Whether a use now should be written down.
    pub fn is_to_be_prolonged(&self, now: Micros) -> bool {
        self.expires < now.plus_seconds(SECONDS - REST_SECONDS)
    }
}

/// Whether this could be the id of a session: exactly 64 lower-case hexadecimal digits.
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
    fn a_session_is_not_that_of_another_user_of_the_same_name() {
        let session = Session::of(&ann(0), Micros(5));
        assert!(session.is_of(&User { version: 2, ..ann(0) }) && !session.is_of(&ann(1)));
    }

    #[test]
    fn a_session_lives_an_hour_from_its_last_use_that_was_written_down() {
        let session = Session::of(&ann(0), Micros(0));
        let at = |seconds: i64| Micros(0).plus_seconds(seconds);
        assert!(session.is_alive(at(3_599)) && !session.is_alive(at(3_600)));
        assert!(!session.is_to_be_prolonged(at(60)) && session.is_to_be_prolonged(at(61)));
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
