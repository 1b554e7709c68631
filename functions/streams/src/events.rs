//! `/v1/events`.

use axum::Json;
use axum::extract::{Path, State};
use domain::error::{Error, Kind};
use domain::streams::Streams;
use http::Uri;
use serde_json::{Value, json};

use crate::error::ApiError;
use crate::parameters::Parameters;
use crate::wire;

pub async fn list(State(streams): State<Streams>, uri: Uri) -> Result<Json<Vec<Value>>, ApiError> {
    let parameters = Parameters::new(&uri, streams.utc_now());
    let (filter, page) = (parameters.event_filter()?, parameters.page()?);
    let found = streams.events(&filter, page.start, page.limit).await?;
    Ok(Json(found.iter().map(|(id, event)| wire::listed_event(*id, event, page.order())).collect()))
}

/// Returns one event in a list, or the number of events if the id is `count`.
pub async fn get(
    State(streams): State<Streams>,
    Path(message_id): Path<String>,
    uri: Uri,
) -> Result<Json<Vec<Value>>, ApiError> {
    if message_id.eq_ignore_ascii_case("count") {
        let parameters = Parameters::new(&uri, streams.utc_now());
        let count = streams.count_events(&parameters.event_filter()?, parameters.start()?).await?;
        return Ok(Json(vec![json!({"count": count})]));
    }
    let missing = || Error::new(Kind::Missing, format!("Unknown event: '{message_id}'."));
    let event = streams.event(&message_id).await?.ok_or_else(missing)?;
    Ok(Json(vec![wire::event(&event)]))
}
