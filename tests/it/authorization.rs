//! Authorization: each route of each router, requested without credentials, with wrong ones, with too low a role and with
//! the required role.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Result;
use serde_json::Value;
use tests::TestBundle;

/// A route and the role that it requires.
struct Route {
    method: &'static str,
    path: &'static str,
    /// The lowest sufficient role, or `None` if the route requires no credentials.
    role: Option<&'static str>,
    /// The status for a sufficient role and an empty body.
    status: u16,
}

const fn protected(method: &'static str, path: &'static str, role: &'static str, status: u16) -> Route {
    Route { method, path, role: Some(role), status }
}

const fn public(method: &'static str, path: &'static str, status: u16) -> Route {
    Route { method, path, role: None, status }
}

/// Every route. The identifiers in the paths do not exist.
const ROUTES: &[Route] = &[
    public("GET", "/", 200),
    public("GET", "/healthz", 200),
    public("GET", "/discover", 200),
    public("GET", "/status", 200),
    public("GET", "/api/v1", 200),
    public("POST", "/login", 400),
    // These two require a session only.
    public("GET", "/logout", 406),
    public("GET", "/profile", 406),
    protected("GET", "/access/keys", "access:admin", 200),
    protected("POST", "/access/keys", "access:admin", 400),
    protected("GET", "/access/keys/{id}", "access:admin", 404),
    protected("DELETE", "/access/keys/{id}", "access:admin", 404),
    protected("GET", "/access/users", "access:admin", 200),
    protected("POST", "/access/users", "access:admin", 400),
    protected("GET", "/access/users/{name}", "access:admin", 404),
    protected("PUT", "/access/users/{name}", "access:admin", 400),
    protected("DELETE", "/access/users/{name}", "access:admin", 404),
    protected("GET", "/access/audit", "access:admin", 200),
    protected("POST", "/notifications", "ingest:editor", 400),
    protected("GET", "/notifications/rejected", "ingest:viewer", 200),
    protected("GET", "/recomputations", "recomputations:viewer", 200),
    protected("POST", "/recomputations", "recomputations:editor", 400),
    protected("GET", "/recomputations/{id}", "recomputations:viewer", 404),
    protected("PUT", "/recomputations/{id}", "recomputations:editor", 404),
    protected("DELETE", "/recomputations/{id}", "recomputations:admin", 404),
    protected("POST", "/recomputations/{id}/status", "recomputations:approver", 404),
    protected("DELETE", "/recomputations/{id}/status", "recomputations:approver", 404),
    protected("GET", "/api/v2/recomputations", "recomputations:viewer", 200),
    protected("POST", "/api/v2/recomputations", "recomputations:editor", 400),
    protected("GET", "/api/v2/recomputations/{id}", "recomputations:viewer", 404),
    protected("PUT", "/api/v2/recomputations/{id}", "recomputations:editor", 404),
    protected("DELETE", "/api/v2/recomputations/{id}", "recomputations:admin", 404),
    protected("POST", "/api/v2/recomputations/{id}/status", "recomputations:approver", 404),
    protected("DELETE", "/api/v2/recomputations/{id}/status", "recomputations:approver", 404),
    // No server is configured, so requests that need one return 503.
    protected("GET", "/maintenance", "maintenance:viewer", 503),
    protected("GET", "/maintenance/operations", "maintenance:viewer", 200),
    protected("GET", "/maintenance/operations/{id}", "maintenance:viewer", 404),
    protected("GET", "/maintenance/recurrences", "maintenance:viewer", 200),
    protected("GET", "/maintenance/recurrences/{id}", "maintenance:viewer", 404),
    protected("DELETE", "/maintenance/recurrences/{id}", "maintenance:editor", 404),
    protected("GET", "/maintenance/vacuum/scheduled", "maintenance:viewer", 200),
    protected("DELETE", "/maintenance/vacuum/{id}", "maintenance:editor", 404),
    protected("GET", "/maintenance/analyze/scheduled", "maintenance:viewer", 200),
    protected("DELETE", "/maintenance/analyze/{id}", "maintenance:editor", 404),
    protected("GET", "/maintenance/reindex/scheduled", "maintenance:viewer", 200),
    protected("DELETE", "/maintenance/reindex/{id}", "maintenance:editor", 404),
    protected("GET", "/maintenance/{database}", "maintenance:viewer", 503),
    protected("GET", "/maintenance/{database}/advice", "maintenance:viewer", 503),
    protected("POST", "/maintenance/{database}/{kind}", "maintenance:editor", 503),
    protected("GET", "/maintenance/{database}/{kind}/scheduled", "maintenance:viewer", 200),
    protected("GET", "/maintenance/{database}/schema/{schema}", "maintenance:viewer", 503),
    protected("POST", "/maintenance/{database}/schema/{schema}/{kind}", "maintenance:editor", 503),
    protected("GET", "/maintenance/{database}/schema/{schema}/{kind}/scheduled", "maintenance:viewer", 200),
    protected("GET", "/maintenance/{database}/schema/{schema}/table/{table}", "maintenance:viewer", 503),
    protected(
        "POST",
        "/maintenance/{database}/schema/{schema}/table/{table}/{kind}",
        "maintenance:editor",
        503,
    ),
    protected(
        "GET",
        "/maintenance/{database}/schema/{schema}/table/{table}/{kind}/scheduled",
        "maintenance:viewer",
        200,
    ),
    protected(
        "POST",
        "/maintenance/{database}/schema/{schema}/index/{index}/{kind}",
        "maintenance:editor",
        503,
    ),
    protected(
        "GET",
        "/maintenance/{database}/schema/{schema}/{index}/table/{table}/{kind}/scheduled",
        "maintenance:viewer",
        200,
    ),
    // The resource is `environment`. Which persons may do what with a changeset depends on the changeset.
    protected("GET", "/api/v1/{resource}", "schemas:viewer", 200),
    protected("POST", "/api/v1/{resource}", "schemas:approver", 400),
    protected("GET", "/api/v1/{resource}/schema", "schemas:viewer", 200),
    protected("GET", "/api/v1/{resource}/set/{ids}", "schemas:viewer", 200),
    protected("GET", "/api/v1/{resource}/{id}", "schemas:viewer", 404),
    protected("POST", "/api/v1/{resource}/{id}", "schemas:editor", 501),
    protected("PUT", "/api/v1/{resource}/{id}", "schemas:approver", 404),
    protected("DELETE", "/api/v1/{resource}/{id}", "schemas:approver", 404),
    protected("POST", "/api/v1/user/create", "schemas:admin", 400),
    protected("POST", "/api/v1/user/update/{id}", "schemas:admin", 400),
    protected("POST", "/api/v1/user/delete/{id}", "schemas:admin", 404),
    protected("POST", "/api/v1/schema_version/save_schema_dump", "schemas:editor", 400),
    protected("GET", "/api/v1/schema_version/{id}/diff/{other}", "schemas:viewer", 404),
    protected("POST", "/api/v1/database_schema/{id}/check", "schemas:editor", 404),
    protected("POST", "/api/v1/changeset/submit", "schemas:editor", 400),
    protected("POST", "/api/v1/changeset/update/{id}", "schemas:editor", 400),
    protected("POST", "/api/v1/changeset/approve/{id}", "schemas:editor", 404),
    protected("POST", "/api/v1/changeset/reject/{id}", "schemas:editor", 404),
    protected("POST", "/api/v1/changeset/soft_delete/{id}", "schemas:editor", 404),
    protected("POST", "/api/v1/changeset/waive/{id}", "schemas:editor", 400),
    protected("GET", "/api/v1/changeset/{id}/impact", "schemas:viewer", 404),
    protected("POST", "/api/v1/changeset/review/{id}", "schemas:editor", 400),
    protected("GET", "/api/v1/changeset/review_status/{task}", "schemas:viewer", 404),
    protected("POST", "/api/v1/changeset/apply", "schemas:editor", 400),
    protected("POST", "/api/v1/changeset/revert", "schemas:editor", 400),
    protected("GET", "/api/v1/changeset/apply_status/{task}", "schemas:viewer", 200),
    protected("POST", "/api/v1/changeset/apply/{task}/resume", "schemas:editor", 404),
    protected("POST", "/api/v1/changeset/apply/{task}/repair", "schemas:editor", 404),
    protected("POST", "/api/v1/changeset/apply/{task}/cancel", "schemas:editor", 404),
    protected("GET", "/changesetreviews/result/{id}", "schemas:viewer", 404),
    protected("GET", "/changesetapplies/changeset-applies", "schemas:viewer", 400),
    protected("GET", "/v1/streams", "streams:viewer", 200),
    protected("GET", "/v1/streams/{id}", "streams:viewer", 200),
    protected("PUT", "/v1/streams/{id}", "streams:editor", 404),
    protected("POST", "/v1/streams/{id}", "streams:editor", 405),
    protected("DELETE", "/v1/streams/{id}", "streams:editor", 404),
    protected("GET", "/v1/events", "streams:viewer", 200),
    protected("GET", "/v1/events/{message_id}", "streams:viewer", 404),
    protected("GET", "/db/usage/nova/launches", "usage:viewer", 200),
    protected("GET", "/db/usage/nova/launches/{id}", "usage:viewer", 404),
    protected("GET", "/db/usage/nova/deletes", "usage:viewer", 200),
    protected("GET", "/db/usage/nova/deletes/{id}", "usage:viewer", 404),
    protected("GET", "/db/usage/nova/exists", "usage:viewer", 200),
    protected("GET", "/db/usage/nova/exists/{id}", "usage:viewer", 404),
    protected("GET", "/db/usage/glance/images", "usage:viewer", 200),
    protected("GET", "/db/usage/glance/images/{id}", "usage:viewer", 404),
    protected("GET", "/db/usage/glance/deletes", "usage:viewer", 200),
    protected("GET", "/db/usage/glance/deletes/{id}", "usage:viewer", 404),
    protected("GET", "/db/usage/glance/exists", "usage:viewer", 200),
    protected("GET", "/db/usage/glance/exists/{id}", "usage:viewer", 404),
    protected("GET", "/db/usage/launches", "usage:viewer", 200),
    protected("GET", "/db/usage/launches/{id}", "usage:viewer", 404),
    protected("GET", "/db/usage/deletes", "usage:viewer", 200),
    protected("GET", "/db/usage/deletes/{id}", "usage:viewer", 404),
    protected("GET", "/db/usage/exists", "usage:viewer", 200),
    protected("GET", "/db/usage/exists/{id}", "usage:viewer", 404),
    protected("GET", "/db/stats/events", "usage:viewer", 200),
    protected("GET", "/db/stats/nova/exists", "usage:viewer", 200),
    protected("GET", "/db/stats/glance/exists", "usage:viewer", 200),
    protected("GET", "/db/status/usage/glance/exists", "usage:viewer", 200),
    protected("PUT", "/db/confirm/usage/exists/batch", "usage:editor", 400),
    protected("POST", "/db/confirm/usage/exists/batch", "usage:editor", 400),
    protected("PUT", "/db/confirm/usage/exists/{message_id}", "usage:editor", 400),
    protected("POST", "/db/confirm/usage/exists/{message_id}", "usage:editor", 400),
    protected("POST", "/db/repair", "usage:editor", 400),
    protected("POST", "/db/reconcile/nova", "usage:editor", 400),
];

