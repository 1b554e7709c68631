//! Authorization of the APIs that had no authentication originally: an API key with the required role, or nothing if
//! the operator disables it.

use std::fmt;
use std::str::FromStr;

use axum::Router;
use axum::extract::Request;
use axum::middleware::{Next, from_fn};
use domain::access::Access;
use domain::access::principal::{Api, Role};
use domain::error::{Error, Kind};
use domain::platform::variables::Variables;
use http::Method;

use crate::credentials::{API_KEY, Credentials};
use crate::status::{ErrorBody, to_response};

/// The variables that these settings are read from.
pub const VARIABLES: &[&str] = &["STACKTACH_AUTH"];

/// Authentication of the usage, streams and ingest APIs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StackTachAuth {
    /// Every request needs an API key.
    ApiKey,
    /// Every request is allowed: on one machine, or behind a gateway that authenticates.
    None,
}

impl FromStr for StackTachAuth {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "api-key" => Ok(Self::ApiKey),
            "none" => Ok(Self::None),
            _ => Err("expected api-key or none"),
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

/// Authorizes the requests to one API. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Authorizer {
    /// `None` if every request is allowed.
    access: Option<Access>,
    api: Api,
}

impl Authorizer {
    /// Creates the authorizer of an API with the operator's setting.
    pub fn new(access: Access, variables: &Variables, api: Api) -> Result<Self, Error> {
        let access = match StackTachAuth::read(variables)? {
            StackTachAuth::ApiKey => Some(access),
            StackTachAuth::None => None,
        };
        Ok(Self { access, api })
    }

    /// Protects the routes that `router` has so far. A request that is not authorized gets the API's `error_body`.
    pub fn protect<S>(self, router: Router<S>, error_body: ErrorBody) -> Router<S>
    where
        S: Clone + Send + Sync + 'static,
    {
        router.route_layer(from_fn(move |request: Request, next: Next| {
            let authorizer = self.clone();
            async move {
                match authorizer.authorize(request).await {
                    Ok(request) => next.run(request).await,
                    Err(error) => to_response(&error, error_body),
                }
            }
        }))
    }

    /// Returns the request with its principal: a viewer may read, an editor may use every other method.
    ///
    /// A method that no route has passes, so that the router answers 405 and not 401.
    async fn authorize(&self, request: Request) -> Result<Request, Error> {
        let Some(access) = &self.access else { return Ok(request) };
        let role = match *request.method() {
            Method::GET | Method::HEAD => Role::Viewer,
            Method::POST | Method::PUT | Method::PATCH | Method::DELETE => Role::Editor,
            _ => return Ok(request),
        };
        let (mut parts, body) = request.into_parts();
        let principal = Credentials::from_parts(&parts).authenticate_key(access).await?;
        let required =
            || Error::new(Kind::Unauthenticated, format!("An API key is required in the header {API_KEY}."));
        parts.extensions.insert(principal.ok_or_else(required)?.require(role, self.api)?);
        Ok(Request::from_parts(parts, body))
    }
}
