//! The queue workers of the stack.

use std::sync::Arc;
use std::time::Duration;

use domain::error::Error;
use domain::ingest::Recorder;
use domain::operations;
use domain::platform::Platform;
use domain::schema_changes;
use domain::streams::Streams;
use domain::streams::definitions::Definitions;
use domain::streams::running::Runner;
use domain::usage::verifying::Verifier;
use domain::{notification, streams, usage};
use maintenance::operation;
use schemas::task;

use crate::event_source::EventSource;

/// The timeout of the workers that run statements, as in the template: a statement may take long.
pub const STATEMENT_TIMEOUT: Duration = Duration::from_mins(15);

/// The queue workers of the stack. Cheap to clone.
#[derive(Clone)]
pub struct Workers {
    /// Records notifications.
    pub recorder: Recorder,
    /// Verifies usage records.
    pub verifier: Verifier,
    /// Runs the pipelines of streams.
    pub runner: Runner,
    /// Runs operations on PostgreSQL servers.
    pub maintenance: operation::running::Runner,
    /// Reviews and applies changesets on MySQL and MariaDB servers.
    pub changesets: task::running::Runner,
}

impl Workers {
    /// Creates the workers of a platform, whose streams follow these definitions.
    pub fn new(platform: &Platform, rules: Arc<Definitions>) -> Result<Self, Error> {
        Ok(Self {
            recorder: Recorder::new(platform, Arc::clone(&rules))?,
            verifier: Verifier::new(platform)?,
            runner: Runner::new(platform, Streams::new(platform, rules)?)?,
            maintenance: operation::running::Runner::new(platform)?,
            changesets: task::running::Runner::new(platform)?,
        })
    }

    /// Returns one event source per worker queue. Each calls the handler of the worker's Lambda function, and ends it
    /// after `timeout`, or after [`STATEMENT_TIMEOUT`].
    ///
    /// Queues and clock are the platform's, so a platform with another SQS client measures or disturbs only the
    /// polling, not the workers.
    pub fn event_sources(&self, platform: &Platform, timeout: Duration) -> Result<Vec<EventSource>, Error> {
        let Self { recorder, verifier, runner, maintenance, .. } = self.clone();
        let url = |variable| platform.variables.required(variable);
        Ok(vec![
            EventSource::new(platform, url(notification::QUEUE)?, timeout, move |event, deadline| {
                let recorder = recorder.clone();
                async move { notification_worker::handle(&recorder, event, deadline).await }
            }),
            EventSource::new(platform, url(usage::QUEUE)?, timeout, move |event, deadline| {
                let verifier = verifier.clone();
                async move { usage_worker::handle(&verifier, event, deadline).await }
            }),
            EventSource::new(platform, url(streams::QUEUE)?, timeout, move |event, deadline| {
                let runner = runner.clone();
                async move { stream_worker::handle(&runner, event, deadline).await }
            }),
            EventSource::new(platform, url(operations::QUEUE)?, STATEMENT_TIMEOUT, move |event, deadline| {
                let runner = maintenance.clone();
                async move { maintenance_worker::handle(&runner, event, deadline).await }
            })
            .one_at_a_time(),
            self.changeset_source(platform)?,
        ])
    }

    /// Returns the event source of the queue of changesets.
    pub fn changeset_source(&self, platform: &Platform) -> Result<EventSource, Error> {
        let runner = self.changesets.clone();
        let url = platform.variables.required(schema_changes::QUEUE)?;
        let source = EventSource::new(platform, url, STATEMENT_TIMEOUT, move |event, deadline| {
            let runner = runner.clone();
            async move { changeset_worker::handle(&runner, event, deadline).await }
        });
        Ok(source.one_at_a_time())
    }
}
