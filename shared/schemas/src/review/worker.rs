//! The worker of reviews.

use std::future::Future;
use std::pin::pin;

use domain::time::Micros;
use tokio::time::timeout;

use crate::dump::Dump;
use crate::journal::{Action, Happening, JOURNAL_IDS};
use crate::lint::Flavor;
use crate::mysql::session::Session;
use crate::record::{
    Changeset, ChangesetDetail, DatabaseSchema, Impact, MessageType, SchemaVersion, Task, TaskStatus,
};
use crate::review::probing::is_probed;
use crate::review::scratch::{Purpose, Scratch};
use crate::review::sizes::{Sizes, touched_tables, volumetric_values};
use crate::review::testing::Outcome;
use crate::review::{errors, findings};
use crate::store::Commit;
use crate::task::running::{Held, Runner, Stop};

/// What a review is about, as it was when the review started.
#[derive(Debug)]
pub(super) struct Subject {
    pub(super) changeset: Changeset,
    pub(super) schema: DatabaseSchema,
    pub(super) version: SchemaVersion,
    pub(super) dump: Dump,
    /// In the order in which they are applied.
    pub(super) details: Vec<ChangesetDetail>,
}

/// What the review found out about a detail.
#[derive(Clone, Debug)]
pub(super) struct Tested {
    /// The id of the detail.
    pub(super) detail: u64,
    pub(super) started_at: Micros,
    pub(super) ended_at: Micros,
    pub(super) outcome: Outcome,
    pub(super) impact: Option<Impact>,
    /// The sizes of the tables on the servers, as JSON text.
    pub(super) volumetric_values: String,
}

/// What the scratch server told about a changeset.
#[derive(Clone, Debug)]
pub(super) struct Findings {
    pub(super) tested: Vec<Tested>,
    pub(super) found: Vec<findings::Found>,
}

impl Runner {
    /// Reviews a changeset.
    pub(crate) async fn review(&self, held: &mut Held) -> Result<(), Stop> {
        let subject = self.subject(&held.task).await?;
        let subject = self.checked(held, subject).await?;
        self.start_review(held, &subject).await?;
        let scratch = Scratch::new(&self.servers, &held.task)?;
        let tested = self.test_all(held, &subject, &scratch).await;
        let dropped = scratch.drop_all().await;
        let (mut tested, flavor) = tested?;
        if let Err(stop) = dropped {
            tracing::warn!(?stop, task = held.task.id, "scratch schemas are left for a later review");
        }
        let sizes = self.read_sizes(held, &subject).await?;
        for tested in &mut tested {
            let detail = subject.details.iter().find(|detail| detail.id == tested.detail);
            let tables = detail.map(|detail| touched_tables(detail, &subject.dump.ddl)).unwrap_or_default();
            tested.volumetric_values = volumetric_values(&sizes, &tables);
        }
        let impacts: Vec<_> = tested.iter().map(|tested| (tested.detail, tested.impact.clone())).collect();
        let mut found = findings::findings(&subject.details, &subject.dump, flavor);
        found.extend(findings::copies(&subject.changeset, &impacts));
        self.finish_review(held, &subject, &Findings { tested, found }).await
    }

    /// Reads what the task is about. `None` for what does not exist.
    async fn subject(&self, task: &Task) -> Result<(Changeset, DatabaseSchema, Option<SchemaVersion>), Stop> {
        let registry = &self.registry;
        let gone = |text: &str| Stop::End(TaskStatus::Failed, text.to_owned());
        let id = task.changeset.ok_or_else(|| gone("The task has no changeset."))?;
        let changeset =
            registry.find::<Changeset>(id).await?.ok_or_else(|| gone("The changeset does not exist."))?;
        let schema = registry.find::<DatabaseSchema>(changeset.database_schema).await?;
        let schema = schema.ok_or_else(|| gone("The schema of the changeset does not exist."))?;
        let version = match task.schema_version {
            Some(id) => registry.find::<SchemaVersion>(id).await?,
            None => registry.latest_version(schema.id).await?,
        };
        Ok((changeset, schema, version))
    }

    /// Checks that the changeset can be reviewed, and reads the rest.
    async fn checked(
        &self,
        held: &Held,
        (changeset, schema, version): (Changeset, DatabaseSchema, Option<SchemaVersion>),
    ) -> Result<Subject, Stop> {
        let failed = |text: String| Stop::End(TaskStatus::Failed, text);
        let Some(version) = version else {
            return Err(failed(self.registry.no_version(schema.id).await?.to_string()));
        };
        if changeset.is_deleted {
            return Err(failed("The changeset is deleted.".to_owned()));
        }
        if version.database_schema != schema.id || held.task.database_schema != schema.id {
            return Err(failed(format!(
                "SchemaVersion [id={}] is not a version of DatabaseSchema [id={}].",
                version.id, schema.id
            )));
        }
        let dump = self.registry.dump_of(&version).await?;
        let details = self.registry.find_many::<ChangesetDetail>(&changeset.details).await?;
        Ok(Subject { changeset, schema, version, dump, details })
    }

