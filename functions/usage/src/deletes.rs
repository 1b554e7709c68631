//! `/db/usage/nova/deletes` and `/db/usage/glance/deletes`

use axum::extract::State;
use axum::response::Response;
use domain::usage::Usage;
use domain::usage::delete::{ImageDelete, InstanceDelete};
use serde::Serialize;

use crate::error::ApiError;
use crate::parameters::{Parameters, RowId};
use crate::rows;

/// A deleted instance in the API; times are `yyyy-mm-dd hh:mm:ss[.ffffff]`, UTC.
#[derive(Serialize)]
struct NovaBody {
    id: u64,
    instance: String,
    launched_at: String,
    deleted_at: Option<String>,
    raw: u64,
}

/// A deleted image in the API.
#[derive(Serialize)]
struct GlanceBody {
    id: u64,
    uuid: String,
    deleted_at: Option<String>,
    raw: u64,
}

impl From<InstanceDelete> for NovaBody {
    fn from(row: InstanceDelete) -> Self {
        Self {
            id: row.id,
            instance: row.instance,
            launched_at: row.launched_at.to_string(),
            deleted_at: row.deleted_at.map(|at| at.to_string()),
            raw: row.raw,
        }
    }
}

impl From<ImageDelete> for GlanceBody {
    fn from(row: ImageDelete) -> Self {
        Self { id: row.id, uuid: row.uuid, deleted_at: row.deleted_at.map(|at| at.to_string()), raw: row.raw }
    }
}

pub async fn list_nova(State(usage): State<Usage>, parameters: Parameters) -> Result<Response, ApiError> {
    rows::list::<InstanceDelete, NovaBody>(&usage, &parameters, "deletes").await
}

pub async fn get_nova(State(usage): State<Usage>, id: RowId) -> Result<Response, ApiError> {
    rows::get::<InstanceDelete, NovaBody>(&usage, id, "delete").await
}

pub async fn list_glance(State(usage): State<Usage>, parameters: Parameters) -> Result<Response, ApiError> {
    rows::list::<ImageDelete, GlanceBody>(&usage, &parameters, "deletes").await
}

pub async fn get_glance(State(usage): State<Usage>, id: RowId) -> Result<Response, ApiError> {
    rows::get::<ImageDelete, GlanceBody>(&usage, id, "delete").await
}
