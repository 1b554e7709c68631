//! Pure. Planning what to record for a queued message, before anything is read from or written to the table.

use std::collections::{BTreeMap, HashSet};
use std::fmt::Write as _;

use serde_json::Value;

use crate::digest;
use crate::notification::envelope::{Notification, unwrap_element};
use crate::notification::event::Event;
use crate::notification::mark::Mark;
use crate::notification::message::{NotificationChunk, Producer};
use crate::notification::ownership::RowRange;
use crate::notification::service::Service;
use crate::notification::{elements, message, packing};
use crate::storage::key::Collection;
use crate::storage::sequence;
use crate::streams::distil::{Distilled, EventDefinitions};
use crate::time::Micros;
use crate::usage::effect::{self, Effect, Interpretation, Warning};

/// A delivery of a queued message.
#[derive(Clone, Debug)]
pub struct Delivery {
    /// The queue's id of the message, by which its outcome is reported.
    pub id: String,
    /// The body of the message.
    pub body: String,
    /// When the message was sent, if the queue reports it.
    pub sent_at: Option<Micros>,
    /// The service that the producer named in an attribute of the message.
    pub service: Option<Service>,
}

/// What to do with a delivery.
#[derive(Debug)]
pub enum Plan {
    /// Record a chunk.
    Record(ChunkPlan),
    /// Send these messages instead, since a producer that bypasses the API sent too many notifications for one chunk.
    Split(Vec<String>),
}

/// Everything that is recorded for a chunk. Row ids are offsets from the ids that its claim fixes.
#[derive(Debug)]
pub struct ChunkPlan {
    /// The chunk's id.
    pub chunk: String,
    /// When the chunk was accepted.
    pub received: Micros,
    /// The valid notifications, without duplicates of a `message_id`.
    pub notifications: Vec<PlannedNotification>,
    /// The elements to reject, in the order of their positions.
    pub rejected: Vec<InvalidElement>,
    /// All elements as a JSON list, to be stored beside the rows.
    pub body: String,
    /// The number of elements.
    pub elements: u64,
}

/// A valid notification of a chunk.
#[derive(Debug)]
pub struct PlannedNotification {
    /// The notification's position in the chunk, from 0.
    pub position: u64,
    /// The notification itself.
    pub notification: Notification,
    /// Orders the notification among others that change the same row.
    pub mark: Mark,
    /// The change that the notification makes to the ledger.
    pub effect: Option<Effect>,
    /// Oddities of the notification, to be logged.
    pub warnings: Vec<Warning>,
    /// The rows derived from the notification.
    pub rows: Option<RowRange>,
    /// The event for streams. `None` if no definition matches the notification.
    pub event: Option<Event>,
    /// What sent the notification.
    pub producer: Producer,
}

/// An element that is not a valid notification.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvalidElement {
    /// The element's position in the chunk, from 0.
    pub position: u64,
    /// Why the element is invalid.
    pub reason: String,
}

impl Plan {
    /// Plans a delivery. `now` replaces a missing time of receipt.
    pub fn new(delivery: &Delivery, definitions: &EventDefinitions, now: Micros) -> Self {
        if let Ok(chunk) = serde_json::from_str::<NotificationChunk>(&delivery.body) {
            return Self::Record(ChunkPlan::new(chunk, definitions));
        }
        // The hash of the body recognizes redeliveries and duplicates of messages without a chunk id.
        let id = digest::short(&delivery.body);
        let received = delivery.sent_at.unwrap_or(now);
        match elements::parse(delivery.body.as_bytes()) {
            Err(error) => Self::Record(ChunkPlan::rejected(id, received, &delivery.body, &error.to_string())),
            Ok(elements) if elements.len() > packing::CHUNK_NOTIFICATIONS => {
                let chunks = packing::pack(elements).into_iter().enumerate();
                let messages = chunks.map(|(number, chunk)| {
                    message::client_chunk(&format!("{id}-{number}"), delivery.service, received, &chunk)
                });
                Self::Split(messages.collect())
            }
            Ok(elements) => {
                let notifications =
                    elements.iter().filter_map(|element| serde_json::from_str(element).ok()).collect();
                let (producer, service) = (Producer::Client, delivery.service);
                let chunk = NotificationChunk { id, producer, service, received, notifications };
                Self::Record(ChunkPlan::new(chunk, definitions))
            }
        }
    }
}

impl ChunkPlan {
    fn new(chunk: NotificationChunk, definitions: &EventDefinitions) -> Self {
        let NotificationChunk { id, producer, service, received, notifications } = chunk;
        let body = Value::Array(notifications);
        let mut plan = Self {
            chunk: id,
            received,
            notifications: Vec::new(),
            rejected: Vec::new(),
            body: body.to_string(),
            elements: body.as_array().map_or(0, |elements| elements.len() as u64),
        };
        let mut allocated = sequence::CollectionIds::new();
        let mut seen = HashSet::new();
        for (position, element) in (0_u64..).zip(body.as_array().into_iter().flatten()) {
            match Notification::parse(element, service) {
                Err(rejection) => {
                    plan.rejected.push(InvalidElement { position, reason: rejection.to_string() });
                }
                // A duplicate within the chunk: only the first one is recorded.
                Ok(notification) if !notification.message_id.clone().is_none_or(|id| seen.insert(id)) => {}
                Ok(notification) => {
                    let event = match producer {
                        Producer::Client => distilled(definitions, element, &notification, received),
                        Producer::Verifier => None,
                        Producer::Pipeline => synthetic_event(element),
                    };
                    plan.add(position, notification, event, producer, &mut allocated);
                }
            }
        }
        plan
    }

