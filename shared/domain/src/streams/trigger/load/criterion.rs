//! Pure. Reads criteria.

use std::collections::BTreeMap;

use super::expression;
use super::node::{Map, Node, Remark, Yaml};
use crate::streams::glob::Globs;
use crate::streams::trigger::comparison::{Comparison, Number, Operator};
use crate::streams::trigger::criterion::Criterion;

pub(super) fn criterion(node: Node, ignored: &mut Vec<Remark>) -> Result<Criterion, Remark> {
    let mut map = Map::of(node, "a criterion")?;
    let criterion = Criterion {
        event_types: map.take("event_type").map(event_types).transpose()?,
        timestamp: map.take("timestamp").map(|node| expression(node, None)).transpose()?,
        traits: map.take("traits").map_or(Ok(BTreeMap::new()), |node| traits(node, ignored))?,
        number: map.take("number").map_or(Ok(1), |node| node.count("a number of events, 0 or more"))?,
        map_distinguished_by: map
            .take("map_distinguished_by")
            .map_or(Ok(BTreeMap::new()), map_distinguished_by)?,
    };
    map.ignore_rest(ignored);
    Ok(criterion)
}

/// A pattern or a list of patterns.
fn event_types(node: Node) -> Result<Globs, Remark> {
    if let Yaml::Text(pattern) = &node.value {
        return Ok(Globs::parse(&[pattern]));
    }
    let nodes = node.list("an event type or a list of event types")?;
    let patterns: Vec<String> =
        nodes.into_iter().map(|node| node.text("an event type")).collect::<Result<_, _>>()?;
    Ok(Globs::parse(&patterns))
}

fn map_distinguished_by(node: Node) -> Result<BTreeMap<String, String>, Remark> {
    let entries = node.map("a map of distinguishing traits and the traits that are read in their place")?;
    entries.into_iter().map(|entry| Ok((entry.key, entry.node.text("the name of a trait")?))).collect()
}

fn traits(node: Node, ignored: &mut Vec<Remark>) -> Result<BTreeMap<String, Comparison>, Remark> {
    let entries = node.map("a map of traits")?;
    entries.into_iter().map(|entry| Ok((entry.key, comparison(entry.node, ignored)?))).collect()
}

/// A value, or a map of a type and what to compare a value of that type with.
fn comparison(node: Node, ignored: &mut Vec<Remark>) -> Result<Comparison, Remark> {
    let line = node.line;
    match node.value {
        Yaml::Text(text) => Ok(Comparison::Text(text)),
        Yaml::Int(number) => Ok(Comparison::Number(Operator::Equal, Number::Int(number))),
        Yaml::Float(number) => Ok(Comparison::Number(Operator::Equal, Number::Float(number))),
        Yaml::Map(mut entries) if entries.len() == 1 => {
            let entry = entries.remove(0);
            match entry.key.as_str() {
                "string" | "text" => entry.node.text("a text").map(Comparison::Text),
                "datetime" => expression(entry.node, None).map(Comparison::Datetime),
                "int" => number(entry.node, "a whole number", int, ignored),
                "float" => number(entry.node, "a number", float, ignored),
                unknown => {
                    let types = "there are string, text, int, float and datetime";
                    Err(Remark::new(entry.line, format!("unknown type '{unknown}': {types}")))
                }
            }
        }
        Yaml::Map(_) => Err(Remark::new(line, "expected exactly one type to compare with")),
        Yaml::Null | Yaml::Bool(_) | Yaml::List(_) => {
            let reason =
                format!("no trait is ever {}: expected a text, a number, or a map", node.value.kind());
            Err(Remark::new(line, reason))
        }
    }
}

/// A number, or a text of an operator, a blank and a number.
#[expect(clippy::needless_pass_by_value, reason = "every reader takes its node")]
fn number(
    node: Node,
    what: &str,
    read: fn(&Yaml) -> Option<Number>,
    ignored: &mut Vec<Remark>,
) -> Result<Comparison, Remark> {
    if let Some(number) = read(&node.value) {
        return Ok(Comparison::Number(Operator::Equal, number));
    }
    let wrong =
        || Remark::new(node.line, format!("expected {what}, or one of <, = and >, a blank and {what}"));
    let Yaml::Text(text) = &node.value else { return Err(wrong()) };
    let (operator, bound) = text.trim().split_once(' ').ok_or_else(wrong)?;
    let bound = read(&Yaml::Text(bound.to_owned())).ok_or_else(wrong)?;
    if Operator::named(operator) == Operator::Unknown {
        let reason = format!("'{operator}' never holds: there are <, = and >");
        ignored.push(Remark::new(node.line, reason));
    }
    Ok(Comparison::Number(Operator::named(operator), bound))
}

fn int(value: &Yaml) -> Option<Number> {
    match value {
        Yaml::Int(number) => Some(Number::Int(*number)),
        Yaml::Text(text) => text.trim().parse().ok().map(Number::Int),
        Yaml::Null | Yaml::Bool(_) | Yaml::Float(_) | Yaml::List(_) | Yaml::Map(_) => None,
    }
}

fn float(value: &Yaml) -> Option<Number> {
    let number = match value {
        Yaml::Int(number) => return Some(Number::Int(*number)),
        Yaml::Float(number) => *number,
        Yaml::Text(text) => text.trim().parse().ok()?,
        Yaml::Null | Yaml::Bool(_) | Yaml::List(_) | Yaml::Map(_) => return None,
    };
    number.is_finite().then_some(Number::Float(number))
}
