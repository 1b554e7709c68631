//! The gate of an API whose original asked nobody: an API key that grants what is asked, or no gate at all.

use std::fmt;
use std::str::FromStr;

use axum::extract::Request;
use domain::access::Access;
use domain::access::principal::{Api, Role};
use domain::error::{Error, Kind};
use domain::platform::variables::Variables;
use http::Method;

use crate::credentials::{API_KEY, Credentials};

/// The variables that these settings are read from.
pub const VARIABLES: &[&str] = &["STACKTACH_AUTH"];

/// How the APIs authenticate that had no authentication in the original: usage, streams and ingest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StackTachAuth {
    /// Whoever shows an API key that grants it.
    ApiKey,
    /// Whoever reaches them: on one machine, or behind a gateway that asks.
    None,
}

impl FromStr for StackTachAuth {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "api-key" => Ok(Self::ApiKey),
            "none" => Ok(Self::None),
            _ => Err("api-key or none is expected"),
        }
    }
}

impl fmt::Display for StackTachAuth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::ApiKey => "api-key",
            Self::None => "none",
        })
    }
}

impl StackTachAuth {
    /// Reads the setting (`STACKTACH_AUTH`, `api-key` by default).
    pub fn read(variables: &Variables) -> Result<Self, Error> {
        variables.parse("STACKTACH_AUTH", Self::ApiKey)
    }
}

/// Who may use an API. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Gate {
    /// None where everybody may.
    access: Option<Access>,
    api: Api,
}

impl Gate {
    /// The gate of an API, as the operator set it.
    pub fn new(access: Access, variables: &Variables, api: Api) -> Result<Self, Error> {
        let access = match StackTachAuth::read(variables)? {
            StackTachAuth::ApiKey => Some(access),
            StackTachAuth::None => None,
        };
        Ok(Self { access, api })
    }

    /// The same request, if whoever sent it may: a viewer what reads, an editor everything else.
    ///
    /// A method that no path knows is let through to be refused for what it is.
    pub async fn admit(&self, request: Request) -> Result<Request, Error> {
        let Some(access) = &self.access else { return Ok(request) };
        let role = match *request.method() {
            Method::GET | Method::HEAD => Role::Viewer,
            Method::POST | Method::PUT | Method::PATCH | Method::DELETE => Role::Editor,
            _ => return Ok(request),
        };
        let (mut parts, body) = request.into_parts();
        let principal = match &Credentials::of(&parts).key {
            Some(key) => access.authenticate_key(key).await?,
            None => None,
        };
        let unknown = || Error::new(Kind::Unauthenticated, format!("An API key is expected in {API_KEY}."));
        parts.extensions.insert(principal.ok_or_else(unknown)?.require(role, self.api)?);
        Ok(Request::from_parts(parts, body))
    }
}