    /// Plans a message whose whole body is invalid.
    fn rejected(chunk: String, received: Micros, body: &str, reason: &str) -> Self {
        let rejected = vec![InvalidElement { position: 0, reason: reason.to_owned() }];
        let body = Value::Array(vec![Value::String(body.to_owned())]).to_string();
        Self { chunk, received, notifications: Vec::new(), rejected, body, elements: 0 }
    }

    fn add(
        &mut self,
        position: u64,
        notification: Notification,
        event: Option<Event>,
        producer: Producer,
        allocated: &mut sequence::CollectionIds,
    ) {
        let mark = notification.mark(&format!("{}#{position}", self.chunk));
        let recorded = match producer {
            Producer::Pipeline => Ok(Interpretation::default()),
            Producer::Client | Producer::Verifier => effect::interpret(&notification, &mark),
        };
        let (recording, rows) = match recorded {
            Ok(recording) => {
                let rows = recording.effect.as_ref().map(|effect| {
                    let (collection, count) = rows_of(effect);
                    let next = allocated.entry(collection).or_default();
                    let rows = RowRange { collection, first: *next, count };
                    *next += count;
                    rows
                });
                (recording, rows)
            }
            Err(reason) => {
                let first = self.rejected.len() as u64;
                self.rejected.push(InvalidElement { position, reason: reason.to_string() });
                (
                    Interpretation::default(),
                    Some(RowRange { collection: Collection::Rejected, first, count: 1 }),
                )
            }
        };
        let Interpretation { effect, warnings } = recording;
        self.notifications.push(PlannedNotification {
            position,
            notification,
            mark,
            effect,
            warnings,
            rows,
            event,
            producer,
        });
    }

    /// Returns how the chunk uses its ids of each collection: which notification has which. Another version of the
    /// program may interpret the same chunk otherwise.
    pub fn layouts(&self) -> BTreeMap<Collection, String> {
        let mut layouts = BTreeMap::<Collection, String>::new();
        for planned in &self.notifications {
            if let Some(rows) = planned.rows {
                let layout = layouts.entry(rows.collection).or_default();
                let _ = write!(layout, "{}:{}+{} ", planned.position, rows.first, rows.count);
            }
        }
        for rejected in &self.rejected {
            let _ = write!(layouts.entry(Collection::Rejected).or_default(), "{} ", rejected.position);
        }
        layouts
    }

    /// Returns the number of ids that the chunk needs of each collection.
    pub fn required_ids(&self) -> sequence::CollectionIds {
        let mut required = sequence::CollectionIds::new();
        // Every element has one, so that its id does not depend on whether others are valid.
        let positions = (self.elements > 0).then_some(self.elements);
        let rejected = self.rejected.len() as u64;
        let rows = self.notifications.iter().filter_map(|planned| planned.rows);
        let rows = rows.map(|rows| (rows.collection, rows.first + rows.count));
        let others = positions.map(|positions| (Collection::Notification, positions)).into_iter();
        for (collection, count) in
            others.chain((rejected > 0).then_some((Collection::Rejected, rejected))).chain(rows)
        {
            let highest = required.entry(collection).or_default();
            *highest = count.max(*highest);
        }
        required
    }
}

impl PlannedNotification {
    /// Whether a stream's pipeline generated the notification.
    pub fn is_synthetic(&self) -> bool {
        self.producer == Producer::Pipeline
    }
}

/// Distils the notification of a client. Logs the warnings of its definition.
fn distilled(
    definitions: &EventDefinitions,
    element: &Value,
    notification: &Notification,
    now: Micros,
) -> Option<Event> {
    let body = unwrap_element(element).ok()?.body;
    match definitions.distil(&body, now) {
        Distilled::Event { event, warnings } => {
            for warning in warnings {
                tracing::warn!(message.id = event.message_id, "{warning}");
            }
            // The ledger and the streams must agree on the time of an event.
            Some(Event { timestamp: notification.timestamp, ..event })
        }
        Distilled::Dropped(reason) => {
            tracing::debug!(event.kind = notification.event_type, "no event: {reason}");
            None
        }
    }
}

/// Reads the event that a stream's pipeline put beside the fields of a notification.
fn synthetic_event(element: &Value) -> Option<Event> {
    serde_json::from_value(element.get("event")?.clone()).ok()
}

/// Returns the collection and number of the rows that an effect creates.
fn rows_of(effect: &Effect) -> (Collection, u64) {
    match effect {
        Effect::Launch(_) => (Collection::Launch, 1),
        Effect::InstanceDelete(_) => (Collection::InstanceDelete, 1),
        Effect::InstanceExists(_) => (Collection::InstanceExists, 1),
        Effect::Image(_) => (Collection::Image, 1),
        Effect::ImageDelete(_) => (Collection::ImageDelete, 1),
        Effect::ImageExists(exists) => (Collection::ImageExists, exists.images.len() as u64),
    }
}
