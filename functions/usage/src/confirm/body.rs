//! Pure. The JSON bodies of confirmations, in their three versions.

use std::collections::BTreeMap;

use domain::error::Error;
use domain::usage::confirmation::{Answer, Confirmation, LONGEST_EVENT_ID};
use serde_json::{Map, Value};

/// The form of the answers in a body.
#[derive(Clone, Copy)]
enum AnswerForm {
    /// The status alone.
    Status,
    /// An object of status and event id. A missing status is 0 and a missing event id empty, and both replace what is
    /// stored.
    StatusAndEventId,
}

/// The version of a batch: it decides what `messages` contains.
#[derive(Clone, Copy)]
enum Version {
    /// Answers about instances.
    V0,
    /// Answers of both services.
    V1,
    /// Answers of both services, with event ids.
    V2,
}

/// Parses the confirmation of one message: `{"send_status": 200}`.
pub fn parse_single(body: &[u8]) -> Result<Answer, Error> {
    let body = object(body)?;
    match body.get("send_status") {
        None | Some(Value::Null) => Err(Error::invalid("'send_status' is missing from the body.")),
        Some(value) => Ok(Answer { send_status: status(value)?, event_id: None }),
    }
}

/// Parses a batch of version 0, 1 or 2.
///
/// Every level may be an object, as clients send it, or a list of objects, as the documentation shows it. The objects of
/// a list are merged; if a message occurs twice, its later answer counts.
pub fn parse_batch(body: &[u8]) -> Result<Confirmation, Error> {
    let body = object(body)?;
    let messages = match body.get("messages") {
        None | Some(Value::Null) => {
            return Err(Error::invalid("'messages' is missing from the body."));
        }
        Some(messages) => messages,
    };
    let confirmation = match version(body.get("version"))? {
        Version::V0 => {
            Confirmation { nova: answers(messages, AnswerForm::Status)?, ..Confirmation::default() }
        }
        Version::V1 => by_service(messages, AnswerForm::Status)?,
        Version::V2 => by_service(messages, AnswerForm::StatusAndEventId)?,
    };
    confirmation.check_size()
}

fn by_service(messages: &Value, form: AnswerForm) -> Result<Confirmation, Error> {
    let mut confirmation = Confirmation::default();
    for (service, messages) in objects(messages)?.into_iter().flatten() {
        match service.as_str() {
            "nova" => confirmation.nova.extend(answers(messages, form)?),
            "glance" => confirmation.glance.extend(answers(messages, form)?),
            other => {
                return Err(Error::invalid(format!("Unknown service '{other}': expected nova or glance.")));
            }
        }
    }
    Ok(confirmation)
}

fn object(body: &[u8]) -> Result<Map<String, Value>, Error> {
    if body.trim_ascii().is_empty() {
        return Err(Error::invalid("A body is required."));
    }
    match serde_json::from_slice(body) {
        Ok(Value::Object(object)) => Ok(object),
        _ => Err(Error::invalid("The body is not a JSON object.")),
    }
}

fn version(value: Option<&Value>) -> Result<Version, Error> {
    let number = match value {
        None => Some(0),
        Some(Value::Number(number)) => number.as_u64(),
        Some(Value::String(text)) => text.parse().ok(),
        Some(_) => None,
    };
    match number {
        Some(0) => Ok(Version::V0),
        Some(1) => Ok(Version::V1),
        Some(2) => Ok(Version::V2),
        _ => Err(Error::invalid("'version': expected 0, 1 or 2.")),
    }
}

/// Returns an object alone, or all objects of a list.
fn objects(value: &Value) -> Result<Vec<&Map<String, Value>>, Error> {
    let wrong = || Error::invalid("'messages': expected an object or a list of objects at every level.");
    match value {
        Value::Object(object) => Ok(vec![object]),
        Value::Array(list) => list.iter().map(|element| element.as_object().ok_or_else(wrong)).collect(),
        _ => Err(wrong()),
    }
}

fn answers(messages: &Value, form: AnswerForm) -> Result<BTreeMap<String, Answer>, Error> {
    let answers = objects(messages)?.into_iter().flatten();
    answers.map(|(message_id, value)| Ok((message_id.clone(), answer(message_id, value, form)?))).collect()
}

fn answer(message_id: &str, value: &Value, form: AnswerForm) -> Result<Answer, Error> {
    match form {
        AnswerForm::Status => Ok(Answer { send_status: status(value)?, event_id: None }),
        AnswerForm::StatusAndEventId => {
            let Some(object) = value.as_object() else {
                return Err(Error::invalid(format!("The confirmation of '{message_id}' is not an object.")));
            };
            let send_status = object.get("status").map_or(Ok(0), status)?;
            Ok(Answer { send_status, event_id: Some(event_id(object.get("event_id"))?) })
        }
    }
}

/// Parses a status: a whole number, as a number or as text. The original truncated fractions and took `true` for 1.
fn status(value: &Value) -> Result<i64, Error> {
    let number = match value {
        Value::Number(number) => number.as_i64(),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    };
    number.ok_or_else(|| Error::invalid(format!("Invalid HTTP status: {value}.")))
}

fn event_id(value: Option<&Value>) -> Result<String, Error> {
    match value {
        None | Some(Value::Null) => Ok(String::new()),
        Some(Value::String(text)) if text.chars().count() <= LONGEST_EVENT_ID => Ok(text.clone()),
        Some(_) => Err(Error::invalid(format!(
            "'event_id': expected text of at most {LONGEST_EVENT_ID} characters."
        ))),
    }
}

