//! Each sample event is taken by its function, and does there what its name says.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use aws_lambda_events::eventbridge::EventBridgeEvent;
use aws_lambda_events::sqs::SqsEvent;
use domain::access::AuditLog;
use domain::access::principal::Api;
use edge::http::middleware;
use serde_json::{Value, json};
use tests::faults::Fault;
use tests::{TestBundle, lambda};
use ticker::Ticker;

/// An hour after the period of the samples has ended.
const NOON: &str = "2026-03-01T12:00:30Z";

fn events() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("tests/ stands in the project").join("events")
}

/// The names of what is in a directory, in their order.
fn names(directory: &Path) -> Result<Vec<String>> {
    let entries = fs::read_dir(directory)?.map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned()));
    let mut names = entries.collect::<Result<Vec<_>>>()?;
    names.sort();
    Ok(names)
}

async fn bundle() -> Result<TestBundle> {
    let bundle = TestBundle::start().await?;
    bundle.clock.set(NOON.parse()?);
    Ok(bundle)
}

/// What the function answers to one of its samples.
async fn invoke(bundle: &TestBundle, function: &str, sample: &str) -> Result<Value> {
    let text = fs::read_to_string(events().join(function).join(sample))?;
    let event: Value = serde_json::from_str(&text)?;
    match function {
        "access" => {
            lambda::answer(
                &middleware(access_api::router(bundle.access.clone()), access_api::error_body),
                &event,
            )
            .await
        }
        "recomputations" => {
            let api = recomputations_api::Api::new(&bundle.platform, bundle.access.clone())?;
            lambda::answer(
                &middleware(recomputations_api::router(api), recomputations_api::error_body),
                &event,
            )
            .await
        }
        "ingest" => {
            let router = ingest_api::router(bundle.intake.clone(), bundle.gate(Api::Ingest));
            lambda::answer(&middleware(router, ingest_api::error_body), &event).await
        }
        "usage" => {
            let router = usage_api::router(bundle.usage.clone(), bundle.gate(Api::Usage));
            lambda::answer(&middleware(router, usage_api::error_body), &event).await
        }
        "notification-worker" => {
            let batch: SqsEvent = serde_json::from_value(event)?;
            let answer = notification_worker::handle(&bundle.recorder, batch, bundle.deadline()).await;
            Ok(serde_json::to_value(answer)?)
        }
        "streams" => {
            let api = streams_api::Api::new(bundle.streams.clone(), AuditLog::new(&bundle.platform)?);
            let router = streams_api::router(api, bundle.gate(Api::Streams));
            lambda::answer(&middleware(router, streams_api::error_body), &event).await
        }
        "stream-worker" => {
            let batch: SqsEvent = serde_json::from_value(event)?;
            let answer = stream_worker::handle(&bundle.runner, batch, bundle.deadline()).await;
            Ok(serde_json::to_value(answer)?)
        }
        "maintenance" => {
            let api = maintenance_api::Api::new(&bundle.platform, bundle.access.clone())?;
            lambda::answer(&middleware(maintenance_api::router(api), maintenance_api::error_body), &event)
                .await
        }
        "maintenance-worker" => {
            let batch: SqsEvent = serde_json::from_value(event)?;
            let answer = maintenance_worker::handle(&bundle.maintenance, batch, bundle.deadline()).await;
            Ok(serde_json::to_value(answer)?)
        }
        "usage-worker" => {
            let batch: SqsEvent = serde_json::from_value(event)?;
            let answer = usage_worker::handle(&bundle.verifier, batch, bundle.deadline()).await;
            Ok(serde_json::to_value(answer)?)
        }
        "ticker" => {
            let _: EventBridgeEvent = serde_json::from_value(event)?;
            Ticker::new(&bundle.platform)?.tick().await?;
            Ok(Value::Null)
        }
        other => anyhow::bail!("{other} is no function"),
    }
}

/// The JSON in an answer's body.
fn body(answer: &Value) -> Result<Value> {
    Ok(serde_json::from_str(answer["body"].as_str().context("there is a body")?)?)
}

