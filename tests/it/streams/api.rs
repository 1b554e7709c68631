//! The streams API, request by request.

use anyhow::Result;
use serde_json::json;
use tests::bundle::FIRST_SECRET;

use super::{begin, day, list, notification, streams, texts};

#[tokio::test]
async fn streams_are_filtered_by_everything_that_is_given() -> Result<()> {
    let bundle = begin().await?;
    bundle.record(&json!(day("i-1"))).await?;
    bundle.record(&json!([notification("update", "i-2", "2035-01-05 12:00:00", &json!({}))])).await?;
    for (query, expected) in [
        ("", 2),
        ("state=active", 1),
        ("state=COMPLETED", 1),
        ("state=firing", 0),
        ("trigger_name=test_trigger", 2),
        ("trigger_name=Test_trigger", 0),
        ("older_than=2035-01-05T12:00:00", 1),
        ("older_than=2035-01-05T12:00:01", 2),
        ("younger_than=2035-01-05T12:00:00", 1),
        ("distinguishing_traits=instance_id:i-2", 1),
        ("distinguishing_traits=instance_id:i-2;tenant:x", 0),
        ("state=active&distinguishing_traits=instance_id:i-1", 0),
        ("name=ignored", 2),
    ] {
        assert_eq!(list(&bundle, &format!("/v1/streams?{query}")).await.len(), expected, "{query}");
        assert_eq!(
            list(&bundle, &format!("/v1/streams/count?{query}")).await,
            [json!({"count": expected})],
            "{query}"
        );
    }
    for wrong in ["state=unknown", "older_than=soon", "distinguishing_traits=x", "mark=xyz"] {
        let reply = bundle.ask("GET", &format!("/v1/streams?{wrong}"), &[], "").await;
        assert_eq!((reply.status, reply.json()["title"].clone()), (400, json!("Bad Request")), "{wrong}");
    }
    Ok(())
}

#[tokio::test]
async fn events_are_filtered_by_everything_that_is_given() -> Result<()> {
    let bundle = begin().await?;
    bundle.record(&json!(day("i-1"))).await?;
    for (query, expected) in [
        ("", 4),
        ("event_name=compute.instance.exists", 1),
        ("event_name=compute.instance", 0),
        ("from_datetime=2035-01-05T00:00:00", 3),
        ("to_datetime=2035-01-05T00:00:10", 1),
        ("to_datetime=2035-01-05T00:00:11", 2),
        ("traits=instance_id:i-1", 4),
        ("traits=instance_id:i-1;service:compute", 4),
        ("traits=instance_id:i-2", 0),
    ] {
        assert_eq!(list(&bundle, &format!("/v1/events?{query}")).await.len(), expected, "{query}");
        assert_eq!(
            list(&bundle, &format!("/v1/events/count?{query}")).await,
            [json!({"count": expected})],
            "{query}"
        );
    }
    Ok(())
}

#[tokio::test]
async fn pages_go_down_from_the_newest_or_up_from_the_oldest() -> Result<()> {
    let bundle = begin().await?;
    for number in 0..5 {
        let instance = format!("i-{number}");
        bundle.record(&json!([notification("update", &instance, "2035-01-05 12:00:00", &json!({}))])).await?;
    }
    let instances = |page: &[serde_json::Value]| -> Vec<String> {
        page.iter()
            .map(|stream| stream["distinguishing_traits"]["instance_id"].as_str().expect("a text").to_owned())
            .collect()
    };
    for (start, expected) in
        [("", ["i-4", "i-3", "i-2", "i-1", "i-0"]), ("%2B", ["i-0", "i-1", "i-2", "i-3", "i-4"])]
    {
        let (mut mark, mut found) = (start.to_owned(), Vec::new());
        loop {
            let page = list(&bundle, &format!("/v1/streams?limit=2&mark={mark}")).await;
            let Some(last) = page.last() else { break };
            found.extend(instances(&page));
            mark = last["_mark"].as_str().expect("a mark").replace('+', "%2B");
        }
        assert_eq!(found, expected, "from {start:?}");
    }
    assert_eq!(list(&bundle, "/v1/streams?limit=0").await.len(), 0);
    let events = list(&bundle, "/v1/events?limit=2").await;
    let next =
        list(&bundle, &format!("/v1/events?limit=9&mark={}", events[1]["_mark"].as_str().expect("a mark")))
            .await;
    assert_eq!(next.len(), 3);
    Ok(())
}

#[tokio::test]
async fn one_stream_is_a_list_of_one_or_of_none() -> Result<()> {
    let bundle = begin().await?;
    bundle.record(&json!(day("i-1"))).await?;
    let id = streams(&bundle).await[0]["id"].clone();
    for (query, has_events) in
        [("", false), ("?details=True", true), ("?detail=true", true), ("?details=false", false)]
    {
        let found = list(&bundle, &format!("/v1/streams/{id}{query}")).await;
        assert_eq!((found.len(), found[0].get("events").is_some()), (1, has_events), "{query}");
    }
    assert!(list(&bundle, "/v1/streams/999").await.is_empty());
    assert_eq!(list(&bundle, "/v1/streams/COUNT").await, [json!({"count": 1})]);
    assert_eq!(bundle.ask("GET", "/v1/streams/x", &[], "").await.status, 400);
    Ok(())
}

#[tokio::test]
async fn one_event_is_a_list_of_one_and_an_unknown_one_is_not_found() -> Result<()> {
    let bundle = begin().await?;
    let mut loud = notification("update", "i-1", "2035-01-05 12:00:00", &json!({}));
    loud["message_id"] = json!("Loud-1");
    bundle.record(&json!([loud])).await?;
    let found = list(&bundle, "/v1/events/Loud-1").await;
    assert_eq!((found[0]["message_id"].as_str(), found[0].get("_mark")), (Some("Loud-1"), None));
    assert_eq!(found[0]["timestamp"], json!({"__type__": "datetime", "datetime": "2035-01-05T12:00:00"}));
    let reply = bundle.ask("GET", "/v1/events/nobody", &[], "").await;
    assert_eq!((reply.status, reply.json()["title"].clone()), (404, json!("Not Found")));
    Ok(())
}

#[tokio::test]
async fn a_deleted_stream_is_gone_and_its_events_are_not() -> Result<()> {
    let bundle = begin().await?;
    bundle.record(&json!(day("i-1"))).await?;
    let path = format!("/v1/streams/{}", streams(&bundle).await[0]["id"]);
    for (method, headers, status) in [
        ("PUT", &[][..], 200),
        ("POST", &[], 405),
        ("POST", &[("x-http-method-override", "PATCH")], 400),
        ("POST", &[("x-http-method-override", "put")], 200),
        ("POST", &[("x-http-method-override", "DELETE")], 200),
        ("DELETE", &[], 404),
        ("PUT", &[], 404),
    ] {
        let reply = bundle.ask(method, &path, headers, "").await;
        assert_eq!(reply.status, status, "{method} {headers:?}: {reply:?}");
        assert_eq!(reply.body.is_empty(), status == 200, "{method} {headers:?}: {reply:?}");
    }
    assert!(streams(&bundle).await.is_empty());
    assert_eq!(list(&bundle, "/v1/events").await.len(), 4);
    let audit = bundle.ask("GET", "/access/audit", &[("x-api-key", FIRST_SECRET)], "").await.json();
    assert_eq!(texts(audit["audit"].as_array().expect("a list"), "action"), ["stream.delete"]);
    Ok(())
}
