//! The address of a server, with credentials and TLS.

use std::fmt;
use std::net::IpAddr;

use mysql_async::{Opts, OptsBuilder};

use super::tls::Roots;

/// An address with credentials, from a URL. `Debug` does not show the password. Cheap to clone.
#[derive(Clone)]
pub struct Endpoint {
    options: Opts,
    is_encrypted: bool,
}

/// Why a URL cannot be used. Its text never contains a part of the URL other than the value of `sslmode`.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidUrl {
    /// Not a URL of a server, or with options that do not exist.
    #[error("expected mysql://user:password@host:port, with reserved characters percent-encoded")]
    Malformed,
    /// No host.
    #[error("the URL names no host")]
    NoHost,
    /// No user.
    #[error("the URL names no user")]
    NoUser,
    /// A database. A server has many, and requests name them.
    #[error("the URL names a database; expected mysql://user:password@host:port")]
    Database,
    /// An `sslmode` that does not say whether the connection is encrypted, or an unknown one.
    #[error("sslmode '{0}': expected disable, require, verify-ca or verify-full")]
    Mode(String),
}

impl Endpoint {
    /// Parses `mysql://user:password@host:port?sslmode=value`, or the same with `mariadb://`. The port is 3306 by default.
    ///
    /// Without `sslmode`, a server on loopback is connected to in plain, and every other one with TLS. `require` and
    /// `verify-ca` verify the certificate and the name as `verify-full` does. The names of the `mysql` program are
    /// understood, too, such as `ssl-mode=VERIFY_IDENTITY`.
    pub fn parse(url: &str, roots: &Roots) -> Result<Self, InvalidUrl> {
        let (scheme, rest) = url.split_once("://").ok_or(InvalidUrl::Malformed)?;
        if !["mysql", "mariadb"].contains(&scheme) {
            return Err(InvalidUrl::Malformed);
        }
        // Neither part contains a `?` or a `/` that is not percent-encoded.
        let (address, query) =
            rest.split_once('?').map_or((rest, None), |(before, query)| (before, Some(query)));
        let (address, database) = address.split_once('/').unwrap_or((address, ""));
        if address.is_empty() || address.ends_with('@') {
            return Err(InvalidUrl::NoHost);
        }
        let parsed = Opts::from_url(&format!("mysql://{address}")).map_err(|_| InvalidUrl::Malformed)?;
        if parsed.user().is_none_or(str::is_empty) {
            return Err(InvalidUrl::NoUser);
        }
        if !database.is_empty() {
            return Err(InvalidUrl::Database);
        }
        let host = parsed.ip_or_hostname().trim_start_matches('[').trim_end_matches(']').to_owned();
        let is_encrypted = match mode(query.unwrap_or_default())? {
            Some(encrypted) => encrypted,
            None => !is_loopback(&host),
        };
        let port =
            if address.ends_with(":0") { return Err(InvalidUrl::Malformed) } else { parsed.tcp_port() };
        let options = OptsBuilder::default()
            .ip_or_hostname(host)
            .tcp_port(port)
            .user(parsed.user())
            .pass(parsed.pass())
            // The socket of a server on this machine would be a way around TLS and the address of the URL.
            .prefer_socket(false)
            .ssl_opts(is_encrypted.then(|| roots.options()));
        Ok(Self { options: options.into(), is_encrypted })
    }

    /// Returns the host, without brackets if it is an address.
    pub fn host(&self) -> &str {
        self.options.ip_or_hostname()
    }

    /// Returns the port.
    pub fn port(&self) -> u16 {
        self.options.tcp_port()
    }

    /// Returns the user.
    pub fn user(&self) -> &str {
        self.options.user().unwrap_or_default()
    }

    /// Whether the connection is encrypted, and the server verified.
    pub fn is_encrypted(&self) -> bool {
        self.is_encrypted
    }

    /// Returns the options of the driver, to be extended by those of a session.
    pub(super) fn options(&self) -> OptsBuilder {
        OptsBuilder::from_opts(self.options.clone())
    }
}

impl fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Endpoint")
            .field("host", &self.host())
            .field("port", &self.port())
            .field("user", &self.user())
            .field("tls", &self.is_encrypted)
            .finish_non_exhaustive()
    }
}

