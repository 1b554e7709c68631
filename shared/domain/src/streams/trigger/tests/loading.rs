//! What definition files may say.

use std::fmt::Write as _;

use super::*;

#[test]
fn what_is_not_said_has_its_default() {
    let least = trigger("");
    assert_eq!((least.fire_pipeline.as_deref(), least.expire_pipeline.as_deref()), (Some("p"), None));
    assert_eq!((least.fire_delay, least.debug_level), (0, DebugLevel::Off));
    let more = trigger("fire_pipeline:\nexpire_pipeline: q\nfire_delay: 60\ndebug_level: 1");
    assert_eq!((more.fire_pipeline.as_deref(), more.expire_pipeline.as_deref()), (None, Some("q")));
    assert_eq!((more.fire_delay, more.debug_level), (60, DebugLevel::Counts));
}

#[test]
fn triggers_share_by_merge_keys() {
    let text = definition("").replacen('-', "- &first\n ", 1) + "- <<: *first\n  name: u\n  fire_delay: 5\n";
    let loaded = load(&text).expect("it is right");
    let delays: Vec<_> =
        loaded.triggers.iter().map(|trigger| (trigger.name.as_str(), trigger.fire_delay)).collect();
    assert_eq!(delays, [("t", 0), ("u", 5)]);
    assert_eq!(loaded.triggers.named("u").map(|trigger| trigger.fire_delay), Some(5));
    assert_eq!(loaded.triggers.named("v"), None);
}

