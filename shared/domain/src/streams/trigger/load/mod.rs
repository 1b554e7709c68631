//! Pure. Loads trigger definitions.

mod criterion;
mod expression;
mod node;

use std::fmt;

use self::criterion::criterion;
use self::expression::expression;
use self::node::{Fields, Finding, Node, Yaml};
use super::criterion::Criterion;
use super::distinguishing::Distinguisher;
use super::{DebugLevel, Trigger, Triggers};
use crate::streams::definition_file::{DefinitionFile, LoadError};

/// The content of a trigger file.
#[derive(Clone, Debug, PartialEq)]
pub struct LoadedTriggers {
    /// The triggers.
    pub triggers: Triggers,
    /// Entries that have no effect.
    pub warnings: Vec<DefinitionWarning>,
}

/// A warning about an entry of a definition file that has no effect, such as a misspelt key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DefinitionWarning {
    /// The name of the file.
    pub file: String,
    /// The line, from 1.
    pub line: u64,
    /// The reason.
    pub reason: String,
}

impl fmt::Display for DefinitionWarning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.file, self.line, self.reason)
    }
}

impl Triggers {
    /// Loads a file of triggers.
    pub fn load(file: &DefinitionFile) -> Result<LoadedTriggers, LoadError> {
        let root: Node = file.parse()?;
        let mut warnings = Vec::new();
        let triggers = triggers(root, &mut warnings).map_err(|error| file.error(error.line, error.reason))?;
        // An alias repeats the warnings about its target.
        warnings.sort();
        warnings.dedup();
        let warning = |finding: Finding| DefinitionWarning {
            file: file.name.clone(),
            line: finding.line,
            reason: finding.reason,
        };
        Ok(LoadedTriggers { triggers, warnings: warnings.into_iter().map(warning).collect() })
    }
}

fn triggers(root: Node, warnings: &mut Vec<Finding>) -> Result<Triggers, Finding> {
    let mut triggers: Vec<Trigger> = Vec::new();
    for node in root.list("a list of triggers")? {
        let line = node.line;
        let trigger = trigger(node, warnings)?;
        // A stream refers to its trigger by name.
        if triggers.iter().any(|other| other.name == trigger.name) {
            return Err(Finding::new(line, format!("duplicate trigger '{}'", trigger.name)));
        }
        triggers.push(trigger);
    }
    Ok(Triggers(triggers))
}

fn trigger(node: Node, warnings: &mut Vec<Finding>) -> Result<Trigger, Finding> {
    let mut fields = Fields::new(node, "a trigger")?;
    let line = fields.line;
    let name = fields.require("name")?.string("a name")?;
    if name.is_empty() {
        return Err(Finding::new(line, "the name is empty"));
    }
    let pipeline = |node: Option<Node>| node.map(|node| node.string("the name of a pipeline")).transpose();
    let fire_pipeline = pipeline(fields.take("fire_pipeline"))?;
    let expire_pipeline = pipeline(fields.take("expire_pipeline"))?;
    if fire_pipeline.is_none() && expire_pipeline.is_none() {
        return Err(Finding::new(line, "a trigger requires 'fire_pipeline', 'expire_pipeline' or both"));
    }
    let match_criteria = criteria(fields.require("match_criteria")?, warnings)?;
    let fire_criteria = criteria(fields.require("fire_criteria")?, warnings)?;
    let distinguished_by = fields.take("distinguished_by").map(distinguished_by).transpose()?;
    let trigger = Trigger {
        name,
        fire_pipeline,
        expire_pipeline,
        fire_delay: fields
            .take("fire_delay")
            .map_or(Ok(0), |node| node.count("a number of seconds, 0 or more"))?,
        debug_level: fields.take("debug_level").map(debug_level).transpose()?.unwrap_or_default(),
        expiration: expression(fields.require("expiration")?, Some(&["first", "last", "timestamp"]))?,
        match_criteria,
        fire_criteria,
        distinguished_by: distinguished_by.unwrap_or_default(),
    };
    // The original accepted this key and ignored it.
    fields.take("load_criteria");
    fields.warn_about_rest(warnings);
    Ok(trigger)
}

fn criteria(node: Node, warnings: &mut Vec<Finding>) -> Result<Vec<Criterion>, Finding> {
    let nodes = node.list("a list of criteria")?;
    nodes.into_iter().map(|node| criterion(node, warnings)).collect()
}

#[expect(clippy::needless_pass_by_value, reason = "every loader takes its node")]
fn debug_level(node: Node) -> Result<DebugLevel, Finding> {
    match node.value {
        Yaml::Int(0) => Ok(DebugLevel::Off),
        Yaml::Int(1) => Ok(DebugLevel::Counts),
        Yaml::Int(2) => Ok(DebugLevel::Reasons),
        _ => Err(Finding::new(node.line, "expected a debug_level of 0, 1 or 2")),
    }
}

/// Loads a list of trait names, and of maps of one trait name to a time expression.
fn distinguished_by(node: Node) -> Result<Vec<Distinguisher>, Finding> {
    let shape = "the name of a trait, or a map of one trait to a time expression";
    let one = |node: Node| match node.value {
        Yaml::String(name) => Ok(Distinguisher { name, expression: None }),
        Yaml::Map(mut entries) if entries.len() == 1 => {
            let entry = entries.remove(0);
            let expression = expression(entry.node, Some(&["timestamp"]))?;
            Ok(Distinguisher { name: entry.key, expression: Some(expression) })
        }
        _ => Err(Finding::new(node.line, format!("expected {shape}"))),
    };
    node.list("a list of traits")?.into_iter().map(one).collect()
}