/// Returns the sources of the routers: the files of functions that call `.route(`.
fn router_sources() -> Vec<String> {
    let functions = Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("tests/ is in the repository")
        .join("functions");
    let mut open: Vec<PathBuf> = vec![functions];
    let mut sources = Vec::new();
    while let Some(directory) = open.pop() {
        for entry in fs::read_dir(directory).expect("the directory is readable") {
            let path = entry.expect("the directory is readable").path();
            if path.is_dir() {
                open.push(path);
            } else if path.extension().is_some_and(|ending| ending == "rs") {
                let text = fs::read_to_string(path).expect("sources are UTF-8");
                sources.extend(text.contains(".route(").then_some(text));
            }
        }
    }
    sources
}

/// Returns every method and path in the routers' sources. `any` counts as PUT.
fn routes_in_sources() -> BTreeSet<(String, String)> {
    let mut routes = BTreeSet::new();
    for source in router_sources() {
        for route in source.split(".route(").skip(1) {
            let path = route.split('"').nth(1).expect("a route has a path");
            let handlers = route.split_once("\",").expect("a route has handlers").1;
            let handlers = handlers.split("\n        .").next().unwrap_or_default();
            for (word, method) in
                [("get(", "GET"), ("post(", "POST"), ("put(", "PUT"), ("delete(", "DELETE"), ("any(", "PUT")]
            {
                if handlers.contains(word) {
                    routes.insert((method.to_owned(), path.to_owned()));
                }
            }
        }
    }
    routes
}

