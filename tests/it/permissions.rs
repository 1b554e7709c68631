//! Each function's policy in `template.yaml` lets it do to the table what it does, and no more.
//!
//! Nothing asks for permission on the stand-ins, so what would fail on AWS alone is looked for here.

use std::collections::BTreeSet;

use anyhow::{Context, Result};
use chrono::TimeDelta;
use domain::ingest::plan::Delivery;
use domain::storage::key::SHARDS;
use domain::time::Micros;
use domain::usage::task::UsageTask;
use http::Method;
use local::private_postgres::{FOR_TESTS, PrivatePostgres};
use serde_json::{Value, json};
use tests::TestBundle;
use tests::bundle::{FIRST_SECRET, VISIBILITY_SECONDS};
use tests::faults::Fault;
use ticker::Ticker;

use crate::template::{allowed, logical_id};

/// The actions on the tables since the last time.
fn used(bundle: &TestBundle) -> BTreeSet<String> {
    bundle.faults.take().into_iter().flat_map(|call| call.actions).collect()
}

/// What a function did, with the look at the table by which it connects while it starts.
fn assert_allowed(directory: &str, mut actions: BTreeSet<String>) {
    assert!(!actions.is_empty(), "{directory} was seen at work");
    actions.insert("GetItem".to_owned());
    let needs: BTreeSet<_> = actions.iter().map(|action| format!("dynamodb:{action}")).collect();
    let has = allowed(&logical_id(directory));
    assert_eq!(needs, has, "{directory}: what it needs, and what it is given");
}

/// The sample notifications, as messages of a producer that sends straight to the queue, and one message that is none.
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
    let broken =
        Delivery { id: "broken".to_owned(), body: "no JSON".to_owned(), sent_at: None, service: None };
    Ok(messages.map(delivery).chain([broken]).collect())
}

/// Records the samples: taken over from a worker that died, and repeated in other chunks.
async fn record(bundle: &TestBundle) -> Result<()> {
    let (tens, sevens) = (deliveries(bundle, 10)?, deliveries(bundle, 7)?);
    bundle.faults.fail_from(8, Fault::ReplyLost);
    bundle.recorder.process(tens.clone(), bundle.deadline()).await;
    anyhow::ensure!(bundle.faults.heal(), "the worker died");
    for messages in [sevens, tens] {
        deliver(bundle, messages).await?;
    }
    Ok(())
}

/// Delivers messages until the worker has done them all, as often as the queue would.
async fn deliver(bundle: &TestBundle, messages: Vec<Delivery>) -> Result<()> {
    let mut outcomes = Vec::new();
    for _ in 0..5 {
        bundle.advance(TimeDelta::seconds(VISIBILITY_SECONDS));
        outcomes = bundle.recorder.process(messages.clone(), bundle.deadline()).await;
        if outcomes.iter().all(|(_, outcome)| outcome.is_ok()) {
            return Ok(());
        }
    }
    anyhow::bail!("dead letters: {outcomes:?}")
}