/// Returns whether the options of a URL ask for encryption. `None` if they do not tell.
fn mode(query: &str) -> Result<Option<bool>, InvalidUrl> {
    let mut mode = None;
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let value = pair.strip_prefix("sslmode=").or_else(|| pair.strip_prefix("ssl-mode="));
        let value = value.ok_or(InvalidUrl::Malformed)?;
        mode = match value.to_ascii_lowercase().as_str() {
            "disable" | "disabled" => Some(false),
            "require" | "required" | "verify-ca" | "verify_ca" | "verify-full" | "verify_identity" => {
                Some(true)
            }
            _ => return Err(InvalidUrl::Mode(value.to_owned())),
        };
    }
    Ok(mode)
}

/// Whether a host is this machine.
fn is_loopback(host: &str) -> bool {
    host == "localhost" || host.parse().is_ok_and(|address: IpAddr| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn endpoint(url: &str) -> Endpoint {
        Endpoint::parse(url, &Roots::default()).expect(url)
    }

    #[test]
    fn tls_is_required_off_loopback_unless_the_url_disables_it() {
        for (url, tls) in [
            ("mysql://u:p@localhost", false),
            ("mysql://u:p@127.0.0.1:3307/", false),
            ("mariadb://u:p@[::1]", false),
            ("mysql://u:p@localhost?sslmode=verify-full", true),
            ("mysql://u:p@db.example.com", true),
            ("mariadb://u:p@10.0.0.1:3306", true),
            ("mysql://u:p@db.example.com/?sslmode=require", true),
            ("mysql://u:p@db.example.com?ssl-mode=VERIFY_IDENTITY", true),
            ("mysql://u:p@db.example.com?sslmode=disable", false),
            ("mysql://u:p@db.example.com/?ssl-mode=DISABLED", false),
        ] {
            let endpoint = endpoint(url);
            assert_eq!(endpoint.is_encrypted(), tls, "{url}");
            assert_eq!(Opts::from(endpoint.options()).ssl_opts().is_some(), tls, "{url}");
        }
    }

    #[test]
    fn parts_of_the_url_are_decoded() {
        let decoded = endpoint("mysql://us%40er:p%3Aw%2Fd%3F@[2001:db8::1]:3307/");
        assert_eq!((decoded.user(), decoded.host(), decoded.port()), ("us@er", "2001:db8::1", 3307));
        assert_eq!(Opts::from(decoded.options()).pass(), Some("p:w/d?"));
        let shortest = endpoint("mariadb://u@db.example.com");
        assert_eq!((shortest.host(), shortest.port()), ("db.example.com", 3306));
        assert_eq!(Opts::from(shortest.options()).pass(), None);
        assert!(!Opts::from(shortest.options()).prefer_socket());
    }

    #[test]
    fn a_wrong_url_is_rejected_without_its_credentials() {
        for (url, error) in [
            ("", InvalidUrl::Malformed),
            ("host=localhost user=u password=s3cret", InvalidUrl::Malformed),
            ("postgres://u:s3cret@localhost", InvalidUrl::Malformed),
            ("mysql://u:s3cret@localhost?s3cret=1", InvalidUrl::Malformed),
            ("mysql://u:s3cret@localhost?require_ssl=true", InvalidUrl::Malformed),
            ("mysql://u:s3cret@localhost:s3cret", InvalidUrl::Malformed),
            ("mysql://u:s3cret@localhost:0", InvalidUrl::Malformed),
            ("mysql://u:s3cret@", InvalidUrl::NoHost),
            ("mysql:///?user=s3cret", InvalidUrl::NoHost),
            ("mysql://:s3cret@localhost", InvalidUrl::NoUser),
            ("mysql://localhost", InvalidUrl::NoUser),
            ("mysql://u:s3cret@localhost/world", InvalidUrl::Database),
            ("mysql://u:s3cret@localhost?sslmode=prefer", InvalidUrl::Mode("prefer".to_owned())),
        ] {
            let rejected = Endpoint::parse(url, &Roots::default()).expect_err(url);
            assert_eq!(rejected, error, "{url}");
            assert!(!rejected.to_string().contains("s3cret"), "{rejected}");
        }
    }

    #[test]
    fn debug_shows_no_password() {
        let shown = format!("{:?}", endpoint("mysql://steward:s3cret@db.example.com:3307"));
        assert!(["db.example.com", "3307", "steward"].iter().all(|part| shown.contains(part)), "{shown}");
        assert!(!shown.contains("s3cret"), "{shown}");
    }
}
