//! `steward check-definitions`: validates definitions of streams, and applies them to sample notifications.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use chrono::{DateTime, Utc};
use clap::Args;
use domain::notification::event::{Event, Value as Trait};
use domain::platform::clock::Clock;
use domain::streams::definition_file::DefinitionFile;
use domain::streams::definitions::{Definitions, FILES};
use domain::streams::distil::Distilled;
use domain::streams::trigger::{DistinguishingValue, Trigger};
use domain::time::Micros;
use serde_json::Value;

use crate::samples;

/// Check definitions of events, triggers and pipelines, and print their effect on sample notifications
#[derive(Args, Debug)]
pub struct CheckDefinitions {
    /// Files named definitions.yaml, triggers.yaml or pipelines.yaml; those of Steward replace missing ones
    #[arg(required = true)]
    files: Vec<PathBuf>,
    /// File of notifications, a JSON array, to use instead of the samples
    #[arg(long, value_name = "FILE")]
    notifications: Option<PathBuf>,
}

impl CheckDefinitions {
    /// Prints the effect of the definitions. Fails with the file and the line of a mistake.
    pub fn run(self) -> Result<()> {
        let rules = self.rules()?;
        for warning in &rules.warnings {
            println!("{warning}");
        }
        let now = Clock::system().now();
        for notification in self.notifications(now)? {
            println!("{}", effect(&rules, &notification, Micros::from(now)));
        }
        Ok(())
    }

    fn rules(&self) -> Result<Definitions> {
        let mut texts = Definitions::shipped_files();
        for file in &self.files {
            let name = file.file_name().and_then(|name| name.to_str()).unwrap_or_default();
            let Some(index) = FILES.iter().position(|known| *known == name) else {
                bail!("unexpected file name {}: expected one of {}", file.display(), FILES.join(", "));
            };
            texts[index] = DefinitionFile::new(file.display().to_string(), read(file)?);
        }
        Ok(Definitions::load(&texts)?)
    }

    fn notifications(&self, now: DateTime<Utc>) -> Result<Vec<Value>> {
        let text = match &self.notifications {
            None => samples::notifications(now)?,
            Some(file) => read(file)?,
        };
        serde_json::from_str(&text).context("the notifications are not a JSON array")
    }
}

fn read(file: &Path) -> Result<String> {
    fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))
}

/// Describes the effect of the definitions on a notification in a few lines.
fn effect(rules: &Definitions, notification: &Value, now: Micros) -> String {
    let empty = serde_json::Map::new();
    let body = notification.as_object().unwrap_or(&empty);
    let event_type = body.get("event_type").and_then(Value::as_str).unwrap_or("?").to_owned();
    match rules.events.distil(body, now) {
        Distilled::Dropped(reason) => format!("{event_type}: no event, {reason}"),
        Distilled::Event { event, warnings } => {
            let mut lines = vec![format!("{event_type}: {}", traits(&event))];
            lines.extend(warnings.iter().map(|warning| format!("  without {warning}")));
            lines.extend(rules.triggers.iter().map(|trigger| trigger_effect(trigger, &event)));
            lines.join("\n")
        }
    }
}

/// Describes the stream that a trigger adds an event to, or why it does not match.
fn trigger_effect(trigger: &Trigger, event: &Event) -> String {
    let name = &trigger.name;
    match trigger.match_event(event) {
        Ok(found) => {
            let values: Vec<_> =
                found.iter().map(|(name, value)| format!("{name} {}", distinguishing(value))).collect();
            let met = if trigger.fire_criteria_met_by(event).is_empty() {
                ""
            } else {
                ", and meets its fire criteria"
            };
            format!("  joins the stream of {name} with {}{met}", values.join(", "))
        }
        Err(mismatches) => {
            let reasons: Vec<_> = mismatches.iter().map(ToString::to_string).collect();
            format!("  joins no stream of {name}: {}", reasons.join("; "))
        }
    }
}

fn distinguishing(value: &DistinguishingValue) -> String {
    match value {
        DistinguishingValue::Value(value) => value.to_json().to_string(),
        DistinguishingValue::Range(range) => format!("{} to {}", range.begin, range.end),
    }
}

fn traits(event: &Event) -> String {
    let plain = |value: &Trait| value.to_json().to_string();
    let traits: Vec<_> =
        event.traits.iter().map(|(name, value)| format!("{name} {}", plain(value))).collect();
    traits.join(", ")
}
