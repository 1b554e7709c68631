//! Pure. The findings of the lints, as a review stores them.

use std::collections::BTreeMap;

use crate::dump::Dump;
use crate::dump::structure::objects;
use crate::lint::{self, Context, Finding, Flavor, RuleId, Severity};
use crate::mysql::statements::split;
use crate::record::{Changeset, ChangesetDetail, Classification, Impact};

/// Bytes of the text of a row. More findings of the same rule in a detail are counted.
const LONGEST_RESULT: usize = 4 * 1_024;

/// What a lint found in a detail. One row per detail and rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Found {
    /// The id of the detail.
    pub(super) detail: u64,
    /// The rule.
    pub(super) rule: RuleId,
    /// Its severity.
    pub(super) severity: Severity,
    /// The findings, one per line.
    pub(super) result: String,
}

/// Returns what the lints find in the details of a changeset that starts from this structure.
pub(super) fn findings(details: &[ChangesetDetail], dump: &Dump, flavor: Flavor) -> Vec<Found> {
    let statements: Vec<(u64, usize, &str)> = details
        .iter()
        .flat_map(|detail| {
            let numbered = split(&detail.apply_sql).into_iter().zip(1..);
            numbered.map(move |(statement, number)| (detail.id, number, statement))
        })
        .collect();
    let texts: Vec<&str> = statements.iter().map(|(_, _, text)| *text).collect();
    let mut by_rule: BTreeMap<(u64, RuleId), (Severity, Vec<String>)> = BTreeMap::new();
    for finding in lint::check(&texts, &context(dump, flavor)).findings {
        let Some((detail, number, _)) = statements.get(finding.statement) else { continue };
        let (_, lines) = by_rule.entry((*detail, finding.rule)).or_insert((finding.severity, Vec::new()));
        lines.push(shown(&finding, *number));
    }
    let row = |((detail, rule), (severity, lines)): ((u64, RuleId), (Severity, Vec<String>))| Found {
        detail,
        rule,
        severity,
        result: joined(&lines),
    };
    by_rule.into_iter().map(row).collect()
}

/// Returns what the structure tells the lints.
fn context(dump: &Dump, flavor: Flavor) -> Context {
    let tables = objects(&dump.ddl).into_iter().filter(|(object, _)| object.is_table());
    let collation = dump.collation.clone();
    let charset = collation.as_deref().and_then(|name| name.split('_').next()).map(str::to_owned);
    Context {
        flavor,
        tables: tables.map(|(object, text)| (object.name, text.to_owned())).collect(),
        charset,
        collation,
    }
}

fn shown(finding: &Finding, number: usize) -> String {
    let line = finding.line.map(|line| format!(", line {line}")).unwrap_or_default();
    format!("Statement {number}{line}: {}", finding.message)
}

fn joined(lines: &[String]) -> String {
    let mut text = String::new();
    for (index, line) in lines.iter().enumerate() {
        if text.len() + line.len() > LONGEST_RESULT && index > 0 {
            text.push_str(&["\nand ", &(lines.len() - index).to_string(), " more"].concat());
            break;
        }
        if index > 0 {
            text.push('\n');
        }
        text.push_str(line);
    }
    text
}

/// Returns the finding of a change that copies a table in a changeset that claims to be painless. `impacts` has the details
/// with their lock impact.
pub(super) fn copies(changeset: &Changeset, impacts: &[(u64, Option<Impact>)]) -> Vec<Found> {
    if changeset.classification != Classification::Painless {
        return Vec::new();
    }
    let copying = impacts.iter().filter_map(|(detail, impact)| {
        let impact = impact.as_ref().filter(|impact| impact.algorithm == "COPY")?;
        Some((*detail, impact))
    });
    let rule = lint::lock_impact();
    copying
        .map(|(detail, impact)| Found {
            detail,
            rule: rule.id,
            severity: rule.severity,
            result: format!(
                "The server copies the table under the lock {}: classify the changeset as impacting. {}",
                impact.lock, impact.reason
            ),
        })
        .collect()
}

/// Whether a finding rejects the changeset.
pub(super) fn rejects(found: &Found, waived: &[u64]) -> bool {
    found.severity == Severity::Error && !waived.contains(&u64::from(found.rule.0))
}

#[cfg(test)]
mod tests {
    use domain::time::Micros;

    use super::*;
    use crate::changeset::submission::DetailTexts;
    use crate::record::Kind;

    fn detail(id: u64, sql: &str) -> ChangesetDetail {
        DetailTexts { apply_sql: sql.to_owned(), ..DetailTexts::default() }.row(id, 1, Micros(0))
    }

    fn rule(key: &str) -> RuleId {
        lint::rule_of_key(key).expect("a rule").id
    }

    #[test]
    fn findings_of_a_rule_in_a_detail_are_one_row() {
        let details = [
            detail(5, "CREATE TABLE t (id int PRIMARY KEY); DELETE FROM t; UPDATE t SET id = 1"),
            detail(6, "DELETE FROM t"),
        ];
        let found = findings(&details, &Dump::from_ddl(String::new()), Flavor::MariaDb);
        let of_where: Vec<_> = found.iter().filter(|found| found.rule == rule("no-where")).collect();
        assert_eq!(of_where.iter().map(|found| found.detail).collect::<Vec<_>>(), [5, 6]);
        assert_eq!(of_where[0].result.lines().count(), 2);
        assert!(of_where[0].result.starts_with("Statement 2, line 1: "), "{}", of_where[0].result);
        assert!(
            of_where.iter().all(|found| rejects(found, &[]) && !rejects(found, &[u64::from(found.rule.0)]))
        );
    }

    #[test]
    fn findings_know_the_tables_of_the_version() {
        let dump = Dump::from_ddl("CREATE TABLE `t` (\n  `a` int(11),\n  KEY `k` (`a`)\n)".to_owned());
        let found = findings(&[detail(1, "ALTER TABLE t ADD INDEX k2 (a)")], &dump, Flavor::MariaDb);
        assert!(found.iter().any(|found| found.rule == rule("duplicate-index")), "{found:?}");
    }

    #[test]
    fn a_painless_changeset_copies_no_table() {
        let impact = |algorithm: &str| {
            let [algorithm, lock, reason] = [algorithm, "SHARED", "Why."].map(str::to_owned);
            Some(Impact { algorithm, lock, reason })
        };
        let impacts = [(1, impact("INPLACE")), (2, impact("COPY")), (3, None)];
        let changeset =
            |classification| Changeset::new(1, 1, Kind::TableAlter, classification, None, Micros(0));
        let found = copies(&changeset(Classification::Painless), &impacts);
        assert_eq!(found.iter().map(|found| found.detail).collect::<Vec<_>>(), [2]);
        assert!(rejects(&found[0], &[]));
        assert!(copies(&changeset(Classification::Impacting), &impacts).is_empty());
    }

    #[test]
    fn many_findings_are_counted() {
        let lines: Vec<String> = (0..100).map(|_| "x".repeat(1_000)).collect();
        let text = joined(&lines);
        assert!(text.ends_with("\nand 96 more") && text.len() < 2 * LONGEST_RESULT, "{}", text.len());
    }
}
