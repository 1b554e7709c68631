//! Responses: compressed or plain, and never larger than the gateway's limit.

use std::io::Read;

use anyhow::{Context, Result};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use flate2::read::GzDecoder;
use serde_json::{Value, json};
use tests::lambda;

use super::{echo, event};

/// The largest response that Lambda accepts.
const LIMIT: usize = 6 * 1_000 * 1_000;

async fn response(method: &str, path: &str, accept_encoding: Option<&str>) -> Result<Value> {
    let mut event = event(method, path, "");
    if let Some(accepted) = accept_encoding {
        event["headers"]["accept-encoding"] = json!(accepted);
    }
    lambda::invoke(&echo(), &event).await
}

/// Returns a response's body as the client decodes it.
fn body(response: &Value) -> Result<String> {
    let sent = response["body"].as_str().context("no body")?;
    if response["isBase64Encoded"] != true {
        return Ok(sent.to_owned());
    }
    let mut text = String::new();
    GzDecoder::new(&STANDARD.decode(sent)?[..]).read_to_string(&mut text)?;
    Ok(text)
}

#[tokio::test]
async fn large_response_is_compressed_if_accepted_and_sent_as_base64() -> Result<()> {
    for (path, accepted, is_compressed) in [
        ("/large/5000", Some("gzip, deflate, br"), true),
        ("/large/5000/", Some("*"), true),
        ("/large/5000", Some("gzip;q=0, identity"), false),
        ("/large/5000", None, false),
        ("/large/1000", Some("gzip"), false),
    ] {
        let response = response("GET", path, accepted).await?;
        let bytes: usize = path.trim_matches(|c: char| !c.is_ascii_digit()).parse()?;
        assert_eq!(body(&response)?, json!("x".repeat(bytes)).to_string(), "{path} {accepted:?}");
        let encoding = if is_compressed { json!("gzip") } else { Value::Null };
        assert_eq!(
            (&response["isBase64Encoded"], &response["headers"]["content-encoding"]),
            (&json!(is_compressed), &encoding),
            "{path} {accepted:?}"
        );
        assert_eq!(response["headers"]["vary"], "Accept, Accept-Encoding", "{path} {accepted:?}");
        assert_eq!(response["headers"]["content-type"], "application/json");
    }
    Ok(())
}

#[tokio::test]
async fn head_returns_the_headers_of_the_compressed_response() -> Result<()> {
    let get = response("GET", "/large/5000", Some("gzip")).await?;
    let head = response("HEAD", "/large/5000", Some("gzip")).await?;
    assert_eq!(head["headers"], get["headers"]);
    assert!(head["body"].as_str().unwrap_or_default().is_empty(), "{head}");
    Ok(())
}

#[tokio::test]
async fn response_over_the_gateways_limit_becomes_an_error_with_advice() -> Result<()> {
    let megabytes = |count: usize| format!("/large/{}", count * 1_024 * 1_024);
    for (path, accepted, status) in [
        (megabytes(4), None, 200),
        (megabytes(5), None, 400),
        (megabytes(5), Some("gzip"), 200),
        (megabytes(12), Some("gzip"), 200),
    ] {
        let response = response("GET", &path, accepted).await?;
        assert_eq!(response["statusCode"], status, "{path} {accepted:?}");
        assert!(response.to_string().len() < LIMIT, "{path} {accepted:?}");
        if status == 400 {
            let error: Value = serde_json::from_str(&body(&response)?)?;
            let text = error["error"].as_str().unwrap_or_default();
            assert!(text.contains("smaller `limit`") && text.contains("gzip"), "{error}");
        }
    }
    Ok(())
}
