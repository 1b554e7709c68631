//! Who may do what: every action by every role.

use anyhow::Result;
use schemas::record::{Changeset, Classification, ReviewStatus};
use serde_json::{Value, json};

use super::{Client, error_message};

/// A request, and its status for a developer, a dba and an admin.
type Case = (&'static str, &'static str, Value, [u16; 3]);

/// Every action that changes something. Changeset 1 needs a review, 2 waits for a decision, 3 is rejected, 4 is approved,
/// 5 is approved and impacting, 6 is deleted.
fn cases() -> Vec<Case> {
    let details = json!([{"apply_sql": "create table t (id int primary key)", "revert_sql": "drop table t"}]);
    let changeset = json!({"database_schema_id": 1, "review_version_id": 11});
    let submission = json!({"changeset": changeset, "changeset_details": details});
    let update = json!({"changeset": {}, "changeset_details": [], "to_be_deleted_changeset_detail_ids": []});
    let environment = json!({"name": "e"});
    let server = json!({"name": "s2"});
    let user = json!({"name": "new", "email": "", "role_id": 3, "password": "new"});
    let version = json!({"schema_version_id": 11});
    vec![
        ("GET", "/api/v1/changeset/", Value::Null, [200; 3]),
        ("POST", "/api/v1/server/", server, [201; 3]),
        ("PUT", "/api/v1/server/1/", json!({"port": 3307}), [204; 3]),
        ("PATCH", "/api/v1/server/1/", json!({"port": 3307}), [202; 3]),
        ("DELETE", "/api/v1/server/1/", Value::Null, [204; 3]),
        ("POST", "/api/v1/environment/", environment.clone(), [403, 201, 201]),
        ("PUT", "/api/v1/environment/1/", environment.clone(), [403, 204, 204]),
        ("PATCH", "/api/v1/environment/1/", environment, [403, 202, 202]),
        ("DELETE", "/api/v1/environment/1/", Value::Null, [403, 204, 204]),
        ("POST", "/api/v1/user/create/", user, [403, 403, 200]),
        ("POST", "/api/v1/user/update/5/", json!({"name": "x2", "email": "", "role_id": 3}), [403, 403, 200]),
        ("POST", "/api/v1/user/delete/5/", Value::Null, [403, 403, 200]),
        ("POST", "/api/v1/changeset/submit/", submission, [200; 3]),
        ("POST", "/api/v1/changeset/update/1/", update.clone(), [200; 3]),
        ("POST", "/api/v1/changeset/update/4/", update.clone(), [403, 200, 200]),
        ("POST", "/api/v1/changeset/update/6/", update, [409; 3]),
        ("POST", "/api/v1/changeset/soft_delete/1/", Value::Null, [200; 3]),
        ("POST", "/api/v1/changeset/soft_delete/4/", Value::Null, [403, 200, 200]),
        ("POST", "/api/v1/changeset/soft_delete/6/", Value::Null, [409; 3]),
        ("POST", "/api/v1/changeset/review/1/", version.clone(), [403, 200, 200]),
        ("POST", "/api/v1/changeset/review/3/", version, [403, 200, 200]),
        ("POST", "/api/v1/changeset/approve/1/", Value::Null, [403, 409, 409]),
        ("POST", "/api/v1/changeset/approve/2/", Value::Null, [403, 200, 200]),
        ("POST", "/api/v1/changeset/approve/3/", Value::Null, [403, 409, 409]),
        ("POST", "/api/v1/changeset/approve/4/", Value::Null, [403, 409, 409]),
        ("POST", "/api/v1/changeset/approve/999/", Value::Null, [404; 3]),
        ("POST", "/api/v1/changeset/approve/abc/", Value::Null, [404; 3]),
        ("POST", "/api/v1/changeset/reject/1/", Value::Null, [403, 200, 200]),
        ("POST", "/api/v1/changeset/reject/3/", Value::Null, [403, 409, 409]),
        ("POST", "/api/v1/changeset/reject/4/", Value::Null, [403, 200, 200]),
        ("POST", "/api/v1/changeset/waive/2/", json!({"validation_type_id": 1}), [403, 200, 200]),
        ("POST", "/api/v1/changeset/apply/", json!({"changeset_id": 1, "server_id": 1}), [409; 3]),
        ("POST", "/api/v1/changeset/apply/", json!({"changeset_id": 4, "server_id": 1}), [200; 3]),
        ("POST", "/api/v1/changeset/apply/", json!({"changeset_id": 5, "server_id": 1}), [403, 200, 200]),
        ("POST", "/api/v1/changeset/apply/", json!({"changeset_id": 4, "server_id": 9}), [404; 3]),
        ("POST", "/api/v1/changeset/apply/", json!({"changeset_id": 6, "server_id": 1}), [409; 3]),
        ("POST", "/api/v1/changeset/revert/", json!({"changeset_id": 4, "server_id": 1}), [403, 409, 409]),
        ("POST", "/api/v1/changeset/apply/unknown/resume/", Value::Null, [404; 3]),
        ("POST", "/api/v1/changeset/apply/unknown/repair/", Value::Null, [404; 3]),
        ("POST", "/api/v1/changeset/apply/unknown/cancel/", Value::Null, [404; 3]),
        ("POST", "/api/v1/database_schema/1/check/", Value::Null, [200; 3]),
    ]
}

