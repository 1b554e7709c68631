//! Due rows of streams: which stream to look at in which minute.

use crate::error::Error;
use crate::storage::key::Collection;
use crate::storage::table::Write;
use crate::streams::Streams;
use crate::time::{Micros, Minute};
use crate::work::due::Due;

impl Streams {
    pub(crate) fn due_write(minute: Minute, id: u64) -> Result<Write, Error> {
        due(minute, id).put()
    }

    /// Schedules a stream for this minute.
    pub(crate) async fn due_put(&self, minute: Minute, id: u64) -> Result<(), Error> {
        self.table().write_all(vec![Self::due_write(minute, id)?]).await
    }

    /// Removes a stream from the schedule of this minute.
    pub(crate) async fn due_remove(&self, minute: Minute, id: u64) -> Result<(), Error> {
        self.table().write_all(vec![due(minute, id).delete()]).await
    }

    /// Returns when streams that were due were last looked for; `None` if never.
    pub async fn last_sweep(&self) -> Result<Option<Micros>, Error> {
        self.agenda.last_sweep().await
    }
}

fn due(minute: Minute, id: u64) -> Due {
    Due::new(minute, Collection::Stream, id)
}
