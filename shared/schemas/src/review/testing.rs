//! The test of one detail on the scratch server.

use crate::mysql::failure::Failure;
use crate::mysql::kind::Kind;
use crate::mysql::session::Session;
use crate::mysql::statements::split;
use crate::record::ChangesetDetail;
use crate::review::errors::{NOT_REPEATABLE, NOT_REVERTED, line, sql_line, verification_line};
use crate::review::permission;
use crate::review::scratch::{Purpose, Scratch, broken};
use crate::task::running::Stop;

/// The checksums that a test found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Checksums {
    /// Before the change.
    pub(super) before: String,
    /// After it.
    pub(super) after: String,
    /// After each statement of `apply_sql`.
    pub(super) statements: Vec<String>,
}

/// The outcome of the test of a detail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Outcome {
    /// The checksums, or the line of the error.
    pub(super) result: Result<Checksums, String>,
    /// The checksum of the scratch schema afterwards, from which the test of the next detail starts.
    pub(super) last: String,
}

/// Why a test of a detail ends early.
enum Trouble {
    /// The detail is wrong. Holds the line of the error.
    Wrong(String),
    /// The review cannot go on.
    Stop(Stop),
}

impl From<Stop> for Trouble {
    fn from(stop: Stop) -> Self {
        Self::Stop(stop)
    }
}

/// The sessions of a test. The second one dumps, so that settings and temporary tables of the first do not affect dumps.
struct Test<'a> {
    scratch: &'a Scratch,
    session: Session,
    dumps: &'a mut Session,
}

impl Scratch {
    /// Tests a detail that starts from a structure with this checksum.
    ///
    /// Nothing of a detail runs if one of its statements must not. Each detail has a session of its own, as when it is
    /// applied.
    pub(super) async fn test(
        &self,
        dumps: &mut Session,
        detail: &ChangesetDetail,
        before: &str,
    ) -> Result<Outcome, Stop> {
        if let Some(reason) = refusal(detail) {
            return Ok(Outcome { result: Err(line(&reason)), last: before.to_owned() });
        }
        let mut test = Test { scratch: self, session: self.session(Purpose::Test).await?, dumps };
        let result = match test.steps(detail, before).await {
            Ok(checksums) => Ok(checksums),
            Err(Trouble::Wrong(line)) => Err(line),
            Err(Trouble::Stop(stop)) => return Err(stop),
        };
        let Test { session, dumps, .. } = test;
        session.close().await;
        let last = match &result {
            Ok(checksums) => checksums.after.clone(),
            Err(_) => self.dump(dumps, Purpose::Test).await?.checksum,
        };
        Ok(Outcome { result, last })
    }
}

/// Returns why nothing of a detail may run.
fn refusal(detail: &ChangesetDetail) -> Option<String> {
    let texts = [
        &detail.apply_sql,
        &detail.revert_sql,
        &detail.apply_verification_sql,
        &detail.revert_verification_sql,
    ];
    texts.into_iter().find_map(|sql| permission::refusal(sql))
}

impl Test<'_> {
    /// Applies the detail, verifies it, reverts it, verifies that, and applies it again.
    async fn steps(&mut self, detail: &ChangesetDetail, before: &str) -> Result<Checksums, Trouble> {
        let statements = self.apply(&detail.apply_sql, before).await?;
        let after = statements.last().map_or(before, String::as_str).to_owned();
        self.verify("Apply", &detail.apply_verification_sql).await?;
        let reverts = split(&detail.revert_sql);
        let reverted = if reverts.is_empty() {
            after.clone()
        } else {
            self.run(&reverts).await?;
            self.checksum().await?
        };
        if reverted != before {
            return Err(Trouble::Wrong(line(NOT_REVERTED)));
        }
        if !reverts.is_empty() {
            self.verify("Revert", &detail.revert_verification_sql).await?;
            self.run(&split(&detail.apply_sql)).await?;
            if self.checksum().await? != after {
                return Err(Trouble::Wrong(line(NOT_REPEATABLE)));
            }
        }
        Ok(Checksums { before: before.to_owned(), after, statements })
    }

    /// Runs the statements that apply the detail, and returns the checksums after each.
    async fn apply(&mut self, sql: &str, before: &str) -> Result<Vec<String>, Trouble> {
        let mut checksums: Vec<String> = Vec::new();
        for statement in split(sql) {
            self.run(&[statement]).await?;
            // A change of rows does not change the structure.
            let checksum = match Kind::of(statement) {
                Kind::Dml => checksums.last().map_or(before, String::as_str).to_owned(),
                Kind::Ddl | Kind::Other => self.checksum().await?,
            };
            checksums.push(checksum);
        }
        Ok(checksums)
    }

    /// Runs statements. An error of one is an error of the detail.
    async fn run(&mut self, statements: &[&str]) -> Result<(), Trouble> {
        self.run_until_error(statements).await?.map_err(|failure| Trouble::Wrong(sql_line(&failure)))
    }

    /// Runs a verification. Its rows are ignored.
    async fn verify(&mut self, what: &str, sql: &str) -> Result<(), Trouble> {
        let verified = self.run_until_error(&split(sql)).await?;
        verified.map_err(|failure| Trouble::Wrong(verification_line(what, &failure)))
    }

    async fn run_until_error(&mut self, statements: &[&str]) -> Result<Result<(), Failure>, Stop> {
        for statement in statements {
            match self.session.execute(statement).await {
                Ok(()) => {}
                Err(failure) if failure.is_of_connection() => return Err(broken(failure)),
                Err(failure) => return Ok(Err(failure)),
            }
        }
        Ok(Ok(()))
    }

    async fn checksum(&mut self) -> Result<String, Stop> {
        Ok(self.scratch.dump(self.dumps, Purpose::Test).await?.checksum)
    }
}
