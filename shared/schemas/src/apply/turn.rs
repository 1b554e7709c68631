//! Pure. The order of the applications to several servers: the canary first, then the others.

use crate::record::TaskStatus;

/// What the parent of several applications does next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turn {
    /// Starts the application with this index.
    Start(usize),
    /// Waits for the applications that are active.
    Wait,
    /// Ends.
    End(TaskStatus),
}

/// Returns the next turn. `children` holds the states of the applications, `None` for one that has not been started.
///
/// The first one is the canary. When it is done, so many of the others as `parallelism` says are active at a time. After
/// one that is not done, and after a cancel, no other is started.
pub fn turn(children: &[Option<TaskStatus>], parallelism: u64, is_cancelled: bool) -> Turn {
    let started = || children.iter().flatten();
    let has = |status: TaskStatus| started().any(|child| *child == status);
    let active = started().filter(|child| child.is_active()).count() as u64;
    let has_stopped = started().any(|child| child.is_at_rest() && *child != TaskStatus::Done);
    let pending = children.iter().position(Option::is_none);
    if has_stopped || (is_cancelled && pending.is_some()) {
        let is_partial = has(TaskStatus::Error) || has(TaskStatus::Done);
        return match active {
            0 if is_partial => Turn::End(TaskStatus::Error),
            0 if is_cancelled => Turn::End(TaskStatus::Canceled),
            0 => Turn::End(TaskStatus::Failed),
            _ => Turn::Wait,
        };
    }
    let is_canary_done = children.first() == Some(&Some(TaskStatus::Done));
    let limit = if is_canary_done { parallelism.max(1) } else { 1 };
    match pending {
        Some(index) if active < limit => Turn::Start(index),
        None if active == 0 => Turn::End(TaskStatus::Done),
        _ => Turn::Wait,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use TaskStatus::{Canceled, Done, Error, Failed, Queued, Running};

    #[test]
    fn the_canary_is_first_and_a_failure_is_last() {
        let none = None::<TaskStatus>;
        for (children, parallelism, is_cancelled, expected) in [
            (vec![none, none], 2, false, Turn::Start(0)),
            (vec![Some(Running), none], 2, false, Turn::Wait),
            (vec![Some(Done), none, none], 2, false, Turn::Start(1)),
            (vec![Some(Done), Some(Queued), none], 2, false, Turn::Start(2)),
            (vec![Some(Done), Some(Queued), none], 1, false, Turn::Wait),
            (vec![Some(Done), Some(Done)], 1, false, Turn::End(Done)),
            (vec![Some(Failed), none], 1, false, Turn::End(Failed)),
            (vec![Some(Error), none], 1, false, Turn::End(Error)),
            (vec![Some(Done), Some(Failed), none], 1, false, Turn::End(Error)),
            (vec![Some(Done), Some(Failed), Some(Running), none], 2, false, Turn::Wait),
            (vec![none, none], 1, true, Turn::End(Canceled)),
            (vec![Some(Canceled), none], 1, true, Turn::End(Canceled)),
            (vec![Some(Done), none], 1, true, Turn::End(Error)),
            (vec![Some(Running), none], 1, true, Turn::Wait),
            (vec![Some(Done), Some(Done)], 1, true, Turn::End(Done)),
        ] {
            assert_eq!(turn(&children, parallelism, is_cancelled), expected, "{children:?} {is_cancelled}");
        }
    }

    proptest! {
        #[test]
        fn every_fan_out_ends(outcomes in proptest::collection::vec(prop_oneof![4 => Just(Done), 1 => Just(Failed)], 1..8), parallelism in 0_u64..4) {
            let mut children = vec![None; outcomes.len()];
            let mut most = 0;
            let end = loop {
                match turn(&children, parallelism, false) {
                    Turn::Start(index) => {
                        prop_assert!(index == 0 || children[0] == Some(Done), "the canary is done");
                        children[index] = Some(Running);
                    }
                    Turn::Wait => {
                        let active: Vec<_> = (0..children.len()).filter(|index| children[*index] == Some(Running)).collect();
                        most = most.max(active.len() as u64);
                        children[active[0]] = Some(outcomes[active[0]]);
                    }
                    Turn::End(status) => break status,
                }
            };
            prop_assert!(most <= parallelism.max(1));
            prop_assert_eq!(end == Done, outcomes.iter().all(|outcome| *outcome == Done));
        }
    }
}
