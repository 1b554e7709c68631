//! Administration of API keys and users. Every change is written together with its audit entry.

use std::collections::BTreeSet;

use crate::access::Access;
use crate::access::api_key::ApiKey;
use crate::access::audit::{AuditAction, Caller};
use crate::access::principal::Grant;
use crate::access::user::{self, User};
use crate::digest;
use crate::error::{Error, Kind};
use crate::storage::item::item;
use crate::storage::key::Key;
use crate::storage::table::Write;
use crate::time::Micros;

/// Maximum length of a key's name and of a tenant, in characters.
const MAX_NAME_CHARS: usize = 256;

/// An API key to create.
#[derive(Clone, Debug)]
pub struct NewKey {
    /// A description of the key's use.
    pub name: String,
    /// The tenant whose records the key gives access to.
    pub tenant: String,
    /// The key's permissions; at least one.
    pub grants: BTreeSet<Grant>,
    /// When the key expires. `None` for a key that does not expire.
    pub expires: Option<Micros>,
}

/// The fields of a user to create or change. In a change, `None` leaves the field unchanged. A new user needs grants
/// and a password.
#[derive(Clone, Default)]
pub struct UserChange {
    /// The user's email address.
    pub email: Option<String>,
    /// The user's permissions; at least one.
    pub grants: Option<BTreeSet<Grant>>,
    /// The password in clear text. Only its hash is stored.
    pub password: Option<String>,
}

impl Access {
    /// Creates a key with a random secret. Returns the stored record and the secret, which cannot be read again.
    pub async fn key_create(&self, new: NewKey, caller: &Caller) -> Result<(ApiKey, String), Error> {
        let secret = self.ids.secret();
        Ok((self.key_create_with_secret(new, &secret, caller).await?, secret))
    }

    /// Creates a key with a given secret, as demonstrations and tests need it. Fails with [`Kind::Conflict`] if the
    /// secret is in use.
    pub async fn key_create_with_secret(
        &self,
        new: NewKey,
        secret: &str,
        caller: &Caller,
    ) -> Result<ApiKey, Error> {
        check_text("name", &new.name)?;
        check_text("tenant", &new.tenant)?;
        check_grants(&new.grants)?;
        let now = self.now();
        if new.expires.is_some_and(|expires| expires <= now) {
            return Err(Error::invalid("'expires': must be in the future."));
        }
        let NewKey { name, tenant, grants, expires } = new;
        let key = ApiKey {
            hash: digest::whole(secret),
            name,
            tenant,
            grants,
            created: now,
            expires,
            revoked: None,
            version: 1,
        };
        let action = AuditAction {
            action: "key.make",
            target: key.id(),
            note: Some(key.name.clone()),
            before: None,
            after: Some(key.version),
        };
        let stored = item(&Key::api_key(&key.hash), &key)?;
        let entry = caller.audit_entry(action, now, &self.ids.uuid())?;
        if self.write_together(vec![Write::PutNew(stored), entry]).await? {
            return Ok(key);
        }
        Err(Error::new(Kind::Conflict, "This key already exists."))
    }

    /// Returns all keys, newest first.
    pub async fn keys(&self) -> Result<Vec<ApiKey>, Error> {
        let mut keys = self.key_list().await?;
        keys.sort_by(|one, other| other.created.cmp(&one.created).then_with(|| one.hash.cmp(&other.hash)));
        Ok(keys)
    }

    /// Revokes a key permanently and returns it; it stays in the list. Revoking it again changes nothing.
    /// Returns `None` if the key does not exist.
    pub async fn key_revoke(&self, id: &str, caller: &Caller) -> Result<Option<ApiKey>, Error> {
        let Some(key) = self.key_find(id).await? else { return Ok(None) };
        if key.revoked.is_some() {
            return Ok(Some(key));
        }
        let now = self.now();
        let before = key.version;
        let key = ApiKey { revoked: Some(now), version: before + 1, ..key };
        let action = AuditAction {
            action: "key.revoke",
            target: key.id(),
            note: Some(key.name.clone()),
            before: Some(before),
            after: Some(key.version),
        };
        let stored = item(&Key::api_key(&key.hash), &key)?;
        let entry = caller.audit_entry(action, now, &self.ids.uuid())?;
        let is_written = self.write_together(vec![Write::Replace(stored, before), entry]).await?;
        self.cache.clear();
        // Revocation is the only change of a key: a lost race means that another request revoked it.
        if is_written { Ok(Some(key)) } else { self.key_find(id).await }
    }

    /// Creates a user. Fails with [`Kind::Conflict`] if the name is taken.
    pub async fn user_create(&self, name: &str, new: UserChange, caller: &Caller) -> Result<User, Error> {
        let (user, writes) = self.user_creation(name, new, caller).await?;
        if self.write_together(writes).await? { Ok(user) } else { Err(user::exists(name)) }
    }

    /// Changes a user and returns it. Returns `None` if there is no such user, and fails with [`Kind::Conflict`] if it
    /// was changed concurrently.
    pub async fn user_change(
        &self,
        name: &str,
        change: UserChange,
        caller: &Caller,
    ) -> Result<Option<User>, Error> {
        let Some(old) = self.user_get(name).await? else { return Ok(None) };
        let (user, writes) = self.user_update(&old, change, caller).await?;
        let is_written = self.write_together(writes).await?;
        self.forget_credentials();
        if is_written { Ok(Some(user)) } else { Err(user::changed_concurrently(name)) }
    }

    /// Removes a user and thereby ends their sessions. Returns whether there was such a user, and fails with
    /// [`Kind::Conflict`] if it was changed concurrently.
    pub async fn user_remove(&self, name: &str, caller: &Caller) -> Result<bool, Error> {
        let Some(old) = self.user_get(name).await? else { return Ok(false) };
        let is_removed = self.write_together(self.user_removal(&old, caller)?).await?;
        self.forget_credentials();
        if is_removed { Ok(true) } else { Err(user::changed_concurrently(name)) }
    }
}

fn check_text(name: &str, text: &str) -> Result<(), Error> {
    if !text.trim().is_empty() && text.chars().count() <= MAX_NAME_CHARS {
        return Ok(());
    }
    Err(Error::invalid(format!("'{name}': must have 1 to {MAX_NAME_CHARS} characters.")))
}

/// Fails if there are no grants.
pub(crate) fn check_grants(grants: &BTreeSet<Grant>) -> Result<(), Error> {
    if grants.is_empty() { Err(Error::invalid("'roles': must name at least one role.")) } else { Ok(()) }
}
