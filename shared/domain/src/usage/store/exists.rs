//! Exists records: every change says which state it expects.

use std::collections::HashMap;

use serde::de::IgnoredAny;

use crate::error::Error;
use crate::notification::ownership::Ownership;
use crate::notification::service::Service;
use crate::storage::change::Change;
use crate::storage::key::{Collection, Key};
use crate::storage::table::{Cancelled, Outcome, Race, Write};
use crate::time::Micros;
use crate::usage::Usage;
use crate::usage::confirmation::Answer;
use crate::usage::exists::{Exists, ImageExists};
use crate::usage::outbox::{self, Announcement};
use crate::usage::status::Status;
use crate::usage::verify::Verdict;

/// A longer text is no key of the table, and so no message's id.
const LONGEST_ID: usize = 1_024;

impl Usage {
    /// The rows of one notification, whose first has this id. None until all of them stand: they are judged together.
    pub(crate) async fn image_group(&self, first: u64) -> Result<Vec<ImageExists>, Error> {
        let Some(leader) = self.row_get::<ImageExists>(first).await? else { return Ok(Vec::new()) };
        let keys: Vec<_> =
            (first..first + leader.group_size).map(|id| Key::row(Collection::ImageExists, id)).collect();
        let mut rows: Vec<_> = self.table().get_many::<ImageExists>(&keys).await?.into_values().collect();
        rows.sort_unstable_by_key(|row| row.id);
        Ok(if rows.len() == keys.len() { rows } else { Vec::new() })
    }

    /// Takes a record up until `lease`: the record as it is now; none where somebody else changed it first.
    pub(crate) async fn exists_pick<R: Exists>(
        &self,
        row: &R,
        picked: Status,
        lease: Micros,
    ) -> Result<Option<R>, Error> {
        let progress = row.progress();
        let change = Change::of(Key::row(R::COLLECTION, row.id()))
            .set("st", picked)
            .set("tk", progress.token + 1)
            .set("le", lease)
            .when_equal("st", progress.status)
            .when_equal("tk", progress.token);
        match self.table().change(&change).await? {
            Outcome::Written(row) => Ok(Some(row)),
            Outcome::Refused(_) => Ok(None),
        }
    }

    /// Stores a verdict and, in the same transaction, its announcement; false where somebody else has the record now.
    pub(crate) async fn exists_conclude<R: Exists>(
        &self,
        row: &R,
        status: Status,
        verdict: &Verdict,
        announcement: Option<&Announcement>,
    ) -> Result<bool, Error> {
        let change = conclusion(row, status, verdict);
        let Some(announcement) = announcement else {
            return Ok(matches!(self.table().change::<IgnoredAny>(&change).await?, Outcome::Written(_)));
        };
        let writes = vec![Write::Change(change), Write::Put(outbox::item(announcement)?)];
        let token = format!("{}-{}-{}", R::COLLECTION.code(), row.id(), row.progress().token);
        let race = self.table().transact(writes, &token).await.or_else(Cancelled::lost)?;
        Ok(race == Race::Won)
    }

    /// The exists rows that messages of a service made; messages that made none are left out.
    pub(crate) async fn exists_of_messages(
        &self,
        service: Service,
        message_ids: Vec<String>,
    ) -> Result<HashMap<String, Vec<Key>>, Error> {
        let collection = match service {
            Service::Nova => Collection::InstanceExists,
            Service::Glance => Collection::ImageExists,
        };
        let known = message_ids.into_iter().filter(|id| id.len() <= LONGEST_ID);
        let asked: Vec<_> = known.map(|id| (Key::message(&id), id)).collect();
        let keys: Vec<_> = asked.iter().map(|(key, _)| key.clone()).collect();
        let found: HashMap<Key, Ownership> = self.table().get_many(&keys).await?;
        let rows = asked.into_iter().filter_map(|(key, id)| {
            let rows = found.get(&key)?.rows().filter(|rows| rows.collection == collection)?;
            let rows: Vec<_> = rows.ids().map(|row| Key::row(collection, row)).collect();
            (!rows.is_empty()).then_some((id, rows))
        });
        Ok(rows.collect())
    }

    /// Writes what downstream answered, and nothing else; false where there is no such record.
    pub(crate) async fn exists_answer(&self, key: Key, answer: &Answer) -> Result<bool, Error> {
        let mut change = Change::of(key).set("ss", answer.send_status).when_present();
        if let Some(event_id) = &answer.event_id {
            change = change.set("ei", event_id);
        }
        Ok(matches!(self.table().change::<IgnoredAny>(&change).await?, Outcome::Written(_)))
    }

    /// Moves a record from one state to another and writes its send status; refused where it is in another state, or
    /// not there.
    pub(crate) async fn exists_repair(
        &self,
        key: Key,
        from: Status,
        to: Status,
        send_status: i64,
    ) -> Result<Outcome<()>, Error> {
        let change = Change::of(key).set("st", to).set("ss", send_status).when_equal("st", from);
        Ok(match self.table().change::<IgnoredAny>(&change).await? {
            Outcome::Written(_) => Outcome::Written(()),
            Outcome::Refused(standing) => Outcome::Refused(standing.map(|_| ())),
        })
    }
}

fn conclusion<R: Exists>(row: &R, status: Status, verdict: &Verdict) -> Change {
    let progress = row.progress();
    // Passing does not clear an older reason, as in the original.
    let reason = verdict.fail_reason().or(progress.fail_reason.as_deref());
    Change::of(Key::row(R::COLLECTION, row.id()))
        .set("st", status)
        .set("fr", reason)
        .set("us", verdict.usage)
        .set("de", verdict.delete)
        .remove("le")
        .when_equal("st", progress.status)
        .when_equal("tk", progress.token)
}
