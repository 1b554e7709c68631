//! `/maintenance/operations`: everything that is known about operations, including ended ones.

use axum::Json;
use axum::extract::State;
use domain::error::Error;
use edge::query;
use http::Uri;
use maintenance::operation::progress;

use crate::Api;
use crate::authorized::{Authorized, Viewer};
use crate::error::ApiError;
use crate::names::OperationId;
use crate::wire::{Detailed, History};

/// Operations of a page.
const DEFAULT_LIMIT: usize = 100;
/// The most operations of a page.
const MOST: usize = 1_000;

/// Lists operations: on the first page those that are alive, by due time, and then ended ones, newest first.
pub async fn list(
    _: Authorized<Viewer>,
    State(api): State<Api>,
    uri: Uri,
) -> Result<Json<History>, ApiError> {
    let limit = limit(query::first(&uri, "limit").as_deref())?;
    let cursor = query::first(&uri, "cursor");
    let mut operations = match &cursor {
        Some(_) => Vec::new(),
        None => api.operations.alive().await?,
    };
    let page = api.operations.history(limit, cursor.as_deref()).await?;
    operations.extend(page.operations);
    let operations = operations.iter().map(|operation| Detailed::new(operation, None)).collect();
    Ok(Json(History { operations, next: page.next }))
}

/// Returns one operation, with the progress of its statement if the server answers.
pub async fn get(
    OperationId(id): OperationId,
    _: Authorized<Viewer>,
    State(api): State<Api>,
) -> Result<Json<Detailed>, ApiError> {
    let found = api.operations.get(&id).await?;
    let operation = found.ok_or_else(|| ApiError::Missing("Operation not found".to_owned()))?;
    let progress = progress::progress(&api.servers, &operation).await.unwrap_or_else(|error| {
        tracing::warn!(operation.id, error = error.chain(), "the progress of an operation is unknown");
        None
    });
    Ok(Json(Detailed::new(&operation, progress)))
}

/// Parses the limit of a page.
pub fn limit(text: Option<&str>) -> Result<usize, Error> {
    let Some(text) = text else { return Ok(DEFAULT_LIMIT) };
    let limit = text.parse().ok().filter(|limit| (1..=MOST).contains(limit));
    limit.ok_or_else(|| Error::invalid(format!("invalid limit \"{text}\": expected 1 to {MOST}")))
}
