//! Behaviour of the checks as a whole.

use proptest::prelude::*;

use super::*;

fn keys(report: &Report) -> Vec<&'static str> {
    report.findings.iter().map(Finding::key).collect()
}

#[test]
fn ids_count_from_one_and_keys_are_unique() {
    let ids: Vec<u32> = rules().iter().map(|rule| rule.id.0).collect();
    assert_eq!(ids, (1..=29).collect::<Vec<u32>>());
    let keys: std::collections::BTreeSet<_> = rules().iter().map(|rule| rule.key).collect();
    assert_eq!(keys.len(), rules().len());
}

#[test]
fn the_first_rule_has_the_documented_name() {
    assert_eq!(rule(RuleId(1)).unwrap().name, "no update with where clause");
    assert_eq!(rule_of_key("no-where").unwrap().id, RuleId(1));
}

#[test]
fn findings_name_statement_and_line() {
    let statements =
        ["CREATE TABLE t (id INT UNSIGNED PRIMARY KEY)", "ALTER TABLE t\n ADD a INT,\n ADD price FLOAT"];
    let report = check(&statements, &Context::default());
    let [finding] = &report.findings[..] else { panic!("{report:?}") };
    assert_eq!((finding.key(), finding.statement, finding.line), ("float-money", 1, Some(3)));
    assert_eq!(finding.message, "column `price` is FLOAT, which is inexact: use DECIMAL for money");
}

#[test]
fn waived_rules_no_longer_reject() {
    let report = check(&["DROP TABLE t", "UPDATE t SET a = 1"], &Context::default());
    assert_eq!(keys(&report), ["destructive", "no-where"]);
    assert!(report.has_errors());
    let destructive = rule_of_key("destructive").unwrap().id;
    let rest = report.without(&[destructive]);
    assert_eq!(keys(&rest), ["no-where"]);
    assert!(!rest.without(&[RuleId(1)]).has_errors());
}

#[test]
fn warnings_and_notices_do_not_reject() {
    let report = check(&["CREATE TABLE t (a ENUM('x') NOT NULL)"], &Context::default());
    assert_eq!(keys(&report), ["no-primary-key", "enum"]);
    assert_eq!(report.worst(), Some(Severity::Warning));
    assert_eq!(Report::default().worst(), None);
}

#[test]
fn findings_are_stored_with_ids_and_lower_case_severities() {
    let report = check(&["DELETE FROM t"], &Context::default());
    insta::assert_snapshot!(serde_json::to_string(&report).unwrap(), @r#"{"findings":[{"rule":1,"severity":"error","message":"DELETE has no WHERE: it changes all rows","statement":0,"line":1}],"unread":[]}"#);
    assert_eq!(serde_json::from_str::<Report>(&serde_json::to_string(&report).unwrap()).unwrap(), report);
}

#[test]
fn a_statement_that_the_parser_rejects_is_checked_and_noticed() {
    let report = check(&["ALTER TABLE t CONVERT TO CHARACTER SET utf8"], &Context::default());
    assert_eq!(keys(&report), ["charset", "unread"]);
    assert_eq!(report.unread, [0]);
}

#[test]
fn a_statement_that_cannot_be_tokenized_is_only_noticed() {
    let report = check(&["DROP TABLE `t"], &Context::default());
    assert_eq!(keys(&report), ["unread"]);
}

proptest! {
    #[test]
    fn no_text_makes_the_checks_panic(text in "\\PC{0,80}") {
        check(&[&text], &Context::default());
    }

    #[test]
    fn no_sequence_of_words_makes_the_checks_panic(
        words in proptest::collection::vec(
            proptest::sample::select(vec![
                "CREATE", "ALTER", "TABLE", "DROP", "ADD", "COLUMN", "KEY", "t", "`a`", "(", ")", ",", "INT", "PRIMARY",
                "DEFAULT", "'x'", "=", "WHERE", "UPDATE", "DELETE", "JOIN", "ON", "INDEX", "RENAME", "TO", ".", "5", "-",
                "REFERENCES", "MODIFY", "CHANGE", "ENGINE", "CHARACTER", "SET", "DEFINER", "VIEW", "IF", "EXISTS", ";",
            ]),
            0..30,
        )
    ) {
        let text = words.join(" ");
        check(&[&text, &text], &Context::default());
    }
}
