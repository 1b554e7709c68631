//! Pure. Character sets.

use crate::lint::model::charset_of;
use crate::lint::read::Statement;
use crate::lint::report::{RuleId, Severity};
use crate::lint::subject::{Notes, Subject};

use super::Rule;

/// Flags `DEFAULT CHARSET=utf8`: utf8 (utf8mb3) is deprecated and cannot store characters beyond the basic plane,
/// such as emoji. A table without a character set gets that of the schema, which is checked if it is known.
pub(super) const RULE: Rule = Rule {
    id: RuleId(8),
    key: "charset",
    name: "character set",
    description: "a character set other than utf8mb4, latin1, ascii or binary",
    severity: Severity::Warning,
    check,
};

const ALLOWED: [&str; 4] = ["utf8mb4", "latin1", "ascii", "binary"];

fn check(subject: &Subject<'_>, notes: &mut Notes) {
    for options in subject.options() {
        if let Some(charset) = set(options.charset.as_deref(), options.collation.as_deref()) {
            let name = subject.name();
            notes.add(options.line, format!("character set {charset} of {name}: use utf8mb4"));
        }
    }
    for column in subject.columns() {
        if let Some(charset) = set(column.charset.as_deref(), column.collation.as_deref()) {
            let name = &column.name;
            notes.add(name.line, format!("character set {charset} of column {name}: use utf8mb4"));
        }
    }
    inherited(subject, notes);
}

/// Returns the character set that a statement sets, unless it is allowed.
fn set(charset: Option<&str>, collation: Option<&str>) -> Option<String> {
    let charset = charset.map(str::to_owned).or_else(|| collation.and_then(charset_of))?;
    (!ALLOWED.contains(&charset.as_str()) && charset != "default").then_some(charset)
}

/// Checks the default of the schema, for a table with text and without a character set.
fn inherited(subject: &Subject<'_>, notes: &mut Notes) {
    let Statement::CreateTable(create) = subject.statement else { return };
    let (definition, context) = (&create.definition, subject.context);
    let inherits =
        |column: &&crate::lint::model::Column| column.is_text() && definition.charset(column).is_none();
    if create.like.is_some() || !definition.columns.iter().any(|column| inherits(&column)) {
        return;
    }
    if let Some(charset) = set(context.charset.as_deref(), context.collation.as_deref()) {
        let name = subject.name();
        let message = format!("{name} gets the character set {charset} of its schema: say utf8mb4");
        notes.add(create.name.ident.line, message);
    }
}
