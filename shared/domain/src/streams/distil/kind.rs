//! Pure. The types of traits, and how a value of a notification becomes one.

use serde_json::Value as Json;

use super::when;
use crate::notification::event::Value;

/// The type of a trait.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Kind {
    /// Any text.
    #[default]
    Text,
    /// A whole number.
    Int,
    /// Any finite number.
    Float,
    /// A time, UTC.
    Datetime,
}

impl Kind {
    /// The type by its name in definitions.
    pub fn named(name: &str) -> Option<Self> {
        match name {
            "text" => Some(Self::Text),
            "int" => Some(Self::Int),
            "float" => Some(Self::Float),
            "datetime" => Some(Self::Datetime),
            _ => None,
        }
    }

    /// The value as this type: none where it is null, or blank and no text; what is wrong with it otherwise.
    pub fn read(self, value: &Json) -> Result<Option<Value>, String> {
        let read = match (self, value) {
            (_, Json::Null) => return Ok(None),
            (Self::Int | Self::Float | Self::Datetime, Json::String(text)) if text.is_empty() => {
                return Ok(None);
            }
            (Self::Text, value) => Some(Value::Text(text(value))),
            (Self::Int, value) => int(value).map(Value::Int),
            (Self::Float, value) => float(value).map(Value::Float),
            (Self::Datetime, Json::String(text)) => when::read(text).map(Value::Datetime),
            (Self::Datetime, Json::Bool(_) | Json::Number(_) | Json::Array(_) | Json::Object(_)) => None,
        };
        read.map(Some).ok_or_else(|| format!("{value} is no {}", self.name()))
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

/// A value as text, as Python prints it; lists and objects as JSON.
pub fn text(value: &Json) -> String {
    match value {
        Json::String(text) => text.clone(),
        Json::Bool(true) => "True".to_owned(),
        Json::Bool(false) => "False".to_owned(),
        Json::Null | Json::Number(_) | Json::Array(_) | Json::Object(_) => value.to_string(),
    }
}

fn int(value: &Json) -> Option<i64> {
    match value {
        Json::Bool(value) => Some(i64::from(*value)),
        Json::Number(number) => number.as_i64().or_else(|| number.as_f64().and_then(whole)),
        Json::String(text) => text.trim().parse().ok(),
        Json::Null | Json::Array(_) | Json::Object(_) => None,
    }
}

/// The number without its fraction, where an integer can hold it.
fn whole(number: f64) -> Option<i64> {
    // By its digits: a cast would turn what is too large into the largest integer.
    format!("{:.0}", number.trunc()).parse().ok()
}

fn float(value: &Json) -> Option<f64> {
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

    fn text_of(text: &str) -> Value {
        Value::Text(text.to_owned())
    }

    #[test]
    fn every_value_has_a_text() {
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
            assert_eq!(Kind::Text.read(&value), Ok(Some(text_of(expected))), "{value}");
        }
    }

    #[test]
    fn numbers_are_cut_to_integers_and_read_from_texts() {
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
            assert_eq!(Kind::Int.read(&value).ok().flatten(), expected.map(Value::Int), "{value}");
        }
        assert_eq!(Kind::Int.read(&json!("1.25")), Err("\"1.25\" is no int".to_owned()));
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
            assert_eq!(Kind::Float.read(&value).ok().flatten(), expected.map(Value::Float), "{value}");
        }
    }

    #[test]
    fn only_texts_are_times() {
        let at = Value::Datetime(Micros(1_710_460_800_000_000));
        assert_eq!(Kind::Datetime.read(&json!("2024-03-15")), Ok(Some(at)));
        for value in [json!(1_710_460_800), json!(true), json!("soon"), json!([]), json!({})] {
            assert_eq!(Kind::Datetime.read(&value), Err(format!("{value} is no datetime")));
        }
    }

    #[test]
    fn a_blank_is_a_text_and_no_number_and_null_is_nothing() {
        assert_eq!(Kind::Text.read(&json!("")), Ok(Some(text_of(""))));
        for kind in [Kind::Int, Kind::Float, Kind::Datetime] {
            assert_eq!(kind.read(&json!("")), Ok(None));
        }
        for kind in [Kind::Text, Kind::Int, Kind::Float, Kind::Datetime] {
            assert_eq!(kind.read(&json!(null)), Ok(None));
            assert_eq!(Kind::named(kind.name()), Some(kind));
        }
        assert_eq!(Kind::named("numeric"), None);
    }
}
