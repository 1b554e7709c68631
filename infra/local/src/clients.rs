//! SDK clients of the stand-ins, which use plain HTTP on loopback and accept any credentials.

use aws_sdk_dynamodb::config::{BehaviorVersion, Credentials, Region, SharedCredentialsProvider};

use crate::sqs::REGION;

/// Returns a client configuration for `DynamoDB` at this address. Tests add interceptors to it.
pub fn dynamodb(endpoint: &str) -> aws_sdk_dynamodb::config::Builder {
    aws_sdk_dynamodb::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new(REGION))
        .credentials_provider(credentials())
        .endpoint_url(endpoint)
        .http_client(aws_smithy_http_client::Builder::new().build_http())
}

/// Returns a client configuration for SQS at this address. Tests add interceptors to it.
pub fn sqs(endpoint: &str) -> aws_sdk_sqs::config::Builder {
    aws_sdk_sqs::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new(REGION))
        .credentials_provider(credentials())
        .endpoint_url(endpoint)
        .http_client(aws_smithy_http_client::Builder::new().build_http())
}

/// The stand-ins ignore credentials, but the SDK sends no request without any.
fn credentials() -> SharedCredentialsProvider {
    let credentials =
        Credentials::builder().access_key_id("local").secret_access_key("local").provider_name("local");
    SharedCredentialsProvider::new(credentials.build())
}
