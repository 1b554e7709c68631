//! Pure. Principals, and the roles that authorize them.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::error::{Error, Kind};

/// An API that roles are granted for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Api {
    /// `/db`.
    Usage,
    /// `/v1`.
    Streams,
    /// `/notifications`.
    Ingest,
    /// `/maintenance`.
    Maintenance,
    /// `/api/v1`.
    Schemas,
    /// `/recomputations`.
    Recomputations,
    /// `/access`.
    Access,
}

impl Api {
    /// All APIs.
    pub const ALL: [Self; 7] = [
        Self::Usage,
        Self::Streams,
        Self::Ingest,
        Self::Maintenance,
        Self::Schemas,
        Self::Recomputations,
        Self::Access,
    ];

    /// Returns the name used in grants.
    pub fn name(self) -> &'static str {
        match self {
            Self::Usage => "usage",
            Self::Streams => "streams",
            Self::Ingest => "ingest",
            Self::Maintenance => "maintenance",
            Self::Schemas => "schemas",
            Self::Recomputations => "recomputations",
            Self::Access => "access",
        }
    }
}

/// A set of permissions; each role includes those before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// May read.
    Viewer,
    /// May submit and change.
    Editor,
    /// May decide on what others submitted.
    Approver,
    /// May remove permanently, and administer users and keys.
    Admin,
}

impl Role {
    /// All roles, in ascending order.
    pub const ALL: [Self; 4] = [Self::Viewer, Self::Editor, Self::Approver, Self::Admin];

    /// Returns the name used in grants.
    pub fn name(self) -> &'static str {
        match self {
            Self::Viewer => "viewer",
            Self::Editor => "editor",
            Self::Approver => "approver",
            Self::Admin => "admin",
        }
    }
}

/// A role in one API (`usage:viewer`) or in all of them (`viewer`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct Grant {
    /// The API. `None` grants the role in all APIs.
    pub api: Option<Api>,
    /// The role.
    pub role: Role,
}

impl fmt::Display for Grant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.api {
            None => f.write_str(self.role.name()),
            Some(api) => write!(f, "{}:{}", api.name(), self.role.name()),
        }
    }
}

impl FromStr for Grant {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let invalid = || {
            format!(
                "invalid role '{text}': expected viewer, editor, approver or admin, in all APIs or in one of them \
                 (usage:viewer)"
            )
        };
        let (api, role) = match text.split_once(':') {
            None => (None, text),
            Some((api, role)) => {
                let known = Api::ALL.into_iter().find(|known| known.name() == api);
                (Some(known.ok_or_else(invalid)?), role)
            }
        };
        let role = Role::ALL.into_iter().find(|known| known.name() == role).ok_or_else(invalid)?;
        Ok(Self { api, role })
    }
}

impl From<Grant> for String {
    fn from(grant: Grant) -> Self {
        grant.to_string()
    }
}

impl TryFrom<String> for Grant {
    type Error = String;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

/// An authenticated user or API key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Principal {
    /// The user's name, or `key:` followed by the key's id.
    pub name: String,
    /// The tenant whose records the principal has access to, in APIs that have tenants.
    pub tenant: String,
    /// The principal's permissions.
    pub grants: BTreeSet<Grant>,
}

impl Principal {
    /// Whether the principal has at least this role in an API.
    pub fn has_role(&self, role: Role, api: Api) -> bool {
        self.grants.iter().any(|grant| grant.api.is_none_or(|granted| granted == api) && grant.role >= role)
    }

    /// Returns the principal. Fails with [`Kind::Forbidden`] unless it has at least this role in an API.
    pub fn require(self, role: Role, api: Api) -> Result<Self, Error> {
        if self.has_role(role, api) {
            return Ok(self);
        }
        let missing = Grant { api: Some(api), role };
        Err(Error::new(Kind::Forbidden, format!("This requires the role {missing}.")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn principal(grants: &[&str]) -> Principal {
        let grants = grants.iter().map(|grant| grant.parse().expect("a grant")).collect();
        Principal { name: "x".to_owned(), tenant: DEFAULT.to_owned(), grants }
    }

    const DEFAULT: &str = crate::access::DEFAULT_TENANT;

    #[test]
    fn a_role_includes_lesser_ones_in_the_apis_it_is_granted_for() {
        let cases: [(&[&str], Role, Api, bool); 8] = [
            (&["viewer"], Role::Viewer, Api::Usage, true),
            (&["viewer"], Role::Editor, Api::Usage, false),
            (&["admin"], Role::Approver, Api::Schemas, true),
            (&["usage:editor"], Role::Viewer, Api::Usage, true),
            (&["usage:editor"], Role::Viewer, Api::Streams, false),
            (&["usage:editor", "streams:viewer"], Role::Viewer, Api::Streams, true),
            (&["usage:editor", "streams:viewer"], Role::Editor, Api::Streams, false),
            (&[], Role::Viewer, Api::Usage, false),
        ];
        for (grants, role, api, expected) in cases {
            assert_eq!(principal(grants).has_role(role, api), expected, "{grants:?} {role:?} {api:?}");
        }
    }

    #[test]
    fn grants_parse_as_they_are_written() {
        for api in Api::ALL.into_iter().map(Some).chain([None]) {
            for role in Role::ALL {
                let grant = Grant { api, role };
                assert_eq!(grant.to_string().parse(), Ok(grant));
            }
        }
        for invalid in ["", "root", "Admin", ":admin", "usage:", "usage:admin:x", "bank:admin"] {
            assert!(invalid.parse::<Grant>().is_err(), "{invalid}");
        }
    }
}
