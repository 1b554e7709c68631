//! Statistics of the usage API.

use domain::notification::service::Service;
use domain::storage::key::Collection;
use domain::usage::exists::InstanceExists;
use domain::usage::status::Status;
use serde_json::json;
use tests::{TestBundle, exists, image_exists, instance};

const EVENTS: &str = "/db/stats/events/";
const EXISTS: &str = "compute.instance.exists";
const UPDATE: &str = "compute.instance.update";

fn with_status(id: u64, status: Status, send_status: i64) -> InstanceExists {
    let mut row = exists(id);
    (row.progress.status, row.progress.send_status) = (status, send_status);
    row
}

/// Starts a bundle with notifications around 10:00 on the 17th.
async fn with_events() -> TestBundle {
    let bundle = TestBundle::start().await.expect("the bundle starts");
    let times =
        ["2014-01-17 09:59:59.999999", "2014-01-17 10:00:00", "2014-01-17 10:30:00", "2014-01-17 11:00:00"];
    bundle.put_notifications(Service::Nova, 1, EXISTS, &times).await;
    bundle.put_notifications(Service::Nova, 2_001, UPDATE, &times[1..2]).await;
    bundle.put_notifications(Service::Glance, 3_002, "image.exists", &times[2..]).await;
    bundle
}

#[tokio::test]
async fn single_bound_is_rejected() {
    let bundle = TestBundle::start().await.expect("the bundle starts");
    for query in ["when_min=2014-01-17T00:00:00", "when_max=x&service=qonos"] {
        assert!(bundle.get(&format!("{EVENTS}?{query}")).await.message(400).contains("both"));
    }
}

#[tokio::test]
async fn window_is_limited_to_seven_days() {
    let bundle = TestBundle::start().await.expect("the bundle starts");
    let whole = format!("{EVENTS}?when_min=2014-01-01T00:00:00&when_max=2014-01-08T00:00:00");
    assert_eq!(bundle.get(&whole).await.json(), json!({"count": 0, "stats": []}));
    assert!(bundle.get(&whole.replace("08T00:00:00", "08T00:00:01")).await.message(400).contains("604800"));
}

#[tokio::test]
async fn unknown_event_is_counted_0_times() {
    let bundle = with_events().await;
    let reply = bundle.get(&format!("{EVENTS}?event=no.such.event")).await;
    assert_eq!(reply.json(), json!({"count": 0, "stats": [{"event": "no.such.event", "event_count": 0}]}));
}

#[tokio::test]
async fn services_other_than_nova_and_glance_are_rejected() {
    let bundle = TestBundle::start().await.expect("the bundle starts");
    for service in ["qonos", "generic", ""] {
        assert!(bundle.get(&format!("{EVENTS}?service={service}")).await.message(400).contains("'service'"));
    }
}

#[tokio::test]
async fn invalid_date_is_reported_before_an_invalid_service() {
    let bundle = TestBundle::start().await.expect("the bundle starts");
    let path = format!("{EVENTS}?service=qonos&when_max=2014-01-17T00:00:00&when_min=2014-01-17");
    assert!(bundle.get(&path).await.message(400).contains("'when_min'"));
}

#[tokio::test]
async fn events_are_counted_by_type_without_a_window() {
    let bundle = with_events().await;
    let stats = json!([{"event": EXISTS, "event_count": 4}, {"event": UPDATE, "event_count": 1}]);
    assert_eq!(bundle.get(EVENTS).await.json(), json!({"count": 5, "stats": stats}));
    let one = bundle.get(&format!("{EVENTS}?event={UPDATE}&service=nova")).await;
    assert_eq!(one.json(), json!({"count": 1, "stats": [{"event": UPDATE, "event_count": 1}]}));
    let glance = bundle.get(&format!("{EVENTS}?service=glance")).await;
    assert_eq!(glance.json()["count"], 2);
}

#[tokio::test]
async fn window_includes_both_ends() {
    let bundle = with_events().await;
    for (min, max, count) in [
        ("10:00:00", "10:59:59.999999", 3),
        ("10:00:00", "10:00:00", 2),
        ("10:00:00.000001", "10:30:00", 1),
        ("10:00:00", "11:00:00", 4),
        ("09:59:59.999999", "11:00:00", 5),
        ("09:00:00", "09:59:59.999998", 0),
        ("11:00:00", "10:00:00", 0),
    ] {
        let path = format!("{EVENTS}?when_min=2014-01-17T{min}&when_max=2014-01-17T{max}");
        assert_eq!(bundle.get(&path).await.json()["count"], count, "{min} {max}");
    }
}

