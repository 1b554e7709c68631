//! Who asks for what: the checks that come before every handler, in the original's order.

use std::marker::PhantomData;

use axum::extract::FromRequestParts;
use domain::access::audit::Caller;
use domain::access::principal::{self, Role};
use edge::credentials::Credentials;
use edge::http::BaseUrl;
use http::header::ACCEPT;
use http::request::Parts;

use crate::Api;
use crate::accept::takes_json;
use crate::dialect::Dialect;
use crate::error::ApiError;

/// A role that a handler needs.
pub trait Needed {
    /// Which.
    const ROLE: Role;
}

/// Looks.
pub struct Viewer;
/// Submits and changes.
pub struct Editor;
/// Decides.
pub struct Approver;
/// Removes.
pub struct Admin;

impl Needed for Viewer {
    const ROLE: Role = Role::Viewer;
}

impl Needed for Editor {
    const ROLE: Role = Role::Editor;
}

impl Needed for Approver {
    const ROLE: Role = Role::Approver;
}

impl Needed for Admin {
    const ROLE: Role = Role::Admin;
}

/// A request of somebody who may make it, and takes JSON.
pub struct Authorized<R> {
    /// Who, and where from.
    pub origin: Caller,
    /// In which dialect.
    pub dialect: Dialect,
    /// Where the API is for them.
    pub base: String,
    role: PhantomData<R>,
}

impl<R: Needed> FromRequestParts<Api> for Authorized<R> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, api: &Api) -> Result<Self, ApiError> {
        let credentials = Credentials::of(parts);
        let principal = match &credentials.key {
            Some(key) => api.access.authenticate_key(key).await?,
            None => None,
        };
        let principal = principal.ok_or(ApiError::Unauthorized)?;
        if !principal.has_role(R::ROLE, principal::Api::Recomputations) {
            return Err(ApiError::Forbidden);
        }
        // The original looked at the first one only.
        let accept = parts.headers.get(ACCEPT).map(|accept| accept.to_str().unwrap_or("?"));
        if !takes_json(accept) {
            return Err(ApiError::NotAcceptable);
        }
        let base = parts.extensions.get::<BaseUrl>().map(|base| base.0.clone()).unwrap_or_default();
        let dialect = Dialect::of(parts.uri.path());
        Ok(Self { origin: credentials.origin(&principal), dialect, base, role: PhantomData })
    }
}
