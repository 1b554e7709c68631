//! Pure. Plugins, which compute the value of a trait from those that its paths find.

use serde::Deserialize;
use serde_json::Value as Json;

use super::path::Match;
use super::trait_type;
use crate::streams::definition_file::component::Component;

/// A plugin with its parameters.
#[derive(Clone, Debug, PartialEq)]
pub enum Plugin {
    /// `split`: a segment of the first value.
    Split(SplitPlugin),
    /// `bitfield`: a number with a bit for each flag that is set.
    Bitfield(Bitfield),
}

/// Splits the first value and selects a segment.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SplitPlugin {
    /// The separator of the segments.
    separator: String,
    /// The index of the segment. A negative index counts from the end.
    segment: i64,
    /// The maximum number of splits. `None` and negative numbers mean no limit.
    max_split: Option<i64>,
}

impl Default for SplitPlugin {
    fn default() -> Self {
        Self { separator: ".".to_owned(), segment: 0, max_split: None }
    }
}

/// Sets a bit for each flag that matches.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Bitfield {
    /// The value without any flags.
    #[serde(rename = "initial_bitfield")]
    initial: i64,
    flags: Vec<Flag>,
}

/// A bit and the condition that sets it.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
struct Flag {
    /// The full path of the value, such as `payload.state`.
    path: String,
    /// The bit, from 0.
    bit: u32,
    /// The required value, compared with its type. `None` accepts any value.
    value: Option<Json>,
}

/// The highest bit of a positive integer.
const MAX_BIT: u32 = 62;

impl Plugin {
    /// Creates the plugin that a definition names. Fails if it is unknown or its parameters are invalid.
    pub fn new(component: &Component) -> Result<Self, String> {
        match component.name.as_str() {
            "split" => {
                let split: SplitPlugin = component.parameters()?;
                if split.separator.is_empty() {
                    return Err("the separator of 'split' is empty".to_owned());
                }
                Ok(Self::Split(split))
            }
            "bitfield" => {
                let bitfield: Bitfield = component.parameters()?;
                match bitfield.flags.iter().find(|flag| flag.bit > MAX_BIT) {
                    Some(flag) => {
                        Err(format!("invalid bit {} of 'bitfield': expected at most {MAX_BIT}", flag.bit))
                    }
                    None => Ok(Self::Bitfield(bitfield)),
                }
            }
            other => Err(format!("unknown plugin '{other}': expected bitfield or split")),
        }
    }

    /// Whether the plugin reads the paths of the values.
    pub fn needs_paths(&self) -> bool {
        match self {
            Self::Split(_) => false,
            Self::Bitfield(_) => true,
        }
    }

    /// Computes the trait's value, which is yet to be converted to the trait's type.
    pub fn value(&self, matches: &[Match<'_>]) -> Option<Json> {
        match self {
            Self::Split(split) => {
                split.segment(&trait_type::to_text(&matches.first()?.value)).map(Json::String)
            }
            Self::Bitfield(bitfield) => Some(Json::from(bitfield.bits(matches))),
        }
    }
}

impl SplitPlugin {
    fn segment(&self, text: &str) -> Option<String> {
        let max_split = self.max_split.and_then(|max| usize::try_from(max).ok());
        let segments: Vec<&str> = match max_split {
            Some(max) => text.splitn(max.saturating_add(1), &self.separator).collect(),
            None => text.split(&self.separator).collect(),
        };
        let index = match usize::try_from(self.segment) {
            Ok(index) => index,
            Err(_) => segments.len().checked_sub(usize::try_from(self.segment.unsigned_abs()).ok()?)?,
        };
        segments.get(index).map(|segment| (*segment).to_owned())
    }
}

impl Bitfield {
    fn bits(&self, matches: &[Match<'_>]) -> i64 {
        let is_set = |flag: &&Flag| {
            let mut found = matches.iter().filter(|found| found.path == flag.path);
            found.any(|found| flag.value.as_ref().is_none_or(|value| *value == *found.value))
        };
        self.flags.iter().filter(is_set).fold(self.initial, |bits, flag| bits | (1 << flag.bit))
    }
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use serde_json::json;

    use super::*;

    fn plugin(name: &str, parameters: Json) -> Result<Plugin, String> {
        let Json::Object(parameters) = parameters else { panic!("parameters are an object") };
        Plugin::new(&Component { name: name.to_owned(), parameters })
    }

    #[test]
    fn split_selects_a_segment() {
        for (parameters, expected) in [
            (json!({}), Some("a")),
            (json!({"segment": 1}), Some("b")),
            (json!({"segment": 1, "max_split": 1}), Some("b.c")),
            (json!({"segment": 1, "max_split": null}), Some("b")),
            (json!({"segment": 2, "max_split": -1}), Some("c")),
            (json!({"max_split": 0}), Some("a.b.c")),
            (json!({"segment": 3}), None),
            (json!({"segment": -1}), Some("c")),
            (json!({"segment": -3}), Some("a")),
            (json!({"segment": -4}), None),
            (json!({"separator": ".b."}), Some("a")),
        ] {
            let split = plugin("split", parameters.clone()).expect("a valid plugin");
            let value = json!("a.b.c");
            let matches = [Match { value: Cow::Borrowed(&value), path: String::new() }];
            assert_eq!(split.value(&matches), expected.map(Json::from), "{parameters}");
            assert_eq!(split.value(&[]), None);
        }
    }

    #[test]
    fn a_flag_is_set_by_path_and_typed_value() {
        let bitfield = plugin(
            "bitfield",
            json!({"initial_bitfield": 8, "flags": [
                {"path": "a", "bit": 0, "value": 1},
                {"path": "b", "bit": 1},
                {"path": "c", "bit": 2, "value": "1"}
            ]}),
        )
        .expect("a valid plugin");
        let (one, text) = (json!(1), json!("1"));
        for (path, value, expected) in [
            ("a", &one, 9),
            ("a", &text, 8),
            ("b", &one, 10),
            ("b", &text, 10),
            ("c", &one, 8),
            ("c", &text, 12),
            ("d", &one, 8),
        ] {
            let matches = [Match { value: Cow::Borrowed(value), path: path.to_owned() }];
            assert_eq!(bitfield.value(&matches), Some(json!(expected)), "{path} {value}");
        }
        assert_eq!(bitfield.value(&[]), Some(json!(8)));
    }

    #[test]
    fn invalid_plugins_are_rejected() {
        for (name, parameters, expected) in [
            ("cut", json!({}), "unknown plugin 'cut': expected bitfield or split"),
            ("split", json!({"separator": ""}), "the separator of 'split' is empty"),
            (
                "split",
                json!({"segments": 1}),
                "invalid parameters of 'split': unknown field `segments`, expected one of `separator`, `segment`, `max_split`",
            ),
            (
                "split",
                json!({"segment": "x"}),
                "invalid parameters of 'split': invalid type: string \"x\", expected i64",
            ),
            (
                "bitfield",
                json!({"flags": [{"path": "a", "bit": 63}]}),
                "invalid bit 63 of 'bitfield': expected at most 62",
            ),
            (
                "bitfield",
                json!({"flags": [{"bit": 1}]}),
                "invalid parameters of 'bitfield': missing field `path`",
            ),
        ] {
            assert_eq!(plugin(name, parameters), Err(expected.to_owned()));
        }
    }
}
