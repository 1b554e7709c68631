//! Pure. The requests that would follow a hint.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Serialize;

/// Characters that stand for themselves in a segment of a path.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');
/// Characters that an HTTP API loses from a path even where they are encoded.
const LOST_IN_PATHS: [char; 3] = ['/', '?', '%'];

/// A request to Steward.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Request {
    /// `POST`.
    pub method: &'static str,
    /// The encoded path, and a query for names that a path cannot carry.
    pub path: String,
    /// The body, JSON.
    pub body: Body,
}

/// The body of a request for an operation.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Body {
    /// The mode of a `VACUUM`; absent for a plain one, and for other operations.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mode: Option<&'static str>,
}

/// The location of the objects of a hint.
#[derive(Clone, Copy, Debug)]
pub struct Target<'a> {
    /// The name of the server. `None` if requests without a name use it.
    pub instance: Option<&'a str>,
    /// The database.
    pub database: &'a str,
    /// The schema.
    pub schema: &'a str,
}

impl Target<'_> {
    /// A request for an operation on a table.
    pub fn table(self, table: &str, operation: &str, mode: Option<&'static str>) -> Request {
        self.request([("table", table)], operation, mode)
    }

    /// A request for an operation on an index.
    pub fn index(self, index: &str, operation: &str) -> Request {
        self.request([("index", index)], operation, None)
    }

    fn request(self, object: [(&str, &str); 1], operation: &str, mode: Option<&'static str>) -> Request {
        let mut path = "/maintenance".to_owned();
        let mut query = Vec::new();
        let names = [("database", self.database), ("schema", self.schema)].into_iter().chain(object);
        for (kind, name) in names {
            if kind != "database" {
                path.extend(["/", kind]);
            }
            path.push('/');
            let encoded = utf8_percent_encode(name, ENCODED).to_string();
            // The document of the API has a `-` stand for a name that is in the query.
            if name.contains(LOST_IN_PATHS) || name == "-" {
                path.push('-');
                query.push(format!("{kind}={encoded}"));
            } else {
                path.push_str(&encoded);
            }
        }
        path.extend(["/", operation]);
        query.extend(self.instance.map(|name| format!("instance={name}")));
        if !query.is_empty() {
            path.extend(["?", &query.join("&")]);
        }
        Request { method: "POST", path, body: Body { mode } }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_has_a_request() {
        for (database, schema, table, path) in [
            ("world", "public", "city", "/maintenance/world/schema/public/table/city/vacuum"),
            ("Db Upper", "été", "it's", "/maintenance/Db%20Upper/schema/%C3%A9t%C3%A9/table/it%27s/vacuum"),
            ("a+b", "x#y", "{z}", "/maintenance/a%2Bb/schema/x%23y/table/%7Bz%7D/vacuum"),
            ("world", "public", "sl/ash", "/maintenance/world/schema/public/table/-/vacuum?table=sl%2Fash"),
            (
                "wh?y",
                "public",
                "100%",
                "/maintenance/-/schema/public/table/-/vacuum?database=wh%3Fy&table=100%25",
            ),
            ("world", "-", "x", "/maintenance/world/schema/-/table/x/vacuum?schema=-"),
        ] {
            let request = Target { instance: None, database, schema }.table(table, "vacuum", None);
            assert_eq!(request, Request { method: "POST", path: path.to_owned(), body: Body::default() });
        }
        let target = Target { instance: Some("reporting"), database: "world", schema: "public" };
        assert_eq!(
            target.index("city_pkey", "reindex").path,
            "/maintenance/world/schema/public/index/city_pkey/reindex?instance=reporting"
        );
    }

    #[test]
    fn a_body_has_a_mode_or_nothing() {
        let target = Target { instance: None, database: "world", schema: "public" };
        let json = |mode| serde_json::to_string(&target.table("city", "vacuum", mode).body).expect("JSON");
        assert_eq!(json(None), "{}");
        assert_eq!(json(Some("full,analyze")), r#"{"mode":"full,analyze"}"#);
    }
}
