//! Pure. A definition file as a tree that knows its lines, so that what is wrong or unknown can be pointed at.

use std::fmt;

use serde::de::{MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_saphyr::Spanned;

use crate::streams::definition_file::line;

/// A value with the line on which it was written.
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
    Text(String),
    List(Vec<Node>),
    Map(Vec<Entry>),
}

/// An entry of a map, in the order of the file.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Entry {
    pub(super) key: String,
    pub(super) line: u64,
    pub(super) node: Node,
}

/// Something to say about a line.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Remark {
    pub(super) line: u64,
    pub(super) reason: String,
}

impl Remark {
    pub(super) fn new(line: u64, reason: impl Into<String>) -> Self {
        Self { line, reason: reason.into() }
    }
}

/// A map whose keys are known.
#[derive(Debug)]
pub(super) struct Map {
    what: &'static str,
    pub(super) line: u64,
    entries: Vec<Entry>,
}

impl Map {
    pub(super) fn of(node: Node, what: &'static str) -> Result<Self, Remark> {
        Ok(Self { what, line: node.line, entries: node.map(what)? })
    }

    /// The value of a key. A key without a value is as good as none.
    pub(super) fn take(&mut self, key: &str) -> Option<Node> {
        let at = self.entries.iter().position(|entry| entry.key == key)?;
        Some(self.entries.remove(at).node).filter(|node| node.value != Yaml::Null)
    }

    pub(super) fn require(&mut self, key: &str) -> Result<Node, Remark> {
        self.take(key).ok_or_else(|| Remark::new(self.line, format!("{} needs '{key}'", self.what)))
    }

    /// Remarks on every key that nobody took.
    pub(super) fn ignore_rest(self, ignored: &mut Vec<Remark>) {
        let what = self.what;
        let remark =
            |entry: Entry| Remark::new(entry.line, format!("{what} has no '{}': ignored", entry.key));
        ignored.extend(self.entries.into_iter().map(remark));
    }
}

impl Node {
    pub(super) fn text(self, what: &str) -> Result<String, Remark> {
        match self.value {
            Yaml::Text(text) => Ok(text),
            _ => Err(self.instead_of(what)),
        }
    }

    pub(super) fn list(self, what: &str) -> Result<Vec<Self>, Remark> {
        match self.value {
            Yaml::List(nodes) => Ok(nodes),
            _ => Err(self.instead_of(what)),
        }
    }

    pub(super) fn map(self, what: &str) -> Result<Vec<Entry>, Remark> {
        match self.value {
            Yaml::Map(entries) => Ok(entries),
            _ => Err(self.instead_of(what)),
        }
    }

    /// A whole number that is not negative.
    pub(super) fn count<T: TryFrom<u64>>(self, what: &str) -> Result<T, Remark> {
        let count = match self.value {
            Yaml::Int(number) => u64::try_from(number).ok().and_then(|number| T::try_from(number).ok()),
            _ => None,
        };
        count.ok_or_else(|| self.instead_of(what))
    }

    fn instead_of(&self, what: &str) -> Remark {
        Remark::new(self.line, format!("expected {what}, found {}", self.value.kind()))
    }
}

impl Yaml {
    /// What it is, for messages.
    pub(super) fn kind(&self) -> &'static str {
        match self {
            Self::Null => "nothing",
            Self::Bool(_) => "a boolean",
            Self::Int(_) => "a whole number",
            Self::Float(_) => "a number",
            Self::Text(_) => "a text",
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
        Ok(Yaml::Text(value.to_owned()))
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
