//! The triggers that ship with Steward.

use super::*;

fn shipped() -> Trigger {
    let loaded = load(SHIPPED).expect("a valid file");
    assert_eq!(loaded.warnings, []);
    let names: Vec<&str> = loaded.triggers.iter().map(|trigger| trigger.name.as_str()).collect();
    assert_eq!(names, ["test_trigger"]);
    loaded.triggers.get("test_trigger").expect("the trigger is defined").clone()
}

fn event(event_type: &str, timestamp: &str) -> Event {
    let mut event = Event { event_type: event_type.to_owned(), timestamp: at(timestamp), ..exists() };
    event.traits.insert("instance_id".to_owned(), Value::Text("i-1".to_owned()));
    event
}

#[test]
fn shipped_trigger_runs_the_test_pipelines_and_expires_after_two_days() {
    let trigger = shipped();
    assert_eq!(trigger.fire_pipeline.as_deref(), Some("test_fire_pipeline"));
    assert_eq!(trigger.expire_pipeline.as_deref(), Some("test_expire_pipeline"));
    assert_eq!((trigger.fire_delay, trigger.debug_level), (0, DebugLevel::Reasons));
    let last = at("2024-03-15 10:20:30");
    let times = EventTimes { first: at("2024-03-14 00:00:00"), last };
    assert_eq!(trigger.expiration(times, last), Ok(at("2024-03-17 10:20:30")));
}

#[test]
fn shipped_trigger_collects_the_events_of_an_instance() {
    for (event_type, expected) in [
        ("compute.instance.create.start", true),
        ("compute.instance.exists", true),
        ("snapshot_instance", true),
        ("rebuild_instance", true),
        ("keypair.import.end", true),
        ("compute.instance.exists.verified", false),
        ("compute.instance.exists.failed", false),
        ("compute.instance.exists.warnings", false),
        ("scheduler.run_instance.end", false),
        ("image.upload", false),
    ] {
        let event = event(event_type, "2024-03-14 12:00:00");
        assert_eq!(shipped().match_event(&event).is_ok(), expected, "{event_type}");
    }
    assert!(shipped().match_event(&exists()).is_err(), "without an instance_id");
}

#[test]
fn a_daily_usage_record_joins_and_completes_the_stream_of_its_day() {
    let trigger = shipped();
    let update = event("compute.instance.update", "2024-03-14 23:59:59.999999");
    let mut record = event("compute.instance.exists", "2024-03-15 00:10:00");
    assert_eq!(trigger.match_event(&update), trigger.match_event(&record));
    assert_ne!(
        trigger.match_event(&update),
        trigger.match_event(&event("compute.instance.update", "2024-03-15 00:00:00"))
    );

    assert_eq!(
        (trigger.fire_criteria_met_by(&update), trigger.fire_criteria_met_by(&record)),
        (vec![], vec![0])
    );
    assert!(trigger.is_complete(&[1]) && !trigger.is_complete(&[0]));
    // The day need not begin at midnight.
    for (name, time) in
        [("audit_period_beginning", "2024-03-14 05:00:00"), ("audit_period_ending", "2024-03-15 05:00:00")]
    {
        record.traits.insert(name.to_owned(), Value::Datetime(at(time)));
    }
    assert_eq!(trigger.fire_criteria_met_by(&record), [0]);
    record.traits.insert("audit_period_ending".to_owned(), Value::Datetime(at("2024-03-15 04:00:00")));
    assert_eq!(trigger.fire_criteria_met_by(&record), [0_usize; 0]);
}
