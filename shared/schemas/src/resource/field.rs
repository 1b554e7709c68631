//! Pure. Fields of resources, as `/schema/` describes them.

use serde_json::{Value, json};

use crate::record::Name;

/// What a field holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FieldKind {
    /// A number.
    Integer,
    /// A text.
    Text,
    /// A boolean.
    Boolean,
    /// A time, stored in microseconds.
    DateTime,
    /// A row of a resource, stored as its id.
    Link(Name),
    /// Rows of a resource, stored as their ids.
    Links(Name),
    /// A list, stored as it is shown.
    List,
    /// An object, stored as it is shown.
    Object,
    /// The URI of the row itself, which is not stored.
    Uri,
    /// The text of a schema version, which is stored apart from its row.
    Ddl,
}

/// The default of a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Default {
    /// There is none.
    Missing,
    /// The empty text.
    Empty,
    /// A boolean, or `true` for a time that is set by every write.
    Boolean(bool),
    /// A text.
    Text(&'static str),
    /// No value.
    Null,
}

/// A field of a resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Field {
    /// The name, which is also that of the stored attribute.
    pub name: &'static str,
    /// The attribute of the object that is stored as `name`. `None` if the field is not part of an object.
    pub part_of: Option<(&'static str, &'static str)>,
    /// What it holds.
    pub kind: FieldKind,
    /// The default.
    pub default: Default,
    /// Whether the value may be `null`.
    pub is_nullable: bool,
    /// Whether a write may omit it.
    pub is_blank: bool,
    /// Whether no two rows have the same value.
    pub is_unique: bool,
    /// A description. `None` for the usual one of the kind.
    pub help_text: Option<&'static str>,
}

impl Field {
    /// Returns a field that is neither nullable nor unique and has no default.
    pub const fn new(name: &'static str, kind: FieldKind) -> Self {
        Self {
            name,
            part_of: None,
            kind,
            default: Default::Missing,
            is_nullable: false,
            is_blank: false,
            is_unique: false,
            help_text: None,
        }
    }

    /// Returns the field `id`.
    pub const fn id() -> Self {
        Self { is_unique: true, ..Self::new("id", FieldKind::Integer).or_empty() }
    }

    /// Returns the field `resource_uri`.
    pub const fn uri() -> Self {
        Self::new("resource_uri", FieldKind::Uri)
    }

    /// Returns a text.
    pub const fn text(name: &'static str) -> Self {
        Self::new(name, FieldKind::Text)
    }

    /// Returns a link to a row of another resource.
    pub const fn link(name: &'static str, resource: Name) -> Self {
        Self::new(name, FieldKind::Link(resource))
    }

    /// Returns a time that every write sets.
    pub const fn automatic_time(name: &'static str) -> Self {
        Self { default: Default::Boolean(true), is_blank: true, ..Self::new(name, FieldKind::DateTime) }
    }

    /// Returns a time.
    pub const fn time(name: &'static str) -> Self {
        Self::new(name, FieldKind::DateTime)
    }

    /// Returns the field with the empty text as its default.
    #[must_use]
    pub const fn or_empty(self) -> Self {
        Self { default: Default::Empty, is_blank: true, ..self }
    }

    /// Returns the field with a default.
    #[must_use]
    pub const fn or(self, default: Default) -> Self {
        Self { default, ..self }
    }

    /// Returns the field with a default and omittable.
    #[must_use]
    pub const fn blank_or(self, default: Default) -> Self {
        Self { default, is_blank: true, ..self }
    }

    /// Returns the field as nullable.
    #[must_use]
    pub const fn nullable(self) -> Self {
        Self { is_nullable: true, ..self }
    }

    /// Returns the field as unique.
    #[must_use]
    pub const fn unique(self) -> Self {
        Self { is_unique: true, ..self }
    }

    /// Returns the field with a description.
    #[must_use]
    pub const fn about(self, help_text: &'static str) -> Self {
        Self { help_text: Some(help_text), ..self }
    }

    /// Returns the field as a part of a stored object.
    #[must_use]
    pub const fn part_of(self, object: &'static str, part: &'static str) -> Self {
        Self { part_of: Some((object, part)), ..self }
    }

    /// Returns the resource that the field links to.
    pub fn target(&self) -> Option<Name> {
        match self.kind {
            FieldKind::Link(target) => Some(target),
            _ => None,
        }
    }

    /// Returns the description of the field in `/schema/`.
    pub fn description(&self) -> Value {
        let mut description = json!({
            "blank": self.is_blank,
            "default": self.default.shown(),
            "help_text": self.help_text.unwrap_or(self.kind.help_text()),
            "nullable": self.is_nullable,
            "readonly": self.kind == FieldKind::Uri,
            "type": self.kind.name(),
            "unique": self.is_unique,
        });
        match self.kind {
            FieldKind::Link(_) => description["related_type"] = json!("to_one"),
            FieldKind::Links(_) => description["related_type"] = json!("to_many"),
            _ => {}
        }
        description
    }
}

impl Default {
    fn shown(self) -> Value {
        match self {
            Self::Missing => json!("No default provided."),
            Self::Empty => json!(""),
            Self::Boolean(value) => json!(value),
            Self::Text(text) => json!(text),
            Self::Null => Value::Null,
        }
    }

    /// Returns the value of a field whose attribute is not stored.
    pub fn unstored(self) -> Value {
        match self {
            Self::Empty => json!(""),
            Self::Boolean(value) => json!(value),
            Self::Text(text) => json!(text),
            Self::Missing | Self::Null => Value::Null,
        }
    }
}

impl FieldKind {
    fn name(self) -> &'static str {
        match self {
            Self::Integer => "integer",
            Self::Text | Self::Uri | Self::Ddl => "string",
            Self::Boolean => "boolean",
            Self::DateTime => "datetime",
            Self::Link(_) | Self::Links(_) => "related",
            Self::List => "list",
            Self::Object => "dict",
        }
    }

    fn help_text(self) -> &'static str {
        match self {
            Self::Integer => "Integer data. Ex: 2673",
            Self::Text | Self::Uri | Self::Ddl => "Unicode string data. Ex: \"Hello World\"",
            Self::Boolean => "Boolean data. Ex: True",
            Self::DateTime => "A date & time as a string. Ex: \"2010-11-10T03:07:43\"",
            Self::Link(_) => "A single related resource. Can be either a URI or set of nested resource data.",
            Self::Links(_) => "Many related resources. A list of URIs.",
            Self::List => "A list of data. Ex: ['abc', 26.73, 8]",
            Self::Object => "A dictionary of data. Ex: {'price': 26.73, 'name': 'Daniel'}",
        }
    }
}