/// Does the work that the ticker queued, and all that could be left in the outbox.
async fn verify(bundle: &TestBundle) -> Result<()> {
    let mut tasks = bundle.queued(&bundle.queue_url("UsageQueue")).await?;
    anyhow::ensure!(!tasks.is_empty(), "the ticker sent messages");
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

/// Every kind of request to the ledger.
async fn ask(bundle: &TestBundle) -> Result<()> {
    let lists =
        ["nova/launches", "nova/deletes", "nova/exists", "glance/images", "glance/deletes", "glance/exists"];
    for list in lists {
        let found = bundle.get(&format!("/db/usage/{list}")).await.ids();
        let id = found.first().with_context(|| format!("{list}: there are some"))?;
        anyhow::ensure!(
            bundle.get(&format!("/db/usage/{list}/{id}")).await.status == 200,
            "{list}: {id} is found"
        );
    }
    let exists = bundle.get("/db/usage/nova/exists").await.json()["exists"][0].take();
    bundle
        .get(&format!("/db/usage/nova/exists?instance={}", exists["instance"].as_str().context("a text")?))
        .await
        .ids();
    for statistics in ["nova/exists", "glance/exists", "events"] {
        let reply = bundle.get(&format!("/db/stats/{statistics}")).await;
        anyhow::ensure!(reply.status == 200, "{reply:?}");
    }
    let id = exists["message_id"].as_str().context("a text")?;
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

/// The answer to an administrator, who has to be served.
async fn asked(bundle: &TestBundle, method: &str, path: &str, body: &Value) -> Result<Value> {
    let headers = [("x-api-key", FIRST_SECRET), ("idempotency-key", path)];
    let body = if body.is_null() { String::new() } else { body.to_string() };
    let reply = bundle.ask(method, path, &headers, &body).await;
    anyhow::ensure!(reply.status < 300, "{method} {path}: {reply:?}");
    Ok(reply.json())
}

/// Every kind of request to the administration.
async fn administer(bundle: &TestBundle) -> Result<()> {
    let key = asked(bundle, "POST", "/access/keys", &json!({"name": "a", "roles": ["viewer"]})).await?;
    let id = key["id"].as_str().context("an id")?;
    asked(bundle, "DELETE", &format!("/access/keys/{id}"), &Value::Null).await?;
    let ann = json!({"name": "ann", "roles": ["admin"], "password": "sesame"});
    asked(bundle, "POST", "/access/users", &ann).await?;
    asked(bundle, "PUT", "/access/users/ann", &json!({"email": "ann@example.com"})).await?;
    let wrong = json!({"username": "ann", "password": "wrong"}).to_string();
    for _ in 0..2 {
        anyhow::ensure!(bundle.ask("POST", "/login", &[], &wrong).await.status == 404, "it is wrong");
    }
    let login = asked(bundle, "POST", "/login", &json!({"username": "ann", "password": "sesame"})).await?;
    let session = [("x-session", login["session"].as_str().context("a session")?)];
    anyhow::ensure!(bundle.ask("GET", "/logout", &session, "").await.status == 200, "it ends");
    asked(bundle, "DELETE", "/access/users/ann", &Value::Null).await?;
    for list in ["keys", "users", "audit"] {
        asked(bundle, "GET", &format!("/access/{list}"), &Value::Null).await?;
    }
    Ok(())
}

/// Every kind of request for a recomputation.
async fn recompute(bundle: &TestBundle) -> Result<()> {
    let request = json!({
        "requester_name": "a", "requester_email": "a@b", "reason": "c", "report": "d",
        "start_time": "2035-01-01T00:00:00Z", "end_time": "2035-01-02T00:00:00Z",
    });
    let made = asked(bundle, "POST", "/recomputations", &request).await?;
    let path = format!("/recomputations/{}", made["data"]["id"].as_str().context("an id")?);
    asked(bundle, "POST", "/recomputations", &request).await?;
    asked(bundle, "POST", &format!("{path}/status"), &json!({"status": "done"})).await?;
    asked(bundle, "PUT", &path, &request).await?;
    asked(bundle, "DELETE", &format!("{path}/status"), &Value::Null).await?;
    asked(bundle, "GET", "/recomputations", &Value::Null).await?;
    asked(bundle, "DELETE", &path, &Value::Null).await?;
    Ok(())
}

#[tokio::test]
async fn the_policies_of_streams_are_what_their_functions_do_to_the_tables() -> Result<()> {
    let bundle = TestBundle::with_streams().await?;
    bundle.streams.tick().await?;
    record(&bundle).await?;
    assert_allowed("notification-worker", used(&bundle));

    let stream_queue = bundle.queue_url("StreamQueue");
    let mut tasks = bundle.queued(&stream_queue).await?;
    for hours in [1, 73] {
        bundle.advance(TimeDelta::hours(hours));
        bundle.streams.tick().await?;
        tasks.extend(bundle.queued(&stream_queue).await?);
    }
    bundle.faults.take();
    while let Some(task) = tasks.pop() {
        let done = bundle.runner.work(&task, bundle.deadline()).await;
        done.map_err(|failure| anyhow::anyhow!("{failure:?}"))?;
        tasks.extend(bundle.queued(&stream_queue).await?);
    }
    assert_allowed("stream-worker", used(&bundle));

    for (method, path) in [
        ("GET", "/v1/streams?details=true"),
        ("GET", "/v1/events"),
        ("GET", "/v1/events/count"),
        ("GET", "/v1/streams/1"),
        ("DELETE", "/v1/streams/1"),
    ] {
        let reply = bundle.ask(method, path, &[], "").await;
        anyhow::ensure!(reply.status == 200, "{method} {path}: {reply:?}");
    }
    let failed = bundle.broken_stream().await?;
    bundle.faults.take();
    anyhow::ensure!(
        bundle.ask("PUT", &format!("/v1/streams/{failed}"), &[], "").await.status == 200,
        "it is reset"
    );
    let mut api = used(&bundle);
    for (method, path) in
        [("GET", "/v1/streams?details=true"), ("GET", "/v1/events"), ("DELETE", "/v1/streams/2")]
    {
        bundle.ask(method, path, &[], "").await;
        api.extend(used(&bundle));
    }
    assert_allowed("streams", api);
    Ok(())
}

#[tokio::test]
async fn policies_of_maintenance_are_what_its_functions_do_to_the_tables() -> Result<()> {
    let server = PrivatePostgres::temporary(FOR_TESTS)?;
    let url = server.url("postgres");
    let bundle = TestBundle::with([("POSTGRES_URL", url.as_str())]).await?;
    let table = "/maintenance/postgres/schema/pg_catalog/table/pg_class";
    asked(&bundle, "POST", &format!("{table}/analyze"), &json!({})).await?;
    let later = json!({"datetime": "2035-01-05T03:00:00Z"});
    let made = asked(&bundle, "POST", &format!("{table}/vacuum"), &later).await?;
    let id = made["id"].as_str().context("an id")?;
    for list in ["/maintenance/vacuum/scheduled", "/maintenance/operations"] {
        asked(&bundle, "GET", list, &Value::Null).await?;
    }
    asked(&bundle, "DELETE", &format!("/maintenance/vacuum/{id}"), &Value::Null).await?;
    assert_allowed("maintenance", used(&bundle));

    bundle.operations.tick().await?;
    let tasks = bundle.queued(&bundle.queue_url("MaintenanceQueue")).await?;
    bundle.faults.take();
    for task in tasks {
        let done = bundle.maintenance.work(&task, Micros::from(bundle.clock.now()).plus_seconds(900)).await;
        done.map_err(|failure| anyhow::anyhow!("{failure:?}"))?;
    }
    assert_allowed("maintenance-worker", used(&bundle));
    Ok(())
}

#[tokio::test]
async fn a_functions_policy_is_what_the_function_does_to_the_table() -> Result<()> {
    let bundle = TestBundle::start().await?;
    record(&bundle).await?;
    bundle.faults.take();

    let ticker = Ticker::new(&bundle.platform)?;
    ticker.tick().await?;
    bundle.advance(TimeDelta::hours(25));
    ticker.tick().await?;
    assert_allowed("ticker", used(&bundle));

    verify(&bundle).await?;
    assert_allowed("usage-worker", used(&bundle));

    ask(&bundle).await?;
    assert_allowed("usage", used(&bundle));

    let set_aside = bundle.intake.rejected(10, None).await?;
    assert_eq!(set_aside.len(), 1);
    assert_allowed("ingest", used(&bundle));

    administer(&bundle).await?;
    assert_allowed("access", used(&bundle));

    recompute(&bundle).await?;
    assert_allowed("recomputations", used(&bundle));
    Ok(())
}