async fn prepared<const N: usize>(settings: [(&str, &str); N]) -> Result<Client> {
    let client = Client::with_settings(settings).await?;
    client.put_schema(1).await?;
    client.put_version(11, 1).await?;
    let user = json!({"name": "x1", "email": "", "role_id": 3, "password": "x1x"});
    client.post("admin", "/api/v1/user/create/", user).await;
    client
        .post("admin", "/api/v1/server/", json!({"name": "s", "environment": "/api/v1/environment/1/"}))
        .await;
    let states = [
        ReviewStatus::Needs,
        ReviewStatus::InProgress,
        ReviewStatus::Rejected,
        ReviewStatus::Approved,
        ReviewStatus::Approved,
        ReviewStatus::Needs,
    ];
    for (id, state) in (1..).zip(states) {
        let changeset = client.put_changeset(id, state).await?;
        let approvals = if state == ReviewStatus::Approved { vec![2] } else { Vec::new() };
        let classification = if id == 5 { Classification::Impacting } else { Classification::Painless };
        let changed = Changeset {
            classification,
            is_deleted: id == 6,
            review_version: Some(11),
            approvals,
            ..changeset
        };
        client.put(&changed).await?;
    }
    // New ids come after those of the rows above.
    client.reserve_ids(&["changeset", "changeset_detail"], 100).await?;
    Ok(client)
}

#[tokio::test]
async fn each_action_is_allowed_to_its_roles() -> Result<()> {
    for (position, user) in ["dev", "dba", "admin"].into_iter().enumerate() {
        for (method, path, body, statuses) in cases() {
            // Each on rows of its own.
            let client = prepared([]).await?;
            let reply = client.call(user, method, path, &body).await;
            assert_eq!(reply.status, statuses[position], "{user}: {method} {path} {body}: {}", reply.body);
            if reply.status >= 400 {
                assert!(!error_message(&reply).is_empty(), "{user}: {method} {path}: {}", reply.body);
            }
        }
    }
    Ok(())
}

#[tokio::test]
async fn viewers_only_read() -> Result<()> {
    let client = prepared([]).await?;
    client.bundle.add_key("viewer", "default", &["schemas:viewer"]).await?;
    client.bundle.add_key("other", "default", &["usage:admin"]).await?;
    for (method, path, body, _) in cases() {
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let reply = client.bundle.request(method, path, &[("x-api-key", "viewer")], &body).await;
        let expected = if method == "GET" { 200 } else { 403 };
        assert_eq!(reply.status, expected, "{method} {path}: {}", reply.body);
        let reply = client.bundle.request(method, path, &[("x-api-key", "other")], &body).await;
        assert_eq!(reply.status, 403, "{method} {path}: {}", reply.body);
    }
    Ok(())
}

#[tokio::test]
async fn a_refused_action_shows_the_changeset_as_it_is_stored() -> Result<()> {
    for (settings, status) in [("false", 403), ("true", 200)] {
        let client = prepared([("SCHEMAS_LEGACY_STATUS", settings)]).await?;
        let stored = client.get("/api/v1/changeset/2/").await.json();
        let reply = client.post("dev", "/api/v1/changeset/approve/2/", Value::Null).await;
        assert_eq!(reply.status, status, "{reply:?}");
        let mut body = reply.json();
        assert_eq!(body["error_message"], "User is not allowed to approve changeset.");
        body.as_object_mut().map(|body| body.remove("error_message"));
        assert_eq!(body, stored);
        let update = json!({
            "changeset": {"classification": "impacting"},
            "changeset_details": [],
            "to_be_deleted_changeset_detail_ids": [],
        });
        let reply = client.post("dev", "/api/v1/changeset/update/4/", update).await;
        assert_eq!((reply.status, &reply.json()["classification"]), (status, &json!("painless")));
    }
    Ok(())
}
