//! Recording what the downstream system answered to published usage.

use std::collections::{BTreeMap, HashMap};

use futures::{StreamExt, TryStreamExt, stream};

use crate::error::Error;
use crate::notification::service::Service;
use crate::usage::Usage;
use crate::usage::confirmation::{Answer, Confirmation};

/// Rows that are changed concurrently.
pub(super) const AT_ONCE: usize = 16;

/// The outcome of a confirmation.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Confirmed {
    /// The number of changed rows.
    pub rows: u64,
    /// Message ids without an exists record of their service.
    pub unknown: Vec<String>,
}

impl Usage {
    /// Writes the answers of a batch to all rows of their messages. Unknown ids are skipped.
    ///
    /// Only the attributes of the answer are written, never a whole row, so that a concurrent verdict is kept.
    pub async fn confirm(&self, confirmation: &Confirmation) -> Result<Confirmed, Error> {
        let mut confirmed = self.confirm_service(Service::Nova, &confirmation.nova).await?;
        let glance = self.confirm_service(Service::Glance, &confirmation.glance).await?;
        confirmed.rows += glance.rows;
        confirmed.unknown.extend(glance.unknown);
        Ok(confirmed)
    }

    /// Writes the answer to one message about an instance. Returns whether the message is known.
    pub async fn confirm_single(&self, message_id: &str, answer: Answer) -> Result<bool, Error> {
        let answers = BTreeMap::from([(message_id.to_owned(), answer)]);
        Ok(self.confirm_service(Service::Nova, &answers).await?.unknown.is_empty())
    }

    async fn confirm_service(
        &self,
        service: Service,
        answers: &BTreeMap<String, Answer>,
    ) -> Result<Confirmed, Error> {
        let rows = self.exists_of_messages(service, answers.keys().cloned().collect()).await?;
        let mut changes = Vec::new();
        for (id, answer) in answers {
            for key in rows.get(id).into_iter().flatten() {
                changes.push((id.clone(), key.clone(), answer.clone()));
            }
        }
        let mut written: HashMap<String, u64> = HashMap::new();
        let mut outcomes =
            stream::iter(changes)
                .map(|(id, key, answer)| async move {
                    Ok::<_, Error>((id, self.exists_answer(key, &answer).await?))
                })
                .buffer_unordered(AT_ONCE);
        while let Some((id, is_written)) = outcomes.try_next().await? {
            if is_written {
                *written.entry(id).or_default() += 1;
            }
        }
        let unknown = answers.keys().filter(|id| !written.contains_key(*id)).cloned().collect();
        Ok(Confirmed { rows: written.values().sum(), unknown })
    }
}
