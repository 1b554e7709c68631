//! The methods that a path knows, as OPTIONS and a 405 tell them.

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::response::{IntoResponse, Response};
use http::header::ALLOW;
use http::{HeaderMap, HeaderValue, StatusCode};
use tower::ServiceExt;

/// The answer to OPTIONS: 204 and the methods, or what the router answers where it knows no such path.
///
/// The router is asked the same. None of its paths takes OPTIONS, so that it names the methods instead; whoever
/// guards a path lets OPTIONS through, because a browser asks it without credentials.
pub async fn options(router: Router, request: Request) -> Response {
    let (parts, _) = request.into_parts();
    let Ok(answer) = router.oneshot(Request::from_parts(parts, Body::empty())).await;
    if !answer.headers().contains_key(ALLOW) {
        return answer;
    }
    let allow = allow(answer.headers());
    (StatusCode::NO_CONTENT, [(ALLOW, allow)]).into_response()
}

/// A 405 with the methods that the edge knows for every path.
pub fn refused(mut response: Response) -> Response {
    if response.status() == StatusCode::METHOD_NOT_ALLOWED {
        let allow = allow(response.headers());
        response.headers_mut().insert(ALLOW, allow);
    }
    response
}

/// The router's `Allow`, with HEAD where there is GET, and with OPTIONS.
fn allow(headers: &HeaderMap) -> HeaderValue {
    let known = headers.get(ALLOW).and_then(|allow| allow.to_str().ok()).unwrap_or_default();
    let mut methods: Vec<_> = known.split(',').map(str::trim).filter(|method| !method.is_empty()).collect();
    for (method, is_known) in [("HEAD", methods.contains(&"GET")), ("OPTIONS", true)] {
        if is_known && !methods.contains(&method) {
            methods.push(method);
        }
    }
    HeaderValue::try_from(methods.join(",")).unwrap_or(HeaderValue::from_static("OPTIONS"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn head_goes_with_get_and_options_with_everything() {
        for (known, expected) in [
            ("GET,HEAD", "GET,HEAD,OPTIONS"),
            ("GET, POST", "GET,POST,HEAD,OPTIONS"),
            ("PUT,POST", "PUT,POST,OPTIONS"),
            ("OPTIONS", "OPTIONS"),
            ("", "OPTIONS"),
        ] {
            let headers = HeaderMap::from_iter([(ALLOW, HeaderValue::from_static(known))]);
            assert_eq!(allow(&headers), expected, "{known}");
        }
    }
}
