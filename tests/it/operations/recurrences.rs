//! Recurring operations, and operations with a maintenance window.

use anyhow::{Context, Result};
use chrono::TimeDelta;
use domain::access::AuditLog;
use maintenance::operation::kind::Kind;
use maintenance::operation::listing::Filter;
use maintenance::operation::options::Options;
use maintenance::operation::record::Operation;
use maintenance::operation::recurrence::Definition;
use maintenance::operation::recurring::Described;
use maintenance::operation::schedule::{Schedule, Timing};
use maintenance::operation::status::Status;
use maintenance::operation::window::Window;
use serde_json::{Value, json};
use tests::TestBundle;
use tests::bundle::STATEMENT_SECONDS;
use tests::faults::Fault;

use super::disturbances::{Lock, meanwhile};
use super::{Site, ask, draft, events, origin, pass};

const TABLE: &str = "schema/public/table/city/vacuum";

/// Returns the definition of a VACUUM of `city` on a schedule.
fn definition(bundle: &TestBundle, schedule: &str, window: Option<&str>) -> Definition {
    let schedule = Schedule::parse(schedule).expect("a schedule");
    let window: Option<Window> = window.map(|window| serde_json::from_str(window).expect("a window"));
    Definition {
        kind: Kind::Vacuum,
        target: draft(bundle, Some("city"), 0).target,
        options: Options::default(),
        timing: Timing::new(schedule, window).expect("runs"),
        not_before: None,
    }
}

/// Stores a recurrence whose object is not looked at.
async fn recur(bundle: &TestBundle, definition: &Definition) -> Result<Described> {
    let log = AuditLog::new(&bundle.platform)?;
    Ok(bundle.operations.recur(definition, &origin(), &log).await?)
}

/// Returns the operations that have not ended.
async fn alive(bundle: &TestBundle) -> Result<Vec<Operation>> {
    Ok(bundle.operations.alive().await?)
}

/// Returns a recurrence as clients see it.
async fn shown(bundle: &TestBundle, id: &str) -> Value {
    let reply = ask(bundle, "GET", &format!("/maintenance/recurrences/{id}"), "").await;
    assert_eq!(reply.status, 200, "{reply:?}");
    reply.json()
}

/// Returns the due time and the status of each operation of a recurrence.
fn statuses(recurrence: &Value) -> Vec<(&str, &str)> {
    let operations = recurrence["operations"].as_array().expect("a list");
    operations
        .iter()
        .map(|operation| {
            (operation["datetime"].as_str().expect("a time"), operation["status"].as_str().expect("a status"))
        })
        .collect()
}

