use serde_json::json;

use super::*;

fn submission(changeset: &Value, details: &Value) -> Result<NewChangeset, String> {
    let body = json!({"changeset": changeset, "changeset_details": details});
    NewChangeset::read(&body).map_err(|refusal| refusal.text())
}

fn detail() -> Value {
    json!({"apply_sql": "create table t1 (id int)", "revert_sql": "drop table t1"})
}

#[test]
fn the_documented_submission_is_read() {
    let changeset = json!({
        "database_schema_id": 1, "type": "DDL:Table:Create", "classification": "painless", "review_version_id": "1"
    });
    let details = json!([{
        "type": "add", "description": "create a table",
        "apply_sql": "create table t1 (id int primary key auto_increment)", "revert_sql": "drop table t1"
    }]);
    let expected = NewChangeset {
        database_schema: 1,
        review_version: Some(1),
        details: vec![DetailTexts {
            description: "create a table".to_owned(),
            apply_sql: "create table t1 (id int primary key auto_increment)".to_owned(),
            revert_sql: "drop table t1".to_owned(),
            ..DetailTexts::default()
        }],
        ..NewChangeset::default()
    };
    assert_eq!(submission(&changeset, &details), Ok(expected));
}

#[test]
fn a_review_version_may_be_absent_or_null() {
    for changeset in
        [json!({"database_schema_id": "7"}), json!({"database_schema_id": 7, "review_version_id": null})]
    {
        let read = submission(&changeset, &json!([detail()])).expect("a submission");
        assert_eq!((read.database_schema, read.review_version), (7, None));
        assert_eq!((read.kind, read.classification), (Kind::TableCreate, Classification::Painless));
    }
}

#[test]
fn malformed_submissions_are_refused_with_a_text() {
    let good = json!({"database_schema_id": 1});
    for (changeset, details, text) in [
        (
            json!({"review_status": "approved"}),
            json!([detail()]),
            "Changeset has invalid field 'review_status'.",
        ),
        (
            json!({"version_control_url": ""}),
            json!([detail()]),
            "Changeset has invalid field 'version_control_url'.",
        ),
        (json!({}), json!([detail()]), "'database_schema_id'"),
        (
            json!({"database_schema_id": 1, "type": "NOPE"}),
            json!([detail()]),
            "Changeset has invalid type 'NOPE'.",
        ),
        (
            json!({"database_schema_id": 1, "classification": 5}),
            json!([detail()]),
            "Changeset has invalid classification '5'.",
        ),
        (
            json!({"database_schema_id": "x"}),
            json!([detail()]),
            "invalid database_schema_id \"x\": a number is expected",
        ),
        (good.clone(), json!([]), "a changeset has 0 changeset_details: 1 to 80 are expected"),
        (good.clone(), json!({}), "changeset_details is not a JSON array"),
        (good.clone(), json!(["x"]), "a changeset detail is not a JSON object"),
        (good.clone(), json!([{"revert_sql": "drop table t"}]), "a changeset detail has no apply_sql"),
        (good.clone(), json!([{"apply_sql": " ; -- nothing"}]), "a changeset detail has no apply_sql"),
        (
            good.clone(),
            json!([{"apply_sql": "DO 1;".repeat(500)}, {"apply_sql": "DO 1", "revert_sql": "DO 1"}]),
            "a changeset has 501 statements to apply and 1 to revert: at most 500 of each are possible",
        ),
        (good, json!([{"apply_sql": 5}]), "invalid apply_sql 5: a string is expected"),
    ] {
        assert_eq!(submission(&changeset, &details), Err(text.to_owned()));
    }
    for (body, text) in [
        (json!([]), "the body is not a JSON object"),
        (json!({"changeset_details": []}), "'changeset'"),
        (json!({"changeset": {"database_schema_id": 1}}), "'changeset_details'"),
    ] {
        assert_eq!(NewChangeset::read(&body).map_err(|refusal| refusal.text()), Err(text.to_owned()));
    }
}

#[test]
fn texts_that_exceed_a_limit_are_refused() {
    let good = json!({"database_schema_id": 1});
    let long = "x".repeat(LONGEST_SQL);
    let largest =
        json!({"apply_sql": long, "revert_sql": long, "apply_verification_sql": "x".repeat(LONGEST_SQL - 1)});
    assert!(submission(&good, &json!([largest])).is_ok());
    for details in [
        json!([{"apply_sql": format!("{long}x")}]),
        json!([{"apply_sql": long, "revert_sql": long, "apply_verification_sql": long, "description": "x"}]),
        Value::Array(vec![largest; 7]),
        Value::Array(vec![detail(); MOST_DETAILS + 1]),
    ] {
        assert!(submission(&good, &details).is_err());
    }
    assert!(submission(&good, &Value::Array(vec![detail(); MOST_DETAILS])).is_ok());
}

#[test]
fn the_documented_update_is_read() {
    let body = json!({
        "changeset": {
            "database_schema_id": 11, "type": "DDL:Table:Drop", "classification": "impacting", "review_version_id": 1
        },
        "changeset_details": [
            {"id": 8, "type": "add", "description": "ccreate a table", "apply_sql": "ccreate table t1..."},
            {"type": "drop", "description": "drop a table", "apply_sql": "drop table t2"},
        ],
        "to_be_deleted_changeset_detail_ids": [11]
    });
    let update = ChangesetUpdate::read(&body).expect("the documented update");
    assert_eq!((update.database_schema, update.kind), (Some(11), Some(Kind::TableDrop)));
    assert_eq!(
        (update.classification, update.review_version),
        (Some(Classification::Impacting), Some(Some(1)))
    );
    assert_eq!(update.deleted, [11]);
    assert_eq!(update.details.iter().map(|detail| detail.id).collect::<Vec<_>>(), [Some(8), None]);
    assert_eq!(update.details[0].revert_sql, None);
    let old = DetailTexts { revert_sql: "drop table t1".to_owned(), ..DetailTexts::default() };
    assert_eq!(update.details[0].over(&old).revert_sql, "drop table t1");
}

#[test]
fn malformed_updates_are_refused_with_a_text() {
    let body = |details: Value, deleted: Value| json!({"changeset": {}, "changeset_details": details, "to_be_deleted_changeset_detail_ids": deleted});
    for (body, text) in [
        (json!({"changeset": {}, "changeset_details": []}), "'to_be_deleted_changeset_detail_ids'"),
        (body(json!([{"id": 3}]), json!([3])), "changeset detail 3 is named twice"),
        (
            body(json!([]), json!(["x"])),
            "invalid to_be_deleted_changeset_detail_ids \"x\": a number is expected",
        ),
    ] {
        assert_eq!(ChangesetUpdate::read(&body).map_err(|refusal| refusal.text()), Err(text.to_owned()));
    }
}
