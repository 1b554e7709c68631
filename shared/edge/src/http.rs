//! What every API does alike, outside its router: methods, slashes, bodies both ways, panics, deadlines, request ids.

use std::any::Any;
use std::convert::Infallible;
use std::future::Future;
use std::panic::AssertUnwindSafe;
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
use serde::Serialize;
use tokio::time::timeout;
use tower::{Service, ServiceExt};
use tracing::Instrument;

use crate::answer::{ErrorBody, Wanted};
use crate::body::{self, Unread};
use crate::cors::{self, Page};
use crate::web::Web;
use crate::{gateway, methods, path};

pub use crate::gateway::{BaseUrl, ClientAddress, RequestId};

/// The header that names a request, for the client to quote and for the log to be searched by.
pub const REQUEST_ID: &str = "x-request-id";
/// How long a request may take. Lambda ends the function after 28 seconds, and then the gateway answers, in no API's
/// body; three seconds are left for waking up and for handing the answer on.
pub const DEADLINE: Duration = Duration::from_secs(25);

const NOTHING_HERE: &str = "There is nothing under this path.";
const PANICKED: &str = "The request could not be served.";
const UNREADABLE: &str = "The address could not be read.";
const LATE: &str = "The request was not served in time. Ask again, or ask for less.";

/// A router with manners. Cheap to clone.
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
    let middleware = middleware(router, error_body).on(Web::read(&Variables::from_env())?);
    lambda_http::lambda_runtime::run(lambda(middleware)).await
}

/// Gives a router manners; what fails outside it is answered in `shape`. The settings are the defaults; see
/// [`Middleware::on`].
///
/// - One trailing slash is cut off and `//` is a 404.
/// - HEAD is answered as GET without the body, OPTIONS as [`methods::options`] says.
/// - The body is read, limited and inflated as [`body::read`] says, and the answer's as [`Wanted::given`] says.
/// - A panic is a 500, and what takes longer than [`DEADLINE`] is a 503 after which to ask again.
/// - Every answer carries [`REQUEST_ID`], and no header twice.
pub fn middleware(router: Router, error_body: ErrorBody) -> Middleware {
    Middleware {
        // The limit is kept by `body::read`; axum's own of 2 MB would stand in its way.
        router: router.layer(DefaultBodyLimit::disable()),
        error_body,
        web: Arc::default(),
        ids: Ids::random(),
        deadline: DEADLINE,
    }
}

/// Takes an API's events to a router and its answers back: all that [`run`] does with an event. They are an HTTP API's
/// (payload 2.0) or a REST API's.
pub fn lambda(
    middleware: Middleware,
) -> impl Service<LambdaEvent<LambdaRequest>, Response = impl Serialize, Error = Infallible, Future: Send> + Clone
{
    let web = Arc::clone(&middleware.web);
    let service = service_fn(move |request: lambda_http::Request| {
        let middleware = middleware.clone();
        async move {
            Ok::<_, Infallible>(match received(request, &middleware.web.base_path) {
                Ok(request) => middleware.answer(request).await,
                Err(_) => (middleware.error_body)(StatusCode::BAD_REQUEST, UNREADABLE),
            })
        }
    });
    Adapter::from(service).map_request(move |event: LambdaEvent<LambdaRequest>| LambdaEvent {
        payload: path::encoded(event.payload, &web.base_path),
        ..event
    })
}

/// A request as a server would have received it from the client.
fn received(request: lambda_http::Request, base_path: &str) -> Result<Request, InvalidUri> {
    let uri = path::uri(&request)?;
    let context = request.request_context_ref().cloned();
    let mut request = request.map(Body::new);
    *request.uri_mut() = uri;
    if let Some(context) = context {
        gateway::tell(request.extensions_mut(), &context, base_path);
    }
    Ok(request)
}

impl Middleware {
    /// The same with these settings: who may ask from where, and under which address.
    #[must_use]
    pub fn on(self, web: Web) -> Self {
        Self { web: Arc::new(web), ..self }
    }

    /// The answer to a request.
    pub async fn answer(self, mut request: Request) -> Response {
        let id = request.extensions().get::<RequestId>().map_or_else(|| self.ids.uuid(), |id| id.0.clone());
        request.extensions_mut().insert(RequestId(id.clone()));
        if let Some(url) = &self.web.public_base_url {
            request.extensions_mut().insert(BaseUrl(url.clone()));
        }
        let (page, web) = (Page::of(&request), Arc::clone(&self.web));
        // No query: it may hold a key.
        let span = tracing::info_span!("request", request.id = id, http.request.method = %request.method(), url.path = request.uri().path());
        let mut response = self.in_time(request).instrument(span).await;
        cors::permit(&mut response, page, &web.cors_origins);
        if let Ok(id) = HeaderValue::try_from(id) {
            response.headers_mut().insert(REQUEST_ID, id);
        }
        join(response.headers_mut());
        response
    }

