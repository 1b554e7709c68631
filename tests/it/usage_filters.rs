//! Filters of the usage API's lists.

use domain::storage::key::Collection;
use tests::{TestBundle, exists, image_exists, instance, launch, time};

const LAUNCHES: &str = "/db/usage/nova/launches/";
const EXACT: &str = "2014-01-17T15:35:44";

/// Returns the message of the error that a query causes.
async fn error(query: &str) -> String {
    TestBundle::start()
        .await
        .expect("the bundle starts")
        .get(&format!("{LAUNCHES}?{query}"))
        .await
        .message(400)
}

/// Returns the ids that a query finds in a store with one launch, id 1, at 15:35:44.
async fn ids(query: &str) -> Vec<u64> {
    let bundle = TestBundle::start().await.expect("the bundle starts");
    bundle.put_launch(launch(1)).await;
    bundle.get(&format!("{LAUNCHES}?{query}")).await.ids()
}

#[tokio::test]
async fn invalid_instance_is_rejected_with_its_value() {
    let upper = instance(1).to_uppercase();
    assert!(error(&format!("instance={upper}")).await.contains(&upper));
    assert!(error("instance=").await.contains("''"));
    assert!(error("instance=web-1").await.contains("'web-1'"));
}

#[tokio::test]
async fn instance_without_dashes_finds_nothing() {
    assert_eq!(ids(&format!("instance={}", instance(1).replace('-', ""))).await, [0; 0]);
    assert_eq!(ids(&format!("instance={}", instance(1))).await, [1]);
}

#[tokio::test]
async fn image_lists_have_no_instance_filter() {
    let bundle = TestBundle::start().await.expect("the bundle starts");
    for noun in ["images", "deletes", "exists"] {
        let path = format!("/db/usage/glance/{noun}/?instance={}", instance(1));
        assert!(bundle.get(&path).await.message(400).contains("'instance'"), "{noun}");
    }
    let path = format!("/db/stats/glance/exists/?instance={}", instance(1));
    assert!(bundle.get(&path).await.message(400).contains("'instance'"));
}

#[tokio::test]
async fn date_without_a_time_is_rejected() {
    assert!(error("launched_at_min=2014-01-17").await.contains("'2014-01-17'"));
}

#[tokio::test]
async fn empty_date_is_rejected() {
    assert!(error("launched_at_min=").await.contains("'launched_at_min'"));
}

#[tokio::test]
async fn date_with_t_and_z_is_accepted() {
    assert_eq!(ids("launched_at_min=2014-01-17T00:00:00Z").await, [1]);
}

#[tokio::test]
async fn date_with_single_digits_is_accepted() {
    assert_eq!(ids("launched_at_min=2014-1-2+3:4:5").await, [1]);
}

#[tokio::test]
async fn date_with_seven_fraction_digits_is_rejected() {
    assert!(error("launched_at_min=2014-01-17+00:00:00.1234567").await.contains("1234567"));
    assert_eq!(ids("launched_at_min=2014-01-17+00:00:00.123456").await, [1]);
}

#[tokio::test]
async fn date_with_an_offset_is_accepted_even_with_an_unescaped_plus() {
    assert_eq!(ids("launched_at_max=2014-01-17T15:35:44%2B00:00").await, [1]);
    assert_eq!(ids("launched_at_max=2014-01-17T15:35:44+00:00").await, [1]);
    assert_eq!(ids("launched_at_max=2014-01-17T15:35:44%2B00:01").await, [0; 0]);
}

#[tokio::test]
async fn range_of_one_instant_finds_its_row() {
    assert_eq!(ids(&format!("launched_at_min={EXACT}&launched_at_max={EXACT}")).await, [1]);
    assert_eq!(ids(&format!("launched_at_min={EXACT}.000001")).await, [0; 0]);
}

#[tokio::test]
async fn inverted_range_is_empty() {
    assert_eq!(ids(&format!("launched_at_min={EXACT}&launched_at_max=2014-01-01T00:00:00")).await, [0; 0]);
}

#[tokio::test]
async fn range_on_an_unknown_field_is_rejected_with_its_name() {
    assert!(error("somebadfield_max=2014-01-17+00:00:00").await.contains("'somebadfield'"));
    assert!(error("_min=2014-01-17+00:00:00").await.contains("''"));
}

