//! The simulated SQS: the stand-in behind the duplicates, delays and partial failures of the service.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::http::Response;
use domain::platform::clock::Clock;
use local::in_process::ENDPOINT;
use local::sqs::{Service, TARGET_PREFIX};
use local::stack::queue_url;
use serde_json::{Value, json};
use tokio::sync::Notify;

use crate::simulation::time::{sleep, spawn};
use crate::simulation::world::World;

/// The queues that workers read, with the visibility timeout of `infra/queues.yaml`.
pub const WORKER_QUEUES: [&str; 3] = ["NotificationQueue", "UsageQueue", "StreamQueue"];
/// How long a received message stays invisible, as in `infra/queues.yaml`.
const VISIBILITY: Duration = Duration::from_mins(6);
/// The longest time by which a message is delayed, in seconds.
const LONGEST_DELAY: usize = 8;
/// The longest time after which a message is delivered again while it is processed, in seconds.
const LONGEST_DUPLICATION: usize = 40;

/// The queues.
pub struct Queues {
    world: Arc<World>,
    sqs: Service,
    clock: Clock,
    changed: BTreeMap<&'static str, Arc<Notify>>,
    messages: Mutex<BTreeMap<String, Message>>,
}

/// What happened to a message.
#[derive(Clone, Debug, Default)]
pub struct Message {
    /// The name of its queue.
    pub queue: String,
    /// The body.
    pub body: String,
    /// How often it was received.
    pub receives: usize,
    /// When it was deleted for good.
    pub finished: Option<Duration>,
    receipt: String,
    is_disturbed: bool,
}

impl Message {
    /// Whether the message holds notifications that a producer posted.
    pub fn is_from_client(&self) -> bool {
        self.queue == "NotificationQueue"
            && !["\"echo\":true", "\"synthetic\":true"].iter().any(|mark| self.body.contains(mark))
    }
}

impl Queues {
    /// Puts the stand-in, whose time is that of `clock`, behind the faults of a run.
    pub fn new(world: Arc<World>, sqs: Service, clock: Clock) -> Self {
        let changed = WORKER_QUEUES.map(|queue| (queue, Arc::default())).into();
        Self { world, sqs, clock, changed, messages: Mutex::default() }
    }

    fn messages(&self) -> MutexGuard<'_, BTreeMap<String, Message>> {
        self.messages.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns what happened to each message of the workers so far.
    pub fn history(&self) -> Vec<Message> {
        self.messages().values().cloned().collect()
    }

    /// Whether a worker still has a message to process.
    pub fn are_busy(&self) -> bool {
        self.messages().values().any(|message| message.finished.is_none())
    }

    /// Returns what is notified when messages of a worker's queue may have become visible.
    pub fn changed(&self, queue: &str) -> Arc<Notify> {
        self.changed.get(queue).cloned().unwrap_or_default()
    }

    /// Notifies the workers of a queue after `delay`.
    fn wake(&self, queue: &str, delay: Duration) {
        let changed = self.changed(queue);
        if delay.is_zero() {
            changed.notify_waiters();
        } else {
            spawn(async move {
                sleep(delay).await;
                changed.notify_waiters();
            });
        }
    }

    /// Executes a request of the process `name`.
    pub async fn respond(&self, name: &str, operation: &str, body: &[u8]) -> Response<Vec<u8>> {
        let mut request: Value = serde_json::from_slice(body).unwrap_or_default();
        let queue = request["QueueUrl"].as_str().and_then(|url| url.rsplit('/').next()).unwrap_or_default();
        let queue = queue.to_owned();
        let refused = match operation {
            "SendMessageBatch" => self.disturb_batch(name, &queue, &mut request),
            _ => Vec::new(),
        };
        let response = if !refused.is_empty() && list(&request["Entries"]).is_empty() {
            Response::new(json!({"Successful": []}).to_string().into_bytes())
        } else {
            self.execute(operation, &request).await
        };
        self.world.log(format_args!("{name} {operation} {queue} {}", response.status().as_u16()));
        if !response.status().is_success() {
            return response;
        }
        let mut reply: Value = serde_json::from_slice(response.body()).unwrap_or_default();
        self.register(&queue, operation, &request, &reply);
        if refused.is_empty() {
            return response;
        }
        let mut failed = list(&reply["Failed"]).to_vec();
        failed.extend(refused);
        reply["Failed"] = Value::Array(failed);
        Response::new(reply.to_string().into_bytes())
    }

    async fn execute(&self, operation: &str, request: &Value) -> Response<Vec<u8>> {
        self.clock.set(self.world.time.now());
        self.sqs.respond(&format!("{TARGET_PREFIX}{operation}"), request.to_string().as_bytes()).await
    }

