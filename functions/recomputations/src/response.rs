//! Successful responses, in both dialects.

use axum::response::{IntoResponse, Response};
use domain::recomputations::document::Document;
use domain::recomputations::record::Recomputation;
use http::StatusCode;
use http::header::{CONTENT_TYPE, ETAG};
use serde::Serialize;
use serde_json::{Value, json};

use crate::dialect::Dialect;
use crate::headers::etag;

/// Returns a JSON response.
pub fn json(status: StatusCode, body: &impl Serialize) -> Response {
    serialized(status, serde_json::to_string(body).unwrap_or_default())
}

/// Returns a JSON response with a body that is already serialized.
pub fn serialized(status: StatusCode, text: String) -> Response {
    (status, [(CONTENT_TYPE, "application/json; charset=utf-8")], text).into_response()
}

/// Returns a response with a message only.
pub fn message(message: &str) -> Response {
    json(StatusCode::OK, &json!({"status": status(StatusCode::OK, message)}))
}

/// Returns a response with a message about a request, and the request's version.
pub fn message_about(request: &Recomputation, text: &str) -> Response {
    with_etag(message(text), request.version)
}

/// Requests in the documented dialect.
#[derive(Serialize)]
struct Root<'a> {
    root: Vec<Document<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_cursor: Option<String>,
}

/// One request or several in the v2 dialect.
#[derive(Serialize)]
struct Envelope<T> {
    status: Value,
    data: T,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_cursor: Option<String>,
}

/// Returns a response with one request.
pub fn one(request: &Recomputation, dialect: Dialect) -> Response {
    let document = Document::new(request, dialect.zone());
    let response = match dialect {
        Dialect::Documented => json(StatusCode::OK, &Root { root: vec![document], next_cursor: None }),
        Dialect::V2 => {
            json(StatusCode::OK, &Envelope { status: success(), data: document, next_cursor: None })
        }
    };
    with_etag(response, request.version)
}

/// Serializes a page of requests with the cursor of the next page.
pub fn page(requests: &[Recomputation], next_cursor: Option<String>, dialect: Dialect) -> String {
    let documents: Vec<_> = requests.iter().map(|request| Document::new(request, dialect.zone())).collect();
    let text = match dialect {
        Dialect::Documented => serde_json::to_string(&Root { root: documents, next_cursor }),
        Dialect::V2 => serde_json::to_string(&Envelope { status: success(), data: documents, next_cursor }),
    };
    text.unwrap_or_default()
}

fn success() -> Value {
    status(StatusCode::OK, "Success")
}

/// Returns the member `status` of a response; its code is a text.
pub fn status(status: StatusCode, message: &str) -> Value {
    json!({"message": message, "code": status.as_str()})
}

/// Adds the version of a request to a response.
fn with_etag(mut response: Response, version: u64) -> Response {
    if let Some(etag) = etag(version) {
        response.headers_mut().insert(ETAG, etag);
    }
    response
}
