//! Functions called as Lambda calls them: an event in, an answer out.

use anyhow::Result;
use edge::http::Middleware;
use lambda_http::request::LambdaRequest;
use lambda_http::{Context, LambdaEvent, Service};
use serde_json::Value;

/// What an API answers to an HTTP API's event (payload 2.0), as the gateway is given it.
pub async fn answer(middleware: &Middleware, event: &Value) -> Result<Value> {
    let request: LambdaRequest = serde_json::from_str(&event.to_string())?;
    let answer = edge::http::lambda(middleware.clone()).call(LambdaEvent::new(request, Context::default()));
    let Ok(answer) = answer.await;
    Ok(serde_json::to_value(answer)?)
}
