//! The gate of an API whose original asked nobody: an API key that grants what is asked, or no gate at all.

use axum::extract::Request;
use domain::access::Access;
use domain::access::principal::{Api, Role};
use domain::config::StackTachAuth;
use domain::error::{Error, Kind};
use domain::platform::Platform;
use http::Method;

use crate::asking::{API_KEY, Asking};

/// Who may use an API. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Gate {
    /// None where everybody may.
    access: Option<Access>,
    api: Api,
}

impl Gate {
    /// The gate of an API, as the operator set it.
    pub fn of(access: Access, platform: &Platform, api: Api) -> Self {
        let access = match platform.config.stacktach_auth {
            StackTachAuth::ApiKey => Some(access),
            StackTachAuth::None => None,
        };
        Self { access, api }
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
        let principal = match &Asking::of(&parts).key {
            Some(key) => access.by_key(key).await?,
            None => None,
        };
        let unknown = || Error::new(Kind::Unauthenticated, format!("An API key is expected in {API_KEY}."));
        parts.extensions.insert(principal.ok_or_else(unknown)?.with(role, self.api)?);
        Ok(Request::from_parts(parts, body))
    }
}
