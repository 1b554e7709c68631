//! The names of the resources.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A resource, by the name in its path.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Name {
    /// The login of a user.
    AuthUser,
    /// A role.
    Role,
    /// A user.
    User,
    /// An environment of servers.
    Environment,
    /// A database server.
    Server,
    /// A schema, by its name on all servers.
    DatabaseSchema,
    /// A structure that a schema had on a server.
    SchemaVersion,
    /// A reviewed change of a schema.
    Changeset,
    /// A part of a changeset.
    ChangesetDetail,
    /// A kind of test.
    TestType,
    /// The test of a part of a changeset on the scratch server.
    ChangesetTest,
    /// A kind of validation: a lint.
    ValidationType,
    /// A finding of a lint.
    ChangesetValidation,
    /// The application of a part of a changeset to a server.
    ChangesetDetailApply,
    /// An entry of the history of a changeset.
    ChangesetAction,
    /// An entry of the history of everything.
    Event,
    /// What a check found on a server.
    ServerData,
    /// A review, an application, a revert or a check.
    Task,
}

impl Name {
    /// All resources, in the order of the index.
    pub const ALL: [Self; 18] = [
        Self::AuthUser,
        Self::Role,
        Self::User,
        Self::Environment,
        Self::Server,
        Self::DatabaseSchema,
        Self::SchemaVersion,
        Self::Changeset,
        Self::ChangesetDetail,
        Self::TestType,
        Self::ChangesetTest,
        Self::ValidationType,
        Self::ChangesetValidation,
        Self::ChangesetDetailApply,
        Self::ChangesetAction,
        Self::Event,
        Self::ServerData,
        Self::Task,
    ];

    /// Returns the name in paths and keys.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::AuthUser => "auth_user",
            Self::Role => "role",
            Self::User => "user",
            Self::Environment => "environment",
            Self::Server => "server",
            Self::DatabaseSchema => "database_schema",
            Self::SchemaVersion => "schema_version",
            Self::Changeset => "changeset",
            Self::ChangesetDetail => "changeset_detail",
            Self::TestType => "test_type",
            Self::ChangesetTest => "changeset_test",
            Self::ValidationType => "validation_type",
            Self::ChangesetValidation => "changeset_validation",
            Self::ChangesetDetailApply => "changeset_detail_apply",
            Self::ChangesetAction => "changeset_action",
            Self::Event => "event",
            Self::ServerData => "server_data",
            Self::Task => "task",
        }
    }

    /// Returns the resource with this name.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|name| name.as_str() == text)
    }

    /// Returns the URI of a row.
    pub fn uri(self, id: u64) -> String {
        format!("/api/v1/{self}/{id}/")
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_as_they_are_written() {
        for name in Name::ALL {
            assert_eq!(Name::parse(name.as_str()), Some(name));
            assert_eq!(serde_json::to_value(name).ok(), Some(name.as_str().into()));
        }
        assert_eq!(Name::parse("changesets"), None);
    }
}
