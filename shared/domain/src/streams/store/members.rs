//! Members of streams that no longer fit the heads.

use futures::future::try_join_all;
use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::storage::item::item;
use crate::storage::key::Key;
use crate::storage::table::Write;
use crate::streams::Streams;
use crate::streams::stream::{Head, MemberPage};

/// The item of a page.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Members {
    #[serde(rename = "ev")]
    events: Vec<u64>,
}

impl Streams {
    /// Stores a page of members. Concurrent workers use different names.
    pub(crate) async fn page_put(&self, id: u64, page: &MemberPage, events: &[u64]) -> Result<(), Error> {
        let members = Members { events: events.to_vec() };
        let put = Write::Put(item(&Key::stream_page(id, &page.name), &members)?);
        self.table().write_all(vec![put]).await
    }

    /// Returns the members in a page.
    pub(crate) async fn page_get(&self, id: u64, page: &MemberPage) -> Result<Vec<u64>, Error> {
        let found: Option<Members> = self.table().get(&Key::stream_page(id, &page.name)).await?;
        Ok(found.map(|members| members.events).unwrap_or_default())
    }

    /// Returns all members of a stream, by the ids of their rows.
    pub(crate) async fn members(&self, head: &Head) -> Result<Vec<u64>, Error> {
        let pages = head.pages.iter().map(|page| self.page_get(head.id, page));
        let mut members: Vec<_> = try_join_all(pages).await?.into_iter().flatten().collect();
        members.extend(&head.events);
        Ok(members)
    }
}
