//! `OPTIONS` and the `Allow` header.

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::response::{IntoResponse, Response};
use http::header::ALLOW;
use http::{HeaderMap, HeaderValue, StatusCode};
use tower::ServiceExt;

/// Marks a HEAD request, which the router sees as GET, for APIs whose originals do not support HEAD.
#[derive(Clone, Copy, Debug)]
pub struct Head;

/// Marks a response with an `Allow` header that is complete, for APIs whose originals document it.
#[derive(Clone, Copy, Debug)]
pub struct ExactAllow;

/// Responds to OPTIONS with 204 and the methods of the path, or with the router's 404. A response that is marked with
/// [`ExactAllow`] is returned as it is.
///
/// No route takes OPTIONS, so the router answers 405 and lists the methods of the path. Authorization must let OPTIONS
/// pass, because browsers send preflight requests without credentials.
pub async fn options(router: Router, request: Request) -> Response {
    let (parts, _) = request.into_parts();
    let Ok(response) = router.oneshot(Request::from_parts(parts, Body::empty())).await;
    if !response.headers().contains_key(ALLOW) || is_exact(&response) {
        return response;
    }
    let allow = allow(response.headers());
    (StatusCode::NO_CONTENT, [(ALLOW, allow)]).into_response()
}

/// Adds to the `Allow` header of a 405 the methods that every path has, unless it is marked with [`ExactAllow`].
pub fn complete_allow(mut response: Response) -> Response {
    if response.status() == StatusCode::METHOD_NOT_ALLOWED && !is_exact(&response) {
        let allow = allow(response.headers());
        response.headers_mut().insert(ALLOW, allow);
    }
    response
}

fn is_exact(response: &Response) -> bool {
    response.extensions().get::<ExactAllow>().is_some()
}

/// Returns the router's `Allow` with OPTIONS, and with HEAD if it has GET.
fn allow(headers: &HeaderMap) -> HeaderValue {
    let routed = headers.get(ALLOW).and_then(|allow| allow.to_str().ok()).unwrap_or_default();
    let mut methods: Vec<_> = routed.split(',').map(str::trim).filter(|method| !method.is_empty()).collect();
    for (method, is_allowed) in [("HEAD", methods.contains(&"GET")), ("OPTIONS", true)] {
        if is_allowed && !methods.contains(&method) {
            methods.push(method);
        }
    }
    HeaderValue::try_from(methods.join(",")).unwrap_or(HeaderValue::from_static("OPTIONS"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn an_exact_allow_header_is_kept() {
        let exact = || {
            let mut response =
                (StatusCode::METHOD_NOT_ALLOWED, [(ALLOW, "GET,POST")], "GET,POST").into_response();
            response.extensions_mut().insert(ExactAllow);
            response
        };
        assert_eq!(complete_allow(exact()).headers()[ALLOW], "GET,POST");
        let request = Request::builder().method("OPTIONS").uri("/x").body(Body::empty()).expect("a request");
        let response = options(Router::new().fallback(async move || exact()), request).await;
        assert_eq!(response.status(), StatusCode::METHOD_NOT_ALLOWED);
        assert_eq!(response.headers()[ALLOW], "GET,POST");
    }

    #[test]
    fn head_is_allowed_with_get_and_options_always() {
        for (routed, expected) in [
            ("GET,HEAD", "GET,HEAD,OPTIONS"),
            ("GET, POST", "GET,POST,HEAD,OPTIONS"),
            ("PUT,POST", "PUT,POST,OPTIONS"),
            ("OPTIONS", "OPTIONS"),
            ("", "OPTIONS"),
        ] {
            let headers = HeaderMap::from_iter([(ALLOW, HeaderValue::from_static(routed))]);
            assert_eq!(allow(&headers), expected, "{routed}");
        }
    }
}
