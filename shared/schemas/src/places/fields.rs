//! Pure. Values of fields in the bodies of writes.

use serde_json::{Map, Value};

use crate::places::WriteRefusal;
use crate::record::Name;
use crate::refusal::Refusal;

/// Characters of the longest name.
const LONGEST: usize = 255;

/// Returns the text of a link to a row that does not exist.
pub(crate) fn unknown_link(uri: &str) -> String {
    format!("Could not find the provided object via resource URI '{uri}'.")
}

/// Returns a name, which has 1 to 255 characters. `None` if the body does not name it.
pub(crate) fn name(body: &Map<String, Value>, field: &str) -> Result<Option<String>, Refusal> {
    let Some(value) = body.get(field) else { return Ok(None) };
    let text = value.as_str().filter(|text| {
        let length = text.chars().count();
        (1..=LONGEST).contains(&length) && !text.trim().is_empty()
    });
    match text {
        Some(text) => Ok(Some(text.to_owned())),
        None => Err(invalid(field, value, &format!("a text of 1 to {LONGEST} characters"))),
    }
}

/// Returns a text of at most 255 characters. `None` if the body does not name it.
pub(crate) fn text(body: &Map<String, Value>, field: &str) -> Result<Option<String>, Refusal> {
    let Some(value) = body.get(field) else { return Ok(None) };
    match value.as_str().filter(|text| text.chars().count() <= LONGEST) {
        Some(text) => Ok(Some(text.to_owned())),
        None => Err(invalid(field, value, &format!("a text of at most {LONGEST} characters"))),
    }
}

/// Returns a number from `least` to `most`, or `Some(None)` for null. `None` if the body does not name it.
#[expect(clippy::option_option, reason = "an absent field, null and a value mean different things")]
pub(crate) fn number(
    body: &Map<String, Value>,
    field: &str,
    (least, most): (u64, u64),
) -> Result<Option<Option<u64>>, Refusal> {
    let Some(value) = body.get(field) else { return Ok(None) };
    if value.is_null() {
        return Ok(Some(None));
    }
    let number = value.as_u64().or_else(|| value.as_str().and_then(|text| text.trim().parse().ok()));
    match number.filter(|number| (least..=most).contains(number)) {
        Some(number) => Ok(Some(Some(number))),
        None => Err(invalid(field, value, &format!("a number from {least} to {most}"))),
    }
}

/// Returns a boolean. `None` if the body does not name it.
pub(crate) fn boolean(body: &Map<String, Value>, field: &str) -> Result<Option<bool>, Refusal> {
    let Some(value) = body.get(field) else { return Ok(None) };
    value.as_bool().map(Some).ok_or_else(|| invalid(field, value, "true or false"))
}

/// Returns a time of each day such as `22:00-04:00`, or `Some(None)` for null. `None` if the body does not name it.
#[expect(clippy::option_option, reason = "an absent field, null and a value mean different things")]
pub(crate) fn window(body: &Map<String, Value>, field: &str) -> Result<Option<Option<String>>, Refusal> {
    let Some(value) = body.get(field) else { return Ok(None) };
    if value.is_null() {
        return Ok(Some(None));
    }
    match value.as_str().filter(|text| is_window(text)) {
        Some(text) => Ok(Some(Some(text.to_owned()))),
        None => Err(invalid(field, value, "two different times as HH:MM-HH:MM")),
    }
}

/// Returns the id of a linked row, or `Some(None)` for null. `None` if the body does not name it.
#[expect(clippy::option_option, reason = "an absent field, null and a value mean different things")]
pub(crate) fn link(
    body: &Map<String, Value>,
    field: &str,
    target: Name,
) -> Result<Option<Option<u64>>, WriteRefusal> {
    let Some(value) = body.get(field) else { return Ok(None) };
    match value {
        Value::Null => Ok(Some(None)),
        Value::String(uri) => {
            let prefix = format!("/api/v1/{target}/");
            let id = uri.strip_prefix(&prefix).map(|rest| rest.strip_suffix('/').unwrap_or(rest));
            let id = id.and_then(|id| id.parse().ok());
            id.map(|id| Some(Some(id))).ok_or_else(|| WriteRefusal::Link(unknown_link(uri)))
        }
        Value::Object(_) => Err(WriteRefusal::Link(format!(
            "The '{field}' field was given a nested object: expected a URI such as {}.",
            target.uri(1)
        ))),
        other => Err(WriteRefusal::Link(format!(
            "The '{field}' field was given data that was not a URI, not a dictionary-alike and does not have a 'pk' \
             attribute: {other}."
        ))),
    }
}

