//! A local API Gateway: one address for all APIs, each below its path prefix.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::extract::{ConnectInfo, Request};
use axum::http::{StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use edge::gateway::ClientAddress;
use edge::path;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use tower::ServiceExt;

use crate::http_api;

/// Everything except the unreserved characters of RFC 3986.
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// The APIs by the path prefixes of their deployed routes.
#[derive(Clone)]
pub struct Gateway {
    /// Path prefixes such as `/db`. Each matches itself and all paths below it.
    pub routes: Vec<(&'static str, Router)>,
    /// The route `$default`, which serves all other paths.
    pub default_route: Router,
    /// Whether paths are decoded as an HTTP API does, or passed on unchanged.
    pub emulate_http_api: bool,
    /// Prefix that is removed from every path, such as `/steward`.
    pub base_path: String,
}

impl Gateway {
    /// Returns the gateway as one router.
    pub fn into_router(self) -> Router {
        let gateway = Arc::new(self);
        Router::new().fallback(move |request: Request| {
            let gateway = Arc::clone(&gateway);
            async move { gateway.handle(request).await }
        })
    }

    async fn handle(&self, mut request: Request) -> Response {
        if self.emulate_http_api {
            let Some(uri) = emulate_http_api(request.uri()) else { return bad_request() };
            *request.uri_mut() = uri;
        }
        let below = path::strip_base(request.uri().path(), &self.base_path);
        let Some(uri) = path::with_path(request.uri(), if below.is_empty() { "/" } else { below }) else {
            return bad_request();
        };
        *request.uri_mut() = uri;
        let peer = request.extensions().get().map(|ConnectInfo(peer): &ConnectInfo<SocketAddr>| *peer);
        if let Some(peer) = peer {
            request.extensions_mut().insert(ClientAddress(peer.ip().to_canonical().to_string()));
        }
        let Ok(response) = self.route(request.uri().path()).oneshot(request).await;
        response
    }

    fn route(&self, path: &str) -> Router {
        let is_below = |prefix: &str| {
            path.strip_prefix(prefix).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        let route = self.routes.iter().find(|(prefix, _)| is_below(prefix));
        route.map_or_else(|| self.default_route.clone(), |(_, router)| router.clone())
    }
}

/// Returns the URI that a function sees behind an HTTP API, which decodes the path, and `edge`, which encodes it again.
/// `None` if the HTTP API itself answers 400.
fn emulate_http_api(uri: &Uri) -> Option<Uri> {
    let raw = http_api::raw_path(uri.path())?;
    let segments: Vec<_> =
        raw.split('/').map(|segment| utf8_percent_encode(segment, SEGMENT).to_string()).collect();
    path::with_path(uri, &segments.join("/"))
}

/// The gateway's own response, which uses no API's error body.
fn bad_request() -> Response {
    let body = r#"{"message":"Bad Request"}"#;
    (StatusCode::BAD_REQUEST, [(header::CONTENT_TYPE, "application/json")], body).into_response()
}

#[cfg(test)]
mod tests {
    use axum::body::{Body, to_bytes};

    use super::*;

    /// Creates a router that answers with its name and the URI of the request.
    fn echo(name: &'static str) -> Router {
        Router::new().fallback(move |uri: Uri| async move { format!("{name} {uri}") })
    }

    async fn get(emulate_http_api: bool, uri: &str) -> (u16, String) {
        let routes = vec![("/db", echo("usage")), ("/notifications", echo("ingest"))];
        let base_path = "/steward".to_owned();
        let gateway = Gateway { routes, default_route: echo("access"), emulate_http_api, base_path };
        let request = Request::builder().uri(uri).body(Body::empty()).expect("valid request");
        let response = gateway.into_router().oneshot(request).await.expect("infallible");
        let status = response.status().as_u16();
        let body = to_bytes(response.into_body(), usize::MAX).await.expect("the body is read");
        (status, String::from_utf8(body.to_vec()).expect("valid UTF-8"))
    }

    #[tokio::test]
    async fn a_path_is_routed_by_its_prefix_or_to_the_default_route() {
        let cases = [
            ("/db", "usage /db"),
            ("/db/", "usage /db/"),
            ("/db/usage/exists?a=b;c", "usage /db/usage/exists?a=b;c"),
            ("/dbx", "access /dbx"),
            ("/notifications", "ingest /notifications"),
            ("/", "access /"),
            ("/db%2Fusage", "access /db%2Fusage"),
            ("/steward/db/?a=b", "usage /db/?a=b"),
            ("/steward", "access /"),
            ("/steward/steward/db", "access /steward/db"),
            ("/stewards/db", "access /stewards/db"),
        ];
        for (uri, expected) in cases {
            assert_eq!(get(false, uri).await, (200, expected.to_owned()));
        }
    }

    #[tokio::test]
    async fn emulation_decodes_paths_as_an_http_api_does() {
        let cases = [
            ("/db%2Fusage?x=%2F", 200, "usage /db/usage?x=%2F"),
            ("/db/a%20b", 200, "usage /db/a%20b"),
            ("/db/a%23b", 200, "usage /db/a%23b"),
            ("/db/a%3Fb", 200, "usage /db/a"),
            ("/db/a%252Fb", 200, "usage /db/a/b"),
            ("/db/a%25done", 400, r#"{"message":"Bad Request"}"#),
        ];
        for (uri, status, body) in cases {
            assert_eq!(get(true, uri).await, (status, body.to_owned()), "{uri}");
        }
    }

    #[tokio::test]
    async fn the_client_address_is_that_of_the_peer_whatever_the_headers() {
        let client_address = |request: Request| async move {
            request.extensions().get().map(|ClientAddress(address)| address.clone()).unwrap_or_default()
        };
        let gateway = Gateway {
            routes: Vec::new(),
            default_route: Router::new().fallback(client_address),
            emulate_http_api: false,
            base_path: String::new(),
        };
        for (peer, expected) in [("192.0.2.7:4711", "192.0.2.7"), ("[::ffff:192.0.2.7]:1", "192.0.2.7")] {
            let request = Request::get("/").header("x-forwarded-for", "203.0.113.9");
            let mut request = request.body(Body::empty()).expect("valid request");
            let peer: SocketAddr = peer.parse().expect("valid address");
            request.extensions_mut().insert(ConnectInfo(peer));
            let response = gateway.clone().into_router().oneshot(request).await.expect("infallible");
            let body = to_bytes(response.into_body(), usize::MAX).await.expect("the body is read");
            assert_eq!(body, expected);
        }
    }
}
