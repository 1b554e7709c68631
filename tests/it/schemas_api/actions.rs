//! Actions on changesets and tasks: bodies, states and results.

use anyhow::{Context, Result};
use schemas::record::{ChangesetDetail, Impact, ReviewStatus};
use serde_json::{Value, json};

use super::{Client, detail, error_message, ids};

#[tokio::test]
async fn a_submission_is_stored_and_its_review_is_requested() -> Result<()> {
    let client = Client::start().await?;
    client.put_schema(1).await?;
    client.put_version(11, 1).await?;
    let body = json!({
        "changeset": {
            "database_schema_id": 1, "type": "DDL:Table:Create", "classification": "painless", "review_version_id": "11",
        },
        "changeset_details": [{
            "type": "add",
            "description": "create a table",
            "apply_sql": "create table t1 (id int primary key auto_increment)",
            "revert_sql": "drop table t1",
        }],
    });
    let submitted = client.post("dev", "/api/v1/changeset/submit/", body).await;
    assert_eq!(submitted.status, 200, "{submitted:?}");
    let expected = json!({
        "after_version": null,
        "approvals": [],
        "approved_at": null,
        "approved_by": null,
        "before_version": null,
        "classification": "painless",
        "created_at": "2035-01-05T00:00:30",
        "database_schema": "/api/v1/database_schema/1/",
        "id": 1,
        "is_deleted": false,
        "repo_filename": "",
        "resource_uri": "/api/v1/changeset/1/",
        "review_status": "needs",
        "review_version": "/api/v1/schema_version/11/",
        "reviewed_at": null,
        "reviewed_by": null,
        "submitted_at": "2035-01-05T00:00:30",
        "submitted_by": "/api/v1/user/4/",
        "type": "DDL:Table:Create",
        "updated_at": "2035-01-05T00:00:30",
        "version_control_url": "",
    });
    assert_eq!(submitted.json(), expected);
    assert_eq!(client.get("/api/v1/changeset/1/").await.json(), expected);
    assert_eq!(ids(&client.get("/api/v1/changeset_detail/?changeset__id=1").await), [1]);
    let tasks = client.get("/api/v1/task/?changeset=1&kind=review").await.json();
    let task = tasks["objects"][0]["task_id"].as_str().context("a review task")?.to_owned();
    let state = client.get(&format!("/api/v1/changeset/review_status/{task}/")).await.json();
    assert_eq!((&state["task_active"], &state["changeset_test_ids"]), (&json!(true), &json!([])));
    let url = state["review_results_url"].as_str().context("a URL")?;
    assert!(url.ends_with("/changesetreviews/result/1/"), "{url}");
    let page = client.get("/changesetreviews/result/1/").await.json();
    assert_eq!((&page["changeset"], &page["changeset_details"][0]["id"]), (&expected, &json!(1)));
    let actions = client.get("/api/v1/changeset_action/?changeset=1").await.json();
    assert_eq!(actions["objects"][0]["type"], "created");
    Ok(())
}

#[tokio::test]
async fn wrong_submissions_store_nothing() -> Result<()> {
    let client = Client::start().await?;
    client.put_schema(1).await?;
    let details = json!([{"apply_sql": "drop table t"}]);
    for (body, status, text) in [
        (
            json!({"changeset": {"database_schema_id": 1, "review_status": "approved"}, "changeset_details": details}),
            400,
            "Changeset has invalid field 'review_status'.",
        ),
        (json!({"changeset": {"database_schema_id": 1}}), 400, "'changeset_details'"),
        (json!({"changeset_details": details}), 400, "'changeset'"),
        (
            json!({"changeset": {"database_schema_id": 1, "type": "NOPE"}, "changeset_details": details}),
            400,
            "Changeset has invalid type 'NOPE'.",
        ),
        (
            json!({"changeset": {"database_schema_id": 9}, "changeset_details": details}),
            404,
            "DatabaseSchema matching query does not exist. Lookup parameters were {'pk': 9}",
        ),
    ] {
        let reply = client.post("dev", "/api/v1/changeset/submit/", body.clone()).await;
        assert_eq!((reply.status, error_message(&reply).as_str()), (status, text), "{body}");
    }
    let empty = json!({"changeset": {"database_schema_id": 1}, "changeset_details": []});
    assert_eq!(client.post("dev", "/api/v1/changeset/submit/", empty).await.status, 400);
    assert_eq!(ids(&client.get("/api/v1/changeset/").await), [0; 0]);
    Ok(())
}

