//! What the original lost: history under concurrent changes, fields at every change; and what is kept of who did what.

use anyhow::Result;
use futures::future::join_all;
use serde_json::json;
use tests::bundle::FIRST_SECRET;

use super::{Tenant, begin, power_cuts, power_cuts_but, statuses};

#[tokio::test]
async fn twenty_statuses_at_once_are_all_accepted_and_all_in_the_history() -> Result<()> {
    let bundle = begin().await?;
    let ours = Tenant::ours(&bundle);
    let id = ours.submits(&power_cuts()).await?;
    let replies = join_all((0..20).map(|n| ours.decides(&id, ["approved", "running"][n % 2]))).await;
    assert!(replies.iter().all(|reply| reply.status == 200), "{replies:?}");
    let request = ours.sees(&id).await;
    assert_eq!(statuses(&request).len(), 21);
    assert_eq!(statuses(&request).iter().filter(|status| **status == "running").count(), 10);
    let audit = bundle.ask("GET", "/access/audit?limit=100", &[("x-api-key", FIRST_SECRET)], "").await.json();
    let mut after: Vec<_> = audit["audit"]
        .as_array()
        .expect("a list")
        .iter()
        .filter(|entry| entry["action"] == "recomputation.status")
        .map(|entry| entry["after"].as_u64().expect("a number"))
        .collect();
    after.sort_unstable();
    assert_eq!(after, (2..=21).collect::<Vec<_>>());
    assert_eq!(bundle.queued(&bundle.queue_url("PublishedQueue")).await?.len(), 20);
    Ok(())
}

#[tokio::test]
async fn what_was_asked_for_is_kept_through_every_change() -> Result<()> {
    let bundle = begin().await?;
    let ours = Tenant::ours(&bundle);
    let more = json!({
        "exclude_metrics": [{"metric": "m", "hostname": "h", "service": "s", "group": "g"}, {"metric": "n"}],
        "exclude_monitoring_source":
            [{"host": "mon", "start_time": "2015-01-10T12:00:00Z", "end_time": "2015-01-11T12:00:00Z"}],
        "applied_status_changes": [{"group": "g", "state": "EXCLUDED"}, {"metric": "m", "hostname": "h", "state": "OK"}],
    });
    let id = ours.submits(&power_cuts_but(&more)).await?;
    let check = async |after: &str| {
        let request = ours.sees(&id).await;
        for (name, value) in more.as_object().expect("an object") {
            assert_eq!(&request[name.as_str()], value, "{after}");
        }
    };
    check("submitting").await;
    ours.decides(&id, "approved").await;
    check("approving").await;
    ours.asks("DELETE", &format!("/recomputations/{id}/status"), "").await;
    check("resetting").await;
    Ok(())
}

#[tokio::test]
async fn every_change_is_in_the_log_with_who_what_and_which_version_even_when_the_request_is_gone()
-> Result<()> {
    let bundle = begin().await?;
    let ours = Tenant::ours(&bundle);
    let id = ours.submits(&power_cuts()).await?;
    ours.decides(&id, "approved").await;
    ours.asks("PUT", &format!("/recomputations/{id}"), &power_cuts().to_string()).await;
    ours.asks("DELETE", &format!("/recomputations/{id}/status"), "").await;
    ours.decides(&id, "whatever").await;
    ours.asks("DELETE", &format!("/recomputations/{id}"), "").await;
    let audit =
        bundle.ask("GET", "/access/audit?limit=1000", &[("x-api-key", FIRST_SECRET)], "").await.json();
    let mut entries: Vec<_> = audit["audit"]
        .as_array()
        .expect("a list")
        .iter()
        .filter(|entry| entry["target"] == id.as_str())
        .map(|entry| {
            assert!(entry["request_id"].as_str().is_some_and(|id| !id.is_empty()), "{entry}");
            assert!(entry["actor"].as_str().is_some_and(|actor| actor.starts_with("key:")), "{entry}");
            assert_eq!((&entry["tenant"], &entry["at"]), (&json!("ours"), &json!("2035-01-05T00:00:30Z")));
            (
                entry["before"].as_u64(),
                entry["after"].as_u64(),
                entry["action"].clone(),
                entry["note"].clone(),
            )
        })
        .collect();
    entries.sort_by_key(|(before, ..)| *before);
    let expected = [
        (None, Some(1), json!("recomputation.submit"), json!(null)),
        (Some(1), Some(2), json!("recomputation.status"), json!("pending -> approved")),
        (Some(2), Some(3), json!("recomputation.update"), json!(null)),
        (Some(3), Some(4), json!("recomputation.reset"), json!("approved -> pending")),
        (Some(4), None, json!("recomputation.delete"), json!("pending")),
    ];
    assert_eq!(entries, expected);
    Ok(())
}
