//! Every door and who gets through it: each route of each router, tried with no credential, a wrong one, one that may
//! not, and one that may.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Result;
use serde_json::Value;
use tests::TestBundle;

/// A route and its four answers: to nobody, to a wrong key, to a key whose role is too low, to one that is enough.
struct Door {
    method: &'static str,
    path: &'static str,
    /// The role that is just enough; none where nobody is asked.
    role: Option<&'static str>,
    /// What is answered to the right one, for an empty body.
    right: u16,
}

const fn door(method: &'static str, path: &'static str, role: &'static str, right: u16) -> Door {
    Door { method, path, role: Some(role), right }
}

const fn open(method: &'static str, path: &'static str, right: u16) -> Door {
    Door { method, path, role: None, right }
}

/// Every route. Identifiers stand for something that is not there.
const DOORS: &[Door] = &[
    open("GET", "/", 200),
    open("GET", "/healthz", 200),
    open("GET", "/discover", 200),
    open("GET", "/status", 200),
    open("POST", "/login", 406),
    // these two ask for a session, and for nothing else
    open("GET", "/logout", 406),
    open("GET", "/profile", 406),
    door("GET", "/access/keys", "access:admin", 200),
    door("POST", "/access/keys", "access:admin", 400),
    door("GET", "/access/keys/{id}", "access:admin", 404),
    door("DELETE", "/access/keys/{id}", "access:admin", 404),
    door("GET", "/access/users", "access:admin", 200),
    door("POST", "/access/users", "access:admin", 400),
    door("GET", "/access/users/{name}", "access:admin", 404),
    door("PUT", "/access/users/{name}", "access:admin", 400),
    door("DELETE", "/access/users/{name}", "access:admin", 404),
    door("GET", "/access/audit", "access:admin", 200),
    door("POST", "/notifications", "ingest:editor", 400),
    door("GET", "/notifications/rejected", "ingest:viewer", 200),
    door("GET", "/recomputations", "recomputations:viewer", 200),
    door("POST", "/recomputations", "recomputations:editor", 400),
    door("GET", "/recomputations/{id}", "recomputations:viewer", 404),
    door("PUT", "/recomputations/{id}", "recomputations:editor", 404),
    door("DELETE", "/recomputations/{id}", "recomputations:admin", 404),
    door("POST", "/recomputations/{id}/status", "recomputations:approver", 404),
    door("DELETE", "/recomputations/{id}/status", "recomputations:approver", 404),
    door("GET", "/api/v2/recomputations", "recomputations:viewer", 200),
    door("POST", "/api/v2/recomputations", "recomputations:editor", 400),
    door("GET", "/api/v2/recomputations/{id}", "recomputations:viewer", 404),
    door("PUT", "/api/v2/recomputations/{id}", "recomputations:editor", 404),
    door("DELETE", "/api/v2/recomputations/{id}", "recomputations:admin", 404),
    door("POST", "/api/v2/recomputations/{id}/status", "recomputations:approver", 404),
    door("DELETE", "/api/v2/recomputations/{id}/status", "recomputations:approver", 404),
    // no server is configured: what needs one is unavailable
    door("GET", "/maintenance", "maintenance:viewer", 503),
    door("GET", "/maintenance/operations", "maintenance:viewer", 200),
    door("GET", "/maintenance/operations/{id}", "maintenance:viewer", 404),
    door("GET", "/maintenance/vacuum/scheduled", "maintenance:viewer", 200),
    door("DELETE", "/maintenance/vacuum/{id}", "maintenance:editor", 404),
    door("GET", "/maintenance/analyze/scheduled", "maintenance:viewer", 200),
    door("DELETE", "/maintenance/analyze/{id}", "maintenance:editor", 404),
    door("GET", "/maintenance/reindex/scheduled", "maintenance:viewer", 200),
    door("DELETE", "/maintenance/reindex/{id}", "maintenance:editor", 404),
    door("GET", "/maintenance/{database}", "maintenance:viewer", 503),
    door("GET", "/maintenance/{database}/advice", "maintenance:viewer", 503),
    door("POST", "/maintenance/{database}/{kind}", "maintenance:editor", 503),
    door("GET", "/maintenance/{database}/{kind}/scheduled", "maintenance:viewer", 200),
    door("GET", "/maintenance/{database}/schema/{schema}", "maintenance:viewer", 503),
    door("POST", "/maintenance/{database}/schema/{schema}/{kind}", "maintenance:editor", 503),
    door("GET", "/maintenance/{database}/schema/{schema}/{kind}/scheduled", "maintenance:viewer", 200),
    door("GET", "/maintenance/{database}/schema/{schema}/table/{table}", "maintenance:viewer", 503),
    door("POST", "/maintenance/{database}/schema/{schema}/table/{table}/{kind}", "maintenance:editor", 503),
    door(
        "GET",
        "/maintenance/{database}/schema/{schema}/table/{table}/{kind}/scheduled",
        "maintenance:viewer",
        200,
    ),
    door("POST", "/maintenance/{database}/schema/{schema}/index/{index}/{kind}", "maintenance:editor", 503),
    door(
        "GET",
        "/maintenance/{database}/schema/{schema}/{index}/table/{table}/{kind}/scheduled",
        "maintenance:viewer",
        200,
    ),
    door("GET", "/v1/streams", "streams:viewer", 200),
    door("GET", "/v1/streams/{id}", "streams:viewer", 200),
    door("PUT", "/v1/streams/{id}", "streams:editor", 404),
    door("POST", "/v1/streams/{id}", "streams:editor", 405),
    door("DELETE", "/v1/streams/{id}", "streams:editor", 404),
    door("GET", "/v1/events", "streams:viewer", 200),
    door("GET", "/v1/events/{message_id}", "streams:viewer", 404),
    door("GET", "/db/usage/nova/launches", "usage:viewer", 200),
    door("GET", "/db/usage/nova/launches/{id}", "usage:viewer", 404),
    door("GET", "/db/usage/nova/deletes", "usage:viewer", 200),
    door("GET", "/db/usage/nova/deletes/{id}", "usage:viewer", 404),
    door("GET", "/db/usage/nova/exists", "usage:viewer", 200),
    door("GET", "/db/usage/nova/exists/{id}", "usage:viewer", 404),
    door("GET", "/db/usage/glance/images", "usage:viewer", 200),
    door("GET", "/db/usage/glance/images/{id}", "usage:viewer", 404),
    door("GET", "/db/usage/glance/deletes", "usage:viewer", 200),
    door("GET", "/db/usage/glance/deletes/{id}", "usage:viewer", 404),
    door("GET", "/db/usage/glance/exists", "usage:viewer", 200),
    door("GET", "/db/usage/glance/exists/{id}", "usage:viewer", 404),
    door("GET", "/db/usage/launches", "usage:viewer", 200),
    door("GET", "/db/usage/launches/{id}", "usage:viewer", 404),
    door("GET", "/db/usage/deletes", "usage:viewer", 200),
    door("GET", "/db/usage/deletes/{id}", "usage:viewer", 404),
    door("GET", "/db/usage/exists", "usage:viewer", 200),
    door("GET", "/db/usage/exists/{id}", "usage:viewer", 404),
    door("GET", "/db/stats/events", "usage:viewer", 200),
    door("GET", "/db/stats/nova/exists", "usage:viewer", 200),
    door("GET", "/db/stats/glance/exists", "usage:viewer", 200),
    door("GET", "/db/status/usage/glance/exists", "usage:viewer", 200),
    door("PUT", "/db/confirm/usage/exists/batch", "usage:editor", 400),
    door("POST", "/db/confirm/usage/exists/batch", "usage:editor", 400),
    door("PUT", "/db/confirm/usage/exists/{message_id}", "usage:editor", 400),
    door("POST", "/db/confirm/usage/exists/{message_id}", "usage:editor", 400),
    door("POST", "/db/repair", "usage:editor", 400),
    door("POST", "/db/reconcile/nova", "usage:editor", 400),
];

