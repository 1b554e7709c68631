//! Images: how they come and go, and what can be wrong with a message that lists some.

use domain::time::Micros;
use serde_json::{Value, json};

use super::{World, day};
use crate::rng::Rng;

/// One image of a message, and what else is told of it.
pub(super) struct Case {
    /// The payload of its activation.
    activation: Value,
    activations: usize,
    /// Its entry in the list.
    listed: Value,
    /// When each delete says that it was deleted.
    deletes: Vec<Micros>,
    /// The owner of the whole message, where it is not that of the activations.
    owner: Option<Value>,
    created_at: Micros,
    ends: Micros,
    repaired: bool,
}

/// A way to be wrong, and the reason that it leads to.
type Way = (&'static str, fn(&mut Case));

/// All ways, the right ones first.
pub(super) const WAYS: &[Way] = &[
    ("", |_| {}),
    ("", |case| case.is_deleted()),
    ("", |case| case.deletes = vec![case.ends.plus_seconds(3_600)]),
    ("", |case| case.activations = 2),
    ("", |case| case.repaired = true),
    ("no ImageUsage", |case| case.activations = 0),
    ("created_at differs from launches", |case| {
        case.listed["created_at"] = json!(case.created_at.plus_seconds(1).to_string());
    }),
    ("owner differs from launches", |case| case.owner = Some(json!("99"))),
    ("size differs from launches", |case| case.listed["size"] = json!(1)),
    ("no ImageDelete", |case| {
        case.is_deleted();
        case.deletes.clear();
    }),
    ("deleted_at differs from deletes", |case| {
        case.is_deleted();
        case.deletes[0] = case.ends;
    }),
    ("unexpected ImageDelete", |case| {
        case.is_deleted();
        case.listed["deleted_at"] = json!(null);
    }),
    ("owner is empty", |case| {
        case.activation["owner"] = json!(null);
        case.owner = Some(json!(null));
    }),
    ("owner is invalid", |case| {
        case.activation["owner"] = json!("58-53");
        case.owner = Some(json!("58-53"));
    }),
    ("uuid is invalid", |case| {
        let uuid = case.listed["id"].as_str().unwrap_or_default().replace('-', "");
        case.listed["id"] = json!(uuid);
        case.activation["id"] = json!(uuid);
    }),
    ("sent: size differs from launches", |case| {
        case.listed["size"] = json!(1);
        case.repaired = true;
    }),
];

impl Case {
    fn new(world: &mut World, rng: &mut Rng, owner: &str, begins: Micros) -> Self {
        let created_at = Micros(begins.0 + rng.between(3_600, 43_200) * 1_000_000 + 500_000);
        let (uuid, size) = (world.names.uuid(), rng.between(2, 1 << 40));
        Self {
            activation: json!({
                "id": uuid, "owner": owner, "size": size, "created_at": created_at.to_string(), "status": "active",
            }),
            activations: 1,
            listed: json!({"id": uuid, "size": size, "created_at": created_at.to_string(), "deleted_at": null}),
            deletes: Vec::new(),
            owner: None,
            created_at,
            ends: begins.plus_seconds(86_399),
            repaired: false,
        }
    }

    fn is_deleted(&mut self) {
        let deleted_at = self.created_at.plus_seconds(7_200);
        self.listed["deleted_at"] = json!(deleted_at.to_string());
        self.deletes = vec![deleted_at];
    }
}

/// Tells of one image with the way of this number, up to three right ones, and the message that lists them all.
pub(super) fn tell(world: &mut World, rng: &mut Rng, way: usize) {
    let (meant, way) = WAYS[way];
    let owner = rng.between(5_850_000, 5_899_999).to_string();
    let begins = day(rng.between(1, 4));
    let mut first = Case::new(world, rng, &owner, begins);
    way(&mut first);
    let mut cases = vec![(meant, first)];
    if cases[0].1.owner.is_none() {
        cases.extend((0..rng.below(3)).map(|_| ("", Case::new(world, rng, &owner, begins))));
    }
    for (_, case) in &cases {
        tell_image(world, case);
    }
    let case = &cases[0].1;
    let listed: Vec<_> = cases.iter().map(|(_, case)| case.listed.clone()).collect();
    let payload = json!({
        "owner": case.owner.clone().unwrap_or(json!(owner)), "images": listed,
        "audit_period_beginning": begins.to_string(), "audit_period_ending": case.ends.to_string(),
    });
    let message_id = world.say("image.exists", case.ends.plus_seconds(3), "", payload);
    for (meant, case) in &cases {
        // Where a message was repaired, every image of it is sent.
        let uuid = case.listed["id"].as_str().unwrap_or_default().to_owned();
        world.meant.insert((message_id.clone(), uuid), meant);
    }
    if case.repaired {
        world.repaired_images.push(message_id);
    }
}

fn tell_image(world: &mut World, case: &Case) {
    let at = case.created_at;
    world.say("image.upload", at.plus_seconds(-2), "", json!("started"));
    for number in 0..case.activations {
        let mut activation = case.activation.clone();
        if number > 0 {
            activation["size"] = json!(0);
        }
        let later = i64::try_from(number).unwrap_or_default();
        world.say("image.activate", at.plus_seconds(3 + later), "", activation);
    }
    for deleted_at in &case.deletes {
        let payload =
            json!({"id": case.listed["id"], "deleted_at": deleted_at.to_string(), "status": "deleted"});
        world.say("image.delete", deleted_at.plus_seconds(2), "", payload);
    }
}
