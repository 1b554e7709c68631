//! What the original lost: the history under concurrent changes, and fields at each change. And the audit log.

use anyhow::Result;
use futures::future::join_all;
use serde_json::json;
use tests::bundle::FIRST_SECRET;

use super::{Client, TENANT, power_cuts, power_cuts_but, start, statuses};

/// Status changes at the same time, half of them to `running`.
const CHANGES: usize = 20;

#[tokio::test]
async fn concurrent_status_changes_are_all_in_the_history() -> Result<()> {
    let bundle = start().await?;
    let client = Client::new(&bundle);
    let id = client.submit(&power_cuts()).await?;
    let replies =
        join_all((0..CHANGES).map(|n| client.set_status(&id, ["approved", "running"][n % 2]))).await;
    assert!(replies.iter().all(|reply| reply.status == 200), "{replies:?}");
    let request = client.get(&id).await;
    assert_eq!(statuses(&request).len(), CHANGES + 1);
    assert_eq!(statuses(&request).iter().filter(|status| **status == "running").count(), CHANGES / 2);
    let audit =
        bundle.request("GET", "/access/audit?limit=100", &[("x-api-key", FIRST_SECRET)], "").await.json();
    let mut after: Vec<_> = audit["audit"]
        .as_array()
        .expect("a list")
        .iter()
        .filter(|entry| entry["action"] == "recomputation.status")
        .map(|entry| entry["after"].as_u64().expect("a version"))
        .collect();
    after.sort_unstable();
    assert_eq!(after, (2..=CHANGES as u64 + 1).collect::<Vec<_>>());
    assert_eq!(bundle.take_messages(&bundle.queue_url("PublishedQueue")).await?.len(), CHANGES);
    Ok(())
}

#[tokio::test]
async fn submitted_fields_survive_status_changes() -> Result<()> {
    let bundle = start().await?;
    let client = Client::new(&bundle);
    let more = json!({
        "exclude_metrics": [{"metric": "m", "hostname": "h", "service": "s", "group": "g"}, {"metric": "n"}],
        "exclude_monitoring_source":
            [{"host": "mon", "start_time": "2015-01-10T12:00:00Z", "end_time": "2015-01-11T12:00:00Z"}],
        "applied_status_changes": [{"group": "g", "state": "EXCLUDED"}, {"metric": "m", "hostname": "h", "state": "OK"}],
    });
    let id = client.submit(&power_cuts_but(&more)).await?;
    let check = async |after: &str| {
        let request = client.get(&id).await;
        for (name, value) in more.as_object().expect("an object") {
            assert_eq!(&request[name.as_str()], value, "{after}");
        }
    };
    check("submitting").await;
    client.set_status(&id, "approved").await;
    check("approving").await;
    client.request("DELETE", &format!("/recomputations/{id}/status"), "").await;
    check("resetting").await;
    Ok(())
}

#[tokio::test]
async fn audit_log_keeps_every_change_after_the_request_is_deleted() -> Result<()> {
    let bundle = start().await?;
    let client = Client::new(&bundle);
    let id = client.submit(&power_cuts()).await?;
    client.set_status(&id, "approved").await;
    client.request("PUT", &format!("/recomputations/{id}"), &power_cuts().to_string()).await;
    client.request("DELETE", &format!("/recomputations/{id}/status"), "").await;
    client.set_status(&id, "whatever").await;
    client.request("DELETE", &format!("/recomputations/{id}"), "").await;
    let audit =
        bundle.request("GET", "/access/audit?limit=1000", &[("x-api-key", FIRST_SECRET)], "").await.json();
    let mut entries: Vec<_> = audit["audit"]
        .as_array()
        .expect("a list")
        .iter()
        .filter(|entry| entry["target"] == id.as_str())
        .map(|entry| {
            assert!(entry["request_id"].as_str().is_some_and(|id| !id.is_empty()), "{entry}");
            assert!(entry["actor"].as_str().is_some_and(|actor| actor.starts_with("key:")), "{entry}");
            assert_eq!((&entry["tenant"], &entry["at"]), (&json!(TENANT), &json!("2035-01-05T00:00:30Z")));
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
