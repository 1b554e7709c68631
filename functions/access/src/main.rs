//! The Lambda function.

// SDK futures exceed the default recursion limit.
#![recursion_limit = "256"]

use domain::access::Access;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), edge::Error> {
    edge::log::start()?;
    let platform = edge::start::platform().await?;
    let secret = edge::start::secret(&platform.variables, edge::start::FIRST_SECRET).await?;
    let access = Access::new(&platform)?.with_first_secret(secret);
    edge::http::run(access_api::router(access), access_api::error_body).await
}
