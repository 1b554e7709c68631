//! `/login`, `/logout`, `/profile`: sessions, as temBoard's agent has them, with its body for errors.

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use domain::access::{Access, session, user};
use domain::error::Error;
use edge::asking::Asking;
use serde::Serialize;
use serde_json::Value;

use crate::error::Turned;

#[derive(Serialize)]
pub struct Opened {
    session: String,
}

#[derive(Serialize)]
pub struct Closed {
    logout: bool,
}

#[derive(Serialize)]
pub struct Profile {
    username: String,
}

/// Opens a session for `{"username", "password"}`.
pub async fn login(
    State(access): State<Access>,
    asking: Asking,
    body: Bytes,
) -> Result<Json<Opened>, Turned> {
    let body: Value = serde_json::from_slice(&body).map_err(|_| Turned::NoJson)?;
    let member = |name: &'static str| match &body[name] {
        Value::String(text) => Ok(text.as_str()),
        Value::Null => Err(Turned::NotSent(name)),
        _ => Err(Turned::Malformed(name)),
    };
    let (name, password) = (member("username")?, member("password")?);
    if !user::is_name(name) {
        return Err(Turned::Malformed("username"));
    }
    if user::long_enough(password).is_err() {
        return Err(Turned::Malformed("password"));
    }
    let session = access.login(name, password, &asking.address).await?.ok_or(Turned::WrongPassword)?;
    Ok(Json(Opened { session }))
}

pub async fn logout(State(access): State<Access>, asking: Asking) -> Result<Json<Closed>, Turned> {
    if access.logout(shown(&asking)?).await? {
        return Ok(Json(Closed { logout: true }));
    }
    Err(Turned::NoSession)
}

pub async fn profile(State(access): State<Access>, asking: Asking) -> Result<Json<Profile>, Turned> {
    let principal = access.by_session(shown(&asking)?).await?.ok_or(Turned::NoSession)?;
    Ok(Json(Profile { username: principal.name }))
}

/// The id of a session, well formed.
fn shown(asking: &Asking) -> Result<&str, Turned> {
    asking.session.as_deref().filter(|id| session::is_id(id)).ok_or(Turned::Malformed("X-Session"))
}

impl From<Error> for Turned {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}
