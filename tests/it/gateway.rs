//! The gateway's events: requests reach the router as the client sent them, through an HTTP API (payload 2.0).

mod addresses;
mod methods;
mod responses;
mod rest;

use std::io::Write;

use anyhow::Result;
use axum::Router;
use axum::body::Bytes;
use axum::extract::{Extension, Path, RawQuery};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, put};
use edge::http::{BaseUrl, ClientAddress, Middleware, middleware};
use flate2::Compression;
use flate2::write::GzEncoder;
use http::{HeaderMap, StatusCode};
use proptest::prelude::*;
use serde_json::{Value, json};
use tests::lambda;

/// Returns an API whose responses describe the request.
fn echo() -> Middleware {
    let parameters = async |Path(name): Path<String>, RawQuery(query): RawQuery| {
        axum::Json(json!({"name": name, "query": query}))
    };
    let body = async |headers: HeaderMap, body: Bytes| {
        let kind =
            headers.get("content-type").map(|kind| String::from_utf8_lossy(kind.as_bytes()).into_owned());
        axum::Json(json!({"type": kind, "body": String::from_utf8_lossy(&body)}))
    };
    let client = async |Extension(client): Extension<ClientAddress>, Extension(base): Extension<BaseUrl>| {
        axum::Json(json!({"client": client.0, "base": base.0}))
    };
    let large = async |Path(bytes): Path<usize>| ([("vary", "Accept")], axum::Json("x".repeat(bytes)));
    let router = Router::new()
        .route("/c/{name}", get(parameters))
        .route("/client", get(client))
        .route("/large/{bytes}", get(large))
        .route("/body", put(body).post(body))
        .route("/cookie", get(async |headers: HeaderMap| format!("{:?}", headers.get("cookie"))))
        .fallback(async || (StatusCode::NOT_FOUND, axum::Json("nothing here")));
    middleware(router, error_body)
}

fn error_body(status: StatusCode, text: &str) -> Response {
    (status, axum::Json(json!({"error": text}))).into_response()
}

/// Returns the event of an HTTP API for a request.
fn event(method: &str, raw_path: &str, raw_query: &str) -> Value {
    json!({
        "version": "2.0", "routeKey": "$default", "rawPath": raw_path, "rawQueryString": raw_query,
        "headers": {
            "accept": "*/*", "host": "example.execute-api.eu-west-1.amazonaws.com", "user-agent": "curl/8.5.0",
            "x-forwarded-for": "192.0.2.7", "x-forwarded-port": "443", "x-forwarded-proto": "https",
        },
        "requestContext": {
            "accountId": "123456789012", "apiId": "example", "requestId": "JKJaXmPLvHcESHA=", "routeKey": "$default",
            "domainName": "example.execute-api.eu-west-1.amazonaws.com", "domainPrefix": "example", "stage": "$default",
            "http": {
                "method": method, "path": raw_path, "protocol": "HTTP/1.1", "sourceIp": "192.0.2.7",
                "userAgent": "curl/8.5.0",
            },
            "time": "01/Mar/2026:12:00:00 +0000", "timeEpoch": 1_772_366_400_000_i64,
        },
        "isBase64Encoded": false,
    })
}

/// Returns the status and the JSON body of the response to an event.
async fn response(event: &Value) -> Result<(u64, Value)> {
    let response = lambda::invoke(&echo(), event).await?;
    let status = response["statusCode"].as_u64().unwrap_or_default();
    Ok((status, serde_json::from_str(response["body"].as_str().unwrap_or("null"))?))
}

/// The columns were captured from deployed HTTP APIs: the path as sent, and the path in the event.
#[tokio::test]
async fn path_parameter_arrives_as_the_gateway_decoded_it() -> Result<()> {
    for (sent, raw_path, name) in [
        ("/c/plain", "/c/plain", Some("plain")),
        ("/c/plain/", "/c/plain/", Some("plain")),
        ("/c/space%20value", "/c/space value", Some("space value")),
        ("/c/hash%23value", "/c/hash#value", Some("hash#value")),
        ("/c/%CE%BB", "/c/λ", Some("λ")),
        ("/c/literal%2525value", "/c/literal%value", Some("literal%value")),
        ("/c/literal%252541", "/c/literal%41", Some("literal%41")),
        ("/c/literal%253Fvalue", "/c/literal?value", Some("literal?value")),
        ("/c/a+b", "/c/a+b", Some("a+b")),
        ("/c/a;b,c=d&e", "/c/a;b,c=d&e", Some("a;b,c=d&e")),
        ("/c/%22%3C%3E%5C%5E%60%7B%7C%7D", "/c/\"<>\\^`{|}", Some("\"<>\\^`{|}")),
        ("/c/%252E%252E", "/c/..", Some("..")),
        // The gateway drops what follows an encoded question mark, and decodes encoded slashes.
        ("/c/question%3Fvalue", "/c/question", Some("question")),
        ("/c/slash%2Fvalue", "/c/slash/value", None),
        ("/c/literal%252Fvalue", "/c/literal/value", None),
    ] {
        let (status, body) = response(&event("GET", raw_path, "a=%2F")).await?;
        let expected = name.map(|name| json!({"name": name, "query": "a=%2F"}));
        assert_eq!(
            (status == 200, body),
            (name.is_some(), expected.unwrap_or_else(|| json!("nothing here"))),
            "{sent}"
        );
    }
    Ok(())
}

