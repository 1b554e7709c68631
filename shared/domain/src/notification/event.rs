//! Pure. An event: what a notification says, flat, as triggers match it and streams collect it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::time::Micros;

/// What happened, with its traits. Never changes once it is stored.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Event {
    /// The notification's own, unique.
    #[serde(rename = "mi")]
    pub message_id: String,
    /// What happened, for example `compute.instance.create.end`.
    #[serde(rename = "et")]
    pub event_type: String,
    /// When it happened.
    #[serde(rename = "wh")]
    pub timestamp: Micros,
    /// Everything else, by name. A trait without a value is absent.
    #[serde(rename = "tr")]
    pub traits: BTreeMap<String, Value>,
}

/// The value of a trait; its type counts: the number 512 is not the text "512".
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
    /// A trait by name. The three fields that every event has count as traits too.
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
    /// The value as JSON has it; a time as `2015-02-28T13:30:00+00:00`.
    pub fn plain(&self) -> serde_json::Value {
        match self {
            Self::Text(text) => text.as_str().into(),
            Self::Int(number) => (*number).into(),
            Self::Float(number) => (*number).into(),
            Self::Datetime(at) => at.to_utc().to_rfc3339().into(),
        }
    }

    /// Whether it is this text, or written so.
    pub fn is_text(&self, text: &str) -> bool {
        match self {
            Self::Text(value) => value == text,
            Self::Int(value) => value.to_string() == text,
            Self::Float(value) => value.to_string() == text,
            Self::Datetime(_) => false,
        }
    }
}
