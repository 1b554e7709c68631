//! An execution environment of a Lambda function: a process with clients of its own.

use std::time::Duration;

use anyhow::Result;
use aws_sdk_dynamodb::config::retry::{RetryConfig, RetryPartition, TokenBucket};
use aws_sdk_dynamodb::config::timeout::TimeoutConfig;
use chrono::TimeDelta;
use domain::access::Access;
use domain::access::principal::Api;
use domain::ingest::Intake;
use domain::platform::Platform;
use domain::platform::variables::Variables;
use edge::authorizer::Authorizer;
use local::in_process::ENDPOINT;
use local::{clients, stack};

use crate::simulation::network::Network;
use crate::simulation::process::Process;

/// Attempts and timeouts of calls, as in `edge::start`.
const ATTEMPTS: u32 = 3;
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(5);
const CALL_TIMEOUT: Duration = Duration::from_secs(15);
/// The SDK's own budget for retries. It is part of the client here, because the SDK shares its default between all
/// simulations of this program.
const RETRY_TOKENS: usize = 500;

/// An execution environment.
pub struct Environment {
    /// The process.
    pub process: Process,
    /// Its clients, settings, clock and identifiers.
    pub platform: Platform,
}

impl Environment {
    /// Starts an environment of this function. Its clock deviates by a random time.
    pub fn start(network: &Network, function: &str) -> Self {
        let world = &network.world;
        let skew = TimeDelta::seconds(world.around_zero(world.plan.skew_seconds));
        let name = format!("{function}-{}", world.next_number());
        world.log(format_args!("start {name}"));
        let process = Process::start(name, world.time, skew);
        let (http, partition) = (network.http_client(&process), retries());
        let dynamodb = clients::dynamodb(ENDPOINT)
            .http_client(http.clone())
            .retry_config(RetryConfig::standard().with_max_attempts(ATTEMPTS))
            .retry_partition(partition.clone())
            .timeout_config(timeouts());
        let sqs = clients::sqs(ENDPOINT)
            .http_client(http)
            .retry_config(RetryConfig::standard().with_max_attempts(ATTEMPTS))
            .retry_partition(partition)
            .timeout_config(timeouts());
        let variables =
            Variables::default().with(stack::variables(ENDPOINT)).with([("STACKTACH_AUTH", "none")]);
        let clients = (
            aws_sdk_dynamodb::Client::from_conf(dynamodb.build()),
            aws_sdk_sqs::Client::from_conf(sqs.build()),
        );
        let (clock, ids) = (process.clock.clone(), world.ids.clone());
        let platform = Platform { clock, ids, ..Platform::new(clients.0, clients.1, variables) };
        Self { process, platform }
    }

    /// Returns the function `ingest` of this environment.
    pub fn ingest(&self) -> Result<axum::Router> {
        let access = Access::new(&self.platform)?;
        let authorizer = Authorizer::new(access, &self.platform.variables, Api::Ingest)?;
        Ok(ingest_api::router(Intake::new(&self.platform)?, authorizer))
    }
}

fn retries() -> RetryPartition {
    RetryPartition::custom("simulation").token_bucket(TokenBucket::new(RETRY_TOKENS)).build()
}

fn timeouts() -> TimeoutConfig {
    TimeoutConfig::builder()
        .operation_attempt_timeout(ATTEMPT_TIMEOUT)
        .operation_timeout(CALL_TIMEOUT)
        .build()
}
