//! `/db/confirm/usage/exists`: what downstream answered to the usage that it was sent.

use axum::extract::State;
use axum::response::Response;
use domain::error::{Error, Kind};
use domain::usage::Usage;
use domain::usage::confirmation::{self, Confirmation};

use crate::answer::empty;
use crate::error::ApiError;
use crate::parameters::{Body, Name};

/// How many unknown ids of a batch are logged by name.
const NAMED: usize = 20;

pub async fn batch(State(usage): State<Usage>, Body(body): Body) -> Result<Response, ApiError> {
    let confirmed = usage.confirm(&Confirmation::parse(&body)?).await?;
    if !confirmed.unknown.is_empty() {
        let named = &confirmed.unknown[..confirmed.unknown.len().min(NAMED)];
        tracing::warn!(count = confirmed.unknown.len(), ?named, "unknown message ids were confirmed");
    }
    Ok(empty())
}

pub async fn single(
    State(usage): State<Usage>,
    Name(message_id): Name,
    Body(body): Body,
) -> Result<Response, ApiError> {
    let answer = confirmation::parse_single(&body)?;
    if !usage.confirm_single(&message_id, answer).await? {
        let missing = format!("There is no exists with the message id '{message_id}'.");
        return Err(Error::new(Kind::Missing, missing).into());
    }
    Ok(empty())
}

/// A wrong method is a bad request here; the original's clients were tested against that.
pub async fn wrong_method() -> ApiError {
    Error::invalid("A confirmation is sent with PUT or POST.").into()
}
