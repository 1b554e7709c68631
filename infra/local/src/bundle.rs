//! The functions of the stack, wired as in the template.

use std::sync::Arc;

use anyhow::{Result, ensure};
use axum::Router;
use axum::body::Body;
use axum::http::{Request, header};
use domain::access::Access;
use domain::access::AuditLog;
use domain::access::principal::Api;
use domain::error::Error;
use domain::ingest::Intake;
use domain::platform::Platform;
use domain::streams::Streams;
use domain::streams::definitions::Definitions;
use domain::usage::Usage;
use edge::authorizer::Authorizer;
use edge::http::middleware;
use edge::status::ErrorBody;
use edge::web::Web;
use ticker::Ticker;
use tower::ServiceExt;

use crate::event_source::{EventSource, WORKER_TIMEOUT, drain};
use crate::gateway::Gateway;
use crate::workers::Workers;

/// Every function of the stack on one platform. Cheap to clone.
#[derive(Clone)]
pub struct Bundle {
    platform: Platform,
    web: Web,
    access: Access,
    intake: Intake,
    usage: Usage,
    streams: Streams,
    workers: Workers,
    ticker: Ticker,
}

impl Bundle {
    /// Creates the functions of a platform. `access` authenticates their callers, and their streams follow `rules`.
    pub fn new(platform: Platform, access: Access, rules: Arc<Definitions>) -> Result<Self, Error> {
        Ok(Self {
            web: Web::read(&platform.variables)?,
            access,
            intake: Intake::new(&platform)?,
            usage: Usage::new(&platform)?,
            streams: Streams::new(&platform, Arc::clone(&rules))?,
            workers: Workers::new(&platform, rules)?,
            ticker: Ticker::new(&platform)?,
            platform,
        })
    }

    /// Returns the principals and their credentials.
    pub fn access(&self) -> &Access {
        &self.access
    }

    /// Returns one router for all APIs. `emulate_http_api` makes it decode paths as an HTTP API does.
    pub fn gateway(&self, emulate_http_api: bool) -> Result<Router, Error> {
        let with_middleware = |router: Router, error_body: ErrorBody| {
            Router::new().fallback_service(middleware(router, error_body).with_web(self.web.clone()))
        };
        let authorizer = |api| Authorizer::new(self.access.clone(), &self.platform.variables, api);
        let usage = usage_api::router(self.usage.clone(), authorizer(Api::Usage)?);
        let ingest = ingest_api::router(self.intake.clone(), authorizer(Api::Ingest)?);
        let recomputations = recomputations_api::Api::new(&self.platform, self.access.clone())?;
        let recomputations =
            with_middleware(recomputations_api::router(recomputations), recomputations_api::error_body);
        let streams = streams_api::Api::new(self.streams.clone(), AuditLog::new(&self.platform)?);
        let streams = streams_api::router(streams, authorizer(Api::Streams)?);
        let maintenance = maintenance_api::Api::new(&self.platform, self.access.clone())?;
        let maintenance = with_middleware(maintenance_api::router(maintenance), maintenance_api::error_body);
        let schemas = schemas_api::Api::new(&self.platform, self.access.clone())?;
        let schemas = with_middleware(schemas_api::router(schemas), schemas_api::error_body);
        let routes = vec![
            ("/v1", with_middleware(streams, streams_api::error_body)),
            ("/db", with_middleware(usage, usage_api::error_body)),
            ("/notifications", with_middleware(ingest, ingest_api::error_body)),
            ("/recomputations", recomputations.clone()),
            ("/api/v2/recomputations", recomputations),
            ("/maintenance", maintenance.clone()),
            ("/discover", maintenance.clone()),
            ("/status", maintenance),
            ("/api/v1", schemas.clone()),
            ("/changesetreviews", schemas.clone()),
            ("/changesetapplies", schemas),
        ];
        let default_route = with_middleware(access_api::router(self.access.clone()), access_api::error_body);
        let base_path = self.web.base_path.clone();
        Ok(Gateway { routes, default_route, emulate_http_api, base_path }.into_router())
    }

    /// Returns one event source per worker queue.
    pub fn event_sources(&self) -> Result<Vec<EventSource>, Error> {
        self.workers.event_sources(&self.platform, WORKER_TIMEOUT)
    }

    /// Returns the platform of the functions.
    pub fn platform(&self) -> &Platform {
        &self.platform
    }

    /// Does the reviews and applications that were requested, and those that follow.
    pub async fn drain_changesets(&self) -> Result<()> {
        drain(&[self.workers.changeset_source(&self.platform)?]).await?;
        Ok(())
    }

    /// Runs the ticker once. Errors are only logged, because the next tick finds the same work.
    pub async fn tick(&self) {
        if let Err(error) = self.ticker.tick().await {
            tracing::error!("{}", error.chain());
        }
    }

    /// Posts a JSON array of notifications to the ingest API.
    pub async fn post(&self, notifications: String) -> Result<()> {
        let request = Request::post("/notifications").header(header::CONTENT_TYPE, "application/json");
        let Ok(response) = self.gateway(false)?.oneshot(request.body(Body::from(notifications))?).await;
        ensure!(response.status().is_success(), "POST /notifications returned {}", response.status());
        Ok(())
    }
}
