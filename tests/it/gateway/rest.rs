//! The same requests through a REST API (payload 1.0), whose events contain undecoded paths.

use anyhow::Result;
use edge::web::Web;
use serde_json::{Value, json};
use tests::lambda;

use super::echo;

/// Returns the event of a REST API for a request to its stage `prod`.
fn event(method: &str, path: &str, query: &Value, headers: &Value) -> Value {
    let last = |map: &Value| -> Value {
        let members = map.as_object().cloned().unwrap_or_default();
        members
            .into_iter()
            .map(|(name, values)| (name, values.as_array().and_then(|all| all.last()).cloned()))
            .collect()
    };
    json!({
        "resource": "/{proxy+}", "path": path, "httpMethod": method,
        "headers": last(headers), "multiValueHeaders": headers,
        "queryStringParameters": query.as_object().map(|_| last(query)), "multiValueQueryStringParameters": query,
        "pathParameters": {"proxy": path.trim_start_matches('/')}, "stageVariables": null,
        "requestContext": {
            "accountId": "123456789012", "apiId": "example", "resourceId": "abc123", "stage": "prod",
            "domainName": "example.execute-api.eu-west-1.amazonaws.com", "domainPrefix": "example",
            "requestId": "c6af9ac6-7b61-11e6-9a41-93e8deadbeef", "extendedRequestId": "JKJaXmPLvHcESHA=",
            "httpMethod": method, "path": format!("/prod{path}"), "protocol": "HTTP/1.1",
            "requestTime": "01/Mar/2026:12:00:00 +0000", "requestTimeEpoch": 1_772_366_400_000_i64,
            "resourcePath": "/{proxy+}", "identity": {"sourceIp": "192.0.2.7", "userAgent": "curl/8.5.0"},
        },
        "body": null, "isBase64Encoded": false,
    })
}

async fn response(event: &Value, base_path: &str) -> Result<(Value, Value)> {
    let web = Web { base_path: base_path.to_owned(), ..Web::default() };
    let response = lambda::invoke(&echo().with_web(web), event).await?;
    let body = serde_json::from_str(response["body"].as_str().unwrap_or("null"))?;
    Ok((response, body))
}

#[tokio::test]
async fn path_parameter_is_decoded_whole() -> Result<()> {
    for (path, base_path, name) in [
        ("/c/space%20value", "", Some("space value")),
        ("/c/slash%2Fvalue/", "", Some("slash/value")),
        ("/c/question%3Fvalue", "", Some("question?value")),
        ("/c/hash%23value", "", Some("hash#value")),
        ("/c/percent%25done", "", Some("percent%done")),
        ("/c/literal%252Fvalue", "", Some("literal%2Fvalue")),
        ("/c/%CE%BB", "", Some("λ")),
        ("/c/a+b;c", "", Some("a+b;c")),
        ("/c/%2E%2E", "", Some("..")),
        // The path contains a mapping's base path, but not the stage.
        ("/steward/c/x", "/steward", Some("x")),
        ("/prod/c/x", "", None),
    ] {
        let (_, body) = response(&event("GET", path, &Value::Null, &json!({})), base_path).await?;
        let expected =
            name.map_or_else(|| json!("nothing here"), |name| json!({"name": name, "query": null}));
        assert_eq!(body, expected, "{path}");
    }
    Ok(())
}

#[tokio::test]
async fn query_is_rebuilt_from_its_parts() -> Result<()> {
    for (parts, query) in [
        (json!({"a": ["2", "1"]}), "a=2&a=1"),
        (json!({"b": [""]}), "b="),
        (json!({"at": ["2014-01-01 00:00:00+00:00"]}), "at=2014-01-01+00%3A00%3A00%2B00%3A00"),
        (json!({"traits": ["a:b;c:d&e=f"]}), "traits=a%3Ab%3Bc%3Ad%26e%3Df"),
        (json!({"name": ["λ%2F"]}), "name=%CE%BB%252F"),
    ] {
        let (_, body) = response(&event("GET", "/c/x", &parts, &json!({})), "").await?;
        assert_eq!(body, json!({"name": "x", "query": query}));
    }
    Ok(())
}

#[tokio::test]
async fn body_headers_and_client_arrive_as_through_an_http_api() -> Result<()> {
    let headers = json!({"Content-Type": ["text/plain"], "Host": ["evil.example"]});
    let mut put = event("PUT", "/body", &Value::Null, &headers);
    put["body"] = serde_json::to_value(lambda_http::Body::Binary(b"x=1".to_vec()))?;
    put["isBase64Encoded"] = json!(true);
    assert_eq!(response(&put, "").await?.1, json!({"type": "text/plain", "body": "x=1"}));

    let client = response(&event("GET", "/client", &Value::Null, &headers), "").await?.1;
    let base = "https://example.execute-api.eu-west-1.amazonaws.com/prod";
    assert_eq!(client, json!({"client": "192.0.2.7", "base": base}));

    let cookies = json!({"Cookie": ["a=1; b=2"]});
    let cookie = lambda::invoke(&echo(), &event("GET", "/cookie", &Value::Null, &cookies)).await?;
    assert_eq!(cookie["body"], "Some(\"a=1; b=2\")");

    let zipped = event("GET", "/large/5000", &Value::Null, &json!({"Accept-Encoding": ["gzip"]}));
    let zipped = lambda::invoke(&echo(), &zipped).await?;
    assert_eq!((&zipped["statusCode"], &zipped["isBase64Encoded"]), (&json!(200), &json!(true)));
    let headers = &zipped["multiValueHeaders"];
    assert_eq!(headers["content-encoding"], json!(["gzip"]));
    assert_eq!(headers["x-request-id"], json!(["c6af9ac6-7b61-11e6-9a41-93e8deadbeef"]));
    Ok(())
}
