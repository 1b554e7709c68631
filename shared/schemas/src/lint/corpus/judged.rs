//! Precision and recall on statements that were labelled with what a careful reviewer would flag, before the rules ran.
//!
//! `judged.sql` was labelled first, and rules were improved for some of its differences; `unseen.sql` was labelled after
//! that, and nothing was changed for it. The label `other` stands for a problem that no rule is about. A finding counts
//! once per changeset and rule.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use crate::lint::lexeme::lexemes;

use super::{Case, cases};

fn judged() -> Vec<Case> {
    cases(include_str!("judged.sql"))
}

fn unseen() -> Vec<Case> {
    cases(include_str!("unseen.sql"))
}

/// Returns precision and recall, with the rules that differ.
fn figures(cases: &[Case]) -> String {
    let (mut right, mut wrong, mut missed) = (0_u32, BTreeMap::new(), BTreeMap::new());
    let count = |differences: &mut BTreeMap<String, u32>, keys: &BTreeSet<String>, others: &BTreeSet<String>| {
        for key in keys.difference(others) {
            *differences.entry(key.clone()).or_default() += 1;
        }
    };
    for case in cases {
        let found = case.found();
        right += u32::try_from(found.intersection(&case.expected).count()).unwrap();
        count(&mut wrong, &found, &case.expected);
        count(&mut missed, &case.expected, &found);
    }
    let share = |differences: &BTreeMap<String, u32>| {
        f64::from(right) / (f64::from(right) + f64::from(differences.values().sum::<u32>()))
    };
    format!(
        "{} changesets, {right} right\nprecision {:.3}, wrong {wrong:?}\nrecall {:.3}, missed {missed:?}",
        cases.len(),
        share(&wrong),
        share(&missed),
    )
}

#[test]
fn precision_and_recall_are_known() {
    insta::assert_snapshot!(figures(&judged()), @"");
}

#[test]
fn precision_and_recall_on_unseen_statements_are_known() {
    insta::assert_snapshot!(figures(&unseen()), @"");
}

#[test]
fn statements_that_the_parser_rejects_are_known() {
    let files = [include_str!("create.sql"), include_str!("alter.sql"), include_str!("other.sql")];
    let expected = files.iter().flat_map(|file| cases(file));
    let (mut total, mut unread) = (0, BTreeMap::<String, usize>::new());
    for case in expected.chain(judged()).chain(unseen()) {
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

/// Returns the first words of a statement: what it creates, or the first clause of an ALTER TABLE.
fn form(statement: &str) -> String {
    let lexemes = lexemes(statement).unwrap_or_default();
    let words: Vec<String> = lexemes.iter().map(|lexeme| lexeme.text.to_uppercase()).collect();
    let kinds = ["TABLE", "VIEW", "TRIGGER", "PROCEDURE", "FUNCTION", "EVENT", "DATABASE", "INDEX"];
    let Some(kind) = words.iter().take(16).position(|word| kinds.contains(&word.as_str())) else {
        return words[0].clone();
    };
    let clause = words[kind + 1..].iter().skip(1).take(2).filter(|_| words[0] == "ALTER" && words[kind] == "TABLE");
    let clause = clause.map(String::as_str).collect::<Vec<_>>().join(" ");
    format!("{} {} {clause}", words[0], words[kind]).trim_end().to_owned()
}