#[test]
fn every_route_is_in_the_table() {
    let listed: BTreeSet<_> =
        ROUTES.iter().map(|route| (route.method.to_owned(), route.path.to_owned())).collect();
    let routes = routes_in_sources();
    let missing: Vec<_> = routes.difference(&listed).collect();
    let stale: Vec<_> = listed.difference(&routes).collect();
    assert!(
        missing.is_empty() && stale.is_empty(),
        "not in the table: {missing:?}; not in a router: {stale:?}"
    );
    assert_eq!(listed.len(), ROUTES.len(), "a route is listed twice");
}

/// Returns the next lower role in the same API.
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

/// Returns a key with this role, which is added if it is missing.
async fn key(bundle: &TestBundle, role: &str) -> Result<String> {
    let secret = format!("key of {role}");
    if bundle.access.authenticate_key(&secret).await?.is_none() {
        bundle.add_key(&secret, "default", &[role]).await?;
    }
    Ok(secret)
}

fn is_of_schemas(path: &str) -> bool {
    ["/api/v1", "/changeset"].iter().any(|prefix| path.starts_with(prefix))
}

/// Checks that a response has its API's error body.
fn assert_error_body(path: &str, status: u16, body: &Value) {
    if path.starts_with("/v1") {
        assert!(body["title"].is_string() && body["description"].is_string(), "{path}: {body}");
    } else if path.starts_with("/maintenance") {
        assert!(body["error"].is_string(), "{path}: {body}");
    } else if is_of_schemas(path) {
        assert!(body["error_message"].is_string(), "{path}: {body}");
    } else if path.contains("recomputations") {
        assert_eq!(body["status"]["code"], status.to_string(), "{path}: {body}");
    } else {
        assert_eq!(body["status"], status, "{path}: {body}");
        assert!(body["message"].is_string(), "{path}: {body}");
    }
}

