//! `/v1/events`.

use axum::Json;
use axum::extract::{Path, State};
use domain::error::{Error, Kind};
use domain::storage::block::Start;
use domain::streams::Streams;
use http::Uri;
use serde_json::{Value, json};

use crate::error::ApiError;
use crate::parameters::Parameters;
use crate::wire;

pub async fn list(State(streams): State<Streams>, uri: Uri) -> Result<Json<Vec<Value>>, ApiError> {
    let parameters = Parameters::of(&uri, streams.utc_now());
    let (filter, page) = (parameters.event_filter()?, parameters.page()?);
    let found = streams.events(&filter, page.start, page.limit).await?;
    let ascending = matches!(page.start, Start::Above(_));
    Ok(Json(found.iter().map(|(id, event)| wire::listed_event(*id, event, ascending)).collect()))
}

/// One event in a list; or, under the word `count`, how many there are.
pub async fn get(
    State(streams): State<Streams>,
    Path(message_id): Path<String>,
    uri: Uri,
) -> Result<Json<Vec<Value>>, ApiError> {
    if message_id.eq_ignore_ascii_case("count") {
        let parameters = Parameters::of(&uri, streams.utc_now());
        let count = streams.count_events(&parameters.event_filter()?, parameters.start()?).await?;
        return Ok(Json(vec![json!({"count": count})]));
    }
    let missing =
        || Error::new(Kind::Missing, format!("There is no event with the message id '{message_id}'."));
    let event = streams.event(&message_id).await?.ok_or_else(missing)?;
    Ok(Json(vec![wire::event(&event)]))
}
