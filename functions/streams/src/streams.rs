//! `/v1/streams`.

use axum::Json;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use domain::access::AuditLog;
use domain::error::{Error, Kind};
use domain::streams::Streams;
use domain::streams::stream::Head;
use edge::credentials::Credentials;
use futures::future::try_join_all;
use http::header::CONTENT_TYPE;
use http::{HeaderMap, Uri};
use serde_json::{Value, json};

use crate::error::ApiError;
use crate::parameters::{Events, Parameters};
use crate::wire::{self, Order};

/// The header in which clients that can only POST send the intended method.
const OVERRIDE: &str = "x-http-method-override";

pub async fn list(State(streams): State<Streams>, uri: Uri) -> Result<Json<Vec<Value>>, ApiError> {
    let parameters = Parameters::new(&uri, streams.utc_now());
    let (filter, page) = (parameters.stream_filter()?, parameters.page()?);
    let found = streams.list(&filter, page.start, page.limit).await?;
    Ok(Json(documents(&streams, &found, page.order(), parameters.events()).await?))
}

/// Returns one stream in a list, which is empty if it is unknown, or the number of streams if the id is `count`.
pub async fn get(
    State(streams): State<Streams>,
    Path(id): Path<String>,
    uri: Uri,
) -> Result<Json<Vec<Value>>, ApiError> {
    let parameters = Parameters::new(&uri, streams.utc_now());
    if id.eq_ignore_ascii_case("count") {
        let count = streams.count(&parameters.stream_filter()?, parameters.start()?).await?;
        return Ok(Json(vec![json!({"count": count})]));
    }
    let found: Vec<Head> = streams.get(number(&id)?).await?.into_iter().collect();
    Ok(Json(documents(&streams, &found, Order::Descending, parameters.events()).await?))
}

pub async fn reset(
    State(streams): State<Streams>,
    State(log): State<AuditLog>,
    Path(id): Path<String>,
    credentials: Credentials,
) -> Result<Response, ApiError> {
    if streams.reset(number(&id)?, &credentials.authorized_origin(), &log).await? {
        Ok(empty())
    } else {
        Err(missing(&id))
    }
}

pub async fn delete(
    State(streams): State<Streams>,
    State(log): State<AuditLog>,
    Path(id): Path<String>,
    credentials: Credentials,
) -> Result<Response, ApiError> {
    if streams.delete(number(&id)?, &credentials.authorized_origin(), &log).await? {
        Ok(empty())
    } else {
        Err(missing(&id))
    }
}

/// Handles a POST as the method in its override header.
pub async fn override_method(
    state: State<Streams>,
    log: State<AuditLog>,
    id: Path<String>,
    credentials: Credentials,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let method = headers.get(OVERRIDE).map(|value| value.to_str().unwrap_or_default().to_ascii_uppercase());
    match method.as_deref() {
        Some("PUT") => reset(state, log, id, credentials).await,
        Some("DELETE") => delete(state, log, id, credentials).await,
        Some(_) => Err(Error::invalid("X-HTTP-Method-Override: expected PUT or DELETE.").into()),
        None => Err(ApiError::NoOverride),
    }
}

async fn documents(
    streams: &Streams,
    found: &[Head],
    order: Order,
    events: Events,
) -> Result<Vec<Value>, Error> {
    if events == Events::Omitted {
        return Ok(found.iter().map(|head| wire::stream(head, order, None)).collect());
    }
    let events = try_join_all(found.iter().map(|head| streams.events_of(head))).await?;
    let documents = found.iter().zip(&events).map(|(head, events)| wire::stream(head, order, Some(events)));
    Ok(documents.collect())
}

fn number(id: &str) -> Result<u64, Error> {
    id.parse().map_err(|_| Error::invalid(format!("'{id}' is not a stream id: expected a whole number.")))
}

fn missing(id: &str) -> ApiError {
    Error::new(Kind::Missing, format!("Unknown stream: {id}.")).into()
}

/// Returns the empty response to a successful change.
fn empty() -> Response {
    ([(CONTENT_TYPE, "application/json")], "").into_response()
}
