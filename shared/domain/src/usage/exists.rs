//! Pure. Exists records: a provider's daily statements that an instance or an image exists.

use serde::{Deserialize, Serialize};

use crate::notification::envelope::Notification;
use crate::time::Micros;
use crate::usage::column::Row;
use crate::usage::effect::{NewImageExists, NewInstanceExists};
use crate::usage::launch::ImageMeta;
use crate::usage::link::Links;
use crate::usage::status::Status;

/// The columns common to both kinds of exists records: source, links, verification and delivery.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Progress {
    /// The notification's `message_id`, if it had one.
    #[serde(rename = "mi")]
    pub message_id: Option<String>,
    /// The raw notification's id.
    pub raw: u64,
    /// The raw notification's time.
    #[serde(rename = "rc")]
    pub received: Micros,
    /// The id of the linked launch or image, if known.
    #[serde(rename = "us")]
    pub usage: Option<u64>,
    /// The id of the linked delete, if known.
    #[serde(rename = "de")]
    pub delete: Option<u64>,
    /// The verification state.
    #[serde(rename = "st")]
    pub status: Status,
    /// Why the record disagrees with the ledger; at most 300 characters.
    #[serde(rename = "fr")]
    pub fail_reason: Option<String>,
    /// The HTTP status of the downstream response; 0 before the record is sent.
    #[serde(rename = "ss")]
    pub send_status: i64,
    /// The id assigned by the downstream system.
    #[serde(rename = "ei")]
    pub event_id: Option<String>,
    /// The fencing token of the last claim; each claim increases it.
    #[serde(rename = "tk", default)]
    pub token: u64,
    /// When the last claim expires.
    #[serde(rename = "le", default, skip_serializing_if = "Option::is_none")]
    pub lease: Option<Micros>,
}

/// A row of `InstanceExists`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InstanceExists {
    /// The row's id.
    pub id: u64,
    /// The instance's UUID.
    #[serde(rename = "in")]
    pub instance: String,
    /// When the instance was launched.
    #[serde(rename = "la")]
    pub launched_at: Micros,
    /// When the instance was deleted. `None` if it still exists.
    #[serde(rename = "da")]
    pub deleted_at: Option<Micros>,
    /// Start of the audit period.
    #[serde(rename = "ab")]
    pub audit_period_beginning: Micros,
    /// End of the audit period.
    #[serde(rename = "ae")]
    pub audit_period_ending: Micros,
    /// `instance_type_id` as text.
    #[serde(rename = "ty")]
    pub instance_type_id: Option<String>,
    /// `instance_flavor_id` as text.
    #[serde(rename = "fl")]
    pub instance_flavor_id: Option<String>,
    /// The tenant.
    #[serde(rename = "tn")]
    pub tenant: Option<String>,
    /// The image metadata.
    #[serde(flatten)]
    pub image: ImageMeta,
    /// The image's type as a bit field: base 1, snapshot 2, import 3, then operating system and distribution.
    #[serde(rename = "it")]
    pub image_type: u32,
    /// Bytes sent to the public network during the audit period.
    #[serde(rename = "bw")]
    pub bandwidth_public_out: i64,
    /// Source, links, verification and delivery.
    #[serde(flatten)]
    pub progress: Progress,
}

/// A row of `ImageExists`, one per image of a notification.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImageExists {
    /// The row's id.
    pub id: u64,
    /// The image's UUID.
    #[serde(rename = "uu")]
    pub uuid: String,
    /// When the image was created.
    #[serde(rename = "ca")]
    pub created_at: Micros,
    /// When the image was deleted. `None` if it still exists.
    #[serde(rename = "da")]
    pub deleted_at: Option<Micros>,
    /// Start of the audit period.
    #[serde(rename = "ab")]
    pub audit_period_beginning: Micros,
    /// End of the audit period.
    #[serde(rename = "ae")]
    pub audit_period_ending: Micros,
    /// The tenant that owns all images of the notification.
    #[serde(rename = "ow")]
    pub owner: Option<String>,
    /// The image's size in bytes.
    #[serde(rename = "sz")]
    pub size: i64,
    /// Number of rows created by the same notification. They are verified together.
    #[serde(rename = "gn")]
    pub group_size: u64,
    /// The lowest id of those rows.
    #[serde(rename = "gf")]
    pub group_first: u64,
    /// Source, links, verification and delivery.
    #[serde(flatten)]
    pub progress: Progress,
}

/// A stored exists record of either service.
pub trait Exists: Row {
    /// Returns the columns common to both kinds.
    fn progress(&self) -> &Progress;
}

impl Exists for InstanceExists {
    fn progress(&self) -> &Progress {
        &self.progress
    }
}

impl Exists for ImageExists {
    fn progress(&self) -> &Progress {
        &self.progress
    }
}

impl Progress {
    /// Creates the progress of a new record: pending, unsent and unlinked.
    fn new(raw: u64, notification: &Notification) -> Self {
        Self {
            message_id: notification.message_id.clone(),
            raw,
            received: notification.timestamp,
            usage: None,
            delete: None,
            status: Status::Pending,
            fail_reason: None,
            send_status: 0,
            event_id: None,
            token: 0,
            lease: None,
        }
    }

    /// Links the record to rows of the ledger.
    pub fn link(&mut self, links: Links) {
        self.usage = links.usage;
        self.delete = links.delete;
    }
}

impl InstanceExists {
    /// Creates the row of an exists notification. `raw` is the id of the notification's own row.
    pub fn new(id: u64, effect: NewInstanceExists, raw: u64, notification: &Notification) -> Self {
        Self {
            id,
            instance: effect.instance,
            launched_at: effect.launched_at,
            deleted_at: effect.deleted_at,
            audit_period_beginning: effect.audit_period_beginning,
            audit_period_ending: effect.audit_period_ending,
            instance_type_id: effect.instance_type_id,
            instance_flavor_id: effect.instance_flavor_id,
            tenant: effect.tenant,
            image: effect.image,
            image_type: effect.image_type,
            bandwidth_public_out: effect.bandwidth_public_out,
            progress: Progress::new(raw, notification),
        }
    }
}

impl ImageExists {
    /// Creates the rows of an exists notification, with consecutive ids starting at `first`. `raw` is the id of the
    /// notification's own row.
    pub fn group(first: u64, effect: NewImageExists, raw: u64, notification: &Notification) -> Vec<Self> {
        let group_size = effect.images.len() as u64;
        let rows = (first..).zip(effect.images).map(|(id, image)| Self {
            id,
            uuid: image.uuid,
            created_at: image.created_at,
            deleted_at: image.deleted_at,
            audit_period_beginning: effect.audit_period_beginning,
            audit_period_ending: effect.audit_period_ending,
            owner: effect.owner.clone(),
            size: image.size,
            group_size,
            group_first: first,
            progress: Progress::new(raw, notification),
        });
        rows.collect()
    }
}
