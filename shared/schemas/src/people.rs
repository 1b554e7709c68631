//! People, and what their roles allow.
//!
//! Users authenticate as users of `access`. A grant of `admin`, `approver` or `editor` in the schemas API makes one an
//! admin, a dba or a developer; a `viewer` only reads.

use domain::access::audit::Caller;
use domain::access::principal::{Api, Principal, Role as Grant};
use domain::error::{Error, Kind};
use domain::storage::table::Race;

use crate::record::{Name, User};
use crate::registry::Registry;
use crate::store::{Commit, MOST_RACES, too_many_races};

/// A role of the schemas API.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Role {
    /// May do everything.
    Admin,
    /// May decide on changesets and administer environments.
    Dba,
    /// May submit changesets, and apply those with a low impact.
    Developer,
}

/// The sender of a request that changes something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    /// The id of the user.
    pub id: u64,
    /// The user's name.
    pub name: String,
    /// The user's role.
    pub role: Role,
    /// The origin of the request, for the audit log.
    pub caller: Caller,
}

impl Role {
    /// All roles, by id.
    pub const ALL: [Self; 3] = [Self::Admin, Self::Dba, Self::Developer];

    /// Returns the id.
    pub fn id(self) -> u64 {
        match self {
            Self::Admin => 1,
            Self::Dba => 2,
            Self::Developer => 3,
        }
    }

    /// Returns the role with this id.
    pub fn of_id(id: u64) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.id() == id)
    }

    /// Returns the documented name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Admin => "admin",
            Self::Dba => "dba",
            Self::Developer => "developer",
        }
    }

    /// Returns the grant that makes a principal have this role.
    pub fn grant(self) -> Grant {
        match self {
            Self::Admin => Grant::Admin,
            Self::Dba => Grant::Approver,
            Self::Developer => Grant::Editor,
        }
    }

    /// Returns the role of a principal. `None` if it only reads.
    pub fn of(principal: &Principal) -> Option<Self> {
        Self::ALL.into_iter().find(|role| principal.has_role(role.grant(), Api::Schemas))
    }

    /// Whether the role is dba or admin.
    pub fn is_dba(self) -> bool {
        matches!(self, Self::Admin | Self::Dba)
    }
}

impl Registry {
    /// Returns the person that a principal is. Creates the row of a user who was created elsewhere. Fails with
    /// [`Kind::Forbidden`] for a principal that only reads.
    pub async fn person(&self, principal: &Principal, caller: Caller) -> Result<Person, Error> {
        let role = Role::of(principal)
            .ok_or_else(|| Error::new(Kind::Forbidden, "This requires the role schemas:editor."))?;
        let mut user = self.user_of(&principal.name, role).await?;
        if user.role != role.id() {
            user = self.with_granted_role(user, role).await?;
        }
        Ok(Person { id: user.id, name: user.name, role, caller })
    }

    /// Stores the role that the grants of a user say, which were changed elsewhere.
    async fn with_granted_role(&self, old: User, role: Role) -> Result<User, Error> {
        let (updated_at, version) = (self.now(), old.version + 1);
        let new = User { role: role.id(), updated_at, version, ..old.clone() };
        let mut commit = Commit::default();
        commit.replace(&old, &new)?;
        match self.commit(commit).await? {
            Race::Won => Ok(new),
            // The next request sees it.
            Race::Lost => Ok(old),
        }
    }

    /// Returns the row of the user with this name; creates it if there is none.
    pub async fn user_of(&self, name: &str, role: Role) -> Result<User, Error> {
        for _ in 0..MOST_RACES {
            if let Some(user) = self.find_by_name::<User>(name).await? {
                return Ok(user);
            }
            let id = self.take_ids(&[(Name::User, 1)]).await?.first(Name::User);
            let user = User::new(id, name, "", role, self.now());
            let mut commit = Commit::default();
            commit.create(&user)?;
            if self.commit(commit).await? == Race::Won {
                return Ok(user);
            }
        }
        Err(too_many_races())
    }
}

impl User {
    /// Returns a new user.
    pub fn new(id: u64, name: &str, email: &str, role: Role, now: domain::time::Micros) -> Self {
        Self {
            id,
            name: name.to_owned(),
            email: email.to_owned(),
            role: role.id(),
            auth_user: id,
            github_login: None,
            created_at: now,
            updated_at: now,
            version: 1,
        }
    }
}
