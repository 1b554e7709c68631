//! Pure. MD5 digests, by which clients check that a message arrived as it was sent.

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::protocol::MessageAttribute;
use super::refusal::Refusal;

/// The digest of a body.
pub fn body(text: &str) -> String {
    format!("{:x}", md5::compute(text))
}

/// The digest of attributes, `None` where there are none.
///
/// SQS Developer Guide, "Calculating the MD5 message digest for message attributes": sorted by name; name, type and
/// value each after its length as four bytes, and between type and value a byte that says text (1) or binary (2).
pub fn attributes(attributes: &BTreeMap<String, MessageAttribute>) -> Result<Option<String>, Refusal> {
    if attributes.is_empty() {
        return Ok(None);
    }
    let mut bytes = Vec::new();
    for (name, attribute) in attributes {
        append(&mut bytes, name.as_bytes());
        append(&mut bytes, attribute.data_type.as_bytes());
        match value(name, attribute)? {
            Value::Text(text) => {
                bytes.push(1);
                append(&mut bytes, text.as_bytes());
            }
            Value::Binary(binary) => {
                bytes.push(2);
                append(&mut bytes, &binary);
            }
        }
    }
    Ok(Some(format!("{:x}", md5::compute(bytes))))
}

/// Bytes that attributes add to a message's size: names, types and values.
pub fn attribute_bytes(attributes: &BTreeMap<String, MessageAttribute>) -> Result<usize, Refusal> {
    let sizes = attributes.iter().map(|(name, attribute)| {
        let value = match value(name, attribute)? {
            Value::Text(text) => text.len(),
            Value::Binary(binary) => binary.len(),
        };
        Ok(name.len() + attribute.data_type.len() + value)
    });
    sizes.sum()
}

enum Value<'a> {
    Text(&'a str),
    Binary(Vec<u8>),
}

fn value<'a>(name: &str, attribute: &'a MessageAttribute) -> Result<Value<'a>, Refusal> {
    let kind = attribute.data_type.split('.').next().unwrap_or_default();
    let value = match (kind, &attribute.string_value, &attribute.binary_value) {
        ("String" | "Number", Some(text), None) => Some(Value::Text(text)),
        ("Binary", None, Some(encoded)) => STANDARD.decode(encoded).ok().map(Value::Binary),
        _ => None,
    };
    value
        .ok_or_else(|| Refusal::value(format!("The message attribute '{name}' has no valid type and value.")))
}

fn append(bytes: &mut Vec<u8>, part: &[u8]) {
    let length = u32::try_from(part.len()).unwrap_or(u32::MAX);
    bytes.extend(length.to_be_bytes());
    bytes.extend(part);
}