#[tokio::test]
async fn partial_hour_is_rejected_once_its_notifications_have_expired() {
    let bundle = with_events().await;
    bundle.put_notifications(Service::Nova, 1, UPDATE, &["2014-01-17 12:00:00"]).await;
    let part = format!("{EVENTS}?when_min=2014-01-17T09:30:00&when_max=2014-01-17T10:59:59.999999");
    let message = bundle.get(&part).await.message(400);
    assert!(message.contains("2014-01-17 09:00:00") && message.contains("whole hours"), "{message}");
    let whole = part.replace("09:30:00", "09:00:00");
    assert_eq!(bundle.get(&whole).await.json()["count"], 4);
    let other_event = bundle.get(&format!("{part}&event={UPDATE}")).await;
    assert_eq!(other_event.json()["count"], 1);
}

#[tokio::test]
async fn event_counts_over_the_budget_are_rejected() {
    let bundle = TestBundle::with_settings([("QUERY_BUDGET", "5")]).await.expect("the bundle starts");
    let times = ["2014-01-17 10:00:00"; 900];
    bundle.put_notifications(Service::Nova, 1, EXISTS, &times).await;
    let part = format!("{EVENTS}?when_min=2014-01-17T10:00:00&when_max=2014-01-17T10:30:00");
    assert!(bundle.get(&part).await.message(400).contains("5 read units"));
    assert_eq!(bundle.get(EVENTS).await.json()["count"], 900);
}

#[tokio::test]
async fn exists_are_counted_by_status_and_send_status() {
    let bundle = TestBundle::start().await.expect("the bundle starts");
    for (id, status, send_status) in [
        (1, Status::Pending, 0),
        (2, Status::Verified, 200),
        (3, Status::Verified, 200),
        (1_500, Status::Verified, 0),
        (1_501, Status::SentFailed, 201),
    ] {
        bundle.put_exists(with_status(id, status, send_status)).await;
    }
    let reply = bundle.get("/db/stats/nova/exists/").await;
    let stats = json!([
        {"status": "pending", "send_status": 0, "event_count": 1},
        {"status": "verified", "send_status": 0, "event_count": 1},
        {"status": "verified", "send_status": 200, "event_count": 2},
        {"status": "sent_failed", "send_status": 201, "event_count": 1},
    ]);
    assert_eq!(reply.json(), json!({ "stats": stats }));
}

#[tokio::test]
async fn exists_counts_use_the_lists_filters_and_ignore_its_page() {
    let bundle = TestBundle::start().await.expect("the bundle starts");
    for id in 1..=4 {
        let mut row = with_status(id, Status::Pending, 0);
        row.instance = instance(id % 2);
        bundle.put_exists(row).await;
    }
    let one = json!({"stats": [{"status": "pending", "send_status": 0, "event_count": 4}]});
    for query in ["limit=1", "limit=abc&offset=3", "order_by=nope", "received_max=2014-01-17T16:16:43.695474"]
    {
        assert_eq!(bundle.get(&format!("/db/stats/nova/exists/?{query}")).await.json(), one, "{query}");
    }
    let of_instance = bundle.get(&format!("/db/stats/nova/exists/?instance={}", instance(0))).await;
    assert_eq!(of_instance.json()["stats"][0]["event_count"], 2);
    assert!(bundle.get("/db/stats/nova/exists/?nope_min=x").await.message(400).contains("'nope'"));
}

#[tokio::test]
async fn counts_are_empty_without_a_match() {
    let bundle = TestBundle::start().await.expect("the bundle starts");
    bundle.put_exists(exists(1)).await;
    let reply = bundle.get("/db/stats/nova/exists/?received_min=2030-01-01T00:00:00").await;
    assert_eq!(reply.body, r#"{"stats":[]}"#);
    assert_eq!(bundle.get("/db/stats/glance/exists/").await.body, r#"{"stats":[]}"#);
}

#[tokio::test]
async fn image_exists_counts_are_served_under_both_documented_paths() {
    let bundle = TestBundle::start().await.expect("the bundle starts");
    let mut other = image_exists(2);
    other.progress.message_id = Some("m1".to_owned());
    bundle.put_image_exists(vec![image_exists(1), other]).await;
    let reply = bundle.get("/db/stats/glance/exists/").await;
    assert_eq!(reply.json()["stats"], json!([{"status": "pending", "send_status": 0, "event_count": 2}]));
    assert_eq!(bundle.get("/db/status/usage/glance/exists").await.body, reply.body);
}

#[tokio::test]
async fn exists_counts_over_the_budget_are_rejected() {
    let bundle = TestBundle::with_settings([("QUERY_BUDGET", "5")]).await.expect("the bundle starts");
    bundle.put_rows(Collection::InstanceExists, (1..=200).map(|id| (id, exists(id)))).await;
    assert!(bundle.get("/db/stats/nova/exists/").await.message(400).contains("about 200 rows"));
}
