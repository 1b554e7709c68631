//! The guide names every rule as it is.

use super::rules;

#[test]
fn the_guide_has_a_row_for_every_rule() {
    let guide = include_str!("../../../../infra/guide/lints.md");
    let rows: Vec<&str> =
        guide.lines().filter(|line| line.starts_with("| ") && line.contains(" | `")).collect();
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
