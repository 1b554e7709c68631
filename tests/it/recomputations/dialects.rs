//! The newer dialect, and what the gate says in both.

use anyhow::Result;
use serde_json::json;

use super::{Tenant, begin, power_cuts};

#[tokio::test]
async fn the_newer_api_speaks_of_status_and_data() -> Result<()> {
    let bundle = begin().await?;
    let ours = Tenant::ours(&bundle);
    let reply = ours.asks("POST", "/api/v2/recomputations", &power_cuts().to_string()).await;
    assert_eq!(reply.status, 201);
    let id = reply.json()["data"]["id"].as_str().expect("an id").to_owned();
    let path = format!("/api/v2/recomputations/{id}");
    assert!(reply.header("location").ends_with(&path), "{reply:?}");
    let success = json!({"message": "Success", "code": "200"});
    let one = ours.asks("GET", &path, "").await.json();
    assert_eq!(one["status"], success);
    assert_eq!((&one["data"]["id"], &one["data"]["timestamp"]), (&json!(id), &json!("2035-01-05T00:00:30Z")));
    let all = ours.asks("GET", "/api/v2/recomputations?date=2015-01-15", "").await.json();
    assert_eq!((&all["status"], &all["data"]), (&success, &json!([one["data"]])));
    ours.decides(&id, "approved").await;
    let reset = ours.asks("DELETE", &format!("{path}/status"), "").await.json();
    assert_eq!(reset["status"]["message"], "Recomputation status reset successfully to: pending");
    Ok(())
}

#[tokio::test]
async fn whoever_is_not_known_learns_nothing_and_gets_nothing_back_that_was_sent() -> Result<()> {
    let bundle = begin().await?;
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
        let reply = bundle.ask("GET", "/recomputations", headers, "").await;
        assert_eq!((reply.status, reply.json()), (401, unauthorized.clone()), "{headers:?}");
        assert_eq!(reply.header("content-type"), "application/json; charset=utf-8");
        assert!(!reply.headers.contains_key("x-api-key"));
    }
    Ok(())
}

#[tokio::test]
async fn a_role_is_asked_for_before_the_body_is_read() -> Result<()> {
    let bundle = begin().await?;
    let ours = Tenant::ours(&bundle);
    let forbidden = json!({"status": {"message": "Access to the resource is Forbidden", "code": "403"}});
    let id = ours.submits(&power_cuts()).await?;
    for (role, method, path, body) in [
        ("viewer", "POST", "/recomputations".to_owned(), "{{"),
        ("viewer", "PUT", format!("/recomputations/{id}"), "{{"),
        ("editor", "POST", format!("/recomputations/{id}/status"), "{{"),
        ("editor", "DELETE", format!("/recomputations/{id}/status"), ""),
        ("approver", "DELETE", format!("/recomputations/{id}"), ""),
        ("approver", "DELETE", "/recomputations/nobody".to_owned(), ""),
    ] {
        let reply = ours.asks_as(role, method, &path, body).await;
        assert_eq!((reply.status, reply.json()), (403, forbidden.clone()), "{role} {method} {path}");
    }
    Ok(())
}

#[tokio::test]
async fn json_is_sent_to_whoever_takes_it() -> Result<()> {
    let bundle = begin().await?;
    let ours = Tenant::ours(&bundle);
    for (accept, status) in
        [("*/*", 200), ("application/json", 200), ("application/jaason", 406), ("application/xml", 406)]
    {
        let reply = ours.asks_with("viewer", "GET", "/recomputations", &[("accept", accept)], "").await;
        assert_eq!(reply.status, status, "{accept}");
    }
    let reply = ours.asks_with("viewer", "GET", "/recomputations", &[("accept", "text/css")], "").await;
    assert_eq!(
        reply.json()["status"]["details"],
        "Accept header provided did not contain any valid content types. Acceptable content type is 'application/json'"
    );
    Ok(())
}

#[tokio::test]
async fn paths_and_methods_are_answered_in_this_apis_shape() -> Result<()> {
    let bundle = begin().await?;
    let ours = Tenant::ours(&bundle);
    let id = ours.submits(&power_cuts()).await?;
    assert_eq!(
        ours.asks("GET", "/recomputations/", "").await.json()["root"].as_array().map(Vec::len),
        Some(1)
    );
    for (method, path) in [("PATCH", "/recomputations"), ("PUT", "/recomputations")] {
        let reply = ours.asks(method, path, "").await;
        assert_eq!((reply.status, reply.json()["status"]["code"].clone()), (405, json!("405")));
        for allowed in ["GET", "POST"] {
            assert!(reply.header("allow").contains(allowed), "{reply:?}");
        }
    }
    let reply = ours.asks("GET", "/recomputations/a/b/c", "").await;
    assert_eq!((reply.status, reply.json()["status"]["message"].clone()), (404, json!("Not Found")));
    let reply = ours.asks("HEAD", &format!("/recomputations/{id}"), "").await;
    assert_eq!((reply.status, reply.body.as_str()), (200, ""));
    Ok(())
}
