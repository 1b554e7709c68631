//! Functions called as Lambda calls them: with an event.

use anyhow::Result;
use edge::http::Middleware;
use lambda_http::request::LambdaRequest;
use lambda_http::{Context, LambdaEvent, Service};
use serde_json::Value;

/// Invokes an API with an API Gateway event and returns its response as the gateway receives it.
pub async fn invoke(middleware: &Middleware, event: &Value) -> Result<Value> {
    let request: LambdaRequest = serde_json::from_str(&event.to_string())?;
    let response = edge::http::lambda(middleware.clone()).call(LambdaEvent::new(request, Context::default()));
    let Ok(response) = response.await;
    Ok(serde_json::to_value(response)?)
}
