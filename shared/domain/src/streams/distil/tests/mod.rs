//! Distilling of whole notifications.

mod examples;
mod loading;
mod shipped;

use serde_json::{Map, Value as Json, json};

use super::{Distilled, DropReason, EventDefinitions, ValueWarning};
use crate::notification::event::{Event, Value};
use crate::streams::definition_file::{DefinitionFile, LoadError};
use crate::time::Micros;

const NOW: Micros = Micros(1_711_000_000_000_000);

fn try_load(text: &str) -> Result<EventDefinitions, LoadError> {
    EventDefinitions::load(&DefinitionFile::new("definitions.yaml", text))
}

fn load(text: &str) -> EventDefinitions {
    try_load(text).expect(text)
}

fn map(value: Json) -> Map<String, Json> {
    let Json::Object(map) = value else { panic!("a notification is an object") };
    map
}

/// The notification of the documented examples.
fn notification() -> Map<String, Json> {
    map(json!({
        "event_type": "compute.instance.create.end",
        "message_id": "m-1",
        "timestamp": "2024-03-15 12:00:00.5",
        "publisher_id": "compute.node7.dc1",
        "_context_tenant": "ctx-t",
        "_context_request_id": "req-9",
        "payload": {
            "tenant_id": "t-1", "memory_mb": 512, "disk": "20", "weight": "1.25", "empty": "", "nul": null,
            "flag": true, "state": "active", "big": 3.9,
            "launched_at": "2024-03-15T12:20:30+02:00", "d": "2024-03-15",
            "image_meta": {"org.openstack__1__os_distro": "com.ubuntu"},
            "ips": [{"address": "10.0.0.1"}, {"address": "10.0.0.2"}],
            "bandwidth": {"public": {"bw_in": 7}}
        }
    }))
}

fn event(definitions: &EventDefinitions, notification: &Map<String, Json>) -> (Event, Vec<ValueWarning>) {
    match definitions.distil(notification, NOW) {
        Distilled::Event { event, warnings } => (event, warnings),
        Distilled::Dropped(reason) => panic!("{reason}"),
    }
}

fn dropped(definitions: &EventDefinitions, notification: &Map<String, Json>) -> DropReason {
    match definitions.distil(notification, NOW) {
        Distilled::Event { event, .. } => panic!("{event:?}"),
        Distilled::Dropped(reason) => reason,
    }
}

fn text(text: &str) -> Value {
    Value::Text(text.to_owned())
}

fn at(text: &str) -> Value {
    Value::Datetime(Micros::parse(text).expect(text))
}
