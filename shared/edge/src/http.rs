//! The middleware around every API's router: methods, trailing slashes, bodies, panics, deadlines and request ids.
//!
//! `tower-http` catches panics. Its other layers do not fit: normalisation would remove every trailing slash, a timeout
//! would lack the API's error body and `Retry-After`, and clients could choose their request ids.

use std::any::Any;
use std::convert::Infallible;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{DefaultBodyLimit, Request};
use axum::response::Response;
use domain::platform::id::Ids;
use domain::platform::variables::Variables;
use futures::FutureExt;
use http::header::{HeaderMap, RETRY_AFTER, SET_COOKIE};
use http::uri::InvalidUri;
use http::{HeaderName, HeaderValue, Method, StatusCode, Uri};
use lambda_http::request::LambdaRequest;
use lambda_http::{Adapter, LambdaEvent, RequestExt, service_fn};
use percent_encoding::percent_decode_str;
use serde::Serialize;
use tokio::time::timeout;
use tower::{Service, ServiceExt};
use tower_http::catch_panic::CatchPanicLayer;
use tracing::Instrument;

use crate::cors::{self, CorsRequest};
use crate::request_body::{self, BodyError};
use crate::response_body::ResponseEncoder;
use crate::status::{ErrorBody, INTERNAL};
use crate::web::Web;
use crate::{fallback, gateway, methods, path};

pub use crate::gateway::{BaseUrl, ClientAddress, RequestId};

/// The response header with the id of the request, which clients quote and which is in the log.
pub const REQUEST_ID: &str = "x-request-id";
/// How long a request may take. Lambda ends the function after 28 seconds, and the gateway then responds in no API's
/// error body; three seconds are reserved for the start of the function and the transfer of the response.
pub const DEADLINE: Duration = Duration::from_secs(25);

const INVALID_URL: &str = "The URL is invalid.";
const TIMED_OUT: &str = "The request timed out. Retry it, or request less.";

/// A router with its middleware. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Middleware {
    router: Router,
    error_body: ErrorBody,
    web: Arc<Web>,
    ids: Ids,
    deadline: Duration,
}

/// Serves a router under Lambda until the environment is shut down, with the settings in the environment.
pub async fn run(router: Router, error_body: ErrorBody) -> Result<(), crate::Error> {
    let middleware = middleware(router, error_body).with_web(Web::read(&Variables::from_env())?);
    lambda_http::lambda_runtime::run(lambda(middleware)).await
}

/// Adds the middleware to a router. Its own errors have the API's `error_body`. It has the default settings; see
/// [`Middleware::with_web`].
///
/// - One trailing slash is removed, and a path with `//` is unknown.
/// - HEAD gets the response to GET without its body; for OPTIONS see [`methods::options`].
/// - Request bodies are read by [`request_body::read`], response bodies are encoded by [`ResponseEncoder::encode`].
/// - A panic is a 500. A request that takes longer than [`DEADLINE`] is a 503 with `Retry-After`.
/// - Every response has [`REQUEST_ID`], and no header twice.
pub fn middleware(router: Router, error_body: ErrorBody) -> Middleware {
    let on_panic = move |panic: Box<dyn Any + Send>| {
        tracing::error!(panic = panic_message(&*panic), "a request panicked");
        error_body(StatusCode::INTERNAL_SERVER_ERROR, INTERNAL)
    };
    // `request_body::read` enforces the limit; axum's own of 2 MB is lower.
    let router = router.layer(DefaultBodyLimit::disable()).layer(CatchPanicLayer::custom(on_panic));
    Middleware { router, error_body, web: Arc::default(), ids: Ids::random(), deadline: DEADLINE }
}

/// Returns the service that [`run`] serves: it converts events of an HTTP API (payload 2.0) or a REST API to requests,
/// and responses to what the gateway expects.
pub fn lambda(
    middleware: Middleware,
) -> impl Service<LambdaEvent<LambdaRequest>, Response = impl Serialize, Error = Infallible, Future: Send> + Clone
{
    let web = Arc::clone(&middleware.web);
    let service = service_fn(move |request: lambda_http::Request| {
        let middleware = middleware.clone();
        async move {
            Ok::<_, Infallible>(match restored(request, &middleware.web.base_path) {
                Ok(request) => middleware.respond(request).await,
                Err(_) => (middleware.error_body)(StatusCode::BAD_REQUEST, INVALID_URL),
            })
        }
    });
    Adapter::from(service).map_request(move |event: LambdaEvent<LambdaRequest>| LambdaEvent {
        payload: path::encode(event.payload, &web.base_path),
        ..event
    })
}

/// Restores the request as a server would have received it from the client.
fn restored(request: lambda_http::Request, base_path: &str) -> Result<Request, InvalidUri> {
    let uri = path::uri(&request)?;
    let context = request.request_context_ref().cloned();
    let mut request = request.map(Body::new);
    *request.uri_mut() = uri;
    if let Some(context) = context {
        gateway::insert_context(request.extensions_mut(), &context, base_path);
    }
    Ok(request)
}

