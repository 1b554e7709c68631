//! One connection to a server.

use std::fmt;
use std::time::Duration;

use mysql_async::prelude::Queryable;
use mysql_async::{Conn, DriverError, Error};
use tokio::time::timeout;

use super::endpoint::Endpoint;
use super::failure::{Failure, Report};
use super::identifier::Identifier;
use super::lexer::{Lexer, Token};
use super::row::Row;
use super::version::ServerVersion;

/// The longest wait for the answer to a catalog query.
const QUERY_TIMEOUT: Duration = Duration::from_mins(1);
/// The longest wait for the end of a session.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(5);
/// When an idle connection is probed, so that a firewall does not forget it during a long statement.
const KEEPALIVE: Duration = Duration::from_secs(30);
/// The error of a command that the server does not allow.
const NOT_ALLOWED: u16 = 1148;
/// Characters of the longest name of a lock on `MySQL`.
const LONGEST_LOCK: usize = 64;

/// Limits of a session.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// The longest a statement waits for a lock of a table or of a row: whole seconds, at least 1.
    pub lock_wait_timeout: Duration,
    /// The longest wait for a session, with TLS and authentication.
    pub connect_timeout: Duration,
    /// The longest a statement may run. `None` sets no limit. `MySQL` applies it to `SELECT` only.
    pub max_statement_time: Option<Duration>,
}

impl Limits {
    /// Returns the settings of the session. `sql_mode` stays that of the server: statements mean what they mean to its
    /// other clients.
    fn settings(&self, version: ServerVersion) -> String {
        let lock = self.lock_wait_timeout.as_secs().max(1);
        let most = match self.max_statement_time {
            None => String::new(),
            Some(limit) if version.is_mariadb => format!(", max_statement_time = {}", limit.as_secs_f64()),
            Some(limit) => format!(", max_execution_time = {}", limit.as_millis().max(1)),
        };
        format!(
            "SET SESSION lock_wait_timeout = {lock}, innodb_lock_wait_timeout = {lock}, autocommit = 1, \
             sql_quote_show_create = 1{most}"
        )
    }
}

/// A connection. Locks, user variables and temporary tables live as long as it does.
///
/// A session whose statement is still running when its future is dropped cannot be used any more. The statement continues
/// on the server until it ends or is killed.
pub struct Session {
    /// `None` after the connection was given up.
    connection: Option<Conn>,
    id: u64,
    version: ServerVersion,
}

impl Session {
    /// Connects to a server, and makes a schema the default one if one is given. An unknown schema is a
    /// [`Failure::Statement`] with code 1049.
    pub async fn open(
        endpoint: &Endpoint,
        schema: Option<&Identifier>,
        limits: Limits,
    ) -> Result<Self, Failure> {
        let options =
            endpoint.options().db_name(schema.map(Identifier::as_str)).tcp_keepalive(Some(KEEPALIVE));
        let connect = async {
            let mut connection = Conn::new(options).await?;
            let facts: Option<(String, u64)> =
                connection.query_first("SELECT @@version, CONNECTION_ID()").await?;
            let (version, id) = facts.ok_or(Error::Driver(DriverError::ConnectionClosed))?;
            let version = ServerVersion::parse(&version);
            // The collation of literals is that of the server's other clients, not of the driver's handshake.
            connection.query_drop("SET NAMES utf8mb4").await?;
            connection.query_drop(limits.settings(version)).await?;
            Ok(Self { connection: Some(connection), id, version })
        };
        match timeout(limits.connect_timeout, connect).await {
            Ok(opened) => opened.map_err(Failure::from_connecting),
            Err(_) => Err(Failure::Unreachable(
                format!("no session within {} s", limits.connect_timeout.as_secs()).into(),
            )),
        }
    }

    /// Returns the product and the version of the server.
    pub fn version(&self) -> ServerVersion {
        self.version
    }

    /// Returns the number of the connection on the server, which another session can [kill](Self::kill).
    pub fn connection_id(&self) -> u64 {
        self.id
    }

    /// Runs one statement and reads all its results. Only errors are of interest, also those of a later result.
    ///
    /// There is no limit on the client's side: a change of a large table may take hours.
    pub async fn execute(&mut self, statement: &str) -> Result<(), Failure> {
        if loads_local_file(statement) {
            return Err(Failure::Statement(Report {
                code: NOT_ALLOWED,
                sqlstate: "42000".to_owned(),
                message: "LOAD DATA LOCAL is not allowed: there are no local files".to_owned(),
            }));
        }
        let mut connection = self.take()?;
        let result = connection.query_drop(statement).await.map_err(Failure::from_statement);
        self.restore(connection, result)
    }

    /// Runs a catalog query with text parameters, one for each `?`, and returns its rows. A query without parameters may
    /// also be a `SHOW` statement.
    pub async fn rows(&mut self, query: &str, parameters: &[&str]) -> Result<Vec<Row>, Failure> {
        let mut connection = self.take()?;
        let read = async {
            let rows: Vec<mysql_async::Row> = if parameters.is_empty() {
                connection.query(query).await
            } else {
                connection.exec(query, parameters.to_vec()).await
            }?;
            Ok(rows.into_iter().map(Row::new).collect())
        };
        match timeout(QUERY_TIMEOUT, read).await {
            Ok(result) => self.restore(connection, result.map_err(Failure::from_statement)),
            Err(_) => Err(Failure::silent(QUERY_TIMEOUT)),
        }
    }

