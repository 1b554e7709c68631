//! Pure. The resources. Fields and filters that the original does not have are marked as additions.

use crate::lint;
use crate::people::Role;
use crate::record::Name;
use crate::resource::declaration::Filtering::{All, AllWithRelations};
use crate::resource::declaration::{Finder, Fixed, Resource, Source};
use crate::resource::field::{Default, Field, FieldKind};

const CREATED: Field = Field::automatic_time("created_at");
const UPDATED: Field = Field::automatic_time("updated_at");
const WRITTEN: &[&str] = &["get", "post"];
const WRITTEN_DETAIL: &[&str] = &["get", "post", "put", "delete", "patch"];

/// Returns the declaration of a resource.
pub fn resource(name: Name) -> &'static Resource {
    match name {
        Name::AuthUser => &AUTH_USER,
        Name::Role => &ROLE,
        Name::User => &USER,
        Name::Environment => &ENVIRONMENT,
        Name::Server => &SERVER,
        Name::DatabaseSchema => &DATABASE_SCHEMA,
        Name::SchemaVersion => &SCHEMA_VERSION,
        Name::Changeset => &CHANGESET,
        Name::ChangesetDetail => &CHANGESET_DETAIL,
        Name::TestType => &TEST_TYPE,
        Name::ChangesetTest => &CHANGESET_TEST,
        Name::ValidationType => &VALIDATION_TYPE,
        Name::ChangesetValidation => &CHANGESET_VALIDATION,
        Name::ChangesetDetailApply => &CHANGESET_DETAIL_APPLY,
        Name::ChangesetAction => &CHANGESET_ACTION,
        Name::Event => &EVENT,
        Name::ServerData => &SERVER_DATA,
        Name::Task => &TASK,
    }
}

/// The id of the only test type: the execution of the statements on the scratch server.
pub const SYNTAX_TEST: u64 = 1;

static AUTH_USER: Resource = Resource {
    source: Source::Users,
    ..Resource::new(
        Name::AuthUser,
        &[
            Field::text("username").unique(),
            Field::text("first_name").or_empty(),
            Field::text("last_name").or_empty(),
            Field::time("last_login").nullable().about("Always null: logins are not recorded."),
            Field::uri(),
        ],
    )
};

static ROLE: Resource = Resource {
    source: Source::Fixed(roles),
    ..Resource::new(
        Name::Role,
        &[
            Field::id(),
            Field::text("name").unique(),
            Field { is_blank: false, ..CREATED }.nullable(),
            Field { is_blank: false, ..UPDATED }.nullable(),
            Field::uri(),
        ],
    )
};

static USER: Resource = Resource::new(
    Name::User,
    &[
        Field::id(),
        Field::text("name").unique(),
        Field::text("email").or_empty(),
        Field::link("role", Name::Role).nullable(),
        Field::link("auth_user", Name::AuthUser),
        Field::text("github_login").nullable(),
        CREATED,
        UPDATED,
        Field::uri(),
    ],
);

static ENVIRONMENT: Resource = Resource {
    list_methods: WRITTEN,
    detail_methods: WRITTEN_DETAIL,
    ..Resource::new(
        Name::Environment,
        &[
            Field::id(),
            Field::text("name").or(Default::Empty),
            CREATED,
            UPDATED,
            Field::uri(),
            // Additions: the rules of applications to its servers.
            Field::new("approvals_required", FieldKind::Integer)
                .or_empty()
                .about("Approvals that a changeset needs, from different users."),
            Field::new("forbid_own_approval", FieldKind::Boolean)
                .blank_or(Default::Boolean(false))
                .about("Whether the approval of the submitter does not count."),
            Field::text("window")
                .nullable()
                .about("The time of each day (UTC) in which applications may start. Ex: \"22:00-04:00\""),
            Field::link("after_environment", Name::Environment)
                .nullable()
                .about("The environment in which a changeset must have been applied before."),
            Field::new("lock_wait_timeout", FieldKind::Integer)
                .nullable()
                .about("Seconds that a statement waits for locks."),
        ],
    )
};

