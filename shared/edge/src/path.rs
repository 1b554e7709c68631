//! Addresses as the client sent them.
//!
//! An HTTP API decodes the path, so that a name with a `#` or a `?` in it, put into a URI as it is, would cut the path
//! and name another object. Each segment is therefore encoded again before a URI is built, and the query is kept as it
//! was sent. What the gateway itself loses stays lost: `%2F` has become `/`, and `%3F` has cut the path. A REST API
//! hands the path over as it was sent, and the query in parts, of which `lambda_http` makes one again.

use http::Uri;
use http::header::{HOST, HeaderMap};
use http::uri::{InvalidUri, PathAndQuery};
use lambda_http::RequestExt;
use lambda_http::request::LambdaRequest;
use percent_encoding::{AsciiSet, CONTROLS, NON_ALPHANUMERIC, utf8_percent_encode};

/// Everything that is not RFC 3986's "unreserved", nor the slash between segments.
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~').remove(b'/');
/// What a URI's query cannot hold at all.
const QUERY: &AsciiSet = &CONTROLS.add(b' ').add(b'"').add(b'#').add(b'<').add(b'>');
/// What a URI's path cannot hold at all.
const PATH: &AsciiSet = &QUERY.add(b'?').add(b'^').add(b'`').add(b'{').add(b'|').add(b'}');

/// The event with its path encoded and a query that a URI can hold, without a named stage and the base path in front.
#[must_use]
pub fn encoded(mut event: LambdaRequest, base: &str) -> LambdaRequest {
    match &mut event {
        LambdaRequest::ApiGatewayV2(event) => {
            let path = event.raw_path.as_deref().unwrap_or_default();
            let path = without_stage(path, event.request_context.stage.as_deref());
            event.raw_path = Some(utf8_percent_encode(below(path, base), SEGMENT).to_string());
            let query = event.raw_query_string.as_deref().unwrap_or_default();
            event.raw_query_string = Some(utf8_percent_encode(query, QUERY).to_string());
            forget_host(&mut event.headers);
        }
        LambdaRequest::ApiGatewayV1(event) => {
            // The stage is not in it.
            let path = event.path.as_deref().unwrap_or_default();
            event.path = Some(utf8_percent_encode(below(path, base), PATH).to_string());
            // Of a repeated header the other map has the last value only.
            if !event.multi_value_headers.is_empty() {
                event.headers.clear();
            }
            forget_host(&mut event.headers);
            forget_host(&mut event.multi_value_headers);
        }
        _ => {}
    }
    event
}

/// `lambda_http` panics where these two make no URL, and whoever asks may have written them.
fn forget_host(headers: &mut HeaderMap) {
    headers.remove(HOST);
    headers.remove("x-forwarded-proto");
}

/// The address of a request that was made of an [`encoded`] event: path and query, and nothing that a URL parser
/// would have tidied up in them.
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

/// The same address with another path; none where that is no path.
pub fn with_path(uri: &Uri, path: &str) -> Option<Uri> {
    let address = match uri.query() {
        None => path.to_owned(),
        Some(query) => format!("{path}?{query}"),
    };
    let mut parts = uri.clone().into_parts();
    parts.path_and_query = Some(PathAndQuery::try_from(address).ok()?);
    Uri::from_parts(parts).ok()
}

/// The path below `base`, which is cut off once, at the boundary of a segment; a path that is not below it as it is.
pub fn below<'a>(path: &'a str, base: &str) -> &'a str {
    let rest = path.strip_prefix(base).filter(|rest| rest.is_empty() || rest.starts_with('/'));
    rest.unwrap_or(path)
}

fn without_stage<'a>(path: &'a str, stage: Option<&str>) -> &'a str {
    match stage {
        Some(stage) if stage != "$default" => below(path, &format!("/{stage}")),
        _ => path,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_named_stage_is_cut_off_at_the_boundary_of_a_segment() {
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
            assert_eq!(without_stage(path, stage), expected, "{path} {stage:?}");
        }
    }

    #[test]
    fn a_base_path_is_cut_off_likewise() {
        for (path, base, expected) in [
            ("/db/x", "", "/db/x"),
            ("/", "", "/"),
            ("/a/b/db/", "/a/b", "/db/"),
            ("/a/b", "/a/b", ""),
            ("/a/b/a/b/db", "/a/b", "/a/b/db"),
            ("/a/bc", "/a/b", "/a/bc"),
            ("/db", "/a/b", "/db"),
        ] {
            assert_eq!(below(path, base), expected, "{path} {base}");
        }
    }
}
