//! Pure. Plugins: what makes one value out of those that a trait's paths lead to.

use serde::Deserialize;
use serde_json::Value;

use super::kind;
use super::path::Match;
use crate::streams::definition_file::Named;

/// A plugin with its parameters.
#[derive(Clone, Debug, PartialEq)]
pub enum Plugin {
    /// `split`: one segment of a text.
    Split(Split),
    /// `bitfield`: one bit for each flag that is set.
    Bitfield(Bitfield),
}

/// Takes the first value apart.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Split {
    /// What stands between the segments.
    separator: String,
    /// Which segment, from 0; negative ones count from the end.
    segment: i64,
    /// How many times the text is cut at most; all the way when absent or negative.
    #[serde(rename = "max_split")]
    cuts: Option<i64>,
}

impl Default for Split {
    fn default() -> Self {
        Self { separator: ".".to_owned(), segment: 0, cuts: None }
    }
}

/// Sets bits of a number.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Bitfield {
    /// What the bits are added to.
    #[serde(rename = "initial_bitfield")]
    initial: i64,
    flags: Vec<Flag>,
}

/// A bit, and when it is set.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
struct Flag {
    /// Where the value stands, in full, such as `payload.state`.
    path: String,
    /// Which bit, from 0.
    bit: u32,
    /// What the value must be, its type included; anything when absent.
    value: Option<Value>,
}

/// The bits that a trait of type int can hold without its sign.
const BITS: u32 = 63;

impl Plugin {
    /// The plugin of this name, or what is wrong with it.
    pub fn named(named: &Named) -> Result<Self, String> {
        match named.name.as_str() {
            "split" => {
                let split: Split = named.parameters()?;
                if split.separator.is_empty() {
                    return Err("the separator of 'split' is empty".to_owned());
                }
                Ok(Self::Split(split))
            }
            "bitfield" => {
                let bitfield: Bitfield = named.parameters()?;
                match bitfield.flags.iter().find(|flag| flag.bit >= BITS) {
                    Some(flag) => Err(format!("bit {} of 'bitfield' is beyond {}", flag.bit, BITS - 1)),
                    None => Ok(Self::Bitfield(bitfield)),
                }
            }
            other => Err(format!("unknown plugin '{other}': there are bitfield and split")),
        }
    }

    /// Whether it asks for the paths of the values.
    pub fn wants_paths(&self) -> bool {
        match self {
            Self::Split(_) => false,
            Self::Bitfield(_) => true,
        }
    }

    /// The trait's value, before it becomes the trait's type; none for no trait.
    pub fn value(&self, matches: &[Match<'_>]) -> Option<Value> {
        match self {
            Self::Split(split) => split.segment(&kind::text(&matches.first()?.value)).map(Value::String),
            Self::Bitfield(bitfield) => Some(Value::from(bitfield.bits(matches))),
        }
    }
}

impl Split {
    fn segment(&self, text: &str) -> Option<String> {
        let cuts = self.cuts.and_then(|most| usize::try_from(most).ok());
        let segments: Vec<&str> = match cuts {
            Some(most) => text.splitn(most.saturating_add(1), &self.separator).collect(),
            None => text.split(&self.separator).collect(),
        };
        let place = match usize::try_from(self.segment) {
            Ok(place) => place,
            Err(_) => segments.len().checked_sub(usize::try_from(self.segment.unsigned_abs()).ok()?)?,
        };
        segments.get(place).map(|segment| (*segment).to_owned())
    }
}

impl Bitfield {
    fn bits(&self, matches: &[Match<'_>]) -> i64 {
        let set = |flag: &&Flag| {
            let mut found = matches.iter().filter(|found| found.path == flag.path);
            found.any(|found| flag.value.as_ref().is_none_or(|value| *value == *found.value))
        };
        self.flags.iter().filter(set).fold(self.initial, |bits, flag| bits | (1 << flag.bit))
    }
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use serde_json::json;

    use super::*;

    fn named(name: &str, parameters: Value) -> Result<Plugin, String> {
        let Value::Object(parameters) = parameters else { panic!("parameters are a map") };
        Plugin::named(&Named { name: name.to_owned(), parameters })
    }

    #[test]
    fn a_text_is_cut_and_a_segment_is_taken() {
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
            let split = named("split", parameters.clone()).expect("it is right");
            let value = json!("a.b.c");
            let matches = [Match { value: Cow::Borrowed(&value), path: String::new() }];
            assert_eq!(split.value(&matches), expected.map(Value::from), "{parameters}");
            assert_eq!(split.value(&[]), None);
        }
    }

    #[test]
    fn a_flag_is_set_by_its_path_and_by_its_value_with_its_type() {
        let bitfield = named(
            "bitfield",
            json!({"initial_bitfield": 8, "flags": [
                {"path": "a", "bit": 0, "value": 1},
                {"path": "b", "bit": 1},
                {"path": "c", "bit": 2, "value": "1"}
            ]}),
        )
        .expect("it is right");
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
    fn a_wrong_plugin_says_what_is_wrong() {
        for (name, parameters, expected) in [
            ("cut", json!({}), "unknown plugin 'cut': there are bitfield and split"),
            ("split", json!({"separator": ""}), "the separator of 'split' is empty"),
            (
                "split",
                json!({"segments": 1}),
                "the parameters of 'split': unknown field `segments`, expected one of `separator`, `segment`, `max_split`",
            ),
            (
                "split",
                json!({"segment": "x"}),
                "the parameters of 'split': invalid type: string \"x\", expected i64",
            ),
            ("bitfield", json!({"flags": [{"path": "a", "bit": 63}]}), "bit 63 of 'bitfield' is beyond 62"),
            (
                "bitfield",
                json!({"flags": [{"bit": 1}]}),
                "the parameters of 'bitfield': missing field `path`",
            ),
        ] {
            assert_eq!(named(name, parameters), Err(expected.to_owned()));
        }
    }
}
