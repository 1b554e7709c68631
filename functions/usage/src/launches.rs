//! `/db/usage/nova/launches`

use axum::extract::State;
use axum::response::Response;
use domain::usage::Usage;
use domain::usage::launch::Launch;
use serde::Serialize;

use crate::error::ApiError;
use crate::parameters::{Parameters, RowId};
use crate::rows;

/// A launch in the API; times are `yyyy-mm-dd hh:mm:ss[.ffffff]`, UTC.
#[derive(Serialize)]
struct Body {
    id: u64,
    instance: String,
    launched_at: Option<String>,
    request_id: String,
    instance_type_id: Option<String>,
    instance_flavor_id: Option<String>,
    tenant: Option<String>,
    os_architecture: String,
    os_distro: String,
    os_version: String,
    rax_options: String,
}

impl From<Launch> for Body {
    fn from(row: Launch) -> Self {
        Self {
            id: row.id,
            instance: row.instance,
            launched_at: row.launched_at.map(|at| at.to_string()),
            request_id: row.request_id,
            instance_type_id: row.instance_type_id,
            instance_flavor_id: row.instance_flavor_id,
            tenant: row.tenant,
            os_architecture: row.image.os_architecture,
            os_distro: row.image.os_distro,
            os_version: row.image.os_version,
            rax_options: row.image.rax_options,
        }
    }
}

pub async fn list(State(usage): State<Usage>, parameters: Parameters) -> Result<Response, ApiError> {
    rows::list::<Launch, Body>(&usage, &parameters, "launches").await
}

pub async fn get(State(usage): State<Usage>, id: RowId) -> Result<Response, ApiError> {
    rows::get::<Launch, Body>(&usage, id, "launch").await
}
