//! Pure. Column types that can store less than before.

use crate::lint::definition::{Change, Definition};
use crate::lint::model::Column;
use crate::lint::report::{RuleId, Severity};
use crate::lint::subject::{Notes, Subject};

use super::Rule;

mod capacity;

/// Flags `ALTER TABLE users MODIFY name VARCHAR(20)` if the column is VARCHAR(50) now, INT for BIGINT, a removed
/// value of an ENUM, or `CONVERT TO CHARACTER SET latin1`: values that do not fit are cut off or refused. Says
/// nothing about columns that are not known.
pub(super) const RULE: Rule = Rule {
    id: RuleId(3),
    key: "narrowing",
    name: "narrowed column type",
    description: "a column type that cannot store all values of the old type",
    severity: Severity::Error,
    check,
};

fn check(subject: &Subject<'_>, notes: &mut Notes) {
    let Some(known) = subject.before.filter(|known| !known.is_new) else { return };
    for change in subject.changes() {
        match change {
            Change::ModifyColumn(old, column) => {
                let Some(before) = known.definition.column(&old.text) else { continue };
                if let Some(loss) = lost(before, column, &known.definition, &subject.after) {
                    notes.add(column.name.line, format!("column {}: {loss}", column.name));
                }
            }
            Change::Convert(options) => {
                let column = known.definition.columns.iter().find_map(|column| {
                    let converted = subject.after.column(&column.name.text)?;
                    lost_characters(column, converted, &known.definition, &subject.after)
                });
                if let Some(loss) = column {
                    notes.add(options.line, format!("columns of {}: {loss}", subject.name()));
                }
            }
            _ => {}
        }
    }
}

fn lost(old: &Column, new: &Column, before: &Definition, after: &Definition) -> Option<String> {
    let (from, to) = (&old.data_type, &new.data_type);
    if !capacity::holds(to, from) {
        return Some(format!("{to} cannot store all values of {from}"));
    }
    lost_characters(old, new, before, after)
}

fn lost_characters(old: &Column, new: &Column, before: &Definition, after: &Definition) -> Option<String> {
    if !old.is_text() || !new.is_text() {
        return None;
    }
    let (from, to) = (before.charset(old)?, after.charset(new)?);
    (repertoire(&to)? < repertoire(&from)?).then(|| format!("{to} has fewer characters than {from}"))
}

/// Returns a number that grows with the characters of a character set, for the common ones.
fn repertoire(charset: &str) -> Option<u8> {
    Some(match charset {
        "ascii" => 1,
        "latin1" => 2,
        "utf8" | "utf8mb3" | "ucs2" => 3,
        "utf8mb4" | "utf16" | "utf32" => 4,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lint::model::DataType;

    #[test]
    fn character_sets_are_compared_by_what_they_can_store() {
        assert!(repertoire("latin1") < repertoire("utf8mb3"));
        assert!(repertoire("utf8mb3") < repertoire("utf8mb4"));
        assert_eq!(repertoire("big5"), None);
    }

    #[test]
    fn a_type_holds_itself() {
        for base in ["int", "varchar", "text", "datetime", "json", "geometry"] {
            let data_type = DataType { base: base.to_owned(), ..DataType::default() };
            assert!(capacity::holds(&data_type, &data_type), "{base}");
        }
    }
}
