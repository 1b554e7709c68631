//! What a request shows of whoever sent it.

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

/// The credentials of a request, none of them verified, and where it comes from.
#[derive(Clone, Default)]
pub struct Credentials {
    /// An API key.
    pub key: Option<String>,
    /// The id of a session.
    pub session: Option<String>,
    /// A user's name and password, by HTTP Basic.
    pub password: Option<(String, String)>,
    /// Who was let in already, where there is a gate.
    pub known: Option<Principal>,
    /// The client's address; empty where it is not known.
    pub address: String,
    /// The request's id; empty where it has none.
    pub request: String,
}

/// Without what opens doors.
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
    /// What the request with this head shows.
    pub fn of(parts: &Parts) -> Self {
        let header = |name| {
            let value = parts.headers.get(name).and_then(|value| value.to_str().ok());
            value.filter(|value| !value.is_empty()).map(str::to_owned)
        };
        Self {
            key: header(API_KEY),
            session: header(SESSION),
            password: header(AUTHORIZATION.as_str()).as_deref().and_then(basic),
            known: parts.extensions.get::<Principal>().cloned(),
            address: parts
                .extensions
                .get::<ClientAddress>()
                .map(|address| address.0.clone())
                .unwrap_or_default(),
            request: parts.extensions.get::<RequestId>().map(|id| id.0.clone()).unwrap_or_default(),
        }
    }

    /// Whoever shows an API key, a session or a password that is known, in this order.
    pub async fn anybody(&self, access: &Access) -> Result<Option<Principal>, Error> {
        if let Some(key) = &self.key {
            return access.authenticate_key(key).await;
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

    /// Where a change comes from that was let in by a gate, or where nobody is asked.
    pub fn admitted(&self) -> Caller {
        let anybody = || Principal {
            name: "anybody".to_owned(),
            tenant: DEFAULT_TENANT.to_owned(),
            grants: BTreeSet::new(),
        };
        self.origin(&self.known.clone().unwrap_or_else(anybody))
    }

    /// Where a change that this principal makes comes from.
    pub fn origin(&self, principal: &Principal) -> Caller {
        Caller {
            name: principal.name.clone(),
            tenant: principal.tenant.clone(),
            address: self.address.clone(),
            request_id: self.request.clone(),
        }
    }
}

impl<S: Sync> FromRequestParts<S> for Credentials {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self::of(parts))
    }
}

/// The name and password of an `Authorization` header, where it is HTTP Basic.
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
    fn a_password_is_what_stands_behind_the_first_colon() {
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
    fn what_opens_doors_is_not_printed() {
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
