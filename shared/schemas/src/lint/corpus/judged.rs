//! Precision and recall on statements that were labelled with what a careful reviewer would flag, before the rules
//! ran.
//!
//! `judged.sql` was labelled first, and rules were improved for some of its differences; `unseen.sql` was labelled
//! after that, and nothing was changed for it. The label `other` stands for a problem that no rule is about. A
//! finding counts once per changeset and rule.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use crate::lint::guide::GUIDE;
use crate::lint::lexeme::lexemes;

use super::{Case, cases};

fn judged() -> Vec<Case> {
    cases(include_str!("judged.sql"))
}

fn unseen() -> Vec<Case> {
    cases(include_str!("unseen.sql"))
}

/// Returns precision and recall, with the rules that differ. The guide must contain both figures.
fn figures(cases: &[Case]) -> String {
    let (mut right, mut wrong, mut missed) = (0_u32, BTreeMap::new(), BTreeMap::new());
    let count =
        |differences: &mut BTreeMap<String, u32>, keys: &BTreeSet<String>, others: &BTreeSet<String>| {
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
    let (precision, recall) = (share(&wrong), share(&missed));
    let row = format!("| {precision:.3} | {recall:.3} |");
    assert!(GUIDE.contains(&row), "the guide lacks {row}");
    format!(
        "{} changesets, {right} right\nprecision {precision:.3}, wrong {wrong:?}\nrecall {recall:.3}, missed {missed:?}",
        cases.len()
    )
}

#[test]
fn precision_and_recall_are_known() {
    insta::assert_snapshot!(figures(&judged()), @r#"
    101 changesets, 85 right
    precision 0.988, wrong {"primary-key-type": 1}
    recall 0.825, missed {"auto-increment": 1, "destructive": 1, "drop-index": 1, "float-money": 1, "no-where": 2, "other": 12}
    "#);
}

#[test]
fn precision_and_recall_on_unseen_statements_are_known() {
    insta::assert_snapshot!(figures(&unseen()), @r#"
    59 changesets, 60 right
    precision 1.000, wrong {}
    recall 0.909, missed {"destructive": 1, "float-money": 1, "no-where": 1, "other": 3}
    "#);
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
    assert!(GUIDE.contains(figures.trim_end()), "the guide lacks {figures}");
    for (form, count) in unread {
        writeln!(figures, "{count:>3} {form}").unwrap();
    }
    insta::assert_snapshot!(figures, @r#"
    95 of 478 statements
      2 ALTER DATABASE
      1 ALTER EVENT
      5 ALTER TABLE ADD COLUMN
      2 ALTER TABLE ADD PARTITION
      1 ALTER TABLE ADD PRIMARY
      1 ALTER TABLE ADD UNIQUE
      1 ALTER TABLE ALTER INDEX
      1 ALTER TABLE COLLATE UTF8MB4_0900_AI_CI
      6 ALTER TABLE CONVERT TO
      1 ALTER TABLE DEFAULT CHARACTER
      1 ALTER TABLE DEFAULT CHARSET
      1 ALTER TABLE DISABLE KEYS
      1 ALTER TABLE DISCARD PARTITION
      1 ALTER TABLE DISCARD TABLESPACE
      5 ALTER TABLE DROP KEY
      3 ALTER TABLE DROP PARTITION
      1 ALTER TABLE DROP SYSTEM
      6 ALTER TABLE ENGINE =
      2 ALTER TABLE EXCHANGE PARTITION
      1 ALTER TABLE NOWAIT ADD
      1 ALTER TABLE ORDER BY
      1 ALTER TABLE PARTITION BY
      1 ALTER TABLE REBUILD PARTITION
      1 ALTER TABLE REMOVE PARTITIONING
      1 ALTER TABLE RENAME GROUP
      1 ALTER TABLE RENAME INDEX
      1 ALTER TABLE REORGANIZE PARTITION
      2 ALTER TABLE ROW_FORMAT =
      1 ALTER TABLE TRUNCATE PARTITION
      1 ALTER TABLE WAIT 5
      1 CREAT TABLE
      4 CREATE EVENT
      4 CREATE FUNCTION
      1 CREATE INDEX
      9 CREATE PROCEDURE
     10 CREATE TABLE
      4 CREATE TRIGGER
      1 CREATE VIEW
      1 DELETE
      1 DROP INDEX
      1 LOAD TABLE
      1 OPTIMIZE TABLE
      3 UPDATE
    "#);
}

/// Returns the first words of a statement: what it creates, or the first clause of an ALTER TABLE.
fn form(statement: &str) -> String {
    let lexemes = lexemes(statement).unwrap_or_default();
    let words: Vec<String> = lexemes.iter().map(|lexeme| lexeme.text.to_uppercase()).collect();
    let kinds = ["TABLE", "VIEW", "TRIGGER", "PROCEDURE", "FUNCTION", "EVENT", "DATABASE", "INDEX"];
    let Some(kind) = words.iter().take(16).position(|word| kinds.contains(&word.as_str())) else {
        return words[0].clone();
    };
    let clause =
        words[kind + 1..].iter().skip(1).take(2).filter(|_| words[0] == "ALTER" && words[kind] == "TABLE");
    let clause = clause.map(String::as_str).collect::<Vec<_>>().join(" ");
    format!("{} {} {clause}", words[0], words[kind]).trim_end().to_owned()
}
