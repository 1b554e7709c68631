//! What all parts of a run share: the plan, the time, the random numbers and the trace.

use std::fmt::Display;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use domain::platform::id::Ids;

use crate::rng::Rng;
use crate::simulation::plan::Plan;
use crate::simulation::time::Time;
use crate::simulation::trace::Trace;

/// Opportunities to which the rates of a plan refer.
const RATE_BASE: usize = 10_000;

/// The shared parts of a run.
#[derive(Debug)]
pub struct World {
    /// What happens in the run.
    pub plan: Plan,
    /// The time since its start.
    pub time: Time,
    /// Generates the identifiers of all processes.
    pub ids: Ids,
    numbers: AtomicUsize,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    rng: Rng,
    trace: Trace,
}

impl World {
    /// Starts a run now.
    pub fn start(plan: Plan) -> Self {
        let state = State { rng: Rng::new(plan.seed), trace: Trace::default() };
        Self {
            plan,
            time: Time::start(),
            ids: Ids::sequential(),
            numbers: AtomicUsize::new(1),
            state: Mutex::new(state),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Numbers the environments of the run.
    pub fn next_number(&self) -> usize {
        self.numbers.fetch_add(1, Ordering::Relaxed)
    }

    /// Decides whether a fault of this rate is injected now.
    pub fn strikes(&self, rate: u64) -> bool {
        rate > 0
            && self.time.elapsed() < self.plan.faults.until
            && (self.state().rng.below(RATE_BASE) as u64) < rate
    }

    /// Returns a random number in `0..bound`.
    pub fn below(&self, bound: usize) -> usize {
        self.state().rng.below(bound)
    }

    /// Returns a random number in `-bound..=bound`.
    pub fn around_zero(&self, bound: i64) -> i64 {
        self.state().rng.between(-bound, bound)
    }

    /// Returns a random duration of at most this many milliseconds.
    pub fn millis(&self, most: u64) -> Duration {
        let bound = usize::try_from(most).unwrap_or(usize::MAX - 1) + 1;
        Duration::from_millis(self.below(bound) as u64)
    }

    /// Adds an event to the trace.
    pub fn log(&self, text: impl Display) {
        let at = self.time.elapsed();
        self.state().trace.event(at, &text.to_string());
    }

    /// Adds an injected fault to the trace.
    pub fn log_fault(&self, kind: &'static str, text: impl Display) {
        let at = self.time.elapsed();
        self.state().trace.fault(at, kind, &text.to_string());
    }

    /// Returns the trace so far.
    pub fn trace(&self) -> Trace {
        self.state().trace.clone()
    }
}
