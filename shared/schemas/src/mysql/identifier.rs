//! Pure. Names of schemas, tables and other objects, and the only place that quotes one.

use std::fmt;

/// Characters of the longest name of an object.
const MOST_CHARACTERS: usize = 64;

/// A name that an object can have.
///
/// `Display` is the quoted form for use in a statement: always quoted, so that no list of reserved words is needed.
/// Wherever a statement takes parameters, bind [`Identifier::as_str`] instead.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Identifier(String);

impl Identifier {
    /// Returns `None` if no object can have this name: it is empty, longer than 64 characters, contains a NUL or a
    /// character beyond the Basic Multilingual Plane, or ends with a space.
    pub fn new(name: &str) -> Option<Self> {
        let is_storable = |c: char| c != '\0' && u32::from(c) <= 0xFFFF;
        let possible = !name.is_empty()
            && name.chars().count() <= MOST_CHARACTERS
            && name.chars().all(is_storable)
            && !name.ends_with(' ');
        possible.then(|| Self(name.to_owned()))
    }

    /// Returns the name itself, unquoted.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Identifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}`", self.0.replace('`', "``"))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn names_are_quoted_with_their_quotes_doubled() {
        for (name, quoted) in [
            ("city", "`city`"),
            ("My Table", "`My Table`"),
            ("select", "`select`"),
            ("a`b", "`a``b`"),
            ("`; DROP TABLE city; --", "```; DROP TABLE city; --`"),
            ("été_表", "`été_表`"),
            ("a.b\\", "`a.b\\`"),
        ] {
            assert_eq!(Identifier::new(name).expect("a possible name").to_string(), quoted);
        }
    }

    #[test]
    fn names_that_no_object_can_have_are_rejected() {
        assert!(Identifier::new(&"é".repeat(64)).is_some());
        for name in ["", "a\0b", "a ", " ", "😀", &"x".repeat(65)] {
            assert_eq!(Identifier::new(name), None, "{name:?}");
        }
    }

    proptest! {
        #[test]
        fn no_name_ends_its_quotes(name in "[^\0]{1,20}") {
            let Some(identifier) = Identifier::new(&name) else { return Ok(()) };
            let quoted = identifier.to_string();
            let inner = &quoted[1..quoted.len() - 1];
            prop_assert_eq!(inner.replace("``", "").matches('`').count(), 0);
            prop_assert_eq!(inner.replace("``", "`"), name);
        }
    }
}
