//! Requests, lists and cancels, without a server.

use anyhow::Result;
use chrono::TimeDelta;
use domain::access::AuditLog;
use domain::time::Micros;
use maintenance::operation::kind::Kind;
use maintenance::operation::listing::Filter;
use maintenance::operation::mode::Mode;
use maintenance::operation::options::Options;
use maintenance::operation::record::Draft;
use maintenance::operation::status::Status;
use maintenance::operation::target::{Object, Target};
use serde_json::json;
use tests::TestBundle;
use tests::bundle::FIRST_SECRET;
use tests::faults::Fault;

use super::{ask, draft, events, origin, pass, request};

const HOUR: i64 = 3_600;

async fn ids(bundle: &TestBundle, path: &str) -> Vec<String> {
    let reply = ask(bundle, "GET", path, "").await;
    assert_eq!(reply.status, 200, "{path}: {reply:?}");
    let entries = reply.json().as_array().cloned().expect("a list");
    entries.iter().map(|entry| entry["id"].as_str().expect("an id").to_owned()).collect()
}

#[tokio::test]
async fn same_request_has_one_id_while_it_lives_and_another_mode_has_its_own() -> Result<()> {
    let bundle = TestBundle::start().await?;
    let wanted = draft(&bundle, Some("city"), HOUR);
    let first = request(&bundle, &wanted).await?;
    assert_eq!(request(&bundle, &wanted).await?, first);
    let options = Options { mode: Mode::parse("full").expect("a mode"), ..Options::default() };
    let other = request(&bundle, &Draft { options, ..wanted.clone() }).await?;
    assert_ne!(other.id, first.id);

    let log = AuditLog::new(&bundle.platform)?;
    let canceled = bundle.operations.cancel(Kind::Vacuum, &first.id, &origin(), &log).await?;
    assert_eq!(canceled.map(|operation| operation.status), Some(Status::Canceled));
    let again = request(&bundle, &wanted).await?;
    assert!(again.id != first.id && again.id != other.id, "the first one has ended");
    assert_eq!(request(&bundle, &wanted).await?.id, again.id);
    Ok(())
}

#[tokio::test]
async fn request_whose_reply_is_lost_makes_one_operation() -> Result<()> {
    let bundle = TestBundle::start().await?;
    let wanted = draft(&bundle, None, HOUR);
    for call in 1..10 {
        for fault in [Fault::RequestLost, Fault::ReplyLost] {
            bundle.faults.fail_from(call, fault);
            let _ = request(&bundle, &wanted).await;
            bundle.faults.clear();
        }
    }
    let operation = request(&bundle, &wanted).await?;
    let listed = bundle.operations.scheduled(Kind::Vacuum, &Filter::default()).await?;
    assert_eq!(listed, [operation]);
    Ok(())
}

#[tokio::test]
async fn lists_are_ordered_by_due_time_and_filtered_as_their_paths_say() -> Result<()> {
    let bundle = TestBundle::start().await?;
    let on = |server: &str, database: &str, kind, object, seconds| {
        let target = Target { server: server.to_owned(), database: database.to_owned(), object };
        Draft { kind, target, ..draft(&bundle, None, seconds) }
    };
    let table = |name: &str| Object::Table("public".to_owned(), name.to_owned());
    let index = Object::Index("public".to_owned(), "city_pkey".to_owned());
    let mut made = Vec::new();
    for wanted in [
        on("", "world", Kind::Vacuum, table("city"), 3 * HOUR),
        on("", "world", Kind::Vacuum, table("country"), HOUR),
        on("", "world", Kind::Vacuum, Object::Database, 2 * HOUR),
        on("", "other", Kind::Vacuum, table("city"), 4 * HOUR),
        on("", "world", Kind::Reindex, index, HOUR),
        on("", "world", Kind::Reindex, table("country"), 2 * HOUR),
        on("", "world", Kind::Reindex, Object::Database, 3 * HOUR),
        on("reporting", "world", Kind::Vacuum, table("city"), 5 * HOUR),
    ] {
        made.push(request(&bundle, &wanted).await?.id);
    }
    for (path, expected) in [
        ("/maintenance/vacuum/scheduled", &[1, 2, 0, 3, 7][..]),
        ("/maintenance/vacuum/scheduled?instance=reporting", &[7]),
        ("/maintenance/analyze/scheduled", &[]),
        ("/maintenance/world/vacuum/scheduled", &[1, 2, 0]),
        ("/maintenance/world/vacuum/scheduled?instance=reporting", &[7]),
        ("/maintenance/nowhere/vacuum/scheduled", &[]),
        ("/maintenance/world/schema/public/table/city/vacuum/scheduled", &[0]),
        ("/maintenance/world/schema/public/table/nope/vacuum/scheduled", &[]),
        ("/maintenance/world/reindex/scheduled", &[4, 5, 6]),
        ("/maintenance/world/schema/public/reindex/scheduled", &[4, 5]),
        ("/maintenance/world/schema/public/table/city/reindex/scheduled", &[4, 5]),
        ("/maintenance/world/schema/public/city_pkey/table/city/reindex/scheduled", &[4, 5]),
    ] {
        let expected: Vec<_> = expected.iter().map(|place: &usize| made[*place].clone()).collect();
        assert_eq!(ids(&bundle, path).await, expected, "{path}");
    }
    Ok(())
}

