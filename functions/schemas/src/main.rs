//! The Lambda function.

// SDK futures exceed the default recursion limit.
#![recursion_limit = "256"]

use domain::access::Access;
use schemas::servers;
use schemas_api::Api;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), edge::Error> {
    edge::log::start()?;
    let mut platform = edge::start::platform().await?;
    if let Some(secret) = edge::start::secret(&platform.variables, servers::SECRET).await? {
        platform.variables = servers::with_secret(&platform.variables, &secret)?;
    }
    let api = Api::new(&platform, Access::new(&platform)?)?;
    edge::http::run(schemas_api::router(api), schemas_api::error_body).await
}