#[tokio::test]
async fn states_of_unknown_tasks_are_answered_as_documented() -> Result<()> {
    let client = Client::start().await?;
    let review = client.get("/api/v1/changeset/review_status/x/").await;
    assert_eq!(
        (review.status, review.json()),
        (404, json!({"error_message": "TaskState matching query does not exist."}))
    );
    let apply = client.get("/api/v1/changeset/apply_status/x/").await;
    let body = apply.json();
    assert_eq!(
        (apply.status, &body["messages"], &body["changeset_detail_apply_ids"]),
        (200, &json!([]), &json!([]))
    );
    let url = body["apply_results_url"].as_str().context("a URL")?;
    assert!(url.ends_with("/changesetapplies/changeset-applies/?task_id=x"), "{url}");
    assert_eq!(body.get("task_active"), None);
    assert_eq!(client.get("/changesetapplies/changeset-applies/?task_id=x").await.status, 404);
    assert_eq!(client.get("/changesetapplies/changeset-applies/").await.status, 400);
    assert_eq!(client.get("/changesetreviews/result/9/").await.status, 404);
    Ok(())
}

#[tokio::test]
async fn reviews_name_a_version() -> Result<()> {
    let client = Client::start().await?;
    client.put_schema(1).await?;
    client.put_schema(2).await?;
    client.put_version(12, 2).await?;
    client.put_changeset(1, ReviewStatus::Needs).await?;
    for (body, status, text) in [
        (json!({}), 400, "'schema_version_id'"),
        (
            json!({"schema_version_id": 99}),
            404,
            "SchemaVersion matching query does not exist. Lookup parameters were {'pk': 99}",
        ),
    ] {
        let reply = client.post("dba", "/api/v1/changeset/review/1/", body.clone()).await;
        assert_eq!((reply.status, error_message(&reply).as_str()), (status, text), "{body}");
    }
    let other = client.post("dba", "/api/v1/changeset/review/1/", json!({"schema_version_id": 12})).await;
    assert_eq!(other.status, 400, "{other:?}");
    let unknown = client.post("dba", "/api/v1/changeset/review/9/", json!({"schema_version_id": 12})).await;
    assert_eq!(unknown.status, 404);
    Ok(())
}

#[tokio::test]
async fn the_impact_of_a_changeset_is_shown_per_server() -> Result<()> {
    let client = Client::start().await?;
    client.post("dev", "/api/v1/server/", json!({"name": "s"})).await;
    client.put_schema(1).await?;
    client.put_changeset(1, ReviewStatus::InProgress).await?;
    let impact = Impact { algorithm: "COPY".to_owned(), lock: "SHARED".to_owned(), reason: "why".to_owned() };
    let sizes = json!({"s": {"t01": {"rows": 7}}, "other": {}});
    let volumetric_values = sizes.to_string();
    client.put(&ChangesetDetail { impact: Some(impact), volumetric_values, ..detail(1) }).await?;
    let shown = client.get("/api/v1/changeset_detail/1/").await.json();
    assert_eq!(
        (&shown["algorithm"], &shown["lock"], &shown["impact"]),
        (&json!("COPY"), &json!("SHARED"), &json!("why"))
    );
    // A server without credentials tells no sizes, and the lock impact is shown all the same.
    let unknown = json!({"error": "no credentials are configured for server 's' (:3306)"});
    for (query, tables) in [("", sizes), ("?server_id=1", unknown)] {
        let reply = client.get(&format!("/api/v1/changeset/1/impact/{query}")).await;
        assert_eq!(reply.status, 200);
        let detail = &reply.json()["details"][0];
        assert_eq!((&detail["tables"], &detail["algorithm"]), (&tables, &json!("COPY")), "{query}");
    }
    for (path, status) in [("9/impact/", 404), ("1/impact/?server_id=9", 404), ("1/impact/?server_id=x", 400)]
    {
        assert_eq!(client.get(&format!("/api/v1/changeset/{path}")).await.status, status, "{path}");
    }
    Ok(())
}

#[tokio::test]
async fn unknown_servers_and_versions_are_named() -> Result<()> {
    let client = Client::start().await?;
    let body = json!({"server_id": 9, "database_schema_name": "x"});
    let dump = client.post("dev", "/api/v1/schema_version/save_schema_dump/", body).await;
    assert_eq!(
        (dump.status, error_message(&dump).as_str()),
        (404, "Server matching query does not exist. Lookup parameters were {'pk': 9}")
    );
    let missing = client.post("dev", "/api/v1/schema_version/save_schema_dump/", json!({})).await;
    assert_eq!((missing.status, error_message(&missing).as_str()), (400, "'server_id'"));
    assert_eq!(client.get("/api/v1/schema_version/1/diff/2/").await.status, 404);
    assert_eq!(client.get("/api/v1/schema_version/1/diff/x/").await.status, 404);
    assert_eq!(client.get("/api/v1/database_schema/").await.json()["meta"]["total_count"], 0);
    assert_eq!(client.post("dev", "/api/v1/database_schema/1/check/", Value::Null).await.status, 404);
    Ok(())
}
