//! The writes of changes of users, for groups that make them in one transaction with changes of their own records.
//!
//! Each list contains the audit entry. A transaction with these writes loses if the user was changed since it was read,
//! or if the name of a new user is taken. After one that was made, [`Access::forget_credentials`] makes this process
//! verify credentials again.

use crate::access::administering::{UserChange, check_grants};
use crate::access::audit::{AuditAction, Caller};
use crate::access::user::{self, User};
use crate::access::{Access, password};
use crate::error::Error;
use crate::storage::item::item;
use crate::storage::key::Key;
use crate::storage::table::Write;

impl Access {
    /// Returns a new user and the writes that create it. Fails with [`Kind::Invalid`](crate::error::Kind::Invalid) if the name, the grants or the
    /// password are missing or invalid.
    pub async fn user_creation(
        &self,
        name: &str,
        new: UserChange,
        caller: &Caller,
    ) -> Result<(User, Vec<Write>), Error> {
        user::check_name(name)?;
        let missing = |what: &str| Error::invalid(format!("'{what}' is missing."));
        let grants = new.grants.ok_or_else(|| missing("roles"))?;
        check_grants(&grants)?;
        let hash = self.hash_password(&new.password.ok_or_else(|| missing("password"))?).await?;
        let now = self.now();
        let email = new.email.unwrap_or_default();
        let user = User { name: name.to_owned(), email, grants, hash, created: now, version: 1 };
        let action =
            AuditAction { action: "user.make", target: name, note: None, before: None, after: Some(1) };
        let entry = caller.audit_entry(action, now, &self.ids.uuid())?;
        let writes = vec![Write::PutNew(item(&Key::user(name), &user)?), entry];
        Ok((user, writes))
    }

    /// Returns a user after a change and the writes that make it.
    pub async fn user_update(
        &self,
        old: &User,
        change: UserChange,
        caller: &Caller,
    ) -> Result<(User, Vec<Write>), Error> {
        if let Some(grants) = &change.grants {
            check_grants(grants)?;
        }
        let hash = match &change.password {
            None => old.hash.clone(),
            Some(password) => self.hash_password(password).await?,
        };
        let user = User {
            email: change.email.unwrap_or_else(|| old.email.clone()),
            grants: change.grants.unwrap_or_else(|| old.grants.clone()),
            hash,
            version: old.version + 1,
            ..old.clone()
        };
        let entry = self.user_entry(caller, "user.change", &old.name, old, Some(&user), None)?;
        let writes = vec![Write::Replace(item(&Key::user(&user.name), &user)?, old.version), entry];
        Ok((user, writes))
    }

    /// Returns a user after a change of its name, grants and email, and the writes that make it. The password stays;
    /// sessions of another name end. Fails with [`Kind::Invalid`](crate::error::Kind::Invalid) if the name is invalid.
    pub fn user_rename(
        &self,
        old: &User,
        name: &str,
        change: UserChange,
        caller: &Caller,
    ) -> Result<(User, Vec<Write>), Error> {
        user::check_name(name)?;
        let grants = change.grants.unwrap_or_else(|| old.grants.clone());
        check_grants(&grants)?;
        let email = change.email.unwrap_or_else(|| old.email.clone());
        let user = User { name: name.to_owned(), email, grants, version: old.version + 1, ..old.clone() };
        let stored = item(&Key::user(name), &user)?;
        if name == old.name {
            let entry = self.user_entry(caller, "user.change", name, old, Some(&user), None)?;
            return Ok((user, vec![Write::Replace(stored, old.version), entry]));
        }
        let note = Some(format!("from {}", old.name));
        let entry = self.user_entry(caller, "user.rename", name, old, Some(&user), note)?;
        let remove = Write::Remove(Key::user(&old.name), old.version);
        Ok((user, vec![remove, Write::PutNew(stored), entry]))
    }

    /// Returns the writes that remove a user.
    pub fn user_removal(&self, old: &User, caller: &Caller) -> Result<Vec<Write>, Error> {
        let entry = self.user_entry(caller, "user.remove", &old.name, old, None, None)?;
        Ok(vec![Write::Remove(Key::user(&old.name), old.version), entry])
    }

    /// Makes this process verify all credentials again. Other processes accept old ones for up to a minute.
    pub fn forget_credentials(&self) {
        self.cache.clear();
    }

    fn user_entry(
        &self,
        caller: &Caller,
        action: &str,
        target: &str,
        old: &User,
        new: Option<&User>,
        note: Option<String>,
    ) -> Result<Write, Error> {
        let (before, after) = (Some(old.version), new.map(|new| new.version));
        let action = AuditAction { action, target, note, before, after };
        caller.audit_entry(action, self.now(), &self.ids.uuid())
    }

    async fn hash_password(&self, password: &str) -> Result<String, Error> {
        user::check_password(password)?;
        let (password, salt) = (password.to_owned(), self.ids.salt());
        let hashing = tokio::task::spawn_blocking(move || password::hash(&password, &salt));
        hashing.await.map_err(|cause| Error::bug("hashing a password").because(cause))?
    }
}