static SERVER: Resource = Resource {
    list_methods: WRITTEN,
    detail_methods: WRITTEN_DETAIL,
    ..Resource::new(
        Name::Server,
        &[
            Field::id(),
            Field::text("name").or(Default::Empty).unique(),
            Field::text("hostname").or(Default::Empty),
            Field::new("port", FieldKind::Integer).or(Default::Null).nullable(),
            Field::link("environment", Name::Environment).nullable(),
            CREATED,
            UPDATED,
            Field::uri(),
        ],
    )
};

static DATABASE_SCHEMA: Resource = Resource {
    filters: &[("id", All), ("name", All)],
    ..Resource::new(
        Name::DatabaseSchema,
        &[Field::id(), Field::text("name").or(Default::Empty).unique(), CREATED, UPDATED, Field::uri()],
    )
};

static SCHEMA_VERSION: Resource = Resource {
    filters: &[("database_schema", AllWithRelations)],
    finders: &[("database_schema", Finder::Index)],
    ..Resource::new(
        Name::SchemaVersion,
        &[
            Field::id(),
            Field::text("checksum").or_empty(),
            Field::new("ddl", FieldKind::Ddl).or_empty(),
            Field::link("database_schema", Name::DatabaseSchema).nullable(),
            Field::link("pulled_from", Name::Server).nullable(),
            Field::time("pull_datetime").or(Default::Null).nullable(),
            CREATED,
            UPDATED,
            Field::uri(),
        ],
    )
};

static CHANGESET: Resource = Resource {
    // `database_schema` and `is_deleted` are additions.
    filters: &[
        ("id", All),
        ("review_status", All),
        ("database_schema", AllWithRelations),
        ("is_deleted", All),
    ],
    ..Resource::new(
        Name::Changeset,
        &[
            Field::id(),
            Field::link("database_schema", Name::DatabaseSchema).nullable(),
            Field::text("type").blank_or(Default::Text("DDL:Table:Create")),
            Field::text("classification").blank_or(Default::Text("painless")),
            Field::text("version_control_url").or_empty(),
            Field::text("review_status").blank_or(Default::Text("needs")),
            Field::link("reviewed_by", Name::User).nullable(),
            Field::time("reviewed_at").or(Default::Null).nullable(),
            Field::link("approved_by", Name::User).nullable(),
            Field::time("approved_at").or(Default::Null).nullable(),
            Field::link("submitted_by", Name::User).nullable(),
            Field::time("submitted_at").or(Default::Null).nullable(),
            Field::new("is_deleted", FieldKind::Boolean).blank_or(Default::Boolean(false)),
            Field::link("review_version", Name::SchemaVersion).nullable(),
            Field::link("before_version", Name::SchemaVersion).nullable(),
            Field::link("after_version", Name::SchemaVersion).nullable(),
            Field::text("repo_filename").or_empty(),
            CREATED,
            UPDATED,
            Field::uri(),
            // An addition.
            Field::new("approvals", FieldKind::Links(Name::User)).about("The users whose approvals count."),
        ],
    )
};

static CHANGESET_DETAIL: Resource = Resource {
    filters: &[("id", All), ("changeset", AllWithRelations)],
    finders: &[("changeset", Finder::StoredOnChangeset("details"))],
    ..Resource::new(
        Name::ChangesetDetail,
        &[
            Field::id(),
            Field::link("changeset", Name::Changeset).nullable(),
            Field::text("description").or_empty(),
            Field::text("apply_sql").or_empty(),
            Field::text("revert_sql").or_empty(),
            Field::text("before_checksum").or_empty(),
            Field::text("after_checksum").or_empty(),
            Field::text("apply_verification_sql").or_empty(),
            Field::text("revert_verification_sql").or_empty(),
            Field::text("volumetric_values").or_empty(),
            CREATED,
            UPDATED,
            Field::uri(),
            // Additions: how the scratch server executes the change.
            Field::text("algorithm")
                .nullable()
                .part_of("impact", "algorithm")
                .about("The cheapest algorithm that the server accepts. Ex: \"INPLACE\""),
            Field::text("lock")
                .nullable()
                .part_of("impact", "lock")
                .about("The weakest lock that the server accepts with it. Ex: \"NONE\""),
            Field::text("impact")
                .nullable()
                .part_of("impact", "reason")
                .about("Why the server rejects a cheaper algorithm or a weaker lock."),
        ],
    )
};