#[tokio::test]
async fn header_or_parameter_names_the_instance() -> Result<()> {
    let bundle = TestBundle::start().await?;
    let wanted = draft(&bundle, Some("city"), HOUR);
    let target = Target { server: "reporting".to_owned(), ..wanted.target.clone() };
    let on_default = request(&bundle, &wanted).await?.id;
    let on_reporting = request(&bundle, &Draft { target, ..wanted }).await?.id;
    let list = "/maintenance/world/vacuum/scheduled";
    for (header, query, expected) in [
        ("", "", &on_default),
        ("default", "", &on_default),
        ("reporting", "", &on_reporting),
        ("", "?instance=reporting", &on_reporting),
        ("reporting", "?instance=reporting", &on_reporting),
    ] {
        let headers = [("x-api-key", FIRST_SECRET), ("x-instance", header)];
        let listed = bundle.request("GET", &format!("{list}{query}"), &headers, "").await.json();
        assert_eq!((&listed[0]["id"], &listed[1]), (&json!(expected), &json!(null)), "{header} {query}");
    }
    let headers = [("x-api-key", FIRST_SECRET), ("x-instance", "reporting")];
    for path in [list, "/maintenance/vacuum/scheduled", "/maintenance/world", "/discover"] {
        let reply = bundle.request("GET", &format!("{path}?instance=other"), &headers, "").await;
        let error = "Header 'X-Instance' and parameter 'instance' name different servers.";
        assert_eq!((reply.status, reply.json()), (406, json!({"error": error})), "{path}");
    }
    Ok(())
}

