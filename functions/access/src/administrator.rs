//! Extractors of requests that only administrators may send.

use axum::body::Bytes;
use axum::extract::{FromRequest, FromRequestParts, Request};
use domain::access::Access;
use domain::access::audit::Caller;
use domain::access::principal::{Api, Role};
use domain::error::{Error, Kind};
use edge::credentials::Credentials;
use http::request::Parts;
use serde::de::DeserializeOwned;

use crate::error::ApiError;

/// An administrator, authenticated by a key, a session or a password.
pub struct Administrator(pub Caller);

impl FromRequestParts<Access> for Administrator {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, access: &Access) -> Result<Self, ApiError> {
        let credentials = Credentials::from_parts(parts);
        let required =
            || Error::new(Kind::Unauthenticated, "An API key, a session or a name and password is required.");
        let principal = credentials.authenticate(access).await?.ok_or_else(required)?;
        Ok(Self(credentials.origin(&principal.require(Role::Admin, Api::Access)?)))
    }
}

/// A JSON body of any content type.
pub struct JsonBody<T>(pub T);

impl<T: DeserializeOwned> FromRequest<Access> for JsonBody<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, access: &Access) -> Result<Self, ApiError> {
        let body = Bytes::from_request(request, access).await;
        let body = body.map_err(|cause| Error::invalid("The body could not be read.").because(cause))?;
        let parsed = serde_json::from_slice(&body);
        Ok(Self(parsed.map_err(|cause| Error::invalid(format!("Invalid body: {cause}.")))?))
    }
}

/// Returns the error of an unknown key or user.
pub fn unknown(what: &str) -> ApiError {
    Error::new(Kind::Missing, format!("Unknown {what}.")).into()
}
