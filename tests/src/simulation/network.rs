//! The network between processes and the services: it delays, loses and reorders requests and replies, and processes
//! crash and freeze while they use it.

use std::fmt;
use std::future::pending;
use std::sync::Arc;
use std::time::Duration;

use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient,
    SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use axum::http::Response;
use local::{dynamodb, sqs};

use crate::simulation::process::Process;
use crate::simulation::queues::Queues;
use crate::simulation::store::Store;
use crate::simulation::time::{sleep, spawn};
use crate::simulation::world::World;

/// The longest time that a slow call takes in either direction.
const SLOW_MILLIS: u64 = 4_000;
/// The longest time that a frozen process stands still: longer than leases and visibility timeouts.
const FREEZE_MILLIS: u64 = 480_000;

/// The services and the way to them. Cheap to clone.
#[derive(Clone)]
pub struct Network {
    /// The shared parts of the run.
    pub world: Arc<World>,
    /// The tables.
    pub store: Arc<Store>,
    /// The queues.
    pub queues: Arc<Queues>,
}

/// What happens to a process around one of its calls.
#[derive(Clone, Copy, Debug)]
enum Interruption {
    Crash,
    Freeze(Duration),
}

/// When the interruption comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// Before the request is sent.
    Before,
    /// While the request is on its way: it is executed nevertheless.
    During,
    /// When the reply has arrived.
    After,
}

impl Network {
    /// Returns the HTTP client of a process.
    pub fn http_client(&self, process: &Process) -> SharedHttpClient {
        SharedHttpClient::new(Link { network: self.clone(), process: process.clone() })
    }

    /// Executes a request, which is independent of its sender once it is on its way.
    async fn deliver(&self, name: &str, request: &HttpRequest) -> Response<Vec<u8>> {
        let limits = &self.world.plan.limits;
        let slow = if self.world.strikes(self.world.plan.faults.slow_calls) { SLOW_MILLIS } else { 0 };
        sleep(self.world.millis(limits.latency_millis + slow)).await;
        let target = request.headers().get("x-amz-target").unwrap_or_default();
        let body = request.body().bytes().unwrap_or_default();
        let response = if let Some(operation) = target.strip_prefix(dynamodb::TARGET_PREFIX) {
            self.store.respond(name, operation, body).await
        } else {
            let operation = target.strip_prefix(sqs::TARGET_PREFIX).unwrap_or_default();
            self.queues.respond(name, operation, body).await
        };
        sleep(self.world.millis(limits.latency_millis + slow)).await;
        response
    }

    async fn exchange(&self, process: Process, request: HttpRequest) -> Result<HttpResponse, ConnectorError> {
        let faults = &self.world.plan.faults;
        let interruption = self.interruption();
        self.interrupt(&process, interruption, Stage::Before).await;
        let description = describe(&request);
        if self.world.strikes(faults.lost_requests) {
            return Err(self.lose(&process, "lost requests", &description).await);
        }
        let is_lost = self.world.strikes(faults.lost_replies);
        let (network, name) = (self.clone(), Arc::clone(&process.name));
        let reply = spawn(async move { network.deliver(&name, &request).await });
        self.interrupt(&process, interruption, Stage::During).await;
        let reply = reply.await.map_err(|error| ConnectorError::other(error.into(), None))?;
        if is_lost {
            return Err(self.lose(&process, "lost replies", &description).await);
        }
        self.interrupt(&process, interruption, Stage::After).await;
        HttpResponse::try_from(reply.map(SdkBody::from))
            .map_err(|error| ConnectorError::other(error.into(), None))
    }

    fn interruption(&self) -> Option<(Interruption, Stage)> {
        let faults = &self.world.plan.faults;
        let interruption = if self.world.strikes(faults.crashes) {
            Interruption::Crash
        } else if self.world.strikes(faults.freezes) {
            Interruption::Freeze(self.world.millis(FREEZE_MILLIS))
        } else {
            return None;
        };
        let stages = [Stage::Before, Stage::During, Stage::After];
        Some((interruption, stages[self.world.below(stages.len())]))
    }

    async fn interrupt(&self, process: &Process, planned: Option<(Interruption, Stage)>, stage: Stage) {
        match planned {
            Some((Interruption::Crash, at)) if at == stage => {
                self.world.log_fault("crashes", format!("{} {stage:?} a call", process.name));
                process.crash();
                pending::<()>().await;
            }
            Some((Interruption::Freeze(duration), at)) if at == stage => {
                let seconds = duration.as_secs();
                self.world.log_fault("freezes", format!("{} {stage:?} a call for {seconds} s", process.name));
                process.freeze(duration);
                tokio::task::yield_now().await;
            }
            _ => {}
        }
    }

    async fn lose(&self, process: &Process, kind: &'static str, description: &str) -> ConnectorError {
        self.world.log_fault(kind, format!("{} {description}", process.name));
        self.fail().await
    }

    /// Fails at once, as a broken connection does, or never, until the caller's timeout.
    async fn fail(&self) -> ConnectorError {
        if self.world.below(2) == 0 {
            pending::<()>().await;
        }
        ConnectorError::io("the connection was reset".into())
    }
}

fn describe(request: &HttpRequest) -> String {
    request
        .headers()
        .get("x-amz-target")
        .and_then(|target| target.rsplit('.').next())
        .unwrap_or_default()
        .to_owned()
}

/// The network as one process sees it.
#[derive(Clone)]
struct Link {
    network: Network,
    process: Process,
}

impl fmt::Debug for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Link({})", self.process.name)
    }
}

impl HttpClient for Link {
    fn http_connector(&self, _: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

impl HttpConnector for Link {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let (network, process) = (self.network.clone(), self.process.clone());
        HttpConnectorFuture::new(async move { network.exchange(process, request).await })
    }
}
