//! Events: each status change is published once, whatever fails afterwards.

use anyhow::Result;
use chrono::TimeDelta;
use serde_json::Value;
use tests::faults::Fault;
use ticker::Ticker;

use super::{Client, power_cuts, start};

/// More calls to the table than a status change makes.
const MAX_CALLS: usize = 4;
/// After how many seconds a tick publishes a change that its own request did not.
const PUBLISH_DELAY: TimeDelta = TimeDelta::seconds(61);

#[tokio::test]
async fn status_change_is_published_with_the_changed_request() -> Result<()> {
    let bundle = start().await?;
    let client = Client::new(&bundle);
    let id = client.submit(&power_cuts()).await?;
    client.set_status(&id, "approved").await;
    client.request("PUT", &format!("/recomputations/{id}"), &power_cuts().to_string()).await;
    client.request("DELETE", &format!("/recomputations/{id}/status"), "").await;
    client.request("DELETE", &format!("/recomputations/{id}/status"), "").await;
    let published = bundle.take_messages(&bundle.queue_url("PublishedQueue")).await?;
    let events: Vec<Value> =
        published.iter().map(|body| serde_json::from_str(body)).collect::<Result<_, _>>()?;
    assert_eq!(events.len(), 2);
    insta::assert_snapshot!(published[0].replace(",\"", ",\n\""), @r#"
    {"event":"recomputation.status_changed",
    "tenant":"acme",
    "id":"00000000-0000-4000-8000-000000000018",
    "old":"pending",
    "new":"approved",
    "version":2,
    "record":{"id":"00000000-0000-4000-8000-000000000018",
    "requester_name":"John Doe",
    "requester_email":"JohnDoe@foo.com",
    "reason":"power cuts",
    "start_time":"2015-01-10T12:00:00Z",
    "end_time":"2015-01-30T00:00:00Z",
    "report":"Critical",
    "exclude":["Gluster"],
    "status":"approved",
    "timestamp":"2035-01-05T00:00:30Z",
    "history":[{"status":"pending",
    "timestamp":"2035-01-05T00:00:30Z"},{"status":"approved",
    "timestamp":"2035-01-05T00:00:30Z"}]}}
    "#);
    assert_eq!((&events[1]["old"], &events[1]["new"]), (&"approved".into(), &"pending".into()));
    Ok(())
}

#[tokio::test]
async fn unpublished_change_is_published_by_a_tick_after_a_minute() -> Result<()> {
    let bundle = start().await?;
    let client = Client::new(&bundle);
    let id = client.submit(&power_cuts()).await?;
    bundle.queue_faults.fail_from(1, Fault::RequestLost);
    assert_eq!(client.set_status(&id, "approved").await.status, 200);
    assert!(bundle.queue_faults.clear(), "the queue was called");
    let queue = &bundle.queue_url("PublishedQueue");
    let ticker = Ticker::new(&bundle.platform)?;
    ticker.tick().await?;
    assert_eq!(bundle.take_messages(queue).await?.len(), 0, "the request may still publish it");
    bundle.advance(PUBLISH_DELAY);
    for expected in [1, 0] {
        ticker.tick().await?;
        assert_eq!(bundle.take_messages(queue).await?.len(), expected);
    }
    Ok(())
}

#[tokio::test]
async fn crashed_change_is_atomic() -> Result<()> {
    for fault in Fault::ALL {
        for call in 1..=MAX_CALLS {
            let bundle = start().await?;
            let client = Client::new(&bundle);
            let id = client.submit(&power_cuts()).await?;
            let before = client.get(&id).await;
            bundle.faults.fail_from(call, fault);
            let reply = client.set_status(&id, "approved").await;
            bundle.faults.clear();
            let changed = client.get(&id).await != before;
            assert!(changed || reply.status == 503, "{fault:?} at call {call}: {reply:?}");
            bundle.advance(PUBLISH_DELAY);
            Ticker::new(&bundle.platform)?.tick().await?;
            let mut published = bundle.take_messages(&bundle.queue_url("PublishedQueue")).await?;
            published.dedup();
            assert_eq!(published.len(), usize::from(changed), "{fault:?} at call {call}");
            let entries = bundle.access.audit_list(100, None).await?.entries;
            let logged = entries.iter().filter(|entry| entry.action == "recomputation.status").count();
            assert_eq!(logged, usize::from(changed), "{fault:?} at call {call}");
        }
    }
    Ok(())
}
