//! Requests: submission, reading, updates and removal.

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use domain::recomputations::change_error::ChangeError;
use domain::recomputations::fields::Fields;
use http::header::LOCATION;
use http::{HeaderMap, StatusCode, Uri};
use serde_json::json;

use crate::authorized::{Admin, Authorized, Editor, Viewer};
use crate::error::ApiError;
use crate::headers::{expected_version, idempotency_key};
use crate::{Api, body, response};

pub async fn create(
    caller: Authorized<Editor>,
    State(api): State<Api>,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, ApiError> {
    let fields = fields(&headers, &uri, &body)?;
    let id = api.recomputations.submit(fields, idempotency_key(&headers)?, &caller.origin).await?;
    let url = format!("{}{}/{id}", caller.base_url, caller.dialect.path());
    let status = response::status(StatusCode::CREATED, "Recomputations successfully created");
    let body = json!({"status": status, "data": {"id": id, "links": {"self": url}}});
    let response = response::json(StatusCode::CREATED, &body);
    Ok(([(LOCATION, url)], response).into_response())
}

pub async fn get(
    caller: Authorized<Viewer>,
    State(api): State<Api>,
    Path(id): Path<String>,
) -> Result<Response, ApiError> {
    let request = api.recomputations.get(&caller.origin.tenant, &id).await?.ok_or(ChangeError::NotFound)?;
    Ok(response::one(&request, caller.dialect))
}

pub async fn update(
    caller: Authorized<Editor>,
    State(api): State<Api>,
    Path(id): Path<String>,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, ApiError> {
    let fields = match fields(&headers, &uri, &body) {
        Ok(fields) => fields,
        Err(error) => return Err(missing_or(error, &api, &caller.origin.tenant, &id).await),
    };
    let request =
        api.recomputations.update(&id, &fields, expected_version(&headers).as_ref(), &caller.origin).await?;
    Ok(response::message_about(&request, "Recomputation updated successfully"))
}

pub async fn remove(
    caller: Authorized<Admin>,
    State(api): State<Api>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    api.recomputations.remove(&id, expected_version(&headers).as_ref(), &caller.origin).await?;
    Ok(response::message("Recomputation Successfully Deleted"))
}

/// Returns the error of a missing request if there is none with this id, or else the error of its body.
pub async fn missing_or(body_error: ApiError, api: &Api, tenant: &str, id: &str) -> ApiError {
    match api.recomputations.get(tenant, id).await {
        Ok(Some(_)) => body_error,
        Ok(None) => ChangeError::NotFound.into(),
        Err(error) => error.into(),
    }
}

fn fields(headers: &HeaderMap, uri: &Uri, body: &[u8]) -> Result<Fields, ApiError> {
    let members = body::members(headers, uri.query(), body)?;
    body::draft(members)?.check().map_err(ApiError::Problems)
}
