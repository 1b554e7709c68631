//! `/db/usage/glance/images`

use axum::extract::State;
use axum::response::Response;
use domain::usage::Usage;
use domain::usage::image::Image;
use serde::Serialize;

use crate::error::ApiError;
use crate::parameters::{Parameters, RowId};
use crate::rows;

/// An activated image in the API; times are `yyyy-mm-dd hh:mm:ss[.ffffff]`, UTC.
#[derive(Serialize)]
struct Body {
    id: u64,
    uuid: String,
    created_at: String,
    owner: Option<String>,
    size: i64,
    last_raw: u64,
}

impl From<Image> for Body {
    fn from(row: Image) -> Self {
        Self {
            id: row.id,
            uuid: row.uuid,
            created_at: row.created_at.to_string(),
            owner: row.owner,
            size: row.size,
            last_raw: row.last_raw,
        }
    }
}

pub async fn list(State(usage): State<Usage>, parameters: Parameters) -> Result<Response, ApiError> {
    rows::list::<Image, Body>(&usage, &parameters, "images").await
}

/// Returns one image. Its documented key is `launch`.
pub async fn get(State(usage): State<Usage>, id: RowId) -> Result<Response, ApiError> {
    rows::get::<Image, Body>(&usage, id, "launch").await
}
