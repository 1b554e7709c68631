//! Requests that only an administrator may make, and what they say.

use axum::body::Bytes;
use axum::extract::{FromRequest, FromRequestParts, Request};
use chrono::SecondsFormat;
use domain::access::Access;
use domain::access::audit::Caller;
use domain::access::principal::{Api, Role};
use domain::error::{Error, Kind};
use domain::time::Micros;
use edge::credentials::Credentials;
use http::request::Parts;
use serde::de::DeserializeOwned;

use crate::error::ApiError;

/// An administrator, by key, session or password.
pub struct Administrator(pub Caller);

impl FromRequestParts<Access> for Administrator {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, access: &Access) -> Result<Self, ApiError> {
        let credentials = Credentials::of(parts);
        let unknown =
            || Error::new(Kind::Unauthenticated, "An API key, a session or a name and password is expected.");
        let principal = credentials.anybody(access).await?.ok_or_else(unknown)?;
        Ok(Self(credentials.origin(&principal.require(Role::Admin, Api::Access)?)))
    }
}

/// A body in JSON, whatever its content type.
pub struct Said<T>(pub T);

impl<T: DeserializeOwned> FromRequest<Access> for Said<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, access: &Access) -> Result<Self, ApiError> {
        let body = Bytes::from_request(request, access).await;
        let body = body.map_err(|cause| Error::invalid("The body could not be read.").because(cause))?;
        let said = serde_json::from_slice(&body);
        Ok(Self(said.map_err(|cause| Error::invalid(format!("The body is not as expected: {cause}.")))?))
    }
}

/// A time as it is answered: `2035-01-05T00:00:30Z`.
pub fn time(at: Micros) -> String {
    at.to_utc().to_rfc3339_opts(SecondsFormat::AutoSi, true)
}

/// What is not there.
pub fn missing(what: &str) -> ApiError {
    Error::new(Kind::Missing, format!("There is no {what}.")).into()
}