    /// The router's answer, or one in its place where there is none.
    async fn in_time(self, request: Request) -> Response {
        let (error_body, deadline) = (self.error_body, self.deadline);
        let response = match timeout(deadline, AssertUnwindSafe(self.serve(request)).catch_unwind()).await {
            Ok(Ok(response)) => response,
            Ok(Err(panic)) => {
                tracing::error!(panic = said(&*panic), "a request panicked");
                error_body(StatusCode::INTERNAL_SERVER_ERROR, PANICKED)
            }
            Err(_) => {
                tracing::error!("a request was not served in time");
                let mut response = error_body(StatusCode::SERVICE_UNAVAILABLE, LATE);
                response.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static("1"));
                response
            }
        };
        tracing::info!(http.response.status_code = response.status().as_u16(), "answered");
        response
    }

    async fn serve(self, mut request: Request) -> Response {
        let (error_body, wanted) = (self.error_body, Wanted::by(request.method(), request.headers()));
        let is_head = request.method() == Method::HEAD;
        if is_head {
            *request.method_mut() = Method::GET;
        }
        let response = wanted.given(self.routed(request).await, error_body).await;
        if is_head { response.map(|_| Body::empty()) } else { response }
    }

    async fn routed(self, mut request: Request) -> Response {
        let Some(uri) = without_slash(request.uri()) else {
            return (self.error_body)(StatusCode::NOT_FOUND, NOTHING_HERE);
        };
        *request.uri_mut() = uri;
        if request.method() == Method::OPTIONS {
            return methods::options(self.router, request).await;
        }
        match body::read(request).await {
            Ok(request) => {
                let Ok(response) = self.router.oneshot(request).await;
                methods::refused(response)
            }
            Err(Unread(status, text)) => (self.error_body)(status, text),
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
        Box::pin(self.clone().answer(request).map(Ok))
    }
}

/// The address without a trailing slash; none where a segment is empty.
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

