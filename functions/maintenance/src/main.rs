//! The Lambda function.

// SDK futures exceed the default recursion limit.
#![recursion_limit = "256"]

use domain::access::Access;
use maintenance::server;
use maintenance_api::Api;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), edge::Error> {
    edge::log::start()?;
    let mut platform = edge::start::platform().await?;
    if let Some(urls) = edge::start::secret(&platform.variables, server::SECRET).await? {
        platform.variables = server::with_secret(&platform.variables, &urls);
    }
    let api = Api::new(&platform, Access::new(&platform)?)?;
    edge::http::run(maintenance_api::router(api), maintenance_api::error_body).await
}
