//! Criteria by examples, distinguishing, and what is wrong with a file.

use super::*;
use crate::streams::trigger::load::triggers;

const SHIPPED: &str = include_str!("../../../config/triggers.yaml");

fn at(text: &str) -> Value {
    Value::Datetime(Micros::parse(text).expect("a time"))
}

/// The record of a day, sent ten minutes after it.
fn event() -> Event {
    let traits = [
        ("memory_mb", Value::Int(512)),
        ("load", Value::Float(0.75)),
        ("state", Value::Text("active".to_owned())),
        ("launched_at", at("2024-03-14 09:00:00")),
        ("audit_period_beginning", at("2024-03-14 00:00:00")),
        ("audit_period_ending", at("2024-03-15 00:00:00")),
        ("instance_id", Value::Text("i-1".to_owned())),
    ];
    Event {
        message_id: "m".to_owned(),
        event_type: "compute.instance.exists".to_owned(),
        timestamp: Micros::parse("2024-03-15 00:10:00").expect("a time"),
        traits: traits.into_iter().map(|(name, value)| (name.to_owned(), value)).collect(),
    }
}

fn trigger(criteria: &str) -> Result<Trigger, LoadError> {
    let text = format!(
        "- name: t\n  expiration: $last + 1h\n  fire_pipeline: p\n  fire_criteria: []\n  match_criteria:\n    - {criteria}\n"
    );
    triggers("triggers.yaml", &text).map(|loaded| loaded.triggers[0].clone())
}

#[test]
fn an_event_matches_the_criteria_that_it_is_all_of() {
    for (criteria, expected) in [
        ("{}", Some(true)),
        ("{event_type: compute.*}", Some(true)),
        ("{event_type: COMPUTE.*}", Some(false)),
        ("{event_type: compute}", Some(false)),
        ("{event_type: compute.instance.exist?}", Some(true)),
        ("{event_type: 'compute.instance.[!a]*'}", Some(true)),
        ("{event_type: '!compute.instance.exists'}", Some(false)),
        ("{event_type: '!compute.instance.update'}", Some(true)),
        ("{event_type: [compute.instance.*, '!compute.instance.exists']}", Some(false)),
        ("{event_type: ['!compute.instance.exists.*', compute.instance.*]}", Some(true)),
        ("{event_type: []}", Some(false)),
        ("{traits: {state: active}}", Some(true)),
        ("{traits: {state: Active}}", Some(false)),
        ("{traits: {state: {string: active}}}", Some(true)),
        ("{traits: {memory_mb: 512}}", Some(true)),
        ("{traits: {memory_mb: '512'}}", Some(false)),
        ("{traits: {memory_mb: {int: 512}}}", Some(true)),
        ("{traits: {memory_mb: {int: '512'}}}", Some(true)),
        ("{traits: {memory_mb: {int: '= 512'}}}", Some(true)),
        ("{traits: {memory_mb: {int: '> 511'}}}", Some(true)),
        ("{traits: {memory_mb: {int: '< 512'}}}", Some(false)),
        ("{traits: {memory_mb: {int: '>511'}}}", None),
        ("{traits: {memory_mb: {int: '1.5'}}}", None),
        ("{traits: {memory_mb: {int: '>= 512'}}}", Some(false)),
        ("{traits: {memory_mb: {int: '!= 5'}}}", Some(false)),
        ("{traits: {memory_mb: {float: '> 511.5'}}}", Some(true)),
        ("{traits: {load: {float: '0.75'}}}", Some(true)),
        ("{traits: {absent: {int: '> 5'}}}", Some(false)),
        ("{traits: {state: {int: '> 5'}}}", Some(false)),
        ("{traits: {launched_at: {datetime: day($audit_period_beginning)}}}", Some(true)),
        ("{traits: {launched_at: {datetime: day}}}", Some(false)),
        ("{traits: {audit_period_ending: {datetime: $audit_period_beginning + 1d}}}", Some(true)),
        (
            "{traits: {audit_period_ending: {datetime: $audit_period_beginning to $audit_period_beginning + 1d}}}",
            Some(false),
        ),
        ("{traits: {launched_at: {datetime: day($deleted_at)}}}", Some(false)),
        ("{timestamp: day($launched_at)}", Some(false)),
        ("{timestamp: day($audit_period_ending)}", Some(true)),
        ("{traits: {state: active, memory_mb: {int: '> 1024'}}}", Some(false)),
        ("{traits: {event_type: compute.instance.exists}}", Some(true)),
        ("{traits: {memory_mb: {int: '> 5', float: '> 5'}}}", None),
        ("{traits: {memory_mb: {numeric: '> 5'}}}", None),
        ("{timestamp: week}", None),
    ] {
        let found = trigger(criteria).ok().map(|trigger| trigger.match_criteria[0].matches(&event()));
        assert_eq!(found, expected, "{criteria}");
    }
}

