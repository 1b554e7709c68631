//! `/db/reconcile/nova`: audit reports about instances.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use domain::error::Error;
use domain::usage::Usage;
use domain::usage::audit_report::AuditReport;
use http::StatusCode;
use serde::Serialize;
use serde_json::Value;

use crate::error::ApiError;
use crate::parameters;
use crate::response::enveloped;

/// A stored report in the API; times are `yyyy-mm-dd hh:mm:ss[.ffffff]`, UTC.
#[derive(Serialize)]
struct Body {
    row_created: String,
    row_updated: String,
    instance: String,
    launched_at: String,
    deleted_at: Option<String>,
    instance_type_id: Option<String>,
    instance_flavor_id: Option<String>,
    tenant: Option<String>,
    os_architecture: String,
    os_distro: String,
    os_version: String,
    rax_options: String,
    source: String,
}

impl From<AuditReport> for Body {
    fn from(row: AuditReport) -> Self {
        Self {
            row_created: row.row_created.to_string(),
            row_updated: row.row_updated.to_string(),
            instance: row.instance,
            launched_at: row.launched_at.to_string(),
            deleted_at: row.deleted_at.map(|at| at.to_string()),
            instance_type_id: row.instance_type_id,
            instance_flavor_id: row.instance_flavor_id,
            tenant: row.tenant,
            os_architecture: row.image.os_architecture,
            os_distro: row.image.os_distro,
            os_version: row.image.os_version,
            rax_options: row.image.rax_options,
            source: row.source,
        }
    }
}

pub async fn nova(
    State(usage): State<Usage>,
    parameters::Body(body): parameters::Body,
) -> Result<Response, ApiError> {
    let Ok(Value::Object(fields)) = serde_json::from_slice(&body) else {
        return Err(Error::invalid("The body is not a JSON object.").into());
    };
    let stored = usage.reconcile(&fields).await?;
    Ok((StatusCode::CREATED, enveloped("reconcile", Body::from(stored))).into_response())
}
