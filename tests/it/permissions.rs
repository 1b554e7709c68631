//! Each function's policy in `template.yaml` lets it do to the table what it does, and no more.
//!
//! Nothing asks for permission on the stand-ins, so what would fail on AWS alone is looked for here.

use std::collections::BTreeSet;

use anyhow::{Context, Result};
use chrono::TimeDelta;
use domain::key::SHARDS;
use domain::message::UsageTask;
use domain::notification::plan::Delivery;
use http::Method;
use serde_json::{Value, json};
use tests::TestBundle;
use tests::bundle::VISIBILITY_SECONDS;
use tests::tap::Fault;
use ticker::Ticker;

use crate::template::{allowed, logical_id};

/// The actions that DynamoDB asks for when these operations are called. A transaction asks for those of its parts, which
/// here are puts and changes: a part that deletes or checks needs another action in the template, and here.
fn actions(operations: &BTreeSet<String>) -> BTreeSet<String> {
    let parts = |operation: &String| match operation.as_str() {
        "TransactWriteItems" => vec!["PutItem".to_owned(), "UpdateItem".to_owned()],
        _ => vec![operation.clone()],
    };
    operations.iter().flat_map(parts).map(|action| format!("dynamodb:{action}")).collect()
}

/// The operations on the table since the last time.
fn used(bundle: &TestBundle) -> BTreeSet<String> {
    bundle.tap.take().into_iter().map(|call| call.operation).collect()
}

/// What a function did, with the look at the table by which it connects while it starts.
fn assert_allowed(directory: &str, mut operations: BTreeSet<String>) {
    assert!(!operations.is_empty(), "{directory} was seen at work");
    operations.insert("GetItem".to_owned());
    let (needs, has) = (actions(&operations), allowed(&logical_id(directory)));
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
    bundle.tap.fail_from(8, Fault::ReplyLost);
    bundle.notifications.process(tens.clone(), bundle.deadline()).await;
    anyhow::ensure!(bundle.tap.heal(), "the worker died");
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
        outcomes = bundle.notifications.process(messages.clone(), bundle.deadline()).await;
        if outcomes.iter().all(|(_, outcome)| outcome.is_ok()) {
            return Ok(());
        }
    }
    anyhow::bail!("dead letters: {outcomes:?}")
}

/// Does the work that the ticker queued, and all that could be left in the outbox.
async fn verify(bundle: &TestBundle) -> Result<()> {
    let mut tasks = bundle.queued(&bundle.platform.config.places.usage_queue).await?;
    anyhow::ensure!(!tasks.is_empty(), "the ticker sent messages");
    for shard in 0..SHARDS {
        tasks.push(UsageTask::Publish { shard }.body()?);
    }
    for task in tasks {
        bundle
            .usage
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

#[tokio::test]
async fn a_functions_policy_is_what_the_function_does_to_the_table() -> Result<()> {
    let bundle = TestBundle::start().await?;
    record(&bundle).await?;
    assert_allowed("notification-worker", used(&bundle));

    let ticker = Ticker::new(&bundle.platform);
    ticker.tick().await?;
    bundle.advance(TimeDelta::hours(25));
    ticker.tick().await?;
    assert_allowed("ticker", used(&bundle));

    verify(&bundle).await?;
    assert_allowed("usage-worker", used(&bundle));

    ask(&bundle).await?;
    assert_allowed("usage", used(&bundle));

    let set_aside = bundle.notifications.rejected(10, None).await?;
    assert_eq!(set_aside.len(), 1);
    assert_allowed("ingest", used(&bundle));
    Ok(())
}
