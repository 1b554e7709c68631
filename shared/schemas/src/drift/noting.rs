//! Stores what is known about a schema on a server, and schedules its next check.

use domain::error::Error;

use crate::apply::server_data_name;
use crate::drift::finding::Finding;
use crate::record::{Name, SchemaVersion, ServerData};
use crate::registry::Registry;
use crate::store::{Commit, NewIds};

impl Registry {
    /// Adds to the end of an application that a schema has this version on a server. `ids` holds one of
    /// [`Name::ServerData`] and one of [`Name::Task`].
    pub(crate) async fn note_version(
        &self,
        commit: &mut Commit,
        ids: &NewIds,
        server: u64,
        version: &SchemaVersion,
    ) -> Result<(), Error> {
        let finding = Finding { checksum: Some(version.checksum.clone()), version: Some(version.clone()) };
        let known = self.known(server, version.database_schema).await?;
        let base = self.base(known.as_ref(), ids, server, version.database_schema);
        let found = base.found(&finding, Some(version.id), "", self.now());
        self.note(commit, ids, known.as_ref(), found, None)
    }

    /// Returns what is known about a schema on a server.
    pub(super) async fn known(&self, server: u64, schema: u64) -> Result<Option<ServerData>, Error> {
        self.find_by_name(&server_data_name(server, schema)).await
    }

    /// Returns what is known about a schema on a server, or a new row.
    pub(super) fn base(
        &self,
        known: Option<&ServerData>,
        ids: &NewIds,
        server: u64,
        schema: u64,
    ) -> ServerData {
        let new = || {
            let unique = server_data_name(server, schema);
            ServerData::new(ids.first(Name::ServerData), server, schema, unique, self.now())
        };
        known.cloned().unwrap_or_else(new)
    }

    /// Adds the new state of a row, and the task of the next check unless one other than `ended` is scheduled.
    pub(super) fn note(
        &self,
        commit: &mut Commit,
        ids: &NewIds,
        known: Option<&ServerData>,
        new: ServerData,
        ended: Option<u64>,
    ) -> Result<(), Error> {
        let scheduled = new.next_check.filter(|next| Some(*next) != ended);
        let next_check = match (scheduled, self.settings.check_hours) {
            (None, Some(hours)) => {
                let look = self.now().plus_seconds(hours * 3_600);
                let task = self.check_task(ids.first(Name::Task), new.server, new.database_schema, look);
                commit.create_task(&task, self)?;
                Some(task.id)
            }
            (scheduled, _) => scheduled,
        };
        match known {
            Some(old) => commit.replace(old, &ServerData { next_check, version: old.version + 1, ..new }),
            None => commit.create(&ServerData { next_check, ..new }),
        }
    }
}
