//! Pure. The YAML tree of a definition file, with lines for errors and warnings.

use std::fmt;

use serde::de::{MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_saphyr::Spanned;

use crate::streams::definition_file::line;

/// A value with the line in which it is written.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Node {
    pub(super) line: u64,
    pub(super) value: Yaml,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Yaml {
    Null,
    Bool(bool),
    Int(i64),
    Float(f64),
    String(String),
    List(Vec<Node>),
    Map(Vec<Entry>),
}

/// An entry of a map.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Entry {
    pub(super) key: String,
    pub(super) line: u64,
    pub(super) node: Node,
}

/// An error or warning about a line.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Finding {
    pub(super) line: u64,
    pub(super) reason: String,
}

impl Finding {
    pub(super) fn new(line: u64, reason: impl Into<String>) -> Self {
        Self { line, reason: reason.into() }
    }
}

/// The entries of a map whose keys are known.
#[derive(Debug)]
pub(super) struct Fields {
    /// The kind of definition, for messages.
    what: &'static str,
    pub(super) line: u64,
    entries: Vec<Entry>,
}

impl Fields {
    pub(super) fn new(node: Node, what: &'static str) -> Result<Self, Finding> {
        Ok(Self { what, line: node.line, entries: node.map(what)? })
    }

    /// Removes a key and returns its value. A null value counts as missing.
    pub(super) fn take(&mut self, key: &str) -> Option<Node> {
        let at = self.entries.iter().position(|entry| entry.key == key)?;
        Some(self.entries.remove(at).node).filter(|node| node.value != Yaml::Null)
    }

    pub(super) fn require(&mut self, key: &str) -> Result<Node, Finding> {
        self.take(key).ok_or_else(|| Finding::new(self.line, format!("{} requires '{key}'", self.what)))
    }

    /// Warns about every key that has not been taken.
    pub(super) fn warn_about_rest(self, warnings: &mut Vec<Finding>) {
        let what = self.what;
        let unknown = |entry: Entry| {
            Finding::new(entry.line, format!("unknown key '{}' of {what}: ignored", entry.key))
        };
        warnings.extend(self.entries.into_iter().map(unknown));
    }
}

impl Node {
    pub(super) fn string(self, what: &str) -> Result<String, Finding> {
        match self.value {
            Yaml::String(text) => Ok(text),
            _ => Err(self.expected(what)),
        }
    }

    pub(super) fn list(self, what: &str) -> Result<Vec<Self>, Finding> {
        match self.value {
            Yaml::List(nodes) => Ok(nodes),
            _ => Err(self.expected(what)),
        }
    }

    pub(super) fn map(self, what: &str) -> Result<Vec<Entry>, Finding> {
        match self.value {
            Yaml::Map(entries) => Ok(entries),
            _ => Err(self.expected(what)),
        }
    }

    /// Returns an integer that is not negative.
    pub(super) fn count<T: TryFrom<u64>>(self, what: &str) -> Result<T, Finding> {
        let count = match self.value {
            Yaml::Int(number) => u64::try_from(number).ok().and_then(|number| T::try_from(number).ok()),
            _ => None,
        };
        count.ok_or_else(|| self.expected(what))
    }

    fn expected(&self, what: &str) -> Finding {
        Finding::new(self.line, format!("expected {what}, found {}", self.value.type_name()))
    }
}

impl Yaml {
    /// The type of the value, for messages.
    pub(super) fn type_name(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool(_) => "a boolean",
            Self::Int(_) => "an integer",
            Self::Float(_) => "a number",
            Self::String(_) => "a string",
            Self::List(_) => "a list",
            Self::Map(_) => "a map",
        }
    }
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let spanned = Spanned::<Yaml>::deserialize(deserializer)?;
        Ok(Self { line: line(&spanned), value: spanned.value })
    }
}

impl<'de> Deserialize<'de> for Yaml {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(YamlVisitor)
    }
}

struct YamlVisitor;

impl<'de> Visitor<'de> for YamlVisitor {
    type Value = Yaml;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E>(self) -> Result<Yaml, E> {
        Ok(Yaml::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Yaml, E> {
        Ok(Yaml::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Yaml, E> {
        Ok(Yaml::Int(value))
    }

    fn visit_u64<E: serde::de::Error>(self, value: u64) -> Result<Yaml, E> {
        i64::try_from(value).map(Yaml::Int).map_err(|_| E::custom("the number is too large"))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Yaml, E> {
        Ok(Yaml::Float(value))
    }

    fn visit_str<E>(self, value: &str) -> Result<Yaml, E> {
        Ok(Yaml::String(value.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Yaml, A::Error> {
        let mut nodes = Vec::new();
        while let Some(node) = list.next_element()? {
            nodes.push(node);
        }
        Ok(Yaml::List(nodes))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Yaml, A::Error> {
        let mut entries: Vec<Entry> = Vec::new();
        while let Some(key) = map.next_key::<Spanned<String>>()? {
            entries.push(Entry { line: line(&key), key: key.value, node: map.next_value()? });
        }
        Ok(Yaml::Map(entries))
    }
}
