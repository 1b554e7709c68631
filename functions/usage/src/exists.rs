//! `/db/usage/nova/exists` and `/db/usage/glance/exists`

use axum::extract::State;
use axum::response::Response;
use domain::usage::Usage;
use domain::usage::exists::{ImageExists, InstanceExists, Progress};
use serde::Serialize;

use crate::error::ApiError;
use crate::parameters::{Parameters, RowId};
use crate::rows;

/// The progress of both kinds of exists records; `received` is the time of the raw notification.
#[derive(Serialize)]
struct ProgressBody {
    message_id: Option<String>,
    status: &'static str,
    fail_reason: Option<String>,
    raw: u64,
    usage: Option<u64>,
    delete: Option<u64>,
    send_status: i64,
    event_id: Option<String>,
    received: String,
}

/// The exists record of an instance in the API; times are `yyyy-mm-dd hh:mm:ss[.ffffff]`, UTC.
#[derive(Serialize)]
struct NovaBody {
    id: u64,
    instance: String,
    launched_at: String,
    deleted_at: Option<String>,
    audit_period_beginning: String,
    audit_period_ending: String,
    instance_type_id: Option<String>,
    instance_flavor_id: Option<String>,
    tenant: Option<String>,
    os_architecture: String,
    os_distro: String,
    os_version: String,
    rax_options: String,
    bandwidth_public_out: i64,
    #[serde(flatten)]
    progress: ProgressBody,
}

/// The exists record of an image in the API.
#[derive(Serialize)]
struct GlanceBody {
    id: u64,
    uuid: String,
    created_at: String,
    deleted_at: Option<String>,
    audit_period_beginning: String,
    audit_period_ending: String,
    owner: Option<String>,
    size: i64,
    #[serde(flatten)]
    progress: ProgressBody,
}

impl From<Progress> for ProgressBody {
    fn from(progress: Progress) -> Self {
        Self {
            message_id: progress.message_id,
            status: progress.status.as_str(),
            fail_reason: progress.fail_reason,
            raw: progress.raw,
            usage: progress.usage,
            delete: progress.delete,
            send_status: progress.send_status,
            event_id: progress.event_id,
            received: progress.received.to_string(),
        }
    }
}

impl From<InstanceExists> for NovaBody {
    fn from(row: InstanceExists) -> Self {
        Self {
            id: row.id,
            instance: row.instance,
            launched_at: row.launched_at.to_string(),
            deleted_at: row.deleted_at.map(|at| at.to_string()),
            audit_period_beginning: row.audit_period_beginning.to_string(),
            audit_period_ending: row.audit_period_ending.to_string(),
            instance_type_id: row.instance_type_id,
            instance_flavor_id: row.instance_flavor_id,
            tenant: row.tenant,
            os_architecture: row.image.os_architecture,
            os_distro: row.image.os_distro,
            os_version: row.image.os_version,
            rax_options: row.image.rax_options,
            bandwidth_public_out: row.bandwidth_public_out,
            progress: row.progress.into(),
        }
    }
}

impl From<ImageExists> for GlanceBody {
    fn from(row: ImageExists) -> Self {
        Self {
            id: row.id,
            uuid: row.uuid,
            created_at: row.created_at.to_string(),
            deleted_at: row.deleted_at.map(|at| at.to_string()),
            audit_period_beginning: row.audit_period_beginning.to_string(),
            audit_period_ending: row.audit_period_ending.to_string(),
            owner: row.owner,
            size: row.size,
            progress: row.progress.into(),
        }
    }
}

pub async fn list_nova(State(usage): State<Usage>, parameters: Parameters) -> Result<Response, ApiError> {
    rows::list::<InstanceExists, NovaBody>(&usage, &parameters, "exists").await
}

pub async fn get_nova(State(usage): State<Usage>, id: RowId) -> Result<Response, ApiError> {
    rows::get::<InstanceExists, NovaBody>(&usage, id, "exist").await
}

pub async fn list_glance(State(usage): State<Usage>, parameters: Parameters) -> Result<Response, ApiError> {
    rows::list::<ImageExists, GlanceBody>(&usage, &parameters, "exists").await
}

pub async fn get_glance(State(usage): State<Usage>, id: RowId) -> Result<Response, ApiError> {
    rows::get::<ImageExists, GlanceBody>(&usage, id, "exist").await
}
