//! Pure. Streams and events as JSON.

use domain::notification::event::{Event, Value};
use domain::streams::stream::Head;
use domain::streams::timex::TimeRange;
use domain::streams::trigger::DistinguishingValue;
use domain::time::Micros;
use serde_json::{Map, Value as Json, json};

use crate::iso8601;

/// The order of a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// The oldest first.
    Ascending,
    /// The newest first.
    Descending,
}

/// Returns the mark of an item: the next page begins after it.
pub fn mark(id: u64, order: Order) -> String {
    match order {
        Order::Ascending => format!("+{id:x}"),
        Order::Descending => format!("{id:x}"),
    }
}

/// Returns a stream, with its events if they are given.
pub fn stream(head: &Head, order: Order, events: Option<&[Event]>) -> Json {
    let traits: Map<_, _> =
        head.traits.iter().map(|(name, value)| (name.clone(), distinguishing(value))).collect();
    let mut stream = json!({
        "_mark": mark(head.id, order),
        "id": head.id,
        "name": head.trigger,
        "state": head.state.name(),
        "first_event": datetime(head.first),
        "last_event": datetime(head.last),
        "fire_timestamp": head.fires.map(datetime),
        "expire_timestamp": datetime(head.expires),
        "distinguishing_traits": traits,
    });
    if let Some(events) = events {
        stream["events"] = events.iter().map(event).collect();
    }
    stream
}

/// Returns an event as a flat object.
pub fn event(event: &Event) -> Json {
    let mut members: Map<_, _> =
        event.traits.iter().map(|(name, trait_)| (name.clone(), value(trait_))).collect();
    members.insert("message_id".to_owned(), json!(event.message_id));
    members.insert("event_type".to_owned(), json!(event.event_type));
    members.insert("timestamp".to_owned(), datetime(event.timestamp));
    Json::Object(members)
}

/// Returns an event of a list, with its mark.
pub fn listed_event(id: u64, event: &Event, order: Order) -> Json {
    let mut listed = self::event(event);
    listed["_mark"] = json!(mark(id, order));
    listed
}

fn value(value: &Value) -> Json {
    match value {
        Value::Text(text) => json!(text),
        Value::Int(number) => json!(number),
        Value::Float(number) => json!(number),
        Value::Datetime(at) => datetime(*at),
    }
}

fn distinguishing(value: &DistinguishingValue) -> Json {
    match value {
        DistinguishingValue::Value(value) => self::value(value),
        DistinguishingValue::Range(TimeRange { begin, end }) => {
            json!({"__type__": "timex.TimeRange", "begin": iso8601::format(*begin), "end": iso8601::format(*end)})
        }
    }
}

fn datetime(at: Micros) -> Json {
    json!({"__type__": "datetime", "datetime": iso8601::format(at)})
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[test]
    fn a_stream_has_the_documented_members_in_the_documented_types() {
        let day = |day: i64| Micros(day * 86_400_000_000);
        let traits = BTreeMap::from([
            ("instance_id".to_owned(), DistinguishingValue::Value(Value::Text("i-1".to_owned()))),
            ("timestamp".to_owned(), DistinguishingValue::Range(TimeRange { begin: day(0), end: day(1) })),
        ]);
        let mut head = Head::new(0x27a, "test_trigger", traits, None, day(0));
        (head.first, head.last, head.expires) = (day(0), Micros(500_000), day(2));
        let event = Event {
            message_id: "m".to_owned(),
            event_type: "e".to_owned(),
            timestamp: day(0),
            traits: BTreeMap::from([
                ("memory_mb".to_owned(), Value::Int(512)),
                ("load".to_owned(), Value::Float(0.5)),
            ]),
        };
        let expected = json!({
            "_mark": "27a",
            "id": 634,
            "name": "test_trigger",
            "state": "active",
            "first_event": {"__type__": "datetime", "datetime": "1970-01-01T00:00:00"},
            "last_event": {"__type__": "datetime", "datetime": "1970-01-01T00:00:00.500000"},
            "fire_timestamp": null,
            "expire_timestamp": {"__type__": "datetime", "datetime": "1970-01-03T00:00:00"},
            "distinguishing_traits": {
                "instance_id": "i-1",
                "timestamp": {"__type__": "timex.TimeRange", "begin": "1970-01-01T00:00:00", "end": "1970-01-02T00:00:00"},
            },
            "events": [{
                "message_id": "m",
                "event_type": "e",
                "timestamp": {"__type__": "datetime", "datetime": "1970-01-01T00:00:00"},
                "memory_mb": 512,
                "load": 0.5,
            }],
        });
        assert_eq!(stream(&head, Order::Descending, Some(&[event])), expected);
        assert_eq!(stream(&head, Order::Ascending, None)["_mark"], "+27a");
    }
}
