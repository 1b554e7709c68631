//! Confirmations: the downstream system's responses to the usage that it was sent.

use domain::storage::key::Collection;
use domain::usage::exists::ImageExists;
use http::Method;
use serde_json::{Value, json};
use tests::{Reply, TestBundle, exists, image_exists};

const BATCH: &str = "/db/confirm/usage/exists/batch/";

/// Starts a bundle with exists 1 to 3 of instances, of messages `m1` to `m3`, and 11 to 13 of images, all of message `g`.
async fn with_exists() -> TestBundle {
    let bundle = TestBundle::start().await.expect("the bundle starts");
    for id in 1..=3 {
        bundle.put_exists(exists(id)).await;
    }
    let of_message = |id| {
        let mut row: ImageExists = image_exists(id);
        row.progress.message_id = Some("g".to_owned());
        row
    };
    bundle.put_image_exists((11..=13).map(of_message).collect()).await;
    bundle
}

async fn put(bundle: &TestBundle, body: &Value) -> Reply {
    bundle.send(Method::PUT, BATCH, body.to_string()).await
}

fn assert_confirmed(reply: &Reply) {
    assert_eq!((reply.status, reply.body.as_str()), (200, ""), "{reply:?}");
    assert_eq!((reply.header("content-type"), reply.header("vary")), ("application/json", "Accept"));
}

/// Returns the send status and event id of an exists.
async fn confirmation(bundle: &TestBundle, service: &str, id: u64) -> (Value, Value) {
    let row = bundle.get(&format!("/db/usage/{service}/exists/{id}")).await.json()["exist"].take();
    (row["send_status"].clone(), row["event_id"].clone())
}

