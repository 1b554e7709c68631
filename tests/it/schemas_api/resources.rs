//! Lists, rows, sets, descriptions, methods and credentials.

use anyhow::Result;
use schemas::record::Name;
use serde_json::{Value, json};

use super::{Client, error_message, ids};

#[tokio::test]
async fn everything_but_the_index_requires_credentials() -> Result<()> {
    let client = Client::start().await?;
    let index = client.bundle.request("GET", "/api/v1/", &[], "").await;
    assert_eq!(index.status, 200);
    assert_eq!(
        index.json()["role"],
        json!({"list_endpoint": "/api/v1/role/", "schema": "/api/v1/role/schema/"})
    );
    let names: Vec<_> = Name::ALL.iter().map(|name| format!("/api/v1/{name}/")).collect();
    let others = [
        "/api/v1/role/1/",
        "/api/v1/role/schema/",
        "/api/v1/role/set/1/",
        "/api/v1/changeset/apply_status/x/",
    ];
    for path in names.iter().map(String::as_str).chain(others) {
        for headers in [&[][..], &[("authorization", "Basic ???")], &[("x-api-key", "wrong")]] {
            let reply = client.bundle.request("GET", path, headers, "").await;
            assert_eq!((reply.status, reply.body.as_str()), (401, ""), "{path} {headers:?}");
            assert_eq!(reply.headers["www-authenticate"], "Basic Realm=\"django-tastypie\"");
        }
        assert_eq!(client.get(path).await.status, 200, "{path}");
    }
    let wrong = [("authorization", "Basic ZGV2Ondyb25n")];
    let reply = client.bundle.request("GET", "/api/v1/role/", &wrong, "").await;
    assert_eq!((reply.status, reply.body.as_str()), (401, ""));
    Ok(())
}

#[tokio::test]
async fn pages_are_limited_and_linked() -> Result<()> {
    let client = Client::start().await?;
    for (query, limit, total, expected, next, previous) in [
        ("", 20, 3, &[1, 2, 3][..], Value::Null, Value::Null),
        ("?limit=0", 1_000, 3, &[1, 2, 3], Value::Null, Value::Null),
        ("?limit=5000", 1_000, 3, &[1, 2, 3], Value::Null, Value::Null),
        (
            "?limit=1&offset=1",
            1,
            3,
            &[2],
            json!("/api/v1/role/?limit=1&offset=2"),
            json!("/api/v1/role/?limit=1&offset=0"),
        ),
        ("?foo=bar&limit=1", 1, 3, &[1], json!("/api/v1/role/?foo=bar&limit=1&offset=1"), Value::Null),
        ("?offset=10", 20, 3, &[], Value::Null, Value::Null),
        ("?foo=bar", 20, 3, &[1, 2, 3], Value::Null, Value::Null),
    ] {
        let reply = client.get(&format!("/api/v1/role/{query}")).await;
        assert_eq!(reply.status, 200, "{query}");
        let meta = &reply.json()["meta"];
        assert_eq!((&meta["limit"], &meta["total_count"]), (&json!(limit), &json!(total)), "{query}");
        assert_eq!((&meta["next"], &meta["previous"]), (&next, &previous), "{query}");
        assert_eq!(ids(&reply), expected, "{query}");
    }
    Ok(())
}

#[tokio::test]
async fn wrong_queries_are_answered_with_the_documented_texts() -> Result<()> {
    let client = Client::start().await?;
    for (path, text) in [
        ("role/?limit=-1", "Invalid limit '-1' provided. Please provide a positive integer >= 0."),
        ("role/?limit=abc", "Invalid limit 'abc' provided. Please provide a positive integer."),
        ("role/?offset=x", "Invalid offset 'x' provided. Please provide an integer."),
        ("role/?name=dba", "The 'name' field does not allow filtering."),
        ("role/?order_by=name", "The 'name' field does not allow ordering."),
        ("role/?order_by=x", "No matching 'x' field for ordering on."),
        ("database_schema/?id=abc", "Invalid resource lookup data provided (mismatched type)."),
        ("database_schema/?name__foo=x", "The 'name' field does not support relations."),
        ("server/?environment=1", "The 'environment' field does not allow filtering."),
        ("changeset_detail/?apply_sql=x", "The 'apply_sql' field does not allow filtering."),
    ] {
        let reply = client.get(&format!("/api/v1/{path}")).await;
        assert_eq!((reply.status, reply.json()), (400, json!({"error": text})), "{path}");
    }
    Ok(())
}

