//! The progress of the statement of a running operation, and the sessions that block it.

use std::time::Duration;

use domain::error::Error;
use serde::{Deserialize, Serialize};

use crate::operation::backend;
use crate::operation::catalog::failed;
use crate::operation::objects;
use crate::operation::record::{Operation, Running};
use crate::postgres::failure::Failure;
use crate::postgres::identifier::Identifier;
use crate::postgres::session::{Limits, Session};
use crate::server::Servers;

/// Columns that all versions from 13 on have.
const PROGRESS: &str = "
SELECT json_build_object(
  'phase', coalesce(v.phase, f.phase, a.phase, i.phase),
  'done', coalesce(v.heap_blks_scanned, f.heap_blks_scanned, a.sample_blks_scanned, i.blocks_done),
  'total', coalesce(v.heap_blks_total, f.heap_blks_total, a.sample_blks_total, i.blocks_total),
  'blockers', (
    SELECT coalesce(json_agg(json_build_object(
      'pid', b.pid, 'user', b.usename, 'application_name', b.application_name, 'state', b.state,
      'query', left(b.query, 200)) ORDER BY b.pid), '[]')
    FROM pg_stat_activity b WHERE b.pid = ANY (pg_blocking_pids(s.pid))))::text
FROM pg_stat_activity s
LEFT JOIN pg_stat_progress_vacuum v ON v.pid = s.pid
LEFT JOIN pg_stat_progress_cluster f ON f.pid = s.pid
LEFT JOIN pg_stat_progress_analyze a ON a.pid = s.pid
LEFT JOIN pg_stat_progress_create_index i ON i.pid = s.pid
WHERE s.pid = $1::int AND (extract(epoch FROM s.backend_start) * 1000000)::bigint = $2::bigint
  AND s.application_name = $3";

/// The limits of a session that looks at another one.
const LOOKING: Limits = Limits {
    application_name: "steward",
    statement_timeout: Duration::from_secs(5),
    lock_timeout: Duration::from_secs(1),
    idle_timeout: None,
    read_only: false,
};

/// The progress of a statement.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Progress {
    /// The phase, as PostgreSQL names it.
    pub phase: Option<String>,
    #[serde(skip_serializing)]
    done: Option<i64>,
    #[serde(skip_serializing)]
    total: Option<i64>,
    /// The sessions that hold locks it waits for.
    pub blockers: Vec<Blocker>,
}

/// A session that another one waits for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Blocker {
    /// The process id.
    pub pid: i32,
    /// The user.
    pub user: Option<String>,
    /// The name that the client gave.
    pub application_name: Option<String>,
    /// Such as `idle in transaction`.
    pub state: Option<String>,
    /// The beginning of its latest statement.
    pub query: Option<String>,
}

impl Progress {
    /// Returns the finished part of the statement's phase in percent, with one decimal.
    pub fn percent(&self) -> Option<f64> {
        let (done, total) = (self.done?, self.total.filter(|total| *total > 0)?);
        // Both are counts of blocks, far below 2^53.
        #[expect(clippy::cast_precision_loss, reason = "counts of blocks are far below 2^53")]
        let percent = done as f64 * 100.0 / total as f64;
        Some((percent.min(100.0) * 10.0).round() / 10.0)
    }
}

/// Returns the progress of the current statement. `None` if there is none, or if it has ended.
pub async fn progress(servers: &Servers, operation: &Operation) -> Result<Option<Progress>, Error> {
    let Some((current, mut session)) = watch(servers, operation).await? else { return Ok(None) };
    let (pid, start) = (current.pid.to_string(), current.backend_start.to_string());
    let found = session.rows_of(PROGRESS, &[&pid, &start, &current.application]).await;
    session.close().await;
    found.map(|mut found: Vec<Progress>| found.pop()).map_err(failed)
}

/// Cancels the current statement of an operation whose cancel was requested. The worker does the same at its next
/// heartbeat, so that a failure is only logged.
pub async fn cancel(servers: &Servers, operation: &Operation) {
    let canceled: Result<bool, Failure> = match watch(servers, operation).await {
        Ok(None) => return,
        Ok(Some((current, mut session))) => {
            let canceled = backend::cancel(&mut session, current, false).await;
            session.close().await;
            canceled
        }
        Err(error) => {
            tracing::warn!(operation.id, error = error.chain(), "a statement is cancelled by its worker");
            return;
        }
    };
    if let Err(failure) = canceled {
        let error: Error = failed(failure);
        tracing::warn!(operation.id, error = error.chain(), "a statement is cancelled by its worker");
    }
}

async fn watch<'a>(
    servers: &Servers,
    operation: &'a Operation,
) -> Result<Option<(&'a Running, Session)>, Error> {
    let Some(current) = &operation.current else { return Ok(None) };
    let server = objects::server(servers, &operation.target)?;
    let Some(home) = Identifier::new(server.home_database()) else { return Ok(None) };
    Ok(server.open(&home, LOOKING).await?.map(|session| (current, session)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percent_needs_a_total_and_never_exceeds_100() {
        for (done, total, expected) in [
            (Some(1), Some(3), Some(33.3)),
            (Some(9), Some(3), Some(100.0)),
            (Some(0), Some(0), None),
            (None, None, None),
        ] {
            let progress = Progress { phase: None, done, total, blockers: Vec::new() };
            assert_eq!(progress.percent(), expected);
        }
    }
}