    /// Removes entries that the service refuses to store, delays others, and returns the refusals.
    fn disturb_batch(&self, name: &str, queue: &str, request: &mut Value) -> Vec<Value> {
        let faults = &self.world.plan.faults;
        let (mut kept, mut refused) = (Vec::new(), Vec::new());
        for mut entry in list(&request["Entries"]).iter().cloned() {
            if self.world.strikes(faults.refused) {
                self.world.log_fault("refused messages", format!("{name} {queue}"));
                refused.push(json!({
                    "Id": entry["Id"], "Code": "InternalError", "SenderFault": false, "Message": "Try again.",
                }));
                continue;
            }
            if self.world.strikes(faults.reordered) {
                entry["DelaySeconds"] = json!(1 + self.world.below(LONGEST_DELAY));
            }
            kept.push(entry);
        }
        request["Entries"] = Value::Array(kept);
        refused
    }

    /// Remembers the messages that a request stored.
    fn register(&self, queue: &str, operation: &str, request: &Value, reply: &Value) {
        let sent: Vec<(&Value, &Value)> = match operation {
            "SendMessage" => vec![(request, reply)],
            "SendMessageBatch" => {
                let entry = |id: &Value| list(&request["Entries"]).iter().find(|entry| entry["Id"] == *id);
                let stored = list(&reply["Successful"]).iter();
                stored.filter_map(|stored| Some((entry(&stored["Id"])?, stored))).collect()
            }
            _ => return,
        };
        for (entry, stored) in sent {
            let message =
                Message { queue: queue.to_owned(), body: text(&entry["MessageBody"]), ..Message::default() };
            if WORKER_QUEUES.contains(&queue) {
                self.messages().insert(text(&stored["MessageId"]), message);
                self.wake(queue, Duration::from_secs(entry["DelaySeconds"].as_u64().unwrap_or_default()));
            }
        }
    }

    /// Receives at most `limit` messages, as Lambda does.
    pub async fn receive(&self, queue: &str, limit: usize) -> Vec<Value> {
        let request = json!({
            "QueueUrl": queue_url(ENDPOINT, queue), "MaxNumberOfMessages": limit,
            "MessageSystemAttributeNames": ["All"],
        });
        let response = self.execute("ReceiveMessage", &request).await;
        let reply: Value = serde_json::from_slice(response.body()).unwrap_or_default();
        let received = list(&reply["Messages"]).to_vec();
        for message in &received {
            self.world.log(format_args!("receive {queue} {}", text(&message["MessageId"])));
            self.mark_received(queue, message).await;
        }
        if !received.is_empty() {
            self.wake(queue, VISIBILITY);
        }
        received
    }

    /// Counts a receive. Sometimes the message becomes visible again before its visibility timeout, once.
    async fn mark_received(&self, queue: &str, message: &Value) {
        let id = text(&message["MessageId"]);
        let duplicated = {
            let mut messages = self.messages();
            let known = messages.entry(id.clone()).or_default();
            known.receives += 1;
            known.receipt = text(&message["ReceiptHandle"]);
            let duplicated = !known.is_disturbed && self.world.strikes(self.world.plan.faults.redelivered);
            known.is_disturbed |= duplicated;
            duplicated
        };
        if duplicated {
            let seconds = self.world.below(LONGEST_DUPLICATION);
            self.world.log_fault("duplicate deliveries", format!("{queue} {id} again after {seconds} s"));
            let request = json!({
                "QueueUrl": queue_url(ENDPOINT, queue), "ReceiptHandle": message["ReceiptHandle"],
                "VisibilityTimeout": seconds,
            });
            self.execute("ChangeMessageVisibility", &request).await;
            self.wake(queue, Duration::from_secs(seconds as u64 + 1));
        }
    }

    /// Deletes a message that was processed. Sometimes the service forgets that, once per message.
    pub async fn delete(&self, queue: &str, message: &Value) {
        let id = text(&message["MessageId"]);
        let is_undeleted = {
            let mut messages = self.messages();
            let known = messages.entry(id.clone()).or_default();
            let is_undeleted = !known.is_disturbed && self.world.strikes(self.world.plan.faults.undeleted);
            known.is_disturbed |= is_undeleted;
            if !is_undeleted && known.receipt == text(&message["ReceiptHandle"]) {
                known.finished = Some(self.world.time.elapsed());
            }
            is_undeleted
        };
        if is_undeleted {
            self.world.log_fault("forgotten deletes", format!("{queue} {id}"));
            return;
        }
        let request =
            json!({"QueueUrl": queue_url(ENDPOINT, queue), "ReceiptHandle": message["ReceiptHandle"]});
        self.execute("DeleteMessage", &request).await;
        self.world.log(format_args!("delete {queue} {id}"));
    }

    /// Returns the bodies of all visible messages of a queue, without faults.
    pub async fn take_all(&self, queue: &str) -> Vec<String> {
        let url = queue_url(ENDPOINT, queue);
        let mut bodies = Vec::new();
        loop {
            let request = json!({"QueueUrl": url, "MaxNumberOfMessages": 10});
            let response = self.execute("ReceiveMessage", &request).await;
            let reply: Value = serde_json::from_slice(response.body()).unwrap_or_default();
            if list(&reply["Messages"]).is_empty() {
                return bodies;
            }
            bodies.extend(list(&reply["Messages"]).iter().map(|message| text(&message["Body"])));
        }
    }
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map(Vec::as_slice).unwrap_or_default()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}