#[tokio::test]
async fn each_route_requires_its_role() -> Result<()> {
    let bundle = TestBundle::with_settings([("STACKTACH_AUTH", "api-key")]).await?;
    for Route { method, path, role, status } in ROUTES {
        let id = if path.starts_with("/maintenance") { "2cec00f2" } else { "7" };
        let address = path
            .replace("{id}", id)
            .replace("{kind}", "reindex")
            .replace("{resource}", "environment")
            .replace("{ids}", "1;7")
            .replace("{other}", "8")
            .replace("{task}", "1e7cb249-a3af-4d6c-a6f0-c939525d2014")
            .replace("{name}", "nobody")
            .replace("{message_id}", "m");
        let request = async |headers: &[(&str, &str)]| bundle.request(method, &address, headers, "").await;
        let Some(role) = role else {
            let reply = request(&[]).await;
            assert_eq!(reply.status, *status, "{method} {path}: {reply:?}");
            continue;
        };
        for headers in [&[][..], &[("x-api-key", "wrong")], &[("x-api-key", "")]] {
            let reply = request(headers).await;
            // The original of this API returns 406 if there is no session.
            let has_key = headers.iter().any(|(_, key)| !key.is_empty());
            let expected = if path.starts_with("/maintenance") && !has_key { 406 } else { 401 };
            assert_eq!(reply.status, expected, "{method} {path} {headers:?}: {reply:?}");
            // The original of this API returns no body without credentials.
            if is_of_schemas(path) {
                assert_eq!(reply.body, "", "{method} {path}");
            } else {
                assert_error_body(path, expected, &reply.json());
            }
        }
        let other = if is_of_schemas(path) { "usage:admin" } else { "schemas:admin" };
        let too_low = lower(role).unwrap_or_else(|| other.to_owned());
        let reply = request(&[("x-api-key", &key(&bundle, &too_low).await?)]).await;
        assert_eq!(reply.status, 403, "{method} {path} as {too_low}: {reply:?}");
        assert_error_body(path, 403, &reply.json());
        let reply = request(&[("x-api-key", &key(&bundle, role).await?)]).await;
        assert_eq!(reply.status, *status, "{method} {path} as {role}: {reply:?}");
    }
    Ok(())
}

#[tokio::test]
async fn stacktach_apis_are_open_without_api_key_authentication() -> Result<()> {
    let bundle = TestBundle::start().await?;
    for (path, status) in
        [("/db/usage/exists", 200), ("/notifications/rejected", 200), ("/recomputations", 401)]
    {
        assert_eq!(bundle.request("GET", path, &[], "").await.status, status, "{path}");
    }
    Ok(())
}
