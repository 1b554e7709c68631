//! Triggers by examples.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::*;
use crate::notification::event::Value;
use crate::streams::timex::Range;

mod criteria;
mod loading;
mod shipped;

fn at(text: &str) -> Micros {
    Micros::parse(text).expect(text)
}

/// The record of a day, ten minutes after it.
fn exists() -> Event {
    let times = [
        ("launched_at", "2024-03-14 09:00:00"),
        ("audit_period_beginning", "2024-03-14 00:00:00"),
        ("audit_period_ending", "2024-03-15 00:00:00"),
    ];
    let mut traits: BTreeMap<String, Value> =
        times.iter().map(|(name, time)| ((*name).to_owned(), Value::Datetime(at(time)))).collect();
    traits.insert("memory_mb".to_owned(), Value::Int(512));
    traits.insert("load".to_owned(), Value::Float(0.75));
    traits.insert("state".to_owned(), Value::Text("active".to_owned()));
    Event {
        message_id: "m-1".to_owned(),
        event_type: "compute.instance.exists".to_owned(),
        timestamp: at("2024-03-15 00:10:00"),
        traits,
    }
}

/// A trigger with more or other keys than the least.
fn definition(keys: &str) -> String {
    let mut text = String::from("- name: t\n");
    let least = [
        ("expiration", "$last + 1d"),
        ("fire_pipeline", "p"),
        ("match_criteria", "[{}]"),
        ("fire_criteria", "[]"),
    ];
    for (key, value) in least {
        if !keys.contains(&format!("{key}:")) {
            let _ = writeln!(text, "  {key}: {value}");
        }
    }
    for line in keys.lines() {
        let _ = writeln!(text, "  {line}");
    }
    text
}

fn load(text: &str) -> Result<Loaded, String> {
    Triggers::load("triggers.yaml", text).map_err(|error| error.to_string())
}

fn trigger(keys: &str) -> Trigger {
    let text = definition(keys);
    let loaded = load(&text).unwrap_or_else(|error| panic!("{error}\n{text}"));
    loaded.triggers.0.into_iter().next().expect("there is one")
}
