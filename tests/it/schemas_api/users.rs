//! Administration of users and their logins.

use anyhow::{Context, Result};
use domain::access::administering::UserChange;
use domain::access::audit::Caller;
use schemas::record::{Changeset, ReviewStatus};
use serde_json::{Value, json};

use super::{Client, error_message};

fn dev2() -> Value {
    json!({"name": "dev2", "email": "dev2@example.com", "role_id": "3", "password": "dev2"})
}

#[tokio::test]
async fn an_admin_creates_users_that_can_log_in() -> Result<()> {
    let client = Client::start().await?;
    let created = client.post("admin", "/api/v1/user/create/", dev2()).await;
    assert_eq!(created.status, 200, "{created:?}");
    let expected = json!({
        "auth_user": "/api/v1/auth_user/5/",
        "created_at": "2035-01-05T00:00:30",
        "email": "dev2@example.com",
        "github_login": null,
        "id": 5,
        "name": "dev2",
        "resource_uri": "/api/v1/user/5/",
        "role": "/api/v1/role/3/",
        "updated_at": "2035-01-05T00:00:30",
    });
    assert_eq!(created.json(), expected);
    assert_eq!(client.get("/api/v1/user/5/").await.json(), expected);
    assert_eq!(client.call("dev2", "GET", "/api/v1/role/", &Value::Null).await.status, 200);
    Ok(())
}

#[tokio::test]
async fn wrong_requests_change_no_user() -> Result<()> {
    let client = Client::start().await?;
    let but = |name: &str, value: Value| {
        let mut body = dev2();
        match value {
            Value::Null => drop(body.as_object_mut().and_then(|body| body.remove(name))),
            value => body[name] = value,
        }
        body
    };
    for (user, body, status, text) in [
        ("dba", dev2(), 403, "Creating user is not allowed."),
        ("dev", dev2(), 403, "Creating user is not allowed."),
        ("admin", but("role_id", Value::Null), 400, "'role_id'"),
        ("admin", but("password", Value::Null), 400, "'password'"),
        ("admin", but("name", json!("")), 400, "The given username must be set"),
        (
            "admin",
            but("role_id", json!(99)),
            404,
            "Role matching query does not exist. Lookup parameters were {'pk': 99}",
        ),
        ("admin", but("role_id", json!("x")), 400, "invalid role_id \"x\": expected a number"),
        ("admin", but("name", json!("dev")), 409, "User with name 'dev' already exists."),
    ] {
        let reply = client.post(user, "/api/v1/user/create/", body.clone()).await;
        assert_eq!((reply.status, error_message(&reply).as_str()), (status, text), "{user} {body}");
    }
    assert_eq!(client.get("/api/v1/user/").await.json()["meta"]["total_count"], 4);
    Ok(())
}

#[tokio::test]
async fn an_update_renames_the_login_and_changes_its_role() -> Result<()> {
    let client = Client::start().await?;
    let body = json!({"name": "dev_2", "email": "dev_2@example.com", "role_id": 2});
    for (user, status) in [("dba", 403), ("admin", 200)] {
        let reply = client.post(user, "/api/v1/user/update/4/", body.clone()).await;
        assert_eq!(reply.status, status, "{reply:?}");
    }
    assert_eq!(client.get("/api/v1/role/").await.status, 401, "the old name is gone");
    // The password stays.
    let access = client.bundle.access.clone();
    let attempt =
        domain::access::authenticating::PasswordAttempt { name: "dev_2", password: "dev", address: "" };
    let principal = access.authenticate_password(attempt).await?.context("the login was renamed")?;
    let grants: Vec<String> = principal.grants.iter().map(ToString::to_string).collect();
    assert_eq!(grants, ["schemas:approver"]);
    let taken = client
        .post("admin", "/api/v1/user/update/4/", json!({"name": "dba", "email": "", "role_id": 2}))
        .await;
    assert_eq!(taken.status, 409);
    let shown = client.call("dba", "GET", "/api/v1/user/4/", &Value::Null).await.json();
    assert_eq!((&shown["name"], &shown["role"]), (&json!("dev_2"), &json!("/api/v1/role/2/")));
    let unknown = client.post("admin", "/api/v1/user/update/99/", body).await;
    assert_eq!(
        (unknown.status, error_message(&unknown).as_str()),
        (404, "User matching query does not exist. Lookup parameters were {'pk': 99}")
    );
    Ok(())
}

#[tokio::test]
async fn a_deleted_user_cannot_log_in_and_leaves_no_reference() -> Result<()> {
    let client = Client::start().await?;
    let changeset = client.put_changeset(1, ReviewStatus::Approved).await?;
    client.put(&Changeset { approved_by: Some(4), approvals: vec![3, 4], ..changeset }).await?;
    for (status, text) in
        [(200, ""), (404, "User matching query does not exist. Lookup parameters were {'pk': 4}")]
    {
        let reply = client.post("admin", "/api/v1/user/delete/4/", Value::Null).await;
        assert_eq!((reply.status, error_message(&reply).as_str()), (status, text));
        assert!(status != 200 || reply.json() == json!({}));
    }
    assert_eq!(client.get("/api/v1/role/").await.status, 401);
    let shown = client.call("dba", "GET", "/api/v1/changeset/1/", &Value::Null).await.json();
    assert_eq!((&shown["submitted_by"], &shown["approved_by"]), (&Value::Null, &Value::Null));
    assert_eq!(shown["approvals"], json!(["/api/v1/user/3/"]));
    Ok(())
}

#[tokio::test]
async fn a_login_with_roles_in_other_apis_keeps_them() -> Result<()> {
    let client = Client::start().await?;
    let caller = Caller {
        name: "test".to_owned(),
        tenant: "default".to_owned(),
        address: String::new(),
        request_id: String::new(),
    };
    let grants = ["usage:viewer", "schemas:editor"].map(|grant| grant.parse().expect("a grant"));
    let change = UserChange {
        grants: Some(grants.into()),
        password: Some("shared".to_owned()),
        ..UserChange::default()
    };
    client.bundle.access.user_create("shared", change, &caller).await?;
    // The first write makes the row of the user.
    assert_eq!(client.post("shared", "/api/v1/server/", json!({"name": "s"})).await.status, 201);
    let body = json!({"name": "other", "email": "", "role_id": 3});
    let renamed = client.post("admin", "/api/v1/user/update/5/", body).await;
    assert_eq!(renamed.status, 403, "{renamed:?}");
    assert_eq!(client.post("admin", "/api/v1/user/delete/5/", Value::Null).await.status, 200);
    let left = client.bundle.access.user_get("shared").await?.context("the login stays")?;
    assert_eq!(left.grants.iter().map(ToString::to_string).collect::<Vec<_>>(), ["usage:viewer"]);
    assert_eq!(client.call("shared", "GET", "/api/v1/role/", &Value::Null).await.status, 403);
    Ok(())
}
