//! Scenarios generated from a seed: four days of notifications about valid instances and images, and about ones that
//! fail verification for every reason that a verdict can give.

mod images;
mod instances;
pub mod oracle;

use std::collections::BTreeMap;

use domain::time::Micros;
use serde_json::{Value, json};

use crate::rng::Rng;

/// The variant of an instance or image without a mistake.
pub const VALID: usize = 0;
/// The variant of an instance or image that is deleted, without a mistake.
pub const DELETED: usize = 1;
/// The variant of an image whose listed size differs from that of its activation.
pub const WRONG_SIZE: usize = 8;

/// What producers, audit reports and operators send.
#[derive(Clone, Debug, Default)]
pub struct Scenario {
    /// All notifications by time.
    pub notifications: Vec<Value>,
    /// Audit reports about instances.
    pub reports: Vec<Value>,
    /// Message ids of the exists of instances that are repaired: already sent downstream by another system.
    pub repaired: Vec<String>,
    /// Message ids of the exists of images that are repaired.
    pub repaired_images: Vec<String>,
    /// The reason for which each exists, by message id and UUID, must fail at level `all`; empty if it is valid.
    pub intended: BTreeMap<(String, String), &'static str>,
    names: Rng,
}

impl Scenario {
    /// Generates an instance and a message about images for each of these variants. With another `name_seed` the same
    /// happens to other instances and images.
    pub fn with_variants(seed: u64, name_seed: u64, instances: &[usize], images: &[usize]) -> Self {
        let (mut scenario, mut rng) = (Self::default(), Rng::new(seed));
        scenario.names = Rng::new(name_seed);
        for variant in instances {
            instances::add(&mut scenario, &mut rng, *variant);
        }
        for variant in images {
            images::add(&mut scenario, &mut rng, *variant);
        }
        scenario.notifications.sort_by_key(|notification| notification["timestamp"].to_string());
        scenario
    }

    /// Generates this many instances and messages about images, cycling through the variants.
    pub fn new(seed: u64, instances: usize, images: usize) -> Self {
        let cycle = |count: usize, variants: usize| (0..count).map(|n| n % variants).collect::<Vec<_>>();
        let (instances, images) =
            (cycle(instances, instances::VARIANTS.len()), cycle(images, images::VARIANTS.len()));
        Self::with_variants(seed, seed, &instances, &images)
    }

    /// Generates the first scenario with these variants that has at most `max` notifications, without those that have no
    /// effect on the ledger.
    pub fn small(name_seed: u64, instances: &[usize], images: &[usize], max: usize) -> Self {
        let without_effect = ["compute.instance.update", "compute.instance.delete.start", "image.upload"];
        let mut scenarios = (0..).map(|seed| {
            let mut scenario = Self::with_variants(seed, name_seed, instances, images);
            scenario
                .notifications
                .retain(|event| !without_effect.contains(&event["event_type"].as_str().unwrap_or_default()));
            scenario
        });
        scenarios.find(|scenario| scenario.notifications.len() <= max).unwrap_or_default()
    }

    /// Generates every variant once.
    pub fn complete(seed: u64) -> Self {
        let all = |variants: usize| (0..variants).collect::<Vec<_>>();
        Self::with_variants(seed, seed, &all(instances::VARIANTS.len()), &all(images::VARIANTS.len()))
    }

    /// Adds a notification and returns its message id.
    fn notify(&mut self, event_type: &str, at: Micros, request: &str, payload: Value) -> String {
        let message_id = self.names.uuid();
        let publisher =
            if event_type.starts_with("image.") { "glance-api01.host-2" } else { "compute.cell1.host-7" };
        self.notifications.push(json!({
            "message_id": message_id, "event_type": event_type, "publisher_id": publisher, "priority": "INFO",
            "timestamp": at.to_string(), "_context_request_id": request, "payload": payload,
        }));
        message_id
    }
}

/// Returns the start of a day of January 2035.
fn day(number: i64) -> Micros {
    Micros(2_051_222_400_000_000).plus_seconds((number - 1) * 86_400)
}
