//! The HTTP server: dispatch of operations, long polling, and error responses.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{DefaultBodyLimit, State};
use axum::http::{HeaderMap, HeaderValue, Response, StatusCode, header};
use axum::routing::post;
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::sync::Notify;
use tokio::time::Instant;

use super::error::{Error, Fault};
use super::protocol::{
    Batch, ChangeMessageVisibility, CreateQueue, DeleteMessage, Deletion, GetQueueUrl, Messages, NewMessage,
    QueueUrl, QueueUrls, ReceiveMessage, SendMessage, VisibilityChange,
};
use super::settings::MAX_WAIT;
use super::store::{Store, Transaction};
use super::{ACCOUNT, batch, messages, queues};
use crate::shutdown::Shutdown;

const CONTENT_TYPE: HeaderValue = HeaderValue::from_static("application/x-amz-json-1.0");
/// What precedes the name of an operation in the header `x-amz-target`.
pub const TARGET_PREFIX: &str = "AmazonSQS.";
/// Maximum bytes of a request. JSON escapes make it larger than its messages.
const MAX_REQUEST_BYTES: usize = 2 * 1_024 * 1_024;
/// Interval at which a long poll queries the store: moving a manual clock makes messages visible without notice.
const POLL_INTERVAL: Duration = Duration::from_secs(1);

/// The state shared by all requests.
pub struct Server {
    store: Store,
    endpoint: String,
    shutdown: Shutdown,
    /// Notified whenever a message may have become visible.
    changed: Notify,
}

/// Returns the router, on which all operations share one path.
pub fn router(server: Arc<Server>) -> Router {
    Router::new().fallback(post(handle)).layer(DefaultBodyLimit::max(MAX_REQUEST_BYTES)).with_state(server)
}

async fn handle(State(server): State<Arc<Server>>, headers: HeaderMap, body: Bytes) -> Response<Body> {
    let target = headers.get("x-amz-target").and_then(|value| value.to_str().ok()).unwrap_or_default();
    server.respond(target, &body).await.map(Body::from)
}

impl Server {
    pub fn new(store: Store, endpoint: String, shutdown: Shutdown) -> Self {
        Self { store, endpoint, shutdown, changed: Notify::new() }
    }

    pub fn shutdown(&self) -> &Shutdown {
        &self.shutdown
    }

    /// Executes a request. `target` is the value of its header `x-amz-target`.
    pub async fn respond(&self, target: &str, body: &[u8]) -> Response<Vec<u8>> {
        let operation = target.strip_prefix(TARGET_PREFIX).unwrap_or_default();
        match self.call(operation, body).await {
            Ok(json) => with_content_type(Response::new(json)),
            Err(error) => with_content_type(error.response()),
        }
    }

    async fn call(&self, operation: &str, body: &[u8]) -> Result<Vec<u8>, Error> {
        if operation == "ReceiveMessage" {
            return json(&self.receive(&read(body)?).await?);
        }
        let response = self.store.transaction(|tx| match operation {
            "CreateQueue" => json(&self.url(&queues::create(tx, &read::<CreateQueue>(body)?)?)),
            "GetQueueUrl" => json(&self.url(&queues::get(tx, &read::<GetQueueUrl>(body)?.queue_name)?.name)),
            "ListQueues" => {
                let names = queues::list(tx, &read(body)?)?;
                json(&QueueUrls {
                    queue_urls: names.into_iter().map(|name| self.url(&name).queue_url).collect(),
                })
            }
            "GetQueueAttributes" => json(&queues::attributes(tx, &read(body)?)?),
            "SetQueueAttributes" => json(&queues::set_attributes(tx, &read(body)?)?),
            "PurgeQueue" => json(&queues::purge(tx, &read(body)?)?),
            _ => call_on_messages(tx, operation, body),
        })?;
        self.changed.notify_waiters();
        Ok(response)
    }

