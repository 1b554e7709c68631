//! Authorization of requests: the checks before every handler, in the original's order.

use std::marker::PhantomData;

use axum::extract::FromRequestParts;
use domain::access::audit::Caller;
use domain::access::principal::{self, Role};
use edge::credentials::Credentials;
use edge::http::BaseUrl;
use http::request::Parts;

use crate::Api;
use crate::dialect::Dialect;
use crate::error::ApiError;
use crate::headers::accepts_json;

/// A role that a handler requires.
pub trait RequiredRole {
    /// The role.
    const ROLE: Role;
}

/// The role that reads requests.
pub struct Viewer;
/// The role that submits and updates requests.
pub struct Editor;
/// The role that decides on requests.
pub struct Approver;
/// The role that removes requests.
pub struct Admin;

impl RequiredRole for Viewer {
    const ROLE: Role = Role::Viewer;
}

impl RequiredRole for Editor {
    const ROLE: Role = Role::Editor;
}

impl RequiredRole for Approver {
    const ROLE: Role = Role::Approver;
}

impl RequiredRole for Admin {
    const ROLE: Role = Role::Admin;
}

/// A request by a principal with the role `R`, which accepts JSON.
pub struct Authorized<R> {
    /// The origin of a change by this request.
    pub origin: Caller,
    /// The dialect of the request and its response.
    pub dialect: Dialect,
    /// The API's URL for the client.
    pub base_url: String,
    role: PhantomData<R>,
}

impl<R: RequiredRole> FromRequestParts<Api> for Authorized<R> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, api: &Api) -> Result<Self, ApiError> {
        let credentials = Credentials::from_parts(parts);
        let principal = credentials.authenticate_key(&api.access).await?.ok_or(ApiError::Unauthorized)?;
        if !principal.has_role(R::ROLE, principal::Api::Recomputations) {
            return Err(ApiError::Forbidden);
        }
        if !accepts_json(&parts.headers) {
            return Err(ApiError::NotAcceptable);
        }
        let base_url = parts.extensions.get::<BaseUrl>().map(|url| url.0.clone()).unwrap_or_default();
        let dialect = Dialect::from_path(parts.uri.path());
        Ok(Self { origin: credentials.origin(&principal), dialect, base_url, role: PhantomData })
    }
}
