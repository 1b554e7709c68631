//! Names that need quoting or encoding, through every route and in every statement.

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use maintenance::postgres::identifier::Identifier;
use serde_json::{Value, json};
use tests::bundle::FIRST_SECRET;
use tests::calling::Reply;

use super::{SERVER, Site, pass};

/// Names that an HTTP API carries in a path.
const CARRIED: [&str; 15] = [
    "quo\"te",
    "it's",
    "semi;colon",
    "My Table",
    "Upper",
    "select",
    "été_表",
    "pl+us",
    "ha#sh",
    "a&b=c",
    "-",
    "back\\slash",
    "tab\tand",
    "x'; DROP TABLE canary; --",
    "x\"; DROP TABLE canary; --",
];
/// An HTTP API decodes or cuts these, and clients remove dots.
const NOT_CARRIED: [&str; 6] = ["sl/ash", "que?ry", "per%cent", "%41", ".", ".."];

fn quoted(name: &str) -> String {
    Identifier::new(name).expect("a possible name").to_string()
}

/// Encodes every byte that is neither a letter nor a digit.
fn encoded(name: &str) -> String {
    let byte = |byte: u8| {
        if byte.is_ascii_alphanumeric() { char::from(byte).to_string() } else { format!("%{byte:02X}") }
    };
    name.bytes().map(byte).collect()
}

/// The ways to name an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    Path,
    Query,
}

/// Returns the address of a route whose places `{}` all have this name.
fn address(form: Form, route: &str, name: &str) -> String {
    let name = encoded(name);
    match form {
        Form::Path => format!("/maintenance/{}", route.replace("{}", &name)),
        Form::Query => {
            let query =
                ["database", "schema", "table", "index"].map(|place| format!("{place}={name}")).join("&");
            format!("/maintenance/{}?{query}", route.replace("{}", "-"))
        }
    }
}

async fn ask(site: &Site, http_api: bool, method: &str, address: &str, body: &str) -> Reply {
    site.bundle.request_through(http_api, method, address, &[("x-api-key", FIRST_SECRET)], body).await
}

/// Routes of reports, and the pointer of what names the object in the response.
const REPORTS: [(&str, &str); 4] = [
    ("{}", "/schemas"),
    ("{}/advice", "/hints"),
    ("{}/schema/{}", "/tables/0/name"),
    ("{}/schema/{}/table/{}", "/name"),
];
/// Routes of operations that run, with the places that their entries name.
const OPERATIONS: [(&str, &[&str]); 5] = [
    ("{}/schema/{}/vacuum", &["dbname", "schema"]),
    ("{}/schema/{}/table/{}/vacuum", &["dbname", "schema", "table"]),
    ("{}/schema/{}/table/{}/analyze", &["dbname", "schema", "table"]),
    ("{}/schema/{}/table/{}/reindex", &["dbname", "schema", "table"]),
    ("{}/schema/{}/index/{}/reindex", &["dbname", "schema", "index"]),
];
/// A due time in the past: the operations run at once, and the same request has the same id however late it comes.
const PAST: &str = r#"{"datetime": "2001-01-01T00:00:00Z"}"#;

/// Creates a database with a schema and a table, all of this name. An index of this name has to wait: relations of one
/// schema share their names.
fn create(name: &str) -> Result<()> {
    let quoted = quoted(name);
    SERVER.run("postgres", &format!("CREATE DATABASE {quoted}"))?;
    SERVER.run(
        name,
        &format!(
            "CREATE TABLE public.canary (id int); INSERT INTO public.canary VALUES (1);
             CREATE SCHEMA {quoted}; CREATE TABLE {quoted}.{quoted} (id int, body text);
             CREATE INDEX ON {quoted}.{quoted} (id); INSERT INTO {quoted}.{quoted} VALUES (1, 'x');"
        ),
    )?;
    Ok(())
}

async fn check_reports(site: &Site, http_api: bool, form: Form, name: &str) {
    for (route, pointer) in REPORTS {
        let address = address(form, route, name);
        let reply = ask(site, http_api, "GET", &address, "").await;
        assert_eq!(reply.status, 200, "{address}: {reply:?}");
        let found = reply.json().pointer(pointer).cloned();
        let expected = if pointer.ends_with("/name") { found == Some(json!(name)) } else { found.is_some() };
        assert!(expected, "{address}: {reply:?}");
    }
}

