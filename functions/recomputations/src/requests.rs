//! One request: submitted, read, changed, removed.

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
use crate::headers::{expected, idempotency_key};
use crate::{Api, answer, body};

pub async fn create(
    asked: Authorized<Editor>,
    State(api): State<Api>,
    uri: Uri,
    headers: HeaderMap,
    sent: Bytes,
) -> Result<Response, ApiError> {
    let fields = fields(&headers, &uri, &sent)?;
    let id = api.recomputations.submit(fields, idempotency_key(&headers)?, &asked.origin).await?;
    let address = format!("{}{}/{id}", asked.base, asked.dialect.path());
    let status = answer::status(StatusCode::CREATED, "Recomputations successfully created");
    let body = json!({"status": status, "data": {"id": id, "links": {"self": address}}});
    let response = answer::body(StatusCode::CREATED, &body);
    Ok(([(LOCATION, address)], response).into_response())
}

pub async fn get(
    asked: Authorized<Viewer>,
    State(api): State<Api>,
    Path(id): Path<String>,
) -> Result<Response, ApiError> {
    let request = api.recomputations.get(&asked.origin.tenant, &id).await?.ok_or(ChangeError::NotFound)?;
    Ok(answer::one(&request, asked.dialect))
}

pub async fn update(
    asked: Authorized<Editor>,
    State(api): State<Api>,
    Path(id): Path<String>,
    uri: Uri,
    headers: HeaderMap,
    sent: Bytes,
) -> Result<Response, ApiError> {
    let fields = match fields(&headers, &uri, &sent) {
        Ok(fields) => fields,
        Err(refused) => return Err(unless_missing(&api, &asked.origin.tenant, &id, refused).await),
    };
    let request = api.recomputations.update(&id, &fields, expected(&headers).as_ref(), &asked.origin).await?;
    Ok(answer::said_of(&request, "Recomputation updated successfully"))
}

pub async fn remove(
    asked: Authorized<Admin>,
    State(api): State<Api>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    api.recomputations.remove(&id, expected(&headers).as_ref(), &asked.origin).await?;
    Ok(answer::said("Recomputation Successfully Deleted"))
}

/// That the request is not there, which counts more than what is wrong with the body.
pub async fn unless_missing(api: &Api, tenant: &str, id: &str, refused: ApiError) -> ApiError {
    match api.recomputations.get(tenant, id).await {
        Ok(Some(_)) => refused,
        Ok(None) => ChangeError::NotFound.into(),
        Err(error) => error.into(),
    }
}

fn fields(headers: &HeaderMap, uri: &Uri, sent: &Bytes) -> Result<Fields, ApiError> {
    let members = body::members(headers, uri.query(), sent)?;
    body::draft(members)?.check().map_err(ApiError::Problems)
}