/// Makes one header of those that are there more than once: a function's answer has one of each name. Cookies have a
/// place of their own, and are no list.
fn join(headers: &mut HeaderMap) {
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

fn said(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("no text")
}

#[cfg(test)]
mod tests {
    use std::future::pending;

    use axum::response::IntoResponse;
    use axum::routing::{get, post};
    use http_body_util::BodyExt;

    use super::*;

    fn served() -> Middleware {
        let router = Router::new()
            .route("/", get(async || "index"))
            .route("/item/{id}", get(async |uri: Uri| uri.to_string()))
            .route("/pending", get(async || pending::<()>().await))
            .route("/panic", get(async |uri: Uri| assert_eq!(uri.path(), "a secret")))
            .route("/size", post(async |body: axum::body::Bytes| body.len().to_string()))
            .fallback(async || (StatusCode::NOT_FOUND, "not found"));
        middleware(router, |status, text| (status, format!("shaped: {text}")).into_response())
    }

    async fn answer(method: &str, address: &str, body: Vec<u8>) -> (u16, String, Response<()>) {
        let request =
            Request::builder().method(method).uri(address).body(Body::from(body)).expect("it is fine");
        let (parts, body) = served().answer(request).await.into_parts();
        let body = body.collect().await.expect("it is in memory").to_bytes();
        (parts.status.as_u16(), String::from_utf8_lossy(&body).into_owned(), Response::from_parts(parts, ()))
    }

    #[tokio::test]
    async fn one_trailing_slash_is_cut_off_and_an_empty_segment_is_not_found() {
        for (address, status, body) in [
            ("/", 200, "index"),
            ("/item/7", 200, "/item/7"),
            ("/item/7/", 200, "/item/7"),
            ("/item/7/?a=b;c&a=%2F+/", 200, "/item/7?a=b;c&a=%2F+/"),
            ("/item/a%2Fb/", 200, "/item/a%2Fb"),
            ("/item/7//", 404, "shaped: There is nothing under this path."),
            ("/item//7", 404, "shaped: There is nothing under this path."),
            ("//", 404, "shaped: There is nothing under this path."),
            ("/item/", 404, "not found"),
        ] {
            let (got, said, _) = answer("GET", address, Vec::new()).await;
            assert_eq!((got, said.as_str()), (status, body), "{address}");
        }
    }

    #[tokio::test]
    async fn head_is_get_without_the_body() {
        let (status, body, response) = answer("HEAD", "/item/7/", Vec::new()).await;
        assert_eq!((status, body.as_str()), (200, ""));
        assert_eq!(response.headers()["content-length"], "7");
        let (status, body, response) = answer("HEAD", "/size", Vec::new()).await;
        assert_eq!(
            (status, body.as_str(), &response.headers()["allow"]),
            (405, "", &HeaderValue::from_static("POST,OPTIONS"))
        );
    }

    #[tokio::test]
    async fn options_tells_the_methods_of_a_path_without_a_body() {
        for (address, expected) in
            [("/item/7/", Some("GET,HEAD,OPTIONS")), ("/size", Some("POST,OPTIONS")), ("/nowhere", None)]
        {
            let (status, body, response) = answer("OPTIONS", address, b"ignored".to_vec()).await;
            let allow = response.headers().get("allow").map(|allow| allow.to_str().expect("it is text"));
            let expected_body = if expected.is_some() { "" } else { "not found" };
            let expected_status = if expected.is_some() { 204 } else { 404 };
            assert_eq!(
                (status, body.as_str(), allow),
                (expected_status, expected_body, expected),
                "{address}"
            );
        }
    }

    /// The clock of the runtime has not moved when a request is late by nothing.
    #[tokio::test]
    async fn what_is_not_served_in_time_is_a_503_after_which_to_ask_again() {
        for (address, status, retry) in [("/pending", 503, Some("1")), ("/item/7", 200, None)] {
            let middleware = Middleware { deadline: Duration::ZERO, ..served() };
            let request = Request::get(address).body(Body::empty()).expect("it is fine");
            let response = middleware.answer(request).await;
            let after = response.headers().get(RETRY_AFTER).map(|after| after.to_str().expect("it is text"));
            assert_eq!((response.status().as_u16(), after), (status, retry), "{address}");
            assert!(response.headers().contains_key(REQUEST_ID));
            let body = response.into_body().collect().await.expect("it is in memory").to_bytes();
            assert_eq!(body.starts_with(b"shaped: The request was not served in time."), status == 503);
        }
    }

    #[test]
    fn a_header_that_is_there_twice_becomes_one_unless_it_is_a_cookie() {
        let pairs = [("vary", "Accept"), ("set-cookie", "a=1"), ("vary", "Origin"), ("set-cookie", "b=2")];
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.append(name, HeaderValue::from_static(value));
        }
        join(&mut headers);
        assert_eq!(headers.get_all("vary").iter().collect::<Vec<_>>(), ["Accept, Origin"]);
        assert_eq!(headers.get_all("set-cookie").iter().count(), 2);
    }

    #[tokio::test]
    async fn a_panic_is_a_500_that_does_not_say_what_happened() {
        let (status, body, response) = answer("GET", "/panic", Vec::new()).await;
        assert_eq!((status, body.as_str()), (500, "shaped: The request could not be served."));
        assert!(response.headers().contains_key(REQUEST_ID));
    }

    #[tokio::test]
    async fn a_body_may_be_as_large_as_the_limit_says_and_no_larger() {
        let (status, body, _) = answer("POST", "/size", vec![b'x'; body::LARGEST_SENT]).await;
        assert_eq!((status, body), (200, body::LARGEST_SENT.to_string()));
        let (status, body, _) = answer("POST", "/size", vec![b'x'; body::LARGEST_SENT + 1]).await;
        assert_eq!((status, body.as_str()), (413, "shaped: The body is larger than 4 MB."));
    }

    #[tokio::test]
    async fn the_gateways_request_id_is_answered_and_a_client_cannot_choose_one() {
        let mut request =
            Request::get("/").header(REQUEST_ID, "mine").body(Body::empty()).expect("it is fine");
        let made = served().answer(request).await.headers()[REQUEST_ID].clone();
        assert_eq!(made.len(), 36);
        request = Request::get("/").body(Body::empty()).expect("it is fine");
        request.extensions_mut().insert(RequestId("JKJaXmPLvHcESHA=".to_owned()));
        assert_eq!(served().answer(request).await.headers()[REQUEST_ID], "JKJaXmPLvHcESHA=");
    }
}
