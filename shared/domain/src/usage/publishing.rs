//! Publishing announcements: to the downstream queue, and back into the raw notifications, because the original's worker
//! received and counted its own announcements.

use crate::error::Error;
use crate::failure;
use crate::notification::service::Service;
use crate::notification::{elements, message};
use crate::storage::key::Collection;
use crate::usage::announcement::Announcement;
use crate::usage::verifying::Verifier;

/// Seconds before an announcement is overdue and may be published by another worker.
const PATIENCE_SECONDS: i64 = 60;

impl Verifier {
    /// Publishes an announcement and removes it from the outbox. A crash in between publishes the same message again.
    ///
    /// A record can be verified before its raw notification is written, because a worker that died in its chunk is
    /// replaced later. Until the notification's retention time has passed, publishing fails and is retried; after it,
    /// the announcement is dropped.
    pub(crate) async fn publish(&self, announcement: &Announcement) -> Result<(), Error> {
        let service =
            if announcement.collection == Collection::ImageExists { Service::Glance } else { Service::Nova };
        let retention = self.usage.settings.retention_seconds;
        match self.message(announcement, service).await? {
            Some(message) => self.send(announcement, service, message).await?,
            None if announcement.since.plus_seconds(retention) > self.usage.now() => {
                return Err(Error::unavailable("The verified notification is not written yet."));
            }
            None => tracing::error!(
                raw.id = announcement.raw,
                "dropping an announcement whose notification has expired"
            ),
        }
        self.usage.outbox_remove(announcement).await
    }

    async fn send(
        &self,
        announcement: &Announcement,
        service: Service,
        message: String,
    ) -> Result<(), Error> {
        let echo = message::echo_chunk(&announcement.message_id, service, self.usage.now(), &message);
        futures::try_join!(self.verified.send(message), self.notifications.send(echo)).map(drop)
    }

    /// Returns the message of an announcement as ASCII JSON. `None` if the notification is not stored.
    async fn message(&self, announcement: &Announcement, service: Service) -> Result<Option<String>, Error> {
        let Some(element) = self.usage.notification_get(announcement.raw).await? else { return Ok(None) };
        let settings = &self.usage.settings;
        let event_type = match service {
            Service::Nova => &settings.nova_event_type,
            Service::Glance => &settings.glance_event_type,
        };
        let message = announcement.message(&element, event_type);
        let message = message.map_err(|cause| {
            Error::bug(format!("raw row {} is not a notification", announcement.raw)).because(cause)
        })?;
        Ok(Some(elements::to_ascii(&message.to_string())))
    }

    /// Publishes the overdue announcements in one shard of the outbox, which their own workers left behind. A failure
    /// does not hold up the others.
    pub(crate) async fn publish_overdue(&self, shard: u64) -> Result<(), Error> {
        let overdue = self.usage.now().plus_seconds(-PATIENCE_SECONDS);
        let stored = self.usage.outbox_list(shard).await?;
        let mut outcomes = Vec::new();
        for announcement in stored.iter().filter(|announcement| announcement.since <= overdue) {
            outcomes.push(self.publish(announcement).await);
        }
        failure::first(outcomes)
    }
}
