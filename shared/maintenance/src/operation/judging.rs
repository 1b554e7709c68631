//! Determines the outcome of a statement whose reply was lost.

use crate::operation::backend::{self, Activity};
use crate::operation::catalog;
use crate::operation::objects;
use crate::operation::record::{Reason, Running};
use crate::operation::running;
use crate::operation::running::{Held, Runner, Stop};
use crate::operation::status::Status;
use crate::postgres::session::Session;

/// Seconds until a backend that still runs is looked at again.
const LOOK_SECONDS: i64 = 60;
/// The same after a cancel.
const CANCEL_SECONDS: i64 = 10;
/// The same after an idle session was ended.
const ENDED_SECONDS: i64 = 1;
/// Seconds after a cancel was requested at which the session is ended.
pub(crate) const GRACE_SECONDS: i64 = 30;

/// The outcome of a statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// It had its effect, or there is nothing to do.
    Finished,
    /// It failed, and would again.
    Failed(Reason),
    /// It was cancelled as requested.
    Aborted,
    /// It had no effect and may succeed later.
    Again(Reason),
    /// It still runs. It is looked at again after so many seconds.
    Running(i64),
}

impl Runner {
    /// Returns the outcome of the current statement of an operation that was acquired. `None` if there is none.
    ///
    /// A statement that ran to its end is finished even if its operation was cancelled meanwhile.
    pub(crate) async fn judge(&self, held: &Held, watch: &mut Session) -> Result<Option<Verdict>, Stop> {
        let Some(current) = held.operation.current.clone() else { return Ok(None) };
        let is_abort = held.operation.status == Status::Abort;
        match backend::activity(watch, &current).await? {
            Activity::Running if is_abort => {
                self.cancel_backend(held, watch, &current).await?;
                return Ok(Some(Verdict::Running(CANCEL_SECONDS)));
            }
            Activity::Running => return Ok(Some(Verdict::Running(LOOK_SECONDS))),
            // A worker that was paused before it sent the statement could still send it, after its effect was looked for.
            Activity::Idle => {
                backend::cancel(watch, &current, true).await?;
                return Ok(Some(Verdict::Running(ENDED_SECONDS)));
            }
            Activity::Gone => {}
        }
        let finished = self.had_effect(held, &current).await?;
        let reason = || Reason::new("the session ended and the statement had no effect");
        Ok(Some(match (finished, is_abort) {
            (true, _) => Verdict::Finished,
            (false, true) => Verdict::Aborted,
            (false, false) => Verdict::Again(reason()),
        }))
    }

    /// Cancels the statement, or ends its session if that had no effect for a while.
    pub(crate) async fn cancel_backend(
        &self,
        held: &Held,
        watch: &mut Session,
        current: &Running,
    ) -> Result<(), Stop> {
        let now = self.operations.now();
        let since = held.operation.canceled.unwrap_or(now);
        let terminate = since.plus_seconds(GRACE_SECONDS) <= now;
        backend::cancel(watch, current, terminate).await?;
        Ok(())
    }

    async fn had_effect(&self, held: &Held, current: &Running) -> Result<bool, Stop> {
        let operation = &held.operation;
        let server = objects::server(&self.servers, &operation.target)
            .map_err(|error| Stop::Impossible(Reason::new(error.to_string())))?;
        let mut session = self.open(server, &operation.target.database).await?;
        let after = catalog::evidence(&mut session, current.table).await;
        if operation.options.concurrently == Some(true)
            && matches!(catalog::lock(&mut session, current.table).await, Ok(true))
        {
            catalog::tidy(&mut session, current.table).await;
        }
        session.close().await;
        let after = after.map_err(|failure| {
            tracing::warn!(
                operation.id,
                error = running::reason(&failure).message,
                "a relation cannot be read"
            );
            Stop::from(failure)
        })?;
        Ok(after.is_some_and(|after| current.before.is_followed_by(&after, current.effect)))
    }
}