impl Middleware {
    /// Replaces the settings.
    #[must_use]
    pub fn with_web(self, web: Web) -> Self {
        Self { web: Arc::new(web), ..self }
    }

    /// Responds to a request.
    pub async fn respond(self, mut request: Request) -> Response {
        let id = request.extensions().get::<RequestId>().map_or_else(|| self.ids.uuid(), |id| id.0.clone());
        request.extensions_mut().insert(RequestId(id.clone()));
        if let Some(url) = &self.web.public_base_url {
            request.extensions_mut().insert(BaseUrl(url.clone()));
        }
        let (cors_request, web) = (CorsRequest::new(&request), Arc::clone(&self.web));
        // Without the query, which may contain a key.
        let span = tracing::info_span!("request", request.id = id, http.request.method = %request.method(), url.path = request.uri().path());
        let mut response = self.respond_in_time(request).instrument(span).await;
        cors::add_headers(&mut response, cors_request, &web.cors_origins);
        if let Ok(id) = HeaderValue::try_from(id) {
            response.headers_mut().insert(REQUEST_ID, id);
        }
        join_repeated(response.headers_mut());
        response
    }

    /// Returns the router's response, or a 503 at the deadline.
    async fn respond_in_time(self, request: Request) -> Response {
        let (error_body, deadline) = (self.error_body, self.deadline);
        let response = timeout(deadline, self.serve(request)).await.unwrap_or_else(|_| {
            tracing::error!("a request timed out");
            let mut response = error_body(StatusCode::SERVICE_UNAVAILABLE, TIMED_OUT);
            response.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static("1"));
            response
        });
        tracing::info!(http.response.status_code = response.status().as_u16(), "answered");
        response
    }

    /// Serves HEAD as GET, and encodes the response.
    async fn serve(self, mut request: Request) -> Response {
        let error_body = self.error_body;
        let encoder = ResponseEncoder::new(request.method(), request.headers());
        let is_head = request.method() == Method::HEAD;
        if is_head {
            *request.method_mut() = Method::GET;
            request.extensions_mut().insert(methods::Head);
        }
        let response = encoder.encode(self.route(request).await, error_body).await;
        if is_head { response.map(|_| Body::empty()) } else { response }
    }

    /// Calls the router with a normalised path and a body in memory.
    async fn route(self, mut request: Request) -> Response {
        let is_text = percent_decode_str(request.uri().path()).decode_utf8().is_ok();
        let Some(uri) = without_slash(request.uri()).filter(|_| is_text) else {
            return fallback::not_found(self.error_body);
        };
        *request.uri_mut() = uri;
        if request.method() == Method::OPTIONS {
            return methods::options(self.router, request).await;
        }
        match request_body::read(request).await {
            Ok(request) => {
                let Ok(response) = self.router.oneshot(request).await;
                methods::complete_allow(response)
            }
            Err(BodyError { status, text }) => (self.error_body)(status, text),
        }
    }
}

impl Service<Request> for Middleware {
    type Response = Response;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request) -> Self::Future {
        Box::pin(self.clone().respond(request).map(Ok))
    }
}

/// Removes one trailing slash from the path. Returns `None` if the path has an empty segment.
fn without_slash(uri: &Uri) -> Option<Uri> {
    let path = uri.path();
    if path.contains("//") {
        return None;
    }
    match path.strip_suffix('/').filter(|path| !path.is_empty()) {
        None => Some(uri.clone()),
        Some(shorter) => path::with_path(uri, shorter),
    }
}

/// Joins repeated headers: a function's response has one value per name. Cookies are excluded, because they are no list
/// and have a place of their own in the response.
fn join_repeated(headers: &mut HeaderMap) {
    let names: Vec<HeaderName> = headers.keys().filter(|name| *name != SET_COOKIE).cloned().collect();
    for name in names {
        let values: Vec<_> = headers.get_all(&name).iter().map(HeaderValue::as_bytes).collect();
        if values.len() > 1
            && let Ok(joined) = HeaderValue::from_bytes(&values.join(&b", "[..]))
        {
            headers.insert(name, joined);
        }
    }
}

fn panic_message(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("no message")
}

#[cfg(test)]
mod tests {
    use std::future::pending;

    use axum::response::IntoResponse;
    use axum::routing::{get, post};
    use http_body_util::BodyExt;

    use super::*;

    fn example() -> Middleware {
        let router = Router::new()
            .route("/", get(async || "index"))
            .route("/item/{id}", get(async |uri: Uri| uri.to_string()))
            .route("/pending", get(async || pending::<()>().await))
            .route("/panic", get(async |uri: Uri| assert_eq!(uri.path(), "a secret")))
            .route("/size", post(async |body: axum::body::Bytes| body.len().to_string()))
            .fallback(async || (StatusCode::NOT_FOUND, "not found"));
        middleware(router, |status, text| (status, format!("error: {text}")).into_response())
    }

    async fn send(method: &str, uri: &str, body: Vec<u8>) -> (u16, String, Response<()>) {
        let request =
            Request::builder().method(method).uri(uri).body(Body::from(body)).expect("a valid request");
        let (parts, body) = example().respond(request).await.into_parts();
        let body = body.collect().await.expect("a body in memory").to_bytes();
        (parts.status.as_u16(), String::from_utf8_lossy(&body).into_owned(), Response::from_parts(parts, ()))
    }

