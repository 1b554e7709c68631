//! `steward check-definitions`: whether definitions can be used, and what they make of sample notifications.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result, bail};
use chrono::Utc;
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

/// Check definitions of events, triggers and pipelines, and print what each sample event would do
#[derive(Args, Debug)]
pub struct CheckDefinitions {
    /// Files named definitions.yaml, triggers.yaml or pipelines.yaml; what is not given is as Steward comes with it
    #[arg(required = true)]
    files: Vec<PathBuf>,
    /// Notifications to try, a JSON array, in place of the samples
    #[arg(long, value_name = "FILE")]
    notifications: Option<PathBuf>,
}

impl CheckDefinitions {
    /// Prints what the definitions do; an error names the file and the line that are wrong.
    pub fn run(self) -> Result<()> {
        let rules = self.rules()?;
        for warning in &rules.warnings {
            println!("{warning}");
        }
        let now = Clock::system().now();
        for notification in self.notifications(now)? {
            println!("{}", outcome(&rules, &notification, Micros::from(now)));
        }
        Ok(())
    }

    fn rules(&self) -> Result<Definitions> {
        let mut texts = Definitions::shipped_files();
        for file in &self.files {
            let name = file.file_name().and_then(|name| name.to_str()).unwrap_or_default();
            let Some(place) = FILES.iter().position(|known| *known == name) else {
                bail!("{}: a file is named {}", file.display(), FILES.join(", "));
            };
            let text =
                fs::read_to_string(file).with_context(|| format!("{} cannot be read", file.display()))?;
            texts[place] = DefinitionFile::new(file.display().to_string(), text);
        }
        Ok(Definitions::load(&texts)?)
    }

    fn notifications(&self, now: chrono::DateTime<Utc>) -> Result<Vec<Value>> {
        let text = match &self.notifications {
            None => samples::notifications(now)?,
            Some(file) => {
                fs::read_to_string(file).with_context(|| format!("{} cannot be read", file.display()))?
            }
        };
        serde_json::from_str(&text).context("the notifications are no JSON array")
    }
}

/// What becomes of a notification, in a few lines.
fn outcome(rules: &Definitions, notification: &Value, now: Micros) -> String {
    let none = serde_json::Map::new();
    let body = notification.as_object().unwrap_or(&none);
    let name = body.get("event_type").and_then(Value::as_str).unwrap_or("?").to_owned();
    match rules.events.distil(body, now) {
        Distilled::Dropped(reason) => format!("{name}: no event, {reason}"),
        Distilled::Event { event, warnings } => {
            let mut lines = vec![format!("{name}: {}", traits(&event))];
            lines.extend(warnings.iter().map(|warning| format!("  without {warning}")));
            lines.extend(triggers(rules, &event));
            lines.join("\n")
        }
    }
}

fn triggers(rules: &Definitions, event: &Event) -> Vec<String> {
    let of = |trigger: &Trigger| match trigger.match_event(event) {
        Ok(found) => {
            let apart: Vec<_> =
                found.iter().map(|(name, value)| format!("{name} {}", apart(value))).collect();
            let met = if trigger.fire_criteria_met_by(event).is_empty() {
                ""
            } else {
                ", and meets its fire criteria"
            };
            format!("  joins {} of {}{met}", trigger.name, apart.join(", "))
        }
        Err(mismatches) => {
            let reasons: Vec<_> = mismatches.iter().map(ToString::to_string).collect();
            format!("  joins no {}: {}", trigger.name, reasons.join("; "))
        }
    };
    rules.triggers.iter().map(of).collect()
}

fn apart(value: &DistinguishingValue) -> String {
    match value {
        DistinguishingValue::Value(value) => value.to_json().to_string(),
        DistinguishingValue::Range(range) => format!("{} to {}", range.begin, range.end),
    }
}

fn traits(event: &Event) -> String {
    let written = |value: &Trait| value.to_json().to_string();
    let traits: Vec<_> =
        event.traits.iter().map(|(name, value)| format!("{name} {}", written(value))).collect();
    traits.join(", ")
}
