//! Matching, distinguishing and completing.

use super::*;

fn matched(criterion: &str) -> bool {
    trigger(&format!("match_criteria: [{criterion}]")).match_event(&exists()).is_ok()
}

#[test]
fn criteria_match_types_times_and_traits() {
    for (criterion, expected) in [
        ("{}", true),
        ("{event_type: compute.*}", true),
        ("{event_type: COMPUTE.*}", false),
        ("{event_type: compute}", false),
        ("{event_type: compute.instance.exist?}", true),
        ("{event_type: 'compute.instance.[!a]*'}", true),
        ("{event_type: '!compute.instance.exists'}", false),
        ("{event_type: '!compute.instance.update'}", true),
        ("{event_type: [compute.instance.*, '!compute.instance.exists']}", false),
        ("{event_type: ['!compute.instance.exists.*', compute.instance.*]}", true),
        ("{event_type: []}", false),
        ("{traits: {state: active}}", true),
        ("{traits: {state: Active}}", false),
        ("{traits: {state: {string: active}}}", true),
        ("{traits: {state: {text: deleted}}}", false),
        ("{traits: {memory_mb: 512}}", true),
        ("{traits: {memory_mb: '512'}}", false),
        ("{traits: {memory_mb: {int: 512}}}", true),
        ("{traits: {memory_mb: {int: '512'}}}", true),
        ("{traits: {memory_mb: {int: '= 512'}}}", true),
        ("{traits: {memory_mb: {int: '> 511'}}}", true),
        ("{traits: {memory_mb: {int: '> 512'}}}", false),
        ("{traits: {memory_mb: {int: '< 512'}}}", false),
        ("{traits: {memory_mb: {int: '>= 512'}}}", false),
        ("{traits: {memory_mb: {int: '!= 5'}}}", false),
        ("{traits: {memory_mb: {float: '> 511.5'}}}", true),
        ("{traits: {load: {float: '0.75'}}}", true),
        ("{traits: {load: 0.75}}", true),
        ("{traits: {load: {float: '< 1'}}}", true),
        ("{traits: {load: {int: '> 0'}}}", true),
        ("{traits: {absent: {int: '> 5'}}}", false),
        // To the original, every text was greater than every number.
        ("{traits: {state: {int: '> 5'}}}", false),
        ("{traits: {launched_at: {datetime: day($audit_period_beginning)}}}", true),
        ("{traits: {launched_at: {datetime: day}}}", false),
        ("{traits: {audit_period_ending: {datetime: $audit_period_beginning + 1d}}}", true),
        (
            "{traits: {audit_period_ending: {datetime: $audit_period_beginning to $audit_period_beginning + 1d}}}",
            false,
        ),
        ("{traits: {launched_at: {datetime: day($deleted_at)}}}", false),
        ("{traits: {launched_at: {datetime: day($state)}}}", false),
        ("{traits: {state: {datetime: day}}}", false),
        ("{timestamp: day($launched_at)}", false),
        ("{timestamp: day($audit_period_ending)}", true),
        ("{traits: {state: active, memory_mb: {int: '> 1024'}}}", false),
        ("{traits: {event_type: compute.instance.exists}}", true),
        // 31 February does not exist and contains no time.
        ("{timestamp: $audit_period_beginning @ 2mo 31d}", false),
    ] {
        assert_eq!(matched(criterion), expected, "{criterion}");
    }
}

#[test]
fn a_mismatch_names_the_failed_condition_of_each_criterion() {
    let trigger = trigger(
        "match_criteria:\n  - event_type: image.*\n  - timestamp: day($launched_at)\n  - traits: {state: deleted, load: 1}",
    );
    let mismatches = trigger.match_event(&exists()).expect_err("no criterion matches");
    let reasons: Vec<String> = mismatches.iter().map(ToString::to_string).collect();
    assert_eq!(reasons, ["Wrong event type", "Not in timerange", "not 'load'"]);
}

