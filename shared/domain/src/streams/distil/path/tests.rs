//! Parsing and finding.

use proptest::prelude::*;
use serde_json::json;

use super::*;

fn found(path: &str) -> Vec<(String, Json)> {
    let notification = json!({
        "a": {"b": 1, "c": {"d": 2}, "x.y": 3, "l": [{"n": 4}, {"n": 5, "b": 6}, 7]},
        "b": "text",
        "n": null,
        "a-1": {"@t": 8}
    });
    let path = Path::parse(path).expect(path);
    let found = path.find(notification.as_object().expect("an object"), true);
    found.into_iter().map(|found| (found.path, found.value.into_owned())).collect()
}

#[test]
fn paths_find_values_and_their_full_paths() {
    for (path, expected) in [
        ("b", json!([["b", "text"]])),
        ("a.b", json!([["a.b", 1]])),
        (" a . b ", json!([["a.b", 1]])),
        ("$.a.b", json!([["a.b", 1]])),
        ("a[b]", json!([["a.b", 1]])),
        ("a.c.d", json!([["a.c.d", 2]])),
        ("a.'x.y'", json!([["a.x.y", 3]])),
        ("a.\"x.y\"", json!([["a.x.y", 3]])),
        ("a['x.y']", json!([["a.x.y", 3]])),
        ("a.x.y", json!([])),
        ("a-1.@t", json!([["a-1.@t", 8]])),
        ("a.l[0].n", json!([["a.l.[0].n", 4]])),
        ("a.l.[0].n", json!([["a.l.[0].n", 4]])),
        ("a.l[-1]", json!([["a.l.[2]", 7]])),
        ("a.l[3]", json!([])),
        ("a.l[-4]", json!([])),
        ("a.l[*].n", json!([["a.l.[0].n", 4], ["a.l.[1].n", 5]])),
        ("a.l.n", json!([])),
        ("a.c.*", json!([["a.c.d", 2]])),
        ("a.l.*", json!([])),
        ("a.c[*].d", json!([["a.c.d", 2]])),
        ("b[*]", json!([["b", "text"]])),
        ("b[0]", json!([])),
        ("b.c", json!([])),
        ("n", json!([["n", null]])),
        ("n.x", json!([])),
        ("$..d", json!([["a.c.d", 2]])),
        ("$..n", json!([["n", null], ["a.l.[0].n", 4], ["a.l.[1].n", 5]])),
        ("a..b", json!([["a.b", 1], ["a.l.[1].b", 6]])),
        ("a.c|l[0].d|n", json!([["a.c.d", 2], ["a.l.[0].n", 4]])),
        ("(a.b)|(b)", json!([["a.b", 1], ["b", "text"]])),
        (
            "b|c|a",
            json!([
                ["b", "text"],
                ["a", json!({"b": 1, "c": {"d": 2}, "x.y": 3, "l": [{"n": 4}, {"n": 5, "b": 6}, 7]})]
            ]),
        ),
    ] {
        assert_eq!(json!(found(path)), expected, "{path}");
    }
}

#[test]
fn the_root_is_the_whole_notification() {
    assert_eq!(found("$").len(), 1);
    assert_eq!(found("$")[0].1["b"], "text");
    assert_eq!(found("a.$.b"), found("b"));
}

#[test]
fn errors_name_the_unexpected_text() {
    for (path, expected) in [
        ("", "invalid path '': unexpected end"),
        ("a.", "invalid path 'a.': unexpected '.'"),
        ("a b", "invalid path 'a b': unexpected 'b'"),
        ("a[", "invalid path 'a[': unexpected '['"),
        ("a[0", "invalid path 'a[0': unexpected '[0'"),
        ("a.'b", "invalid path 'a.'b': unexpected '.'b'"),
        ("payload.0", "invalid path 'payload.0': unexpected '.0'"),
        ("é", "invalid path 'é': unexpected 'é'"),
        ("a[?b]", "invalid path 'a[?b]': unexpected '[?b]'"),
    ] {
        assert_eq!(Path::parse(path), Err(expected.to_owned()));
    }
}

proptest! {
    #[test]
    fn parsing_and_finding_never_panic(path in "[a-c$.*|()\\[\\]0-9'-]{0,12}") {
        if let Ok(path) = Path::parse(&path) {
            let notification = json!({"a": {"b": [1, {"c": 2}]}, "c": "x"});
            let _ = path.find(notification.as_object().expect("an object"), true);
        }
    }
}
