//! Authorization: HTTP Basic, an API key or a session; and a role in this API.

use axum::extract::FromRequestParts;
use domain::access::principal::{self, Principal, Role};
use edge::credentials::Credentials;
use edge::http::BaseUrl;
use http::request::Parts;
use schemas::people::Person;
use schemas::refusal::Refusal;

use crate::Api;
use crate::error::ApiError;

/// A request by a principal that may read.
pub struct Reader {
    principal: Principal,
    credentials: Credentials,
    /// The API's URL for the client, without a trailing slash.
    pub base_url: String,
}

/// A request by a person that may change something.
pub struct Writer {
    /// The person.
    pub person: Person,
    /// Whether the person administers the logins of all APIs.
    pub administers_logins: bool,
    /// The API's URL for the client, without a trailing slash.
    pub base_url: String,
}

impl FromRequestParts<Api> for Reader {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, api: &Api) -> Result<Self, ApiError> {
        let credentials = Credentials::from_parts(parts);
        let principal = credentials.authenticate(&api.access).await?.ok_or(ApiError::Unauthenticated)?;
        let principal = principal.require(Role::Viewer, principal::Api::Schemas)?;
        let base_url = parts.extensions.get::<BaseUrl>().map(|url| url.0.clone()).unwrap_or_default();
        Ok(Self { principal, credentials, base_url })
    }
}

impl FromRequestParts<Api> for Writer {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, api: &Api) -> Result<Self, ApiError> {
        let Reader { principal, credentials, base_url } = Reader::from_request_parts(parts, api).await?;
        let administers_logins = principal.has_role(Role::Admin, principal::Api::Access);
        let caller = credentials.origin(&principal);
        let person = api.registry.person(&principal, caller).await.map_err(Refusal::from);
        let person = person.map_err(|refusal| ApiError::Refused { refusal, is_legacy: false })?;
        Ok(Self { person, administers_logins, base_url })
    }
}
