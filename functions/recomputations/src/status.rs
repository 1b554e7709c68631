//! The status of a request: changes and resets.

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::response::Response;
use domain::recomputations::status::Status;
use http::{HeaderMap, Uri};
use serde_json::Value;

use crate::authorized::{Approver, Authorized};
use crate::error::ApiError;
use crate::headers::expected_version;
use crate::requests::missing_or;
use crate::{Api, body, response};

pub async fn change(
    caller: Authorized<Approver>,
    State(api): State<Api>,
    Path(id): Path<String>,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, ApiError> {
    let unknown = ApiError::UnknownStatus(caller.dialect, api.invalid_status);
    let status = match body::members(&headers, uri.query(), &body) {
        Ok(mut members) => parse(members.remove("status"), unknown),
        Err(error) => Err(error),
    };
    let status = match status {
        Ok(status) => status,
        Err(error) => return Err(missing_or(error, &api, &caller.origin.tenant, &id).await),
    };
    let expected = expected_version(&headers);
    let request = api.recomputations.change_status(&id, status, expected.as_ref(), &caller.origin).await?;
    Ok(response::message_about(&request, &format!("Recomputation status updated successfully to: {status}")))
}

pub async fn reset(
    caller: Authorized<Approver>,
    State(api): State<Api>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let request = api.recomputations.reset(&id, expected_version(&headers).as_ref(), &caller.origin).await?;
    Ok(response::message_about(&request, caller.dialect.reset_message()))
}

/// Parses the member `status`. A missing status is unknown, and one that is not text makes the body malformed.
fn parse(member: Option<Value>, unknown: ApiError) -> Result<Status, ApiError> {
    match member {
        None => Err(unknown),
        Some(Value::String(text)) => text.parse().map_err(|_| unknown),
        Some(_) => Err(ApiError::Malformed),
    }
}
