//! The functions of the stack, wired as the template wires them.

use std::sync::Arc;

use anyhow::{Result, ensure};
use axum::Router;
use axum::body::Body;
use axum::http::{Request, header};
use domain::access::Access;
use domain::access::principal::Api;
use domain::notification::Notifications;
use domain::platform::Platform;
use domain::streams::Streams;
use domain::streams::rulebook::Rulebook;
use domain::usage::Usage;
use edge::answer::Shape;
use edge::gate::Gate;
use edge::http::manners;
use ticker::Ticker;
use tower::ServiceExt;

use crate::gateway::Gateway;
use crate::queues::Source;

/// Every function of the stack on one platform. Cheap to clone.
#[derive(Clone)]
pub struct Bundle {
    platform: Platform,
    access: Access,
    notifications: Notifications,
    usage: Usage,
    streams: Streams,
    ticker: Ticker,
}

impl Bundle {
    /// The functions on this platform, for those whom `access` knows, streams by these rules.
    pub fn new(platform: Platform, access: Access, rules: Arc<Rulebook>) -> Self {
        let notifications = Notifications::new(platform.clone(), Arc::clone(&rules));
        let streams = Streams::new(platform.clone(), rules);
        let usage = Usage::new(platform.clone());
        let ticker = Ticker::new(&platform);
        Self { platform, access, notifications, usage, streams, ticker }
    }

    /// Principals and the audit log.
    pub fn access(&self) -> &Access {
        &self.access
    }

    /// All APIs on one address.
    pub fn gateway(&self, emulate_http_api: bool) -> Router {
        let web = &self.platform.config.web;
        let with_manners = |router: Router, shape: Shape| {
            Router::new().fallback_service(manners(router, shape).on(web.clone()))
        };
        let gate = |api| Gate::of(self.access.clone(), &self.platform, api);
        let usage = usage::router(self.usage.clone(), gate(Api::Usage));
        let ingest = ingest::router(self.notifications.clone(), gate(Api::Ingest));
        let recomputations = recomputations::Api::new(&self.platform, self.access.clone());
        let recomputations = with_manners(recomputations::router(recomputations), recomputations::shape);
        let streams = streams::router(self.streams.clone(), gate(Api::Streams));
        let groups = vec![
            ("/v1", with_manners(streams, streams::shape)),
            ("/db", with_manners(usage, usage::shape)),
            ("/notifications", with_manners(ingest, ingest::shape)),
            ("/recomputations", recomputations.clone()),
            ("/api/v2/recomputations", recomputations),
        ];
        let rest = with_manners(access::router(self.access.clone()), access::shape);
        Gateway { groups, rest, emulate_http_api, base_path: web.base_path.clone() }.router()
    }

    /// The worker queues, each with its worker.
    pub fn sources(&self, sqs: &aws_sdk_sqs::Client) -> Vec<Source> {
        let places = &self.platform.config.places;
        let notifications = self.notifications.clone();
        let usage = self.usage.clone();
        let streams = self.streams.clone();
        vec![
            Source::new(
                sqs.clone(),
                self.platform.clock.clone(),
                &places.notification_queue,
                move |event, deadline| {
                    let notifications = notifications.clone();
                    async move { notification_worker::handle(&notifications, event, deadline).await }
                },
            ),
            Source::new(
                sqs.clone(),
                self.platform.clock.clone(),
                &places.usage_queue,
                move |event, deadline| {
                    let usage = usage.clone();
                    async move { usage_worker::handle(&usage, event, deadline).await }
                },
            ),
            Source::new(
                sqs.clone(),
                self.platform.clock.clone(),
                &places.stream_queue,
                move |event, deadline| {
                    let streams = streams.clone();
                    async move { stream_worker::handle(&streams, event, deadline).await }
                },
            ),
        ]
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
        let Ok(response) = self.gateway(false).oneshot(request.body(Body::from(notifications))?).await;
        ensure!(response.status().is_success(), "the answer was {}", response.status());
        Ok(())
    }
}
