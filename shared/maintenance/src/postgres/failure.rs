//! Failures of connecting and of statements, by what a caller can do about them.

use std::error::Error as StdError;
use std::io;
use std::time::Duration;

use tokio_postgres::error::SqlState;

/// Why a statement has no result.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// The server did not answer, or stopped answering.
    #[error("it is unreachable")]
    Unreachable(#[source] Box<dyn StdError + Send + Sync>),
    /// The server rejected the credentials, or this machine.
    #[error("it rejected the credentials")]
    Credentials(#[source] tokio_postgres::Error),
    /// The database exists but accepts no connections: a template, or one that is being dropped.
    #[error("the database does not accept connections")]
    NotAccepting(#[source] tokio_postgres::Error),
    /// The user of the connection may not do this.
    #[error("permission denied")]
    Forbidden(#[source] tokio_postgres::Error),
    /// A lock was not granted within `lock_timeout`.
    #[error("a lock was not granted in time")]
    Locked(#[source] tokio_postgres::Error),
    /// The statement ran into `statement_timeout`, or was cancelled.
    #[error("the statement took too long")]
    TooSlow(#[source] tokio_postgres::Error),
    /// The server is older than Steward's statements need.
    #[error("it runs PostgreSQL {0}; version {min} or later is required", min = super::session::OLDEST_VERSION)]
    TooOld(u32),
    /// The server rejected the statement: it is wrong, or the object vanished meanwhile.
    #[error("the statement failed")]
    Statement(#[source] tokio_postgres::Error),
    /// A row does not have the expected form.
    #[error("a row cannot be read")]
    Row(#[source] Box<dyn StdError + Send + Sync>),
}

impl Failure {
    /// The failure of a connection attempt. `None` if there is no such database.
    pub(super) fn from_connecting(error: tokio_postgres::Error) -> Option<Self> {
        let failure = match error.code() {
            Some(&SqlState::INVALID_CATALOG_NAME) => return None,
            Some(&SqlState::OBJECT_NOT_IN_PREREQUISITE_STATE) => Self::NotAccepting(error),
            Some(&SqlState::INSUFFICIENT_PRIVILEGE) => Self::Forbidden(error),
            Some(&(SqlState::INVALID_PASSWORD | SqlState::INVALID_AUTHORIZATION_SPECIFICATION)) => {
                Self::Credentials(error)
            }
            _ => Self::Unreachable(error.into()),
        };
        Some(failure)
    }

    /// The failure of a statement.
    pub(super) fn from_statement(error: tokio_postgres::Error) -> Self {
        match error.code() {
            Some(&SqlState::LOCK_NOT_AVAILABLE) => Self::Locked(error),
            Some(&SqlState::QUERY_CANCELED) => Self::TooSlow(error),
            Some(&SqlState::INSUFFICIENT_PRIVILEGE) => Self::Forbidden(error),
            Some(
                &(SqlState::ADMIN_SHUTDOWN
                | SqlState::CRASH_SHUTDOWN
                | SqlState::CANNOT_CONNECT_NOW
                | SqlState::IDLE_SESSION_TIMEOUT
                | SqlState::TOO_MANY_CONNECTIONS),
            )
            | None => Self::Unreachable(error.into()),
            Some(_) => Self::Statement(error),
        }
    }

    /// The failure of a statement whose connection has ended.
    pub(super) fn from_ending(ended: Result<(), tokio_postgres::Error>) -> Self {
        match ended {
            Err(error) => Self::from_statement(error),
            Ok(()) => Self::Unreachable(io::Error::from(io::ErrorKind::ConnectionAborted).into()),
        }
    }

    /// Whether the connection has ended, as opposed to a server that is silent.
    pub fn is_disconnect(&self) -> bool {
        let Self::Unreachable(cause) = self else { return false };
        cause.is::<tokio_postgres::Error>() || cause.is::<io::Error>()
    }

    /// The failure of a server that was silent for so long.
    pub(super) fn silent(waited: Duration) -> Self {
        Self::Unreachable(format!("no answer within {} s", waited.as_secs()).into())
    }
}
