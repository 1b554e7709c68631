//! Changing a request: its status, its fields, its end.

use anyhow::Result;
use chrono::TimeDelta;
use serde_json::json;
use tests::TestBundle;

use super::{
    Tenant, begin, failed, grant_access, malformed, not_found, power_cuts, power_cuts_but, statuses,
};

fn ineligible(status: u16) -> (u16, String, String) {
    let details = r#"status should be among values: "pending","approved","rejected","running","done""#;
    (status, "Conflict".to_owned(), details.to_owned())
}

#[tokio::test]
async fn an_accepted_status_is_answered_as_documented_and_added_to_the_history() -> Result<()> {
    let bundle = begin().await?;
    let ours = Tenant::ours(&bundle);
    let id = ours.submits(&power_cuts()).await?;
    bundle.advance(TimeDelta::seconds(9));
    let reply = ours
        .asks_as("approver", "POST", &format!("/recomputations/{id}/status"), r#"{"status": "approved"}"#)
        .await;
    assert_eq!(reply.status, 200);
    assert_eq!(
        reply.json(),
        json!({"status": {"message": "Recomputation status updated successfully to: approved", "code": "200"}})
    );
    let request = ours.sees(&id).await;
    assert_eq!(request["timestamp"], "2035-01-05T00:00:30");
    assert_eq!(
        request["history"],
        json!([
            {"status": "pending", "timestamp": "2035-01-05T00:00:30"},
            {"status": "approved", "timestamp": "2035-01-05T00:00:39"},
        ])
    );
    for status in ["done", "done", "pending"] {
        assert_eq!(ours.decides(&id, status).await.status, 200);
    }
    assert_eq!(statuses(&ours.sees(&id).await), ["pending", "approved", "done", "done", "pending"]);
    Ok(())
}

#[tokio::test]
async fn a_status_that_is_none_changes_nothing_and_is_answered_404_or_409_as_set() -> Result<()> {
    for (code, configured) in [(404, "404"), (409, "409")] {
        let bundle = TestBundle::with([("RECOMP_INVALID_STATUS_CODE", configured)]).await?;
        grant_access(&bundle, &["ours"]).await?;
        let ours = Tenant::ours(&bundle);
        let id = ours.submits(&power_cuts()).await?;
        for body in [r#"{"status": "whatever"}"#, r#"{"status": "Approved"}"#, r#"{"status": ""}"#, "{}"] {
            let reply = ours.asks("POST", &format!("/recomputations/{id}/status"), body).await;
            assert_eq!(failed(&reply), ineligible(code), "{body}");
            let reply = ours.asks("POST", &format!("/api/v2/recomputations/{id}/status"), body).await;
            assert_eq!(failed(&reply), ineligible(409), "{body}");
        }
        assert_eq!(statuses(&ours.sees(&id).await), ["pending"]);
    }
    Ok(())
}

#[tokio::test]
async fn an_id_that_is_not_there_counts_more_than_a_body_that_cannot_be_read() -> Result<()> {
    let bundle = begin().await?;
    let ours = Tenant::ours(&bundle);
    let id = ours.submits(&power_cuts()).await?;
    for (method, path) in [("POST", "/status"), ("PUT", "")] {
        for body in ["{{", "", r#"{"status": 5, "reason": 5}"#] {
            let reply = ours.asks(method, &format!("/recomputations/{id}{path}"), body).await;
            assert_eq!(failed(&reply), malformed(), "{method} {body}");
            let reply = ours.asks(method, &format!("/recomputations/nobody{path}"), body).await;
            assert_eq!(failed(&reply), not_found(), "{method} {body}");
        }
    }
    for (method, path) in [("GET", ""), ("DELETE", ""), ("DELETE", "/status")] {
        let reply = ours.asks(method, &format!("/recomputations/wrong_id{path}"), "").await;
        assert_eq!(failed(&reply), not_found(), "{method}");
    }
    let reply = ours.decides("nobody", "whatever").await;
    assert_eq!(failed(&reply), not_found());
    Ok(())
}

#[tokio::test]
async fn a_reset_takes_a_request_back_to_its_submission_and_repeating_it_changes_nothing() -> Result<()> {
    let bundle = begin().await?;
    let ours = Tenant::ours(&bundle);
    let id = ours.submits(&power_cuts()).await?;
    let submitted = ours.sees(&id).await;
    let reset = async || ours.asks("DELETE", &format!("/recomputations/{id}/status"), "").await;
    let reply = reset().await;
    assert_eq!((reply.status, reply.header("etag")), (200, "\"1\""));
    bundle.advance(TimeDelta::hours(1));
    for status in ["approved", "running", "done"] {
        ours.decides(&id, status).await;
    }
    for _ in 0..2 {
        let reply = reset().await;
        assert_eq!(
            reply.json()["status"],
            json!({"message": "Recomputation status reset to: pending", "code": "200"})
        );
        assert_eq!(ours.sees(&id).await, submitted);
    }
    Ok(())
}

#[tokio::test]
async fn a_removed_request_is_gone_whatever_its_status() -> Result<()> {
    let bundle = begin().await?;
    let ours = Tenant::ours(&bundle);
    let id = ours.submits(&power_cuts()).await?;
    ours.decides(&id, "running").await;
    let reply = ours.asks("DELETE", &format!("/recomputations/{id}"), "").await;
    assert_eq!(reply.status, 200);
    assert_eq!(
        reply.json()["status"],
        json!({"message": "Recomputation Successfully Deleted", "code": "200"})
    );
    for method in ["GET", "DELETE"] {
        assert_eq!(failed(&ours.asks(method, &format!("/recomputations/{id}"), "").await), not_found());
    }
    Ok(())
}

#[tokio::test]
async fn other_fields_leave_id_status_and_history_as_they_were() -> Result<()> {
    let bundle = begin().await?;
    let ours = Tenant::ours(&bundle);
    let more = json!({"exclude_metrics": [{"metric": "m", "hostname": "h"}]});
    let id = ours.submits(&power_cuts_but(&more)).await?;
    ours.decides(&id, "approved").await;
    let before = ours.sees(&id).await;
    let body = power_cuts_but(&json!({"reason": "other", "exclude": null, "status": "done"}));
    let reply = ours.asks("PUT", &format!("/recomputations/{id}"), &body.to_string()).await;
    assert_eq!(
        reply.json()["status"],
        json!({"message": "Recomputation updated successfully", "code": "200"})
    );
    let after = ours.sees(&id).await;
    for kept in ["id", "status", "timestamp", "history", "report"] {
        assert_eq!(after[kept], before[kept], "{kept}");
    }
    assert_eq!((&after["reason"], &after["exclude"]), (&json!("other"), &json!([])));
    assert!(after.get("exclude_metrics").is_none(), "a field that is not sent is cleared: {after}");
    assert_eq!(ours.asks("PUT", &format!("/recomputations/{id}"), "{}").await.status, 400);
    Ok(())
}

#[tokio::test]
async fn a_change_for_another_version_is_refused() -> Result<()> {
    let bundle = begin().await?;
    let ours = Tenant::ours(&bundle);
    let id = ours.submits(&power_cuts()).await?;
    let path = format!("/recomputations/{id}");
    assert_eq!(ours.asks("GET", &path, "").await.header("etag"), "\"1\"");
    let approve = r#"{"status": "approved"}"#;
    let status = format!("{path}/status");
    let with = async |tag: &str, method: &str, path: &str, body: &str| {
        ours.asks_with("admin", method, path, &[("if-match", tag)], body).await
    };
    let reply = with("\"1\"", "POST", &status, approve).await;
    assert_eq!((reply.status, reply.header("etag")), (200, "\"2\""));
    for (method, path, body) in [
        ("POST", &status, approve.to_owned()),
        ("DELETE", &status, String::new()),
        ("PUT", &path, power_cuts().to_string()),
        ("DELETE", &path, String::new()),
    ] {
        assert_eq!(with("\"1\"", method, path, &body).await.status, 412, "{method} {path}");
    }
    assert_eq!(ours.asks("GET", &path, "").await.header("etag"), "\"2\"");
    assert_eq!(with("*", "DELETE", &path, "").await.status, 200);
    Ok(())
}

#[tokio::test]
async fn guarded_transitions_say_what_may_follow() -> Result<()> {
    let bundle = TestBundle::with([("RECOMP_TRANSITIONS", "guarded")]).await?;
    grant_access(&bundle, &["ours"]).await?;
    let ours = Tenant::ours(&bundle);
    let id = ours.submits(&power_cuts()).await?;
    let refused = failed(&ours.decides(&id, "done").await);
    assert_eq!(refused.0, 409);
    assert_eq!(refused.2, r#"pending may be followed by: "approved","rejected""#);
    for status in ["approved", "running"] {
        assert_eq!(ours.decides(&id, status).await.status, 200, "{status}");
    }
    assert_eq!(ours.asks("DELETE", &format!("/recomputations/{id}/status"), "").await.status, 409);
    assert_eq!(ours.decides(&id, "done").await.status, 200);
    assert_eq!(ours.asks("DELETE", &format!("/recomputations/{id}/status"), "").await.status, 200);
    assert_eq!(statuses(&ours.sees(&id).await), ["pending"]);
    Ok(())
}
