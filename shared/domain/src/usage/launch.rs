//! Pure. Launches: the attributes of an instance after one request, merged from events in any order.
//!
//! `StackTach` v2 applied events as they arrived, so its rows depended on the order of arrival. Here a row records which
//! event set each value, and merging events yields the result of applying them one by one in the order of their own
//! times (events of the same time are ordered by `message_id`):
//!
//! - Tenant and image metadata are those of the newest event.
//! - A flavor field is that of the newest event that overwrites it or, without such an event, that of the earliest event
//!   that fills it. An event without a value neither fills nor overwrites.
//! - The launch time is the latest of all `*.end` events, so it never moves back. An event that only fills it counts if
//!   it is the earliest of its kind and older than every `*.end` event.
//!
//! Each rule is a minimum or a maximum over the merged events. Merging is therefore commutative and idempotent.

use serde::{Deserialize, Serialize};

use crate::notification::mark::Mark;
use crate::time::Micros;

/// The image metadata of an instance: its operating system and options. Values that the notification lacks are empty.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct ImageMeta {
    /// `org.openstack__1__architecture`.
    #[serde(rename = "oa")]
    pub os_architecture: String,
    /// `org.openstack__1__os_distro`.
    #[serde(rename = "od")]
    pub os_distro: String,
    /// `org.openstack__1__os_version`.
    #[serde(rename = "ov")]
    pub os_version: String,
    /// `com.rackspace__1__options`.
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
    /// The request that started it. Empty if the notification has none.
    #[serde(rename = "rq")]
    pub request_id: String,
    /// When the instance was launched. `None` until an event sets it.
    #[serde(rename = "la")]
    pub launched_at: Option<Micros>,
    /// The tenant of the newest event.
    #[serde(rename = "tn")]
    pub tenant: Option<String>,
    /// The image metadata of the newest event.
    #[serde(flatten)]
    pub image: ImageMeta,
    /// `instance_type_id` as text.
    #[serde(rename = "ty")]
    pub instance_type_id: Option<String>,
    /// `instance_flavor_id` as text.
    #[serde(rename = "fl")]
    pub instance_flavor_id: Option<String>,
    /// The events that set the values above.
    #[serde(rename = "by")]
    pub merge_state: MergeState,
    /// The version of the row, for optimistic locking.
    #[serde(rename = "v")]
    pub version: u64,
}

/// The events that set the values of a launch. Makes merging independent of the order of arrival.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct MergeState {
    /// The newest event so far, which set tenant and image metadata.
    #[serde(rename = "n", default, skip_serializing_if = "Option::is_none")]
    pub newest: Option<Mark>,
    /// The event that set `instance_type_id`.
    #[serde(rename = "y", default, skip_serializing_if = "Option::is_none")]
    pub instance_type_id: Option<Provenance>,
    /// The event that set `instance_flavor_id`.
    #[serde(rename = "l", default, skip_serializing_if = "Option::is_none")]
    pub instance_flavor_id: Option<Provenance>,
    /// The launch time of the earliest event that fills it, unless an `*.end` event is older.
    #[serde(rename = "f", default, skip_serializing_if = "Option::is_none")]
    pub filled: Option<FilledTime>,
    /// The launch time of the `*.end` events.
    #[serde(rename = "e", default, skip_serializing_if = "Option::is_none")]
    pub advanced: Option<AdvancedTime>,
}

/// The event that set a flavor field, and how it set it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Provenance {
    /// It filled an empty field.
    #[serde(rename = "f")]
    Filled(Mark),
    /// It overwrote the field.
    #[serde(rename = "o")]
    Overwrote(Mark),
}

/// A launch time that counts only if no older event set one.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct FilledTime {
    /// The event that set it.
    #[serde(rename = "b")]
    pub mark: Mark,
    /// The launch time.
    #[serde(rename = "a")]
    pub at: Micros,
}

/// The merged launch time of the `*.end` events.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AdvancedTime {
    /// The earliest of the events.
    #[serde(rename = "b")]
    pub first: Mark,
    /// The latest of their launch times.
    #[serde(rename = "a")]
    pub latest: Micros,
}

/// The change that one event makes to a launch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LaunchChange {
    /// The instance's UUID.
    pub instance: String,
    /// The request. Empty if the notification has none.
    pub request_id: String,
    /// The event's position in the order of events.
    pub mark: Mark,
    /// The tenant.
    pub tenant: Option<String>,
    /// The image metadata.
    pub image: ImageMeta,
    /// `instance_type_id` as text.
    pub instance_type_id: Option<String>,
    /// `instance_flavor_id` as text.
    pub instance_flavor_id: Option<String>,
    /// How it sets the two flavor fields.
    pub flavor: FlavorRule,
    /// How it sets the launch time.
    pub launched_at: LaunchTimeChange,
}

