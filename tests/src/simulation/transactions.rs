//! Pure. Transactions in progress, with which other writes of the same items conflict, and their idempotency tokens.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde_json::Value;

use super::request::Part;

/// How long the service remembers an idempotency token.
const TOKEN_PERIOD: Duration = Duration::from_mins(10);

/// An item: table, partition key and sort key.
type Item = (String, String, String);

/// Transactions in progress, and those of the last ten minutes.
#[derive(Debug, Default)]
pub struct Transactions {
    locked: BTreeSet<Item>,
    tokens: BTreeMap<String, Executed>,
}

/// A transaction that was executed.
#[derive(Clone, Debug)]
struct Executed {
    items: Value,
    reply: Vec<u8>,
    at: Duration,
}

/// What the service knows of a transaction with an idempotency token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Earlier {
    /// Nothing: it is executed.
    None,
    /// It was executed; this was the reply.
    Same(Vec<u8>),
    /// Another transaction was executed with the same token.
    Different,
}

fn item(part: &Part) -> Item {
    (part.table.clone(), part.pk.clone(), part.sk.clone())
}

impl Transactions {
    /// Whether a transaction that uses this item is in progress.
    pub fn conflicts(&self, part: &Part) -> bool {
        self.locked.contains(&item(part))
    }

    /// Starts a transaction.
    pub fn start(&mut self, parts: &[Part]) {
        self.locked.extend(parts.iter().map(item));
    }

    /// Ends a transaction.
    pub fn end(&mut self, parts: &[Part]) {
        for part in parts {
            self.locked.remove(&item(part));
        }
    }

    /// Looks up a token.
    pub fn earlier(&mut self, token: &str, items: &Value, now: Duration) -> Earlier {
        self.tokens.retain(|_, executed| now.saturating_sub(executed.at) < TOKEN_PERIOD);
        match self.tokens.get(token) {
            None => Earlier::None,
            Some(executed) if executed.items == *items => Earlier::Same(executed.reply.clone()),
            Some(_) => Earlier::Different,
        }
    }

    /// Remembers the token of a transaction that was executed.
    pub fn remember(&mut self, token: &str, items: Value, reply: &[u8], now: Duration) {
        self.tokens.insert(token.to_owned(), Executed { items, reply: reply.to_vec(), at: now });
    }
}
