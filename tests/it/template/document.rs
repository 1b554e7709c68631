//! A CloudFormation template as JSON, with its short forms written out: `!Ref A` is `{"Ref": "A"}`.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use saphyr::{LoadableYamlNode, Scalar, YamlOwned};
use serde_json::{Map, Value, json};

/// The project's directory.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("tests/ stands in the project").to_owned()
}

/// Reads one template, named from the project's directory.
pub fn template(file: &str) -> Value {
    let text = fs::read_to_string(root().join(file)).expect("the template can be read");
    let documents = YamlOwned::load_from_str(&text).expect("the template is YAML");
    let [document] = documents.as_slice() else { panic!("{file} is one document") };
    plain(document)
}

fn plain(node: &YamlOwned) -> Value {
    match node {
        YamlOwned::Value(scalar) => match Scalar::from(scalar) {
            Scalar::Null => Value::Null,
            Scalar::Boolean(value) => json!(value),
            Scalar::Integer(value) => json!(value),
            Scalar::FloatingPoint(value) => json!(value.into_inner()),
            Scalar::String(value) => json!(value),
        },
        YamlOwned::Sequence(items) => items.iter().map(plain).collect(),
        YamlOwned::Mapping(entries) => entries
            .iter()
            .map(|(name, value)| (name.as_str().expect("names are texts").to_owned(), plain(value)))
            .collect::<Map<_, _>>()
            .into(),
        YamlOwned::Tagged(tag, node) => match tag.suffix.as_str() {
            name @ ("Ref" | "Condition") => json!({ name: plain(node) }),
            name => json!({ format!("Fn::{name}"): plain(node) }),
        },
        other => panic!("nothing of a template: {other:?}"),
    }
}

/// The resources of one type, by logical id.
pub fn resources(template: &Value, kind: &str) -> BTreeMap<String, Value> {
    let all = template["Resources"].as_object().expect("a template has resources");
    all.iter()
        .filter(|(_, resource)| resource["Type"] == kind)
        .map(|(id, resource)| (id.clone(), resource.clone()))
        .collect()
}

/// A text that has to be there.
pub fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_else(|| panic!("a text is expected, not {value}"))
}

/// A value that stands alone or in a list, as a list.
pub fn list(value: &Value) -> Vec<Value> {
    match value {
        Value::Null => Vec::new(),
        Value::Array(items) => items.clone(),
        one => vec![one.clone()],
    }
}

/// Every reference below `value`: what `Ref` and `Fn::GetAtt` name, and what stands in the texts of `Fn::Sub`.
pub fn references(value: &Value) -> Vec<String> {
    match value {
        Value::Array(items) => items.iter().flat_map(references).collect(),
        Value::Object(entries) => entries.iter().flat_map(|(name, below)| reference(name, below)).collect(),
        _ => Vec::new(),
    }
}

fn reference(name: &str, below: &Value) -> Vec<String> {
    match (name, below) {
        ("Ref" | "Fn::GetAtt", Value::String(target)) => vec![target.clone()],
        ("Fn::Sub", Value::String(text)) => text
            .split("${")
            .skip(1)
            .filter_map(|rest| rest.split_once('}'))
            .map(|(target, _)| target.to_owned())
            .collect(),
        _ => references(below),
    }
}
