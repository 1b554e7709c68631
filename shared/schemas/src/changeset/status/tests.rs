use proptest::prelude::*;

use super::*;

fn changeset() -> Changeset {
    Changeset::new(1, 1, Kind::TableCreate, Classification::Painless, Some(7), Micros(1))
}

fn reviewed() -> Changeset {
    changeset().reviewed(true, Some(7), 3, Micros(2)).expect("a review is always possible")
}

#[test]
fn only_a_reviewed_changeset_is_approved() {
    for from in ReviewStatus::ALL {
        for to in ReviewStatus::ALL {
            let is_possible = to != ReviewStatus::Approved
                || matches!(from, ReviewStatus::InProgress | ReviewStatus::Approved);
            assert_eq!(from.transition(to).is_ok(), is_possible, "{from} {to}");
        }
    }
    assert!(changeset().approved(8, Micros(3)).is_err());
    let approved = reviewed().approved(8, Micros(3)).expect("in progress");
    assert_eq!((approved.approved_by, approved.approved_at), (Some(8), Some(Micros(3))));
}

#[test]
fn a_rejection_is_recorded_as_an_approval_is() {
    let rejected = reviewed().rejected(8, Micros(3)).expect("rejected");
    assert_eq!(rejected.review_status, ReviewStatus::Rejected);
    assert_eq!((rejected.approved_by, rejected.approved_at), (Some(8), Some(Micros(3))));
    assert!(rejected.approvals.is_empty());
}

#[test]
fn an_update_keeps_the_times_and_forgets_the_approvals() {
    let approved = reviewed().approved(8, Micros(3)).expect("in progress");
    let updated = Changeset { waived: vec![5], ..approved }.updated(Micros(4)).expect("updated");
    assert_eq!(updated.review_status, ReviewStatus::Needs);
    assert_eq!((updated.approved_by, updated.approved_at), (Some(8), Some(Micros(3))));
    assert_eq!((updated.reviewed_by, updated.reviewed_at), (Some(7), Some(Micros(2))));
    assert!(updated.approvals.is_empty() && updated.waived.is_empty());
}

#[test]
fn a_review_forgets_where_the_changeset_was_applied() {
    let applied = Changeset { before_version: Some(1), after_version: Some(2), ..reviewed() };
    let again = applied.reviewed(false, Some(9), 4, Micros(5)).expect("reviewed");
    assert_eq!(again.review_status, ReviewStatus::Rejected);
    assert_eq!((again.before_version, again.after_version, again.review_version), (None, None, Some(4)));
    assert_eq!((again.reviewed_by, again.reviewed_at), (Some(9), Some(Micros(5))));
}

#[test]
fn approvals_count_once_per_person_and_not_for_the_submitter_if_the_policy_says_so() {
    let once = reviewed().approved(7, Micros(3)).expect("approved");
    let twice = once.approved(7, Micros(4)).expect("approved again");
    let by_another = twice.approved(8, Micros(5)).expect("approved by another");
    let strict = Policy { approvals_required: 2, forbid_own_approval: true, ..Policy::default() };
    let counted = |changeset: &Changeset| {
        (changeset.counted_approvals(&Policy::default()), changeset.counted_approvals(&strict))
    };
    assert_eq!(counted(&once), (1, 0));
    assert_eq!(counted(&twice), (1, 0));
    assert_eq!(counted(&by_another), (2, 1));
    assert!(!once.lacks_approvals(&Policy::default()));
    assert!(reviewed().lacks_approvals(&Policy::default()));
    assert!(by_another.lacks_approvals(&strict));
}

proptest! {
    #[test]
    fn an_approved_changeset_was_reviewed_and_approved_since_its_last_change(
        steps in prop::collection::vec(0_u8..6, 0..40),
    ) {
        let (mut changeset, mut history) = (changeset(), Vec::new());
        for (at, step) in steps.into_iter().enumerate() {
            let now = Micros(10 + i64::try_from(at).expect("small"));
            let next = match step {
                0 => changeset.reviewed(true, None, 1, now),
                1 => changeset.reviewed(false, None, 1, now),
                2 => changeset.approved(8, now),
                3 => changeset.rejected(8, now),
                4 => changeset.updated(now),
                _ => Ok(changeset.deleted(now)),
            };
            if let Ok(next) = next {
                prop_assert_eq!(next.version, changeset.version + 1);
                history.push(step);
                changeset = next;
            }
        }
        let since_change: Vec<u8> = history.into_iter().filter(|step| *step < 5).rev().take_while(|step| *step == 2).collect();
        prop_assert_eq!(changeset.review_status == ReviewStatus::Approved, !since_change.is_empty());
        prop_assert_eq!(changeset.review_status == ReviewStatus::Approved, !changeset.approvals.is_empty());
    }
}
