//! Actions on schema versions.

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use edge::query;
use http::Uri;
use schemas::record::Name;
use serde_json::{Value, json};

use crate::Api;
use crate::authorized::{Reader, Writer};
use crate::body;
use crate::error::ApiError;

pub async fn save_schema_dump(
    writer: Writer,
    State(api): State<Api>,
    body: Bytes,
) -> Result<Json<Value>, ApiError> {
    let refused = |refusal| api.refused(refusal);
    let body = body::object(&body).map_err(refused)?;
    let server = body::number(&body, "server_id").map_err(refused)?;
    let schema = body::text(&body, "database_schema_name").map_err(refused)?;
    let version = api.registry.save_schema_dump(server, &schema, &api.servers, &writer.person).await;
    let version = version.map_err(refused)?;
    let form = api.registry.detail(Name::SchemaVersion, version.id).await?;
    form.map(Json).ok_or(ApiError::Missing)
}

pub async fn difference(
    _: Reader,
    State(api): State<Api>,
    Path((before, after)): Path<(String, String)>,
    uri: Uri,
) -> Result<Response, ApiError> {
    let (before, after) = (body::id(&before)?, body::id(&after)?);
    let refused = |refusal| api.refused(refusal);
    let format = query::first(&uri, "format");
    match format.as_deref() {
        None | Some("json") => {
            let difference = api.registry.version_difference(before, after).await.map_err(refused)?;
            Ok(Json(json!({
                "after": Name::SchemaVersion.uri(difference.after),
                "before": Name::SchemaVersion.uri(difference.before),
                "changes": difference.changes,
                "text": difference.text,
            }))
            .into_response())
        }
        Some("text") => {
            let difference = api.registry.version_difference(before, after).await.map_err(refused)?;
            Ok(difference.text.into_response())
        }
        Some("sql") => {
            let migration = api.registry.version_migration(before, after).await.map_err(refused)?;
            Ok(migration.script().into_response())
        }
        Some(other) => {
            Err(ApiError::Malformed(format!("invalid format \"{other}\": expected json, text or sql")))
        }
    }
}
