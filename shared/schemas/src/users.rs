//! Administration of users. The row of a user and the login in `access` change in one transaction.

use std::collections::BTreeSet;

use domain::access::Access;
use domain::access::administering::UserChange;
use domain::access::principal::{Api, Grant};
use domain::storage::table::{Race, Write};

use crate::people::{Person, Role};
use crate::places::{Step, USER, missing};
use crate::record::{Name, User};
use crate::refusal::Refusal;
use crate::registry::Registry;
use crate::store::{Commit, MOST_RACES, does_not_exist, too_many_races};

/// The sender of a request about users.
#[derive(Clone, Copy, Debug)]
pub struct Administrator<'a> {
    /// The logins.
    pub access: &'a Access,
    /// The person.
    pub person: &'a Person,
    /// Whether the person administers logins of all APIs: the role `access:admin`.
    pub administers_logins: bool,
}

/// The fields of a user that an administrator sets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserFields {
    /// The unique name.
    pub name: String,
    /// The email address; may be empty.
    pub email: String,
    /// The id of the role.
    pub role: u64,
}

impl Registry {
    /// Creates a user with a login. Fails if the name is taken or a field is invalid.
    pub async fn create_user(
        &self,
        fields: &UserFields,
        password: &str,
        by: Administrator<'_>,
    ) -> Result<User, Refusal> {
        check_right(by, "Creating user is not allowed.")?;
        let role = checked(fields)?;
        let change = UserChange {
            email: Some(fields.email.clone()),
            grants: Some(with_role(&BTreeSet::new(), Some(role))),
            password: Some(password.to_owned()),
        };
        let (_, login) = by.access.user_creation(&fields.name, change, &by.person.caller).await?;
        for _ in 0..MOST_RACES {
            self.check_user_name(&fields.name, by).await?;
            let id = self.take_ids(&[(Name::User, 1)]).await?.first(Name::User);
            let user = User::new(id, &fields.name, &fields.email, role, self.now());
            let mut commit = Commit::default();
            commit.create(&user)?;
            let (what, versions) = ((id, user.name.as_str()), (None, Some(user.version)));
            self.record_step(&mut commit, &USER, Step::Added, what, versions, by.person).await?;
            if self.commit_with(commit, login.clone(), by).await? == Race::Won {
                return Ok(user);
            }
        }
        Err(too_many_races().into())
    }

    /// Changes a user, and renames the login. The password stays, and the name on GitHub is forgotten, as in the original.
    /// Fails if the name is taken, or if it is the name of a login with roles in other APIs, which only an administrator
    /// of logins may rename.
    pub async fn update_user(
        &self,
        id: u64,
        fields: &UserFields,
        by: Administrator<'_>,
    ) -> Result<User, Refusal> {
        check_right(by, "Updating user is not allowed.")?;
        let role = checked(fields)?;
        for _ in 0..MOST_RACES {
            let old = self.find::<User>(id).await?.ok_or_else(|| missing(Name::User, id))?;
            if fields.name != old.name {
                self.check_user_name(&fields.name, by).await?;
            }
            let new = User {
                name: fields.name.clone(),
                email: fields.email.clone(),
                role: role.id(),
                github_login: None,
                updated_at: self.now(),
                version: old.version + 1,
                ..old.clone()
            };
            let login = renamed_login(&old, fields, role, by).await?;
            let mut commit = Commit::default();
            commit.replace(&old, &new)?;
            let (what, versions) = ((id, new.name.as_str()), (Some(old.version), Some(new.version)));
            self.record_step(&mut commit, &USER, Step::Updated, what, versions, by.person).await?;
            if self.commit_with(commit, login, by).await? == Race::Won {
                return Ok(new);
            }
        }
        Err(too_many_races().into())
    }

    /// Deletes a user and the login. A login with roles in other APIs stays, without a role in this one.
    pub async fn delete_user(&self, id: u64, by: Administrator<'_>) -> Result<(), Refusal> {
        check_right(by, "Deleting user is not allowed.")?;
        for _ in 0..MOST_RACES {
            let old = self.find::<User>(id).await?.ok_or_else(|| missing(Name::User, id))?;
            self.forget_user(id).await?;
            let login = removed_login(&old, by).await?;
            let mut commit = Commit::default();
            commit.remove(&old);
            let (what, versions) = ((id, old.name.as_str()), (Some(old.version), None));
            self.record_step(&mut commit, &USER, Step::Deleted, what, versions, by.person).await?;
            if self.commit_with(commit, login, by).await? == Race::Won {
                // References that were made in the meantime.
                return Ok(self.forget_user(id).await?);
            }
        }
        Err(too_many_races().into())
    }

