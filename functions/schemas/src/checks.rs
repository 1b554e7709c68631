//! Checks of schemas on servers.

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, State};
use serde_json::{Value, json};

use crate::Api;
use crate::authorized::Writer;
use crate::body;
use crate::error::ApiError;

pub async fn request(
    writer: Writer,
    State(api): State<Api>,
    Path(id): Path<String>,
    body: Bytes,
) -> Result<Json<Value>, ApiError> {
    let (id, refused) = (body::id(&id)?, |refusal| api.refused(refusal));
    let body = body::optional_object(&body).map_err(refused)?;
    let servers = body.get("server_ids").map(|ids| body::numbers(ids, "server_ids")).transpose();
    let servers = servers.map_err(refused)?.unwrap_or_default();
    let tasks = api.registry.request_check(id, &servers, &writer.person).await.map_err(refused)?;
    let ids: Vec<_> = tasks.into_iter().map(|task| task.task_id).collect();
    Ok(Json(json!({"task_ids": ids})))
}
