//! Pure. Parsing of notifications, which are sent bare, with a routing key, or in an oslo.messaging envelope.

use serde_json::{Map, Value};

use crate::notification::mark::Mark;
use crate::notification::payload::{IDENTIFIER_BYTES, Unreadable, text, time};
use crate::notification::service::Service;
use crate::time::Micros;

/// A valid notification.
#[derive(Clone, Debug, PartialEq)]
pub struct Notification {
    /// The id that is the same at every redelivery. `None` if the producer set none.
    pub message_id: Option<String>,
    /// The kind of event, for example `compute.instance.create.end`.
    pub event_type: String,
    /// The publisher, for example `compute.host-1`.
    pub publisher_id: String,
    /// When the event happened.
    pub timestamp: Micros,
    /// The id of the request that caused the event; empty if there is none.
    pub request_id: String,
    /// The routing key that the notification was delivered with, if it is known.
    pub routing_key: Option<String>,
    /// The service that sent the notification.
    pub service: Service,
    /// The project of the request that caused the event.
    pub context_project_id: Option<String>,
    /// The `deleted_at` beside the payload, which image deletes have.
    pub deleted_at: Option<String>,
    /// The payload: an object, or a text in notifications of errors.
    pub payload: Value,
}

/// The reason why an element is not a valid notification.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Rejection {
    /// The element has none of the three forms.
    #[error("neither an object nor a pair of routing key and object")]
    Shape,
    /// `oslo.message` is not a JSON object.
    #[error("'oslo.message' is not a JSON object")]
    Envelope,
    /// A required field is missing.
    #[error("'{0}' is missing")]
    Missing(&'static str),
    /// A time has the wrong type or format.
    #[error(transparent)]
    Unreadable(#[from] Unreadable),
    /// A text is too long to be part of a key.
    #[error("'{0}' is longer than {IDENTIFIER_BYTES} bytes")]
    TooLong(&'static str),
}

/// The parts of an element.
pub(crate) struct Unwrapped {
    /// The first value of a pair. `None` if the element is not a pair.
    pub(crate) routing_key: Option<Value>,
    /// The notification itself.
    pub(crate) body: Map<String, Value>,
}

/// Unwraps the notification from its pair and its oslo.messaging envelope.
pub(crate) fn unwrap_element(element: &Value) -> Result<Unwrapped, Rejection> {
    let (routing_key, body) = match element {
        Value::Array(pair) => match pair.as_slice() {
            [routing_key, body] => (Some(routing_key.clone()), body),
            _ => return Err(Rejection::Shape),
        },
        _ => (None, element),
    };
    let body = body.as_object().ok_or(Rejection::Shape)?;
    let body = match body.get("oslo.message") {
        None => body.clone(),
        Some(Value::Object(message)) => message.clone(),
        Some(Value::String(message)) => serde_json::from_str(message).map_err(|_| Rejection::Envelope)?,
        Some(_) => return Err(Rejection::Envelope),
    };
    Ok(Unwrapped { routing_key, body })
}

impl Notification {
    /// Parses one element. Without a given service, `image.*` notifications are glance's and all others nova's.
    pub fn parse(element: &Value, service: Option<Service>) -> Result<Self, Rejection> {
        let unwrapped = unwrap_element(element)?;
        let routing_key = match unwrapped.routing_key {
            Some(Value::String(key)) if !key.is_empty() => Some(key),
            _ => None,
        };
        let mut body = Value::Object(unwrapped.body);
        let event_type = text(&body, "event_type").ok_or(Rejection::Missing("event_type"))?;
        let timestamp = match time(&body, "timestamp")? {
            Some(at) => at,
            None => time(&body, "_context_timestamp")?.ok_or(Rejection::Missing("timestamp"))?,
        };
        let notification = Self {
            message_id: text(&body, "message_id"),
            publisher_id: text(&body, "publisher_id").ok_or(Rejection::Missing("publisher_id"))?,
            timestamp,
            request_id: text(&body, "_context_request_id").unwrap_or_default(),
            routing_key,
            service: service.unwrap_or_else(|| service_of(&event_type)),
            context_project_id: text(&body, "_context_project_id"),
            deleted_at: text(&body, "deleted_at"),
            payload: match body.get_mut("payload").map(Value::take) {
                None | Some(Value::Null) => Value::Object(Map::new()),
                Some(payload) => payload,
            },
            event_type,
        };
        notification.check_identifiers()?;
        Ok(notification)
    }

    /// Returns the notification's place in the order of events. `fallback` replaces a missing `message_id`.
    pub fn mark(&self, fallback: &str) -> Mark {
        Mark { at: self.timestamp, message: self.message_id.clone().unwrap_or_else(|| fallback.to_owned()) }
    }

    /// Returns the UUID of the instance that the notification is about.
    pub fn instance(&self) -> Option<String> {
        let payload = &self.payload;
        let within = |path: &str, name: &str| payload.pointer(path).and_then(|object| text(object, name));
        match self.service {
            Service::Nova => {
                let name =
                    if payload.get("instance_uuid").is_some() { "instance_uuid" } else { "instance_id" };
                text(payload, name)
                    .or_else(|| within("/exception/kwargs", "uuid"))
                    .or_else(|| within("/instance", "uuid"))
            }
            Service::Glance => within("/properties", "instance_uuid"),
        }
    }

    /// Returns the UUID of the image that the notification is about; `None` for nova.
    pub fn image(&self) -> Option<String> {
        match self.service {
            Service::Nova => None,
            Service::Glance => text(&self.payload, "id"),
        }
    }

    /// Returns the tenant of the instance or the owner of the image.
    pub fn tenant(&self) -> Option<String> {
        match self.service {
            Service::Nova => text(&self.payload, "tenant_id").or_else(|| self.context_project_id.clone()),
            Service::Glance => text(&self.payload, "owner"),
        }
    }

    fn check_identifiers(&self) -> Result<(), Rejection> {
        let (instance, image) = (self.instance(), self.image());
        for (name, value) in [
            ("event_type", Some(&self.event_type)),
            ("message_id", self.message_id.as_ref()),
            ("_context_request_id", Some(&self.request_id)),
            ("instance", instance.as_ref()),
            ("id", image.as_ref()),
        ] {
            if value.is_some_and(|text| text.len() > IDENTIFIER_BYTES) {
                return Err(Rejection::TooLong(name));
            }
        }
        Ok(())
    }
}

fn service_of(event_type: &str) -> Service {
    if event_type.starts_with("image.") { Service::Glance } else { Service::Nova }
}

#[cfg(test)]
pub(crate) mod tests;
