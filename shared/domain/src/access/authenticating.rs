//! Authentication: by API key, by session, or by name and password.

use subtle::ConstantTimeEq;

use crate::access::principal::{Grant, Principal, Role};
use crate::access::session::Session;
use crate::access::user::User;
use crate::access::{Access, DEFAULT_TENANT, FirstSecret, password, session};
use crate::digest;
use crate::error::{Error, Kind};

/// The name of the principal that authenticates with the first secret.
const FIRST_PRINCIPAL: &str = "first-access";

/// The longest name that is looked up. Users have shorter ones.
const MOST_NAME_BYTES: usize = 512;

/// A name and password, and the address that they were sent from.
#[derive(Clone, Copy)]
pub struct PasswordAttempt<'a> {
    /// The user's name.
    pub name: &'a str,
    /// The password in clear text.
    pub password: &'a str,
    /// The client's address: wrong passwords are counted per user and address.
    pub address: &'a str,
}

impl Access {
    /// Authenticates an API key. Returns `None` if it is unknown, expired or revoked.
    pub async fn authenticate_key(&self, key: &str) -> Result<Option<Principal>, Error> {
        if let Some(cached) = self.cache.get(&["key", key], self.now()) {
            return Ok(Some(cached));
        }
        if self.first_secret.as_ref().is_some_and(|FirstSecret(secret)| is_same(key, secret)) {
            return Ok(Some(Principal {
                name: FIRST_PRINCIPAL.to_owned(),
                tenant: DEFAULT_TENANT.to_owned(),
                grants: [Grant { api: None, role: Role::Admin }].into(),
            }));
        }
        // The lookup is by hash, so its timing reveals nothing about the key.
        let stored = self.key_get(&digest::whole(key)).await?;
        let principal = stored.and_then(|stored| stored.principal(self.now()));
        Ok(principal.inspect(|principal| self.cache.insert(&["key", key], principal, self.now())))
    }

    /// Authenticates a name and password. Returns `None` if the user is unknown or the password is wrong.
    ///
    /// Fails with [`Kind::Locked`] while there are too many recent
    /// [failures](crate::access::lockout::MAX_FAILURES) from the same address, even if the password is right.
    pub async fn authenticate_password(
        &self,
        attempt: PasswordAttempt<'_>,
    ) -> Result<Option<Principal>, Error> {
        let credentials = ["password", attempt.name, attempt.password];
        if let Some(cached) = self.cache.get(&credentials, self.now()) {
            return Ok(Some(cached));
        }
        let user = self.verify(attempt).await?;
        Ok(user.map(|user| {
            let principal = user.principal();
            self.cache.insert(&credentials, &principal, self.now());
            principal
        }))
    }

    /// Authenticates a session id and extends the session. Returns `None` if the session is unknown or has expired.
    pub async fn authenticate_session(&self, id: &str) -> Result<Option<Principal>, Error> {
        let now = self.now();
        if let Some(cached) = self.cache.get(&["session", id], now) {
            return Ok(Some(cached));
        }
        let hash = digest::whole(id);
        let Some(session) = self.session_get(&hash).await?.filter(|session| session.is_alive(now)) else {
            return Ok(None);
        };
        let user = self.user_get(&session.user).await?;
        let Some(user) = user.filter(|user| session.belongs_to(user)) else { return Ok(None) };
        if session.needs_extension(now) {
            self.session_put(&hash, &Session::new(&user, now)).await?;
        }
        let principal = user.principal();
        self.cache.insert(&["session", id], &principal, now);
        Ok(Some(principal))
    }

    /// Opens a session and returns its id, which cannot be read again. Returns `None` if the user is unknown or the
    /// password is wrong.
    pub async fn login(&self, attempt: PasswordAttempt<'_>) -> Result<Option<String>, Error> {
        let Some(user) = self.verify(attempt).await? else { return Ok(None) };
        let id = self.ids.secret();
        self.session_create_with_id(&user, &id).await?;
        Ok(Some(id))
    }

    /// Opens a session with a given id, as demonstrations need it.
    pub async fn session_create_with_id(&self, user: &User, id: &str) -> Result<(), Error> {
        self.session_put(&digest::whole(id), &Session::new(user, self.now())).await
    }

    /// Ends a session. Returns whether there was one.
    pub async fn logout(&self, id: &str) -> Result<bool, Error> {
        let hash = digest::whole(id);
        let is_alive = self.session_get(&hash).await?.is_some_and(|session| session.is_alive(self.now()));
        self.session_remove(&hash).await?;
        self.cache.clear();
        Ok(is_alive && session::is_id(id))
    }

    async fn verify(&self, attempt: PasswordAttempt<'_>) -> Result<Option<User>, Error> {
        let PasswordAttempt { name, password, address } = attempt;
        if name.is_empty() || name.len() > MOST_NAME_BYTES {
            return Ok(None);
        }
        let now = self.now();
        let (user, failures) = futures::try_join!(self.user_get(name), self.failures_get(name, address))?;
        if let Some(seconds) = failures.and_then(|failures| failures.locked_for(now)) {
            let text = format!("Too many wrong passwords; try again in {seconds} seconds.");
            return Err(Error::new(Kind::Locked, text));
        }
        if password.len() <= password::MAX_BYTES && is_password(user.as_ref(), password).await? {
            return Ok(user);
        }
        self.failures_add(name, address, now).await?;
        Ok(None)
    }
}

/// Compares two secrets in constant time.
fn is_same(sent: &str, secret: &str) -> bool {
    digest::whole(sent).as_bytes().ct_eq(digest::whole(secret).as_bytes()).into()
}

/// Verifies a password on a blocking thread, since hashing takes tens of milliseconds.
async fn is_password(user: Option<&User>, password: &str) -> Result<bool, Error> {
    let (hash, password) = (user.map(|user| user.hash.clone()), password.to_owned());
    let verifying = tokio::task::spawn_blocking(move || password::matches(&password, hash.as_deref()));
    verifying.await.map_err(|cause| Error::bug("verifying a password").because(cause))
}
