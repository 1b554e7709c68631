//! Credentials of a request, and the principal that they authenticate.

use std::collections::BTreeSet;
use std::convert::Infallible;
use std::fmt;

use axum::extract::FromRequestParts;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use domain::access::audit::Caller;
use domain::access::authenticating::PasswordAttempt;
use domain::access::principal::Principal;
use domain::access::{Access, DEFAULT_TENANT};
use domain::error::Error;
use http::header::AUTHORIZATION;
use http::request::Parts;

use crate::gateway::{ClientAddress, RequestId};

/// The header of an API key.
pub const API_KEY: &str = "x-api-key";
/// The header of a session.
pub const SESSION: &str = "x-session";

/// The actor of changes by unauthenticated requests, in the audit log.
const ANONYMOUS: &str = "anybody";

/// The unverified credentials of a request, and where it was sent from.
#[derive(Clone, Default)]
pub struct Credentials {
    /// An API key.
    pub key: Option<String>,
    /// The id of a session.
    pub session: Option<String>,
    /// A user's name and password (HTTP Basic).
    pub password: Option<(String, String)>,
    /// The principal that an [`Authorizer`](crate::authorizer::Authorizer) has authorized.
    pub authorized: Option<Principal>,
    /// The client's address; empty if it is unknown.
    pub address: String,
    /// The request's id; empty if it has none.
    pub request_id: String,
}

/// Omits the secrets.
impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = self.password.as_ref().map(|(name, _)| name);
        f.debug_struct("Credentials")
            .field("user", &name)
            .field("address", &self.address)
            .finish_non_exhaustive()
    }
}

impl Credentials {
    /// Reads the credentials of a request.
    pub fn from_parts(parts: &Parts) -> Self {
        let header = |name| {
            let value = parts.headers.get(name).and_then(|value| value.to_str().ok());
            value.filter(|value| !value.is_empty()).map(str::to_owned)
        };
        Self {
            key: header(API_KEY),
            session: header(SESSION),
            password: header(AUTHORIZATION.as_str()).as_deref().and_then(basic),
            authorized: parts.extensions.get::<Principal>().cloned(),
            address: parts
                .extensions
                .get::<ClientAddress>()
                .map(|address| address.0.clone())
                .unwrap_or_default(),
            request_id: parts.extensions.get::<RequestId>().map(|id| id.0.clone()).unwrap_or_default(),
        }
    }

    /// Authenticates the request by its API key, session or password; only the first that it has counts.
    pub async fn authenticate(&self, access: &Access) -> Result<Option<Principal>, Error> {
        if self.key.is_some() {
            return self.authenticate_key(access).await;
        }
        if let Some(session) = &self.session {
            return access.authenticate_session(session).await;
        }
        match &self.password {
            Some((name, password)) => {
                let attempt = PasswordAttempt { name, password, address: &self.address };
                access.authenticate_password(attempt).await
            }
            None => Ok(None),
        }
    }

    /// Authenticates the request by its API key alone.
    pub async fn authenticate_key(&self, access: &Access) -> Result<Option<Principal>, Error> {
        match &self.key {
            Some(key) => access.authenticate_key(key).await,
            None => Ok(None),
        }
    }

    /// Returns the origin of a change by the authorized principal, or by an anonymous one if every request is allowed.
    pub fn authorized_origin(&self) -> Caller {
        let anonymous = || Principal {
            name: ANONYMOUS.to_owned(),
            tenant: DEFAULT_TENANT.to_owned(),
            grants: BTreeSet::new(),
        };
        self.origin(&self.authorized.clone().unwrap_or_else(anonymous))
    }

    /// Returns the origin of a change by this principal.
    pub fn origin(&self, principal: &Principal) -> Caller {
        Caller {
            name: principal.name.clone(),
            tenant: principal.tenant.clone(),
            address: self.address.clone(),
            request_id: self.request_id.clone(),
        }
    }
}

impl<S: Sync> FromRequestParts<S> for Credentials {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self::from_parts(parts))
    }
}

/// Returns the name and password of an `Authorization` header, if its scheme is HTTP Basic.
fn basic(header: &str) -> Option<(String, String)> {
    let (scheme, encoded) = header.split_once(' ')?;
    let decoded = scheme.eq_ignore_ascii_case("basic").then(|| STANDARD.decode(encoded.trim()).ok())??;
    let text = String::from_utf8(decoded).ok()?;
    text.split_once(':').map(|(name, password)| (name.to_owned(), password.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_begins_after_the_first_colon() {
        for (header, expected) in [
            ("Basic YWRtaW46YTpi", Some(("admin", "a:b"))),
            ("basic YWRtaW46", Some(("admin", ""))),
            ("Basic YWRtaW4=", None),
            ("Basic ???", None),
            ("Bearer YWRtaW46YTpi", None),
            ("Basic", None),
        ] {
            let found = basic(header);
            let found = found.as_ref().map(|(name, password)| (name.as_str(), password.as_str()));
            assert_eq!(found, expected, "{header}");
        }
    }

    #[test]
    fn secrets_are_not_printed() {
        let credentials = Credentials {
            key: Some("hush".to_owned()),
            session: Some("hush".to_owned()),
            password: Some(("ann".to_owned(), "hush".to_owned())),
            ..Credentials::default()
        };
        let printed = format!("{credentials:?}");
        assert!(printed.contains("ann") && !printed.contains("hush"), "{printed}");
    }
}
