//! SDK clients of the stand-ins: plain HTTP on loopback, any credentials.

use aws_sdk_dynamodb::config::{BehaviorVersion, Credentials, Region, SharedCredentialsProvider};

use crate::sqs::REGION;

/// A client configuration for `DynamoDB` at this address; a test may add interceptors.
pub fn dynamodb(endpoint: &str) -> aws_sdk_dynamodb::config::Builder {
    aws_sdk_dynamodb::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new(REGION))
        .credentials_provider(credentials())
        .endpoint_url(endpoint)
        .http_client(aws_smithy_http_client::Builder::new().build_http())
}

/// A client configuration for SQS at this address; a test may add interceptors.
pub fn sqs(endpoint: &str) -> aws_sdk_sqs::config::Builder {
    aws_sdk_sqs::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new(REGION))
        .credentials_provider(credentials())
        .endpoint_url(endpoint)
        .http_client(aws_smithy_http_client::Builder::new().build_http())
}

/// The stand-ins look at no credentials, but an SDK does not send without.
fn credentials() -> SharedCredentialsProvider {
    let credentials =
        Credentials::builder().access_key_id("local").secret_access_key("local").provider_name("local");
    SharedCredentialsProvider::new(credentials.build())
}
