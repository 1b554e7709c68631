//! Cross-origin requests (CORS, by the Fetch standard).
//!
//! `tower-http`'s layer does not fit: it answers every preflight itself, with one list of methods. Here the router
//! answers, so that an unknown path is a 404 and a known one lists its own methods.

use axum::extract::Request;
use axum::response::Response;
use http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, ACCESS_CONTROL_REQUEST_METHOD, ALLOW, ORIGIN,
    VARY,
};
use http::{HeaderValue, Method};

/// Headers that a page may send. Credentials are always in one of them, never in a cookie.
const ALLOWED_HEADERS: &str = "Authorization, Content-Type, Content-Encoding, If-Match, Idempotency-Key, X-Api-Key, X-Session, \
                    X-Instance, X-HTTP-Method-Override";
/// Response headers that a page may read, beside those that every page may.
const EXPOSED_HEADERS: &str = "ETag, Location, X-Request-Id";
/// Seconds that a browser may cache a preflight response; Chromium caches none for longer than two hours.
const MAX_AGE: &str = "7200";

/// A cross-origin request.
#[derive(Clone, Debug)]
pub struct CorsRequest {
    origin: HeaderValue,
    is_preflight: bool,
}

impl CorsRequest {
    /// Reads the CORS headers of a request. Returns `None` if it has no origin.
    pub fn new(request: &Request) -> Option<Self> {
        let headers = request.headers();
        let is_preflight =
            request.method() == Method::OPTIONS && headers.contains_key(ACCESS_CONTROL_REQUEST_METHOD);
        headers.get(ORIGIN).map(|origin| Self { origin: origin.clone(), is_preflight })
    }
}

/// Adds the CORS headers to the response to a request. Only pages of the allowed `origins` may read it.
pub fn add_headers(response: &mut Response, request: Option<CorsRequest>, origins: &[String]) {
    if origins.is_empty() {
        return;
    }
    let headers = response.headers_mut();
    headers.append(VARY, HeaderValue::from_static("Origin"));
    let Some(CorsRequest { origin, is_preflight }) = request else { return };
    let allowed = if origins.iter().any(|allowed| allowed == "*") {
        HeaderValue::from_static("*")
    } else if origins.iter().any(|allowed| origin == allowed) {
        origin
    } else {
        return;
    };
    headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, allowed);
    if !is_preflight {
        headers.insert(ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static(EXPOSED_HEADERS));
        return;
    }
    if let Some(allow) = headers.get(ALLOW).cloned() {
        headers.insert(ACCESS_CONTROL_ALLOW_METHODS, allow);
        headers.insert(ACCESS_CONTROL_ALLOW_HEADERS, HeaderValue::from_static(ALLOWED_HEADERS));
        headers.insert(ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static(MAX_AGE));
    }
}

#[cfg(test)]
mod tests {
    use axum::response::IntoResponse;

    use super::*;

    fn response_to(origin: &str, origins: &[&str]) -> Response {
        let request = Request::get("/")
            .header(ORIGIN, origin)
            .body(axum::body::Body::empty())
            .expect("a valid request");
        let origins: Vec<_> = origins.iter().map(|origin| (*origin).to_owned()).collect();
        let mut response = "x".into_response();
        add_headers(&mut response, CorsRequest::new(&request), &origins);
        response
    }

    #[test]
    fn only_pages_of_allowed_origins_may_read_a_response() {
        let ours = "https://ops.example.com";
        for (origin, origins, expected) in [
            (ours, &[][..], None),
            (ours, &["https://other.example.com", ours], Some(ours)),
            (ours, &["*"], Some("*")),
            ("https://ops.example.com.evil.example", &[ours], None),
            ("http://ops.example.com", &[ours], None),
            ("null", &[ours], None),
        ] {
            let response = response_to(origin, origins);
            let header = |name| response.headers().get(name).and_then(|value| value.to_str().ok());
            assert_eq!(header(ACCESS_CONTROL_ALLOW_ORIGIN), expected, "{origin} {origins:?}");
            assert_eq!(
                header(ACCESS_CONTROL_EXPOSE_HEADERS),
                expected.map(|_| EXPOSED_HEADERS),
                "{origin} {origins:?}"
            );
            assert_eq!(header(VARY), (!origins.is_empty()).then_some("Origin"), "{origin} {origins:?}");
        }
    }
}
