//! Writes of environments and servers.

use anyhow::{Context, Result};
use schemas::record::ChangesetDetailApply;
use serde_json::{Value, json};

use super::{CREATED, Client, error_message, ids};

#[tokio::test]
async fn environments_are_created_changed_and_removed() -> Result<()> {
    let client = Client::start().await?;
    let body = json!({"name": "e", "id": 77, "created_at": "2001-01-01T00:00:00"});
    let created = client.post("dba", "/api/v1/environment/", body).await;
    assert_eq!((created.status, created.body.as_str()), (201, ""), "{created:?}");
    let location = created.headers["location"].to_str()?;
    let path = location.find("/api/v1/").map(|start| &location[start..]).context("a URI")?;
    assert_eq!(path, "/api/v1/environment/4/");
    let shown = client.get(path).await.json();
    assert_eq!((&shown["name"], &shown["created_at"]), (&json!("e"), &json!("2035-01-05T00:00:30")));
    let changed = client.call("dba", "PUT", path, &json!({"name": "f"})).await;
    assert_eq!((changed.status, changed.body.as_str()), (204, ""));
    let patched = client.call("dba", "PATCH", path, &json!({"approvals_required": 2})).await;
    assert_eq!((patched.status, patched.body.as_str()), (202, ""));
    let shown = client.get(path).await.json();
    assert_eq!((&shown["name"], &shown["approvals_required"]), (&json!("f"), &json!(2)));
    for status in [204, 404] {
        assert_eq!(client.call("dba", "DELETE", path, &Value::Null).await.status, status);
    }
    for method in ["PUT", "PATCH"] {
        let unknown = client.call("dba", method, "/api/v1/environment/500/", &json!({"name": "x"})).await;
        assert_eq!((unknown.status, unknown.body.as_str()), (404, ""), "{method}");
    }
    let events = client.get("/api/v1/event/?type__startswith=environment").await.json();
    let texts: Vec<_> =
        events["objects"].as_array().into_iter().flatten().map(|row| &row["description"]).collect();
    assert_eq!(
        texts,
        [
            "Environment [id=4, name=e] was added.",
            "Environment [id=4, name=f] was updated.",
            "Environment [id=4, name=f] was updated.",
            "Environment [id=4, name=f] was deleted."
        ]
    );
    Ok(())
}

#[tokio::test]
async fn wrong_bodies_are_refused() -> Result<()> {
    let client = Client::start().await?;
    let credentials =
        [("authorization", "Basic ZGJhOmRiYQ=="), ("content-type", "application/x-www-form-urlencoded")];
    let form = client.bundle.request("POST", "/api/v1/environment/", &credentials, "name=x").await;
    assert_eq!(form.status, 400, "{form:?}");
    for broken in ["", "{", "[]", "{\"name\": }"] {
        let reply = client.bundle.request("POST", "/api/v1/environment/", &credentials[..1], broken).await;
        assert_eq!(
            (reply.status, error_message(&reply).as_str()),
            (400, "No JSON object could be decoded"),
            "{broken}"
        );
    }
    for (path, body, expected) in [
        ("environment", json!({}), "'name'"),
        ("environment", json!({"name": ""}), "invalid name \"\": expected a text of 1 to 255 characters"),
        ("environment", json!({"name": null}), "invalid name null: expected a text of 1 to 255 characters"),
        (
            "environment",
            json!({"name": "x", "window": "22-4"}),
            "invalid window \"22-4\": expected two different times as HH:MM-HH:MM",
        ),
        (
            "server",
            json!({"name": "s", "port": "x"}),
            "invalid port \"x\": expected a number from 1 to 65535",
        ),
        (
            "server",
            json!({"name": "s", "port": 70_000}),
            "invalid port 70000: expected a number from 1 to 65535",
        ),
    ] {
        let reply = client.post("dba", &format!("/api/v1/{path}/"), body.clone()).await;
        assert_eq!((reply.status, error_message(&reply).as_str()), (400, expected), "{path} {body}");
    }
    for (environment, expected) in [
        (
            json!("/api/v1/environment/99/"),
            "Could not find the provided object via resource URI '/api/v1/environment/99/'.",
        ),
        (
            json!(1),
            "The 'environment' field was given data that was not a URI, not a dictionary-alike and does not have a 'pk' attribute: 1.",
        ),
        (
            json!({"name": "made"}),
            "The 'environment' field was given a nested object: expected a URI such as /api/v1/environment/1/.",
        ),
    ] {
        let reply =
            client.post("dev", "/api/v1/server/", json!({"name": "s", "environment": environment})).await;
        assert_eq!((reply.status, reply.json()), (400, json!({"error": expected})), "{environment}");
    }
    assert_eq!(ids(&client.get("/api/v1/server/").await), [0; 0]);
    assert_eq!(ids(&client.get("/api/v1/environment/").await), [1, 2, 3]);
    Ok(())
}

