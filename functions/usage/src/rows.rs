//! Handlers that the six kinds of rows share.

use axum::response::Response;
use domain::usage::Usage;
use domain::usage::column::Row;
use serde::Serialize;

use crate::error::ApiError;
use crate::parameters::{Parameters, RowId, unknown_id};
use crate::response::enveloped;

/// Lists a page of rows as the member `key`, each as `W`.
pub async fn list<R, W>(
    usage: &Usage,
    parameters: &Parameters,
    key: &'static str,
) -> Result<Response, ApiError>
where
    R: Row,
    W: From<R> + Serialize,
{
    let rows = usage.list::<R>(&parameters.list()?).await?;
    Ok(enveloped(key, rows.into_iter().map(W::from).collect::<Vec<_>>()))
}

/// Returns one row as the member `key`, as `W`.
pub async fn get<R, W>(usage: &Usage, RowId(id): RowId, key: &'static str) -> Result<Response, ApiError>
where
    R: Row,
    W: From<R> + Serialize,
{
    let row = usage.get::<R>(id).await?.ok_or_else(unknown_id)?;
    Ok(enveloped(key, W::from(row)))
}
