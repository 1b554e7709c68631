//! The first and the last check of an application: whether the structure on the server is the expected one.

use crate::apply::admitting::{is_applicable, state_text};
use crate::apply::ending::{Ending, Success};
use crate::apply::plan::Planned;
use crate::apply::text;
use crate::apply::working::Work;
use crate::dump::Dump;
use crate::mysql::kind::Kind;
use crate::record::{Changeset, Message, MessageType, SchemaVersion, Task, TaskKind, TaskStatus};
use crate::store::{MOST_RACES, too_many_races};
use crate::task::running::{Held, Runner, Stop};

impl Runner {
    /// Decides whether the task may start, and records the version from which it does. Ends a dry run.
    pub(super) async fn begin(&self, held: &mut Held, work: &Work<'_>) -> Result<(), Stop> {
        let (task, changeset) = (&held.task, &work.job.changeset);
        if task.kind == TaskKind::Apply && !is_applicable(changeset) {
            return Err(Stop::End(TaskStatus::Failed, state_text(changeset)));
        }
        if let Some(drift) = self.registry.open_drift(task.database_schema, &work.job.server).await?
            && !task.options.force
        {
            return Err(Stop::End(TaskStatus::Failed, drift));
        }
        let start = self.expected_start(task.kind, changeset, &work.live).await?;
        if task.options.dry_run {
            return self.rehearse(held, work).await;
        }
        let warning = unreviewed_start(held, work);
        let started = |task: &Task| {
            let task = match &warning {
                Some(text) => task.with_message(MessageType::Warning, text, None),
                None => task.clone(),
            };
            let expected = Some(start.checksum.clone());
            Ok(Task { schema_version: Some(start.id), expected, attempts: 0, unreachable: None, ..task })
        };
        self.update(held, started, |_, _| Ok(())).await
    }

    /// Returns the version that the schema has. Fails unless the task may start from it: the version before or after the
    /// changeset if it was applied anywhere, and any known one otherwise.
    async fn expected_start(
        &self,
        kind: TaskKind,
        changeset: &Changeset,
        live: &Dump,
    ) -> Result<SchemaVersion, Stop> {
        let (expected, text) = match kind {
            TaskKind::Revert => (changeset.after_version, text::REVERT_MISMATCH),
            _ => (changeset.before_version, text::APPLY_MISMATCH),
        };
        let Some(expected) = expected else {
            let version = self.registry.version_of(changeset.database_schema, &live.checksum).await?;
            return version.ok_or_else(|| Stop::End(TaskStatus::Failed, text::UNKNOWN_VERSION.to_owned()));
        };
        let version = self.registry.require::<SchemaVersion>(expected).await?;
        if version.checksum != live.checksum {
            let dump = self.registry.dump_of(&version).await?;
            return Err(Stop::EndWith(TaskStatus::Failed, text::mismatch(text, &dump, live)));
        }
        Ok(version)
    }

    /// Ends a dry run with a message for each statement, and one with the predicted checksum.
    async fn rehearse(&self, held: &mut Held, work: &Work<'_>) -> Result<(), Stop> {
        let plan = work.job.course.plan();
        let warning = unreviewed_start(held, work);
        let predicted = match plan.last_checksum() {
            Some(checksum) if warning.is_none() => format!("The predicted checksum is {checksum}."),
            _ => "The checksum cannot be predicted.".to_owned(),
        };
        let planned = |task: &Task| {
            let mut task = plan.statements.iter().fold(task.clone(), |task, planned| {
                task.with_message(MessageType::Info, &rehearsed(planned), impact(work, planned))
            });
            if let Some(text) = &warning {
                task = task.with_message(MessageType::Warning, text, None);
            }
            Ok(task.with_info(&predicted))
        };
        self.update(held, planned, |_, _| Ok(())).await?;
        self.conclude(held, Ending::new(TaskStatus::Done, None)).await
    }

