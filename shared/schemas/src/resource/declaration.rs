//! Pure. Declarations of resources: their fields, methods and filters.

use serde_json::{Map, Value, json};

use crate::record::Name;
use crate::resource::field::{Field, FieldKind};

/// The methods of resources that are only read.
pub const READ: &[&str] = &["get"];

/// How a resource may be filtered by a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Filtering {
    /// By the field itself.
    All,
    /// By the field, and by those fields of the linked resource that it may be filtered by itself.
    AllWithRelations,
}

/// How the rows that link to a row of another resource are found without reading all rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Finder {
    /// By their index.
    Index,
    /// By the ids in an attribute of the linked changeset.
    StoredOnChangeset(&'static str),
}

/// Where the rows of a resource come from.
#[derive(Clone, Copy, Debug)]
pub enum Source {
    /// From the table.
    Stored,
    /// From the users.
    Users,
    /// From the program.
    Fixed(fn() -> Vec<Fixed>),
}

/// A row that is a part of the program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fixed {
    /// The id.
    pub id: u64,
    /// The name.
    pub name: String,
    /// The other attributes.
    pub attributes: Vec<(&'static str, String)>,
}

/// The declaration of a resource.
#[derive(Clone, Copy, Debug)]
pub struct Resource {
    /// The name.
    pub name: Name,
    /// The fields.
    pub fields: &'static [Field],
    /// The fields that lists may be filtered by.
    pub filters: &'static [(&'static str, Filtering)],
    /// The links by which rows are found.
    pub finders: &'static [(&'static str, Finder)],
    /// A path over two links that is also an attribute of the row.
    pub shortcut: Option<(&'static str, &'static str)>,
    /// The methods of the list, in lower case.
    pub list_methods: &'static [&'static str],
    /// The methods of a row, in lower case.
    pub detail_methods: &'static [&'static str],
    /// Where the rows come from.
    pub source: Source,
}

impl Resource {
    /// Returns a stored resource that is only read and has no filters.
    pub const fn new(name: Name, fields: &'static [Field]) -> Self {
        Self {
            name,
            fields,
            filters: &[],
            finders: &[],
            shortcut: None,
            list_methods: READ,
            detail_methods: READ,
            source: Source::Stored,
        }
    }

    /// Returns the field with this name.
    pub fn field(&self, name: &str) -> Option<&'static Field> {
        self.fields.iter().find(|field| field.name == name)
    }

    /// Returns how the resource may be filtered by a field.
    pub fn filtering(&self, field: &str) -> Option<Filtering> {
        self.filters.iter().find(|(name, _)| *name == field).map(|(_, filtering)| *filtering)
    }

    /// Returns how rows are found by a link.
    pub fn finder(&self, field: &str) -> Option<Finder> {
        self.finders.iter().find(|(name, _)| *name == field).map(|(_, finder)| *finder)
    }

    /// Whether rows have a field with text that is stored apart from them.
    pub fn has_ddl(&self) -> bool {
        self.fields.iter().any(|field| field.kind == FieldKind::Ddl)
    }

    /// Returns the body of `/schema/`.
    pub fn schema(&self) -> Value {
        let fields = self.fields.iter().map(|field| (field.name.to_owned(), field.description()));
        let mut schema = json!({
            "allowed_detail_http_methods": self.detail_methods,
            "allowed_list_http_methods": self.list_methods,
            "default_format": "application/json",
            "default_limit": 20,
            "fields": fields.collect::<Map<_, _>>(),
        });
        if !self.filters.is_empty() {
            let code = |filtering| match filtering {
                Filtering::All => 1,
                Filtering::AllWithRelations => 2,
            };
            let filters =
                self.filters.iter().map(|(name, filtering)| ((*name).to_owned(), json!(code(*filtering))));
            schema["filtering"] = Value::Object(filters.collect());
        }
        schema
    }
}
