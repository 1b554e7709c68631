//! Who may do what: keys, users, sessions, lock-out, the log; and that no secret is ever seen again.

use anyhow::{Context, Result};
use chrono::TimeDelta;
use serde_json::{Value, json};
use tests::TestBundle;
use tests::bundle::FIRST_SECRET;
use tests::calling::Reply;

async fn asks(bundle: &TestBundle, method: &str, path: &str, body: &Value) -> Reply {
    let body = if body.is_null() { String::new() } else { body.to_string() };
    bundle.ask(method, path, &[("x-api-key", FIRST_SECRET)], &body).await
}

/// HTTP Basic's header.
fn basic(name: &str, password: &str) -> String {
    use base64::Engine;
    let encoded = base64::engine::general_purpose::STANDARD.encode(format!("{name}:{password}"));
    format!("Basic {encoded}")
}

async fn with_password(bundle: &TestBundle, name: &str, password: &str) -> u16 {
    bundle.ask("GET", "/access/users", &[("authorization", &basic(name, password))], "").await.status
}

/// A bundle with an administrator `ann`, whose password is `sesame`.
async fn with_ann() -> Result<TestBundle> {
    let bundle = TestBundle::start().await?;
    let ann = json!({"name": "ann", "email": "ann@example.com", "roles": ["admin"], "password": "sesame"});
    let made = asks(&bundle, "POST", "/access/users", &ann).await;
    anyhow::ensure!(made.status == 201, "{made:?}");
    Ok(bundle)
}

#[tokio::test]
async fn a_key_is_shown_once_and_opens_what_it_grants_until_it_is_revoked() -> Result<()> {
    let bundle = TestBundle::start().await?;
    let made = asks(
        &bundle,
        "POST",
        "/access/keys",
        &json!({"name": "night shift", "roles": ["viewer"], "tenant": "t"}),
    )
    .await;
    assert_eq!(made.status, 201, "{made:?}");
    let made = made.json();
    let key = made["key"].as_str().context("the key")?.to_owned();
    assert_eq!(key.len(), 64);
    let id = made["id"].as_str().context("an id")?;
    let list = asks(&bundle, "GET", "/access/keys", &Value::Null).await;
    assert!(!list.body.contains(&key) && list.body.contains(id), "{list:?}");
    let opens = async || bundle.ask("GET", "/recomputations", &[("x-api-key", &key)], "").await.status;
    assert_eq!(opens().await, 200);
    let path = format!("/access/keys/{id}");
    let revoked = asks(&bundle, "DELETE", &path, &Value::Null).await.json();
    assert_eq!(revoked["revoked"], "2035-01-05T00:00:30Z");
    assert_eq!(opens().await, 401);
    assert_eq!(asks(&bundle, "DELETE", &path, &Value::Null).await.json(), revoked);
    assert_eq!(asks(&bundle, "GET", &path, &Value::Null).await.json(), revoked);
    assert_eq!(asks(&bundle, "GET", "/access/keys/0123456789abcdef", &Value::Null).await.status, 404);
    Ok(())
}

#[tokio::test]
async fn a_key_that_was_given_an_end_opens_nothing_after_it() -> Result<()> {
    let bundle = TestBundle::start().await?;
    let wanted = json!({"name": "a", "roles": ["viewer"], "expires": "2035-01-05T01:00:00Z"});
    let made = asks(&bundle, "POST", "/access/keys", &wanted).await.json();
    let key = made["key"].as_str().context("the key")?;
    let opens = async || bundle.ask("GET", "/recomputations", &[("x-api-key", key)], "").await.status;
    assert_eq!(opens().await, 200);
    bundle.advance(TimeDelta::hours(1));
    assert_eq!(opens().await, 401);
    Ok(())
}

#[tokio::test]
async fn what_cannot_be_a_key_or_a_user_is_refused_and_says_why() -> Result<()> {
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
        ("PUT", "/access/users/nobody", json!({}), 404, "no such user"),
        ("DELETE", "/access/users/nobody", Value::Null, 404, "no such user"),
        ("GET", "/access/audit?limit=0", Value::Null, 400, "'limit'"),
        ("GET", "/access/audit?mark=x", Value::Null, 400, "'mark'"),
    ] {
        let reply = asks(&bundle, method, path, &body).await;
        let message = reply.message(status);
        assert!(message.contains(text), "{method} {path} {body}: {message}");
    }
    assert_eq!(asks(&bundle, "GET", "/access/keys", &Value::Null).await.json(), json!({"keys": []}));
    Ok(())
}

