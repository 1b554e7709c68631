//! The request context that API Gateway provides: the request's id, its client, and the API's URL.

use http::Extensions;
use lambda_http::request::RequestContext;

/// The id of a request: the gateway's, or a new one if it has none.
#[derive(Clone, Debug)]
pub struct RequestId(pub String);

/// The client's address as the gateway saw it, never from a header that a client could forge.
#[derive(Clone, Debug)]
pub struct ClientAddress(pub String);

/// The API's URL for clients, without a trailing slash.
#[derive(Clone, Debug)]
pub struct BaseUrl(pub String);

/// Inserts the [`RequestId`], [`ClientAddress`] and [`BaseUrl`] that the context contains.
pub fn insert_context(extensions: &mut Extensions, context: &RequestContext, base_path: &str) {
    let (id, address, domain, stage) = match context {
        RequestContext::ApiGatewayV2(context) => {
            (&context.request_id, &context.http.source_ip, &context.domain_name, &context.stage)
        }
        RequestContext::ApiGatewayV1(context) => {
            (&context.request_id, &context.identity.source_ip, &context.domain_name, &context.stage)
        }
        _ => return,
    };
    if let Some(id) = id {
        extensions.insert(RequestId(id.clone()));
    }
    if let Some(address) = address {
        extensions.insert(ClientAddress(address.clone()));
    }
    if let Some(domain) = domain {
        extensions.insert(BaseUrl(base_url(domain, stage.as_deref(), base_path)));
    }
}

/// Returns the API's URL. A named stage is part of it on the gateway's own domain only; a custom domain maps it.
fn base_url(domain: &str, stage: Option<&str>, base_path: &str) -> String {
    match stage.filter(|stage| *stage != "$default" && domain.contains(".execute-api.")) {
        Some(stage) => format!("https://{domain}/{stage}{base_path}"),
        None => format!("https://{domain}{base_path}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_urls_of_the_gateways_own_domain_contain_the_stage() {
        let gateway = "x1.execute-api.eu-west-1.amazonaws.com";
        for (domain, stage, base_path, expected) in [
            (gateway, None, "", "https://x1.execute-api.eu-west-1.amazonaws.com"),
            (gateway, Some("$default"), "", "https://x1.execute-api.eu-west-1.amazonaws.com"),
            (gateway, Some("prod"), "/a", "https://x1.execute-api.eu-west-1.amazonaws.com/prod/a"),
            ("ops.example.com", Some("prod"), "", "https://ops.example.com"),
            ("ops.example.com", Some("prod"), "/steward", "https://ops.example.com/steward"),
        ] {
            assert_eq!(base_url(domain, stage, base_path), expected);
        }
    }
}
