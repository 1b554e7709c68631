//! `/v1/streams`.

use axum::Json;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use domain::access::AuditLog;
use domain::error::{Error, Kind};
use domain::storage::block::Start;
use domain::streams::Streams;
use domain::streams::stream::Head;
use edge::credentials::Credentials;
use futures::future::try_join_all;
use http::header::CONTENT_TYPE;
use http::{HeaderMap, Uri};
use serde_json::{Value, json};

use crate::error::ApiError;
use crate::parameters::Parameters;
use crate::wire;

/// The header by which a client that can only POST says what it means.
const OVERRIDE: &str = "x-http-method-override";

pub async fn list(State(streams): State<Streams>, uri: Uri) -> Result<Json<Vec<Value>>, ApiError> {
    let parameters = Parameters::of(&uri, streams.utc_now());
    let (filter, page) = (parameters.stream_filter()?, parameters.page()?);
    let found = streams.list(&filter, page.start, page.limit).await?;
    let ascending = matches!(page.start, Start::Above(_));
    Ok(Json(documents(&streams, &found, ascending, parameters.details()).await?))
}

/// One stream in a list, none where there is none; or, under the word `count`, how many there are.
pub async fn get(
    State(streams): State<Streams>,
    Path(id): Path<String>,
    uri: Uri,
) -> Result<Json<Vec<Value>>, ApiError> {
    let parameters = Parameters::of(&uri, streams.utc_now());
    if id.eq_ignore_ascii_case("count") {
        let count = streams.count(&parameters.stream_filter()?, parameters.start()?).await?;
        return Ok(Json(vec![json!({"count": count})]));
    }
    let found: Vec<Head> = streams.get(number(&id)?).await?.into_iter().collect();
    Ok(Json(documents(&streams, &found, false, parameters.details()).await?))
}

pub async fn reset(
    State(streams): State<Streams>,
    State(log): State<AuditLog>,
    Path(id): Path<String>,
    credentials: Credentials,
) -> Result<Response, ApiError> {
    if streams.reset(number(&id)?, &credentials.admitted(), &log).await? {
        Ok(done())
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
    if streams.delete(number(&id)?, &credentials.admitted(), &log).await? {
        Ok(done())
    } else {
        Err(missing(&id))
    }
}

/// A POST that means something else.
pub async fn overridden(
    state: State<Streams>,
    log: State<AuditLog>,
    id: Path<String>,
    credentials: Credentials,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let meant = headers.get(OVERRIDE).map(|method| method.to_str().unwrap_or_default().to_ascii_uppercase());
    match meant.as_deref() {
        Some("PUT") => reset(state, log, id, credentials).await,
        Some("DELETE") => delete(state, log, id, credentials).await,
        Some(_) => Err(Error::invalid("X-HTTP-Method-Override: PUT or DELETE is expected.").into()),
        None => Err(ApiError::NoOverride),
    }
}

async fn documents(
    streams: &Streams,
    found: &[Head],
    ascending: bool,
    details: bool,
) -> Result<Vec<Value>, Error> {
    if !details {
        return Ok(found.iter().map(|head| wire::stream(head, ascending, None)).collect());
    }
    let events = try_join_all(found.iter().map(|head| streams.events_of(head))).await?;
    let documents =
        found.iter().zip(&events).map(|(head, events)| wire::stream(head, ascending, Some(events)));
    Ok(documents.collect())
}

fn number(id: &str) -> Result<u64, Error> {
    id.parse()
        .map_err(|_| Error::invalid(format!("'{id}' is no id of a stream: a whole number is expected.")))
}

fn missing(id: &str) -> ApiError {
    Error::new(Kind::Missing, format!("There is no stream {id}.")).into()
}

/// Done, with nothing to say.
fn done() -> Response {
    ([(CONTENT_TYPE, "application/json")], "").into_response()
}
