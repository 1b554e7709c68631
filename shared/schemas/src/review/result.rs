//! The result of a review: its rows, the checksums of the details, and the state of the changeset.
//!
//! All of it is visible with the end of the task. What does not fit into that transaction is written before it under ids
//! that no changeset names yet, or removed after it. Rows that an interrupted worker left behind are removed by the next
//! review.

use domain::error::Error;
use domain::storage::table::Race;
use domain::time::Micros;

use crate::journal::{Action, Happening};
use crate::record::{
    Changeset, ChangesetDetail, ChangesetTest, ChangesetValidation, Name, Record, Task, TaskStatus,
};
use crate::review::findings::rejects;
use crate::review::worker::{Findings, Subject, Tested};
use crate::store::{Commit, MOST_RACES, NewIds, too_many_races};
use crate::task::running::{Held, Runner, Stop};

/// The kind of test that a review makes: the syntax.
const SYNTAX_TEST: u64 = 1;
/// Writes of a transaction.
const MOST_WRITES: usize = 95;
/// Writes of the rows of a test or a finding: the row, and its entry under the changeset.
const WRITES_PER_ROW: usize = 2;
/// Seconds after which a row that no changeset names is left over, and not that of a review that is about to end.
const LEFT_OVER_SECONDS: i64 = 3_600;

/// The text about a changeset that is not what was reviewed any more.
const CHANGED: &str = "The changeset was changed during its review. It needs another review.";

/// The rows of a result.
struct Rows {
    tests: Vec<ChangesetTest>,
    validations: Vec<ChangesetValidation>,
}

/// What a result replaces, as it is stored.
struct Stored {
    changeset: Changeset,
    details: Vec<ChangesetDetail>,
    /// The tests and findings of earlier reviews.
    old: Rows,
}

impl Rows {
    fn writes(&self) -> usize {
        (self.tests.len() + self.validations.len()) * WRITES_PER_ROW
    }

    /// Adds the rows to a transaction.
    fn created(&self, commit: &mut Commit) -> Result<(), Error> {
        self.tests.iter().try_for_each(|row| commit.create(row))?;
        self.validations.iter().try_for_each(|row| commit.create(row))
    }

    /// Adds their removal to a transaction.
    fn removed(&self, commit: &mut Commit) {
        self.tests.iter().for_each(|row| commit.remove(row));
        self.validations.iter().for_each(|row| commit.remove(row));
    }
}

impl Runner {
    /// Stores the result and ends the task, unless the changeset was changed meanwhile.
    pub(super) async fn finish_review(
        &self,
        held: &mut Held,
        subject: &Subject,
        findings: &Findings,
    ) -> Result<(), Stop> {
        for _ in 0..MOST_RACES {
            let stored = self.stored(subject).await?;
            let rows = self.new_rows(&stored.changeset, findings).await?;
            let (mut commit, task) = self.reviewed(held, subject, findings, (&stored, &rows)).await?;
            let fits = commit.len() + rows.writes() + stored.old.writes() <= MOST_WRITES;
            if fits {
                rows.created(&mut commit)?;
                stored.old.removed(&mut commit);
            } else {
                self.write_apart(&rows).await?;
            }
            if self.registry.commit(commit).await? == Race::Won {
                held.task = task;
                if !fits {
                    self.remove_apart(&stored.old).await?;
                }
                return self.remove_left_over(subject.changeset.id).await;
            }
            // Waivers may have changed, so that the rows are made again. Those that were written apart are left over.
        }
        Err(too_many_races().into())
    }

    /// Reads what the result replaces. Fails if the changeset is not what was reviewed.
    async fn stored(&self, subject: &Subject) -> Result<Stored, Stop> {
        let registry = &self.registry;
        let changed = || Stop::End(TaskStatus::Failed, CHANGED.to_owned());
        let changeset = registry.find::<Changeset>(subject.changeset.id).await?.ok_or_else(changed)?;
        let details = registry.find_many::<ChangesetDetail>(&changeset.details).await?;
        let is_same = changeset.database_schema == subject.changeset.database_schema
            && changeset.approved_at == subject.changeset.approved_at
            && !changeset.is_deleted
            && details.len() == subject.details.len()
            && details.iter().zip(&subject.details).all(|(stored, reviewed)| has_same_sql(stored, reviewed));
        if !is_same {
            return Err(changed());
        }
        let tests = registry.find_many::<ChangesetTest>(&changeset.tests).await?;
        let validations = registry.find_many::<ChangesetValidation>(&changeset.validations).await?;
        Ok(Stored { changeset, details, old: Rows { tests, validations } })
    }

