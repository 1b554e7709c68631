//! Pure. What the rules know of tables: columns, indexes, foreign keys and options.

use std::fmt;

/// An identifier and its place.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Ident {
    /// The identifier without quotes.
    pub(super) text: String,
    /// The line in the statement; the first is 1.
    pub(super) line: usize,
}

impl Ident {
    /// Whether this identifies the same column or index as `other`. Both ignore case.
    pub(super) fn is(&self, other: &str) -> bool {
        self.text.eq_ignore_ascii_case(other)
    }
}

impl fmt::Display for Ident {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}`", self.text)
    }
}

/// The name of a table or another object, which may name its schema.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Name {
    pub(super) schema: Option<String>,
    pub(super) ident: Ident,
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(schema) = &self.schema {
            write!(f, "`{schema}`.")?;
        }
        self.ident.fmt(f)
    }
}

/// The type of a column. Synonyms have one base: `INTEGER` is `int`, `NUMERIC` is `decimal`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct DataType {
    /// In lower case.
    pub(super) base: String,
    /// The values in parentheses: lengths, or the members of an ENUM.
    pub(super) arguments: Vec<String>,
    pub(super) is_unsigned: bool,
    pub(super) is_zerofill: bool,
}

impl DataType {
    /// Returns the first argument as a number.
    pub(super) fn length(&self) -> Option<u64> {
        self.arguments.first()?.parse().ok()
    }

    /// Returns the size in bytes if this is an integer type.
    pub(super) fn integer_bytes(&self) -> Option<u32> {
        Some(match self.base.as_str() {
            "tinyint" => 1,
            "smallint" => 2,
            "mediumint" => 3,
            "int" => 4,
            "bigint" => 8,
            _ => return None,
        })
    }

    /// Returns the largest number of an integer type.
    pub(super) fn integer_maximum(&self) -> Option<u128> {
        let bits = self.integer_bytes()? * 8;
        Some((1_u128 << if self.is_unsigned { bits } else { bits - 1 }) - 1)
    }
}

impl fmt::Display for DataType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.base.to_uppercase())?;
        if !self.arguments.is_empty() {
            let quote = if matches!(self.base.as_str(), "enum" | "set") { "'" } else { "" };
            let arguments: Vec<String> =
                self.arguments.iter().map(|argument| format!("{quote}{argument}{quote}")).collect();
            write!(f, "({})", arguments.join(","))?;
        }
        if self.is_unsigned {
            f.write_str(" UNSIGNED")?;
        }
        Ok(())
    }
}

/// The default of a column.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) enum DefaultValue {
    /// No DEFAULT clause.
    #[default]
    Absent,
    Null,
    /// A string or a number.
    Literal(String),
    /// A function or an expression.
    Expression,
}

/// A column.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is an attribute of its own in SQL")]
pub(super) struct Column {
    pub(super) name: Ident,
    pub(super) data_type: DataType,
    pub(super) is_not_null: bool,
    pub(super) default: DefaultValue,
    pub(super) is_auto_increment: bool,
    pub(super) is_generated: bool,
    pub(super) charset: Option<String>,
    pub(super) collation: Option<String>,
    pub(super) is_primary: bool,
    pub(super) is_unique: bool,
    /// The parent of a REFERENCES clause in the column.
    pub(super) references: Option<(Name, Vec<String>)>,
}

impl Column {
    /// Whether the column has a character set of its own kind of data.
    pub(super) fn is_text(&self) -> bool {
        let base = self.data_type.base.as_str();
        matches!(base, "char" | "varchar" | "enum" | "set") || base.ends_with("text")
    }

    /// Whether the column stores dates.
    pub(super) fn is_date(&self) -> bool {
        matches!(self.data_type.base.as_str(), "date" | "datetime" | "timestamp")
    }
}

/// The kind of an index.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum IndexKind {
    Primary,
    Unique,
    #[default]
    Plain,
    FullText,
    Spatial,
}

/// A column or an expression of an index.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Part {
    /// The name of the column, or the text of the expression.
    pub(super) key: String,
    pub(super) is_expression: bool,
    /// The number of indexed characters.
    pub(super) prefix: Option<u64>,
    pub(super) is_descending: bool,
}

impl Part {
    /// Whether an index on `other` finds everything that an index on this part finds.
    fn is_covered_by(&self, other: &Self) -> bool {
        let prefix = match (self.prefix, other.prefix) {
            (_, None) => true,
            (None, Some(_)) => false,
            (Some(own), Some(longer)) => own <= longer,
        };
        prefix
            && self.key.eq_ignore_ascii_case(&other.key)
            && self.is_expression == other.is_expression
            && self.is_descending == other.is_descending
    }
}

/// An index.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Index {
    /// `PRIMARY` for a primary key.
    pub(super) name: Ident,
    pub(super) kind: IndexKind,
    pub(super) parts: Vec<Part>,
}

impl Index {
    /// Whether `other` makes this index redundant.
    pub(super) fn is_redundant_to(&self, other: &Self) -> bool {
        let covered = self.parts.len() <= other.parts.len()
            && self.parts.iter().zip(&other.parts).all(|(own, part)| own.is_covered_by(part));
        match (self.kind, other.kind) {
            (IndexKind::Plain, IndexKind::Primary | IndexKind::Unique | IndexKind::Plain) => covered,
            (IndexKind::Unique, IndexKind::Primary | IndexKind::Unique)
            | (IndexKind::FullText, IndexKind::FullText)
            | (IndexKind::Spatial, IndexKind::Spatial) => self.parts == other.parts,
            _ => false,
        }
    }

    /// Whether the index begins with these columns, in this order.
    pub(super) fn begins_with(&self, columns: &[String]) -> bool {
        let is_ordered = matches!(self.kind, IndexKind::Primary | IndexKind::Unique | IndexKind::Plain);
        is_ordered
            && self.parts.len() >= columns.len()
            && self.parts.iter().zip(columns).all(|(part, column)| {
                !part.is_expression && part.prefix.is_none() && part.key.eq_ignore_ascii_case(column)
            })
    }
}

/// A foreign key.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct ForeignKey {
    pub(super) name: Option<Ident>,
    pub(super) columns: Vec<String>,
    pub(super) parent: Name,
    /// Empty if the statement does not name them.
    pub(super) parent_columns: Vec<String>,
    pub(super) line: usize,
}

/// The options of a table that rules look at. `None` and `false` leave an option as it is.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Options {
    pub(super) engine: Option<String>,
    pub(super) charset: Option<String>,
    pub(super) collation: Option<String>,
    pub(super) auto_increment: Option<u64>,
    /// The option that compresses the table, as it is written.
    pub(super) compression: Option<String>,
    /// The line of the first of these options.
    pub(super) line: usize,
}

impl Options {
    /// Replaces the options that `newer` sets.
    pub(super) fn update(&mut self, newer: &Self) {
        let set = |option: &mut Option<String>, value: &Option<String>| {
            if value.is_some() {
                option.clone_from(value);
            }
        };
        set(&mut self.engine, &newer.engine);
        if newer.charset.is_some() {
            // A character set without a collation selects the default collation of the character set.
            self.collation.clone_from(&newer.collation);
        }
        set(&mut self.charset, &newer.charset);
        set(&mut self.collation, &newer.collation);
        set(&mut self.compression, &newer.compression);
        self.auto_increment = newer.auto_increment.or(self.auto_increment);
    }
}

/// Returns the character set of a collation: `utf8mb4` for `utf8mb4_general_ci`. The collations `uca1400_*` of MariaDB
/// belong to several.
pub(super) fn charset_of(collation: &str) -> Option<String> {
    let charset = collation.split('_').next().unwrap_or(collation).to_ascii_lowercase();
    (!charset.starts_with("uca")).then_some(charset)
}
