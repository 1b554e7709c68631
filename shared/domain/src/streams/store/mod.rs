//! Access to the stream table. No other module of the group reads or writes it.

mod due;
mod ids;
mod lists;
mod members;

use serde::{Deserialize, Serialize};

use crate::access::AuditLog;
use crate::access::audit::{AuditAction, Caller};
use crate::digest;
use crate::error::Error;
use crate::storage::change::Change;
use crate::storage::item::item;
use crate::storage::key::{Collection, Key};
use crate::storage::table::{Cancelled, Race, Table, Write, transact_across};
use crate::streams::Streams;
use crate::streams::stream::Head;
use crate::streams::trigger::DistinguishingTraits;

/// Refers to the newest stream of a trigger and its distinguishing traits.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
struct Pointer {
    id: u64,
}

fn pointer_key(trigger: &str, traits: &DistinguishingTraits) -> Result<Key, Error> {
    let text = serde_json::to_string(traits)
        .map_err(|cause| Error::bug("distinguishing traits cannot be serialized").because(cause))?;
    Ok(Key::active_stream(trigger, &digest::short(&text)))
}

impl Streams {
    pub(crate) fn table(&self) -> &Table {
        &self.table
    }

    /// Returns the id of the newest stream of a trigger and its distinguishing traits.
    pub(crate) async fn pointer_get(
        &self,
        trigger: &str,
        traits: &DistinguishingTraits,
    ) -> Result<Option<u64>, Error> {
        let found: Option<Pointer> = self.table().get(&pointer_key(trigger, traits)?).await?;
        Ok(found.map(|pointer| pointer.id))
    }

    /// Returns a stream, deleted or not, with a consistent read.
    pub(crate) async fn head_get(&self, id: u64) -> Result<Option<Head>, Error> {
        self.table().get(&Key::row(Collection::Stream, id)).await
    }

    /// Returns a stream, deleted or not, with an eventually consistent read.
    pub(crate) async fn head_get_eventual(&self, id: u64) -> Result<Option<Head>, Error> {
        self.table().eventual().get(&Key::row(Collection::Stream, id)).await
    }

    /// Replaces the head that has this version.
    pub(crate) async fn head_replace(&self, head: &Head, version: u64) -> Result<Race, Error> {
        let existing = self.table().replace(&Key::row(Collection::Stream, head.id), head, version).await?;
        Ok(if existing.is_some() { Race::Lost } else { Race::Won })
    }

    /// Replaces the head that has this version and writes the audit entry, in one transaction.
    pub(crate) async fn head_replace_audited(
        &self,
        head: &Head,
        version: u64,
        action: AuditAction<'_>,
        origin: &Caller,
        log: &AuditLog,
    ) -> Result<Race, Error> {
        let entry = origin.audit_entry(action, self.now(), &self.ids.uuid())?;
        let write = Write::Replace(item(&Key::row(Collection::Stream, head.id), head)?, version);
        let writes = vec![(self.table(), write), (log.table(), entry)];
        transact_across(writes, &self.ids.uuid()).await.or_else(Cancelled::lost)
    }

    /// Opens a stream with its first events: writes head, pointer and due row in one transaction. The race is lost if
    /// the pointer no longer refers to `existing`.
    pub(crate) async fn stream_open(&self, head: &Head, existing: Option<u64>) -> Result<Race, Error> {
        let key = pointer_key(&head.trigger, &head.traits)?;
        let pointer = match existing {
            None => Write::PutNew(item(&key, &Pointer { id: head.id })?),
            Some(old) => Write::Change(Change::of(key).set("id", head.id).when_equal("id", old)),
        };
        let put = Write::PutNew(item(&Key::row(Collection::Stream, head.id), head)?);
        let writes = vec![pointer, put, Self::due_write(head.due_minute, head.id)?];
        self.table().transact(writes, &self.ids.uuid()).await.or_else(Cancelled::lost)
    }
}