    /// Returns the new rows, under new ids.
    async fn new_rows(&self, changeset: &Changeset, findings: &Findings) -> Result<Rows, Stop> {
        let counts = [findings.tested.len() as u64, findings.found.len() as u64];
        let wanted = [(Name::ChangesetTest, counts[0]), (Name::ChangesetValidation, counts[1])];
        let ids = self.registry.take_ids(&wanted).await?;
        let now = self.registry.now();
        let tests = findings.tested.iter().zip(ids.first(Name::ChangesetTest)..);
        let tests = tests.map(|(tested, id)| test_row(tested, id, changeset.id, now)).collect();
        let found = findings.found.iter().zip(ids.first(Name::ChangesetValidation)..);
        let row = |(found, id): (&crate::review::findings::Found, u64)| ChangesetValidation {
            id,
            changeset: changeset.id,
            changeset_detail: Some(found.detail),
            validation_type: u64::from(found.rule.0),
            timestamp: Some(now),
            result: found.result.clone(),
            severity: found.severity.name().to_owned(),
            is_waived: changeset.waived.contains(&u64::from(found.rule.0)),
            created_at: now,
            updated_at: now,
            version: 1,
        };
        Ok(Rows { tests, validations: found.map(row).collect() })
    }

    /// Returns the transaction that ends the task and changes the changeset and its details, and the ended task.
    async fn reviewed(
        &self,
        held: &Held,
        subject: &Subject,
        findings: &Findings,
        (stored, rows): (&Stored, &Rows),
    ) -> Result<(Commit, Task), Stop> {
        let registry = &self.registry;
        let old = registry.find::<Task>(held.task.id).await?.ok_or(Stop::Lost)?;
        if old.token != held.task.token || !old.status.is_active() {
            return Err(Stop::Lost);
        }
        let now = registry.now();
        let has_passed = findings.tested.iter().all(|tested| tested.outcome.result.is_ok());
        let is_valid = !findings.found.iter().any(|found| rejects(found, &stored.changeset.waived));
        let is_good = has_passed && is_valid;
        let reviewed = stored.changeset.reviewed(is_good, old.user, subject.version.id, now);
        let reviewed = reviewed.map_err(|cause| Stop::End(TaskStatus::Failed, cause.to_string()))?;
        let new = Changeset {
            tests: rows.tests.iter().map(Record::id).collect(),
            validations: rows.validations.iter().map(Record::id).collect(),
            ..reviewed
        };
        let mut commit = Commit::default();
        commit.replace(&stored.changeset, &new)?;
        for detail in &stored.details {
            let tested = findings.tested.iter().find(|tested| tested.detail == detail.id);
            if let Some(tested) = tested {
                commit.replace(detail, &tested_detail(detail, tested, now))?;
            }
        }
        let task = ended(&old, &new.tests, now)?;
        let task = registry.next_task(&old, task);
        commit.replace_task(&old, &task)?;
        let wanted = [(Name::Event, 1), (Name::ChangesetAction, 4)];
        let ids = registry.take_ids(&wanted).await?;
        self.enter_review(&mut commit, &ids, &new, old.user, (has_passed, is_valid))?;
        Ok((commit, task))
    }

    /// Adds the entries of a review to the histories.
    fn enter_review(
        &self,
        commit: &mut Commit,
        ids: &NewIds,
        changeset: &Changeset,
        user: Option<u64>,
        (has_passed, is_valid): (bool, bool),
    ) -> Result<(), Error> {
        let tests = if has_passed { "tests passed" } else { "tests failed" };
        let validations = if is_valid { "validations passed" } else { "validations failed" };
        let rejected = (!has_passed || !is_valid).then_some("rejected");
        let kinds = [Some(validations), Some(tests), Some("reviewed"), rejected];
        for (kind, used) in kinds.into_iter().flatten().zip(0..) {
            let happening = Happening {
                event: (kind == "reviewed").then_some("changeset_reviewed"),
                description: format!("Changeset [id={}] was reviewed.", changeset.id),
                action: Some(Action { changeset: changeset.id, kind, server: None }),
                user,
            };
            self.registry.journal(commit, &ids.after(Name::ChangesetAction, used), &happening)?;
        }
        Ok(())
    }

