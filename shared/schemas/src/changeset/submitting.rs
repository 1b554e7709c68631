//! Submission of changesets.

use domain::error::Error;
use domain::storage::table::Race;
use domain::time::Micros;

use crate::changeset::changing::Entries;
use crate::changeset::submission::{DetailTexts, NewChangeset};
use crate::journal::JOURNAL_IDS;
use crate::people::Person;
use crate::record::{Changeset, ChangesetDetail, DatabaseSchema, Name, SchemaVersion, Task, TaskKind};
use crate::refusal::Refusal;
use crate::registry::Registry;
use crate::store::{Commit, NewIds, too_many_races};

const SUBMISSION: Entries = Entries {
    event: Some("changeset_submitted"),
    what: "was submitted",
    action: "created",
    audit: "changeset.submit",
};

impl Registry {
    /// Stores a changeset with its details, and requests its review in the name of the submitter.
    pub async fn submit(&self, new: NewChangeset, person: &Person) -> Result<Changeset, Refusal> {
        new.check()?;
        self.require::<DatabaseSchema>(new.database_schema).await?;
        self.check_review_version(new.database_schema, new.review_version).await?;
        let count = new.details.len() as u64;
        let wanted = [(Name::Changeset, 1), (Name::ChangesetDetail, count), (Name::Task, 1)];
        let ids = self.take_ids(&[wanted.as_slice(), &JOURNAL_IDS].concat()).await?;
        let (changeset, details) = rows(&new, &ids, person, self.now());
        let task = self.review_task(ids.first(Name::Task), &changeset, changeset.review_version, person);
        let mut commit = Commit::default();
        commit.create(&changeset)?;
        for detail in &details {
            commit.create(detail)?;
        }
        commit.create_task(&task, self)?;
        let note = changeset.review_status.name();
        self.enter(&mut commit, &ids, person, SUBMISSION, (None, &changeset), note)?;
        if self.commit(commit).await? == Race::Lost {
            return Err(too_many_races().into());
        }
        self.send_run_or_wait(&task).await;
        Ok(changeset)
    }

    /// Fails unless the version to review is one of the schema.
    pub(crate) async fn check_review_version(
        &self,
        schema: u64,
        version: Option<u64>,
    ) -> Result<(), Refusal> {
        let Some(id) = version else { return Ok(()) };
        let version = self.require::<SchemaVersion>(id).await?;
        if version.database_schema == schema {
            return Ok(());
        }
        let text = format!("SchemaVersion [id={id}] is not a version of DatabaseSchema [id={schema}].");
        Err(Refusal::Malformed(text))
    }

    /// Returns the task of a review that a person requests. `None` reviews the latest version.
    pub(crate) fn review_task(
        &self,
        id: u64,
        changeset: &Changeset,
        version: Option<u64>,
        person: &Person,
    ) -> Task {
        let (task_id, now) = (self.ids.uuid(), self.now());
        let task = Task::new(id, task_id, TaskKind::Review, changeset.database_schema, now);
        Task { changeset: Some(changeset.id), schema_version: version, user: Some(person.id), ..task }
    }
}

/// Returns the rows of a new changeset.
fn rows(new: &NewChangeset, ids: &NewIds, person: &Person, now: Micros) -> (Changeset, Vec<ChangesetDetail>) {
    let id = ids.first(Name::Changeset);
    let first = ids.first(Name::ChangesetDetail);
    let details: Vec<_> =
        new.details.iter().zip(first..).map(|(texts, detail)| texts.row(detail, id, now)).collect();
    let (schema, submitter) = (new.database_schema, Some(person.id));
    let changeset = Changeset {
        review_version: new.review_version,
        repo_filename: new.repo_filename.clone(),
        version_control_url: new.version_control_url.clone(),
        details: details.iter().map(|detail| detail.id).collect(),
        ..Changeset::new(id, schema, new.kind, new.classification, submitter, now)
    };
    (changeset, details)
}

impl DetailTexts {
    /// Returns the row of a new detail.
    pub(crate) fn row(&self, id: u64, changeset: u64, now: Micros) -> ChangesetDetail {
        let texts = self.clone();
        ChangesetDetail {
            id,
            changeset,
            description: texts.description,
            apply_sql: texts.apply_sql,
            revert_sql: texts.revert_sql,
            apply_verification_sql: texts.apply_verification_sql,
            revert_verification_sql: texts.revert_verification_sql,
            before_checksum: String::new(),
            after_checksum: String::new(),
            statement_checksums: Vec::new(),
            volumetric_values: String::new(),
            impact: None,
            created_at: now,
            updated_at: now,
            version: 1,
        }
    }
}

/// Returns the texts of a detail.
pub(super) fn texts(detail: &ChangesetDetail) -> DetailTexts {
    DetailTexts {
        description: detail.description.clone(),
        apply_sql: detail.apply_sql.clone(),
        revert_sql: detail.revert_sql.clone(),
        apply_verification_sql: detail.apply_verification_sql.clone(),
        revert_verification_sql: detail.revert_verification_sql.clone(),
    }
}

/// Returns a detail with other texts. What a review found in other statements does not hold any more.
pub(super) fn with_texts(old: &ChangesetDetail, new: &DetailTexts, now: Micros) -> ChangesetDetail {
    let row = new.row(old.id, old.changeset, old.created_at);
    let next = ChangesetDetail { updated_at: now, version: old.version + 1, ..row };
    if texts(old).sql() != new.sql() {
        return next;
    }
    let description = next.description;
    ChangesetDetail { description, updated_at: now, version: old.version + 1, ..old.clone() }
}

/// Checks that writes fit into one transaction.
pub(super) fn check_fits(writes: usize) -> Result<(), Refusal> {
    const MOST_WRITES: usize = 90;
    if writes <= MOST_WRITES {
        return Ok(());
    }
    let error = Error::invalid(format!(
        "the update changes {writes} rows of details and their tests: at most {MOST_WRITES} are possible at once"
    ));
    Err(error.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_review_found_is_forgotten_when_the_statements_change() {
        let old = DetailTexts { apply_sql: "a".to_owned(), ..DetailTexts::default() };
        let reviewed = ChangesetDetail {
            before_checksum: "1".to_owned(),
            after_checksum: "2".to_owned(),
            statement_checksums: vec!["2".to_owned()],
            volumetric_values: "{}".to_owned(),
            ..old.row(1, 2, Micros(0))
        };
        let described = DetailTexts { description: "d".to_owned(), ..old.clone() };
        let kept = with_texts(&reviewed, &described, Micros(5));
        assert_eq!((kept.description.as_str(), kept.after_checksum.as_str(), kept.version), ("d", "2", 2));
        for changed in [
            DetailTexts { apply_sql: "b".to_owned(), ..old.clone() },
            DetailTexts { revert_verification_sql: "b".to_owned(), ..old },
        ] {
            let changed = with_texts(&reviewed, &changed, Micros(5));
            assert_eq!((changed.before_checksum.as_str(), changed.after_checksum.as_str()), ("", ""));
            assert!(changed.statement_checksums.is_empty() && changed.volumetric_values.is_empty());
            assert_eq!((changed.id, changed.changeset, changed.created_at), (1, 2, Micros(0)));
        }
    }
}
