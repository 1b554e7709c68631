//! Names of databases, schemas, tables and indexes in paths.
//!
//! A name is one percent-encoded segment, decoded once as UTF-8; `+` is a plus sign. A name that an HTTP API cannot
//! carry in a path (one with `/` or `?`) goes into the query under the name of its place, with `-` as the segment:
//! `/maintenance/-/schema/public?database=a%2Fb`.

use std::collections::HashMap;

use axum::extract::{FromRequestParts, Path};
use edge::query;
use http::Uri;
use http::request::Parts;
use maintenance::operation::kind::Kind;
use maintenance::operation::listing::Filter;
use maintenance::operation::target::{Object, Target};
use maintenance::postgres::identifier::Identifier;

use crate::Api;
use crate::error::ApiError;
use crate::instance::Instance;

/// The names in a path, the kind of an operation, and the server.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Names {
    /// The database.
    pub database: String,
    /// The schema.
    pub schema: Option<String>,
    /// The table.
    pub table: Option<String>,
    /// The index.
    pub index: Option<String>,
    /// The kind of an operation.
    pub kind: Option<Kind>,
    /// The server.
    pub instance: Instance,
}

impl<S: Send + Sync> FromRequestParts<S> for Names {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let segments = Path::<HashMap<String, String>>::from_request_parts(parts, state).await;
        let Path(segments) = segments.map_err(|_| ApiError::UrlNotFound)?;
        let instance = Instance::parse(&parts.headers, &parts.uri)?;
        Ok(Self { instance, ..Self::parse(&segments, &parts.uri)? })
    }
}

impl Names {
    fn parse(segments: &HashMap<String, String>, uri: &Uri) -> Result<Self, ApiError> {
        let name = |place: &str| {
            let Some(segment) = segments.get(place) else { return Ok(None) };
            let queried = if segment == "-" { query::first(uri, place) } else { None };
            let name = queried.unwrap_or_else(|| segment.clone());
            let is_possible = Identifier::new(&name).is_some();
            if is_possible { Ok(Some(name)) } else { Err(ApiError::UrlNotFound) }
        };
        let kind = segments.get("kind").map(|kind| kind.parse().map_err(|_| ApiError::UrlNotFound));
        Ok(Self {
            database: name("database")?.unwrap_or_default(),
            schema: name("schema")?,
            table: name("table")?,
            index: name("index")?,
            kind: kind.transpose()?,
            instance: Instance::default(),
        })
    }

    /// Returns the kind of the operation. Fails if the path has none.
    pub fn kind(&self) -> Result<Kind, ApiError> {
        self.kind.ok_or(ApiError::UrlNotFound)
    }

    /// Returns the target of an operation. Only REINDEX works on an index.
    pub fn target(&self) -> Result<Target, ApiError> {
        let object = match (self.schema.clone(), self.table.clone(), self.index.clone()) {
            (Some(schema), Some(table), None) => Object::Table(schema, table),
            (Some(schema), None, Some(index)) if self.kind == Some(Kind::Reindex) => {
                Object::Index(schema, index)
            }
            (Some(schema), None, None) => Object::Schema(schema),
            (None, None, None) => Object::Database,
            _ => return Err(ApiError::UrlNotFound),
        };
        Ok(Target { server: self.server(), database: self.database.clone(), object })
    }

    /// Returns the filter of a list. A list of reindexes is filtered by schema even if the path names a table, as
    /// documented.
    pub fn filter(&self) -> Filter {
        let table = if self.kind == Some(Kind::Reindex) { None } else { self.table.clone() };
        Filter {
            server: Some(self.server()),
            database: Some(self.database.clone()),
            schema: self.schema.clone(),
            table,
        }
    }

    /// The name of the server as operations store it: empty for the default one.
    fn server(&self) -> String {
        self.instance.stored().unwrap_or_default()
    }
}

/// The id of an operation or of a recurrence in a path.
pub struct OperationId(pub String);

impl FromRequestParts<Api> for OperationId {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, api: &Api) -> Result<Self, ApiError> {
        let id = Path::<String>::from_request_parts(parts, api).await.map_err(|_| ApiError::UrlNotFound)?;
        let is_id = maintenance::operation::id::is_id(&id.0);
        if is_id { Ok(Self(id.0)) } else { Err(ApiError::UrlNotFound) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(segments: &[(&str, &str)], address: &str) -> Option<Names> {
        let segments = segments.iter().map(|(place, name)| ((*place).to_owned(), (*name).to_owned()));
        Names::parse(&segments.collect(), &address.parse().expect("an address")).ok()
    }

    #[test]
    fn hyphen_stands_for_a_name_in_the_query() {
        let path = [("database", "-"), ("schema", "-"), ("table", "a-b"), ("kind", "vacuum")];
        let found = names(&path, "/x?database=a%2Fb%3F&table=other").expect("names");
        assert_eq!((found.database.as_str(), found.schema.as_deref()), ("a/b?", Some("-")));
        assert_eq!((found.table.as_deref(), found.kind), (Some("a-b"), Some(Kind::Vacuum)));
    }

    #[test]
    fn names_have_up_to_63_bytes() {
        let (longest, too_long) = ("é".repeat(31), "é".repeat(32));
        assert!(names(&[("database", &longest)], "/x").is_some());
        for wrong in [too_long.as_str(), "", "a\0b"] {
            assert!(names(&[("database", wrong)], "/x").is_none(), "{wrong:?}");
        }
        assert!(names(&[("database", "world"), ("kind", "cluster")], "/x").is_none());
    }

    #[test]
    fn only_reindex_works_on_an_index() {
        let target = |kind| {
            let path = [("database", "world"), ("schema", "public"), ("index", "city_pkey"), ("kind", kind)];
            names(&path, "/x").expect("names").target().ok()
        };
        assert!(target("reindex").is_some() && target("vacuum").is_none());
    }

    #[test]
    fn reindexes_of_a_table_are_listed_by_schema() {
        let filter = |kind| {
            let path = [("database", "world"), ("schema", "public"), ("table", "city"), ("kind", kind)];
            names(&path, "/x").expect("names").filter()
        };
        assert_eq!(filter("vacuum").table.as_deref(), Some("city"));
        assert_eq!((filter("reindex").table, filter("reindex").server), (None, Some(String::new())));
    }
}
