//! Pure. A launch: what an instance was after one request, and how events change it in any order.
//!
//! `StackTach` v2 applied events as they arrived, so that its rows depended on the order. Here every value remembers the
//! event that gave it, and changes combine to what they would make one by one in the order of the events' own times
//! (of two at the same time, the one with the greater `message_id` is the later):
//!
//! - tenant and image fields are those of the newest event;
//! - a flavor field that an event overwrites is that of the newest such event; before the first of them it is that of the
//!   earliest event that fills it. An event without a value neither fills nor overwrites;
//! - the launch time is the latest that an `*.end` event gives, so that it never moves back. An event that only fills
//!   counts if it is the earliest of its kind and earlier than every `*.end`.
//!
//! Each part is a minimum or a maximum over the events seen, hence the same for any order and any number of repeats.

use serde::{Deserialize, Serialize};

use crate::notification::mark::Mark;
use crate::time::Micros;

/// What describes the operating system and options of an instance; empty where the notification did not say.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
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
    #[serde(rename = "n", default, skip_serializing_if = "Option::is_none")]
    pub newest: Option<Mark>,
    /// What gave `instance_type_id`.
    #[serde(rename = "y", default, skip_serializing_if = "Option::is_none")]
    pub instance_type_id: Option<Provenance>,
    /// What gave `instance_flavor_id`.
    #[serde(rename = "l", default, skip_serializing_if = "Option::is_none")]
    pub instance_flavor_id: Option<Provenance>,
    /// The earliest launch time that fills, while it is earlier than every `*.end`.
    #[serde(rename = "f", default, skip_serializing_if = "Option::is_none")]
    pub filled: Option<Filled>,
    /// The launch times of `*.end` events.
    #[serde(rename = "e", default, skip_serializing_if = "Option::is_none")]
    pub ended: Option<Ended>,
}

/// The event that gave a flavor field, and how.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Provenance {
    /// It filled a field that was empty.
    #[serde(rename = "f")]
    Filled(Mark),
    /// It overwrote the field.
    #[serde(rename = "o")]
    Overwrote(Mark),
}

/// A launch time that counts only where there was none.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Filled {
    /// The event that gives it.
    #[serde(rename = "b")]
    pub by: Mark,
    /// The launch time.
    #[serde(rename = "a")]
    pub at: Micros,
}

/// The launch times of `*.end` events.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ended {
    /// The earliest of the events.
    #[serde(rename = "b")]
    pub first: Mark,
    /// The latest of their launch times.
    #[serde(rename = "a")]
    pub latest: Micros,
}

/// What one event says of a launch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LaunchChange {
    /// The instance's UUID.
    pub instance: String,
    /// The request; empty where the notification had none.
    pub request_id: String,
    /// Which event it is.
    pub mark: Mark,
    /// The tenant.
    pub tenant: Option<String>,
    /// The image fields.
    pub image: Image,
    /// `instance_type_id` as text.
    pub instance_type_id: Option<String>,
    /// `instance_flavor_id` as text.
    pub instance_flavor_id: Option<String>,
    /// What it does to the two flavor fields.
    pub flavor: FlavorRule,
    /// What it does to the launch time.
    pub launched_at: LaunchTime,
}

/// What an event does to the flavor fields.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FlavorRule {
    /// It gives them where they are empty.
    Fill,
    /// It gives them.
    Overwrite,
}

/// What an event does to the launch time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LaunchTime {
    /// Nothing.
    Keep,
    /// It gives it where there is none.
    Fill(Micros),
    /// It gives it where there is none or an earlier one.
    Advance(Micros),
}

impl Launch {
    /// The row that the first event of an instance's request makes.
    pub fn new(id: u64, change: &LaunchChange) -> Self {
        let mut launch = Self {
            id,
            instance: change.instance.clone(),
            request_id: change.request_id.clone(),
            launched_at: None,
            tenant: None,
            image: Image::default(),
            instance_type_id: None,
            instance_flavor_id: None,
            origin: Origin::default(),
            version: 1,
        };
        launch.merge(change);
        launch
    }

    /// Takes an event in, and says whether it changed anything but `version`, which the writer counts.
    pub fn merge(&mut self, change: &LaunchChange) -> bool {
        let before = self.clone();
        self.describe(change);
        let origin = &mut self.origin;
        offer(
            &mut self.instance_type_id,
            &mut origin.instance_type_id,
            change.instance_type_id.as_ref(),
            change,
        );
        offer(
            &mut self.instance_flavor_id,
            &mut origin.instance_flavor_id,
            change.instance_flavor_id.as_ref(),
            change,
        );
        origin.time(change);
        self.launched_at = origin.launched_at();
        *self != before
    }

    /// Tenant and image fields are the newest event's; the values themselves decide between events of one mark.
    fn describe(&mut self, change: &LaunchChange) {
        let known = (self.origin.newest.as_ref(), self.tenant.as_ref(), &self.image);
        if known < (Some(&change.mark), change.tenant.as_ref(), &change.image) {
            self.origin.newest = Some(change.mark.clone());
            self.tenant.clone_from(&change.tenant);
            self.image.clone_from(&change.image);
        }
    }
}

impl Origin {
    fn time(&mut self, change: &LaunchChange) {
        match change.launched_at {
            LaunchTime::Keep => {}
            LaunchTime::Fill(at) => {
                let offered = Filled { by: change.mark.clone(), at };
                self.filled = self.filled.take().into_iter().chain([offered]).min();
            }
            LaunchTime::Advance(at) => {
                self.ended = Some(match self.ended.take() {
                    None => Ended { first: change.mark.clone(), latest: at },
                    Some(old) => {
                        Ended { first: old.first.min(change.mark.clone()), latest: old.latest.max(at) }
                    }
                });
            }
        }
        // What fills after an end will never count: ends only become known that are earlier still.
        if let (Some(filled), Some(ended)) = (&self.filled, &self.ended)
            && filled.by >= ended.first
        {
            self.filled = None;
        }
    }

    fn launched_at(&self) -> Option<Micros> {
        let filled = self.filled.as_ref().map(|filled| filled.at);
        filled.max(self.ended.as_ref().map(|ended| ended.latest))
    }
}

/// Gives a flavor field a value if the event that offers it comes before the one that gave the present value.
fn offer(
    value: &mut Option<String>,
    giver: &mut Option<Provenance>,
    offered: Option<&String>,
    change: &LaunchChange,
) {
    let Some(offered) = offered else { return };
    let mark = &change.mark;
    let wins = match (change.flavor, giver.as_ref()) {
        (_, None) | (FlavorRule::Overwrite, Some(Provenance::Filled(_))) => true,
        (FlavorRule::Fill, Some(Provenance::Overwrote(_))) => false,
        (FlavorRule::Fill, Some(Provenance::Filled(old))) => (mark, Some(offered)) < (old, value.as_ref()),
        (FlavorRule::Overwrite, Some(Provenance::Overwrote(old))) => {
            (mark, Some(offered)) > (old, value.as_ref())
        }
    };
    if wins {
        *value = Some(offered.clone());
        *giver = Some(match change.flavor {
            FlavorRule::Fill => Provenance::Filled(mark.clone()),
            FlavorRule::Overwrite => Provenance::Overwrote(mark.clone()),
        });
    }
}

#[cfg(test)]
mod tests;
