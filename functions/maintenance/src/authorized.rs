//! Authorization: a key in the query, an API key in a header, or a session, in this order.
//!
//! A key wins over a session, as in the original. A missing session is malformed (406), and an unknown one is invalid
//! (401).

use std::marker::PhantomData;

use axum::extract::FromRequestParts;
use domain::access::audit::Caller;
use domain::access::principal::{self, Principal, Role};
use domain::access::session;
use edge::credentials::Credentials;
use edge::query;
use http::request::Parts;

use crate::Api;
use crate::error::ApiError;

/// A role that a handler requires.
pub trait Needed {
    /// The role.
    const ROLE: Role;
}

/// Reads.
pub struct Viewer;
/// Requests and cancels operations.
pub struct Editor;

impl Needed for Viewer {
    const ROLE: Role = Role::Viewer;
}

impl Needed for Editor {
    const ROLE: Role = Role::Editor;
}

/// A request whose caller has the required role.
pub struct Authorized<R> {
    /// The caller, and where the request comes from.
    pub origin: Caller,
    role: PhantomData<R>,
}

impl<R: Needed> FromRequestParts<Api> for Authorized<R> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, api: &Api) -> Result<Self, ApiError> {
        let credentials = Credentials::from_parts(parts);
        let key = query::first(&parts.uri, "key").filter(|key| !key.is_empty());
        let principal = principal(api, key.or_else(|| credentials.key.clone()), &credentials).await?;
        let principal = principal.require(R::ROLE, principal::Api::Maintenance)?;
        Ok(Self { origin: credentials.origin(&principal), role: PhantomData })
    }
}

async fn principal(api: &Api, key: Option<String>, credentials: &Credentials) -> Result<Principal, ApiError> {
    if let Some(key) = key {
        return api.access.authenticate_key(&key).await?.ok_or(ApiError::InvalidKey);
    }
    let session = credentials.session.as_deref().filter(|id| session::is_id(id));
    let session = session.ok_or(ApiError::Malformed("X-Session"))?;
    api.access.authenticate_session(session).await?.ok_or(ApiError::InvalidSession)
}
