//! Reads of every resource: lists, rows, sets and descriptions.

use axum::Json;
use axum::extract::{Path, State};
use edge::query;
use http::Uri;
use schemas::record::Name;
use schemas::resource::declared::resource;
use serde_json::Value;

use crate::Api;
use crate::authorized::Reader;
use crate::body;
use crate::error::ApiError;

pub async fn list(
    _: Reader,
    State(api): State<Api>,
    Path(name): Path<String>,
    uri: Uri,
) -> Result<Json<Value>, ApiError> {
    let pairs: Vec<_> =
        query::pairs(&uri).map(|(name, value)| (name.into_owned(), value.into_owned())).collect();
    Ok(Json(api.registry.list(named(&name)?, &pairs).await?))
}

pub async fn detail(
    _: Reader,
    State(api): State<Api>,
    Path((name, id)): Path<(String, String)>,
) -> Result<Json<Value>, ApiError> {
    let (name, id) = (named(&name)?, body::id(&id)?);
    api.registry.detail(name, id).await?.map(Json).ok_or(ApiError::Missing)
}

pub async fn schema(_: Reader, Path(name): Path<String>) -> Result<Json<Value>, ApiError> {
    Ok(Json(resource(named(&name)?).schema()))
}

pub async fn set(
    _: Reader,
    State(api): State<Api>,
    Path((name, ids)): Path<(String, String)>,
) -> Result<Json<Value>, ApiError> {
    let ids: Vec<&str> = ids.split(';').filter(|id| !id.is_empty()).collect();
    Ok(Json(api.registry.set(named(&name)?, &ids).await?))
}

fn named(name: &str) -> Result<Name, ApiError> {
    Name::parse(name).ok_or(ApiError::UnknownPath)
}
