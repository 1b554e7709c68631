//! `/login`, `/logout` and `/profile`: sessions as in temBoard's agent, with its error body.

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use domain::access::authenticating::PasswordAttempt;
use domain::access::{Access, session, user};
use domain::error::Error;
use edge::credentials::Credentials;
use serde::Serialize;
use serde_json::{Map, Value};

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
    if body.trim_ascii().is_empty() {
        return Err(SessionError::NoBody);
    }
    let body: Map<String, Value> = serde_json::from_slice(&body).map_err(|_| SessionError::InvalidJson)?;
    let member = |name: &'static str| match body.get(name) {
        Some(Value::String(text)) => Ok(text.as_str()),
        Some(_) => Err(SessionError::Malformed(name)),
        None => Err(SessionError::Missing(name)),
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
    if access.logout(session_id(&credentials)?).await? {
        return Ok(Json(Closed { logout: true }));
    }
    Err(SessionError::UnknownSession)
}

pub async fn profile(
    State(access): State<Access>,
    credentials: Credentials,
) -> Result<Json<Profile>, SessionError> {
    let principal =
        access.authenticate_session(session_id(&credentials)?).await?.ok_or(SessionError::UnknownSession)?;
    Ok(Json(Profile { username: principal.name }))
}

/// Returns the session id of a request. Fails if it is missing or malformed.
fn session_id(credentials: &Credentials) -> Result<&str, SessionError> {
    credentials.session.as_deref().filter(|id| session::is_id(id)).ok_or(SessionError::Malformed("X-Session"))
}

impl From<Error> for SessionError {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}
