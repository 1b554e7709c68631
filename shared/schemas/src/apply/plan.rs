//! Pure. The statements of an application or a revert, in the order in which they are executed.

use crate::dump::checksum::checksum;
use crate::mysql::kind::Kind;
use crate::mysql::statements;
use crate::record::ChangesetDetail;

/// Statements of the largest changeset that can be applied. Each has a step in the record of its task.
pub const MOST_STATEMENTS: usize = 400;

/// The statements of an application or a revert.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// The statements, in the order in which they are executed.
    pub statements: Vec<Planned>,
}

/// A statement of a plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Planned {
    /// The id of the detail.
    pub detail: u64,
    /// The number of the statement in the detail, from 0.
    pub statement: u64,
    /// Whether it belongs to `revert_sql`.
    pub is_revert: bool,
    /// Whether it is the last one of its detail.
    pub is_last: bool,
    /// The text.
    pub sql: String,
    /// What it changes.
    pub kind: Kind,
    /// The checksums of the schema before and after it, as the review found them. `None` if it did not.
    pub reviewed: Option<Reviewed>,
}

/// Checksums of a schema around a statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reviewed {
    /// The checksum before.
    pub before: String,
    /// The checksum after.
    pub after: String,
}

impl Plan {
    /// Returns the plan that applies these details.
    pub fn apply(details: &[ChangesetDetail]) -> Self {
        let statements = details.iter().flat_map(|detail| {
            let texts = statements::split(&detail.apply_sql);
            let reviewed = reviewed_apply(detail, texts.len());
            planned(detail, &texts, false, reviewed)
        });
        Self { statements: statements.collect() }
    }

    /// Returns the plan that reverts these details, the last one first.
    pub fn revert(details: &[ChangesetDetail]) -> Self {
        let statements = details.iter().rev().flat_map(|detail| {
            let texts = statements::split(&detail.revert_sql);
            let reviewed = reviewed_revert(detail, texts.len());
            planned(detail, &texts, true, reviewed)
        });
        Self { statements: statements.collect() }
    }

    /// Returns the checksum of the schema before the first statement, as the review found it.
    pub fn first_checksum(&self) -> Option<&str> {
        self.statements.first()?.reviewed.as_ref().map(|reviewed| reviewed.before.as_str())
    }

    /// Returns the checksum of the schema after the last statement, as the review found it.
    pub fn last_checksum(&self) -> Option<&str> {
        self.statements.last()?.reviewed.as_ref().map(|reviewed| reviewed.after.as_str())
    }
}

/// Returns the ids of the details that have statements to apply and none to revert.
pub fn irreversible(details: &[ChangesetDetail]) -> Vec<u64> {
    let is_irreversible = |detail: &&ChangesetDetail| {
        statements::split(&detail.revert_sql).is_empty() && !statements::split(&detail.apply_sql).is_empty()
    };
    details.iter().filter(is_irreversible).map(|detail| detail.id).collect()
}

/// Returns a digest of all statements. A task continues only while its changeset has the digest of its request.
pub fn fingerprint(details: &[ChangesetDetail]) -> String {
    let text =
        details.iter().map(|detail| format!("{}\0{}\0{}\0", detail.id, detail.apply_sql, detail.revert_sql));
    checksum(&text.collect::<String>())
}

fn planned(
    detail: &ChangesetDetail,
    texts: &[&str],
    is_revert: bool,
    reviewed: Vec<Option<Reviewed>>,
) -> Vec<Planned> {
    let numbered = (0_u64..).zip(texts.iter().zip(reviewed));
    let planned = numbered.map(|(statement, (sql, reviewed))| Planned {
        detail: detail.id,
        statement,
        is_revert,
        is_last: statement + 1 == texts.len() as u64,
        sql: (*sql).to_owned(),
        kind: Kind::of(sql),
        reviewed,
    });
    planned.collect()
}

/// Returns the checksums around each statement of `apply_sql`.
fn reviewed_apply(detail: &ChangesetDetail, count: usize) -> Vec<Option<Reviewed>> {
    let after = &detail.statement_checksums;
    if after.len() != count || detail.before_checksum.is_empty() {
        return vec![None; count];
    }
    let before = std::iter::once(&detail.before_checksum).chain(after);
    before.zip(after).map(|(before, after)| Some(reviewed(before, after))).collect()
}

