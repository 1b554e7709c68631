//! `/db/repair`: records that somebody else has sent downstream.

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use domain::error::Error;
use domain::notification::service::Service;
use domain::usage::Usage;
use serde::Serialize;
use serde_json::{Map, Value};

use crate::error::ApiError;
use crate::parameters::{Body, Parameters};

#[derive(Serialize)]
struct Repaired {
    absent_exists: Vec<String>,
    exists_not_pending: Vec<String>,
}

/// What is asked, in whatever form: the body as JSON or as a form, else the query.
#[derive(Debug, Default, PartialEq, Eq)]
struct Authorized {
    message_ids: Vec<String>,
    service: Option<String>,
}

pub async fn repair(
    State(usage): State<Usage>,
    query: Parameters,
    Body(body): Body,
) -> Result<Response, ApiError> {
    let asked = asked(&query, &body)?;
    let service = match asked.service {
        None => Service::Nova,
        Some(name) => {
            name.parse().map_err(|cause| Error::invalid(format!("'service': '{name}': {cause}.")))?
        }
    };
    if asked.message_ids.is_empty() {
        return Err(Error::invalid("'message_ids' is missing.").into());
    }
    let repaired = usage.repair(service, &asked.message_ids).await?;
    let repaired =
        Repaired { absent_exists: repaired.absent_exists, exists_not_pending: repaired.exists_not_pending };
    Ok(Json(repaired).into_response())
}

fn asked(query: &Parameters, body: &[u8]) -> Result<Authorized, Error> {
    let mut asked = match body.trim_ascii_start().first() {
        None => Authorized::default(),
        Some(b'{' | b'[') => match serde_json::from_slice(body) {
            Ok(Value::Object(object)) => of_json(&object)?,
            _ => return Err(Error::invalid("The body is no JSON object.")),
        },
        Some(_) => of_form(&Parameters::parse(body)),
    };
    let query = of_form(query);
    if asked.message_ids.is_empty() {
        asked.message_ids = query.message_ids;
    }
    asked.service = asked.service.or(query.service);
    Ok(asked)
}

fn of_form(form: &Parameters) -> Authorized {
    Authorized {
        message_ids: form.all("message_ids").map(str::to_owned).collect(),
        service: form.first("service").map(str::to_owned),
    }
}

fn of_json(object: &Map<String, Value>) -> Result<Authorized, Error> {
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let ids = match object.get("message_ids") {
        None | Some(Value::Null) => Some(Vec::new()),
        Some(Value::Array(ids)) => ids.iter().map(text).collect(),
        Some(one) => text(one).map(|one| vec![one]),
    };
    let service = match object.get("service") {
        None | Some(Value::Null) => None,
        Some(name) => {
            Some(text(name).ok_or_else(|| Error::invalid(format!("'service': {name} is no text.")))?)
        }
    };
    let message_ids = ids.ok_or_else(|| Error::invalid("'message_ids' is no list of texts."))?;
    Ok(Authorized { message_ids, service })
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
            let read = asked(&Parameters::parse(query.as_bytes()), body.as_bytes()).expect(body);
            let message_ids = ids.iter().map(|id| (*id).to_owned()).collect();
            assert_eq!(
                read,
                Authorized { message_ids, service: service.map(str::to_owned) },
                "{query} {body}"
            );
        }
    }

    #[test]
    fn json_of_another_shape_is_refused() {
        for body in ["{", "[]", r#"{"message_ids": [1]}"#, r#"{"message_ids": {}}"#, r#"{"service": 1}"#] {
            assert!(asked(&Parameters::parse(b""), body.as_bytes()).is_err(), "{body}");
        }
    }
}
