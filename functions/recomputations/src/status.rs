//! The status of a request: changed, and reset.

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::response::Response;
use domain::recomputations::status::Status;
use http::{HeaderMap, Uri};
use serde_json::Value;

use crate::authorized::{Approver, Authorized};
use crate::error::ApiError;
use crate::headers::expected;
use crate::requests::unless_missing;
use crate::{Api, answer, body};

pub async fn change(
    asked: Authorized<Approver>,
    State(api): State<Api>,
    Path(id): Path<String>,
    uri: Uri,
    headers: HeaderMap,
    sent: Bytes,
) -> Result<Response, ApiError> {
    let ineligible = ApiError::Ineligible(asked.dialect, api.invalid_status);
    let status = match body::members(&headers, uri.query(), &sent) {
        Ok(mut members) => wanted(members.remove("status"), ineligible),
        Err(refused) => Err(refused),
    };
    let status = match status {
        Ok(status) => status,
        Err(refused) => return Err(unless_missing(&api, &asked.origin.tenant, &id, refused).await),
    };
    let expected = expected(&headers);
    let request = api.recomputations.change_status(&id, status, expected.as_ref(), &asked.origin).await?;
    Ok(answer::said_of(&request, &format!("Recomputation status updated successfully to: {status}")))
}

pub async fn reset(
    asked: Authorized<Approver>,
    State(api): State<Api>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let request = api.recomputations.reset(&id, expected(&headers).as_ref(), &asked.origin).await?;
    Ok(answer::said_of(&request, asked.dialect.reset_message()))
}

/// A status that is missing is one that is none; one that is no text is a malformed body.
fn wanted(member: Option<Value>, ineligible: ApiError) -> Result<Status, ApiError> {
    match member {
        None => Err(ineligible),
        Some(Value::String(text)) => text.parse().map_err(|_| ineligible),
        Some(_) => Err(ApiError::Malformed),
    }
}