static TEST_TYPE: Resource = Resource {
    filters: &[("id", All)],
    source: Source::Fixed(test_types),
    ..Resource::new(
        Name::TestType,
        &[
            Field::id(),
            Field::text("name").or_empty(),
            Field::text("description").or_empty(),
            CREATED,
            UPDATED,
            Field::uri(),
        ],
    )
};

static CHANGESET_TEST: Resource = Resource {
    filters: &[("id", All), ("changeset_detail", AllWithRelations), ("test_type", AllWithRelations)],
    finders: &[("changeset", Finder::StoredOnChangeset("tests"))],
    shortcut: Some(("changeset_detail", "changeset")),
    ..Resource::new(
        Name::ChangesetTest,
        &[
            Field::id(),
            Field::link("changeset_detail", Name::ChangesetDetail).nullable(),
            Field::link("test_type", Name::TestType).nullable(),
            Field::time("started_at").or(Default::Null).nullable(),
            Field::time("ended_at").or(Default::Null).nullable(),
            Field::text("results_log").or_empty(),
            CREATED,
            UPDATED,
            Field::uri(),
        ],
    )
};

static VALIDATION_TYPE: Resource = Resource {
    filters: &[("id", All)],
    source: Source::Fixed(validation_types),
    ..Resource::new(
        Name::ValidationType,
        &[
            Field::id(),
            Field::text("name").or_empty(),
            Field::text("description").or_empty(),
            Field::text("validation_commands").or_empty(),
            CREATED,
            UPDATED,
            Field::uri(),
            // An addition.
            Field::text("severity").or_empty().about("`error`, `warning` or `notice`."),
        ],
    )
};

static CHANGESET_VALIDATION: Resource = Resource {
    filters: &[("id", All), ("changeset", AllWithRelations), ("validation_type", AllWithRelations)],
    finders: &[("changeset", Finder::StoredOnChangeset("validations"))],
    ..Resource::new(
        Name::ChangesetValidation,
        &[
            Field::id(),
            Field::link("changeset", Name::Changeset).nullable(),
            Field::link("validation_type", Name::ValidationType).nullable(),
            Field::time("timestamp").or(Default::Null).nullable(),
            Field::text("result").or_empty(),
            CREATED,
            UPDATED,
            Field::uri(),
            // Additions.
            Field::link("changeset_detail", Name::ChangesetDetail).nullable(),
            Field::text("severity").or_empty().about("`error`, `warning` or `notice`."),
            Field::new("is_waived", FieldKind::Boolean)
                .blank_or(Default::Boolean(false))
                .about("Whether a dba has waived the finding."),
        ],
    )
};

static CHANGESET_DETAIL_APPLY: Resource = Resource {
    filters: &[("id", All), ("changeset_detail", AllWithRelations)],
    finders: &[("changeset", Finder::Index)],
    shortcut: Some(("changeset_detail", "changeset")),
    ..Resource::new(
        Name::ChangesetDetailApply,
        &[
            Field::id(),
            Field::link("changeset_detail", Name::ChangesetDetail).nullable(),
            Field::link("environment", Name::Environment).nullable(),
            Field::link("server", Name::Server).nullable(),
            Field::text("results_log").or_empty(),
            CREATED,
            UPDATED,
            Field::uri(),
            // Additions.
            Field::link("task", Name::Task),
            Field::time("reverted_at").or(Default::Null).nullable(),
        ],
    )
};

// The other resources are additions as a whole.

