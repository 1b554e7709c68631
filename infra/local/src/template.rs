//! Pure. Conversion of `CloudFormation` templates from YAML to JSON.

use anyhow::{Context, Result, anyhow, bail};
use saphyr::{LoadableYamlNode, Scalar, Yaml};
use serde_json::{Map, Value, json};

/// Parses a template into JSON. Short forms such as `!GetAtt Queue.Arn` become their long forms, here
/// `{"Fn::GetAtt": ["Queue", "Arn"]}`.
pub fn parse(text: &str) -> Result<Value> {
    let documents = Yaml::load_from_str(text)?;
    from_yaml(documents.first().context("the template is empty")?)
}

fn from_yaml(node: &Yaml) -> Result<Value> {
    match node {
        Yaml::Value(scalar) => from_scalar(scalar),
        Yaml::Sequence(items) => items.iter().map(from_yaml).collect(),
        Yaml::Mapping(entries) => {
            let entry = |(key, node): (&Yaml, &Yaml)| {
                let key = key.as_str().ok_or_else(|| anyhow!("invalid key {key:?}: expected a string"))?;
                Ok((key.to_owned(), from_yaml(node)?))
            };
            Ok(Value::Object(entries.iter().map(entry).collect::<Result<Map<_, _>>>()?))
        }
        Yaml::Tagged(tag, node) => long_form(&tag.suffix, from_yaml(node)?),
        Yaml::Representation(..) | Yaml::Alias(_) | Yaml::BadValue => bail!("unsupported YAML: {node:?}"),
    }
}

fn from_scalar(scalar: &Scalar) -> Result<Value> {
    Ok(match scalar {
        Scalar::Null => Value::Null,
        Scalar::Boolean(flag) => json!(flag),
        Scalar::Integer(number) => json!(number),
        Scalar::String(text) => json!(text),
        Scalar::FloatingPoint(number) => bail!("unsupported number {number}: expected an integer"),
    })
}

/// Returns the long form of a tag, see "Intrinsic function reference" in the `AWS CloudFormation User Guide`.
fn long_form(tag: &str, argument: Value) -> Result<Value> {
    let (name, argument) = match (tag, argument) {
        ("Ref" | "Condition", argument) => (tag.to_owned(), argument),
        ("GetAtt", Value::String(path)) => {
            let (resource, attribute) = path
                .split_once('.')
                .with_context(|| format!("invalid !GetAtt {path}: expected Resource.Attribute"))?;
            ("Fn::GetAtt".to_owned(), json!([resource, attribute]))
        }
        (_, argument) => (format!("Fn::{tag}"), argument),
    };
    Ok(Value::Object(Map::from_iter([(name, argument)])))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_forms_become_long_forms() {
        let text = "A: !Ref B\nC: !GetAtt Queue.Arn\nD: !GetAtt [Queue, Arn]\nE: !Sub '${A}-x'\nF: [1, true, ~, '1']";
        let long = json!({
            "A": { "Ref": "B" },
            "C": { "Fn::GetAtt": ["Queue", "Arn"] },
            "D": { "Fn::GetAtt": ["Queue", "Arn"] },
            "E": { "Fn::Sub": "${A}-x" },
            "F": [1, true, null, "1"],
        });
        assert_eq!(parse(text).expect("valid template"), long);
    }
}
