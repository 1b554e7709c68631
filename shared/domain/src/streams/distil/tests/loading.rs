//! What definition files may not say.

use super::*;

#[test]
fn what_is_wrong_is_said_with_its_file_and_line() {
    let mut said = Vec::new();
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
        let error = EventDefinitions::load("definitions.yaml", text).expect_err(text);
        said.push(error.to_string());
    }
    insta::assert_snapshot!(said.join("\n"), @r#"
    definitions.yaml:1: missing field `event_type`
    definitions.yaml:1: missing field `traits`
    definitions.yaml:2: unknown field `trait`, expected one of event_type, traits
    definitions.yaml:1: invalid type: map, expected a text or a list of texts
    definitions.yaml:3: missing field `fields`
    definitions.yaml:5: unknown type 'numeric': there are text, int, float and datetime
    definitions.yaml:3: unknown field `typ`, expected one of fields, type, plugin
    definitions.yaml:3: a trait needs at least one field
    definitions.yaml:6: the path 'a..' cannot be read from '..' on
    definitions.yaml:5: unknown plugin 'cut': there are bitfield and split
    definitions.yaml:6: missing field `name`
    definitions.yaml:5: the parameters of 'split': invalid type: string "one", expected i64
    definitions.yaml:3: the path 'a[' cannot be read from '[' on
    definitions.yaml:3: no trait can be called 'timestamp': every event has its own
    definitions.yaml:4: duplicate mapping key: t not allowed here
    definitions.yaml:3: expected mapping start
    definitions.yaml:1: reference to unknown value
    definitions.yaml:1: expected sequence start
    definitions.yaml:0: the file is empty
    "#);
}
