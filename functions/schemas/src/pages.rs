//! The pages that the states of tasks link to, as JSON.

use axum::Json;
use axum::extract::{Path, State};
use edge::query;
use http::Uri;
use schemas::record::{Changeset, Name};
use serde_json::{Value, json};

use crate::Api;
use crate::authorized::Reader;
use crate::body;
use crate::error::ApiError;

/// The results of the latest review of a changeset.
pub async fn review(
    _: Reader,
    State(api): State<Api>,
    Path(id): Path<String>,
) -> Result<Json<Value>, ApiError> {
    let registry = &api.registry;
    let changeset = registry.find::<Changeset>(body::id(&id)?).await?.ok_or(ApiError::Missing)?;
    Ok(Json(json!({
        "changeset": registry.detail(Name::Changeset, changeset.id).await?,
        "changeset_details": registry.forms_by_id(Name::ChangesetDetail, &changeset.details).await?,
        "changeset_tests": registry.forms_by_id(Name::ChangesetTest, &changeset.tests).await?,
        "changeset_validations": registry.forms_by_id(Name::ChangesetValidation, &changeset.validations).await?,
    })))
}

/// The results of an application.
pub async fn applications(_: Reader, State(api): State<Api>, uri: Uri) -> Result<Json<Value>, ApiError> {
    let missing = || ApiError::Malformed("'task_id'".to_owned());
    let task_id = query::first(&uri, "task_id").ok_or_else(missing)?;
    let task = api.registry.task(&task_id).await?.ok_or(ApiError::UnknownTask)?;
    Ok(Json(json!({
        "changeset_detail_applies": api.registry.forms_by_id(Name::ChangesetDetailApply, &task.results).await?,
        "children": api.registry.forms_by_id(Name::Task, &task.children).await?,
        "task": api.registry.detail(Name::Task, task.id).await?,
    })))
}