/// The sources of the routers: the file of each function that calls `.route(`.
fn routers() -> Vec<String> {
    let functions =
        Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("tests/ is in the project").join("functions");
    let mut open: Vec<PathBuf> = vec![functions];
    let mut found = Vec::new();
    while let Some(directory) = open.pop() {
        for entry in fs::read_dir(directory).expect("it can be listed") {
            let path = entry.expect("it can be listed").path();
            if path.is_dir() {
                open.push(path);
            } else if path.extension().is_some_and(|ending| ending == "rs") {
                let text = fs::read_to_string(path).expect("sources are texts");
                found.extend(text.contains(".route(").then_some(text));
            }
        }
    }
    found
}

/// Every method and path of the routers' tables, as they stand in the sources. `any` stands for PUT here.
fn routes() -> BTreeSet<(String, String)> {
    let mut found = BTreeSet::new();
    for source in routers() {
        for route in source.split(".route(").skip(1) {
            let path = route.split('"').nth(1).expect("a route has a path");
            let handlers = route.split_once("\",").expect("a route has handlers").1;
            let handlers = handlers.split("\n        .").next().unwrap_or_default();
            for (word, method) in
                [("get(", "GET"), ("post(", "POST"), ("put(", "PUT"), ("delete(", "DELETE"), ("any(", "PUT")]
            {
                if handlers.contains(word) {
                    found.insert((method.to_owned(), path.to_owned()));
                }
            }
        }
    }
    found
}

