//! Pure. What a client says of the messages that it has sent downstream.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::error::{Error, Kind};

/// The most messages of one confirmation; each costs a read and a write before the answer.
pub const MOST: usize = 10_000;

/// The longest event id, in characters.
const LONGEST_EVENT_ID: usize = 255;

/// What downstream answered to one message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The HTTP status.
    pub send_status: i64,
    /// The id that downstream gave; none leaves the stored one as it is.
    pub event_id: Option<String>,
}

/// What downstream answered to the messages of both services, by message id.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Confirmation {
    /// Messages about instances.
    pub nova: BTreeMap<String, Answer>,
    /// Messages about images.
    pub glance: BTreeMap<String, Answer>,
}

/// The form of the values.
#[derive(Clone, Copy)]
enum Form {
    /// The status alone.
    Status,
    /// An object of status and event id; one that is missing is 0 or the empty text, whatever stood there before.
    StatusAndEvent,
}

/// Reads the body of a confirmation of one message: `{"send_status": 200}`.
pub fn parse_single(body: &[u8]) -> Result<Answer, Error> {
    let body = object(body)?;
    match body.get("send_status") {
        None | Some(Value::Null) => Err(Error::invalid("'send_status' is missing from the body.")),
        Some(value) => Ok(Answer { send_status: status(value)?, event_id: None }),
    }
}

impl Confirmation {
    /// Reads the body of a batch, of version 0, 1 or 2.
    ///
    /// Every level may be an object, as clients send it, or a list of objects, as the documentation shows it: a list is
    /// all of its objects together, and of a message that is named twice the later answer counts.
    pub fn parse(body: &[u8]) -> Result<Self, Error> {
        let body = object(body)?;
        let messages = match body.get("messages") {
            None | Some(Value::Null) => {
                return Err(Error::invalid("'messages' is missing from the body."));
            }
            Some(messages) => messages,
        };
        let confirmation = match version(body.get("version"))? {
            0 => Self { nova: answers(messages, Form::Status)?, glance: BTreeMap::new() },
            1 => Self::of_services(messages, Form::Status)?,
            _ => Self::of_services(messages, Form::StatusAndEvent)?,
        };
        if confirmation.nova.len() + confirmation.glance.len() > MOST {
            return Err(Error::new(Kind::TooLarge, format!("A batch confirms at most {MOST} messages.")));
        }
        Ok(confirmation)
    }

    fn of_services(messages: &Value, form: Form) -> Result<Self, Error> {
        let mut confirmation = Self::default();
        for (service, messages) in objects(messages)?.into_iter().flatten() {
            match service.as_str() {
                "nova" => confirmation.nova.extend(answers(messages, form)?),
                "glance" => confirmation.glance.extend(answers(messages, form)?),
                other => {
                    return Err(Error::invalid(format!("'{other}' is no service; nova and glance are.")));
                }
            }
        }
        Ok(confirmation)
    }
}

fn object(body: &[u8]) -> Result<Map<String, Value>, Error> {
    if body.trim_ascii().is_empty() {
        return Err(Error::invalid("A body is required."));
    }
    match serde_json::from_slice(body) {
        Ok(Value::Object(object)) => Ok(object),
        _ => Err(Error::invalid("The body is no JSON object.")),
    }
}

fn version(value: Option<&Value>) -> Result<u8, Error> {
    let known = match value {
        None => Some(0),
        Some(Value::Number(number)) => number.as_u64(),
        Some(Value::String(text)) => text.parse().ok(),
        Some(_) => None,
    };
    match known {
        Some(known @ 0..=2) => Ok(u8::try_from(known).unwrap_or_default()),
        _ => Err(Error::invalid("'version' is none of 0, 1 and 2.")),
    }
}

/// One object, or all objects of a list.
fn objects(value: &Value) -> Result<Vec<&Map<String, Value>>, Error> {
    let wrong =
        || Error::invalid("'messages' holds something that is neither an object nor a list of objects.");
    match value {
        Value::Object(object) => Ok(vec![object]),
        Value::Array(list) => list.iter().map(|element| element.as_object().ok_or_else(wrong)).collect(),
        _ => Err(wrong()),
    }
}

fn answers(messages: &Value, form: Form) -> Result<BTreeMap<String, Answer>, Error> {
    let answers = objects(messages)?.into_iter().flatten();
    answers.map(|(message_id, value)| Ok((message_id.clone(), answer(message_id, value, form)?))).collect()
}

