//! What the gateway tells of a request: its id, its client, and the address that it came to.

use http::Extensions;
use lambda_http::request::RequestContext;

/// The gateway's name for a request. Where it gave none, one is made.
#[derive(Clone, Debug)]
pub struct RequestId(pub String);

/// The address that a request came from, as the gateway saw it; never what a header says.
#[derive(Clone, Debug)]
pub struct ClientAddress(pub String);

/// Where the API is for whoever asks, without a slash at its end.
#[derive(Clone, Debug)]
pub struct BaseUrl(pub String);

/// Adds [`RequestId`], [`ClientAddress`] and [`BaseUrl`] to a request with this context, as far as it tells them.
pub fn tell(extensions: &mut Extensions, context: &RequestContext, base_path: &str) {
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

/// Only the gateway's own domains have a named stage in the path; under a domain of one's own a mapping takes its place.
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
    fn a_stage_is_in_the_address_of_the_gateways_own_domain_only() {
        let own = "x1.execute-api.eu-west-1.amazonaws.com";
        for (domain, stage, base_path, expected) in [
            (own, None, "", "https://x1.execute-api.eu-west-1.amazonaws.com"),
            (own, Some("$default"), "", "https://x1.execute-api.eu-west-1.amazonaws.com"),
            (own, Some("prod"), "/a", "https://x1.execute-api.eu-west-1.amazonaws.com/prod/a"),
            ("ops.example.com", Some("prod"), "", "https://ops.example.com"),
            ("ops.example.com", Some("prod"), "/steward", "https://ops.example.com/steward"),
        ] {
            assert_eq!(base_url(domain, stage, base_path), expected);
        }
    }
}
