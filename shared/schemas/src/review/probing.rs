//! The lock impact of changes of tables, measured on the scratch server.

use crate::mysql::failure::Failure;
use crate::mysql::session::Session;
use crate::mysql::statements::split;
use crate::record::{ChangesetDetail, Impact};
use crate::review::permission;
use crate::review::probe::{Probed, attempts, greater, impact, is_unsupported};
use crate::review::scratch::{Purpose, Scratch, broken};
use crate::task::running::Stop;

/// Whether a detail changes an existing table, so that its impact can be measured.
pub(super) fn is_probed(detail: &ChangesetDetail) -> bool {
    split(&detail.apply_sql).into_iter().any(|statement| Probed::new(statement).is_some())
}

impl Scratch {
    /// Applies a detail to the copy of the schema, after those before it, and returns the greatest impact of its
    /// statements. `None` if it changes no existing table. The test of the detail reports its errors.
    pub(super) async fn probe(&self, detail: &ChangesetDetail) -> Result<Option<Impact>, Stop> {
        if permission::refusal(&detail.apply_sql).is_some() {
            return Ok(None);
        }
        let mut session = self.session(Purpose::Probe).await?;
        let mut greatest = None;
        for statement in split(&detail.apply_sql) {
            match measure(&mut session, statement).await {
                Ok(Some(found)) => greatest = Some(greater(greatest, found)),
                Ok(None) => {}
                Err(failure) if failure.is_of_connection() => return Err(broken(failure)),
                Err(_) => break,
            }
        }
        session.close().await;
        Ok(greatest)
    }
}

/// Runs a statement once: with the cheapest clauses that the server accepts, or without clauses.
async fn measure(session: &mut Session, statement: &str) -> Result<Option<Impact>, Failure> {
    if let Some(probed) = Probed::new(statement) {
        let mut rejected = Vec::new();
        for attempt in attempts(session.version()) {
            match session.execute(&probed.with(attempt)).await {
                Ok(()) => return Ok(Some(impact(attempt, &rejected))),
                Err(Failure::Statement(report)) if is_unsupported(report.code) => {
                    rejected.push((attempt, format!("{}.", report.message.trim_end_matches('.'))));
                }
                Err(failure) if failure.is_of_connection() => return Err(failure),
                // The statement is wrong, or takes no clauses.
                Err(_) => break,
            }
        }
    }
    session.execute(statement).await.map(|()| None)
}
