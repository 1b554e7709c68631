//! Pure. `CloudFormation` templates in YAML, read into their JSON form.

use anyhow::{Context, Result, anyhow, bail};
use saphyr::{LoadableYamlNode, Scalar, Yaml};
use serde_json::{Map, Value, json};

/// A template as JSON, with short forms such as `!GetAtt Queue.Arn` written out: `{"Fn::GetAtt": ["Queue", "Arn"]}`.
pub fn read(text: &str) -> Result<Value> {
    let documents = Yaml::load_from_str(text)?;
    value(documents.first().context("the template is empty")?)
}

fn value(node: &Yaml) -> Result<Value> {
    match node {
        Yaml::Value(scalar) => scalar_value(scalar),
        Yaml::Sequence(items) => items.iter().map(value).collect(),
        Yaml::Mapping(entries) => {
            let entry = |(key, node): (&Yaml, &Yaml)| {
                let key = key.as_str().ok_or_else(|| anyhow!("a key is not text: {key:?}"))?;
                Ok((key.to_owned(), value(node)?))
            };
            Ok(Value::Object(entries.iter().map(entry).collect::<Result<Map<_, _>>>()?))
        }
        Yaml::Tagged(tag, node) => function(&tag.suffix, value(node)?),
        Yaml::Representation(..) | Yaml::Alias(_) | Yaml::BadValue => bail!("this cannot be read: {node:?}"),
    }
}

fn scalar_value(scalar: &Scalar) -> Result<Value> {
    Ok(match scalar {
        Scalar::Null => Value::Null,
        Scalar::Boolean(flag) => json!(flag),
        Scalar::Integer(number) => json!(number),
        Scalar::String(text) => json!(text),
        Scalar::FloatingPoint(number) => bail!("no property is a fraction: {number}"),
    })
}

/// The long form of a tag: `AWS CloudFormation User Guide`, "Intrinsic function reference".
fn function(tag: &str, argument: Value) -> Result<Value> {
    let (name, argument) = match (tag, argument) {
        ("Ref" | "Condition", argument) => (tag.to_owned(), argument),
        ("GetAtt", Value::String(path)) => {
            let (resource, attribute) = path.split_once('.').with_context(|| format!("!GetAtt {path}"))?;
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
    fn short_forms_are_written_out() {
        let text = "A: !Ref B\nC: !GetAtt Queue.Arn\nD: !GetAtt [Queue, Arn]\nE: !Sub '${A}-x'\nF: [1, true, ~, '1']";
        let long = json!({
            "A": { "Ref": "B" },
            "C": { "Fn::GetAtt": ["Queue", "Arn"] },
            "D": { "Fn::GetAtt": ["Queue", "Arn"] },
            "E": { "Fn::Sub": "${A}-x" },
            "F": [1, true, null, "1"],
        });
        assert_eq!(read(text).expect("it is a template"), long);
    }
}
