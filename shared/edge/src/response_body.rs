//! Response bodies: compressed if the client accepts gzip, and no larger than Lambda can return.
//!
//! `tower-http` does not fit: a response is returned as JSON of at most 6 MB, so its compressed size must be known
//! before its status is.

use std::io::Write;

use axum::body::Body;
use axum::response::Response;
use flate2::Compression;
use flate2::write::GzEncoder;
use http::header::{ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, VARY};
use http::{HeaderMap, HeaderValue, Method, StatusCode};
use http_body_util::BodyExt;

use crate::quality;
use crate::status::ErrorBody;

/// Bytes of the largest body that is not worth compressing.
const SMALL: usize = 1_024;
/// Bytes that a body may take in the JSON of a function's response, which ends at 6 MB with its headers.
pub const LARGEST: usize = 5 * 1_024 * 1_024;

const UNREADABLE: &str = "The response could not be read.";
const DONE: &str = "The request succeeded, but its response is larger than 5 MB and cannot be returned.";
const TOO_LARGE: &str = "The response is larger than 5 MB. Request less with a smaller `limit`.";
const TOO_LARGE_PLAIN: &str =
    "The response is larger than 5 MB. Request less with a smaller `limit`, or accept gzip.";

/// A content coding of responses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Coding {
    Gzip,
    Identity,
}

/// What a request does to the records.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Operation {
    Read,
    Write,
}

/// Encodes the response to one request.
#[derive(Clone, Copy, Debug)]
pub struct ResponseEncoder {
    accepted: Coding,
    operation: Operation,
}

impl ResponseEncoder {
    /// Creates the encoder of the response to a request with this method and these headers.
    pub fn new(method: &Method, headers: &HeaderMap) -> Self {
        let accepted = if accepts_gzip(headers) { Coding::Gzip } else { Coding::Identity };
        let is_read = [Method::GET, Method::HEAD].contains(method);
        Self { accepted, operation: if is_read { Operation::Read } else { Operation::Write } }
    }

    /// Compresses the response if the client accepts that, and replaces it by an error if its body is too large.
    ///
    /// An `ETag` is kept: it names the version of a record, for `If-Match`, and not the bytes of the body.
    pub async fn encode(self, response: Response, error_body: ErrorBody) -> Response {
        let (mut parts, body) = response.into_parts();
        let Ok(body) = body.collect().await else {
            return error_body(StatusCode::INTERNAL_SERVER_ERROR, UNREADABLE);
        };
        let mut body = body.to_bytes();
        let headers = &mut parts.headers;
        headers.append(VARY, HeaderValue::from_static("Accept-Encoding"));
        if self.accepted == Coding::Gzip && body.len() > SMALL && !headers.contains_key(CONTENT_ENCODING) {
            let Ok(smaller) = gzip(&body) else {
                return error_body(StatusCode::INTERNAL_SERVER_ERROR, UNREADABLE);
            };
            body = smaller.into();
            headers.insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
            headers.insert(CONTENT_LENGTH, body.len().into());
        }
        if size_in_json(headers, &body) <= LARGEST {
            return Response::from_parts(parts, Body::from(body));
        }
        match (self.operation, self.accepted) {
            (Operation::Write, _) => error_body(StatusCode::INTERNAL_SERVER_ERROR, DONE),
            (Operation::Read, Coding::Gzip) => error_body(StatusCode::BAD_REQUEST, TOO_LARGE),
            (Operation::Read, Coding::Identity) => error_body(StatusCode::BAD_REQUEST, TOO_LARGE_PLAIN),
        }
    }
}

/// Whether `Accept-Encoding` accepts gzip, by name or else by `*` (RFC 9110, 12.5.3).
fn accepts_gzip(headers: &HeaderMap) -> bool {
    let lines = headers.get_all(ACCEPT_ENCODING).iter().filter_map(|line| line.to_str().ok());
    let mut accepts_any = false;
    for (name, is_acceptable) in lines.flat_map(quality::elements) {
        if name.eq_ignore_ascii_case("gzip") || name.eq_ignore_ascii_case("x-gzip") {
            return is_acceptable;
        }
        accepts_any |= name == "*" && is_acceptable;
    }
    accepts_any
}

/// Compresses at the fastest level: a function has a fraction of a core, and JSON shrinks to a tenth all the same.
fn gzip(plain: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(plain)?;
    encoder.finish()
}

/// Returns the bytes that a body takes in a function's response: as a JSON string, or as base64 if `lambda_http` does
/// not consider it text.
fn size_in_json(headers: &HeaderMap, body: &[u8]) -> usize {
    let kind = headers.get(CONTENT_TYPE).map_or(Ok(""), HeaderValue::to_str).unwrap_or("?");
    let texts = ["text", "application/json", "application/javascript", "application/xml", "application/yaml"];
    let is_text = kind.is_empty() || texts.iter().any(|text| kind.starts_with(text));
    if is_text && !headers.contains_key(CONTENT_ENCODING) {
        return body.iter().map(|byte| escaped_size(*byte)).sum();
    }
    body.len().div_ceil(3) * 4
}

