use insta::assert_json_snapshot;
use serde_json::json;

use crate::record::Name;
use crate::resource::declared::resource;
use crate::resource::field::FieldKind;
use crate::resource::form::form;
use crate::store::Row;

/// Returns a row with a value in every attribute.
fn full_row(name: Name) -> Row {
    let mut row = Row::from_iter([("id".to_owned(), json!(7)), ("v".to_owned(), json!(3))]);
    for field in resource(name).fields {
        let value = match field.kind {
            FieldKind::Integer => json!(7),
            FieldKind::Boolean => json!(true),
            FieldKind::DateTime => json!(1_367_366_580_416_342_i64),
            FieldKind::Link(_) => json!(5),
            FieldKind::Links(_) => json!([5, 6]),
            FieldKind::List => json!([{"message": "m"}]),
            FieldKind::Object => json!({"dry_run": false}),
            FieldKind::Text | FieldKind::Ddl => json!(format!("the {}", field.name)),
            FieldKind::Uri => continue,
        };
        match field.part_of {
            None => drop(row.insert(field.name.to_owned(), value)),
            Some((object, part)) => {
                row.entry(object).or_insert_with(|| json!({}))[part] = value;
            }
        }
    }
    row
}

#[test]
fn forms_have_links_as_uris_and_times_in_iso_format() {
    for name in Name::ALL {
        let forms = [
            form(resource(name), &full_row(name)),
            form(resource(name), &Row::from_iter([("id".to_owned(), json!(7))])),
        ];
        assert_json_snapshot!(format!("form_{name}"), forms);
    }
}

#[test]
fn schemas_describe_every_field() {
    for name in Name::ALL {
        assert_json_snapshot!(format!("schema_{name}"), resource(name).schema());
    }
}

#[test]
fn resources_link_to_and_filter_by_fields_that_exist() {
    for name in Name::ALL {
        let declared = resource(name);
        assert_eq!(declared.name, name);
        for (field, _) in declared.filters {
            assert!(declared.field(field).is_some(), "{name}.{field}");
        }
        let shown = form(declared, &full_row(name));
        assert_eq!(shown["resource_uri"], json!(name.uri(7)));
        let keys: Vec<&String> = shown.keys().collect();
        assert!(keys.is_sorted(), "{name}: {keys:?}");
    }
}

#[test]
fn fixed_rows_have_the_documented_ids() {
    let fixed = |name| match resource(name).source {
        crate::resource::declaration::Source::Fixed(rows) => {
            rows().into_iter().map(|row| (row.id, row.name)).collect::<Vec<_>>()
        }
        _ => Vec::new(),
    };
    let named = |(id, name): (u64, &str)| (id, name.to_owned());
    assert_eq!(fixed(Name::Role), [(1, "admin"), (2, "dba"), (3, "developer")].map(named));
    assert_eq!(fixed(Name::TestType), [(1, "syntax")].map(named));
    assert_eq!(fixed(Name::ValidationType)[0], named((1, "no update with where clause")));
    assert_eq!(json!({"b": 1, "a": 2}).to_string(), r#"{"a":2,"b":1}"#, "keys are sorted");
}
