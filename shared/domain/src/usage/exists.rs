//! Pure. Exists records: a provider's daily claim that an instance or an image was there.

use serde::{Deserialize, Serialize};

use crate::notification::envelope::Notification;
use crate::time::Micros;
use crate::usage::column::Row;
use crate::usage::launch;
use crate::usage::record::{NewImageExists, NewInstanceExists};
use crate::usage::status::Status;

/// What both kinds of exists have: where they come from, how they stand, and what was sent downstream.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Progress {
    /// The `message_id` of the notification; none where it had none.
    #[serde(rename = "mi")]
    pub message_id: Option<String>,
    /// The raw notification's id.
    pub raw: u64,
    /// The raw notification's time.
    #[serde(rename = "rc")]
    pub received: Micros,
    /// The launch or image that it belongs to, where one is known.
    #[serde(rename = "us")]
    pub usage: Option<u64>,
    /// The delete that it belongs to, where one is known.
    #[serde(rename = "de")]
    pub delete: Option<u64>,
    /// Where it stands.
    #[serde(rename = "st")]
    pub status: Status,
    /// Why it does not agree; at most 300 characters.
    #[serde(rename = "fr")]
    pub fail_reason: Option<String>,
    /// The HTTP status that downstream answered; 0 before it was sent.
    #[serde(rename = "ss")]
    pub send_status: i64,
    /// The id that downstream gave.
    #[serde(rename = "ei")]
    pub event_id: Option<String>,
    /// Whose verification it is in: a later worker has a higher one.
    #[serde(rename = "tk", default)]
    pub token: u64,
    /// Until when that worker may be expected to finish.
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
    /// When the instance had been launched.
    #[serde(rename = "la")]
    pub launched_at: Micros,
    /// When it was deleted; none while it lives.
    #[serde(rename = "da")]
    pub deleted_at: Option<Micros>,
    /// Start of the period that the record speaks of.
    #[serde(rename = "ab")]
    pub audit_period_beginning: Micros,
    /// End of the period that the record speaks of.
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
    /// The image fields.
    #[serde(flatten)]
    pub image: launch::Image,
    /// The image's type as a bit field: base 1, snapshot 2, import 3, then operating system and distribution.
    #[serde(rename = "it")]
    pub image_type: u32,
    /// Bytes sent to the public network in the period.
    #[serde(rename = "bw")]
    pub bandwidth_public_out: i64,
    /// Where it comes from and how it stands.
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
    /// When the image was made.
    #[serde(rename = "ca")]
    pub created_at: Micros,
    /// When it was deleted; none while it lives.
    #[serde(rename = "da")]
    pub deleted_at: Option<Micros>,
    /// Start of the period that the record speaks of.
    #[serde(rename = "ab")]
    pub audit_period_beginning: Micros,
    /// End of the period that the record speaks of.
    #[serde(rename = "ae")]
    pub audit_period_ending: Micros,
    /// The tenant that owns all images of the notification.
    #[serde(rename = "ow")]
    pub owner: Option<String>,
    /// Bytes.
    #[serde(rename = "sz")]
    pub size: i64,
    /// How many rows the same notification made, and the id of the first: they are verified together.
    #[serde(rename = "gn")]
    pub group_size: u64,
    /// The id of the first of them.
    #[serde(rename = "gf")]
    pub group_first: u64,
    /// Where it comes from and how it stands.
    #[serde(flatten)]
    pub progress: Progress,
}

/// A stored exists record of either service.
pub trait Exists: Row {
    /// Where it comes from and how it stands.
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
    /// That of a record that was just made: pending, sent nowhere, linked to nothing.
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
}

impl InstanceExists {
    /// The row of an exists notification whose own row is `raw`.
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
    /// The rows of an exists notification whose own row is `raw`, under ascending ids from `first` on.
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
