//! Requests of reviews, and their state.

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, State};
use schemas::record::{Changeset, TaskKind};
use serde_json::{Value, json};

use crate::Api;
use crate::authorized::{Reader, Writer};
use crate::error::ApiError;
use crate::{body, status};

pub async fn request(
    writer: Writer,
    State(api): State<Api>,
    Path(id): Path<String>,
    body: Bytes,
) -> Result<Json<Value>, ApiError> {
    let (id, refused) = (body::id(&id)?, |refusal| api.refused(refusal));
    let body = body::object(&body).map_err(refused)?;
    body::required(&body, "schema_version_id").map_err(refused)?;
    let version = body::optional_number(&body, "schema_version_id").map_err(refused)?;
    let task = api.registry.request_review(id, version, &writer.person).await.map_err(refused)?;
    Ok(Json(json!({"task_id": task.task_id})))
}

pub async fn status(
    reader: Reader,
    State(api): State<Api>,
    Path(task_id): Path<String>,
) -> Result<Json<Value>, ApiError> {
    let task = api.registry.task(&task_id).await?.filter(|task| task.kind == TaskKind::Review);
    let task = task.ok_or(ApiError::UnknownTask)?;
    let changeset = match task.changeset {
        Some(id) => api.registry.find::<Changeset>(id).await?,
        None => None,
    };
    Ok(Json(status::review(&task, changeset.as_ref(), &reader.base_url)))
}
