//! A process that can crash and freeze between any two of its steps, and whose clock may be wrong.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use chrono::TimeDelta;
use domain::platform::clock::Clock;
use tokio::time::{Instant, Sleep, sleep_until};

use crate::simulation::time::Time;

/// A process. Clones are the same process.
#[derive(Clone, Debug)]
pub struct Process {
    /// The name in the trace.
    pub name: Arc<str>,
    /// The clock of the process, which is set whenever the process runs.
    pub clock: Clock,
    skew: TimeDelta,
    time: Time,
    state: Arc<Mutex<State>>,
}

#[derive(Debug, Default)]
struct State {
    crashed: bool,
    frozen_until: Option<Instant>,
    was_frozen: bool,
    waker: Option<Waker>,
}

impl Process {
    /// Starts a process whose clock deviates by `skew`.
    pub fn start(name: String, time: Time, skew: TimeDelta) -> Self {
        let clock = Clock::manual(time.now() + skew);
        Self { name: name.into(), clock, skew, time, state: Arc::default() }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Ends the process at its next step: its work is dropped.
    pub fn crash(&self) {
        let mut state = self.state();
        state.crashed = true;
        state.waker.take().into_iter().for_each(Waker::wake);
    }

    /// Stops the process from its next step on, for this long. Timers that run out meanwhile are noticed afterwards.
    pub fn freeze(&self, duration: Duration) {
        let mut state = self.state();
        state.frozen_until = Some(Instant::now() + duration);
        state.was_frozen = true;
    }

    /// Whether the process has crashed.
    pub fn has_crashed(&self) -> bool {
        self.state().crashed
    }

    /// Whether the process has ever been frozen.
    pub fn was_frozen(&self) -> bool {
        self.state().was_frozen
    }

    /// Runs work in this process. Returns `None` if the process crashes.
    pub fn run<F: Future>(&self, work: F) -> Run<F> {
        Run { process: self.clone(), work: Some(Box::pin(work)), thaw: None }
    }
}

/// The work of a process.
pub struct Run<F> {
    process: Process,
    work: Option<Pin<Box<F>>>,
    thaw: Option<Pin<Box<Sleep>>>,
}

impl<F: Future> Run<F> {
    /// Waits until the process is not frozen.
    fn poll_thawed(&mut self, context: &mut Context<'_>) -> Poll<()> {
        let frozen_until = self.process.state().frozen_until;
        let Some(until) = frozen_until else { return Poll::Ready(()) };
        let thaw = self.thaw.get_or_insert_with(|| Box::pin(sleep_until(until)));
        if thaw.as_mut().poll(context).is_pending() {
            return Poll::Pending;
        }
        self.thaw = None;
        self.process.state().frozen_until = None;
        Poll::Ready(())
    }
}

impl<F: Future> Future for Run<F> {
    type Output = Option<F::Output>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        self.process.state().waker = Some(context.waker().clone());
        if !self.process.has_crashed() && self.poll_thawed(context).is_pending() {
            return Poll::Pending;
        }
        let process = self.process.clone();
        if !process.has_crashed()
            && let Some(work) = self.work.as_mut()
        {
            process.clock.set(process.time.now() + process.skew);
            if let Poll::Ready(output) = work.as_mut().poll(context) {
                self.work = None;
                return Poll::Ready(Some(output));
            }
        }
        if process.has_crashed() {
            self.work = None;
            return Poll::Ready(None);
        }
        Poll::Pending
    }
}
