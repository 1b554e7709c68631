//! Permissions: each function's policy in `template.yaml` allows exactly the DynamoDB actions that the function uses.
//!
//! The stand-ins do not check permissions, so a missing one would otherwise fail only on AWS.

use std::collections::BTreeSet;

use anyhow::{Context, Result};
use chrono::TimeDelta;
use domain::ingest::plan::Delivery;
use domain::storage::key::SHARDS;
use domain::time::Micros;
use domain::usage::task::UsageTask;
use http::Method;
use local::private_mariadb::{self, PrivateMariadb};
use local::private_postgres::{FOR_TESTS, PrivatePostgres};
use serde_json::{Value, json};
use tests::TestBundle;
use tests::bundle::{FIRST_SECRET, MAX_RECEIVES, STATEMENT_SECONDS, VISIBILITY_SECONDS};
use tests::faults::Fault;
use ticker::Ticker;

use crate::guards::CALL_IN_A_CHUNK;
use crate::template::{allowed, logical_id};

/// Returns the actions on the tables since the last time.
fn take_actions(bundle: &TestBundle) -> BTreeSet<String> {
    bundle.faults.take_calls().into_iter().flat_map(|call| call.actions).collect()
}

/// Checks that a function's policy allows exactly these actions.
fn assert_allowed(directory: &str, mut actions: BTreeSet<String>) {
    assert!(!actions.is_empty(), "{directory} did nothing");
    // Every function reads an item when it starts, to connect.
    actions.insert("GetItem".to_owned());
    let used: BTreeSet<_> = actions.iter().map(|action| format!("dynamodb:{action}")).collect();
    let allowed = allowed(&logical_id(directory));
    assert_eq!(used, allowed, "{directory}: used actions, and allowed actions");
}

/// Returns the sample notifications as messages of a producer that writes to the queue itself, and one invalid message.
fn deliveries(bundle: &TestBundle, size: usize) -> Result<Vec<Delivery>> {
    let notifications: Vec<Value> =
        serde_json::from_str(&local::samples::notifications(bundle.clock.now())?)?;
    let messages = notifications.chunks(size).enumerate();
    let delivery = |(number, group): (usize, &[Value])| Delivery {
        id: format!("{size}-{number}"),
        body: json!(group).to_string(),
        sent_at: None,
        service: None,
    };
    let invalid =
        Delivery { id: "invalid".to_owned(), body: "no JSON".to_owned(), sent_at: None, service: None };
    Ok(messages.map(delivery).chain([invalid]).collect())
}

/// Records the samples twice: taken over from a crashed worker, and repeated in other chunks.
async fn record(bundle: &TestBundle) -> Result<()> {
    let (tens, sevens) = (deliveries(bundle, 10)?, deliveries(bundle, 7)?);
    bundle.faults.fail_from(CALL_IN_A_CHUNK, Fault::ReplyLost);
    bundle.recorder.process(tens.clone(), bundle.deadline()).await;
    anyhow::ensure!(bundle.faults.clear(), "the worker did not crash");
    for messages in [sevens, tens] {
        deliver(bundle, messages).await?;
    }
    Ok(())
}

/// Delivers messages until all are recorded, at most as often as the queue would.
async fn deliver(bundle: &TestBundle, messages: Vec<Delivery>) -> Result<()> {
    let mut outcomes = Vec::new();
    for _ in 0..MAX_RECEIVES {
        bundle.advance(TimeDelta::seconds(VISIBILITY_SECONDS));
        outcomes = bundle.recorder.process(messages.clone(), bundle.deadline()).await;
        if outcomes.iter().all(|(_, outcome)| outcome.is_ok()) {
            return Ok(());
        }
    }
    anyhow::bail!("messages failed {MAX_RECEIVES} times: {outcomes:?}")
}

/// Does the tasks that the ticker queued, and publishes the whole outbox.
async fn verify(bundle: &TestBundle) -> Result<()> {
    let mut tasks = bundle.take_messages(&bundle.queue_url("UsageQueue")).await?;
    anyhow::ensure!(!tasks.is_empty(), "the ticker queued no tasks");
    for shard in 0..SHARDS {
        tasks.push(UsageTask::Publish { shard }.body()?);
    }
    for task in tasks {
        bundle
            .verifier
            .work(&task, bundle.deadline())
            .await
            .map_err(|failure| anyhow::anyhow!("{failure:?}"))?;
    }
    Ok(())
}

