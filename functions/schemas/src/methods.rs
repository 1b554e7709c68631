//! Documented answers to methods that a path does not have: 405 with the allowed methods as text, also to HEAD, and 200
//! to OPTIONS.

use axum::extract::Request;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use edge::methods::{ExactAllow, Head};
use http::header::{ALLOW, CACHE_CONTROL, VARY};
use http::{HeaderValue, Method, StatusCode};
use schemas::record::Name;
use schemas::resource::declared::resource;

use crate::error;

/// Replaces the router's answers to unknown methods by the documented ones, and adds the headers of reads.
pub async fn documented(mut request: Request, next: Next) -> Response {
    let is_read = request.method() == Method::GET;
    let is_options = request.method() == Method::OPTIONS;
    let path = request.uri().path().to_owned();
    if request.extensions().get::<Head>().is_some() {
        // No route has this method, so that the router answers with the methods of the path.
        *request.method_mut() = Method::TRACE;
    }
    let mut response = next.run(request).await;
    if StatusCode::METHOD_NOT_ALLOWED == response.status() && !is_exact(&response) {
        let routed = response.headers().get(ALLOW).and_then(|allow| allow.to_str().ok()).unwrap_or_default();
        response = error::method_not_allowed(&allowed(&path, routed));
    }
    if is_options && is_exact(&response) {
        *response.status_mut() = StatusCode::OK;
    }
    if is_read && response.status().is_success() {
        response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
        response.headers_mut().append(VARY, HeaderValue::from_static("Accept"));
    }
    response
}

/// Marks a response whose `Allow` header and body are the documented ones.
pub fn exact(response: impl IntoResponse) -> Response {
    let mut response = response.into_response();
    response.extensions_mut().insert(ExactAllow);
    response
}

/// Joins methods as the `Allow` header does.
pub fn joined(methods: &[&str]) -> String {
    methods.join(",").to_uppercase()
}

fn is_exact(response: &Response) -> bool {
    response.extensions().get::<ExactAllow>().is_some()
}

/// Returns the documented methods of a path. `routed` are those of its route, which serves all resources.
fn allowed(path: &str, routed: &str) -> String {
    let routed: Vec<&str> = routed.split(',').map(str::trim).filter(|method| *method != "HEAD").collect();
    let name = path.strip_prefix("/api/v1/").and_then(|rest| rest.split('/').next()).and_then(Name::parse);
    match name.map(resource) {
        Some(resource) if routed.contains(&"PUT") => joined(resource.detail_methods),
        Some(resource) if routed.contains(&"GET") && routed.contains(&"POST") => {
            joined(resource.list_methods)
        }
        _ => joined(&routed),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_resource_has_its_own_methods() {
        let (list, detail) = ("GET,HEAD,POST", "GET,HEAD,POST,PUT,PATCH,DELETE");
        for (path, routed, expected) in [
            ("/api/v1", "GET,HEAD", "GET"),
            ("/api/v1/role", list, "GET"),
            ("/api/v1/environment", list, "GET,POST"),
            ("/api/v1/role/1", detail, "GET"),
            ("/api/v1/environment/1", detail, "GET,POST,PUT,DELETE,PATCH"),
            ("/api/v1/user/create", "POST", "POST"),
            ("/api/v1/role/schema", "GET,HEAD", "GET"),
            ("/changesetreviews/result/1", "GET,HEAD", "GET"),
        ] {
            assert_eq!(allowed(path, routed), expected, "{path}");
        }
    }
}
