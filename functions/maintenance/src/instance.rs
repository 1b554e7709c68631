//! The PostgreSQL server of a request, named by the header `X-Instance` or the parameter `instance`.

use axum::extract::FromRequestParts;
use edge::query;
use http::request::Parts;
use http::{HeaderMap, Uri};

use crate::error::ApiError;

/// The header that names a server.
const HEADER: &str = "x-instance";
/// The parameter that names a server.
const PARAMETER: &str = "instance";
/// The name of the server that requests without a name use.
const DEFAULT: &str = "default";

/// The name of a configured server. `None` is the default one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Instance(Option<String>);

impl<S: Send + Sync> FromRequestParts<S> for Instance {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        Self::parse(&parts.headers, &parts.uri)
    }
}

impl Instance {
    /// Reads the header and the parameter; empty ones count as absent. Fails if both are given and differ, because an
    /// operation on the wrong server cannot be undone.
    pub fn parse(headers: &HeaderMap, uri: &Uri) -> Result<Self, ApiError> {
        let header = headers.get(HEADER).map(|value| value.to_str().map(str::to_owned)).transpose();
        let header = header.map_err(|_| ApiError::Malformed("X-Instance"))?.filter(|name| !name.is_empty());
        let parameter = query::first(uri, PARAMETER).filter(|name| !name.is_empty());
        match (header, parameter) {
            (Some(header), Some(parameter)) if header != parameter => Err(ApiError::AmbiguousInstance),
            (header, parameter) => Ok(Self(header.or(parameter))),
        }
    }

    /// Returns the name, if the request has one.
    pub fn name(&self) -> Option<&str> {
        self.0.as_deref()
    }

    /// Returns the name as operations store it: empty for the default server. `None` if the request has no name.
    pub fn stored(&self) -> Option<String> {
        self.0.as_deref().map(|name| if name == DEFAULT { String::new() } else { name.to_owned() })
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn instance(header: Option<&str>, address: &str) -> Result<Instance, String> {
        let headers = header.map(|name| {
            (
                http::HeaderName::from_static(HEADER),
                HeaderValue::from_bytes(name.as_bytes()).expect("a value"),
            )
        });
        let headers: HeaderMap = headers.into_iter().collect();
        Instance::parse(&headers, &address.parse().expect("an address")).map_err(|error| format!("{error:?}"))
    }

    #[test]
    fn header_and_parameter_name_the_same_server() {
        for (header, address, name, stored) in [
            (None, "/x", None, None),
            (Some(""), "/x?instance=", None, None),
            (Some("a"), "/x", Some("a"), Some("a")),
            (None, "/x?instance=a", Some("a"), Some("a")),
            (Some("a"), "/x?instance=a", Some("a"), Some("a")),
            (None, "/x?instance=default", Some("default"), Some("")),
        ] {
            let found = instance(header, address).expect("an instance");
            assert_eq!((found.name(), found.stored().as_deref()), (name, stored), "{header:?} {address}");
        }
        assert_eq!(instance(Some("a"), "/x?instance=b"), Err("AmbiguousInstance".to_owned()));
        assert_eq!(instance(Some("é"), "/x"), Err("Malformed(\"X-Instance\")".to_owned()));
    }
}
