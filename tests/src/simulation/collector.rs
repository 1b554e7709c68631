//! Collectors, which post lists of notifications and retry each until it is accepted.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use serde_json::Value;
use tokio::time::timeout;
use tower::ServiceExt;

use crate::simulation::environment::Environment;
use crate::simulation::history::Sent;
use crate::simulation::network::Network;
use crate::simulation::time::{sleep, spawn};

/// The timeout of a request, as in API Gateway.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(29);
/// The longest pause before a list is posted again, in milliseconds.
const RETRY_MILLIS: u64 = 4_000;
/// By how many milliseconds the collectors of a pair differ.
const JITTER_MILLIS: u64 = 20;

/// Notifications that are posted together.
#[derive(Clone, Debug)]
pub struct List {
    /// When the list is posted, from the start of the run.
    pub at: Duration,
    /// The body of the request: a JSON array.
    body: String,
}

/// Groups notifications into lists of `seconds` each.
pub fn lists(history: &[Sent], seconds: u64) -> Vec<List> {
    let period = |sent: &Sent| sent.at.as_secs() / seconds;
    let groups = history.chunk_by(|one, other| period(one) == period(other));
    let list = |group: &[Sent]| {
        let notifications: Vec<&Value> = group.iter().map(|sent| &sent.notification).collect();
        let body = serde_json::to_string(&notifications).expect("notifications serialize");
        List { at: Duration::from_secs((period(&group[0]) + 1) * seconds), body }
    };
    groups.map(list).collect()
}

/// Posts all lists at their times, and again later if the plan says so. Returns when the last one was accepted.
pub async fn collect(network: Network, lists: Arc<Vec<List>>) -> Duration {
    let world = Arc::clone(&network.world);
    let mut environment = Environment::start(&network, "ingest");
    let (mut last, mut repeats) = (Duration::ZERO, Vec::new());
    for place in 0..lists.len() {
        let at = lists[place].at + world.millis(JITTER_MILLIS);
        sleep(at.saturating_sub(world.time.elapsed())).await;
        last = post(&network, &mut environment, &lists[place]).await;
        if let Some(seconds) = world.plan.load.repeat_after {
            let (network, lists) = (network.clone(), Arc::clone(&lists));
            repeats.push(spawn(async move {
                sleep(Duration::from_secs(seconds)).await;
                let mut environment = Environment::start(&network, "ingest");
                post(&network, &mut environment, &lists[place]).await
            }));
        }
    }
    for repeat in repeats {
        last = last.max(repeat.await.expect("a collector does not panic"));
    }
    last
}

/// Posts a list until it is accepted. Returns when it was.
async fn post(network: &Network, environment: &mut Environment, list: &List) -> Duration {
    loop {
        if environment.process.has_crashed() || environment.process.was_frozen() {
            *environment = Environment::start(network, "ingest");
        }
        if accepts(environment, list).await {
            return network.world.time.elapsed();
        }
        sleep(network.world.millis(RETRY_MILLIS)).await;
    }
}

async fn accepts(environment: &Environment, list: &List) -> bool {
    let router = environment.ingest().expect("the settings name the tables and queues");
    let request = Request::post("/notifications").header(header::CONTENT_TYPE, "application/json");
    let request = request.body(Body::from(list.body.clone())).expect("a valid request");
    let run = environment.process.run(async move {
        let Ok(response) = router.oneshot(request).await;
        response.status()
    });
    matches!(timeout(REQUEST_TIMEOUT, run).await, Ok(Some(StatusCode::ACCEPTED)))
}
