//! The configured `MySQL` and `MariaDB` servers: their credentials, and the scratch server.
//!
//! Everyone who may submit a changeset may change the row of a server. So credentials belong to a host and a port, not to
//! the name of a row: a row with another address finds none, and they are sent nowhere else.

use std::collections::BTreeMap;
use std::time::Duration;

use domain::error::{Error, Kind};
use domain::platform::variables::Variables;

use crate::mysql::Roots;
use crate::mysql::endpoint::Endpoint;
use crate::mysql::failure::Failure;
use crate::mysql::identifier::Identifier;
use crate::mysql::session::{Limits, Session};
use crate::record::Server;

/// The variables that the servers are read from.
pub const VARIABLES: &[&str] = &[URL, URLS, SCRATCH, CA_FILE, SECRET];

/// The variable with the URL of a server.
pub const URL: &str = "MARIADB_URL";
/// The variable with the URLs of several servers.
pub const URLS: &str = "MARIADB_URLS";
/// The variable with the URL of the server that changesets are tested on.
pub const SCRATCH: &str = "MARIADB_SCRATCH_URL";
const CA_FILE: &str = "MARIADB_CA_FILE";
/// The variable that names a secret with the URLs, which a function reads at startup.
pub const SECRET: &str = "MARIADB_SECRET_ARN";

/// The port of a server without one.
pub const DEFAULT_PORT: u16 = 3_306;

/// The longest time that connecting takes.
pub const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// Returns the variables with the URLs of a secret: `{"servers": ["mysql://…"], "scratch": "mysql://…"}`.
pub fn with_secret(variables: &Variables, secret: &str) -> Result<Variables, Error> {
    #[derive(serde::Deserialize)]
    struct Urls {
        #[serde(default)]
        servers: Vec<String>,
        scratch: Option<String>,
    }
    let urls: Urls = serde_json::from_str(secret).map_err(|_| {
        Error::invalid(format!("{SECRET}: expected a JSON object with the URLs \"servers\" and \"scratch\""))
    })?;
    let servers = serde_json::Value::from(urls.servers).to_string();
    let variables = variables.with([(URLS, servers)]);
    Ok(match urls.scratch {
        Some(scratch) => variables.with([(SCRATCH, scratch)]),
        None => variables,
    })
}

/// The configured servers. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Servers {
    known: BTreeMap<(String, u16), Endpoint>,
    scratch: Option<Endpoint>,
}

impl Servers {
    /// Reads the servers (`MARIADB_URL`, and `MARIADB_URLS`, a JSON array), the scratch server (`MARIADB_SCRATCH_URL`), and
    /// the authorities that their certificates are verified with (`MARIADB_CA_FILE`). Fails with the name of a variable
    /// whose value cannot be used, and without the value, which contains credentials.
    pub fn read(variables: &Variables) -> Result<Self, Error> {
        let roots = Roots::read(variables.get(CA_FILE))?;
        let parse = |variable: &str, url: &str| {
            Endpoint::parse(url, &roots).map_err(|reason| Error::invalid(format!("{variable}: {reason}")))
        };
        let urls: Vec<String> = match variables.get(URLS) {
            None => Vec::new(),
            Some(text) => serde_json::from_str(text)
                .map_err(|_| Error::invalid(format!("{URLS}: expected a JSON array of URLs")))?,
        };
        let urls = urls.iter().map(|url| parse(URLS, url));
        let mut known = BTreeMap::new();
        for endpoint in variables.get(URL).map(|url| parse(URL, url)).into_iter().chain(urls) {
            let endpoint = endpoint?;
            let (host, port) = (endpoint.host().to_ascii_lowercase(), endpoint.port());
            if known.insert((host, port), endpoint).is_some() {
                return Err(Error::invalid(format!("{URLS}: two URLs have the same host and port")));
            }
        }
        let scratch = variables.get(SCRATCH).map(|url| parse(SCRATCH, url)).transpose()?;
        Ok(Self { known, scratch })
    }

    /// Returns the hosts and ports of the configured servers, in order.
    pub fn addresses(&self) -> impl Iterator<Item = (&str, u16)> {
        self.known.keys().map(|(host, port)| (host.as_str(), *port))
    }

