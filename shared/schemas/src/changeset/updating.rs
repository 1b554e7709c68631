//! Updates of changesets and their details.

use domain::storage::table::Race;

use crate::changeset::changing::Entries;
use crate::changeset::rights::{Action, allowed};
use crate::changeset::submission::{ChangesetUpdate, DetailTexts, check_details};
use crate::changeset::submitting::{check_fits, texts, with_texts};
use crate::journal::JOURNAL_IDS;
use crate::people::Person;
use crate::record::{Changeset, ChangesetDetail, ChangesetTest, ChangesetValidation, DatabaseSchema, Name};
use crate::refusal::Refusal;
use crate::registry::Registry;
use crate::store::{Commit, MOST_RACES, NewIds, too_many_races};

const UPDATE: Entries = Entries {
    event: Some("changeset_updated"),
    what: "was updated",
    action: "changed",
    audit: "changeset.update",
};

/// The details of a changeset before an update, and what it makes of them.
struct Details {
    changed: Vec<(ChangesetDetail, ChangesetDetail)>,
    added: Vec<ChangesetDetail>,
    deleted: Vec<ChangesetDetail>,
    /// The ids afterwards.
    ids: Vec<u64>,
}

impl Registry {
    /// Updates a changeset: the fields that are named, its details, and its state, which becomes `needs`. No review is
    /// requested.
    pub async fn update(
        &self,
        id: u64,
        update: ChangesetUpdate,
        person: &Person,
    ) -> Result<Changeset, Refusal> {
        for _ in 0..MOST_RACES {
            let old = self.require::<Changeset>(id).await?;
            allowed(Action::Update, person.role, &old)?;
            let (new, race) = self.update_once(&old, &update, person).await?;
            if race == Race::Won {
                return Ok(new);
            }
        }
        Err(too_many_races().into())
    }

    async fn update_once(
        &self,
        old: &Changeset,
        update: &ChangesetUpdate,
        person: &Person,
    ) -> Result<(Changeset, Race), Refusal> {
        let mut new = self.updated_fields(old, update).await?;
        let added = update.details.iter().filter(|detail| detail.id.is_none()).count() as u64;
        let wanted = [(Name::ChangesetDetail, added)];
        let ids = self.take_ids(&[wanted.as_slice(), &JOURNAL_IDS].concat()).await?;
        let stored = self.find_many::<ChangesetDetail>(&old.details).await?;
        let details = self.updated_details(&stored, update, &ids, old.id)?;
        let deleted: Vec<u64> = details.deleted.iter().map(|detail| detail.id).collect();
        let tests = self.find_many::<ChangesetTest>(&old.tests).await?;
        let findings = self.find_many::<ChangesetValidation>(&old.validations).await?;
        let (tests, lost_tests): (Vec<_>, Vec<_>) =
            tests.into_iter().partition(|test| !deleted.contains(&test.changeset_detail));
        let is_kept = |finding: &ChangesetValidation| {
            finding.changeset_detail.is_none_or(|detail| !deleted.contains(&detail))
        };
        let (findings, lost_findings): (Vec<_>, Vec<_>) = findings.into_iter().partition(is_kept);
        new.details = details.ids;
        new.tests = tests.iter().map(|test| test.id).collect();
        new.validations = findings.iter().map(|finding| finding.id).collect();

        let mut commit = Commit::default();
        commit.replace(old, &new)?;
        for (old, new) in &details.changed {
            commit.replace(old, new)?;
        }
        for detail in &details.added {
            commit.create(detail)?;
        }
        for detail in &details.deleted {
            commit.remove(detail);
        }
        for test in &lost_tests {
            commit.remove(test);
        }
        for finding in &lost_findings {
            commit.remove(finding);
        }
        check_fits(commit.len())?;
        let note = new.review_status.name();
        self.enter(&mut commit, &ids, person, UPDATE, (Some(old.version), &new), note)?;
        let race = self.commit(commit).await?;
        Ok((new, race))
    }

    /// Returns the changeset with the fields of an update, which are checked.
    async fn updated_fields(&self, old: &Changeset, update: &ChangesetUpdate) -> Result<Changeset, Refusal> {
        let mut new = old.updated(self.now())?;
        new.kind = update.kind.unwrap_or(old.kind);
        new.classification = update.classification.unwrap_or(old.classification);
        if let Some(schema) = update.database_schema.filter(|schema| *schema != old.database_schema) {
            self.require::<DatabaseSchema>(schema).await?;
            // The versions of the old schema are not those of the new one.
            new.database_schema = schema;
            new.review_version = None;
        }
        if let Some(version) = update.review_version {
            self.check_review_version(new.database_schema, version).await?;
            new.review_version = version;
        }
        Ok(new)
    }

    /// Returns what an update makes of the details of a changeset.
    fn updated_details(
        &self,
        stored: &[ChangesetDetail],
        update: &ChangesetUpdate,
        ids: &NewIds,
        changeset: u64,
    ) -> Result<Details, Refusal> {
        let now = self.now();
        let find = |id: u64| stored.iter().find(|detail| detail.id == id);
        let mut details =
            Details { changed: Vec::new(), added: Vec::new(), deleted: Vec::new(), ids: Vec::new() };
        let mut new_ids = ids.first(Name::ChangesetDetail)..;
        for change in &update.details {
            let Some(id) = change.id else {
                let id = new_ids.next().unwrap_or_default();
                details.added.push(change.over(&DetailTexts::default()).row(id, changeset, now));
                continue;
            };
            let old = find(id)
                .ok_or_else(|| foreign("One of the changeset details have invalid changeset value."))?;
            details.changed.push((old.clone(), with_texts(old, &change.over(&texts(old)), now)));
        }
        for id in &update.deleted {
            let old = find(*id).ok_or_else(|| {
                foreign("to_be_deleted_changeset_details contain and invalid changeset detail.")
            })?;
            details.deleted.push(old.clone());
        }
        details.finish(stored)
    }
}

impl Details {
    /// Checks the details that the changeset has after the update, and lists their ids.
    fn finish(mut self, stored: &[ChangesetDetail]) -> Result<Self, Refusal> {
        let is_deleted = |id: u64| self.deleted.iter().any(|detail| detail.id == id);
        let changed = |id: u64| self.changed.iter().find(|(old, _)| old.id == id).map(|(_, new)| new);
        let kept = stored.iter().filter(|detail| !is_deleted(detail.id));
        let kept = kept.map(|detail| changed(detail.id).unwrap_or(detail));
        let all: Vec<&ChangesetDetail> = kept.chain(&self.added).collect();
        let all_texts: Vec<DetailTexts> = all.iter().map(|detail| texts(detail)).collect();
        check_details(all_texts.iter())?;
        self.ids = all.iter().map(|detail| detail.id).collect();
        Ok(self)
    }
}

/// Returns the documented refusal of a detail of another changeset.
fn foreign(text: &str) -> Refusal {
    Refusal::Malformed(text.to_owned())
}
