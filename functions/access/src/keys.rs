//! `/access/keys`: API keys, each shown once, when it is made.

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

use crate::administrator::{Administrator, Said, missing, time};
use crate::error::ApiError;

/// A key that is wanted.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Wanted {
    name: String,
    roles: BTreeSet<Grant>,
    tenant: Option<String>,
    expires: Option<String>,
}

/// A key as it is answered.
#[derive(Serialize)]
pub struct Key {
    id: String,
    name: String,
    tenant: String,
    roles: BTreeSet<Grant>,
    created: String,
    expires: Option<String>,
    revoked: Option<String>,
    /// The key itself, here and now only.
    #[serde(rename = "key", skip_serializing_if = "Option::is_none")]
    shown: Option<String>,
}

#[derive(Serialize)]
pub struct Keys {
    keys: Vec<Key>,
}

impl Key {
    fn of(key: ApiKey, shown: Option<String>) -> Self {
        Self {
            id: key.id().to_owned(),
            name: key.name,
            tenant: key.tenant,
            roles: key.grants,
            created: time(key.created),
            expires: key.expires.map(time),
            revoked: key.revoked.map(time),
            shown,
        }
    }
}

pub async fn list(_: Administrator, State(access): State<Access>) -> Result<Json<Keys>, ApiError> {
    let keys = access.keys().await?.into_iter().map(|key| Key::of(key, None)).collect();
    Ok(Json(Keys { keys }))
}

pub async fn make(
    Administrator(origin): Administrator,
    State(access): State<Access>,
    Said(wanted): Said<Wanted>,
) -> Result<(StatusCode, Json<Key>), ApiError> {
    let Wanted { name, roles, tenant, expires } = wanted;
    let wrong =
        |text: &str| Error::invalid(format!("'expires': '{text}' is no time, as 2035-01-05T00:00:30Z."));
    let expires = expires.map(|text| Micros::parse(&text).ok_or_else(|| wrong(&text))).transpose()?;
    let tenant = tenant.unwrap_or_else(|| DEFAULT_TENANT.to_owned());
    let (key, shown) = access.key_create(NewKey { name, tenant, grants: roles, expires }, &origin).await?;
    Ok((StatusCode::CREATED, Json(Key::of(key, Some(shown)))))
}

pub async fn get(
    _: Administrator,
    State(access): State<Access>,
    Path(id): Path<String>,
) -> Result<Json<Key>, ApiError> {
    let key = access.key_find(&id).await?.ok_or_else(|| missing("such key"))?;
    Ok(Json(Key::of(key, None)))
}

pub async fn revoke(
    Administrator(origin): Administrator,
    State(access): State<Access>,
    Path(id): Path<String>,
) -> Result<Json<Key>, ApiError> {
    let key = access.key_revoke(&id, &origin).await?.ok_or_else(|| missing("such key"))?;
    Ok(Json(Key::of(key, None)))
}