/// Sends every kind of request to the usage API.
async fn request_usage(bundle: &TestBundle) -> Result<()> {
    let lists =
        ["nova/launches", "nova/deletes", "nova/exists", "glance/images", "glance/deletes", "glance/exists"];
    for list in lists {
        let ids = bundle.get(&format!("/db/usage/{list}")).await.ids();
        let id = ids.first().with_context(|| format!("{list} is empty"))?;
        anyhow::ensure!(
            bundle.get(&format!("/db/usage/{list}/{id}")).await.status == 200,
            "{list}: {id} is not found"
        );
    }
    let exists = bundle.get("/db/usage/nova/exists").await.json()["exists"][0].take();
    bundle
        .get(&format!(
            "/db/usage/nova/exists?instance={}",
            exists["instance"].as_str().context("not a text")?
        ))
        .await
        .ids();
    for statistics in ["nova/exists", "glance/exists", "events"] {
        let reply = bundle.get(&format!("/db/stats/{statistics}")).await;
        anyhow::ensure!(reply.status == 200, "{reply:?}");
    }
    let id = exists["message_id"].as_str().context("not a text")?;
    let confirmation = json!({"messages": [{id: 201}]}).to_string();
    let confirmed = bundle.send(Method::PUT, "/db/confirm/usage/exists/batch", confirmation).await;
    anyhow::ensure!(confirmed.status == 200, "{confirmed:?}");
    bundle.send(Method::POST, "/db/repair", format!("message_ids={id}")).await;
    let report =
        json!({"instance": exists["instance"], "launched_at": "2035-01-04 10:00:00", "source": "audit"});
    let stored = bundle.send(Method::POST, "/db/reconcile/nova", report.to_string()).await;
    anyhow::ensure!(stored.status == 201, "{stored:?}");
    Ok(())
}

/// Sends a request as an administrator, which must succeed.
async fn request(bundle: &TestBundle, method: &str, path: &str, body: &Value) -> Result<Value> {
    let headers = [("x-api-key", FIRST_SECRET), ("idempotency-key", path)];
    let body = if body.is_null() { String::new() } else { body.to_string() };
    let reply = bundle.request(method, path, &headers, &body).await;
    anyhow::ensure!(reply.status < 300, "{method} {path}: {reply:?}");
    Ok(reply.json())
}

/// Sends every kind of request to the access API.
async fn administer(bundle: &TestBundle) -> Result<()> {
    let key = request(bundle, "POST", "/access/keys", &json!({"name": "a", "roles": ["viewer"]})).await?;
    let id = key["id"].as_str().context("no id")?;
    request(bundle, "DELETE", &format!("/access/keys/{id}"), &Value::Null).await?;
    let ann = json!({"name": "ann", "roles": ["admin"], "password": "sesame"});
    request(bundle, "POST", "/access/users", &ann).await?;
    request(bundle, "PUT", "/access/users/ann", &json!({"email": "ann@example.com"})).await?;
    let wrong = json!({"username": "ann", "password": "wrong"}).to_string();
    // The second failure updates the record of the first.
    for _ in 0..2 {
        let login = bundle.request("POST", "/login", &[], &wrong).await;
        anyhow::ensure!(login.status == 404, "a wrong password is accepted: {login:?}");
    }
    let login = request(bundle, "POST", "/login", &json!({"username": "ann", "password": "sesame"})).await?;
    let session = [("x-session", login["session"].as_str().context("no session")?)];
    anyhow::ensure!(bundle.request("GET", "/logout", &session, "").await.status == 200, "the logout failed");
    request(bundle, "DELETE", "/access/users/ann", &Value::Null).await?;
    for list in ["keys", "users", "audit"] {
        request(bundle, "GET", &format!("/access/{list}"), &Value::Null).await?;
    }
    Ok(())
}

/// Sends every kind of request to the recomputations API.
async fn recompute(bundle: &TestBundle) -> Result<()> {
    let submission = json!({
        "requester_name": "a", "requester_email": "a@b", "reason": "c", "report": "d",
        "start_time": "2035-01-01T00:00:00Z", "end_time": "2035-01-02T00:00:00Z",
    });
    let submitted = request(bundle, "POST", "/recomputations", &submission).await?;
    let path = format!("/recomputations/{}", submitted["data"]["id"].as_str().context("no id")?);
    request(bundle, "POST", "/recomputations", &submission).await?;
    request(bundle, "POST", &format!("{path}/status"), &json!({"status": "done"})).await?;
    request(bundle, "PUT", &path, &submission).await?;
    request(bundle, "DELETE", &format!("{path}/status"), &Value::Null).await?;
    request(bundle, "GET", "/recomputations", &Value::Null).await?;
    request(bundle, "DELETE", &path, &Value::Null).await?;
    Ok(())
}