#[cfg(test)]
mod tests {
    use domain::error::Kind;
    use domain::usage::confirmation::MOST;
    use serde_json::json;

    use super::*;

    fn parse(body: &Value) -> Result<Confirmation, String> {
        parse_batch(body.to_string().as_bytes()).map_err(|error| error.to_string())
    }

    fn answers(list: &[(&str, i64, Option<&str>)]) -> BTreeMap<String, Answer> {
        let answer = |send_status, event_id: Option<&str>| Answer {
            send_status,
            event_id: event_id.map(str::to_owned),
        };
        list.iter().map(|(id, status, event)| ((*id).to_owned(), answer(*status, *event))).collect()
    }

    #[test]
    fn every_level_is_an_object_or_a_list_of_objects_in_every_version() {
        let v0 = answers(&[("a", 200, None), ("b", 400, None)]);
        for body in [
            json!({"messages": {"a": 200, "b": 400}}),
            json!({"messages": [{"a": 200}, {"b": 400}], "version": 0}),
            json!({"messages": [{"a": 500, "b": 400}, {"a": "200"}], "version": "0"}),
        ] {
            assert_eq!(parse(&body).map(|confirmation| confirmation.nova).as_ref(), Ok(&v0), "{body}");
        }
        let v1 = Confirmation { nova: answers(&[("a", 200, None)]), glance: answers(&[("g", 404, None)]) };
        for body in [
            json!({"version": 1, "messages": {"nova": {"a": 200}, "glance": {"g": 404}}}),
            json!({"version": "1", "messages": [{"nova": [{"a": 200}], "glance": [{"g": 404}]}]}),
            json!({"version": 1, "messages": [{"nova": {"a": 1}}, {"nova": [{"a": 200}]}, {"glance": {"g": 404}}]}),
        ] {
            assert_eq!(parse(&body).as_ref(), Ok(&v1), "{body}");
        }
        let v2 = Confirmation {
            nova: answers(&[("a", 201, Some("e1")), ("b", 0, Some("e2")), ("c", 201, Some(""))]),
            glance: BTreeMap::new(),
        };
        let nova =
            json!({"a": {"status": 201, "event_id": "e1"}, "b": {"event_id": "e2"}, "c": {"status": "201"}});
        assert_eq!(parse(&json!({"version": 2, "messages": {"nova": nova}})).as_ref(), Ok(&v2));
        assert_eq!(parse(&json!({"version": "2", "messages": [{"nova": [nova]}]})).as_ref(), Ok(&v2));
    }

    #[test]
    fn an_error_anywhere_refuses_the_whole_body() {
        for (body, message) in [
            (json!({}), "'messages' is missing from the body."),
            (json!({"messages": null}), "'messages' is missing from the body."),
            (json!([]), "The body is not a JSON object."),
            (json!({"messages": 5}), "'messages': expected an object or a list of objects at every level."),
            (json!({"messages": [5]}), "'messages': expected an object or a list of objects at every level."),
            (json!({"messages": {}, "version": 3}), "'version': expected 0, 1 or 2."),
            (json!({"messages": {}, "version": null}), "'version': expected 0, 1 or 2."),
            (json!({"messages": {}, "version": 1.5}), "'version': expected 0, 1 or 2."),
            (json!({"messages": {"a": 200, "b": "abc"}}), "Invalid HTTP status: \"abc\"."),
            (json!({"messages": {"a": 200.7}}), "Invalid HTTP status: 200.7."),
            (json!({"messages": {"a": true}}), "Invalid HTTP status: true."),
            (json!({"messages": {"a": null}}), "Invalid HTTP status: null."),
            (json!({"version": 1, "messages": {"a": 200}}), "Unknown service 'a': expected nova or glance."),
            (
                json!({"version": 1, "messages": {"nova": {"a": {"status": 1}}}}),
                "Invalid HTTP status: {\"status\":1}.",
            ),
            (
                json!({"version": 2, "messages": {"nova": {"a": 200}}}),
                "The confirmation of 'a' is not an object.",
            ),
            (
                json!({"version": 2, "messages": {"nova": {"a": {"event_id": 7}}}}),
                "'event_id': expected text of at most 255 characters.",
            ),
        ] {
            assert_eq!(parse(&body), Err(message.to_owned()), "{body}");
        }
        assert!(parse_batch(b"").is_err() && parse_batch(b"{").is_err());
    }

    #[test]
    fn a_batch_has_a_maximal_size() {
        let many: Map<String, Value> = (0..=MOST).map(|n| (n.to_string(), json!(200))).collect();
        let error =
            parse_batch(json!({"messages": many}).to_string().as_bytes()).expect_err("too many messages");
        assert_eq!(error.kind(), Kind::TooLarge);
        assert_eq!(parse(&json!({"messages": []})), Ok(Confirmation::default()));
    }

    #[test]
    fn a_single_confirmation_needs_a_whole_number() {
        let parse = |body: &str| parse_single(body.as_bytes()).map(|answer| answer.send_status);
        assert_eq!(parse(r#"{"send_status": 201}"#).ok(), Some(201));
        assert_eq!(parse(r#"{"send_status": "204"}"#).ok(), Some(204));
        assert_eq!(parse(r#"{"send_status": -1}"#).ok(), Some(-1));
        for body in ["", " ", "{", "[]", "{}", r#"{"send_status": null}"#, r#"{"send_status": "abc"}"#] {
            assert!(parse(body).is_err(), "{body}");
        }
    }
}
