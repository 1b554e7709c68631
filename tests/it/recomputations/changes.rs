//! Changes of a request: of its status, of its fields, and its deletion.

use anyhow::Result;
use chrono::TimeDelta;
use serde_json::json;
use tests::TestBundle;

use super::{
    Client, TENANT, add_keys, failed, malformed, not_found, power_cuts, power_cuts_but, start, statuses,
};

/// Returns the expected error for an unknown status.
fn unknown_status(status: u16) -> (u16, String, String) {
    let details = r#"status should be among values: "pending","approved","rejected","running","done""#;
    (status, "Conflict".to_owned(), details.to_owned())
}

#[tokio::test]
async fn accepted_status_returns_the_documented_response_and_extends_the_history() -> Result<()> {
    let bundle = start().await?;
    let client = Client::new(&bundle);
    let id = client.submit(&power_cuts()).await?;
    bundle.advance(TimeDelta::seconds(9));
    let reply = client
        .request_as("approver", "POST", &format!("/recomputations/{id}/status"), r#"{"status": "approved"}"#)
        .await;
    assert_eq!(reply.status, 200);
    assert_eq!(
        reply.json(),
        json!({"status": {"message": "Recomputation status updated successfully to: approved", "code": "200"}})
    );
    let request = client.get(&id).await;
    assert_eq!(request["timestamp"], "2035-01-05T00:00:30");
    assert_eq!(
        request["history"],
        json!([
            {"status": "pending", "timestamp": "2035-01-05T00:00:30"},
            {"status": "approved", "timestamp": "2035-01-05T00:00:39"},
        ])
    );
    for status in ["done", "done", "pending"] {
        assert_eq!(client.set_status(&id, status).await.status, 200);
    }
    assert_eq!(statuses(&client.get(&id).await), ["pending", "approved", "done", "done", "pending"]);
    Ok(())
}

#[tokio::test]
async fn unknown_status_changes_nothing_and_returns_the_configured_code() -> Result<()> {
    for (code, configured) in [(404, "404"), (409, "409")] {
        let bundle = TestBundle::with_settings([("RECOMP_INVALID_STATUS_CODE", configured)]).await?;
        add_keys(&bundle, &[TENANT]).await?;
        let client = Client::new(&bundle);
        let id = client.submit(&power_cuts()).await?;
        for body in [r#"{"status": "whatever"}"#, r#"{"status": "Approved"}"#, r#"{"status": ""}"#, "{}"] {
            let reply = client.request("POST", &format!("/recomputations/{id}/status"), body).await;
            assert_eq!(failed(&reply), unknown_status(code), "{body}");
            let reply = client.request("POST", &format!("/api/v2/recomputations/{id}/status"), body).await;
            assert_eq!(failed(&reply), unknown_status(409), "{body}");
        }
        assert_eq!(statuses(&client.get(&id).await), ["pending"]);
    }
    Ok(())
}

#[tokio::test]
async fn unknown_id_takes_precedence_over_an_invalid_body() -> Result<()> {
    let bundle = start().await?;
    let client = Client::new(&bundle);
    let id = client.submit(&power_cuts()).await?;
    for (method, path) in [("POST", "/status"), ("PUT", "")] {
        for body in ["{{", "", r#"{"status": 5, "reason": 5}"#] {
            let reply = client.request(method, &format!("/recomputations/{id}{path}"), body).await;
            assert_eq!(failed(&reply), malformed(), "{method} {body}");
            let reply = client.request(method, &format!("/recomputations/nobody{path}"), body).await;
            assert_eq!(failed(&reply), not_found(), "{method} {body}");
        }
    }
    for (method, path) in [("GET", ""), ("DELETE", ""), ("DELETE", "/status")] {
        let reply = client.request(method, &format!("/recomputations/wrong_id{path}"), "").await;
        assert_eq!(failed(&reply), not_found(), "{method}");
    }
    let reply = client.set_status("nobody", "whatever").await;
    assert_eq!(failed(&reply), not_found());
    Ok(())
}

#[tokio::test]
async fn reset_restores_the_submitted_state_and_is_idempotent() -> Result<()> {
    let bundle = start().await?;
    let client = Client::new(&bundle);
    let id = client.submit(&power_cuts()).await?;
    let submitted = client.get(&id).await;
    let reset = async || client.request("DELETE", &format!("/recomputations/{id}/status"), "").await;
    let reply = reset().await;
    assert_eq!((reply.status, reply.header("etag")), (200, "\"1\""));
    bundle.advance(TimeDelta::hours(1));
    for status in ["approved", "running", "done"] {
        client.set_status(&id, status).await;
    }
    // The second reset changes nothing.
    for _ in 0..2 {
        let reply = reset().await;
        assert_eq!(
            reply.json()["status"],
            json!({"message": "Recomputation status reset to: pending", "code": "200"})
        );
        assert_eq!(client.get(&id).await, submitted);
    }
    Ok(())
}

#[tokio::test]
async fn request_is_deleted_in_any_status() -> Result<()> {
    let bundle = start().await?;
    let client = Client::new(&bundle);
    let id = client.submit(&power_cuts()).await?;
    client.set_status(&id, "running").await;
    let reply = client.request("DELETE", &format!("/recomputations/{id}"), "").await;
    assert_eq!(reply.status, 200);
    assert_eq!(
        reply.json()["status"],
        json!({"message": "Recomputation Successfully Deleted", "code": "200"})
    );
    for method in ["GET", "DELETE"] {
        assert_eq!(failed(&client.request(method, &format!("/recomputations/{id}"), "").await), not_found());
    }
    Ok(())
}

#[tokio::test]
async fn update_keeps_id_status_and_history() -> Result<()> {
    let bundle = start().await?;
    let client = Client::new(&bundle);
    let more = json!({"exclude_metrics": [{"metric": "m", "hostname": "h"}]});
    let id = client.submit(&power_cuts_but(&more)).await?;
    client.set_status(&id, "approved").await;
    let before = client.get(&id).await;
    let body = power_cuts_but(&json!({"reason": "other", "exclude": null, "status": "done"}));
    let reply = client.request("PUT", &format!("/recomputations/{id}"), &body.to_string()).await;
    assert_eq!(
        reply.json()["status"],
        json!({"message": "Recomputation updated successfully", "code": "200"})
    );
    let after = client.get(&id).await;
    for kept in ["id", "status", "timestamp", "history", "report"] {
        assert_eq!(after[kept], before[kept], "{kept}");
    }
    assert_eq!((&after["reason"], &after["exclude"]), (&json!("other"), &json!([])));
    assert!(after.get("exclude_metrics").is_none(), "a field that is not sent is cleared: {after}");
    assert_eq!(client.request("PUT", &format!("/recomputations/{id}"), "{}").await.status, 400);
    Ok(())
}

#[tokio::test]
async fn change_of_an_outdated_version_fails() -> Result<()> {
    let bundle = start().await?;
    let client = Client::new(&bundle);
    let id = client.submit(&power_cuts()).await?;
    let path = format!("/recomputations/{id}");
    assert_eq!(client.request("GET", &path, "").await.header("etag"), "\"1\"");
    let approve = r#"{"status": "approved"}"#;
    let status = format!("{path}/status");
    let request_if_match = async |tag: &str, method: &str, path: &str, body: &str| {
        client.request_with("admin", method, path, &[("if-match", tag)], body).await
    };
    let reply = request_if_match("\"1\"", "POST", &status, approve).await;
    assert_eq!((reply.status, reply.header("etag")), (200, "\"2\""));
    for (method, path, body) in [
        ("POST", &status, approve.to_owned()),
        ("DELETE", &status, String::new()),
        ("PUT", &path, power_cuts().to_string()),
        ("DELETE", &path, String::new()),
    ] {
        assert_eq!(request_if_match("\"1\"", method, path, &body).await.status, 412, "{method} {path}");
    }
    assert_eq!(client.request("GET", &path, "").await.header("etag"), "\"2\"");
    assert_eq!(request_if_match("*", "DELETE", &path, "").await.status, 200);
    Ok(())
}

#[tokio::test]
async fn guarded_transitions_name_the_allowed_statuses() -> Result<()> {
    let bundle = TestBundle::with_settings([("RECOMP_TRANSITIONS", "guarded")]).await?;
    add_keys(&bundle, &[TENANT]).await?;
    let client = Client::new(&bundle);
    let id = client.submit(&power_cuts()).await?;
    let error = failed(&client.set_status(&id, "done").await);
    assert_eq!(error.0, 409);
    assert_eq!(error.2, r#"pending may be followed by: "approved","rejected""#);
    for status in ["approved", "running"] {
        assert_eq!(client.set_status(&id, status).await.status, 200, "{status}");
    }
    assert_eq!(client.request("DELETE", &format!("/recomputations/{id}/status"), "").await.status, 409);
    assert_eq!(client.set_status(&id, "done").await.status, 200);
    assert_eq!(client.request("DELETE", &format!("/recomputations/{id}/status"), "").await.status, 200);
    assert_eq!(statuses(&client.get(&id).await), ["pending"]);
    Ok(())
}
