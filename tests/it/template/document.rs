//! Templates as JSON: their resources and references.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

/// Returns the repository's root directory.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("tests/ is in the repository").to_owned()
}

/// Reads a template, by its path from the root directory, as JSON.
pub fn template(file: &str) -> Value {
    let text = fs::read_to_string(root().join(file)).expect("the template is readable");
    local::template::parse(&text).unwrap_or_else(|error| panic!("{file}: {error:#}"))
}

/// Returns the resources of one type by logical id.
pub fn resources(template: &Value, kind: &str) -> BTreeMap<String, Value> {
    let all = template["Resources"].as_object().expect("a template has resources");
    all.iter()
        .filter(|(_, resource)| resource["Type"] == kind)
        .map(|(id, resource)| (id.clone(), resource.clone()))
        .collect()
}

/// Returns a string; panics on any other value.
pub fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_else(|| panic!("expected a string, not {value}"))
}

/// Returns a list as it is, and a single value as a list of one.
pub fn list(value: &Value) -> Vec<Value> {
    match value {
        Value::Null => Vec::new(),
        Value::Array(items) => items.clone(),
        one => vec![one.clone()],
    }
}

/// Returns every reference in `value` as `Resource` or `Resource.Attribute`, from `Ref`, `Fn::GetAtt` and `Fn::Sub`.
pub fn references(value: &Value) -> Vec<String> {
    match value {
        Value::Array(items) => items.iter().flat_map(references).collect(),
        Value::Object(entries) => entries.iter().flat_map(|(name, below)| reference(name, below)).collect(),
        _ => Vec::new(),
    }
}

fn reference(name: &str, below: &Value) -> Vec<String> {
    match (name, below) {
        ("Ref", Value::String(target)) => vec![target.clone()],
        ("Fn::GetAtt", Value::Array(path)) => vec![path.iter().map(text).collect::<Vec<_>>().join(".")],
        ("Fn::Sub", Value::String(text)) => text
            .split("${")
            .skip(1)
            .filter_map(|rest| rest.split_once('}'))
            .map(|(target, _)| target.to_owned())
            .collect(),
        _ => references(below),
    }
}
