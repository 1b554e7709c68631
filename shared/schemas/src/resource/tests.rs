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
    let full = form(resource(Name::Server), &full_row(Name::Server));
    let expected = json!({
        "created_at": "2013-05-01T00:03:00.416342",
        "environment": "/api/v1/environment/5/",
        "hostname": "the hostname",
        "id": 7,
        "name": "the name",
        "port": 7,
        "resource_uri": "/api/v1/server/7/",
        "updated_at": "2013-05-01T00:03:00.416342",
    });
    assert_eq!(json!(full), expected);
    let detail = form(resource(Name::ChangesetDetail), &full_row(Name::ChangesetDetail));
    for part in ["algorithm", "lock", "impact"] {
        assert_eq!(detail[part], json!(format!("the {part}")));
    }
    let approvals = &form(resource(Name::Changeset), &full_row(Name::Changeset))["approvals"];
    assert_eq!(approvals, &json!(["/api/v1/user/5/", "/api/v1/user/6/"]));
}

#[test]
fn attributes_that_are_not_stored_have_their_default() {
    let row = Row::from_iter([("id".to_owned(), json!(7))]);
    let server = form(resource(Name::Server), &row);
    let expected = json!({
        "created_at": null,
        "environment": null,
        "hostname": "",
        "id": 7,
        "name": "",
        "port": null,
        "resource_uri": "/api/v1/server/7/",
        "updated_at": null,
    });
    assert_eq!(json!(server), expected);
    let changeset = form(resource(Name::Changeset), &row);
    assert_eq!((&changeset["is_deleted"], &changeset["approvals"]), (&json!(false), &json!([])));
    assert_eq!(changeset["review_status"], json!("needs"));
}

#[test]
fn schemas_describe_every_field() {
    let schema = resource(Name::SchemaVersion).schema();
    assert_eq!(schema["allowed_list_http_methods"], json!(["get"]));
    assert_eq!(
        (&schema["default_format"], &schema["default_limit"]),
        (&json!("application/json"), &json!(20))
    );
    assert_eq!(schema["filtering"], json!({"database_schema": 2}));
    let field = |name: &str| schema["fields"][name].clone();
    let expected = json!({
        "blank": true,
        "default": "",
        "help_text": "Integer data. Ex: 2673",
        "nullable": false,
        "readonly": false,
        "type": "integer",
        "unique": true,
    });
    assert_eq!(field("id"), expected);
    let expected = json!({
        "blank": false,
        "default": "No default provided.",
        "help_text": "A single related resource. Can be either a URI or set of nested resource data.",
        "nullable": true,
        "readonly": false,
        "related_type": "to_one",
        "type": "related",
        "unique": false,
    });
    assert_eq!(field("pulled_from"), expected);
    assert_eq!(
        (&field("resource_uri")["readonly"], &field("created_at")["default"]),
        (&json!(true), &json!(true))
    );
    assert_eq!(resource(Name::Role).schema().get("filtering"), None);
    let methods = json!(["get", "post", "put", "delete", "patch"]);
    assert_eq!(resource(Name::Environment).schema()["allowed_detail_http_methods"], methods);
    for name in Name::ALL {
        let schema = resource(name).schema();
        let fields = schema["fields"].as_object().map(serde_json::Map::len);
        assert_eq!(fields, Some(resource(name).fields.len()), "{name}");
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
