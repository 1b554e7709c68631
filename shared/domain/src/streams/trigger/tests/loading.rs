//! Loading of trigger files.

use std::fmt::Write as _;

use super::*;

#[test]
fn optional_keys_have_defaults() {
    let minimal = trigger("");
    assert_eq!((minimal.fire_pipeline.as_deref(), minimal.expire_pipeline.as_deref()), (Some("p"), None));
    assert_eq!((minimal.fire_delay, minimal.debug_level), (0, DebugLevel::Off));
    let more = trigger("fire_pipeline:\nexpire_pipeline: q\nfire_delay: 60\ndebug_level: 1");
    assert_eq!((more.fire_pipeline.as_deref(), more.expire_pipeline.as_deref()), (None, Some("q")));
    assert_eq!((more.fire_delay, more.debug_level), (60, DebugLevel::Counts));
}

#[test]
fn merge_keys_share_definitions() {
    let text = definition("").replacen('-', "- &first\n ", 1) + "- <<: *first\n  name: u\n  fire_delay: 5\n";
    let loaded = load(&text).expect("a valid file");
    let delays: Vec<_> =
        loaded.triggers.iter().map(|trigger| (trigger.name.as_str(), trigger.fire_delay)).collect();
    assert_eq!(delays, [("t", 0), ("u", 5)]);
    assert_eq!(loaded.triggers.get("u").map(|trigger| trigger.fire_delay), Some(5));
    assert_eq!(loaded.triggers.get("v"), None);
}

