//! What every API does alike, outside its router: slashes, HEAD, bodies, panics, request ids.

use std::any::Any;
use std::convert::Infallible;
use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::task::{Context, Poll};

use axum::Router;
use axum::body::Body;
use axum::extract::{DefaultBodyLimit, Request};
use axum::response::Response;
use domain::id::Ids;
use futures::FutureExt;
use http::uri::PathAndQuery;
use http::{HeaderValue, Method, StatusCode, Uri};
use lambda_http::request::{LambdaRequest, RequestContext};
use lambda_http::{Adapter, LambdaEvent, RequestExt, service_fn};
use serde::Serialize;
use tower::{Service, ServiceExt};
use tracing::Instrument;

use crate::body::{self, Unread};
use crate::path;

/// An API's own body for a failing status and a text.
pub type Shape = fn(StatusCode, &str) -> Response;

/// The header that names a request, for the client to quote and for the log to be searched by.
pub const REQUEST_ID: &str = "x-request-id";

const NOTHING_HERE: &str = "There is nothing under this path.";
const PANICKED: &str = "The request could not be served.";

/// The gateway's name for a request. Where it gave none, one is made.
#[derive(Clone, Debug)]
pub struct RequestId(pub String);

/// The address that a request came from, as the gateway saw it.
#[derive(Clone, Debug)]
pub struct ClientAddress(pub String);

/// Where the API is for whoever asks, without a slash at its end.
#[derive(Clone, Debug)]
pub struct BaseUrl(pub String);

/// A router with manners. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Manners {
    router: Router,
    shape: Shape,
    ids: Ids,
}

/// Serves a router under Lambda until the environment is shut down.
pub async fn run(router: Router, shape: Shape) -> Result<(), crate::Error> {
    lambda_http::lambda_runtime::run(lambda(manners(router, shape))).await
}

/// Gives a router manners; what fails outside it is answered in `shape`.
///
/// One trailing slash is cut off and `//` is a 404; HEAD is answered as GET without the body; the body is read,
/// limited and inflated as [`body::read`] says; a panic is a 500; and every answer carries [`REQUEST_ID`].
pub fn manners(router: Router, shape: Shape) -> Manners {
    // The limit is kept by `body::read`; axum's own of 2 MB would stand in its way.
    Manners { router: router.layer(DefaultBodyLimit::disable()), shape, ids: Ids::random() }
}

/// Takes an HTTP API's events (payload 2.0) to a router and its answers back: all that [`run`] does with an event.
pub fn lambda(
    manners: Manners,
) -> impl Service<LambdaEvent<LambdaRequest>, Response = impl Serialize, Error = Infallible, Future: Send> + Clone
{
    let service = service_fn(move |request: lambda_http::Request| {
        let manners = manners.clone();
        async move {
            Ok::<_, Infallible>(match received(request) {
                Ok(request) => manners.answer(request).await,
                Err(_) => (manners.shape)(StatusCode::BAD_REQUEST, "The address could not be read."),
            })
        }
    });
    Adapter::from(service).map_request(|event: LambdaEvent<LambdaRequest>| LambdaEvent {
        payload: path::encoded(event.payload),
        ..event
    })
}

/// A request as a server would have received it from the client.
fn received(request: lambda_http::Request) -> Result<Request, http::uri::InvalidUri> {
    let uri = path::uri(&request)?;
    let id = match request.request_context_ref() {
        Some(RequestContext::ApiGatewayV2(context)) => context.request_id.clone(),
        _ => None,
    };
    let mut request = request.map(Body::new);
    *request.uri_mut() = uri;
    if let Some(id) = id {
        request.extensions_mut().insert(RequestId(id));
    }
    Ok(request)
}

impl Manners {
    /// The answer to a request.
    pub async fn answer(self, request: Request) -> Response {
        let id = request.extensions().get::<RequestId>().map_or_else(|| self.ids.uuid(), |id| id.0.clone());
        // No query: it may hold a key.
        let span = tracing::info_span!("request", request.id = id, http.request.method = %request.method(), url.path = request.uri().path());
        let shape = self.shape;
        let mut response = async move {
            let answered = AssertUnwindSafe(self.serve(request)).catch_unwind().await;
            let response = answered.unwrap_or_else(|panic| {
                tracing::error!(panic = said(&*panic), "a request panicked");
                shape(StatusCode::INTERNAL_SERVER_ERROR, PANICKED)
            });
            tracing::info!(http.response.status_code = response.status().as_u16(), "answered");
            response
        }
        .instrument(span)
        .await;
        if let Ok(id) = HeaderValue::try_from(id) {
            response.headers_mut().insert(REQUEST_ID, id);
        }
        response
    }

    async fn serve(self, mut request: Request) -> Response {
        let Some(uri) = without_slash(request.uri()) else {
            return (self.shape)(StatusCode::NOT_FOUND, NOTHING_HERE);
        };
        *request.uri_mut() = uri;
        let is_head = request.method() == Method::HEAD;
        if is_head {
            *request.method_mut() = Method::GET;
        }
        let response = match body::read(request).await {
            Ok(request) => {
                let Ok(response) = self.router.oneshot(request).await;
                response
            }
            Err(Unread(status, text)) => (self.shape)(status, text),
        };
        if is_head { response.map(|_| Body::empty()) } else { response }
    }
}

impl Service<Request> for Manners {
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
    let Some(shorter) = path.strip_suffix('/').filter(|path| !path.is_empty()) else {
        return Some(uri.clone());
    };
    let address = match uri.query() {
        None => shorter.to_owned(),
        Some(query) => format!("{shorter}?{query}"),
    };
    let mut parts = uri.clone().into_parts();
    parts.path_and_query = Some(PathAndQuery::try_from(address).ok()?);
    Uri::from_parts(parts).ok()
}

fn said(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("no text")
}

#[cfg(test)]
mod tests {
    use axum::response::IntoResponse;
    use axum::routing::{get, post};
    use http_body_util::BodyExt;

    use super::*;

    fn served() -> Manners {
        let router = Router::new()
            .route("/", get(async || "index"))
            .route("/item/{id}", get(async |uri: Uri| uri.to_string()))
            .route("/panic", get(async |uri: Uri| assert_eq!(uri.path(), "a secret")))
            .route("/size", post(async |body: axum::body::Bytes| body.len().to_string()))
            .fallback(async || (StatusCode::NOT_FOUND, "not found"));
        manners(router, |status, text| (status, format!("shaped: {text}")).into_response())
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
            (405, "", &HeaderValue::from_static("POST"))
        );
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
