//! Pure. Definition files in YAML: read, or refused with the line that is wrong.

use std::fmt;

use serde::de::value::MapAccessDeserializer;
use serde::de::{DeserializeOwned, Error as _, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};
use serde_saphyr::{Error, MessageFormatter as _, Spanned, UserMessageFormatter};

/// Why a definition file was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{file}:{line}: {reason}")]
pub struct LoadError {
    /// The file's name, as it was given.
    pub file: String,
    /// The line that is wrong, from 1; 0 where no single line is.
    pub line: u64,
    /// What is wrong there.
    pub reason: String,
}

/// A definition file, by the name that its errors carry.
#[derive(Clone, Copy, Debug)]
pub struct Source<'a> {
    /// The file's name.
    pub file: &'a str,
    /// What it says.
    pub text: &'a str,
}

impl Source<'_> {
    /// Reads the file's shape. Merge keys (`<<: *name`) are followed; a key that is there twice is refused.
    pub fn read<T: DeserializeOwned>(&self) -> Result<T, LoadError> {
        // YAML would call it a list without elements, and a file that was cut off would drop every notification.
        if self
            .text
            .lines()
            .map(str::trim)
            .all(|line| line.is_empty() || line.starts_with('#') || line == "---")
        {
            return Err(self.refuse(0, "the file is empty"));
        }
        serde_saphyr::from_str(self.text).map_err(|error| {
            let line = error.location().map_or(0, |location| location.line());
            self.refuse(line, UserMessageFormatter.format_message(innermost(&error)))
        })
    }

    /// The refusal of a line that has the right shape and still means nothing.
    pub fn refuse(&self, line: u64, reason: impl Into<String>) -> LoadError {
        LoadError { file: self.file.to_owned(), line, reason: reason.into() }
    }
}

/// The error itself, without the excerpt of the file and the alias that led to it.
fn innermost(error: &Error) -> &Error {
    match error.without_snippet() {
        Error::AliasError { error, .. } => innermost(error),
        error => error,
    }
}

/// The line on which something was written, also when it stands elsewhere by an alias or a merge key.
pub fn line<T>(spanned: &Spanned<T>) -> u64 {
    spanned.defined.line()
}

/// One text, or a list of texts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Texts {
    /// A text by itself.
    One(String),
    /// A list, each text with its line.
    Many(Vec<Spanned<String>>),
}

impl Texts {
    /// Every text with its line; `line` is where the value as a whole stands.
    pub fn lines(&self, line: u64) -> Vec<(&str, u64)> {
        match self {
            Self::One(text) => vec![(text, line)],
            Self::Many(texts) => texts.iter().map(|text| (text.value.as_str(), self::line(text))).collect(),
        }
    }
}

impl<'de> Deserialize<'de> for Texts {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(TextsVisitor)
    }
}

struct TextsVisitor;

impl<'de> Visitor<'de> for TextsVisitor {
    type Value = Texts;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text or a list of texts")
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Texts, E> {
        Ok(Texts::One(text.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Texts, A::Error> {
        let mut texts = Vec::new();
        while let Some(text) = list.next_element()? {
            texts.push(text);
        }
        Ok(Texts::Many(texts))
    }
}

/// A name by itself, or a map of a name and the parameters that go with it.
#[derive(Clone, Debug, PartialEq)]
pub struct Named {
    /// What is named.
    pub name: String,
    /// Its parameters; none where the name stands alone.
    pub parameters: Map<String, Value>,
}

impl Named {
    /// The parameters as what the named thing takes, or what is wrong with them.
    pub fn parameters<T: DeserializeOwned>(&self) -> Result<T, String> {
        serde_json::from_value(Value::Object(self.parameters.clone()))
            .map_err(|error| format!("the parameters of '{}': {error}", self.name))
    }
}

/// The map form of [`Named`]. Definitions of events say `parameters`, those of pipelines `params`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WithParameters {
    name: String,
    #[serde(default, alias = "params")]
    parameters: Option<Map<String, Value>>,
}

impl<'de> Deserialize<'de> for Named {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(NamedVisitor)
    }
}

struct NamedVisitor;

impl<'de> Visitor<'de> for NamedVisitor {
    type Value = Named;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a name, or a map of a name and its parameters")
    }

