//! Examples of triggers.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::*;
use crate::notification::event::Value;
use crate::streams::definition_file::DefinitionFile;
use crate::streams::timex::TimeRange;

mod criteria;
mod loading;
mod shipped;

fn at(text: &str) -> Micros {
    Micros::parse(text).expect(text)
}

/// The usage record of a day, ten minutes after its end.
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

/// A minimal trigger definition with added or replaced keys.
fn definition(keys: &str) -> String {
    let mut text = String::from("- name: t\n");
    let minimal = [
        ("expiration", "$last + 1d"),
        ("fire_pipeline", "p"),
        ("match_criteria", "[{}]"),
        ("fire_criteria", "[]"),
    ];
    for (key, value) in minimal {
        if !keys.contains(&format!("{key}:")) {
            let _ = writeln!(text, "  {key}: {value}");
        }
    }
    for line in keys.lines() {
        let _ = writeln!(text, "  {line}");
    }
    text
}

fn load(text: &str) -> Result<LoadedTriggers, String> {
    Triggers::load(&DefinitionFile::new("triggers.yaml", text)).map_err(|error| error.to_string())
}

fn trigger(keys: &str) -> Trigger {
    let text = definition(keys);
    let loaded = load(&text).unwrap_or_else(|error| panic!("{error}\n{text}"));
    loaded.triggers.0.into_iter().next().expect("one trigger")
}
