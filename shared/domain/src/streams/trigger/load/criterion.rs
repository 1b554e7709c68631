//! Pure. Loads the criteria of a trigger.

use std::collections::BTreeMap;

use super::expression::expression;
use super::node::{Fields, Finding, Node, Yaml};
use crate::streams::glob::Globs;
use crate::streams::trigger::comparison::{Comparator, Comparison, Number};
use crate::streams::trigger::criterion::Criterion;

pub(super) fn criterion(node: Node, warnings: &mut Vec<Finding>) -> Result<Criterion, Finding> {
    let mut fields = Fields::new(node, "a criterion")?;
    let criterion = Criterion {
        event_types: fields.take("event_type").map(event_types).transpose()?,
        timestamp: fields.take("timestamp").map(|node| expression(node, None)).transpose()?,
        traits: fields.take("traits").map_or(Ok(BTreeMap::new()), |node| traits(node, warnings))?,
        number: fields.take("number").map_or(Ok(1), |node| node.count("a number of events, 0 or more"))?,
        map_distinguished_by: fields
            .take("map_distinguished_by")
            .map_or(Ok(BTreeMap::new()), map_distinguished_by)?,
    };
    fields.warn_about_rest(warnings);
    Ok(criterion)
}

/// Loads a pattern or a list of patterns.
fn event_types(node: Node) -> Result<Globs, Finding> {
    if let Yaml::String(pattern) = &node.value {
        return Ok(Globs::parse(&[pattern]));
    }
    let nodes = node.list("an event type or a list of event types")?;
    let patterns: Vec<String> =
        nodes.into_iter().map(|node| node.string("an event type")).collect::<Result<_, _>>()?;
    Ok(Globs::parse(&patterns))
}

fn map_distinguished_by(node: Node) -> Result<BTreeMap<String, String>, Finding> {
    let entries = node.map("a map of distinguishing traits to the traits to read instead")?;
    entries.into_iter().map(|entry| Ok((entry.key, entry.node.string("the name of a trait")?))).collect()
}

fn traits(node: Node, warnings: &mut Vec<Finding>) -> Result<BTreeMap<String, Comparison>, Finding> {
    let entries = node.map("a map of traits")?;
    entries.into_iter().map(|entry| Ok((entry.key, comparison(entry.node, warnings)?))).collect()
}

/// Loads a value, or a map of a type to a condition on values of that type.
fn comparison(node: Node, warnings: &mut Vec<Finding>) -> Result<Comparison, Finding> {
    let line = node.line;
    match node.value {
        Yaml::String(text) => Ok(Comparison::Text(text)),
        Yaml::Int(number) => Ok(Comparison::Number(Comparator::Equal, Number::Int(number))),
        Yaml::Float(number) => Ok(Comparison::Number(Comparator::Equal, Number::Float(number))),
        Yaml::Map(mut entries) if entries.len() == 1 => {
            let entry = entries.remove(0);
            match entry.key.as_str() {
                "string" | "text" => entry.node.string("a string").map(Comparison::Text),
                "datetime" => expression(entry.node, None).map(Comparison::Datetime),
                "int" => number(entry.node, "an integer", int, warnings),
                "float" => number(entry.node, "a number", float, warnings),
                unknown => {
                    let types = "expected string, text, int, float or datetime";
                    Err(Finding::new(entry.line, format!("unknown type '{unknown}': {types}")))
                }
            }
        }
        Yaml::Map(_) => Err(Finding::new(line, "expected exactly one type in the map")),
        Yaml::Null | Yaml::Bool(_) | Yaml::List(_) => {
            let reason = format!("expected a string, a number or a map, found {}", node.value.type_name());
            Err(Finding::new(line, reason))
        }
    }
}

/// Loads a number, or a string of an operator, a space and a number.
#[expect(clippy::needless_pass_by_value, reason = "every loader takes its node")]
fn number(
    node: Node,
    what: &str,
    read: fn(&Yaml) -> Option<Number>,
    warnings: &mut Vec<Finding>,
) -> Result<Comparison, Finding> {
    if let Some(number) = read(&node.value) {
        return Ok(Comparison::Number(Comparator::Equal, number));
    }
    let invalid = || Finding::new(node.line, format!("expected {what} or a comparison such as '> 5'"));
    let Yaml::String(text) = &node.value else { return Err(invalid()) };
    let (operator, bound) = text.trim().split_once(' ').ok_or_else(invalid)?;
    let bound = read(&Yaml::String(bound.to_owned())).ok_or_else(invalid)?;
    if Comparator::from_symbol(operator) == Comparator::Unknown {
        let reason = format!("unknown operator '{operator}' is never true: expected <, = or >");
        warnings.push(Finding::new(node.line, reason));
    }
    Ok(Comparison::Number(Comparator::from_symbol(operator), bound))
}

fn int(value: &Yaml) -> Option<Number> {
    match value {
        Yaml::Int(number) => Some(Number::Int(*number)),
        Yaml::String(text) => text.trim().parse().ok().map(Number::Int),
        Yaml::Null | Yaml::Bool(_) | Yaml::Float(_) | Yaml::List(_) | Yaml::Map(_) => None,
    }
}

fn float(value: &Yaml) -> Option<Number> {
    let number = match value {
        Yaml::Int(number) => return Some(Number::Int(*number)),
        Yaml::Float(number) => *number,
        Yaml::String(text) => text.trim().parse().ok()?,
        Yaml::Null | Yaml::Bool(_) | Yaml::List(_) | Yaml::Map(_) => return None,
    };
    number.is_finite().then_some(Number::Float(number))
}
