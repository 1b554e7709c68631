//! Pure. A launch: what an instance was after one request, and how events change it in any order.

use serde::{Deserialize, Serialize};

use crate::notification::Mark;
use crate::time::Micros;

/// What describes the operating system and options of an instance; empty where the notification did not say.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Image {
    /// `org.openstack__1__architecture` of the image.
    #[serde(rename = "oa")]
    pub os_architecture: String,
    /// `org.openstack__1__os_distro` of the image.
    #[serde(rename = "od")]
    pub os_distro: String,
    /// `org.openstack__1__os_version` of the image.
    #[serde(rename = "ov")]
    pub os_version: String,
    /// `com.rackspace__1__options` of the image.
    #[serde(rename = "ro")]
    pub rax_options: String,
}

/// A row of `InstanceUsage`, one per instance and request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Launch {
    /// The row's id.
    pub id: u64,
    /// The instance's UUID.
    #[serde(rename = "in")]
    pub instance: String,
    /// The request that made it; empty where the notification had none.
    #[serde(rename = "rq")]
    pub request_id: String,
    /// When the instance began to run; none until an event says so.
    #[serde(rename = "la")]
    pub launched_at: Option<Micros>,
    /// The tenant, from the newest event.
    #[serde(rename = "tn")]
    pub tenant: Option<String>,
    /// The image fields, from the newest event.
    #[serde(flatten)]
    pub image: Image,
    /// `instance_type_id` as text.
    #[serde(rename = "ty")]
    pub instance_type_id: Option<String>,
    /// `instance_flavor_id` as text.
    #[serde(rename = "fl")]
    pub instance_flavor_id: Option<String>,
    /// Which events the values above come from, so that the order of arrival does not matter.
    #[serde(rename = "by")]
    pub origin: Origin,
    /// Counts the writes of the row: each expects the one before.
    #[serde(rename = "v")]
    pub version: u64,
}

/// Where the values of a launch come from.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Origin {
    /// The newest event so far: it gave tenant and image fields.
    #[serde(rename = "n")]
    pub newest: Option<Mark>,
}