    /// Records that the review started. One that starts again after an interruption forgets its messages.
    async fn start_review(&self, held: &mut Held, subject: &Subject) -> Result<(), Stop> {
        let is_first = held.task.messages.is_empty();
        let ids = self.registry.take_ids(&JOURNAL_IDS).await?;
        let start = |task: &Task| {
            let task = Task { messages: Vec::new(), ..task.clone() };
            let task = task.with_info("Changeset syntax test started.");
            Ok(task.with_info(&format!("Testing against SchemaVersion: id={}", subject.version.id)))
        };
        let enter = |task: &Task, commit: &mut Commit| {
            let action = Action { changeset: subject.changeset.id, kind: "review started", server: None };
            let description = String::new();
            let happening = Happening { event: None, description, action: Some(action), user: task.user };
            if is_first { self.registry.journal(commit, &ids, &happening) } else { Ok(()) }
        };
        self.update(held, start, enter).await
    }

    /// Tests all details. Returns also the kind of the scratch server.
    async fn test_all(
        &self,
        held: &mut Held,
        subject: &Subject,
        scratch: &Scratch,
    ) -> Result<(Vec<Tested>, Flavor), Stop> {
        let mut dumps = scratch.server().await?;
        let flavor = if dumps.version().is_mariadb { Flavor::MariaDb } else { Flavor::MySql };
        self.registry.sweep_scratch(&mut dumps, &held.task).await?;
        let is_measured = subject.details.iter().any(is_probed);
        let prepared = prepare(scratch, &mut dumps, &subject.dump, is_measured);
        let mut last = self.while_renewing(held, prepared).await??;
        self.note(
            held,
            &format!("Database schema '{}' was created.", scratch.schema(Purpose::Test).as_str()),
        )
        .await?;
        if last != subject.dump.checksum {
            self.warn(held, &[errors::OTHER_FORM.to_owned()]).await?;
        }
        let mut tested = Vec::new();
        for detail in &subject.details {
            if self.is_late(held) {
                return Err(Stop::Wait(
                    "The review did not end before the deadline of its worker.".to_owned(),
                ));
            }
            self.announce(held, detail).await?;
            let started_at = self.registry.now();
            let testing = async {
                let impact = if is_measured { scratch.probe(detail).await? } else { None };
                Ok::<_, Stop>((impact, scratch.test(&mut dumps, detail, &last).await?))
            };
            let (impact, outcome) = self.while_renewing(held, testing).await??;
            last.clone_from(&outcome.last);
            let (detail, ended_at) = (detail.id, self.registry.now());
            let volumetric_values = String::new();
            tested.push(Tested { detail, started_at, ended_at, outcome, impact, volumetric_values });
        }
        dumps.close().await;
        Ok((tested, flavor))
    }

    async fn announce(&self, held: &mut Held, detail: &ChangesetDetail) -> Result<(), Stop> {
        let lease = self.lease(self.registry.now());
        let announced = |task: &Task| {
            let task = task.with_info(&format!("Testing ChangesetDetail: id={}", detail.id));
            Ok(task.with_info(&format!("Executing apply_sql: {}", detail.apply_sql)).renewed(lease))
        };
        self.update(held, announced, |_, _| Ok(())).await
    }

    async fn note(&self, held: &mut Held, text: &str) -> Result<(), Stop> {
        self.update(held, |task| Ok(task.with_info(text)), |_, _| Ok(())).await
    }

    /// Adds warnings to the messages, if there are any.
    async fn warn(&self, held: &mut Held, texts: &[String]) -> Result<(), Stop> {
        if texts.is_empty() {
            return Ok(());
        }
        let warned = |task: &Task| {
            let warned = |task: Task, text: &String| task.with_message(MessageType::Warning, text, None);
            Ok(texts.iter().fold(task.clone(), warned))
        };
        self.update(held, warned, |_, _| Ok(())).await
    }

    /// Reads the sizes of the tables. A server that cannot be read is a warning.
    async fn read_sizes(&self, held: &mut Held, subject: &Subject) -> Result<Sizes, Stop> {
        let sizes = self.registry.sizes(&self.servers, &subject.schema, &subject.version);
        let sizes = self.while_renewing(held, sizes).await??;
        let unread: Vec<String> = sizes
            .iter()
            .filter_map(|(server, found)| {
                let reason = found.as_ref().err()?;
                Some(format!("The sizes of the tables on server '{server}' are unknown: {reason}."))
            })
            .collect();
        self.warn(held, &unread).await?;
        Ok(sizes)
    }

    /// Waits for something that takes long, and renews the lease meanwhile.
    async fn while_renewing<T>(&self, held: &mut Held, work: impl Future<Output = T>) -> Result<T, Stop> {
        let mut work = pin!(work);
        loop {
            if let Ok(done) = timeout(self.heartbeat, work.as_mut()).await {
                return Ok(done);
            }
            let lease = self.lease(self.registry.now());
            self.update(held, |task| Ok(task.renewed(lease)), |_, _| Ok(())).await?;
        }
    }
}

/// Creates the scratch schemas, and returns the checksum of the structure in them. It differs from that of the version if
/// the scratch server writes definitions in another way.
async fn prepare(
    scratch: &Scratch,
    session: &mut Session,
    dump: &Dump,
    is_measured: bool,
) -> Result<String, Stop> {
    scratch.create(session, Purpose::Test, dump).await?;
    if is_measured {
        scratch.create(session, Purpose::Probe, dump).await?;
    }
    let loaded = scratch.dump(session, Purpose::Test).await?;
    Ok(loaded.checksum)
}