#[tokio::test]
async fn a_user_comes_in_by_password_and_by_session_until_they_are_removed() -> Result<()> {
    let bundle = with_ann().await?;
    assert_eq!(with_password(&bundle, "ann", "sesame").await, 200);
    assert_eq!(with_password(&bundle, "ann", "wrong").await, 401);
    assert_eq!(with_password(&bundle, "nobody", "sesame").await, 401);
    let login = bundle.ask("POST", "/login", &[], r#"{"username": "ann", "password": "sesame"}"#).await;
    let session = login.json()["session"].as_str().context("a session")?.to_owned();
    assert_eq!(session.len(), 64);
    let asks_with = async |path: &str| bundle.ask("GET", path, &[("x-session", &session)], "").await;
    assert_eq!(asks_with("/profile").await.json(), json!({"username": "ann"}));
    assert_eq!(asks_with("/access/users").await.status, 200);
    let again = bundle.ask("POST", "/login", &[], r#"{"username": "ann", "password": "sesame"}"#).await;
    assert_ne!(again.json()["session"], session.as_str(), "both sessions are kept");
    assert_eq!(asks_with("/profile").await.status, 200);
    assert_eq!(
        asks(&bundle, "DELETE", "/access/users/ann", &Value::Null).await.json(),
        json!({"removed": "ann"})
    );
    assert_eq!(asks_with("/profile").await.status, 401);
    assert_eq!(with_password(&bundle, "ann", "sesame").await, 401);
    Ok(())
}

#[tokio::test]
async fn a_session_ends_an_hour_after_its_last_use_or_at_once() -> Result<()> {
    let bundle = with_ann().await?;
    let login =
        bundle.ask("POST", "/login", &[], r#"{"username": "ann", "password": "sesame"}"#).await.json();
    let session = login["session"].as_str().context("a session")?.to_owned();
    let asks_with = async |path: &str| bundle.ask("GET", path, &[("x-session", &session)], "").await;
    for _ in 0..3 {
        bundle.advance(TimeDelta::minutes(50));
        assert_eq!(asks_with("/profile").await.status, 200);
    }
    assert_eq!(asks_with("/logout").await.json(), json!({"logout": true}));
    for path in ["/profile", "/logout"] {
        let reply = asks_with(path).await;
        assert_eq!((reply.status, reply.json()), (401, json!({"error": "Invalid session."})), "{path}");
    }
    let login =
        bundle.ask("POST", "/login", &[], r#"{"username": "ann", "password": "sesame"}"#).await.json();
    bundle.advance(TimeDelta::minutes(61));
    let headers = [("x-session", login["session"].as_str().context("a session")?)];
    assert_eq!(bundle.ask("GET", "/profile", &headers, "").await.status, 401);
    Ok(())
}

#[tokio::test]
async fn what_is_sent_to_a_session_is_answered_as_the_agent_does() -> Result<()> {
    let bundle = with_ann().await?;
    for (body, status, error) in [
        ("{{", 406, "Invalid json format."),
        ("{}", 406, "Parameter 'username' not sent."),
        (r#"{"username": "ann"}"#, 406, "Parameter 'password' not sent."),
        (r#"{"username": 5, "password": "x"}"#, 406, "Parameter 'username' is malformed."),
        (r#"{"username": "Ann!", "password": "sesame"}"#, 406, "Parameter 'username' is malformed."),
        (r#"{"username": "ann", "password": ""}"#, 406, "Parameter 'password' is malformed."),
        (r#"{"username": "ann", "password": "other"}"#, 404, "Invalid username/password."),
        (r#"{"username": "bob", "password": "sesame"}"#, 404, "Invalid username/password."),
    ] {
        let reply = bundle.ask("POST", "/login", &[], body).await;
        assert_eq!((reply.status, reply.json()), (status, json!({"error": error})), "{body}");
    }
    let (short, upper) = ("a".repeat(63), "A".repeat(64));
    for headers in [&[][..], &[("x-session", "abc")], &[("x-session", &short)], &[("x-session", &upper)]] {
        let reply = bundle.ask("GET", "/profile", headers, "").await;
        let error = json!({"error": "Parameter 'X-Session' is malformed."});
        assert_eq!((reply.status, reply.json()), (406, error), "{headers:?}");
    }
    Ok(())
}

#[tokio::test]
async fn ten_wrong_passwords_lock_a_user_from_there_for_a_quarter_of_an_hour() -> Result<()> {
    let bundle = with_ann().await?;
    for _ in 0..10 {
        assert_eq!(with_password(&bundle, "ann", "wrong").await, 401);
    }
    assert_eq!(with_password(&bundle, "ann", "sesame").await, 429);
    assert_eq!(with_password(&bundle, "bob", "wrong").await, 401, "another user is not locked");
    bundle.advance(TimeDelta::minutes(14));
    assert_eq!(with_password(&bundle, "ann", "sesame").await, 429);
    bundle.advance(TimeDelta::minutes(2));
    assert_eq!(with_password(&bundle, "ann", "sesame").await, 200);
    Ok(())
}

#[tokio::test]
async fn a_changed_password_or_role_counts_at_once_where_it_was_changed() -> Result<()> {
    let bundle = with_ann().await?;
    assert_eq!(with_password(&bundle, "ann", "sesame").await, 200);
    let changed = asks(&bundle, "PUT", "/access/users/ann", &json!({"password": "other"})).await.json();
    assert_eq!((&changed["version"], &changed["email"]), (&json!(2), &json!("ann@example.com")));
    assert_eq!(with_password(&bundle, "ann", "sesame").await, 401);
    assert_eq!(with_password(&bundle, "ann", "other").await, 200);
    asks(&bundle, "PUT", "/access/users/ann", &json!({"roles": ["viewer"]})).await;
    assert_eq!(with_password(&bundle, "ann", "other").await, 403);
    Ok(())
}

#[tokio::test]
async fn a_password_is_hashed_once_a_minute_and_not_at_every_request() -> Result<()> {
    let bundle = with_ann().await?;
    let calls = async || {
        bundle.faults.take();
        assert_eq!(with_password(&bundle, "ann", "sesame").await, 200);
        bundle.faults.take().len()
    };
    assert_eq!(calls().await, 3, "the user, their failures, and the list");
    assert_eq!(calls().await, 1, "the list");
    bundle.advance(TimeDelta::seconds(60));
    assert_eq!(calls().await, 3);
    Ok(())
}

#[tokio::test]
async fn the_log_is_read_in_pages_newest_first_across_months() -> Result<()> {
    let bundle = TestBundle::start().await?;
    let mut names = Vec::new();
    for number in 0..7 {
        let name = format!("key {number}");
        asks(&bundle, "POST", "/access/keys", &json!({"name": name, "roles": ["viewer"]})).await;
        names.insert(0, json!(name));
        bundle.advance(TimeDelta::days(20));
    }
    let mut found = Vec::new();
    let mut mark = String::new();
    loop {
        let page = asks(&bundle, "GET", &format!("/access/audit?limit=3{mark}"), &Value::Null).await.json();
        let entries = page["audit"].as_array().context("a list")?;
        found.extend(entries.iter().map(|entry| entry["note"].clone()));
        match page["mark"].as_str() {
            Some(next) => mark = format!("&mark={next}"),
            None => break,
        }
    }
    assert_eq!(found, names);
    Ok(())
}

#[tokio::test]
async fn no_secret_is_stored_or_answered_in_clear() -> Result<()> {
    let bundle = TestBundle::start().await?;
    let user = json!({"name": "ann", "roles": ["admin"], "password": "open-sesame-please"});
    asks(&bundle, "POST", "/access/users", &user).await;
    let made = asks(&bundle, "POST", "/access/keys", &json!({"name": "a", "roles": ["viewer"]})).await.json();
    let login = json!({"username": "ann", "password": "open-sesame-please"}).to_string();
    let login = bundle.ask("POST", "/login", &[], &login).await.json();
    let secrets = [
        "open-sesame-please",
        made["key"].as_str().context("a key")?,
        login["session"].as_str().context("a session")?,
        FIRST_SECRET,
    ];
    let stored = bundle.stored("RegistryTable").await?;
    assert!(stored.contains("$argon2id$"), "the table was looked at");
    let answered = ["/access/users", "/access/keys", "/access/audit"].map(|path| (path, Value::Null));
    for secret in secrets {
        assert!(!stored.contains(secret), "{secret} is stored");
        for (path, body) in &answered {
            assert!(!asks(&bundle, "GET", path, body).await.body.contains(secret), "{secret} in {path}");
        }
    }
    Ok(())
}