#[tokio::test]
async fn only_exists_have_the_received_filter() {
    assert!(error("received_min=2014-01-17+00:00:00").await.contains("'received'"));
    let bundle = TestBundle::start().await.expect("the bundle starts");
    bundle.put_exists(exists(1)).await;
    bundle.put_image_exists(vec![image_exists(1)]).await;
    for service in ["nova", "glance"] {
        for (query, ids) in [
            ("received_min=2014-01-17T16:16:43.695474&received_max=2014-01-17T16:16:43.695474", &[1][..]),
            ("received_min=2014-01-17T16:16:43.695475", &[]),
            ("received_max=2014-01-17T16:16:43.695473", &[]),
        ] {
            let path = format!("/db/usage/{service}/exists/?{query}");
            assert_eq!(bundle.get(&path).await.ids(), ids, "{path}");
        }
    }
}

#[tokio::test]
async fn image_lists_have_no_launched_at_filter() {
    let bundle = TestBundle::start().await.expect("the bundle starts");
    for noun in ["deletes", "exists", "images"] {
        let path = format!("/db/usage/glance/{noun}/?launched_at_min={EXACT}");
        assert!(bundle.get(&path).await.message(400).contains("'launched_at'"), "{noun}");
    }
}

#[tokio::test]
async fn unknown_parameters_are_ignored() {
    assert_eq!(ids("foo=bar&tenant=nobody&status=failed&uuid=x&min=3").await, [1]);
}

#[tokio::test]
async fn ranges_on_other_columns_behave_as_in_the_original() {
    // Numbers are compared as seconds since the epoch; strings match no range.
    assert_eq!(ids("id_max=1970-01-01T00:00:01").await, [1]);
    assert_eq!(ids("id_min=1970-01-01T00:00:02").await, [0; 0]);
    assert_eq!(ids("tenant_min=1970-01-01T00:00:00").await, [0; 0]);
}

#[tokio::test]
async fn documented_ranges_filter_their_lists() {
    let bundle = TestBundle::start().await.expect("the bundle starts");
    let at = |hour: u64| time(&format!("2014-01-17 {hour:02}:00:00"));
    for id in 1..=3 {
        let mut row = exists(id);
        (row.audit_period_beginning, row.audit_period_ending) = (at(id), at(id + 10));
        (row.launched_at, row.deleted_at, row.progress.received) = (at(id), Some(at(id)), at(id));
        bundle.put_exists(row).await;
        let mut row = image_exists(id);
        (row.audit_period_beginning, row.audit_period_ending) = (at(id), at(id + 10));
        (row.created_at, row.deleted_at, row.progress.received) = (at(id), Some(at(id)), at(id));
        bundle.put_image_exists(vec![row]).await;
        let mut row = tests::delete(id);
        (row.launched_at, row.deleted_at) = (at(id), Some(at(id)));
        bundle.put_delete(row).await;
        let mut row = tests::image(id);
        row.created_at = at(id);
        bundle.put_rows(Collection::Image, [(id, row)]).await;
        let mut row = tests::image_delete(id);
        row.deleted_at = Some(at(id));
        bundle.put_rows(Collection::ImageDelete, [(id, row)]).await;
    }
    for (path, fields) in [
        ("nova/exists", &["audit_period_beginning", "launched_at", "deleted_at", "received"][..]),
        ("glance/exists", &["audit_period_beginning", "created_at", "deleted_at", "received"]),
        ("nova/deletes", &["launched_at", "deleted_at"]),
        ("glance/images", &["created_at"]),
        ("glance/deletes", &["deleted_at"]),
    ] {
        for field in fields {
            let from = bundle.get(&format!("/db/usage/{path}/?{field}_min=2014-01-17+02:00:00")).await;
            assert_eq!(from.ids(), [3, 2], "{path} {field}");
            let to = bundle.get(&format!("/db/usage/{path}/?{field}_max=2014-01-17+02:00:00")).await;
            assert_eq!(to.ids(), [2, 1], "{path} {field}");
        }
    }
    for service in ["nova", "glance"] {
        let path = format!("/db/usage/{service}/exists/?audit_period_ending_min=2014-01-17+12:00:00");
        let both = bundle.get(&format!("{path}&audit_period_ending_max=2014-01-17+12:00:00")).await;
        assert_eq!(both.ids(), [2], "{service}");
    }
}
