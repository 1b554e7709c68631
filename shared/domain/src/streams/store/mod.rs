//! Streams in the table: nothing else of the group touches it.

mod due;
mod reading;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::access::AuditLog;
use crate::access::audit::{AuditAction, Caller};
use crate::digest;
use crate::error::Error;
use crate::storage::change::Change;
use crate::storage::item::item;
use crate::storage::key::{Collection, Key};
use crate::storage::sequence;
use crate::storage::table::{Cancelled, Race, Table, Write, transact_across};
use crate::streams::Streams;
use crate::streams::stream::{Head, Page};
use crate::streams::trigger::Distinguishing;
use crate::work::open_blocks;

/// Where the newest stream of a trigger and its traits is.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
struct Pointer {
    id: u64,
}

/// Some older members of a stream.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Members {
    #[serde(rename = "ev")]
    events: Vec<u64>,
}

/// Numbers for new streams, open until their heads stand.
pub(crate) struct Numbers {
    block: Option<sequence::Block>,
    count: u64,
}

impl Numbers {
    pub(crate) fn iter(&self) -> impl Iterator<Item = u64> + use<> {
        let first = self.block.as_ref().and_then(|block| block.first.get(&Collection::Stream).copied());
        let first = first.unwrap_or_default();
        first..first + self.count
    }
}

fn pointer(trigger: &str, traits: &BTreeMap<String, Distinguishing>) -> Result<Key, Error> {
    let text = serde_json::to_string(traits)
        .map_err(|cause| Error::bug("traits could not be written").because(cause))?;
    Ok(Key::active_stream(trigger, &digest::short(&text)))
}

impl Streams {
    pub(crate) fn table(&self) -> &Table {
        &self.table
    }

    /// So many numbers for new streams.
    pub(crate) async fn numbers(&self, chunk: &str, count: u64) -> Result<Numbers, Error> {
        if count == 0 {
            return Ok(Numbers { block: None, count });
        }
        let wanted = [(Collection::Stream, count)].into();
        let now = self.now();
        let invocation = format!("{chunk}#{}", self.ids.uuid());
        let block =
            sequence::take(self.table(), &invocation, &wanted, Vec::new(), now, now.plus_seconds(60)).await?;
        Ok(Numbers { block: Some(block), count })
    }

    /// Says that the streams with these numbers stand.
    pub(crate) async fn numbers_close(&self, numbers: Numbers) -> Result<(), Error> {
        match &numbers.block {
            Some(block) => sequence::close(self.table(), block).await,
            None => Ok(()),
        }
    }

    /// Forgets numbers whose worker died before it said that its streams stand.
    pub(crate) async fn numbers_sweep(&self) -> Result<(), Error> {
        open_blocks::sweep(self.table(), self.now()).await
    }

    /// The newest stream of a trigger and its traits.
    pub(crate) async fn pointer_get(
        &self,
        trigger: &str,
        traits: &BTreeMap<String, Distinguishing>,
    ) -> Result<Option<u64>, Error> {
        let found: Option<Pointer> = self.table().get(&pointer(trigger, traits)?).await?;
        Ok(found.map(|pointer| pointer.id))
    }

    /// A stream, deleted or not.
    pub(crate) async fn head_get(&self, id: u64) -> Result<Option<Head>, Error> {
        self.table().get(&Key::row(Collection::Stream, id)).await
    }

    /// Puts a head in place of the one with this version; the one that stands instead where somebody was faster.
    pub(crate) async fn head_replace(&self, head: &Head, version: u64) -> Result<Option<Head>, Error> {
        self.table().replace(&Key::row(Collection::Stream, head.id), head, version).await
    }

    /// Opens a stream with its first events: head, pointer and due row, all or none. False where the pointer leads
    /// somewhere else than to `standing` by now.
    pub(crate) async fn stream_open(&self, head: &Head, standing: Option<u64>) -> Result<bool, Error> {
        let key = pointer(&head.trigger, &head.traits)?;
        let point = match standing {
            None => Write::PutNew(item(&key, &Pointer { id: head.id })?),
            Some(old) => Write::Change(Change::of(key).set("id", head.id).when_equal("id", old)),
        };
        let put = Write::PutNew(item(&Key::row(Collection::Stream, head.id), head)?);
        let writes = vec![point, put, Self::due_write(head.due, head.id)?];
        let race = self.table().transact(writes, &self.ids.uuid()).await.or_else(Cancelled::lost)?;
        Ok(race == Race::Won)
    }

    /// Puts a head in place of the one with this version, together with the entry of who did it; false where somebody
    /// was faster.
    pub(crate) async fn head_replace_by(
        &self,
        head: &Head,
        version: u64,
        deed: AuditAction<'_>,
        origin: &Caller,
        log: &AuditLog,
    ) -> Result<bool, Error> {
        let entry = origin.audit_entry(deed, self.now(), &self.ids.uuid())?;
        let write = Write::Replace(item(&Key::row(Collection::Stream, head.id), head)?, version);
        let writes = vec![(self.table(), write), (log.table(), entry)];
        let race = transact_across(writes, &self.ids.uuid()).await.or_else(Cancelled::lost)?;
        Ok(race == Race::Won)
    }

    /// Keeps older members of a stream; what two workers put at once has two names.
    pub(crate) async fn page_put(&self, id: u64, page: &Page, events: &[u64]) -> Result<(), Error> {
        let members = Members { events: events.to_vec() };
        let put = Write::Put(item(&Key::stream_page(id, &page.name), &members)?);
        self.table().write_all(vec![put]).await
    }

    /// Older members of a stream.
    pub(crate) async fn page_get(&self, id: u64, page: &Page) -> Result<Vec<u64>, Error> {
        let found: Option<Members> = self.table().get(&Key::stream_page(id, &page.name)).await?;
        Ok(found.map(|members| members.events).unwrap_or_default())
    }

    /// All members of a stream, by the ids of their rows.
    pub(crate) async fn members(&self, head: &Head) -> Result<Vec<u64>, Error> {
        let pages = head.pages.iter().map(|page| self.page_get(head.id, page));
        let mut members: Vec<_> = futures::future::try_join_all(pages).await?.into_iter().flatten().collect();
        members.extend(&head.events);
        Ok(members)
    }
}
