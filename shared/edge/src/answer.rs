//! Bodies of answers: compressed where the client takes that, and no larger than Lambda can hand on.

use std::io::Write;

use axum::body::Body;
use axum::response::Response;
use flate2::Compression;
use flate2::write::GzEncoder;
use http::header::{ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, VARY};
use http::{HeaderMap, HeaderValue, Method, StatusCode};
use http_body_util::BodyExt;

/// An API's own body for a failing status and a text.
pub type ErrorBody = fn(StatusCode, &str) -> Response;

/// Bytes up to which a body is not worth compressing.
const SMALL: usize = 1_024;
/// Bytes that a body may take in the JSON in which a function answers. That ends at 6 MB, of which headers need some.
pub const LARGEST: usize = 5 * 1_024 * 1_024;

const UNREADABLE: &str = "The answer could not be read.";
const DONE: &str = "It was done, but the answer is larger than 5 MB and cannot be given.";
const TOO_LARGE: &str = "The answer is larger than 5 MB. Ask for less of it, by a smaller `limit`.";
const TOO_LARGE_PLAIN: &str =
    "The answer is larger than 5 MB. Ask for less of it, by a smaller `limit`, or accept it as gzip.";

/// What a request says of the answer that it wants.
#[derive(Clone, Copy, Debug)]
pub struct Wanted {
    takes_gzip: bool,
    /// Whether asking for less is all that it takes to get an answer: nothing was done.
    is_read: bool,
}

impl Wanted {
    /// What a request with this method and these headers wants.
    pub fn by(method: &Method, headers: &HeaderMap) -> Self {
        Self { takes_gzip: takes_gzip(headers), is_read: [Method::GET, Method::HEAD].contains(method) }
    }

    /// The answer as it goes out, its body in memory; one in `shape` where the body is too large.
    ///
    /// An `ETag` stays: it is that of a record, for `If-Match`, and not of bytes.
    pub async fn given(self, response: Response, error_body: ErrorBody) -> Response {
        let (mut parts, body) = response.into_parts();
        let Ok(body) = body.collect().await else {
            return error_body(StatusCode::INTERNAL_SERVER_ERROR, UNREADABLE);
        };
        let mut body = body.to_bytes();
        let headers = &mut parts.headers;
        headers.append(VARY, HeaderValue::from_static("Accept-Encoding"));
        if self.takes_gzip && body.len() > SMALL && !headers.contains_key(CONTENT_ENCODING) {
            let Ok(smaller) = gzip(&body) else {
                return error_body(StatusCode::INTERNAL_SERVER_ERROR, UNREADABLE);
            };
            body = smaller.into();
            headers.insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
            headers.insert(CONTENT_LENGTH, body.len().into());
        }
        if carried(headers, &body) <= LARGEST {
            return Response::from_parts(parts, Body::from(body));
        }
        match (self.is_read, self.takes_gzip) {
            (false, _) => error_body(StatusCode::INTERNAL_SERVER_ERROR, DONE),
            (true, true) => error_body(StatusCode::BAD_REQUEST, TOO_LARGE),
            (true, false) => error_body(StatusCode::BAD_REQUEST, TOO_LARGE_PLAIN),
        }
    }
}

/// Whether `Accept-Encoding` gives gzip, or else everything, a weight above nothing (RFC 9110, 12.5.3).
fn takes_gzip(headers: &HeaderMap) -> bool {
    let lines = headers.get_all(ACCEPT_ENCODING).iter().filter_map(|line| line.to_str().ok());
    let mut everything = false;
    for coding in lines.flat_map(|line| line.split(',')) {
        let mut parts = coding.split(';').map(str::trim);
        let name = parts.next().unwrap_or_default();
        let weight = parts.find_map(|part| part.strip_prefix("q=").or_else(|| part.strip_prefix("Q=")));
        let is_taken = weight.is_none_or(|weight| weight.parse::<f32>().is_ok_and(|weight| weight > 0.0));
        if name.eq_ignore_ascii_case("gzip") || name.eq_ignore_ascii_case("x-gzip") {
            return is_taken;
        }
        everything |= name == "*" && is_taken;
    }
    everything
}

