//! Pure. Request bodies: a JSON object, or a form in the body or the query.

use std::collections::BTreeMap;

use domain::recomputations::draft::{Draft, REQUIRED};
use http::HeaderMap;
use http::header::CONTENT_TYPE;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

use crate::error::ApiError;

/// Returns the members of a body by their names in lower case, without those that are null.
///
/// A body that looks like JSON is parsed as JSON, because many clients set a wrong content type.
pub fn members(
    headers: &HeaderMap,
    query: Option<&str>,
    body: &[u8],
) -> Result<Map<String, Value>, ApiError> {
    let is_json = body.trim_ascii_start().first().is_some_and(|byte| matches!(byte, b'{' | b'['));
    let kind = headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let is_form = kind.to_ascii_lowercase().starts_with("application/x-www-form-urlencoded");
    let members = match (is_json, is_form) {
        (true, _) => object(body)?,
        (false, true) if !body.trim_ascii().is_empty() => form(body),
        (false, _) if body.is_empty() => query.map(|query| form(query.as_bytes())).unwrap_or_default(),
        (false, _) => return Err(ApiError::Malformed),
    };
    if members.is_empty() && !is_json { Err(ApiError::Malformed) } else { Ok(members) }
}

fn object(body: &[u8]) -> Result<Map<String, Value>, ApiError> {
    let Ok(Value::Object(object)) = serde_json::from_slice(body) else { return Err(ApiError::Malformed) };
    let members = object.into_iter().filter(|(_, value)| !value.is_null());
    Ok(members.map(|(name, value)| (name.to_lowercase(), value)).collect())
}

fn form(text: &[u8]) -> Map<String, Value> {
    let mut members = Map::new();
    let mut exclude = Vec::new();
    for (name, value) in form_urlencoded::parse(text) {
        match name.to_lowercase().as_str() {
            "exclude" => exclude.push(json!(value)),
            name => drop(members.entry(name).or_insert_with(|| json!(value))),
        }
    }
    if !exclude.is_empty() {
        members.insert("exclude".to_owned(), Value::Array(exclude));
    }
    members
}

/// Converts members to a draft. Unknown members are ignored.
pub fn draft(mut members: Map<String, Value>) -> Result<Draft, ApiError> {
    let mut texts = BTreeMap::new();
    for name in REQUIRED {
        match members.remove(name) {
            None => {}
            Some(Value::String(text)) => drop(texts.insert(name, text)),
            Some(_) => return Err(ApiError::Malformed),
        }
    }
    let exclude = match members.remove("exclude") {
        Some(Value::String(one)) => vec![one],
        other => list(other)?,
    };
    Ok(Draft {
        texts,
        exclude,
        exclude_metrics: list(members.remove("exclude_metrics"))?,
        exclude_monitoring_source: list(members.remove("exclude_monitoring_source"))?,
        applied_status_changes: list(members.remove("applied_status_changes"))?,
    })
}

fn list<T: DeserializeOwned>(value: Option<Value>) -> Result<Vec<T>, ApiError> {
    match value {
        None => Ok(Vec::new()),
        Some(value) => serde_json::from_value(value).map_err(|_| ApiError::Malformed),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(kind: &str) -> HeaderMap {
        HeaderMap::from_iter([(CONTENT_TYPE, kind.parse().expect("a header value"))])
    }

    const FORM: &str = "application/x-www-form-urlencoded";

    #[test]
    fn json_and_forms_are_equivalent() {
        let expected = json!({"report": "A B", "exclude": ["x", "y"]});
        for (kind, query, body) in [
            ("application/json", None, r#"{"report": "A B", "exclude": ["x", "y"], "reason": null}"#),
            (FORM, None, r#" {"Report": "A B", "EXCLUDE": ["x", "y"]}"#),
            (FORM, None, "report=A+B&exclude=x&exclude=y&report=C"),
            ("text/plain", Some("report=A%20B&exclude=x&exclude=y"), ""),
        ] {
            let members = members(&headers(kind), query, body.as_bytes()).expect("a valid body");
            assert_eq!(Value::Object(members), expected, "{kind} {body}");
        }
    }

    #[test]
    fn a_body_that_is_neither_json_nor_a_form_is_malformed() {
        for (kind, body) in [
            ("application/json", ""),
            ("application/json", "{{"),
            ("application/json", "[1]"),
            ("application/json", "null"),
            ("application/json", "report=A"),
            (FORM, ""),
            (FORM, " "),
        ] {
            assert!(
                matches!(members(&headers(kind), None, body.as_bytes()), Err(ApiError::Malformed)),
                "{body}"
            );
        }
    }

    #[test]
    fn a_member_of_another_type_is_malformed() {
        for wrong in [
            json!({"reason": 5}),
            json!({"exclude": 5}),
            json!({"exclude": [5]}),
            json!({"exclude_metrics": [{"hostname": "h"}]}),
            json!({"applied_status_changes": {}}),
        ] {
            let Value::Object(members) = wrong.clone() else { panic!("not an object") };
            assert!(draft(members).is_err(), "{wrong}");
        }
        let Value::Object(valid) = json!({"exclude": "A", "more": 5}) else { panic!("not an object") };
        assert_eq!(draft(valid).expect("a valid body").exclude, ["A"]);
    }
}
