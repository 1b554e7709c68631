//! One connection to one database.

mod command;

use std::collections::HashMap;
use std::pin::{Pin, pin};
use std::time::{Duration, Instant};

use futures::TryStreamExt;
use serde::de::DeserializeOwned;
use tokio::time::timeout;
use tokio_postgres::types::Type;
use tokio_postgres::{Client, Connection, Row, RowStream, Statement};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::endpoint::Endpoint;
use super::failure::Failure;
use super::identifier::Identifier;
use super::query::Query;

/// The oldest major version that the statements run on: it has all views of progress.
pub(super) const OLDEST_VERSION: u32 = 13;

/// The longest wait for one address of a server.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// The longest wait for a session, with TLS, authentication, and every address of the server.
const OPEN_TIMEOUT: Duration = Duration::from_secs(10);
/// The client's wait beyond the server's own `statement_timeout`.
const GRACE: Duration = Duration::from_secs(5);
/// When an idle connection is probed: a firewall that drops it is noticed within a minute.
const KEEPALIVE: Duration = Duration::from_secs(15);

/// Limits of a session.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Shown in `pg_stat_activity`.
    pub application_name: &'static str,
    /// The longest a statement may run.
    pub statement_timeout: Duration,
    /// The longest a statement waits for a lock.
    pub lock_timeout: Duration,
    /// After which time the server ends the session if it is idle. PostgreSQL 13 has no such setting.
    pub idle_timeout: Option<Duration>,
    /// Whether the server rejects every change.
    pub read_only: bool,
}

impl Limits {
    /// Settings of the session, sent with the connection request: they cost no round trip.
    fn options(&self) -> String {
        [
            // Names and times in statements and definitions do not depend on the user of the connection.
            "-c search_path=pg_catalog",
            "-c TimeZone=UTC",
            "-c DateStyle=ISO",
            // Catalog queries have high estimated costs and are over before they would be compiled.
            "-c jit=off",
            // Without a statement, a client whose host is gone is noticed within two minutes.
            "-c tcp_keepalives_idle=60 -c tcp_keepalives_interval=15 -c tcp_keepalives_count=4",
            &format!("-c statement_timeout={}", self.statement_timeout.as_millis()),
            &format!("-c lock_timeout={}", self.lock_timeout.as_millis()),
            &self.idle_timeout.map_or_else(String::new, |timeout| {
                format!("-c idle_session_timeout={}", timeout.as_millis())
            }),
            // A plan does not depend on the names that a query takes, so it is made once.
            if self.read_only {
                "-c default_transaction_read_only=on -c plan_cache_mode=force_generic_plan"
            } else {
                ""
            },
        ]
        .join(" ")
    }
}

/// The connection of a client, which has to be polled for the client's calls to make progress.
type Driver = Pin<Box<dyn Future<Output = Result<(), tokio_postgres::Error>> + Send>>;

/// A connection. It is driven while one of its methods waits, and at no other time.
pub struct Session {
    client: Client,
    connection: Driver,
    limits: Limits,
    version: u32,
    is_superuser: bool,
    opened: Instant,
    /// Prepared queries, by their texts.
    statements: HashMap<&'static str, Statement>,
}

impl Session {
    /// Connects to a database. Returns `None` if the server has no such database.
    pub async fn open(
        endpoint: &Endpoint,
        database: &Identifier,
        limits: Limits,
    ) -> Result<Option<Self>, Failure> {
        let mut config = endpoint.config().clone();
        let options = [config.get_options().unwrap_or_default(), &limits.options()].join(" ");
        config
            .dbname(database.as_str())
            .application_name(limits.application_name)
            .options(options)
            .connect_timeout(CONNECT_TIMEOUT)
            .keepalives_idle(KEEPALIVE)
            .keepalives_interval(KEEPALIVE)
            .keepalives_retries(3);
        let tls = MakeRustlsConnect::new(endpoint.roots().config());
        let Ok(connected) = timeout(OPEN_TIMEOUT, config.connect(tls)).await else {
            return Err(Failure::silent(OPEN_TIMEOUT));
        };
        let (client, connection) = match connected {
            Ok(connected) => connected,
            Err(error) => return Failure::from_connecting(error).map_or(Ok(None), Err),
        };
        let version = major_version(&connection);
        if let Some(version) = version.filter(|version| *version < OLDEST_VERSION) {
            return Err(Failure::TooOld(version));
        }
        Ok(Some(Self {
            client,
            limits,
            version: version.unwrap_or(OLDEST_VERSION),
            is_superuser: connection.parameter("is_superuser") == Some("on"),
            connection: Box::pin(connection),
            opened: Instant::now(),
            statements: HashMap::new(),
        }))
    }

