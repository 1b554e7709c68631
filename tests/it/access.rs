//! The access API: keys, users, sessions, lockout, the audit log, and the secrecy of secrets.

use anyhow::{Context, Result};
use chrono::TimeDelta;
use serde_json::{Value, json};
use tests::TestBundle;
use tests::bundle::FIRST_SECRET;
use tests::calling::Reply;

/// Wrong passwords after which a user is locked.
const LOCKOUT_FAILURES: usize = 10;

/// Sends a request as the first administrator.
async fn admin_request(bundle: &TestBundle, method: &str, path: &str, body: &Value) -> Reply {
    let body = if body.is_null() { String::new() } else { body.to_string() };
    bundle.request(method, path, &[("x-api-key", FIRST_SECRET)], &body).await
}

/// Returns the `Authorization` header of HTTP Basic.
fn basic(name: &str, password: &str) -> String {
    use base64::Engine;
    let encoded = base64::engine::general_purpose::STANDARD.encode(format!("{name}:{password}"));
    format!("Basic {encoded}")
}

async fn status_with_password(bundle: &TestBundle, name: &str, password: &str) -> u16 {
    bundle.request("GET", "/access/users", &[("authorization", &basic(name, password))], "").await.status
}

/// Starts a bundle with the administrator `ann`, whose password is `sesame`.
async fn with_ann() -> Result<TestBundle> {
    let bundle = TestBundle::start().await?;
    let ann = json!({"name": "ann", "email": "ann@example.com", "roles": ["admin"], "password": "sesame"});
    let created = admin_request(&bundle, "POST", "/access/users", &ann).await;
    anyhow::ensure!(created.status == 201, "{created:?}");
    Ok(bundle)
}

#[tokio::test]
async fn key_is_shown_once_and_authenticates_until_it_is_revoked() -> Result<()> {
    let bundle = TestBundle::start().await?;
    let created = admin_request(
        &bundle,
        "POST",
        "/access/keys",
        &json!({"name": "night shift", "roles": ["viewer"], "tenant": "t"}),
    )
    .await;
    assert_eq!(created.status, 201, "{created:?}");
    let created = created.json();
    let key = created["key"].as_str().context("no key")?.to_owned();
    assert_eq!(key.len(), 64);
    let id = created["id"].as_str().context("no id")?;
    let list = admin_request(&bundle, "GET", "/access/keys", &Value::Null).await;
    assert!(!list.body.contains(&key) && list.body.contains(id), "{list:?}");
    let status_with_key =
        async || bundle.request("GET", "/recomputations", &[("x-api-key", &key)], "").await.status;
    assert_eq!(status_with_key().await, 200);
    let path = format!("/access/keys/{id}");
    let revoked = admin_request(&bundle, "DELETE", &path, &Value::Null).await.json();
    assert_eq!(revoked["revoked"], "2035-01-05T00:00:30Z");
    assert_eq!(status_with_key().await, 401);
    assert_eq!(admin_request(&bundle, "DELETE", &path, &Value::Null).await.json(), revoked);
    assert_eq!(admin_request(&bundle, "GET", &path, &Value::Null).await.json(), revoked);
    assert_eq!(
        admin_request(&bundle, "GET", "/access/keys/0123456789abcdef", &Value::Null).await.status,
        404
    );
    Ok(())
}

#[tokio::test]
async fn expired_key_no_longer_authenticates() -> Result<()> {
    let bundle = TestBundle::start().await?;
    let wanted = json!({"name": "a", "roles": ["viewer"], "expires": "2035-01-05T01:00:00Z"});
    let created = admin_request(&bundle, "POST", "/access/keys", &wanted).await.json();
    let key = created["key"].as_str().context("no key")?;
    let status_with_key =
        async || bundle.request("GET", "/recomputations", &[("x-api-key", key)], "").await.status;
    assert_eq!(status_with_key().await, 200);
    bundle.advance(TimeDelta::hours(1));
    assert_eq!(status_with_key().await, 401);
    Ok(())
}

