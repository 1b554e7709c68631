//! Calls in lockstep, as if every call took equally long, so that sequential round trips can be counted.
//!
//! How concurrent calls overlap otherwise depends on the machine. In lockstep a call waits until the work can make no
//! progress without a reply; then all waiting calls are sent, and their replies are returned together. The number of
//! steps is the length of the longest chain of calls that depend on each other.

use std::fmt;
use std::future::Future;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

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

/// Polls without a further call after which work can only be waiting for a reply.
const QUIET_POLLS: usize = 64;
/// How long counted work may take before the test fails.
const TIMEOUT: Duration = Duration::from_mins(2);

/// A request and its reply.
#[derive(Clone, Debug)]
pub struct Exchange {
    /// Service and operation, such as `DynamoDB_20120810.PutItem`.
    pub target: String,
    /// The request's body.
    pub request: Value,
    /// The reply's body.
    pub reply: Value,
}

/// A waiting call: its number, and the sender that lets it proceed.
type Waiting = (usize, oneshot::Sender<()>);

#[derive(Debug, Default)]
struct State {
    is_counting: bool,
    is_recording: bool,
    /// Calls so far; a call's number is its position among them.
    calls: usize,
    /// Calls that wait to be sent.
    requests: Vec<Waiting>,
    /// Calls whose replies wait to be returned.
    replies: Vec<Waiting>,
    exchanges: Vec<Exchange>,
}

/// A layer between the SDK clients and the network. Calls pass at once, except in [`Lockstep::count`].
#[derive(Clone, Debug, Default)]
pub struct Lockstep {
    state: Arc<Mutex<State>>,
    replied: Arc<Notify>,
}

impl Lockstep {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Wraps an HTTP client.
    pub fn wrap(&self, client: SharedHttpClient) -> impl HttpClient + use<> {
        Client { lockstep: self.clone(), inner: client }
    }

    /// Runs `work` in lockstep and returns its outcome and the number of steps.
    pub async fn count<T>(&self, work: impl Future<Output = T>) -> (T, usize) {
        self.state().is_counting = true;
        let (mut work, mut steps) = (std::pin::pin!(work), 0);
        let counted = async {
            loop {
                tokio::select! {
                    biased;
                    outcome = &mut work => break outcome,
                    sent = self.step() => steps += usize::from(sent > 0),
                }
            }
        };
        let outcome =
            tokio::time::timeout(TIMEOUT, counted).await.expect("the counted work finishes in time");
        self.state().is_counting = false;
        (outcome, steps)
    }

    /// Sends the waiting calls once no more are made, and returns their replies in the order of the calls once all have
    /// arrived. Returns the number of calls.
    async fn step(&self) -> usize {
        // A thousand concurrent calls are made in many polls, because a task may do only so much in one.
        let (mut quiet_polls, mut waiting) = (0, 0);
        while quiet_polls < QUIET_POLLS || waiting == 0 {
            tokio::task::yield_now().await;
            let requests = self.state().requests.len();
            quiet_polls = if requests == waiting { quiet_polls + 1 } else { 0 };
            waiting = requests;
        }
        let calls = std::mem::take(&mut self.state().requests);
        // A call whose caller was dropped is not sent.
        let sent = calls.into_iter().filter_map(|(_, permit)| permit.send(()).ok()).count();
        while self.state().replies.len() < sent {
            self.replied.notified().await;
        }
        let mut replies = std::mem::take(&mut self.state().replies);
        replies.sort_unstable_by_key(|(number, _)| *number);
        for (_, permit) in replies {
            let _ = permit.send(());
        }
        sent
    }

    /// Starts recording exchanges, without the earlier ones.
    pub fn start_recording(&self) {
        let mut state = self.state();
        state.is_recording = true;
        state.exchanges.clear();
    }

    /// Stops recording and returns the recorded exchanges.
    pub fn stop_recording(&self) -> Vec<Exchange> {
        let mut state = self.state();
        state.is_recording = false;
        std::mem::take(&mut state.exchanges)
    }

    /// Waits until a call may be sent and returns its number.
    async fn request_permit(&self) -> usize {
        let (permit, permitted) = oneshot::channel();
        let number = {
            let mut state = self.state();
            state.calls += 1;
            let number = state.calls;
            state.requests.push((number, permit));
            number
        };
        let _ = permitted.await;
        number
    }

    /// Waits until the reply to a call may be returned.
    async fn reply_permit(&self, number: usize) {
        let (permit, permitted) = oneshot::channel();
        self.state().replies.push((number, permit));
        self.replied.notify_one();
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
        let (is_counting, is_recording) = {
            let state = lockstep.state();
            (state.is_counting, state.is_recording)
        };
        if !is_counting && !is_recording {
            return inner.call(request);
        }
        HttpConnectorFuture::new(async move {
            let number = if is_counting { lockstep.request_permit().await } else { 0 };
            let target = request.headers().get("x-amz-target").unwrap_or_default().to_owned();
            let body = request.body().bytes().unwrap_or_default().to_vec();
            let reply = with_whole_body(inner.call(request)).await;
            // Recorded before the caller can drop the call: it was executed and is charged.
            if is_recording && let Ok(reply) = &reply {
                let json = |bytes: Option<&[u8]>| {
                    serde_json::from_slice(bytes.unwrap_or_default()).unwrap_or_default()
                };
                let exchange =
                    Exchange { target, request: json(Some(&body)), reply: json(reply.body().bytes()) };
                lockstep.state().exchanges.push(exchange);
            }
            if is_counting {
                lockstep.reply_permit(number).await;
            }
            reply
        })
    }
}

/// Reads a response to the end of its body.
async fn with_whole_body(call: HttpConnectorFuture) -> Result<HttpResponse, ConnectorError> {
    let mut response = call.await?;
    let body = std::mem::replace(response.body_mut(), SdkBody::taken());
    let bytes = ByteStream::new(body).collect().await.map_err(|error| ConnectorError::io(error.into()))?;
    *response.body_mut() = SdkBody::from(bytes.into_bytes());
    Ok(response)
}