/// Fast, because a function has a fraction of a core; JSON is a tenth of its size all the same.
fn gzip(plain: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(plain)?;
    encoder.finish()
}

/// Bytes that a body takes in a function's answer: a JSON string, or base64 where `lambda_http` takes it for no text.
fn carried(headers: &HeaderMap, body: &[u8]) -> usize {
    let kind = headers.get(CONTENT_TYPE).map_or(Ok(""), HeaderValue::to_str).unwrap_or("?");
    let texts = ["text", "application/json", "application/javascript", "application/xml", "application/yaml"];
    let is_text = kind.is_empty() || texts.iter().any(|text| kind.starts_with(text));
    if is_text && !headers.contains_key(CONTENT_ENCODING) {
        return body.iter().map(|byte| escaped(*byte)).sum();
    }
    body.len().div_ceil(3) * 4
}

/// Bytes that a byte of a text takes in JSON.
fn escaped(byte: u8) -> usize {
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

    async fn given(method: &Method, encoding: &str, response: Response) -> (HeaderMap, u16, Bytes) {
        let headers = HeaderMap::from_iter([(ACCEPT_ENCODING, encoding.parse().expect("it is a header"))]);
        let response = Wanted::by(method, &headers).given(response, error_body).await;
        let (parts, body) = response.into_parts();
        (parts.headers, parts.status.as_u16(), body.collect().await.expect("it is in memory").to_bytes())
    }

    #[test]
    fn gzip_is_taken_where_its_weight_is_above_nothing() {
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
            assert_eq!(takes_gzip(&headers), expected, "{accepted}");
        }
        assert!(!takes_gzip(&HeaderMap::new()));
    }

    #[tokio::test]
    async fn what_is_large_and_plain_is_compressed_and_everything_says_that_it_might_be() {
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
            let (headers, _, sent) = given(&Method::GET, "gzip", response).await;
            assert_eq!(headers.get(CONTENT_ENCODING).map(HeaderValue::as_bytes), encoding.map(str::as_bytes));
            assert_eq!(headers[VARY], "Accept-Encoding");
            let mut plain = String::new();
            match encoding {
                Some("gzip") => {
                    assert_eq!(headers[CONTENT_LENGTH], sent.len().to_string());
                    GzDecoder::new(&sent[..]).read_to_string(&mut plain).expect("it is gzip");
                }
                _ => plain = String::from_utf8(sent.to_vec()).expect("it is text"),
            }
            assert_eq!(plain, body);
        }
    }

    #[tokio::test]
    async fn what_lambda_cannot_carry_is_refused_with_what_to_do_instead() {
        let of = |byte: u8, length: usize| vec![byte; length];
        // Base64 of bytes that do not compress, quotes that are escaped, and what just fits.
        for (method, encoding, kind, body, status, said) in [
            (Method::GET, "", "text/plain", of(b'x', LARGEST), 200, ""),
            (Method::GET, "", "text/plain", of(b'x', LARGEST + 1), 400, TOO_LARGE_PLAIN),
            (Method::GET, "", "application/json", of(b'"', LARGEST / 2 + 1), 400, TOO_LARGE_PLAIN),
            (
                Method::GET,
                "",
                "application/octet-stream",
                of(b'x', LARGEST / 4 * 3 + 1),
                400,
                TOO_LARGE_PLAIN,
            ),
            (Method::GET, "gzip", "text/plain", of(b'x', 2 * LARGEST), 200, ""),
            (Method::POST, "", "text/plain", of(b'x', LARGEST + 1), 500, DONE),
        ] {
            let size = body.len();
            let (_, got, text) =
                given(&method, encoding, ([(CONTENT_TYPE, kind)], body).into_response()).await;
            assert_eq!(got, status, "{method} {kind} {size}");
            assert!(said.is_empty() || text == said, "{method} {kind} {size}: {text:?}");
        }
    }
}
