use domain::time::Micros;

use super::*;
use crate::record::Kind;

#[derive(Debug, PartialEq, Eq, Clone, Copy)]
enum Verdict {
    Allowed,
    NotAllowed,
    WrongState,
}

use Verdict::{Allowed as Y, NotAllowed as N, WrongState as W};

fn changeset(review_status: ReviewStatus, classification: Classification, is_deleted: bool) -> Changeset {
    let empty = Changeset::new(1, 1, Kind::TableAlter, classification, None, Micros(0));
    Changeset { review_status, is_deleted, ..empty }
}

fn verdict(action: Action, role: Role, changeset: &Changeset) -> Verdict {
    match allowed(action, role, changeset) {
        Ok(()) => Y,
        Err(Refusal::NotAllowed { changeset: Some(_), .. }) => N,
        Err(Refusal::WrongState { changeset: Some(_), .. }) => W,
        Err(other) => panic!("{other:?}"),
    }
}

/// Per action: the verdicts on a developer, a dba and an admin in each of the states `needs`, `in_progress`, `rejected` and `approved`.
const TABLE: [(Action, [[Verdict; 4]; 3]); 8] = [
    (Action::Update, [[Y, Y, Y, N], [Y, Y, Y, Y], [Y, Y, Y, Y]]),
    (Action::SoftDelete, [[Y, Y, Y, N], [Y, Y, Y, Y], [Y, Y, Y, Y]]),
    (Action::Review, [[N, N, N, N], [Y, Y, Y, Y], [Y, Y, Y, Y]]),
    (Action::Approve, [[N, N, N, N], [W, Y, W, W], [W, Y, W, W]]),
    (Action::Reject, [[N, N, N, N], [Y, Y, W, Y], [Y, Y, W, Y]]),
    (Action::Waive, [[N, N, N, N], [Y, Y, Y, Y], [Y, Y, Y, Y]]),
    (Action::Apply, [[W, W, W, Y], [W, W, W, Y], [W, W, W, Y]]),
    (Action::Revert, [[N, N, N, N], [W, W, W, Y], [W, W, W, Y]]),
];

#[test]
fn every_role_may_do_what_the_table_says_in_every_state() {
    assert_eq!(TABLE.map(|(action, _)| action), Action::ALL);
    for (action, expected) in TABLE {
        for (role, expected) in [Role::Developer, Role::Dba, Role::Admin].into_iter().zip(expected) {
            for (status, expected) in ReviewStatus::ALL.into_iter().zip(expected) {
                let changeset = changeset(status, Classification::Painless, false);
                assert_eq!(verdict(action, role, &changeset), expected, "{action:?} {role:?} {status}");
            }
        }
    }
}

#[test]
fn nobody_changes_a_deleted_changeset() {
    for action in Action::ALL {
        for role in Role::ALL {
            for status in ReviewStatus::ALL {
                let alive = changeset(status, Classification::Painless, false);
                let deleted = changeset(status, Classification::Painless, true);
                let expected = if verdict(action, role, &alive) == N { N } else { W };
                assert_eq!(verdict(action, role, &deleted), expected, "{action:?} {role:?} {status}");
            }
        }
    }
}

#[test]
fn developers_apply_changesets_with_a_low_impact() {
    for (classification, expected) in [
        (Classification::Painless, Y),
        (Classification::Lowrisk, Y),
        (Classification::Dependency, N),
        (Classification::Impacting, N),
    ] {
        let approved = changeset(ReviewStatus::Approved, classification, false);
        assert_eq!(verdict(Action::Apply, Role::Developer, &approved), expected);
        assert_eq!(verdict(Action::Apply, Role::Dba, &approved), Y);
    }
}

#[test]
fn refusals_have_the_documented_texts() {
    let approved = changeset(ReviewStatus::Approved, Classification::Painless, false);
    for (action, text) in [
        (Action::Update, "User is not allowed to update changeset."),
        (Action::SoftDelete, "Soft delete changeset is not allowed."),
        (Action::Approve, "User is not allowed to approve changeset."),
        (Action::Reject, "User is not allowed to reject changeset."),
    ] {
        let refusal = allowed(action, Role::Developer, &approved).expect_err("a developer may not");
        assert_eq!(refusal.text(), text);
    }
}
