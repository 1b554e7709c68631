//! Pure. The effects of notifications on the ledger.

mod glance;
mod nova;

use std::fmt;

use crate::notification::envelope::Notification;
use crate::notification::mark::Mark;
use crate::notification::payload::{IDENTIFIER_BYTES, Unreadable};
use crate::notification::service::Service;
use crate::time::Micros;
use crate::usage::launch::{ImageMeta, LaunchChange};

/// The effect of a notification, and warnings about it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Interpretation {
    /// The change of the ledger. `None` for most event types.
    pub effect: Option<Effect>,
    /// Omissions, to be logged.
    pub warnings: Vec<Warning>,
}

/// A change of the ledger.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Creates or changes the launch of an instance and request.
    Launch(LaunchChange),
    /// Creates the delete of an instance, or changes its `raw`.
    InstanceDelete(NewInstanceDelete),
    /// Creates an exists record.
    InstanceExists(NewInstanceExists),
    /// Creates an image.
    Image(NewImage),
    /// Creates the delete of an image.
    ImageDelete(NewImageDelete),
    /// Creates one exists record per image.
    ImageExists(NewImageExists),
}

/// The delete of an instance.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewInstanceDelete {
    /// The instance's UUID.
    pub instance: String,
    /// When the instance was launched.
    pub launched_at: Micros,
    /// When it was deleted. `None` if the notification has no time.
    pub deleted_at: Option<Micros>,
}

/// An instance that existed during an audit period.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewInstanceExists {
    /// The instance's UUID.
    pub instance: String,
    /// When the instance was launched.
    pub launched_at: Micros,
    /// When it was deleted. `None` if it still exists.
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
    /// The image metadata.
    pub image: ImageMeta,
    /// The image's type as a bit field.
    pub image_type: u32,
    /// Bytes sent to the public network.
    pub bandwidth_public_out: i64,
}

/// The activation of an image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewImage {
    /// The image's UUID.
    pub uuid: String,
    /// When the image was created.
    pub created_at: Micros,
    /// The tenant that owns it.
    pub owner: Option<String>,
    /// The image's size in bytes.
    pub size: i64,
}

/// The delete of an image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewImageDelete {
    /// The image's UUID.
    pub uuid: String,
    /// When it was deleted. `None` if the notification has no time.
    pub deleted_at: Option<Micros>,
}

/// The images of an owner that existed during an audit period.
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

/// An image in the list of a [`NewImageExists`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedImage {
    /// The image's UUID.
    pub uuid: String,
    /// When the image was created.
    pub created_at: Micros,
    /// When it was deleted. `None` if it still exists.
    pub deleted_at: Option<Micros>,
    /// The image's size in bytes.
    pub size: i64,
}

/// A defect that does not prevent a notification from being recorded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Warning {
    /// A field is missing; the change that depends on it is skipped.
    Missing(&'static str),
    /// A launch time is unparsable and treated as missing.
    Unreadable(Unreadable),
    /// The payload is not an object. Glance sends a text if an operation failed.
    NotAnObject,
    /// An image of the list is skipped.
    Skipped {
        /// The image's position in the list.
        position: usize,
        /// The image's UUID, if it has one.
        uuid: Option<String>,
        /// The reason.
        defect: Defect,
    },
}

/// A defect that prevents a notification, or an image of its list, from being recorded in the ledger. The notification
/// is set aside: only its raw row is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Defect {
    /// A required field is missing.
    #[error("'{0}' is missing")]
    Missing(&'static str),
    /// A field has an invalid value.
    #[error(transparent)]
    Unreadable(#[from] Unreadable),
    /// A field is too long to be part of a key.
    #[error("'{0}' is longer than {IDENTIFIER_BYTES} bytes")]
    TooLong(&'static str),
    /// The list contains the same image with the same values before.
    #[error("it is a duplicate")]
    Duplicate,
}

impl Interpretation {
    fn new(effect: Effect) -> Self {
        Self { effect: Some(effect), warnings: Vec::new() }
    }

    fn ignored(warning: Warning) -> Self {
        Self { effect: None, warnings: vec![warning] }
    }
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing(field) => write!(f, "'{field}' is missing"),
            Self::Unreadable(unreadable) => unreadable.fmt(f),
            Self::NotAnObject => f.write_str("the payload is not an object"),
            Self::Skipped { position, uuid, defect } => {
                write!(f, "image {position} ({}) is skipped: {defect}", uuid.as_deref().unwrap_or("no id"))
            }
        }
    }
}

/// Returns the effect of a notification. `mark` is its position in the order of events.
pub fn interpret(notification: &Notification, mark: &Mark) -> Result<Interpretation, Defect> {
    match notification.service {
        Service::Nova => nova::interpret(notification, mark),
        Service::Glance => glance::interpret(notification),
    }
}

#[cfg(test)]
mod tests;