    #[tokio::test]
    async fn one_trailing_slash_is_removed_and_an_empty_segment_is_not_found() {
        for (uri, status, body) in [
            ("/", 200, "index"),
            ("/item/7", 200, "/item/7"),
            ("/item/7/", 200, "/item/7"),
            ("/item/7/?a=b;c&a=%2F+/", 200, "/item/7?a=b;c&a=%2F+/"),
            ("/item/a%2Fb/", 200, "/item/a%2Fb"),
            ("/item/7//", 404, "error: Unknown path."),
            ("/item//7", 404, "error: Unknown path."),
            ("//", 404, "error: Unknown path."),
            ("/item/", 404, "not found"),
        ] {
            let (actual, text, _) = send("GET", uri, Vec::new()).await;
            assert_eq!((actual, text.as_str()), (status, body), "{uri}");
        }
    }

    #[tokio::test]
    async fn head_gets_the_response_to_get_without_its_body() {
        let (status, body, response) = send("HEAD", "/item/7/", Vec::new()).await;
        assert_eq!((status, body.as_str()), (200, ""));
        assert_eq!(response.headers()["content-length"], "7");
        let (status, body, response) = send("HEAD", "/size", Vec::new()).await;
        assert_eq!(
            (status, body.as_str(), &response.headers()["allow"]),
            (405, "", &HeaderValue::from_static("POST,OPTIONS"))
        );
    }

    #[tokio::test]
    async fn options_lists_the_methods_of_a_path_without_a_body() {
        for (uri, expected) in
            [("/item/7/", Some("GET,HEAD,OPTIONS")), ("/size", Some("POST,OPTIONS")), ("/nowhere", None)]
        {
            let (status, body, response) = send("OPTIONS", uri, b"ignored".to_vec()).await;
            let allow = response.headers().get("allow").map(|allow| allow.to_str().expect("text"));
            let expected_body = if expected.is_some() { "" } else { "not found" };
            let expected_status = if expected.is_some() { 204 } else { 404 };
            assert_eq!((status, body.as_str(), allow), (expected_status, expected_body, expected), "{uri}");
        }
    }

    /// With a deadline of zero, a response that is ready at once is still in time.
    #[tokio::test]
    async fn a_request_past_its_deadline_is_a_503_with_retry_after() {
        for (uri, status, retry) in [("/pending", 503, Some("1")), ("/item/7", 200, None)] {
            let middleware = Middleware { deadline: Duration::ZERO, ..example() };
            let request = Request::get(uri).body(Body::empty()).expect("a valid request");
            let response = middleware.respond(request).await;
            let after = response.headers().get(RETRY_AFTER).map(|after| after.to_str().expect("text"));
            assert_eq!((response.status().as_u16(), after), (status, retry), "{uri}");
            assert!(response.headers().contains_key(REQUEST_ID));
            let body = response.into_body().collect().await.expect("a body in memory").to_bytes();
            assert_eq!(body.starts_with(b"error: The request timed out."), status == 503);
        }
    }

    #[test]
    fn repeated_headers_are_joined_unless_they_are_cookies() {
        let pairs = [("vary", "Accept"), ("set-cookie", "a=1"), ("vary", "Origin"), ("set-cookie", "b=2")];
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.append(name, HeaderValue::from_static(value));
        }
        join_repeated(&mut headers);
        assert_eq!(headers.get_all("vary").iter().collect::<Vec<_>>(), ["Accept, Origin"]);
        assert_eq!(headers.get_all("set-cookie").iter().count(), 2);
    }

    #[tokio::test]
    async fn a_panic_is_a_500_without_its_message() {
        let (status, body, response) = send("GET", "/panic", Vec::new()).await;
        assert_eq!((status, body.as_str()), (500, "error: The request could not be served."));
        assert!(response.headers().contains_key(REQUEST_ID));
    }

    #[tokio::test]
    async fn a_body_larger_than_the_limit_is_refused() {
        let (status, body, _) = send("POST", "/size", vec![b'x'; request_body::LARGEST_SENT]).await;
        assert_eq!((status, body), (200, request_body::LARGEST_SENT.to_string()));
        let (status, body, _) = send("POST", "/size", vec![b'x'; request_body::LARGEST_SENT + 1]).await;
        assert_eq!((status, body.as_str()), (413, "error: The body is larger than 4 MB."));
    }

    #[tokio::test]
    async fn a_response_has_the_gateways_request_id_and_never_the_clients() {
        let mut request =
            Request::get("/").header(REQUEST_ID, "mine").body(Body::empty()).expect("a valid request");
        let created = example().respond(request).await.headers()[REQUEST_ID].clone();
        assert_eq!(created.len(), 36);
        request = Request::get("/").body(Body::empty()).expect("a valid request");
        request.extensions_mut().insert(RequestId("JKJaXmPLvHcESHA=".to_owned()));
        assert_eq!(example().respond(request).await.headers()[REQUEST_ID], "JKJaXmPLvHcESHA=");
    }
}
