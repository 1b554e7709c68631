//! A builder for changes of one item.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use serde::Serialize;

use crate::error::Error;
use crate::storage::item::Item;
use crate::storage::key::Key;

/// A change of one item, applied by [`Table::change`](crate::storage::table::Table::change) or in a transaction.
///
/// Attribute names and values reach the expressions as placeholders only. A value that cannot be stored is reported
/// when the change is applied.
///
/// ```
/// # use domain::storage::{change::Change, key::Key};
/// # let key = Key::chunk("c");
/// let finish = Change::of(key).set("st", "done").remove("le").when_equal("tk", 7);
/// ```
#[derive(Clone, Debug)]
pub struct Change {
    key: Key,
    sets: Vec<String>,
    adds: Vec<String>,
    removes: Vec<String>,
    conditions: Vec<String>,
    or_absent: bool,
    names: Vec<String>,
    values: Vec<Result<AttributeValue, String>>,
}

/// The expressions of a change, as `DynamoDB` expects them.
#[derive(Debug)]
pub(crate) struct Expressions {
    pub(crate) update: String,
    pub(crate) condition: Option<String>,
    pub(crate) names: Option<HashMap<String, String>>,
    pub(crate) values: Option<Item>,
}

impl Change {
    /// Returns an empty change of the item with this key.
    pub fn of(key: Key) -> Self {
        Self {
            key,
            sets: Vec::new(),
            adds: Vec::new(),
            removes: Vec::new(),
            conditions: Vec::new(),
            or_absent: false,
            names: Vec::new(),
            values: Vec::new(),
        }
    }

    /// Sets an attribute.
    #[must_use]
    pub fn set(mut self, name: &str, value: impl Serialize) -> Self {
        let (name, value) = (self.name(name), self.value(value));
        self.sets.push(format!("{name} = {value}"));
        self
    }

    /// Sets an attribute that the item does not have yet.
    #[must_use]
    pub fn set_if_missing(mut self, name: &str, value: impl Serialize) -> Self {
        let (name, value) = (self.name(name), self.value(value));
        self.sets.push(format!("{name} = if_not_exists({name}, {value})"));
        self
    }

    /// Sets an attribute to what another has before the change, or to `otherwise`.
    #[must_use]
    pub fn copy(mut self, from: &str, to: &str, otherwise: impl Serialize) -> Self {
        let (from, to, otherwise) = (self.name(from), self.name(to), self.value(otherwise));
        self.sets.push(format!("{to} = if_not_exists({from}, {otherwise})"));
        self
    }

    /// Increases a number, which is `otherwise` before the change if the item does not have it.
    #[must_use]
    pub fn increase(mut self, name: &str, by: u64, otherwise: u64) -> Self {
        let (name, by, otherwise) = (self.name(name), self.value(by), self.value(otherwise));
        self.sets.push(format!("{name} = if_not_exists({name}, {otherwise}) + {by}"));
        self
    }

    /// Adds to a counter, which begins at 0.
    #[must_use]
    pub fn add(mut self, name: &str, count: u64) -> Self {
        let (name, count) = (self.name(name), self.value(count));
        self.adds.push(format!("{name} {count}"));
        self
    }

    /// Removes an attribute.
    #[must_use]
    pub fn remove(mut self, name: &str) -> Self {
        let name = self.name(name);
        self.removes.push(name);
        self
    }

    /// Applies only if the item exists.
    #[must_use]
    pub fn when_present(mut self) -> Self {
        self.conditions.push("attribute_exists(pk)".to_owned());
        self
    }

    /// Applies only if an attribute has this value.
    #[must_use]
    pub fn when_equal(self, name: &str, value: impl Serialize) -> Self {
        self.when(name, "=", value)
    }

    /// Applies only if an attribute has another value.
    #[must_use]
    pub fn when_not_equal(self, name: &str, value: impl Serialize) -> Self {
        self.when(name, "<>", value)
    }

    /// Applies only if an attribute is greater than this value.
    #[must_use]
    pub fn when_greater(self, name: &str, value: impl Serialize) -> Self {
        self.when(name, ">", value)
    }

    /// Applies only if an attribute is at most this value.
    #[must_use]
    pub fn when_at_most(self, name: &str, value: impl Serialize) -> Self {
        self.when(name, "<=", value)
    }