#[tokio::test]
async fn invalid_keys_and_users_are_rejected_with_a_reason() -> Result<()> {
    let bundle = with_ann().await?;
    let user = |change: Value| {
        let mut user = json!({"name": "bob", "roles": ["viewer"], "password": "sesame"});
        user.as_object_mut().expect("an object").extend(change.as_object().cloned().expect("an object"));
        user
    };
    for (method, path, body, status, text) in [
        ("POST", "/access/keys", json!({"name": "", "roles": ["viewer"]}), 400, "'name'"),
        ("POST", "/access/keys", json!({"name": "a", "roles": []}), 400, "'roles'"),
        ("POST", "/access/keys", json!({"name": "a", "roles": ["root"]}), 400, "'root'"),
        (
            "POST",
            "/access/keys",
            json!({"name": "a", "roles": ["viewer"], "expires": "soon"}),
            400,
            "'expires'",
        ),
        (
            "POST",
            "/access/keys",
            json!({"name": "a", "roles": ["viewer"], "expires": "2035-01-01T00:00:00Z"}),
            400,
            "'expires'",
        ),
        ("POST", "/access/keys", json!({"name": "a", "roles": ["viewer"], "more": 1}), 400, "more"),
        ("POST", "/access/users", user(json!({"name": "Bob Smith"})), 400, "'name'"),
        ("POST", "/access/users", user(json!({"password": "x"})), 400, "'password'"),
        ("POST", "/access/users", user(json!({"name": "ann"})), 409, "'ann'"),
        ("PUT", "/access/users/ann", json!({"roles": []}), 400, "'roles'"),
        ("PUT", "/access/users/nobody", json!({}), 404, "Unknown user"),
        ("DELETE", "/access/users/nobody", Value::Null, 404, "Unknown user"),
        ("GET", "/access/audit?limit=0", Value::Null, 400, "'limit'"),
        ("GET", "/access/audit?mark=x", Value::Null, 400, "'mark'"),
    ] {
        let reply = admin_request(&bundle, method, path, &body).await;
        let message = reply.message(status);
        assert!(message.contains(text), "{method} {path} {body}: {message}");
    }
    assert_eq!(admin_request(&bundle, "GET", "/access/keys", &Value::Null).await.json(), json!({"keys": []}));
    Ok(())
}

