//! Addresses as the client sent them, under an HTTP API that hands them over decoded.
//!
//! An HTTP API decodes the path, so that a name with a `#` or a `?` in it, put into a URI as it is, would cut the path
//! and name another object. Each segment is therefore encoded again before a URI is built, and the query is kept as it
//! was sent. What the gateway itself loses stays lost: `%2F` has become `/`, and `%3F` has cut the path.

use http::Uri;
use lambda_http::RequestExt;
use lambda_http::request::LambdaRequest;
use percent_encoding::{AsciiSet, CONTROLS, NON_ALPHANUMERIC, utf8_percent_encode};

/// Everything that is not RFC 3986's "unreserved", nor the slash between segments.
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~').remove(b'/');
/// What a URI's query cannot hold at all.
const QUERY: &AsciiSet = &CONTROLS.add(b' ').add(b'"').add(b'#').add(b'<').add(b'>');

/// The event with its path encoded, without a named stage in front, and with a query that a URI can hold.
#[must_use]
pub fn encoded(mut event: LambdaRequest) -> LambdaRequest {
    if let LambdaRequest::ApiGatewayV2(event) = &mut event {
        let path = event.raw_path.as_deref().unwrap_or_default();
        let path = without_stage(path, event.request_context.stage.as_deref());
        event.raw_path = Some(utf8_percent_encode(path, SEGMENT).to_string());
        let query = event.raw_query_string.as_deref().unwrap_or_default();
        event.raw_query_string = Some(utf8_percent_encode(query, QUERY).to_string());
    }
    event
}

/// The address of a request that was made of an [`encoded`] event: path and query, and nothing that a URL parser
/// would have tidied up in them.
pub fn uri(request: &lambda_http::Request) -> Result<Uri, http::uri::InvalidUri> {
    let path = match request.raw_http_path() {
        "" => "/",
        path => path,
    };
    match request.uri().query() {
        None => path.parse(),
        Some(query) => format!("{path}?{query}").parse(),
    }
}

fn without_stage<'a>(path: &'a str, stage: Option<&str>) -> &'a str {
    let Some(stage) = stage.filter(|stage| *stage != "$default") else { return path };
    let rest = path.strip_prefix('/').and_then(|path| path.strip_prefix(stage));
    rest.filter(|rest| rest.is_empty() || rest.starts_with('/')).unwrap_or(path)
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
            ("/production/db", Some("prod"), "/production/db"),
            ("/prod", Some("prod"), ""),
            ("/db/prod/x", Some("prod"), "/db/prod/x"),
        ] {
            assert_eq!(without_stage(path, stage), expected, "{path} {stage:?}");
        }
    }
}