    /// Acquires a lock of the server by name, which ends with the session at the latest. Returns whether it was acquired
    /// within so many seconds.
    ///
    /// The name is shared by all schemas of the server. One longer than 64 characters is replaced by its digest.
    pub async fn get_lock(&mut self, name: &str, seconds: u32) -> Result<bool, Failure> {
        let query = format!("SELECT GET_LOCK(?, {seconds})");
        let rows = self.rows(&query, &[&lock_name(name)]).await?;
        // NULL is an error such as an interrupted wait.
        Ok(rows.first().and_then(|row| row.optional(0)) == Some("1"))
    }

    /// Releases a lock. Returns whether the session had it.
    pub async fn release_lock(&mut self, name: &str) -> Result<bool, Failure> {
        let rows = self.rows("SELECT RELEASE_LOCK(?)", &[&lock_name(name)]).await?;
        Ok(rows.first().and_then(|row| row.optional(0)) == Some("1"))
    }

    /// Returns the number of the connection that has a lock. `None` if none has it.
    pub async fn lock_holder(&mut self, name: &str) -> Result<Option<u64>, Failure> {
        let rows = self.rows("SELECT IS_USED_LOCK(?)", &[&lock_name(name)]).await?;
        Ok(rows.first().and_then(|row| row.optional(0)).and_then(|number| number.parse().ok()))
    }

    /// Ends another session and what it runs. Returns whether it existed.
    pub async fn kill(&mut self, connection_id: u64) -> Result<bool, Failure> {
        self.kill_what("CONNECTION", connection_id).await
    }

    /// Interrupts the statement of another session, which stays open. Returns whether the session existed.
    pub async fn interrupt(&mut self, connection_id: u64) -> Result<bool, Failure> {
        self.kill_what("QUERY", connection_id).await
    }

    async fn kill_what(&mut self, what: &str, connection_id: u64) -> Result<bool, Failure> {
        match self.execute(&format!("KILL {what} {connection_id}")).await {
            Ok(()) => Ok(true),
            Err(Failure::Statement(report)) if report.code == 1094 => Ok(false),
            Err(failure) => Err(failure),
        }
    }

    /// Tells the server that the session is over. One that is only dropped ends, too, but when the runtime gets to it.
    pub async fn close(mut self) {
        if let Some(connection) = self.connection.take() {
            // A session that cannot be closed properly has ended already.
            let _ = timeout(CLOSE_TIMEOUT, connection.disconnect()).await;
        }
    }

    /// Takes the connection for a statement. If the statement's future is dropped, it is not restored.
    fn take(&mut self) -> Result<Conn, Failure> {
        self.connection.take().ok_or_else(|| Failure::ConnectionLost("an earlier statement lost it".into()))
    }

    /// Keeps the connection for the next statement, unless the last one lost it.
    fn restore<T>(&mut self, connection: Conn, result: Result<T, Failure>) -> Result<T, Failure> {
        if !result.as_ref().is_err_and(Failure::is_of_connection) {
            self.connection = Some(connection);
        }
        result
    }
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session")
            .field("id", &self.id)
            .field("version", &self.version)
            .finish_non_exhaustive()
    }
}

/// Whether a statement loads a file of the client's machine. Failing to hand one over would cost the connection.
fn loads_local_file(statement: &str) -> bool {
    let mut tokens = Lexer::new(statement).filter(Token::is_significant);
    tokens.next().is_some_and(|first| first.is("LOAD")) && tokens.take(3).any(|token| token.is("LOCAL"))
}

/// Returns the name of a lock that every server accepts.
fn lock_name(name: &str) -> String {
    if name.chars().count() <= LONGEST_LOCK {
        return name.to_owned();
    }
    crate::dump::checksum::checksum(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: Limits = Limits {
        lock_wait_timeout: Duration::from_millis(300),
        connect_timeout: Duration::from_secs(5),
        max_statement_time: Some(Duration::from_millis(1500)),
    };

    #[test]
    fn limits_are_set_by_the_names_of_each_product() {
        let mariadb = LIMITS.settings(ServerVersion::parse("10.11.19-MariaDB"));
        assert!(mariadb.contains("SESSION lock_wait_timeout = 1,"), "{mariadb}");
        assert!(mariadb.ends_with("max_statement_time = 1.5"), "{mariadb}");
        let mysql = LIMITS.settings(ServerVersion::parse("8.0.36"));
        assert!(mysql.ends_with("max_execution_time = 1500"), "{mysql}");
        let unlimited =
            Limits { max_statement_time: None, ..LIMITS }.settings(ServerVersion::parse("8.0.36"));
        assert!(!unlimited.contains("max_"), "{unlimited}");
    }

    #[test]
    fn long_names_of_locks_are_replaced_by_digests() {
        assert_eq!(lock_name("apply:server:schema"), "apply:server:schema");
        let (one, other) = (lock_name(&"a".repeat(65)), lock_name(&"a".repeat(66)));
        assert!(one.len() == 32 && other.len() == 32 && one != other, "{one} {other}");
    }
}