    /// Ends a task whose statements were all executed, unless the structure is not the expected one.
    pub(super) async fn finish(&self, held: &mut Held, work: &Work<'_>) -> Result<(), Stop> {
        for _ in 0..MOST_RACES {
            // Another application of the changeset may have set its versions meanwhile.
            let changeset = self.registry.require::<Changeset>(work.job.changeset.id).await?;
            if !held.task.is_accepted {
                self.verify(held, work, &changeset).await?;
            }
            let (name, server) = (&work.job.schema.name, Some(work.job.server.id));
            let version = self.registry.store_dump(name, &work.live, server, None).await?;
            let is_first = held.task.kind == TaskKind::Apply && changeset.before_version.is_none();
            let changed = is_first.then(|| {
                let (before_version, after_version) = (held.task.schema_version, Some(version.id));
                let next = changeset.next(self.registry.now());
                (changeset, Changeset { before_version, after_version, ..next })
            });
            let ending =
                Ending { success: Some(Success { changed, version }), ..Ending::new(TaskStatus::Done, None) };
            if self.try_end(held, &ending).await? {
                return Ok(());
            }
        }
        Err(too_many_races().into())
    }

    /// Fails if the final structure is not the expected one: that of the first application, or that which the review
    /// predicts.
    async fn verify(&self, held: &Held, work: &Work<'_>, changeset: &Changeset) -> Result<(), Stop> {
        let start = self.start_version(held).await?;
        let expected = match held.task.kind {
            TaskKind::Revert => self.reverted_version(work).await?,
            _ if changeset.before_version == Some(start.id) => changeset.after_version,
            _ => None,
        };
        let message = if let Some(expected) = expected {
            let version = self.registry.require::<SchemaVersion>(expected).await?;
            if version.checksum == work.live.checksum {
                return Ok(());
            }
            text::mismatch(text::FINAL_MISMATCH, &self.registry.dump_of(&version).await?, &work.live)
        } else {
            let plan = work.job.course.plan();
            let predicted = plan.last_checksum().filter(|_| plan.first_checksum() == Some(&start.checksum));
            if predicted.is_none_or(|predicted| predicted == work.live.checksum) {
                return Ok(());
            }
            text::error(text::FINAL_MISMATCH)
        };
        let next = "Resume compares it again, repair accepts it as it is, cancel gives the task up.";
        let message = Message { message: format!("{} {next}", message.message), ..message };
        Err(Stop::EndWith(TaskStatus::Error, message))
    }

    /// Returns the version from which the task started.
    pub(super) async fn start_version(&self, held: &Held) -> Result<SchemaVersion, Stop> {
        Ok(self.registry.require(held.task.schema_version.unwrap_or_default()).await?)
    }

    /// Returns the id of the version that the server had before the application that a job reverts.
    async fn reverted_version(&self, work: &Work<'_>) -> Result<Option<u64>, Stop> {
        let applied = self.registry.applied(work.job.changeset.id, work.job.server.id).await?;
        let task = match applied {
            Some(applied) => self.registry.find::<Task>(applied.apply).await?,
            None => None,
        };
        Ok(task.and_then(|task| task.schema_version))
    }
}

/// Returns a warning if the schema is not the one that the review tested, so that no checksum is predicted.
fn unreviewed_start(held: &Held, work: &Work<'_>) -> Option<String> {
    let reviewed = work.job.course.plan().first_checksum();
    let is_reviewed = held.task.kind == TaskKind::Revert || reviewed == Some(&work.live.checksum);
    (!is_reviewed).then(|| {
        "The structure of the schema is not the one that the review tested: its results may not hold."
            .to_owned()
    })
}

/// Returns the text of a statement that a dry run does not execute.
fn rehearsed(planned: &Planned) -> String {
    let proof = match (planned.kind, &planned.reviewed) {
        (Kind::Ddl, Some(reviewed)) if reviewed.before != reviewed.after => {
            "its effect shows in the checksum"
        }
        _ => "its effect shows in no checksum, so that a person decides if its outcome is lost",
    };
    format!("Would execute ({proof}): {}", planned.sql)
}

/// Returns how the scratch server executes the detail of a statement, as JSON text.
fn impact(work: &Work<'_>, planned: &Planned) -> Option<String> {
    let impact = work.job.course.detail(planned.detail)?.impact.as_ref()?;
    serde_json::to_string(impact).ok()
}
