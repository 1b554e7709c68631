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

use crate::dice::Dice;

/// A worker's work; its result is the caller's to read from where the work puts it.
pub type Work<'a> = Pin<Box<dyn Future<Output = ()> + 'a>>;

/// What happens to one worker on the way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mishap {
    /// Nothing.
    None,
    /// It dies when this many calls were let through.
    Dies(usize),
    /// It is held up when this many calls were let through, until all others are done.
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
pub struct Gate(Arc<Mutex<State>>);

impl Gate {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The same HTTP client behind the gate, for the worker of this number.
    pub fn before(&self, client: SharedHttpClient, worker: usize) -> SharedHttpClient {
        let gate = self.clone();
        http_client_fn(move |settings, components| {
            let behind = client.http_connector(settings, components);
            SharedHttpConnector::new(Gated { gate: gate.clone(), behind, worker })
        })
    }

    fn wait(&self, worker: usize) -> oneshot::Receiver<()> {
        let (go, gone) = oneshot::channel();
        self.state().waiting.push((worker, go));
        gone
    }

    /// Lets one of the waiting calls of these workers through; false where there is none.
    fn open(&self, dice: &mut Dice, free: impl Fn(usize) -> bool) -> bool {
        let mut state = self.state();
        let waiting: Vec<_> = (0..state.waiting.len()).filter(|place| free(state.waiting[*place].0)).collect();
        if waiting.is_empty() {
            return false;
        }
        let (worker, go) = state.waiting.remove(dice.pick(&waiting));
        // One whose worker is dead goes nowhere.
        state.busy = go.send(()).is_ok().then_some(worker);
        true
    }

    /// Runs workers, numbered from 0, to their ends, calls in an order drawn from the dice. `woken` is called before a
    /// worker that was held up goes on.
    pub async fn run(
        &self,
        work: Vec<Work<'_>>,
        dice: &mut Dice,
        mishaps: &[Mishap],
        mut woken: impl FnMut(),
    ) {
        let mut work: Vec<Option<Work<'_>>> = work.into_iter().map(Some).collect();
        let mut mishaps = mishaps.to_vec();
        mishaps.resize(work.len(), Mishap::None);
        let mut calls = 0;
        std::future::poll_fn(|context| {
            for (worker, future) in work.iter_mut().enumerate() {
                if matches!(mishaps[worker], Mishap::Dies(at) if at <= calls) && future.take().is_some() {
                    self.state().busy.take_if(|busy| *busy == worker);
                }
                poll(future, context);
            }
            if work.iter().all(Option::is_none) {
                return Poll::Ready(());
            }
            while self.state().busy.is_none() {
                let stalls = |worker: usize| matches!(mishaps[worker], Mishap::Stalls(at) if at <= calls);
                if self.open(dice, |worker| !stalls(worker)) {
                    calls += 1;
                } else if let Some(stalled) = (0..work.len()).find(|worker| stalls(*worker) && work[*worker].is_some()) {
                    let others = work.iter().enumerate().filter(|(worker, _)| *worker != stalled);
                    if others.clone().any(|(worker, future)| future.is_some() && !stalls(worker)) {
                        break;
                    }
                    woken();
                    mishaps[stalled] = Mishap::None;
                } else {
                    break;
                }
            }
            Poll::Pending
        })
        .await;
        self.state().waiting.clear();
    }
}

fn poll(work: &mut Option<Work<'_>>, context: &mut Context<'_>) {
    if work.as_mut().is_some_and(|work| work.as_mut().poll(context).is_ready()) {
        *work = None;
    }
}

#[derive(Debug)]
struct Gated {
    gate: Gate,
    behind: SharedHttpConnector,
    worker: usize,
}

impl HttpConnector for Gated {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let (gate, behind, worker) = (self.gate.clone(), self.behind.clone(), self.worker);
        HttpConnectorFuture::new(async move {
            // A gate that is gone holds nobody.
            gate.wait(worker).await.ok();
            let reply = behind.call(request).await;
            gate.state().busy = None;
            gate.wait(worker).await.ok();
            gate.state().busy = None;
            reply
        })
    }
}
