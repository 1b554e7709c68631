//! The file behind the queues.
//!
//! Write-ahead log with `synchronous=NORMAL`: what was answered survives the end of the process, however it ends.

use std::sync::{Mutex, PoisonError};

use domain::platform::clock::Clock;
use domain::platform::id::Ids;
use rusqlite::{Connection, Transaction, TransactionBehavior, params};

use super::refusal::Refusal;

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
        receipt TEXT,                 -- of the latest receive; NULL: never received from this queue
        source TEXT                   -- the queue whose dead letter it is
    );
    CREATE INDEX IF NOT EXISTS message_visible ON message (queue, visible_at, seq);
";

/// The queues and their messages.
pub struct Store {
    connection: Mutex<Connection>,
    clock: Clock,
    ids: Ids,
}

/// One request's view of the store: all of it is kept, or nothing.
pub struct Session<'a> {
    /// The open transaction.
    pub sql: Transaction<'a>,
    /// The time of the request, milliseconds since the epoch.
    pub now: i64,
    ids: &'a Ids,
}

impl Session<'_> {
    /// A new identifier.
    pub fn id(&self) -> String {
        self.ids.uuid()
    }
}

impl Store {
    /// The store on this connection; tables are made where there are none.
    pub fn new(connection: Connection, clock: Clock, ids: Ids) -> Result<Self, rusqlite::Error> {
        connection.pragma_update(None, "journal_mode", "WAL")?;
        connection.pragma_update(None, "synchronous", "NORMAL")?;
        connection.execute_batch(SCHEMA)?;
        Ok(Self { connection: Mutex::new(connection), clock, ids })
    }

    /// Lets the messages of a queue that are hidden by a receive be visible again within so many milliseconds.
    pub fn recall(&self, queue: &str, most: i64) -> Result<(), rusqlite::Error> {
        let sql =
            "UPDATE message SET visible_at = ?2 WHERE queue = ?1 AND visible_at > ?2 AND receipt IS NOT NULL";
        let at = self.clock.now().timestamp_millis() + most;
        self.connection.lock().unwrap_or_else(PoisonError::into_inner).execute(sql, params![queue, at])?;
        Ok(())
    }

    /// Runs one request in a transaction, which is kept only if the request succeeds.
    pub fn run<T>(&self, request: impl FnOnce(&Session) -> Result<T, Refusal>) -> Result<T, Refusal> {
        // A request that panicked was rolled back: the store behind a poisoned lock is sound.
        let mut connection = self.connection.lock().unwrap_or_else(PoisonError::into_inner);
        let sql = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let session = Session { sql, now: self.clock.now().timestamp_millis(), ids: &self.ids };
        let answer = request(&session)?;
        session.sql.commit()?;
        Ok(answer)
    }
}
