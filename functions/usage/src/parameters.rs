//! Extractors: query parameters, checked in the documented order, path parameters and bodies.

use std::collections::HashSet;

use axum::body::Bytes;
use axum::extract::{FromRequest, FromRequestParts, Path, Request};
use domain::error::{Error, Kind};
use domain::notification::service::Service;
use domain::time::Micros;
use domain::usage::column::{Column, Row};
use domain::usage::query::{Bound, Direction, Filter, ListQuery, MAX_LIMIT, is_uuid_like};
use http::request::Parts;

use crate::error::ApiError;

/// The decoded parameters of a query or a form, in their order.
pub struct Parameters(Vec<(String, String)>);

/// The id in a path.
pub struct RowId(pub u64);

/// The name in a path.
pub struct Name(pub String);

/// A body of any content type.
pub struct Body(pub Bytes);

impl Parameters {
    /// Parses a query or a form; `+` and `%20` are spaces.
    pub fn parse(text: &[u8]) -> Self {
        Self(form_urlencoded::parse(text).into_owned().collect())
    }

    /// Returns the first value of a parameter.
    pub fn first(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(other, _)| other == name).map(|(_, value)| value.as_str())
    }

    /// Returns all values of a parameter.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.0.iter().filter(move |(other, _)| other == name).map(|(_, value)| value.as_str())
    }

    /// Returns the filter of rows. Fails at the first invalid parameter.
    ///
    /// Only ranges and `instance` filter; other parameters are ignored, as in the original.
    pub fn filter<R: Row>(&self) -> Result<Filter<R>, Error> {
        let mut filter = Filter::default();
        if let Some(received) = R::RECEIVED {
            for name in ["received_min", "received_max"] {
                if let Some(value) = self.first(name) {
                    filter.bounds.push((received, bound(name, value)?));
                }
            }
        }
        if let Some(instance) = self.first("instance") {
            filter.instance = Some(check_instance::<R>(instance)?);
        }
        let mut names = HashSet::new();
        for (name, value) in &self.0 {
            let Some(field) = name.strip_suffix("_min").or_else(|| name.strip_suffix("_max")) else {
                continue;
            };
            let is_received = R::RECEIVED.is_some() && field == "received";
            if !is_received && names.insert(name) {
                filter.bounds.push((column(field)?, bound(name, value)?));
            }
        }
        Ok(filter)
    }

    /// Returns the query of a list.
    pub fn list<R: Row>(&self) -> Result<ListQuery<R>, Error> {
        let mut query = ListQuery { filter: self.filter()?, ..ListQuery::default() };
        if let Some(name) = self.first("order_by") {
            query.order_by = column(name)?;
        }
        if let Some(direction) = self.first("direction") {
            query.direction = if direction == "desc" { Direction::Descending } else { Direction::Ascending };
        }
        if let Some(limit) = self.count("limit")? {
            query.limit = limit.min(MAX_LIMIT);
        }
        if let Some(offset) = self.count("offset")? {
            query.offset = offset;
        }
        Ok(query)
    }

    /// Returns a number. `None` if the parameter is missing or empty.
    fn count(&self, name: &str) -> Result<Option<usize>, Error> {
        let Some(text) = self.first(name).map(str::trim).filter(|text| !text.is_empty()) else {
            return Ok(None);
        };
        if !text.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(Error::invalid(format!("'{name}': '{text}' is not a whole number.")));
        }
        Ok(Some(text.parse().unwrap_or(usize::MAX)))
    }
}

/// Parses a parameter's value as a time.
pub fn time(name: &str, value: &str) -> Result<Micros, Error> {
    let wrong =
        || Error::invalid(format!("'{name}': '{value}' is not a date: expected yyyy-mm-dd hh:mm:ss."));
    Micros::parse(value).ok_or_else(wrong)
}

/// Parses the parameter `service`. Without it, the service is nova.
pub fn service(name: Option<&str>) -> Result<Service, Error> {
    let Some(name) = name else { return Ok(Service::Nova) };
    name.parse().map_err(|cause| Error::invalid(format!("'service': '{name}': {cause}.")))
}

fn bound(name: &str, value: &str) -> Result<Bound, Error> {
    let at = time(name, value)?;
    Ok(if name.ends_with("_min") { Bound::Min(at) } else { Bound::Max(at) })
}

