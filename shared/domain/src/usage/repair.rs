//! Repairing: somebody else has sent records downstream while nobody verified them.

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

/// The send status of a repaired record: what downstream answers when it takes one.
const SENT: i64 = 201;

/// The messages that were not repaired, each once, in the order of the request.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Repaired {
    /// Those that made no exists of the service.
    pub absent_exists: Vec<String>,
    /// Those of which at least one record was not pending.
    pub exists_not_pending: Vec<String>,
}

/// What one message's records were.
enum Found {
    Absent,
    Pending,
    NotPending,
}

impl Usage {
    /// Moves the pending records of these messages to `sent_unverified`: they are verified later and announced never.
    pub async fn repair(&self, service: Service, message_ids: &[String]) -> Result<Repaired, Error> {
        let mut once = HashSet::new();
        let message_ids: Vec<_> = message_ids.iter().filter(|id| once.insert(id.as_str())).cloned().collect();
        if message_ids.len() > MOST {
            return Err(Error::new(Kind::TooLarge, format!("A request repairs at most {MOST} messages.")));
        }
        let mut rows = self.exists_of_messages(service, message_ids.clone()).await?;
        let of_message = message_ids.into_iter().map(|id| {
            let rows = rows.remove(&id).unwrap_or_default();
            (id, rows)
        });
        let mut found = stream::iter(of_message.collect::<Vec<_>>())
            .map(|(id, rows)| async move { Ok::<_, Error>((id, self.repair_rows(rows).await?)) })
            .buffered(AT_ONCE);
        let mut repaired = Repaired::default();
        while let Some((id, found)) = found.try_next().await? {
            match found {
                Found::Absent => repaired.absent_exists.push(id),
                Found::NotPending => repaired.exists_not_pending.push(id),
                Found::Pending => {}
            }
        }
        Ok(repaired)
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
            from.repair().map_err(|cause| Error::bug("a pending record is not repaired").because(cause))?;
        Ok(match self.exists_repair(key, from, to, SENT).await? {
            Outcome::Written(()) => Found::Pending,
            Outcome::Refused(Some(())) => Found::NotPending,
            Outcome::Refused(None) => Found::Absent,
        })
    }
}