#[tokio::test]
async fn query_arrives_as_sent() -> Result<()> {
    for (sent, expected) in [
        ("traits=name:value;other:value", "traits=name:value;other:value"),
        ("a=2&b&a=1&a=", "a=2&b&a=1&a="),
        (
            "at_min=2014-01-01+00:00:00&at_max=2014-01-01T00:00:00%2B00:00",
            "at_min=2014-01-01+00:00:00&at_max=2014-01-01T00:00:00%2B00:00",
        ),
        ("x=/?:@!$'()*,|{}[]^`\\", "x=/?:@!$'()*,|{}[]^`\\"),
        // A URI cannot contain these; they are encoded, and decode to the same.
        ("x=\"<λ>\" #", "x=%22%3C%CE%BB%3E%22%20%23"),
    ] {
        let (status, body) = response(&event("GET", "/c/hash#value", sent)).await?;
        assert_eq!((status, body), (200, json!({"name": "hash#value", "query": expected})), "{sent}");
    }
    assert_eq!(response(&event("GET", "/c/x", "")).await?, (200, json!({"name": "x", "query": null})));
    Ok(())
}

proptest! {
    #[test]
    fn any_path_parameter_without_a_slash_arrives_whole(name in "[^/]{1,12}", query in "[^\u{0}]{0,12}") {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().expect("the runtime starts");
        let (status, body) = runtime.block_on(response(&event("GET", &format!("/c/{name}"), &query))).expect("a response");
        prop_assert_eq!((status, &body["name"]), (200, &json!(name)));
    }
}

/// An HTTP API sends a body as text only for textual content types.
#[tokio::test]
async fn body_arrives_as_bytes_for_any_content_type() -> Result<()> {
    let mut gzip = GzEncoder::new(Vec::new(), Compression::default());
    gzip.write_all(b"{\"a\": 1}")?;
    let base64 = |bytes: &[u8]| serde_json::to_value(lambda_http::Body::Binary(bytes.to_vec()));
    let (plain, zipped) = (base64(b"{\"a\": 1}")?, base64(&gzip.finish()?)?);
    let form = "application/x-www-form-urlencoded";
    for (kind, encoding, body, is_base64, expected) in [
        (Some("application/json"), None, json!("{\"a\": 1}"), false, "{\"a\": 1}"),
        (None, None, plain, true, "{\"a\": 1}"),
        (Some(form), None, base64(b"a=1&a=2")?, true, "a=1&a=2"),
        (Some("application/json"), Some("gzip"), zipped, true, "{\"a\": 1}"),
    ] {
        let mut event = event("PUT", "/body/", "");
        if let Some(kind) = kind {
            event["headers"]["content-type"] = json!(kind);
        }
        if let Some(encoding) = encoding {
            event["headers"]["content-encoding"] = json!(encoding);
        }
        event["body"] = body;
        event["isBase64Encoded"] = json!(is_base64);
        let expected = json!({"type": kind, "body": expected});
        assert_eq!(response(&event).await?, (200, expected), "{kind:?} {encoding:?}");
    }
    Ok(())
}

/// An HTTP API sends names in lower case; a function URL or a test may not.
#[tokio::test]
async fn header_names_are_case_insensitive() -> Result<()> {
    for name in ["content-type", "Content-Type", "CONTENT-TYPE"] {
        let mut event = event("PUT", "/body", "");
        event["headers"][name] = json!("text/plain");
        event["body"] = json!("x");
        assert_eq!(response(&event).await?, (200, json!({"type": "text/plain", "body": "x"})), "{name}");
    }
    Ok(())
}

#[tokio::test]
async fn cookies_arrive_as_one_header() -> Result<()> {
    let mut event = event("GET", "/cookie", "");
    event["cookies"] = json!(["a=1", "b=2"]);
    let response = lambda::invoke(&echo(), &event).await?;
    assert_eq!(response["body"], "Some(\"a=1; b=2\")");
    Ok(())
}
