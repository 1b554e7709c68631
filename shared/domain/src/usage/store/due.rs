//! Due rows, by which the sweeps find the records to verify.

use crate::error::Error;
use crate::time::{Micros, Minute};
use crate::usage::Usage;
use crate::work::due::{self, Due};

/// Seconds after which a record is looked for again that is not written yet.
const UNWRITTEN_SECONDS: i64 = 3_600;

impl Usage {
    /// Adds a due row.
    pub(crate) async fn due_put(&self, due: Due) -> Result<(), Error> {
        self.table().write_all(vec![due.put()?]).await
    }

    /// Removes a due row.
    pub(crate) async fn due_remove(&self, due: Due) -> Result<(), Error> {
        self.table().write_all(vec![due.delete()]).await
    }

    /// Moves the due row of a record that is not written yet to a later minute. Its chunk is recorded when it is delivered
    /// again, if ever.
    pub(crate) async fn due_postpone(&self, due: Due, now: Micros) -> Result<(), Error> {
        let later: Minute = due::minute(now.plus_seconds(UNWRITTEN_SECONDS), now);
        self.due_put(due.postponed(later)).await?;
        self.due_remove(due).await
    }
}
