//! Single rows of the usage API, and the form of its responses.

use domain::storage::key::Collection;
use domain::usage::status::Status;
use insta::assert_json_snapshot;
use tests::{TestBundle, delete, exists, image, image_delete, image_exists, launch, time};

#[tokio::test]
async fn unassigned_id_is_not_found() {
    let bundle = TestBundle::start().await.expect("the bundle starts");
    bundle.put_launch(launch(1)).await;
    for path in
        ["nova/launches", "nova/deletes", "nova/exists", "glance/images", "glance/deletes", "glance/exists"]
    {
        bundle.get(&format!("/db/usage/{path}/999999999/")).await.message(404);
    }
}

#[tokio::test]
async fn non_numeric_id_is_not_found() {
    let bundle = TestBundle::start().await.expect("the bundle starts");
    for id in ["aa", "-1", "+1", "1.0", "%31a", "%FF"] {
        bundle.get(&format!("/db/usage/nova/launches/{id}/")).await.message(404);
    }
}

#[tokio::test]
async fn id_over_64_bits_is_not_found() {
    let bundle = TestBundle::start().await.expect("the bundle starts");
    for id in ["18446744073709551615", "18446744073709551616", "99999999999999999999999999"] {
        bundle.get(&format!("/db/usage/nova/exists/{id}/")).await.message(404);
    }
}

#[tokio::test]
async fn paths_are_served_with_and_without_a_slash_and_under_deprecated_names() {
    let bundle = TestBundle::start().await.expect("the bundle starts");
    bundle.put_launch(launch(1)).await;
    bundle.put_delete(delete(1)).await;
    bundle.put_exists(exists(1)).await;
    for noun in ["launches", "deletes", "exists"] {
        for tail in ["", "/1"] {
            let canonical = bundle.get(&format!("/db/usage/nova/{noun}{tail}/")).await;
            assert_eq!(canonical.status, 200);
            for alias in [
                format!("/db/usage/nova/{noun}{tail}"),
                format!("/db/usage/{noun}{tail}/"),
                format!("/db/usage/{noun}{tail}"),
            ] {
                assert_eq!(bundle.get(&alias).await.body, canonical.body, "{alias}");
            }
        }
    }
}

#[tokio::test]
async fn unknown_path_returns_this_apis_error_body() {
    let bundle = TestBundle::start().await.expect("the bundle starts");
    for path in
        ["/db", "/db/usage", "/db/usage/nova/images", "/db/usage/nova/launches/1/x", "/db/tenant/info/x"]
    {
        let reply = bundle.get(path).await;
        reply.message(404);
        assert_eq!(reply.header("vary"), "Accept");
    }
}

#[tokio::test]
async fn times_have_no_fraction_or_six_digits() {
    let bundle = TestBundle::start().await.expect("the bundle starts");
    for (id, at, shown) in [
        (1, "2014-01-17 15:35:44", "2014-01-17 15:35:44"),
        (2, "2014-01-17 15:35:44.5", "2014-01-17 15:35:44.500000"),
        (3, "2014-01-17 15:35:44.000001", "2014-01-17 15:35:44.000001"),
    ] {
        let mut row = launch(id);
        row.launched_at = Some(time(at));
        bundle.put_launch(row).await;
        let reply = bundle.get(&format!("/db/usage/launches/{id}")).await;
        assert_eq!(reply.json()["launch"]["launched_at"], shown);
    }
}

