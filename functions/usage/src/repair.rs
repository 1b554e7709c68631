//! `/db/repair`: records that another system has sent downstream.

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use domain::error::Error;
use domain::usage::Usage;
use serde::Serialize;
use serde_json::{Map, Value};

use crate::error::ApiError;
use crate::parameters::{Body, Parameters, service};

#[derive(Serialize)]
struct Repaired {
    absent_exists: Vec<String>,
    exists_not_pending: Vec<String>,
}

/// The messages to repair: from the body, as JSON or as a form, or else from the query.
#[derive(Debug, Default, PartialEq, Eq)]
struct RepairRequest {
    message_ids: Vec<String>,
    service: Option<String>,
}

pub async fn repair(
    State(usage): State<Usage>,
    query: Parameters,
    Body(body): Body,
) -> Result<Response, ApiError> {
    let RepairRequest { message_ids, service: name } = RepairRequest::read(&query, &body)?;
    let service = service(name.as_deref())?;
    if message_ids.is_empty() {
        return Err(Error::invalid("'message_ids' is missing.").into());
    }
    let repaired = usage.repair(service, &message_ids).await?;
    let repaired =
        Repaired { absent_exists: repaired.absent_exists, exists_not_pending: repaired.exists_not_pending };
    Ok(Json(repaired).into_response())
}

impl RepairRequest {
    fn read(query: &Parameters, body: &[u8]) -> Result<Self, Error> {
        let from_body = match body.trim_ascii_start().first() {
            None => Self::default(),
            Some(b'{' | b'[') => match serde_json::from_slice(body) {
                Ok(Value::Object(object)) => Self::from_json(&object)?,
                _ => return Err(Error::invalid("The body is not a JSON object.")),
            },
            Some(_) => Self::from_form(&Parameters::parse(body)),
        };
        let from_query = Self::from_form(query);
        let is_empty = from_body.message_ids.is_empty();
        Ok(Self {
            message_ids: if is_empty { from_query.message_ids } else { from_body.message_ids },
            service: from_body.service.or(from_query.service),
        })
    }

    fn from_form(form: &Parameters) -> Self {
        Self {
            message_ids: form.all("message_ids").map(str::to_owned).collect(),
            service: form.first("service").map(str::to_owned),
        }
    }

    fn from_json(object: &Map<String, Value>) -> Result<Self, Error> {
        let text = |value: &Value| value.as_str().map(str::to_owned);
        let ids = match object.get("message_ids") {
            None | Some(Value::Null) => Some(Vec::new()),
            Some(Value::Array(ids)) => ids.iter().map(text).collect(),
            Some(one) => text(one).map(|one| vec![one]),
        };
        let service = match object.get("service") {
            None | Some(Value::Null) => None,
            Some(name) => {
                Some(text(name).ok_or_else(|| Error::invalid(format!("'service': {name} is not a text.")))?)
            }
        };
        let message_ids = ids.ok_or_else(|| Error::invalid("'message_ids' is not a list of texts."))?;
        Ok(Self { message_ids, service })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_read_from_a_form_from_json_and_from_the_query() {
        for (query, body, ids, service) in [
            ("", "message_ids=a&message_ids=b&service=glance&service=x", &["a", "b"][..], Some("glance")),
            ("", r#" {"message_ids": ["a", "b"], "service": "nova"}"#, &["a", "b"], Some("nova")),
            ("", r#"{"message_ids": "a"}"#, &["a"], None),
            ("message_ids=a&service=glance", "", &["a"], Some("glance")),
            ("message_ids=q&service=glance", "message_ids=b", &["b"], Some("glance")),
            ("", "", &[], None),
        ] {
            let read =
                RepairRequest::read(&Parameters::parse(query.as_bytes()), body.as_bytes()).expect(body);
            let message_ids = ids.iter().map(|id| (*id).to_owned()).collect();
            assert_eq!(
                read,
                RepairRequest { message_ids, service: service.map(str::to_owned) },
                "{query} {body}"
            );
        }
    }

    #[test]
    fn json_with_other_types_is_refused() {
        for body in ["{", "[]", r#"{"message_ids": [1]}"#, r#"{"message_ids": {}}"#, r#"{"service": 1}"#] {
            assert!(RepairRequest::read(&Parameters::parse(b""), body.as_bytes()).is_err(), "{body}");
        }
    }
}
