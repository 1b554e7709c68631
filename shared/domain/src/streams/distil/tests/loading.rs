//! Loading of invalid definition files.

use super::*;

#[test]
fn errors_name_the_file_and_the_line() {
    let mut errors = Vec::new();
    for text in [
        "- traits: {}\n",
        "- event_type: a\n",
        "- event_type: a\n  trait: {}\n",
        "- event_type: {a: b}\n  traits: {}\n",
        "- event_type: a\n  traits:\n    t: {type: int}\n",
        "- event_type: a\n  traits:\n    t:\n      fields: a\n      type: numeric\n",
        "- event_type: a\n  traits:\n    t: {fields: a, typ: int}\n",
        "- event_type: a\n  traits:\n    t: {fields: []}\n",
        "- event_type: a\n  traits:\n    t:\n      fields:\n        - a\n        - a..\n",
        "- event_type: a\n  traits:\n    t:\n      fields: a\n      plugin: cut\n",
        "- event_type: a\n  traits:\n    t:\n      fields: a\n      plugin:\n        parameters: {segment: 1}\n",
        "- event_type: a\n  traits:\n    t:\n      fields: a\n      plugin: {name: split, parameters: {segment: one}}\n",
        "- event_type: a\n  traits: &a\n    t: {fields: 'a['}\n- event_type: b\n  traits:\n    <<: *a\n    u: {fields: a}\n",
        "- event_type: a\n  traits:\n    timestamp: {fields: a}\n",
        "- event_type: a\n  traits:\n    t: {fields: a}\n    t: {fields: b}\n",
        "- event_type: a\n  traits:\n    t\n",
        "- event_type: *a\n  traits: {}\n",
        "event_type: a\ntraits: {}\n",
        "",
    ] {
        let error = try_load(text).expect_err(text);
        errors.push(error.to_string());
    }
    insta::assert_snapshot!(errors.join("\n"), @r#"
    definitions.yaml:1: missing field `event_type`
    definitions.yaml:1: missing field `traits`
    definitions.yaml:2: unknown field `trait`, expected one of event_type, traits
    definitions.yaml:1: invalid type: map, expected a string or a list of strings
    definitions.yaml:3: missing field `fields`
    definitions.yaml:5: unknown type 'numeric': expected text, int, float or datetime
    definitions.yaml:3: unknown field `typ`, expected one of fields, type, plugin
    definitions.yaml:3: a trait requires at least one field
    definitions.yaml:6: invalid path 'a..': unexpected '..'
    definitions.yaml:5: unknown plugin 'cut': expected bitfield or split
    definitions.yaml:6: missing field `name`
    definitions.yaml:5: invalid parameters of 'split': invalid type: string "one", expected i64
    definitions.yaml:3: invalid path 'a[': unexpected '['
    definitions.yaml:3: invalid name 'timestamp' of a trait: it is a field of every event
    definitions.yaml:4: duplicate mapping key: t not allowed here
    definitions.yaml:3: expected mapping start
    definitions.yaml:1: reference to unknown value
    definitions.yaml:1: expected sequence start
    definitions.yaml:0: the file is empty
    "#);
}