/// How an event sets the flavor fields.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FlavorRule {
    /// Sets those that are empty.
    Fill,
    /// Sets both.
    Overwrite,
}

/// How an event sets the launch time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LaunchTimeChange {
    /// Leaves it unchanged.
    Keep,
    /// Sets it if it is empty.
    Fill(Micros),
    /// Sets it if it is empty or earlier.
    Advance(Micros),
}

impl Launch {
    /// Creates the row for the first event of an instance and request.
    pub fn new(id: u64, change: &LaunchChange) -> Self {
        let mut launch = Self {
            id,
            instance: change.instance.clone(),
            request_id: change.request_id.clone(),
            launched_at: None,
            tenant: None,
            image: ImageMeta::default(),
            instance_type_id: None,
            instance_flavor_id: None,
            merge_state: MergeState::default(),
            version: 1,
        };
        launch.merge(change);
        launch
    }

    /// Merges an event. Returns whether that changed the row. Does not count `version`: the writer does.
    pub fn merge(&mut self, change: &LaunchChange) -> bool {
        let before = self.clone();
        self.merge_description(change);
        let state = &mut self.merge_state;
        merge_flavor(
            &mut self.instance_type_id,
            &mut state.instance_type_id,
            change.instance_type_id.as_ref(),
            change,
        );
        merge_flavor(
            &mut self.instance_flavor_id,
            &mut state.instance_flavor_id,
            change.instance_flavor_id.as_ref(),
            change,
        );
        state.merge_time(change);
        self.launched_at = state.launched_at();
        *self != before
    }

    /// Takes tenant and image metadata from the newest event. The values break ties between events with equal marks.
    fn merge_description(&mut self, change: &LaunchChange) {
        let known = (self.merge_state.newest.as_ref(), self.tenant.as_ref(), &self.image);
        if known < (Some(&change.mark), change.tenant.as_ref(), &change.image) {
            self.merge_state.newest = Some(change.mark.clone());
            self.tenant.clone_from(&change.tenant);
            self.image.clone_from(&change.image);
        }
    }
}

impl MergeState {
    fn merge_time(&mut self, change: &LaunchChange) {
        match change.launched_at {
            LaunchTimeChange::Keep => {}
            LaunchTimeChange::Fill(at) => {
                let offered = FilledTime { mark: change.mark.clone(), at };
                self.filled = self.filled.take().into_iter().chain([offered]).min();
            }
            LaunchTimeChange::Advance(at) => {
                self.advanced = Some(match self.advanced.take() {
                    None => AdvancedTime { first: change.mark.clone(), latest: at },
                    Some(old) => {
                        AdvancedTime { first: old.first.min(change.mark.clone()), latest: old.latest.max(at) }
                    }
                });
            }
        }
        // A filled time that is newer than an `*.end` event never counts again: `first` only moves back.
        if let (Some(filled), Some(advanced)) = (&self.filled, &self.advanced)
            && filled.mark >= advanced.first
        {
            self.filled = None;
        }
    }

    fn launched_at(&self) -> Option<Micros> {
        let filled = self.filled.as_ref().map(|filled| filled.at);
        filled.max(self.advanced.as_ref().map(|advanced| advanced.latest))
    }
}

/// Sets a flavor field if the event takes precedence over the one that set the current value.
fn merge_flavor(
    value: &mut Option<String>,
    provenance: &mut Option<Provenance>,
    offered: Option<&String>,
    change: &LaunchChange,
) {
    let Some(offered) = offered else { return };
    let mark = &change.mark;
    let wins = match (change.flavor, provenance.as_ref()) {
        (_, None) | (FlavorRule::Overwrite, Some(Provenance::Filled(_))) => true,
        (FlavorRule::Fill, Some(Provenance::Overwrote(_))) => false,
        (FlavorRule::Fill, Some(Provenance::Filled(old))) => (mark, Some(offered)) < (old, value.as_ref()),
        (FlavorRule::Overwrite, Some(Provenance::Overwrote(old))) => {
            (mark, Some(offered)) > (old, value.as_ref())
        }
    };
    if wins {
        *value = Some(offered.clone());
        *provenance = Some(match change.flavor {
            FlavorRule::Fill => Provenance::Filled(mark.clone()),
            FlavorRule::Overwrite => Provenance::Overwrote(mark.clone()),
        });
    }
}

#[cfg(test)]
mod tests;
