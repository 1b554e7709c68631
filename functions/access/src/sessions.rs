//! `/login`, `/logout`, `/profile`: sessions, as temBoard's agent has them, with its body for errors.

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use domain::access::authenticating::PasswordAttempt;
use domain::access::{Access, session, user};
use domain::error::Error;
use edge::credentials::Credentials;
use serde::Serialize;
use serde_json::Value;

use crate::error::SessionError;

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
    credentials: Credentials,
    body: Bytes,
) -> Result<Json<Opened>, SessionError> {
    let body: Value = serde_json::from_slice(&body).map_err(|_| SessionError::NoJson)?;
    let member = |name: &'static str| match &body[name] {
        Value::String(text) => Ok(text.as_str()),
        Value::Null => Err(SessionError::NotSent(name)),
        _ => Err(SessionError::Malformed(name)),
    };
    let (name, password) = (member("username")?, member("password")?);
    if !user::is_name(name) {
        return Err(SessionError::Malformed("username"));
    }
    if user::check_password(password).is_err() {
        return Err(SessionError::Malformed("password"));
    }
    let session = access
        .login(PasswordAttempt { name, password, address: &credentials.address })
        .await?
        .ok_or(SessionError::WrongPassword)?;
    Ok(Json(Opened { session }))
}

pub async fn logout(
    State(access): State<Access>,
    credentials: Credentials,
) -> Result<Json<Closed>, SessionError> {
    if access.logout(shown(&credentials)?).await? {
        return Ok(Json(Closed { logout: true }));
    }
    Err(SessionError::NoSession)
}

pub async fn profile(
    State(access): State<Access>,
    credentials: Credentials,
) -> Result<Json<Profile>, SessionError> {
    let principal =
        access.authenticate_session(shown(&credentials)?).await?.ok_or(SessionError::NoSession)?;
    Ok(Json(Profile { username: principal.name }))
}

/// The id of a session, well formed.
fn shown(credentials: &Credentials) -> Result<&str, SessionError> {
    credentials.session.as_deref().filter(|id| session::is_id(id)).ok_or(SessionError::Malformed("X-Session"))
}

impl From<Error> for SessionError {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}
