//! Exists records: every change says which state it expects.

use std::collections::HashMap;

use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::error::{Error, Kind};
use crate::key::{Collection, Key};
use crate::outbox::{self, Announcement};
use crate::service::Service;
use crate::table::{Cancelled, Change, Outcome, Write};
use crate::time::Micros;
use crate::usage::Usage;
use crate::usage::confirmation::Answer;
use crate::usage::exists::{Exists, ImageExists};
use crate::usage::status::Status;
use crate::usage::verify::Verdict;

/// A longer text is no key of the table, and so no message's id.
const LONGEST_ID: usize = 1_024;

/// What the table knows of a message: which rows its notification made.
#[derive(Clone, Debug, Deserialize)]
struct Message {
    #[serde(rename = "k")]
    collection: Option<String>,
    #[serde(rename = "x")]
    first: Option<u64>,
    #[serde(rename = "xn")]
    rows: Option<u64>,
}

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
        let change =
            Change::of(Key::row(R::COLLECTION, row.id()), "SET st = :picked, tk = :next, le = :lease")
                .when("st = :from AND tk = :token")
                .value(":picked", picked)?
                .value(":from", progress.status)?
                .value(":token", progress.token)?
                .value(":next", progress.token + 1)?
                .value(":lease", lease)?;
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
        let change = conclusion(row, status, verdict)?;
        let Some(announcement) = announcement else {
            return Ok(matches!(self.table().change::<IgnoredAny>(&change).await?, Outcome::Written(_)));
        };
        let writes = vec![Write::Change(change), Write::Put(outbox::item(announcement)?)];
        let token = format!("{}-{}-{}", R::COLLECTION.code(), row.id(), row.progress().token);
        match self.table().transact(writes, &token).await {
            Ok(()) => Ok(true),
            Err(Cancelled::Condition(_)) => Ok(false),
            Err(Cancelled::Conflict) => Err(Error::new(Kind::Conflict, "The record is busy; try again.")),
            Err(Cancelled::Failed(error)) => Err(error),
        }
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
        let found: HashMap<Key, Message> = self.table().get_many(&keys).await?;
        let rows = asked.into_iter().filter_map(|(key, id)| {
            let message =
                found.get(&key).filter(|made| made.collection.as_deref() == Some(collection.code()))?;
            let (first, count) = (message.first?, message.rows.unwrap_or(1));
            let rows: Vec<_> = (first..first + count).map(|row| Key::row(collection, row)).collect();
            (!rows.is_empty()).then_some((id, rows))
        });
        Ok(rows.collect())
    }

    /// Writes what downstream answered, and nothing else; false where there is no such record.
    pub(crate) async fn exists_answer(&self, key: Key, answer: &Answer) -> Result<bool, Error> {
        let change = match &answer.event_id {
            None => Change::of(key, "SET ss = :s"),
            Some(event_id) => Change::of(key, "SET ss = :s, ei = :e").value(":e", event_id)?,
        };
        let change = change.when("attribute_exists(pk)").value(":s", answer.send_status)?;
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
        let change = Change::of(key, "SET st = :to, ss = :sent").when("st = :from");
        let change = change.value(":from", from)?.value(":to", to)?.value(":sent", send_status)?;
        Ok(match self.table().change::<IgnoredAny>(&change).await? {
            Outcome::Written(_) => Outcome::Written(()),
            Outcome::Refused(standing) => Outcome::Refused(standing.map(|_| ())),
        })
    }
}

fn conclusion<R: Exists>(row: &R, status: Status, verdict: &Verdict) -> Result<Change, Error> {
    let progress = row.progress();
    // Passing does not clear an older reason, as in the original.
    let reason = verdict.fail_reason().or(progress.fail_reason.as_deref());
    let expression = "SET st = :status, fr = :reason, us = :usage, de = :delete REMOVE le";
    Change::of(Key::row(R::COLLECTION, row.id()), expression)
        .when("st = :from AND tk = :token")
        .value(":status", status)?
        .value(":reason", reason)?
        .value(":usage", verdict.usage)?
        .value(":delete", verdict.delete)?
        .value(":from", progress.status)?
        .value(":token", progress.token)
}
