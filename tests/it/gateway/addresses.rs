//! Addresses: the client's, the API's base URL, stages and base paths.

use anyhow::Result;
use edge::web::Web;
use serde_json::{Value, json};
use tests::lambda;

use super::{echo, event, response};

fn web(base_path: &str, public_base_url: Option<&str>) -> Web {
    Web {
        base_path: base_path.to_owned(),
        public_base_url: public_base_url.map(str::to_owned),
        ..Web::default()
    }
}

#[tokio::test]
async fn empty_path_segment_is_not_found() -> Result<()> {
    for path in ["/c//x", "//c/x", "/c/x//", "//"] {
        assert_eq!(response(&event("GET", path, "")).await?.0, 404, "{path}");
    }
    Ok(())
}

#[tokio::test]
async fn stage_and_base_path_are_stripped_from_the_path() -> Result<()> {
    for (raw_path, stage, base_path, name) in [
        ("/c/x", "$default", "", Some("x")),
        ("/prod/c/x/", "prod", "", Some("x")),
        ("/steward/c/x", "$default", "/steward", Some("x")),
        ("/prod/steward/c/a b", "prod", "/steward", Some("a b")),
        ("/c/x", "prod", "/steward", Some("x")),
        ("/c/prod", "prod", "/steward", Some("prod")),
        ("/prod/prod/c/x", "prod", "", None),
        ("/stewards/c/x", "$default", "/steward", None),
        ("/steward/steward/c/x", "$default", "/steward", None),
    ] {
        let mut event = event("GET", raw_path, "a=b");
        event["requestContext"]["stage"] = json!(stage);
        let response = lambda::invoke(&echo().with_web(web(base_path, None)), &event).await?;
        let body: Value = serde_json::from_str(response["body"].as_str().unwrap_or_default())?;
        let expected =
            name.map_or_else(|| json!("nothing here"), |name| json!({"name": name, "query": "a=b"}));
        assert_eq!(body, expected, "{raw_path} {stage} {base_path}");
    }
    Ok(())
}

#[tokio::test]
async fn client_address_and_base_url_cannot_be_spoofed_by_headers() -> Result<()> {
    let gateway = "https://example.execute-api.eu-west-1.amazonaws.com";
    for (stage, base_path, public, expected) in [
        ("$default", "", None, gateway.to_owned()),
        ("prod", "", None, format!("{gateway}/prod")),
        ("$default", "/steward", None, format!("{gateway}/steward")),
        ("prod", "/steward", Some("https://ops.example.com"), "https://ops.example.com".to_owned()),
    ] {
        let mut event = event("GET", "/client", "");
        event["requestContext"]["stage"] = json!(stage);
        event["headers"]["x-forwarded-for"] = json!("203.0.113.9, 192.0.2.7");
        event["headers"]["host"] = json!("evil.example");
        event["headers"]["x-forwarded-host"] = json!("evil.example");
        let response = lambda::invoke(&echo().with_web(web(base_path, public)), &event).await?;
        let body: Value = serde_json::from_str(response["body"].as_str().unwrap_or_default())?;
        assert_eq!(body, json!({"client": "192.0.2.7", "base": expected}));
    }
    Ok(())
}

#[tokio::test]
async fn invalid_host_header_is_ignored() -> Result<()> {
    for host in ["", "a b", "[", "x:99999999", "%"] {
        let mut event = event("GET", "/c/x", "");
        event["headers"]["host"] = json!(host);
        event["headers"]["x-forwarded-proto"] = json!(host);
        assert_eq!(response(&event).await?.0, 200, "{host}");
    }
    Ok(())
}