    /// The server's major version.
    pub fn version(&self) -> u32 {
        self.version
    }

    /// Whether the server ends the session if it is idle for long.
    pub fn has_idle_timeout(&self) -> bool {
        self.limits.idle_timeout.is_some()
    }

    /// When the session was opened.
    pub fn opened(&self) -> Instant {
        self.opened
    }

    /// Runs a query whose rows are one column of JSON text each. Its parameters are names. Its plan is kept for the next
    /// time.
    ///
    /// The text of a query is known when Steward is built: nothing that a client sends becomes a part of it.
    pub async fn rows<T: DeserializeOwned>(
        &mut self,
        query: Query,
        names: &[&Identifier],
    ) -> Result<Vec<T>, Failure> {
        let text = if self.is_superuser { query.for_superusers } else { query.for_others };
        let names = names.iter().map(|name| name.as_str());
        let work = async {
            let statement = prepare(&self.client, &mut self.statements, text, names.len()).await?;
            let rows = self.client.query_raw(&statement, names).await.map_err(Failure::from_statement)?;
            read_all(rows).await
        };
        let limit = self.limits.statement_timeout + GRACE;
        let driven = drive(&mut self.connection, work);
        timeout(limit, driven).await.unwrap_or_else(|_| Err(Failure::silent(limit)))
    }

    /// Tells the server that the session is over. One that is only dropped ends, too, but leaves a line in its log.
    pub async fn close(self) {
        drop(self.client);
        let _ = timeout(GRACE, self.connection).await;
    }
}

/// Waits for the result of a client's call, and drives its connection meanwhile.
async fn drive<T>(
    connection: &mut Driver,
    call: impl Future<Output = Result<T, Failure>>,
) -> Result<T, Failure> {
    tokio::select! {
        biased;
        result = call => result,
        ended = connection => Err(Failure::from_ending(ended)),
    }
}

/// Returns the parsed rows of a query.
async fn read_all<T: DeserializeOwned>(rows: RowStream) -> Result<Vec<T>, Failure> {
    let mut rows = pin!(rows);
    let mut read = Vec::new();
    while let Some(row) = rows.try_next().await.map_err(Failure::from_statement)? {
        read.push(parse(&row)?);
    }
    Ok(read)
}

/// Returns the prepared form of a query that takes this many names.
async fn prepare(
    client: &Client,
    statements: &mut HashMap<&'static str, Statement>,
    text: &'static str,
    names: usize,
) -> Result<Statement, Failure> {
    if let Some(statement) = statements.get(text) {
        return Ok(statement.clone());
    }
    let prepared = client.prepare_typed(text, &vec![Type::NAME; names]).await;
    let statement = prepared.map_err(Failure::from_statement)?;
    statements.insert(text, statement.clone());
    Ok(statement)
}

fn parse<T: DeserializeOwned>(row: &Row) -> Result<T, Failure> {
    let text: &str = row.try_get(0).map_err(|error| Failure::Row(error.into()))?;
    serde_json::from_str(text).map_err(|error| Failure::Row(error.into()))
}

/// The server's major version, which it reports with the connection: `15.18 (Debian 15.18-1)`.
fn major_version<S, T>(connection: &Connection<S, T>) -> Option<u32>
where
    S: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin,
    T: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin,
{
    let version = connection.parameter("server_version")?;
    let digits = version.find(|c: char| !c.is_ascii_digit()).unwrap_or(version.len());
    version[..digits].parse().ok()
}
