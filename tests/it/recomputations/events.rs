//! Events: published once per change of a status, whatever fails after it.

use anyhow::Result;
use chrono::TimeDelta;
use serde_json::Value;
use tests::faults::Fault;
use ticker::Ticker;

use super::{Tenant, begin, power_cuts};

#[tokio::test]
async fn each_change_of_a_status_is_published_with_the_request_as_it_is_then() -> Result<()> {
    let bundle = begin().await?;
    let ours = Tenant::ours(&bundle);
    let id = ours.submits(&power_cuts()).await?;
    ours.decides(&id, "approved").await;
    ours.asks("PUT", &format!("/recomputations/{id}"), &power_cuts().to_string()).await;
    ours.asks("DELETE", &format!("/recomputations/{id}/status"), "").await;
    ours.asks("DELETE", &format!("/recomputations/{id}/status"), "").await;
    let published = bundle.queued(&bundle.queue_url("PublishedQueue")).await?;
    let events: Vec<Value> =
        published.iter().map(|body| serde_json::from_str(body)).collect::<Result<_, _>>()?;
    assert_eq!(events.len(), 2);
    insta::assert_snapshot!(published[0].replace(",\"", ",\n\""), @r#"
    {"event":"recomputation.status_changed",
    "tenant":"ours",
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
async fn what_could_not_be_published_is_accepted_and_published_by_the_next_tick_after_a_minute() -> Result<()>
{
    let bundle = begin().await?;
    let ours = Tenant::ours(&bundle);
    let id = ours.submits(&power_cuts()).await?;
    bundle.queue_faults.fail_from(1, Fault::Lost);
    assert_eq!(ours.decides(&id, "approved").await.status, 200);
    assert!(bundle.queue_faults.heal(), "the queue was down");
    let queue = &bundle.queue_url("PublishedQueue");
    let ticker = Ticker::new(&bundle.platform)?;
    ticker.tick().await?;
    assert_eq!(bundle.queued(queue).await?.len(), 0, "its own request may still be at it");
    bundle.advance(TimeDelta::seconds(61));
    for expected in [1, 0] {
        ticker.tick().await?;
        assert_eq!(bundle.queued(queue).await?.len(), expected);
    }
    Ok(())
}

#[tokio::test]
async fn a_request_that_dies_anywhere_has_changed_everything_or_nothing() -> Result<()> {
    for fault in [Fault::Lost, Fault::ReplyLost] {
        for call in 1..=4 {
            let bundle = begin().await?;
            let ours = Tenant::ours(&bundle);
            let id = ours.submits(&power_cuts()).await?;
            let before = ours.sees(&id).await;
            bundle.faults.fail_from(call, fault);
            let reply = ours.decides(&id, "approved").await;
            bundle.faults.heal();
            let changed = ours.sees(&id).await != before;
            assert!(changed || reply.status == 503, "{fault:?} at call {call}: {reply:?}");
            bundle.advance(TimeDelta::seconds(61));
            Ticker::new(&bundle.platform)?.tick().await?;
            let mut published = bundle.queued(&bundle.queue_url("PublishedQueue")).await?;
            published.dedup();
            assert_eq!(published.len(), usize::from(changed), "{fault:?} at call {call}");
            let entries = bundle.access.audit_list(100, None).await?.entries;
            let logged = entries.iter().filter(|entry| entry.action == "recomputation.status").count();
            assert_eq!(logged, usize::from(changed), "{fault:?} at call {call}");
        }
    }
    Ok(())
}
