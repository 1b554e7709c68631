//! The v2 dialect, and authentication, authorization and routing errors.

use anyhow::Result;
use serde_json::json;

use super::{Client, power_cuts, start};

#[tokio::test]
async fn v2_responses_consist_of_status_and_data() -> Result<()> {
    let bundle = start().await?;
    let client = Client::new(&bundle);
    let reply = client.request("POST", "/api/v2/recomputations", &power_cuts().to_string()).await;
    assert_eq!(reply.status, 201);
    let id = reply.json()["data"]["id"].as_str().expect("an id").to_owned();
    let path = format!("/api/v2/recomputations/{id}");
    assert!(reply.header("location").ends_with(&path), "{reply:?}");
    let success = json!({"message": "Success", "code": "200"});
    let one = client.request("GET", &path, "").await.json();
    assert_eq!(one["status"], success);
    assert_eq!((&one["data"]["id"], &one["data"]["timestamp"]), (&json!(id), &json!("2035-01-05T00:00:30Z")));
    let all = client.request("GET", "/api/v2/recomputations?date=2015-01-15", "").await.json();
    assert_eq!((&all["status"], &all["data"]), (&success, &json!([one["data"]])));
    client.set_status(&id, "approved").await;
    let reset = client.request("DELETE", &format!("{path}/status"), "").await.json();
    assert_eq!(reset["status"]["message"], "Recomputation status reset successfully to: pending");
    Ok(())
}

#[tokio::test]
async fn unauthenticated_response_echoes_nothing() -> Result<()> {
    let bundle = start().await?;
    let unauthorized = json!({"status": {
        "message": "Unauthorized",
        "code": "401",
        "details": "You need to provide a correct authentication token using the header 'x-api-key'",
    }});
    for headers in [
        &[][..],
        &[("x-api-key", "")],
        &[("x-api-key", "wrong")],
        &[("x-api-key", "wrong"), ("accept", "text/html")],
    ] {
        let reply = bundle.request("GET", "/recomputations", headers, "").await;
        assert_eq!((reply.status, reply.json()), (401, unauthorized.clone()), "{headers:?}");
        assert_eq!(reply.header("content-type"), "application/json; charset=utf-8");
        assert!(!reply.headers.contains_key("x-api-key"));
    }
    Ok(())
}

#[tokio::test]
async fn role_is_checked_before_the_body() -> Result<()> {
    let bundle = start().await?;
    let client = Client::new(&bundle);
    let forbidden = json!({"status": {"message": "Access to the resource is Forbidden", "code": "403"}});
    let id = client.submit(&power_cuts()).await?;
    for (role, method, path, body) in [
        ("viewer", "POST", "/recomputations".to_owned(), "{{"),
        ("viewer", "PUT", format!("/recomputations/{id}"), "{{"),
        ("editor", "POST", format!("/recomputations/{id}/status"), "{{"),
        ("editor", "DELETE", format!("/recomputations/{id}/status"), ""),
        ("approver", "DELETE", format!("/recomputations/{id}"), ""),
        ("approver", "DELETE", "/recomputations/nobody".to_owned(), ""),
    ] {
        let reply = client.request_as(role, method, &path, body).await;
        assert_eq!((reply.status, reply.json()), (403, forbidden.clone()), "{role} {method} {path}");
    }
    Ok(())
}

#[tokio::test]
async fn accept_header_must_allow_json() -> Result<()> {
    let bundle = start().await?;
    let client = Client::new(&bundle);
    for (accept, status) in
        [("*/*", 200), ("application/json", 200), ("application/jaason", 406), ("application/xml", 406)]
    {
        let reply = client.request_with("viewer", "GET", "/recomputations", &[("accept", accept)], "").await;
        assert_eq!(reply.status, status, "{accept}");
    }
    let reply = client.request_with("viewer", "GET", "/recomputations", &[("accept", "text/css")], "").await;
    assert_eq!(
        reply.json()["status"]["details"],
        "Accept header provided did not contain any valid content types. Acceptable content type is 'application/json'"
    );
    Ok(())
}

#[tokio::test]
async fn routing_errors_use_this_apis_error_body() -> Result<()> {
    let bundle = start().await?;
    let client = Client::new(&bundle);
    let id = client.submit(&power_cuts()).await?;
    assert_eq!(
        client.request("GET", "/recomputations/", "").await.json()["root"].as_array().map(Vec::len),
        Some(1)
    );
    for (method, path) in [("PATCH", "/recomputations"), ("PUT", "/recomputations")] {
        let reply = client.request(method, path, "").await;
        assert_eq!((reply.status, reply.json()["status"]["code"].clone()), (405, json!("405")));
        for allowed in ["GET", "POST"] {
            assert!(reply.header("allow").contains(allowed), "{reply:?}");
        }
    }
    let reply = client.request("GET", "/recomputations/a/b/c", "").await;
    assert_eq!((reply.status, reply.json()["status"]["message"].clone()), (404, json!("Not Found")));
    let reply = client.request("HEAD", &format!("/recomputations/{id}"), "").await;
    assert_eq!((reply.status, reply.body.as_str()), (200, ""));
    Ok(())
}
