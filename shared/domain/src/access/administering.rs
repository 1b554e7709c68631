//! Letting people and programs in, and shutting them out. Every change is in the audit log.

use std::collections::BTreeSet;

use crate::access::api_key::ApiKey;
use crate::access::audit::{AuditAction, Origin};
use crate::access::principal::Grant;
use crate::access::user::{self, User};
use crate::access::{Access, password};
use crate::digest;
use crate::error::{Error, Kind};
use crate::storage::item::item;
use crate::storage::key::Key;
use crate::storage::table::Write;
use crate::time::Micros;

/// Characters of the longest name of a key or a tenant.
const LONGEST_NAME: usize = 256;

/// A key that is wanted.
#[derive(Clone, Debug)]
pub struct NewKey {
    /// What it is for.
    pub name: String,
    /// Whose records it opens.
    pub tenant: String,
    /// What it may do; at least one grant.
    pub grants: BTreeSet<Grant>,
    /// From when on it opens nothing any more.
    pub expires: Option<Micros>,
}

/// A user who is wanted, or what is to change of one: what is none stays.
#[derive(Clone, Default)]
pub struct UserChange {
    /// Where they are written to.
    pub email: Option<String>,
    /// What they are trusted with.
    pub grants: Option<BTreeSet<Grant>>,
    /// In clear, here only.
    pub password: Option<String>,
}

impl Access {
    /// Makes a key: what is stored of it, and the key itself, shown once.
    pub async fn key_make(&self, new: NewKey, origin: &Origin) -> Result<(ApiKey, String), Error> {
        let secret = self.ids.secret();
        Ok((self.key_add(new, &secret, origin).await?, secret))
    }

    /// Makes a key of a secret that is known already, as the local run's demonstration does.
    pub async fn key_add(&self, new: NewKey, secret: &str, origin: &Origin) -> Result<ApiKey, Error> {
        sized("name", &new.name)?;
        sized("tenant", &new.tenant)?;
        granted(&new.grants)?;
        let now = self.now();
        if new.expires.is_some_and(|expires| expires <= now) {
            return Err(Error::invalid("'expires': a time to come is expected."));
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
        let deed = AuditAction {
            action: "key.make",
            target: key.id(),
            note: Some(key.name.clone()),
            before: None,
            after: Some(key.version),
        };
        let stored = item(&Key::api_key(&key.hash), &key)?;
        let entry = origin.entry(deed, now, &self.ids.uuid())?;
        if self.write_together(vec![Write::PutNew(stored), entry]).await? {
            return Ok(key);
        }
        Err(Error::new(Kind::Conflict, "This key is there already."))
    }

    /// All keys, the newest first.
    pub async fn keys(&self) -> Result<Vec<ApiKey>, Error> {
        let mut keys = self.key_list().await?;
        keys.sort_by(|one, other| other.created.cmp(&one.created).then_with(|| one.hash.cmp(&other.hash)));
        Ok(keys)
    }

    /// Revokes a key for good; it stays in the list. Revoking it again changes nothing.
    pub async fn key_revoke(&self, id: &str, origin: &Origin) -> Result<Option<ApiKey>, Error> {
        let Some(key) = self.key_find(id).await? else { return Ok(None) };
        if key.revoked.is_some() {
            return Ok(Some(key));
        }
        let now = self.now();
        let before = key.version;
        let key = ApiKey { revoked: Some(now), version: before + 1, ..key };
        let deed = AuditAction {
            action: "key.revoke",
            target: key.id(),
            note: Some(key.name.clone()),
            before: Some(before),
            after: Some(key.version),
        };
        let stored = item(&Key::api_key(&key.hash), &key)?;
        let entry = origin.entry(deed, now, &self.ids.uuid())?;
        let is_written = self.write_together(vec![Write::Replace(stored, before), entry]).await?;
        self.cache.forget();
        // A key changes in no other way: whoever was first has revoked it.
        if is_written { Ok(Some(key)) } else { self.key_find(id).await }
    }

    /// Makes a user. A name that is taken is a [`Kind::Conflict`].
    pub async fn user_make(&self, name: &str, new: UserChange, origin: &Origin) -> Result<User, Error> {
        user::named(name)?;
        let missing = |what: &str| Error::invalid(format!("'{what}' is missing."));
        let grants = new.grants.ok_or_else(|| missing("roles"))?;
        granted(&grants)?;
        let hash = self.hashed(&new.password.ok_or_else(|| missing("password"))?).await?;
        let now = self.now();
        let email = new.email.unwrap_or_default();
        let user = User { name: name.to_owned(), email, grants, hash, created: now, version: 1 };
        let deed =
            AuditAction { action: "user.make", target: name, note: None, before: None, after: Some(1) };
        let entry = origin.entry(deed, now, &self.ids.uuid())?;
        if self.write_together(vec![Write::PutNew(item(&Key::user(name), &user)?), entry]).await? {
            return Ok(user);
        }
        Err(Error::new(Kind::Conflict, format!("There is a user '{name}' already.")))
    }

    /// Changes a user.
    pub async fn user_change(
        &self,
        name: &str,
        change: UserChange,
        origin: &Origin,
    ) -> Result<Option<User>, Error> {
        let Some(old) = self.user_get(name).await? else { return Ok(None) };
        if let Some(grants) = &change.grants {
            granted(grants)?;
        }
        let hash = match &change.password {
            None => old.hash.clone(),
            Some(password) => self.hashed(password).await?,
        };
        let user = User {
            email: change.email.unwrap_or_else(|| old.email.clone()),
            grants: change.grants.unwrap_or_else(|| old.grants.clone()),
            hash,
            version: old.version + 1,
            ..old.clone()
        };
        let deed = AuditAction {
            action: "user.change",
            target: name,
            note: None,
            before: Some(old.version),
            after: Some(user.version),
        };
        self.user_replace(&user, &old, deed, origin).await.map(|()| Some(user))
    }

    /// Removes a user; their sessions end. False where there was none.
    pub async fn user_remove(&self, name: &str, origin: &Origin) -> Result<bool, Error> {
        let Some(old) = self.user_get(name).await? else { return Ok(false) };
        let deed = AuditAction {
            action: "user.remove",
            target: name,
            note: None,
            before: Some(old.version),
            after: None,
        };
        let entry = origin.entry(deed, self.now(), &self.ids.uuid())?;
        let is_removed =
            self.write_together(vec![Write::Remove(Key::user(name), old.version), entry]).await?;
        self.cache.forget();
        if is_removed { Ok(true) } else { Err(user::changed_meanwhile(name)) }
    }

    async fn hashed(&self, password: &str) -> Result<String, Error> {
        user::long_enough(password)?;
        let (password, salt) = (password.to_owned(), self.ids.salt());
        let hashing = tokio::task::spawn_blocking(move || password::hash(&password, &salt));
        hashing.await.map_err(|cause| Error::bug("hashing a password").because(cause))?
    }
}

fn sized(name: &str, text: &str) -> Result<(), Error> {
    if !text.trim().is_empty() && text.chars().count() <= LONGEST_NAME {
        return Ok(());
    }
    Err(Error::invalid(format!("'{name}': 1 to {LONGEST_NAME} characters are expected.")))
}

fn granted(grants: &BTreeSet<Grant>) -> Result<(), Error> {
    if grants.is_empty() { Err(Error::invalid("'roles': at least one is expected.")) } else { Ok(()) }
}
