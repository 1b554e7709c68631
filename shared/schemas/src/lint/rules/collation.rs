//! Pure. Collations that differ.

use crate::lint::model::{Column, Options, charset_of};
use crate::lint::read::Statement;
use crate::lint::report::{RuleId, Severity};
use crate::lint::subject::{Notes, Subject};

use super::Rule;

/// Flags `name VARCHAR(50) COLLATE utf8mb4_unicode_ci` in a table with another collation, and a table whose collation
/// differs from that of the schema: joins between them cannot use indexes, or fail with error 1267. Binary
/// collations, and the character sets ascii and binary, are deliberate choices for identifiers.
pub(super) const RULE: Rule = Rule {
    id: RuleId(9),
    key: "collation",
    name: "collation mismatch",
    description: "a column or table whose collation differs from its table or schema",
    severity: Severity::Notice,
    check,
};

fn check(subject: &Subject<'_>, notes: &mut Notes) {
    let options = inherited(subject);
    for column in subject.columns() {
        check_column(column, &options, notes);
    }
    if matches!(subject.statement, Statement::Database(_)) {
        return;
    }
    let Some(default) = &subject.context.collation else { return };
    for options in subject.options() {
        if let Some(collation) = &options.collation
            && collation != default
            && !is_deliberate(collation)
        {
            let name = subject.name();
            notes.add(
                options.line,
                format!("collation {collation} of {name} differs from {default} of the schema"),
            );
        }
    }
}

/// Returns the options of the altered table. A new table inherits those of the schema.
fn inherited(subject: &Subject<'_>) -> Options {
    let (mut options, context) = (subject.after.options.clone(), subject.context);
    let says_nothing = options.charset.is_none() && options.collation.is_none();
    if says_nothing && matches!(subject.statement, Statement::CreateTable(_)) {
        options.charset.clone_from(&context.charset);
        options.collation.clone_from(&context.collation);
    }
    options
}

fn check_column(column: &Column, table: &Options, notes: &mut Notes) {
    let name = &column.name;
    if let (Some(own), Some(other)) = (&column.collation, &table.collation) {
        if own != other && !is_deliberate(own) {
            notes.add(
                name.line,
                format!("collation {own} of column {name} differs from {other} of the table"),
            );
        }
        return;
    }
    let own = column.charset.clone().or_else(|| column.collation.as_deref().and_then(charset_of));
    let other = table.charset.clone().or_else(|| table.collation.as_deref().and_then(charset_of));
    if let (Some(own), Some(other)) = (own, other)
        && canonical(&own) != canonical(&other)
        && !is_deliberate(column.collation.as_deref().unwrap_or(&own))
    {
        notes.add(
            name.line,
            format!("character set {own} of column {name} differs from {other} of the table"),
        );
    }
}

fn canonical(charset: &str) -> &str {
    if charset == "utf8" { "utf8mb3" } else { charset }
}

fn is_deliberate(collation: &str) -> bool {
    collation.ends_with("_bin") || collation == "binary" || collation.starts_with("ascii")
}
