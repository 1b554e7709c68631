//! Violations that the engine is known to have, each with the smallest plan that shows it.

use std::time::Duration;

use crate::simulation::plan::{Faults, Limits, Load, Plan};
use crate::simulation::violation::Kind;

/// A violation that the engine is known to have.
#[derive(Clone, Debug)]
pub struct Known {
    /// What happens.
    pub name: &'static str,
    /// A run in which it happens.
    pub plan: Plan,
    /// What is violated.
    pub kind: Kind,
}

/// Few instances, posted every few seconds.
const SMALL: Load =
    Load { instances: 10, busy_seconds: 60, collectors: 1, list_seconds: 5, repeat_after: None };

/// Returns all known violations. Remove one together with the defect that it shows.
pub fn known() -> Vec<Known> {
    let crashes = |crashes: u64| Faults { until: Duration::from_mins(4), crashes, ..Faults::default() };
    vec![
        Known {
            name: "invocations that overlap or fail leave their id blocks in the one item that hands out ids",
            plan: Plan::contended(1, Load { collectors: 2, ..SMALL }, 4),
            kind: Kind::LargeSequences,
        },
        Known {
            name: "chunks that finish at the same time use up the shards of the counters, and wait six minutes",
            plan: Plan {
                has_streams: false,
                limits: Limits { latency_millis: 2, transaction_millis: 50, ..Limits::DYNAMODB },
                ..Plan::contended(1, Load { instances: 45, list_seconds: 200, ..SMALL }, 1)
            },
            kind: Kind::SlowRecording,
        },
        Known {
            name: "a delete that is delivered again comes after the final verdict on its instance",
            plan: Plan { faults: crashes(60), ..Plan::contended(5, Load { instances: 20, ..SMALL }, 2) },
            kind: Kind::WrongVerdict,
        },
        Known {
            name: "a worker whose clock is behind the ticker's deletes the only due row of a stream",
            plan: Plan { skew_seconds: 100, ..Plan::contended(1, SMALL, 2) },
            kind: Kind::ForgottenStream,
        },
        Known {
            name: "an event joins a second stream if another chunk takes it over more than five minutes later",
            plan: Plan {
                faults: crashes(60),
                limits: Limits { latency_millis: 60, ..Limits::DYNAMODB },
                ..Plan::contended(1, Load { repeat_after: Some(345), ..SMALL }, 2)
            },
            kind: Kind::NotInOneStream,
        },
        Known {
            name: "a redo writes the due row of a record that was judged meanwhile, and no sweep ever deletes it",
            plan: Plan::drawn(122),
            kind: Kind::LeftoverWork,
        },
    ]
}
