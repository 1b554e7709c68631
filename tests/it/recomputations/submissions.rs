//! Submissions: accepted and rejected bodies, and idempotency keys.

use anyhow::Result;
use chrono::TimeDelta;
use serde_json::{Value, json};

use super::{Client, failed, malformed, power_cuts, power_cuts_but, start};

#[tokio::test]
async fn submission_returns_id_and_location() -> Result<()> {
    let bundle = start().await?;
    let client = Client::new(&bundle);
    let reply = client.request("POST", "/recomputations", &power_cuts().to_string()).await;
    assert_eq!((reply.status, reply.header("content-type")), (201, "application/json; charset=utf-8"));
    let body = reply.json();
    let id = body["data"]["id"].as_str().expect("an id");
    assert_eq!(body["status"], json!({"message": "Recomputations successfully created", "code": "201"}));
    let address = body["data"]["links"]["self"].as_str().expect("a link");
    assert!(address.ends_with(&format!("/recomputations/{id}")), "{address}");
    assert_eq!(reply.header("location"), address);
    let request = client.request("GET", &format!("/recomputations/{id}"), "").await;
    insta::assert_snapshot!(request.body.replace(",\"", ",\n\""), @r#"
    {"root":[{"id":"00000000-0000-4000-8000-000000000018",
    "requester_name":"John Doe",
    "requester_email":"JohnDoe@foo.com",
    "reason":"power cuts",
    "start_time":"2015-01-10T12:00:00Z",
    "end_time":"2015-01-30T00:00:00Z",
    "report":"Critical",
    "exclude":["Gluster"],
    "status":"pending",
    "timestamp":"2035-01-05T00:00:30",
    "history":[{"status":"pending",
    "timestamp":"2035-01-05T00:00:30"}]}]}
    "#);
    Ok(())
}

#[tokio::test]
async fn server_assigned_fields_are_ignored_in_submissions() -> Result<()> {
    let bundle = start().await?;
    let client = Client::new(&bundle);
    let sent =
        json!({"id": "mine", "status": "running", "timestamp": "2001-01-01T00:00:00Z", "history": [1]});
    let id = client.submit(&power_cuts_but(&sent)).await?;
    let request = client.get(&id).await;
    assert_ne!(id, "mine");
    assert_eq!(request["status"], "pending");
    assert_eq!(request["timestamp"], "2035-01-05T00:00:30");
    assert_eq!(request["history"], json!([{"status": "pending", "timestamp": "2035-01-05T00:00:30"}]));
    Ok(())
}

#[tokio::test]
async fn unreadable_body_is_malformed() -> Result<()> {
    let bundle = start().await?;
    let client = Client::new(&bundle);
    let number = power_cuts_but(&json!({"exclude": 5})).to_string();
    for body in ["{{", "", "[]", "null", "\"x\"", number.as_str()] {
        let reply = client.request("POST", "/recomputations", body).await;
        assert_eq!(failed(&reply), malformed(), "{body}");
    }
    assert!(client.list("").await.is_empty());
    Ok(())
}

#[tokio::test]
async fn all_validation_errors_are_returned_together() -> Result<()> {
    let bundle = start().await?;
    let client = Client::new(&bundle);
    let problems = async |changes: Value| {
        let reply = client.request("POST", "/recomputations", &power_cuts_but(&changes).to_string()).await;
        assert_eq!(reply.status, 400, "{reply:?}");
        let errors = reply.json()["errors"].as_array().cloned().expect("a list");
        errors.iter().map(|error| error["details"].as_str().expect("a string").to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(problems(json!({"report": null})).await, ["report is required"]);
    let format = "start_time should be a UTC time in W3C format, as 2015-01-10T12:00:00Z";
    assert_eq!(problems(json!({"start_time": "yesterday"})).await, [format]);
    let order = "end_time should not be before start_time";
    assert_eq!(problems(json!({"end_time": "2015-01-09T00:00:00Z"})).await, [order]);
    assert_eq!(
        problems(json!({"reason": " ", "requester_email": "x", "report": ""})).await,
        ["reason is required", "report is required", "requester_email should contain one @"]
    );
    let reply = client.request("POST", "/recomputations", "{}").await;
    assert_eq!(reply.json()["errors"].as_array().map(Vec::len), Some(6));
    assert!(client.list("").await.is_empty());
    Ok(())
}

#[tokio::test]
async fn form_and_query_are_equivalent_to_json() -> Result<()> {
    let bundle = start().await?;
    let client = Client::new(&bundle);
    let form = "requester_name=John+Doe&requester_email=JohnDoe%40foo.com&reason=power+cuts&report=Critical\
                &start_time=2015-01-10T12:00:00Z&end_time=2015-01-30T00:00:00%2B00:00&exclude=A&exclude=B";
    let headers = [("content-type", "application/x-www-form-urlencoded")];
    let reply = client.request_with("editor", "POST", "/recomputations", &headers, form).await;
    assert_eq!(reply.status, 201, "{reply:?}");
    let request = client.get(reply.json()["data"]["id"].as_str().expect("an id")).await;
    assert_eq!(request["exclude"], json!(["A", "B"]));
    assert_eq!(request["end_time"], "2015-01-30T00:00:00Z");
    let reply = client.request_as("editor", "POST", &format!("/recomputations?{form}"), "").await;
    assert_eq!(reply.status, 201, "{reply:?}");
    Ok(())
}

#[tokio::test]
async fn missing_list_is_empty_and_not_null() -> Result<()> {
    let bundle = start().await?;
    let client = Client::new(&bundle);
    let id = client.submit(&power_cuts_but(&json!({"exclude": null}))).await?;
    let request = client.get(&id).await;
    assert_eq!(request["exclude"], json!([]));
    assert!(request.get("exclude_metrics").is_none(), "{request}");
    Ok(())
}

#[tokio::test]
async fn repeated_body_creates_a_request_unless_its_idempotency_key_repeats() -> Result<()> {
    let bundle = start().await?;
    let client = Client::new(&bundle);
    assert_ne!(client.submit(&power_cuts()).await?, client.submit(&power_cuts()).await?);
    let submit = async |key: &str, body: &Value| {
        let headers = [("idempotency-key", key)];
        let reply =
            client.request_with("editor", "POST", "/recomputations", &headers, &body.to_string()).await;
        (reply.status, reply.json()["data"]["id"].clone())
    };
    let first = submit("k1", &power_cuts()).await;
    assert_eq!(first.0, 201);
    assert_eq!(submit("k1", &power_cuts()).await, first);
    assert_ne!(submit("k2", &power_cuts()).await, first);
    assert_eq!(submit("k1", &power_cuts_but(&json!({"report": "Other"}))).await.0, 422);
    assert_eq!(submit("", &power_cuts()).await.0, 400);
    assert_eq!(submit(&"k".repeat(256), &power_cuts()).await.0, 400);
    assert_eq!(client.list("").await.len(), 4);
    bundle.advance(TimeDelta::hours(25));
    assert_ne!(submit("k1", &power_cuts()).await, first);
    Ok(())
}