#[tokio::test]
async fn operation_recurs_until_it_is_stopped() -> Result<()> {
    let site = Site::new("recurring").await?;
    let counts = "SELECT vacuum_count FROM pg_stat_user_tables WHERE relname = 'city'";
    let body = r#"{"schedule": "*/10  * * * *", "mode": "freeze"}"#;
    let path = format!("/maintenance/recurring/{TABLE}");
    let created = ask(&site.bundle, "POST", &path, body).await;
    let first = created.json();
    assert_eq!(
        (created.status, &first["next"]),
        (200, &json!(["2035-01-05T00:10:00Z", "2035-01-05T00:20:00Z", "2035-01-05T00:30:00Z"]),)
    );
    assert_eq!(ask(&site.bundle, "POST", &path, body).await.body, created.body, "it recurs already");
    let id = first["id"].as_str().context("an id")?;

    let occurrence = site.operation(first["operation"].as_str().context("an id")?).await;
    assert_eq!(
        (&occurrence["status"], &occurrence["recurrence"], &occurrence["mode"]),
        (&json!("todo"), &json!(id), &json!("freeze"))
    );
    pass(&site.bundle, 10).await?;
    site.wait_for(counts, "1");
    let scheduled = format!("/maintenance/recurring/{TABLE}/scheduled");
    let listed = ask(&site.bundle, "GET", &scheduled, "").await.json();
    assert_eq!(
        (&listed[0]["status"], &listed[1]["status"], &listed[1]["datetime"]),
        (&json!("done"), &json!("todo"), &json!("2035-01-05T00:20:00Z"))
    );
    pass(&site.bundle, 10).await?;
    site.wait_for(counts, "2");
    let recurrence = shown(&site.bundle, id).await;
    assert_eq!(
        statuses(&recurrence),
        [
            ("2035-01-05T00:30:00Z", "todo"),
            ("2035-01-05T00:20:00Z", "done"),
            ("2035-01-05T00:10:00Z", "done"),
        ]
    );

    // Steward stops for three hours: one run for all that were missed.
    site.bundle.advance(TimeDelta::hours(3));
    pass(&site.bundle, 3).await?;
    site.wait_for(counts, "3");
    let recurrence = shown(&site.bundle, id).await;
    assert_eq!(
        (&recurrence["skipped"], &recurrence["last_skipped"], &recurrence["next"][0]),
        (&json!(17), &json!("2035-01-05T03:20:00Z"), &json!("2035-01-05T03:30:00Z"))
    );

    let one = format!("/maintenance/recurrences/{id}");
    for _ in 0..2 {
        let reply = ask(&site.bundle, "DELETE", &one, "").await;
        assert_eq!((reply.status, reply.body.as_str()), (200, r#"{"response":"ok"}"#));
    }
    let stopped = shown(&site.bundle, id).await;
    assert_eq!((&stopped["stopped"], &stopped["next"]), (&json!("2035-01-05T03:23:30Z"), &json!([])));
    assert_eq!(statuses(&stopped)[0], ("2035-01-05T03:30:00Z", "canceled"));
    pass(&site.bundle, 10).await?;
    assert_eq!(site.sql(counts), "3");
    assert!(alive(&site.bundle).await?.is_empty());
    let again = ask(&site.bundle, "POST", &path, body).await.json();
    assert_ne!(again["id"], first["id"], "the first one was stopped");
    Ok(())
}

#[tokio::test]
async fn recurrence_as_clients_see_it() -> Result<()> {
    let bundle = TestBundle::start().await?;
    let night = r#"{"start": "22:00", "end": "04:00"}"#;
    let id = recur(&bundle, &definition(&bundle, "30 3 * * SUN", Some(night))).await?.recurrence.id;
    let list = ask(&bundle, "GET", "/maintenance/recurrences", "").await.json();
    assert_eq!((&list["recurrences"][0]["id"], &list["next"]), (&json!(id), &Value::Null));
    assert_eq!(list["recurrences"][0], shown(&bundle, &id).await);
    insta::assert_json_snapshot!(list["recurrences"][0], @r#"
    {
      "datetime": null,
      "dbname": "world",
      "id": "0dd58520",
      "index": null,
      "instance": null,
      "kind": "vacuum",
      "last_skipped": null,
      "mode": "",
      "next": [
        "2035-01-07T03:30:00Z",
        "2035-01-14T03:30:00Z",
        "2035-01-21T03:30:00Z",
        "2035-01-28T03:30:00Z",
        "2035-02-04T03:30:00Z"
      ],
      "operations": [
        {
          "datetime": "2035-01-07T03:30:00Z",
          "ended": null,
          "error": null,
          "id": "60d6f612",
          "status": "todo"
        }
      ],
      "options": {},
      "requested": "2035-01-05T00:00:30Z",
      "requested_by": "ann",
      "schedule": "30 3 * * SUN",
      "schema": "public",
      "skipped": 0,
      "stopped": null,
      "table": "city",
      "window": {
        "end": "04:00",
        "start": "22:00"
      }
    }
    "#);
    Ok(())
}

#[tokio::test]
async fn recurrences_are_paged_and_stopped_ones_left_out() -> Result<()> {
    let bundle = TestBundle::start().await?;
    let mut expected = Vec::new();
    for minute in 0..5 {
        let created = recur(&bundle, &definition(&bundle, &format!("{minute} 2 * * *"), None)).await?;
        expected.push(created.recurrence.id);
    }
    let stopped = expected.remove(2);
    let reply = ask(&bundle, "DELETE", &format!("/maintenance/recurrences/{stopped}"), "").await;
    assert_eq!(reply.status, 200);
    expected.sort();
    let mut found = Vec::new();
    let mut cursor = String::new();
    loop {
        let page = ask(&bundle, "GET", &format!("/maintenance/recurrences?limit=2{cursor}"), "").await.json();
        let recurrences = page["recurrences"].as_array().context("a list")?;
        assert!(recurrences.len() <= 2);
        found.extend(recurrences.iter().filter_map(|one| one["id"].as_str().map(str::to_owned)));
        let Some(next) = page["next"].as_str() else { break };
        cursor = format!("&cursor={next}");
    }
    assert_eq!(found, expected);
    for query in ["limit=0", "cursor=x"] {
        let reply = ask(&bundle, "GET", &format!("/maintenance/recurrences?{query}"), "").await;
        assert_eq!(reply.status, 400, "{query}");
    }
    Ok(())
}

#[tokio::test]
async fn request_whose_reply_is_lost_makes_one_recurrence() -> Result<()> {
    let bundle = TestBundle::start().await?;
    let hourly = definition(&bundle, "0 * * * *", None);
    for call in 1..8 {
        for fault in Fault::ALL {
            bundle.faults.fail_from(call, fault);
            let _ = recur(&bundle, &hourly).await;
            bundle.faults.clear();
        }
    }
    let described = recur(&bundle, &hourly).await?;
    let listed = bundle.operations.recurrences(10, None).await?.recurrences;
    assert_eq!(listed, std::slice::from_ref(&described));
    assert_eq!(alive(&bundle).await?, described.operations);
    Ok(())
}

#[tokio::test]
async fn canceled_occurrence_is_followed_by_one_wherever_the_request_fails() -> Result<()> {
    let bundle = TestBundle::start().await?;
    let id = recur(&bundle, &definition(&bundle, "0 * * * *", None)).await?.recurrence.id;
    let mut kills = 0;
    let mut due = alive(&bundle).await?[0].due;
    for fault in Fault::ALL {
        for call in 1.. {
            let waiting = alive(&bundle).await?;
            assert_eq!(waiting.len(), 1, "{fault:?} at call {call}");
            let path = format!("/maintenance/vacuum/{}", waiting[0].id);
            bundle.faults.fail_from(call, fault);
            ask(&bundle, "DELETE", &path, "").await;
            let died = bundle.faults.clear();
            assert_eq!(ask(&bundle, "DELETE", &path, "").await.status, 200, "a repetition changes nothing");
            let next = alive(&bundle).await?;
            assert_eq!(next.len(), 1, "{fault:?} at call {call}");
            assert_eq!(next[0].due, due.plus_seconds(3_600));
            assert_eq!(next[0].recurrence.as_deref(), Some(id.as_str()));
            due = next[0].due;
            if !died {
                break;
            }
            kills += 1;
        }
    }
    assert!(kills > 6, "{kills}");
    Ok(())
}

#[tokio::test]
async fn stop_that_fails_anywhere_is_repeated() -> Result<()> {
    let bundle = TestBundle::start().await?;
    for fault in Fault::ALL {
        for call in 1.. {
            let created = recur(&bundle, &definition(&bundle, "0 * * * *", None)).await?;
            let path = format!("/maintenance/recurrences/{}", created.recurrence.id);
            bundle.advance(TimeDelta::seconds(1));
            bundle.faults.fail_from(call, fault);
            ask(&bundle, "DELETE", &path, "").await;
            let died = bundle.faults.clear();
            let stopped =
                bundle.operations.recurrence(&created.recurrence.id).await?.context("it is kept")?;
            let waits = !alive(&bundle).await?.is_empty();
            assert_eq!(stopped.recurrence.stopped.is_none(), waits, "{fault:?} at call {call}");
            assert_eq!(ask(&bundle, "DELETE", &path, "").await.status, 200);
            assert!(alive(&bundle).await?.is_empty(), "{fault:?} at call {call}");
            bundle.advance(TimeDelta::seconds(1));
            if !died {
                break;
            }
        }
    }
    let page = bundle.access.audit_list(3, None).await?;
    let entries: Vec<_> =
        page.entries.iter().map(|entry| (entry.action.as_str(), entry.note.clone())).collect();
    let note = Some("vacuum world table public.city: 0 * * * *".to_owned());
    assert_eq!(entries[..2], [("maintenance.stop", None), ("maintenance.recur", note)]);
    Ok(())
}

#[tokio::test]
async fn occurrence_ends_once_and_is_followed_once_wherever_its_worker_is_killed() -> Result<()> {
    let site = Site::new("recurring_killed").await?;
    let address = format!("/maintenance/recurring_killed/{TABLE}");
    let reply = ask(&site.bundle, "POST", &address, r#"{"schedule": "*/30 * * * *"}"#).await.json();
    let recurrence = reply["id"].as_str().context("an id")?;
    let mut kills = 0;
    for fault in Fault::ALL {
        for call in 1.. {
            let waiting = alive(&site.bundle).await?.pop().context("an occurrence waits")?;
            let until = waiting.due.0 - site.bundle.operations.now().0;
            site.bundle.advance(TimeDelta::microseconds(until));
            site.bundle.faults.fail_from(call, fault);
            let message = json!({"task": "run", "id": waiting.id}).to_string();
            let deadline = site.bundle.operations.now().plus_seconds(STATEMENT_SECONDS);
            let _ = site.bundle.maintenance.work(&message, deadline).await;
            let died = site.bundle.faults.clear();
            pass(&site.bundle, 6).await?;
            let operation = site.operation(&waiting.id).await;
            assert_eq!(operation["status"], "done", "{fault:?} at call {call}: {operation}");
            assert_eq!(events(&site.bundle, &waiting.id).await?.len(), 1, "{fault:?} at call {call}");
            let next = alive(&site.bundle).await?;
            let due: Vec<_> = next.iter().map(|next| next.due).collect();
            assert_eq!(due, [waiting.due.plus_seconds(1_800)], "{fault:?} at call {call}");
            if !died {
                break;
            }
            kills += 1;
        }
    }
    assert!(kills > 8, "{kills}");
    assert_eq!(shown(&site.bundle, recurrence).await["skipped"], 0);
    Ok(())
}

#[tokio::test]
async fn runs_that_pass_while_an_occurrence_runs_are_skipped() -> Result<()> {
    let site = Site::new("recurring_slow").await?;
    let body = r#"{"schedule": "*/5 * * * *", "mode": "full"}"#;
    let path = format!("/maintenance/recurring_slow/{TABLE}");
    let created = ask(&site.bundle, "POST", &path, body).await.json();
    let (id, operation) = (created["id"].as_str().context("an id")?, created["operation"].as_str());
    let operation = operation.context("an id")?;
    site.bundle.advance(TimeDelta::seconds(270));
    let lock = Lock::new(&site)?;
    let late = async || site.bundle.advance(TimeDelta::seconds(STATEMENT_SECONDS - 30));
    meanwhile(&site, operation, late).await?;
    pass(&site.bundle, 1).await?;
    let running = alive(&site.bundle).await?;
    assert_eq!(running.iter().map(|one| one.id.as_str()).collect::<Vec<_>>(), [operation]);
    let next = &shown(&site.bundle, id).await["next"][0];
    assert_eq!(next, "2035-01-05T00:25:00Z");

    // A stop leaves it alone.
    let reply = ask(&site.bundle, "DELETE", &format!("/maintenance/recurrences/{id}"), "").await;
    assert_eq!(reply.status, 200);
    let other = ask(&site.bundle, "POST", &path, r#"{"schedule": "*/5 * * * *"}"#).await.json();
    assert_eq!(site.operation(operation).await["status"], "doing");
    drop(lock);
    let backends = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND application_name LIKE 'op:%'";
    site.wait_for(backends, "0");
    pass(&site.bundle, 3).await?;
    assert_eq!(site.operation(operation).await["status"], "done");
    let waiting = alive(&site.bundle).await?;
    let recurrences: Vec<_> = waiting.iter().map(|one| one.recurrence.as_deref()).collect();
    assert_eq!(recurrences, [other["id"].as_str()], "the stopped one does not continue");
    Ok(())
}

#[tokio::test]
async fn occurrence_that_cannot_start_in_its_window_fails_and_the_next_one_comes() -> Result<()> {
    let bundle = TestBundle::with_settings([("POSTGRES_URL", "postgres://u:p@127.0.0.1:1/x")]).await?;
    let window = r#"{"start": "01:30", "end": "02:05"}"#;
    let id = recur(&bundle, &definition(&bundle, "0 * * * *", Some(window))).await?.recurrence.id;
    bundle.advance(TimeDelta::minutes(119));
    pass(&bundle, 12).await?;
    let recurrence = shown(&bundle, &id).await;
    assert_eq!(
        statuses(&recurrence),
        [("2035-01-06T02:00:00Z", "todo"), ("2035-01-05T02:00:00Z", "failed")],
        "{recurrence}"
    );
    let reason = r#"maintenance window closed: server "default" is unreachable"#;
    assert_eq!(recurrence["operations"][1]["error"], reason);

    // Steward itself starts too late.
    bundle.advance(TimeDelta::hours(30));
    pass(&bundle, 2).await?;
    let recurrence = shown(&bundle, &id).await;
    assert_eq!(recurrence["operations"][1]["error"], "maintenance window closed");
    assert_eq!(statuses(&recurrence)[0], ("2035-01-07T02:00:00Z", "todo"));
    Ok(())
}

#[tokio::test]
async fn operation_on_a_schema_stops_between_relations_and_continues_in_the_next_window() -> Result<()> {
    let site = Site::new("suspended").await?;
    let vacuumed = "SELECT sum(vacuum_count) FROM pg_stat_user_tables WHERE schemaname = 'public'";
    let body = r#"{"window": {"start": "00:00", "end": "00:10"}}"#;
    let id = site.post("schema/public/vacuum", body).await?;
    let lock = Lock::new(&site)?;
    let close = async || {
        site.bundle.advance(TimeDelta::minutes(10));
        drop(lock);
    };
    meanwhile(&site, &id, close).await?;
    let suspended = site.operation(&id).await;
    assert_eq!(
        (&suspended["status"], &suspended["waiting"]),
        (&json!("doing"), &json!("the maintenance window (00:00 to 00:10 UTC) is closed")),
        "{suspended}"
    );
    let finished = suspended["relations_finished"].as_u64().context("a number")?;
    let relations = suspended["relations"].as_u64().context("a number")?;
    assert!((1..relations).contains(&finished), "the statement that ran was left alone: {suspended}");
    pass(&site.bundle, 3).await?;
    assert_eq!(site.operation(&id).await["relations_finished"], finished);

    site.bundle.advance(TimeDelta::hours(24) - TimeDelta::minutes(13));
    pass(&site.bundle, 2).await?;
    let done = site.operation(&id).await;
    assert_eq!((&done["status"], &done["relations_finished"]), (&json!("done"), &json!(relations)));
    site.wait_for(vacuumed, &relations.to_string());
    Ok(())
}

#[tokio::test]
async fn window_delays_a_single_operation() -> Result<()> {
    let site = Site::new("delayed").await?;
    let body = r#"{"window": {"start": "02:00", "end": "03:00"}}"#;
    let id = site.post(TABLE, body).await?;
    site.bundle.advance(TimeDelta::minutes(1));
    assert_eq!(site.post(TABLE, body).await?, id, "it is due at the same opening");
    let operation = site.operation(&id).await;
    assert_eq!(
        (&operation["datetime"], &operation["window"]),
        (&json!("2035-01-05T02:00:00Z"), &json!({"start": "02:00", "end": "03:00"}))
    );
    let filter = Filter::default();
    let status = async || {
        let listed = site.bundle.operations.scheduled(Kind::Vacuum, &filter).await?;
        anyhow::Ok(listed.first().map(|operation| operation.status))
    };
    pass(&site.bundle, 3).await?;
    assert_eq!(status().await?, Some(Status::Todo));
    site.bundle.advance(TimeDelta::minutes(115));
    pass(&site.bundle, 2).await?;
    assert_eq!(site.operation(&id).await["status"], "done");
    Ok(())
}

#[tokio::test]
async fn malformed_schedules_and_windows_are_rejected() -> Result<()> {
    let bundle = TestBundle::start().await?;
    let path = "/maintenance/world/vacuum";
    for (body, name) in [
        (r#"{"schedule": "0 0 30 2 *"}"#, "schedule"),
        (r#"{"schedule": "*/2 * * * *"}"#, "schedule"),
        (r#"{"schedule": "0 2 * * *", "window": {"start": "03:00", "end": "04:00"}}"#, "window"),
        (r#"{"window": {"start": "03:00"}}"#, "window"),
    ] {
        let reply = ask(&bundle, "POST", path, body).await;
        let expected = json!({"error": format!("Parameter '{name}' is malformed.")});
        assert_eq!((reply.status, reply.json()), (406, expected), "{body}");
    }
    Ok(())
}
