//! Pure. What one queued message asks for, before anything is read or written.

use std::collections::HashSet;

use serde_json::Value;

use crate::digest;
use crate::notification::envelope::{Notification, open};
use crate::notification::event::Event;
use crate::notification::mark::Mark;
use crate::notification::message::NotificationChunk;
use crate::notification::ownership::Rows;
use crate::notification::packing;
use crate::notification::service::Service;
use crate::storage::key::Collection;
use crate::storage::sequence;
use crate::streams::distil::{Distilled, EventDefinitions};
use crate::time::Micros;
use crate::usage::effect::{self, Effect, Interpretation, Warning};

/// A queued message as it was delivered.
#[derive(Clone, Debug)]
pub struct Delivery {
    /// The queue's id of the message, by which its outcome is reported.
    pub id: String,
    /// The body.
    pub body: String,
    /// When it was sent, where the queue says so.
    pub sent_at: Option<Micros>,
    /// The service that a producer named beside the body.
    pub service: Option<Service>,
}

/// What a message turns out to be.
#[derive(Debug)]
pub enum Planned {
    /// A chunk to record.
    Chunk(Plan),
    /// Too many notifications for one chunk, sent past the front door: these messages take its place.
    Split(Vec<String>),
}

/// Everything that a chunk will write, under ids that count from zero until it is claimed.
#[derive(Debug)]
pub struct Plan {
    /// Identifies the chunk.
    pub chunk: String,
    /// When it was accepted.
    pub received: Micros,
    /// Its usable notifications, each `message_id` once.
    pub entries: Vec<Entry>,
    /// Elements to set aside, in the order of their places.
    pub rejected: Vec<Rejected>,
    /// All elements as one JSON list, to be kept beside the rows.
    pub body: String,
}

/// One usable notification of a chunk.
#[derive(Debug)]
pub struct Entry {
    /// Its place in the chunk, from 0.
    pub position: u64,
    /// What it says.
    pub notification: Notification,
    /// Which event it is, among others that change the same row.
    pub mark: Mark,
    /// What it does to the ledger.
    pub effect: Option<Effect>,
    /// What is odd about it.
    pub warnings: Vec<Warning>,
    /// The rows that it may make.
    pub rows: Option<Rows>,
    /// What streams collect of it; none where no definition wants it.
    pub event: Option<Event>,
    /// Whether a stream's pipeline made it.
    pub synthetic: bool,
}

/// An element that is set aside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rejected {
    /// Its place in the chunk, from 0.
    pub position: u64,
    /// Why it is of no use.
    pub reason: String,
}

/// Who a chunk comes from.
#[derive(Clone, Copy)]
enum Origin<'a> {
    /// A producer, whose notifications are distilled by these definitions.
    Producer(&'a EventDefinitions),
    /// The verifier, whose echoes are counted and are no events.
    Verifier,
    /// A stream's pipeline, whose events need no distilling.
    Pipeline,
}

impl Origin<'_> {
    fn is_pipeline(self) -> bool {
        matches!(self, Self::Pipeline)
    }

    fn event(self, element: &Value, notification: &Notification, now: Micros) -> Option<Event> {
        match self {
            Self::Verifier => None,
            Self::Pipeline => serde_json::from_value(element.get("event")?.clone()).ok(),
            Self::Producer(definitions) => distilled(definitions, element, notification, now),
        }
    }
}

/// The event of a notification that a producer sent, without what is wrong with it.
fn distilled(
    definitions: &EventDefinitions,
    element: &Value,
    notification: &Notification,
    now: Micros,
) -> Option<Event> {
    let body = open(element).ok()?.body;
    match definitions.distil(&body, now) {
        Distilled::Event { event, warnings } => {
            for warning in warnings {
                tracing::warn!(message.id = event.message_id, "{warning}");
            }
            // The ledger and the streams agree on when it happened.
            Some(Event { timestamp: notification.timestamp, ..event })
        }
        Distilled::Dropped(reason) => {
            tracing::debug!(event.kind = notification.event_type, "no event: {reason}");
            None
        }
    }
}

