//! Writes of environments and servers.

use axum::body::Bytes;
use axum::extract::{FromRequestParts, Path, RawPathParams, State};
use axum::response::{IntoResponse, Response};
use http::header::LOCATION;
use http::request::Parts;
use http::{HeaderMap, StatusCode};
use schemas::places::{self, WriteRefusal};
use schemas::record::Name;
use schemas::resource::declared::resource;

use crate::Api;
use crate::authorized::Writer;
use crate::body;
use crate::error::ApiError;

/// The resource of a path, which has the method of the request. It is extracted before the credentials are checked.
pub struct Written(Name);

impl FromRequestParts<Api> for Written {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, api: &Api) -> Result<Self, ApiError> {
        let params =
            RawPathParams::from_request_parts(parts, api).await.map_err(|_| ApiError::UnknownPath)?;
        let param = |wanted: &str| params.iter().find(|(name, _)| *name == wanted).map(|(_, value)| value);
        let name = param("resource").and_then(Name::parse).ok_or(ApiError::UnknownPath)?;
        let declared = resource(name);
        let methods = if param("id").is_some() { declared.detail_methods } else { declared.list_methods };
        if !methods.iter().any(|method| method.eq_ignore_ascii_case(parts.method.as_str())) {
            return Err(ApiError::MethodNotAllowed(methods));
        }
        Ok(Self(name))
    }
}

pub async fn create(
    Written(name): Written,
    writer: Writer,
    State(api): State<Api>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, ApiError> {
    places::check_right(name, places::Step::Added, &writer.person)?;
    let body = body::written(&headers, &body).map_err(WriteRefusal::from)?;
    let id = match name {
        Name::Environment => api.registry.create_environment(&body, &writer.person).await?,
        Name::Server => api.registry.create_server(&body, &writer.person).await?,
        other => return Err(ApiError::MethodNotAllowed(resource(other).list_methods)),
    };
    let location = format!("{}{}", writer.base_url, name.uri(id));
    Ok((StatusCode::CREATED, [(LOCATION, location)]).into_response())
}

pub async fn put(
    written: Written,
    writer: Writer,
    state: State<Api>,
    path: Path<(String, String)>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<StatusCode, ApiError> {
    change(written, writer, state, path, headers, body).await?;
    Ok(StatusCode::NO_CONTENT)
}

pub async fn patch(
    written: Written,
    writer: Writer,
    state: State<Api>,
    path: Path<(String, String)>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<StatusCode, ApiError> {
    change(written, writer, state, path, headers, body).await?;
    Ok(StatusCode::ACCEPTED)
}

async fn change(
    Written(name): Written,
    writer: Writer,
    State(api): State<Api>,
    Path((_, id)): Path<(String, String)>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<(), ApiError> {
    let id = body::id(&id)?;
    places::check_right(name, places::Step::Updated, &writer.person)?;
    if api.registry.detail(name, id).await?.is_none() {
        return Err(ApiError::Missing);
    }
    let body = body::written(&headers, &body).map_err(WriteRefusal::from)?;
    match name {
        Name::Environment => api.registry.change_environment(id, &body, &writer.person).await?,
        Name::Server => api.registry.change_server(id, &body, &writer.person).await?,
        other => return Err(ApiError::MethodNotAllowed(resource(other).detail_methods)),
    }
    Ok(())
}

pub async fn remove(
    Written(name): Written,
    writer: Writer,
    State(api): State<Api>,
    Path((_, id)): Path<(String, String)>,
) -> Result<StatusCode, ApiError> {
    let id = body::id(&id)?;
    match name {
        Name::Environment => api.registry.remove_environment(id, &writer.person).await?,
        Name::Server => api.registry.remove_server(id, &writer.person).await?,
        other => return Err(ApiError::MethodNotAllowed(resource(other).detail_methods)),
    }
    Ok(StatusCode::NO_CONTENT)
}

/// `POST` of a row, which the original lists and does not implement.
pub async fn unsupported(_: Written, _: Writer) -> ApiError {
    ApiError::NotImplemented
}
