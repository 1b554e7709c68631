//! `/access/keys`: API keys, each of which is returned once, when it is created.

use std::collections::BTreeSet;

use axum::Json;
use axum::extract::{Path, State};
use domain::access::administering::NewKey;
use domain::access::api_key::ApiKey;
use domain::access::principal::Grant;
use domain::access::{Access, DEFAULT_TENANT};
use domain::error::Error;
use domain::time::Micros;
use http::StatusCode;
use serde::{Deserialize, Serialize};

use crate::administrator::{Administrator, JsonBody, unknown};
use crate::error::ApiError;
use crate::rfc3339;

/// The body of a request for a new key.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeyRequest {
    name: String,
    roles: BTreeSet<Grant>,
    tenant: Option<String>,
    expires: Option<String>,
}

/// A key in responses.
#[derive(Serialize)]
pub struct Key {
    id: String,
    name: String,
    tenant: String,
    roles: BTreeSet<Grant>,
    created: String,
    expires: Option<String>,
    revoked: Option<String>,
    /// The key itself, only in the response to its creation.
    #[serde(rename = "key", skip_serializing_if = "Option::is_none")]
    secret: Option<String>,
}

#[derive(Serialize)]
pub struct Keys {
    keys: Vec<Key>,
}

impl Key {
    fn new(key: ApiKey, secret: Option<String>) -> Self {
        Self {
            id: key.id().to_owned(),
            name: key.name,
            tenant: key.tenant,
            roles: key.grants,
            created: rfc3339::format(key.created),
            expires: key.expires.map(rfc3339::format),
            revoked: key.revoked.map(rfc3339::format),
            secret,
        }
    }
}

pub async fn list(_: Administrator, State(access): State<Access>) -> Result<Json<Keys>, ApiError> {
    let keys = access.keys().await?.into_iter().map(|key| Key::new(key, None)).collect();
    Ok(Json(Keys { keys }))
}

pub async fn create(
    Administrator(origin): Administrator,
    State(access): State<Access>,
    JsonBody(request): JsonBody<KeyRequest>,
) -> Result<(StatusCode, Json<Key>), ApiError> {
    let KeyRequest { name, roles, tenant, expires } = request;
    let invalid = |text: &str| {
        Error::invalid(format!(
            "'expires': '{text}' is not a time: expected one such as 2035-01-05T00:00:30Z."
        ))
    };
    let expires = expires.map(|text| Micros::parse(&text).ok_or_else(|| invalid(&text))).transpose()?;
    let tenant = tenant.unwrap_or_else(|| DEFAULT_TENANT.to_owned());
    let (key, secret) = access.key_create(NewKey { name, tenant, grants: roles, expires }, &origin).await?;
    Ok((StatusCode::CREATED, Json(Key::new(key, Some(secret)))))
}

pub async fn get(
    _: Administrator,
    State(access): State<Access>,
    Path(id): Path<String>,
) -> Result<Json<Key>, ApiError> {
    let key = access.key_find(&id).await?.ok_or_else(|| unknown("key"))?;
    Ok(Json(Key::new(key, None)))
}

pub async fn revoke(
    Administrator(origin): Administrator,
    State(access): State<Access>,
    Path(id): Path<String>,
) -> Result<Json<Key>, ApiError> {
    let key = access.key_revoke(&id, &origin).await?.ok_or_else(|| unknown("key"))?;
    Ok(Json(Key::new(key, None)))
}