#[test]
fn every_route_is_in_the_table() {
    let listed: BTreeSet<_> =
        DOORS.iter().map(|door| (door.method.to_owned(), door.path.to_owned())).collect();
    let routes = routes();
    let missing: Vec<_> = routes.difference(&listed).collect();
    let stale: Vec<_> = listed.difference(&routes).collect();
    assert!(
        missing.is_empty() && stale.is_empty(),
        "not in the table: {missing:?}; not in a router: {stale:?}"
    );
    assert_eq!(listed.len(), DOORS.len(), "no route is listed twice");
}

/// The role below one, in the same API.
fn lower(role: &str) -> Option<String> {
    let (api, role) = role.split_once(':')?;
    let lower = match role {
        "editor" => "viewer",
        "approver" => "editor",
        "admin" => "approver",
        _ => return None,
    };
    Some(format!("{api}:{lower}"))
}

/// A key with this role, or with one in an API that is not asked.
async fn key(bundle: &TestBundle, role: &str) -> Result<String> {
    let secret = format!("key of {role}");
    if bundle.access.by_key(&secret).await?.is_none() {
        bundle.key(&secret, "default", &[role]).await?;
    }
    Ok(secret)
}

/// That an answer has the body that its API has for everybody whom it does not let in.
fn assert_shape(path: &str, status: u16, body: &Value) {
    if path.starts_with("/v1") {
        assert!(body["title"].is_string() && body["description"].is_string(), "{path}: {body}");
    } else if path.starts_with("/maintenance") {
        assert!(body["error"].is_string(), "{path}: {body}");
    } else if path.contains("recomputations") {
        assert_eq!(body["status"]["code"], status.to_string(), "{path}: {body}");
    } else {
        assert_eq!(body["status"], status, "{path}: {body}");
        assert!(body["message"].is_string(), "{path}: {body}");
    }
}

#[tokio::test]
async fn each_door_opens_for_the_right_role_and_for_nobody_below_it() -> Result<()> {
    let bundle = TestBundle::with([("STACKTACH_AUTH", "api-key")]).await?;
    for Door { method, path, role, right } in DOORS {
        let id = if path.starts_with("/maintenance") { "2cec00f2" } else { "7" };
        let address = path
            .replace("{id}", id)
            .replace("{kind}", "reindex")
            .replace("{name}", "nobody")
            .replace("{message_id}", "m");
        let ask = async |headers: &[(&str, &str)]| bundle.ask(method, &address, headers, "").await;
        let Some(role) = role else {
            let reply = ask(&[]).await;
            assert_eq!(reply.status, *right, "{method} {path}: {reply:?}");
            continue;
        };
        for headers in [&[][..], &[("x-api-key", "wrong")], &[("x-api-key", "")]] {
            let reply = ask(headers).await;
            // The original of this API answers 406 where there is no session.
            let has_key = headers.iter().any(|(_, key)| !key.is_empty());
            let expected = if path.starts_with("/maintenance") && !has_key { 406 } else { 401 };
            assert_eq!(reply.status, expected, "{method} {path} {headers:?}: {reply:?}");
            assert_shape(path, expected, &reply.json());
        }
        let too_low = lower(role).unwrap_or_else(|| "schemas:admin".to_owned());
        let reply = ask(&[("x-api-key", &key(&bundle, &too_low).await?)]).await;
        assert_eq!(reply.status, 403, "{method} {path} as {too_low}: {reply:?}");
        assert_shape(path, 403, &reply.json());
        let reply = ask(&[("x-api-key", &key(&bundle, role).await?)]).await;
        assert_eq!(reply.status, *right, "{method} {path} as {role}: {reply:?}");
    }
    Ok(())
}

#[tokio::test]
async fn what_the_originals_left_open_is_open_where_the_operator_says_so() -> Result<()> {
    let bundle = TestBundle::start().await?;
    for (path, status) in
        [("/db/usage/exists", 200), ("/notifications/rejected", 200), ("/recomputations", 401)]
    {
        assert_eq!(bundle.ask("GET", path, &[], "").await.status, status, "{path}");
    }
    Ok(())
}