fn column<R: Row>(name: &str) -> Result<Column<R>, Error> {
    R::column(name).ok_or_else(|| unknown_field(name))
}

fn unknown_field(name: &str) -> Error {
    Error::invalid(format!("Unknown field: '{name}'."))
}

fn check_instance<R: Row>(instance: &str) -> Result<String, Error> {
    if R::BY_INSTANCE.is_none() {
        return Err(unknown_field("instance"));
    }
    if !is_uuid_like(instance) {
        return Err(Error::invalid(format!("'instance': '{instance}' is not a UUID in lower case.")));
    }
    Ok(instance.to_owned())
}

impl<S: Send + Sync> FromRequestParts<S> for Parameters {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        Ok(Self::parse(parts.uri.query().unwrap_or_default().as_bytes()))
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Name {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let Path(text) = Path::<String>::from_request_parts(parts, state).await.map_err(|_| unknown_id())?;
        Ok(Self(text))
    }
}

impl<S: Send + Sync> FromRequestParts<S> for RowId {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let Name(text) = Name::from_request_parts(parts, state).await?;
        let digits = text.bytes().all(|byte| byte.is_ascii_digit());
        Ok(Self(text.parse().ok().filter(|_| digits).ok_or_else(unknown_id)?))
    }
}

impl<S: Send + Sync> FromRequest<S> for Body {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Self, ApiError> {
        match Bytes::from_request(request, state).await {
            Ok(bytes) => Ok(Self(bytes)),
            Err(rejection) => Err(rejection.into()),
        }
    }
}

/// Returns the error of an unknown id in a path.
pub fn unknown_id() -> Error {
    Error::new(Kind::Missing, "Unknown id.")
}

#[cfg(test)]
mod tests {
    use domain::usage::exists::{ImageExists, InstanceExists};
    use domain::usage::launch::Launch;

    use super::*;

    fn list<R: Row>(query: &str) -> Result<ListQuery<R>, String> {
        Parameters::parse(query.as_bytes()).list().map_err(|error| error.to_string())
    }

    #[test]
    fn the_first_error_in_the_documented_order_is_reported() {
        for (query, expected) in [
            ("tenant=5&received_min=x&instance=y&foo_min=z", "'received_min': 'x'"),
            ("foo_min=z&instance=Y", "'instance': 'Y'"),
            ("order_by=&foo_min=z&launched_at_min=w", "'foo'"),
            ("order_by=&launched_at_min=", "'launched_at_min': ''"),
            ("limit=x&order_by=", "Unknown field: ''"),
            ("offset=x&limit=-1", "'limit': '-1'"),
            ("offset=1.5", "'offset': '1.5'"),
            ("_min=2014-01-01+00:00:00", "Unknown field: ''"),
            ("raw_id_min=2014-01-01+00:00:00", "'raw_id'"),
            ("order_by=received", "'received'"),
        ] {
            let error = list::<InstanceExists>(query).expect_err(query);
            assert!(error.contains(expected), "{query}: {error}");
        }
        assert!(
            list::<Launch>("received_min=2014-01-01+00:00:00")
                .expect_err("an unknown field")
                .contains("'received'")
        );
        assert!(list::<ImageExists>("instance=x").expect_err("an unknown field").contains("'instance'"));
    }

    #[test]
    fn missing_parameters_have_defaults_and_the_first_of_repeated_values_counts() {
        for (query, limit, offset) in [
            ("", 50, 0),
            ("limit=&offset=", 50, 0),
            ("limit=%205%20&offset=7&limit=9", 5, 7),
            ("limit=1001&offset=99999999999999999999999", 1_000, usize::MAX),
        ] {
            let query = list::<Launch>(query).expect(query);
            assert_eq!((query.limit, query.offset), (limit, offset));
            assert_eq!((query.order_by.name, query.direction), ("launched_at", Direction::Descending));
        }
        assert_eq!(
            list::<Launch>("direction=sideways").expect("valid parameters").direction,
            Direction::Ascending
        );
        let bounds =
            list::<Launch>("launched_at_min=2014-01-01T00:00:00%2B00:00&tenant_max=2014-01-01+0:0:0&x=y");
        assert_eq!(bounds.expect("valid parameters").filter.bounds.len(), 2);
    }
}