fn answer(message_id: &str, value: &Value, form: Form) -> Result<Answer, Error> {
    match form {
        Form::Status => Ok(Answer { send_status: status(value)?, event_id: None }),
        Form::StatusAndEvent => {
            let Some(object) = value.as_object() else {
                return Err(Error::invalid(format!("What is said of '{message_id}' is no object.")));
            };
            let send_status = object.get("status").map_or(Ok(0), status)?;
            Ok(Answer { send_status, event_id: Some(event_id(object.get("event_id"))?) })
        }
    }
}

/// A whole number, or a text that is one. The original cut fractions and took true for 1.
fn status(value: &Value) -> Result<i64, Error> {
    let number = match value {
        Value::Number(number) => number.as_i64(),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    };
    number.ok_or_else(|| Error::invalid(format!("{value} is no HTTP status.")))
}

fn event_id(value: Option<&Value>) -> Result<String, Error> {
    match value {
        None | Some(Value::Null) => Ok(String::new()),
        Some(Value::String(text)) if text.chars().count() <= LONGEST_EVENT_ID => Ok(text.clone()),
        Some(_) => {
            Err(Error::invalid(format!("An 'event_id' is no text of at most {LONGEST_EVENT_ID} characters.")))
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn parse(body: &Value) -> Result<Confirmation, String> {
        Confirmation::parse(body.to_string().as_bytes()).map_err(|error| error.to_string())
    }

    fn answers(of: &[(&str, i64, Option<&str>)]) -> BTreeMap<String, Answer> {
        let answer = |send_status, event_id: Option<&str>| Answer {
            send_status,
            event_id: event_id.map(str::to_owned),
        };
        of.iter().map(|(id, status, event)| ((*id).to_owned(), answer(*status, *event))).collect()
    }

    #[test]
    fn every_level_is_an_object_or_a_list_of_objects_in_every_version() {
        let v0 = answers(&[("a", 200, None), ("b", 400, None)]);
        for body in [
            json!({"messages": {"a": 200, "b": 400}}),
            json!({"messages": [{"a": 200}, {"b": 400}], "version": 0}),
            json!({"messages": [{"a": 500, "b": 400}, {"a": "200"}], "version": "0"}),
        ] {
            assert_eq!(parse(&body).map(|read| read.nova).as_ref(), Ok(&v0), "{body}");
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
    fn what_is_wrong_anywhere_refuses_the_whole_body() {
        for (body, message) in [
            (json!({}), "'messages' is missing from the body."),
            (json!({"messages": null}), "'messages' is missing from the body."),
            (json!([]), "The body is no JSON object."),
            (
                json!({"messages": 5}),
                "'messages' holds something that is neither an object nor a list of objects.",
            ),
            (
                json!({"messages": [5]}),
                "'messages' holds something that is neither an object nor a list of objects.",
            ),
            (json!({"messages": {}, "version": 3}), "'version' is none of 0, 1 and 2."),
            (json!({"messages": {}, "version": null}), "'version' is none of 0, 1 and 2."),
            (json!({"messages": {}, "version": 1.5}), "'version' is none of 0, 1 and 2."),
            (json!({"messages": {"a": 200, "b": "abc"}}), "\"abc\" is no HTTP status."),
            (json!({"messages": {"a": 200.7}}), "200.7 is no HTTP status."),
            (json!({"messages": {"a": true}}), "true is no HTTP status."),
            (json!({"messages": {"a": null}}), "null is no HTTP status."),
            (json!({"version": 1, "messages": {"a": 200}}), "'a' is no service; nova and glance are."),
            (
                json!({"version": 1, "messages": {"nova": {"a": {"status": 1}}}}),
                "{\"status\":1} is no HTTP status.",
            ),
            (json!({"version": 2, "messages": {"nova": {"a": 200}}}), "What is said of 'a' is no object."),
            (
                json!({"version": 2, "messages": {"nova": {"a": {"event_id": 7}}}}),
                "An 'event_id' is no text of at most 255 characters.",
            ),
        ] {
            assert_eq!(parse(&body), Err(message.to_owned()), "{body}");
        }
        assert!(Confirmation::parse(b"").is_err() && Confirmation::parse(b"{").is_err());
    }

    #[test]
    fn a_batch_has_an_end() {
        let many: Map<String, Value> = (0..=MOST).map(|n| (n.to_string(), json!(200))).collect();
        let refused =
            Confirmation::parse(json!({"messages": many}).to_string().as_bytes()).expect_err("too many");
        assert_eq!(refused.kind(), Kind::TooLarge);
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
