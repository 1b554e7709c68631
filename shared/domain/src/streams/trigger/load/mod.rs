//! Pure. Reads definitions of triggers, and says what is wrong with them.

mod criterion;
mod node;

use std::fmt;

use self::node::{Map, Node, Remark, Yaml};
use super::distinguishing::Distinguisher;
use super::{DebugLevel, Trigger, Triggers};
use crate::streams::definition_file::{LoadError, Source};
use crate::streams::timex::Expression;

/// What a definition file gives.
#[derive(Clone, Debug, PartialEq)]
pub struct Loaded {
    /// The triggers.
    pub triggers: Triggers,
    /// What it says and nothing reads.
    pub warnings: Vec<Warning>,
}

/// Something that a definition file says and that has no effect, such as a misspelt key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Warning {
    /// The file's name, as it was given.
    pub file: String,
    /// The line, from 1.
    pub line: u64,
    /// What has no effect.
    pub reason: String,
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.file, self.line, self.reason)
    }
}

pub(super) fn triggers(file: &str, text: &str) -> Result<Loaded, LoadError> {
    let source = Source { file, text };
    let root: Node = source.read()?;
    let mut ignored = Vec::new();
    let triggers = list(root, &mut ignored).map_err(|wrong| source.refuse(wrong.line, wrong.reason))?;
    // By line; what came by an alias is said once.
    ignored.sort();
    ignored.dedup();
    let warning =
        |remark: Remark| Warning { file: file.to_owned(), line: remark.line, reason: remark.reason };
    Ok(Loaded { triggers, warnings: ignored.into_iter().map(warning).collect() })
}

fn list(root: Node, ignored: &mut Vec<Remark>) -> Result<Triggers, Remark> {
    let mut triggers: Vec<Trigger> = Vec::new();
    for node in root.list("a list of triggers")? {
        let line = node.line;
        let trigger = trigger(node, ignored)?;
        // Streams know their trigger by its name.
        if triggers.iter().any(|other| other.name == trigger.name) {
            return Err(Remark::new(line, format!("there are two triggers '{}'", trigger.name)));
        }
        triggers.push(trigger);
    }
    Ok(Triggers(triggers))
}

fn trigger(node: Node, ignored: &mut Vec<Remark>) -> Result<Trigger, Remark> {
    let mut map = Map::of(node, "a trigger")?;
    let line = map.line;
    let name = map.require("name")?.text("a name")?;
    if name.is_empty() {
        return Err(Remark::new(line, "the name is empty"));
    }
    let pipeline = |node: Option<Node>| node.map(|node| node.text("the name of a pipeline")).transpose();
    let fire_pipeline = pipeline(map.take("fire_pipeline"))?;
    let expire_pipeline = pipeline(map.take("expire_pipeline"))?;
    if fire_pipeline.is_none() && expire_pipeline.is_none() {
        return Err(Remark::new(line, "a trigger needs a fire_pipeline, an expire_pipeline or both"));
    }
    let mut criteria = |node: Node| {
        let nodes = node.list("a list of criteria")?;
        nodes.into_iter().map(|node| criterion::criterion(node, ignored)).collect::<Result<_, _>>()
    };
    let match_criteria = criteria(map.require("match_criteria")?)?;
    let fire_criteria = criteria(map.require("fire_criteria")?)?;
    let distinguished_by = map.take("distinguished_by").map(distinguished_by).transpose()?;
    let trigger = Trigger {
        name,
        fire_pipeline,
        expire_pipeline,
        fire_delay: map
            .take("fire_delay")
            .map_or(Ok(0), |node| node.count("a number of seconds, 0 or more"))?,
        debug_level: map.take("debug_level").map(debug_level).transpose()?.unwrap_or_default(),
        expiration: expression(map.require("expiration")?, Some(&["first", "last", "timestamp"]))?,
        match_criteria,
        fire_criteria,
        distinguished_by: distinguished_by.unwrap_or_default(),
    };
    // The original read these too, and never used them.
    map.take("load_criteria");
    map.ignore_rest(ignored);
    Ok(trigger)
}

#[expect(clippy::needless_pass_by_value, reason = "every reader takes its node")]
fn debug_level(node: Node) -> Result<DebugLevel, Remark> {
    match node.value {
        Yaml::Int(0) => Ok(DebugLevel::Off),
        Yaml::Int(1) => Ok(DebugLevel::Counts),
        Yaml::Int(2) => Ok(DebugLevel::Reasons),
        _ => Err(Remark::new(node.line, "expected a debug_level of 0, 1 or 2")),
    }
}

/// Names of traits, and one-entry maps of a trait and what is made of its time.
fn distinguished_by(node: Node) -> Result<Vec<Distinguisher>, Remark> {
    let shape = "the name of a trait, or a map of one trait and a time expression";
    let one = |node: Node| match node.value {
        Yaml::Text(name) => Ok(Distinguisher { name, timex: None }),
        Yaml::Map(mut entries) if entries.len() == 1 => {
            let entry = entries.remove(0);
            Ok(Distinguisher { name: entry.key, timex: Some(expression(entry.node, Some(&["timestamp"]))?) })
        }
        _ => Err(Remark::new(node.line, format!("expected {shape}"))),
    };
    node.list("a list of traits")?.into_iter().map(one).collect()
}

/// A time expression. `variables` are those that there will be, where that is known.
fn expression(node: Node, variables: Option<&[&str]>) -> Result<Expression, Remark> {
    let line = node.line;
    let text = node.text("a time expression")?;
    let expression = Expression::parse(&text)
        .map_err(|error| Remark::new(line, format!("'{text}' is no time expression: {error}")))?;
    if let Some(function) = expression.unknown_function() {
        let reason = format!("'{text}': there is no function {function}, only hour, day, month and year");
        return Err(Remark::new(line, reason));
    }
    if let Some(variables) = variables
        && let Some(unknown) = expression.variables().into_iter().find(|name| !variables.contains(name))
    {
        let known = variables.join(", $");
        return Err(Remark::new(line, format!("'{text}': there is no ${unknown} here, only ${known}")));
    }
    Ok(expression)
}
