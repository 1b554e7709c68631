//! Invocations of the notification worker.

use anyhow::{Result, ensure};
use domain::ingest::plan::Delivery;
use domain::notification::{elements, message, packing};
use domain::time::Micros;
use serde_json::Value;

use crate::TestBundle;

/// The most notifications per invocation.
pub const INVOCATION: usize = 100;

impl TestBundle {
    /// Packs notifications into the messages of one invocation.
    pub fn deliveries_of(&self, notifications: &[Value]) -> Result<Vec<Delivery>> {
        let elements = elements::parse(&serde_json::to_vec(notifications)?)?;
        let received = Micros::from(self.clock.now());
        let deliveries = packing::pack(elements).into_iter().map(|group| {
            let chunk = self.platform.ids.uuid();
            let body = message::client_chunk(&chunk, None, received, &group);
            Delivery { id: chunk, body, sent_at: None, service: None }
        });
        Ok(deliveries.collect())
    }

    /// Runs one invocation, in which nothing may fail.
    pub async fn invoke(&self, deliveries: Vec<Delivery>) -> Result<()> {
        for (_, outcome) in self.recorder.process(deliveries, self.deadline()).await {
            ensure!(outcome.is_ok(), "{outcome:?}");
        }
        Ok(())
    }

    /// Records notifications in sequential invocations.
    pub async fn invoke_all(&self, notifications: &[Value]) -> Result<()> {
        for notifications in notifications.chunks(INVOCATION) {
            self.invoke(self.deliveries_of(notifications)?).await?;
        }
        Ok(())
    }
}