#[tokio::test]
async fn policies_of_the_stream_functions_match_their_actions() -> Result<()> {
    let bundle = TestBundle::with_streams().await?;
    bundle.streams.tick().await?;
    record(&bundle).await?;
    assert_allowed("notification-worker", take_actions(&bundle));

    let stream_queue = bundle.queue_url("StreamQueue");
    let mut tasks = bundle.take_messages(&stream_queue).await?;
    for hours in [1, 73] {
        bundle.advance(TimeDelta::hours(hours));
        bundle.streams.tick().await?;
        tasks.extend(bundle.take_messages(&stream_queue).await?);
    }
    bundle.faults.take_calls();
    while let Some(task) = tasks.pop() {
        let done = bundle.runner.work(&task, bundle.deadline()).await;
        done.map_err(|failure| anyhow::anyhow!("{failure:?}"))?;
        tasks.extend(bundle.take_messages(&stream_queue).await?);
    }
    assert_allowed("stream-worker", take_actions(&bundle));

    for (method, path) in [
        ("GET", "/v1/streams?details=true"),
        ("GET", "/v1/events"),
        ("GET", "/v1/events/count"),
        ("GET", "/v1/streams/1"),
        ("DELETE", "/v1/streams/1"),
    ] {
        let reply = bundle.request(method, path, &[], "").await;
        anyhow::ensure!(reply.status == 200, "{method} {path}: {reply:?}");
    }
    let failed = bundle.failed_stream().await?;
    bundle.faults.take_calls();
    anyhow::ensure!(
        bundle.request("PUT", &format!("/v1/streams/{failed}"), &[], "").await.status == 200,
        "the reset failed"
    );
    let mut actions = take_actions(&bundle);
    for (method, path) in
        [("GET", "/v1/streams?details=true"), ("GET", "/v1/events"), ("DELETE", "/v1/streams/2")]
    {
        bundle.request(method, path, &[], "").await;
        actions.extend(take_actions(&bundle));
    }
    assert_allowed("streams", actions);
    Ok(())
}

#[tokio::test]
async fn maintenance_policies_match_the_functions_actions() -> Result<()> {
    let server = PrivatePostgres::temporary(FOR_TESTS)?;
    let url = server.url("postgres");
    let bundle = TestBundle::with_settings([("POSTGRES_URL", url.as_str())]).await?;
    let table = "/maintenance/postgres/schema/pg_catalog/table/pg_class";
    request(&bundle, "POST", &format!("{table}/analyze"), &json!({})).await?;
    let later = json!({"datetime": "2035-01-05T03:00:00Z"});
    let created = request(&bundle, "POST", &format!("{table}/vacuum"), &later).await?;
    let id = created["id"].as_str().context("an id")?;
    for list in ["/maintenance/vacuum/scheduled", "/maintenance/operations"] {
        request(&bundle, "GET", list, &Value::Null).await?;
    }
    request(&bundle, "DELETE", &format!("/maintenance/vacuum/{id}"), &Value::Null).await?;
    let recurring = json!({"schedule": "*/5 * * * *"});
    let created = request(&bundle, "POST", &format!("{table}/analyze"), &recurring).await?;
    let (id, operation) = (&created["id"], &created["operation"]);
    let id = id.as_str().context("an id")?;
    let operation = operation.as_str().context("an id")?;
    request(&bundle, "DELETE", &format!("/maintenance/analyze/{operation}"), &Value::Null).await?;
    let recurrence = format!("/maintenance/recurrences/{id}");
    for (method, path) in [("GET", "/maintenance/recurrences"), ("GET", &recurrence), ("DELETE", &recurrence)]
    {
        request(&bundle, method, path, &Value::Null).await?;
    }
    request(&bundle, "POST", &format!("{table}/vacuum"), &recurring).await?;
    bundle.advance(TimeDelta::minutes(5));
    assert_allowed("maintenance", take_actions(&bundle));

    bundle.schedule.tick().await?;
    let tasks = bundle.take_messages(&bundle.queue_url("MaintenanceQueue")).await?;
    bundle.faults.take_calls();
    for task in tasks {
        let done = bundle.maintenance.work(&task, Micros::from(bundle.clock.now()).plus_seconds(900)).await;
        done.map_err(|failure| anyhow::anyhow!("{failure:?}"))?;
    }
    assert_allowed("maintenance-worker", take_actions(&bundle));
    Ok(())
}

/// Does the tasks of the changeset queue, and those that follow.
async fn work_on_changesets(bundle: &TestBundle) -> Result<()> {
    loop {
        let tasks = bundle.take_messages(&bundle.queue_url("ChangesetQueue")).await?;
        if tasks.is_empty() {
            return Ok(());
        }
        for task in tasks {
            let deadline = Micros::from(bundle.clock.now()).plus_seconds(STATEMENT_SECONDS);
            let done = bundle.changesets.work(&task, deadline).await;
            done.map_err(|failure| anyhow::anyhow!("{failure:?}"))?;
        }
    }
}

