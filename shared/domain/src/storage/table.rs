//! Typed operations on `DynamoDB`. Every read and write of Steward passes through here.
//!
//! Every call requests its consumed capacity, which is free and lets tests and benchmarks add it up.

use std::collections::HashMap;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::operation::put_item::builders::PutItemFluentBuilder;
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::types::builders::PutBuilder;
use aws_sdk_dynamodb::types::{
    AttributeValue, Delete, DeleteRequest, KeysAndAttributes, Put, PutRequest, ReturnConsumedCapacity,
    ReturnValue, ReturnValuesOnConditionCheckFailure, TransactWriteItem, Update, WriteRequest,
};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::error::{Error, Kind};
use crate::failure;
use crate::storage::change::{Change, Expressions};
use crate::storage::item::{Item, item, key_item, key_of, read};
use crate::storage::key::{Key, Range};

/// A table. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Table {
    client: Client,
    name: String,
    consistent: bool,
}

/// One write of a batch or of a transaction.
#[derive(Clone, Debug)]
pub enum Write {
    /// Puts the item, replacing any other.
    Put(Item),
    /// Puts the item if there is none with its key.
    PutNew(Item),
    /// Puts the item if the existing one has this version (its attribute `v`).
    Replace(Item, u64),
    /// Changes some attributes of an item.
    Change(Change),
    /// Deletes the item, if it exists.
    Delete(Key),
    /// Deletes the item if it has this version (its attribute `v`).
    Remove(Key, u64),
}

/// The result of a conditional write.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome<T> {
    /// The write succeeded. Holds the item after it.
    Written(T),
    /// The condition failed and nothing changed. Holds the existing item, if there is one.
    Refused(Option<T>),
}

/// The reason why a transaction wrote nothing.
#[derive(Debug)]
pub enum Cancelled {
    /// At least one condition failed.
    Condition,
    /// Another transaction was writing an item. The same writes may succeed later.
    Conflict,
    /// The call failed, and the writes may or may not have been made.
    Failed(Error),
}

/// The result of a transaction that may lose against concurrent writers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Race {
    /// All writes were made.
    Won,
    /// No write was made: a concurrent writer won.
    Lost,
}

impl Cancelled {
    /// Converts a failed condition or a conflict into [`Race::Lost`], for callers that then read again or give up.
    pub fn lost(self) -> Result<Race, Error> {
        match self {
            Self::Condition | Self::Conflict => Ok(Race::Lost),
            Self::Failed(error) => Err(error),
        }
    }
}

/// One page of a query.
#[derive(Clone, Debug)]
pub struct Page<T> {
    /// The items, in the order of their sort keys.
    pub items: Vec<T>,
    /// The key after which the next page starts. `None` on the last page.
    pub next: Option<Key>,
    /// Read units that the page consumed.
    pub units: f64,
}

/// Makes all of the writes to several tables (at most 100), or none. A call with the same token within ten minutes is
/// the same transaction.
pub async fn transact_across(writes: Vec<(&Table, Write)>, token: &str) -> Result<Race, Cancelled> {
    let Some(first) = writes.first().map(|(table, _)| (*table).clone()) else { return Ok(Race::Won) };
    let items: Result<Vec<_>, _> =
        writes.into_iter().map(|(table, write)| table.transact_item(write)).collect();
    first.transact_items(items.map_err(Cancelled::Failed)?, token).await
}

/// Maps an SDK error. `operation` names the call in the log.
fn failed<E>(operation: &str, error: SdkError<E>) -> Error
where
    E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
{
    let kind = match error.code() {
        Some("ValidationException" | "ResourceNotFoundException" | "AccessDeniedException") => Kind::Bug,
        _ => Kind::Unavailable,
    };
    let public = match kind {
        Kind::Bug => "The request could not be served.",
        _ => "The store did not answer; try again.",
    };
    Error::new(kind, public).because(Error::new(kind, operation).because(error))
}

impl Table {
    /// Returns the table with this name.
    pub fn new(client: Client, name: impl Into<String>) -> Self {
        Self { client, name: name.into(), consistent: true }
    }

    /// Returns the table with eventually consistent reads: they cost half and may miss the latest writes, which is
    /// enough for requests from outside.
    #[must_use]
    pub fn eventual(&self) -> Self {
        Self { consistent: false, ..self.clone() }
    }

    /// Returns the table with strongly consistent reads, which see every write that was acknowledged before.
    #[must_use]
    pub fn consistent(&self) -> Self {
        Self { consistent: true, ..self.clone() }
    }