#[test]
fn a_key_that_nobody_reads_is_ignored_and_said() {
    let text = definition(
        "load_criteria: []\nfire_delai: 5\nmatch_criteria:\n  - event_typ: x\n    traits: {a: {int: '>= 5'}}\nfire_criteria:\n  - traits: {b: c}\n    trait:\n      d: e",
    );
    let warnings: Vec<String> =
        load(&text).expect("it is right").warnings.iter().map(ToString::to_string).collect();
    insta::assert_snapshot!(warnings.join("\n"), @r#"
    triggers.yaml:5: a trigger has no 'fire_delai': ignored
    triggers.yaml:7: a criterion has no 'event_typ': ignored
    triggers.yaml:8: '>=' never holds: there are <, = and >
    triggers.yaml:11: a criterion has no 'trait': ignored
    "#);
}

#[test]
#[expect(clippy::too_many_lines, reason = "a list of mistakes, and what is said of each")]
fn what_is_wrong_is_said_with_file_and_line() {
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
    let mut said = String::new();
    for key in keys {
        let error = load(&definition(key)).expect_err(key);
        let _ = writeln!(said, "{key:?}\n  {error}");
    }
    for text in
        ["t: {}", "- name: ''", "- name: 5", "- expiration: day", "- x", "- name: [\n", "", "# nothing\n"]
    {
        let _ = writeln!(said, "{text:?}\n  {}", load(text).expect_err(text));
    }
    let twice = definition("") + &definition("");
    said.push_str(&load(&twice).expect_err("twice"));
    insta::assert_snapshot!(said, @r##"
    "expiration: $last + 1w"
      triggers.yaml:5: '$last + 1w' is no time expression: column 10: expected a unit: us, s, sec, m, min, h, hr, d, mo, y or yr
    "expiration: week"
      triggers.yaml:5: 'week': there is no function week, only hour, day, month and year
    "expiration: day($next)"
      triggers.yaml:5: 'day($next)': there is no $next here, only $first, $last, $timestamp
    "expiration: 5"
      triggers.yaml:5: expected a time expression, found a whole number
    "expiration:"
      triggers.yaml:1: a trigger needs 'expiration'
    "fire_pipeline:"
      triggers.yaml:1: a trigger needs a fire_pipeline, an expire_pipeline or both
    "fire_pipeline: [p]"
      triggers.yaml:5: expected the name of a pipeline, found a list
    "match_criteria: {}"
      triggers.yaml:5: expected a list of criteria, found a map
    "match_criteria: [a]"
      triggers.yaml:5: expected a criterion, found a text
    "fire_criteria:"
      triggers.yaml:1: a trigger needs 'fire_criteria'
    "match_criteria:\n  - {}\n  - event_type: {a: b}"
      triggers.yaml:7: expected an event type or a list of event types, found a map
    "match_criteria:\n  - event_type: [a, 5]"
      triggers.yaml:6: expected an event type, found a whole number
    "match_criteria:\n  - timestamp: $"
      triggers.yaml:6: '$' is no time expression: column 2: expected the name of a variable
    "fire_criteria: [{number: -1}]"
      triggers.yaml:5: expected a number of events, 0 or more, found a whole number
    "fire_criteria: [{number: many}]"
      triggers.yaml:5: expected a number of events, 0 or more, found a text
    "distinguished_by: instance_id"
      triggers.yaml:6: expected a list of traits, found a text
    "distinguished_by:\n  - a\n  - {b: day, c: day}"
      triggers.yaml:8: expected the name of a trait, or a map of one trait and a time expression
    "distinguished_by: [timestamp: day($last)]"
      triggers.yaml:6: 'day($last)': there is no $last here, only $timestamp
    "distinguished_by: [timestamp: 5]"
      triggers.yaml:6: expected a time expression, found a whole number
    "fire_delay: -1"
      triggers.yaml:6: expected a number of seconds, 0 or more, found a whole number
    "fire_delay: 1.5"
      triggers.yaml:6: expected a number of seconds, 0 or more, found a number
    "debug_level: 3"
      triggers.yaml:6: expected a debug_level of 0, 1 or 2
    "match_criteria: [{map_distinguished_by: {a: [b]}}]"
      triggers.yaml:5: expected the name of a trait, found a list
    "match_criteria: [{traits: [a]}]"
      triggers.yaml:5: expected a map of traits, found a list
    "match_criteria:\n  - traits:\n      a: b\n      memory_mb: {int: '>511'}"
      triggers.yaml:8: expected a whole number, or one of <, = and >, a blank and a whole number
    "match_criteria: [{traits: {a: {int: '1.5'}}}]"
      triggers.yaml:5: expected a whole number, or one of <, = and >, a blank and a whole number
    "match_criteria: [{traits: {a: {int: 1.5}}}]"
      triggers.yaml:5: expected a whole number, or one of <, = and >, a blank and a whole number
    "match_criteria: [{traits: {a: {int: '> x'}}}]"
      triggers.yaml:5: expected a whole number, or one of <, = and >, a blank and a whole number
    "match_criteria: [{traits: {a: {float: nothing}}}]"
      triggers.yaml:5: expected a number, or one of <, = and >, a blank and a number
    "match_criteria: [{traits: {a: {float: '> nan'}}}]"
      triggers.yaml:5: expected a number, or one of <, = and >, a blank and a number
    "match_criteria: [{traits: {a: {int: '> 5', float: '> 5'}}}]"
      triggers.yaml:5: expected exactly one type to compare with
    "match_criteria: [{traits: {a: {}}}]"
      triggers.yaml:5: expected exactly one type to compare with
    "match_criteria: [{traits: {a: {numeric: '> 5'}}}]"
      triggers.yaml:5: unknown type 'numeric': there are string, text, int, float and datetime
    "match_criteria: [{traits: {a: {string: 5}}}]"
      triggers.yaml:5: expected a text, found a whole number
    "match_criteria: [{traits: {a: {datetime: tomorrow}}}]"
      triggers.yaml:5: 'tomorrow': there is no function tomorrow, only hour, day, month and year
    "match_criteria: [{traits: {a: true}}]"
      triggers.yaml:5: no trait is ever a boolean: expected a text, a number, or a map
    "match_criteria: [{traits: {a: }}]"
      triggers.yaml:5: no trait is ever nothing: expected a text, a number, or a map
    "match_criteria: [{traits: {a: [b]}}]"
      triggers.yaml:5: no trait is ever a list: expected a text, a number, or a map
    "match_criteria: [{traits: {a: b, a: c}}]"
      triggers.yaml:5: duplicate mapping key: a not allowed here
    "fire_delay: 99999999999999999999"
      triggers.yaml:6: expected a number of seconds, 0 or more, found a number
    "t: {}"
      triggers.yaml:1: expected a list of triggers, found a map
    "- name: ''"
      triggers.yaml:1: the name is empty
    "- name: 5"
      triggers.yaml:1: expected a name, found a whole number
    "- expiration: day"
      triggers.yaml:1: a trigger needs 'name'
    "- x"
      triggers.yaml:1: expected a trigger, found a text
    "- name: [\n"
      triggers.yaml:1: unclosed bracket '['
    ""
      triggers.yaml:0: the file is empty
    "# nothing\n"
      triggers.yaml:0: the file is empty
    triggers.yaml:6: there are two triggers 't'
    "##);
}

proptest::proptest! {
    #[test]
    fn reading_never_panics(text in "(- name: t\n)?[a-z$:{}\\[\\]&*<>!'\" \n#-]{0,60}") {
        let _ = load(&text);
        let _ = load(&definition(&text));
    }
}
