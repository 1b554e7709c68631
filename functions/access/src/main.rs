//! The Lambda function.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), edge::Error> {
    edge::log::start()?;
    edge::http::run(access::router(), access::shape).await
}
