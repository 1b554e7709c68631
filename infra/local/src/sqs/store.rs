//! The database of queues and messages.
//!
//! It uses a write-ahead log with `synchronous=NORMAL`: an acknowledged write survives a crash of the process.

use std::sync::{Mutex, PoisonError};

use domain::platform::clock::Clock;
use domain::platform::id::Ids;
use rusqlite::{Connection, TransactionBehavior, params};

use super::error::Error;

const SCHEMA: &str = "
    CREATE TABLE IF NOT EXISTS queue (
        name TEXT PRIMARY KEY,
        settings TEXT NOT NULL,       -- JSON
        created_at INTEGER NOT NULL,  -- times are milliseconds since the epoch
        modified_at INTEGER NOT NULL
    ) WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS message (
        seq INTEGER PRIMARY KEY AUTOINCREMENT,
        id TEXT NOT NULL,
        queue TEXT NOT NULL REFERENCES queue(name),
        body TEXT NOT NULL,
        attributes TEXT NOT NULL,     -- JSON
        sent_at INTEGER NOT NULL,
        visible_at INTEGER NOT NULL,
        receives INTEGER NOT NULL DEFAULT 0,
        first_received_at INTEGER,
        receipt TEXT,                 -- handle of the latest receive; NULL if not received from this queue
        source TEXT                   -- ARN of the queue that a dead letter comes from
    );
    CREATE INDEX IF NOT EXISTS message_visible ON message (queue, visible_at, seq);
";

/// The queues and their messages.
pub struct Store {
    connection: Mutex<Connection>,
    clock: Clock,
    ids: Ids,
}

/// The transaction of one request.
pub struct Transaction<'a> {
    /// The database transaction.
    pub sql: rusqlite::Transaction<'a>,
    /// Time of the request in milliseconds since the epoch.
    pub now: i64,
    ids: &'a Ids,
}

impl Transaction<'_> {
    /// Generates an identifier.
    pub fn new_id(&self) -> String {
        self.ids.uuid()
    }
}

impl Store {
    /// Opens the store on this connection, and creates its tables if they do not exist.
    pub fn new(connection: Connection, clock: Clock, ids: Ids) -> Result<Self, rusqlite::Error> {
        connection.pragma_update(None, "journal_mode", "WAL")?;
        connection.pragma_update(None, "synchronous", "NORMAL")?;
        connection.execute_batch(SCHEMA)?;
        Ok(Self { connection: Mutex::new(connection), clock, ids })
    }

    /// Makes a queue's messages in flight visible again after at most `delay` milliseconds.
    pub fn release_in_flight(&self, queue: &str, delay: i64) -> Result<(), rusqlite::Error> {
        let sql =
            "UPDATE message SET visible_at = ?2 WHERE queue = ?1 AND visible_at > ?2 AND receipt IS NOT NULL";
        let at = self.clock.now().timestamp_millis() + delay;
        self.connection.lock().unwrap_or_else(PoisonError::into_inner).execute(sql, params![queue, at])?;
        Ok(())
    }

    /// Runs a request in a transaction. Commits it if the request succeeds, and rolls it back otherwise.
    pub fn transaction<T>(&self, request: impl FnOnce(&Transaction) -> Result<T, Error>) -> Result<T, Error> {
        // A poisoned lock is harmless, because the transaction of a request that panics is rolled back.
        let mut connection = self.connection.lock().unwrap_or_else(PoisonError::into_inner);
        let sql = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let tx = Transaction { sql, now: self.clock.now().timestamp_millis(), ids: &self.ids };
        let response = request(&tx)?;
        tx.sql.commit()?;
        Ok(response)
    }
}
