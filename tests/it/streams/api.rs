//! The streams API: filters, pages, single items, and changes.

use anyhow::Result;
use serde_json::json;
use tests::bundle::FIRST_SECRET;

use super::{day, list, notification, start, streams, texts};

#[tokio::test]
async fn stream_filters_are_combined() -> Result<()> {
    let bundle = start().await?;
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
        let reply = bundle.request("GET", &format!("/v1/streams?{wrong}"), &[], "").await;
        assert_eq!((reply.status, reply.json()["title"].clone()), (400, json!("Bad Request")), "{wrong}");
    }
    Ok(())
}

#[tokio::test]
async fn event_filters_are_combined() -> Result<()> {
    let bundle = start().await?;
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
async fn pages_descend_from_the_newest_or_ascend_from_the_oldest() -> Result<()> {
    let bundle = start().await?;
    for number in 0..5 {
        let instance = format!("i-{number}");
        bundle.record(&json!([notification("update", &instance, "2035-01-05 12:00:00", &json!({}))])).await?;
    }
    let instances = |page: &[serde_json::Value]| -> Vec<String> {
        page.iter()
            .map(|stream| {
                stream["distinguishing_traits"]["instance_id"].as_str().expect("an instance").to_owned()
            })
            .collect()
    };
    for (start, expected) in
        [("", ["i-4", "i-3", "i-2", "i-1", "i-0"]), ("%2B", ["i-0", "i-1", "i-2", "i-3", "i-4"])]
    {
        let (mut mark, mut listed) = (start.to_owned(), Vec::new());
        loop {
            let page = list(&bundle, &format!("/v1/streams?limit=2&mark={mark}")).await;
            let Some(last) = page.last() else { break };
            listed.extend(instances(&page));
            mark = last["_mark"].as_str().expect("a mark").replace('+', "%2B");
        }
        assert_eq!(listed, expected, "from {start:?}");
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
async fn single_stream_is_returned_as_a_list() -> Result<()> {
    let bundle = start().await?;
    bundle.record(&json!(day("i-1"))).await?;
    let id = streams(&bundle).await[0]["id"].clone();
    for (query, has_events) in
        [("", false), ("?details=True", true), ("?detail=true", true), ("?details=false", false)]
    {
        let listed = list(&bundle, &format!("/v1/streams/{id}{query}")).await;
        assert_eq!((listed.len(), listed[0].get("events").is_some()), (1, has_events), "{query}");
    }
    assert!(list(&bundle, "/v1/streams/999").await.is_empty());
    assert_eq!(list(&bundle, "/v1/streams/COUNT").await, [json!({"count": 1})]);
    assert_eq!(bundle.request("GET", "/v1/streams/x", &[], "").await.status, 400);
    Ok(())
}

#[tokio::test]
async fn single_event_is_returned_as_a_list_and_an_unknown_one_is_not_found() -> Result<()> {
    let bundle = start().await?;
    let mut upper_case = notification("update", "i-1", "2035-01-05 12:00:00", &json!({}));
    upper_case["message_id"] = json!("Loud-1");
    bundle.record(&json!([upper_case])).await?;
    let listed = list(&bundle, "/v1/events/Loud-1").await;
    assert_eq!((listed[0]["message_id"].as_str(), listed[0].get("_mark")), (Some("Loud-1"), None));
    assert_eq!(listed[0]["timestamp"], json!({"__type__": "datetime", "datetime": "2035-01-05T12:00:00"}));
    let reply = bundle.request("GET", "/v1/events/nobody", &[], "").await;
    assert_eq!((reply.status, reply.json()["title"].clone()), (404, json!("Not Found")));
    Ok(())
}

#[tokio::test]
async fn deleting_a_stream_keeps_its_events() -> Result<()> {
    let bundle = start().await?;
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
        let reply = bundle.request(method, &path, headers, "").await;
        assert_eq!(reply.status, status, "{method} {headers:?}: {reply:?}");
        assert_eq!(reply.body.is_empty(), status == 200, "{method} {headers:?}: {reply:?}");
    }
    assert!(streams(&bundle).await.is_empty());
    assert_eq!(list(&bundle, "/v1/events").await.len(), 4);
    let audit = bundle.request("GET", "/access/audit", &[("x-api-key", FIRST_SECRET)], "").await.json();
    assert_eq!(texts(audit["audit"].as_array().expect("a list"), "action"), ["stream.delete"]);
    Ok(())
}
