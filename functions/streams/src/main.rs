//! The Lambda function.

// SDK futures exceed the default recursion limit.
#![recursion_limit = "256"]

use std::sync::Arc;

use domain::access::Access;
use domain::access::AuditLog;
use domain::access::principal;
use domain::streams::Streams;
use edge::authorizer::Authorizer;
use streams_api::Api;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), edge::Error> {
    edge::log::start()?;
    let platform = edge::start::platform().await?;
    let authorizer = Authorizer::new(Access::new(&platform)?, &platform.variables, principal::Api::Streams)?;
    // The API distils no event and runs no pipeline, so it needs no definitions.
    let streams = Streams::new(&platform, Arc::default())?;
    let api = Api::new(streams, AuditLog::new(&platform)?);
    edge::http::run(streams_api::router(api, authorizer), streams_api::error_body).await
}