    /// Applies also if the item does not exist, whatever the other conditions.
    #[must_use]
    pub fn or_absent(self) -> Self {
        Self { or_absent: true, ..self }
    }

    /// Returns the key of the item.
    pub fn key(&self) -> &Key {
        &self.key
    }

    pub(crate) fn expressions(&self) -> Result<Expressions, Error> {
        let mut values = Item::new();
        for (number, value) in self.values.iter().enumerate() {
            let value = value
                .clone()
                .map_err(|cause| Error::bug("a value could not be written as an attribute").because(cause))?;
            values.insert(format!(":{number}"), value);
        }
        let names = self.names.iter().enumerate().map(|(number, name)| (format!("#{number}"), name.clone()));
        let names: HashMap<_, _> = names.collect();
        Ok(Expressions {
            update: self.update(),
            condition: self.condition(),
            names: Some(names).filter(|names| !names.is_empty()),
            values: Some(values).filter(|values| !values.is_empty()),
        })
    }

    fn update(&self) -> String {
        let clauses = [("SET", &self.sets), ("ADD", &self.adds), ("REMOVE", &self.removes)];
        let clauses = clauses.into_iter().filter(|(_, actions)| !actions.is_empty());
        let clauses: Vec<_> =
            clauses.map(|(verb, actions)| format!("{verb} {}", actions.join(", "))).collect();
        clauses.join(" ")
    }

    fn condition(&self) -> Option<String> {
        let all = self.conditions.join(" AND ");
        match (all.is_empty(), self.or_absent) {
            (true, _) => None,
            (false, false) => Some(all),
            (false, true) => Some(format!("attribute_not_exists(pk) OR ({all})")),
        }
    }

    fn when(mut self, name: &str, operator: &str, value: impl Serialize) -> Self {
        let (name, value) = (self.name(name), self.value(value));
        self.conditions.push(format!("{name} {operator} {value}"));
        self
    }

    /// Returns the placeholder of an attribute name.
    fn name(&mut self, name: &str) -> String {
        let known = self.names.iter().position(|known| known == name);
        let number = known.unwrap_or_else(|| {
            self.names.push(name.to_owned());
            self.names.len() - 1
        });
        format!("#{number}")
    }

    /// Returns the placeholder of a value.
    fn value(&mut self, value: impl Serialize) -> String {
        let value = serde_dynamo::to_attribute_value(value).map_err(|cause| cause.to_string());
        self.values.push(value);
        format!(":{}", self.values.len() - 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(change: &Change) -> (String, Option<String>) {
        let expressions = change.expressions().expect("every value can be stored");
        (expressions.update, expressions.condition)
    }

    #[test]
    fn names_share_placeholders_and_values_do_not() {
        let change = Change::of(Key::chunk("c"))
            .set("st", "done")
            .copy("nU", "oU", 1)
            .increase("nU", 3, 1)
            .remove("le")
            .when_equal("st", "claimed")
            .when_not_equal("tk", 7);
        let update = "SET #0 = :0, #2 = if_not_exists(#1, :1), #1 = if_not_exists(#1, :3) + :2 REMOVE #3";
        assert_eq!(written(&change), (update.to_owned(), Some("#0 = :4 AND #4 <> :5".to_owned())));
        let names = change.expressions().expect("they can be stored").names.expect("there are some");
        assert_eq!((names.len(), names["#1"].as_str()), (5, "nU"));
    }

    #[test]
    fn or_absent_accepts_a_missing_item() {
        let change = Change::of(Key::chunk("c")).add("n", 1).when_at_most("ttl", 9).or_absent();
        let condition = "attribute_not_exists(pk) OR (#1 <= :1)";
        assert_eq!(written(&change), ("ADD #0 :0".to_owned(), Some(condition.to_owned())));
        assert_eq!(written(&Change::of(Key::chunk("c")).remove("le")).1, None);
    }

    #[test]
    fn unserializable_value_is_reported_when_the_change_is_applied() {
        struct Unwritable;
        impl Serialize for Unwritable {
            fn serialize<S: serde::Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
                Err(serde::ser::Error::custom("not storable"))
            }
        }
        let refused = Change::of(Key::chunk("c"))
            .set("st", Unwritable)
            .expressions()
            .expect_err("the value cannot be stored");
        assert!(refused.chain().contains("not storable"), "{}", refused.chain());
    }
}
