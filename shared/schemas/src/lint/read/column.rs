//! Pure. Reads the definition of a column.

use crate::lint::lexeme::{Cursor, Kind, Lexeme, split_commas};
use crate::lint::model::{Column, DataType, DefaultValue};

use super::element::column_names;

/// Types of several words, with their bases.
const LONG_NAMES: [(&str, &str); 9] = [
    ("DOUBLE PRECISION", "double"),
    ("CHARACTER VARYING", "varchar"),
    ("CHAR VARYING", "varchar"),
    ("NATIONAL CHARACTER VARYING", "varchar"),
    ("NATIONAL VARCHAR", "varchar"),
    ("NATIONAL CHARACTER", "char"),
    ("NATIONAL CHAR", "char"),
    ("LONG VARCHAR", "mediumtext"),
    ("LONG VARBINARY", "mediumblob"),
];

/// Synonyms of types.
const SYNONYMS: [(&str, &str); 20] = [
    ("integer", "int"),
    ("int1", "tinyint"),
    ("int2", "smallint"),
    ("int3", "mediumint"),
    ("middleint", "mediumint"),
    ("int4", "int"),
    ("int8", "bigint"),
    ("dec", "decimal"),
    ("numeric", "decimal"),
    ("fixed", "decimal"),
    ("number", "decimal"),
    ("real", "double"),
    ("float8", "double"),
    ("float4", "float"),
    ("character", "char"),
    ("nchar", "char"),
    ("nvarchar", "varchar"),
    ("varchar2", "varchar"),
    ("varcharacter", "varchar"),
    ("long", "mediumtext"),
];

/// Reads a column: its name, its type and its attributes. Returns `None` if there is no type.
pub(super) fn column(cursor: &mut Cursor<'_>) -> Option<Column> {
    let name = cursor.ident()?;
    let mut column = Column { name, ..Column::default() };
    data_type(cursor, &mut column)?;
    while cursor.peek().is_some() {
        attribute(cursor, &mut column);
    }
    Some(column)
}

fn data_type(cursor: &mut Cursor<'_>, column: &mut Column) -> Option<()> {
    let long = LONG_NAMES.iter().find(|(words, _)| cursor.take(words));
    let base = match long {
        Some((_, base)) => (*base).to_owned(),
        None => cursor.advance().filter(|lexeme| lexeme.kind == Kind::Word)?.text.to_ascii_lowercase(),
    };
    let synonym = SYNONYMS.iter().find(|(name, _)| *name == base);
    let mut data_type =
        DataType { base: synonym.map_or(base, |(_, name)| (*name).to_owned()), ..DataType::default() };
    if let Some(group) = cursor.group() {
        let text = |part: &[Lexeme]| part.iter().map(|lexeme| lexeme.text.as_str()).collect::<String>();
        data_type.arguments = split_commas(group).into_iter().map(text).collect();
    }
    match data_type.base.as_str() {
        "bool" | "boolean" => {
            data_type = DataType { base: "tinyint".to_owned(), arguments: vec!["1".to_owned()], ..data_type };
        }
        "serial" => {
            data_type = DataType { base: "bigint".to_owned(), is_unsigned: true, ..data_type };
            column.is_not_null = true;
            column.is_auto_increment = true;
            column.is_unique = true;
        }
        _ => {}
    }
    column.data_type = data_type;
    Some(())
}

fn attribute(cursor: &mut Cursor<'_>, column: &mut Column) {
    if cursor.take("UNSIGNED") {
        column.data_type.is_unsigned = true;
    } else if cursor.take("ZEROFILL") {
        column.data_type.is_zerofill = true;
        column.data_type.is_unsigned = true;
    } else if cursor.take("NOT NULL") {
        column.is_not_null = true;
    } else if cursor.take("DEFAULT") {
        column.default = default_value(cursor);
    } else if cursor.take("AUTO_INCREMENT") {
        column.is_auto_increment = true;
    } else if cursor.take_any(&["PRIMARY KEY", "PRIMARY"]) {
        column.is_primary = true;
        column.is_not_null = true;
    } else if cursor.take_any(&["UNIQUE KEY", "UNIQUE"]) {
        column.is_unique = true;
    } else if cursor.take("COMMENT") {
        cursor.advance();
    } else if cursor.take("KEY") {
        column.is_primary = true;
        column.is_not_null = true;
    } else if cursor.take_any(&["CHARACTER SET", "CHARSET", "CHAR SET"]) {
        column.charset = cursor.value().map(str::to_ascii_lowercase);
    } else if cursor.take("COLLATE") {
        column.collation = cursor.value().map(str::to_ascii_lowercase);
    } else if cursor.take_any(&["GENERATED ALWAYS AS", "AS"]) {
        column.is_generated = true;
        cursor.group();
    } else if cursor.take("REFERENCES") {
        let Some(parent) = cursor.name() else { return };
        let columns = cursor.group().map(column_names).unwrap_or_default();
        column.references = Some((parent, columns));
    } else if cursor.take_any(&["ON UPDATE", "ON DELETE", "AFTER"]) {
        cursor.advance();
    } else {
        cursor.skip();
    }
}

/// Reads the value after DEFAULT.
pub(super) fn default_value(cursor: &mut Cursor<'_>) -> DefaultValue {
    if cursor.take("NULL") {
        return DefaultValue::Null;
    }
    if cursor.group().is_some() {
        return DefaultValue::Expression;
    }
    let sign = if cursor.symbol("-") { "-" } else { "" };
    cursor.symbol("+");
    match cursor.advance() {
        Some(lexeme) if matches!(lexeme.kind, Kind::Text | Kind::Number) => {
            DefaultValue::Literal(format!("{sign}{}", lexeme.text))
        }
        _ => {
            cursor.group();
            DefaultValue::Expression
        }
    }
}
