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
    let kind = [(CONTENT_TYPE, "application/json; charset=utf-8")];
    (status, kind, serde_json::to_string(body).unwrap_or_default()).into_response()
}

/// A result that is only said.
pub fn said(message: &str) -> Response {
    body(StatusCode::OK, &json!({"status": status(StatusCode::OK, message)}))
}

/// A result that is only said, of a request in this version.
pub fn said_of(request: &Recomputation, message: &str) -> Response {
    with_tag(said(message), request.version)
}

/// One request.
pub fn one(request: &Recomputation, dialect: Dialect) -> Response {
    let document = Document::of(request, dialect.zone());
    let answer = match dialect {
        Dialect::Document => json!({"root": [document]}),
        Dialect::V2 => json!({"status": status(StatusCode::OK, "Success"), "data": document}),
    };
    with_tag(body(StatusCode::OK, &answer), request.version)
}

/// Some requests, and where the next page begins if pages were asked for.
pub fn many(requests: &[Recomputation], next: Option<Option<String>>, dialect: Dialect) -> Value {
    let documents: Vec<_> = requests.iter().map(|request| Document::of(request, dialect.zone())).collect();
    let mut answer = match dialect {
        Dialect::Document => json!({"root": documents}),
        Dialect::V2 => json!({"status": status(StatusCode::OK, "Success"), "data": documents}),
    };
    if let Some(next) = next {
        answer["next_cursor"] = json!(next);
    }
    answer
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
