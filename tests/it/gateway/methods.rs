//! HEAD, OPTIONS, wrong methods, and pages of other origins.

use anyhow::Result;
use edge::web::Web;
use serde_json::{Value, json};
use tests::{TestBundle, lambda};

use super::{echo, event};

const OURS: &str = "https://ops.example.com";

#[tokio::test]
async fn head_has_no_body_a_wrong_method_says_which_are_right_and_every_answer_has_the_gateways_id()
-> Result<()> {
    let head = lambda::answer(&echo(), &event("HEAD", "/c/x", "")).await?;
    assert_eq!(
        (&head["statusCode"], &head["headers"]["content-type"]),
        (&json!(200), &json!("application/json"))
    );
    assert!(head["body"].as_str().unwrap_or_default().is_empty(), "{head}");
    assert_eq!(head["headers"]["x-request-id"], "JKJaXmPLvHcESHA=");

    for (path, allow) in [("/taken", "PUT,POST,OPTIONS"), ("/c/x/", "GET,HEAD,OPTIONS")] {
        let wrong = lambda::answer(&echo(), &event("DELETE", path, "")).await?;
        assert_eq!((&wrong["statusCode"], &wrong["headers"]["allow"]), (&json!(405), &json!(allow)));
        assert_eq!(wrong["headers"]["x-request-id"], "JKJaXmPLvHcESHA=");
    }
    Ok(())
}

/// The answer to OPTIONS with these headers, where pages of `origins` may ask.
async fn options(path: &str, origins: &[&str], headers: &[(&str, &str)]) -> Result<Value> {
    let origins = origins.iter().map(|origin| (*origin).to_owned()).collect();
    let middleware = echo().on(Web { cors_origins: origins, ..Web::default() });
    let mut event = event("OPTIONS", path, "");
    for (name, value) in headers {
        event["headers"][*name] = json!(value);
    }
    lambda::answer(&middleware, &event).await
}

#[tokio::test]
async fn a_preflight_is_granted_to_pages_of_the_set_origins_and_to_no_others() -> Result<()> {
    let asks = |origin| [("origin", origin), ("access-control-request-method", "PUT")];
    let granted = options("/taken/", &[OURS], &asks(OURS)).await?;
    insta::assert_json_snapshot!(granted["headers"], @r#"
    {
      "access-control-allow-headers": "Authorization, Content-Type, Content-Encoding, If-Match, Idempotency-Key, X-Api-Key, X-Session, X-HTTP-Method-Override",
      "access-control-allow-methods": "PUT,POST,OPTIONS",
      "access-control-allow-origin": "https://ops.example.com",
      "access-control-max-age": "7200",
      "allow": "PUT,POST,OPTIONS",
      "vary": "Accept-Encoding, Origin",
      "x-request-id": "JKJaXmPLvHcESHA="
    }
    "#);
    assert_eq!((&granted["statusCode"], &granted["body"]), (&json!(204), &json!("")));

    for (origins, headers) in [
        (&[][..], &asks(OURS)[..]),
        (&["https://other.example.com"], &asks(OURS)),
        (&[OURS], &asks("https://ops.example.com:8443")),
        (&[OURS], &[]),
    ] {
        let plain = options("/taken", origins, headers).await?;
        assert_eq!(
            (&plain["statusCode"], &plain["headers"]["allow"]),
            (&json!(204), &json!("PUT,POST,OPTIONS"))
        );
        let told = plain["headers"].as_object().into_iter().flatten();
        assert_eq!(told.filter(|(name, _)| name.starts_with("access-control-")).count(), 0, "{plain}");
    }
    let anybody = options("/taken", &["*"], &asks("https://elsewhere.example")).await?;
    assert_eq!(anybody["headers"]["access-control-allow-origin"], "*");
    let nowhere = options("/nowhere", &[OURS], &asks(OURS)).await?;
    assert_eq!((&nowhere["statusCode"], &nowhere["headers"]["allow"]), (&json!(404), &Value::Null));
    Ok(())
}

#[tokio::test]
async fn a_page_may_read_every_answer_errors_too() -> Result<()> {
    let middleware = echo().on(Web { cors_origins: vec![OURS.to_owned()], ..Web::default() });
    for (method, path, status) in
        [("GET", "/c/x", 200), ("GET", "/c//x", 404), ("GET", "/nowhere", 404), ("DELETE", "/taken", 405)]
    {
        let mut event = event(method, path, "");
        event["headers"]["origin"] = json!(OURS);
        event["headers"]["x-api-key"] = json!("hush");
        let answer = lambda::answer(&middleware, &event).await?;
        assert_eq!(answer["statusCode"], status, "{path}");
        assert_eq!(answer["headers"]["access-control-allow-origin"], OURS, "{path}");
        assert_eq!(
            answer["headers"]["access-control-expose-headers"], "ETag, Location, X-Request-Id",
            "{path}"
        );
        assert_eq!(answer["headers"]["vary"], "Accept-Encoding, Origin", "{path}");
        assert!(!answer.to_string().contains("hush"), "{path}");
    }
    Ok(())
}

#[tokio::test]
async fn every_api_answers_options_without_credentials() -> Result<()> {
    let bundle = TestBundle::with([("STACKTACH_AUTH", "api-key")]).await?;
    for (path, allow) in [
        ("/db/usage/nova/launches/", "GET,HEAD,OPTIONS"),
        ("/db/confirm/usage/exists/batch", "PUT,POST,OPTIONS"),
        ("/db/confirm/usage/exists/x", "PUT,POST,OPTIONS"),
        ("/db/repair/", "POST,OPTIONS"),
        ("/notifications", "POST,OPTIONS"),
        ("/v1/events/", "GET,HEAD,OPTIONS"),
        ("/v1/streams/7", "GET,HEAD,PUT,POST,DELETE,OPTIONS"),
        ("/recomputations", "GET,HEAD,POST,OPTIONS"),
        ("/recomputations/7/status/", "POST,DELETE,OPTIONS"),
        ("/maintenance/world/vacuum", "POST,OPTIONS"),
        ("/maintenance/vacuum/2cec00f2", "DELETE,OPTIONS"),
        ("/access/users/ann", "GET,HEAD,PUT,DELETE,OPTIONS"),
        ("/", "GET,HEAD,OPTIONS"),
    ] {
        let reply = bundle.ask("OPTIONS", path, &[], "").await;
        assert_eq!((reply.status, reply.header("allow"), reply.body.as_str()), (204, allow, ""), "{path}");
    }
    for path in ["/db/nothing", "/notifications/7/8", "/recomputations/1/2/3", "/maintenance/1/2/3", "/nothing"] {
        assert_eq!(bundle.ask("OPTIONS", path, &[], "").await.status, 404, "{path}");
    }
    Ok(())
}
