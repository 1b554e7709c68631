//! Pure. Changes that copy a table.

use crate::lint::report::{RuleId, Severity};
use crate::lint::subject::{Notes, Subject};

use super::Rule;

/// Marks changes that copy a table in a changeset that is classified as painless. The review measures them on the scratch
/// server.
pub(in crate::lint) const RULE: Rule = Rule {
    id: RuleId(29),
    key: "lock-impact",
    name: "painless change copies a table",
    description: "a change that copies a table, in a changeset that is classified as painless",
    severity: Severity::Error,
    check,
};

/// Finds nothing: only a server tells how it executes a statement.
fn check(_: &Subject<'_>, _: &mut Notes) {}
