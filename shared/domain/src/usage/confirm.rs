//! Confirming: writing down what downstream answered.

use std::collections::{BTreeMap, HashMap};

use futures::{StreamExt, TryStreamExt, stream};
use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::error::Error;
use crate::key::{Collection, Key};
use crate::notification::Service;
use crate::table::{Change, Outcome};
use crate::usage::Usage;
use crate::usage::confirmation::{Answer, Confirmation};

/// Rows that are changed at once.
pub(super) const AT_ONCE: usize = 16;

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

/// What became of a confirmation.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Confirmed {
    /// How many rows were changed.
    pub rows: u64,
    /// The message ids that made no exists of their service.
    pub unknown: Vec<String>,
}

impl Usage {
    /// Writes the answers of a batch to all rows of their messages; ids that are unknown are passed over.
    ///
    /// Only the answer is written, never a whole row: a verdict that is given at the same time stays.
    pub async fn confirm(&self, confirmation: &Confirmation) -> Result<Confirmed, Error> {
        let mut confirmed = self.confirm_service(Service::Nova, &confirmation.nova).await?;
        let glance = self.confirm_service(Service::Glance, &confirmation.glance).await?;
        confirmed.rows += glance.rows;
        confirmed.unknown.extend(glance.unknown);
        Ok(confirmed)
    }

    /// Writes the answer to one message about an instance; whether there is such a message.
    pub async fn confirm_single(&self, message_id: &str, answer: Answer) -> Result<bool, Error> {
        let answers = BTreeMap::from([(message_id.to_owned(), answer)]);
        Ok(self.confirm_service(Service::Nova, &answers).await?.unknown.is_empty())
    }

    async fn confirm_service(
        &self,
        service: Service,
        answers: &BTreeMap<String, Answer>,
    ) -> Result<Confirmed, Error> {
        let rows = self.rows_of(service, answers.keys().cloned().collect()).await?;
        let mut changes = Vec::new();
        for (id, answer) in answers {
            for key in rows.get(id).into_iter().flatten() {
                changes.push((id.clone(), change(key.clone(), answer)?));
            }
        }
        let mut written: HashMap<String, u64> = HashMap::new();
        let mut outcomes = stream::iter(changes)
            .map(|(id, change)| async move {
                Ok::<_, Error>((id, self.table().change::<IgnoredAny>(&change).await?))
            })
            .buffer_unordered(AT_ONCE);
        while let Some((id, outcome)) = outcomes.try_next().await? {
            if matches!(outcome, Outcome::Written(_)) {
                *written.entry(id).or_default() += 1;
            }
        }
        let unknown = answers.keys().filter(|id| !written.contains_key(*id)).cloned().collect();
        Ok(Confirmed { rows: written.values().sum(), unknown })
    }

    /// The exists rows that messages of a service made; messages that made none are left out.
    pub(super) async fn rows_of(
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
}

fn change(key: Key, answer: &Answer) -> Result<Change, Error> {
    let expression = match &answer.event_id {
        None => Change::of(key, "SET ss = :s"),
        Some(event_id) => Change::of(key, "SET ss = :s, ei = :e").value(":e", event_id)?,
    };
    expression.when("attribute_exists(pk)").value(":s", answer.send_status)
}
