//! Good answers, in both dialects.

use axum::response::{IntoResponse, Response};
use domain::recomputations::document::Document;
use domain::recomputations::record::Recomputation;
use domain::recomputations::tag::tag;
use http::header::{CONTENT_TYPE, ETAG};
use http::{HeaderValue, StatusCode};
use serde::Serialize;
use serde_json::{Value, json};

use crate::dialect::Dialect;

/// A JSON body as this API sends it.
pub fn body(status: StatusCode, body: &impl Serialize) -> Response {
    text(status, serde_json::to_string(body).unwrap_or_default())
}

/// A JSON body that is written already.
pub fn text(status: StatusCode, text: String) -> Response {
    (status, [(CONTENT_TYPE, "application/json; charset=utf-8")], text).into_response()
}

/// A result that is only said.
pub fn said(message: &str) -> Response {
    body(StatusCode::OK, &json!({"status": status(StatusCode::OK, message)}))
}

/// A result that is only said, of a request in this version.
pub fn said_of(request: &Recomputation, message: &str) -> Response {
    with_tag(said(message), request.version)
}

/// Requests in the document's dialect.
#[derive(Serialize)]
struct Root<'a> {
    root: Vec<Document<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_cursor: Option<String>,
}

/// One request or several in the newer dialect.
#[derive(Serialize)]
struct Envelope<T> {
    status: Value,
    data: T,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_cursor: Option<String>,
}

/// One request.
pub fn one(request: &Recomputation, dialect: Dialect) -> Response {
    let document = Document::new(request, dialect.zone());
    let answer = match dialect {
        Dialect::Document => body(StatusCode::OK, &Root { root: vec![document], next_cursor: None }),
        Dialect::V2 => {
            body(StatusCode::OK, &Envelope { status: success(), data: document, next_cursor: None })
        }
    };
    with_tag(answer, request.version)
}

/// Some requests, and where the next page begins if there is one.
pub fn many(requests: &[Recomputation], next_cursor: Option<String>, dialect: Dialect) -> String {
    let documents: Vec<_> = requests.iter().map(|request| Document::new(request, dialect.zone())).collect();
    let text = match dialect {
        Dialect::Document => serde_json::to_string(&Root { root: documents, next_cursor }),
        Dialect::V2 => serde_json::to_string(&Envelope { status: success(), data: documents, next_cursor }),
    };
    text.unwrap_or_default()
}

fn success() -> Value {
    status(StatusCode::OK, "Success")
}

/// The part of an answer that says how it went; the code is a text.
pub fn status(status: StatusCode, message: &str) -> Value {
    json!({"message": message, "code": status.as_str()})
}

/// The same answer with the version of what it is about.
pub fn with_tag(mut response: Response, version: u64) -> Response {
    if let Ok(value) = HeaderValue::try_from(tag(version)) {
        response.headers_mut().insert(ETAG, value);
    }
    response
}
