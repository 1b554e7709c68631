//! Exists records. Changes of the state are conditional on the state and token that were read.

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
use crate::usage::announcement::Announcement;
use crate::usage::confirmation::Answer;
use crate::usage::exists::{Exists, ImageExists};
use crate::usage::status::Status;
use crate::usage::store::outbox;
use crate::usage::verdict::Verdict;

/// The maximum length of a key in bytes. No message has a longer id.
const MAX_ID_BYTES: usize = 1_024;

impl Usage {
    /// Returns all rows of the notification whose first row has this id. Empty until all of them are written, because they
    /// are verified together.
    pub(crate) async fn image_group(&self, first: u64) -> Result<Vec<ImageExists>, Error> {
        let Some(leader) = self.row_get::<ImageExists>(first).await? else { return Ok(Vec::new()) };
        let keys: Vec<_> =
            (first..first + leader.group_size).map(|id| Key::row(Collection::ImageExists, id)).collect();
        let mut rows: Vec<_> = self.table().get_many::<ImageExists>(&keys).await?.into_values().collect();
        rows.sort_unstable_by_key(|row| row.id);
        Ok(if rows.len() == keys.len() { rows } else { Vec::new() })
    }

    /// Claims a record until `lease` and moves it to `status`. Returns the changed record, or `None` on a conflict.
    pub(crate) async fn exists_claim<R: Exists>(
        &self,
        row: &R,
        status: Status,
        lease: Micros,
    ) -> Result<Option<R>, Error> {
        let progress = row.progress();
        let change = Change::of(Key::row(R::COLLECTION, row.id()))
            .set("st", status)
            .set("tk", progress.token + 1)
            .set("le", lease)
            .when_equal("st", progress.status)
            .when_equal("tk", progress.token);
        match self.table().change(&change).await? {
            Outcome::Written(row) => Ok(Some(row)),
            Outcome::Refused(_) => Ok(None),
        }
    }

    /// Stores a verdict and, in the same transaction, its announcement. Returns false if the claim has been lost.
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

    /// Returns the exists rows of messages of a service. Messages without such rows are left out.
    pub(crate) async fn exists_of_messages(
        &self,
        service: Service,
        message_ids: Vec<String>,
    ) -> Result<HashMap<String, Vec<Key>>, Error> {
        let collection = match service {
            Service::Nova => Collection::InstanceExists,
            Service::Glance => Collection::ImageExists,
        };
        let possible = message_ids.into_iter().filter(|id| id.len() <= MAX_ID_BYTES);
        let requested: Vec<_> = possible.map(|id| (Key::message(&id), id)).collect();
        let keys: Vec<_> = requested.iter().map(|(key, _)| key.clone()).collect();
        let found: HashMap<Key, Ownership> = self.table().get_many(&keys).await?;
        let rows = requested.into_iter().filter_map(|(key, id)| {
            let rows = found.get(&key)?.rows().filter(|rows| rows.collection == collection)?;
            let rows: Vec<_> = rows.ids().map(|row| Key::row(collection, row)).collect();
            (!rows.is_empty()).then_some((id, rows))
        });
        Ok(rows.collect())
    }

    /// Stores the downstream response, and changes nothing else. Returns false if there is no such record.
    pub(crate) async fn exists_answer(&self, key: Key, answer: &Answer) -> Result<bool, Error> {
        let mut change = Change::of(key).set("ss", answer.send_status).when_present();
        if let Some(event_id) = &answer.event_id {
            change = change.set("ei", event_id);
        }
        Ok(matches!(self.table().change::<IgnoredAny>(&change).await?, Outcome::Written(_)))
    }

    /// Moves a record from one state to another and sets its send status. Refused if the record is in another state or
    /// does not exist.
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
            Outcome::Refused(existing) => Outcome::Refused(existing.map(|_| ())),
        })
    }
}

fn conclusion<R: Exists>(row: &R, status: Status, verdict: &Verdict) -> Change {
    let progress = row.progress();
    // A passing verdict keeps an older reason, as in the original.
    let reason = verdict.fail_reason().or(progress.fail_reason.as_deref());
    Change::of(Key::row(R::COLLECTION, row.id()))
        .set("st", status)
        .set("fr", reason)
        .set("us", verdict.links.usage)
        .set("de", verdict.links.delete)
        .remove("le")
        .when_equal("st", progress.status)
        .when_equal("tk", progress.token)
}
