//! Lists and single rows of the six tables.

use std::pin::pin;

use futures::StreamExt;

use crate::error::Error;
use crate::storage::block::{Blocks, Budget};
use crate::storage::key::Key;
use crate::usage::Usage;
use crate::usage::column::Row;
use crate::usage::query::{Direction, Filter, ListQuery, Selection};

impl Usage {
    /// The row with this id.
    pub async fn get<R: Row>(&self, id: u64) -> Result<Option<R>, Error> {
        self.row_read(id).await
    }

    /// A page of rows.
    ///
    /// The newest rows by id are read until the page is full. Any other order needs the whole table, or all rows of
    /// one instance. A list that would read too much is refused: the error says what would make it smaller.
    pub async fn list<R: Row>(&self, query: &ListQuery<R>) -> Result<Vec<R>, Error> {
        if query.limit == 0 {
            return Ok(Vec::new());
        }
        if let Some(rows) = self.of_instance(&query.filter).await? {
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
        if query.is_by_id() {
            return self.page_by_id(&blocks, query, budget).await;
        }
        let mut selection = Selection::new(query);
        self.for_each_row(&blocks, budget, |row| selection.offer(row)).await?;
        Ok(selection.page())
    }

    /// The rows of the instance that the filter names, where it names one.
    pub(super) async fn of_instance<R: Row>(&self, filter: &Filter<R>) -> Result<Option<Vec<R>>, Error> {
        let (Some(instance), Some(pointers)) = (&filter.instance, R::BY_INSTANCE) else {
            return Ok(None);
        };
        let pointers = self.pointers_read(&pointers(instance)).await?;
        let rows = pointers.len() as u64;
        Budget::new(self.settings.query_budget, "this instance has too many").allow(rows, rows)?;
        self.rows_read(&pointers).await.map(Some)
    }

    /// Gives every row of a table to `take`, newest blocks first, unless that is over the budget.
    pub(super) async fn for_each_row<R: Row>(
        &self,
        blocks: &Blocks,
        mut budget: Budget,
        mut take: impl FnMut(R),
    ) -> Result<(), Error> {
        budget.allow(blocks.last_id(), blocks.units())?;
        let mut stream = pin!(blocks.newest_first());
        while let Some(block) = stream.next().await {
            let block = block?;
            budget.spend(block.units)?;
            block.rows.into_iter().for_each(&mut take);
        }
        Ok(())
    }

    /// What a query of this table may read.
    pub(super) fn budget<R: Row>(&self) -> Budget {
        let advice = match R::BY_INSTANCE {
            Some(_) => "add instance=, or ask with order_by=id, without ranges and with a low offset.",
            None => "ask with order_by=id, without ranges and with a low offset.",
        };
        Budget::new(self.settings.query_budget, advice)
    }

    /// Reads block after block in the order of the list, and stops when the page is full.
    async fn page_by_id<R: Row>(
        &self,
        blocks: &Blocks,
        query: &ListQuery<R>,
        mut budget: Budget,
    ) -> Result<Vec<R>, Error> {
        let descending = query.direction == Direction::Descending;
        let (mut passed, mut page) = (0, Vec::new());
        for place in 0..blocks.count() {
            let mut after: Option<Key> = None;
            loop {
                let missing = query.offset - passed + query.limit - page.len();
                let most = query.filter.is_empty().then(|| i32::try_from(missing).ok()).flatten();
                let found = blocks.page::<R>(place, descending, after.as_ref(), most).await?;
                budget.spend(found.units)?;
                for row in found.items.into_iter().filter(|row| query.filter.matches(row)) {
                    if passed < query.offset {
                        passed += 1;
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