#[tokio::test]
async fn entry_has_the_documented_members_in_their_order() -> Result<()> {
    let bundle = TestBundle::start().await?;
    let due = maintenance::operation::datetime::parse("2035-03-22T12:24:39Z").expect("a time");
    request(&bundle, &Draft { due, ..draft(&bundle, Some("city"), 0) }).await?;
    let reply = ask(&bundle, "GET", "/maintenance/vacuum/scheduled", "").await;
    insta::assert_snapshot!(reply.body, @r#"[{"id":"9ea0d6a4","dbname":"world","schema":"public","table":"city","index":null,"mode":"","datetime":"2035-03-22T12:24:39Z","status":"todo"}]"#);
    Ok(())
}

#[tokio::test]
async fn canceled_operation_stays_listed_for_a_minute_and_in_the_history() -> Result<()> {
    let bundle = TestBundle::start().await?;
    let id = request(&bundle, &draft(&bundle, Some("city"), HOUR)).await?.id;
    let path = format!("/maintenance/vacuum/{id}");
    let wrong_kind = ask(&bundle, "DELETE", &format!("/maintenance/analyze/{id}"), "").await;
    assert_eq!(
        (wrong_kind.status, wrong_kind.body.as_str()),
        (404, r#"{"error":"Scheduled operation not found"}"#)
    );
    for _ in 0..2 {
        let reply = ask(&bundle, "DELETE", &path, "").await;
        assert_eq!((reply.status, reply.body.as_str()), (200, r#"{"response":"ok"}"#));
    }
    let listed = ask(&bundle, "GET", "/maintenance/vacuum/scheduled", "").await.json();
    assert_eq!(listed[0]["status"], "canceled");
    bundle.advance(TimeDelta::seconds(60));
    assert!(ids(&bundle, "/maintenance/vacuum/scheduled").await.is_empty());
    pass(&bundle, 3).await?;
    let stored = bundle.dump_table("OpsTable").await?;
    assert!(!stored.contains("\"OL\""), "the entry of the live list is removed");
    assert!(!stored.contains("\"V#"), "and so is the due row");
    let history = ask(&bundle, "GET", "/maintenance/operations", "").await.json();
    assert_eq!(history["operations"][0]["id"], json!(id));
    assert_eq!(history["operations"][0]["status"], "canceled");
    let published = events(&bundle, &id).await?;
    assert_eq!(published.len(), 1);
    assert_eq!(published[0]["event"], "maintenance.operation_ended");
    Ok(())
}

#[tokio::test]
async fn history_is_paged_newest_first() -> Result<()> {
    let bundle = TestBundle::start().await?;
    let log = AuditLog::new(&bundle.platform)?;
    let mut made = Vec::new();
    for number in 0..5 {
        let id = request(&bundle, &draft(&bundle, Some("city"), HOUR)).await?.id;
        bundle.operations.cancel(Kind::Vacuum, &id, &origin(), &log).await?;
        made.insert(0, id);
        // The third is of another month.
        bundle.advance(TimeDelta::days(if number == 2 { 30 } else { 0 }) + TimeDelta::seconds(1));
    }
    let mut found = Vec::new();
    let mut path = "/maintenance/operations?limit=2".to_owned();
    loop {
        let page = ask(&bundle, "GET", &path, "").await.json();
        let operations = page["operations"].as_array().cloned().expect("a list");
        assert!(operations.len() <= 2);
        found.extend(operations.iter().map(|entry| entry["id"].as_str().expect("an id").to_owned()));
        let Some(next) = page["next"].as_str() else { break };
        path = format!("/maintenance/operations?limit=2&cursor={next}");
    }
    assert_eq!(found, made);
    for query in ["limit=0", "limit=x", "cursor=x"] {
        let reply = ask(&bundle, "GET", &format!("/maintenance/operations?{query}"), "").await;
        assert_eq!(reply.status, 400, "{query}");
    }
    Ok(())
}

#[tokio::test]
async fn changes_are_audited() -> Result<()> {
    let bundle = TestBundle::start().await?;
    let wanted = draft(&bundle, Some("city"), HOUR);
    let id = request(&bundle, &wanted).await?.id;
    request(&bundle, &wanted).await?;
    ask(&bundle, "DELETE", &format!("/maintenance/vacuum/{id}"), "").await;
    let page = bundle.access.audit_list(10, None).await?;
    let entries: Vec<_> = page
        .entries
        .iter()
        .map(|entry| {
            (entry.actor.as_str(), entry.action.as_str(), entry.target.as_str(), entry.note.as_deref())
        })
        .collect();
    let expected = [
        ("first-access", "maintenance.cancel", id.as_str(), Some("canceled")),
        ("ann", "maintenance.request", id.as_str(), Some("vacuum world table public.city")),
    ];
    assert_eq!(entries, expected);
    Ok(())
}

#[tokio::test]
async fn operation_is_released_when_it_is_due_even_if_its_message_is_lost() -> Result<()> {
    let bundle = TestBundle::start().await?;
    let queue = bundle.queue_url("MaintenanceQueue");
    // Due within 15 minutes: the queue delays the message.
    let soon = request(&bundle, &draft(&bundle, Some("soon"), 600)).await?;
    let later = request(&bundle, &draft(&bundle, Some("later"), 2 * HOUR)).await?;
    assert!(bundle.take_messages(&queue).await?.is_empty());
    bundle.advance(TimeDelta::seconds(600));
    let message = |id: &str| format!(r#"{{"task":"run","id":"{id}"}}"#);
    assert_eq!(bundle.take_messages(&queue).await?, [message(&soon.id)], "and this one is lost");

    bundle.schedule.tick().await?;
    for (minutes, id) in [(1, &soon.id), (120, &later.id)] {
        bundle.advance(TimeDelta::minutes(minutes));
        bundle.schedule.tick().await?;
        let mut sent = Vec::new();
        for task in bundle.take_messages(&queue).await? {
            anyhow::ensure!(task.contains("sweep"), "{task}");
            let swept = bundle.maintenance.work(&task, bundle.deadline()).await;
            swept.map_err(|failure| anyhow::anyhow!("{failure:?}"))?;
            sent.extend(bundle.take_messages(&queue).await?);
        }
        assert!(sent.contains(&message(id)), "{sent:?}");
        let status = bundle.operations.get(id).await?.map(|operation| operation.status);
        assert_eq!(status, Some(Status::Queued));
    }
    Ok(())
}

#[tokio::test]
async fn session_is_required_as_documented() -> Result<()> {
    let bundle = TestBundle::start().await?;
    let (unknown, upper) = ("a".repeat(64), "A".repeat(64));
    let malformed = r#"{"error":"Parameter 'X-Session' is malformed."}"#;
    let path = "/maintenance/vacuum/scheduled";
    for (query, session, status, body) in [
        ("", None, 406, malformed),
        ("", Some("abc"), 406, malformed),
        ("", Some(upper.as_str()), 406, malformed),
        ("", Some(unknown.as_str()), 401, r#"{"error":"Invalid session."}"#),
        ("?key=", None, 406, malformed),
        ("?key=wrong", Some(unknown.as_str()), 401, r#"{"error":"Invalid key"}"#),
        ("?key=the+first+secret", Some("abc"), 200, "[]"),
    ] {
        let headers: Vec<_> = session.map(|session| ("x-session", session)).into_iter().collect();
        let reply = bundle.request("GET", &format!("{path}{query}"), &headers, "").await;
        assert_eq!((reply.status, reply.body.as_str()), (status, body), "{query} {session:?}");
    }
    let reply = bundle.request("DELETE", "/maintenance/vacuum/2cec00f2?key=the+first+secret", &[], "").await;
    assert_eq!((reply.status, reply.body.as_str()), (404, r#"{"error":"Scheduled operation not found"}"#));
    Ok(())
}

#[tokio::test]
async fn checks_have_the_documented_order() -> Result<()> {
    let bundle = TestBundle::start().await?;
    let table = "/maintenance/world/schema/public/table/city/vacuum";
    let long = format!("/maintenance/{}", "x".repeat(64));
    for (method, path, key, body, status, text) in [
        ("GET", "/maintenance/nope/x/y", false, "", 404, "URL not found."),
        ("GET", long.as_str(), false, "", 404, "URL not found."),
        ("POST", "/maintenance/world/cluster", false, "", 404, "URL not found."),
        ("DELETE", "/maintenance/vacuum/2CEC00F2", false, "", 404, "URL not found."),
        ("DELETE", "/maintenance/vacuum/2cec00f2a", false, "", 404, "URL not found."),
        ("POST", table, false, "{oops", 406, "Parameter 'X-Session' is malformed."),
        ("POST", table, true, "{oops", 400, "Invalid json format"),
        ("POST", table, true, "[]", 400, "Invalid json format"),
        ("POST", table, true, r#"{"datetime": "x", "mode": "x"}"#, 406, "Parameter 'datetime' is malformed."),
        ("POST", table, true, r#"{"mode": ",full"}"#, 406, "Parameter 'mode' is malformed."),
        (
            "POST",
            table,
            true,
            r#"{"concurrently": true}"#,
            406,
            "Parameter 'concurrently' does not apply to vacuum.",
        ),
        ("PATCH", table, true, "", 405, "Method not allowed."),
    ] {
        let headers: &[(&str, &str)] = if key { &[("x-api-key", "the first secret")] } else { &[] };
        let reply = bundle.request(method, path, headers, body).await;
        let expected = json!({"error": text});
        assert_eq!((reply.status, reply.json()), (status, expected), "{method} {path} {body}");
    }
    Ok(())
}

#[tokio::test]
async fn unreachable_server_is_retried_for_an_hour() -> Result<()> {
    let bundle = TestBundle::with_settings([("POSTGRES_URL", "postgres://u:p@127.0.0.1:1/x")]).await?;
    let id = request(&bundle, &draft(&bundle, Some("city"), 0)).await?.id;
    bundle.drain().await?;
    let status = async || {
        let operation = bundle.operations.get(&id).await?;
        anyhow::Ok(operation.map(|operation| (operation.status, operation.error, operation.waiting)))
    };
    let waiting = "server \"default\" is unreachable".to_owned();
    assert_eq!(status().await?, Some((Status::Queued, None, Some(waiting.clone()))));
    pass(&bundle, 30).await?;
    assert_eq!(status().await?.map(|(status, ..)| status), Some(Status::Queued));
    pass(&bundle, 40).await?;
    let (status, error, _) = status().await?.expect("it is kept");
    assert_eq!((status, error.map(|reason| reason.message)), (Status::Failed, Some(waiting)));
    assert_eq!(events(&bundle, &id).await?[0]["error"], "server \"default\" is unreachable");
    Ok(())
}

#[tokio::test]
async fn past_due_time_runs_at_once_and_is_listed_as_it_was_sent() -> Result<()> {
    let bundle = TestBundle::start().await?;
    let due = Micros(978_307_200_000_000);
    let operation = request(&bundle, &Draft { due, ..draft(&bundle, None, 0) }).await?;
    assert_eq!(operation.due, due);
    let queued = bundle.take_messages(&bundle.queue_url("MaintenanceQueue")).await?;
    assert_eq!(queued, [format!(r#"{{"task":"run","id":"{}"}}"#, operation.id)]);
    Ok(())
}