#[test]
fn streams_are_distinguished_by_values_and_by_ranges() {
    let trigger =
        trigger("distinguished_by: [state, memory_mb, timestamp: day, launched_at: $timestamp @ 0m]");
    let distinguished = trigger.match_event(&exists()).expect("the event matches");
    let (begin, end) = (at("2024-03-15 00:00:00"), at("2024-03-16 00:00:00"));
    let expected = [
        ("launched_at", DistinguishingValue::Value(Value::Datetime(at("2024-03-14 09:00:00")))),
        ("memory_mb", DistinguishingValue::Value(Value::Int(512))),
        ("state", DistinguishingValue::Value(Value::Text("active".to_owned()))),
        ("timestamp", DistinguishingValue::Range(TimeRange { begin, end })),
    ];
    let expected = expected.map(|(name, value)| (name.to_owned(), value));
    assert_eq!(distinguished, BTreeMap::from(expected));

    let stored = serde_json::to_string(&distinguished).expect("valid JSON");
    insta::assert_snapshot!(stored, @r#"{"launched_at":{"v":{"d":1710406800000000}},"memory_mb":{"v":{"i":512}},"state":{"v":{"s":"active"}},"timestamp":{"r":{"b":1710460800000000,"e":1710547200000000}}}"#);
    assert_eq!(serde_json::from_str::<DistinguishingTraits>(&stored).ok(), Some(distinguished));
}

#[test]
fn without_distinguishing_traits_there_is_one_stream() {
    let distinguished = trigger("distinguished_by: []").match_event(&exists()).expect("the event matches");
    assert!(distinguished.is_empty());
}

#[test]
fn the_first_matching_criterion_maps_distinguishing_traits() {
    let keys = |map: &str| {
        format!("distinguished_by: [timestamp: day]\nmatch_criteria: [{{event_type: image.*}}, {map}, {{}}]")
    };
    let day = |map: &str| match trigger(&keys(map)).match_event(&exists())?.remove("timestamp") {
        Some(DistinguishingValue::Range(range)) => Ok(range.begin.to_string()),
        other => panic!("{other:?}"),
    };
    assert_eq!(day("{traits: {state: deleted}}"), Ok("2024-03-15 00:00:00".to_owned()));
    let to_beginning = "{map_distinguished_by: {timestamp: audit_period_beginning}}";
    assert_eq!(day(to_beginning), Ok("2024-03-14 00:00:00".to_owned()));
    let to_nothing = "{map_distinguished_by: {timestamp: deleted_at}}";
    assert_eq!(day(to_nothing), Err(vec![Mismatch::Trait { name: "deleted_at".to_owned() }]));
    let to_text = "{map_distinguished_by: {timestamp: state}}";
    assert_eq!(day(to_text), Err(vec![Mismatch::Trait { name: "state".to_owned() }]));
}

#[test]
fn a_mapped_distinguishing_trait_is_required_under_its_own_name_too() {
    let keys =
        "distinguished_by: [deleted_at]\nmatch_criteria: [{map_distinguished_by: {deleted_at: launched_at}}]";
    let mut event = exists();
    assert_eq!(
        trigger(keys).match_event(&event),
        Err(vec![Mismatch::Trait { name: "deleted_at".to_owned() }])
    );
    event.traits.insert("deleted_at".to_owned(), Value::Text(String::new()));
    assert!(trigger(keys).match_event(&event).is_ok());
}

#[test]
fn a_stream_is_complete_when_enough_events_meet_each_criterion() {
    let keys = "fire_criteria:\n  - event_type: compute.instance.exists\n  - traits: {state: active}\n    number: 3\n  - event_type: image.*";
    let trigger = trigger(keys);
    assert_eq!(trigger.fire_criteria_met_by(&exists()), vec![0, 1]);
    for (counts, expected) in [
        (&[1, 3, 1][..], true),
        (&[2, 4, 1], true),
        (&[1, 2, 1], false),
        (&[0, 3, 1], false),
        (&[1, 3, 0], false),
        (&[1, 3], false),
        (&[], false),
    ] {
        assert_eq!(trigger.is_complete(counts), expected, "{counts:?}");
    }
}

#[test]
fn without_fire_criteria_a_stream_is_complete_at_once() {
    assert!(trigger("fire_criteria: []").is_complete(&[]));
    assert!(trigger("fire_criteria: [{number: 0}]").is_complete(&[0]));
}

#[test]
fn the_expiration_is_a_time_or_the_begin_of_a_range() {
    let times = EventTimes { first: at("2024-03-14 22:05:00"), last: at("2024-03-15 10:20:30") };
    let now = at("2024-03-20 12:00:00");
    for (expiration, expected) in [
        ("$last + 2d", "2024-03-17 10:20:30"),
        ("$first + 1h", "2024-03-14 23:05:00"),
        ("$timestamp + 1h", "2024-03-20 13:00:00"),
        ("day($last) + 1d", "2024-03-16 00:00:00"),
        ("day", "2024-03-20 00:00:00"),
    ] {
        let trigger = trigger(&format!("expiration: {expiration}"));
        assert_eq!(trigger.expiration(times, now), Ok(at(expected)), "{expiration}");
    }
    let never = trigger("expiration: $last + 99999y").expiration(times, now);
    assert!(matches!(never, Err(EvaluationError::NoSuchTime { .. })), "{never:?}");
}