#[tokio::test]
async fn rows_are_found_by_id_with_and_without_a_slash() -> Result<()> {
    let client = Client::start().await?;
    for path in ["/api/v1/role/1/", "/api/v1/role/1"] {
        let reply = client.get(path).await;
        assert_eq!((reply.status, &reply.json()["name"]), (200, &json!("admin")));
        assert_eq!(reply.headers["content-type"], "application/json");
        assert_eq!(reply.headers["cache-control"], "no-cache");
        assert!(reply.headers["vary"].to_str()?.contains("Accept"));
    }
    let missing = client.get("/api/v1/role/99/").await;
    assert_eq!((missing.status, missing.body.as_str()), (404, ""));
    let text = client.get("/api/v1/role/abc/").await;
    assert_eq!(text.status, 404);
    assert_eq!(error_message(&text), "Sorry, this request could not be processed. Please try again later.");
    let unknown = client.get("/api/v1/roles/").await;
    assert_eq!((unknown.status, error_message(&unknown).as_str()), (404, "Unknown path."));
    Ok(())
}

#[tokio::test]
async fn sets_name_the_ids_that_no_row_has() -> Result<()> {
    let client = Client::start().await?;
    let set = client.get("/api/v1/role/set/1;99;x/").await.json();
    assert_eq!((&set["not_found"], &set["objects"][0]["id"]), (&json!(["99", "x"]), &json!(1)));
    assert_eq!(set.get("meta"), None);
    let whole = client.get("/api/v1/role/set/3;1/").await;
    assert_eq!((ids(&whole), whole.json().get("not_found")), (vec![1, 3], None));
    Ok(())
}

#[tokio::test]
async fn methods_that_a_path_does_not_have_are_answered_with_those_that_it_has() -> Result<()> {
    let client = Client::start().await?;
    for (method, path, allowed) in [
        ("POST", "/api/v1/role/", "GET"),
        ("PUT", "/api/v1/role/1/", "GET"),
        ("DELETE", "/api/v1/environment/", "GET,POST"),
        ("PUT", "/api/v1/server/", "GET,POST"),
        ("GET", "/api/v1/user/create/", "POST"),
        ("POST", "/api/v1/role/schema/", "GET"),
        ("GET", "/api/v1/changeset/approve/1/", "POST"),
        ("POST", "/api/v1/changeset/1/", "GET"),
        ("HEAD", "/api/v1/role/", "GET"),
        ("HEAD", "/api/v1/environment/1/", "GET,POST,PUT,DELETE,PATCH"),
    ] {
        let reply = client.call("admin", method, path, &Value::Null).await;
        assert_eq!(reply.status, 405, "{method} {path}: {reply:?}");
        assert_eq!(reply.headers["allow"], allowed, "{method} {path}");
        let body = if method == "HEAD" { "" } else { allowed };
        assert_eq!(reply.body, body, "{method} {path}");
        // The method is checked before the credentials.
        assert_eq!(client.bundle.request(method, path, &[], "").await.status, 405, "{method} {path}");
    }
    for (path, allowed) in
        [("/api/v1/role/", "GET"), ("/api/v1/environment/", "GET,POST"), ("/api/v1/user/create/", "POST")]
    {
        let reply = client.bundle.request("OPTIONS", path, &[], "").await;
        assert_eq!((reply.status, &reply.headers["allow"]), (200, &allowed.parse()?), "{path}");
    }
    let unsupported = client.call("admin", "POST", "/api/v1/environment/1/", &json!({"name": "x"})).await;
    assert_eq!((unsupported.status, unsupported.body.as_str()), (501, ""));
    Ok(())
}

#[tokio::test]
async fn the_first_data_is_made_once() -> Result<()> {
    let client = Client::start().await?;
    for _ in 0..2 {
        let environments = client.get("/api/v1/environment/").await.json();
        let names: Vec<_> =
            environments["objects"].as_array().into_iter().flatten().map(|row| &row["name"]).collect();
        assert_eq!(names, ["dev", "test", "prod"]);
    }
    assert_eq!(client.get("/api/v1/test_type/").await.json()["objects"][0]["name"], "syntax");
    let first = client.get("/api/v1/validation_type/1/").await.json();
    assert_eq!(first["name"], "no update with where clause");
    let auth_user = client.get("/api/v1/auth_user/2/").await.json();
    assert_eq!(
        auth_user,
        json!({"username": "admin", "first_name": "", "last_name": "", "last_login": null, "resource_uri": "/api/v1/auth_user/2/"})
    );
    Ok(())
}
