//! Clients of AWS services, created from the environment that Lambda provides.
//!
//! Lambda passes the credentials in variables, so no chain of credential providers is needed: it would make every
//! binary larger by half.

use std::time::Duration;

use aws_sdk_dynamodb::config::retry::RetryConfig;
use aws_sdk_dynamodb::config::timeout::TimeoutConfig;
use aws_sdk_dynamodb::config::{
    BehaviorVersion, Credentials, Region, SharedCredentialsProvider, SharedHttpClient,
};
use aws_smithy_http_client::tls::{Provider, rustls_provider::CryptoMode};
use domain::error::Error;
use domain::platform::Platform;
use domain::platform::variables::Variables;

use crate::aws::Aws;

/// Timeout of connecting.
const CONNECT: Duration = Duration::from_secs(2);
/// Timeout of one attempt of a call.
const ATTEMPT: Duration = Duration::from_secs(5);
/// Timeout of a call with all its attempts; a request has 28 seconds.
const CALL: Duration = Duration::from_secs(15);
/// Attempts of a call, the first included.
const ATTEMPTS: u32 = 3;

/// Creates the platform that the environment describes, and connects to the tables.
pub async fn platform() -> Result<Platform, Error> {
    let variables = Variables::from_env();
    let aws = Aws::read(&variables)?;
    let http = https();
    let platform = Platform::new(dynamodb(&aws, http.clone()), sqs(&aws, http), variables);
    // Lambda provides a whole core during init and less afterwards: open the TLS connection now.
    if let Err(error) = platform.connect().await {
        tracing::warn!(error = error.chain(), "the tables are not reachable yet");
    }
    Ok(platform)
}

/// The variable that names the ARN of the first administrator's secret.
pub const FIRST_SECRET: &str = "FIRST_SECRET_ARN";

/// Reads the secret whose ARN is in `variable` from Secrets Manager. Returns `None` if the variable is unset.
pub async fn secret(variables: &Variables, variable: &str) -> Result<Option<String>, Error> {
    let Some(arn) = variables.get(variable) else { return Ok(None) };
    let aws = Aws::read(variables)?;
    let mut config = aws_sdk_secretsmanager::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new(aws.region.clone()))
        .credentials_provider(credentials(&aws))
        .retry_config(RetryConfig::standard().with_max_attempts(ATTEMPTS))
        .timeout_config(timeouts())
        .http_client(https());
    config.set_endpoint_url(aws.secrets_endpoint);
    let client = aws_sdk_secretsmanager::Client::from_conf(config.build());
    let reply = Box::pin(client.get_secret_value().secret_id(arn).send()).await;
    let reply = reply.map_err(|cause| {
        Error::unavailable(format!("the secret of {variable} cannot be read")).because(cause)
    })?;
    let text = reply.secret_string;
    text.map(Some).ok_or_else(|| Error::invalid(format!("the secret of {variable} is not text")))
}

fn https() -> SharedHttpClient {
    aws_smithy_http_client::Builder::new().tls_provider(Provider::Rustls(CryptoMode::Ring)).build_https()
}

fn dynamodb(aws: &Aws, http: SharedHttpClient) -> aws_sdk_dynamodb::Client {
    let mut config = aws_sdk_dynamodb::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new(aws.region.clone()))
        .credentials_provider(credentials(aws))
        .retry_config(RetryConfig::standard().with_max_attempts(ATTEMPTS))
        .timeout_config(timeouts())
        .http_client(http);
    config.set_endpoint_url(aws.dynamodb_endpoint.clone());
    aws_sdk_dynamodb::Client::from_conf(config.build())
}

fn sqs(aws: &Aws, http: SharedHttpClient) -> aws_sdk_sqs::Client {
    let mut config = aws_sdk_sqs::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new(aws.region.clone()))
        .credentials_provider(credentials(aws))
        .retry_config(RetryConfig::standard().with_max_attempts(ATTEMPTS))
        .timeout_config(timeouts())
        .http_client(http);
    config.set_endpoint_url(aws.sqs_endpoint.clone());
    aws_sdk_sqs::Client::from_conf(config.build())
}

fn credentials(aws: &Aws) -> SharedCredentialsProvider {
    let mut credentials = Credentials::builder()
        .access_key_id(&aws.access_key_id)
        .secret_access_key(&aws.secret_access_key)
        .provider_name("environment");
    credentials.set_session_token(aws.session_token.clone());
    SharedCredentialsProvider::new(credentials.build())
}

fn timeouts() -> TimeoutConfig {
    TimeoutConfig::builder()
        .connect_timeout(CONNECT)
        .operation_attempt_timeout(ATTEMPT)
        .operation_timeout(CALL)
        .build()
}