    /// Returns the item with this key.
    pub async fn get<T: DeserializeOwned>(&self, key: &Key) -> Result<Option<T>, Error> {
        if !key.can_exist() {
            return Ok(None);
        }
        let call = self
            .client
            .get_item()
            .table_name(&self.name)
            .set_key(Some(key_item(key)))
            .consistent_read(self.consistent);
        let reply = Box::pin(call.return_consumed_capacity(ReturnConsumedCapacity::Total).send()).await;
        reply.map_err(|error| failed("get an item", error))?.item.map(read).transpose()
    }

    /// Returns the existing items among these keys. A key given twice is read once.
    pub async fn get_many<T: DeserializeOwned>(&self, keys: &[Key]) -> Result<HashMap<Key, T>, Error> {
        let mut keys: Vec<_> = keys.to_vec();
        keys.retain(Key::can_exist);
        keys.sort_unstable();
        keys.dedup();
        let chunks = keys.chunks(100).map(|keys| self.get_batch(keys));
        let mut found = HashMap::new();
        for items in futures::future::try_join_all(chunks).await? {
            for item in items {
                found.insert(key_of(&item), read(item)?);
            }
        }
        Ok(found)
    }

    async fn get_batch(&self, keys: &[Key]) -> Result<Vec<Item>, Error> {
        let mut found = Vec::new();
        let mut wanted: Vec<Item> = keys.iter().map(key_item).collect();
        for attempt in 1..=failure::ATTEMPTS {
            let request =
                KeysAndAttributes::builder().set_keys(Some(wanted)).consistent_read(self.consistent).build();
            let request =
                request.map_err(|cause| Error::bug("a batch of keys could not be built").because(cause))?;
            let call = self.client.batch_get_item().request_items(&self.name, request);
            let reply = Box::pin(call.return_consumed_capacity(ReturnConsumedCapacity::Total).send()).await;
            let mut reply = reply.map_err(|error| failed("get a batch of items", error))?;
            let items = reply.responses.as_mut().and_then(|tables| tables.remove(&self.name));
            found.extend(items.unwrap_or_default());
            let left = reply.unprocessed_keys.as_mut().and_then(|tables| tables.remove(&self.name));
            wanted = left.map(|request| request.keys).unwrap_or_default();
            if wanted.is_empty() {
                return Ok(found);
            }
            failure::pause(attempt, &self.name).await;
        }
        Err(Error::unavailable("The store is busy; try again."))
    }

    /// Returns one page of a range: at most `limit` items, or as many as fit in a page of 1 MB.
    pub async fn query<T: DeserializeOwned>(
        &self,
        range: &Range,
        descending: bool,
        after: Option<&Key>,
        limit: Option<i32>,
    ) -> Result<Page<T>, Error> {
        let mut call = self.client.query().table_name(&self.name).consistent_read(self.consistent);
        call = call.expression_attribute_values(":pk", AttributeValue::S(range.pk().to_owned()));
        call = match range.bounds() {
            None => call.key_condition_expression("pk = :pk"),
            Some((low, high)) => call
                .key_condition_expression("pk = :pk AND sk BETWEEN :low AND :high")
                .expression_attribute_values(":low", AttributeValue::S(low.to_owned()))
                .expression_attribute_values(":high", AttributeValue::S(high.to_owned())),
        };
        call = call
            .scan_index_forward(!descending)
            .set_exclusive_start_key(after.map(key_item))
            .set_limit(limit);
        let reply = Box::pin(call.return_consumed_capacity(ReturnConsumedCapacity::Total).send()).await;
        let reply = reply.map_err(|error| failed("query items", error))?;
        let units = reply.consumed_capacity.and_then(|used| used.capacity_units).unwrap_or_default();
        let next = reply.last_evaluated_key.as_ref().map(key_of);
        let items = reply.items.unwrap_or_default().into_iter().map(read).collect::<Result<_, _>>()?;
        Ok(Page { items, next, units })
    }

    /// Returns all items of a range, in the order of their sort keys.
    pub async fn query_all<T: DeserializeOwned>(&self, range: &Range) -> Result<Vec<T>, Error> {
        let mut page = self.query(range, false, None, None).await?;
        let mut items = page.items;
        while let Some(next) = page.next {
            page = self.query(range, false, Some(&next), None).await?;
            items.append(&mut page.items);
        }
        Ok(items)
    }