#[tokio::test]
async fn user_authenticates_by_password_and_session_until_removed() -> Result<()> {
    let bundle = with_ann().await?;
    assert_eq!(status_with_password(&bundle, "ann", "sesame").await, 200);
    assert_eq!(status_with_password(&bundle, "ann", "wrong").await, 401);
    assert_eq!(status_with_password(&bundle, "nobody", "sesame").await, 401);
    let login = bundle.request("POST", "/login", &[], r#"{"username": "ann", "password": "sesame"}"#).await;
    let session = login.json()["session"].as_str().context("no session")?.to_owned();
    assert_eq!(session.len(), 64);
    let request = async |path: &str| bundle.request("GET", path, &[("x-session", &session)], "").await;
    assert_eq!(request("/profile").await.json(), json!({"username": "ann"}));
    assert_eq!(request("/access/users").await.status, 200);
    let again = bundle.request("POST", "/login", &[], r#"{"username": "ann", "password": "sesame"}"#).await;
    assert_ne!(again.json()["session"], session.as_str(), "a second login opens another session");
    assert_eq!(request("/profile").await.status, 200);
    assert_eq!(
        admin_request(&bundle, "DELETE", "/access/users/ann", &Value::Null).await.json(),
        json!({"removed": "ann"})
    );
    assert_eq!(request("/profile").await.status, 401);
    assert_eq!(status_with_password(&bundle, "ann", "sesame").await, 401);
    Ok(())
}

#[tokio::test]
async fn session_ends_at_logout_or_an_hour_after_its_last_use() -> Result<()> {
    let bundle = with_ann().await?;
    let login =
        bundle.request("POST", "/login", &[], r#"{"username": "ann", "password": "sesame"}"#).await.json();
    let session = login["session"].as_str().context("no session")?.to_owned();
    let request = async |path: &str| bundle.request("GET", path, &[("x-session", &session)], "").await;
    // Each use extends the session by an hour.
    for _ in 0..3 {
        bundle.advance(TimeDelta::minutes(50));
        assert_eq!(request("/profile").await.status, 200);
    }
    assert_eq!(request("/logout").await.json(), json!({"logout": true}));
    for path in ["/profile", "/logout"] {
        let reply = request(path).await;
        assert_eq!((reply.status, reply.json()), (401, json!({"error": "Invalid session."})), "{path}");
    }
    let login =
        bundle.request("POST", "/login", &[], r#"{"username": "ann", "password": "sesame"}"#).await.json();
    bundle.advance(TimeDelta::minutes(61));
    let headers = [("x-session", login["session"].as_str().context("no session")?)];
    assert_eq!(bundle.request("GET", "/profile", &headers, "").await.status, 401);
    Ok(())
}

#[tokio::test]
async fn invalid_session_requests_return_the_documented_errors() -> Result<()> {
    let bundle = with_ann().await?;
    for (body, status, error) in [
        ("", 400, "Unable to read post data"),
        ("{{", 400, "Invalid json format"),
        ("[]", 400, "Invalid json format"),
        ("{}", 406, "Parameter 'username' not sent."),
        (r#"{"username": "ann"}"#, 406, "Parameter 'password' not sent."),
        (r#"{"username": 5, "password": "x"}"#, 406, "Parameter 'username' is malformed."),
        (r#"{"username": "Ann!", "password": "sesame"}"#, 406, "Parameter 'username' is malformed."),
        (r#"{"username": "ann", "password": ""}"#, 406, "Parameter 'password' is malformed."),
        (r#"{"username": "ann", "password": "other"}"#, 404, "Invalid username/password."),
        (r#"{"username": "bob", "password": "sesame"}"#, 404, "Invalid username/password."),
    ] {
        let reply = bundle.request("POST", "/login", &[], body).await;
        assert_eq!((reply.status, reply.json()), (status, json!({"error": error})), "{body}");
    }
    let (short, upper) = ("a".repeat(63), "A".repeat(64));
    for headers in [&[][..], &[("x-session", "abc")], &[("x-session", &short)], &[("x-session", &upper)]] {
        let reply = bundle.request("GET", "/profile", headers, "").await;
        let error = json!({"error": "Parameter 'X-Session' is malformed."});
        assert_eq!((reply.status, reply.json()), (406, error), "{headers:?}");
    }
    Ok(())
}

#[tokio::test]
async fn ten_wrong_passwords_lock_a_user_for_fifteen_minutes() -> Result<()> {
    let bundle = with_ann().await?;
    for _ in 0..LOCKOUT_FAILURES {
        assert_eq!(status_with_password(&bundle, "ann", "wrong").await, 401);
    }
    assert_eq!(status_with_password(&bundle, "ann", "sesame").await, 429);
    assert_eq!(status_with_password(&bundle, "bob", "wrong").await, 401, "another user is not locked");
    bundle.advance(TimeDelta::minutes(14));
    assert_eq!(status_with_password(&bundle, "ann", "sesame").await, 429);
    bundle.advance(TimeDelta::minutes(2));
    assert_eq!(status_with_password(&bundle, "ann", "sesame").await, 200);
    Ok(())
}

#[tokio::test]
async fn changed_password_or_role_takes_effect_at_once_in_the_same_process() -> Result<()> {
    let bundle = with_ann().await?;
    assert_eq!(status_with_password(&bundle, "ann", "sesame").await, 200);
    let changed =
        admin_request(&bundle, "PUT", "/access/users/ann", &json!({"password": "other"})).await.json();
    assert_eq!((&changed["version"], &changed["email"]), (&json!(2), &json!("ann@example.com")));
    assert_eq!(status_with_password(&bundle, "ann", "sesame").await, 401);
    assert_eq!(status_with_password(&bundle, "ann", "other").await, 200);
    admin_request(&bundle, "PUT", "/access/users/ann", &json!({"roles": ["viewer"]})).await;
    assert_eq!(status_with_password(&bundle, "ann", "other").await, 403);
    Ok(())
}

#[tokio::test]
async fn verified_password_is_cached_for_a_minute() -> Result<()> {
    let bundle = with_ann().await?;
    let calls = async || {
        bundle.faults.take_calls();
        assert_eq!(status_with_password(&bundle, "ann", "sesame").await, 200);
        bundle.faults.take_calls().len()
    };
    assert_eq!(calls().await, 3, "the user, the failures, and the list");
    assert_eq!(calls().await, 1, "the list");
    bundle.advance(TimeDelta::seconds(60));
    assert_eq!(calls().await, 3);
    Ok(())
}

#[tokio::test]
async fn audit_log_pages_newest_first_across_months() -> Result<()> {
    let bundle = TestBundle::start().await?;
    let mut names = Vec::new();
    for number in 0..7 {
        let name = format!("key {number}");
        admin_request(&bundle, "POST", "/access/keys", &json!({"name": name, "roles": ["viewer"]})).await;
        names.insert(0, json!(name));
        bundle.advance(TimeDelta::days(20));
    }
    let mut notes = Vec::new();
    let mut mark = String::new();
    loop {
        let page =
            admin_request(&bundle, "GET", &format!("/access/audit?limit=3{mark}"), &Value::Null).await.json();
        let entries = page["audit"].as_array().context("not a list")?;
        notes.extend(entries.iter().map(|entry| entry["note"].clone()));
        match page["mark"].as_str() {
            Some(next) => mark = format!("&mark={next}"),
            None => break,
        }
    }
    assert_eq!(notes, names);
    Ok(())
}

#[tokio::test]
async fn secrets_are_never_stored_or_returned_in_plain_text() -> Result<()> {
    let bundle = TestBundle::start().await?;
    let user = json!({"name": "ann", "roles": ["admin"], "password": "open-sesame-please"});
    admin_request(&bundle, "POST", "/access/users", &user).await;
    let created = admin_request(&bundle, "POST", "/access/keys", &json!({"name": "a", "roles": ["viewer"]}))
        .await
        .json();
    let login = json!({"username": "ann", "password": "open-sesame-please"}).to_string();
    let login = bundle.request("POST", "/login", &[], &login).await.json();
    let secrets = [
        "open-sesame-please",
        created["key"].as_str().context("no key")?,
        login["session"].as_str().context("no session")?,
        FIRST_SECRET,
    ];
    let stored = bundle.dump_table("RegistryTable").await?;
    assert!(stored.contains("$argon2id$"), "the table holds the password's hash");
    let requests = ["/access/users", "/access/keys", "/access/audit"].map(|path| (path, Value::Null));
    for secret in secrets {
        assert!(!stored.contains(secret), "{secret} is stored");
        for (path, body) in &requests {
            assert!(
                !admin_request(&bundle, "GET", path, body).await.body.contains(secret),
                "{path} returns {secret}"
            );
        }
    }
    Ok(())
}
