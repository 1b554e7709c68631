//! Pure. The rules, one file each.
//!
//! The severities start from the defaults of `skeema lint` where it has the rule. What loses data or changes all rows
//! is an error, because an error rejects the changeset. Rules that are off there are notices or warnings.

mod auto_increment;
mod charset;
mod collation;
mod compression;
mod create_select;
mod definer;
mod destructive;
mod display_width;
mod drop_index;
mod duplicate_index;
mod engine;
mod enumeration;
mod foreign_key;
mod foreign_key_parent;
pub(super) mod lock_impact;
mod money;
mod name_case;
mod narrowing;
mod no_primary_key;
mod no_where;
mod not_null;
mod nullable_unique;
mod primary_key_type;
mod program;
mod rename;
mod reserved_word;
mod timestamp;
pub(super) mod unread;
mod zero_date;

use super::report::{RuleId, Severity};
use super::subject::{Notes, Subject};

/// A check with a fixed id.
#[derive(Debug)]
pub struct Rule {
    /// The id, which is also the id of the validation type. It never changes.
    pub id: RuleId,
    /// A short name for documents and waivers, such as `no-where`. It never changes.
    pub key: &'static str,
    /// The name of the validation type.
    pub name: &'static str,
    /// What the rule flags, in one sentence.
    pub description: &'static str,
    /// The severity of its findings.
    pub severity: Severity,
    pub(super) check: fn(&Subject<'_>, &mut Notes),
}

static RULES: [Rule; 29] = [
    no_where::RULE,
    destructive::RULE,
    narrowing::RULE,
    drop_index::RULE,
    no_primary_key::RULE,
    primary_key_type::RULE,
    duplicate_index::RULE,
    charset::RULE,
    collation::RULE,
    engine::RULE,
    foreign_key::RULE,
    foreign_key_parent::RULE,
    money::RULE,
    enumeration::RULE,
    reserved_word::RULE,
    zero_date::RULE,
    timestamp::RULE,
    nullable_unique::RULE,
    name_case::RULE,
    definer::RULE,
    display_width::RULE,
    auto_increment::RULE,
    compression::RULE,
    program::RULE,
    not_null::RULE,
    create_select::RULE,
    rename::RULE,
    unread::RULE,
    lock_impact::RULE,
];

/// Returns all rules in the order of their ids.
pub fn rules() -> &'static [Rule] {
    &RULES
}

/// Returns the rule with this id.
pub fn rule(id: RuleId) -> Option<&'static Rule> {
    RULES.iter().find(|rule| rule.id == id)
}

/// Returns the rule with this key, such as `no-where`.
pub fn rule_of_key(key: &str) -> Option<&'static Rule> {
    RULES.iter().find(|rule| rule.key == key)
}