    /// Puts a record if there is none with this key. Otherwise changes nothing and returns the existing one.
    pub async fn put_new<T: Serialize, Old: DeserializeOwned>(
        &self,
        key: &Key,
        record: &T,
    ) -> Result<Option<Old>, Error> {
        let call = self.client.put_item().table_name(&self.name).set_item(Some(item(key, record)?));
        self.put(call.condition_expression(ABSENT)).await
    }

    async fn put<Old: DeserializeOwned>(&self, call: PutItemFluentBuilder) -> Result<Option<Old>, Error> {
        let call = call.return_consumed_capacity(ReturnConsumedCapacity::Total);
        let call = call.return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
        match Box::pin(call.send()).await {
            Ok(_) => Ok(None),
            Err(SdkError::ServiceError(refused)) if refused.err().is_conditional_check_failed_exception() => {
                match refused.into_err() {
                    PutItemError::ConditionalCheckFailedException(e) => {
                        read(e.item.unwrap_or_default()).map(Some)
                    }
                    other => {
                        Err(Error::bug("a conditional write failed in an unexpected way").because(other))
                    }
                }
            }
            Err(error) => Err(failed("put an item", error)),
        }
    }

    /// Replaces a record that has this version (its attribute `v`); version 0 means that there is no record yet.
    /// If a concurrent writer won, changes nothing and returns the existing record.
    pub async fn replace<T: Serialize + DeserializeOwned>(
        &self,
        key: &Key,
        record: &T,
        version: u64,
    ) -> Result<Option<T>, Error> {
        if version == 0 {
            return self.put_new(key, record).await;
        }
        let call = self.client.put_item().table_name(&self.name).set_item(Some(item(key, record)?));
        let call = call.condition_expression("v = :version");
        let call = call.expression_attribute_values(":version", AttributeValue::N(version.to_string()));
        self.put(call).await
    }

    /// Applies a change and returns the item after it, or the existing item if the condition failed.
    pub async fn change<T: DeserializeOwned>(&self, change: &Change) -> Result<Outcome<T>, Error> {
        if !change.key().can_exist() {
            return Err(Error::invalid("A name or an id is empty or too long."));
        }
        let Expressions { update, condition, names, values } = change.expressions()?;
        let call = self.client.update_item().table_name(&self.name).set_key(Some(key_item(change.key())));
        let call = call.update_expression(update).set_condition_expression(condition);
        let call = call.set_expression_attribute_names(names).set_expression_attribute_values(values);
        let call =
            call.return_values(ReturnValue::AllNew).return_consumed_capacity(ReturnConsumedCapacity::Total);
        let call = call.return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
        match Box::pin(call.send()).await {
            Ok(reply) => read(reply.attributes.unwrap_or_default()).map(Outcome::Written),
            Err(SdkError::ServiceError(refused)) if refused.err().is_conditional_check_failed_exception() => {
                match refused.into_err() {
                    UpdateItemError::ConditionalCheckFailedException(e) => {
                        e.item.map(read).transpose().map(Outcome::Refused)
                    }
                    other => {
                        Err(Error::bug("a conditional write failed in an unexpected way").because(other))
                    }
                }
            }
            Err(error) => Err(failed("change an item", error)),
        }
    }

    /// Puts and deletes items without conditions, in batches of 25 that are sent concurrently.
    ///
    /// If this fails, some of the writes may have been made. The keys must be distinct.
    pub async fn write_all(&self, writes: Vec<Write>) -> Result<(), Error> {
        let requests = writes.into_iter().map(batch_request).collect::<Result<Vec<_>, _>>()?;
        let batches = requests.chunks(25).map(|batch| self.write_batch(batch.to_vec()));
        futures::future::try_join_all(batches).await.map(drop)
    }

    async fn write_batch(&self, mut batch: Vec<WriteRequest>) -> Result<(), Error> {
        for attempt in 1..=failure::ATTEMPTS {
            let call = self.client.batch_write_item().request_items(&self.name, batch);
            let reply = Box::pin(call.return_consumed_capacity(ReturnConsumedCapacity::Total).send()).await;
            let mut reply = reply.map_err(|error| failed("write a batch of items", error))?;
            let left = reply.unprocessed_items.as_mut().and_then(|tables| tables.remove(&self.name));
            batch = left.unwrap_or_default();
            if batch.is_empty() {
                return Ok(());
            }
            failure::pause(attempt, &self.name).await;
        }
        Err(Error::unavailable("The store is busy; try again."))
    }

