//! Pure. Foreign keys.

use crate::lint::report::{RuleId, Severity};
use crate::lint::subject::{Notes, Subject};

use super::Rule;

/// Flags `FOREIGN KEY (user_id) REFERENCES users (id)`. Foreign keys lock rows of the parent on writes to the child,
/// and tools for online schema changes support them only in part.
pub(super) const RULE: Rule = Rule {
    id: RuleId(11),
    key: "foreign-key",
    name: "foreign key",
    description: "a foreign key",
    severity: Severity::Notice,
    check,
};

fn check(subject: &Subject<'_>, notes: &mut Notes) {
    for key in subject.foreign_keys() {
        let columns = key.columns.join(", ");
        let message = format!(
            "foreign key on ({columns}) of {}: writes lock rows of {}, and online schema changes are limited",
            subject.name(),
            key.parent
        );
        notes.add(key.line, message);
    }
}