    /// Receives messages, and waits for them as long as the request specifies.
    async fn receive(&self, request: &ReceiveMessage) -> Result<Messages, Error> {
        let mut deadline = None;
        loop {
            let changed = self.changed.notified();
            tokio::pin!(changed);
            changed.as_mut().enable(); // registers before the query, so that no notification is missed
            let (messages, wait, next) = self.store.transaction(|tx| {
                let queue = queues::get(tx, &request.queue_url)?;
                let wait = request.wait_time_seconds;
                let wait = messages::in_range("WaitTimeSeconds", wait, queue.settings.wait, 0, MAX_WAIT)?;
                let messages = messages::receive(tx, &queue, request)?;
                Ok((messages, wait, messages::next_visible(tx, &queue)?))
            })?;
            let deadline = *deadline.get_or_insert(Instant::now() + Duration::from_secs(wait.unsigned_abs()));
            if !messages.is_empty() || Instant::now() >= deadline || self.shutdown.is_triggered() {
                return Ok(Messages { messages });
            }
            let next = next.map_or(POLL_INTERVAL, |millis| Duration::from_millis(millis.unsigned_abs()));
            let next_poll = deadline.min(Instant::now() + next.min(POLL_INTERVAL));
            tokio::select! {
                biased;
                () = changed => {}
                () = tokio::time::sleep_until(next_poll) => {}
                () = self.shutdown.triggered() => {}
            }
        }
    }

    fn url(&self, name: &str) -> QueueUrl {
        QueueUrl { queue_url: format!("{}/{ACCOUNT}/{name}", self.endpoint) }
    }
}

fn call_on_messages(tx: &Transaction, operation: &str, body: &[u8]) -> Result<Vec<u8>, Error> {
    match operation {
        "SendMessage" => {
            let SendMessage { queue_url, message } = read(body)?;
            json(&messages::send(tx, &queues::get(tx, &queue_url)?, &message)?)
        }
        "SendMessageBatch" => {
            let Batch::<NewMessage> { queue_url, entries } = read(body)?;
            let queue = queues::get(tx, &queue_url)?;
            batch::validate_size(&entries)?;
            json(&batch::apply_each(entries, |message| messages::send(tx, &queue, message))?)
        }
        "DeleteMessage" => {
            let DeleteMessage { queue_url, deletion } = read(body)?;
            json(&messages::delete(tx, &queues::get(tx, &queue_url)?, &deletion)?)
        }
        "DeleteMessageBatch" => {
            let Batch::<Deletion> { queue_url, entries } = read(body)?;
            let queue = queues::get(tx, &queue_url)?;
            json(&batch::apply_each(entries, |deletion| messages::delete(tx, &queue, deletion))?)
        }
        "ChangeMessageVisibility" => {
            let ChangeMessageVisibility { queue_url, change } = read(body)?;
            json(&messages::change_visibility(tx, &queues::get(tx, &queue_url)?, &change)?)
        }
        "ChangeMessageVisibilityBatch" => {
            let Batch::<VisibilityChange> { queue_url, entries } = read(body)?;
            let queue = queues::get(tx, &queue_url)?;
            json(&batch::apply_each(entries, |change| messages::change_visibility(tx, &queue, change))?)
        }
        _ => {
            let message = format!("The operation '{operation}' is not supported.");
            let code = "AWS.SimpleQueueService.UnsupportedOperation";
            Err(Error::sender("UnsupportedOperation", code, message))
        }
    }
}

fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, Error> {
    serde_json::from_slice(body)
        .map_err(|error| Error::invalid_parameter(format!("The request is malformed: {error}.")))
}

fn json<T: Serialize>(response: &T) -> Result<Vec<u8>, Error> {
    serde_json::to_vec(response).map_err(|error| rusqlite::Error::ToSqlConversionFailure(error.into()).into())
}

fn with_content_type(mut response: Response<Vec<u8>>) -> Response<Vec<u8>> {
    response.headers_mut().insert(header::CONTENT_TYPE, CONTENT_TYPE);
    response
}

impl Error {
    fn response(&self) -> Response<Vec<u8>> {
        let body = serde_json::json!({ "__type": format!("com.amazonaws.sqs#{}", self.name), "message": self.message });
        let mut response = Response::new(body.to_string().into_bytes());
        *response.status_mut() = match self.fault {
            Fault::Sender => StatusCode::BAD_REQUEST,
            Fault::Receiver => StatusCode::INTERNAL_SERVER_ERROR,
        };
        if let Ok(code) = HeaderValue::from_str(&self.query_error()) {
            response.headers_mut().insert("x-amzn-query-error", code);
        }
        response
    }
}
