//! `/db/stats/events`, `/db/stats/nova/exists` and `/db/stats/glance/exists`

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use domain::error::Error;
use domain::usage::Usage;
use domain::usage::counting::{EventCounts, EventQuery};
use domain::usage::exists::{Exists, ImageExists, InstanceExists};
use domain::usage::status::Status;
use domain::usage::window::Window;
use serde::Serialize;

use crate::error::ApiError;
use crate::parameters::{Parameters, service, time};
use crate::response::enveloped;

/// The number of exists records with one pair of states.
#[derive(Serialize)]
struct ExistsBody {
    status: &'static str,
    send_status: i64,
    event_count: u64,
}

/// The number of notifications: `count` as in the documentation, `stats` for clients of the original.
#[derive(Serialize)]
struct EventsBody {
    count: u64,
    stats: Vec<EventBody>,
}

#[derive(Serialize)]
struct EventBody {
    event: String,
    event_count: u64,
}

pub async fn nova_exists(State(usage): State<Usage>, parameters: Parameters) -> Result<Response, ApiError> {
    exists::<InstanceExists>(&usage, &parameters).await
}

pub async fn glance_exists(State(usage): State<Usage>, parameters: Parameters) -> Result<Response, ApiError> {
    exists::<ImageExists>(&usage, &parameters).await
}

async fn exists<R: Exists>(usage: &Usage, parameters: &Parameters) -> Result<Response, ApiError> {
    let counts = usage.exists_counts::<R>(&parameters.filter()?).await?;
    let body = |((status, send_status), event_count): ((Status, i64), u64)| ExistsBody {
        status: status.as_str(),
        send_status,
        event_count,
    };
    Ok(enveloped("stats", counts.into_iter().map(body).collect::<Vec<_>>()))
}

pub async fn events(State(usage): State<Usage>, parameters: Parameters) -> Result<Response, ApiError> {
    let query = event_query(&parameters)?;
    let mut counts = usage.event_counts(&query).await?;
    if let Some(event) = query.event {
        let count = counts.remove(&event).unwrap_or_default();
        counts = EventCounts::from([(event, count)]);
    }
    let count = counts.values().sum();
    let stats = counts.into_iter().map(|(event, event_count)| EventBody { event, event_count }).collect();
    Ok(Json(EventsBody { count, stats }).into_response())
}

/// Parses the query in the original's order: both bounds, their dates, their distance, the service.
fn event_query(parameters: &Parameters) -> Result<EventQuery, Error> {
    let window = match (parameters.first("when_min"), parameters.first("when_max")) {
        (None, None) => None,
        (Some(min), Some(max)) => Some(Window::new(time("when_min", min)?, time("when_max", max)?)?),
        _ => {
            return Err(Error::invalid("when_min and when_max must be given both or not at all."));
        }
    };
    let service = service(parameters.first("service"))?;
    Ok(EventQuery { service, event: parameters.first("event").map(str::to_owned), window })
}
