//! A deterministic scheduler for the SDK calls of several workers: a seed decides which call goes next, which worker
//! stalls and which one crashes.
//!
//! Calls are released one at a time, each of them twice: before it is sent, and before its reply is returned. Every
//! interleaving of the calls of several workers is possible, a worker can crash before or after a call took effect, and
//! a seed always reproduces the same schedule.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, SharedHttpClient, SharedHttpConnector, http_client_fn,
};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use tokio::sync::oneshot;

use crate::rng::Rng;

/// How long a schedule may take before the test fails; one takes well under a second.
const TIMEOUT: Duration = Duration::from_mins(2);

/// A worker's work. It stores its own result where the caller can read it.
pub type Work<'a> = Pin<Box<dyn Future<Output = ()> + 'a>>;

/// What disrupts one worker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Disruption {
    /// Nothing.
    None,
    /// The worker crashes after this many releases.
    Crash(usize),
    /// The worker stalls after this many releases, until all others and their successors are done.
    Stall(usize),
}

#[derive(Debug, Default)]
struct State {
    waiting: Vec<(usize, oneshot::Sender<()>)>,
    /// The worker whose call is in flight.
    busy: Option<usize>,
}

/// The scheduler. Clones share their state.
#[derive(Clone, Debug, Default)]
pub struct Scheduler(Arc<Mutex<State>>);

impl Scheduler {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Wraps an HTTP client so that its calls wait for this scheduler, as those of the worker with this number.
    pub fn wrap(&self, client: SharedHttpClient, worker: usize) -> SharedHttpClient {
        let scheduler = self.clone();
        http_client_fn(move |settings, components| {
            let inner = client.http_connector(settings, components);
            SharedHttpConnector::new(ScheduledConnector { scheduler: scheduler.clone(), inner, worker })
        })
    }

    fn enqueue(&self, worker: usize) -> oneshot::Receiver<()> {
        let (release, released) = oneshot::channel();
        self.state().waiting.push((worker, release));
        released
    }

    /// Runs workers, numbered from 0, to completion in an order drawn from `rng`; then calls `between` and runs their
    /// successors, whose numbers follow. Stalled workers resume when all others are done.
    ///
    /// Returns the number of releases: two for each call.
    pub async fn run(
        &self,
        rng: &mut Rng,
        work: Vec<Work<'_>>,
        disruptions: &[Disruption],
        between: impl FnOnce(),
        successors: Vec<Work<'_>>,
    ) -> usize {
        let mut execution = Execution {
            scheduler: self,
            rng,
            disruptions: disruptions.to_vec(),
            releases: 0,
            work: work.into_iter().map(Some).collect(),
        };
        let mut second = Some((between, successors));
        let schedule = std::future::poll_fn(|context| {
            loop {
                execution.poll(context);
                if self.state().busy.is_some() || execution.release_next() {
                    return Poll::Pending;
                }
                if !execution.only_stalled_are_left() {
                    return Poll::Pending;
                }
                if let Some((between, successors)) = second.take() {
                    between();
                    execution.work.extend(successors.into_iter().map(Some));
                } else if execution.work.iter().all(Option::is_none) {
                    return Poll::Ready(());
                } else {
                    execution.disruptions.clear();
                }
            }
        });
        tokio::time::timeout(TIMEOUT, schedule).await.expect("the schedule finishes in time");
        self.state().waiting.clear();
        execution.releases
    }
}

/// The state of one [`Scheduler::run`].
struct Execution<'a, 'w> {
    scheduler: &'a Scheduler,
    rng: &'a mut Rng,
    work: Vec<Option<Work<'w>>>,
    disruptions: Vec<Disruption>,
    releases: usize,
}

impl Execution<'_, '_> {
    fn disruption(&self, worker: usize) -> Disruption {
        match self.disruptions.get(worker) {
            Some(disruption @ (Disruption::Crash(at) | Disruption::Stall(at))) if *at <= self.releases => {
                *disruption
            }
            _ => Disruption::None,
        }
    }

    fn is_stalled(&self, worker: usize) -> bool {
        matches!(self.disruption(worker), Disruption::Stall(_))
    }

    fn only_stalled_are_left(&self) -> bool {
        self.work.iter().enumerate().all(|(worker, work)| work.is_none() || self.is_stalled(worker))
    }

    fn poll(&mut self, context: &mut Context<'_>) {
        for worker in 0..self.work.len() {
            let crashes = matches!(self.disruption(worker), Disruption::Crash(_));
            let work = &mut self.work[worker];
            if crashes && work.take().is_some() {
                self.scheduler.state().busy.take_if(|busy| *busy == worker);
            }
            if work.as_mut().is_some_and(|work| work.as_mut().poll(context).is_ready()) {
                *work = None;
            }
        }
    }

    /// Releases one of the waiting calls; false if all of them belong to stalled workers.
    fn release_next(&mut self) -> bool {
        loop {
            let mut state = self.scheduler.state();
            let is_free = |place: &usize| !self.is_stalled(state.waiting[*place].0);
            let waiting: Vec<_> = (0..state.waiting.len()).filter(is_free).collect();
            if waiting.is_empty() {
                return false;
            }
            let (worker, release) = state.waiting.remove(self.rng.pick(&waiting));
            // Fails if the worker has crashed; then the next call is tried.
            if release.send(()).is_ok() {
                state.busy = Some(worker);
                self.releases += 1;
                return true;
            }
        }
    }
}

#[derive(Debug)]
struct ScheduledConnector {
    scheduler: Scheduler,
    inner: SharedHttpConnector,
    worker: usize,
}

impl HttpConnector for ScheduledConnector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let (scheduler, inner, worker) = (self.scheduler.clone(), self.inner.clone(), self.worker);
        HttpConnectorFuture::new(async move {
            // Fails if the schedule has ended; then the call passes at once.
            scheduler.enqueue(worker).await.ok();
            let reply = inner.call(request).await;
            scheduler.state().busy = None;
            scheduler.enqueue(worker).await.ok();
            scheduler.state().busy = None;
            reply
        })
    }
}