    /// Makes all of the writes (at most 100), or none. A call with the same token within ten minutes is the same
    /// transaction.
    pub async fn transact(&self, writes: Vec<Write>, token: &str) -> Result<Race, Cancelled> {
        let items: Result<Vec<_>, _> = writes.into_iter().map(|write| self.transact_item(write)).collect();
        self.transact_items(items.map_err(Cancelled::Failed)?, token).await
    }

    async fn transact_items(&self, items: Vec<TransactWriteItem>, token: &str) -> Result<Race, Cancelled> {
        let call = self.client.transact_write_items().set_transact_items(Some(items));
        let call = call.client_request_token(token).return_consumed_capacity(ReturnConsumedCapacity::Total);
        Box::pin(call.send()).await.map(|_| Race::Won).map_err(cancelled)
    }

    fn transact_item(&self, write: Write) -> Result<TransactWriteItem, Error> {
        let part = TransactWriteItem::builder();
        let part = match write {
            Write::Put(item) => part.put(build(self.put_part(item))?),
            Write::PutNew(item) => part.put(build(self.put_part(item).condition_expression(ABSENT))?),
            Write::Replace(item, version) => {
                let version = AttributeValue::N(version.to_string());
                let put = self.put_part(item).condition_expression("v = :version");
                part.put(build(put.expression_attribute_values(":version", version))?)
            }
            Write::Delete(key) => {
                let delete = Delete::builder().table_name(&self.name).set_key(Some(key_item(&key))).build();
                part.delete(delete.map_err(|cause| Error::bug("a delete could not be built").because(cause))?)
            }
            Write::Remove(key, version) => {
                let version = AttributeValue::N(version.to_string());
                let delete = Delete::builder().table_name(&self.name).set_key(Some(key_item(&key)));
                let delete = delete.condition_expression("v = :version");
                let delete = delete.expression_attribute_values(":version", version).build();
                part.delete(delete.map_err(|cause| Error::bug("a delete could not be built").because(cause))?)
            }
            Write::Change(change) => {
                if !change.key().can_exist() {
                    return Err(Error::invalid("A name or an id is empty or too long."));
                }
                let Expressions { update, condition, names, values } = change.expressions()?;
                let part_update =
                    Update::builder().table_name(&self.name).set_key(Some(key_item(change.key())));
                let part_update = part_update.update_expression(update).set_condition_expression(condition);
                let part_update = part_update.set_expression_attribute_names(names);
                let part_update = part_update.set_expression_attribute_values(values).build();
                part.update(
                    part_update.map_err(|cause| Error::bug("a change could not be built").because(cause))?,
                )
            }
        };
        Ok(part.build())
    }

    fn put_part(&self, item: Item) -> PutBuilder {
        Put::builder().table_name(&self.name).set_item(Some(item))
    }
}

fn build(put: PutBuilder) -> Result<Put, Error> {
    put.build().map_err(|cause| Error::bug("a put could not be built").because(cause))
}

const ABSENT: &str = "attribute_not_exists(pk)";

fn batch_request(write: Write) -> Result<WriteRequest, Error> {
    let failed = |cause| Error::bug("a write could not be built").because(cause);
    let request = WriteRequest::builder();
    Ok(match write {
        Write::Put(item) => {
            request.put_request(PutRequest::builder().set_item(Some(item)).build().map_err(failed)?).build()
        }
        Write::Delete(key) => {
            let delete = DeleteRequest::builder().set_key(Some(key_item(&key))).build().map_err(failed)?;
            request.delete_request(delete).build()
        }
        Write::PutNew(_) | Write::Replace(..) | Write::Remove(..) | Write::Change(_) => {
            return Err(Error::bug("a batch cannot hold conditions"));
        }
    })
}

fn cancelled(error: SdkError<TransactWriteItemsError>) -> Cancelled {
    let reasons = match error.as_service_error() {
        Some(TransactWriteItemsError::TransactionCanceledException(e)) => e.cancellation_reasons(),
        Some(TransactWriteItemsError::TransactionInProgressException(_)) => return Cancelled::Conflict,
        _ => return Cancelled::Failed(failed("make a transaction", error)),
    };
    let codes: Vec<_> = reasons.iter().map(|reason| reason.code.as_deref().unwrap_or("None")).collect();
    if codes.contains(&"ConditionalCheckFailed") {
        return Cancelled::Condition;
    }
    let busy = ["TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"];
    if codes.iter().any(|code| busy.contains(code)) {
        return Cancelled::Conflict;
    }
    Cancelled::Failed(Error::bug("The request could not be served.").because(error))
}
