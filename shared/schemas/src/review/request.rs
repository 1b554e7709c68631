//! Requests of reviews.

use domain::access::audit::AuditAction;
use domain::error::{Error, Kind};
use domain::storage::table::Race;

use crate::changeset::{Action, allowed};
use crate::people::Person;
use crate::record::{Changeset, DatabaseSchema, Name, Task};
use crate::refusal::Refusal;
use crate::registry::Registry;
use crate::store::{Commit, too_many_races};

impl Registry {
    /// Requests a review of a changeset. `None` reviews the changeset's own version, or the latest one of its schema.
    pub async fn request_review(
        &self,
        changeset: u64,
        schema_version: Option<u64>,
        person: &Person,
    ) -> Result<Task, Refusal> {
        let changeset = self.require::<Changeset>(changeset).await?;
        allowed(Action::Review, person.role, &changeset)?;
        self.check_review_version(changeset.database_schema, schema_version).await?;
        let version = schema_version.or(changeset.review_version);
        if version.is_none() && self.latest_version(changeset.database_schema).await?.is_none() {
            return Err(Refusal::from(self.no_version(changeset.database_schema).await?).of(&changeset));
        }
        let id = self.take_ids(&[(Name::Task, 1)]).await?.first(Name::Task);
        let task = self.review_task(id, &changeset, version, person);
        let mut commit = Commit::default();
        commit.create_task(&task, self)?;
        let audit = AuditAction {
            action: "changeset.review",
            target: &changeset.id.to_string(),
            note: Some(format!("task {}", task.task_id)),
            before: Some(changeset.version),
            after: Some(changeset.version),
        };
        self.audit(&mut commit, &person.caller, audit)?;
        if self.commit(commit).await? == Race::Lost {
            return Err(too_many_races().into());
        }
        self.send_run_or_wait(&task).await;
        Ok(task)
    }

    /// Returns the documented error of a schema without versions.
    pub(super) async fn no_version(&self, schema: u64) -> Result<Error, Error> {
        let schema = self.require::<DatabaseSchema>(schema).await?;
        let text = format!("No schema version found for database schema '{}'.", schema.name);
        Ok(Error::new(Kind::Conflict, text))
    }
}
