//! Pure. Names of databases, schemas, tables and indexes, and the only place that quotes one.

use std::fmt;

/// Bytes of the longest name (`NAMEDATALEN - 1`). PostgreSQL truncates longer ones, so they name nothing.
const MOST_BYTES: usize = 63;

/// A name that an object can have.
///
/// `Display` is the quoted form for use in a statement, which means the same as `format('%I', name)`: always quoted, so
/// that no list of reserved words is needed. Wherever a statement takes parameters, bind [`Identifier::as_str`] instead.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identifier(String);

impl Identifier {
    /// Returns `None` if no object can have this name: it is empty, longer than 63 bytes, or contains a NUL.
    pub fn new(name: &str) -> Option<Self> {
        let possible = !name.is_empty() && name.len() <= MOST_BYTES && !name.contains('\0');
        possible.then(|| Self(name.to_owned()))
    }

    /// The name itself, unquoted.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Identifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{}\"", self.0.replace('"', "\"\""))
    }
}

/// The name of a relation with its schema. `Display` is the quoted form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Qualified {
    schema: String,
    name: String,
}

impl Qualified {
    /// Returns the name of a relation in a schema.
    pub fn new(schema: impl Into<String>, name: impl Into<String>) -> Self {
        Self { schema: schema.into(), name: name.into() }
    }

    /// Returns the name without the schema, unquoted.
    pub fn name(&self) -> &str {
        &self.name
    }
}

impl fmt::Display for Qualified {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", Identifier(self.schema.clone()), Identifier(self.name.clone()))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn names_are_quoted_with_their_quotes_doubled() {
        for (name, quoted) in [
            ("city", "\"city\""),
            ("My Table", "\"My Table\""),
            ("select", "\"select\""),
            ("a\"b", "\"a\"\"b\""),
            ("it's; DROP TABLE city; --", "\"it's; DROP TABLE city; --\""),
            ("été_表", "\"été_表\""),
        ] {
            assert_eq!(Identifier::new(name).expect("a possible name").to_string(), quoted);
        }
    }

    #[test]
    fn names_that_no_object_can_have_are_rejected() {
        let (longest, too_long) = ("x".repeat(63), "x".repeat(64));
        assert!(Identifier::new(&longest).is_some());
        for name in ["", "a\0b", &too_long, &"é".repeat(32)] {
            assert_eq!(Identifier::new(name), None, "{name:?}");
        }
    }

    proptest! {
        #[test]
        fn no_name_ends_its_quotes(name in "[^\0]{1,20}") {
            let Some(identifier) = Identifier::new(&name) else { return Ok(()) };
            let quoted = identifier.to_string();
            let inner = &quoted[1..quoted.len() - 1];
            prop_assert_eq!(inner.replace("\"\"", "").matches('"').count(), 0);
            prop_assert_eq!(inner.replace("\"\"", "\""), name);
        }
    }
}