/// Returns the bytes that a byte of text takes in a JSON string.
fn escaped_size(byte: u8) -> usize {
    match byte {
        b'"' | b'\\' | b'\n' | b'\r' | b'\t' | 8 | 12 => 2,
        0..32 => 6,
        _ => 1,
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use axum::body::Bytes;
    use axum::response::IntoResponse;
    use flate2::read::GzDecoder;

    use super::*;

    fn error_body(status: StatusCode, text: &str) -> Response {
        (status, text.to_owned()).into_response()
    }

    async fn encoded(method: &Method, accepted: &str, response: Response) -> (HeaderMap, u16, Bytes) {
        let headers = HeaderMap::from_iter([(ACCEPT_ENCODING, accepted.parse().expect("a header value"))]);
        let response = ResponseEncoder::new(method, &headers).encode(response, error_body).await;
        let (parts, body) = response.into_parts();
        (parts.headers, parts.status.as_u16(), body.collect().await.expect("a body in memory").to_bytes())
    }

    #[test]
    fn gzip_is_accepted_if_its_quality_is_above_0() {
        for (accepted, expected) in [
            ("", false),
            ("gzip", true),
            ("GZIP", true),
            ("deflate, gzip;q=1.0, *;q=0.5", true),
            ("gzip; q=0.001", true),
            ("gzip;q=0", false),
            ("gzip;q=0.000, *", false),
            ("*", true),
            ("*;q=0", false),
            ("br, identity", false),
            ("gzip;q=much", false),
        ] {
            let headers = HeaderMap::from_iter([(ACCEPT_ENCODING, HeaderValue::from_static(accepted))]);
            assert_eq!(accepts_gzip(&headers), expected, "{accepted}");
        }
        assert!(!accepts_gzip(&HeaderMap::new()));
    }

    #[tokio::test]
    async fn a_large_plain_body_is_compressed_and_every_response_varies_by_encoding() {
        let text = "abc ".repeat(300);
        for (body, own, encoding) in [
            (text.clone(), None, Some("gzip")),
            ("a".repeat(SMALL), None, None),
            ("a".repeat(SMALL + 1), None, Some("gzip")),
            (text.clone(), Some("br"), Some("br")),
        ] {
            let mut response = body.clone().into_response();
            if let Some(own) = own {
                response.headers_mut().insert(CONTENT_ENCODING, HeaderValue::from_static(own));
            }
            let (headers, _, sent) = encoded(&Method::GET, "gzip", response).await;
            assert_eq!(headers.get(CONTENT_ENCODING).map(HeaderValue::as_bytes), encoding.map(str::as_bytes));
            assert_eq!(headers[VARY], "Accept-Encoding");
            let mut plain = String::new();
            match encoding {
                Some("gzip") => {
                    assert_eq!(headers[CONTENT_LENGTH], sent.len().to_string());
                    GzDecoder::new(&sent[..]).read_to_string(&mut plain).expect("gzip");
                }
                _ => plain = String::from_utf8(sent.to_vec()).expect("text"),
            }
            assert_eq!(plain, body);
        }
    }

    #[tokio::test]
    async fn a_body_that_lambda_cannot_return_is_refused_with_advice() {
        let body_of = |byte: u8, length: usize| vec![byte; length];
        // A body that just fits, escaped quotes, base64, and a body that fits when compressed.
        for (method, accepted, kind, body, status, expected) in [
            (Method::GET, "", "text/plain", body_of(b'x', LARGEST), 200, ""),
            (Method::GET, "", "text/plain", body_of(b'x', LARGEST + 1), 400, TOO_LARGE_PLAIN),
            (Method::GET, "", "application/json", body_of(b'"', LARGEST / 2 + 1), 400, TOO_LARGE_PLAIN),
            (
                Method::GET,
                "",
                "application/octet-stream",
                body_of(b'x', LARGEST / 4 * 3 + 1),
                400,
                TOO_LARGE_PLAIN,
            ),
            (Method::GET, "gzip", "text/plain", body_of(b'x', 2 * LARGEST), 200, ""),
            (Method::POST, "", "text/plain", body_of(b'x', LARGEST + 1), 500, DONE),
        ] {
            let size = body.len();
            let (_, actual, text) =
                encoded(&method, accepted, ([(CONTENT_TYPE, kind)], body).into_response()).await;
            assert_eq!(actual, status, "{method} {kind} {size}");
            assert!(expected.is_empty() || text == expected, "{method} {kind} {size}: {text:?}");
        }
    }
}