fn invalid(field: &str, value: &Value, expected: &str) -> Refusal {
    Refusal::Malformed(format!("invalid {field} {value}: expected {expected}"))
}

fn is_window(text: &str) -> bool {
    let is_time = |text: &str| {
        let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit()) && text.len() == 2;
        text.split_once(':')
            .is_some_and(|(hour, minute)| digits(hour) && digits(minute) && hour < "24" && minute < "60")
    };
    text.split_once('-').is_some_and(|(from, to)| is_time(from) && is_time(to) && from != to)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn body(value: Value) -> Map<String, Value> {
        Map::from_iter([("f".to_owned(), value)])
    }

    #[test]
    fn names_have_1_to_255_characters() {
        assert_eq!(name(&Map::new(), "f").expect("absent"), None);
        assert_eq!(name(&body(json!("é".repeat(255))), "f").expect("a name"), Some("é".repeat(255)));
        for wrong in [json!(""), json!(" "), json!("x".repeat(256)), json!(null), json!(5)] {
            assert!(name(&body(wrong.clone()), "f").is_err(), "{wrong}");
        }
    }

    #[test]
    fn numbers_may_be_texts_and_null_clears_them() {
        for (value, expected) in
            [(json!(1), Some(Some(1))), (json!("65535"), Some(Some(65_535))), (json!(null), Some(None))]
        {
            assert_eq!(number(&body(value), "f", (1, 65_535)).expect("a number"), expected);
        }
        for wrong in [json!(0), json!(65_536), json!("x"), json!(-1), json!(1.5), json!(true), json!([])] {
            let refused = number(&body(wrong.clone()), "f", (1, 65_535)).expect_err("not a port");
            assert_eq!(refused.text(), format!("invalid f {wrong}: expected a number from 1 to 65535"));
        }
    }

    #[test]
    fn links_are_uris() {
        for (value, expected) in [
            (json!("/api/v1/environment/3/"), Ok(Some(Some(3)))),
            (json!("/api/v1/environment/3"), Ok(Some(Some(3)))),
            (json!(null), Ok(Some(None))),
            (
                json!("/api/v1/server/3/"),
                Err("Could not find the provided object via resource URI '/api/v1/server/3/'."),
            ),
            (json!("3"), Err("Could not find the provided object via resource URI '3'.")),
            (
                json!(1),
                Err(
                    "The 'f' field was given data that was not a URI, not a dictionary-alike and does not have a 'pk' attribute: 1.",
                ),
            ),
            (
                json!({"name": "x"}),
                Err(
                    "The 'f' field was given a nested object: expected a URI such as /api/v1/environment/1/.",
                ),
            ),
        ] {
            let found = link(&body(value.clone()), "f", Name::Environment).map_err(|refusal| match refusal {
                WriteRefusal::Link(text) => text,
                WriteRefusal::Other(other) => other.text(),
            });
            assert_eq!(found, expected.map_err(str::to_owned), "{value}");
        }
    }

    #[test]
    fn windows_are_two_times_of_a_day() {
        for (text, expected) in [
            ("22:00-04:00", true),
            ("00:00-23:59", true),
            ("22:00-22:00", false),
            ("24:00-01:00", false),
            ("1:00-02:00", false),
            ("01:60-02:00", false),
            ("01:00", false),
            ("", false),
        ] {
            assert_eq!(window(&body(json!(text)), "f").is_ok(), expected, "{text}");
        }
    }
}
