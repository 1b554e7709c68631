//! Pure. Who asks, and what that allows.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::error::{Error, Kind};

/// Something that access is granted to.
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
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::Usage,
        Self::Streams,
        Self::Ingest,
        Self::Maintenance,
        Self::Schemas,
        Self::Recomputations,
        Self::Access,
    ];

    /// The name by which a grant names it.
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

/// What somebody is trusted with; each role may do all that those before it may.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// Looks.
    Viewer,
    /// Submits and changes.
    Editor,
    /// Decides on what others submitted.
    Approver,
    /// Removes for good, and lets others in.
    Admin,
}

impl Role {
    /// All of them, the least first.
    pub const ALL: [Self; 4] = [Self::Viewer, Self::Editor, Self::Approver, Self::Admin];

    /// The name by which a grant names it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Viewer => "viewer",
            Self::Editor => "editor",
            Self::Approver => "approver",
            Self::Admin => "admin",
        }
    }
}

/// A role in one API or in all of them, written `usage:viewer` or `viewer`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct Grant {
    /// Where; none is everywhere.
    pub api: Option<Api>,
    /// As what.
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
        let wrong = || {
            format!(
                "'{text}': viewer, editor, approver or admin is expected, or one in an API, as usage:viewer"
            )
        };
        let (api, role) = match text.split_once(':') {
            None => (None, text),
            Some((api, role)) => {
                let known = Api::ALL.into_iter().find(|known| known.name() == api);
                (Some(known.ok_or_else(wrong)?), role)
            }
        };
        let role = Role::ALL.into_iter().find(|known| known.name() == role).ok_or_else(wrong)?;
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

/// Who asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Principal {
    /// The user's name, or `key:` and the id of the key.
    pub name: String,
    /// Whose records they see, where an API has tenants.
    pub tenant: String,
    /// What they are trusted with.
    pub grants: BTreeSet<Grant>,
}

impl Principal {
    /// Whether they have at least this role in an API.
    pub fn is(&self, role: Role, api: Api) -> bool {
        self.grants.iter().any(|grant| grant.api.is_none_or(|granted| granted == api) && grant.role >= role)
    }

    /// The same principal, if they have at least this role in an API.
    pub fn with(self, role: Role, api: Api) -> Result<Self, Error> {
        if self.is(role, api) {
            return Ok(self);
        }
        let missing = Grant { api: Some(api), role };
        Err(Error::new(Kind::Forbidden, format!("This needs the role {missing}.")))
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
    fn a_role_may_do_all_that_lesser_ones_may_where_it_was_granted() {
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
            assert_eq!(principal(grants).is(role, api), expected, "{grants:?} {role:?} {api:?}");
        }
    }

    #[test]
    fn a_grant_is_read_as_it_is_written() {
        for api in Api::ALL.into_iter().map(Some).chain([None]) {
            for role in Role::ALL {
                let grant = Grant { api, role };
                assert_eq!(grant.to_string().parse(), Ok(grant));
            }
        }
        for wrong in ["", "root", "Admin", ":admin", "usage:", "usage:admin:x", "bank:admin"] {
            assert!(wrong.parse::<Grant>().is_err(), "{wrong}");
        }
    }
}
