//! Every statement has exactly the findings that its block names.

use std::collections::{BTreeMap, BTreeSet};

use crate::lint::rules;

use super::{Case, cases, tables};

const FILES: [&str; 3] = [include_str!("create.sql"), include_str!("alter.sql"), include_str!("other.sql")];

fn all() -> Vec<Case> {
    FILES.iter().flat_map(|file| cases(file)).collect()
}

#[test]
fn statements_have_the_expected_findings() {
    let differences: Vec<String> = all()
        .iter()
        .filter(|case| case.found() != case.expected)
        .map(|case| {
            format!("{}expected {:?}, found {:?}", case.statements.join(""), case.expected, case.found())
        })
        .collect();
    assert!(differences.is_empty(), "{}", differences.join("\n\n"));
}

#[test]
fn every_rule_is_expected_at_least_twice_and_each_key_exists() {
    // One tells what cannot be read, and the other what a server measures.
    let is_read = |key: &&str| !["unread", "lock-impact"].contains(key);
    let keys: BTreeSet<&str> = rules().iter().map(|rule| rule.key).filter(is_read).collect();
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    let cases = all();
    for key in cases.iter().flat_map(|case| &case.expected) {
        assert!(keys.contains(key.as_str()), "{key}");
        *counts.entry(key).or_default() += 1;
    }
    let rare: Vec<_> = keys.iter().filter(|key| counts.get(*key).is_none_or(|count| *count < 2)).collect();
    assert!(rare.is_empty(), "{rare:?}");
}

#[test]
fn the_corpus_is_large() {
    let statements: usize = all().iter().map(|case| case.statements.len()).sum();
    assert!(statements >= 220, "{statements}");
    assert_eq!(tables().len(), 6);
}
