//! Lists of rows, rows by id, and how they are found.
//!
//! A filter that fixes the id of a row, or of the row that it links to, reads only the rows that it names: by their keys,
//! by an index, or by the ids that are stored on the changeset. Every other list reads the whole partition of its resource
//! and compares in memory.

use domain::error::Error;
use serde_json::{Map, Value, json};

use crate::record::{Name, SchemaVersion};
use crate::registry::Registry;
use crate::resource::declaration::{Finder, Fixed, Resource, Source};
use crate::resource::declared::resource;
use crate::resource::field::FieldKind;
use crate::resource::filter::{Filter, check_order, filters};
use crate::resource::form::{form, id};
use crate::resource::lookup::{Operand, Test};
use crate::resource::page::Page;
use crate::store::Row;

/// The most linked rows by which rows are found. With more of them, all rows are read.
const MOST_LINKED: usize = 20;
/// Texts of schema versions that are read at once.
const DDL_BATCH: usize = 16;

/// Why a list was not returned.
#[derive(Debug)]
pub enum ListError {
    /// The query is invalid, with the documented text.
    Invalid(String),
    /// The table did not answer.
    Failed(Error),
}

impl From<Error> for ListError {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}

impl Registry {
    /// Returns the body of a list: `meta` and `objects`. `pairs` is the decoded query.
    pub async fn list(&self, name: Name, pairs: &[(String, String)]) -> Result<Value, ListError> {
        let listed = resource(name);
        let filters = filters(listed, pairs).map_err(ListError::Invalid)?;
        check_order(listed, pairs).map_err(ListError::Invalid)?;
        let page = Page::read(pairs).map_err(ListError::Invalid)?;
        let rows = self.select(listed, filters).await?;
        let meta = page.meta(name, rows.len(), pairs);
        let objects = self.forms(listed, page.slice(rows)).await?;
        Ok(json!({"meta": meta, "objects": objects}))
    }

    /// Returns the form of a row.
    pub async fn detail(&self, name: Name, id: u64) -> Result<Option<Value>, Error> {
        let listed = resource(name);
        let rows = self.rows_by_id(listed, &[id]).await?;
        Ok(self.forms(listed, rows).await?.pop())
    }

    /// Returns the body of a set: the rows with these ids in their order, and the ids that no row has.
    pub async fn set(&self, name: Name, wanted: &[&str]) -> Result<Value, Error> {
        let listed = resource(name);
        let parsed = |text: &&str| text.parse::<u64>().ok();
        let ids: Vec<u64> = wanted.iter().filter_map(parsed).collect();
        let rows = self.rows_by_id(listed, &ids).await?;
        let is_found = |text: &str| rows.iter().any(|row| parsed(&text) == Some(id(row)));
        let missing: Vec<&str> = wanted.iter().copied().filter(|text| !is_found(text)).collect();
        let mut body = Map::from_iter([("objects".to_owned(), Value::Null)]);
        if !missing.is_empty() {
            body.insert("not_found".to_owned(), json!(missing));
        }
        body.insert("objects".to_owned(), json!(self.forms(listed, rows).await?));
        Ok(Value::Object(body))
    }

    /// Returns the forms of the rows with these ids, by id. Missing ones are left out.
    pub async fn forms_by_id(&self, name: Name, ids: &[u64]) -> Result<Vec<Value>, Error> {
        let listed = resource(name);
        let rows = self.rows_by_id(listed, ids).await?;
        self.forms(listed, rows).await
    }

    /// Returns the rows that pass all filters, by id.
    async fn select(&self, listed: &Resource, filters: Vec<Filter>) -> Result<Vec<Row>, Error> {
        let mut tests = Vec::new();
        for filter in filters {
            tests.push(self.resolved(filter).await?);
        }
        let mut rows = match self.candidates(listed, &tests).await? {
            Some(ids) => self.rows_by_id(listed, &ids).await?,
            None => self.all_rows(listed).await?,
        };
        rows.retain(|row| {
            tests.iter().all(|(attribute, kind, test)| {
                test.passes(*kind, row.get(*attribute).filter(|value| !value.is_null()))
            })
        });
        Ok(rows)
    }

    /// Returns the test of the listed rows that a filter amounts to: that of a linked row becomes one of its id.
    async fn resolved(&self, mut filter: Filter) -> Result<(&'static str, FieldKind, Test), Error> {
        if filter.links.is_empty() {
            return Ok((filter.attribute, filter.kind, filter.test));
        }
        let link = filter.links.remove(0);
        let linked = Box::pin(self.select(resource(link.target), vec![filter])).await?;
        let ids = linked.iter().filter_map(|row| i64::try_from(id(row)).ok().map(Operand::Number));
        Ok((link.attribute, FieldKind::Integer, Test::In(ids.collect())))
    }

