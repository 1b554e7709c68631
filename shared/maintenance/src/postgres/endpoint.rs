//! The address of a server, with credentials and TLS.

use std::fmt;
use std::net::IpAddr;

use tokio_postgres::Config;
use tokio_postgres::config::{Host, SslMode};

use super::tls::Roots;

/// The database of a URL that names none. Every server has it unless it was dropped.
const DEFAULT_DATABASE: &str = "postgres";

/// An address with credentials, from a URL. `Debug` shows neither the password nor the options. Cheap to clone.
#[derive(Clone)]
pub struct Endpoint {
    config: Config,
    roots: Roots,
}

/// Why a URL cannot be used. Its text never contains a part of the URL other than the value of `sslmode`.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidUrl {
    /// Not a URL of PostgreSQL, or with options that do not exist.
    #[error("expected postgres://user:password@host:port/database, with reserved characters percent-encoded")]
    Malformed,
    /// No host.
    #[error("the URL names no host")]
    NoHost,
    /// No user.
    #[error("the URL names no user")]
    NoUser,
    /// An `sslmode` that does not say whether the connection is encrypted, or an unknown one.
    #[error("sslmode '{0}': expected disable, require, verify-ca or verify-full")]
    Mode(String),
}

impl Endpoint {
    /// Parses `postgres://user:password@host:port/database?option=value`.
    ///
    /// Without `sslmode`, a server on loopback or on a Unix socket is connected to in plain, and every other one with TLS.
    /// `require` and `verify-ca` verify the certificate and the name as `verify-full` does.
    pub fn parse(url: &str, roots: &Roots) -> Result<Self, InvalidUrl> {
        let (url, mode) = without_sslmode(url);
        if !["postgres://", "postgresql://"].iter().any(|scheme| url.starts_with(scheme)) {
            return Err(InvalidUrl::Malformed);
        }
        let mut config: Config = url.parse().map_err(|_| InvalidUrl::Malformed)?;
        if config.get_hosts().is_empty() && config.get_hostaddrs().is_empty() {
            return Err(InvalidUrl::NoHost);
        }
        if config.get_user().is_none_or(str::is_empty) {
            return Err(InvalidUrl::NoUser);
        }
        config.ssl_mode(match mode.as_deref() {
            None if is_local(&config) => SslMode::Disable,
            Some("disable") => SslMode::Disable,
            None | Some("require" | "verify-ca" | "verify-full") => SslMode::Require,
            Some(other) => return Err(InvalidUrl::Mode(other.to_owned())),
        });
        Ok(Self { config, roots: roots.clone() })
    }

    /// The database that the URL names, `postgres` by default.
    pub fn database(&self) -> &str {
        self.config.get_dbname().unwrap_or(DEFAULT_DATABASE)
    }

    pub(super) fn config(&self) -> &Config {
        &self.config
    }

    pub(super) fn roots(&self) -> &Roots {
        &self.roots
    }
}

impl fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Endpoint")
            .field("hosts", &self.config.get_hosts())
            .field("ports", &self.config.get_ports())
            .field("user", &self.config.get_user())
            .field("database", &self.database())
            .field("tls", &(self.config.get_ssl_mode() != SslMode::Disable))
            .finish_non_exhaustive()
    }
}

/// Takes `sslmode` out of a URL: the driver knows fewer modes than people write, and one of them falls back to plain text.
fn without_sslmode(url: &str) -> (String, Option<String>) {
    let credentials = url.find('@').unwrap_or(0);
    let Some(query) = url[credentials..].find('?').map(|at| credentials + at) else {
        return (url.to_owned(), None);
    };
    let (mut mode, mut others) = (None, Vec::new());
    for pair in url[query + 1..].split('&').filter(|pair| !pair.is_empty()) {
        match pair.strip_prefix("sslmode=") {
            Some(value) => mode = Some(value.to_owned()),
            None => others.push(pair),
        }
    }
    let before = &url[..query];
    let url = if others.is_empty() { before.to_owned() } else { format!("{before}?{}", others.join("&")) };
    (url, mode)
}

/// Whether every host is this machine.
fn is_local(config: &Config) -> bool {
    if !config.get_hostaddrs().is_empty() {
        return config.get_hostaddrs().iter().all(IpAddr::is_loopback);
    }
    config.get_hosts().iter().all(|host| match host {
        Host::Unix(_) => true,
        Host::Tcp(name) => {
            name == "localhost" || name.parse().is_ok_and(|address: IpAddr| address.is_loopback())
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn roots() -> Roots {
        Roots::read(None).expect("the built-in authorities")
    }

    fn endpoint(url: &str) -> Endpoint {
        Endpoint::parse(url, &roots()).expect("a URL")
    }

    #[test]
    fn tls_is_required_off_loopback_unless_the_url_disables_it() {
        for (url, tls) in [
            ("postgres://u:p@localhost/world", false),
            ("postgres://u:p@127.0.0.1:5433/world", false),
            ("postgres://u:p@[::1]/world", false),
            ("postgres://u:p@%2Fvar%2Frun%2Fpostgresql/world", false),
            ("postgres://u:p@localhost/world?sslmode=verify-full", true),
            ("postgres://u:p@db.example.com/world", true),
            ("postgresql://u:p@10.0.0.1", true),
            ("postgres://u:p@localhost,db.example.com/world", true),
            ("postgres://u:p@localhost/world?hostaddr=10.0.0.1", true),
            ("postgres://u:p@db.example.com/world?sslmode=require", true),
            ("postgres://u:p@db.example.com/world?sslmode=disable", false),
            ("postgres://u:p@db.example.com/world?connect_timeout=3&sslmode=disable&keepalives=1", false),
        ] {
            assert_eq!(endpoint(url).config.get_ssl_mode() == SslMode::Require, tls, "{url}");
        }
    }

    #[test]
    fn the_database_is_postgres_by_default() {
        assert_eq!(endpoint("postgres://u:p@localhost/world").database(), "world");
        assert_eq!(endpoint("postgres://u:p@localhost").database(), "postgres");
        assert_eq!(endpoint("postgres://u:p@localhost/My%20Db").database(), "My Db");
    }

    #[test]
    fn a_wrong_url_is_rejected_without_its_credentials() {
        for (url, error) in [
            ("", InvalidUrl::Malformed),
            ("host=localhost user=u password=s3cret", InvalidUrl::Malformed),
            ("mysql://u:s3cret@localhost/world", InvalidUrl::Malformed),
            ("postgres://u:s3cret@localhost/world?s3cret=1", InvalidUrl::Malformed),
            ("postgres://u:s3cret@localhost:s3cret/world", InvalidUrl::Malformed),
            ("postgres:///world?user=u&password=s3cret", InvalidUrl::NoHost),
            ("postgres://localhost/world?password=s3cret", InvalidUrl::NoUser),
            ("postgres://u:s3cret@localhost/world?sslmode=prefer", InvalidUrl::Mode("prefer".to_owned())),
        ] {
            let rejected = Endpoint::parse(url, &roots()).expect_err(url);
            assert_eq!(rejected, error, "{url}");
            assert!(!rejected.to_string().contains("s3cret"), "{rejected}");
        }
    }

    #[test]
    fn debug_shows_no_password() {
        let shown = format!(
            "{:?}",
            endpoint("postgres://steward:s3cret@db.example.com:5433/world?options=-c%20a%3Ds3cret")
        );
        assert!(
            shown.contains("db.example.com") && shown.contains("5433") && shown.contains("steward"),
            "{shown}"
        );
        assert!(!shown.contains("s3cret"), "{shown}");
    }
}
