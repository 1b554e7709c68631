//! Pure. MD5 digests of bodies and attributes, which clients verify.

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::error::Error;
use super::protocol::MessageAttribute;

/// Marks a text value in the digest of attributes.
const TEXT: u8 = 1;
/// Marks a binary value in the digest of attributes.
const BINARY: u8 = 2;

/// Returns the digest of a body.
pub fn body(text: &str) -> String {
    format!("{:x}", md5::compute(text))
}

/// Returns the digest of attributes. `None` if there are none.
///
/// See "Calculating the MD5 message digest for message attributes" in the SQS Developer Guide: attributes are sorted by
/// name; name, type and value are each preceded by their length in four bytes; and a byte before the value tells text
/// (1) from binary (2).
pub fn attributes(attributes: &BTreeMap<String, MessageAttribute>) -> Result<Option<String>, Error> {
    if attributes.is_empty() {
        return Ok(None);
    }
    let mut bytes = Vec::new();
    for (name, attribute) in attributes {
        append(&mut bytes, name.as_bytes());
        append(&mut bytes, attribute.data_type.as_bytes());
        match value(name, attribute)? {
            Value::Text(text) => {
                bytes.push(TEXT);
                append(&mut bytes, text.as_bytes());
            }
            Value::Binary(binary) => {
                bytes.push(BINARY);
                append(&mut bytes, &binary);
            }
        }
    }
    Ok(Some(format!("{:x}", md5::compute(bytes))))
}

/// Returns the bytes that attributes add to a message's size: names, types and values.
pub fn attribute_bytes(attributes: &BTreeMap<String, MessageAttribute>) -> Result<usize, Error> {
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

fn value<'a>(name: &str, attribute: &'a MessageAttribute) -> Result<Value<'a>, Error> {
    let kind = attribute.data_type.split('.').next().unwrap_or_default();
    let value = match (kind, &attribute.string_value, &attribute.binary_value) {
        ("String" | "Number", Some(text), None) => Some(Value::Text(text)),
        ("Binary", None, Some(encoded)) => STANDARD.decode(encoded).ok().map(Value::Binary),
        _ => None,
    };
    value.ok_or_else(|| {
        Error::invalid_parameter(format!("The message attribute '{name}' has no valid type and value."))
    })
}

fn append(bytes: &mut Vec<u8>, part: &[u8]) {
    let length = u32::try_from(part.len()).unwrap_or(u32::MAX);
    bytes.extend(length.to_be_bytes());
    bytes.extend(part);
}
