//! Storage of users, keys, sessions and the audit log. No other file of the group accesses the table.

use serde::de::IgnoredAny;

use crate::access::Access;
use crate::access::api_key::ApiKey;
use crate::access::audit::{AuditEntry, AuditPosition};
use crate::access::lockout::{self, Failures};
use crate::access::session::Session;
use crate::access::user::User;
use crate::error::Error;
use crate::storage::change::Change;
use crate::storage::item::item;
use crate::storage::key::{Key, Range};
use crate::storage::table::{Cancelled, Outcome, Race, Table, Write};
use crate::time::Micros;

impl Access {
    fn table(&self) -> &Table {
        &self.table
    }

    /// Returns the key with this hash.
    pub(crate) async fn key_get(&self, hash: &str) -> Result<Option<ApiKey>, Error> {
        self.table().get(&Key::api_key(hash)).await
    }

    /// Returns all keys, in no particular order.
    pub(crate) async fn key_list(&self) -> Result<Vec<ApiKey>, Error> {
        self.table().query_all(&Range::api_keys()).await
    }

    /// Returns the key with this id.
    pub async fn key_find(&self, id: &str) -> Result<Option<ApiKey>, Error> {
        let found: Vec<ApiKey> = self.table().query_all(&Range::api_keys_of(id)).await?;
        Ok(found.into_iter().find(|key| key.id() == id))
    }

    /// Returns the user with this name.
    pub async fn user_get(&self, name: &str) -> Result<Option<User>, Error> {
        self.table().get(&Key::user(name)).await
    }

    /// Returns all users, ordered by name.
    pub async fn user_list(&self) -> Result<Vec<User>, Error> {
        self.table().query_all(&Range::users()).await
    }

    pub(crate) async fn session_get(&self, hash: &str) -> Result<Option<Session>, Error> {
        self.table().get(&Key::session(hash)).await
    }

    pub(crate) async fn session_put(&self, hash: &str, session: &Session) -> Result<(), Error> {
        self.table().write_all(vec![Write::Put(item(&Key::session(hash), session)?)]).await
    }

    pub(crate) async fn session_remove(&self, hash: &str) -> Result<(), Error> {
        self.table().write_all(vec![Write::Delete(Key::session(hash))]).await
    }

    pub(crate) async fn failures_get(&self, user: &str, address: &str) -> Result<Option<Failures>, Error> {
        self.table().get(&Key::failures(user, address)).await
    }

    /// Counts a wrong password; opens a new window if the last one has ended.
    pub(crate) async fn failures_add(&self, user: &str, address: &str, now: Micros) -> Result<(), Error> {
        let key = Key::failures(user, address);
        let window = now.plus_seconds(-lockout::WINDOW_SECONDS);
        let increment = Change::of(key.clone()).increase("n", 1, 0).when_greater("at", window);
        match self.table().change::<IgnoredAny>(&increment).await? {
            Outcome::Written(_) => Ok(()),
            Outcome::Refused(_) => {
                self.table().write_all(vec![Write::Put(item(&key, &Failures::first(now))?)]).await
            }
        }
    }

    /// Makes all of the writes or none. Returns false if a condition or a concurrent transaction prevented them.
    pub(crate) async fn write_together(&self, writes: Vec<Write>) -> Result<bool, Error> {
        let race = self.table().transact(writes, &self.ids.uuid()).await.or_else(Cancelled::lost)?;
        Ok(race == Race::Won)
    }

    /// Returns at most `limit` entries of a month, newest first, starting with the one after `after`.
    pub(crate) async fn audit_month(
        &self,
        month: i64,
        after: Option<AuditPosition>,
        limit: usize,
    ) -> Result<Vec<AuditEntry>, Error> {
        let mut after = after.map(|position| Key::audit(position.at, &position.id));
        let mut entries = Vec::new();
        loop {
            let left = i32::try_from(limit - entries.len()).unwrap_or(i32::MAX);
            let mut page = self.table().query(&Range::audit(month), true, after.as_ref(), Some(left)).await?;
            entries.append(&mut page.items);
            after = page.next;
            if after.is_none() || entries.len() >= limit {
                return Ok(entries);
            }
        }
    }
}