#[tokio::test]
async fn schemas_policies_match_the_functions_actions() -> Result<()> {
    let server = PrivateMariadb::temporary(private_mariadb::FOR_TESTS)?;
    server.run("CREATE DATABASE shop; CREATE TABLE shop.t (id bigint unsigned PRIMARY KEY)")?;
    let url = server.url();
    let settings = [("MARIADB_URL", url.as_str()), ("MARIADB_SCRATCH_URL", url.as_str())];
    let bundle = TestBundle::with_settings(settings).await?;
    let (mut api, mut worker) = (BTreeSet::new(), BTreeSet::new());
    let mut send = async |method: &str, path: &str, body: Value| {
        let headers = [("x-api-key", FIRST_SECRET)];
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let path = format!("/api/v1/{path}");
        let reply = bundle.request(method, &path, &headers, &body).await;
        anyhow::ensure!(reply.status < 300, "{method} {path}: {reply:?}");
        api.extend(take_actions(&bundle));
        work_on_changesets(&bundle).await?;
        worker.extend(take_actions(&bundle));
        anyhow::Ok(if reply.body.is_empty() { Value::Null } else { reply.json() })
    };
    let record = json!({"name": "db", "hostname": "127.0.0.1", "port": server.port()});
    send("POST", "server/", record).await?;
    let ids = json!({"server_id": 1, "database_schema_name": "shop"});
    send("POST", "schema_version/save_schema_dump/", ids).await?;
    for name in ["a", "b"] {
        let detail = json!({
            "apply_sql": format!("ALTER TABLE t ADD COLUMN {name} int"),
            "revert_sql": format!("ALTER TABLE t DROP COLUMN {name}"),
        });
        let changeset =
            json!({"database_schema_id": 1, "type": "DDL:Table:Alter", "classification": "lowrisk"});
        let body = json!({"changeset": changeset, "changeset_details": [detail]});
        let id = send("POST", "changeset/submit/", body).await?["id"].to_string();
        send("POST", &format!("changeset/approve/{id}/"), Value::Null).await?;
        send("POST", "changeset/apply/", json!({"changeset_id": id, "server_id": 1})).await?;
        send("POST", "database_schema/1/check/", json!({})).await?;
    }
    send("POST", "changeset/revert/", json!({"changeset_id": 2, "server_id": 1})).await?;
    for path in [
        "changeset/?review_status=approved",
        "changeset_detail/?changeset__id=1",
        "server/set/1;2/",
        "event/",
    ] {
        send("GET", path, Value::Null).await?;
    }
    send("POST", "user/create/", json!({"name": "ann", "email": "", "role_id": 3, "password": "sesame"}))
        .await?;
    send("POST", "user/update/2/", json!({"name": "eve", "email": "", "role_id": 3})).await?;
    send("POST", "user/delete/2/", Value::Null).await?;
    send("GET", "environment/", Value::Null).await?;
    send("DELETE", "environment/3/", Value::Null).await?;
    send("DELETE", "server/1/", Value::Null).await?;
    bundle.task_schedule.tick().await?;
    bundle.advance(TimeDelta::minutes(5));
    bundle.task_schedule.tick().await?;
    bundle.faults.take_calls();
    work_on_changesets(&bundle).await?;
    worker.extend(take_actions(&bundle));
    assert_allowed("schemas", api);
    assert_allowed("changeset-worker", worker);
    Ok(())
}

#[tokio::test]
async fn policies_match_the_functions_actions() -> Result<()> {
    let bundle = TestBundle::start().await?;
    record(&bundle).await?;
    bundle.faults.take_calls();

    let ticker = Ticker::new(&bundle.platform)?;
    ticker.tick().await?;
    bundle.advance(TimeDelta::hours(25));
    ticker.tick().await?;
    assert_allowed("ticker", take_actions(&bundle));

    verify(&bundle).await?;
    assert_allowed("usage-worker", take_actions(&bundle));

    request_usage(&bundle).await?;
    assert_allowed("usage", take_actions(&bundle));

    let set_aside = bundle.intake.rejected(10, None).await?;
    assert_eq!(set_aside.len(), 1);
    assert_allowed("ingest", take_actions(&bundle));

    administer(&bundle).await?;
    assert_allowed("access", take_actions(&bundle));

    recompute(&bundle).await?;
    assert_allowed("recomputations", take_actions(&bundle));
    Ok(())
}