#[tokio::test]
async fn a_sample_succeeds_unless_its_name_says_that_it_is_bad() -> Result<()> {
    let bundle = bundle().await?;
    for function in names(&events())? {
        for sample in names(&events().join(&function))? {
            let answer =
                invoke(&bundle, &function, &sample).await.with_context(|| format!("{function}/{sample}"))?;
            let status = answer["statusCode"].as_i64().unwrap_or(200);
            let failures = answer["batchItemFailures"].as_array().map_or(0, Vec::len);
            assert!(status < 500, "{function}/{sample}: {answer}");
            assert_eq!(
                status >= 400 || failures > 0,
                sample.starts_with("bad-"),
                "{function}/{sample}: {answer}"
            );
        }
    }
    Ok(())
}

#[tokio::test]
async fn notifications_are_accepted_once_however_they_are_sent() -> Result<()> {
    let bundle = bundle().await?;
    for (sample, accepted) in
        [("two-notifications.json", 2), ("gzip.json", 2), ("bytes-without-content-type.json", 1)]
    {
        let answer = invoke(&bundle, "ingest", sample).await?;
        assert_eq!(
            (&answer["statusCode"], body(&answer)?),
            (&json!(202), json!({"accepted": accepted})),
            "{sample}"
        );
    }
    bundle.drain().await?;
    let snapshot = bundle.snapshot().await?;
    assert_eq!((snapshot["raw"].len(), snapshot["instance exists"].len()), (2, 1));
    Ok(())
}

#[tokio::test]
async fn a_recorded_exists_is_listed_confirmed_and_repaired() -> Result<()> {
    let bundle = bundle().await?;
    for sample in ["chunk.json", "repeated.json", "straight-from-a-producer.json"] {
        let answer = invoke(&bundle, "notification-worker", sample).await?;
        assert_eq!(answer, json!({"batchItemFailures": []}), "{sample}");
    }
    let listed = body(&invoke(&bundle, "usage", "exists-filtered.json").await?)?;
    let exists = listed["exists"].as_array().context("it is a list")?;
    assert_eq!(exists.len(), 1);
    assert_eq!(exists[0]["message_id"], "11f3b4a8-5a3f-4c8e-9a1b-0d7a1f4f0012");
    let launches = body(&invoke(&bundle, "usage", "launches.json").await?)?;
    assert_eq!(launches["launches"].as_array().map(Vec::len), Some(1));

    let confirmed = invoke(&bundle, "usage", "confirm-without-content-type.json").await?;
    assert_eq!(confirmed["statusCode"], 200, "{confirmed}");
    let listed = body(&invoke(&bundle, "usage", "exists-filtered.json").await?)?;
    assert_eq!(listed["exists"][0]["send_status"], 201);

    let repaired = body(&invoke(&bundle, "usage", "repair-form.json").await?)?;
    let absent = json!({"absent_exists": ["11f3b4a8-5a3f-4c8e-9a1b-0d7a1f4f0009"], "exists_not_pending": []});
    assert_eq!(repaired, absent);
    Ok(())
}

#[tokio::test]
async fn of_a_batch_what_is_no_json_is_set_aside_and_the_rest_is_recorded() -> Result<()> {
    let bundle = bundle().await?;
    let answer = invoke(&bundle, "notification-worker", "one-is-no-json.json").await?;
    assert_eq!(answer, json!({"batchItemFailures": []}));
    assert_eq!(bundle.snapshot().await?["raw"].len(), 2);

    let page = body(&invoke(&bundle, "ingest", "rejected.json").await?)?;
    let rejected = page["rejected"].as_array().context("it is a list")?;
    assert_eq!((rejected.len(), &rejected[0]["body"], page.get("mark")), (1, &json!("no JSON at all"), None));
    assert_eq!(rejected[0]["received"], "2026-03-01 12:00:00.123000");
    Ok(())
}

#[tokio::test]
async fn when_the_table_fails_the_batch_goes_back_and_an_unreadable_task_does_not() -> Result<()> {
    let bundle = bundle().await?;
    let answer = invoke(&bundle, "usage-worker", "one-is-no-task.json").await?;
    assert_eq!(answer, json!({"batchItemFailures": []}));

    bundle.faults.fail_from(1, Fault::Lost);
    let answer = invoke(&bundle, "usage-worker", "one-is-no-task.json").await?;
    let first = json!({"batchItemFailures": [{"itemIdentifier": "059f36b4-87a3-44ab-83d2-661975770001"}]});
    assert_eq!(answer, first);
    let answer = invoke(&bundle, "notification-worker", "one-is-no-json.json").await?;
    assert_eq!(answer["batchItemFailures"].as_array().map(Vec::len), Some(2), "{answer}");
    Ok(())
}