/// Returns the checksums around each statement of `revert_sql`: known for a single one, because the review compares the
/// schema after all of them with the schema before the detail.
fn reviewed_revert(detail: &ChangesetDetail, count: usize) -> Vec<Option<Reviewed>> {
    let (before, after) = (&detail.after_checksum, &detail.before_checksum);
    if count != 1 || before.is_empty() || after.is_empty() {
        return vec![None; count];
    }
    vec![Some(reviewed(before, after))]
}

fn reviewed(before: &str, after: &str) -> Reviewed {
    Reviewed { before: before.to_owned(), after: after.to_owned() }
}

#[cfg(test)]
pub(super) mod tests {
    use domain::time::Micros;

    use super::*;

    /// A detail whose statements each move the checksum: `<id>.0` before, `<id>.1` after the first statement, and so on.
    pub(in crate::apply) fn detail(id: u64, apply: &str, revert: &str) -> ChangesetDetail {
        let count = statements::split(apply).len();
        ChangesetDetail {
            id,
            changeset: 1,
            description: String::new(),
            apply_sql: apply.to_owned(),
            revert_sql: revert.to_owned(),
            apply_verification_sql: String::new(),
            revert_verification_sql: String::new(),
            before_checksum: format!("{id}.0"),
            after_checksum: format!("{id}.{count}"),
            statement_checksums: (1..=count).map(|number| format!("{id}.{number}")).collect(),
            volumetric_values: String::new(),
            impact: None,
            created_at: Micros(0),
            updated_at: Micros(0),
            version: 1,
        }
    }

    #[test]
    fn details_are_applied_in_order_with_the_checksums_of_their_review() {
        let plan = Plan::apply(&[
            detail(1, "CREATE TABLE a (x int); INSERT INTO a VALUES (1)", "DROP TABLE a"),
            detail(2, "-- nothing", ""),
            detail(3, "ALTER TABLE a ADD y int", "ALTER TABLE a DROP y"),
        ]);
        let found: Vec<_> = plan
            .statements
            .iter()
            .map(|planned| (planned.detail, planned.statement, planned.is_last, planned.reviewed.clone()))
            .collect();
        assert_eq!(
            found,
            [
                (1, 0, false, Some(reviewed("1.0", "1.1"))),
                (1, 1, true, Some(reviewed("1.1", "1.2"))),
                (3, 0, true, Some(reviewed("3.0", "3.1")))
            ]
        );
        assert_eq!(plan.first_checksum(), Some("1.0"));
        assert_eq!(plan.last_checksum(), Some("3.1"));
    }

    #[test]
    fn details_are_reverted_in_reverse_order_and_only_single_statements_are_predicted() {
        let plan = Plan::revert(&[
            detail(1, "CREATE TABLE a (x int)", "DELETE FROM a; DROP TABLE a"),
            detail(2, "ALTER TABLE a ADD y int", "ALTER TABLE a DROP y"),
        ]);
        let found: Vec<_> =
            plan.statements.iter().map(|planned| (planned.sql.as_str(), planned.reviewed.clone())).collect();
        assert_eq!(
            found,
            [
                ("ALTER TABLE a DROP y", Some(reviewed("2.1", "2.0"))),
                ("DELETE FROM a", None),
                ("DROP TABLE a", None)
            ]
        );
    }

    #[test]
    fn checksums_of_another_number_of_statements_predict_nothing() {
        let mut changed = detail(1, "CREATE TABLE a (x int)", "DROP TABLE a");
        changed.apply_sql.push_str("; CREATE TABLE b (x int)");
        assert!(Plan::apply(&[changed]).statements.iter().all(|planned| planned.reviewed.is_none()));
    }

    #[test]
    fn fingerprints_tell_statements_apart() {
        let one = [detail(1, "a", "b")];
        assert_eq!(fingerprint(&one), fingerprint(&one.clone()));
        for other in [detail(1, "a", "c"), detail(1, "c", "b"), detail(2, "a", "b"), detail(1, "ab", "")] {
            assert_ne!(fingerprint(&one), fingerprint(&[other]));
        }
    }

    #[test]
    fn details_without_revert_sql_are_irreversible() {
        let details = [detail(1, "INSERT INTO a VALUES (1)", " ; "), detail(2, "x", "y"), detail(3, "", "")];
        assert_eq!(irreversible(&details), [1]);
    }
}
