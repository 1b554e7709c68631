//! Pages of other origins that may ask, as the Fetch standard lets a server say it.

use axum::extract::Request;
use axum::response::Response;
use http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, ACCESS_CONTROL_REQUEST_METHOD, ALLOW, ORIGIN,
    VARY,
};
use http::{HeaderValue, Method};

/// What a page may send. Credentials are always such a header, never a cookie.
const SENT: &str = "Authorization, Content-Type, Content-Encoding, If-Match, Idempotency-Key, X-Api-Key, X-Session, \
                    X-HTTP-Method-Override";
/// What a page may read of an answer, beside its body and what every page may read.
const READ: &str = "ETag, Location, X-Request-Id";
/// Seconds for which a browser need not ask again; Chromium keeps no answer for longer than two hours.
const KEPT: &str = "7200";

/// The page that a request comes from.
#[derive(Clone, Debug)]
pub struct Page {
    origin: HeaderValue,
    /// Whether its browser asks first.
    is_preflight: bool,
}

impl Page {
    /// The page behind a request, if it is a page's.
    pub fn of(request: &Request) -> Option<Self> {
        let headers = request.headers();
        let is_preflight =
            request.method() == Method::OPTIONS && headers.contains_key(ACCESS_CONTROL_REQUEST_METHOD);
        headers.get(ORIGIN).map(|origin| Self { origin: origin.clone(), is_preflight })
    }
}

/// Says in an answer what the page may do, if it is of one of these origins.
pub fn permit(response: &mut Response, page: Option<Page>, origins: &[String]) {
    if origins.is_empty() {
        return;
    }
    let headers = response.headers_mut();
    headers.append(VARY, HeaderValue::from_static("Origin"));
    let Some(Page { origin, is_preflight }) = page else { return };
    let permitted = if origins.iter().any(|permitted| permitted == "*") {
        HeaderValue::from_static("*")
    } else if origins.iter().any(|permitted| origin == permitted) {
        origin
    } else {
        return;
    };
    headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, permitted);
    if !is_preflight {
        headers.insert(ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static(READ));
        return;
    }
    if let Some(allow) = headers.get(ALLOW).cloned() {
        headers.insert(ACCESS_CONTROL_ALLOW_METHODS, allow);
        headers.insert(ACCESS_CONTROL_ALLOW_HEADERS, HeaderValue::from_static(SENT));
        headers.insert(ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static(KEPT));
    }
}

#[cfg(test)]
mod tests {
    use axum::response::IntoResponse;

    use super::*;

    fn permitted(origin: &str, origins: &[&str]) -> Response {
        let request = Request::get("/").header(ORIGIN, origin).body(axum::body::Body::empty()).expect("fine");
        let origins: Vec<_> = origins.iter().map(|origin| (*origin).to_owned()).collect();
        let mut response = "x".into_response();
        permit(&mut response, Page::of(&request), &origins);
        response
    }

    #[test]
    fn a_page_may_read_an_answer_only_if_its_origin_is_one_of_those() {
        let ours = "https://ops.example.com";
        for (origin, origins, expected) in [
            (ours, &[][..], None),
            (ours, &["https://other.example.com", ours], Some(ours)),
            (ours, &["*"], Some("*")),
            ("https://ops.example.com.evil.example", &[ours], None),
            ("http://ops.example.com", &[ours], None),
            ("null", &[ours], None),
        ] {
            let response = permitted(origin, origins);
            let header = |name| response.headers().get(name).and_then(|value| value.to_str().ok());
            assert_eq!(header(ACCESS_CONTROL_ALLOW_ORIGIN), expected, "{origin} {origins:?}");
            assert_eq!(header(ACCESS_CONTROL_EXPOSE_HEADERS), expected.map(|_| READ), "{origin} {origins:?}");
            assert_eq!(header(VARY), (!origins.is_empty()).then_some("Origin"), "{origin} {origins:?}");
        }
    }
}
