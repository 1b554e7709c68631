//! Pure. The definition of a table, and how an ALTER changes it.

use super::model::{Column, ForeignKey, Ident, Index, IndexKind, Name, Options, Part, charset_of};

/// The definition of a table.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Definition {
    pub(super) columns: Vec<Column>,
    pub(super) indexes: Vec<Index>,
    pub(super) foreign_keys: Vec<ForeignKey>,
    pub(super) options: Options,
}

/// One clause of an ALTER TABLE.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Change {
    AddColumn(Column),
    AddIndex(Index),
    AddForeignKey(ForeignKey),
    /// MODIFY and CHANGE: the old name and the new definition.
    ModifyColumn(Ident, Column),
    RenameColumn(Ident, Ident),
    /// ALTER COLUMN … SET DEFAULT with a literal.
    SetDefault(Ident, String),
    DropColumn(Ident),
    DropIndex(Ident),
    /// DROP CONSTRAINT: an index, a foreign key or a check.
    DropConstraint(Ident),
    DropForeignKey(Ident),
    DropPrimaryKey(usize),
    /// DROP PARTITION and other clauses that take rows out of a table, with the clause's words and line.
    RemoveRows(&'static str, usize),
    /// DROP SYSTEM VERSIONING of MariaDB.
    DropHistory(usize),
    RenameIndex(Ident, Ident),
    RenameTo(Name),
    /// CONVERT TO CHARACTER SET, which also changes the columns.
    Convert(Options),
    Options(Options),
    /// A clause that no rule looks at.
    Other,
}

impl Definition {
    /// Returns the column of this name.
    pub(super) fn column(&self, name: &str) -> Option<&Column> {
        self.columns.iter().find(|column| column.name.is(name))
    }

    /// Returns the primary key.
    pub(super) fn primary_key(&self) -> Option<&Index> {
        self.indexes.iter().find(|index| index.kind == IndexKind::Primary)
    }

    /// Returns the character set of a text column: its own, or that of the table.
    pub(super) fn charset(&self, column: &Column) -> Option<String> {
        let own = |charset: &Option<String>, collation: &Option<String>| {
            charset.clone().or_else(|| collation.as_deref().and_then(charset_of))
        };
        own(&column.charset, &column.collation)
            .or_else(|| own(&self.options.charset, &self.options.collation))
    }

    /// Adds a column with the indexes and the foreign key that its definition declares.
    pub(super) fn add_column(&mut self, column: Column) {
        self.add_keys_of(&column);
        self.columns.push(column);
    }

    fn add_keys_of(&mut self, column: &Column) {
        let parts = vec![Part { key: column.name.text.clone(), ..Part::default() }];
        let line = column.name.line;
        if column.is_primary {
            let name = Ident { text: "PRIMARY".to_owned(), line };
            self.add_index(Index { name, kind: IndexKind::Primary, parts: parts.clone() });
        }
        if column.is_unique {
            let name = Ident { text: String::new(), line };
            self.add_index(Index { name, kind: IndexKind::Unique, parts });
        }
        if let Some((parent, parent_columns)) = &column.references {
            self.foreign_keys.push(ForeignKey {
                name: None,
                columns: vec![column.name.text.clone()],
                parent: parent.clone(),
                parent_columns: parent_columns.clone(),
                line,
            });
        }
    }

    /// Adds an index. One without a name gets that of its first column, with a number if it exists already.
    pub(super) fn add_index(&mut self, mut index: Index) {
        if index.name.text.is_empty() {
            let column = index.parts.first().map_or("index", |part| &part.key);
            let numbered = (2..).map(|number| format!("{column}_{number}"));
            let mut names = std::iter::once(column.to_owned()).chain(numbered);
            let free = names.find(|name| !self.indexes.iter().any(|other| other.name.is(name)));
            index.name.text = free.unwrap_or_default();
        }
        self.indexes.push(index);
    }

    /// Applies a clause of an ALTER TABLE. Clauses about unknown columns and indexes change nothing.
    pub(super) fn apply(&mut self, change: &Change) {
        match change {
            Change::AddColumn(column) => self.add_column(column.clone()),
            Change::AddIndex(index) => self.add_index(index.clone()),
            Change::AddForeignKey(key) => self.foreign_keys.push(key.clone()),
            Change::ModifyColumn(old, column) => self.modify_column(old, column),
            Change::RenameColumn(old, new) => self.rename_column(old, new),
            Change::SetDefault(name, value) => {
                if let Some(column) = self.columns.iter_mut().find(|column| column.name.is(&name.text)) {
                    column.default = super::model::DefaultValue::Literal(value.clone());
                }
            }
            Change::DropColumn(name) => self.drop_column(name),
            Change::DropIndex(name) => self.indexes.retain(|index| !index.name.is(&name.text)),
            Change::DropForeignKey(name) => self.drop_foreign_key(name),
            Change::DropConstraint(name) => {
                self.indexes.retain(|index| !index.name.is(&name.text));
                self.drop_foreign_key(name);
            }
            Change::DropPrimaryKey(_) => self.indexes.retain(|index| index.kind != IndexKind::Primary),
            Change::RenameIndex(old, new) => {
                for index in self.indexes.iter_mut().filter(|index| index.name.is(&old.text)) {
                    index.name = new.clone();
                }
            }
            Change::Convert(options) => {
                self.options.update(options);
                for column in &mut self.columns {
                    column.charset = None;
                    column.collation = None;
                }
            }
            Change::Options(options) => self.options.update(options),
            Change::RenameTo(_) | Change::RemoveRows(..) | Change::DropHistory(_) | Change::Other => {}
        }
    }

    fn drop_foreign_key(&mut self, name: &Ident) {
        self.foreign_keys.retain(|key| !key.name.as_ref().is_some_and(|other| other.is(&name.text)));
    }

    fn drop_column(&mut self, name: &Ident) {
        self.columns.retain(|column| !column.name.is(&name.text));
        for index in &mut self.indexes {
            index.parts.retain(|part| part.is_expression || !name.is(&part.key));
        }
        self.indexes.retain(|index| !index.parts.is_empty());
    }

    fn modify_column(&mut self, old: &Ident, column: &Column) {
        self.rename_column(old, &column.name);
        self.add_keys_of(column);
        if let Some(known) = self.columns.iter_mut().find(|known| known.name.is(&column.name.text)) {
            *known = column.clone();
        }
    }

    fn rename_column(&mut self, old: &Ident, new: &Ident) {
        for column in self.columns.iter_mut().filter(|column| column.name.is(&old.text)) {
            column.name = new.clone();
        }
        for part in self.indexes.iter_mut().flat_map(|index| &mut index.parts) {
            if !part.is_expression && old.is(&part.key) {
                part.key.clone_from(&new.text);
            }
        }
        for column in self.foreign_keys.iter_mut().flat_map(|key| &mut key.columns) {
            if old.is(column) {
                column.clone_from(&new.text);
            }
        }
    }
}
