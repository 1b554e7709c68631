//! `/access/users`: people, without their passwords.

use std::collections::BTreeSet;

use axum::Json;
use axum::extract::{Path, State};
use domain::access::Access;
use domain::access::administering::UserChange;
use domain::access::principal::Grant;
use domain::access::user;
use http::StatusCode;
use serde::{Deserialize, Serialize};

use crate::administrator::{Administrator, Said, missing, time};
use crate::error::ApiError;

/// A user who is wanted.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Wanted {
    name: String,
    #[serde(default)]
    email: String,
    roles: BTreeSet<Grant>,
    password: String,
}

/// What is to change of a user.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Changed {
    email: Option<String>,
    roles: Option<BTreeSet<Grant>>,
    password: Option<String>,
}

/// A user as they are answered.
#[derive(Serialize)]
pub struct User {
    name: String,
    email: String,
    roles: BTreeSet<Grant>,
    created: String,
    version: u64,
}

#[derive(Serialize)]
pub struct Users {
    users: Vec<User>,
}

#[derive(Serialize)]
pub struct Removed {
    removed: String,
}

impl From<user::User> for User {
    fn from(user: user::User) -> Self {
        let user::User { name, email, grants, created, version, .. } = user;
        Self { name, email, roles: grants, created: time(created), version }
    }
}

pub async fn list(_: Administrator, State(access): State<Access>) -> Result<Json<Users>, ApiError> {
    Ok(Json(Users { users: access.user_list().await?.into_iter().map(User::from).collect() }))
}

pub async fn make(
    Administrator(origin): Administrator,
    State(access): State<Access>,
    Said(wanted): Said<Wanted>,
) -> Result<(StatusCode, Json<User>), ApiError> {
    let Wanted { name, email, roles, password } = wanted;
    let new = UserChange { email: Some(email), grants: Some(roles), password: Some(password) };
    Ok((StatusCode::CREATED, Json(access.user_create(&name, new, &origin).await?.into())))
}

pub async fn get(
    _: Administrator,
    State(access): State<Access>,
    Path(name): Path<String>,
) -> Result<Json<User>, ApiError> {
    Ok(Json(access.user_get(&name).await?.ok_or_else(|| missing("such user"))?.into()))
}

pub async fn change(
    Administrator(origin): Administrator,
    State(access): State<Access>,
    Path(name): Path<String>,
    Said(changed): Said<Changed>,
) -> Result<Json<User>, ApiError> {
    let Changed { email, roles, password } = changed;
    let change = UserChange { email, grants: roles, password };
    let user = access.user_change(&name, change, &origin).await?;
    Ok(Json(user.ok_or_else(|| missing("such user"))?.into()))
}

pub async fn remove(
    Administrator(origin): Administrator,
    State(access): State<Access>,
    Path(name): Path<String>,
) -> Result<Json<Removed>, ApiError> {
    if !access.user_remove(&name, &origin).await? {
        return Err(missing("such user"));
    }
    Ok(Json(Removed { removed: name }))
}
