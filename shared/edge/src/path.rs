//! Request paths: encoding, stages and base paths.
//!
//! An HTTP API decodes the path. A name with a `#` or a `?`, put into a URI as it is, would end the path there and name
//! another object, so each segment is encoded again before a URI is built; the query is kept as it was sent. What the
//! gateway itself loses cannot be restored: `%2F` has become `/`, and `%3F` has ended the path. A REST API passes the
//! path as it was sent, and the query in parts, which `lambda_http` joins again.

use http::Uri;
use http::header::{HOST, HeaderMap};
use http::uri::{InvalidUri, PathAndQuery};
use lambda_http::RequestExt;
use lambda_http::request::LambdaRequest;
use percent_encoding::{AsciiSet, CONTROLS, NON_ALPHANUMERIC, utf8_percent_encode};

/// Every character but RFC 3986's "unreserved" ones and the slash between segments.
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~').remove(b'/');
/// Characters that a URI's query cannot contain.
const QUERY: &AsciiSet = &CONTROLS.add(b' ').add(b'"').add(b'#').add(b'<').add(b'>');
/// Characters that a URI's path cannot contain.
const PATH: &AsciiSet = &QUERY.add(b'?').add(b'^').add(b'`').add(b'{').add(b'|').add(b'}');

/// Encodes the path and the query of an event, and removes the stage and the base path.
#[must_use]
pub fn encode(mut event: LambdaRequest, base: &str) -> LambdaRequest {
    match &mut event {
        LambdaRequest::ApiGatewayV2(event) => {
            let path = event.raw_path.as_deref().unwrap_or_default();
            let path = strip_stage(path, event.request_context.stage.as_deref());
            event.raw_path = Some(utf8_percent_encode(strip_base(path, base), SEGMENT).to_string());
            let query = event.raw_query_string.as_deref().unwrap_or_default();
            event.raw_query_string = Some(utf8_percent_encode(query, QUERY).to_string());
            remove_host(&mut event.headers);
        }
        LambdaRequest::ApiGatewayV1(event) => {
            // The path does not contain the stage.
            let path = event.path.as_deref().unwrap_or_default();
            event.path = Some(utf8_percent_encode(strip_base(path, base), PATH).to_string());
            // `headers` has only the last value of a repeated header.
            if !event.multi_value_headers.is_empty() {
                event.headers.clear();
            }
            remove_host(&mut event.headers);
            remove_host(&mut event.multi_value_headers);
        }
        _ => {}
    }
    event
}

/// Removes the headers that clients may set and that `lambda_http` builds a URL from: it panics if they are invalid.
fn remove_host(headers: &mut HeaderMap) {
    headers.remove(HOST);
    headers.remove("x-forwarded-proto");
}

/// Returns the path and query of a request from an event after [`encode`], which no URL parser has normalised.
pub fn uri(request: &lambda_http::Request) -> Result<Uri, InvalidUri> {
    let path = match request.raw_http_path() {
        "" => "/",
        path => path,
    };
    match request.uri().query() {
        None => path.parse(),
        Some(query) => format!("{path}?{query}").parse(),
    }
}

/// Replaces the path of a URI. Returns `None` if `path` is invalid.
pub fn with_path(uri: &Uri, path: &str) -> Option<Uri> {
    let path_and_query = match uri.query() {
        None => path.to_owned(),
        Some(query) => format!("{path}?{query}"),
    };
    let mut parts = uri.clone().into_parts();
    parts.path_and_query = Some(PathAndQuery::try_from(path_and_query).ok()?);
    Uri::from_parts(parts).ok()
}

/// Removes `base` once from the beginning of a path, if it ends at the boundary of a segment there.
pub fn strip_base<'a>(path: &'a str, base: &str) -> &'a str {
    let rest = path.strip_prefix(base).filter(|rest| rest.is_empty() || rest.starts_with('/'));
    rest.unwrap_or(path)
}

fn strip_stage<'a>(path: &'a str, stage: Option<&str>) -> &'a str {
    match stage {
        Some(stage) if stage != "$default" => strip_base(path, &format!("/{stage}")),
        _ => path,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_named_stage_is_removed_at_the_boundary_of_a_segment() {
        for (path, stage, expected) in [
            ("/db/x", None, "/db/x"),
            ("/db/x", Some("$default"), "/db/x"),
            ("/$default/x", Some("$default"), "/$default/x"),
            ("/prod/db/x", Some("prod"), "/db/x"),
            ("/prod/prod/db/x", Some("prod"), "/prod/db/x"),
            ("/production/db", Some("prod"), "/production/db"),
            ("/prod", Some("prod"), ""),
            ("/db/prod/x", Some("prod"), "/db/prod/x"),
        ] {
            assert_eq!(strip_stage(path, stage), expected, "{path} {stage:?}");
        }
    }

    #[test]
    fn a_base_path_is_removed_at_the_boundary_of_a_segment() {
        for (path, base, expected) in [
            ("/db/x", "", "/db/x"),
            ("/", "", "/"),
            ("/a/b/db/", "/a/b", "/db/"),
            ("/a/b", "/a/b", ""),
            ("/a/b/a/b/db", "/a/b", "/a/b/db"),
            ("/a/bc", "/a/b", "/a/bc"),
            ("/db", "/a/b", "/db"),
        ] {
            assert_eq!(strip_base(path, base), expected, "{path} {base}");
        }
    }
}
