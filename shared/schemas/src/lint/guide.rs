//! The guide names every rule as it is.

use super::rules;

/// The guide about lints.
pub(super) const GUIDE: &str = include_str!("../../../../infra/guide/lints.md");

#[test]
fn the_guide_has_a_row_for_every_rule() {
    let is_rule = |line: &&str| {
        line.strip_prefix("| ").is_some_and(|row| row.starts_with(|c: char| c.is_ascii_digit()))
    };
    let rows: Vec<&str> = GUIDE.lines().filter(is_rule).filter(|line| line.contains(" | `")).collect();
    let expected: Vec<String> = rules()
        .iter()
        .map(|rule| {
            format!("| {} | `{}` | {} | {}", rule.id.0, rule.key, rule.severity.name(), rule.description)
        })
        .collect();
    assert_eq!(rows.len(), expected.len());
    for (row, expected) in rows.iter().zip(&expected) {
        assert!(row.starts_with(expected.as_str()), "{row}\nshould begin with\n{expected}");
    }
}
