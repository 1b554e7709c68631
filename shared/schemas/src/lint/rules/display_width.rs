//! Pure. Display widths of integers.

use crate::lint::Flavor;
use crate::lint::model::DataType;
use crate::lint::report::{RuleId, Severity};
use crate::lint::subject::{Notes, Subject};

use super::Rule;

/// Flags `age INT(3)`: the width does not limit the values. On MariaDB, the default width that SHOW CREATE TABLE
/// prints is fine, such as `INT(11)`; MySQL 8 deprecates all widths. ZEROFILL and TINYINT(1), which means a boolean,
/// are fine.
pub(super) const RULE: Rule = Rule {
    id: RuleId(21),
    key: "display-width",
    name: "display width",
    description: "an integer type with a display width, which does not limit values",
    severity: Severity::Notice,
    check,
};

fn check(subject: &Subject<'_>, notes: &mut Notes) {
    for column in subject.columns() {
        let data_type = &column.data_type;
        let Some(width) = data_type.integer_bytes().and(data_type.length()) else { continue };
        let is_boolean = data_type.base == "tinyint" && width == 1;
        let is_default = subject.context.flavor == Flavor::MariaDb && default_width(data_type) == Some(width);
        if !data_type.is_zerofill && !is_boolean && !is_default {
            let name = &column.name;
            notes.add(name.line, format!("display width {width} of column {name} does not limit its values"));
        }
    }
}

/// Returns the width that SHOW CREATE TABLE prints. A sign needs one character.
fn default_width(data_type: &DataType) -> Option<u64> {
    let signed = match data_type.base.as_str() {
        "tinyint" => 4,
        "smallint" => 6,
        "mediumint" => 9,
        "int" => 11,
        "bigint" => return Some(20),
        _ => return None,
    };
    Some(signed - u64::from(data_type.is_unsigned))
}
