//! Publishing what was verified: to whoever sends usage downstream, and back into the raw notifications, where the
//! original's worker read its own announcements and counted them.

use crate::error::Error;
use crate::failure;
use crate::notification::service::Service;
use crate::notification::{elements, message};
use crate::storage::key::Collection;
use crate::usage::announcement;
use crate::usage::outbox::Announcement;
use crate::usage::verifying::Verifier;

/// Seconds that an announcement may wait for its own worker before another one publishes it.
const PATIENCE_SECONDS: i64 = 60;

impl Verifier {
    /// Publishes one announcement and takes it out of the outbox. A crash in between publishes the same message again.
    ///
    /// A record may be judged before the worker that died at its chunk is replaced, and its notification written: until
    /// that is forgotten for good, the announcement waits for it.
    pub(crate) async fn publish(&self, announcement: &Announcement) -> Result<(), Error> {
        let service =
            if announcement.collection == Collection::ImageExists { Service::Glance } else { Service::Nova };
        let retention = self.usage.settings.retention_seconds;
        match self.announced(announcement, service).await? {
            Some(notification) => self.send_announcement(announcement, service, notification).await?,
            None if announcement.since.plus_seconds(retention) > self.usage.now() => {
                return Err(Error::unavailable("The verified notification is not written yet."));
            }
            None => tracing::error!(
                raw.id = announcement.raw,
                "a verified notification is forgotten and cannot be published any more"
            ),
        }
        self.usage.outbox_remove(announcement).await
    }

    async fn send_announcement(
        &self,
        announcement: &Announcement,
        service: Service,
        notification: String,
    ) -> Result<(), Error> {
        let echo = message::echo_chunk(&announcement.message_id, service, self.usage.now(), &notification);
        futures::try_join!(self.verified.send(notification), self.notifications.send(echo)).map(drop)
    }

    /// The stored notification in its announced form, as escaped ASCII JSON; none where it is forgotten.
    async fn announced(
        &self,
        announcement: &Announcement,
        service: Service,
    ) -> Result<Option<String>, Error> {
        let Some(element) = self.usage.notification_get(announcement.raw).await? else { return Ok(None) };
        let settings = &self.usage.settings;
        let event_type = match service {
            Service::Nova => &settings.nova_event_type,
            Service::Glance => &settings.glance_event_type,
        };
        let verified = announcement::announcement(&element, event_type, &announcement.message_id);
        let verified =
            verified.map_err(|cause| Error::bug("a recorded notification is none").because(cause))?;
        Ok(Some(elements::to_ascii(&verified.to_string())))
    }

    /// Publishes what is left in one shard of the outbox by workers that did not come to it.
    pub(crate) async fn publish_left(&self, shard: u64) -> Result<(), Error> {
        let waited = self.usage.now().plus_seconds(-PATIENCE_SECONDS);
        let left = self.usage.outbox_list(shard).await?;
        let mut outcomes = Vec::new();
        for announcement in left.iter().filter(|announcement| announcement.since <= waited) {
            // One that cannot be published does not hold up the others.
            outcomes.push(self.publish(announcement).await);
        }
        failure::first(outcomes)
    }
}
