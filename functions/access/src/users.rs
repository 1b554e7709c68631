//! `/access/users`: users.

use std::collections::BTreeSet;

use axum::Json;
use axum::extract::{Path, State};
use domain::access::Access;
use domain::access::administering::UserChange;
use domain::access::principal::Grant;
use domain::access::user;
use http::StatusCode;
use serde::{Deserialize, Serialize};

use crate::administrator::{Administrator, JsonBody, unknown};
use crate::error::ApiError;
use crate::rfc3339;

/// The body of a request for a new user.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UserRequest {
    name: String,
    #[serde(default)]
    email: String,
    roles: BTreeSet<Grant>,
    password: String,
}

/// The body of a change of a user; a missing member leaves its field unchanged.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChangeRequest {
    email: Option<String>,
    roles: Option<BTreeSet<Grant>>,
    password: Option<String>,
}

/// A user in responses, without the password.
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
        Self { name, email, roles: grants, created: rfc3339::format(created), version }
    }
}

pub async fn list(_: Administrator, State(access): State<Access>) -> Result<Json<Users>, ApiError> {
    Ok(Json(Users { users: access.user_list().await?.into_iter().map(User::from).collect() }))
}

pub async fn create(
    Administrator(origin): Administrator,
    State(access): State<Access>,
    JsonBody(request): JsonBody<UserRequest>,
) -> Result<(StatusCode, Json<User>), ApiError> {
    let UserRequest { name, email, roles, password } = request;
    let new = UserChange { email: Some(email), grants: Some(roles), password: Some(password) };
    Ok((StatusCode::CREATED, Json(access.user_create(&name, new, &origin).await?.into())))
}

pub async fn get(
    _: Administrator,
    State(access): State<Access>,
    Path(name): Path<String>,
) -> Result<Json<User>, ApiError> {
    Ok(Json(access.user_get(&name).await?.ok_or_else(|| unknown("user"))?.into()))
}

pub async fn change(
    Administrator(origin): Administrator,
    State(access): State<Access>,
    Path(name): Path<String>,
    JsonBody(request): JsonBody<ChangeRequest>,
) -> Result<Json<User>, ApiError> {
    let ChangeRequest { email, roles, password } = request;
    let change = UserChange { email, grants: roles, password };
    let user = access.user_change(&name, change, &origin).await?;
    Ok(Json(user.ok_or_else(|| unknown("user"))?.into()))
}

pub async fn remove(
    Administrator(origin): Administrator,
    State(access): State<Access>,
    Path(name): Path<String>,
) -> Result<Json<Removed>, ApiError> {
    if !access.user_remove(&name, &origin).await? {
        return Err(unknown("user"));
    }
    Ok(Json(Removed { removed: name }))
}