    /// Returns the ids of the rows that may pass, if the tests fix them.
    async fn candidates(
        &self,
        listed: &Resource,
        tests: &[(&'static str, FieldKind, Test)],
    ) -> Result<Option<Vec<u64>>, Error> {
        let fixed = |attribute: &str| {
            let tests = tests.iter().filter(|(name, ..)| *name == attribute);
            tests.filter_map(|(_, _, test)| test.ids()).min_by_key(Vec::len)
        };
        if let Some(ids) = fixed("id") {
            return Ok(Some(ids));
        }
        for (attribute, finder) in listed.finders {
            let linked = match (fixed(attribute), listed.shortcut) {
                (Some(linked), _) => Some(linked),
                (None, Some((first, second))) if second == *attribute => match fixed(first) {
                    Some(ids) if ids.len() <= MOST_LINKED => {
                        Some(self.links_of(Name::ChangesetDetail, &ids, second).await?)
                    }
                    _ => None,
                },
                _ => None,
            };
            if let Some(linked) = linked.filter(|linked| linked.len() <= MOST_LINKED) {
                return Ok(Some(self.found(listed.name, attribute, *finder, &linked).await?));
            }
        }
        Ok(None)
    }

    /// Returns the ids of the rows that link to these.
    async fn found(
        &self,
        name: Name,
        attribute: &str,
        finder: Finder,
        linked: &[u64],
    ) -> Result<Vec<u64>, Error> {
        match finder {
            Finder::Index => {
                let reads = linked.iter().map(|target| self.referring_ids(name, attribute, *target));
                Ok(futures::future::try_join_all(reads).await?.concat())
            }
            Finder::StoredOnChangeset(list) => {
                let changesets = self.rows_of(Name::Changeset, linked).await?;
                let lists = changesets.iter().filter_map(|row| row.get(list)).filter_map(Value::as_array);
                Ok(lists.flatten().filter_map(Value::as_u64).collect())
            }
        }
    }

    /// Returns the ids that a link of these rows has.
    async fn links_of(&self, name: Name, ids: &[u64], attribute: &str) -> Result<Vec<u64>, Error> {
        let rows = self.rows_of(name, ids).await?;
        let mut links: Vec<u64> =
            rows.iter().filter_map(|row| row.get(attribute)).filter_map(Value::as_u64).collect();
        links.sort_unstable();
        links.dedup();
        Ok(links)
    }

    /// Returns the rows with these ids, each once, by id.
    async fn rows_by_id(&self, listed: &Resource, ids: &[u64]) -> Result<Vec<Row>, Error> {
        let mut ids = ids.to_vec();
        ids.sort_unstable();
        ids.dedup();
        self.make_first_rows(listed).await?;
        match listed.source {
            Source::Stored => self.rows_of(listed.name, &ids).await,
            Source::Users => {
                let users = self.rows_of(Name::User, &ids).await?;
                Ok(users.iter().map(login).collect())
            }
            Source::Fixed(_) => {
                let mut rows = self.all_rows(listed).await?;
                rows.retain(|row| ids.binary_search(&id(row)).is_ok());
                Ok(rows)
            }
        }
    }

    /// Makes the first environments before environments are read.
    async fn make_first_rows(&self, listed: &Resource) -> Result<(), Error> {
        if listed.name == Name::Environment {
            self.first_data().await?;
        }
        Ok(())
    }

    async fn all_rows(&self, listed: &Resource) -> Result<Vec<Row>, Error> {
        self.make_first_rows(listed).await?;
        match listed.source {
            Source::Stored => self.rows(listed.name).await,
            Source::Users => Ok(self.rows(Name::User).await?.iter().map(login).collect()),
            Source::Fixed(rows) => {
                let created = self.first_data().await?;
                let row = |fixed: Fixed| {
                    let mut row = Row::new();
                    row.insert("id".to_owned(), json!(fixed.id));
                    row.insert("name".to_owned(), json!(fixed.name));
                    row.insert("created_at".to_owned(), json!(created.0));
                    row.insert("updated_at".to_owned(), json!(created.0));
                    row.extend(
                        fixed.attributes.into_iter().map(|(name, text)| (name.to_owned(), json!(text))),
                    );
                    row
                };
                Ok(rows().into_iter().map(row).collect())
            }
        }
    }

    /// Returns the text of the schema version with this row.
    async fn listed_text(&self, row: &Row) -> Result<String, Error> {
        let version = serde_json::from_value(Value::Object(row.clone()));
        let version: SchemaVersion =
            version.map_err(|cause| Error::bug("a row is not a schema version").because(cause))?;
        self.ddl_of(&version).await
    }

    /// Returns the forms of rows, with the texts that are stored apart from them.
    async fn forms(&self, listed: &Resource, mut rows: Vec<Row>) -> Result<Vec<Value>, Error> {
        if listed.has_ddl() {
            for batch in rows.chunks_mut(DDL_BATCH) {
                let texts = batch.iter().map(|row| self.listed_text(row));
                let texts = futures::future::try_join_all(texts).await?;
                for (row, text) in batch.iter_mut().zip(texts) {
                    row.insert("ddl".to_owned(), json!(text));
                }
            }
        }
        Ok(rows.iter().map(|row| Value::Object(form(listed, row))).collect())
    }
}

/// Returns the row of a login from the row of its user.
fn login(user: &Row) -> Row {
    let attribute = |from: &str| user.get(from).cloned().unwrap_or_default();
    Row::from_iter([("id".to_owned(), attribute("auth_user")), ("username".to_owned(), attribute("name"))])
}
