//! Lists of the usage API: pages, order and the query budget.

use domain::storage::key::Collection;
use domain::time::Micros;
use domain::usage::launch::Launch;
use tests::{TestBundle, delete, exists, image, image_delete, image_exists, instance, launch, time};

const LAUNCHES: &str = "/db/usage/nova/launches/";

fn launched(id: u64, at: Option<&str>) -> Launch {
    Launch { launched_at: at.map(time), request_id: format!("req-{id}"), ..launch(id) }
}

/// Writes launches 1 to `count`; the higher the id, the earlier the launch.
async fn put_inverted(bundle: &TestBundle, count: u64) {
    let latest = time("2014-01-17 00:00:00");
    let rows = (1..=count).map(|id| {
        let launched_at = Micros(latest.0 - i64::try_from(id).expect("a small number") * 1_000_000);
        (id, Launch { launched_at: Some(launched_at), ..launch(id) })
    });
    bundle.put_rows(Collection::Launch, rows).await;
}

#[tokio::test]
async fn lists_are_empty_without_data() {
    let bundle = TestBundle::start().await.expect("the bundle starts");
    for (path, body) in [
        ("/db/usage/nova/launches/", r#"{"launches":[]}"#),
        ("/db/usage/nova/deletes/", r#"{"deletes":[]}"#),
        ("/db/usage/nova/exists/", r#"{"exists":[]}"#),
        ("/db/usage/glance/images/", r#"{"images":[]}"#),
        ("/db/usage/glance/deletes/", r#"{"deletes":[]}"#),
        ("/db/usage/glance/exists/", r#"{"exists":[]}"#),
    ] {
        let reply = bundle.get(path).await;
        assert_eq!((reply.status, reply.body.as_str()), (200, body), "{path}");
    }
}

#[tokio::test]
async fn limit_0_returns_an_empty_list() {
    let bundle = TestBundle::start().await.expect("the bundle starts");
    bundle.put_launch(launch(1)).await;
    assert_eq!(bundle.get(&format!("{LAUNCHES}?limit=0")).await.ids(), [0; 0]);
}

#[tokio::test]
async fn limit_is_capped_at_1000() {
    let bundle = TestBundle::start().await.expect("the bundle starts");
    put_inverted(&bundle, 1_005).await;
    for limit in ["1000", "1001", "5000", "99999999999999999999"] {
        assert_eq!(bundle.get(&format!("{LAUNCHES}?limit={limit}")).await.ids().len(), 1_000, "{limit}");
    }
    let by_id = bundle.get(&format!("{LAUNCHES}?limit=5000&order_by=id")).await.ids();
    assert_eq!((by_id.len(), by_id[0], by_id[999]), (1_000, 1_005, 6));
}

#[tokio::test]
async fn limit_and_offset_must_be_non_negative_integers() {
    let bundle = TestBundle::start().await.expect("the bundle starts");
    for query in ["limit=abc", "limit=-1", "limit=1.5", "offset=abc", "offset=-1"] {
        let (name, value) = query.split_once('=').expect("a pair");
        let message = bundle.get(&format!("{LAUNCHES}?{query}")).await.message(400);
        assert!(message.contains(name) && message.contains(value), "{message}");
    }
}

#[tokio::test]
async fn empty_limit_and_offset_are_the_default() {
    let bundle = TestBundle::start().await.expect("the bundle starts");
    put_inverted(&bundle, 60).await;
    let ids = bundle.get(&format!("{LAUNCHES}?limit=&offset=")).await.ids();
    assert_eq!((ids.len(), ids[0]), (50, 1));
    assert_eq!(bundle.get(LAUNCHES).await.ids(), ids);
}

#[tokio::test]
async fn order_by_an_unknown_column_is_rejected_with_its_name() {
    let bundle = TestBundle::start().await.expect("the bundle starts");
    assert!(bundle.get(&format!("{LAUNCHES}?order_by=nope")).await.message(400).contains("'nope'"));
    assert!(bundle.get(&format!("{LAUNCHES}?order_by=")).await.message(400).contains("''"));
}

#[tokio::test]
async fn any_direction_but_desc_is_ascending() {
    let bundle = TestBundle::start().await.expect("the bundle starts");
    put_inverted(&bundle, 3).await;
    for (direction, ids) in
        [("desc", [1, 2, 3]), ("sideways", [3, 2, 1]), ("asc", [3, 2, 1]), ("", [3, 2, 1])]
    {
        let reply = bundle.get(&format!("{LAUNCHES}?direction={direction}")).await;
        assert_eq!(reply.ids(), ids, "{direction}");
    }
    assert_eq!(bundle.get(&format!("{LAUNCHES}?order_by=id&direction=asc")).await.ids(), [1, 2, 3]);
}

#[tokio::test]
async fn lists_reject_other_methods() {
    let bundle = TestBundle::start().await.expect("the bundle starts");
    for method in [http::Method::POST, http::Method::DELETE] {
        let reply = bundle.send(method, LAUNCHES, "").await;
        reply.message(405);
        assert_eq!(reply.header("allow"), "GET,HEAD");
        assert_eq!(reply.header("vary"), "Accept");
    }
    let head = bundle.send(http::Method::HEAD, LAUNCHES, "").await;
    assert_eq!((head.status, head.body.as_str()), (200, ""));
}

#[tokio::test]
async fn instance_deletes_are_ordered_by_launch_time() {
    let bundle = TestBundle::start().await.expect("the bundle starts");
    for (id, launched_at, deleted_at) in [(1, "09:00", "10:00"), (2, "07:00", "12:00"), (3, "08:00", "11:00")]
    {
        let mut row = delete(id);
        row.launched_at = time(&format!("2014-01-17 {launched_at}:00"));
        row.deleted_at = Some(time(&format!("2014-01-17 {deleted_at}:00")));
        bundle.put_delete(row).await;
    }
    assert_eq!(bundle.get("/db/usage/nova/deletes/").await.ids(), [1, 3, 2]);
    assert_eq!(bundle.get("/db/usage/nova/deletes/?order_by=deleted_at").await.ids(), [2, 3, 1]);
}

#[tokio::test]
async fn images_are_ordered_by_created_at_and_their_deletes_by_deleted_at() {
    let bundle = TestBundle::start().await.expect("the bundle starts");
    for (id, hour) in [(1, "09"), (2, "11"), (3, "10")] {
        let at = time(&format!("2014-01-17 {hour}:00:00"));
        let mut row = image(id);
        row.created_at = at;
        bundle.put_rows(Collection::Image, [(id, row)]).await;
        let mut row = image_delete(id);
        row.deleted_at = (id != 2).then_some(at);
        bundle.put_rows(Collection::ImageDelete, [(id, row)]).await;
    }
    assert_eq!(bundle.get("/db/usage/glance/images/").await.ids(), [2, 3, 1]);
    assert_eq!(bundle.get("/db/usage/glance/deletes/").await.ids(), [3, 1, 2]);
}

#[tokio::test]
async fn exists_are_ordered_by_id() {
    let bundle = TestBundle::start().await.expect("the bundle starts");
    for id in [3, 1, 2] {
        bundle.put_exists(exists(id)).await;
        bundle.put_image_exists(vec![image_exists(id)]).await;
    }
    assert_eq!(bundle.get("/db/usage/nova/exists/").await.ids(), [3, 2, 1]);
    assert_eq!(bundle.get("/db/usage/glance/exists/").await.ids(), [3, 2, 1]);
}

#[tokio::test]
async fn launches_without_a_launch_time_sort_last_and_match_no_range() {
    let bundle = TestBundle::start().await.expect("the bundle starts");
    bundle.put_launch(launched(1, Some("2014-01-17 10:00:00"))).await;
    bundle.put_launch(launched(2, None)).await;
    bundle.put_launch(launched(3, Some("2014-01-17 09:00:00"))).await;
    assert_eq!(bundle.get(LAUNCHES).await.ids(), [1, 3, 2]);
    assert_eq!(bundle.get(&format!("{LAUNCHES}?direction=asc")).await.ids(), [2, 3, 1]);
    let ranged = format!("{LAUNCHES}?launched_at_max=2020-01-01 00:00:00").replace(' ', "%20");
    assert_eq!(bundle.get(&ranged).await.ids(), [1, 3]);
}

#[tokio::test]
async fn pages_of_equal_times_neither_repeat_nor_skip_rows() {
    let bundle = TestBundle::start().await.expect("the bundle starts");
    bundle.put_rows(Collection::Launch, (1..=25).map(|id| (id, launch(id)))).await;
    let mut seen = Vec::new();
    for offset in [0, 10, 20, 30] {
        seen.extend(bundle.get(&format!("{LAUNCHES}?limit=10&offset={offset}")).await.ids());
    }
    assert_eq!(seen, (1..=25).rev().collect::<Vec<_>>());
}

#[tokio::test]
async fn order_by_time_holds_across_id_blocks_with_inverted_times() {
    let bundle = TestBundle::start().await.expect("the bundle starts");
    put_inverted(&bundle, 2_500).await;
    assert_eq!(bundle.get(&format!("{LAUNCHES}?limit=3")).await.ids(), [1, 2, 3]);
    assert_eq!(bundle.get(&format!("{LAUNCHES}?limit=3&offset=1500")).await.ids(), [1_501, 1_502, 1_503]);
    assert_eq!(bundle.get(&format!("{LAUNCHES}?limit=2&direction=asc")).await.ids(), [2_500, 2_499]);
}

#[tokio::test]
async fn order_by_id_continues_across_block_borders_and_gaps() {
    let bundle = TestBundle::start().await.expect("the bundle starts");
    let ids = [1, 2, 1_022, 1_023, 1_024, 1_025, 5_000];
    bundle.put_rows(Collection::InstanceExists, ids.map(|id| (id, exists(id)))).await;
    let path = "/db/usage/nova/exists/";
    assert_eq!(bundle.get(path).await.ids(), [5_000, 1_025, 1_024, 1_023, 1_022, 2, 1]);
    assert_eq!(bundle.get(&format!("{path}?limit=3&offset=2")).await.ids(), [1_024, 1_023, 1_022]);
    assert_eq!(
        bundle.get(&format!("{path}?limit=3&offset=2&direction=asc")).await.ids(),
        [1_022, 1_023, 1_024]
    );
    assert_eq!(bundle.get(&format!("{path}?offset=7")).await.ids(), [0; 0]);
    assert_eq!(bundle.get(&format!("{path}?offset=99999999999999999999")).await.ids(), [0; 0]);
}

#[tokio::test]
async fn instance_filter_returns_only_its_rows() {
    let bundle = TestBundle::start().await.expect("the bundle starts");
    for (id, number) in [(1, 1), (2, 2), (1_500, 1), (3_000, 1)] {
        bundle
            .put_exists(domain::usage::exists::InstanceExists { instance: instance(number), ..exists(id) })
            .await;
        let mut row = launched(id, Some("2014-01-17 10:00:00"));
        row.instance = instance(number);
        bundle.put_launch(row).await;
        let mut row = delete(id);
        row.instance = instance(number);
        row.launched_at =
            time("2014-01-17 10:00:00").plus_seconds(i64::try_from(id).expect("a small number"));
        bundle.put_delete(row).await;
    }
    for noun in ["exists", "launches", "deletes"] {
        let path = format!("/db/usage/nova/{noun}/?instance={}", instance(1));
        assert_eq!(bundle.get(&path).await.ids(), [3_000, 1_500, 1], "{noun}");
        assert_eq!(bundle.get(&format!("{path}&limit=1&offset=1")).await.ids(), [1_500], "{noun}");
        let none = format!("/db/usage/nova/{noun}/?instance={}", instance(3));
        assert_eq!(bundle.get(&none).await.ids(), [0; 0], "{noun}");
    }
}

#[tokio::test]
async fn query_over_the_budget_is_rejected_and_not_truncated() {
    let bundle = TestBundle::with_settings([("QUERY_BUDGET", "10")]).await.expect("the bundle starts");
    put_inverted(&bundle, 600).await;
    let message = bundle.get(LAUNCHES).await.message(400);
    assert!(message.starts_with("Query would read about 600 rows; add instance="), "{message}");
    assert_eq!(bundle.get(&format!("{LAUNCHES}?order_by=id&limit=2")).await.ids(), [600, 599]);
    let rare = format!("{LAUNCHES}?order_by=id&launched_at_min=2030-01-01T00:00:00");
    let message = bundle.get(&rare).await.message(400);
    assert!(message.starts_with("Query would read more than 10 read units"), "{message}");
    assert_eq!(bundle.get(&format!("{LAUNCHES}?instance={}", instance(9))).await.ids(), [0; 0]);
}