static CHANGESET_ACTION: Resource = Resource {
    filters: &[
        ("id", All),
        ("changeset", AllWithRelations),
        ("type", All),
        ("user", All),
        ("server", All),
        ("timestamp", All),
    ],
    finders: &[("changeset", Finder::Index)],
    ..Resource::new(
        Name::ChangesetAction,
        &[
            Field::id(),
            Field::link("changeset", Name::Changeset),
            Field::text("type"),
            Field::link("user", Name::User).nullable(),
            Field::link("server", Name::Server).nullable(),
            Field::time("timestamp"),
            Field::uri(),
        ],
    )
};

static EVENT: Resource = Resource {
    filters: &[("id", All), ("datetime", All), ("type", All), ("user", All)],
    ..Resource::new(
        Name::Event,
        &[
            Field::id(),
            Field::time("datetime"),
            Field::text("type"),
            Field::text("description"),
            Field::link("user", Name::User).nullable(),
            Field::uri(),
        ],
    )
};

static SERVER_DATA: Resource = Resource {
    filters: &[
        ("id", All),
        ("server", All),
        ("database_schema", AllWithRelations),
        ("has_drifted", All),
        ("schema_exists", All),
    ],
    finders: &[("database_schema", Finder::Index)],
    ..Resource::new(
        Name::ServerData,
        &[
            Field::id(),
            Field::link("server", Name::Server),
            Field::link("database_schema", Name::DatabaseSchema),
            Field::new("schema_exists", FieldKind::Boolean),
            Field::text("checksum").or_empty(),
            Field::link("schema_version", Name::SchemaVersion).nullable(),
            Field::link("expected_version", Name::SchemaVersion).nullable(),
            Field::new("has_drifted", FieldKind::Boolean),
            Field::text("schema_version_diff").or_empty(),
            Field::time("checked_at").nullable(),
            CREATED,
            UPDATED,
            Field::uri(),
        ],
    )
};

static TASK: Resource = Resource {
    filters: &[
        ("id", All),
        ("task_id", All),
        ("kind", All),
        ("status", All),
        ("changeset", AllWithRelations),
        ("server", All),
        ("database_schema", AllWithRelations),
        ("parent", All),
    ],
    finders: &[("changeset", Finder::Index)],
    ..Resource::new(
        Name::Task,
        &[
            Field::id(),
            Field::text("task_id").unique().about("The id in the status URLs."),
            Field::text("kind").about("`review`, `apply`, `revert` or `check`."),
            Field::text("status").about("`queued`, `running`, `done`, `failed`, `error` or `canceled`."),
            Field::link("changeset", Name::Changeset).nullable(),
            Field::link("server", Name::Server).nullable(),
            Field::link("database_schema", Name::DatabaseSchema),
            Field::link("schema_version", Name::SchemaVersion).nullable(),
            Field::link("user", Name::User).nullable(),
            Field::new("options", FieldKind::Object),
            Field::new("messages", FieldKind::List),
            Field::new("steps", FieldKind::List).about("The statements that were started."),
            Field::link("parent", Name::Task).nullable(),
            Field::new("children", FieldKind::Links(Name::Task)),
            Field::new("is_cancelled", FieldKind::Boolean),
            CREATED,
            Field::time("started_at").nullable(),
            Field::time("ended_at").nullable(),
            UPDATED,
            Field::uri(),
        ],
    )
};

fn roles() -> Vec<Fixed> {
    let role = |role: Role| Fixed { id: role.id(), name: role.name().to_owned(), attributes: Vec::new() };
    Role::ALL.map(role).to_vec()
}

fn test_types() -> Vec<Fixed> {
    let description =
        "Executes the statements on a scratch server: they must be valid, and revert each other.";
    vec![Fixed {
        id: SYNTAX_TEST,
        name: "syntax".to_owned(),
        attributes: vec![("description", description.to_owned())],
    }]
}

fn validation_types() -> Vec<Fixed> {
    let rules = lint::rules().iter();
    let fixed = rules.map(|rule| Fixed {
        id: u64::from(rule.id.0),
        name: rule.name.to_owned(),
        attributes: vec![
            ("description", rule.description.to_owned()),
            ("severity", rule.severity.name().to_owned()),
        ],
    });
    fixed.collect()
}