impl Planned {
    /// Reads a delivery. `now` stands in where neither the message nor the queue says when it was received.
    pub fn of(delivery: &Delivery, definitions: &EventDefinitions, now: Micros) -> Self {
        if let Ok(chunk) = serde_json::from_str::<NotificationChunk>(&delivery.body) {
            let NotificationChunk { chunk, service, received, notifications, echo, synthetic } = chunk;
            let origin = match (synthetic, echo) {
                (true, _) => Origin::Pipeline,
                (false, true) => Origin::Verifier,
                (false, false) => Origin::Producer(definitions),
            };
            return Self::Chunk(Plan::of(chunk, service, received, notifications, origin));
        }
        let chunk = digest::short(&delivery.body);
        let received = delivery.sent_at.unwrap_or(now);
        match packing::elements(delivery.body.as_bytes()) {
            Err(refusal) => {
                Self::Chunk(Plan::set_aside(chunk, received, &delivery.body, &refusal.to_string()))
            }
            Ok(elements) if elements.len() > packing::CHUNK_NOTIFICATIONS => {
                let groups = packing::pack(elements).into_iter().enumerate();
                let messages = groups.map(|(number, group)| {
                    packing::message(&format!("{chunk}-{number}"), delivery.service, received, &group)
                });
                Self::Split(messages.collect())
            }
            Ok(elements) => {
                let values =
                    elements.iter().filter_map(|element| serde_json::from_str(element).ok()).collect();
                let origin = Origin::Producer(definitions);
                Self::Chunk(Plan::of(chunk, delivery.service, received, values, origin))
            }
        }
    }
}

impl Plan {
    fn of(
        chunk: String,
        service: Option<Service>,
        received: Micros,
        elements: Vec<Value>,
        origin: Origin<'_>,
    ) -> Self {
        let body = Value::Array(elements);
        let mut plan =
            Self { chunk, received, entries: Vec::new(), rejected: Vec::new(), body: body.to_string() };
        let mut taken = sequence::CollectionIds::new();
        let mut seen = HashSet::new();
        for (position, element) in (0_u64..).zip(body.as_array().into_iter().flatten()) {
            match Notification::parse(element, service) {
                Err(rejection) => plan.rejected.push(Rejected { position, reason: rejection.to_string() }),
                // A repeat inside one chunk is a duplicate: the first one stands.
                Ok(notification) if !notification.message_id.clone().is_none_or(|id| seen.insert(id)) => {}
                Ok(notification) => {
                    let event = origin.event(element, &notification, received);
                    plan.add(position, notification, event, origin.is_pipeline(), &mut taken);
                }
            }
        }
        plan
    }

    fn set_aside(chunk: String, received: Micros, body: &str, reason: &str) -> Self {
        let rejected = vec![Rejected { position: 0, reason: reason.to_owned() }];
        let body = Value::Array(vec![Value::String(body.to_owned())]).to_string();
        Self { chunk, received, entries: Vec::new(), rejected, body }
    }

    fn add(
        &mut self,
        position: u64,
        notification: Notification,
        event: Option<Event>,
        synthetic: bool,
        taken: &mut sequence::CollectionIds,
    ) {
        let mark = notification.mark(&format!("{}#{position}", self.chunk));
        let result =
            if synthetic { Ok(Interpretation::default()) } else { effect::interpret(&notification, &mark) };
        let (interpretation, rows) = match result {
            Ok(interpretation) => {
                let rows = interpretation.effect.as_ref().map(|effect| {
                    let (collection, count) = rows_of(effect);
                    let next = taken.entry(collection).or_default();
                    let rows = Rows { collection, first: *next, count };
                    *next += count;
                    rows
                });
                (interpretation, rows)
            }
            Err(defect) => {
                let first = self.rejected.len() as u64;
                self.rejected.push(Rejected { position, reason: defect.to_string() });
                (Interpretation::default(), Some(Rows { collection: Collection::Rejected, first, count: 1 }))
            }
        };
        let Interpretation { effect, warnings } = interpretation;
        self.entries.push(Entry { position, notification, mark, effect, warnings, rows, event, synthetic });
    }

    /// How many ids the chunk needs of each collection.
    pub fn wanted(&self) -> sequence::CollectionIds {
        let mut wanted = sequence::CollectionIds::new();
        let places = self.entries.last().map(|entry| entry.position + 1);
        let rejected = self.rejected.len() as u64;
        let rows = self.entries.iter().filter_map(|entry| entry.rows);
        let rows = rows.map(|rows| (rows.collection, rows.first + rows.count));
        let others = places.map(|places| (Collection::Notification, places)).into_iter();
        for (collection, count) in
            others.chain((rejected > 0).then_some((Collection::Rejected, rejected))).chain(rows)
        {
            let most = wanted.entry(collection).or_default();
            *most = count.max(*most);
        }
        wanted
    }
}

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