    fn visit_str<E: serde::de::Error>(self, name: &str) -> Result<Named, E> {
        if name.is_empty() {
            return Err(E::custom("the name is missing"));
        }
        Ok(Named { name: name.to_owned(), parameters: Map::new() })
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Named, A::Error> {
        let named = WithParameters::deserialize(MapAccessDeserializer::new(map))?;
        if named.name.is_empty() {
            return Err(A::Error::custom("the name is missing"));
        }
        Ok(Named { name: named.name, parameters: named.parameters.unwrap_or_default() })
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde_json::json;

    use super::*;

    fn read<T: DeserializeOwned>(text: &str) -> Result<T, LoadError> {
        Source { file: "things.yaml", text }.read()
    }

    #[test]
    fn a_merge_key_brings_what_the_map_itself_does_not_say() {
        let text = "one: &one\n  a: 1\n  b: 2\ntwo:\n  <<: *one\n  b: 3\nthree:\n  b: 4\n  <<: *one\n";
        let maps: BTreeMap<String, BTreeMap<String, i64>> = read(text).expect("it is right");
        let plain = serde_json::to_value(maps).expect("it is JSON");
        assert_eq!(
            plain,
            json!({"one": {"a": 1, "b": 2}, "two": {"a": 1, "b": 3}, "three": {"a": 1, "b": 4}})
        );
    }

    #[test]
    fn what_came_by_an_alias_keeps_the_line_on_which_it_was_written() {
        let text = "one: &one\n  a: x\ntwo:\n  <<: *one\n  b: y\n";
        let maps: BTreeMap<String, BTreeMap<String, Spanned<String>>> = read(text).expect("it is right");
        assert_eq!((line(&maps["two"]["a"]), line(&maps["two"]["b"])), (2, 5));
    }

    #[test]
    fn texts_stand_alone_or_in_a_list() {
        let texts: Vec<Spanned<Texts>> = read("- a\n- [b, c]\n-\n  - d\n").expect("it is right");
        let lines: Vec<(&str, u64)> = texts.iter().flat_map(|texts| texts.value.lines(line(texts))).collect();
        assert_eq!(lines, [("a", 1), ("b", 2), ("c", 2), ("d", 4)]);
    }

    #[test]
    fn a_name_may_carry_parameters() {
        let named: Vec<Named> =
            read("- a\n- name: b\n- name: c\n  parameters: {x: 1}\n- name: d\n  params: {x: z}\n- {name: e, params: }\n")
                .expect("it is right");
        let plain: Vec<(String, Value)> =
            named.into_iter().map(|named| (named.name, Value::Object(named.parameters))).collect();
        let expected = [
            ("a", json!({})),
            ("b", json!({})),
            ("c", json!({"x": 1})),
            ("d", json!({"x": "z"})),
            ("e", json!({})),
        ];
        assert_eq!(plain, expected.map(|(name, parameters)| (name.to_owned(), parameters)));
    }

    #[test]
    fn what_is_wrong_is_said_with_its_line() {
        let mut said = Vec::new();
        for text in [
            "- a\n- {b: c}\n",
            "- a\n- {name: b, parms: {}}\n",
            "- a\n- 5\n",
            "- a\n- ''\n",
            "- a\n  - : [\n",
            "a: b\n",
        ] {
            let error = read::<Vec<Named>>(text).expect_err(text);
            said.push(error.to_string());
        }
        let error = read::<BTreeMap<String, Texts>>("a: b\nb: 5\n").expect_err("a number");
        said.push(error.to_string());
        let error = read::<BTreeMap<String, Texts>>("a: b\na: c\n").expect_err("twice");
        said.push(error.to_string());
        insta::assert_snapshot!(said.join("\n"), @r#"
        things.yaml:2: unknown field `b`, expected one of name, parameters, params
        things.yaml:2: unknown field `parms`, expected one of name, parameters, params
        things.yaml:2: invalid type: integer `5`, expected a name, or a map of a name and its parameters
        things.yaml:2: the name is missing
        things.yaml:2: mapping values are not allowed in this context
        things.yaml:1: expected sequence start
        things.yaml:2: invalid type: integer `5`, expected a text or a list of texts
        things.yaml:2: duplicate mapping key: a not allowed here
        "#);
    }
}
