//! Calls in waves: as if every call of a service took equally long, so that sequential round trips can be counted.
//!
//! How calls that run side by side fall together is otherwise up to the machine. Here a call waits until the work under
//! it can go no further without a reply; then all waiting calls are made, and their replies come back at once. The
//! number of waves is the length of the longest chain of calls that need each other.

use std::fmt;
use std::future::Future;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient,
    SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::byte_stream::ByteStream;
use serde_json::Value;
use tokio::sync::{Notify, oneshot};

/// Polls after which work that still makes no call can only be waiting for a reply.
const QUIET: usize = 64;

/// A call as it went over the wire.
#[derive(Clone, Debug)]
pub struct Exchange {
    /// Service and operation, such as `DynamoDB_20120810.PutItem`.
    pub target: String,
    /// What was asked.
    pub request: Value,
    /// What was answered.
    pub reply: Value,
}

/// Who waits: the number of the call, and how it is told to go on.
type Waiting = (usize, oneshot::Sender<()>);

#[derive(Debug, Default)]
struct State {
    gated: bool,
    listening: bool,
    /// Calls so far, by which they are told apart.
    calls: usize,
    /// Calls that wait to be made.
    outward: Vec<Waiting>,
    /// Calls whose replies wait to be seen.
    homeward: Vec<Waiting>,
    exchanges: Vec<Exchange>,
}

/// Between the SDK clients and the network. Lets everything through at once, except in [`Lockstep::count`].
#[derive(Clone, Debug, Default)]
pub struct Lockstep {
    state: Arc<Mutex<State>>,
    arrived: Arc<Notify>,
}

impl Lockstep {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The same client with the waves in between.
    pub fn around(&self, client: SharedHttpClient) -> impl HttpClient + use<> {
        Client { lockstep: self.clone(), inner: client }
    }

    /// Does some work in waves; its outcome and the number of waves.
    pub async fn count<T>(&self, work: impl Future<Output = T>) -> (T, usize) {
        self.state().gated = true;
        let (mut work, mut lockstep) = (std::pin::pin!(work), 0);
        let outcome = loop {
            tokio::select! {
                biased;
                outcome = &mut work => break outcome,
                made = self.wave() => lockstep += usize::from(made > 0),
            }
        };
        self.state().gated = false;
        (outcome, lockstep)
    }

    /// Makes the calls that wait once no more of them come, and lets their replies be seen, in the order of the calls,
    /// once all are there. Returns how many there were.
    async fn wave(&self) -> usize {
        let mut quiet = 0;
        while quiet < QUIET || self.state().outward.is_empty() {
            tokio::task::yield_now().await;
            quiet += 1;
        }
        let calls = std::mem::take(&mut self.state().outward);
        // A call whose caller has gone is made no more.
        let made = calls.into_iter().filter_map(|(_, permission)| permission.send(()).ok()).count();
        while self.state().homeward.len() < made {
            self.arrived.notified().await;
        }
        let mut replies = std::mem::take(&mut self.state().homeward);
        replies.sort_unstable_by_key(|(number, _)| *number);
        for (_, permission) in replies {
            let _ = permission.send(());
        }
        made
    }

    /// Keeps what goes over the wire from now on.
    pub fn listen(&self) {
        let mut state = self.state();
        state.listening = true;
        state.exchanges.clear();
    }

    /// Keeps nothing any more, and returns what was kept.
    pub fn heard(&self) -> Vec<Exchange> {
        let mut state = self.state();
        state.listening = false;
        std::mem::take(&mut state.exchanges)
    }

    /// Waits until a call may be made; its number.
    async fn outward(&self) -> usize {
        let (permission, permitted) = oneshot::channel();
        let number = {
            let mut state = self.state();
            state.calls += 1;
            let number = state.calls;
            state.outward.push((number, permission));
            number
        };
        let _ = permitted.await;
        number
    }

    /// Waits until the reply to a call may be seen.
    async fn homeward(&self, number: usize) {
        let (permission, permitted) = oneshot::channel();
        self.state().homeward.push((number, permission));
        self.arrived.notify_one();
        let _ = permitted.await;
    }
}

#[derive(Debug)]
struct Client {
    lockstep: Lockstep,
    inner: SharedHttpClient,
}

impl HttpClient for Client {
    fn http_connector(
        &self,
        settings: &HttpConnectorSettings,
        components: &RuntimeComponents,
    ) -> SharedHttpConnector {
        let inner = self.inner.http_connector(settings, components);
        SharedHttpConnector::new(Connector { lockstep: self.lockstep.clone(), inner })
    }
}

struct Connector {
    lockstep: Lockstep,
    inner: SharedHttpConnector,
}

impl fmt::Debug for Connector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Connector")
    }
}

impl HttpConnector for Connector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let (lockstep, inner) = (self.lockstep.clone(), self.inner.clone());
        let (gated, listening) = {
            let state = lockstep.state();
            (state.gated, state.listening)
        };
        if !gated && !listening {
            return inner.call(request);
        }
        HttpConnectorFuture::new(async move {
            let number = if gated { lockstep.outward().await } else { 0 };
            let target = request.headers().get("x-amz-target").unwrap_or_default().to_owned();
            let asked = request.body().bytes().unwrap_or_default().to_vec();
            let reply = whole(inner.call(request)).await;
            // Kept here: whoever asked may lose interest in the reply, but it was made and is paid for.
            if listening && let Ok(reply) = &reply {
                let json = |bytes: Option<&[u8]>| {
                    serde_json::from_slice(bytes.unwrap_or_default()).unwrap_or_default()
                };
                let exchange =
                    Exchange { target, request: json(Some(&asked)), reply: json(reply.body().bytes()) };
                lockstep.state().exchanges.push(exchange);
            }
            if gated {
                lockstep.homeward(number).await;
            }
            reply
        })
    }
}

/// A response with its whole body: nothing of it is still on the way.
async fn whole(call: HttpConnectorFuture) -> Result<HttpResponse, ConnectorError> {
    let mut response = call.await?;
    let body = std::mem::replace(response.body_mut(), SdkBody::taken());
    let bytes = ByteStream::new(body).collect().await.map_err(|error| ConnectorError::io(error.into()))?;
    *response.body_mut() = SdkBody::from(bytes.into_bytes());
    Ok(response)
}
