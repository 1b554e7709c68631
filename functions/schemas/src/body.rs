//! Pure. Bodies of requests, and ids in paths.

use http::HeaderMap;
use http::header::CONTENT_TYPE;
use schemas::refusal::Refusal;
use serde_json::{Map, Value};

use crate::error::ApiError;

/// The documented text for a body that is not JSON.
const NOT_JSON: &str = "No JSON object could be decoded";

/// Parses the id in a path.
pub fn id(text: &str) -> Result<u64, ApiError> {
    let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    // No row has an id that does not fit.
    if is_number { Ok(text.parse().unwrap_or(0)) } else { Err(ApiError::InvalidId) }
}

/// Parses a body that must be a JSON object.
pub fn object(body: &[u8]) -> Result<Map<String, Value>, Refusal> {
    match serde_json::from_slice(body) {
        Ok(Value::Object(object)) => Ok(object),
        _ => Err(Refusal::Malformed(NOT_JSON.to_owned())),
    }
}

/// Parses a body that may be missing.
pub fn optional_object(body: &[u8]) -> Result<Map<String, Value>, Refusal> {
    if body.trim_ascii().is_empty() { Ok(Map::new()) } else { object(body) }
}

/// Parses the body of a write of a resource, which must not claim to be something else.
pub fn written(headers: &HeaderMap, body: &[u8]) -> Result<Map<String, Value>, Refusal> {
    let kind = headers.get(CONTENT_TYPE).map(|kind| kind.to_str().unwrap_or("?"));
    let kind = kind.map(|kind| kind.split(';').next().unwrap_or_default().trim());
    match kind {
        Some(kind) if !kind.eq_ignore_ascii_case("application/json") => {
            Err(Refusal::Malformed(format!("unsupported Content-Type \"{kind}\": expected application/json")))
        }
        _ => object(body),
    }
}

/// Returns a member. Fails with its quoted name if it is missing, as documented.
pub fn required<'a>(body: &'a Map<String, Value>, name: &str) -> Result<&'a Value, Refusal> {
    body.get(name).ok_or_else(|| Refusal::Malformed(format!("'{name}'")))
}

/// Returns a text.
pub fn text(body: &Map<String, Value>, name: &str) -> Result<String, Refusal> {
    let value = required(body, name)?;
    let text = value.as_str().map(str::to_owned);
    text.ok_or_else(|| invalid(name, value, "a text"))
}

/// Returns a number, which may also be a numeric text.
pub fn number(body: &Map<String, Value>, name: &str) -> Result<u64, Refusal> {
    parsed_number(required(body, name)?, name)
}

/// Returns a number that may be missing or null.
pub fn optional_number(body: &Map<String, Value>, name: &str) -> Result<Option<u64>, Refusal> {
    match body.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(value) => parsed_number(value, name).map(Some),
    }
}

/// Returns a list of numbers.
pub fn numbers(value: &Value, name: &str) -> Result<Vec<u64>, Refusal> {
    let items = value.as_array().ok_or_else(|| invalid(name, value, "a list of numbers"))?;
    items.iter().map(|item| parsed_number(item, name)).collect()
}

/// Returns a boolean that may be missing.
pub fn flag(body: &Map<String, Value>, name: &str) -> Result<bool, Refusal> {
    match body.get(name) {
        None | Some(Value::Null) => Ok(false),
        Some(value) => value.as_bool().ok_or_else(|| invalid(name, value, "true or false")),
    }
}

/// Returns the refusal of a member with a wrong value.
pub fn invalid(name: &str, value: &Value, expected: &str) -> Refusal {
    Refusal::Malformed(format!("invalid {name} {value}: expected {expected}"))
}

fn parsed_number(value: &Value, name: &str) -> Result<u64, Refusal> {
    let number = value.as_u64().or_else(|| value.as_str().and_then(|text| text.trim().parse().ok()));
    number.ok_or_else(|| invalid(name, value, "a number"))
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;
    use serde_json::json;

    use super::*;

    #[test]
    fn ids_in_paths_are_digits() {
        for (text, expected) in [("7", Some(7)), ("007", Some(7)), ("99999999999999999999", Some(0))] {
            assert_eq!(id(text).ok(), expected, "{text}");
        }
        for text in ["", "abc", "-1", "+1", "1;2"] {
            assert!(matches!(id(text), Err(ApiError::InvalidId)), "{text}");
        }
    }

    #[test]
    fn a_body_must_be_a_json_object() {
        for wrong in ["", "{", "[]", "1", "name=x"] {
            assert_eq!(object(wrong.as_bytes()).expect_err("not an object").text(), NOT_JSON, "{wrong}");
        }
        assert_eq!(optional_object(b" ").expect("no body"), Map::new());
        let form = HeaderMap::from_iter([(CONTENT_TYPE, HeaderValue::from_static("text/plain"))]);
        assert!(written(&form, b"{}").is_err());
        let json = HeaderMap::from_iter([(
            CONTENT_TYPE,
            HeaderValue::from_static("application/json; charset=utf-8"),
        )]);
        assert!(written(&json, b"{}").is_ok() && written(&HeaderMap::new(), b"{}").is_ok());
    }

    #[test]
    fn missing_members_are_named_in_quotes() {
        let Value::Object(body) = json!({"a": "7", "b": 7, "c": true, "d": [1, "2"], "e": null}) else {
            return;
        };
        assert_eq!(number(&body, "role_id").expect_err("missing").text(), "'role_id'");
        assert_eq!(
            (number(&body, "a").ok(), number(&body, "b").ok(), number(&body, "c").ok()),
            (Some(7), Some(7), None)
        );
        assert_eq!(numbers(&body["d"], "d").expect("numbers"), [1, 2]);
        assert_eq!(
            (flag(&body, "c").ok(), flag(&body, "e").ok(), flag(&body, "b").ok()),
            (Some(true), Some(false), None)
        );
        assert_eq!(optional_number(&body, "e").expect("null"), None);
        assert_eq!(text(&body, "b").expect_err("no text").text(), "invalid b 7: expected a text");
    }
}
