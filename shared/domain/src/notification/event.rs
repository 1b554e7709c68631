//! Pure. Events: notifications distilled to flat traits, which triggers match and streams collect.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::time::Micros;

/// A distilled notification. Immutable once it is stored.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Event {
    /// The notification's unique id.
    #[serde(rename = "mi")]
    pub message_id: String,
    /// The kind of event, for example `compute.instance.create.end`.
    #[serde(rename = "et")]
    pub event_type: String,
    /// When the event happened.
    #[serde(rename = "wh")]
    pub timestamp: Micros,
    /// The traits by name. A trait without a value is absent.
    #[serde(rename = "tr")]
    pub traits: BTreeMap<String, Value>,
}

/// The value of a trait. Values of different types differ: the number 512 is not the text "512".
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Value {
    /// `text` in definitions.
    #[serde(rename = "s")]
    Text(String),
    /// `int`.
    #[serde(rename = "i")]
    Int(i64),
    /// `float`.
    #[serde(rename = "f")]
    Float(f64),
    /// `datetime`, UTC.
    #[serde(rename = "d")]
    Datetime(Micros),
}

impl Event {
    /// Returns a trait by name. The three fields that every event has are traits, too.
    pub fn get(&self, name: &str) -> Option<Value> {
        match name {
            "message_id" => Some(Value::Text(self.message_id.clone())),
            "event_type" => Some(Value::Text(self.event_type.clone())),
            "timestamp" => Some(Value::Datetime(self.timestamp)),
            _ => self.traits.get(name).cloned(),
        }
    }
}

impl Value {
    /// Converts the value to JSON; a time becomes `2015-02-28T13:30:00+00:00`.
    pub fn to_json(&self) -> serde_json::Value {
        match self {
            Self::Text(text) => text.as_str().into(),
            Self::Int(number) => (*number).into(),
            Self::Float(number) => (*number).into(),
            Self::Datetime(at) => at.to_utc().to_rfc3339().into(),
        }
    }

    /// Whether the value is this text, or a number that is written so.
    pub fn is_text(&self, text: &str) -> bool {
        match self {
            Self::Text(value) => value == text,
            Self::Int(value) => value.to_string() == text,
            Self::Float(value) => value.to_string() == text,
            Self::Datetime(_) => false,
        }
    }
}
