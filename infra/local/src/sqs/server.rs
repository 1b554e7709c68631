//! The HTTP side: which operation, waiting for messages, errors as both protocols name them.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::sync::Notify;
use tokio::time::Instant;

use super::protocol::{
    Batch, ChangeMessageVisibility, CreateQueue, DeleteMessage, Deletion, GetQueueUrl, Messages, NewMessage,
    QueueUrl, QueueUrls, ReceiveMessage, SendMessage, VisibilityChange,
};
use super::refusal::{Fault, Refusal};
use super::store::{Session, Store};
use super::{ACCOUNT, batch, messages, queues};
use crate::stop::Stop;

const CONTENT_TYPE: &str = "application/x-amz-json-1.0";
/// Largest request, bytes: the messages of a call, every byte of them escaped.
const MAX_REQUEST: usize = 2 * 1_024 * 1_024;
/// A waiting receive looks at least this often, since a clock that is moved by hand wakes nobody.
const LOOK: Duration = Duration::from_secs(1);

/// What all requests share.
pub struct Server {
    store: Store,
    endpoint: String,
    stop: Stop,
    /// Told whenever a message may have become visible.
    changed: Notify,
}

/// The service on one path, as all operations have it.
pub fn router(server: Arc<Server>) -> Router {
    Router::new().fallback(post(handle)).layer(DefaultBodyLimit::max(MAX_REQUEST)).with_state(server)
}

async fn handle(State(server): State<Arc<Server>>, headers: HeaderMap, body: Bytes) -> Response {
    let target = headers.get("x-amz-target").and_then(|value| value.to_str().ok()).unwrap_or_default();
    let operation = target.strip_prefix("AmazonSQS.").unwrap_or_default();
    match server.call(operation, &body).await {
        Ok(json) => ([(header::CONTENT_TYPE, CONTENT_TYPE)], json).into_response(),
        Err(refusal) => refusal.into_response(),
    }
}

impl Server {
    pub fn new(store: Store, endpoint: String, stop: Stop) -> Self {
        Self { store, endpoint, stop, changed: Notify::new() }
    }

    async fn call(&self, operation: &str, body: &[u8]) -> Result<Vec<u8>, Refusal> {
        if operation == "ReceiveMessage" {
            return json(&self.receive(&read(body)?).await?);
        }
        let answer = self.store.run(|session| match operation {
            "CreateQueue" => json(&self.url(&queues::create(session, &read::<CreateQueue>(body)?)?)),
            "GetQueueUrl" => {
                json(&self.url(&queues::get(session, &read::<GetQueueUrl>(body)?.queue_name)?.name))
            }
            "ListQueues" => {
                let names = queues::list(session, &read(body)?)?;
                json(&QueueUrls {
                    queue_urls: names.into_iter().map(|name| self.url(&name).queue_url).collect(),
                })
            }
            "GetQueueAttributes" => json(&queues::attributes(session, &read(body)?)?),
            "SetQueueAttributes" => json(&queues::set_attributes(session, &read(body)?)?),
            "PurgeQueue" => json(&queues::purge(session, &read(body)?)?),
            _ => on_messages(session, operation, body),
        })?;
        self.changed.notify_waiters();
        Ok(answer)
    }

    /// Messages, at once or as soon as there are some within the time that the request waits.
    async fn receive(&self, request: &ReceiveMessage) -> Result<Messages, Refusal> {
        let mut deadline = None;
        loop {
            let changed = self.changed.notified();
            tokio::pin!(changed);
            changed.as_mut().enable(); // what changes from here on is not missed
            let (messages, wait, next) = self.store.run(|session| {
                let queue = queues::get(session, &request.queue_url)?;
                let wait = request.wait_time_seconds;
                let wait = messages::within("WaitTimeSeconds", wait, queue.settings.wait, 0, 20)?;
                let messages = messages::receive(session, &queue, request)?;
                Ok((messages, wait, messages::next_visible(session, &queue)?))
            })?;
            let deadline = *deadline.get_or_insert(Instant::now() + Duration::from_secs(wait.unsigned_abs()));
            if !messages.is_empty() || Instant::now() >= deadline || self.stop.is_stopped() {
                return Ok(Messages { messages });
            }
            let next = next.map_or(LOOK, |millis| Duration::from_millis(millis.unsigned_abs()));
            let look = deadline.min(Instant::now() + next.min(LOOK));
            tokio::select! {
                () = changed => {}
                () = tokio::time::sleep_until(look) => {}
                () = self.stop.wait() => {}
            }
        }
    }

    fn url(&self, name: &str) -> QueueUrl {
        QueueUrl { queue_url: format!("{}/{ACCOUNT}/{name}", self.endpoint) }
    }
}

fn on_messages(session: &Session, operation: &str, body: &[u8]) -> Result<Vec<u8>, Refusal> {
    match operation {
        "SendMessage" => {
            let SendMessage { queue_url, message } = read(body)?;
            json(&messages::send(session, &queues::get(session, &queue_url)?, &message)?)
        }
        "SendMessageBatch" => {
            let Batch::<NewMessage> { queue_url, entries } = read(body)?;
            let queue = queues::get(session, &queue_url)?;
            batch::check_bytes(&entries)?;
            json(&batch::each(entries, |message| messages::send(session, &queue, message))?)
        }
        "DeleteMessage" => {
            let DeleteMessage { queue_url, deletion } = read(body)?;
            json(&messages::delete(session, &queues::get(session, &queue_url)?, &deletion)?)
        }
        "DeleteMessageBatch" => {
            let Batch::<Deletion> { queue_url, entries } = read(body)?;
            let queue = queues::get(session, &queue_url)?;
            json(&batch::each(entries, |deletion| messages::delete(session, &queue, deletion))?)
        }
        "ChangeMessageVisibility" => {
            let ChangeMessageVisibility { queue_url, change } = read(body)?;
            json(&messages::change_visibility(session, &queues::get(session, &queue_url)?, &change)?)
        }
        "ChangeMessageVisibilityBatch" => {
            let Batch::<VisibilityChange> { queue_url, entries } = read(body)?;
            let queue = queues::get(session, &queue_url)?;
            json(&batch::each(entries, |change| messages::change_visibility(session, &queue, change))?)
        }
        _ => {
            let message = format!("The operation '{operation}' is not offered by this stand-in.");
            let code = "AWS.SimpleQueueService.UnsupportedOperation";
            Err(Refusal::sender("UnsupportedOperation", code, message))
        }
    }
}

fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, Refusal> {
    serde_json::from_slice(body)
        .map_err(|error| Refusal::value(format!("The request cannot be read: {error}.")))
}

fn json<T: Serialize>(answer: &T) -> Result<Vec<u8>, Refusal> {
    serde_json::to_vec(answer).map_err(|error| rusqlite::Error::ToSqlConversionFailure(error.into()).into())
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let status = match self.fault {
            Fault::Sender => StatusCode::BAD_REQUEST,
            Fault::Receiver => StatusCode::INTERNAL_SERVER_ERROR,
        };
        let body = serde_json::json!({ "__type": format!("com.amazonaws.sqs#{}", self.name), "message": self.message });
        let query_error = self.query_error();
        let headers = [("x-amzn-query-error", query_error.as_str()), ("content-type", CONTENT_TYPE)];
        (status, headers, body.to_string()).into_response()
    }
}
