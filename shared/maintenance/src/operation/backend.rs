//! The backend of a statement, seen from another session of the same server.

use serde::Deserialize;

use crate::operation::record::Running;
use crate::postgres::failure::Failure;
use crate::postgres::session::Session;

/// Names the session, and turns off the check that ends a statement whose client is gone. PostgreSQL 13 has no such
/// check.
const NAME: &str = "
SELECT json_build_array(
  set_config('application_name', $1, false),
  set_config('search_path', '\"$user\", public', false),
  (SELECT set_config(name, '0', false) FROM pg_settings WHERE name = 'client_connection_check_interval'))::text";

/// This session, and how many sessions of operations started before it.
const IDENTITY: &str = "
SELECT json_build_object(
  'pid', me.pid,
  'backend_start', (extract(epoch FROM me.backend_start) * 1000000)::bigint,
  'earlier', (SELECT count(*) FROM pg_stat_activity o
              WHERE o.application_name LIKE 'op:%' AND (o.backend_start, o.pid) < (me.backend_start, me.pid)))::text
FROM pg_stat_activity me WHERE me.pid = pg_backend_pid()";

/// Whether a statement runs in a session.
const IS_RUNNING: &str = "
SELECT (state IS DISTINCT FROM 'idle')::text FROM pg_stat_activity
WHERE pid = $1::int AND (extract(epoch FROM backend_start) * 1000000)::bigint = $2::bigint AND application_name = $3";

/// Cancels the statement of a session.
const CANCEL: &str = "
SELECT pg_cancel_backend(pid)::text FROM pg_stat_activity
WHERE pid = $1::int AND (extract(epoch FROM backend_start) * 1000000)::bigint = $2::bigint AND application_name = $3";

/// Ends a session.
const TERMINATE: &str = "
SELECT pg_terminate_backend(pid)::text FROM pg_stat_activity
WHERE pid = $1::int AND (extract(epoch FROM backend_start) * 1000000)::bigint = $2::bigint AND application_name = $3";

/// A session as the server knows it.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Identity {
    pub(crate) pid: i32,
    pub(crate) backend_start: i64,
    /// Sessions of operations on this server that started before this one. The session may run a statement if there are
    /// fewer than the limit: of sessions that start at the same time, the first ones win, and a backend whose worker is
    /// gone still counts.
    pub(crate) earlier: u32,
}

/// The activity of a statement's session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Activity {
    /// The statement runs.
    Running,
    /// No statement runs: it has ended, or is yet to be sent by a worker that was paused.
    Idle,
    /// The session has ended.
    Gone,
}

/// Gives a session its name and returns its identity.
pub(crate) async fn introduce(session: &mut Session, name: &str) -> Result<Identity, Failure> {
    session.rows_of::<serde_json::Value>(NAME, &[name]).await?;
    let identity = session.rows_of(IDENTITY, &[]).await?.pop();
    identity.ok_or_else(|| Failure::Row("the session is not in pg_stat_activity".into()))
}

/// Runs a query about the session of a statement. Returns `None` if the session has ended.
async fn ask(session: &mut Session, query: &'static str, running: &Running) -> Result<Option<bool>, Failure> {
    let (pid, start) = (running.pid.to_string(), running.backend_start.to_string());
    let found: Vec<bool> = session.rows_of(query, &[&pid, &start, &running.application]).await?;
    Ok(found.first().copied())
}

/// Returns the activity of a statement's session.
pub(crate) async fn activity(session: &mut Session, running: &Running) -> Result<Activity, Failure> {
    Ok(match ask(session, IS_RUNNING, running).await? {
        Some(true) => Activity::Running,
        Some(false) => Activity::Idle,
        None => Activity::Gone,
    })
}

/// Cancels a statement, or ends its session. Returns whether there was such a session.
pub(crate) async fn cancel(
    session: &mut Session,
    running: &Running,
    terminate: bool,
) -> Result<bool, Failure> {
    Ok(ask(session, if terminate { TERMINATE } else { CANCEL }, running).await? == Some(true))
}
