//! Pure. Compressed tables.

use crate::lint::report::{RuleId, Severity};
use crate::lint::subject::{Notes, Subject};

use super::Rule;

/// Flags `ROW_FORMAT=COMPRESSED`, `KEY_BLOCK_SIZE=8`, `PAGE_COMPRESSED=1` and `COMPRESSION='zlib'`. Compression costs
/// CPU on every page, and MariaDB plans to remove writing to the COMPRESSED format.
pub(super) const RULE: Rule = Rule {
    id: RuleId(23),
    key: "compression",
    name: "compression",
    description: "a compressed table",
    severity: Severity::Notice,
    check,
};

fn check(subject: &Subject<'_>, notes: &mut Notes) {
    for options in subject.options() {
        if let Some(option) = &options.compression {
            notes.add(options.line, format!("{option} compresses {}, which costs CPU", subject.name()));
        }
    }
}