#[tokio::test]
async fn launch_has_all_columns() {
    let bundle = TestBundle::start().await.expect("the bundle starts");
    bundle.put_launch(launch(91_899)).await;
    let reply = bundle.get("/db/usage/nova/launches/91899/").await;
    assert_eq!((reply.header("content-type"), reply.header("vary")), ("application/json", "Accept"));
    assert_json_snapshot!(reply.json(), @r#"
    {
      "launch": {
        "id": 91899,
        "instance": "72e4d8e8-9f63-47cb-a904-000000000001",
        "instance_flavor_id": "performance1-2",
        "instance_type_id": "2",
        "launched_at": "2014-01-17 15:35:44",
        "os_architecture": "x64",
        "os_distro": "org.centos",
        "os_version": "5.8",
        "rax_options": "0",
        "request_id": "req-7a86ed49-e1f4-4403-b3ef-22636f7acb7d",
        "tenant": "5853600"
      }
    }
    "#);
}

#[tokio::test]
async fn single_image_is_under_the_key_launch() {
    let bundle = TestBundle::start().await.expect("the bundle starts");
    bundle.put_rows(Collection::Image, [(4_837, image(4_837))]).await;
    assert_json_snapshot!(bundle.get("/db/usage/glance/images/4837/").await.json(), @r#"
    {
      "launch": {
        "created_at": "2014-01-17 02:28:08",
        "id": 4837,
        "last_raw": 299977,
        "owner": null,
        "size": 9192352,
        "uuid": "72e4d8e8-9f63-47cb-a904-000000000001"
      }
    }
    "#);
}

#[tokio::test]
async fn deletes_have_all_columns() {
    let bundle = TestBundle::start().await.expect("the bundle starts");
    bundle.put_delete(delete(65_110)).await;
    bundle.put_rows(Collection::ImageDelete, [(3_169, image_delete(3_169))]).await;
    assert_json_snapshot!(bundle.get("/db/usage/nova/deletes/65110/").await.json(), @r#"
    {
      "delete": {
        "deleted_at": "2014-01-17 16:07:30",
        "id": 65110,
        "instance": "72e4d8e8-9f63-47cb-a904-000000000001",
        "launched_at": "2014-01-17 15:35:44",
        "raw": 14615347
      }
    }
    "#);
    assert_json_snapshot!(bundle.get("/db/usage/glance/deletes/3169/").await.json(), @r#"
    {
      "delete": {
        "deleted_at": "2014-01-17 15:28:18.154927",
        "id": 3169,
        "raw": 300523,
        "uuid": "72e4d8e8-9f63-47cb-a904-000000000001"
      }
    }
    "#);
}

#[tokio::test]
async fn instance_exists_has_all_columns_and_received() {
    let bundle = TestBundle::start().await.expect("the bundle starts");
    let mut row = exists(135_106);
    row.progress.status = Status::Verified;
    (row.progress.usage, row.progress.send_status) = (Some(91_932), 201);
    bundle.put_exists(row).await;
    assert_json_snapshot!(bundle.get("/db/usage/nova/exists/135106/").await.json(), @r#"
    {
      "exist": {
        "audit_period_beginning": "2014-01-17 00:00:00",
        "audit_period_ending": "2014-01-17 16:16:43",
        "bandwidth_public_out": 0,
        "delete": null,
        "deleted_at": null,
        "event_id": null,
        "fail_reason": null,
        "id": 135106,
        "instance": "72e4d8e8-9f63-47cb-a904-000000000001",
        "instance_flavor_id": "performance1-2",
        "instance_type_id": "2",
        "launched_at": "2014-01-17 15:35:44",
        "message_id": "m135106",
        "os_architecture": "x64",
        "os_distro": "org.centos",
        "os_version": "5.8",
        "raw": 14615544,
        "rax_options": "0",
        "received": "2014-01-17 16:16:43.695474",
        "send_status": 201,
        "status": "verified",
        "tenant": "5853600",
        "usage": 91932
      }
    }
    "#);
}

#[tokio::test]
async fn image_exists_has_all_columns_and_received() {
    let bundle = TestBundle::start().await.expect("the bundle starts");
    bundle.put_image_exists(vec![image_exists(5_301)]).await;
    let list = bundle.get("/db/usage/glance/exists/").await.json();
    let single = bundle.get("/db/usage/glance/exists/5301/").await.json();
    assert_eq!(list["exists"][0], single["exist"]);
    assert_json_snapshot!(single, @r#"
    {
      "exist": {
        "audit_period_beginning": "2014-01-17 00:00:00",
        "audit_period_ending": "2014-01-17 23:59:59",
        "created_at": "2013-05-11 15:37:34",
        "delete": null,
        "deleted_at": null,
        "event_id": null,
        "fail_reason": null,
        "id": 5301,
        "message_id": "m5301",
        "owner": "389886",
        "raw": 14615544,
        "received": "2014-01-17 16:16:43.695474",
        "send_status": 0,
        "size": 11213393920,
        "status": "pending",
        "usage": null,
        "uuid": "72e4d8e8-9f63-47cb-a904-000000000001"
      }
    }
    "#);
}

#[tokio::test]
async fn internal_errors_are_not_disclosed() {
    let bundle = TestBundle::start().await.expect("the bundle starts");
    bundle.put_rows(Collection::Launch, [(1, serde_json::json!({"id": "one"}))]).await;
    assert_eq!(bundle.get("/db/usage/launches/1").await.message(500), "The request could not be served.");
}