    /// Creates rows before the transaction that makes them visible.
    async fn write_apart(&self, rows: &Rows) -> Result<(), Stop> {
        let tests = rows.tests.iter().map(|row| Rows { tests: vec![row.clone()], validations: Vec::new() });
        let validations =
            rows.validations.iter().map(|row| Rows { tests: Vec::new(), validations: vec![row.clone()] });
        let each: Vec<Rows> = tests.chain(validations).collect();
        for some in each.chunks(MOST_WRITES / WRITES_PER_ROW) {
            let mut commit = Commit::default();
            some.iter().try_for_each(|rows| rows.created(&mut commit))?;
            if self.registry.commit(commit).await? == Race::Lost {
                return Err(too_many_races().into());
            }
        }
        Ok(())
    }

    /// Removes rows that no changeset names any more. One that was removed or changed by another is not touched.
    async fn remove_apart(&self, rows: &Rows) -> Result<(), Stop> {
        let tests = rows.tests.iter().map(|row| {
            let mut commit = Commit::default();
            commit.remove(row);
            commit
        });
        let validations = rows.validations.iter().map(|row| {
            let mut commit = Commit::default();
            commit.remove(row);
            commit
        });
        for commit in tests.chain(validations) {
            self.registry.commit(commit).await?;
        }
        Ok(())
    }

    /// Removes rows that interrupted workers left behind.
    async fn remove_left_over(&self, changeset: u64) -> Result<(), Stop> {
        let registry = &self.registry;
        let Some(changeset) = registry.find::<Changeset>(changeset).await? else { return Ok(()) };
        let (id, old) = (changeset.id, registry.now().plus_seconds(-LEFT_OVER_SECONDS));
        let mut tests = registry.find_referring::<ChangesetTest>("changeset", id).await?;
        tests.retain(|row| !changeset.tests.contains(&row.id) && row.created_at <= old);
        let mut validations = registry.find_referring::<ChangesetValidation>("changeset", id).await?;
        validations.retain(|row| !changeset.validations.contains(&row.id) && row.created_at <= old);
        self.remove_apart(&Rows { tests, validations }).await
    }
}

fn has_same_sql(stored: &ChangesetDetail, reviewed: &ChangesetDetail) -> bool {
    let texts = |detail: &ChangesetDetail| {
        let ChangesetDetail {
            apply_sql, revert_sql, apply_verification_sql, revert_verification_sql, ..
        } = detail.clone();
        [apply_sql, revert_sql, apply_verification_sql, revert_verification_sql]
    };
    stored.id == reviewed.id && texts(stored) == texts(reviewed)
}

fn test_row(tested: &Tested, id: u64, changeset: u64, now: Micros) -> ChangesetTest {
    ChangesetTest {
        id,
        changeset_detail: tested.detail,
        changeset,
        test_type: SYNTAX_TEST,
        started_at: Some(tested.started_at),
        ended_at: Some(tested.ended_at),
        results_log: tested.outcome.result.as_ref().err().cloned().unwrap_or_default(),
        created_at: now,
        updated_at: now,
        version: 1,
    }
}

/// Returns the detail with what its test found. A failed test leaves the checksums as they were.
fn tested_detail(old: &ChangesetDetail, tested: &Tested, now: Micros) -> ChangesetDetail {
    let next = ChangesetDetail {
        impact: tested.impact.clone(),
        volumetric_values: tested.volumetric_values.clone(),
        updated_at: now,
        version: old.version + 1,
        ..old.clone()
    };
    match &tested.outcome.result {
        Ok(found) => ChangesetDetail {
            before_checksum: found.before.clone(),
            after_checksum: found.after.clone(),
            statement_checksums: found.statements.clone(),
            ..next
        },
        Err(_) => next,
    }
}

fn ended(old: &Task, tests: &[u64], now: Micros) -> Result<Task, Stop> {
    let messages =
        ["Changeset syntax test ended.", "Changeset review ended.", "Changeset review task completed."];
    let task = messages.into_iter().fold(old.clone(), |task, text| task.with_info(text));
    Ok(Task { results: tests.to_vec(), ..task }.ended(TaskStatus::Done, now)?)
}
