//! Records as items: the attributes of a record, and those of its key.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::error::Error;
use crate::storage::key::Key;

/// One item as the SDK has it.
pub type Item = HashMap<String, AttributeValue>;

/// Converts a record into an item with this key.
pub fn item<T: Serialize>(key: &Key, record: &T) -> Result<Item, Error> {
    let mut item: Item = serde_dynamo::to_item(record)
        .map_err(|cause| Error::bug("a record could not be written as an item").because(cause))?;
    item.extend(key_item(key));
    Ok(item)
}

/// Returns the key attributes of an item.
pub(super) fn key_item(key: &Key) -> Item {
    HashMap::from([
        ("pk".to_owned(), AttributeValue::S(key.pk().to_owned())),
        ("sk".to_owned(), AttributeValue::S(key.sk().to_owned())),
    ])
}

/// Converts an item into a record.
pub(super) fn read<T: DeserializeOwned>(item: Item) -> Result<T, Error> {
    serde_dynamo::from_item(item)
        .map_err(|cause| Error::bug("an item could not be read as a record").because(cause))
}

/// Returns an attribute of an item as text; empty if it is missing.
fn text(item: &Item, name: &str) -> String {
    item.get(name).and_then(|value| value.as_s().ok()).cloned().unwrap_or_default()
}

/// Returns the key of an item.
pub(super) fn key_of(item: &Item) -> Key {
    Key::read(text(item, "pk"), text(item, "sk"))
}
