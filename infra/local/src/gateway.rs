//! What API Gateway does: one address for all groups, each under its path prefix.

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

/// Everything but what RFC 3986 calls unreserved.
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// The groups by the prefixes of the deployed routes, and who answers everything else.
#[derive(Clone)]
pub struct Gateway {
    /// A prefix such as `/db`, for itself and for all paths below it.
    pub groups: Vec<(&'static str, Router)>,
    /// Route `$default`.
    pub rest: Router,
    /// Whether paths reach the groups as through an HTTP API, which decodes them, or as they are.
    pub emulate_http_api: bool,
    /// What stands before every path and is cut off, such as `/steward`.
    pub base_path: String,
}

impl Gateway {
    /// The whole as one router.
    pub fn router(self) -> Router {
        let gateway = Arc::new(self);
        Router::new().fallback(move |request: Request| {
            let gateway = Arc::clone(&gateway);
            async move { gateway.answer(request).await }
        })
    }

    async fn answer(&self, mut request: Request) -> Response {
        if self.emulate_http_api {
            let Some(uri) = emulated(request.uri()) else { return bad_request() };
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
        let Ok(response) = self.group(request.uri().path()).oneshot(request).await;
        response
    }

    fn group(&self, path: &str) -> Router {
        let is_below = |prefix: &str| {
            path.strip_prefix(prefix).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        let group = self.groups.iter().find(|(prefix, _)| is_below(prefix));
        group.map_or_else(|| self.rest.clone(), |(_, router)| router.clone())
    }
}

/// The URI as `edge` makes it from the path that an HTTP API hands over: decoded there, encoded again here.
fn emulated(uri: &Uri) -> Option<Uri> {
    let raw = http_api::raw_path(uri.path())?;
    let segments: Vec<_> =
        raw.split('/').map(|segment| utf8_percent_encode(segment, SEGMENT).to_string()).collect();
    path::with_path(uri, &segments.join("/"))
}

/// The gateway's own answer, in no group's envelope.
fn bad_request() -> Response {
    let body = r#"{"message":"Bad Request"}"#;
    (StatusCode::BAD_REQUEST, [(header::CONTENT_TYPE, "application/json")], body).into_response()
}

#[cfg(test)]
mod tests {
    use axum::body::{Body, to_bytes};

    use super::*;

    /// A router that says its name and the path and query that it saw.
    fn named(name: &'static str) -> Router {
        Router::new().fallback(move |uri: Uri| async move { format!("{name} {uri}") })
    }

    async fn ask(emulate_http_api: bool, uri: &str) -> (u16, String) {
        let groups = vec![("/db", named("usage")), ("/notifications", named("ingest"))];
        let base_path = "/steward".to_owned();
        let gateway = Gateway { groups, rest: named("access"), emulate_http_api, base_path };
        let request = Request::builder().uri(uri).body(Body::empty()).expect("a request");
        let response = gateway.router().oneshot(request).await.expect("it answers");
        let status = response.status().as_u16();
        let body = to_bytes(response.into_body(), usize::MAX).await.expect("a body");
        (status, String::from_utf8(body.to_vec()).expect("text"))
    }

    #[tokio::test]
    async fn a_prefix_leads_to_its_group_and_everything_else_to_the_default() {
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
        for (uri, seen) in cases {
            assert_eq!(ask(false, uri).await, (200, seen.to_owned()));
        }
    }

    #[tokio::test]
    async fn a_path_arrives_as_through_an_http_api_where_that_is_wanted() {
        let cases = [
            ("/db%2Fusage?x=%2F", 200, "usage /db/usage?x=%2F"),
            ("/db/a%20b", 200, "usage /db/a%20b"),
            ("/db/a%23b", 200, "usage /db/a%23b"),
            ("/db/a%3Fb", 200, "usage /db/a"),
            ("/db/a%252Fb", 200, "usage /db/a/b"),
            ("/db/a%25done", 400, r#"{"message":"Bad Request"}"#),
        ];
        for (uri, status, seen) in cases {
            assert_eq!(ask(true, uri).await, (status, seen.to_owned()), "{uri}");
        }
    }

    #[tokio::test]
    async fn a_group_is_told_who_asks_and_a_header_does_not_change_that() {
        let whom = |request: Request| async move {
            request.extensions().get().map(|ClientAddress(address)| address.clone()).unwrap_or_default()
        };
        let gateway = Gateway {
            groups: Vec::new(),
            rest: Router::new().fallback(whom),
            emulate_http_api: false,
            base_path: String::new(),
        };
        for (peer, expected) in [("192.0.2.7:4711", "192.0.2.7"), ("[::ffff:192.0.2.7]:1", "192.0.2.7")] {
            let request = Request::get("/").header("x-forwarded-for", "203.0.113.9");
            let mut request = request.body(Body::empty()).expect("a request");
            let peer: SocketAddr = peer.parse().expect("an address");
            request.extensions_mut().insert(ConnectInfo(peer));
            let response = gateway.clone().router().oneshot(request).await.expect("it answers");
            let body = to_bytes(response.into_body(), usize::MAX).await.expect("a body");
            assert_eq!(body, expected);
        }
    }
}
