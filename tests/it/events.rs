//! The sample events in `events/`, passed to their functions.

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

/// An hour after the end of the samples' audit period.
const NOON: &str = "2026-03-01T12:00:30Z";

fn events() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("tests/ is in the repository").join("events")
}

/// Returns the sorted names of a directory's entries.
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

/// Passes a sample to its function and returns the function's result.
async fn invoke(bundle: &TestBundle, function: &str, sample: &str) -> Result<Value> {
    Box::pin(invoke_function(bundle, function, sample)).await
}

async fn invoke_function(bundle: &TestBundle, function: &str, sample: &str) -> Result<Value> {
    let text = fs::read_to_string(events().join(function).join(sample))?;
    let event: Value = serde_json::from_str(&text)?;
    match function {
        "access" => {
            lambda::invoke(
                &middleware(access_api::router(bundle.access.clone()), access_api::error_body),
                &event,
            )
            .await
        }
        "recomputations" => {
            let api = recomputations_api::Api::new(&bundle.platform, bundle.access.clone())?;
            lambda::invoke(
                &middleware(recomputations_api::router(api), recomputations_api::error_body),
                &event,
            )
            .await
        }
        "ingest" => {
            let router = ingest_api::router(bundle.intake.clone(), bundle.authorizer(Api::Ingest));
            lambda::invoke(&middleware(router, ingest_api::error_body), &event).await
        }
        "usage" => {
            let router = usage_api::router(bundle.usage.clone(), bundle.authorizer(Api::Usage));
            lambda::invoke(&middleware(router, usage_api::error_body), &event).await
        }
        "notification-worker" => {
            let batch: SqsEvent = serde_json::from_value(event)?;
            let response = notification_worker::handle(&bundle.recorder, batch, bundle.deadline()).await;
            Ok(serde_json::to_value(response)?)
        }
        "streams" => {
            let api = streams_api::Api::new(bundle.streams.clone(), AuditLog::new(&bundle.platform)?);
            let router = streams_api::router(api, bundle.authorizer(Api::Streams));
            lambda::invoke(&middleware(router, streams_api::error_body), &event).await
        }
        "stream-worker" => {
            let batch: SqsEvent = serde_json::from_value(event)?;
            let response = stream_worker::handle(&bundle.runner, batch, bundle.deadline()).await;
            Ok(serde_json::to_value(response)?)
        }
        "maintenance" => {
            let api = maintenance_api::Api::new(&bundle.platform, bundle.access.clone())?;
            lambda::invoke(&middleware(maintenance_api::router(api), maintenance_api::error_body), &event)
                .await
        }
        "maintenance-worker" => {
            let batch: SqsEvent = serde_json::from_value(event)?;
            let answer = maintenance_worker::handle(&bundle.maintenance, batch, bundle.deadline()).await;
            Ok(serde_json::to_value(answer)?)
        }
        "schemas" => {
            let api = schemas_api::Api::new(&bundle.platform, bundle.access.clone())?;
            lambda::invoke(&middleware(schemas_api::router(api), schemas_api::error_body), &event).await
        }
        "changeset-worker" => {
            let batch: SqsEvent = serde_json::from_value(event)?;
            let response = changeset_worker::handle(&bundle.changesets, batch, bundle.deadline()).await;
            Ok(serde_json::to_value(response)?)
        }
        "usage-worker" => {
            let batch: SqsEvent = serde_json::from_value(event)?;
            let response = usage_worker::handle(&bundle.verifier, batch, bundle.deadline()).await;
            Ok(serde_json::to_value(response)?)
        }
        "ticker" => {
            let _: EventBridgeEvent = serde_json::from_value(event)?;
            Ticker::new(&bundle.platform)?.tick().await?;
            Ok(Value::Null)
        }
        other => anyhow::bail!("unknown function {other}"),
    }
}

/// Parses the JSON body of a response.
fn body(response: &Value) -> Result<Value> {
    Ok(serde_json::from_str(response["body"].as_str().context("no body")?)?)
}

#[tokio::test]
async fn samples_succeed_unless_named_bad() -> Result<()> {
    let bundle = bundle().await?;
    for function in names(&events())? {
        for sample in names(&events().join(&function))? {
            let response =
                invoke(&bundle, &function, &sample).await.with_context(|| format!("{function}/{sample}"))?;
            let status = response["statusCode"].as_i64().unwrap_or(200);
            let failures = response["batchItemFailures"].as_array().map_or(0, Vec::len);
            assert!(status < 500, "{function}/{sample}: {response}");
            assert_eq!(
                status >= 400 || failures > 0,
                sample.starts_with("bad-"),
                "{function}/{sample}: {response}"
            );
        }
    }
    Ok(())
}

#[tokio::test]
async fn notifications_are_deduplicated_across_encodings() -> Result<()> {
    let bundle = bundle().await?;
    for (sample, accepted) in
        [("two-notifications.json", 2), ("gzip.json", 2), ("bytes-without-content-type.json", 1)]
    {
        let response = invoke(&bundle, "ingest", sample).await?;
        assert_eq!(
            (&response["statusCode"], body(&response)?),
            (&json!(202), json!({"accepted": accepted})),
            "{sample}"
        );
    }
    bundle.drain().await?;
    let stored = bundle.stored_state().await?;
    assert_eq!((stored["raw"].len(), stored["instance exists"].len()), (2, 1));
    Ok(())
}

#[tokio::test]
async fn recorded_exists_is_listed_confirmed_and_repaired() -> Result<()> {
    let bundle = bundle().await?;
    for sample in ["chunk.json", "repeated.json", "straight-from-a-producer.json"] {
        let response = invoke(&bundle, "notification-worker", sample).await?;
        assert_eq!(response, json!({"batchItemFailures": []}), "{sample}");
    }
    let listed = body(&invoke(&bundle, "usage", "exists-filtered.json").await?)?;
    let exists = listed["exists"].as_array().context("not a list")?;
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
async fn invalid_json_in_a_batch_is_set_aside_and_the_rest_is_recorded() -> Result<()> {
    let bundle = bundle().await?;
    let response = invoke(&bundle, "notification-worker", "one-is-no-json.json").await?;
    assert_eq!(response, json!({"batchItemFailures": []}));
    assert_eq!(bundle.stored_state().await?["raw"].len(), 2);

    let page = body(&invoke(&bundle, "ingest", "rejected.json").await?)?;
    let rejected = page["rejected"].as_array().context("not a list")?;
    assert_eq!((rejected.len(), &rejected[0]["body"], page.get("mark")), (1, &json!("no JSON at all"), None));
    assert_eq!(rejected[0]["received"], "2026-03-01 12:00:00.123000");
    Ok(())
}

#[tokio::test]
async fn failing_table_returns_the_batch_to_the_queue_but_not_unreadable_tasks() -> Result<()> {
    let bundle = bundle().await?;
    let response = invoke(&bundle, "usage-worker", "one-is-no-task.json").await?;
    assert_eq!(response, json!({"batchItemFailures": []}));

    bundle.faults.fail_from(1, Fault::RequestLost);
    let response = invoke(&bundle, "usage-worker", "one-is-no-task.json").await?;
    let first = json!({"batchItemFailures": [{"itemIdentifier": "059f36b4-87a3-44ab-83d2-661975770001"}]});
    assert_eq!(response, first);
    let response = invoke(&bundle, "notification-worker", "one-is-no-json.json").await?;
    assert_eq!(response["batchItemFailures"].as_array().map(Vec::len), Some(2), "{response}");
    Ok(())
}
