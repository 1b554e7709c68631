//! Failures of connecting and of statements, by what a caller can do about them.

use std::error::Error as StdError;
use std::fmt;
use std::time::Duration;

use mysql_async::{DriverError, Error, ServerError};

/// An error that the server reported. `Display` is `(1064, "You have an error in your SQL syntax; …")`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// The number of the error, for example 1064.
    pub code: u16,
    /// The SQLSTATE, for example `42000`.
    pub sqlstate: String,
    /// The text of the error.
    pub message: String,
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "({}, \"{}\")", self.code, self.message)
    }
}

impl StdError for Report {}

impl From<ServerError> for Report {
    fn from(error: ServerError) -> Self {
        Self { code: error.code, sqlstate: error.state, message: error.message }
    }
}

/// Why a statement has no result.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// The server did not accept a connection.
    #[error("it is unreachable")]
    Unreachable(#[source] Box<dyn StdError + Send + Sync>),
    /// The server rejected the credentials, or this machine.
    #[error("it rejected the credentials")]
    Credentials(#[source] Report),
    /// The connection ended while the session used it: it was killed, or the server or the network failed. Whether the
    /// statement took effect is unknown.
    #[error("the connection was lost")]
    ConnectionLost(#[source] Box<dyn StdError + Send + Sync>),
    /// A lock was not granted within `lock_wait_timeout`.
    #[error("{0}")]
    LockWait(Report),
    /// The statement ran into `max_statement_time`, or was killed. The connection is still usable.
    #[error("{0}")]
    Interrupted(Report),
    /// The server rejected the statement.
    #[error("{0}")]
    Statement(Report),
    /// A row does not have the expected form.
    #[error("a row cannot be read: {0}")]
    Row(String),
}

impl Failure {
    /// The failure of a connection attempt.
    pub(super) fn from_connecting(error: Error) -> Self {
        match error {
            Error::Server(error) => match error.code {
                // Access denied to the user, or to the schema; a host that may not connect; a user of another plugin.
                1044 | 1045 | 1130 | 1698 | 1862 | 3118 => Self::Credentials(error.into()),
                // The schema is unknown.
                1049 => Self::Statement(error.into()),
                _ => Self::Unreachable(Box::new(Report::from(error))),
            },
            other => Self::Unreachable(other.into()),
        }
    }

    /// The failure of a statement.
    pub(super) fn from_statement(error: Error) -> Self {
        match error {
            Error::Server(error) => match error.code {
                1205 => Self::LockWait(error.into()),
                // Killed, or too slow on `MariaDB` and on `MySQL`.
                1317 | 1969 | 3024 => Self::Interrupted(error.into()),
                // A shutdown, a killed connection, and errors of its packets.
                1053 | 1079 | 1152 | 1158..=1161 | 1184 | 1835 | 1927 | 4031 => {
                    Self::ConnectionLost(Box::new(Report::from(error)))
                }
                _ => Self::Statement(error.into()),
            },
            Error::Driver(DriverError::FromRow { .. } | DriverError::FromValue { .. }) => {
                Self::Row(error.to_string())
            }
            other => Self::ConnectionLost(other.into()),
        }
    }

    /// The failure of a server that was silent for so long.
    pub(super) fn silent(waited: Duration) -> Self {
        Self::ConnectionLost(format!("no answer within {} s", waited.as_secs()).into())
    }

    /// Returns what the server reported. `None` if the failure is not the server's.
    pub fn report(&self) -> Option<&Report> {
        match self {
            Self::Credentials(report)
            | Self::LockWait(report)
            | Self::Interrupted(report)
            | Self::Statement(report) => Some(report),
            Self::Unreachable(cause) | Self::ConnectionLost(cause) => cause.downcast_ref(),
            Self::Row(_) => None,
        }
    }

    /// Whether there is no connection, or no longer one, as opposed to a statement that failed on it. The session cannot
    /// be used any more.
    pub fn is_of_connection(&self) -> bool {
        matches!(self, Self::Unreachable(_) | Self::Credentials(_) | Self::ConnectionLost(_))
    }
}

#[cfg(test)]
mod tests {
    use std::io;

    use super::*;

    fn server(code: u16) -> Error {
        ServerError { code, message: format!("error '{code}'"), state: "HY000".to_owned() }.into()
    }

    #[test]
    fn failed_statement_shows_code_and_text() {
        let failure = Failure::from_statement(server(1064));
        assert_eq!(failure.to_string(), "(1064, \"error '1064'\")");
        assert_eq!(failure.report().map(|report| report.code), Some(1064));
        assert!(!failure.is_of_connection());
    }

    #[test]
    fn failures_of_the_connection_are_told_apart_from_failed_statements() {
        for (code, of_connection, shown) in [
            (1205, false, "(1205, \"error '1205'\")"),
            (1317, false, "(1317, \"error '1317'\")"),
            (1927, true, "the connection was lost"),
            (1053, true, "the connection was lost"),
        ] {
            let failure = Failure::from_statement(server(code));
            assert_eq!((failure.is_of_connection(), failure.to_string().as_str()), (of_connection, shown));
            assert_eq!(failure.report().map(|report| report.code), Some(code));
        }
        let lost = Failure::from_statement(io::Error::from(io::ErrorKind::BrokenPipe).into());
        assert!(lost.is_of_connection() && lost.report().is_none());
    }

    #[test]
    fn connecting_fails_for_the_reason_that_the_server_reports() {
        assert!(matches!(Failure::from_connecting(server(1045)), Failure::Credentials(_)));
        assert!(matches!(Failure::from_connecting(server(1040)), Failure::Unreachable(_)));
        let unknown = Failure::from_connecting(server(1049));
        assert!(matches!(unknown, Failure::Statement(_)) && !unknown.is_of_connection());
        assert!(matches!(
            Failure::from_connecting(DriverError::ConnectionClosed.into()),
            Failure::Unreachable(_)
        ));
    }
}