#[test]
fn the_shipped_trigger_puts_a_record_into_the_stream_of_the_day_that_it_speaks_of() {
    let loaded = Triggers::load("triggers.yaml", SHIPPED).expect("it loads");
    assert!(loaded.warnings().is_empty());
    let trigger = loaded.iter().next().expect("there is one");
    let day = |event: &Event| match trigger.matched(event)?.get("timestamp") {
        Some(Distinguishing::Range(begin, _)) => Some(begin.to_string()),
        _ => None,
    };
    assert_eq!(day(&event()).as_deref(), Some("2024-03-14 00:00:00"));
    let of = |event_type: &str| Event { event_type: event_type.to_owned(), ..event() };
    assert_eq!(day(&of("compute.instance.update")).as_deref(), Some("2024-03-15 00:00:00"));
    for other in ["compute.instance.exists.verified", "compute.instance.exists.failed", "image.update"] {
        assert_eq!(day(&of(other)), None, "{other}");
    }
    let mut nobody = event();
    nobody.traits.remove("instance_id");
    assert_eq!(day(&nobody), None);
    let mut without_period = event();
    without_period.traits.remove("audit_period_beginning");
    assert_eq!(day(&without_period), None, "what is mapped is missing");

    assert_eq!((trigger.met_by(&event()), trigger.met_by(&of("compute.instance.update"))), (vec![0], vec![]));
    assert!(trigger.ready(&[1]) && !trigger.ready(&[0]) && !trigger.ready(&[]));
    let expires = trigger.expiration(Micros(0), Micros(1), Micros(9)).expect("it is a time");
    assert_eq!(expires, Micros(1).plus_seconds(2 * 86_400));
}

#[test]
fn what_is_wrong_is_said_with_its_file_and_line() {
    let whole = "- name: t\n  expiration: $last + 1h\n  fire_pipeline: p\n  fire_criteria: []\n  match_criteria: []\n";
    let without = |line: &str| whole.replacen(&format!("{line}\n"), "", 1);
    for (text, expected) in [
        (without("  expiration: $last + 1h"), "triggers.yaml:1: 'expiration' is missing"),
        (without("  fire_pipeline: p"), "triggers.yaml:1: 'fire_pipeline' or 'expire_pipeline' is missing"),
        (without("  match_criteria: []"), "triggers.yaml:1: 'match_criteria' is missing"),
        (without("  fire_criteria: []"), "triggers.yaml:1: 'fire_criteria' is missing"),
        (whole.replace("name: t", "nmae: t"), "triggers.yaml:1: 'name' is missing"),
        (whole.replace("$last + 1h", "$last + 1w"), "triggers.yaml:2: '$last + 1w'"),
        (whole.replace("$last + 1h", "$nope + 1h"), "triggers.yaml:1: expiration: $nope is none"),
        (format!("{whole}{whole}"), "triggers.yaml:6: there are two triggers 't'"),
        (format!("{whole}  distinguished_by: [5]\n"), "triggers.yaml:6: distinguished_by"),
    ] {
        let refused = Triggers::load("triggers.yaml", &text).expect_err(&text).to_string();
        assert!(refused.starts_with(expected), "{refused}");
    }
    let warned = Triggers::load("triggers.yaml", &format!("{whole}  matchcriteria: []\n")).expect("it loads");
    assert_eq!(warned.warnings()[0].to_string(), "triggers.yaml:1: 'matchcriteria' means nothing here");
}
