//! A gate before every call of some workers: which call goes next, who is held up, and who dies, is drawn from a seed.
//!
//! Calls are let through one at a time, each twice: when it is sent, and when its reply comes back. So every order of the
//! calls of several workers can come about, a worker can be lost before or after a call was done, and a schedule is the
//! same each time.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, SharedHttpClient, SharedHttpConnector, http_client_fn,
};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use tokio::sync::oneshot;

use crate::rng::Rng;

/// A worker's work; its result is the caller's to read from where the work puts it.
pub type Work<'a> = Pin<Box<dyn Future<Output = ()> + 'a>>;

/// What happens to one worker on the way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mishap {
    /// Nothing.
    None,
    /// It dies when this many calls were let through.
    Dies(usize),
    /// It is held up when this many calls were let through, until all others and their successors are done.
    Stalls(usize),
}

#[derive(Debug, Default)]
struct State {
    waiting: Vec<(usize, oneshot::Sender<()>)>,
    /// The worker whose call is on its way.
    busy: Option<usize>,
}

/// The gate. Clones are the same gate.
#[derive(Clone, Debug, Default)]
pub struct Scheduler(Arc<Mutex<State>>);

impl Scheduler {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The same HTTP client behind the gate, for the worker of this number.
    pub fn before(&self, client: SharedHttpClient, worker: usize) -> SharedHttpClient {
        let scheduler = self.clone();
        http_client_fn(move |settings, components| {
            let behind = client.http_connector(settings, components);
            SharedHttpConnector::new(Gated { scheduler: scheduler.clone(), behind, worker })
        })
    }

    fn wait(&self, worker: usize) -> oneshot::Receiver<()> {
        let (go, gone) = oneshot::channel();
        self.state().waiting.push((worker, go));
        gone
    }

    /// Runs workers, numbered from 0, to their ends, calls in an order drawn from the dice; then, after `between`, their
    /// successors, numbered on. Who stalls goes on when all the others have come to their ends. Returns how many calls
    /// were let through, sent and answered.
    pub async fn run(
        &self,
        rng: &mut Rng,
        work: Vec<Work<'_>>,
        mishaps: &[Mishap],
        between: impl FnOnce(),
        successors: Vec<Work<'_>>,
    ) -> usize {
        let mut shift = Shift { scheduler: self, rng, mishaps: mishaps.to_vec(), calls: 0, work: Vec::new() };
        shift.work.extend(work.into_iter().map(Some));
        let mut second = Some((between, successors));
        std::future::poll_fn(|context| {
            loop {
                shift.poll(context);
                if self.state().busy.is_some() || shift.open() {
                    return Poll::Pending;
                }
                if !shift.only_stalled_are_left() {
                    return Poll::Pending;
                }
                if let Some((between, successors)) = second.take() {
                    between();
                    shift.work.extend(successors.into_iter().map(Some));
                } else if shift.work.iter().all(Option::is_none) {
                    return Poll::Ready(());
                } else {
                    shift.mishaps.clear();
                }
            }
        })
        .await;
        self.state().waiting.clear();
        shift.calls
    }
}

/// Workers at their work.
struct Shift<'a, 'w> {
    scheduler: &'a Scheduler,
    rng: &'a mut Rng,
    work: Vec<Option<Work<'w>>>,
    mishaps: Vec<Mishap>,
    /// How many calls were let through.
    calls: usize,
}

impl Shift<'_, '_> {
    fn mishap(&self, worker: usize) -> Mishap {
        match self.mishaps.get(worker) {
            Some(mishap @ (Mishap::Dies(at) | Mishap::Stalls(at))) if *at <= self.calls => *mishap,
            _ => Mishap::None,
        }
    }

    fn stalls(&self, worker: usize) -> bool {
        matches!(self.mishap(worker), Mishap::Stalls(_))
    }

    fn only_stalled_are_left(&self) -> bool {
        self.work.iter().enumerate().all(|(worker, work)| work.is_none() || self.stalls(worker))
    }

    fn poll(&mut self, context: &mut Context<'_>) {
        for worker in 0..self.work.len() {
            let dies = matches!(self.mishap(worker), Mishap::Dies(_));
            let work = &mut self.work[worker];
            if dies && work.take().is_some() {
                self.scheduler.state().busy.take_if(|busy| *busy == worker);
            }
            if work.as_mut().is_some_and(|work| work.as_mut().poll(context).is_ready()) {
                *work = None;
            }
        }
    }

    /// Lets one of the waiting calls through; false where there is none that may.
    fn open(&mut self) -> bool {
        loop {
            let mut state = self.scheduler.state();
            let free = |place: &usize| !self.stalls(state.waiting[*place].0);
            let waiting: Vec<_> = (0..state.waiting.len()).filter(free).collect();
            if waiting.is_empty() {
                return false;
            }
            let (worker, go) = state.waiting.remove(self.rng.pick(&waiting));
            // One whose worker is dead goes nowhere.
            if go.send(()).is_ok() {
                state.busy = Some(worker);
                self.calls += 1;
                return true;
            }
        }
    }
}

#[derive(Debug)]
struct Gated {
    scheduler: Scheduler,
    behind: SharedHttpConnector,
    worker: usize,
}

impl HttpConnector for Gated {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let (scheduler, behind, worker) = (self.scheduler.clone(), self.behind.clone(), self.worker);
        HttpConnectorFuture::new(async move {
            // A gate that is gone holds nobody.
            scheduler.wait(worker).await.ok();
            let reply = behind.call(request).await;
            scheduler.state().busy = None;
            scheduler.wait(worker).await.ok();
            scheduler.state().busy = None;
            reply
        })
    }
}
