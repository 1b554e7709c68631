//! Four days of notifications from a seed: instances and images that live as they should, and one of each that does
//! not in every way that a verdict can name.

pub mod expect;
mod images;
mod instances;

use std::collections::BTreeMap;

use domain::time::Micros;
use serde_json::{Value, json};

use crate::rng::Rng;

/// What happened, as producers, auditors and operators tell it.
#[derive(Clone, Debug, Default)]
pub struct World {
    /// All notifications, in the order of their times.
    pub notifications: Vec<Value>,
    /// What audit reports say of instances.
    pub reports: Vec<Value>,
    /// Message ids of instances' exists that somebody else has sent downstream.
    pub repaired: Vec<String>,
    /// Message ids of images' exists that somebody else has sent downstream.
    pub repaired_images: Vec<String>,
    /// The reason that an exists was made to fail with at level `all`, by message id and UUID; empty where it is right.
    pub meant: BTreeMap<(String, String), &'static str>,
    names: Rng,
}

impl World {
    /// The world of a seed: an instance and a message about images for each of these ways to be right or wrong. With
    /// other names the same happens to others.
    pub fn telling(seed: u64, names: u64, instances: &[usize], images: &[usize]) -> Self {
        let (mut world, mut rng) = (Self::default(), Rng::new(seed));
        world.names = Rng::new(names);
        for way in instances {
            instances::tell(&mut world, &mut rng, *way);
        }
        for way in images {
            images::tell(&mut world, &mut rng, *way);
        }
        world.notifications.sort_by_key(|notification| notification["timestamp"].to_string());
        world
    }

    /// So many instances and messages about images, which go through the ways in turn.
    pub fn new(seed: u64, instances: usize, images: usize) -> Self {
        let turns = |count: usize, ways: usize| (0..count).map(|turn| turn % ways).collect::<Vec<_>>();
        let (instances, images) =
            (turns(instances, instances::WAYS.len()), turns(images, images::WAYS.len()));
        Self::telling(seed, seed, &instances, &images)
    }

    /// The first world with these ways that takes so few notifications, without those that do nothing.
    pub fn short(names: u64, instances: &[usize], images: &[usize], most: usize) -> Self {
        let boring = ["compute.instance.update", "compute.instance.delete.start", "image.upload"];
        let mut worlds = (0..).map(|seed| {
            let mut world = Self::telling(seed, names, instances, images);
            world
                .notifications
                .retain(|event| !boring.contains(&event["event_type"].as_str().unwrap_or_default()));
            world
        });
        worlds.find(|world| world.notifications.len() <= most).unwrap_or_default()
    }

    /// Every way to be right or wrong.
    pub fn complete(seed: u64) -> Self {
        let all = |ways: usize| (0..ways).collect::<Vec<_>>();
        Self::telling(seed, seed, &all(instances::WAYS.len()), &all(images::WAYS.len()))
    }

    /// Adds a notification and returns its message id.
    fn say(&mut self, event_type: &str, at: Micros, request: &str, payload: Value) -> String {
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

/// The beginning of a day of January 2035.
fn day(number: i64) -> Micros {
    Micros(2_051_222_400_000_000).plus_seconds((number - 1) * 86_400)
}
