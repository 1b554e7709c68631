//! HEAD, OPTIONS, wrong methods, and CORS.

use anyhow::Result;
use edge::web::Web;
use serde_json::{Value, json};
use tests::{TestBundle, lambda};

use super::{echo, event};

const ALLOWED_ORIGIN: &str = "https://ops.example.com";

#[tokio::test]
async fn head_has_no_body_wrong_methods_return_allow_and_responses_carry_the_request_id() -> Result<()> {
    let head = lambda::invoke(&echo(), &event("HEAD", "/c/x", "")).await?;
    assert_eq!(
        (&head["statusCode"], &head["headers"]["content-type"]),
        (&json!(200), &json!("application/json"))
    );
    assert!(head["body"].as_str().unwrap_or_default().is_empty(), "{head}");
    assert_eq!(head["headers"]["x-request-id"], "JKJaXmPLvHcESHA=");

    for (path, allow) in [("/body", "PUT,POST,OPTIONS"), ("/c/x/", "GET,HEAD,OPTIONS")] {
        let wrong = lambda::invoke(&echo(), &event("DELETE", path, "")).await?;
        assert_eq!((&wrong["statusCode"], &wrong["headers"]["allow"]), (&json!(405), &json!(allow)));
        assert_eq!(wrong["headers"]["x-request-id"], "JKJaXmPLvHcESHA=");
    }
    Ok(())
}

/// Returns the response to OPTIONS with these headers, with `origins` allowed.
async fn options(path: &str, origins: &[&str], headers: &[(&str, &str)]) -> Result<Value> {
    let origins = origins.iter().map(|origin| (*origin).to_owned()).collect();
    let middleware = echo().with_web(Web { cors_origins: origins, ..Web::default() });
    let mut event = event("OPTIONS", path, "");
    for (name, value) in headers {
        event["headers"][*name] = json!(value);
    }
    lambda::invoke(&middleware, &event).await
}

#[tokio::test]
async fn preflight_succeeds_only_for_allowed_origins() -> Result<()> {
    let preflight = |origin| [("origin", origin), ("access-control-request-method", "PUT")];
    let granted = options("/body/", &[ALLOWED_ORIGIN], &preflight(ALLOWED_ORIGIN)).await?;
    insta::assert_json_snapshot!(granted["headers"], @r#"
    {
      "access-control-allow-headers": "Authorization, Content-Type, Content-Encoding, If-Match, Idempotency-Key, X-Api-Key, X-Session, X-Instance, X-HTTP-Method-Override",
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
        (&[][..], &preflight(ALLOWED_ORIGIN)[..]),
        (&["https://other.example.com"], &preflight(ALLOWED_ORIGIN)),
        (&[ALLOWED_ORIGIN], &preflight("https://ops.example.com:8443")),
        (&[ALLOWED_ORIGIN], &[]),
    ] {
        let plain = options("/body", origins, headers).await?;
        assert_eq!(
            (&plain["statusCode"], &plain["headers"]["allow"]),
            (&json!(204), &json!("PUT,POST,OPTIONS"))
        );
        let names = plain["headers"].as_object().into_iter().flatten();
        assert_eq!(names.filter(|(name, _)| name.starts_with("access-control-")).count(), 0, "{plain}");
    }
    let any_origin = options("/body", &["*"], &preflight("https://elsewhere.example")).await?;
    assert_eq!(any_origin["headers"]["access-control-allow-origin"], "*");
    let unknown = options("/nowhere", &[ALLOWED_ORIGIN], &preflight(ALLOWED_ORIGIN)).await?;
    assert_eq!((&unknown["statusCode"], &unknown["headers"]["allow"]), (&json!(404), &Value::Null));
    Ok(())
}

#[tokio::test]
async fn cors_headers_are_on_every_response_including_errors() -> Result<()> {
    let middleware = echo().with_web(Web { cors_origins: vec![ALLOWED_ORIGIN.to_owned()], ..Web::default() });
    for (method, path, status) in
        [("GET", "/c/x", 200), ("GET", "/c//x", 404), ("GET", "/nowhere", 404), ("DELETE", "/body", 405)]
    {
        let mut event = event(method, path, "");
        event["headers"]["origin"] = json!(ALLOWED_ORIGIN);
        event["headers"]["x-api-key"] = json!("hush");
        let response = lambda::invoke(&middleware, &event).await?;
        assert_eq!(response["statusCode"], status, "{path}");
        assert_eq!(response["headers"]["access-control-allow-origin"], ALLOWED_ORIGIN, "{path}");
        assert_eq!(
            response["headers"]["access-control-expose-headers"], "ETag, Location, X-Request-Id",
            "{path}"
        );
        assert_eq!(response["headers"]["vary"], "Accept-Encoding, Origin", "{path}");
        assert!(!response.to_string().contains("hush"), "{path}");
    }
    Ok(())
}

#[tokio::test]
async fn options_requires_no_credentials() -> Result<()> {
    let bundle = TestBundle::with_settings([("STACKTACH_AUTH", "api-key")]).await?;
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
        let reply = bundle.request("OPTIONS", path, &[], "").await;
        assert_eq!((reply.status, reply.header("allow"), reply.body.as_str()), (204, allow, ""), "{path}");
    }
    for path in
        ["/db/nothing", "/notifications/7/8", "/recomputations/1/2/3", "/maintenance/1/2/3", "/nothing"]
    {
        assert_eq!(bundle.request("OPTIONS", path, &[], "").await.status, 404, "{path}");
    }
    Ok(())
}
