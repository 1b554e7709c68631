//! The impact of a changeset: the locks that its statements take, and the sizes of the tables that they touch.

use domain::error::Error;
use serde_json::Value;

use crate::record::{Changeset, ChangesetDetail, DatabaseSchema, Impact, SchemaVersion, Server};
use crate::registry::Registry;
use crate::review::sizes::{shown, sizes_on, touched_tables};
use crate::servers::Servers;

/// The impact of one detail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DetailImpact {
    /// The id of the detail.
    pub detail: u64,
    /// The lock impact that the last review measured.
    pub lock: Option<Impact>,
    /// The sizes of the touched tables by name; by the name of the server and of the table if the review read them.
    pub tables: Value,
}

impl Registry {
    /// Returns the impact of the details of a changeset, with the sizes that the last review read on the servers.
    pub async fn impact(&self, changeset: &Changeset) -> Result<Vec<DetailImpact>, Error> {
        let details = self.find_many::<ChangesetDetail>(&changeset.details).await?;
        let stored =
            |detail: &ChangesetDetail| serde_json::from_str(&detail.volumetric_values).unwrap_or_default();
        Ok(details.into_iter().map(|detail| with_tables(stored(&detail), detail)).collect())
    }

    /// Returns the impact of the details of a changeset, with the present sizes on a server. If they cannot be read, the
    /// sizes are an `error` with the reason.
    pub async fn impact_on(
        &self,
        changeset: &Changeset,
        server: &Server,
        servers: &Servers,
    ) -> Result<Vec<DetailImpact>, Error> {
        let schema = self.require::<DatabaseSchema>(changeset.database_schema).await?;
        let version = match changeset.review_version {
            Some(id) => self.find::<SchemaVersion>(id).await?,
            None => self.latest_version(schema.id).await?,
        };
        let ddl = match version {
            Some(version) => self.ddl_of(&version).await?,
            None => String::new(),
        };
        let details = self.find_many::<ChangesetDetail>(&changeset.details).await?;
        let sizes = sizes_on(servers, server, &schema.name).await;
        let now = |detail: &ChangesetDetail| shown(&sizes, &touched_tables(detail, &ddl));
        Ok(details.into_iter().map(|detail| with_tables(now(&detail), detail)).collect())
    }
}

fn with_tables(tables: Value, detail: ChangesetDetail) -> DetailImpact {
    DetailImpact { detail: detail.id, lock: detail.impact, tables }
}
