//! Finding out who asks.

use subtle::ConstantTimeEq;

use crate::access::principal::{Grant, Principal, Role};
use crate::access::session::Session;
use crate::access::user::User;
use crate::access::{Access, DEFAULT_TENANT, First, password, session};
use crate::digest;
use crate::error::{Error, Kind};

/// The name of whoever shows the secret that the stack was made with.
const FIRST: &str = "first-access";

impl Access {
    /// Whoever shows this API key; none where it is unknown, expired or revoked.
    pub async fn by_key(&self, key: &str) -> Result<Option<Principal>, Error> {
        if let Some(known) = self.cache.recall(&["key", key], self.now()) {
            return Ok(Some(known));
        }
        if self.first.as_ref().is_some_and(|First(secret)| is_same(key, secret)) {
            return Ok(Some(Principal {
                name: FIRST.to_owned(),
                tenant: DEFAULT_TENANT.to_owned(),
                grants: [Grant { api: None, role: Role::Admin }].into(),
            }));
        }
        // Found by its hash: a comparison that ends early tells nothing of the key.
        let stored = self.key_get(&digest::whole(key)).await?;
        let principal = stored.and_then(|stored| stored.principal(self.now()));
        Ok(principal.inspect(|principal| self.cache.remember(&["key", key], principal, self.now())))
    }

    /// Whoever has this name and password; none where there is no such user or the password is another.
    ///
    /// After [`FAILURES`](crate::access::lockout::FAILURES) wrong passwords from `address` it is [`Kind::Locked`] for a
    /// while, whatever is tried.
    pub async fn by_password(
        &self,
        name: &str,
        password: &str,
        address: &str,
    ) -> Result<Option<Principal>, Error> {
        let credential = ["password", name, password];
        if let Some(known) = self.cache.recall(&credential, self.now()) {
            return Ok(Some(known));
        }
        let user = self.verified(name, password, address).await?;
        Ok(user.map(|user| {
            let principal = user.principal();
            self.cache.remember(&credential, &principal, self.now());
            principal
        }))
    }

    /// Whoever logged in to this session, which their asking prolongs; none where it has ended or never was.
    pub async fn by_session(&self, id: &str) -> Result<Option<Principal>, Error> {
        let now = self.now();
        if let Some(known) = self.cache.recall(&["session", id], now) {
            return Ok(Some(known));
        }
        let hash = digest::whole(id);
        let Some(session) = self.session_get(&hash).await?.filter(|session| session.is_alive(now)) else {
            return Ok(None);
        };
        let user = self.user_get(&session.user).await?;
        let Some(user) = user.filter(|user| session.is_of(user)) else { return Ok(None) };
        if session.is_to_be_prolonged(now) {
            self.session_put(&hash, &Session::of(&user, now)).await?;
        }
        let principal = user.principal();
        self.cache.remember(&["session", id], &principal, now);
        Ok(Some(principal))
    }

    /// Opens a session for whoever has this name and password: its id, shown once.
    pub async fn login(&self, name: &str, password: &str, address: &str) -> Result<Option<String>, Error> {
        let Some(user) = self.verified(name, password, address).await? else { return Ok(None) };
        let id = self.ids.secret();
        self.session_put(&digest::whole(&id), &Session::of(&user, self.now())).await?;
        Ok(Some(id))
    }

    /// Opens a session with an id that is known already, as the local run's demonstration does.
    pub async fn session_add(&self, user: &User, id: &str) -> Result<(), Error> {
        self.session_put(&digest::whole(id), &Session::of(user, self.now())).await
    }

    /// Ends a session; false where there was none.
    pub async fn logout(&self, id: &str) -> Result<bool, Error> {
        let hash = digest::whole(id);
        let is_alive = self.session_get(&hash).await?.is_some_and(|session| session.is_alive(self.now()));
        self.session_remove(&hash).await?;
        self.cache.forget();
        Ok(is_alive && session::is_id(id))
    }

    async fn verified(&self, name: &str, password: &str, address: &str) -> Result<Option<User>, Error> {
        let now = self.now();
        let (user, failures) = futures::try_join!(self.user_get(name), self.failures_get(name, address))?;
        if let Some(seconds) = failures.and_then(|failures| failures.locked_for(now)) {
            let text = format!("Too many wrong passwords; try again in {seconds} seconds.");
            return Err(Error::new(Kind::Locked, text));
        }
        if password.len() <= password::LONGEST && is_password(user.as_ref(), password).await? {
            return Ok(user);
        }
        self.failures_add(name, address, now).await?;
        Ok(None)
    }
}

/// Compares in a time that depends on neither.
fn is_same(shown: &str, secret: &str) -> bool {
    digest::whole(shown).as_bytes().ct_eq(digest::whole(secret).as_bytes()).into()
}

/// Compares where it holds nobody up: hashing takes tens of milliseconds.
async fn is_password(user: Option<&User>, password: &str) -> Result<bool, Error> {
    let (hash, password) = (user.map(|user| user.hash.clone()), password.to_owned());
    let compared = tokio::task::spawn_blocking(move || password::matches(&password, hash.as_deref()));
    compared.await.map_err(|cause| Error::bug("comparing a password").because(cause))
}
