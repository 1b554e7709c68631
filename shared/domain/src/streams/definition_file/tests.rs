//! The YAML forms that definition files share.

use std::collections::BTreeMap;

use serde_json::{Value as Json, json};

use super::component::Component;
use super::string_or_list::StringOrList;
use super::*;

fn parse<T: DeserializeOwned>(text: &str) -> Result<T, LoadError> {
    DefinitionFile::new("things.yaml", text).parse()
}

#[test]
fn merge_keys_add_the_entries_that_a_map_lacks() {
    let text = "one: &one\n  a: 1\n  b: 2\ntwo:\n  <<: *one\n  b: 3\nthree:\n  b: 4\n  <<: *one\n";
    let maps: BTreeMap<String, BTreeMap<String, i64>> = parse(text).expect("a valid file");
    let maps = serde_json::to_value(maps).expect("valid JSON");
    assert_eq!(maps, json!({"one": {"a": 1, "b": 2}, "two": {"a": 1, "b": 3}, "three": {"a": 1, "b": 4}}));
}

#[test]
fn aliased_values_keep_the_line_in_which_they_are_written() {
    let text = "one: &one\n  a: x\ntwo:\n  <<: *one\n  b: y\n";
    let maps: BTreeMap<String, BTreeMap<String, Spanned<String>>> = parse(text).expect("a valid file");
    assert_eq!((line(&maps["two"]["a"]), line(&maps["two"]["b"])), (2, 5));
}

#[test]
fn strings_are_given_alone_or_in_a_list() {
    let values: Vec<Spanned<StringOrList>> = parse("- a\n- [b, c]\n-\n  - d\n").expect("a valid file");
    let lines: Vec<(&str, u64)> =
        values.iter().flat_map(|value| value.value.with_lines(line(value))).collect();
    assert_eq!(lines, [("a", 1), ("b", 2), ("c", 2), ("d", 4)]);
    let strings: Vec<&str> = values.iter().flat_map(|value| value.value.strings()).collect();
    assert_eq!(strings, ["a", "b", "c", "d"]);
}

#[test]
fn components_may_have_parameters() {
    let components: Vec<Component> =
        parse("- a\n- name: b\n- name: c\n  parameters: {x: 1}\n- name: d\n  params: {x: z}\n- {name: e, params: }\n")
            .expect("a valid file");
    let found: Vec<(String, Json)> = components
        .into_iter()
        .map(|component| (component.name, Json::Object(component.parameters)))
        .collect();
    let expected = [
        ("a", json!({})),
        ("b", json!({})),
        ("c", json!({"x": 1})),
        ("d", json!({"x": "z"})),
        ("e", json!({})),
    ];
    assert_eq!(found, expected.map(|(name, parameters)| (name.to_owned(), parameters)));
}

#[test]
fn errors_name_the_file_and_the_line() {
    let mut errors = Vec::new();
    for text in [
        "- a\n- {b: c}\n",
        "- a\n- {name: b, parms: {}}\n",
        "- a\n- 5\n",
        "- a\n- ''\n",
        "- a\n  - : [\n",
        "a: b\n",
    ] {
        let error = parse::<Vec<Component>>(text).expect_err(text);
        errors.push(error.to_string());
    }
    let error = parse::<BTreeMap<String, StringOrList>>("a: b\nb: 5\n").expect_err("a number");
    errors.push(error.to_string());
    let error = parse::<BTreeMap<String, StringOrList>>("a: b\na: c\n").expect_err("a duplicate key");
    errors.push(error.to_string());
    insta::assert_snapshot!(errors.join("\n"), @r#"
    things.yaml:2: unknown field `b`, expected one of name, parameters, params
    things.yaml:2: unknown field `parms`, expected one of name, parameters, params
    things.yaml:2: invalid type: integer `5`, expected a name, or a map of a name and parameters
    things.yaml:2: the name is empty
    things.yaml:2: mapping values are not allowed in this context
    things.yaml:1: expected sequence start
    things.yaml:2: invalid type: integer `5`, expected a string or a list of strings
    things.yaml:2: duplicate mapping key: a not allowed here
    "#);
}
