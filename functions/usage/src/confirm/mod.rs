//! `/db/confirm/usage/exists`: confirmations of what the downstream system answered to published usage.

mod body;

use axum::extract::State;
use axum::response::Response;
use domain::error::{Error, Kind};
use domain::usage::Usage;

use crate::error::ApiError;
use crate::parameters::{Body, Name};
use crate::response::empty;

/// How many unknown ids of a batch are logged.
const MOST_LOGGED: usize = 20;

pub async fn batch(State(usage): State<Usage>, Body(body): Body) -> Result<Response, ApiError> {
    let confirmed = usage.confirm(&body::parse_batch(&body)?).await?;
    if !confirmed.unknown.is_empty() {
        let logged = &confirmed.unknown[..confirmed.unknown.len().min(MOST_LOGGED)];
        tracing::warn!(count = confirmed.unknown.len(), message_ids = ?logged, "unknown messages were confirmed");
    }
    Ok(empty())
}

pub async fn single(
    State(usage): State<Usage>,
    Name(message_id): Name,
    Body(body): Body,
) -> Result<Response, ApiError> {
    let answer = body::parse_single(&body)?;
    if !usage.confirm_single(&message_id, answer).await? {
        return Err(Error::new(Kind::Missing, format!("Unknown message: '{message_id}'.")).into());
    }
    Ok(empty())
}

/// Answers a wrong method with 400: the original's clients were tested against that.
pub async fn wrong_method() -> ApiError {
    Error::invalid("A confirmation is sent with PUT or POST.").into()
}
