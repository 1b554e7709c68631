//! The configured PostgreSQL servers, and the errors that their failures are reported as.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use domain::error::{self, Error};
use domain::platform::variables::Variables;

use crate::postgres::Roots;
use crate::postgres::endpoint::Endpoint;
use crate::postgres::failure::Failure;
use crate::postgres::identifier::Identifier;
use crate::postgres::pool::Pool;
use crate::postgres::session::{Limits, Session};

/// The variables that the servers are read from.
pub const VARIABLES: &[&str] = &[URL, INSTANCES, CA_FILE, SECRET];

/// The variable with the URL of the default server.
pub const URL: &str = "POSTGRES_URL";
/// The variable with the URLs of further servers by name.
pub const INSTANCES: &str = "POSTGRES_INSTANCES";
const CA_FILE: &str = "POSTGRES_CA_FILE";
/// The variable that names a secret with the URLs, which a function reads at startup.
pub const SECRET: &str = "POSTGRES_SECRET_ARN";

/// The name of the server whose URL is in `POSTGRES_URL`.
pub const DEFAULT: &str = "default";

/// Returns the variables with the URLs of a secret: the URL of the default server, or a JSON object of URLs by name.
#[must_use]
pub fn with_secret(variables: &Variables, secret: &str) -> Variables {
    let secret = secret.trim();
    let name = if secret.starts_with('{') { INSTANCES } else { URL };
    variables.with([(name, secret)])
}

/// The configured servers, by name. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Servers(BTreeMap<String, Server>);

impl Servers {
    /// Reads the default server (`POSTGRES_URL`), named ones (`POSTGRES_INSTANCES`, a JSON object of URLs by name), and the
    /// authorities that their certificates are verified with (`POSTGRES_CA_FILE`). Fails with the name of a variable whose
    /// value cannot be used, and without the value, which contains credentials.
    pub fn read(variables: &Variables) -> Result<Self, Error> {
        let roots = Roots::read(variables.get(CA_FILE))?;
        let mut urls: BTreeMap<String, String> = match variables.get(INSTANCES) {
            None => BTreeMap::new(),
            Some(text) => serde_json::from_str(text).map_err(|_| {
                Error::invalid(format!("{INSTANCES}: expected a JSON object of URLs by name"))
            })?,
        };
        if let Some(name) = urls.keys().find(|name| !is_name(name)) {
            let rule = "expected up to 63 letters, digits, '-', '_' and '.'";
            return Err(Error::invalid(format!("{INSTANCES}: server name \"{name}\": {rule}")));
        }
        if let Some(url) = variables.get(URL)
            && urls.insert(DEFAULT.to_owned(), url.to_owned()).is_some()
        {
            return Err(Error::invalid(format!("{INSTANCES}: \"{DEFAULT}\" is the server of {URL}")));
        }
        let server = |(name, url): (String, String)| {
            let endpoint = Endpoint::parse(&url, &roots)
                .map_err(|reason| Error::invalid(format!("the URL of server \"{name}\": {reason}")))?;
            Ok((name.clone(), Server { name, endpoint, pool: Arc::default() }))
        };
        Ok(Self(urls.into_iter().map(server).collect::<Result<_, Error>>()?))
    }

    /// The server of this name. `None` is the default server, or the only one there is.
    pub fn get(&self, name: Option<&str>) -> Result<&Server, Error> {
        if self.0.is_empty() {
            return Err(Error::unavailable(format!("no PostgreSQL server is configured: {URL} is not set")));
        }
        match name {
            Some(name) => self
                .0
                .get(name)
                .ok_or_else(|| Error::new(error::Kind::Missing, format!("unknown instance \"{name}\""))),
            None if self.0.len() == 1 => self.0.values().next().ok_or_else(|| Error::bug("no server")),
            None => self.0.get(DEFAULT).ok_or_else(|| {
                let names: Vec<&str> = self.names().collect();
                Error::invalid(format!("no default instance: name one of {}", names.join(", ")))
            }),
        }
    }

    /// The names of all servers, in order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }
}

/// One server. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Server {
    name: String,
    endpoint: Endpoint,
    pool: Arc<Pool>,
}

impl Server {
    /// The name that it is configured under.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The database that its URL names, for statements about the whole server.
    pub fn home_database(&self) -> &str {
        self.endpoint.database()
    }

    /// The sessions that are kept between reports.
    pub(crate) fn pool(&self) -> &Pool {
        &self.pool
    }

    /// Connects to a database. Returns `None` if there is no such database.
    pub async fn open(&self, database: &Identifier, limits: Limits) -> Result<Option<Session>, Error> {
        let opened = Session::open(&self.endpoint, database, limits).await;
        opened.map_err(|failure| self.error(database, failure))
    }

