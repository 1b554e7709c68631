//! Pure. A string or a list of strings.

use std::fmt;

use serde::de::{SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_saphyr::Spanned;

/// A string or a list of strings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StringOrList {
    /// A single string.
    String(String),
    /// A list of strings with their lines.
    List(Vec<Spanned<String>>),
}

impl StringOrList {
    /// Returns every string with its line. `line` is that of the value as a whole.
    pub fn with_lines(&self, line: u64) -> Vec<(&str, u64)> {
        match self {
            Self::String(string) => vec![(string, line)],
            Self::List(strings) => {
                strings.iter().map(|string| (string.value.as_str(), super::line(string))).collect()
            }
        }
    }

    /// Returns every string.
    pub fn strings(&self) -> Vec<&str> {
        match self {
            Self::String(string) => vec![string],
            Self::List(strings) => strings.iter().map(|string| string.value.as_str()).collect(),
        }
    }
}

impl<'de> Deserialize<'de> for StringOrList {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(StringOrListVisitor)
    }
}

struct StringOrListVisitor;

impl<'de> Visitor<'de> for StringOrListVisitor {
    type Value = StringOrList;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string or a list of strings")
    }

    fn visit_str<E: serde::de::Error>(self, string: &str) -> Result<StringOrList, E> {
        Ok(StringOrList::String(string.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<StringOrList, A::Error> {
        let mut strings = Vec::new();
        while let Some(string) = list.next_element()? {
            strings.push(string);
        }
        Ok(StringOrList::List(strings))
    }
}