    /// Connects to a server. Fails with [`Kind::Conflict`] if there are no credentials for its address.
    pub async fn connect(
        &self,
        server: &Server,
        schema: Option<&Identifier>,
        limits: Limits,
    ) -> Result<Session, ConnectError> {
        let port = server.port.map_or(Some(DEFAULT_PORT), |port| u16::try_from(port).ok());
        let endpoint = port.and_then(|port| self.known.get(&(server.hostname.to_ascii_lowercase(), port)));
        let endpoint = endpoint.ok_or_else(|| {
            let port = server.port.unwrap_or(u64::from(DEFAULT_PORT));
            let (name, host) = (&server.name, &server.hostname);
            let text = format!("no credentials are configured for server '{name}' ({host}:{port})");
            ConnectError::Unknown(Error::new(Kind::Conflict, text))
        })?;
        Ok(Session::open(endpoint, schema, limits).await?)
    }

    /// Connects to the scratch server. Fails if none is configured.
    pub async fn scratch(
        &self,
        schema: Option<&Identifier>,
        limits: Limits,
    ) -> Result<Session, ConnectError> {
        let endpoint = self.scratch.as_ref().ok_or_else(|| {
            ConnectError::Unknown(Error::unavailable(format!(
                "no scratch server is configured: {SCRATCH} is not set"
            )))
        })?;
        Ok(Session::open(endpoint, schema, limits).await?)
    }
}

/// Why there is no session.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// No server, or no credentials, are configured.
    #[error("{0}")]
    Unknown(Error),
    /// The server did not accept the session.
    #[error("{0}")]
    Failed(#[from] Failure),
}

impl ConnectError {
    /// Whether the server may accept a session later.
    pub fn is_temporary(&self) -> bool {
        matches!(self, Self::Failed(Failure::Unreachable(_) | Failure::ConnectionLost(_)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn servers(variables: &[(&str, &str)]) -> Result<Servers, Error> {
        Servers::read(&Variables::default().with(variables.iter().copied()))
    }

    #[test]
    fn servers_are_known_by_host_and_port() {
        let urls = r#"["mysql://u:p@DB1", "mariadb://u:p@db1:3307"]"#;
        let servers = servers(&[(URL, "mysql://u:p@127.0.0.1:3310"), (URLS, urls)]).expect("URLs");
        let known: Vec<_> = servers.addresses().collect();
        assert_eq!(known, [("127.0.0.1", 3310), ("db1", 3306), ("db1", 3307)]);
    }

    #[test]
    fn wrong_settings_are_rejected_without_their_credentials() {
        for (variables, text) in [
            (vec![(URL, "mysql://s3cret@")], "MARIADB_URL: "),
            (vec![(URLS, "s3cret")], "MARIADB_URLS: expected a JSON array of URLs"),
            (vec![(SCRATCH, "s3cret")], "MARIADB_SCRATCH_URL: "),
            (
                vec![(URL, "mysql://u:s3cret@db"), (URLS, r#"["mysql://v:s3cret@DB:3306"]"#)],
                "MARIADB_URLS: two URLs have the same host and port",
            ),
        ] {
            let rejected = servers(&variables).expect_err("rejected").to_string();
            assert!(rejected.starts_with(text) && !rejected.contains("s3cret"), "{rejected}");
        }
    }

    #[test]
    fn a_secret_has_the_urls_of_all_servers() {
        let secret = r#"{"servers": ["mysql://u:p@db1"], "scratch": "mysql://u:p@db2"}"#;
        let servers =
            with_secret(&Variables::default(), secret).and_then(|read| Servers::read(&read)).expect("URLs");
        assert_eq!(servers.addresses().collect::<Vec<_>>(), [("db1", 3306)]);
        assert!(servers.scratch.is_some());
        assert!(with_secret(&Variables::default(), "mysql://u:s3cret@db1").is_err());
    }

    #[tokio::test]
    async fn a_server_with_another_address_gets_no_credentials() {
        let servers = servers(&[(URL, "mysql://u:p@127.0.0.1:3310")]).expect("a URL");
        let limits = Limits {
            lock_wait_timeout: CONNECT_TIMEOUT,
            connect_timeout: CONNECT_TIMEOUT,
            max_statement_time: None,
        };
        let server = Server {
            id: 1,
            name: "db".to_owned(),
            hostname: "127.0.0.1".to_owned(),
            port: Some(3311),
            environment: None,
            created_at: domain::time::Micros(0),
            updated_at: domain::time::Micros(0),
            version: 1,
        };
        let refused = servers.connect(&server, None, limits).await.expect_err("no credentials");
        assert!(matches!(refused, ConnectError::Unknown(_)), "{refused}");
        assert!(!refused.is_temporary());
    }
}
