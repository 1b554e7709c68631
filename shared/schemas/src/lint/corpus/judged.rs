//! Precision and recall on statements that were labelled with what a careful reviewer would flag, before the rules ran.
//!
//! The label `other` stands for a problem that no rule is about. A finding counts once per case and rule.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use crate::lint::lexeme::lexemes;

use super::{Case, cases};

fn judged() -> Vec<Case> {
    cases(include_str!("judged.sql"))
}

#[test]
fn precision_and_recall_are_known() {
    let (mut right, mut wrong, mut missed) = (0_u32, BTreeMap::new(), BTreeMap::new());
    let count =
        |differences: &mut BTreeMap<String, u32>, keys: &BTreeSet<String>, others: &BTreeSet<String>| {
            for key in keys.difference(others) {
                *differences.entry(key.clone()).or_default() += 1;
            }
        };
    let cases = judged();
    for case in &cases {
        let found = case.found();
        right += u32::try_from(found.intersection(&case.expected).count()).unwrap();
        count(&mut wrong, &found, &case.expected);
        count(&mut missed, &case.expected, &found);
    }
    let sum = |differences: &BTreeMap<String, u32>| f64::from(differences.values().sum::<u32>());
    let precision = f64::from(right) / (f64::from(right) + sum(&wrong));
    let recall = f64::from(right) / (f64::from(right) + sum(&missed));
    let figures = format!(
        "{} changesets, {right} right\nprecision {precision:.3}, wrong {wrong:?}\nrecall {recall:.3}, missed {missed:?}",
        cases.len()
    );
    insta::assert_snapshot!(figures, @"");
}

#[test]
fn statements_that_the_parser_rejects_are_known() {
    let files = [include_str!("create.sql"), include_str!("alter.sql"), include_str!("other.sql")];
    let expected = files.iter().flat_map(|file| cases(file));
    let (mut total, mut unread) = (0, BTreeMap::<String, usize>::new());
    for case in expected.chain(judged()) {
        total += case.statements.len();
        for index in case.report().unread {
            *unread.entry(form(&case.statements[index])).or_default() += 1;
        }
    }
    let mut figures = format!("{} of {total} statements\n", unread.values().sum::<usize>());
    for (form, count) in unread {
        writeln!(figures, "{count:>3} {form}").unwrap();
    }
    insta::assert_snapshot!(figures, @"");
}

/// Returns the first two keywords of a statement, without clauses that may come between them.
fn form(statement: &str) -> String {
    let lexemes = lexemes(statement).unwrap_or_default();
    let words = lexemes.iter().map(|lexeme| lexeme.text.to_uppercase());
    let kinds = ["TABLE", "VIEW", "TRIGGER", "PROCEDURE", "FUNCTION", "EVENT", "DATABASE", "SCHEMA", "INDEX"];
    let mut words = words.take(16);
    let first = words.next().unwrap_or_default();
    let second = words.find(|word| kinds.contains(&word.as_str())).unwrap_or_default();
    format!("{first} {second}").trim().to_owned()
}
