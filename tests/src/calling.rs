//! HTTP requests to the bundle's functions, and their responses.

use std::sync::Arc;

use axum::body::Body;
use domain::access::principal::Api;
use edge::authorizer::Authorizer;
use http::{HeaderMap, Method, Request, Response};
use http_body_util::BodyExt;
use local::bundle::Bundle;
use serde_json::Value;
use tower::ServiceExt;

use crate::TestBundle;

/// A response with its whole body.
#[derive(Debug)]
pub struct Reply {
    /// The HTTP status.
    pub status: u16,
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub body: String,
}

impl TestBundle {
    /// Sends a GET request to the usage API.
    pub async fn get(&self, path: &str) -> Reply {
        self.send(Method::GET, path, "").await
    }

    /// Sends a request to the usage API. One trailing slash of the path is removed, as the middleware does.
    pub async fn send(&self, method: Method, path: &str, body: impl Into<Body>) -> Reply {
        let (path, query) = path.split_once('?').map_or((path, None), |(path, query)| (path, Some(query)));
        let path = path.strip_suffix('/').unwrap_or(path);
        let uri = query.map_or_else(|| path.to_owned(), |query| format!("{path}?{query}"));
        let request = Request::builder().method(method).uri(uri).body(body.into()).expect("a valid request");
        let router = usage_api::router(self.usage.clone(), self.authorizer(Api::Usage));
        let Ok(response) = router.oneshot(request).await;
        reply(response).await
    }

    /// Returns the authorization gate of an API with the bundle's settings.
    pub fn authorizer(&self, api: Api) -> Authorizer {
        Authorizer::new(self.access.clone(), &self.platform.variables, api).expect("valid settings")
    }

    /// Sends a request to the gateway in front of all APIs.
    pub async fn request(&self, method: &str, address: &str, headers: &[(&str, &str)], body: &str) -> Reply {
        self.request_through(false, method, address, headers, body).await
    }

    /// Sends a request to the gateway, which decodes paths as an HTTP API does if `http_api`.
    pub async fn request_through(
        &self,
        http_api: bool,
        method: &str,
        address: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> Reply {
        let request =
            headers.iter().fold(Request::builder().method(method).uri(address), |request, header| {
                request.header(header.0, header.1)
            });
        let request = request.body(Body::from(body.to_owned())).expect("a valid request");
        let bundle = Bundle::new(self.platform.clone(), self.access.clone(), Arc::clone(&self.definitions));
        let gateway = bundle.and_then(|bundle| bundle.gateway(http_api)).expect("valid settings");
        let Ok(response) = gateway.oneshot(request).await;
        reply(response).await
    }
}

async fn reply(response: Response<Body>) -> Reply {
    let (head, body) = response.into_parts();
    let body = body.collect().await.expect("a whole body").to_bytes();
    let body = String::from_utf8(body.to_vec()).expect("a UTF-8 body");
    Reply { status: head.status.as_u16(), headers: head.headers, body }
}

impl Reply {
    /// Parses the body as JSON.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|cause| panic!("{cause}: {self:?}"))
    }

    /// Returns the ids of a listed page, in its order.
    pub fn ids(&self) -> Vec<u64> {
        assert_eq!(self.status, 200, "{self:?}");
        let json = self.json();
        let rows = json.as_object().and_then(|body| body.values().next()).and_then(Value::as_array);
        rows.expect("a list").iter().map(|row| row["id"].as_u64().expect("a numeric id")).collect()
    }

    /// Returns a header as text, or an empty text if it is missing.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().expect("a text header"))
    }

    /// Checks that this is an error response with `status` and returns its message.
    pub fn message(&self, status: u16) -> String {
        assert_eq!(self.status, status, "{self:?}");
        assert_eq!(self.header("content-type"), "application/json", "{self:?}");
        let json = self.json();
        assert_eq!(json["status"], status, "{self:?}");
        assert_eq!(json.as_object().map(serde_json::Map::len), Some(2), "{self:?}");
        json["message"].as_str().expect("a message").to_owned()
    }
}
