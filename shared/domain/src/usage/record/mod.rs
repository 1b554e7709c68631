//! Pure. What one notification does to the ledger.

mod glance;
mod nova;

use std::fmt;

use crate::notification::envelope::Notification;
use crate::notification::mark::Mark;
use crate::notification::payload::{IDENTIFIER_BYTES, Unreadable};
use crate::notification::service::Service;
use crate::time::Micros;
use crate::usage::launch::{self, LaunchChange};

/// What a notification does, and what is odd about it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Recording {
    /// The change; none for most event types.
    pub effect: Option<Effect>,
    /// What was left out, for the log.
    pub warnings: Vec<Warning>,
}

/// A change of the ledger.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Makes or changes the launch of an instance and a request.
    Launch(LaunchChange),
    /// Makes the delete of an instance and two times, or moves its `raw`.
    InstanceDelete(NewInstanceDelete),
    /// Makes an exists record.
    InstanceExists(NewInstanceExists),
    /// Makes an image.
    Image(NewImage),
    /// Makes the delete of an image.
    ImageDelete(NewImageDelete),
    /// Makes one exists record per image.
    ImageExists(NewImageExists),
}

/// That an instance was deleted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewInstanceDelete {
    /// The instance's UUID.
    pub instance: String,
    /// When it had been launched.
    pub launched_at: Micros,
    /// When it was deleted; none where no time is given.
    pub deleted_at: Option<Micros>,
}

/// That an instance was there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewInstanceExists {
    /// The instance's UUID.
    pub instance: String,
    /// When it had been launched.
    pub launched_at: Micros,
    /// When it was deleted; none while it lives.
    pub deleted_at: Option<Micros>,
    /// Start of the audit period.
    pub audit_period_beginning: Micros,
    /// End of the audit period.
    pub audit_period_ending: Micros,
    /// `instance_type_id` as text.
    pub instance_type_id: Option<String>,
    /// `instance_flavor_id` as text.
    pub instance_flavor_id: Option<String>,
    /// The tenant.
    pub tenant: Option<String>,
    /// The image fields.
    pub image: launch::Image,
    /// The image's type as a bit field.
    pub image_type: u32,
    /// Bytes sent to the public network.
    pub bandwidth_public_out: i64,
}

/// That an image was activated.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewImage {
    /// The image's UUID.
    pub uuid: String,
    /// When it was made.
    pub created_at: Micros,
    /// The tenant that owns it.
    pub owner: Option<String>,
    /// Bytes.
    pub size: i64,
}

/// That an image was deleted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewImageDelete {
    /// The image's UUID.
    pub uuid: String,
    /// When it was deleted; none where no time is given.
    pub deleted_at: Option<Micros>,
}

/// That the images of an owner were there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewImageExists {
    /// The tenant that owns all of them.
    pub owner: Option<String>,
    /// Start of the audit period.
    pub audit_period_beginning: Micros,
    /// End of the audit period.
    pub audit_period_ending: Micros,
    /// The images, in the order of the notification; at least one.
    pub images: Vec<ListedImage>,
}

/// One of the images that were there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedImage {
    /// The image's UUID.
    pub uuid: String,
    /// When it was made.
    pub created_at: Micros,
    /// When it was deleted; none while it lives.
    pub deleted_at: Option<Micros>,
    /// Bytes.
    pub size: i64,
}

/// Something odd that does not stop a notification from being recorded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Warning {
    /// A field that the event should have: what depends on it was left undone.
    Without(&'static str),
    /// A launch time that is none was taken for missing.
    Unreadable(Unreadable),
    /// The payload is no object; glance sends text where something went wrong.
    NoObject,
    /// An image of the list was left out.
    Skipped {
        /// Where in the list.
        position: usize,
        /// The image's UUID, where it has one.
        uuid: Option<String>,
        /// Why.
        because: Reason,
    },
}

/// Why a notification cannot be recorded in the ledger: it is set aside, and its row stands alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Reason {
    /// A field that the record cannot be without.
    #[error("'{0}' is missing")]
    Missing(&'static str),
    /// A field that is not what its name says.
    #[error(transparent)]
    Unreadable(#[from] Unreadable),
    /// It cannot be part of a key.
    #[error("'{0}' is longer than {IDENTIFIER_BYTES} bytes")]
    TooLong(&'static str),
    /// An image that the list has already, with the same values.
    #[error("it is listed already")]
    Repeated,
}

impl Recording {
    fn of(effect: Effect) -> Self {
        Self { effect: Some(effect), warnings: Vec::new() }
    }

    fn nothing(warning: Warning) -> Self {
        Self { effect: None, warnings: vec![warning] }
    }
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Without(field) => write!(f, "'{field}' is missing"),
            Self::Unreadable(unreadable) => unreadable.fmt(f),
            Self::NoObject => f.write_str("the payload is no object"),
            Self::Skipped { position, uuid, because } => {
                write!(f, "image {position} ({}) is left out: {because}", uuid.as_deref().unwrap_or("no id"))
            }
        }
    }
}

/// What a notification does to the ledger. `mark` is its place among all events.
pub fn record(notification: &Notification, mark: &Mark) -> Result<Recording, Reason> {
    match notification.service {
        Service::Nova => nova::record(notification, mark),
        Service::Glance => glance::record(notification),
    }
}

#[cfg(test)]
mod tests;
