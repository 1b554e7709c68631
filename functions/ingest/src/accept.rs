//! `POST /notifications`: accepts notifications.

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::extract::rejection::BytesRejection;
use axum::http::{StatusCode, Uri};
use domain::error::Error;
use domain::ingest::Intake;
use domain::notification::service::Service;
use edge::query::first;
use serde::Serialize;

use crate::error::ApiError;

/// The number of queued notifications.
#[derive(Serialize)]
pub struct Accepted {
    accepted: usize,
}

/// Queues one notification or a list of them, of any content type. `?service=` overrides the service that their event
/// types imply.
pub async fn accept(
    State(intake): State<Intake>,
    uri: Uri,
    body: Result<Bytes, BytesRejection>,
) -> Result<(StatusCode, Json<Accepted>), ApiError> {
    let service = first(&uri, "service").map(|name| service(&name)).transpose()?;
    let body = body.map_err(|cause| Error::invalid("The body could not be read.").because(cause))?;
    let accepted = intake.accept(&body, service).await?;
    Ok((StatusCode::ACCEPTED, Json(Accepted { accepted })))
}

fn service(name: &str) -> Result<Service, Error> {
    name.parse().map_err(|cause| Error::invalid(format!("'service': '{name}': {cause}.")))
}