/// Requests the operations and returns their ids. Checks the plan and the entry in the list.
async fn check_requests(site: &Site, http_api: bool, form: Form, name: &str) -> Vec<String> {
    let mut ids = Vec::new();
    for (route, places) in &OPERATIONS[..4] {
        ids.push(requested(site, http_api, form, route, places, name).await);
    }
    for kind in ["vacuum", "analyze", "reindex"].into_iter().filter(|_| form == Form::Query) {
        let address = address(form, &format!("{{}}/{kind}"), name);
        let plan = ask(site, http_api, "POST", &address, r#"{"dry_run": true}"#).await;
        assert_eq!(plan.status, 200, "{address}: {plan:?}");
    }
    ids
}

async fn requested(
    site: &Site,
    http_api: bool,
    form: Form,
    route: &str,
    places: &[&str],
    name: &str,
) -> String {
    let address = |route: &str| address(form, route, name);
    let (request, list) = (address(route), address(&format!("{route}/scheduled").replace("/index/{}", "")));
    if form == Form::Query {
        let plan = ask(site, http_api, "POST", &request, r#"{"dry_run": true}"#).await.json();
        let statement = plan["statements"][0].as_str().unwrap_or_default().to_owned();
        assert!(statement.ends_with(&format!(" {0}.{0}", quoted(name))), "{request}: {plan}");
    }
    let reply = ask(site, http_api, "POST", &request, PAST).await;
    assert_eq!(reply.status, 200, "{request}: {reply:?}");
    let id = reply.json()["id"].as_str().expect("an id").to_owned();
    let listed = ask(site, http_api, "GET", &list, "").await.json();
    let entry = listed.as_array().into_iter().flatten().find(|entry| entry["id"] == id.as_str()).cloned();
    let entry = entry.unwrap_or_else(|| panic!("{list} lacks {id}: {listed}"));
    for place in ["dbname", "schema", "table", "index"] {
        let expected = if places.contains(&place) { json!(name) } else { Value::Null };
        assert_eq!(entry[place], expected, "{list} {place}");
    }
    id
}

#[tokio::test]
async fn every_name_is_reached_on_every_route_in_both_forms() -> Result<()> {
    let site = Site::new("routes").await?;
    let longest = "é".repeat(31) + "x";
    let names = CARRIED.into_iter().chain([longest.as_str()]).map(|name| (name, true));
    let names: Vec<_> = names.chain(NOT_CARRIED.into_iter().map(|name| (name, false))).collect();
    let mut requested_ids = BTreeMap::new();
    for (name, is_carried) in &names {
        create(name)?;
        let forms = [(false, Form::Path), (true, Form::Query), (true, Form::Path)];
        let mut ids = None;
        for (http_api, form) in forms.into_iter().take(if *is_carried { 3 } else { 2 }) {
            check_reports(&site, http_api, form, name).await;
            let found = check_requests(&site, http_api, form, name).await;
            assert_eq!(*ids.get_or_insert_with(|| found.clone()), found, "{name:?} {http_api} {form:?}");
        }
        // The router sees dots as they are. Clients and proxies remove them.
        if !is_carried && !name.starts_with('.') {
            let lost = ask(&site, true, "POST", &address(Form::Path, OPERATIONS[1].0, name), PAST).await;
            assert!([400, 404, 405].contains(&lost.status), "{name:?}: {lost:?}");
        }
        requested_ids.insert(*name, ids.context("a form")?);
    }
    finish(&site, &requested_ids).await?;

    // The names move from the tables to the indexes.
    for (name, _) in &names {
        let quoted = quoted(name);
        SERVER.run(name, &format!("ALTER TABLE {quoted}.{quoted} RENAME TO other; CREATE INDEX {quoted} ON {quoted}.other (body)"))?;
        let (route, places) = OPERATIONS[4];
        let queried = requested(&site, true, Form::Query, route, places, name).await;
        let id = requested(&site, false, Form::Path, route, places, name).await;
        assert_eq!(id, queried, "{name:?}");
        requested_ids.insert(*name, vec![queried]);
    }
    finish(&site, &requested_ids).await?;
    for (name, _) in &names {
        assert_eq!(SERVER.run(name, "SELECT id FROM public.canary")?, "1", "{name:?}");
        SERVER.run("postgres", &format!("DROP DATABASE {}", quoted(name)))?;
    }
    Ok(())
}

/// Runs the operations and checks that each is done.
async fn finish(site: &Site, ids: &BTreeMap<&str, Vec<String>>) -> Result<()> {
    site.bundle.drain().await?;
    pass(&site.bundle, 1).await?;
    for (name, ids) in ids {
        for id in ids {
            let done = site.operation(id).await;
            assert_eq!((&done["status"], &done["error"]), (&json!("done"), &Value::Null), "{name:?}: {done}");
        }
    }
    Ok(())
}

#[tokio::test]
async fn names_that_nothing_has_are_not_found_and_change_nothing() -> Result<()> {
    let site = Site::new("nothing").await?;
    site.sql("CREATE TABLE canary (id int); INSERT INTO canary VALUES (1)");
    let too_long = "x".repeat(64);
    for name in CARRIED.into_iter().chain(NOT_CARRIED).chain(["x' OR '1'='1", "", "nul\0", &too_long]) {
        for http_api in [false, true] {
            for form in [Form::Path, Form::Query] {
                for (route, method) in [
                    ("nothing/schema/{}", "GET"),
                    ("nothing/schema/public/table/{}", "GET"),
                    ("nothing/schema/{}/vacuum", "POST"),
                    ("nothing/schema/public/table/{}/vacuum", "POST"),
                    ("nothing/schema/public/index/{}/reindex", "POST"),
                ] {
                    let address = address(form, route, name);
                    let reply = ask(&site, http_api, method, &address, "").await;
                    assert!([400, 404, 405].contains(&reply.status), "{method} {address}: {reply:?}");
                }
            }
        }
    }
    assert_eq!(site.sql("SELECT id FROM canary"), "1");
    let listed = super::ask(&site.bundle, "GET", "/maintenance/operations", "").await.json();
    assert_eq!(listed["operations"], json!([]));
    Ok(())
}
