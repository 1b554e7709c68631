//! Repairing: marks pending records that another system sent downstream before they were verified.

use std::collections::HashSet;

use futures::{StreamExt, TryStreamExt, stream};

use crate::error::{Error, Kind};
use crate::notification::service::Service;
use crate::storage::key::Key;
use crate::storage::table::Outcome;
use crate::usage::Usage;
use crate::usage::confirmation::MOST;
use crate::usage::confirming::AT_ONCE;
use crate::usage::status::Status;

/// The send status of a repaired record: the downstream response to an accepted record.
const SENT: i64 = 201;

/// The ids of messages that were not repaired, without duplicates, in the order of the request.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Unrepaired {
    /// Messages without exists records of the service.
    pub absent_exists: Vec<String>,
    /// Messages of which at least one record was not pending.
    pub exists_not_pending: Vec<String>,
}

/// The state of a message's records before the repair.
enum Found {
    Absent,
    Pending,
    NotPending,
}

impl Usage {
    /// Moves the pending records of these messages to `sent_unverified`: they are verified later, but not announced.
    pub async fn repair(&self, service: Service, message_ids: &[String]) -> Result<Unrepaired, Error> {
        let mut unique = HashSet::new();
        let message_ids: Vec<_> =
            message_ids.iter().filter(|id| unique.insert(id.as_str())).cloned().collect();
        if message_ids.len() > MOST {
            return Err(Error::new(Kind::TooLarge, format!("A request repairs at most {MOST} messages.")));
        }
        let mut rows = self.exists_of_messages(service, message_ids.clone()).await?;
        let messages = message_ids.into_iter().map(|id| {
            let rows = rows.remove(&id).unwrap_or_default();
            (id, rows)
        });
        let mut found = stream::iter(messages.collect::<Vec<_>>())
            .map(|(id, rows)| async move { Ok::<_, Error>((id, self.repair_rows(rows).await?)) })
            .buffered(AT_ONCE);
        let mut unrepaired = Unrepaired::default();
        while let Some((id, found)) = found.try_next().await? {
            match found {
                Found::Absent => unrepaired.absent_exists.push(id),
                Found::NotPending => unrepaired.exists_not_pending.push(id),
                Found::Pending => {}
            }
        }
        Ok(unrepaired)
    }

    async fn repair_rows(&self, rows: Vec<Key>) -> Result<Found, Error> {
        let mut found = Found::Absent;
        for key in rows {
            found = match (found, self.repair_row(key).await?) {
                (_, Found::NotPending) | (Found::NotPending, _) => Found::NotPending,
                (Found::Pending, _) | (_, Found::Pending) => Found::Pending,
                (Found::Absent, Found::Absent) => Found::Absent,
            };
        }
        Ok(found)
    }

    async fn repair_row(&self, key: Key) -> Result<Found, Error> {
        let from = Status::Pending;
        let to =
            from.repair().map_err(|cause| Error::bug("cannot repair a pending record").because(cause))?;
        Ok(match self.exists_repair(key, from, to, SENT).await? {
            Outcome::Written(()) => Found::Pending,
            Outcome::Refused(Some(())) => Found::NotPending,
            Outcome::Refused(None) => Found::Absent,
        })
    }
}