#[tokio::test]
async fn wrong_method_is_a_bad_request() {
    let bundle = TestBundle::start().await.expect("the bundle starts");
    for path in [BATCH, "/db/confirm/usage/exists/m1/"] {
        for method in [Method::GET, Method::DELETE, Method::PATCH] {
            bundle.send(method, path, r#"{"send_status": 200}"#).await.message(400);
        }
    }
}

#[tokio::test]
async fn body_is_required() {
    let bundle = with_exists().await;
    for path in [BATCH, "/db/confirm/usage/exists/m1/"] {
        assert!(bundle.send(Method::PUT, path, "").await.message(400).contains("required"));
    }
}

#[tokio::test]
async fn missing_or_null_messages_are_named_in_the_error() {
    let bundle = with_exists().await;
    for body in [json!({}), json!({"version": 1}), json!({"messages": null})] {
        assert!(put(&bundle, &body).await.message(400).contains("'messages'"));
    }
}

#[tokio::test]
async fn body_that_is_not_a_json_object_is_rejected() {
    let bundle = with_exists().await;
    for body in ["{", "[]", "5", "messages=1"] {
        bundle.send(Method::PUT, BATCH, body).await.message(400);
        bundle.send(Method::PUT, "/db/confirm/usage/exists/m1/", body).await.message(400);
    }
}

#[tokio::test]
async fn version_0_batch_is_an_object_or_a_list() {
    for messages in [json!({"m1": 200, "m2": 400}), json!([{"m1": 200}, {"m2": 400}])] {
        let bundle = with_exists().await;
        assert_confirmed(&put(&bundle, &json!({ "messages": messages })).await);
        assert_eq!(confirmation(&bundle, "nova", 1).await, (json!(200), json!(null)));
        assert_eq!(confirmation(&bundle, "nova", 2).await, (json!(400), json!(null)));
        assert_eq!(confirmation(&bundle, "nova", 3).await, (json!(0), json!(null)));
    }
}

#[tokio::test]
async fn version_1_batch_names_both_services() {
    for messages in [
        json!({"nova": {"m1": 200}, "glance": {"g": 404}}),
        json!([{"nova": [{"m1": 200}], "glance": [{"g": 404}]}]),
    ] {
        let bundle = with_exists().await;
        let reply =
            bundle.send(Method::POST, BATCH, json!({"version": 1, "messages": messages}).to_string()).await;
        assert_confirmed(&reply);
        assert_eq!(confirmation(&bundle, "nova", 1).await.0, 200);
        assert_eq!(confirmation(&bundle, "glance", 11).await.0, 404);
    }
}

#[tokio::test]
async fn unknown_ids_are_skipped() {
    let bundle = with_exists().await;
    let long = "x".repeat(3_000);
    assert_confirmed(
        &put(&bundle, &json!({"messages": {"nope": 200, "m1": 201, "g": 200, long: 200}})).await,
    );
    assert_eq!(confirmation(&bundle, "nova", 1).await.0, 201);
    assert_eq!(confirmation(&bundle, "glance", 11).await.0, 0);
}

#[tokio::test]
async fn version_2_without_an_event_id_clears_it() {
    let bundle = with_exists().await;
    let with = json!({"version": 2, "messages": {"nova": {"m1": {"status": 201, "event_id": "AH_1"}}}});
    assert_confirmed(&put(&bundle, &with).await);
    assert_eq!(confirmation(&bundle, "nova", 1).await, (json!(201), json!("AH_1")));
    assert_confirmed(&put(&bundle, &json!({"messages": {"m1": 202}})).await);
    assert_eq!(confirmation(&bundle, "nova", 1).await, (json!(202), json!("AH_1")));
    assert_confirmed(
        &put(&bundle, &json!({"version": 2, "messages": {"nova": {"m1": {"status": 203}}}})).await,
    );
    assert_eq!(confirmation(&bundle, "nova", 1).await, (json!(203), json!("")));
}

#[tokio::test]
async fn version_2_without_a_status_stores_0() {
    let bundle = with_exists().await;
    put(&bundle, &json!({"messages": {"m1": 201}})).await;
    assert_confirmed(
        &put(&bundle, &json!({"version": 2, "messages": {"nova": {"m1": {"event_id": "e"}}}})).await,
    );
    assert_eq!(confirmation(&bundle, "nova", 1).await, (json!(0), json!("e")));
}

#[tokio::test]
async fn one_invalid_status_rejects_the_whole_batch() {
    let bundle = with_exists().await;
    let messages = json!({"nova": {"m1": {"status": 200}}, "glance": {"g": {"status": "abc"}}});
    put(&bundle, &json!({"version": 2, "messages": messages})).await.message(400);
    put(&bundle, &json!({"messages": {"m1": 200, "m2": null}})).await.message(400);
    assert_eq!(confirmation(&bundle, "nova", 1).await, (json!(0), json!(null)));
    assert_eq!(confirmation(&bundle, "glance", 11).await, (json!(0), json!(null)));
}

#[tokio::test]
async fn status_may_be_a_numeric_string() {
    let bundle = with_exists().await;
    assert_confirmed(&put(&bundle, &json!({"messages": {"m1": "204"}})).await);
    assert_eq!(confirmation(&bundle, "nova", 1).await.0, 204);
}

#[tokio::test]
async fn all_images_of_a_message_are_confirmed_together() {
    let bundle = with_exists().await;
    let body = json!({"version": "2", "messages": {"glance": {"g": {"status": 201, "event_id": "AH_3"}}}});
    assert_confirmed(&put(&bundle, &body).await);
    for id in 11..=13 {
        assert_eq!(confirmation(&bundle, "glance", id).await, (json!(201), json!("AH_3")), "{id}");
    }
}

#[tokio::test]
async fn empty_batch_is_accepted() {
    let bundle = TestBundle::start().await.expect("the bundle starts");
    for messages in [json!({}), json!([])] {
        for version in [0, 1, 2] {
            assert_confirmed(&put(&bundle, &json!({"messages": messages, "version": version})).await);
        }
    }
    put(&bundle, &json!({"messages": {}, "version": 3})).await.message(400);
}

#[tokio::test]
async fn single_confirmation_sets_the_send_status() {
    let bundle = with_exists().await;
    for method in [Method::PUT, Method::POST] {
        assert_confirmed(
            &bundle.send(method, "/db/confirm/usage/exists/m1/", r#"{"send_status": 201}"#).await,
        );
    }
    assert_eq!(confirmation(&bundle, "nova", 1).await.0, 201);
    let missing = bundle.send(Method::PUT, "/db/confirm/usage/exists/m1", r#"{"status": 1}"#).await;
    assert!(missing.message(400).contains("'send_status'"));
}

#[tokio::test]
async fn single_confirmation_of_an_unknown_id_is_not_found() {
    let bundle = with_exists().await;
    let reply = bundle.send(Method::PUT, "/db/confirm/usage/exists/nope/", r#"{"send_status": 200}"#).await;
    assert!(reply.message(404).contains("'nope'"));
}

#[tokio::test]
async fn single_confirmation_ignores_messages_about_images() {
    let bundle = with_exists().await;
    bundle.send(Method::PUT, "/db/confirm/usage/exists/g/", r#"{"send_status": 200}"#).await.message(404);
    assert_eq!(confirmation(&bundle, "glance", 11).await.0, 0);
}

#[tokio::test]
async fn single_confirmation_of_a_message_with_two_rows_sets_both() {
    // Older stores may hold two rows; the original returned 500.
    let bundle = with_exists().await;
    bundle.put_message("both", Collection::InstanceExists, 2, 2).await;
    assert_confirmed(
        &bundle.send(Method::PUT, "/db/confirm/usage/exists/both/", r#"{"send_status": 200}"#).await,
    );
    assert_eq!(
        (confirmation(&bundle, "nova", 2).await.0, confirmation(&bundle, "nova", 3).await.0),
        (json!(200), json!(200))
    );
}

#[tokio::test]
async fn message_without_its_row_is_unknown_and_creates_none() {
    let bundle = with_exists().await;
    bundle.put_message("early", Collection::InstanceExists, 99, 1).await;
    let path = "/db/confirm/usage/exists/early/";
    bundle.send(Method::PUT, path, r#"{"send_status": 200}"#).await.message(404);
    bundle.get("/db/usage/nova/exists/99").await.message(404);
}

#[tokio::test]
async fn oversized_body_returns_this_apis_error_body() {
    let bundle = TestBundle::start().await.expect("the bundle starts");
    bundle.send(Method::PUT, BATCH, " ".repeat(7 * 1_024 * 1_024)).await.message(413);
}
