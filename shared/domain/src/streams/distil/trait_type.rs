//! Pure. Types of traits, and the conversion of JSON values to them.

use serde_json::Value as Json;

use super::datetime;
use crate::notification::event::Value;

/// The type of a trait.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TraitType {
    /// Any text.
    #[default]
    Text,
    /// An integer.
    Int,
    /// Any finite number.
    Float,
    /// A time in UTC.
    Datetime,
}

impl TraitType {
    /// Returns the type with this name in definitions.
    pub fn from_name(name: &str) -> Option<Self> {
        match name {
            "text" => Some(Self::Text),
            "int" => Some(Self::Int),
            "float" => Some(Self::Float),
            "datetime" => Some(Self::Datetime),
            _ => None,
        }
    }

    /// Converts a value to this type. `None` if it is null, or an empty string for another type than text.
    pub fn convert(self, value: &Json) -> Result<Option<Value>, String> {
        let converted = match (self, value) {
            (_, Json::Null) => return Ok(None),
            (Self::Int | Self::Float | Self::Datetime, Json::String(text)) if text.is_empty() => {
                return Ok(None);
            }
            (Self::Text, value) => Some(Value::Text(to_text(value))),
            (Self::Int, value) => to_int(value).map(Value::Int),
            (Self::Float, value) => to_float(value).map(Value::Float),
            (Self::Datetime, Json::String(text)) => datetime::parse(text).map(Value::Datetime),
            (Self::Datetime, Json::Bool(_) | Json::Number(_) | Json::Array(_) | Json::Object(_)) => None,
        };
        converted.map(Some).ok_or_else(|| format!("invalid {} {value}", self.name()))
    }

    fn name(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Int => "int",
            Self::Float => "float",
            Self::Datetime => "datetime",
        }
    }
}

/// Formats a value as text: booleans like Python, lists and objects as JSON.
pub fn to_text(value: &Json) -> String {
    match value {
        Json::String(text) => text.clone(),
        Json::Bool(true) => "True".to_owned(),
        Json::Bool(false) => "False".to_owned(),
        Json::Null | Json::Number(_) | Json::Array(_) | Json::Object(_) => value.to_string(),
    }
}

fn to_int(value: &Json) -> Option<i64> {
    match value {
        Json::Bool(value) => Some(i64::from(*value)),
        Json::Number(number) => number.as_i64().or_else(|| number.as_f64().and_then(truncated)),
        Json::String(text) => text.trim().parse().ok(),
        Json::Null | Json::Array(_) | Json::Object(_) => None,
    }
}

/// Truncates a number to an integer. `None` if it is out of range.
fn truncated(number: f64) -> Option<i64> {
    // Parsed from digits, because a cast would saturate.
    format!("{:.0}", number.trunc()).parse().ok()
}

fn to_float(value: &Json) -> Option<f64> {
    let number = match value {
        Json::Bool(value) => Some(f64::from(u8::from(*value))),
        Json::Number(number) => number.as_f64(),
        Json::String(text) => text.trim().parse().ok(),
        Json::Null | Json::Array(_) | Json::Object(_) => None,
    };
    number.filter(|number| number.is_finite())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::time::Micros;

    fn text(text: &str) -> Value {
        Value::Text(text.to_owned())
    }

    #[test]
    fn every_value_converts_to_text() {
        for (value, expected) in [
            (json!("a"), "a"),
            (json!(""), ""),
            (json!(512), "512"),
            (json!(512.0), "512.0"),
            (json!(true), "True"),
            (json!(false), "False"),
            (json!(["a", 1]), r#"["a",1]"#),
            (json!({"a": {"b": null}}), r#"{"a":{"b":null}}"#),
        ] {
            assert_eq!(TraitType::Text.convert(&value), Ok(Some(text(expected))), "{value}");
        }
    }

    #[test]
    fn integers_are_truncated_and_parsed() {
        for (value, expected) in [
            (json!(20), Some(20)),
            (json!(" +20 "), Some(20)),
            (json!(-3.9), Some(-3)),
            (json!(3.9), Some(3)),
            (json!(true), Some(1)),
            (json!("1.25"), None),
            (json!("many"), None),
            (json!(" "), None),
            (json!(u64::MAX), None),
            (json!(1e30), None),
            (json!([1]), None),
            (json!({}), None),
        ] {
            assert_eq!(TraitType::Int.convert(&value).ok().flatten(), expected.map(Value::Int), "{value}");
        }
        assert_eq!(TraitType::Int.convert(&json!("1.25")), Err("invalid int \"1.25\"".to_owned()));
    }

    #[test]
    fn floats_are_finite() {
        for (value, expected) in [
            (json!(512), Some(512.0)),
            (json!("1.25"), Some(1.25)),
            (json!(false), Some(0.0)),
            (json!("nan"), None),
            (json!("inf"), None),
            (json!("x"), None),
            (json!([]), None),
        ] {
            assert_eq!(
                TraitType::Float.convert(&value).ok().flatten(),
                expected.map(Value::Float),
                "{value}"
            );
        }
    }

    #[test]
    fn only_strings_are_datetimes() {
        let at = Value::Datetime(Micros(1_710_460_800_000_000));
        assert_eq!(TraitType::Datetime.convert(&json!("2024-03-15")), Ok(Some(at)));
        for value in [json!(1_710_460_800), json!(true), json!("soon"), json!([]), json!({})] {
            assert_eq!(TraitType::Datetime.convert(&value), Err(format!("invalid datetime {value}")));
        }
    }

    #[test]
    fn null_has_no_value_and_an_empty_string_only_as_text() {
        assert_eq!(TraitType::Text.convert(&json!("")), Ok(Some(text(""))));
        for trait_type in [TraitType::Int, TraitType::Float, TraitType::Datetime] {
            assert_eq!(trait_type.convert(&json!("")), Ok(None));
        }
        for trait_type in [TraitType::Text, TraitType::Int, TraitType::Float, TraitType::Datetime] {
            assert_eq!(trait_type.convert(&json!(null)), Ok(None));
            assert_eq!(TraitType::from_name(trait_type.name()), Some(trait_type));
        }
        assert_eq!(TraitType::from_name("numeric"), None);
    }
}
