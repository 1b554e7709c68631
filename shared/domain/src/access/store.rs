//! Principals, credentials and the audit log in the table: nothing else of the group touches it.

use serde::de::IgnoredAny;

use crate::access::Access;
use crate::access::api_key::ApiKey;
use crate::access::audit::{Deed, Entry, Origin};
use crate::access::auditing::Place;
use crate::access::lockout::{self, Failures};
use crate::access::session::Session;
use crate::access::user::{self, User};
use crate::error::{Error, Kind};
use crate::key::{Key, Range};
use crate::table::{Cancelled, Change, Outcome, Table, Write, item};
use crate::time::Micros;

impl Access {
    fn table(&self) -> &Table {
        &self.platform.tables.registry
    }

    /// The key with this hash.
    pub(crate) async fn key_get(&self, hash: &str) -> Result<Option<ApiKey>, Error> {
        self.table().get(&Key::api_key(hash)).await
    }

    /// All keys, in no order that means anything.
    pub(crate) async fn key_list(&self) -> Result<Vec<ApiKey>, Error> {
        self.table().query_all(&Range::api_keys()).await
    }

    /// The key with this id.
    pub async fn key_find(&self, id: &str) -> Result<Option<ApiKey>, Error> {
        let found: Vec<ApiKey> = self.table().query_all(&Range::api_keys_of(id)).await?;
        Ok(found.into_iter().find(|key| key.id() == id))
    }

    /// The user with this name.
    pub async fn user_get(&self, name: &str) -> Result<Option<User>, Error> {
        self.table().get(&Key::user(name)).await
    }

    /// All users, by name.
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

    /// Counts one more wrong password.
    pub(crate) async fn failures_add(&self, user: &str, address: &str, now: Micros) -> Result<(), Error> {
        let key = Key::failures(user, address);
        let window = now.plus_seconds(-lockout::SECONDS);
        let more = Change::of(key.clone(), "SET n = n + :one").when("#at > :window").name("#at", "at");
        let more = more.value(":one", 1)?.value(":window", window)?;
        match self.table().change::<IgnoredAny>(&more).await? {
            Outcome::Written(_) => Ok(()),
            Outcome::Refused(_) => {
                self.table().write_all(vec![Write::Put(item(&key, &Failures::first(now))?)]).await
            }
        }
    }

    /// Makes all of the writes or none; false where a condition did not hold.
    pub(crate) async fn write_together(&self, writes: Vec<Write>) -> Result<bool, Error> {
        match self.table().transact(writes, &self.platform.ids.uuid()).await {
            Ok(()) => Ok(true),
            Err(Cancelled::Condition(_)) => Ok(false),
            Err(Cancelled::Conflict) => {
                Err(Error::new(Kind::Conflict, "Somebody else changed it; try again."))
            }
            Err(Cancelled::Failed(error)) => Err(error),
        }
    }

    /// Replaces a user as they were read.
    pub(crate) async fn user_replace(
        &self,
        user: &User,
        old: &User,
        deed: Deed<'_>,
        origin: &Origin,
    ) -> Result<(), Error> {
        let entry = origin.entry(deed, self.now(), &self.platform.ids.uuid())?;
        let change = Change::of(Key::user(&user.name), "SET em = :email, gr = :grants, ph = :hash, v = :new")
            .when("v = :old")
            .value(":email", &user.email)?
            .value(":grants", &user.grants)?
            .value(":hash", &user.hash)?
            .value(":new", user.version)?
            .value(":old", old.version)?;
        let is_written = self.write_together(vec![Write::Change(change), entry]).await?;
        self.memory.forget();
        if is_written { Ok(()) } else { Err(user::changed_meanwhile(&user.name)) }
    }

    /// At most `limit` entries of a month, newest first, older than the one at `after`.
    pub(crate) async fn audit_month(
        &self,
        month: i64,
        after: Option<Place>,
        limit: usize,
    ) -> Result<Vec<Entry>, Error> {
        let mut after = after.map(|(at, id)| Key::audit(at, &id));
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
