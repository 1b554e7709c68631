//! The functions of the stack, wired as the template wires them.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Result, ensure};
use axum::Router;
use axum::body::Body;
use axum::http::{Request, header};
use domain::access::Access;
use domain::access::AuditLog;
use domain::access::principal::Api;
use domain::error::Error;
use domain::ingest::{Intake, Recorder};
use domain::platform::Platform;
use domain::streams::Streams;
use domain::streams::definitions::Definitions;
use domain::streams::running::Runner;
use domain::usage::Usage;
use domain::usage::verifying::Verifier;
use domain::{notification, streams, usage};
use edge::answer::ErrorBody;
use edge::gate::Gate;
use edge::http::middleware;
use edge::web::Web;
use maintenance::operation;
use ticker::Ticker;
use tower::ServiceExt;

use crate::gateway::Gateway;
use crate::queues::Source;

/// How long the worker of maintenance operations may take, as the template says.
const MAINTENANCE_TIMEOUT: Duration = Duration::from_secs(900);

/// Every function of the stack on one platform. Cheap to clone.
#[derive(Clone)]
pub struct Bundle {
    platform: Platform,
    web: Web,
    access: Access,
    intake: Intake,
    recorder: Recorder,
    usage: Usage,
    verifier: Verifier,
    streams: Streams,
    runner: Runner,
    ticker: Ticker,
    maintenance: operation::running::Runner,
}

impl Bundle {
    /// The functions on this platform, with these principals, whose streams follow these rules.
    pub fn new(platform: Platform, access: Access, rules: Arc<Definitions>) -> Result<Self, Error> {
        let streams = Streams::new(&platform, Arc::clone(&rules))?;
        Ok(Self {
            web: Web::read(&platform.variables)?,
            access,
            intake: Intake::new(&platform)?,
            recorder: Recorder::new(&platform, rules)?,
            usage: Usage::new(&platform)?,
            verifier: Verifier::new(&platform)?,
            runner: Runner::new(&platform, streams.clone())?,
            streams,
            ticker: Ticker::new(&platform)?,
            maintenance: operation::running::Runner::new(&platform)?,
            platform,
        })
    }

    /// Principals and the audit log.
    pub fn access(&self) -> &Access {
        &self.access
    }

    /// All APIs on one address.
    pub fn gateway(&self, emulate_http_api: bool) -> Result<Router, Error> {
        let with_middleware = |router: Router, error_body: ErrorBody| {
            Router::new().fallback_service(middleware(router, error_body).on(self.web.clone()))
        };
        let gate = |api| Gate::new(self.access.clone(), &self.platform.variables, api);
        let usage = usage_api::router(self.usage.clone(), gate(Api::Usage)?);
        let ingest = ingest_api::router(self.intake.clone(), gate(Api::Ingest)?);
        let recomputations = recomputations_api::Api::new(&self.platform, self.access.clone())?;
        let recomputations =
            with_middleware(recomputations_api::router(recomputations), recomputations_api::error_body);
        let streams = streams_api::Api::new(self.streams.clone(), AuditLog::new(&self.platform)?);
        let streams = streams_api::router(streams, gate(Api::Streams)?);
        let maintenance = maintenance_api::Api::new(&self.platform, self.access.clone())?;
        let maintenance = with_middleware(maintenance_api::router(maintenance), maintenance_api::error_body);
        let groups = vec![
            ("/v1", with_middleware(streams, streams_api::error_body)),
            ("/db", with_middleware(usage, usage_api::error_body)),
            ("/notifications", with_middleware(ingest, ingest_api::error_body)),
            ("/recomputations", recomputations.clone()),
            ("/api/v2/recomputations", recomputations),
            ("/maintenance", maintenance.clone()),
            ("/discover", maintenance.clone()),
            ("/status", maintenance),
        ];
        let rest = with_middleware(access_api::router(self.access.clone()), access_api::error_body);
        let base_path = self.web.base_path.clone();
        Ok(Gateway { groups, rest, emulate_http_api, base_path }.router())
    }

    /// The worker queues, each with its worker.
    pub fn sources(&self, sqs: &aws_sdk_sqs::Client) -> Result<Vec<Source>, Error> {
        let (recorder, verifier, runner) =
            (self.recorder.clone(), self.verifier.clone(), self.runner.clone());
        let maintenance = self.maintenance.clone();
        let clock = &self.platform.clock;
        let url = |variable| self.platform.variables.required(variable);
        Ok(vec![
            Source::new(sqs.clone(), clock.clone(), url(notification::QUEUE)?, move |event, deadline| {
                let recorder = recorder.clone();
                async move { notification_worker::handle(&recorder, event, deadline).await }
            }),
            Source::new(sqs.clone(), clock.clone(), url(usage::QUEUE)?, move |event, deadline| {
                let verifier = verifier.clone();
                async move { usage_worker::handle(&verifier, event, deadline).await }
            }),
            Source::new(sqs.clone(), clock.clone(), url(streams::QUEUE)?, move |event, deadline| {
                let runner = runner.clone();
                async move { stream_worker::handle(&runner, event, deadline).await }
            }),
            Source::new(sqs.clone(), clock.clone(), url(operation::QUEUE)?, move |event, deadline| {
                let runner = maintenance.clone();
                async move { maintenance_worker::handle(&runner, event, deadline).await }
            })
            .one_at_a_time(MAINTENANCE_TIMEOUT),
        ])
    }

    /// Looks once for what is due. What goes wrong is logged, and the next tick finds the same work.
    pub async fn tick(&self) {
        if let Err(error) = self.ticker.tick().await {
            tracing::error!("{}", error.chain());
        }
    }

    /// Posts notifications, a JSON array, as a producer does.
    pub async fn post(&self, notifications: String) -> Result<()> {
        let request = Request::post("/notifications").header(header::CONTENT_TYPE, "application/json");
        let Ok(response) = self.gateway(false)?.oneshot(request.body(Body::from(notifications))?).await;
        ensure!(response.status().is_success(), "the answer was {}", response.status());
        Ok(())
    }
}