    async fn check_user_name(&self, name: &str, by: Administrator<'_>) -> Result<(), Refusal> {
        let is_taken =
            self.find_by_name::<User>(name).await?.is_some() || by.access.user_get(name).await?.is_some();
        if is_taken {
            return Err(Refusal::wrong_state(format!("User with name '{name}' already exists.")));
        }
        Ok(())
    }

    async fn commit_with(
        &self,
        mut commit: Commit,
        login: Vec<Write>,
        by: Administrator<'_>,
    ) -> Result<Race, Refusal> {
        for write in login {
            commit.write(write);
        }
        let race = self.commit(commit).await?;
        by.access.forget_credentials();
        Ok(race)
    }
}

fn check_right(by: Administrator<'_>, refused: &str) -> Result<(), Refusal> {
    if by.person.role == Role::Admin { Ok(()) } else { Err(Refusal::not_allowed(refused)) }
}

/// Checks the fields and returns the role.
fn checked(fields: &UserFields) -> Result<Role, Refusal> {
    if fields.name.is_empty() {
        return Err(Refusal::Malformed("The given username must be set".to_owned()));
    }
    Role::of_id(fields.role).ok_or_else(|| does_not_exist(Name::Role, fields.role).into())
}

async fn renamed_login(
    old: &User,
    fields: &UserFields,
    role: Role,
    by: Administrator<'_>,
) -> Result<Vec<Write>, Refusal> {
    let Some(login) = by.access.user_get(&old.name).await? else { return Ok(Vec::new()) };
    let is_shared = !with_role(&login.grants, None).is_empty();
    if fields.name != old.name && is_shared && !by.administers_logins {
        let text = "Renaming a user with roles in other APIs requires the role access:admin.";
        return Err(Refusal::not_allowed(text));
    }
    let change = UserChange {
        email: Some(fields.email.clone()),
        grants: Some(with_role(&login.grants, Some(role))),
        password: None,
    };
    let (_, writes) = by.access.user_rename(&login, &fields.name, change, &by.person.caller)?;
    Ok(writes)
}

async fn removed_login(old: &User, by: Administrator<'_>) -> Result<Vec<Write>, Refusal> {
    let Some(login) = by.access.user_get(&old.name).await? else { return Ok(Vec::new()) };
    let others = with_role(&login.grants, None);
    if others.is_empty() {
        return Ok(by.access.user_removal(&login, &by.person.caller)?);
    }
    let change = UserChange { grants: Some(others), ..UserChange::default() };
    let (_, writes) = by.access.user_update(&login, change, &by.person.caller).await?;
    Ok(writes)
}

/// Returns grants with this role in the schemas API, and the same roles in the others. `None` for no role.
fn with_role(grants: &BTreeSet<Grant>, role: Option<Role>) -> BTreeSet<Grant> {
    let wanted = role.map(Role::grant);
    let others = Api::ALL.into_iter().filter(|api| *api != Api::Schemas);
    let mut result = BTreeSet::new();
    for grant in grants {
        match grant.api {
            Some(Api::Schemas) => {}
            // A role in all APIs that is higher than the wanted one becomes a role in each of the others.
            None if wanted.is_none_or(|wanted| grant.role > wanted) => {
                result.extend(others.clone().map(|api| Grant { api: Some(api), role: grant.role }));
            }
            _ => drop(result.insert(*grant)),
        }
    }
    if let Some(role) = wanted {
        let has_role = result.iter().any(|grant| grant.api.is_none() && grant.role >= role);
        if !has_role {
            result.insert(Grant { api: Some(Api::Schemas), role });
        }
    }
    result
}

#[cfg(test)]
mod tests {
    use super::*;

    fn changed(grants: &[&str], role: Option<Role>) -> Vec<String> {
        let grants = grants.iter().map(|grant| grant.parse().expect("a grant")).collect();
        with_role(&grants, role).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_role_changes_in_the_schemas_api_alone() {
        assert_eq!(changed(&[], Some(Role::Developer)), ["schemas:editor"]);
        assert_eq!(changed(&["schemas:admin"], Some(Role::Dba)), ["schemas:approver"]);
        assert_eq!(changed(&["schemas:admin"], None), [""; 0]);
        assert_eq!(changed(&["usage:viewer", "schemas:editor"], None), ["usage:viewer"]);
        assert_eq!(changed(&["viewer"], Some(Role::Developer)), ["viewer", "schemas:editor"]);
        assert_eq!(changed(&["admin"], Some(Role::Admin)), ["admin"]);
        let lowered = changed(&["admin"], Some(Role::Dba));
        assert_eq!(lowered.len(), Api::ALL.len());
        assert!(
            lowered.contains(&"schemas:approver".to_owned()) && lowered.contains(&"access:admin".to_owned())
        );
        assert!(!changed(&["approver"], None).iter().any(|grant| grant.starts_with("schemas")));
    }
}
