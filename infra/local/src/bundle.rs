//! The functions of the stack, wired as the template wires them.

use anyhow::{Result, ensure};
use axum::Router;
use axum::body::Body;
use axum::http::{Request, header};
use domain::notification::Notifications;
use domain::platform::Platform;
use domain::usage::Usage;
use tower::ServiceExt;

use crate::gateway::Gateway;
use crate::queues::Source;

/// Every function of the stack on one platform. Cheap to clone.
#[derive(Clone)]
pub struct Bundle {
    platform: Platform,
    notifications: Notifications,
    usage: Usage,
}

impl Bundle {
    /// The functions on this platform.
    pub fn new(platform: Platform) -> Self {
        let notifications = Notifications::new(platform.clone());
        let usage = Usage::new(platform.clone());
        Self { platform, notifications, usage }
    }

    /// All APIs on one address.
    pub fn gateway(&self, emulate_http_api: bool) -> Router {
        let groups = vec![
            ("/db", with_manners(usage::router(self.usage.clone()), usage::shape)),
            ("/notifications", with_manners(ingest::router(self.notifications.clone()), ingest::shape)),
        ];
        let rest = with_manners(access::router(), access::shape);
        Gateway { groups, rest, emulate_http_api }.router()
    }

    /// The worker queues, each with its worker.
    pub fn sources(&self, sqs: &aws_sdk_sqs::Client) -> Vec<Source> {
        let places = &self.platform.config.places;
        let notifications = self.notifications.clone();
        let usage = self.usage.clone();
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
        ]
    }

    /// Looks once for what is due. What goes wrong is logged, and the next tick finds the same work.
    pub async fn tick(&self) {
        if let Err(error) = ticker::tick(&self.usage).await {
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

fn with_manners(router: Router, shape: edge::http::Shape) -> Router {
    Router::new().fallback_service(edge::http::manners(router, shape))
}