    /// The failure of a session, with a text that names the server and the database.
    pub fn error(&self, database: &Identifier, failure: Failure) -> Error {
        let (server, database) = (format!("server \"{}\"", self.name), format!("database {database}"));
        let error = match &failure {
            Failure::Unreachable(_) => Error::unavailable(format!("{server} is unreachable")),
            Failure::Credentials(_) => {
                Error::unavailable(format!("{server} rejected the credentials of its URL"))
            }
            Failure::TooOld(_) => Error::unavailable(format!("{server} cannot be used: {failure}")),
            Failure::NotAccepting(_) => {
                Error::new(error::Kind::Conflict, format!("{database} does not accept connections"))
            }
            Failure::Forbidden(_) => Error::new(
                error::Kind::Forbidden,
                format!("the user of {server} lacks a permission in {database}"),
            ),
            Failure::Locked(_) | Failure::TooSlow(_) => {
                Error::unavailable(format!("{server}, {database}: {failure}; try again later"))
            }
            Failure::Statement(_) | Failure::Row(_) => Error::bug(format!("{server}, {database}: {failure}")),
        };
        error.because(failure)
    }
}

impl fmt::Display for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

fn is_name(name: &str) -> bool {
    let allowed = |b: u8| b.is_ascii_alphanumeric() || b"-_.".contains(&b);
    !name.is_empty() && name.len() <= 63 && name.bytes().all(allowed)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn servers(variables: &[(&str, &str)]) -> Result<Servers, Error> {
        Servers::read(&Variables::default().with(variables.iter().copied()))
    }

    #[test]
    fn a_server_is_found_by_name_or_is_the_default() {
        let named = r#"{"a": "postgres://u:p@localhost/x", "b": "postgres://u:p@localhost/y"}"#;
        let url = "postgres://u:p@localhost/z";
        for (variables, asked, found) in [
            (vec![("POSTGRES_URL", url)], None, Ok("z")),
            (vec![("POSTGRES_URL", url)], Some("default"), Ok("z")),
            (vec![("POSTGRES_URL", url), ("POSTGRES_INSTANCES", named)], None, Ok("z")),
            (vec![("POSTGRES_URL", url), ("POSTGRES_INSTANCES", named)], Some("b"), Ok("y")),
            (vec![("POSTGRES_URL", url)], Some("b"), Err("unknown instance \"b\"")),
            (vec![("POSTGRES_INSTANCES", named)], None, Err("no default instance: name one of a, b")),
            (vec![], None, Err("no PostgreSQL server is configured: POSTGRES_URL is not set")),
        ] {
            let servers = servers(&variables).expect("settings");
            let server = servers.get(asked).map(Server::home_database).map_err(|error| error.to_string());
            assert_eq!(server, found.map_err(str::to_owned));
        }
    }

    #[test]
    fn wrong_settings_are_rejected_without_their_credentials() {
        for (variable, value, text) in [
            ("POSTGRES_URL", "postgres://s3cret", "the URL of server \"default\": the URL names no user"),
            (
                "POSTGRES_INSTANCES",
                "[\"s3cret\"]",
                "POSTGRES_INSTANCES: expected a JSON object of URLs by name",
            ),
            (
                "POSTGRES_INSTANCES",
                r#"{"a b": "s3cret"}"#,
                "POSTGRES_INSTANCES: server name \"a b\": expected",
            ),
            ("POSTGRES_INSTANCES", r#"{"a": "s3cret"}"#, "the URL of server \"a\": expected postgres://"),
            ("POSTGRES_CA_FILE", "no/such/file", "POSTGRES_CA_FILE: 'no/such/file'"),
        ] {
            let rejected = servers(&[(variable, value)]).expect_err("rejected");
            assert!(rejected.to_string().starts_with(text), "{rejected}");
            assert!(!rejected.chain().contains("s3cret"), "{}", rejected.chain());
        }
    }

    #[test]
    fn secret_has_one_url_or_urls_by_name() {
        let url = "postgres://u:p@localhost/z";
        let named = format!(r#"{{"default": "{url}", "b": "postgres://u:p@localhost/y"}}"#);
        for (secret, name, database) in
            [(format!("{url}\n"), None, "z"), (named.clone(), None, "z"), (named, Some("b"), "y")]
        {
            let servers = Servers::read(&with_secret(&Variables::default(), &secret)).expect("URLs");
            assert_eq!(servers.get(name).map(Server::home_database).ok(), Some(database));
        }
        let wrong = Servers::read(&with_secret(&Variables::default(), "s3cret")).expect_err("no URL");
        assert!(!wrong.chain().contains("s3cret"), "{}", wrong.chain());
    }

    #[test]
    fn debug_shows_no_credentials() {
        let servers = servers(&[("POSTGRES_URL", "postgres://u:s3cret@localhost/x")]).expect("settings");
        assert!(!format!("{servers:?}").contains("s3cret"));
    }
}
