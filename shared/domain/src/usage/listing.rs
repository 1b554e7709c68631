//! Reading the six tables: single rows and lists.

use std::pin::pin;

use futures::StreamExt;

use crate::error::Error;
use crate::storage::block::{Blocks, Budget};
use crate::storage::key::Key;
use crate::usage::Usage;
use crate::usage::column::Row;
use crate::usage::query::{Direction, Filter, ListQuery, Selection};

impl Usage {
    /// Returns the row with this id.
    pub async fn get<R: Row>(&self, id: u64) -> Result<Option<R>, Error> {
        self.row_read(id).await
    }

    /// Returns a page of rows.
    ///
    /// A list ordered by id reads only until the page is full. Any other order reads the whole table, or all rows of one
    /// instance. Fails if the list would exceed the read budget; the error tells how to narrow the query.
    pub async fn list<R: Row>(&self, query: &ListQuery<R>) -> Result<Vec<R>, Error> {
        if query.limit == 0 {
            return Ok(Vec::new());
        }
        if let Some(rows) = self.rows_of_instance(&query.filter).await? {
            let mut selection = Selection::new(query);
            for row in rows {
                selection.offer(row);
            }
            return Ok(selection.page());
        }
        let blocks = self.blocks(R::COLLECTION).await?;
        if query.offset as u64 >= blocks.last_id() {
            return Ok(Vec::new());
        }
        let budget = self.budget::<R>();
        if query.is_ordered_by_id() {
            return self.page_by_id(&blocks, query, budget).await;
        }
        let mut selection = Selection::new(query);
        self.for_each_row(&blocks, budget, |row| selection.offer(row)).await?;
        Ok(selection.page())
    }

    /// Returns the rows of the filter's instance. `None` if the filter has no instance.
    pub(super) async fn rows_of_instance<R: Row>(&self, filter: &Filter<R>) -> Result<Option<Vec<R>>, Error> {
        let (Some(instance), Some(pointers)) = (&filter.instance, R::BY_INSTANCE) else {
            return Ok(None);
        };
        let pointers = self.pointers_read(&pointers(instance)).await?;
        let rows = pointers.len() as u64;
        Budget::new(self.settings.query_budget, "this instance has too many rows.").allow(rows, rows)?;
        self.rows_read(&pointers).await.map(Some)
    }

    /// Calls `visit` with every row of a table, newest blocks first. Fails if that exceeds the budget.
    pub(super) async fn for_each_row<R: Row>(
        &self,
        blocks: &Blocks,
        mut budget: Budget,
        mut visit: impl FnMut(R),
    ) -> Result<(), Error> {
        budget.allow(blocks.last_id(), blocks.units())?;
        let mut stream = pin!(blocks.newest_first());
        while let Some(block) = stream.next().await {
            let block = block?;
            budget.spend(block.units)?;
            block.rows.into_iter().for_each(&mut visit);
        }
        Ok(())
    }

    /// Returns the read budget of a query of this table.
    pub(super) fn budget<R: Row>(&self) -> Budget {
        let advice = match R::BY_INSTANCE {
            Some(_) => "add instance=, or use order_by=id without ranges and with a low offset.",
            None => "use order_by=id without ranges and with a low offset.",
        };
        Budget::new(self.settings.query_budget, advice)
    }

    /// Reads the blocks in the order of the list, and stops when the page is full.
    async fn page_by_id<R: Row>(
        &self,
        blocks: &Blocks,
        query: &ListQuery<R>,
        mut budget: Budget,
    ) -> Result<Vec<R>, Error> {
        let descending = query.direction == Direction::Descending;
        let (mut skipped, mut page) = (0, Vec::new());
        for block in 0..blocks.count() {
            let mut after: Option<Key> = None;
            loop {
                let needed = query.offset - skipped + query.limit - page.len();
                let limit = query.filter.is_empty().then(|| i32::try_from(needed).ok()).flatten();
                let found = blocks.page::<R>(block, descending, after.as_ref(), limit).await?;
                budget.spend(found.units)?;
                for row in found.items.into_iter().filter(|row| query.filter.matches(row)) {
                    if skipped < query.offset {
                        skipped += 1;
                    } else if page.len() < query.limit {
                        page.push(row);
                    }
                }
                if page.len() == query.limit {
                    return Ok(page);
                }
                match found.next {
                    Some(next) => after = Some(next),
                    None => break,
                }
            }
        }
        Ok(page)
    }
}