#[tokio::test]
async fn fields_that_a_change_does_not_name_keep_their_value() -> Result<()> {
    let client = Client::start().await?;
    let body = json!({"name": "localhost", "hostname": "127.0.0.1"});
    assert_eq!(client.post("dev", "/api/v1/server/", body).await.status, 201);
    let server = client.get("/api/v1/server/1/").await.json();
    assert_eq!((&server["port"], &server["environment"]), (&Value::Null, &Value::Null));
    for (method, body, port, environment) in [
        (
            "PUT",
            json!({"port": "3307", "environment": "/api/v1/environment/1/"}),
            json!(3307),
            json!("/api/v1/environment/1/"),
        ),
        ("PUT", json!({"hostname": "localhost"}), json!(3307), json!("/api/v1/environment/1/")),
        ("PUT", json!({}), json!(3307), json!("/api/v1/environment/1/")),
        ("PUT", json!({"environment": null}), json!(3307), Value::Null),
        ("PATCH", json!({"port": null}), Value::Null, Value::Null),
    ] {
        let reply = client.call("dev", method, "/api/v1/server/1/", &body).await;
        assert_eq!(reply.status, if method == "PUT" { 204 } else { 202 }, "{body}: {reply:?}");
        let server = client.get("/api/v1/server/1/").await.json();
        assert_eq!((&server["port"], &server["environment"]), (&port, &environment), "{method} {body}");
    }
    assert_eq!(client.get("/api/v1/server/1/").await.json()["hostname"], "localhost");
    Ok(())
}

#[tokio::test]
async fn names_of_servers_are_unique() -> Result<()> {
    let client = Client::start().await?;
    for (name, status) in [("a", 201), ("b", 201), ("a", 409)] {
        let reply = client.post("dev", "/api/v1/server/", json!({"name": name})).await;
        assert_eq!(reply.status, status, "{name}: {reply:?}");
    }
    let taken = client.call("dev", "PUT", "/api/v1/server/2/", &json!({"name": "a"})).await;
    assert_eq!((taken.status, error_message(&taken).as_str()), (409, "Server with name 'a' already exists."));
    assert_eq!(client.call("dev", "PUT", "/api/v1/server/1/", &json!({"name": "c"})).await.status, 204);
    assert_eq!(client.call("dev", "PUT", "/api/v1/server/2/", &json!({"name": "a"})).await.status, 204);
    Ok(())
}

#[tokio::test]
async fn what_refers_to_a_removed_place_stays_without_it() -> Result<()> {
    let client = Client::start().await?;
    let body = json!({"name": "s", "environment": "/api/v1/environment/1/"});
    assert_eq!(client.post("dev", "/api/v1/server/", body).await.status, 201);
    client.put_schema(1).await?;
    client.put_version(11, 1).await?;
    client
        .put(&ChangesetDetailApply {
            id: 15,
            changeset_detail: 1,
            changeset: 1,
            environment: Some(1),
            server: Some(1),
            results_log: String::new(),
            task: 1,
            reverted_at: None,
            created_at: CREATED,
            updated_at: CREATED,
            version: 1,
        })
        .await?;
    let after = json!({"after_environment": "/api/v1/environment/1/"});
    assert_eq!(client.call("dba", "PATCH", "/api/v1/environment/2/", &after).await.status, 202);

    assert_eq!(client.call("dba", "DELETE", "/api/v1/environment/1/", &Value::Null).await.status, 204);
    let field = async |path: &str, field: &str| client.get(path).await.json()[field].clone();
    assert_eq!(field("/api/v1/server/1/", "environment").await, Value::Null);
    assert_eq!(field("/api/v1/environment/2/", "after_environment").await, Value::Null);
    assert_eq!(field("/api/v1/changeset_detail_apply/15/", "environment").await, Value::Null);
    assert_eq!(field("/api/v1/changeset_detail_apply/15/", "server").await, json!("/api/v1/server/1/"));

    assert_eq!(field("/api/v1/schema_version/11/", "pulled_from").await, json!("/api/v1/server/1/"));
    assert_eq!(client.call("dev", "DELETE", "/api/v1/server/1/", &Value::Null).await.status, 204);
    assert_eq!(field("/api/v1/changeset_detail_apply/15/", "server").await, Value::Null);
    assert_eq!(field("/api/v1/schema_version/11/", "pulled_from").await, Value::Null);
    assert_eq!(field("/api/v1/schema_version/11/", "updated_at").await, json!("2013-05-01T00:03:00"));
    Ok(())
}