#[test]
fn unknown_keys_are_ignored_with_a_warning() {
    let text = definition(
        "load_criteria: []\nfire_delai: 5\nmatch_criteria:\n  - event_typ: x\n    traits: {a: {int: '>= 5'}}\nfire_criteria:\n  - traits: {b: c}\n    trait:\n      d: e",
    );
    let warnings: Vec<String> =
        load(&text).expect("a valid file").warnings.iter().map(ToString::to_string).collect();
    insta::assert_snapshot!(warnings.join("\n"), @r#"
    triggers.yaml:5: unknown key 'fire_delai' of a trigger: ignored
    triggers.yaml:7: unknown key 'event_typ' of a criterion: ignored
    triggers.yaml:8: unknown operator '>=' is never true: expected <, = or >
    triggers.yaml:11: unknown key 'trait' of a criterion: ignored
    "#);
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table of invalid definitions and their errors")]
fn errors_name_the_file_and_the_line() {
    let keys = [
        "expiration: $last + 1w",
        "expiration: week",
        "expiration: day($next)",
        "expiration: 5",
        "expiration:",
        "fire_pipeline:",
        "fire_pipeline: [p]",
        "match_criteria: {}",
        "match_criteria: [a]",
        "fire_criteria:",
        "match_criteria:\n  - {}\n  - event_type: {a: b}",
        "match_criteria:\n  - event_type: [a, 5]",
        "match_criteria:\n  - timestamp: $",
        "fire_criteria: [{number: -1}]",
        "fire_criteria: [{number: many}]",
        "distinguished_by: instance_id",
        "distinguished_by:\n  - a\n  - {b: day, c: day}",
        "distinguished_by: [timestamp: day($last)]",
        "distinguished_by: [timestamp: 5]",
        "fire_delay: -1",
        "fire_delay: 1.5",
        "debug_level: 3",
        "match_criteria: [{map_distinguished_by: {a: [b]}}]",
        "match_criteria: [{traits: [a]}]",
        "match_criteria:\n  - traits:\n      a: b\n      memory_mb: {int: '>511'}",
        "match_criteria: [{traits: {a: {int: '1.5'}}}]",
        "match_criteria: [{traits: {a: {int: 1.5}}}]",
        "match_criteria: [{traits: {a: {int: '> x'}}}]",
        "match_criteria: [{traits: {a: {float: nothing}}}]",
        "match_criteria: [{traits: {a: {float: '> nan'}}}]",
        "match_criteria: [{traits: {a: {int: '> 5', float: '> 5'}}}]",
        "match_criteria: [{traits: {a: {}}}]",
        "match_criteria: [{traits: {a: {numeric: '> 5'}}}]",
        "match_criteria: [{traits: {a: {string: 5}}}]",
        "match_criteria: [{traits: {a: {datetime: tomorrow}}}]",
        "match_criteria: [{traits: {a: true}}]",
        "match_criteria: [{traits: {a: }}]",
        "match_criteria: [{traits: {a: [b]}}]",
        "match_criteria: [{traits: {a: b, a: c}}]",
        "fire_delay: 99999999999999999999",
    ];
    let mut errors = String::new();
    for key in keys {
        let error = load(&definition(key)).expect_err(key);
        let _ = writeln!(errors, "{key:?}\n  {error}");
    }
    for text in
        ["t: {}", "- name: ''", "- name: 5", "- expiration: day", "- x", "- name: [\n", "", "# nothing\n"]
    {
        let _ = writeln!(errors, "{text:?}\n  {}", load(text).expect_err(text));
    }
    let duplicate = definition("") + &definition("");
    errors.push_str(&load(&duplicate).expect_err("a duplicate trigger"));
    insta::assert_snapshot!(errors, @r##"
    "expiration: $last + 1w"
      triggers.yaml:5: invalid time expression '$last + 1w': column 10: expected a unit: us, s, sec, m, min, h, hr, d, mo, y or yr
    "expiration: week"
      triggers.yaml:5: invalid time expression 'week': unknown function week: expected hour, day, month or year
    "expiration: day($next)"
      triggers.yaml:5: invalid time expression 'day($next)': unknown variable $next: expected $first, $last, $timestamp
    "expiration: 5"
      triggers.yaml:5: expected a time expression, found an integer
    "expiration:"
      triggers.yaml:1: a trigger requires 'expiration'
    "fire_pipeline:"
      triggers.yaml:1: a trigger requires 'fire_pipeline', 'expire_pipeline' or both
    "fire_pipeline: [p]"
      triggers.yaml:5: expected the name of a pipeline, found a list
    "match_criteria: {}"
      triggers.yaml:5: expected a list of criteria, found a map
    "match_criteria: [a]"
      triggers.yaml:5: expected a criterion, found a string
    "fire_criteria:"
      triggers.yaml:1: a trigger requires 'fire_criteria'
    "match_criteria:\n  - {}\n  - event_type: {a: b}"
      triggers.yaml:7: expected an event type or a list of event types, found a map
    "match_criteria:\n  - event_type: [a, 5]"
      triggers.yaml:6: expected an event type, found an integer
    "match_criteria:\n  - timestamp: $"
      triggers.yaml:6: invalid time expression '$': column 2: expected the name of a variable
    "fire_criteria: [{number: -1}]"
      triggers.yaml:5: expected a number of events, 0 or more, found an integer
    "fire_criteria: [{number: many}]"
      triggers.yaml:5: expected a number of events, 0 or more, found a string
    "distinguished_by: instance_id"
      triggers.yaml:6: expected a list of traits, found a string
    "distinguished_by:\n  - a\n  - {b: day, c: day}"
      triggers.yaml:8: expected the name of a trait, or a map of one trait to a time expression
    "distinguished_by: [timestamp: day($last)]"
      triggers.yaml:6: invalid time expression 'day($last)': unknown variable $last: expected $timestamp
    "distinguished_by: [timestamp: 5]"
      triggers.yaml:6: expected a time expression, found an integer
    "fire_delay: -1"
      triggers.yaml:6: expected a number of seconds, 0 or more, found an integer
    "fire_delay: 1.5"
      triggers.yaml:6: expected a number of seconds, 0 or more, found a number
    "debug_level: 3"
      triggers.yaml:6: expected a debug_level of 0, 1 or 2
    "match_criteria: [{map_distinguished_by: {a: [b]}}]"
      triggers.yaml:5: expected the name of a trait, found a list
    "match_criteria: [{traits: [a]}]"
      triggers.yaml:5: expected a map of traits, found a list
    "match_criteria:\n  - traits:\n      a: b\n      memory_mb: {int: '>511'}"
      triggers.yaml:8: expected an integer or a comparison such as '> 5'
    "match_criteria: [{traits: {a: {int: '1.5'}}}]"
      triggers.yaml:5: expected an integer or a comparison such as '> 5'
    "match_criteria: [{traits: {a: {int: 1.5}}}]"
      triggers.yaml:5: expected an integer or a comparison such as '> 5'
    "match_criteria: [{traits: {a: {int: '> x'}}}]"
      triggers.yaml:5: expected an integer or a comparison such as '> 5'
    "match_criteria: [{traits: {a: {float: nothing}}}]"
      triggers.yaml:5: expected a number or a comparison such as '> 5'
    "match_criteria: [{traits: {a: {float: '> nan'}}}]"
      triggers.yaml:5: expected a number or a comparison such as '> 5'
    "match_criteria: [{traits: {a: {int: '> 5', float: '> 5'}}}]"
      triggers.yaml:5: expected exactly one type in the map
    "match_criteria: [{traits: {a: {}}}]"
      triggers.yaml:5: expected exactly one type in the map
    "match_criteria: [{traits: {a: {numeric: '> 5'}}}]"
      triggers.yaml:5: unknown type 'numeric': expected string, text, int, float or datetime
    "match_criteria: [{traits: {a: {string: 5}}}]"
      triggers.yaml:5: expected a string, found an integer
    "match_criteria: [{traits: {a: {datetime: tomorrow}}}]"
      triggers.yaml:5: invalid time expression 'tomorrow': unknown function tomorrow: expected hour, day, month or year
    "match_criteria: [{traits: {a: true}}]"
      triggers.yaml:5: expected a string, a number or a map, found a boolean
    "match_criteria: [{traits: {a: }}]"
      triggers.yaml:5: expected a string, a number or a map, found null
    "match_criteria: [{traits: {a: [b]}}]"
      triggers.yaml:5: expected a string, a number or a map, found a list
    "match_criteria: [{traits: {a: b, a: c}}]"
      triggers.yaml:5: duplicate mapping key: a not allowed here
    "fire_delay: 99999999999999999999"
      triggers.yaml:6: expected a number of seconds, 0 or more, found a number
    "t: {}"
      triggers.yaml:1: expected a list of triggers, found a map
    "- name: ''"
      triggers.yaml:1: the name is empty
    "- name: 5"
      triggers.yaml:1: expected a name, found an integer
    "- expiration: day"
      triggers.yaml:1: a trigger requires 'name'
    "- x"
      triggers.yaml:1: expected a trigger, found a string
    "- name: [\n"
      triggers.yaml:1: unclosed bracket '['
    ""
      triggers.yaml:0: the file is empty
    "# nothing\n"
      triggers.yaml:0: the file is empty
    triggers.yaml:6: duplicate trigger 't'
    "##);
}

proptest::proptest! {
    #[test]
    fn loading_never_panics(text in "(- name: t\n)?[a-z$:{}\\[\\]&*<>!'\" \n#-]{0,60}") {
        let _ = load(&text);
        let _ = load(&definition(&text));
    }
}
