//! Sessions that are kept for the next report.
//!
//! A new connection costs more than most reports: a process of the server is started, credentials are verified, catalogs
//! are cached, and the statement is planned. A session is therefore kept after a report that succeeded. It is idle then,
//! outside of a transaction, so that it holds no lock and no snapshot, but PostgreSQL refuses to drop a database while a
//! session is connected to it. `DROP DATABASE` waits [5 seconds](https://www.postgresql.org/docs/current/sql-dropdatabase.html)
//! for sessions to end, so the server ends an idle one before that, even if Lambda has frozen this process.

use std::fmt;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::identifier::Identifier;
use super::session::Session;

/// After this time the server ends an idle session.
pub const IDLE_TIMEOUT: Duration = Duration::from_secs(3);
/// An idle session that the server may be about to end is not used.
const USABLE: Duration = Duration::from_millis(2_500);
/// The longest that a session is used. Changes of permissions and of addresses take effect with the next one.
const LIFETIME: Duration = Duration::from_mins(1);
/// Idle sessions of one server. Others are closed.
const MOST_IDLE: usize = 8;
/// The first version with `idle_session_timeout`. Sessions of older servers are not kept.
const FIRST_VERSION: u32 = 14;

/// The idle sessions of one server.
#[derive(Default)]
pub struct Pool {
    /// The server's version. Zero until the first session has been opened.
    version: AtomicU32,
    idle: Mutex<Vec<Idle>>,
}

struct Idle {
    database: Identifier,
    session: Session,
    since: Instant,
}

impl Idle {
    fn is_usable(&self) -> bool {
        self.since.elapsed() < USABLE && is_young(&self.session)
    }
}

impl Pool {
    /// The idle timeout of new sessions. `None` if the server is too old for one, or its version is not known yet.
    pub fn idle_timeout(&self) -> Option<Duration> {
        (self.version.load(Ordering::Relaxed) >= FIRST_VERSION).then_some(IDLE_TIMEOUT)
    }

    /// Takes an idle session of a database.
    pub fn take(&self, database: &Identifier) -> Option<Session> {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        idle.retain(Idle::is_usable);
        let place = idle.iter().rposition(|idle| idle.database == *database)?;
        Some(idle.swap_remove(place).session)
    }

    /// Keeps a session whose last statement succeeded. Returns a session that has to be closed instead.
    pub fn put(&self, database: Identifier, session: Session) -> Option<Session> {
        self.version.store(session.version(), Ordering::Relaxed);
        if !session.has_idle_timeout() || !is_young(&session) {
            return Some(session);
        }
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        idle.retain(Idle::is_usable);
        if idle.len() >= MOST_IDLE {
            return Some(session);
        }
        idle.push(Idle { database, session, since: Instant::now() });
        None
    }
}

impl fmt::Debug for Pool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pool").field("version", &self.version).finish_non_exhaustive()
    }
}

fn is_young(session: &Session) -> bool {
    session.opened().elapsed() < LIFETIME
}
